"""Maximum likelihood of mixed models with log-concave outcomes, by adaptive Gauss-Hermite quadrature.

A model is k studies with J outcomes each. Outcome j of study i has log density f(eta) in its linear predictor

    eta_ij(z) = x_ij'beta + sum_d scale_d c_ijd z_d,     z ~ N(0, I),

so the scales are standard deviations of random effects. The likelihood of a study is an integral over z, taken
by Gauss-Hermite nodes around the mode of its integrand. Gradient and Hessian of the log likelihood are means,
over the same nodes, of the derivatives of f (Louis 1982): they are as exact as the integral itself, which is
what makes the standard errors worth trusting.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evisynth.pooling.errors import ConvergenceError

type Outcome = Callable[[NDArray], tuple[NDArray, NDArray, NDArray]]

_MODE_STEPS = 100
_NEWTON_STEPS = 200
_GRADIENT_TOLERANCE = 1e-9
# Standard deviations to start from; the best of the maxima reached is kept.
_STARTS = (0.2, 1.0)


@dataclass(frozen=True, slots=True)
class MixedModel:
    """The model as arrays.

    Attributes
    ----------
    outcome
        Maps linear predictors (k, J, q) to log densities and their first two derivatives, same shape.
    x : (k, J, l) array
        Design of the l coefficients that study i uses.
    index : (k, l) int array
        Which of the `size` coefficients these are.
    size
        Number of coefficients in all.
    c : (k, J, d) array
        Design of the random effects.
    """

    outcome: Outcome
    x: NDArray[np.float64]
    index: NDArray[np.int64]
    size: int
    c: NDArray[np.float64]

    def without(self, which: NDArray) -> "MixedModel":
        """Return the model with only the random effects `which`."""
        return MixedModel(self.outcome, self.x, self.index, self.size, self.c[:, :, which])


@dataclass(frozen=True, slots=True)
class MixedFit:
    """A maximum: coefficients, scales, log likelihood, gradient and Hessian there (coefficients first)."""

    coefficients: NDArray[np.float64]
    scales: NDArray[np.float64]
    log_likelihood: float
    gradient: NDArray[np.float64]
    hessian: NDArray[np.float64]

    def covariance(self) -> NDArray[np.float64]:
        """Return the inverse observed information of coefficients and of scales above 0.

        Raises
        ------
        ConvergenceError
            The likelihood does not curve downwards in every direction.
        """
        keep = np.r_[np.arange(self.coefficients.size), self.coefficients.size + np.flatnonzero(self.scales > 0)]
        information = -self.hessian[np.ix_(keep, keep)]
        # scaled to a unit diagonal: nearness to singularity must not depend on units
        size = np.sqrt(np.abs(np.diag(information)))
        if (size == 0).any() or np.linalg.eigvalsh(information / np.outer(size, size))[0] < 1e-10:
            raise ConvergenceError(
                "the likelihood is flat in some direction (an arm without events in every study, or too few "
                "studies for the model): no number is given"
            )
        inverse = np.linalg.inv(information / np.outer(size, size)) / np.outer(size, size)
        full = np.zeros(self.hessian.shape)
        full[np.ix_(keep, keep)] = inverse
        return full


def _predictor(model: MixedModel, beta: NDArray, scales: NDArray, z: NDArray) -> NDArray:
    """Return eta (k, J, q) at z (k, q, d)."""
    fixed = np.einsum("ijl,il->ij", model.x, beta[model.index])
    return fixed[:, :, None] + np.einsum("ijd,iqd->ijq", model.c * scales, z)


def _modes(model: MixedModel, beta: NDArray, scales: NDArray) -> tuple[NDArray, NDArray]:
    """Return the mode (k, d) of each study's integrand and minus its Hessian (k, d, d) there.

    The integrand is log-concave, so Newton's method with step halving finds the one mode.
    """
    k, d = model.c.shape[0], model.c.shape[2]
    c = model.c * scales
    z = np.zeros((k, d))

    def height(at: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        f, f1, f2 = model.outcome(_predictor(model, beta, scales, at[:, None, :]))
        gradient = np.einsum("ijd,ij->id", c, f1[:, :, 0]) - at
        curvature = np.eye(d) - np.einsum("ijd,ij,ije->ide", c, f2[:, :, 0], c)
        return f.sum(axis=(1, 2)) - 0.5 * (at**2).sum(axis=1), gradient, curvature

    value, gradient, curvature = height(z)
    for _ in range(_MODE_STEPS):
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
        share = np.ones(k)
        for _ in range(40):
            new = height(z + share[:, None] * step)
            worse = new[0] < value - 1e-12 * (1.0 + np.abs(value))
            if not worse.any():
                break
            share[worse] *= 0.5
        z = z + share[:, None] * step
        value, gradient, curvature = new
    return z, curvature


def _nodes(d: int, count: int) -> tuple[NDArray, NDArray]:
    """Return nodes (q, d) and log weights (q,) for the integral of exp(-|x|^2 / 2) g(x)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    grid = np.stack(np.meshgrid(*[nodes] * d, indexing="ij"), axis=-1).reshape(-1, d)
    logs = np.log(np.maximum(weights, 1e-320))
    return grid, sum(np.meshgrid(*[logs] * d, indexing="ij")).ravel()


def evaluate(
    model: MixedModel, beta: NDArray, scales: NDArray, nodes: int
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the log likelihood, its gradient and its Hessian in (coefficients, scales)."""
    k, _, d = model.c.shape
    if d:
        mode, curvature = _modes(model, beta, scales)
        x, log_weight = _nodes(d, nodes)
        # z = mode + A x with A A' the inverse curvature
        root = np.linalg.inv(np.linalg.cholesky(curvature)).transpose(0, 2, 1)
        z = mode[:, None, :] + np.einsum("ide,qe->iqd", root, x)
        log_jacobian = np.log(np.abs(np.linalg.det(root)))
    else:
        z, x, log_weight, log_jacobian = np.zeros((k, 1, 0)), np.zeros((1, 0)), np.zeros(1), np.zeros(k)
    f, f1, f2 = model.outcome(_predictor(model, beta, scales, z))
    log_terms = f.sum(axis=1) - 0.5 * (z**2).sum(axis=2) + log_weight + 0.5 * (x**2).sum(axis=1)
    top = log_terms.max(axis=1)
    terms = np.exp(log_terms - top[:, None])
    total = terms.sum(axis=1)
    value = (top + np.log(total) + log_jacobian).sum() - 0.5 * k * d * np.log(2.0 * np.pi)
    share = terms / total[:, None]
    q = z.shape[1]
    parts = model.x.shape[2] + d
    along = np.empty((*f.shape, parts))
    along[..., : model.x.shape[2]] = model.x[:, :, None, :]
    along[..., model.x.shape[2] :] = model.c[:, :, None, :] * z[:, None, :, :]
    score = np.einsum("ijq,ijqa->iqa", f1, along)
    mean = np.einsum("iq,iqa->ia", share, score)
    bend = np.einsum("iq,ijq,ijqa,ijqb->iab", share, f2, along, along, optimize=True)
    spread = np.einsum("iq,iqa,iqb->iab", share, score, score, optimize=True)
    local = bend + spread - mean[:, :, None] * mean[:, None, :]
    place = np.concatenate([model.index, np.tile(model.size + np.arange(d), (k, 1))], axis=1)
    gradient, hessian = np.zeros(model.size + d), np.zeros((model.size + d, model.size + d))
    np.add.at(gradient, place, mean)
    np.add.at(hessian, (place[:, :, None], place[:, None, :]), local)
    assert q == share.shape[1]
    return float(value), gradient, hessian


def climb(model: MixedModel, beta: NDArray, scales: NDArray, nodes: int, fixed: int | None = None) -> MixedFit | None:
    """Climb to a maximum by Newton's method with a ridge and step halving; None if none was reached.

    The random effect `fixed` keeps its scale: the maximum is then that of the profile likelihood.
    """
    point = np.r_[beta, scales].astype(float)
    size = model.size
    free = np.ones(point.size, dtype=bool)
    if fixed is not None:
        free[size + fixed] = False
    value, gradient, hessian = evaluate(model, point[:size], point[size:], nodes)
    for _ in range(_NEWTON_STEPS):
        values, vectors = np.linalg.eigh(-hessian[np.ix_(free, free)])
        floor = np.maximum(np.abs(values), 1e-8 * max(np.abs(values).max(), 1e-300))
        step = np.zeros(point.size)
        step[free] = vectors @ ((vectors.T @ gradient[free]) / floor)
        step *= min(1.0, 3.0 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < 1e-11 or gradient @ step < 1e-20:
            break
        for _ in range(40):
            trial = evaluate(model, (point + step)[:size], (point + step)[size:], nodes)
            if trial[0] >= value - 1e-13 * abs(value):
                break
            step *= 0.5
        else:
            break
        point, (value, gradient, hessian) = point + step, trial
        if not np.isfinite(point).all() or np.abs(point).max() > 60.0:
            return None
    size_of_terms = max(np.abs(np.diag(hessian)).max(), 1.0)
    if np.abs(gradient[free]).max() > _GRADIENT_TOLERANCE * size_of_terms:
        return None
    return MixedFit(point[:size], np.abs(point[size:]), value, gradient, _mirrored(hessian, point[size:], size))


def _mirrored(hessian: NDArray, scales: NDArray, size: int) -> NDArray:
    """Return the Hessian for positive scales: the likelihood is the same at scale and minus scale."""
    sign = np.r_[np.ones(size), np.where(scales < 0, -1.0, 1.0)]
    return hessian * np.outer(sign, sign)


def fit(model: MixedModel, start: NDArray, nodes: int) -> MixedFit:
    """Return the highest maximum over all coefficients and scales >= 0.

    Each subset of random effects is tried with the other scales at 0: a model on the boundary is recognised by
    its likelihood, not by a scale that has become small.

    Raises
    ------
    ConvergenceError
        No maximum was reached (the estimate is infinite, or the model is too large for the data).
    """
    d = model.c.shape[2]
    best: MixedFit | None = None
    for mask in range(2**d):
        which = np.array([j for j in range(d) if mask >> j & 1], dtype=int)
        part = model.without(which)
        for scale in _STARTS if which.size else (0.0,):
            found = climb(part, best.coefficients if best else start, np.full(which.size, scale), nodes)
            # the margin keeps a scale at 0 unless it improves the likelihood beyond rounding
            if found is not None and (best is None or found.log_likelihood > best.log_likelihood + 1e-9):
                best = _fill(found, which, d, model.size)
    if best is None:
        raise ConvergenceError(
            "the likelihood has no maximum at finite values (an arm without events, or with events in everyone, "
            "over all studies): no number is given"
        )
    return best


def _fill(found: MixedFit, which: NDArray, d: int, size: int) -> MixedFit:
    """Return the fit of a part with the scales that were left out at 0."""
    scales, gradient, hessian = np.zeros(d), np.zeros(size + d), np.zeros((size + d, size + d))
    at = np.r_[np.arange(size), size + which]
    scales[which], gradient[at] = found.scales, found.gradient
    hessian[np.ix_(at, at)] = found.hessian
    return MixedFit(found.coefficients, scales, found.log_likelihood, gradient, hessian)
