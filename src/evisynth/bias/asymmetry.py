"""Tests of funnel-plot asymmetry from effects and variances: Egger's regressions and Begg's rank correlation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.least_squares import fit_line
from evisynth.bias.results import NOT_POSSIBLE, OK, Result, advice, no_spread, one_set, too_few
from evisynth.pooling.distributions import normal_quantile, normal_two_sided, t_quantile, t_two_sided
from evisynth.pooling.inputs import check_choice, check_level
from evisynth.pooling.tau2 import METHODS

# The exact distribution of Kendall's tau takes time with the cube of k; beyond this the normal one is as good.
_MOST_EXACT = 500
ON_THE_LINE = "the studies lie exactly on a line: the regression has no standard error"


@dataclass(frozen=True, slots=True)
class RegressionTest(Result):
    """A regression test of funnel-plot asymmetry.

    Attributes
    ----------
    test, predictor, model
        What was regressed on what, and how.
    k
        Number of studies in the regression.
    slope, slope_se
        Coefficient of the predictor, 0 where there is no asymmetry.
    statistic, df, p
        slope / slope_se, its degrees of freedom (None: normal), its two-sided p value. Also read as `t`.
    limit, limit_se, limit_ci_low, limit_ci_high
        Effect that the regression gives to a study of unlimited size, on the scale of the effects; None for tests
        that have none.
    advised, advice
        Whether there are enough studies for the test to be advised (ten), and why not.
    left_out
        Studies without information for this test, with the reason.
    status, reason
        "ok", or "not_possible" and why: the numbers are then None.
    """

    test: str
    predictor: str
    model: str
    k: int
    slope: float | None
    slope_se: float | None
    statistic: float | None
    df: int | None
    p: float | None
    limit: float | None
    limit_se: float | None
    limit_ci_low: float | None
    limit_ci_high: float | None
    level: float
    advised: bool
    advice: str | None
    left_out: tuple[tuple[str, str], ...] = ()
    status: str = OK
    reason: str | None = None

    @property
    def t(self) -> float | None:
        """The test statistic."""
        return self.statistic

    def to_dict(self) -> dict:
        """Return the fields by name, `left_out` in words."""
        left_out = "; ".join(f"{name}: {why}" for name, why in self.left_out)
        return super(RegressionTest, self).to_dict() | {"left_out": left_out}


@dataclass(frozen=True, slots=True)
class RankTest(Result):
    """A rank correlation test of funnel-plot asymmetry.

    Attributes
    ----------
    k
        Number of studies.
    tau, p
        Kendall's tau (tau-b where there are ties) of standardised deviations and variances; two-sided p value.
    exact
        Whether p is exact (no ties, at most 500 studies) or from the normal approximation.
    advised, advice, status, reason
        As in `RegressionTest`.
    """

    test: str
    k: int
    tau: float | None
    p: float | None
    exact: bool | None
    advised: bool
    advice: str | None
    status: str = OK
    reason: str | None = None


def impossible(test: str, predictor: str, model: str, k: int, level: float, reason: str, left_out=()) -> RegressionTest:
    """Return a regression test without numbers."""
    return RegressionTest(
        test, predictor, model, k, *(None,) * 9, level, *advice(k), tuple(left_out), NOT_POSSIBLE, reason
    )


def line_test(
    names: tuple[str, str, str],
    y: NDArray,
    x: NDArray,
    w: NDArray,
    level: float,
    left_out: Sequence[tuple[str, str]] = (),
    has_limit: bool = True,
) -> RegressionTest:
    """Return the test that the slope of a weighted line with multiplicative dispersion is 0.

    Parameters
    ----------
    names
        Test, predictor, model.
    y, x, w : (k,) arrays
        Response, predictor, weights.
    has_limit
        Whether the intercept is an effect.
    """
    k = y.size
    problem = too_few(k, 3, "a regression") or no_spread(x, names[1])
    line = None if problem else fit_line(y, x, w)
    if line is not None and line.exact:
        problem = ON_THE_LINE
    if problem or line is None:
        return impossible(*names, k, level, problem or "", left_out)
    half = float(t_quantile([line.df], 0.5 + level / 2.0)[0]) * line.intercept_se
    t = line.slope / line.slope_se
    limit = (line.intercept, line.intercept_se, line.intercept - half, line.intercept + half)
    return RegressionTest(
        *names, k, line.slope, line.slope_se, t, line.df, float(t_two_sided(t, line.df)),
        *(limit if has_limit else (None,) * 4), level, *advice(k), tuple(left_out),
    )  # fmt: skip


def egger(yi: ArrayLike, vi: ArrayLike, *, level: float = 0.95, studies: Sequence[str] | None = None) -> RegressionTest:
    """Test funnel-plot asymmetry by Egger's regression.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    level
        Level of the interval of the limit.
    studies
        Names, for messages.

    Returns
    -------
    RegressionTest
        Slope on the standard error, t on k - 2 degrees of freedom, and the limit as the standard error goes to 0.

    Raises
    ------
    PoolingInputError
        Effects or variances that cannot be used.

    Notes
    -----
    yi on sqrt(vi) with weights 1/vi and multiplicative dispersion: the same as the standardised effect on precision,
    whose intercept is the slope here. For log odds and risk ratios effect and standard error are correlated even
    without bias, and the test finds asymmetry too often: `harbord` and `peters` avoid that.

    References
    ----------
    Egger et al. 1997, BMJ 315: 629-634; Sterne and Egger 2005.
    """
    level = check_level(level)
    y, v, _ = one_set(yi, vi, studies)
    return line_test(("egger", "standard error", "weighted, multiplicative"), y, np.sqrt(v), 1.0 / v, level)


def egger_mixed(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau2: str = "REML",
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> RegressionTest:
    """Test funnel-plot asymmetry by a meta-regression on the standard error with additive heterogeneity.

    Parameters
    ----------
    tau2
        Estimator of the residual between-study variance, as in `pooling.random_effects`.
    yi, vi, level, studies
        As in `egger`.

    Returns
    -------
    RegressionTest
        Its statistic is normal (`df` is None).

    References
    ----------
    Thompson and Sharp 1999, Statistics in Medicine 18: 2693-2708 (model 3a); Sterne and Egger 2005.
    """
    level, tau2 = check_level(level), check_choice("tau2", tau2, METHODS)
    y, v, _ = one_set(yi, vi, studies)
    names = ("egger_mixed", "standard error", "mixed-effects, additive")
    se = np.sqrt(v)
    problem = too_few(y.size, 3, "a regression") or no_spread(se, names[1])
    if problem:
        return impossible(*names, y.size, level, problem)
    from evisynth.pooling.errors import ConvergenceError
    from evisynth.pooling.regression import meta_regression

    try:
        fit = meta_regression(y, v, se, tau2=tau2, ci="wald", level=level)
    except ConvergenceError as error:
        return impossible(*names, y.size, level, str(error))
    half = normal_quantile(0.5 + level / 2.0) * fit.se[0]
    z = float(fit.estimate[1] / fit.se[1])
    limit = (float(x) for x in (fit.estimate[0], fit.se[0], fit.estimate[0] - half, fit.estimate[0] + half))
    slope = (float(fit.estimate[1]), float(fit.se[1]), z, None, float(normal_two_sided(z)))
    return RegressionTest(*names, y.size, *slope, *limit, level, *advice(y.size))


def begg(yi: ArrayLike, vi: ArrayLike, *, studies: Sequence[str] | None = None) -> RankTest:
    """Test funnel-plot asymmetry by Begg and Mazumdar's rank correlation.

    Parameters
    ----------
    yi, vi, studies
        As in `egger`.

    Returns
    -------
    RankTest
        Kendall's tau of (yi - mean) / sqrt(vi - 1 / sum w) and vi, the mean with weights w = 1/vi. p is exact without
        ties and up to 500 studies, else from the normal approximation without continuity correction.

    Notes
    -----
    Values that differ by no more than the rounding of their computation are ties: tables that mirror each other have
    equal variances, whatever the order in which a program adds.

    Of low power (Sterne et al. 2000); the Cochrane Handbook does not recommend it.

    References
    ----------
    Begg and Mazumdar 1994, Biometrics 50: 1088-1101.
    """
    y, v, _ = one_set(yi, vi, studies)
    k = y.size
    problem = too_few(k, 3, "a rank correlation") or no_spread(v, "variance")
    if problem:
        return RankTest("begg", k, None, None, None, *advice(k), NOT_POSSIBLE, problem)
    from scipy.stats import kendalltau

    w = v.min() / v
    mean = (w * y).sum() / w.sum()
    # vi - 1/sum(1/vi) without cancellation: vi times the share of the weight that others have
    others = w.sum() - w
    others[v.argmin()] = np.delete(w, v.argmin()).sum()
    spread = np.sqrt(v * others / w.sum())
    rounding = 8.0 * np.finfo(float).eps
    deviation = _groups((y - mean) / spread, rounding * np.abs(y).max() / spread)
    variance = _groups(v, 64.0 * rounding * v)
    if np.ptp(deviation) == 0:
        reason = "all studies have the same effect: ranks say nothing"
        return RankTest("begg", k, None, None, None, *advice(k), NOT_POSSIBLE, reason)
    exact = k <= _MOST_EXACT and np.unique(deviation).size == k and np.unique(variance).size == k
    found = kendalltau(deviation, variance, method="exact" if exact else "asymptotic")
    return RankTest("begg", k, float(found.statistic), float(found.pvalue), bool(exact), *advice(k))


def _groups(x: NDArray, tolerance: NDArray) -> NDArray[np.int64]:
    """Return whole numbers in the order of x, the same for neighbours closer than their tolerance."""
    order = np.argsort(x, kind="stable")
    apart = np.diff(x[order]) > np.maximum(tolerance[order][1:], tolerance[order][:-1])
    out = np.empty(x.size, dtype=np.int64)
    out[order] = np.r_[0, np.cumsum(apart)]
    return out
