"""Effects of a single group: proportions, means, rates, correlations.

All functions take floats (one study) or arrays of shape (k,), and return an `EffectSize` of the same shape.
Formulas with their sources: docs/effects.md.
"""

from typing import Any

import numpy as np

from evisynth.effects._numbers import Arguments, finish
from evisynth.effects.types import EffectError, EffectSize

__all__ = [
    "correlation",
    "fisher_z",
    "mean",
    "proportion",
    "proportion_freeman_tukey",
    "proportion_logit",
    "rate",
]

_RULES = ("study", "none")


def _counts(events: Any, n: Any, zero_cells: str) -> tuple[Arguments, Any, Any, str | None]:
    """Arguments, events and others after the rule for zeros, and the words of what was added."""
    if zero_cells not in _RULES:
        raise EffectError([f"zero_cells: found {zero_cells!r}, allowed for a single group {', '.join(_RULES)}"])
    args = Arguments(events=events, n=n)
    args.counts("events", "n")
    args.positive("n")
    args.require("events", ~(args["events"] > args["n"]), "at most n", "events > n")
    args.done()
    x, others = args["events"], args["n"] - args["events"]
    zero = ((x == 0) | (others == 0)) & (zero_cells == "study")
    words = "0.5 added to events and to non-events where one of them is 0" if np.any(zero) else None
    return args, x + 0.5 * zero, others + 0.5 * zero, words


def proportion(events: Any, n: Any, *, zero_cells: str = "study") -> EffectSize:
    """Raw proportion, 0 to 1.

    Parameters
    ----------
    events, n : float or array of shape (k,)
        Whole numbers, events at most n.
    zero_cells : {"study", "none"}
        Whether 0.5 is added to events and non-events where one of them is 0. With ``none`` such a study has
        variance 0 and is left out (a single one is an error).
    """
    args, x, y, added = _counts(events, n, zero_cells)
    total = x + y
    step = {
        "name": "proportion",
        "formula": "yi = p = x/n, vi = p (1 - p)/n",
        "assumption": added,
        "source": "binomial variance",
    }
    return finish(args, "PR", x / total, x * y / total**3, {}, step)


def proportion_logit(events: Any, n: Any, *, zero_cells: str = "study") -> EffectSize:
    """Logit of a proportion; arguments as `proportion`."""
    args, x, y, added = _counts(events, n, zero_cells)
    with np.errstate(divide="ignore"):
        yi, vi = np.log(x) - np.log(y), 1 / x + 1 / y
    step = {
        "name": "logit proportion",
        "formula": "yi = ln(x/(n - x)), vi = 1/x + 1/(n - x)",
        "assumption": added,
        "source": "Lipsey and Wilson 2001, Practical Meta-Analysis",
    }
    return finish(args, "PLO", yi, vi, {}, step)


def proportion_freeman_tukey(events: Any, n: Any) -> EffectSize:
    """Freeman-Tukey double arcsine of a proportion (half-sum form); finite at 0 and 1, so nothing is added.

    Notes
    -----
    Go back with `measures.freeman_tukey_inverse`. The result for a pooled value depends on the sample size
    put in (the harmonic mean by convention) and can mislead when sizes differ a lot (Schwarzer et al. 2019).

    References
    ----------
    Freeman MF, Tukey JW (1950). Ann Math Stat 21:607-611. Schwarzer G et al. (2019). Res Synth Methods
    10:476-483.
    """
    args, x, y, _ = _counts(events, n, "none")
    total = x + y
    yi = 0.5 * (np.arcsin(np.sqrt(x / (total + 1))) + np.arcsin(np.sqrt((x + 1) / (total + 1))))
    step = {
        "name": "Freeman-Tukey double arcsine",
        "formula": "yi = (asin(sqrt(x/(n + 1))) + asin(sqrt((x + 1)/(n + 1))))/2, vi = 1/(4 n + 2)",
        "assumption": None,
        "source": "Freeman and Tukey 1950",
    }
    return finish(args, "PFT", yi, 1 / (4 * total + 2), {}, step)


def mean(mean: Any, sd: Any, n: Any) -> EffectSize:
    """Mean of one group, in the outcome's units; SD more than 0, n 2 or more."""
    args = Arguments(mean=mean, sd=sd, n=n)
    args.positive("sd")
    args.require("n", ~(args["n"] < 2), "2 or more")
    args.done()
    step = {
        "name": "mean",
        "formula": "yi = mean, vi = sd^2/n",
        "assumption": None,
        "source": "variance of a mean",
    }
    return finish(args, "MN", args["mean"].copy(), args["sd"] ** 2 / args["n"], {}, step)


def rate(events: Any, time: Any, *, log: bool = True, zero_cells: str = "study") -> EffectSize:
    """Incidence rate per unit of person-time: its logarithm (``IRLN``) or, with ``log=False``, raw (``IR``).

    Parameters
    ----------
    events, time : float or array of shape (k,)
        Whole number of events; person-time, more than 0.
    log : bool
        Whether the logarithm is taken.
    zero_cells : {"study", "none"}
        Whether 0.5 is added to a count of 0.
    """
    if zero_cells not in _RULES:
        raise EffectError([f"zero_cells: found {zero_cells!r}, allowed for a single group {', '.join(_RULES)}"])
    args = Arguments(events=events, time=time)
    args.counts("events")
    args.positive("time")
    args.done()
    zero = (args["events"] == 0) & (zero_cells == "study")
    x, t = args["events"] + 0.5 * zero, args["time"]
    with np.errstate(divide="ignore"):
        yi, vi = (np.log(x) - np.log(t), 1 / x) if log else (x / t, x / t**2)
    step = {
        "name": "incidence rate",
        "formula": "yi = ln(x/t), vi = 1/x" if log else "yi = x/t, vi = x/t^2",
        "assumption": "0.5 added to a count of 0" if np.any(zero) else None,
        "source": "Rothman, Greenland and Lash 2008, Modern Epidemiology, ch. 14",
    }
    return finish(args, "IRLN" if log else "IR", yi, vi, {}, step)


def _correlation_arguments(r: Any, n: Any, least: int) -> Arguments:
    args = Arguments(r=r, n=n)
    args.require("r", np.abs(args["r"]) < 1, "more than -1 and less than 1", "a correlation of 1 has no variance")
    args.require("n", ~(args["n"] < least), f"{least} or more")
    args.done()
    return args


def correlation(r: Any, n: Any) -> EffectSize:
    """Raw correlation; |r| < 1, n 2 or more."""
    args = _correlation_arguments(r, n, 2)
    step = {
        "name": "correlation",
        "formula": "yi = r, vi = (1 - r^2)^2/(n - 1)",
        "assumption": None,
        "source": "Borenstein 2009, Handbook of Research Synthesis, eq. 12.27",
    }
    return finish(args, "COR", args["r"].copy(), (1 - args["r"] ** 2) ** 2 / (args["n"] - 1), {}, step)


def fisher_z(r: Any, n: Any) -> EffectSize:
    """Fisher's z of a correlation, atanh(r); |r| < 1, n 4 or more."""
    args = _correlation_arguments(r, n, 4)
    step = {
        "name": "Fisher's z",
        "formula": "yi = atanh(r), vi = 1/(n - 3)",
        "assumption": None,
        "source": "Fisher 1921, Metron 1:3-32",
    }
    return finish(args, "ZCOR", np.arctanh(args["r"]), 1 / (args["n"] - 3), {}, step)
