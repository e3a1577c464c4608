"""Fail-safe numbers: how many studies without effect would change the conclusion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evisynth.bias.results import NOT_POSSIBLE, OK, Result, one_set
from evisynth.pooling.distributions import normal_quantile, normal_two_sided
from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.inputs import check_level

# Counts are rounded up; one that is a whole number but for rounding stays.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class FailsafeResult(Result):
    """A fail-safe number.

    Attributes
    ----------
    method
        "Rosenthal" or "Orwin".
    k
        Studies at hand.
    number
        Studies without effect that would have to be missing, rounded up; None where it does not exist.
    p
        One-sided p value of the studies together (Rosenthal).
    mean, target
        Observed mean effect and the one that would no longer matter (Orwin).
    status, reason
        "ok", or "not_possible" and why.
    """

    method: str
    k: int
    number: int | None
    p: float | None
    mean: float | None
    target: float | None
    status: str = OK
    reason: str | None = None


def _round_up(x: float) -> int:
    return int(max(0.0, np.ceil(x - _ROUNDING * max(1.0, abs(x)))))


def rosenthal(
    yi: ArrayLike, vi: ArrayLike, *, alpha: float = 0.05, studies: Sequence[str] | None = None
) -> FailsafeResult:
    """Return how many studies with z = 0 bring Stouffer's combined test above `alpha`.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    alpha
        One-sided level, in the direction of the effects.
    studies
        Names, for messages.

    Returns
    -------
    FailsafeResult
        ceil((sum z)^2 / z_alpha^2 - k), z = yi / sqrt(vi); 0 where the test is not significant as it is.

    Notes
    -----
    It takes the missing studies to average nothing and pays no heed to their size: a large number is no evidence that
    nothing is missing (Becker 2005).

    References
    ----------
    Rosenthal 1979, Psychological Bulletin 86: 638-641.
    """
    alpha = check_level(alpha)
    if alpha >= 0.5:
        raise PoolingInputError(f"alpha is {alpha:g}; a one-sided level must be below 0.5")
    y, v, _ = one_set(yi, vi, studies)
    if y.size == 0:
        return FailsafeResult("Rosenthal", 0, None, None, None, None, NOT_POSSIBLE, "no studies")
    total = float((y / np.sqrt(v)).sum())
    p = float(normal_two_sided(total / np.sqrt(y.size))) / 2.0
    number = _round_up((total / normal_quantile(1.0 - alpha)) ** 2 - y.size)
    return FailsafeResult("Rosenthal", y.size, number, p, None, None)


def orwin(
    yi: ArrayLike,
    vi: ArrayLike | None = None,
    *,
    target: float | None = None,
    weighted: bool = False,
    studies: Sequence[str] | None = None,
) -> FailsafeResult:
    """Return how many studies with effect 0 bring the mean effect down to `target`.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects and sampling variances; the variances are used only with `weighted`.
    target
        Effect that would no longer matter, of the sign of the mean and smaller; half of the mean without.
    weighted
        Use the inverse-variance mean (missing studies then have the mean weight); else the plain mean, as Orwin did.
    studies
        Names, for messages.

    Returns
    -------
    FailsafeResult
        ceil(k (mean - target) / target).

    References
    ----------
    Orwin 1983, Journal of Educational Statistics 8: 157-159.
    """
    if weighted and vi is None:
        raise PoolingInputError("a weighted mean needs the variances vi")
    y, v, _ = one_set(yi, np.ones(np.shape(yi)) if vi is None else vi, studies)
    k = y.size
    if k == 0:
        return FailsafeResult("Orwin", 0, None, None, None, target, NOT_POSSIBLE, "no studies")
    w = v.min() / v if weighted else np.ones(k)
    mean = float((w * y).sum() / w.sum())
    aim = mean / 2.0 if target is None else float(target)
    if not np.isfinite(aim) or aim == 0.0 or aim * mean < 0.0:
        reason = f"the target {aim:g} cannot be reached from a mean of {mean:g} with studies whose effect is 0"
        return FailsafeResult("Orwin", k, None, None, mean, aim, NOT_POSSIBLE, reason)
    return FailsafeResult("Orwin", k, _round_up(k * (mean - aim) / aim), None, mean, aim)
