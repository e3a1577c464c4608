"""Estimates corrected by regression on precision: PET, PEESE, and PEESE where PET finds an effect."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.asymmetry import ON_THE_LINE
from evisynth.bias.least_squares import fit_line
from evisynth.bias.results import NOT_POSSIBLE, OK, Result, advice, choose_side, no_spread, one_set, too_few
from evisynth.pooling.distributions import t_quantile, t_two_sided
from evisynth.pooling.inputs import check_level


@dataclass(frozen=True, slots=True)
class AdjustedEstimate(Result):
    """The effect that a regression gives to a study without sampling error.

    Attributes
    ----------
    method
        "PET", "PEESE" or "PET-PEESE"; `chosen` says which of the two PET-PEESE took.
    estimate, se, ci_low, ci_high, t, df, p
        Intercept, on the scale of the effects, with t on k - 2 degrees of freedom and its two-sided p value.
    slope, slope_se, slope_p
        Coefficient of the standard error (PET) or the variance (PEESE).
    advised, advice, status, reason
        As in `RegressionTest`.
    """

    method: str
    chosen: str
    k: int
    estimate: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    t: float | None
    df: int | None
    p: float | None
    slope: float | None
    slope_se: float | None
    slope_p: float | None
    level: float
    advised: bool
    advice: str | None
    status: str = OK
    reason: str | None = None


def _intercept(method: str, chosen: str, y: NDArray, v: NDArray, level: float) -> AdjustedEstimate:
    x, what = (np.sqrt(v), "standard error") if chosen == "PET" else (v, "variance")
    problem = too_few(y.size, 3, "a regression") or no_spread(x, what)
    line = None if problem else fit_line(y, x, 1.0 / v)
    if line is not None and line.exact:
        problem = ON_THE_LINE
    if problem or line is None:
        return AdjustedEstimate(
            method, chosen, y.size, *(None,) * 10, level, *advice(y.size), NOT_POSSIBLE, problem
        )  # fmt: skip
    half = float(t_quantile([line.df], 0.5 + level / 2.0)[0]) * line.intercept_se
    t = line.intercept / line.intercept_se
    return AdjustedEstimate(
        method, chosen, y.size, line.intercept, line.intercept_se, line.intercept - half, line.intercept + half,
        t, line.df, float(t_two_sided(t, line.df)),
        line.slope, line.slope_se, float(t_two_sided(line.slope / line.slope_se, line.df)), level, *advice(y.size),
    )  # fmt: skip


def pet(yi: ArrayLike, vi: ArrayLike, *, level: float = 0.95, studies: Sequence[str] | None = None) -> AdjustedEstimate:
    """Return the precision-effect test's estimate: the intercept of effects on standard errors.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    level
        Level of the interval.
    studies
        Names, for messages.

    Returns
    -------
    AdjustedEstimate
        Weights 1/vi, multiplicative dispersion; biased downwards where there is an effect.

    References
    ----------
    Stanley and Doucouliagos 2014, Research Synthesis Methods 5: 60-78.
    """
    level = check_level(level)
    y, v, _ = one_set(yi, vi, studies)
    return _intercept("PET", "PET", y, v, level)


def peese(
    yi: ArrayLike, vi: ArrayLike, *, level: float = 0.95, studies: Sequence[str] | None = None
) -> AdjustedEstimate:
    """Return the precision-effect estimate with standard error: the intercept of effects on variances.

    Parameters, result and source are those of `pet`; biased upwards where there is no effect.
    """
    level = check_level(level)
    y, v, _ = one_set(yi, vi, studies)
    return _intercept("PEESE", "PEESE", y, v, level)


def pet_peese(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    side: str = "auto",
    alpha: float = 0.05,
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> AdjustedEstimate:
    """Return PEESE where PET finds an effect, else PET.

    Parameters
    ----------
    side : {"auto", "right", "left"}
        Direction in which PET looks for an effect; auto is that of the REML estimate.
    alpha
        One-sided level of that test.
    yi, vi, level, studies
        As in `pet`.

    Returns
    -------
    AdjustedEstimate
        `chosen` says which one it is. Its interval takes no account of the choice. Poor with few studies or much
        heterogeneity (Carter et al. 2019).

    References
    ----------
    Stanley and Doucouliagos 2014, Research Synthesis Methods 5: 60-78.
    """
    level, alpha = check_level(level), check_level(alpha)
    y, v, _ = one_set(yi, vi, studies)
    side = choose_side(side, y, v)
    first = _intercept("PET-PEESE", "PET", y, v, level)
    if first.status != OK or first.p is None or first.t is None:
        return first
    towards = first.t if side == "right" else -first.t
    found = towards > 0.0 and first.p / 2.0 < alpha
    return _intercept("PET-PEESE", "PEESE", y, v, level) if found else first
