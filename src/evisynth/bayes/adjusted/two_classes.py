"""Likelihood of studies that are unbiased or biased, nobody knows which, at nodes of mu, the bias and p.

Densities are taken relative to each study's highest, so that their products stay representable.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, PPoly

from evisynth.bayes.adjusted.rules import Nodes
from evisynth.bayes.families import Array

# A first pass looks at every few nodes of mu, the bias and p; nodes below this part of the highest are left out.
STEPS, LEAST = (4, 4, 2), 1e-11
# The slash density is tabulated at even steps of asinh(distance / reach), distances in standard errors.
TABLE_REACH, TABLE_STEP, LEAST_TABLE = 8.0, 0.03, 80

type Pair = tuple[Array, Array]


@dataclass(frozen=True)
class TwoClasses:
    """Studies of two classes.

    Attributes
    ----------
    y, v : array (k,)
        Effects, turned so that bias adds to them, and sampling variances.
    labels : array of str (k,)
        ``biased``, ``unbiased``, or blank for a study whose class isn't known.
    slash : Nodes
        Of w: the effect of a biased study has the variance tau^2 / w.
    """

    y: Array
    v: Array
    labels: Array
    slash: Nodes

    def densities(self, tau: float, mu: Array, shifted: Array) -> list[Pair]:
        """Every study's density if unbiased, at mu (m,), and if biased, at mu + bias (m, b)."""
        unbiased = -0.5 * (
            np.log1p(tau**2 / self.v[:, None]) + (self.y[:, None] - mu) ** 2 / (self.v[:, None] + tau**2)
        )
        sd = TABLE_REACH * np.sqrt(self.v)
        ends = (shifted.min(), shifted.max())
        furthest = np.max([np.abs(end - self.y) / sd for end in ends])
        count = max(LEAST_TABLE, int(np.ceil(np.arcsinh(furthest) / TABLE_STEP)) + 1)
        u = np.linspace(0.0, np.arcsinh(furthest), count)
        table = CubicSpline(u, self._log_slash(tau, u), bc_type=("clamped", "not-a-knot"))
        biased = []
        for i, (y, scale) in enumerate(zip(self.y, sd, strict=True)):
            own = PPoly.construct_fast(np.ascontiguousarray(table.c[:, :, i]), u)
            biased.append(np.exp(own(np.arcsinh(np.abs(shifted - y) / scale))))
        return list(zip(np.exp(unbiased), biased, strict=True))

    def _log_slash(self, tau: float, u: Array) -> Array:
        """Log of the integral over w of N(y; x, v + tau^2 / w), relative to N(0; 0, v), at distances: (u, k)."""
        spread = 1 + tau**2 / (self.slash.value * self.v[:, None])
        distance = (TABLE_REACH * np.sinh(u)) ** 2
        value = np.log(self.slash.weight / np.sqrt(spread)) - 0.5 * distance[:, None, None] / spread
        highest = value.max(axis=2)
        return highest + np.log(np.exp(value - highest[:, :, None]).sum(axis=2))

    def _density(self, i: int, pair: Pair, p: Array) -> tuple[Array, Array | None]:
        """The density of study `i` over both classes, (m, b, p), and the part of it in which the study is biased."""
        if self.labels[i] == "unbiased":
            return pair[0][:, None, None] * (1 - p), None
        biased = pair[1][:, :, None] * p
        if self.labels[i] == "biased":
            return biased, None
        return biased + pair[0][:, None, None] * (1 - p), biased

    def product(self, pairs: list[Pair], p: Array, prior: Array) -> Array:
        """Prior x likelihood at the nodes: (m, b, p)."""
        mass = prior.copy()
        for i, pair in enumerate(pairs):
            mass *= self._density(i, pair, p)[0]
        return mass

    def p_biased(self, pairs: list[Pair], p: Array, mass: Array) -> Array:
        """The part of `mass` in which each study is biased: (k,)."""
        found = np.where(self.labels == "biased", mass.sum(), 0.0)
        for i in np.flatnonzero(self.labels == ""):
            both, biased = self._density(i, pairs[i], p)
            # Where both underflow the mass is 0 too.
            both += np.finfo(float).tiny
            np.divide(biased, both, out=both)
            found[i] = np.vdot(mass, both)
        return found

    def worth(
        self, tau_nodes: Nodes, mu: Array, shifted: Array, p: Array, prior: Array
    ) -> Iterator[tuple[int, tuple[slice, slice, slice]]]:
        """Yield the nodes of tau that carry anything, each with the ranges of mu, the bias and p that do.

        A pass over every few nodes shows where the posterior lies; a range ends one such step beyond it.
        """
        rows, columns, ahead = every = tuple(slice(None, None, step) for step in STEPS)
        found = []
        for tau, weight in zip(tau_nodes.value, tau_nodes.weight, strict=True):
            pairs = self.densities(tau, mu[rows], shifted[rows, columns])
            found.append(self.product(pairs, p[ahead], prior[every] * weight))
        least = LEAST * max(mass.max() for mass in found)
        for j, mass in enumerate(found):
            if mass.max() > least:
                yield j, tuple(_range(mass > least, axis, step) for axis, step in enumerate(STEPS))


def _range(kept: Array, axis: int, step: int) -> slice:
    others = tuple(a for a in range(kept.ndim) if a != axis)
    places = np.flatnonzero(kept.any(axis=others))
    return slice(max(0, (places[0] - 1) * step), (places[-1] + 1) * step + 1)
