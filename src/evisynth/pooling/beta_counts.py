"""Pooling two groups' counts as beta-binomial."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.distributions import normal_quantile, normal_two_sided, special
from evisynth.pooling.errors import ConvergenceError, PoolingInputError
from evisynth.pooling.inputs import check_level
from evisynth.pooling.tables import check_columns

if TYPE_CHECKING:
    import pandas as pd

_STEPS = 200
# Beyond this sum of the two beta parameters the distribution cannot be told from a binomial in doubles.
_LARGEST = np.log(1e7)


@dataclass(frozen=True, slots=True)
class BetaBinomialResult:
    """A fitted beta-binomial regression on the group.

    Attributes
    ----------
    k
        Number of studies.
    estimate, se, ci_low, ci_high, p
        Log odds ratio of the groups' mean risks (marginal, not within studies), Wald.
    baseline
        Logit of the mean risk in group 2.
    correlation
        Intraclass correlation rho of the participants of an arm, 0 on the boundary (then binomial).
    boundary
        Whether rho is 0.
    log_likelihood, gradient
        At the maximum; largest absolute derivative there.
    """

    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    baseline: float
    correlation: float
    boundary: bool
    log_likelihood: float
    gradient: float
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def to_frame(self) -> "pd.DataFrame":
        """Return one row."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])


def beta_binomial(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> BetaBinomialResult:
    """Pool 2 x 2 tables with risks that follow a beta distribution in each group.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : (k,) arrays
        Counts of the intervention (1) and the comparison (2). Arms without events count as they are.
    level
        Level of the interval.
    studies
        Names of the studies.

    Returns
    -------
    BetaBinomialResult
        The model ignores that arms of one study belong together: its odds ratio compares mean risks over all
        arms.

    Raises
    ------
    PoolingInputError
        Counts that cannot be.
    ConvergenceError
        One group has no events (or only events) in all studies.

    References
    ----------
    Kuss 2015, Statistics in Medicine 34: 1097-1116.
    """
    level = check_level(level)
    columns = {"events_1": events_1, "n_1": n_1, "events_2": events_2, "n_2": n_2}
    limits = (("events_1", "n_1"), ("events_2", "n_2"))
    a, n1, c, n2 = check_columns(columns, studies, limits, ("n_1", "n_2"))
    if a.ndim != 1 or not a.size:
        raise PoolingInputError("give one set of at least one study: columns of shape (k,)")
    for events, total, name in ((a, n1, 1), (c, n2, 2)):
        if events.sum() in (0, total.sum()):
            raise ConvergenceError(
                f"group {name} has {'no events' if events.sum() == 0 else 'events in everyone'} over all studies: the "
                "odds ratio is 0 or infinite and no number is given"
            )
    x, n = np.r_[a, c], np.r_[n1, n2]
    design = np.column_stack([np.ones(x.size), np.r_[np.ones(a.size), np.zeros(c.size)]])
    beta = _binomial_start(a, n1, c, n2)
    value, gradient, hessian = _binomial(x, n, design, beta)
    best = (beta, None, value, gradient, hessian)
    for start in (np.log(1.0), np.log(10.0), np.log(200.0)):
        found = _climb(x, n, design, np.r_[beta, start])
        if found is not None and found[1] > best[2] + 1e-9:
            best = (found[0][:2], float(found[0][2]), *found[1:])
    beta, log_size, value, gradient, hessian = best
    covariance = np.linalg.inv(-hessian)
    se, estimate = float(np.sqrt(covariance[1, 1])), float(beta[1])
    half = normal_quantile(0.5 + level / 2.0) * se
    return BetaBinomialResult(
        k=a.size,
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        p=float(normal_two_sided(estimate / se)),
        baseline=float(beta[0]),
        correlation=0.0 if log_size is None else float(1.0 / (1.0 + np.exp(log_size))),
        boundary=log_size is None,
        log_likelihood=float(value),
        gradient=float(np.abs(gradient).max()),
        level=level,
    )


def _binomial_start(a, n1, c, n2) -> NDArray:
    logit_1 = np.log(a.sum() / (n1.sum() - a.sum()))
    logit_2 = np.log(c.sum() / (n2.sum() - c.sum()))
    return np.array([logit_2, logit_1 - logit_2])


def _log_choose(n: NDArray, x: NDArray) -> NDArray:
    log_gamma = special().gammaln
    return log_gamma(n + 1.0) - log_gamma(x + 1.0) - log_gamma(n - x + 1.0)


def _binomial(x: NDArray, n: NDArray, design: NDArray, beta: NDArray) -> tuple[float, NDArray, NDArray]:
    """Return value, gradient and Hessian for rho = 0; `beta` from pooled counts is the maximum there."""
    eta = design @ beta
    p = special().expit(eta)
    value = (_log_choose(n, x) + x * eta - n * np.logaddexp(0.0, eta)).sum()
    return float(value), design.T @ (x - n * p), -(design.T * (n * p * (1.0 - p))) @ design


def _evaluate(x: NDArray, n: NDArray, design: NDArray, point: NDArray) -> tuple[float, NDArray, NDArray]:
    """Return log likelihood, gradient and Hessian in (coefficients, log of the sum of the beta parameters)."""
    s = np.exp(point[2])
    mu = special().expit(design @ point[:2])
    nu = 1.0 - mu
    a, b = mu * s, nu * s
    lg, psi = special().gammaln, special().psi

    def psi1(z: NDArray | float) -> NDArray:
        return special().zeta(2.0, z)

    value = _log_choose(n, x) + lg(s) - lg(n + s) + lg(x + a) - lg(a) + lg(n - x + b) - lg(b)
    da, db = psi(x + a) - psi(a), psi(n - x + b) - psi(b)
    da1, db1 = psi1(x + a) - psi1(a), psi1(n - x + b) - psi1(b)
    f_mu, f_s = s * (da - db), psi(s) - psi(n + s) + mu * da + nu * db
    f_mumu = s**2 * (da1 + db1)
    f_ss = psi1(s) - psi1(n + s) + mu**2 * da1 + nu**2 * db1
    f_mus = da - db + s * (mu * da1 - nu * db1)
    slope = mu * nu
    gradient = np.r_[design.T @ (f_mu * slope), s * f_s.sum()]
    hessian = np.empty((3, 3))
    hessian[:2, :2] = (design.T * (f_mumu * slope**2 + f_mu * slope * (nu - mu))) @ design
    hessian[:2, 2] = hessian[2, :2] = design.T @ (f_mus * slope * s)
    hessian[2, 2] = (s**2 * f_ss + s * f_s).sum()
    return float(value.sum()), gradient, hessian


def _climb(x: NDArray, n: NDArray, design: NDArray, point: NDArray):
    """Return point, value, gradient and Hessian at a maximum inside, or None."""
    value, gradient, hessian = _evaluate(x, n, design, point)
    for _ in range(_STEPS):
        values, vectors = np.linalg.eigh(-hessian)
        step = vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), 1e-8 * np.abs(values).max()))
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < 1e-11:
            break
        for _ in range(40):
            trial = _evaluate(x, n, design, point + step)
            if trial[0] >= value - 1e-13 * abs(value):
                break
            step *= 0.5
        else:
            break
        point, (value, gradient, hessian) = point + step, trial
        if not point[2] < _LARGEST:
            return None
    # digamma differences lose digits as the sum of the parameters grows: 1e-7 of the curvature is still rounding
    if np.abs(gradient).max() > 1e-7 * max(np.abs(np.diag(hessian)).max(), 1.0):
        return None
    return (point, value, gradient, hessian) if np.linalg.eigvalsh(-hessian)[0] > 0 else None
