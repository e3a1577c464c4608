"""Effects of two independent arms from events: counts, rates, hazards.

1 is the intervention, 2 the comparison, every effect is 1 against 2. The effects of means, from
`two_arm_means`, are at hand here too.

All functions take floats (one study) or arrays of shape (k,) (k studies), and return an `EffectSize` of the
same shape on the analysis scale. Formulas with their sources: docs/effects.md.
"""

from typing import Any

import numpy as np

from evisynth.effects._numbers import Arguments, Floats, finish
from evisynth.effects.contrasts import ratio_from_interval
from evisynth.effects.two_arm_means import (
    SMD_VARIANCES,
    mean_difference,
    ratio_of_means,
    smd,
    smd_from_d,
    smd_unequal_variances,
)
from evisynth.effects.types import EffectSize, Number
from evisynth.effects.zero_cells import ZERO_CELL_RULES, check_rules, correct_counts, correct_rates

__all__ = [
    "SMD_VARIANCES",
    "arcsine_difference",
    "hazard_ratio_from_interval",
    "hazard_ratio_from_logrank",
    "mean_difference",
    "odds_ratio",
    "peto_odds_ratio",
    "rate_difference",
    "rate_ratio",
    "ratio_of_means",
    "risk_difference",
    "risk_ratio",
    "smd",
    "smd_from_d",
    "smd_unequal_variances",
]

_FLEISS = "Fleiss and Berlin 2009, Handbook of Research Synthesis, ch. 13"
_CELLS = "a, b events and others in arm 1; c, d in arm 2"


def _binary_arguments(events_1: Any, n_1: Any, events_2: Any, n_2: Any) -> Arguments:
    args = Arguments(events_1=events_1, n_1=n_1, events_2=events_2, n_2=n_2)
    args.counts("events_1", "n_1", "events_2", "n_2")
    args.positive("n_1", "n_2")
    for arm in "12":
        args.require(f"events_{arm}", ~(args[f"events_{arm}"] > args[f"n_{arm}"]), f"at most n_{arm}", "events > n")
    args.done()
    return args


def _binary(
    measure: str,
    counts: tuple[Any, Any, Any, Any],
    rules: tuple[str, str],
    formula: str,
    source: str,
    *,
    ratio: bool = True,
    to_cells: bool = True,
) -> EffectSize:
    check_rules(*rules)
    args = _binary_arguments(*counts)
    plain = tuple(args[k] for k in ("events_1", "n_1", "events_2", "n_2"))
    cells, added, left_out = correct_counts(*plain, *rules, ratio=ratio, to_cells=to_cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = _BINARY[measure](*cells)
    rule = rules[0] if to_cells and rules[0] != "none" else "study"
    step = {
        "name": f"{measure} from the 2x2 table",
        "formula": f"{formula}; {_CELLS}",
        "assumption": f"zero cells: {ZERO_CELL_RULES[rule]}" if np.any(added) else None,
        "source": source,
    }
    return finish(args, measure, yi, vi, left_out, step)


def _log_or(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    return np.log(a) - np.log(b) - np.log(c) + np.log(d), 1 / a + 1 / b + 1 / c + 1 / d


def _log_rr(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    # 1/a - 1/(a + b) written so that it does not cancel when nearly everybody has the event
    yi = np.log(a) - np.log(a + b) - np.log(c) + np.log(c + d)
    return yi, b / (a * (a + b)) + d / (c * (c + d))


def _rd(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    n1, n2 = a + b, c + d
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3


def _peto(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    n1, n2, m1, m2 = a + b, c + d, a + c, b + d
    n = n1 + n2
    v = n1 * n2 * m1 * m2 / (n**2 * (n - 1))
    # O - E = a - n1 m1/N as one fraction: the difference of two near-equal numbers would lose digits
    return (a * d - b * c) / n / v, 1 / v


def _arcsine(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    n1, n2 = a + b, c + d
    return np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n2)), 1 / (4 * n1) + 1 / (4 * n2)


_BINARY = {"OR": _log_or, "RR": _log_rr, "RD": _rd, "PETO": _peto, "AS": _arcsine}


def odds_ratio(
    events_1: Any, n_1: Any, events_2: Any, n_2: Any, *, zero_cells: str = "study", double_zero: str = "drop"
) -> EffectSize:
    """Log odds ratio.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : float or array of shape (k,)
        Events and people in arm 1 and arm 2; whole numbers, events at most n, n at least 1.
    zero_cells : {"study", "treatment-arm", "none"}
        What is added where a cell is 0; see `ZERO_CELL_RULES`.
    double_zero : {"drop", "keep"}
        What happens to a study without events, or without non-events, in both arms; see `DOUBLE_ZERO_RULES`.

    Returns
    -------
    EffectSize
        yi log odds ratio. Of several studies, those that carry no information have NaN and their reason in
        ``left_out``.

    Raises
    ------
    EffectError
        If the counts are impossible, with every problem.
    NoEffectError
        If a single study carries no information.

    References
    ----------
    Woolf B (1955). Ann Hum Genet 19:251-253. Fleiss and Berlin (2009).
    """
    counts, rules = (events_1, n_1, events_2, n_2), (zero_cells, double_zero)
    return _binary("OR", counts, rules, "yi = ln(a d/(b c)), vi = 1/a + 1/b + 1/c + 1/d", f"Woolf 1955; {_FLEISS}")


def risk_ratio(
    events_1: Any, n_1: Any, events_2: Any, n_2: Any, *, zero_cells: str = "study", double_zero: str = "drop"
) -> EffectSize:
    """Log risk ratio; arguments, result and errors as `odds_ratio`.

    References
    ----------
    Katz D, Baptista J, Azen SP, Pike MC (1978). Biometrics 34:469-474.
    """
    counts, rules = (events_1, n_1, events_2, n_2), (zero_cells, double_zero)
    formula = "yi = ln((a/(a + b))/(c/(c + d))), vi = 1/a - 1/(a + b) + 1/c - 1/(c + d)"
    return _binary("RR", counts, rules, formula, f"Katz et al. 1978; {_FLEISS}")


def risk_difference(events_1: Any, n_1: Any, events_2: Any, n_2: Any, *, zero_cells: str = "study") -> EffectSize:
    """Risk difference, -1 to 1; arguments as `odds_ratio`.

    Notes
    -----
    Zero cells are corrected as for the ratios. A study without events in both arms is kept (a difference of 0
    is information), except with ``zero_cells="none"``, which leaves its variance at 0.
    """
    counts = (events_1, n_1, events_2, n_2)
    formula = "yi = a/(a + b) - c/(c + d), vi = a b/(a + b)^3 + c d/(c + d)^3"
    return _binary("RD", counts, (zero_cells, "drop"), formula, _FLEISS, ratio=False)


def peto_odds_ratio(events_1: Any, n_1: Any, events_2: Any, n_2: Any, *, double_zero: str = "drop") -> EffectSize:
    """Peto's one-step log odds ratio (O - E)/V with variance 1/V; no correction of zero cells.

    References
    ----------
    Yusuf S, Peto R, Lewis J, Collins R, Sleight P (1985). Prog Cardiovasc Dis 27:335-371, statistical
    appendix.
    """
    formula = "yi = (O - E)/V, vi = 1/V, E = n_1 m/N, V = n_1 n_2 m (N - m)/(N^2 (N - 1)), m all events, N all people"
    counts = (events_1, n_1, events_2, n_2)
    return _binary("PETO", counts, ("none", double_zero), formula, "Yusuf et al. 1985", to_cells=False)


def arcsine_difference(events_1: Any, n_1: Any, events_2: Any, n_2: Any) -> EffectSize:
    """Difference of arcsine square roots of the risks; finite with zero cells, so none is corrected.

    References
    ----------
    Rücker G, Schwarzer G, Carpenter J, Olkin I (2009). Why add anything to nothing? Stat Med 28:721-738.
    """
    formula = "yi = asin(sqrt(a/n_1)) - asin(sqrt(c/n_2)), vi = 1/(4 n_1) + 1/(4 n_2)"
    counts = (events_1, n_1, events_2, n_2)
    return _binary("AS", counts, ("none", "drop"), formula, "Rücker et al. 2009", ratio=False, to_cells=False)


def _rates(
    measure: str, events_1: Any, time_1: Any, events_2: Any, time_2: Any, rules: tuple[str, str], formula: str
) -> EffectSize:
    check_rules(*rules)
    args = Arguments(events_1=events_1, time_1=time_1, events_2=events_2, time_2=time_2)
    args.counts("events_1", "events_2")
    args.positive("time_1", "time_2")
    args.done()
    t1, t2 = args["time_1"], args["time_2"]
    ratio = measure == "IRR"
    (x1, x2), added, left_out = correct_rates(args["events_1"], t1, args["events_2"], t2, *rules, ratio=ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        if ratio:
            yi, vi = np.log(x1) - np.log(t1) - np.log(x2) + np.log(t2), 1 / x1 + 1 / x2
        else:
            yi, vi = x1 / t1 - x2 / t2, x1 / t1**2 + x2 / t2**2
    rule = rules[0] if rules[0] != "none" else "study"
    step = {
        "name": f"{measure} from events and person-time",
        "formula": formula,
        "assumption": f"zero counts: {ZERO_CELL_RULES[rule]}" if np.any(added) else None,
        "source": "Rothman, Greenland and Lash 2008, Modern Epidemiology, ch. 14",
    }
    return finish(args, measure, yi, vi, left_out, step)


def rate_ratio(
    events_1: Any,
    time_1: Any,
    events_2: Any,
    time_2: Any,
    *,
    zero_cells: str = "study",
    double_zero: str = "drop",
) -> EffectSize:
    """Log incidence rate ratio from events and person-time (more than 0, same unit in both arms).

    Rules for zero counts as `odds_ratio`; what is added goes to the events, never to the time.
    """
    formula = "yi = ln((x_1/t_1)/(x_2/t_2)), vi = 1/x_1 + 1/x_2"
    return _rates("IRR", events_1, time_1, events_2, time_2, (zero_cells, double_zero), formula)


def rate_difference(events_1: Any, time_1: Any, events_2: Any, time_2: Any, *, zero_cells: str = "study") -> EffectSize:
    """Incidence rate difference, per unit of the person-time given."""
    formula = "yi = x_1/t_1 - x_2/t_2, vi = x_1/t_1^2 + x_2/t_2^2"
    return _rates("IRD", events_1, time_1, events_2, time_2, (zero_cells, "drop"), formula)


def hazard_ratio_from_interval(hr: Any, ci_low: Any, ci_high: Any, level: Any = 0.95) -> EffectSize:
    """Log hazard ratio with the standard error from its confidence interval (normal on the log scale).

    Parameters
    ----------
    hr, ci_low, ci_high : float or array
        Hazard ratio and limits as printed (not logarithms), 0 < ci_low <= hr <= ci_high.
    level : float or array
        Confidence level, 0 to 1.

    References
    ----------
    Parmar MKB, Torri V, Stewart L (1998). Stat Med 17:2815-2834, eq. 7.
    """
    return ratio_from_interval("HR", hr, ci_low, ci_high, level=level)


def hazard_ratio_from_logrank(o_minus_e: Number, v: Number) -> EffectSize:
    """Log hazard ratio (O - E)/V with variance 1/V from the logrank figures of arm 1; V more than 0."""
    args = Arguments(o_minus_e=o_minus_e, v=v)
    args.positive("v")
    args.done()
    step = {
        "name": "log hazard ratio from logrank figures",
        "formula": "yi = (O - E)/V, vi = 1/V",
        "assumption": None,
        "source": "Yusuf et al. 1985; Handbook 5.1, 7.7.6",
    }
    return finish(args, "HR", args["o_minus_e"] / args["v"], 1 / args["v"], {}, step)
