"""A comparison as a source reports it (with interval, SE, p or t) to an effect size.

Every function returns an `EffectSize` with the whole chain of steps.
"""

import math
from typing import Any

import numpy as np

from evisynth.effects._numbers import Arguments
from evisynth.effects.conversions import sd_from_se_of_difference, se_from_interval, se_from_p, se_from_t
from evisynth.effects.measures import find_measure
from evisynth.effects.two_arm_means import smd_from_d
from evisynth.effects.types import Converted, EffectError, EffectSize, Step

__all__ = [
    "difference_from_interval",
    "difference_from_p",
    "difference_from_se",
    "difference_from_t",
    "ratio_from_interval",
    "ratio_from_p",
    "smd_from_difference",
    "smd_from_p",
    "smd_from_t",
]


def _contains(args: Arguments, name: str) -> None:
    inside = (args["ci_low"] <= args[name]) & (args[name] <= args["ci_high"])
    args.require(name, inside, "between ci_low and ci_high", "the interval does not contain its estimate")
    args.done()


def asymmetry(estimate: Any, ci_low: Any, ci_high: Any) -> tuple[Step, ...]:
    """Return a step that says so where an estimate is well off the middle of its interval.

    All on the scale on which the interval should be symmetric; more than a tenth of its half width is named.
    """
    args = Arguments(estimate=estimate, ci_low=ci_low, ci_high=ci_high)
    half = (args["ci_high"] - args["ci_low"]) / 2
    off = (args["estimate"] - args["ci_low"] - half) / np.where(half > 0, half, 1.0)
    if not np.any(np.abs(off) > 0.1):
        return ()
    words = "the interval is not symmetric about its estimate: another scale or method, or a typing error"
    formula = "off = (estimate - middle of the interval)/half its width; named beyond 0.1"
    return (
        Step(
            "symmetry",
            formula,
            args.inputs(),
            {"off": args.out(off)},
            words,
            "rounding explains less than that",
        ),
    )


def _df(n_1: Any, n_2: Any, distribution: str) -> Any:
    if distribution not in ("t", "normal"):
        raise EffectError([f"distribution: found {distribution!r}, allowed t, normal"])
    if distribution == "normal":
        return math.inf
    if n_1 is None or n_2 is None:
        raise EffectError(["n_1, n_2: missing; t needs them for its n_1 + n_2 - 2 degrees of freedom"])
    args = Arguments(n_1=n_1, n_2=n_2)
    args.require("n_1", args["n_1"] + args["n_2"] > 2, "more than 2 together with n_2")
    args.done()
    return args.out(args["n_1"] + args["n_2"] - 2)


def _difference(estimate: Any, se: Converted, measure: str) -> EffectSize:
    if se.bound == "at least":
        raise EffectError([
            "p: found only a lower limit (p > x or not significant), allowed an exact p or p < x: "
            "the standard error may be any larger value, so no effect is made of it"
        ])  # fmt: skip
    yi = np.asarray(estimate, dtype=float) + 0.0 * np.asarray(se.value)
    yi = float(yi) if yi.ndim == 0 else yi
    vi = se.value**2
    step = Step(
        "difference with its SE",
        "yi = difference, vi = se^2",
        {"se": se.value},
        {"yi": yi, "vi": vi},
        None,
        "-",
    )
    return EffectSize(yi, vi, measure, (se.step, step))


def difference_from_interval(
    estimate: Any,
    ci_low: Any,
    ci_high: Any,
    n_1: Any = None,
    n_2: Any = None,
    *,
    level: Any = 0.95,
    distribution: str = "t",
    measure: str = "MD",
) -> EffectSize:
    """Difference of two means (or another difference) with the SE from its confidence interval.

    Parameters
    ----------
    estimate, ci_low, ci_high : float or array
        Difference and its limits, 1 against 2.
    n_1, n_2 : float or array, optional
        People in each arm; needed for t.
    level : float or array
        Confidence level, 0 to 1.
    distribution : {"t", "normal"}
        Quantile behind the interval: t with n_1 + n_2 - 2 degrees of freedom, or normal.
    measure : str
        Name of the measure, ``MD`` by default.

    Raises
    ------
    EffectError
        If the interval does not contain the estimate or its limits are out of order.
    """
    args = Arguments(estimate=estimate, ci_low=ci_low, ci_high=ci_high)
    _contains(args, "estimate")
    se = se_from_interval(ci_low, ci_high, level=level, df=_df(n_1, n_2, distribution))
    return _difference(estimate, se, find_measure(measure).name).after(*asymmetry(estimate, ci_low, ci_high))


def difference_from_p(
    estimate: Any,
    p: Any,
    n_1: Any = None,
    n_2: Any = None,
    *,
    relation: str = "=",
    distribution: str = "t",
    measure: str = "MD",
) -> EffectSize:
    """Difference of two means with the SE from its two-sided p value.

    Parameters
    ----------
    estimate : float or array
        Difference, 1 against 2; not 0.
    p : float or array
        Two-sided p value.
    n_1, n_2, distribution, measure
        As `difference_from_interval`.
    relation : {"=", "<", "<="}
        With an inequality p is taken at its limit, the conservative choice, and the assumptions say so.

    Raises
    ------
    EffectError
        If p is only bounded from below (``>``): nothing can be pooled then.
    """
    se = se_from_p(estimate, p, df=_df(n_1, n_2, distribution), relation=relation)
    return _difference(estimate, se, find_measure(measure).name)


def difference_from_t(estimate: Any, t: Any, *, measure: str = "MD") -> EffectSize:
    """Difference with the SE from its t (or z) statistic."""
    return _difference(estimate, se_from_t(estimate, t), find_measure(measure).name)


def difference_from_se(estimate: Any, se: Any, *, measure: str = "MD") -> EffectSize:
    """Difference with its reported standard error (more than 0)."""
    args = Arguments(estimate=estimate, se=se)
    args.positive("se")
    args.done()
    yi, vi = args.out(args["estimate"]), args.out(args["se"] ** 2)
    step = Step("difference with its SE", "yi = difference, vi = se^2", args.inputs(), {"yi": yi, "vi": vi}, None, "-")
    return EffectSize(yi, vi, find_measure(measure).name, (step,))


def ratio_from_interval(measure: str, ratio: Any, ci_low: Any, ci_high: Any, *, level: Any = 0.95) -> EffectSize:
    """Log ratio (OR, RR, IRR, HR, ROM) with the SE from the interval of the ratio, normal on the log scale.

    Parameters
    ----------
    measure : str
        A ratio measure of the registry.
    ratio, ci_low, ci_high : float or array
        As printed, not logarithms; all more than 0.
    level : float or array
        Confidence level, 0 to 1.
    """
    found = find_measure(measure)
    if not found.is_log:
        raise EffectError([f"measure: found {found.name} ({found.long_name}), allowed ratios such as OR, RR, HR"])
    args = Arguments(ratio=ratio, ci_low=ci_low, ci_high=ci_high)
    args.positive("ratio", "ci_low", "ci_high")
    _contains(args, "ratio")
    log = {k: args.out(np.log(args[k])) for k in ("ratio", "ci_low", "ci_high")}
    step = Step("logarithm", "ln of the ratio and its limits", args.inputs(), log, None, "Handbook 5.1, 7.7.7.2")
    se = se_from_interval(log["ci_low"], log["ci_high"], level=level)
    return _difference(log["ratio"], se, found.name).after(
        step, *asymmetry(log["ratio"], log["ci_low"], log["ci_high"])
    )


def ratio_from_p(measure: str, ratio: Any, p: Any, *, relation: str = "=") -> EffectSize:
    """Log ratio with the SE from its two-sided p value, normal on the log scale; the ratio is not 1."""
    found = find_measure(measure)
    args = Arguments(ratio=ratio, p=p)
    args.positive("ratio")
    args.require("ratio", args["ratio"] != 1, "not 1", "a ratio of 1 has p = 1 whatever its error")
    args.done()
    yi = args.out(np.log(args["ratio"]))
    step = Step("logarithm", "ln of the ratio", {"ratio": args.out(args["ratio"])}, {"ratio": yi}, None, "definition")
    return _difference(yi, se_from_p(yi, p, relation=relation), found.name).after(step)


def smd_from_difference(
    effect: EffectSize, n_1: Any, n_2: Any, *, variance: str = "LS", correct: bool = True
) -> EffectSize:
    """Standardise a difference of means whose SE is known: its SD follows from SE and sample sizes.

    Parameters
    ----------
    effect : EffectSize
        Difference of means, e.g. from `difference_from_interval` or `difference_from_p`.
    n_1, n_2 : float or array
        People in each arm.
    variance : str
        Variance formula; see `two_arm_means.SMD_VARIANCES`.
    correct : bool
        False leaves out Hedges' correction (Cohen's d).

    Notes
    -----
    With an adjusted difference (ANCOVA) the SD so found is the residual one, smaller than that between people
    by sqrt(1 - r^2), and the SMD accordingly larger.
    """
    sd = sd_from_se_of_difference(effect.sei, n_1, n_2)
    return smd_from_d(effect.yi / sd.value, n_1, n_2, variance=variance, correct=correct).after(*effect.steps, sd.step)


def smd_from_t(t: Any, n_1: Any, n_2: Any, *, variance: str = "LS", correct: bool = True) -> EffectSize:
    """Standardised mean difference from the t of a two-sample test, d = t sqrt(1/n_1 + 1/n_2)."""
    args = Arguments(t=t, n_1=n_1, n_2=n_2)
    args.positive("n_1", "n_2")
    args.done()
    d = args.out(args["t"] * np.sqrt(1 / args["n_1"] + 1 / args["n_2"]))
    step = Step("d from t", "d = t sqrt(1/n_1 + 1/n_2)", args.inputs(), {"d": d}, None, "Rosenthal 1994, eq. 16-21")
    return smd_from_d(d, n_1, n_2, variance=variance, correct=correct).after(step)


def smd_from_p(
    p: Any, n_1: Any, n_2: Any, *, sign: int, relation: str = "=", variance: str = "LS", correct: bool = True
) -> EffectSize:
    """Standardised mean difference from the two-sided p value of a two-sample t test and its direction.

    Parameters
    ----------
    p, n_1, n_2 : float or array
        Two-sided p value and people in each arm.
    sign : {1, -1}
        Direction of the difference, 1 against 2.
    relation : {"=", "<", "<="}
        With an inequality the result is the smallest effect that fits.
    variance, correct
        As `smd_from_difference`.
    """
    from evisynth.effects.conversions import t_from_p_value

    if sign not in (1, -1):
        raise EffectError([f"sign: found {sign!r}, allowed 1 or -1 (the direction that the source reports)"])
    t = t_from_p_value(p, df=_df(n_1, n_2, "t"), relation=relation)
    if t.bound == "at most":
        raise EffectError(["p: found only a lower limit (p > x), allowed an exact p or p < x"])
    return smd_from_t(sign * t.value, n_1, n_2, variance=variance, correct=correct).after(t.step)
