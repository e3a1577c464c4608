"""Weighted least squares of many meta-regressions at once, and their estimators of tau2.

Arrays here have studies along the last axis but one: y, v (m, k) and x (m, k, p). Columns of x are
orthonormal (see `regression.prepare`), so normal equations lose no accuracy.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evisynth.pooling.roots import bracketed_root

_GRID_RATIO = 1.6
_MOST_GRID_POINTS = 80
_NEAR_MISS = 0.1
_FINER = 12
_MAX_STEPS = 200
_STEP_TOLERANCE = 1e-13
# Weights whose quotient exceeds this are fitted by orthogonal reflections, which take longer.
_FAR_APART = 1e4
# Up to this many studies the whole orthogonal complement is formed, which takes time with the cube of their number.
_COMPLEMENT = 100


@dataclass(frozen=True, slots=True)
class Designs:
    """m meta-regressions of k studies on p coefficients, in units of a typical standard error."""

    y: NDArray[np.float64]
    v: NDArray[np.float64]
    x: NDArray[np.float64]

    def take(self, rows: NDArray) -> "Designs":
        """Return the chosen meta-regressions."""
        return Designs(self.y[rows], self.v[rows], self.x[rows])

    @property
    def df(self) -> int:
        """Residual degrees of freedom, k - p."""
        return self.x.shape[1] - self.x.shape[2]


@dataclass(frozen=True, slots=True)
class Fit:
    """Weighted least squares at given weights w (m, k).

    `inverse` is (X'WX)^-1, `coefficients` (m, p), `residuals` (m, k), `free` (m, k) one less the leverage of each study
    where weights are far apart, else None.
    """

    w: NDArray[np.float64]
    inverse: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    residuals: NDArray[np.float64]
    free: NDArray[np.float64] | None = None

    def q(self) -> NDArray[np.float64]:
        """Return y'Py = sum w r^2."""
        return (self.w * self.residuals**2).sum(axis=1)

    def q2(self) -> NDArray[np.float64]:
        """Return y'PPy = sum w^2 r^2."""
        return ((self.w * self.residuals) ** 2).sum(axis=1)


def least_squares(d: Designs, w: NDArray) -> Fit:
    """Fit each meta-regression with weights `w` (m, k)."""
    if w.size and w.max() > _FAR_APART * w.min():
        return _by_qr(d, w)
    weighted = d.x * w[:, :, None]
    inverse = np.linalg.inv(np.matmul(weighted.transpose(0, 2, 1), d.x))
    coefficients = np.matmul(inverse, np.matmul(d.y[:, None, :], weighted)[:, 0, :, None])[:, :, 0]
    return Fit(w, inverse, coefficients, d.y - np.matmul(d.x, coefficients[:, :, None])[:, :, 0])


def _by_qr(d: Designs, w: NDArray) -> Fit:
    """Fit without normal equations, which lose twice the digits.

    Rows go from the largest weight to the smallest: then Householder reflections are stable row by row (Cox and Higham
    1998, ESAIM Proc 4: 1-19). The residuals are fitted once more, so that those of a study that outweighs all others
    are more than the rounding of its effect; what its leverage leaves comes from the orthogonal complement, not from a
    difference to 1.
    """
    p = d.x.shape[2]
    order = np.argsort(-w, axis=1, kind="stable")
    root = np.sqrt(np.take_along_axis(w, order, axis=1))
    turned_x = np.take_along_axis(d.x, order[:, :, None], axis=1) * root[:, :, None]
    q, r = np.linalg.qr(turned_x, mode="complete" if w.shape[1] <= _COMPLEMENT else "reduced")
    q, complement, back = q[:, :, :p], q[:, :, p:], np.linalg.inv(r[:, :p])
    left = (complement**2).sum(axis=2) if complement.shape[2] else 1.0 - (q**2).sum(axis=2)
    free = np.empty(w.shape)
    np.put_along_axis(free, order, left, axis=1)
    coefficients, residuals = np.zeros((w.shape[0], p)), d.y
    for _ in range(2):
        turned = np.matmul((np.take_along_axis(residuals, order, axis=1) * root)[:, None, :], q)[:, 0, :, None]
        step = np.matmul(back, turned)
        coefficients, residuals = coefficients + step[:, :, 0], residuals - np.matmul(d.x, step)[:, :, 0]
    return Fit(w, np.matmul(back, back.transpose(0, 2, 1)), coefficients, residuals, free)


def trace_p(d: Designs, fit: Fit, middle: NDArray | None = None) -> NDArray[np.float64]:
    """Return tr(P D), P = W - WX (X'WX)^-1 X'W and D diagonal (`middle`, default the identity)."""
    wd = fit.w if middle is None else fit.w * middle
    if fit.free is not None:
        return (wd * fit.free).sum(axis=1)
    inner = np.matmul((d.x * (fit.w * wd)[:, :, None]).transpose(0, 2, 1), d.x)
    return wd.sum(axis=1) - (fit.inverse * inner).sum(axis=(1, 2))


def log_likelihood(d: Designs, tau2: NDArray, method: str) -> NDArray[np.float64]:
    """Return the (restricted) log likelihood at `tau2` (m,), up to a constant."""
    fit = least_squares(d, 1.0 / (d.v + tau2[:, None]))
    value = 0.5 * (np.log(fit.w).sum(axis=1) - fit.q())
    return value + 0.5 * np.linalg.slogdet(fit.inverse)[1] if method == "REML" else value


def solve_q(d: Designs, target: NDArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Solve y'P(tau2)y = target (m,), or return 0 where it is below the target at 0.

    Newton's method on 1 / (y'Py), which is increasing and concave, climbs to the root without overshooting.
    """
    t = np.zeros(target.shape)
    converged = np.zeros(target.shape, dtype=bool)
    active = np.arange(target.size)
    for _ in range(_MAX_STEPS):
        part = d.take(active)
        fit = least_squares(part, 1.0 / (part.v + t[active, None]))
        q, slope = fit.q(), fit.q2()
        ahead = q > target[active]
        step = np.where(ahead, q * (q / target[active] - 1.0) / np.where(slope > 0.0, slope, 1.0), 0.0)
        t[active] += step
        done = step <= _STEP_TOLERANCE * (t[active] + 1.0)
        converged[active[done]] = True
        active = active[~done]
        if not active.size:
            break
    t[~converged] = np.nan
    return t, converged


def _moments(d: Designs, w: NDArray) -> NDArray:
    fit = least_squares(d, w)
    return (fit.q() - trace_p(d, fit, d.v)) / trace_p(d, fit)


def _closed(d: Designs, method: str) -> NDArray:
    """Return a closed-form estimate before truncation (DerSimonian and Kacker 2007, for any design)."""
    fixed = 1.0 / d.v
    if method == "DL":
        return _moments(d, fixed)
    if method == "DL2":
        first = np.maximum(_moments(d, fixed), 0.0)
        return _moments(d, 1.0 / (d.v + first[:, None]))
    if method == "HE":
        return _moments(d, np.ones_like(d.v))
    if method == "HS":
        return (least_squares(d, fixed).q() - d.y.shape[1]) / fixed.sum(axis=1)
    crude = d.y.var(axis=1)
    return crude * least_squares(d, 1.0 / (d.v + crude[:, None])).q() / d.df


def _upper_bound(d: Designs, method: str) -> NDArray:
    """Return a value above every stationary point of the likelihood.

    y'PPy <= S / (v_min + t)^2 with S the least-squares residual sum of squares, and the other side of the
    estimating equation is at least n / (v_max + t), n = k - p (REML) or k (ML).
    """
    ordinary = least_squares(d, np.ones_like(d.v)).q()
    c = ordinary / (d.df if method == "REML" else d.y.shape[1])
    low, high = d.v.min(axis=1), d.v.max(axis=1)
    return 0.5 * (c + np.sqrt(c * c + 4.0 * c * (high - low))) * (1.0 + 1e-12)


def _ratio(d: Designs, t: NDArray, method: str) -> NDArray:
    """Return y'PPy / tr(P) - 1 (REML) or y'PPy / tr(W) - 1 (ML): positive where the likelihood rises."""
    fit = least_squares(d, 1.0 / (d.v + t[:, None]))
    expected = trace_p(d, fit) if method == "REML" else fit.w.sum(axis=1)
    return fit.q2() / expected - 1.0


def _likelihood(d: Designs, method: str, finer: int = 1) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return tau2, residual, boundary, converged at the global maximum of the (restricted) likelihood."""
    smallest, bound = d.v.min(axis=1), _upper_bound(d, method)
    bound = np.maximum(bound, smallest * 1.01)
    widest = np.log((bound / smallest).max()) / np.log(_GRID_RATIO)
    points = finer * int(np.clip(np.ceil(widest), 3, _MOST_GRID_POINTS)) + 1
    steps = np.linspace(0.0, 1.0, points)[:, None]
    grid = smallest * (bound / smallest) ** steps - smallest
    grid[0] = 0.0
    ratio = np.stack([_ratio(d, t, method) for t in grid])
    ratio[-1] = np.minimum(ratio[-1], -1e-300)
    suspect = np.zeros(bound.shape, dtype=bool)
    if finer == 1:
        inner = ratio[1:-1]
        peak = (inner < 0) & (inner > -_NEAR_MISS) & (inner >= ratio[:-2]) & (inner >= ratio[2:])
        dip = (inner > 0) & (inner < _NEAR_MISS) & (inner <= ratio[:-2]) & (inner <= ratio[2:])
        suspect = (peak | dip).any(axis=0) | ((ratio[0] < 0) & (ratio[0] > -_NEAR_MISS))
    m = bound.size
    best = np.where(ratio[0] > 0.0, -np.inf, log_likelihood(d, np.zeros(m), method))
    tau2, boundary, converged = np.zeros(m), ratio[0] <= 0.0, np.ones(m, dtype=bool)
    crossing = (ratio[:-1] > 0.0) & (ratio[1:] <= 0.0) & ~suspect
    for peak in range(int(crossing.sum(axis=0).max(initial=0))):
        rows = np.flatnonzero(crossing.sum(axis=0) > peak)
        at = np.array([np.flatnonzero(crossing[:, j])[peak] for j in rows])
        part = d.take(rows)
        root, found = bracketed_root(
            lambda t, at, part=part: _ratio(part.take(at), t, method), grid[at, rows], grid[at + 1, rows]
        )
        converged[rows] &= found
        value = log_likelihood(part, np.where(found, root, 0.0), method)
        better = rows[value > best[rows]]
        tau2[better], boundary[better] = root[value > best[rows]], False
        best[rows] = np.maximum(best[rows], value)
    tau2[~converged] = np.nan
    residual = np.where(boundary, 0.0, _ratio(d, np.where(converged, tau2, 0.0), method))
    answer = (tau2, residual, boundary, converged)
    again = np.flatnonzero(suspect)
    if again.size:
        for whole, part in zip(answer, _likelihood(d.take(again), method, _FINER), strict=True):
            whole[again] = part
    return answer


def estimate_tau2(d: Designs, method: str) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return tau2, residual, boundary and converged, each (m,); the names of methods are those of `tau2`."""
    if method in ("REML", "ML"):
        return _likelihood(d, method)
    if method in ("PM", "EB"):
        target = np.full(d.y.shape[0], float(d.df))
        tau2, converged = solve_q(d, target)
        residual = least_squares(d, 1.0 / (d.v + tau2[:, None])).q() / target - 1.0
        boundary = (tau2 == 0.0) & (residual <= 0.0)
        return tau2, np.where(boundary, 0.0, residual), boundary, converged
    raw = _closed(d, method)
    ok = np.ones(raw.shape, dtype=bool)
    return np.maximum(raw, 0.0), np.zeros(raw.shape), raw <= 0.0, ok
