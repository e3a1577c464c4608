"""Imprecision: which thresholds an interval crosses, and whether there is information enough.

The count of thresholds follows GRADE guidance 34 and 35; the trigger for a large effect, the rule for very
little information and the flag for few events are conventions of this program and are named so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import norm

RULE = "imprecision, thresholds"
VERSION = "1"
LARGE_RATIO = (0.7, 1 / 0.7)
LARGE_SMD = 0.8
FEW_EVENTS = 100


@dataclass(frozen=True, slots=True)
class Imprecision:
    """Proposed rating for imprecision.

    Attributes
    ----------
    level : int
        Levels down, 0 to 3.
    crossed : tuple of float
        Thresholds strictly inside the interval.
    reason, flip : str
        Why, and what would change it.
    flags : tuple of str
        ``few events``; ``below the optimal information size``.
    """

    level: int
    crossed: tuple[float, ...]
    reason: str
    flip: str
    flags: tuple[str, ...] = ()


def null_value(measure: str) -> float:
    """Return the value of no effect on the natural scale: 1 for ratios, 0 for differences.

    Parameters
    ----------
    measure : str
        RR, OR, HR, IRR, ROM (ratios), or a difference (MD, SMD, RD).

    Returns
    -------
    float
        1.0 or 0.0.
    """
    return 1.0 if measure in ("RR", "OR", "HR", "IRR", "ROM") else 0.0


def thresholds_from_mid(mid: float, measure: str) -> tuple[float, float]:
    """Return the limits of the zone of unimportant effects, on the natural scale.

    Parameters
    ----------
    mid : float
        Minimal important difference: above 0 for a difference, above 0 and not 1 for a ratio.
    measure : str
        The measure.

    Returns
    -------
    tuple of float
        ``(-mid, mid)``, or ``(mid, 1 / mid)`` in order for a ratio.

    Raises
    ------
    ValueError
        If the minimal important difference is out of range.
    """
    if null_value(measure) == 1.0:
        if not mid > 0 or mid == 1:
            raise ValueError(f"the minimal important {measure} is above 0 and not 1, not {mid}")
        return min(mid, 1 / mid), max(mid, 1 / mid)
    if not mid > 0:
        raise ValueError(f"the minimal important difference is above 0, not {mid}")
    return -mid, mid


def crossed(ci_low: float, ci_high: float, thresholds: Sequence[float]) -> tuple[float, ...]:
    """Return the thresholds that lie strictly inside an interval, in order.

    Parameters
    ----------
    ci_low, ci_high : float
        The interval, on the scale of the thresholds.
    thresholds : sequence of float
        The thresholds.

    Returns
    -------
    tuple of float
        Those inside.
    """
    return tuple(sorted(value for value in set(thresholds) if ci_low < value < ci_high))


def information_size_binary(
    comparator_risk: float, relative_reduction: float = 0.25, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return the participants per group that one adequately powered trial of a binary outcome needs.

    Parameters
    ----------
    comparator_risk : float
        Risk with the comparator, strictly between 0 and 1.
    relative_reduction : float
        Relative reduction of the risk to be found, in (0, 1).
    alpha, power : float
        Two-sided error and power.

    Returns
    -------
    int
        Participants per group, rounded up.

    Raises
    ------
    ValueError
        If a value is out of range.

    Notes
    -----
    n = (z_{1 - alpha/2} + z_power)^2 [p1 (1 - p1) + p0 (1 - p0)] / (p1 - p0)^2 (GRADE guidance 6).
    """
    if not (0 < comparator_risk < 1 and 0 < relative_reduction < 1):
        raise ValueError("the comparator risk and the relative reduction lie between 0 and 1")
    p0, p1 = comparator_risk, comparator_risk * (1 - relative_reduction)
    return math.ceil(_z(alpha, power) ** 2 * (p1 * (1 - p1) + p0 * (1 - p0)) / (p1 - p0) ** 2)


def information_size_continuous(smd: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return the participants per group that one adequately powered trial of a continuous outcome needs.

    Parameters
    ----------
    smd : float
        Standardised difference to be found, not 0.
    alpha, power : float
        Two-sided error and power.

    Returns
    -------
    int
        Participants per group, rounded up: n = 2 (z_{1 - alpha/2} + z_power)^2 / d^2.

    Raises
    ------
    ValueError
        If the difference is 0.
    """
    if smd == 0:
        raise ValueError("no number of participants finds a difference of 0")
    return math.ceil(2 * _z(alpha, power) ** 2 / smd**2)


def _z(alpha: float, power: float) -> float:
    if not (0 < alpha < 1 and 0 < power < 1):
        raise ValueError("alpha and power lie between 0 and 1")
    return float(norm.ppf(1 - alpha / 2) + norm.ppf(power))


def propose_imprecision(
    measure: str,
    estimate: float,
    ci_low: float,
    ci_high: float,
    thresholds: Sequence[float] = (),
    rating: str = "minimal",
    participants: int | None = None,
    information_size: int | None = None,
    events: int | None = None,
) -> Imprecision:
    """Propose the rating for imprecision.

    Parameters
    ----------
    measure : str
        Measure of the effect; SMD and the ratios have a size that counts as large.
    estimate, ci_low, ci_high : float
        Effect and interval on the natural scale, or per 1,000 with thresholds per 1,000 and the measure
        ``RD``.
    thresholds : sequence of float
        Decision thresholds on the same scale; without any, the value of no effect.
    rating : str
        ``minimal``: none crossed 0, one 1, more 2 levels down. ``partial`` (thresholds between trivial,
        small, moderate and large): as many levels as thresholds crossed, at most 3.
    participants, information_size : int, optional
        Total participants, and the total of an adequately powered trial; used where no threshold is crossed
        and the effect is large.
    events : int, optional
        Total events; fewer than 100 raise a flag.

    Returns
    -------
    Imprecision
        The proposal.

    Raises
    ------
    ValueError
        If the interval does not hold the estimate or the rating is unknown.

    References
    ----------
    GRADE guidance 34 and 35 (J Clin Epidemiol 2022). A large effect is here RR, OR or HR below 0.7 or above
    1.43, or abs(SMD) of 0.8: our convention, like the second level below half the information size.
    """
    if rating not in ("minimal", "partial"):
        raise ValueError(f"the rating is 'minimal' or 'partial', not '{rating}'")
    if not ci_low <= estimate <= ci_high:
        raise ValueError(f"the interval ({ci_low}, {ci_high}) must hold the estimate {estimate}")
    marks = tuple(thresholds) or (null_value(measure),)
    inside = crossed(ci_low, ci_high, marks)
    level = min(len(inside), 3 if rating == "partial" else 2)
    flags = ("few events",) if events is not None and events < FEW_EVENTS else ()
    interval = f"the interval {_number(ci_low)} to {_number(ci_high)}"
    if inside:
        listed = ", ".join(_number(value) for value in inside)
        reason = f"{interval} holds {len(inside)} of the thresholds ({listed})"
        return Imprecision(level, inside, reason, _flip(ci_low, ci_high, marks), flags)
    reason = f"{interval} holds none of the thresholds ({', '.join(_number(value) for value in sorted(marks))})"
    if not _is_large(measure, estimate):
        return Imprecision(0, (), reason, _flip(ci_low, ci_high, marks), flags)
    if participants is None or information_size is None:
        reason += "; the effect is large, and the optimal information size was not compared"
        return Imprecision(0, (), reason, _flip(ci_low, ci_high, marks), flags)
    reason += f"; the effect is large, with {participants} participants (information size {information_size})"
    if participants >= information_size:
        return Imprecision(0, (), reason, _flip(ci_low, ci_high, marks), flags)
    level = 2 if participants < 0.5 * information_size else 1
    flip = f"{information_size} participants with the same interval would make it not serious"
    return Imprecision(level, (), reason, flip, (*flags, "below the optimal information size"))


def _is_large(measure: str, estimate: float) -> bool:
    if measure == "SMD":
        return abs(estimate) >= LARGE_SMD
    return null_value(measure) == 1.0 and not LARGE_RATIO[0] <= estimate <= LARGE_RATIO[1]


def _flip(ci_low: float, ci_high: float, thresholds: Sequence[float]) -> str:
    """Say which limit is nearest to changing the count of crossed thresholds."""
    inside = crossed(ci_low, ci_high, thresholds)
    lower = [(abs(value - ci_low), "lower", ci_low, value) for value in thresholds]
    upper = [(abs(value - ci_high), "upper", ci_high, value) for value in thresholds]
    near = min(lower + upper)
    _, side, limit, value = near
    step = "past" if value not in inside else "back to"
    change = "one threshold more" if value not in inside else "one threshold fewer"
    return f"the {side} limit moving from {_number(limit)} {step} {_number(value)} ({change})"


def _number(value: float) -> str:
    return f"{value:.4g}"
