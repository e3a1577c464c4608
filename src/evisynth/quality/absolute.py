"""Absolute effects: how many more or fewer per 1,000, and a standardised difference on a familiar scale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import pandas as pd

RATIOS = ("RR", "OR", "HR")


@dataclass(frozen=True, slots=True)
class AbsoluteEffect:
    """Risks per 1,000 with and without the intervention.

    Attributes
    ----------
    measure : str
        RR, OR, HR or RD.
    comparator : float
        Assumed risk with the comparator, per 1,000; taken as known.
    risk, risk_low, risk_high : float
        Corresponding risk with the intervention, per 1,000, and its interval.
    difference, difference_low, difference_high : float
        Intervention minus comparator, per 1,000; negative means fewer.
    number_needed : float or None
        1,000 / abs(difference); None where the difference is 0.
    capped : bool
        A limit of the interval lay outside 0 to 1,000 and was set to the bound.
    note : str
        What a reader must know about the conversion.
    """

    measure: str
    comparator: float
    risk: float
    risk_low: float
    risk_high: float
    difference: float
    difference_low: float
    difference_high: float
    number_needed: float | None
    capped: bool
    note: str

    def to_frame(self) -> pd.DataFrame:
        """Return the effect as one row."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def per_thousand(
    measure: str, estimate: float, ci_low: float, ci_high: float, comparator_risk: float
) -> AbsoluteEffect:
    """Turn a relative effect into risks per 1,000.

    Parameters
    ----------
    measure : str
        ``RR``, ``OR``, ``HR`` or ``RD``.
    estimate, ci_low, ci_high : float
        Effect and interval on its natural scale (a risk ratio of 0.75, a risk difference of -0.05).
    comparator_risk : float
        Assumed risk with the comparator, strictly between 0 and 1.

    Returns
    -------
    AbsoluteEffect
        Risks and differences per 1,000.

    Raises
    ------
    ValueError
        If a value is out of range, or the corresponding risk itself leaves 0 to 1 (the comparator risk and
        the effect do not go together).

    Notes
    -----
    RR: ACR x RR. OR: OR x ACR / (1 - ACR + OR x ACR). HR: 1 - (1 - ACR)^HR. RD: ACR + RD. The comparator risk
    is taken as known, so the interval holds the uncertainty of the effect only.

    References
    ----------
    Cochrane Handbook 5.1, 11.5.5. The formula for hazard ratios was not compared with its source.
    """
    if measure not in (*RATIOS, "RD"):
        raise ValueError(f"absolute effects are computed from {', '.join(RATIOS)} or RD, not from '{measure}'")
    if not 0 < comparator_risk < 1:
        raise ValueError(f"the comparator risk lies between 0 and 1, not at {comparator_risk}")
    values = (estimate, ci_low, ci_high)
    if not all(math.isfinite(value) for value in values) or not ci_low <= estimate <= ci_high:
        raise ValueError(f"the interval ({ci_low}, {ci_high}) must be finite and hold the estimate {estimate}")
    if measure in RATIOS and ci_low < 0:
        raise ValueError(f"a {measure} is not negative; its lower limit is {ci_low}. Give it on its natural scale")
    risks = [_risk(measure, value, comparator_risk) for value in values]
    if not 0 <= risks[0] <= 1:
        raise ValueError(
            f"{measure} {estimate} at a comparator risk of {comparator_risk} gives a risk of {risks[0]:.3f}, "
            "which is no probability; choose a comparator risk that the effect can hold for"
        )
    limits = [min(max(risk, 0.0), 1.0) for risk in risks]
    capped = limits != risks
    risk, low, high = (1000 * value for value in limits)
    base = 1000 * comparator_risk
    notes = ["a limit was set to the bound of a probability"] if capped else []
    notes += ["formula for hazard ratios not verified"] if measure == "HR" else []
    return AbsoluteEffect(
        measure, base, risk, low, high, risk - base, low - base, high - base,
        1000 / abs(risk - base) if not math.isclose(risk, base, rel_tol=0, abs_tol=1e-9) else None,
        capped, "; ".join(notes),
    )  # fmt: skip


def _risk(measure: str, effect: float, base: float) -> float:
    if measure == "RR":
        return base * effect
    if measure == "OR":
        return effect * base / (1 - base + effect * base)
    return 1 - (1 - base) ** effect if measure == "HR" else base + effect


def smd_to_units(smd: float, ci_low: float, ci_high: float, sd: float) -> tuple[float, float, float]:
    """Re-express a standardised mean difference on an instrument that readers know.

    Parameters
    ----------
    smd, ci_low, ci_high : float
        Standardised mean difference and interval.
    sd : float
        Standard deviation of a representative study on that instrument, positive; taken as known.

    Returns
    -------
    tuple of float
        Mean difference and its interval, in units of the instrument.

    Raises
    ------
    ValueError
        If the standard deviation is not positive.
    """
    if not sd > 0:
        raise ValueError(f"the standard deviation must be positive, not {sd}")
    return smd * sd, ci_low * sd, ci_high * sd


def smd_to_odds_ratio(smd: float) -> float:
    """Re-express a standardised mean difference as an odds ratio: ln OR = pi / sqrt(3) x SMD.

    Parameters
    ----------
    smd : float
        Standardised mean difference; the sign is kept (positive: OR above 1).

    Returns
    -------
    float
        The odds ratio.

    References
    ----------
    Cochrane Handbook 5.1, 12.6.3.
    """
    return math.exp(math.pi / math.sqrt(3) * smd)


def smd_to_responders(smd: float, comparator_risk: float) -> float:
    """Re-express a standardised mean difference as extra responders per 1,000.

    Parameters
    ----------
    smd : float
        Standardised mean difference, positive in the direction of response.
    comparator_risk : float
        Share of responders with the comparator, strictly between 0 and 1.

    Returns
    -------
    float
        Intervention minus comparator, per 1,000.

    Raises
    ------
    ValueError
        If the comparator risk is out of range.
    """
    if not 0 < comparator_risk < 1:
        raise ValueError(f"the comparator risk lies between 0 and 1, not at {comparator_risk}")
    return 1000 * (_risk("OR", smd_to_odds_ratio(smd), comparator_risk) - comparator_risk)


@dataclass(frozen=True, slots=True)
class ComparatorRisk:
    """Risks in the comparator groups of the trials of a synthesis.

    Attributes
    ----------
    k : int
        Trials.
    median, low, high : float
        Median, smallest and largest risk of a comparator group, in [0, 1].
    pooled : float
        Events over participants of all comparator groups.
    """

    k: int
    median: float
    low: float
    high: float
    pooled: float

    def to_frame(self) -> pd.DataFrame:
        """Return the risks as one row."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def comparator_risk(events: Sequence[float], n: Sequence[float]) -> ComparatorRisk:
    """Summarise the comparator risks of the trials, to assume one (and to show low and high where they vary).

    Parameters
    ----------
    events, n : sequence of float
        Events and participants of each comparator group, shape (k,); 0 <= events <= n, n > 0.

    Returns
    -------
    ComparatorRisk
        The risks.

    Raises
    ------
    ValueError
        If there is no group, the lengths differ or a count is out of range.
    """
    pairs = list(zip(events, n, strict=True)) if len(events) == len(n) else []
    if not pairs:
        raise ValueError(f"{len(events)} counts of events, {len(n)} of people; give as many of each, at least one")
    if not all(0 <= count <= people and people > 0 for count, people in pairs):
        raise ValueError("each group needs 0 <= events <= n and n > 0")
    risks = [count / people for count, people in pairs]
    pooled = sum(count for count, _ in pairs) / sum(people for _, people in pairs)
    return ComparatorRisk(len(pairs), float(median(risks)), float(min(risks)), float(max(risks)), float(pooled))
