"""Likelihood of a step-function selection model, its derivatives, and its maximum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evisynth.pooling.distributions import special

_STEPS = 200
_HALVINGS = 40
# Beyond these a parameter is taken to run away: log weights, and effects in typical standard errors from all data.
_LARGEST_LOG_WEIGHT = 20.0
_FARTHEST = 1e3
_GRADIENT = 1e-7
_LOG_2PI = float(np.log(2.0 * np.pi))
NO_MAXIMUM = (
    "the likelihood has no maximum at finite values (the studies are explained best by ever stronger selection): no "
    "number is given"
)


@dataclass(frozen=True, slots=True)
class SelectionFit:
    """The maximum: tau2 exactly 0 where it lies on the boundary."""

    mu: float
    mu_se: float
    tau2: float
    weights: NDArray[np.float64]
    weights_se: NDArray[np.float64]
    log_likelihood: float
    gradient: float


class SelectionData:
    """Effects with small p values on the right, in units of a typical standard error.

    Parameters
    ----------
    y, v : (k,) arrays
        Effects and variances.
    group : (k,) int array
        Interval of each p value, 0 the smallest.
    z : (J - 1,) array
        Standard normal quantiles of the steps, decreasing: y > z sqrt(v) has a p value below the step.
    """

    def __init__(self, y: NDArray, v: NDArray, group: NDArray, z: NDArray) -> None:
        self.y, self.v, self.z = y, v, z
        self.cut = np.sqrt(v)[:, None] * z[None, :]
        self.counts = np.bincount(group, minlength=z.size + 1)

    def log_likelihood(self, mu: float, tau2: float, log_weights: NDArray) -> float:
        """Return the log likelihood; `log_weights` (J - 1,) are those after the first, which is 0."""
        return self.derivatives(mu, tau2, log_weights)[0]

    def derivatives(self, mu: float, tau2: float, log_weights: NDArray) -> tuple[float, NDArray, NDArray]:
        """Return log likelihood, gradient and Hessian in (mu, tau2, log weights after the first).

        With s2 = v + tau2, u_j = (mu - c_j)/s and T_j = Phi(u_j) the chance to exceed c_j, the normalising sum is
        A = sum_j w_j (T_j - T_{j-1}) = w_J + sum_j (w_j - w_{j+1}) T_j (T_0 = 0, T_J = 1).
        """
        s2 = self.v + tau2
        s = np.sqrt(s2)
        r = self.y - mu
        w = np.exp(np.r_[0.0, log_weights])
        u = (mu - self.cut) / s[:, None]
        ndtr = special().ndtr
        upper, lower = ndtr(u), ndtr(-u)
        ones = np.ones((s.size, 1))
        # T_j - T_{j-1} from the tail in which both are small
        above, below = np.hstack([upper, ones]), np.hstack([0.0 * ones, upper])
        above_c, below_c = np.hstack([lower, 0.0 * ones]), np.hstack([ones, lower])
        chance = np.where(above > 0.5, below_c - above_c, above - below)
        total = chance @ w
        value = float(
            (self.counts[1:] * log_weights).sum() - 0.5 * (np.log(s2) + r * r / s2).sum() - np.log(total).sum()
        )
        value -= 0.5 * _LOG_2PI * s.size
        phi = np.exp(-0.5 * u * u) / np.sqrt(2.0 * np.pi)
        first, second = _tail_derivatives(u, phi, s2, s)
        gap = w[:-1] - w[1:]
        a_first = [t @ gap for t in first]  # mu, tau2
        a_second = [t @ gap for t in second]  # mu mu, mu tau2, tau2 tau2
        return value, *self._assemble(r, s2, w, chance, total, first, a_first, a_second)

    def _assemble(self, r, s2, w, chance, total, first, a_first, a_second) -> tuple[NDArray, NDArray]:
        size = w.size + 1
        scores = np.column_stack([*a_first, chance[:, 1:] * w[1:]]) / total[:, None]
        gradient = -scores.sum(axis=0)
        gradient[0] += (r / s2).sum()
        gradient[1] += 0.5 * (r * r / s2**2 - 1.0 / s2).sum()
        gradient[2:] += self.counts[1:]
        inner = np.zeros((size, size))
        inner[0, 0], inner[0, 1], inner[1, 1] = ((x / total).sum() for x in a_second)
        for a, t in enumerate(first):
            change = np.hstack([t, np.zeros((s2.size, 1))]) - np.hstack([np.zeros((s2.size, 1)), t])
            inner[a, 2:] = (change[:, 1:] * w[1:] / total[:, None]).sum(axis=0)
        inner[range(2, size), range(2, size)] = scores[:, 2:].sum(axis=0)
        inner = np.triu(inner) + np.triu(inner, 1).T
        hessian = scores.T @ scores - inner
        hessian[0, 0] -= (1.0 / s2).sum()
        cross = -(r / s2**2).sum()
        hessian[0, 1] += cross
        hessian[1, 0] += cross
        hessian[1, 1] += (0.5 / s2**2 - r * r / s2**3).sum()
        return gradient, hessian


def _tail_derivatives(u: NDArray, phi: NDArray, s2: NDArray, s: NDArray) -> tuple[list[NDArray], list[NDArray]]:
    """Return derivatives of Phi(u), u = (mu - c)/s: by mu and s2, then by mu mu, mu s2 and s2 s2."""
    s2, s = s2[:, None], s[:, None]
    first = [phi / s, -phi * u / (2.0 * s2)]
    second = [-u * phi / s2, phi * (u * u - 1.0) / (2.0 * s2 * s), -phi * u * (u * u - 3.0) / (4.0 * s2 * s2)]
    return first, second


def maximise(data: SelectionData, mu: float, tau2: float) -> SelectionFit | str:
    """Return the highest maximum over mu, tau2 >= 0 and positive weights, or the reason why there is none.

    Parameters
    ----------
    mu, tau2
        The estimate without selection, where some of the starts lie.
    """
    weights = data.z.size
    middle = float(np.median(data.v))
    best: tuple[float, NDArray, bool] | None = None
    away = -np.inf
    for inside in (False, True):
        spreads = sorted({0.1 * middle, max(tau2, 0.3 * middle), 3.0 * max(tau2, middle)}) if inside else [0.0]
        for spread in spreads:
            for centre in (mu, 0.0):
                for log_weight in (0.0, -2.0):
                    start = np.r_[centre, np.log(spread) if inside else [], np.full(weights, log_weight)]
                    value, point, ran = _climb(data, start, inside)
                    if point is None:
                        continue
                    if ran:
                        away = max(away, value)
                    # the margin keeps tau2 at 0 unless it raises the likelihood beyond rounding
                    elif best is None or value > best[0] + 1e-9:
                        best = (value, point, inside)
    if best is None or away > best[0] + 1e-6:
        return NO_MAXIMUM
    return _describe(data, best[1], best[2])


def _evaluate(data: SelectionData, point: NDArray, inside: bool) -> tuple[float, NDArray, NDArray]:
    """Return value, gradient and Hessian in (mu, log tau2, log weights), or without tau2 where it is held at 0."""
    if not inside:
        value, gradient, hessian = data.derivatives(point[0], 0.0, point[1:])
        keep = np.r_[0, np.arange(2, gradient.size)]
        return value, gradient[keep], hessian[np.ix_(keep, keep)]
    tau2 = float(np.exp(point[1]))
    value, gradient, hessian = data.derivatives(point[0], tau2, point[2:])
    gradient[1] *= tau2
    hessian[1, :] *= tau2
    hessian[:, 1] *= tau2
    hessian[1, 1] += gradient[1]
    return value, gradient, hessian


def _climb(data: SelectionData, point: NDArray, inside: bool) -> tuple[float, NDArray | None, bool]:
    """Climb by Newton's method with a ridge and step halving; return value, point (None: stuck), and if it ran away."""
    first = 2 if inside else 1
    far = _FARTHEST * (1.0 + np.abs(data.y).max())
    near_zero = np.log(1e-7 * np.median(data.v)) if inside else 0.0
    value, gradient, hessian = _evaluate(data, point, inside)
    for _ in range(_STEPS):
        values, vectors = np.linalg.eigh(-hessian)
        floor = np.maximum(np.abs(values), 1e-9 * max(np.abs(values).max(), 1e-300))
        step = vectors @ ((vectors.T @ gradient) / floor)
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        if gradient @ step < 1e-15 * (1.0 + abs(value)):
            # the gain is below rounding, the step is not: it halves the distance to the root of the gradient or better
            trial = _evaluate(data, point + step, inside)
            if np.abs(trial[1]).max() < np.abs(gradient).max():
                point, (value, gradient, hessian) = point + step, trial
                continue
            break
        for _ in range(_HALVINGS):
            trial = _evaluate(data, point + step, inside)
            if np.isfinite(trial[0]) and trial[0] > value:
                break
            step *= 0.5
        else:
            break
        point, (value, gradient, hessian) = point + step, trial
        if np.abs(point[first:]).max() > _LARGEST_LOG_WEIGHT or abs(point[0]) > far:
            return value, point, True
        if inside and point[1] < near_zero and gradient[1] < 0.0:
            return value, None, False  # towards tau2 = 0, which has its own starts
        if inside and point[1] > np.log(far**2):
            return value, point, True
    size = max(1.0, np.abs(np.diag(hessian)).max())
    good = np.abs(gradient).max() <= _GRADIENT * size and np.linalg.eigvalsh(hessian)[-1] < 0.0
    return value, point if good else None, False


def _describe(data: SelectionData, point: NDArray, inside: bool) -> SelectionFit | str:
    tau2 = float(np.exp(point[1])) if inside else 0.0
    log_weights = point[2 if inside else 1 :]
    value, gradient, hessian = data.derivatives(float(point[0]), tau2, log_weights)
    if not inside and gradient[1] > _GRADIENT * max(1.0, abs(hessian[1, 1])):
        return "the likelihood rises from tau2 = 0 but no maximum was reached: no number is given"
    keep = np.arange(gradient.size) if inside else np.r_[0, np.arange(2, gradient.size)]
    # at the maximum the inverse Hessian in (mu, tau2, weights) is that in log weights times the weights
    covariance = np.linalg.inv(-hessian[np.ix_(keep, keep)])
    variances = np.diag(covariance)
    if not (variances > 0.0).all():
        return "the Hessian at the maximum is not that of a maximum: no number is given"
    weights = np.exp(log_weights)
    weights_se = weights * np.sqrt(variances[-weights.size :])
    largest = float(np.abs(gradient[keep]).max())
    return SelectionFit(float(point[0]), float(np.sqrt(variances[0])), tau2, weights, weights_se, value, largest)
