"""Posteriors over the plane of mu and tau, for models in which mu given tau is not normal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from scipy.optimize import brentq

from evisynth.bayes.adjusted.rules import alternating, sinc_cdf, sinc_quantile
from evisynth.bayes.families import Array
from evisynth.bayes.summaries import Summary

# In units of the narrowest conditional standard deviation: the trapezoidal rule errs by exp(-2 pi^2 / 0.4^2), the sinc
# rule for the distribution function by exp(-pi^2 / (2 0.4^2)).
SPACING = 0.4
MOST_NODES = 2000
# Nodes that carry less change no quantile in its eighth digit.
NOTHING = 1e-13


@dataclass(frozen=True)
class Line:
    """Even nodes in t of value = centre + scale sinh(t): dense in the middle, far-reaching at the ends.

    Attributes
    ----------
    centre, scale, first, step : float
        The change of variable and the grid of t.
    value, weight : array (n,)
        Nodes, and the length of the line each stands for.
    """

    centre: float
    scale: float
    first: float
    step: float
    value: Array
    weight: Array

    def index(self, x: ArrayLike) -> Array:
        """Positions of values, counted in nodes."""
        return (np.arcsinh((np.asarray(x, float) - self.centre) / self.scale) - self.first) / self.step

    def at(self, index: ArrayLike) -> Array:
        """Values at positions counted in nodes."""
        return self.centre + self.scale * np.sinh(self.first + self.step * np.asarray(index, float))

    def spacing(self, x: ArrayLike) -> Array:
        """Distance between nodes around x."""
        return self.step * np.hypot(self.scale, np.asarray(x, float) - self.centre)


def make_line(centre: float, scale: float, low: float, high: float, narrowest: float) -> Line:
    """Lay nodes from `low` to `high` for densities whose features are at least `narrowest` wide.

    Parameters
    ----------
    centre, scale : float
        Where the mass lies, and over what distance the nodes stay dense.
    low, high : float
        Ends.
    narrowest : float
        The smallest conditional standard deviation.
    """
    t_low, t_high = (np.arcsinh((end - centre) / scale) for end in (low, high))
    count = int(np.clip(np.ceil((t_high - t_low) * scale / (SPACING * narrowest)), 60, MOST_NODES))
    t = np.linspace(t_low, t_high, count)
    step = t[1] - t[0]
    return Line(centre, scale, t_low, step, centre + scale * np.sinh(t), scale * np.cosh(t) * step)


@dataclass(frozen=True)
class Plane:
    """Posterior probabilities over nodes of tau (rows) and mu (columns).

    Attributes
    ----------
    tau : array (n,)
    line : Line
        Nodes of mu.
    probability : array (n, m)
        Sum to 1.
    """

    tau: Array
    line: Line
    probability: Array

    def p_mu_below(self, c: float) -> float:
        """P(mu < c)."""
        return float(np.clip(sinc_cdf(self.line.index(c), self.probability.sum(axis=0))[0], 0, 1))

    def p_next_below(self, c: float) -> float:
        """P(the effect of a further study < c).

        Where tau is wider than the nodes' spacing it is a mixture of normals over them; where it is narrower, the
        conditional distribution function of mu, averaged over the further study's deviation.
        """
        wide = self.tau > 1.5 * self.line.spacing(c)
        total = 0.0
        if wide.any():
            z = (c - self.line.value) / self.tau[wide, None]
            total += np.sum(self.probability[wide] * special.ndtr(z))
        if not wide.all():
            z, share = np.polynomial.hermite_e.hermegauss(9)
            tau = self.tau[~wide]
            at = self.line.index(c - tau[:, None] * z)
            x = at[:, :, None] - np.arange(len(self.line.value))
            cdf = 0.5 + special.sici(np.pi * x)[0] / np.pi
            total += np.einsum("nm,nqm,q->", self.probability[~wide], cdf, share / share.sum())
        return float(np.clip(total, 0, 1))

    def mu(self, level: float, has_mean: bool = True, has_sd: bool = True) -> Summary:
        """Summary of mu."""
        marginal = self.probability.sum(axis=0)
        tail = (1 - level) / 2
        median, low, high = (float(self.line.at(sinc_quantile(p, marginal))) for p in (0.5, tail, 1 - tail))
        mean = float(marginal @ self.line.value)
        sd = float(np.sqrt(marginal @ (self.line.value - mean) ** 2))
        return Summary(mean if has_mean else None, sd if has_sd else np.inf, median, low, high, None, None)

    def predictive(self, level: float, has_mean: bool = True, has_sd: bool = True) -> Summary:
        """Summary of a further study's effect, N(mu, tau^2)."""
        tail = (1 - level) / 2
        plane = self.trimmed()
        marginal, of_tau = plane.probability.sum(axis=0), plane.probability.sum(axis=1)
        middle = float(marginal @ plane.line.value)
        spread = float(np.sqrt(marginal @ (plane.line.value - middle) ** 2 + of_tau @ plane.tau**2))

        def quantile(p: float) -> float:
            # From a normal guess outwards: near the quantile a few steps are enough.
            guess = middle + spread * special.ndtri(p)
            low, high, step = guess - 0.2 * spread, guess + 0.2 * spread, 0.4 * spread
            while plane.p_next_below(low) > p:
                high, low, step = low, low - step, 2 * step
            while plane.p_next_below(high) < p:
                low, high, step = high, high + step, 2 * step
            xtol = 1e-9 * (spread + abs(guess))
            return float(brentq(lambda c: plane.p_next_below(c) - p, low, high, xtol=xtol))

        mu = self.mu(level, has_mean, has_sd)
        sd = np.inf
        if has_sd:
            sd = float(np.sqrt(mu.sd**2 + self.probability.sum(axis=1) @ self.tau**2))
        return Summary(mu.mean, sd, quantile(0.5), quantile(tail), quantile(1 - tail), None, None)

    def trimmed(self) -> "Plane":
        """The plane without the nodes of tau, and without the ends of mu, that carry nothing."""
        rows = self.probability.sum(axis=1) > NOTHING
        columns = np.flatnonzero(self.probability.sum(axis=0) > NOTHING)
        kept = slice(columns[0], columns[-1] + 1)
        line = self.line
        first = line.first + columns[0] * line.step
        line = Line(line.centre, line.scale, first, line.step, line.value[kept], line.weight[kept])
        return Plane(self.tau[rows], line, self.probability[rows, kept])

    def error(self) -> float:
        """Bound on the error of the probabilities of mu: half the nodes, and what the end nodes hold."""
        marginal = self.probability.sum(axis=0)
        return alternating(marginal) + float(marginal[0] + marginal[-1])
