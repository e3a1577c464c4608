"""Finite mixtures of normals in batches: distribution function, density, quantiles, shortest intervals.

Given tau everything in the normal-normal model is normal, so every posterior is such a mixture over the nodes of tau.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from evisynth.bayes.families import Array

_ROOT_2PI = float(np.sqrt(2 * np.pi))
_NEWTON_STEPS = 60


@dataclass(frozen=True)
class NormalMixture:
    """m mixtures of c normals, each with an optional atom.

    Attributes
    ----------
    weight, mean, sd : array (m, c)
        Components; weights of components and atom sum to 1 in each row; every sd is above 0.
    sign : array (c,)
        +1 for components from even nodes, -1 for those from odd ones: what the error estimate needs.
    atom_weight, atom_at : array (m,)
        Point mass and where it is.
    """

    weight: Array
    mean: Array
    sd: Array
    sign: Array
    atom_weight: Array
    atom_at: Array

    def moments(self) -> tuple[Array, Array]:
        """Mean and standard deviation, each (m,)."""
        mean = np.sum(self.weight * self.mean, axis=1) + self.atom_weight * self.atom_at
        with np.errstate(over="ignore"):
            spread = self.weight * (self.sd**2 + (self.mean - mean[:, None]) ** 2)
        variance = np.sum(spread, axis=1) + self.atom_weight * (self.atom_at - mean) ** 2
        return mean, np.sqrt(variance)

    def cdf(self, x: Array) -> Array:
        """P(value <= x) for x (m, p)."""
        z = (x[:, :, None] - self.mean[:, None, :]) / self.sd[:, None, :]
        value = np.einsum("mc,mpc->mp", self.weight, special.ndtr(z))
        return value + self.atom_weight[:, None] * (x >= self.atom_at[:, None])

    def below(self, x: Array) -> Array:
        """P(value < x) for x (m, p): `cdf` without an atom at x itself."""
        return self.cdf(x) - self.atom_weight[:, None] * (x == self.atom_at[:, None])

    def pdf(self, x: Array) -> Array:
        """Density of the continuous part for x (m, p)."""
        return self._cdf_pdf_slope(x)[1]

    def cdf_error(self, x: Array) -> Array:
        """Change of the distribution function at x (m, p) when every second node is left out."""
        z = (x[:, :, None] - self.mean[:, None, :]) / self.sd[:, None, :]
        return np.abs(np.einsum("mc,mpc->mp", self.weight * self.sign, special.ndtr(z)))

    def _cdf_pdf_slope(self, x: Array) -> tuple[Array, Array, Array]:
        z = (x[:, :, None] - self.mean[:, None, :]) / self.sd[:, None, :]
        rate = self.weight / (self.sd * _ROOT_2PI)
        bell = np.exp(-0.5 * z * z)
        cdf = np.einsum("mc,mpc->mp", self.weight, special.ndtr(z))
        pdf = np.einsum("mc,mpc->mp", rate, bell)
        slope = -np.einsum("mc,mpc->mp", rate / self.sd, bell * z)
        return cdf, pdf, slope

    def _typical(self) -> tuple[Array, Array]:
        """A location and a scale that heavy components can't distort."""
        total = self.weight.sum(axis=1)
        centre = np.sum(self.weight * self.mean, axis=1) / total
        order = np.argsort(self.sd, axis=1)
        cumulative = np.cumsum(np.take_along_axis(self.weight, order, axis=1), axis=1)
        index = np.argmax(cumulative >= 0.5 * total[:, None], axis=1)
        return centre, np.take_along_axis(self.sd, order, axis=1)[np.arange(len(index)), index]

    def quantile(self, p: Array) -> Array:
        """Quantiles for p (q,) or (m, q), shape (m, q): Newton on the probit scale, inside a bracket."""
        p = np.atleast_2d(np.asarray(p, dtype=float))
        p = np.broadcast_to(p, (len(self.weight), p.shape[1]))
        atom = self.atom_weight[:, None]
        if not np.any(self.atom_weight > 0):
            return self._continuous_quantile(p)
        at = self.atom_at[:, None]
        below = self.cdf(at) - atom
        target = np.where(p > below + atom, p - atom, p)
        on_atom = (p >= below) & (p <= below + atom) & (atom > 0)
        inner = np.where(on_atom, 0.5 * (1 - atom), target)
        return np.where(on_atom, at, self._continuous_quantile(inner))

    def _continuous_quantile(self, p: Array) -> Array:
        total = self.weight.sum(axis=1)[:, None]
        z = special.ndtri(np.clip(p / total, 1e-300, 1 - 1e-16))
        centre, scale = self._typical()
        x = centre[:, None] + z * scale[:, None]
        low, high = np.full(x.shape, -np.inf), np.full(x.shape, np.inf)
        active = np.arange(len(x))
        for iteration in range(_NEWTON_STEPS):
            part = self._rows(active)
            here = x[active]
            cdf, pdf, _ = part._cdf_pdf_slope(here)
            cdf, pdf = cdf / total[active], pdf / total[active]
            below = cdf * total[active] < p[active]
            lo, hi = np.where(below, here, low[active]), np.where(below, high[active], here)
            score = special.ndtri(np.clip(cdf, 1e-300, 1 - 1e-16))
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                move = -(score - z[active]) * np.exp(-0.5 * score * score) / (_ROOT_2PI * pdf)
            proposal = here + move
            spread = scale[active][:, None] * 2.0 ** min(iteration, 900)
            middle = np.where(
                np.isfinite(lo) & np.isfinite(hi), 0.5 * (lo + hi), here + np.where(below, spread, -spread)
            )
            slow = (iteration > 12) & np.isfinite(lo) & np.isfinite(hi)
            bad = ~np.isfinite(proposal) | (proposal <= lo) | (proposal >= hi) | slow
            done = np.abs(move) <= 1e-13 * (scale[active][:, None] + np.abs(here))
            new = np.where(done, here, np.where(bad, middle, proposal))
            x[active], low[active], high[active] = new, lo, hi
            closed = np.isfinite(lo) & np.isfinite(hi) & (hi - lo <= 1e-13 * (scale[active][:, None] + np.abs(here)))
            settled = np.abs(new - here) <= 1e-9 * scale[active][:, None]
            active = active[~np.all(done | closed | settled, axis=1)]
            if len(active) == 0:
                break
        return x

    def _rows(self, rows: Array) -> "NormalMixture":
        if len(rows) == len(self.weight):
            return self
        return NormalMixture(
            self.weight[rows],
            self.mean[rows],
            self.sd[rows],
            self.sign,
            self.atom_weight[rows],
            self.atom_at[rows],
        )

    def shortest(self, level: float, start: Array) -> Array:
        """Shortest interval with probability `level`, shape (m, 2).

        Newton's method for equal densities at both ends, from the central interval `start` (m, 2); rows where it does
        not settle (several modes, an atom) are searched over the lower tail probability.
        """
        ends = start.copy()
        solved = np.zeros(len(ends), dtype=bool)
        free = self.atom_weight == 0
        active = np.flatnonzero(free)
        for _ in range(25):
            if len(active) == 0:
                break
            part = self._rows(active)
            here = ends[active]
            cdf, pdf, slope = part._cdf_pdf_slope(here)
            width = here[:, 1] - here[:, 0]
            cover, balance = cdf[:, 1] - cdf[:, 0] - level, pdf[:, 1] - pdf[:, 0]
            with np.errstate(all="ignore"):
                determinant = -pdf[:, 0] * slope[:, 1] + pdf[:, 1] * slope[:, 0]
                step_a = -(cover * slope[:, 1] - pdf[:, 1] * balance) / determinant
                step_b = -(-pdf[:, 0] * balance + slope[:, 0] * cover) / determinant
            step = np.stack([step_a, step_b], axis=1)
            fine = np.isfinite(step).all(axis=1)
            step = np.clip(np.where(fine[:, None], step, 0.0), -0.4 * width[:, None], 0.4 * width[:, None])
            ends[active] = here + step
            small = fine & (np.abs(step).max(axis=1) <= 1e-9 * width)
            solved[active[small]] = True
            active = active[~small & fine]
        proper = solved & (ends[:, 1] - ends[:, 0] <= (start[:, 1] - start[:, 0]) * (1 + 1e-9))
        rest = np.flatnonzero(~proper)
        if len(rest):
            ends[rest] = search_shortest(self._rows(rest).quantile, level, len(rest))
        return ends


def search_shortest(quantile, level: float, m: int, points: int = 41, rounds: int = 6) -> Array:
    """Shortest interval by searching the lower tail probability on ever finer grids; needs only quantiles.

    Parameters
    ----------
    quantile : callable
        ``quantile(p)`` with p (q,) or (m, q) gives (m, q).
    level : float
    m : int
        Number of rows.
    """
    low, high = np.zeros(m), np.full(m, 1 - level)
    tiny = 1e-12
    best = np.zeros((m, 2))
    for _ in range(rounds):
        p = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, points)
        a = quantile(np.clip(p, tiny, 1 - tiny))
        b = quantile(np.clip(p + level, tiny, 1 - tiny))
        index = np.argmin(b - a, axis=1)
        rows = np.arange(m)
        best = np.stack([a[rows, index], b[rows, index]], axis=1)
        low = p[rows, np.maximum(index - 1, 0)]
        high = p[rows, np.minimum(index + 1, points - 1)]
    return best
