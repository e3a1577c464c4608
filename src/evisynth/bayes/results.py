"""The posterior of the normal-normal model as a result: summaries, curves and probabilities."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from evisynth.bayes.families import Array
from evisynth.bayes.posterior import Problem, mixtures, study_mixture
from evisynth.bayes.quadrature import TauGrid
from evisynth.bayes.summaries import FIELDS, Summary, summarise_mixture, tau_quantile

_CELLS = 2_000_000  # components of the mixtures held at once


@dataclass(frozen=True)
class StudyEffects:
    """Posterior of each study's own effect (shrinkage): arrays (k,) for one data set, (m, k) for a batch.

    NaN exactly where the study was absent from the data. Median and intervals are computed when they are first asked
    for.

    Attributes
    ----------
    mean, sd : array
        Posterior mean and standard deviation.
    median, ci_low, ci_high, shortest_low, shortest_high : array
        Posterior median, central and shortest interval, at the level of the fit.
    """

    mean: Array
    sd: Array
    _solve: Callable[[str, Array | None], Array] = field(repr=False, compare=False, default=None)  # type: ignore[assignment]

    @cached_property
    def _limits(self) -> Array:
        return self._solve("limits", None)

    @property
    def median(self) -> Array:
        """Posterior median."""
        return self._limits[..., 0]

    @property
    def ci_low(self) -> Array:
        """Lower end of the central interval."""
        return self._limits[..., 1]

    @property
    def ci_high(self) -> Array:
        """Upper end of the central interval."""
        return self._limits[..., 2]

    @property
    def shortest_low(self) -> Array:
        """Lower end of the shortest interval."""
        return self._limits[..., 3]

    @property
    def shortest_high(self) -> Array:
        """Upper end of the shortest interval."""
        return self._limits[..., 4]

    def density(self, x: ArrayLike) -> Array:
        """Posterior densities at `x` (p,): (k, p), or (m, k, p) for a batch."""
        return self._solve("pdf", np.atleast_1d(np.asarray(x, dtype=float)))

    def cdf(self, x: ArrayLike) -> Array:
        """Posterior distribution functions at `x` (p,): (k, p), or (m, k, p) for a batch."""
        return self._solve("cdf", np.atleast_1d(np.asarray(x, dtype=float)))

    def quantile(self, p: ArrayLike) -> Array:
        """Posterior quantiles for probabilities `p` (q,): (k, q), or (m, k, q) for a batch."""
        return self._solve("quantile", _probabilities(p))

    def to_frame(self) -> pd.DataFrame:
        """One row per posterior and study present, numbered from 1 as in the data."""
        mean = np.atleast_2d(self.mean)
        row, study = np.nonzero(~np.isnan(mean))
        table = pd.DataFrame({"fit": row + 1, "study": study + 1})
        return table.assign(**{name: np.atleast_2d(getattr(self, name))[row, study] for name in FIELDS})


@dataclass(frozen=True)
class NormalNormalPosterior:
    """Posterior of the normal-normal model: scalars for one data set, arrays (m,) for a batch.

    Attributes
    ----------
    k : int or array
        Number of studies with data.
    level : float
        Probability of the intervals.
    tau_prior, mu_prior : str
        As asked for; `notes` carries their cautions.
    mu, tau, predictive : Summary
        The mean effect, the between-study standard deviation, and the effect in a further study.
    studies : StudyEffects
    p_mu_below_0 : float or array
        P(mu < 0): an atom at 0 doesn't count.
    log_marginal : float, array or None
        ln p(data), both priors proper; None under an improper prior, where it isn't defined (NaN in the rows of a batch
        that have one).
    bf_mu0, bf_tau0 : float, array or None
        Bayes factors in favour of mu = 0 (for spike and slab: against the slab) and of tau = 0; None, with `bf_reason`,
        under an improper prior.
    error_bound : float or array
        Estimated bound on the numerical error of the means, standard deviations, medians and central limits, in
        posterior standard deviations of each (a quarter of the interval's width where that is infinite).
    method : str
    status, reason : str or array of str
        ``"ok"`` or ``"failed"`` with the reason (batches only; for one data set an error is raised), and remarks such
        as a moment that doesn't exist.
    notes : tuple of str
        Cautions and notes of the priors.
    """

    k: int | Array
    level: float
    tau_prior: str
    mu_prior: str
    mu: Summary
    tau: Summary
    predictive: Summary
    studies: StudyEffects
    p_mu_below_0: float | Array
    log_marginal: float | Array | None
    bf_mu0: float | Array | None
    bf_tau0: float | Array | None
    bf_reason: str
    error_bound: float | Array
    method: str
    status: str | Array
    reason: str | Array
    notes: tuple[str, ...]
    _parts: tuple = field(repr=False, compare=False, default=())
    _single: bool = field(repr=False, compare=False, default=True)

    def p_mu_below(self, c: float) -> float | Array:
        """P(mu < c); an atom at c doesn't count."""
        return self._each(lambda problem, grid: _below(problem, grid, c, 0))

    def p_next_below(self, c: float) -> float | Array:
        """P(effect of a further study < c)."""
        return self._each(lambda problem, grid: _below(problem, grid, c, 1))

    def p_tau_below(self, c: float) -> float | Array:
        """P(tau < c)."""
        return self._each(lambda problem, grid: _tau_cdf(grid, np.full((problem.size, 1), float(c)))[:, 0])

    def density(self, x: ArrayLike, of: str = "mu") -> Array:
        """Posterior density on a grid.

        Parameters
        ----------
        x : array-like (p,)
            Points on the scale of the effects (or of tau).
        of : {"mu", "tau", "predictive"}

        Returns
        -------
        array (p,), or (m, p) for a batch
        """
        return self._curve(x, of, "pdf")

    def cdf(self, x: ArrayLike, of: str = "mu") -> Array:
        """Posterior distribution function on a grid; arguments as for `density`."""
        return self._curve(x, of, "cdf")

    def quantile(self, p: ArrayLike, of: str = "mu") -> Array:
        """Posterior quantiles for probabilities `p` (q,): (q,), or (m, q) for a batch."""
        p = _probabilities(p)
        if of == "tau":
            return self._each(lambda problem, grid: grid.at(tau_quantile(grid, p))[0])
        index = _which(of)
        return self._each(lambda problem, grid: mixtures(problem, grid)[index].quantile(p) + problem.origin[:, None])

    def to_frame(self) -> pd.DataFrame:
        """Tidy table: one row per posterior and quantity (mu, tau, predictive)."""
        frames = []
        for name in ("mu", "tau", "predictive"):
            frame = getattr(self, name).to_frame()
            frame.insert(0, "quantity", name)
            frame.insert(0, "fit", np.arange(1, len(frame) + 1))
            frames.append(frame)
        table = pd.concat(frames, ignore_index=True)
        for column in ("k", "error_bound", "status", "reason"):
            table[column] = np.tile(np.atleast_1d(getattr(self, column)), 3)
        table["level"], table["tau_prior"], table["mu_prior"] = self.level, self.tau_prior, self.mu_prior
        return table.sort_values("fit", kind="stable", ignore_index=True)

    def _curve(self, x: ArrayLike, of: str, what: str) -> Array:
        x = np.atleast_1d(np.asarray(x, dtype=float))

        def one(problem: Problem, grid: TauGrid) -> Array:
            at = np.broadcast_to(x, (problem.size, len(x)))
            if of == "tau":
                return _tau_density(problem, grid, at) if what == "pdf" else _tau_cdf(grid, at)
            return getattr(mixtures(problem, grid)[_which(of)], what)(at - problem.origin[:, None])

        return self._each(one)

    def _each(self, function) -> Array | float:
        m = 1 if self._single else len(np.atleast_1d(self.k))
        out = None
        for rows, problem, grid in self._parts:
            value = function(problem, grid)
            if out is None:
                out = np.full((m, *value.shape[1:]), np.nan)
            out[rows] = value
        if out is None:
            out = np.full(m, np.nan)
        if self._single:
            return float(out[0]) if out.ndim == 1 else out[0]
        return out

    def _with_studies(self) -> "NormalNormalPosterior":
        """The same with what `studies` needs to answer for medians, intervals and curves."""

        def solve(what: str, given: Array | None) -> Array:
            if not self._parts or not self.studies.mean.size:
                return np.full((*self.studies.mean.shape, 5 if given is None else len(given)), np.nan)
            return self._each(lambda problem, grid: _of_studies(problem, grid, self.level, what, given))

        return replace(self, studies=replace(self.studies, _solve=solve))


def _of_studies(problem: Problem, grid: TauGrid, level: float, what: str, given: Array | None) -> Array:
    """Limits (median, central, shortest interval) or a curve of each study's effect, (m, k, values)."""
    k, m = problem.y.shape
    at_once = max(1, _CELLS // (grid.tau.size * problem.effect.weight.shape[1]))
    parts = [
        _of_some(problem, grid, slice(begin, min(begin + at_once, k)), level, what, given).reshape(
            m, min(at_once, k - begin), -1
        )
        for begin in range(0, k, at_once)
    ]
    return np.where((problem.present == 0).T[:, :, None], np.nan, np.concatenate(parts, axis=1))


def _of_some(problem: Problem, grid: TauGrid, studies: slice, level: float, what: str, given: Array | None) -> Array:
    mixture = study_mixture(problem, grid, studies)
    origin = np.repeat(problem.origin, studies.stop - studies.start)
    if what == "limits":
        always = np.ones(len(origin), dtype=bool)
        found = summarise_mixture(mixture, origin, level, True, always, always)[0]
        return np.stack([getattr(found, name) for name in FIELDS[2:]], axis=-1)
    if what == "quantile":
        return mixture.quantile(given) + origin[:, None]
    return getattr(mixture, what)(given - origin[:, None])


def _probabilities(p: ArrayLike) -> Array:
    p = np.atleast_1d(np.asarray(p, dtype=float))
    if not np.all((p > 0) & (p < 1)):
        raise ValueError(f"quantile probabilities must lie between 0 and 1; found {p[~((p > 0) & (p < 1))]}")
    return p


def _which(of: str) -> int:
    if of not in ("mu", "predictive"):
        raise ValueError(f"of is {of!r}; allowed: 'mu', 'tau' or 'predictive'")
    return 0 if of == "mu" else 1


def _below(problem: Problem, grid: TauGrid, c: float, index: int) -> Array:
    return mixtures(problem, grid)[index].below((float(c) - problem.origin)[:, None])[:, 0]


def _tau_density(problem: Problem, grid: TauGrid, tau: Array) -> Array:
    with np.errstate(invalid="ignore"):
        inside = (tau >= 0) & (tau <= grid.upper[:, None])
        value = np.exp(problem.log_target(np.where(inside, tau, 0.0)) - grid.log_integral[:, None])
    return np.where(inside, value, 0.0)


def _tau_cdf(grid: TauGrid, tau: Array) -> Array:
    t = grid.t_of(tau)
    value = grid.cdf(np.nan_to_num(t, posinf=0.0, neginf=0.0))
    return np.where(np.isposinf(t), 1.0, np.where(np.isneginf(t) | (tau <= 0), 0.0, value))


def scalar(result: NormalNormalPosterior) -> NormalNormalPosterior:
    """The batch of one as plain numbers."""

    def number(value):
        if value is None:
            return None
        x = value[0]
        return None if isinstance(x, float) and np.isnan(x) else (x.item() if isinstance(x, np.generic) else x)

    changes = {
        f.name: number(getattr(result, f.name))
        for f in fields(result)
        if isinstance(getattr(result, f.name), np.ndarray) and not f.name.startswith("_")
    }
    for name in ("mu", "tau", "predictive"):
        changes[name] = Summary(*(number(getattr(getattr(result, name), f)) for f in FIELDS))
    changes["studies"] = StudyEffects(result.studies.mean[0], result.studies.sd[0])
    return replace(result, **changes)
