"""Global maximum over tau2 of three likelihoods, for a batch at a time.

"REML" is the restricted likelihood, "ML" the likelihood with the mean at its maximum, and "known" the
likelihood with the mean known to be 0, which the profile likelihood of the mean needs.
"""

import numpy as np
from numpy.typing import NDArray

from evisynth.pooling.inputs import Batch, one_less_share

_MAX_STEPS = 100
_STEP_TOLERANCE = 1e-13
# Neighbouring grid points of v_min + tau2 differ by at most this factor. Each study enters the score through
# 1 / (v + tau2), which changes by less than this factor from one point to the next.
_GRID_RATIO = 1.6
_MOST_GRID_POINTS = 80
# A turning point of the scaled score this close to zero on the wrong side may hide two roots between grid points.
_NEAR_MISS = 0.1
_FINER = 12


def log_likelihood(batch: Batch, tau2: NDArray, kind: str) -> NDArray[np.float64]:
    """Return the log likelihood at `tau2` of shape (m,), up to a constant that depends on the data's scale."""
    present = np.isfinite(batch.v)
    spread = np.where(present, batch.v + tau2, 1.0)
    w = np.where(present, 1.0 / spread, 0.0)
    total = w.sum(axis=0)
    r = batch.y if kind == "known" else batch.y - (w * batch.y).sum(axis=0) / total
    value = -0.5 * (np.log(spread).sum(axis=0) + (w * r * r).sum(axis=0))
    return value - 0.5 * np.log(total) if kind == "REML" else value


def _two_sides(y: NDArray, v: NDArray, t: NDArray, kind: str) -> tuple[NDArray, ...]:
    """Return both sides of the estimating equation, sum w^2 r^2 = sum w [- sum w^2 / sum w], with w and w r."""
    w = 1.0 / (v + t)
    total = w.sum(axis=0)
    r = y if kind == "known" else y - (w * y).sum(axis=0) / total
    wr = w * r
    squares = (wr * wr).sum(axis=0)
    return squares, one_less_share(w) if kind == "REML" else total, w, wr


def _slopes(w: NDArray, wr: NDArray, kind: str) -> tuple[NDArray, NDArray]:
    """Return the derivatives by tau2 of both sides of the estimating equation.

    With w_1 the largest weight, o, q and c the sums of the others, of their squares and of their cubes, and s and d
    the sums over the others of w^2 r and w^3 r^2. Written out, the powers of w_1 that cancel are gone.
    """
    first, rest = w[0], w[1:]
    squares = rest * rest
    o, q = rest.sum(axis=0), squares.sum(axis=0)
    d = (rest * wr[1:] * wr[1:]).sum(axis=0)
    if kind == "known":
        return -2.0 * (first * wr[0] * wr[0] + d), -(first * first + q)
    total, s = first + o, (rest * wr[1:]).sum(axis=0)
    of_squares = (-2.0 * first * o * wr[0] ** 2 + 4.0 * first * wr[0] * s + 2.0 * s * s) / total - 2.0 * d
    if kind == "ML":
        return of_squares, -(first * first + q)
    c = (squares * rest).sum(axis=0)
    sums = first * first * (3.0 * q + o * o) + 2.0 * first * (q * o - c) + (o * o * q - 2.0 * c * o + q * q)
    return of_squares, -sums / total**2


def _ratio(batch: Batch, grid: NDArray, kind: str) -> NDArray:
    """Return squares / expected - 1 at grid points (g, m): positive where the likelihood rises with tau2."""
    squares, expected, *_ = _two_sides(batch.y[:, None, :], batch.v[:, None, :], grid, kind)
    return squares / expected - 1.0


def _upper_bound(batch: Batch, kind: str) -> NDArray:
    """Return a value that no stationary point of the likelihood exceeds.

    With weights p = w / sum w, sum p r^2 <= (range^2 / 2)(1 - sum p^2) and <= range^2 / 4. Put into the
    estimating equations of REML and ML these give v_min + tau2 <= range^2 / 2 and range^2 / 4; with a known
    mean, v_min + tau2 <= max r^2.
    """
    if kind == "known":
        return (batch.y**2).max(axis=0)
    present = np.isfinite(batch.v)
    high = np.where(present, batch.y, -np.inf).max(axis=0)
    low = np.where(present, batch.y, np.inf).min(axis=0)
    return (high - low) ** 2 / (2.0 if kind == "REML" else 4.0)


def _grid(smallest: NDArray, bound: NDArray, points: int) -> NDArray:
    steps = np.linspace(0.0, 1.0, points)[:, None]
    grid = smallest * (bound / smallest) ** steps - smallest
    grid[0] = 0.0
    return grid


def _points_needed(smallest: NDArray, bound: NDArray) -> int:
    return int(np.clip(np.ceil(np.log((bound / smallest).max()) / np.log(_GRID_RATIO)), 3, _MOST_GRID_POINTS)) + 1


def _scan(batch: Batch, bound: NDArray, kind: str, finer: int) -> tuple[NDArray, NDArray, NDArray]:
    """Return grid and score ratio (g, m), and the columns (m,) that need a finer grid to show every maximum."""
    smallest = batch.v.min(axis=0)
    points = finer * _points_needed(smallest, bound)
    grid = _grid(smallest, bound, points)
    ratio = _ratio(batch, grid, kind)
    # the bound is rigorous: beyond it the likelihood falls, whatever rounding says at the bound itself
    ratio[-1] = np.minimum(ratio[-1], -1e-300)
    if finer > 1:
        return grid, ratio, np.zeros(bound.shape, dtype=bool)
    inner = ratio[1:-1]
    hidden_peak = (inner < 0.0) & (inner > -_NEAR_MISS) & (inner >= ratio[:-2]) & (inner >= ratio[2:])
    hidden_dip = (inner > 0.0) & (inner < _NEAR_MISS) & (inner <= ratio[:-2]) & (inner <= ratio[2:])
    # a dip next to zero would show as a peak of the first interval
    suspect = (hidden_peak | hidden_dip).any(axis=0) | ((ratio[0] < 0.0) & (ratio[0] > -_NEAR_MISS))
    return grid, ratio, suspect


def _refine(batch: Batch, low: NDArray, high: NDArray, start: NDArray, kind: str) -> tuple[NDArray, ...]:
    """Find the root between `low` (likelihood rising) and `high` (falling).

    Newton's method on expected / squares - 1, which is linear in tau2 when variances are equal; a step that
    leaves the bracket is replaced by bisection.
    """
    m = low.size
    root, residual, converged = np.full(m, np.nan), np.full(m, np.nan), np.zeros(m, dtype=bool)
    active = np.arange(m)
    y, v, t = batch.y, batch.v, start.copy()
    rounding = 4.0 * np.sqrt(y.shape[0]) * np.finfo(float).eps
    low, high = low.copy(), high.copy()
    for _ in range(_MAX_STEPS):
        squares, expected, w, wr = _two_sides(y, v, t, kind)
        d_squares, d_expected = _slopes(w, wr, kind)
        excess = squares - expected
        rising = excess > 0.0
        low, high = np.where(rising, t, low), np.where(rising, high, t)
        slope = d_expected * squares - expected * d_squares
        with np.errstate(divide="ignore", invalid="ignore"):
            new = t + excess * squares / slope
        outside = ~((new >= low) & (new <= high))
        new = np.where(outside, 0.5 * (low + high), new)
        size = np.abs(new - t)
        done = (size <= _STEP_TOLERANCE * (t + 1.0)) | (high - low <= _STEP_TOLERANCE * (t + 1.0))
        # where the likelihood is nearly flat, rounding of its two sides moves the root by more than that
        done |= np.abs(excess) <= rounding * expected
        t = new
        if done.any():
            at = active[done]
            root[at], residual[at], converged[at] = t[done], (excess / expected)[done], True
            keep = ~done
            active = active[keep]
            if not active.size:
                break
            y, v, t, low, high = y[:, keep], v[:, keep], t[keep], low[keep], high[keep]
    return root, residual, converged


def _start(t: NDArray, ratio: NDArray, at: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Return bracket and first guess for the downward crossing after grid point `at` of each column."""
    columns = np.arange(at.size)
    low, high = t[at, columns], t[at + 1, columns]
    left, right = (
        1.0 / (1.0 + ratio[at, columns]) - 1.0,
        1.0 / np.maximum(1.0 + ratio[at + 1, columns], 1e-3) - 1.0,
    )
    guess = low - left * (high - low) / (right - left)
    return low, high, np.where((guess > low) & (guess < high), guess, 0.5 * (low + high))


def maximise(batch: Batch, kind: str) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return tau2, residual, boundary and converged at the global maximum of the likelihood.

    Parameters
    ----------
    batch
        Every column has at least two studies (one, when the mean is known).
    kind : {"REML", "ML", "known"}

    Notes
    -----
    The likelihood may have several local maxima. A grid whose upper end no stationary point exceeds shows the
    intervals where the score changes sign; the root in each is found to rounding, and the highest likelihood,
    0 included, wins. Where the score comes close to zero without crossing, the grid is made finer.
    """
    m = batch.n.size
    tau2, residual = np.zeros(m), np.zeros(m)
    boundary, converged = np.ones(m, dtype=bool), np.ones(m, dtype=bool)
    bound = _upper_bound(batch, kind)
    # no positive root can exist below the smallest variance (a margin of rounding is kept)
    possible = np.flatnonzero(bound > batch.v.min(axis=0) * (1.0 + 1e-15))
    if possible.size:
        inside = batch if possible.size == m else batch.take(possible)
        found = _search(inside, bound[possible], kind)
        tau2[possible], residual[possible], boundary[possible], converged[possible] = found
    return tau2, residual, boundary, converged


def _search(batch: Batch, bound: NDArray, kind: str, finer: int = 1) -> tuple[NDArray, ...]:
    grid, ratio, suspect = _scan(batch, bound, kind, finer)
    rising = ratio > 0.0
    crossing = rising[:-1] & ~rising[1:]
    peaks = crossing.sum(axis=0) + ~rising[0]
    m = bound.size
    answer = (np.zeros(m), np.zeros(m), np.ones(m, dtype=bool), np.ones(m, dtype=bool))
    tau2, residual, boundary, converged = answer
    one = np.flatnonzero(~suspect & (peaks == 1) & rising[0])
    if one.size:
        part = batch if one.size == m else batch.take(one)
        low, high, start = _start(grid[:, one], ratio[:, one], crossing[:, one].argmax(axis=0))
        tau2[one], residual[one], converged[one] = _refine(part, low, high, start, kind)
        boundary[one] = False
    again = np.flatnonzero(suspect)
    if again.size:
        for whole, part in zip(answer, _search(batch.take(again), bound[again], kind, _FINER), strict=True):
            whole[again] = part
    for j in np.flatnonzero(~suspect & (peaks > 1)):
        chosen = _best_peak(batch.take(np.array([j])), grid[:, j], ratio[:, j], kind)
        for whole, value in zip(answer, chosen, strict=True):
            whole[j] = value
    return answer


def _best_peak(single: Batch, grid: NDArray, ratio: NDArray, kind: str) -> tuple[float, float, bool, bool]:
    """Return the highest of several local maxima of one meta-analysis."""
    rising = ratio > 0.0
    at = np.flatnonzero(rising[:-1] & ~rising[1:])
    copies = single.take(np.zeros(at.size, dtype=int))
    low, high, start = _start(np.tile(grid[:, None], at.size), np.tile(ratio[:, None], at.size), at)
    candidates, residuals, converged = _refine(copies, low, high, start, kind)
    if not converged.all():
        return np.nan, np.nan, False, False
    if not rising[0]:
        candidates, residuals = np.r_[0.0, candidates], np.r_[0.0, residuals]
    many = single.take(np.zeros(candidates.size, dtype=int))
    best = int(np.argmax(log_likelihood(many, candidates, kind)))
    return float(candidates[best]), float(residuals[best]), not rising[0] and best == 0, True
