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
        ends = (self.line.value[0], self.line.value[-1])

        def quantile(p: float) -> float:
            low, high = ends
            while self.p_next_below(low) > p:
                low -= high - low
            while self.p_next_below(high) < p:
                high += high - low
            return float(brentq(lambda c: self.p_next_below(c) - p, low, high, xtol=1e-9 * (1 + abs(high))))

        mu = self.mu(level, has_mean, has_sd)
        sd = np.inf
        if has_sd:
            sd = float(np.sqrt(mu.sd**2 + self.probability.sum(axis=1) @ self.tau**2))
        return Summary(mu.mean, sd, quantile(0.5), quantile(tail), quantile(1 - tail), None, None)

    def error(self) -> float:
        """Bound on the error of the probabilities of mu: half the nodes, and what the end nodes hold."""
        marginal = self.probability.sum(axis=0)
        return alternating(marginal) + float(marginal[0] + marginal[-1])
