"""Summaries of posteriors: mean, sd, median, central and shortest intervals, each with its numerical error."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evisynth.bayes import quadrature
from evisynth.bayes.families import Array
from evisynth.bayes.mixture import NormalMixture, search_shortest
from evisynth.bayes.posterior import Problem
from evisynth.bayes.quadrature import TauGrid

ROUNDING = 1e-13  # of a probability, however fine the quadrature
FIELDS = ("mean", "sd", "median", "ci_low", "ci_high", "shortest_low", "shortest_high")


@dataclass(frozen=True)
class Summary:
    """Summary of one quantity: floats for one data set, arrays (m,) for a batch.

    Attributes
    ----------
    mean, sd : float or array
        Posterior mean and standard deviation. ``inf`` where the integral diverges (a heavy-tailed or flat prior of
        tau with few studies); None (NaN in a batch) for a mean that doesn't exist.
    median : float or array
    ci_low, ci_high : float or array
        Central interval: equal tail probabilities.
    shortest_low, shortest_high : float or array
        Shortest interval (highest posterior density for one mode).
    """

    mean: float | Array | None
    sd: float | Array | None
    median: float | Array
    ci_low: float | Array
    ci_high: float | Array
    shortest_low: float | Array | None
    shortest_high: float | Array | None

    def to_frame(self) -> pd.DataFrame:
        """One row per posterior, one column per field."""
        return pd.DataFrame({f: np.atleast_1d(np.array(getattr(self, f), dtype=float)) for f in FIELDS})


def tau_quantile(grid: TauGrid, p: Array) -> Array:
    """The t of quantiles of tau for p (q,) or (m, q), shape (m, q).

    A cubic through the exact values at two nodes gives the start, Newton on the sinc distribution function the rest.
    """
    m, n = grid.tau.shape
    p = np.atleast_2d(np.asarray(p, dtype=float))
    p = np.broadcast_to(p, (m, p.shape[1]))
    at_nodes = np.maximum.accumulate(grid.cdf_at_nodes(), axis=1)
    index = np.clip((at_nodes[:, None, :] <= p[:, :, None]).sum(axis=2) - 1, 0, n - 2)
    rows = np.arange(m)[:, None]
    ends = (at_nodes[rows, index], at_nodes[rows, index + 1])
    slopes = (grid.probability[rows, index], grid.probability[rows, index + 1])
    cell = grid.first[:, None] + grid.step[:, None] * index
    t = cell + grid.step[:, None] * _invert_cubic(p, *ends, *slopes)
    low, high = cell - grid.step[:, None], cell + 2 * grid.step[:, None]
    for _ in range(40):
        cdf, density = grid.cdf(t), grid.density_in_t(t)
        low, high = np.where(cdf < p, t, low), np.where(cdf < p, high, t)
        with np.errstate(over="ignore"):
            new = t - (cdf - p) / density
        new = np.where((new >= low) & (new <= high), new, 0.5 * (low + high))
        moved = np.abs(new - t)
        t = new
        # Newton squares the error: a step below 1e-5 leaves about 1e-10.
        if np.all(moved <= 1e-5 * grid.step[:, None]):
            break
    return t


def _invert_cubic(p: Array, left: Array, right: Array, slope_left: Array, slope_right: Array) -> Array:
    """Where in [0, 1] the cubic Hermite interpolant takes the value p."""
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.clip(np.nan_to_num((p - left) / (right - left), nan=0.5), 0, 1)
        for _ in range(5):
            rise = right - left
            b, c = 3 * rise - 2 * slope_left - slope_right, slope_left + slope_right - 2 * rise
            value = left + x * (slope_left + x * (b + x * c))
            slope = slope_left + x * (2 * b + 3 * x * c)
            x = np.clip(np.nan_to_num(x - (value - p) / slope, nan=0.5), 0, 1)
    return x


def tau_shortest(grid: TauGrid, level: float, central: Array, at_zero: Array) -> Array:
    """Shortest interval of tau, (m, 2).

    Parameters
    ----------
    grid : TauGrid
    level : float
    central : array (m, 2)
        The t of the central interval.
    at_zero : array (m,)
        Posterior density of tau at 0: where it is at least the density at the `level` quantile, the interval starts
        at 0; elsewhere both ends have equal density. Infinite (log-t priors): whichever of the two is shorter.
    """
    top = tau_quantile(grid, np.array([level]))
    best = np.concatenate([np.zeros_like(top), grid.at(top)[0]], axis=1)
    with np.errstate(divide="ignore"):
        rest = np.flatnonzero((np.log(at_zero) < _log_density(grid, top)[1][:, 0]) | np.isposinf(at_zero))
    if len(rest) == 0:
        return best
    part = _row(grid, rest)
    t, solved = _equal_density(part, level, central[rest])
    inner = part.at(t)[0]
    centre = part.at(central[rest])[0]
    solved &= inner[:, 1] - inner[:, 0] <= (centre[:, 1] - centre[:, 0]) * (1 + 1e-9)
    hard = np.flatnonzero(~solved & np.isfinite(at_zero[rest]))
    inner[~solved] = np.array([0.0, np.inf])
    if len(hard):
        narrow = _row(part, hard)
        inner[hard] = search_shortest(lambda p: narrow.at(tau_quantile(narrow, p))[0], level, len(hard))
    shorter = inner[:, 1] - inner[:, 0] < best[rest, 1]
    best[rest] = np.where(shorter[:, None], inner, best[rest])
    return best


def _equal_density(grid: TauGrid, level: float, start: Array) -> tuple[Array, Array]:
    """Newton's method in t for F(b) - F(a) = level and f(a) = f(b); returns t (m, 2) and which rows settled."""
    t = start.copy()
    solved = np.zeros(len(t), dtype=bool)
    active = np.arange(len(t))
    for _ in range(20):
        if len(active) == 0:
            break
        part = _row(grid, active)
        here = t[active]
        delta = 1e-4 * part.step[:, None]
        per_t, log_f = _log_density(part, here)
        slope = (_log_density(part, here + delta)[1] - _log_density(part, here - delta)[1]) / (2 * delta)
        cdf = part.cdf(here)
        cover, balance = cdf[:, 1] - cdf[:, 0] - level, log_f[:, 1] - log_f[:, 0]
        with np.errstate(all="ignore"):
            determinant = -per_t[:, 0] * slope[:, 1] + per_t[:, 1] * slope[:, 0]
            step_a = -(cover * slope[:, 1] - per_t[:, 1] * balance) / determinant
            step_b = -(-per_t[:, 0] * balance + slope[:, 0] * cover) / determinant
        step = np.stack([step_a, step_b], axis=1)
        fine = np.isfinite(step).all(axis=1)
        bound = 0.3 * (here[:, 1] - here[:, 0])[:, None]
        new = here + np.clip(np.where(fine[:, None], step, 0.0), -bound, bound)
        inside = (new[:, 0] > part.first) & (new[:, 1] < part.first + part.step * (part.tau.shape[1] - 1))
        small = fine & inside & (np.abs(step).max(axis=1) <= 1e-9 * (1 + np.abs(new).max(axis=1)))
        t[active] = new
        solved[active[small]] = True
        active = active[~small & fine & inside]
    return t, solved


def _log_density(grid: TauGrid, t: Array) -> tuple[Array, Array]:
    """Density per unit of t, and log density per unit of tau."""
    per_t = grid.density_in_t(t)
    return per_t, np.log(per_t) - grid.at(t)[1]


def _row(grid: TauGrid, rows: Array | int) -> TauGrid:
    return grid.take(np.atleast_1d(rows))


def summarise_tau(
    problem: Problem, grid: TauGrid, level: float, shortest: bool, floor: float = ROUNDING
) -> tuple[Summary, Array]:
    """Summary of tau and its error (in standard deviations), arrays (m,).

    `floor` is the least error of a probability.
    """
    p = np.array([(1 - level) / 2, 0.5, (1 + level) / 2])
    t = tau_quantile(grid, p)
    low, median, high = grid.at(t)[0].T
    with np.errstate(over="ignore"):
        mean = np.sum(grid.probability * grid.tau, axis=1)
        sd = np.sqrt(np.sum(grid.probability * (grid.tau - mean[:, None]) ** 2, axis=1))
    mean = np.where(problem.moment_exists(1), mean, np.inf)
    sd = np.where(problem.moment_exists(2), sd, np.inf)
    ends = np.full((len(mean), 2), np.nan)
    if shortest:
        at_zero = np.exp(problem.log_target(np.zeros((problem.size, 1)))[:, 0] - grid.log_integral)
        ends = tau_shortest(grid, level, t[:, [0, 2]], at_zero)
    scale = np.where(np.isfinite(sd), sd, (high - low) / 4)
    per_tau = grid.density_in_t(t) / np.exp(grid.at(t)[1])
    of_cdf = quadrature.spectral_error(grid.probability) + grid.tail + floor
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        error = np.max(of_cdf[:, None] / (per_tau * scale[:, None]), axis=1)
        of_mean = quadrature.half_grid_error(grid.probability, grid.tau) / scale
    error = np.maximum(error, np.where(np.isfinite(mean), of_mean, 0.0))
    return Summary(mean, sd, median, low, high, ends[:, 0], ends[:, 1]), error


def error_of_tail(problem: Problem, grid: TauGrid, tau: Summary) -> Array:
    """What the moments of tau lack because the nodes end, in standard deviations, (m,)."""
    scale = np.where(np.isfinite(tau.sd), tau.sd, (tau.ci_high - tau.ci_low) / 4)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        of_mean = np.where(np.isfinite(tau.mean), _beyond(problem, grid, 1) / scale, 0.0)
        # An error of the second moment moves the standard deviation by half of it over sd.
        return np.maximum(of_mean, np.where(np.isfinite(tau.sd), _beyond(problem, grid, 2) / (2 * scale**2), 0.0))


def _beyond(problem: Problem, grid: TauGrid, order: int) -> Array:
    """The part of E(tau**order) beyond the last node, (m,), where the density falls as a power of tau.

    It matters when the moment barely exists: the nodes end where tau**2 would overflow.
    """
    margin = problem.moment_margin(order)
    end = grid.tau[:, -1]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        log_per_log_tau = np.log(grid.probability[:, -1] / grid.step) + np.log(end) - grid.log_slope[:, -1]
        rest = np.exp(log_per_log_tau + order * np.log(end)) / margin
    return np.where(np.isfinite(margin), rest, 0.0)


def summarise_mixture(
    mixture: NormalMixture,
    origin: Array,
    level: float,
    shortest: bool,
    has_mean: Array,
    has_sd: Array,
    floor: float = ROUNDING,
) -> tuple[Summary, Array]:
    """Summary of mu or of the predictive distribution and its error (in standard deviations), arrays (m,).

    `floor` is the least error of a probability.
    """
    q = mixture.quantile(np.array([(1 - level) / 2, 0.5, (1 + level) / 2]))
    with np.errstate(invalid="ignore", over="ignore"):
        mean, sd = mixture.moments()
    mean, sd = np.where(has_mean, mean + origin, np.nan), np.where(has_sd, sd, np.inf)
    ends = mixture.shortest(level, q[:, [0, 2]]) if shortest else np.full((len(mean), 2), np.nan)
    scale = np.where(np.isfinite(sd), sd, (q[:, 2] - q[:, 0]) / 4)
    density = np.maximum(mixture.pdf(q), 1e-300)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        error = np.where(
            q == mixture.atom_at[:, None], 0.0, (mixture.cdf_error(q) + floor) / (density * scale[:, None])
        )
        error = np.where(mixture.atom_weight[:, None] > 0, np.where(np.isfinite(error), error, 0.0), error)
        of_mean = np.abs(np.sum(mixture.weight * mixture.sign * mixture.mean, axis=1)) / scale
    error = np.maximum(error.max(axis=1), np.where(has_mean & has_sd, of_mean, 0.0))
    q = q + origin[:, None]
    ends = ends + origin[:, None]
    return Summary(mean, sd, q[:, 1], q[:, 0], q[:, 2], ends[:, 0], ends[:, 1]), error
