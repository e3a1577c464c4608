"""From what a source prints (SE, interval, p, t, F) to what pooling needs; each result carries its step.

All functions take floats or arrays of one shape, and return a `Converted` (value, step, bound).
Formulas with their sources and worked numbers: docs/effects.md.
"""

import math
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from evisynth.effects._numbers import Arguments, p_from_t, t_from_p, t_quantile
from evisynth.effects.types import Converted, EffectError, Number, Step

__all__ = [
    "PInterval",
    "p_interval",
    "p_value_from_t",
    "sd_from_interval",
    "sd_from_se",
    "sd_from_se_of_difference",
    "se_from_interval",
    "se_from_p",
    "se_from_sd",
    "se_from_t",
    "t_from_f",
    "t_from_p_value",
]

_HANDBOOK_SD = "Handbook 5.1, 7.7.3.2"
_HANDBOOK_DIFFERENCE = "Handbook 5.1, 7.7.3.3"


def converted(args: Arguments, value: Any, name: str, formula: str, source: str, **more: Any) -> Converted:
    """Wrap a result: `more` may hold symbol, assumption, bound, and inputs to add."""
    out = args.out(value)
    step = Step(
        name=name,
        formula=formula,
        inputs=args.inputs() | more.get("inputs", {}),
        output={more.get("symbol", "value"): out},
        assumption=more.get("assumption"),
        source=source,
    )
    return Converted(out, step, more.get("bound", "exact"))


def sd_from_se(se: Any, n: Any) -> Converted:
    """Compute the SD of one group from the standard error of its mean."""
    args = Arguments(se=se, n=n)
    args.positive("se", "n")
    args.done()
    return converted(args, args["se"] * np.sqrt(args["n"]), "SD from SE", "sd = se sqrt(n)", _HANDBOOK_SD, symbol="sd")


def se_from_sd(sd: Any, n: Any) -> Converted:
    """Compute the standard error of a mean from the standard deviation of its group."""
    args = Arguments(sd=sd, n=n)
    args.positive("sd", "n")
    args.done()
    return converted(args, args["sd"] / np.sqrt(args["n"]), "SE from SD", "se = sd/sqrt(n)", _HANDBOOK_SD, symbol="se")


def _quantile_words(df: Any) -> str:
    return "z" if np.all(np.isinf(df)) else "t"


def se_from_interval(ci_low: Any, ci_high: Any, *, level: Any = 0.95, df: Any = math.inf) -> Converted:
    """Compute the standard error from a symmetric confidence interval.

    Parameters
    ----------
    ci_low, ci_high : float or array
        Limits, on the scale on which the interval is symmetric (logarithms for a ratio).
    level : float or array
        Confidence level, 0 to 1.
    df : float or array
        Degrees of freedom: n - 1 for one group, n_1 + n_2 - 2 for a difference of means; infinite for the
        normal distribution.

    Raises
    ------
    EffectError
        If the limits are not in order, or the level is not between 0 and 1.
    """
    args = Arguments(ci_low=ci_low, ci_high=ci_high, level=level)
    degrees = _degrees(args, df)
    args.require("ci_low", ~(args["ci_low"] >= args["ci_high"]), "less than ci_high")
    args.require("level", (args["level"] > 0) & (args["level"] < 1), "between 0 and 1, e.g. 0.95")
    args.done()
    se = (args["ci_high"] - args["ci_low"]) / (2 * t_quantile(args["level"], degrees))
    q = _quantile_words(df)
    return converted(
        args,
        se,
        "SE from a confidence interval",
        f"se = (ci_high - ci_low)/(2 {q}), {q} the two-sided quantile at level" + (" with df" if q == "t" else ""),
        _HANDBOOK_DIFFERENCE,
        symbol="se",
        inputs={} if q == "z" else {"df": args.out(np.broadcast_to(degrees, se.shape))},
    )


def _degrees(args: Arguments, df: Any) -> Any:
    """Degrees of freedom, which unlike other arguments may be infinite."""
    degrees = np.asarray(df, dtype=float)
    if np.any(np.isnan(degrees) | (degrees <= 0)):
        args.problems.append("df: found a value that is missing or not positive, allowed more than 0 (or infinite)")
        degrees = np.where(degrees > 0, degrees, 1.0)
    if degrees.ndim:
        args.scalar = False
    return degrees


def sd_from_interval(ci_low: Any, ci_high: Any, n: Any, *, level: Any = 0.95, distribution: str = "t") -> Converted:
    """Compute the SD of one group from the confidence interval of its mean.

    Parameters
    ----------
    ci_low, ci_high, n : float or array
        Limits of the interval of the mean and people in the group.
    level : float or array
        Confidence level, 0 to 1.
    distribution : {"t", "normal"}
        Which quantile the source used; t with n - 1 degrees of freedom is exact for a mean, the Handbook
        allows the normal one from about 60 people on.
    """
    if distribution not in ("t", "normal"):
        raise EffectError([f"distribution: found {distribution!r}, allowed t, normal"])
    args = Arguments(ci_low=ci_low, ci_high=ci_high, n=n, level=level)
    args.require("n", ~(args["n"] < 2), "2 or more")
    args.done()
    df = args["n"] - 1 if distribution == "t" else math.inf
    se = np.asarray(se_from_interval(args["ci_low"], args["ci_high"], level=args["level"], df=df).value)
    q = "t" if distribution == "t" else "z"
    formula = f"sd = sqrt(n) (ci_high - ci_low)/(2 {q})" + (", df = n - 1" if q == "t" else "")
    return converted(
        args, se * np.sqrt(args["n"]), "SD from the interval of a mean", formula, _HANDBOOK_SD, symbol="sd"
    )


def sd_from_se_of_difference(se: Any, n_1: Any, n_2: Any) -> Converted:
    """Compute the SD, taken as equal in both arms, from the SE of a difference of two means."""
    args = Arguments(se=se, n_1=n_1, n_2=n_2)
    args.positive("se", "n_1", "n_2")
    args.done()
    return converted(
        args,
        args["se"] / np.sqrt(1 / args["n_1"] + 1 / args["n_2"]),
        "SD from the SE of a difference",
        "sd = se/sqrt(1/n_1 + 1/n_2)",
        _HANDBOOK_DIFFERENCE,
        symbol="sd",
        assumption="the same standard deviation in both arms",
    )


_RELATIONS = {"=": "exact", "<": "at most", "<=": "at most", ">": "at least", ">=": "at least"}


def t_from_p_value(p: Any, *, df: Any = math.inf, relation: str = "=") -> Converted:
    """Absolute t (z with infinite df) from a two-sided p value.

    Parameters
    ----------
    p : float or array
        Two-sided p value, more than 0 and less than 1.
    df : float or array
        Degrees of freedom, infinite for z.
    relation : {"=", "<", "<=", ">", ">="}
        How the source prints p. An inequality gives a bound: p < 0.05 says that |t| is at least t(0.05), and
        the result's ``bound`` says so.
    """
    if relation not in _RELATIONS:
        raise EffectError([f"relation of p: found {relation!r}, allowed {', '.join(_RELATIONS)}"])
    args = Arguments(p=p)
    degrees = _degrees(args, df)
    args.require("p", (args["p"] > 0) & (args["p"] < 1), "more than 0 and less than 1")
    args.done()
    t = t_from_p(args["p"], degrees)
    bound = {"exact": "exact", "at most": "at least", "at least": "at most"}[_RELATIONS[relation]]
    formula = (
        "|t| = quantile of t with df at 1 - p/2" if _quantile_words(df) == "t" else "|z| = normal quantile at 1 - p/2"
    )
    return converted(
        args,
        t,
        "t from p",
        formula,
        _HANDBOOK_DIFFERENCE,
        symbol="t",
        inputs={"df": args.out(np.broadcast_to(degrees, t.shape))},
        bound=bound,
        assumption=None
        if bound == "exact"
        else f"p {relation} {_first(p):g} taken as p = {_first(p):g}: |t| is {bound} this",
    )


def _first(p: Any) -> float:
    return float(np.asarray(p, dtype=float).reshape(-1)[0])


def se_from_p(estimate: Any, p: Any, *, df: Any = math.inf, relation: str = "=") -> Converted:
    """Compute the standard error from an estimate and its two-sided p value.

    Parameters
    ----------
    estimate : float or array
        Estimate on the scale on which it was tested (logarithm for a ratio); not 0.
    p, df, relation
        As `t_from_p_value`.

    Returns
    -------
    Converted
        With p < x the value is the largest standard error that fits (``bound`` "at most"): using it is
        conservative. With p > x it is the smallest (``bound`` "at least"): it must not be pooled, since the
        real one may be any larger value; the Handbook calls such a result unusable.
    """
    t = t_from_p_value(p, df=df, relation=relation)
    args = Arguments(estimate=estimate, p=p)
    args.require("estimate", args["estimate"] != 0, "not 0", "a difference of 0 has p = 1 whatever its error")
    args.done()
    if np.ndim(t.value):
        args.scalar = False
    se = np.abs(args["estimate"]) / np.asarray(t.value)
    bound = _RELATIONS[relation]
    limit = f"p {relation} {_first(p):g} taken as p = {_first(p):g}"
    words = {
        "exact": None,
        "at most": f"{limit}: the standard error is at most this",
        "at least": f"{limit}: the standard error is at least this",
    }
    return converted(
        args,
        se,
        "SE from p",
        "se = |estimate|/|t|, t the two-sided quantile of p with df",
        _HANDBOOK_DIFFERENCE,
        symbol="se",
        inputs={"df": t.step.inputs["df"], "t": t.value},
        assumption=words[bound],
        bound=bound,
    )


def se_from_t(estimate: Any, t: Any) -> Converted:
    """Compute the standard error from an estimate and its t (or z) statistic, of one sign and not 0."""
    args = Arguments(estimate=estimate, t=t)
    args.require("t", args["t"] != 0, "not 0", "an estimate with t = 0 says nothing about its error")
    args.require("t", args["t"] * args["estimate"] >= 0, "the sign of the estimate")
    args.require("estimate", args["estimate"] != 0, "not 0")
    args.done()
    return converted(
        args, args["estimate"] / args["t"], "SE from t", "se = estimate/t", _HANDBOOK_DIFFERENCE, symbol="se"
    )


def t_from_f(f: Any, sign: int = 1) -> Converted:
    """Return t from an F statistic with one numerator degree of freedom; `sign` (1 or -1) its direction."""
    if sign not in (1, -1):
        raise EffectError([f"sign: found {sign!r}, allowed 1 or -1 (the direction that the source reports)"])
    args = Arguments(f=f)
    args.not_negative("f")
    args.done()
    formula = "t = sqrt(F) with the reported direction; F with 1 numerator degree of freedom"
    source = "t^2 with df degrees of freedom is F(1, df)"
    return converted(args, sign * np.sqrt(args["f"]), "t from F", formula, source, symbol="t")


def p_value_from_t(t: Number, df: Any = math.inf) -> Number:
    """Two-sided p value of a t (z with infinite df): the way back of `t_from_p_value`."""
    p = p_from_t(t, df)
    return float(p) if np.ndim(p) == 0 else p


class PInterval(tuple[float, float]):
    """The p values that are printed as a rounded one: (low, high), low included, high not."""

    __slots__ = ()

    @property
    def low(self) -> float:
        """Smallest p value that rounds so."""
        return self[0]

    @property
    def high(self) -> float:
        """Where the next printed value begins."""
        return self[1]


def p_interval(printed: str | float) -> PInterval:
    """Range of p values that a printed p stands for: ``0.3`` is 0.25 to 0.35, ``0.016`` 0.0155 to 0.0165.

    Parameters
    ----------
    printed : str or float
        As printed. Text keeps final zeros: ``"0.30"`` is 0.295 to 0.305, which the number 0.3 cannot say.

    Returns
    -------
    PInterval
        low (included) and high (not included), within 0 to 1.

    Raises
    ------
    EffectError
        If it is no number from 0 to 1, or has no decimals.
    """
    text = str(printed).strip()
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise EffectError(
            [f"p: found {text!r}, allowed a number from 0 to 1; give an inequality by its relation"]
        ) from None
    if not value.is_finite() or not 0 <= value <= 1:
        raise EffectError([f"p: found {text!r}, allowed a number from 0 to 1"])
    half = Decimal(5).scaleb(int(value.as_tuple().exponent) - 1)
    if half >= Decimal("0.5"):
        raise EffectError(
            [f"p: found {text!r}, allowed a number with decimals; it says nothing when rounded to whole ones"]
        )
    return PInterval((float(max(value - half, Decimal(0))), float(min(value + half, Decimal(1)))))
