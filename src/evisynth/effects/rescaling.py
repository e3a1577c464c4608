"""Moving figures between scales, times and groups: change scores, scales, arms put together, odds.

All functions take floats or arrays of one shape and return `Converted` or a small frozen dataclass with its
step.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from evisynth.effects._numbers import Arguments
from evisynth.effects.conversions import converted
from evisynth.effects.types import Converted, Correlation, EffectError, EffectSize, Number, Step

__all__ = [
    "AbsoluteEffect",
    "Arm",
    "absolute_effect",
    "change_sd",
    "combine_arms",
    "correlation_from_sds",
    "log_odds_ratio_from_smd",
    "odds_from_risk",
    "rescale",
    "reverse_scale",
    "risk_from_odds",
    "smd_from_log_odds_ratio",
]

_CHANGES = "Handbook 5.1, 16.1.3.2"
_LOGISTIC = math.pi / math.sqrt(3)


@dataclass(frozen=True)
class Arm:
    """People, mean and standard deviation of one arm, with the step that made them."""

    n: Number
    mean: Number
    sd: Number
    step: Step


def change_sd(sd_baseline: Any, sd_final: Any, correlation: Any) -> Converted:
    """Compute the SD of the change from those at baseline and end, and the correlation of the two."""
    args = Arguments(sd_baseline=sd_baseline, sd_final=sd_final, correlation=correlation)
    args.positive("sd_baseline", "sd_final")
    args.correlation("correlation")
    args.done()
    b, f, r = args["sd_baseline"], args["sd_final"], args["correlation"]
    # (b - f)^2 + 2 (1 - r) b f does not cancel when r is near 1
    value = np.sqrt((b - f) ** 2 + 2 * (1 - r) * b * f)
    formula = "sd_change = sqrt(sd_b^2 + sd_f^2 - 2 r sd_b sd_f)"
    return converted(args, value, "SD of the change", formula, _CHANGES, symbol="sd_change")


def correlation_from_sds(sd_baseline: float, sd_final: float, sd_change: float) -> Correlation:
    """Correlation of two paired measurements from their standard deviations and that of their difference.

    Raises
    ------
    EffectError
        If the three cannot belong together (the correlation would not lie between -1 and 1).
    """
    args = Arguments(sd_baseline=sd_baseline, sd_final=sd_final, sd_change=sd_change)
    args.positive("sd_baseline", "sd_final", "sd_change")
    args.done()
    r = (sd_baseline**2 + sd_final**2 - sd_change**2) / (2 * sd_baseline * sd_final)
    if abs(r) > 1 + 1e-12:
        low, high = abs(sd_baseline - sd_final), sd_baseline + sd_final
        found = f"sd_change: found {sd_change:g}, allowed {low:g} to {high:g} with these two standard deviations"
        raise EffectError([f"{found}: they give a correlation of {r:.3f}. Is one of them a standard error?"])
    r = min(1.0, max(-1.0, r))
    formula = "r = (sd_b^2 + sd_f^2 - sd_change^2)/(2 sd_b sd_f)"
    step = Step("correlation from three SDs", formula, args.inputs(), {"correlation": r}, None, _CHANGES)
    return Correlation(r, "derived", (step,))


def reverse_scale(mean: Any, scale_min: Any, scale_max: Any) -> Converted:
    """Mean on the scale turned round, min + max - mean; the standard deviation stays as it is."""
    args = Arguments(mean=mean, scale_min=scale_min, scale_max=scale_max)
    args.require("scale_min", args["scale_min"] < args["scale_max"], "less than scale_max")
    args.done()
    value = args["scale_min"] + args["scale_max"] - args["mean"]
    formula = "mean' = scale_min + scale_max - mean; a difference or a change only turns its sign"
    return converted(args, value, "scale turned round", formula, "Handbook 5.1, 9.2.3.2", symbol="mean")


def rescale(
    value: Any, from_min: Any, from_max: Any, to_min: Any, to_max: Any, *, difference: bool = False
) -> Converted:
    """Move a mean (or, with ``difference=True``, a difference, SD or SE) from one scale range to another.

    Raises
    ------
    EffectError
        If a range has no width, or runs backwards (use `reverse_scale` to turn a scale round).
    """
    args = Arguments(value=value, from_min=from_min, from_max=from_max, to_min=to_min, to_max=to_max)
    args.require("from_min", args["from_min"] < args["from_max"], "less than from_max")
    args.require("to_min", args["to_min"] < args["to_max"], "less than to_max")
    args.done()
    factor = (args["to_max"] - args["to_min"]) / (args["from_max"] - args["from_min"])
    out = args["value"] * factor
    formula = "value' = value factor, factor = (to_max - to_min)/(from_max - from_min)"
    if not difference:
        out = args["to_min"] + (args["value"] - args["from_min"]) * factor
        formula = "value' = to_min + (value - from_min) factor, factor = (to_max - to_min)/(from_max - from_min)"
    assumption = "the two scales measure the same thing, point for point"
    return converted(args, out, "rescaled", formula, "linear change of unit", assumption=assumption)


def combine_arms(n_1: Any, mean_1: Any, sd_1: Any, n_2: Any, mean_2: Any, sd_2: Any) -> Arm:
    """Two arms as if they had been one: exact n, mean and standard deviation of all people together."""
    args = Arguments(n_1=n_1, mean_1=mean_1, sd_1=sd_1, n_2=n_2, mean_2=mean_2, sd_2=sd_2)
    args.positive("n_1", "n_2")
    args.not_negative("sd_1", "sd_2")
    args.require("n_1", args["n_1"] + args["n_2"] > 1, "more than 1 together with n_2")
    args.done()
    n1, n2, m1, m2 = args["n_1"], args["n_2"], args["mean_1"], args["mean_2"]
    n = n1 + n2
    within = (n1 - 1) * args["sd_1"] ** 2 + (n2 - 1) * args["sd_2"] ** 2
    sd = args.out(np.sqrt((within + n1 * n2 / n * (m1 - m2) ** 2) / (n - 1)))
    total, mean = args.out(n), args.out((n1 * m1 + n2 * m2) / n)
    formula = (
        "n = n_1 + n_2, mean = (n_1 mean_1 + n_2 mean_2)/n, "
        "sd^2 = ((n_1 - 1) sd_1^2 + (n_2 - 1) sd_2^2 + n_1 n_2 (mean_1 - mean_2)^2/n)/(n - 1)"
    )
    output = {"n": total, "mean": mean, "sd": sd}
    return Arm(
        total,
        mean,
        sd,
        Step("two arms combined", formula, args.inputs(), output, None, "Handbook 5.1, 7.7.3.8"),
    )


def odds_from_risk(risk: Any) -> Converted:
    """Odds of a risk (0 to less than 1)."""
    args = Arguments(risk=risk)
    args.require("risk", (args["risk"] >= 0) & (args["risk"] < 1), "0 to less than 1")
    args.done()
    return converted(
        args, args["risk"] / (1 - args["risk"]), "odds", "odds = risk/(1 - risk)", "definition", symbol="odds"
    )


def risk_from_odds(odds: Any) -> Converted:
    """Risk of odds (0 or more)."""
    args = Arguments(odds=odds)
    args.not_negative("odds")
    args.done()
    return converted(
        args, args["odds"] / (1 + args["odds"]), "risk", "risk = odds/(1 + odds)", "definition", symbol="risk"
    )


@dataclass(frozen=True)
class AbsoluteEffect:
    """What a ratio means at a stated risk without treatment.

    Attributes
    ----------
    baseline_risk, risk : float or array
        Risk without and with treatment, 0 to 1.
    difference_per_1000 : float or array
        Events per 1,000 people more (positive) or fewer (negative) with treatment.
    number_needed : float or array
        People to treat for one event less or more, not rounded; infinite without a difference.
    step : Step
        How it was made.
    """

    baseline_risk: Number
    risk: Number
    difference_per_1000: Number
    number_needed: Number
    step: Step


def absolute_effect(measure: str, ratio: Any, baseline_risk: Any) -> AbsoluteEffect:
    """Risk with treatment from a risk or odds ratio and the risk without.

    Parameters
    ----------
    measure : {"RR", "OR"}
        What the ratio is.
    ratio : float or array
        The ratio itself, not its logarithm; more than 0.
    baseline_risk : float or array
        Risk without treatment, more than 0 and less than 1.
    """
    if measure not in ("RR", "OR"):
        raise EffectError([f"measure: found {measure!r}, allowed RR, OR"])
    args = Arguments(ratio=ratio, baseline_risk=baseline_risk)
    args.positive("ratio")
    args.require("baseline_risk", (args["baseline_risk"] > 0) & (args["baseline_risk"] < 1), "between 0 and 1")
    args.done()
    p, ratio_ = args["baseline_risk"], args["ratio"]
    risk = p * ratio_ if measure == "RR" else p * ratio_ / (1 - p + p * ratio_)
    if np.any(risk > 1):
        raise EffectError(["the risk ratio gives a risk above 1 at this baseline risk: use the odds ratio"])
    with np.errstate(divide="ignore"):
        needed = 1 / np.abs(risk - p)
    formula = "risk = RR p" if measure == "RR" else "risk = OR p/(1 - p + OR p)"
    output = {
        "risk": args.out(risk),
        "difference_per_1000": args.out(1000 * (risk - p)),
        "number_needed": args.out(needed),
    }
    step = Step(
        "absolute effect",
        f"{formula}; difference 1000 (risk - p)",
        args.inputs(),
        output,
        None,
        "Handbook 5.1, 12.5.4",
    )
    return AbsoluteEffect(args.out(p), *output.values(), step)


def log_odds_ratio_from_smd(yi: Any, vi: Any) -> EffectSize:
    """Log odds ratio from a standardised mean difference, if the outcome behind both is logistic.

    References
    ----------
    Hasselblad V, Hedges LV (1995). Psychol Bull 117:167-178. Chinn S (2000). Stat Med 19:3127-3131.
    """
    return _logistic(yi, vi, "OR", _LOGISTIC, "ln(OR) = d pi/sqrt(3), variance times pi^2/3")


def smd_from_log_odds_ratio(yi: Any, vi: Any) -> EffectSize:
    """Standardised mean difference from a log odds ratio: the way back of `log_odds_ratio_from_smd`."""
    return _logistic(yi, vi, "SMD", 1 / _LOGISTIC, "d = ln(OR) sqrt(3)/pi, variance times 3/pi^2")


def _logistic(yi: Any, vi: Any, measure: str, factor: float, formula: str) -> EffectSize:
    args = Arguments(yi=yi, vi=vi)
    args.positive("vi")
    args.done()
    output = {"yi": args.out(args["yi"] * factor), "vi": args.out(args["vi"] * factor**2)}
    assumption = "a logistic outcome with the same spread in both arms behind the two categories"
    source = "Hasselblad and Hedges 1995; Chinn 2000"
    step = Step(f"to {measure}", formula, args.inputs(), output, assumption, source)
    return EffectSize(output["yi"], output["vi"], measure, (step,))
