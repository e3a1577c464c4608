"""Effects of the same people under two conditions, on a continuous outcome: changes and crossover trials.

Condition 1 is the intervention (or the later measurement), condition 2 the comparison (or the earlier one),
and every effect is 1 minus 2. A correlation enters as a `Correlation`, which says whether it was given,
derived or assumed; a bare number is taken as assumed. Formulas with their sources: docs/effects.md.
"""

import math
from typing import Any

import numpy as np

from evisynth.effects._numbers import Arguments, Floats, finish, hedges_correction
from evisynth.effects.contrasts import asymmetry
from evisynth.effects.conversions import p_interval, se_from_interval, se_from_p, t_from_p_value
from evisynth.effects.types import Converted, Correlation, EffectError, EffectSize, Step

__all__ = [
    "PAIRED_SMD_VARIANCES",
    "mean_change",
    "paired_difference_from_interval",
    "paired_difference_from_p",
    "paired_difference_from_se",
    "paired_smd",
    "paired_smd_from_p",
    "paired_smd_from_p_rounding",
    "paired_smd_from_t",
    "standardised_mean_change",
    "standardised_mean_change_from_sd_of_change",
]

PAIRED_SMD_VARIANCES = {
    "handbook": "2 (1 - r) (1/n + d^2/(2 n)) (Elbourne et al. 2002; Handbook 5.1, 16.4.6.4)",
    "becker": "2 (1 - r)/n + d^2/(2 n) (Becker 1988)",
}


def as_correlation(correlation: Correlation | float) -> Correlation:
    """Return the correlation itself, or a bare number as an assumed one."""
    return correlation if isinstance(correlation, Correlation) else Correlation(float(correlation), "assumed")


def _paired_arguments(mean_1: Any, sd_1: Any, mean_2: Any, sd_2: Any, n: Any) -> Arguments:
    args = Arguments(mean_1=mean_1, sd_1=sd_1, mean_2=mean_2, sd_2=sd_2, n=n)
    args.positive("sd_1", "sd_2")
    args.require("n", ~(args["n"] < 2), "2 or more")
    args.done()
    return args


def _result(
    args: Arguments,
    measure: str,
    yi: Floats,
    vi: Floats,
    r: Correlation | None,
    words: tuple[str, str, str],
    variance: str = "",
) -> EffectSize:
    name, formula, source = words
    assumption = r.assumption if r else None
    step = {"name": name, "formula": formula, "assumption": assumption, "source": source}
    effect = finish(args, measure, yi, vi, {}, step, correlation=r, variance=variance)
    if r is None:
        return effect
    last = effect.steps[-1]
    made = Step(last.name, formula, dict(last.inputs) | {"correlation": r.value}, last.output, assumption, source)
    return EffectSize(
        effect.yi,
        effect.vi,
        measure,
        (*r.steps, made),
        left_out=effect.left_out,
        variance=variance,
        correlation=r,
    )


def _change_variance(args: Arguments, r: Correlation) -> Floats:
    # (s1 - s2)^2 + 2 (1 - r) s1 s2 is sd_1^2 + sd_2^2 - 2 r sd_1 sd_2 without its cancellation near r = 1
    return (args["sd_1"] - args["sd_2"]) ** 2 + 2 * (1 - r.value) * args["sd_1"] * args["sd_2"]


def mean_change(mean_1: Any, sd_1: Any, mean_2: Any, sd_2: Any, n: Any, correlation: Correlation | float) -> EffectSize:
    """Mean difference between two conditions of the same people, in the outcome's units (``MC``).

    Parameters
    ----------
    mean_1, sd_1, mean_2, sd_2 : float or array of shape (k,)
        Mean and standard deviation under each condition.
    n : float or array of shape (k,)
        People measured under both, 2 or more.
    correlation : Correlation or float
        Between the two values of a person.
    """
    args, r = _paired_arguments(mean_1, sd_1, mean_2, sd_2, n), as_correlation(correlation)
    vi = _change_variance(args, r) / args["n"]
    formula = "yi = mean_1 - mean_2, vi = (sd_1^2 + sd_2^2 - 2 r sd_1 sd_2)/n"
    words = ("mean change", formula, "Handbook 5.1, 16.4.6.2")
    return _result(args, "MC", args["mean_1"] - args["mean_2"], vi, r, words)


def standardised_mean_change(
    mean_1: Any,
    sd_1: Any,
    mean_2: Any,
    sd_2: Any,
    n: Any,
    correlation: Correlation | float,
    *,
    standardiser: str = "SMCC",
) -> EffectSize:
    """Standardised mean change with Hedges' exact correction (n - 1 degrees of freedom).

    Parameters
    ----------
    mean_1, sd_1, mean_2, sd_2, n, correlation
        As `mean_change`. For a change from baseline standardised by the baseline SD, condition 1 holds the SD
        that standardises.
    standardiser : {"SMCC", "SMCR", "SMCRH"}
        ``SMCC`` the SD of the change; ``SMCR`` sd_1, taking both variances as equal; ``SMCRH`` sd_1, with
        unequal variances. The three are not on one scale: do not pool them together.

    References
    ----------
    Gibbons RD, Hedeker DR, Davis JM (1993). J Educ Stat 18:271-279 (SMCC). Becker BJ (1988). Br J Math Stat
    Psychol 41:257-278 (SMCR). Bonett DG (2008). Psychol Methods 13:99-109 (SMCRH).
    """
    args, r = _paired_arguments(mean_1, sd_1, mean_2, sd_2, n), as_correlation(correlation)
    n_, change, difference = args["n"], _change_variance(args, r), args["mean_1"] - args["mean_2"]
    j = np.asarray(hedges_correction(n_ - 1))
    if standardiser == "SMCC":
        if np.any(change <= 0):
            raise EffectError(["correlation: found 1 with equal SDs, allowed less: the change has no spread"])
        yi = j * difference / np.sqrt(change)
        words = (
            "SMCC",
            "yi = J(n - 1) (mean_1 - mean_2)/sd_change, vi = 1/n + yi^2/(2 n)",
            "Gibbons et al. 1993",
        )
        return _result(args, "SMCC", yi, 1 / n_ + yi**2 / (2 * n_), r, words)
    yi = j * difference / args["sd_1"]
    if standardiser == "SMCR":
        words = ("SMCR", "yi = J(n - 1) (mean_1 - mean_2)/sd_1, vi = 2 (1 - r)/n + yi^2/(2 n)", "Becker 1988")
        return _result(args, "SMCR", yi, 2 * (1 - r.value) / n_ + yi**2 / (2 * n_), r, words)
    if standardiser == "SMCRH":
        vi = change / (args["sd_1"] ** 2 * (n_ - 1)) + yi**2 / (2 * (n_ - 1))
        formula = (
            "yi = J(n - 1) (mean_1 - mean_2)/sd_1, vi = sd_change^2/(sd_1^2 (n - 1)) + yi^2/(2 (n - 1)), "
            "sd_change^2 = sd_1^2 + sd_2^2 - 2 r sd_1 sd_2"
        )
        return _result(args, "SMCRH", yi, vi, r, ("SMCRH", formula, "Bonett 2008"))
    raise EffectError([f"standardiser: found {standardiser!r}, allowed SMCC, SMCR, SMCRH"])


def standardised_mean_change_from_sd_of_change(mean_change: Any, sd_change: Any, n: Any) -> EffectSize:
    """SMCC from a reported mean change and the SD of the change: needs no correlation."""
    args = Arguments(mean_change=mean_change, sd_change=sd_change, n=n)
    args.positive("sd_change")
    args.require("n", ~(args["n"] < 3), "3 or more")
    args.done()
    yi = np.asarray(hedges_correction(args["n"] - 1)) * args["mean_change"] / args["sd_change"]
    words = ("SMCC", "yi = J(n - 1) mean_change/sd_change, vi = 1/n + yi^2/(2 n)", "Gibbons et al. 1993")
    return _result(args, "SMCC", yi, 1 / args["n"] + yi**2 / (2 * args["n"]), None, words)


def _paired_difference(estimate: Any, se: Converted) -> EffectSize:
    if se.bound == "at least":
        raise EffectError(["p: found only a lower limit (p > x), allowed an exact p or p < x: nothing can be pooled"])
    args = Arguments(estimate=estimate, se=se.value)
    words = ("paired difference with its SE", "yi = difference, vi = se^2", "Handbook 5.1, 16.4.6.1")
    return _result(args, "MC", args["estimate"].copy(), args["se"] ** 2, None, words).after(se.step)


def paired_difference_from_se(estimate: Any, se: Any) -> EffectSize:
    """Paired difference with the standard error that a paired analysis reports."""
    args = Arguments(estimate=estimate, se=se)
    args.positive("se")
    args.done()
    words = ("paired difference with its SE", "yi = difference, vi = se^2", "Handbook 5.1, 16.4.6.1")
    return _result(args, "MC", args["estimate"].copy(), args["se"] ** 2, None, words)


def paired_difference_from_interval(
    estimate: Any, ci_low: Any, ci_high: Any, n: Any, *, level: Any = 0.95
) -> EffectSize:
    """Paired difference with the SE from the interval of a paired analysis (t, n - 1 df)."""
    args = Arguments(estimate=estimate, ci_low=ci_low, ci_high=ci_high, n=n)
    args.require("n", ~(args["n"] < 2), "2 or more")
    inside = (args["ci_low"] <= args["estimate"]) & (args["estimate"] <= args["ci_high"])
    args.require("estimate", inside, "between ci_low and ci_high", "the interval does not contain its estimate")
    args.done()
    se = se_from_interval(ci_low, ci_high, level=level, df=args.out(args["n"] - 1))
    return _paired_difference(estimate, se).after(*asymmetry(estimate, ci_low, ci_high))


def paired_difference_from_p(estimate: Any, p: Any, n: Any, *, relation: str = "=") -> EffectSize:
    """Paired difference with the SE from the two-sided p value of a paired t test (n - 1 df)."""
    args = Arguments(n=n)
    args.require("n", ~(args["n"] < 2), "2 or more")
    args.done()
    return _paired_difference(estimate, se_from_p(estimate, p, df=args.out(args["n"] - 1), relation=relation))


def _smd_between(
    args: Arguments, d: Floats, r: Correlation, variance: str, correct: bool, words: tuple[str, str]
) -> EffectSize:
    """Finish a paired SMD on the between-person SD: correction, variance, step."""
    if variance not in PAIRED_SMD_VARIANCES:
        raise EffectError([f"variance: found {variance!r}, allowed {', '.join(PAIRED_SMD_VARIANCES)}"])
    if r.value >= 1:
        raise EffectError(["correlation: found 1, allowed less than 1: the paired differences would have no spread"])
    n = args["n"]
    j = np.asarray(hedges_correction(n - 1)) if correct else 1.0
    d = d * j
    base = 2 * (1 - r.value)
    vi = base * (1 / n + d**2 / (2 * n)) if variance == "handbook" else base / n + d**2 / (2 * n)
    formula = f"yi = {words[1]}{' times J(n - 1)' if correct else ''}, vi = {PAIRED_SMD_VARIANCES[variance]}"
    source = "Elbourne et al. 2002, Int J Epidemiol 31:140-149"
    return _result(args, "SMDP", d, vi, r, (words[0], formula, source), variance)


def paired_smd(
    mean_1: Any,
    sd_1: Any,
    mean_2: Any,
    sd_2: Any,
    n: Any,
    correlation: Correlation | float,
    *,
    variance: str = "handbook",
    correct: bool = False,
) -> EffectSize:
    """Standardised difference of a crossover trial on the SD between people, comparable with parallel trials.

    Parameters
    ----------
    mean_1, sd_1, mean_2, sd_2, n, correlation
        As `mean_change`.
    variance : {"handbook", "becker"}
        Variance formula; see `PAIRED_SMD_VARIANCES`.
    correct : bool
        Whether to apply Hedges' factor with n - 1 degrees of freedom; the Handbook does not.

    Notes
    -----
    The Handbook's variance multiplies both terms by 2 (1 - r) and is too small when the effect is large, the
    correlation high and n small; ``becker`` does not shrink the second term. They agree at r = 0.5.

    References
    ----------
    Elbourne DR, Altman DG, Higgins JPT, Curtin F, Worthington HV, Vail A (2002). Int J Epidemiol 31:140-149.
    Becker BJ (1988). Br J Math Stat Psychol 41:257-278.
    """
    args, r = _paired_arguments(mean_1, sd_1, mean_2, sd_2, n), as_correlation(correlation)
    d = (args["mean_1"] - args["mean_2"]) / np.sqrt((args["sd_1"] ** 2 + args["sd_2"] ** 2) / 2)
    words = ("paired SMD", "d = (mean_1 - mean_2)/sqrt((sd_1^2 + sd_2^2)/2)")
    return _smd_between(args, d, r, variance, correct, words)


def paired_smd_from_t(
    t: Any, n: Any, correlation: Correlation | float, *, variance: str = "handbook", correct: bool = False
) -> EffectSize:
    """Paired SMD from the t of a paired test: d_z = t/sqrt(n), d = d_z sqrt(2 (1 - r)).

    Parameters
    ----------
    t : float or array
        t statistic with its sign, 1 minus 2.
    n : float or array
        People measured under both conditions, 2 or more.
    correlation, variance, correct
        As `paired_smd`. The SDs of the two conditions are taken as equal.

    References
    ----------
    Dunlap WP, Cortina JM, Vaslow JB, Burke MJ (1996). Psychol Methods 1:170-177, eq. 3.
    """
    args, r = Arguments(t=t, n=n), as_correlation(correlation)
    args.require("n", ~(args["n"] < 2), "2 or more")
    args.done()
    d = args["t"] / np.sqrt(args["n"]) * math.sqrt(2 * (1 - r.value))
    return _smd_between(
        args, d, r, variance, correct, ("paired SMD from t", "d = d_z sqrt(2 (1 - r)), d_z = t/sqrt(n)")
    )


def paired_smd_from_p(
    p: Any,
    n: Any,
    correlation: Correlation | float,
    *,
    sign: int,
    relation: str = "=",
    variance: str = "handbook",
    correct: bool = False,
) -> EffectSize:
    """Paired SMD from the two-sided p value of a paired t test (n - 1 degrees of freedom) and its direction.

    Parameters
    ----------
    p : float or array
        Two-sided p value.
    sign : {1, -1}
        Direction of the difference, 1 minus 2.
    relation : {"=", "<", "<="}
        With an inequality the result is the smallest effect that fits.
    n, correlation, variance, correct
        As `paired_smd_from_t`.
    """
    if sign not in (1, -1):
        raise EffectError([f"sign: found {sign!r}, allowed 1 or -1 (the direction that the source reports)"])
    args = Arguments(n=n)
    args.require("n", ~(args["n"] < 2), "2 or more")
    args.done()
    t = t_from_p_value(p, df=args.out(args["n"] - 1), relation=relation)
    if t.bound == "at most":
        raise EffectError(["p: found only a lower limit (p > x), allowed an exact p or p < x"])
    effect = paired_smd_from_t(sign * t.value, n, correlation, variance=variance, correct=correct)
    return effect.after(t.step)


def paired_smd_from_p_rounding(
    printed: str | float, n: float, correlation: Correlation | float, *, sign: int, **options: Any
) -> tuple[EffectSize, EffectSize, EffectSize]:
    """Paired SMD at the printed p and at both ends of the p values that print so.

    Parameters
    ----------
    printed : str or float
        p as printed; text keeps final zeros.
    n, correlation, sign
        As `paired_smd_from_p`; `options` go there too.

    Returns
    -------
    tuple of EffectSize
        (as printed, largest effect, smallest effect): from p itself, the low and the high end of its
        interval. An end at p = 0 or p = 1 is taken just inside.
    """
    low, high = p_interval(printed)
    ends = (float(printed), max(low, 1e-12), min(high, 1 - 1e-12))
    as_printed, largest, smallest = (paired_smd_from_p(p, n, correlation, sign=sign, **options) for p in ends)
    return as_printed, largest, smallest
