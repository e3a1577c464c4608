"""tau2 and its interval from Q statistics with any fixed weights: Jackson's generalised Q, moderators or none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.distributions import special
from evisynth.pooling.errors import ConvergenceError, PoolingInputError
from evisynth.pooling.inputs import check_effects, check_level
from evisynth.pooling.regression import design_matrix

if TYPE_CHECKING:
    import pandas as pd

_MOST_TERMS = 20_000
_LEFT = 1e-13
_MOST_DOUBLINGS = 200


@dataclass(frozen=True, slots=True)
class GeneralisedQResult:
    """tau2 by moments with fixed weights, and the interval from the distribution of the same Q.

    Attributes
    ----------
    tau2, tau2_ci_low, tau2_ci_high : float
        On the scale of the effects squared.
    tau2_ci_empty : bool
        Whether no tau2 of 0 or more agrees with the data; both limits are then 0.
    q, df
        The statistic y'Py, and k - p.
    k, terms, level
        Studies, names of the coefficients, level.
    """

    tau2: float
    tau2_ci_low: float
    tau2_ci_high: float
    tau2_ci_empty: bool
    q: float
    df: int
    k: int
    terms: tuple[str, ...]
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def to_frame(self) -> "pd.DataFrame":
        """Return one row."""
        import pandas as pd

        return pd.DataFrame([self.to_dict() | {"terms": " + ".join(self.terms)}])


def generalised_q_interval(
    yi: ArrayLike,
    vi: ArrayLike,
    weights: ArrayLike,
    moderators: "str | ArrayLike | pd.DataFrame | None" = None,
    data: "pd.DataFrame | None" = None,
    *,
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> GeneralisedQResult:
    """Estimate tau2 from Q with fixed weights, with the interval that the exact distribution of that Q gives.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    weights : (k,) array
        Above 0; only their ratios matter. 1 / vi is DerSimonian and Laird's estimate, 1 for all Hedges and Olkin's,
        1 / sqrt(vi) Jackson's choice where heterogeneity is moderate.
    moderators, data, studies
        As in `meta_regression`.
    level : float
        Coverage, equal tails.

    Returns
    -------
    GeneralisedQResult

    Raises
    ------
    PoolingInputError
        Bad effects or moderators as in `meta_regression`; weights that are not positive and finite.
    ConvergenceError
        The distribution function could not be computed: variances or weights differ by too many orders of magnitude.

    Notes
    -----
    P = W - WX (X'WX)^-1 X'W with the given W. Under normality y'Py is a sum of chi-squared variables (one degree of
    freedom each) weighted by the eigenvalues of S^(1/2) P S^(1/2), S = diag(vi + tau2); the limits are the tau2 at
    which the observed value is its lower and upper quantile. The distribution function is Ruben's series.

    References
    ----------
    DerSimonian R, Kacker R (2007). Contemp Clin Trials 28:105-114. Jackson D (2013). Res Synth Methods 4:220-229.
    Jackson D, Turner R, Rhodes K, Viechtbauer W (2014). BMC Med Res Methodol 14:103. Ruben H (1962). Ann Math Stat
    33:542-570.
    """
    level = check_level(level)
    y, v = check_effects(yi, vi, studies)
    w = np.asarray(weights, dtype=float)
    if y.ndim != 1 or w.shape != y.shape:
        raise PoolingInputError(f"weights have shape {w.shape} for effects of shape {y.shape}; give one for each study")
    if not (np.isfinite(w) & (w > 0)).all():
        raise PoolingInputError("weights must be positive and finite")
    if moderators is None:
        if y.size < 2:
            raise PoolingInputError("heterogeneity needs two studies or more")
        terms, x = ("intercept",), np.ones((y.size, 1))
    else:
        terms, x = design_matrix(moderators, data, y.size, studies)
    unit = float(np.median(v))
    y, v, w = y / np.sqrt(unit), v / unit, w / w.max()
    p = np.diag(w) - (w[:, None] * x) @ np.linalg.solve((x * w[:, None]).T @ x, (x * w[:, None]).T)
    q = float(y @ p @ y)
    df = x.shape[0] - x.shape[1]
    tau2 = max(0.0, (q - float(np.diag(p) @ v)) / float(np.trace(p)))
    low, high, empty = _limits(p, v, q, df, level)
    return GeneralisedQResult(tau2 * unit, low * unit, high * unit, empty, q * unit, df, y.size, tuple(terms), level)


def _limits(p: NDArray, v: NDArray, q: float, df: int, level: float) -> tuple[float, float, bool]:
    def below(tau2: float) -> float:
        root = np.sqrt(v + tau2)
        return weighted_chi2_cdf(q, np.linalg.eigvalsh(root[:, None] * p * root)[-df:])

    tail = (1.0 - level) / 2.0
    at_zero = below(0.0)
    # P(Q < q) falls as tau2 grows
    low = _falling_root(below, 1.0 - tail) if at_zero > 1.0 - tail else 0.0
    high = _falling_root(below, tail) if at_zero > tail else 0.0
    return low, high, at_zero <= tail


def _falling_root(function: Callable[[float], float], target: float) -> float:
    from scipy.optimize import brentq

    high = 1.0
    for _ in range(_MOST_DOUBLINGS):
        if function(high) < target:
            return float(brentq(lambda t: function(t) - target, 0.0, high, xtol=1e-13, rtol=1e-13))
        high *= 2.0
    raise ConvergenceError("no upper limit of tau2 was found")


def weighted_chi2_cdf(q: float, weights: NDArray[np.float64]) -> float:
    """Return P(sum of weights times independent chi-squared variables of 1 df <= q), all weights positive.

    Raises
    ------
    ConvergenceError
        The series needs more than 20,000 terms.

    References
    ----------
    Ruben H (1962). Ann Math Stat 33:542-570.
    """
    if q <= 0.0:
        return 0.0
    lam = np.asarray(weights, dtype=float)
    beta = 2.0 / (1.0 / lam.min() + 1.0 / lam.max())
    gamma = 1.0 - beta / lam
    a = np.empty(_MOST_TERMS)
    g = np.empty(_MOST_TERMS)
    a[0] = np.sqrt(beta / lam).prod()
    power = np.ones_like(gamma)
    spread = np.abs(gamma).max()
    value = a[0] * special().chdtr(lam.size, q / beta)
    for m in range(1, _MOST_TERMS):
        power = power * gamma
        g[m] = 0.5 * power.sum()
        a[m] = g[m:0:-1] @ a[:m] / m
        term = special().chdtr(lam.size + 2.0 * m, q / beta)
        value += a[m] * term
        # the a fall like spread^m in the end, and the distribution functions beside them fall too
        if m > 5 and max(abs(a[m]), abs(a[m - 1])) * term < _LEFT * (1.0 - spread):
            return float(min(max(value, 0.0), 1.0))
    raise ConvergenceError("the distribution of Q could not be computed: its weights differ too much")
