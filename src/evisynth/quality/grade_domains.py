"""Inconsistency, indirectness, imprecision and the reasons to rate up: proposals, why, what flips them.

GRADE avoids hard cut-offs; the numbers here are conventions of this program (rule and version stand beside
every proposal) and a person's judgement has the last word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evisynth.quality import imprecision as precise
from evisynth.quality.certainty_inputs import CertaintyInputs, StudyEvidence

DOWN = ("not serious", "serious", "very serious", "extremely serious")
UP = ("none", "up 1", "up 2")
CINEMA = {(0, 0): 0, (0, 1): 1, (0, 2): 2, (1, 1): 0, (1, 2): 1, (2, 2): 0}
"""CINeMA's table: thresholds crossed by the confidence and by the prediction interval -> levels down."""
FEW_PARTICIPANTS = 400


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed rating of one domain.

    Attributes
    ----------
    domain : str
        As in certainty.csv.
    level : int or None
        Levels down (or up, for the reasons to rate up); None where it cannot be judged from what is there.
    reason, rule, flip : str
        Why; the rule with its version; what would change it.
    inputs : mapping
        What the rule used.
    keys : tuple of str
        Keys of the rows that it comes from.
    """

    domain: str
    level: int | None
    reason: str
    rule: str
    flip: str = ""
    inputs: Mapping[str, object] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


def propose_inconsistency(inputs: CertaintyInputs) -> Proposal:
    """Rate inconsistency by CINeMA's table; I2 is a cross-check only.

    Parameters
    ----------
    inputs : CertaintyInputs
        With at least one study.

    Returns
    -------
    Proposal
        One study: not serious. Two: serious when their intervals do not overlap. Three or more: the table of
        thresholds crossed by the confidence and the prediction interval, with at most two thresholds (the
        limits of the zone of unimportant effects); without a prediction interval, not assessed.
    """
    name, keys = "inconsistency", inputs.keys
    if inputs.k == 1:
        reason = "there is one study, and nothing it could disagree with"
        return Proposal(name, 0, reason, "one study, version 1", "a second study", {"k": 1}, keys)
    if not inputs.pooled:
        return _narrative_inconsistency(inputs)
    if inputs.k == 2:
        apart = _no_overlap(inputs.studies)
        if apart is None:
            return Proposal(name, None, "the studies' intervals are not given", "two studies, version 1", "", {}, keys)
        reason = f"the two intervals {'do not ' if apart else ''}overlap; two studies tell little of heterogeneity"
        flip = "overlapping intervals" if apart else "intervals that do not overlap"
        return Proposal(name, int(apart), reason, "overlap of two studies, version 1", flip, {"k": 2}, keys)
    return _by_cinema(inputs)


def _by_cinema(inputs: CertaintyInputs) -> Proposal:
    name, rule = "inconsistency", "CINeMA table, version 1"
    if inputs.pi_low is None:
        reason = "there is no prediction interval to compare with the thresholds"
        return Proposal(name, None, reason, rule, "a prediction interval", {"k": inputs.k}, inputs.keys)
    # CINeMA's zone has two limits; of more thresholds the two nearest to no effect are its like
    zone = tuple(sorted(sorted(inputs.marks, key=lambda mark: abs(mark - inputs.null))[:2]))
    n = len(precise.crossed(inputs.ci_low, inputs.ci_high, zone))
    m = len(precise.crossed(inputs.pi_low, inputs.pi_high, zone))
    given = {
        "ci_crossed": n,
        "pi_crossed": m,
        "zone": "; ".join(f"{mark:.4g}" for mark in zone),
        "k": inputs.k,
    }
    level = CINEMA.get((n, m))
    if level is None:
        reason = f"the prediction interval crosses fewer thresholds ({m}) than the confidence interval ({n})"
        return Proposal(name, None, reason, rule, "a prediction interval that holds the other", given, inputs.keys)
    limits = f"the limit {given['zone']} lies" if len(zone) == 1 else f"of the limits {given['zone']}"
    reason = (
        f"{limits} {_inside(n, zone)} the confidence interval and {_inside(m, zone)} the prediction interval "
        f"({inputs.pi_low:.4g} to {inputs.pi_high:.4g})"
    )
    reason += "" if inputs.thresholds else " (no effect, as no minimal important difference is stated)"
    check = i2_cross_check(inputs)
    if check is not None and check != level:
        reason += f"; the rule by I2 would say {DOWN[check]}"
        given["i2"] = inputs.i2
    return Proposal(name, level, reason, rule, _flip_prediction(inputs, zone, m), given, inputs.keys)


def _inside(crossed: int, zone: tuple[float, ...]) -> str:
    if len(zone) == 1:
        return "inside" if crossed else "outside"
    return f"{('none lies', 'one lies', 'both lie')[crossed]} inside"


def i2_cross_check(inputs: CertaintyInputs) -> int | None:
    """Rate inconsistency by I2, as a cross-check of the CINeMA table.

    Parameters
    ----------
    inputs : CertaintyInputs
        With i2 and at least three studies with intervals, otherwise None is returned.

    Returns
    -------
    int or None
        2 from 75 % with at least a quarter of the weight on either side of no effect; 1 from 50 % when two
        intervals do not overlap or the prediction interval crosses a threshold that the confidence interval
        does not; else 0.
    """
    apart = _no_overlap(inputs.studies)
    if inputs.i2 is None or inputs.k < 3 or apart is None:
        return None
    total = sum(study.weight for study in inputs.studies)
    below = sum(study.weight for study in inputs.studies if study.estimate < inputs.null) / total
    above = sum(study.weight for study in inputs.studies if study.estimate > inputs.null) / total
    if inputs.i2 >= 75 and min(below, above) >= 0.25:
        return 2
    further = inputs.pi_low is not None and set(precise.crossed(inputs.pi_low, inputs.pi_high, inputs.marks)) > set(
        precise.crossed(inputs.ci_low, inputs.ci_high, inputs.marks)
    )
    return int(inputs.i2 >= 50 and (apart or further))


def _no_overlap(studies: tuple[StudyEvidence, ...]) -> bool | None:
    if any(study.ci_low is None or study.ci_high is None or study.estimate is None for study in studies):
        return None
    return max(study.ci_low for study in studies) > min(study.ci_high for study in studies)


def _flip_prediction(inputs: CertaintyInputs, zone: tuple[float, ...], m: int) -> str:
    low, high = inputs.pi_low, inputs.pi_high
    near = min(
        (abs(mark - limit), side, limit, mark) for mark in zone for side, limit in (("lower", low), ("upper", high))
    )
    _, side, limit, mark = near
    reach = "no longer reaching" if low < mark < high else "reaching past"
    level = CINEMA.get(
        (len(precise.crossed(inputs.ci_low, inputs.ci_high, zone)), m + (-1 if low < mark < high else 1))
    )
    then = f" ({DOWN[level]})" if level is not None else ""
    return f"the {side} prediction limit, now {limit:.4g}, {reach} {mark:.4g}{then}"


def _narrative_inconsistency(inputs: CertaintyInputs) -> Proposal:
    rule, known = "direction across studies, Murad 2017, version 1", []
    known = [study for study in inputs.studies if study.estimate is not None]
    if len(known) < 2:
        reason = f"{len(known)} of {inputs.k} studies give an effect, so directions cannot be compared"
        return Proposal("inconsistency", None, reason, rule, "effects of the other studies", {}, inputs.keys)
    total = sum(study.weight for study in known)
    below = sum(study.weight for study in known if study.estimate < inputs.null) / total
    smaller = min(below, 1 - below)
    level = int(smaller >= 0.25)
    reason = f"{per_cent(below)} of the participants are in studies with an effect below no effect"
    flip = (
        "studies of a quarter of the participants pointing the other way" if not level else "fewer on the smaller side"
    )
    return Proposal("inconsistency", level, reason, rule, flip, {"share_below_null": round(below, 4)}, inputs.keys)


def propose_indirectness(inputs: CertaintyInputs) -> Proposal:
    """Rate indirectness from the flags that people set; the program sets none.

    Parameters
    ----------
    inputs : CertaintyInputs
        The flags are in `indirectness`.

    Returns
    -------
    Proposal
        Not assessed without flags; serious with one serious flag; very serious with two, or with a surrogate
        that nothing links to what matters.
    """
    rule = "flags set by people, version 1"
    if inputs.indirectness is None:
        return Proposal("indirectness", None, "nobody has judged it; it is a person's judgement", rule, "a judgement")
    serious = [aspect for aspect, flag in inputs.indirectness.items() if flag == "serious"]
    surrogate = [aspect for aspect, flag in inputs.indirectness.items() if flag == "surrogate without a link"]
    level = 2 if surrogate or len(serious) >= 2 else len(serious)
    named = ", ".join([*serious, *surrogate])
    reason = f"flagged: {named}" if named else "no aspect is flagged as serious"
    flip = "a flag taken back" if level else "an aspect flagged as serious"
    return Proposal("indirectness", level, reason, rule, flip, dict(inputs.indirectness))


def propose_imprecision(inputs: CertaintyInputs) -> Proposal:
    """Rate imprecision by the thresholds that the interval crosses, and by the amount of information.

    Parameters
    ----------
    inputs : CertaintyInputs
        With an estimate; without one (nothing pooled) the total of participants or events is compared with
        400.

    Returns
    -------
    Proposal
        See `evisynth.quality.imprecision.propose_imprecision`.
    """
    if inputs.estimate is None:
        return _narrative_imprecision(inputs)
    result = precise.propose_imprecision(
        inputs.measure, inputs.estimate, inputs.ci_low, inputs.ci_high, inputs.thresholds, inputs.rating,
        inputs.participants, inputs.information_size, inputs.events,
    )  # fmt: skip
    reason = result.reason + (f"; flag: {', '.join(result.flags)}" if result.flags else "")
    if not inputs.thresholds:
        reason += "; no minimal important difference is stated, so the threshold is no effect"
    given = {
        "crossed": "; ".join(f"{mark:.4g}" for mark in result.crossed), "rating": inputs.rating,
        "thresholds": "; ".join(f"{mark:.4g}" for mark in inputs.marks), "source": inputs.threshold_source,
        "participants": inputs.participants, "information_size": inputs.information_size,
        "events": inputs.events,
    }  # fmt: skip
    rule = f"{precise.RULE}, version {precise.VERSION}"
    return Proposal("imprecision", result.level, reason, rule, result.flip, given, inputs.keys)


def _narrative_imprecision(inputs: CertaintyInputs) -> Proposal:
    rule = "total information, Murad 2017, version 1"
    if inputs.participants is None and inputs.events is None:
        reason = "nothing is pooled, so there is no interval to rate, and nobody has judged what the single results say"
        return Proposal("imprecision", None, reason, rule, "a judgement in certainty.csv")
    binary = inputs.events is not None
    amount, unit = (inputs.events, "events") if binary else (inputs.participants, "participants")
    unclear = [study for study in inputs.studies if study.ci_low is not None]
    open_ended = bool(unclear) and all(study.ci_low < inputs.null < study.ci_high for study in unclear)
    level = int(amount < FEW_PARTICIPANTS or open_ended)
    reason = f"{amount} {unit} in all; fewer than {FEW_PARTICIPANTS} are a concern"
    reason += "; every interval at hand includes no effect" if open_ended else ""
    flip = f"{FEW_PARTICIPANTS} {unit}" if amount < FEW_PARTICIPANTS else f"fewer than {FEW_PARTICIPANTS} {unit}"
    return Proposal("imprecision", level, reason, rule, flip, {unit: amount}, inputs.keys)


def propose_upgrades(inputs: CertaintyInputs) -> list[Proposal]:
    """Propose the reasons to rate non-randomised evidence up.

    Parameters
    ----------
    inputs : CertaintyInputs
        The size of the effect; dose-response and opposing confounding as people judged them.

    Returns
    -------
    list of Proposal
        Large effect (RR or HR of 2 or 0.5 and beyond: 1, of 5 or 0.2: 2, with an interval that excludes no
        effect; an odds ratio through the comparator risk), dose-response, opposing confounding. They count
        only where nothing is rated down. Empty for randomised evidence.
    """
    if inputs.design == "randomised":
        return []
    rule = "size of the relative effect, GRADE guidance 9, version 1"
    level, reason, flip = _large_effect(inputs)
    proposals = [Proposal("large effect", level, reason, rule, flip, {"estimate": inputs.estimate}, inputs.keys)]
    for name, value in (
        ("dose-response", inputs.dose_response),
        ("opposing confounding", inputs.opposing_confounding),
    ):
        level = None if value is None else int(value)
        reason = "nobody has judged it" if value is None else f"a person judged it {'present' if value else 'absent'}"
        proposals.append(Proposal(name, level, reason, "judged by people, version 1", "a judgement"))
    return proposals


def _large_effect(inputs: CertaintyInputs) -> tuple[int | None, str, str]:
    if inputs.design == "uncontrolled":
        return 0, "without a comparison there is no relative effect", "a comparison group"
    if inputs.estimate is None or inputs.measure not in ("RR", "HR", "OR"):
        return None, "there is no relative effect to judge by", "a risk ratio"
    values = (inputs.estimate, inputs.ci_low, inputs.ci_high)
    if inputs.measure == "OR":
        if inputs.comparator_risk is None:
            return (
                None,
                "an odds ratio needs a comparator risk to be read as a risk ratio",
                "a comparator risk",
            )
        values = tuple(value / (1 - inputs.comparator_risk + inputs.comparator_risk * value) for value in values)
    ratio, low, high = values
    fold = max(ratio, 1 / ratio) if ratio > 0 else float("inf")
    if low <= 1 <= high:
        return 0, "the interval includes no effect", "an interval that excludes no effect"
    level = 2 if fold >= 5 else int(fold >= 2)
    flip = {
        0: "a two-fold change in risk",
        1: "a five-fold change in risk",
        2: "less than a five-fold change",
    }[level]
    return level, f"a {fold:.3g}-fold change in risk", flip


def per_cent(share: float) -> str:
    """Write a share as a whole per cent."""
    return f"{100 * share:.0f} %"
