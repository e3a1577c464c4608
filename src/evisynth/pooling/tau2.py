"""Between-study variance: nine estimators, each solved to its root, for a batch at a time.

All work is done in units of a typical standard error (see `inputs.Batch`), so no tolerance is absolute in
the user's scale.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evisynth.pooling.inputs import Batch, one_less_share
from evisynth.pooling.likelihood import maximise

METHODS = ("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM", "DL2")

_MAX_STEPS = 200
# A step below this, relative to tau2 + the typical variance (1 in the units used here), ends the iteration.
# Convergence is quadratic: the step that follows would be far below rounding.
_STEP_TOLERANCE = 1e-13


@dataclass(frozen=True, slots=True)
class Tau2Solution:
    """Solutions of the estimating equation of tau2, in the batch's units.

    Attributes
    ----------
    tau2 : (m,) array
        NaN where the equation was not solved, or where fewer than two studies are present.
    residual : (m,) array
        Estimating equation at `tau2`, relative to its right-hand side; 0 on the boundary when the equation
        points below zero there, and 0 for closed forms.
    boundary : (m,) bool array
        True where tau2 is 0 because the equation has no positive solution (or the likelihood is highest at 0).
    converged : (m,) bool array
    """

    tau2: NDArray[np.float64]
    residual: NDArray[np.float64]
    boundary: NDArray[np.bool_]
    converged: NDArray[np.bool_]


def generalised_q(batch: Batch, tau2: NDArray) -> NDArray[np.float64]:
    """Return Q(tau2) = sum w (y - mu_w)^2 with w = 1 / (v + tau2); `tau2` has shape (..., m)."""
    y, v = _expand(batch, tau2)
    w = 1.0 / (v + tau2)
    r = y - (w * y).sum(axis=0) / w.sum(axis=0)
    return (w * r * r).sum(axis=0)


def _expand(batch: Batch, tau2: NDArray) -> tuple[NDArray, NDArray]:
    if tau2.ndim == 1:
        return batch.y, batch.v
    return batch.y[:, None, :], batch.v[:, None, :]


def solve_q(batch: Batch, target: NDArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Solve Q(tau2) = target for each target, or return 0 where Q(0) is already below it.

    Parameters
    ----------
    target : (c, m) array
        Values to reach; NaN gives NaN.

    Returns
    -------
    tau2, converged : (c, m) arrays

    Notes
    -----
    Q is a sum of c_j / (lambda_j + tau2) with c_j >= 0, so 1/Q is increasing and concave: Newton's method on
    1/Q from 0 climbs to the root without overshooting, whatever the data, and is exact in one step when all
    variances are equal.
    """
    tau2 = np.where(np.isnan(target), np.nan, 0.0)
    # columns that still move; a column stays until all its targets are met
    active = np.flatnonzero(batch.n >= 2)
    part, goal, t = batch.take(active), target[:, active], tau2[:, active]
    converged = np.ones(target.shape, dtype=bool)
    for _ in range(_MAX_STEPS):
        if not active.size:
            break
        y, v = part.y[:, None, :], part.v[:, None, :]
        w = 1.0 / (v + t)
        r = y - (w * y).sum(axis=0) / w.sum(axis=0)
        wr = w * r
        q, slope = (wr * r).sum(axis=0), (wr * wr).sum(axis=0)
        ahead = q > goal
        step = np.where(ahead, q * (q / goal - 1.0) / np.where(slope > 0.0, slope, 1.0), 0.0)
        t = t + step
        moving = (step > _STEP_TOLERANCE * (t + 1.0)).any(axis=0)
        if not moving.all():
            tau2[:, active[~moving]] = t[:, ~moving]
            active = active[moving]
            part, goal, t = part.take(moving), goal[:, moving], t[:, moving]
    if active.size:
        converged[:, active] = False
        tau2[:, active] = np.nan
    return tau2, converged


def _method_of_moments(batch: Batch, w: NDArray) -> NDArray:
    """Return the moment estimate with fixed weights `w`, before truncation (DerSimonian and Kacker 2007, eq. 6).

    No weight may be larger than the first.
    """
    total, others = w.sum(axis=0), w[1:].sum(axis=0)
    mu = (w * batch.y).sum(axis=0) / total
    v = np.where(w > 0.0, batch.v, 0.0)
    q = (w * (batch.y - mu) ** 2).sum(axis=0)
    # sum w v (1 - w / sum w), the first study's share written without a difference
    expected = w[0] * v[0] * others / total + (w[1:] * v[1:] * (1.0 - w[1:] / total)).sum(axis=0)
    return (q - expected) / one_less_share(w)


def _dl(batch: Batch) -> NDArray:
    return _method_of_moments(batch, 1.0 / batch.v)


def _dl2(batch: Batch) -> NDArray:
    first = np.maximum(_dl(batch), 0.0)
    return _method_of_moments(batch, 1.0 / (batch.v + first))


def _he(batch: Batch) -> NDArray:
    return _method_of_moments(batch, np.isfinite(batch.v).astype(float))


def _hs(batch: Batch) -> NDArray:
    w = 1.0 / batch.v
    q = generalised_q(batch, np.zeros(batch.n.shape))
    return (q - batch.n) / w.sum(axis=0)


def _sj(batch: Batch) -> NDArray:
    present = np.isfinite(batch.v)
    n = batch.n
    mean = np.where(present, batch.y, 0.0).sum(axis=0) / n
    crude = np.where(present, (batch.y - mean) ** 2, 0.0).sum(axis=0) / n
    return crude * generalised_q(batch, crude) / (n - 1)


_CLOSED = {"DL": _dl, "HE": _he, "HS": _hs, "SJ": _sj, "DL2": _dl2}


def _closed(batch: Batch, method: str) -> Tau2Solution:
    raw = _CLOSED[method](batch)
    tau2 = np.maximum(raw, 0.0)
    ok = np.ones(tau2.shape, dtype=bool)
    return Tau2Solution(tau2, np.zeros(tau2.shape), raw <= 0.0, ok)


def _paule_mandel(batch: Batch) -> Tau2Solution:
    df = (batch.n - 1).astype(float)
    tau2, converged = solve_q(batch, df[None, :])
    tau2 = tau2[0]
    residual = generalised_q(batch, tau2) / df - 1.0
    boundary = (tau2 == 0.0) & (residual <= 0.0)
    return Tau2Solution(tau2, np.where(boundary, 0.0, residual), boundary, converged[0])


def estimate_tau2(batch: Batch, method: str) -> Tau2Solution:
    """Estimate tau2 of every column that has at least two studies.

    Parameters
    ----------
    batch
        Columns with fewer than two studies get NaN.
    method : {"DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM", "DL2"}
        Negative solutions are set to 0. EB (Morris 1983) and PM (Paule and Mandel 1982) solve the same
        equation, Q(tau2) = k - 1. DL2 is the two-step estimator that starts from DL.

    References
    ----------
    DerSimonian and Laird 1986; DerSimonian and Kacker 2007 (DL, HE, PM, DL2); Hunter and Schmidt 1990;
    Sidik and Jonkman 2005; Viechtbauer 2005 (ML, REML, HS); Morris 1983 (EB).
    """
    enough = batch.n >= 2
    if not enough.any():
        nothing = np.full(enough.shape, np.nan)
        return Tau2Solution(nothing, nothing.copy(), np.zeros(enough.shape, dtype=bool), ~enough)
    if not enough.all():
        return _spread(estimate_tau2(batch.take(enough), method), enough)
    if method in _CLOSED:
        return _closed(batch, method)
    if method in ("PM", "EB"):
        return _paule_mandel(batch)
    return Tau2Solution(*maximise(batch, method))


def _spread(part: Tau2Solution, where: NDArray) -> Tau2Solution:
    tau2, residual = np.full(where.shape, np.nan), np.full(where.shape, np.nan)
    boundary, converged = np.zeros(where.shape, dtype=bool), np.ones(where.shape, dtype=bool)
    tau2[where], residual[where] = part.tau2, part.residual
    boundary[where], converged[where] = part.boundary, part.converged
    return Tau2Solution(tau2, residual, boundary, converged)
