"""Trim and fill: the studies that a symmetric funnel would have, and the estimate with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.asymmetry import egger_mixed
from evisynth.bias.results import NOT_CONVERGED, NOT_POSSIBLE, OK, SIDES, Result, advice, one_set, too_few
from evisynth.pooling.fit import MODELS, random_effects
from evisynth.pooling.inputs import check_choice
from evisynth.pooling.result import PoolResult

if TYPE_CHECKING:
    import pandas as pd

ESTIMATORS = ("L0", "R0", "Q0")
FILLED = "filled, mirror of "
_MOST_STEPS = 100
_SHOWN = ("estimate", "se", "ci_low", "ci_high", "p", "tau2", "i2")


@dataclass(frozen=True, slots=True)
class TrimFillResult(Result):
    """Trim and fill.

    Attributes
    ----------
    estimator
        Of the number of missing studies.
    k
        Studies at hand.
    k0, k0_se, k0_p
        Studies that are missing, the standard error of their number (L0 and R0), and for R0 its p value under
        symmetry.
    side
        Where they are missing: "left" (small effects) or "right".
    result
        The pooled result of studies and filled studies, None where there is none; its `estimate`, `se`, `ci_low`,
        `ci_high`, `p`, `tau2`, `i2` are read from here directly too.
    studies, yi, vi, filled : (k + k0,)
        The points of the filled funnel; `filled` says which were made up.
    advised, advice, status, reason
        As in `RegressionTest`; status may be "not_converged".
    """

    estimator: str
    k: int
    k0: int | None
    k0_se: float | None
    k0_p: float | None
    side: str | None
    result: PoolResult | None
    studies: tuple[str, ...]
    yi: NDArray[np.float64]
    vi: NDArray[np.float64]
    filled: NDArray[np.bool_]
    advised: bool
    advice: str | None
    status: str = OK
    reason: str | None = None

    def __getattr__(self, name: str) -> Any:
        if name in _SHOWN:
            return None if self.result is None else getattr(self.result, name)
        raise AttributeError(f"TrimFillResult has no attribute {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers by name, without the points."""
        names = ("estimator", "k", "k0", "k0_se", "k0_p", "side", *_SHOWN, "advised", "advice", "status", "reason")
        return {name: getattr(self, name) for name in names}

    def points(self) -> "pd.DataFrame":
        """Return one row per point of the filled funnel."""
        import pandas as pd

        return pd.DataFrame({"study": self.studies, "yi": self.yi, "vi": self.vi, "filled": self.filled})


def trim_and_fill(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    estimator: str = "L0",
    side: str = "auto",
    studies: Sequence[str] | None = None,
    **options: Any,
) -> TrimFillResult:
    """Trim the studies that have no counterpart, and fill in the counterparts.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    estimator : {"L0", "R0", "Q0"}
        Of the number of missing studies.
    side : {"auto", "left", "right"}
        Where studies are missing; auto is left where the slope of `egger_mixed` (with the same tau2 estimator; 0
        under the common-effect model) is positive, else right.
    studies
        Names of the studies.
    **options
        Those of `pooling.random_effects`: the model that is fitted while trimming and to the filled set.

    Returns
    -------
    TrimFillResult

    Raises
    ------
    PoolingInputError
        Effects, variances or options that cannot be used.

    Notes
    -----
    Effects are centred at the estimate from the studies left after trimming and ranked by distance; with S the sum of
    the ranks to the right and g the number of ranks above the largest to the left: L0 = (4 S - k (k + 1)) / (2 k - 1),
    R0 = g - 1, Q0 = k - 1/2 - sqrt(2 k^2 - 4 S + 1/4), rounded; repeated until the number no longer changes. It
    shows what symmetry would imply; asymmetry has other causes than missing studies, and heterogeneity alone makes
    the method add studies (Terrin et al. 2003).

    References
    ----------
    Duval and Tweedie 2000, Biometrics 56: 455-463, and Journal of the American Statistical Association 95: 89-98.
    """
    estimator, side = check_choice("estimator", estimator, ESTIMATORS), check_choice("side", side, SIDES)
    y, v, names = one_set(yi, vi, studies)
    k = y.size
    random_effects(y, v, **options)  # options that cannot be used are named before anything else
    problem = too_few(k, 3, "trim and fill")
    if problem is None and side == "auto":
        side, problem = _missing_side(y, v, options)
    if problem:
        return _without(estimator, k, NOT_POSSIBLE, problem)
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    x, w = (sign * y)[order], v[order]
    found = _missing(x, w, estimator, options)
    if not isinstance(found, _Count):
        return _without(estimator, k, *found)
    k0, centre = found.k0, found.centre
    at = order[k - k0 :]
    filled_y = 2.0 * sign * centre - y[at]
    all_y, all_v = np.r_[y, filled_y], np.r_[v, v[at]]
    result = random_effects(all_y, all_v, **options)
    return TrimFillResult(
        estimator, k, k0, *_spread(estimator, k, found), side, result,
        (*names, *(FILLED + names[i] for i in at)), all_y, all_v, np.arange(k + k0) >= k, *advice(k),
    )  # fmt: skip


def _without(estimator: str, k: int, status: str, reason: str) -> TrimFillResult:
    nothing = np.empty(0)
    return TrimFillResult(
        estimator, k, None, None, None, None, None, (), nothing, nothing, nothing > 0, *advice(k), status, reason
    )


def _missing_side(y: NDArray, v: NDArray, options: dict[str, Any]) -> tuple[str, str | None]:
    """Return the side on which studies are missing, or the reason why it cannot be told."""
    common = check_choice("model", options.get("model", "random"), MODELS) == "common"
    if common:
        from evisynth.bias.asymmetry import egger

        test = egger(y, v)
    else:
        test = egger_mixed(y, v, tau2=options.get("tau2", "REML"))
    if test.slope is None:
        return "", f"the side cannot be told ({test.reason}); give side='left' or side='right'"
    # equal effects have slope 0, whatever the sign of its rounding
    return ("right" if test.slope < 0.0 and np.ptp(y) > 0.0 else "left"), None


@dataclass(frozen=True, slots=True)
class _Count:
    """Number of missing studies, the same before rounding, and the centre that belongs to it."""

    k0: int
    raw: float
    centre: float


def _missing(x: NDArray, v: NDArray, estimator: str, options: dict) -> _Count | tuple[str, str]:
    """Return the number missing on the left of sorted effects `x`, or status and reason where there is none."""
    k, k0, seen = x.size, 0, set()
    for _ in range(_MOST_STEPS):
        kept = slice(0, k - k0)
        pooled = random_effects(x[kept], v[kept], **options)
        if pooled.estimate is None:
            return NOT_CONVERGED, f"while trimming: {pooled.reason}"
        away = x - pooled.estimate
        ranks = np.empty(k)
        ranks[np.argsort(np.abs(away), kind="stable")] = np.arange(1, k + 1)
        raw = _count(ranks, away, estimator)
        if raw is None:
            return NOT_POSSIBLE, "Q0 does not exist: nearly all studies lie on one side of the estimate"
        found = int(np.rint(raw))
        if found >= k:
            return NOT_POSSIBLE, f"{estimator} would trim all {k} studies"
        if found == k0:
            return _Count(k0, raw, float(pooled.estimate))
        if found in seen:
            return NOT_CONVERGED, f"{estimator} goes back and forth between {k0} and {found} missing studies"
        seen.add(k0)
        k0 = found
    return NOT_CONVERGED, f"{estimator} did not settle in {_MOST_STEPS} steps"


def _count(ranks: NDArray, away: NDArray, estimator: str) -> float | None:
    """Return the number of missing studies before rounding, not below 0; None where Q0 does not exist."""
    k = ranks.size
    right = ranks[away > 0.0].sum()
    if estimator == "L0":
        value = (4.0 * right - k * (k + 1)) / (2 * k - 1)
    elif estimator == "R0":
        value = k - ranks[away < 0.0].max(initial=0.0) - 1.0
    else:
        inside = 2.0 * k * k - 4.0 * right + 0.25
        if inside < 0.0:
            return None
        value = k - 0.5 - np.sqrt(inside)
    return max(0.0, float(value))


def _spread(estimator: str, k: int, found: _Count) -> tuple[float | None, float | None]:
    """Return the standard error of the number missing, and for R0 its p value (Duval and Tweedie 2000, JASA)."""
    n = found.raw
    if estimator == "R0":
        return float(np.sqrt(2.0 * n + 2.0)), 0.5 ** (found.k0 + 1)
    if estimator == "Q0":
        return None, None
    variance = k * (k + 1) * (2 * k + 1) + 10 * n**3 + 27 * n**2 + 17 * n - 18 * k * n**2 - 18 * k * n + 6 * k**2 * n
    return float(4.0 * np.sqrt(variance / 24.0) / (2 * k - 1)), None
