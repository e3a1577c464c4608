"""CINeMA's summaries of one comparison, beside the GRADE domains: they are shown and never summed.

CINeMA was made for network meta-analysis; its rules for within-study bias, imprecision and heterogeneity work for a
single comparison too. Its other domains need a network, or judgements of every study that only people can give.
"""

from collections.abc import Sequence

from evisynth.quality import imprecision as precise
from evisynth.quality.certainty_inputs import CertaintyInputs, StudyEvidence
from evisynth.quality.grade_domains import CINEMA, Proposal, per_cent

CONCERNS = ("no concerns", "some concerns", "major concerns")
SUMMARIES = ("majority", "average", "highest")
_RISK = {"low": 1, "some": 2, "high": 3}
_RULE = "CINeMA, {}, version 1; shown only, not part of the certainty"


def cinema_proposals(inputs: CertaintyInputs) -> list[Proposal]:
    """Return CINeMA's summaries of one pooled comparison.

    Parameters
    ----------
    inputs : CertaintyInputs
        With an estimate; ``weight`` of the studies is their contribution.

    Returns
    -------
    list of Proposal
        Within-study bias by majority, average and highest risk; imprecision by the limits of the zone of
        unimportant effects in the confidence interval; heterogeneity by those in the prediction interval.
        ``level`` 0 no, 1 some, 2 major concerns; None where it cannot be said. Empty where nothing is pooled.

    Notes
    -----
    With the contributions c (they sum to 1) and the risks r of 1, 2 and 3 (low, some, high): majority is the risk
    with the largest sum of c, average is the sum of c r rounded to the nearest (halves up), highest the largest r.
    Without a minimal important difference the zone is the one point of no effect.

    References
    ----------
    Nikolakopoulou A et al. (2020) PLoS Med 17:e1003082.
    """
    if not inputs.pooled or inputs.estimate is None:
        return []
    zone = zone_of(inputs)
    return [*(_within_study(inputs, name) for name in SUMMARIES), _imprecision(inputs, zone), _heterogeneity(inputs)]


def zone_of(inputs: CertaintyInputs) -> tuple[float, ...]:
    """Return the limits of the zone of unimportant effects: of more thresholds the two nearest to no effect."""
    return tuple(sorted(sorted(inputs.marks, key=lambda mark: abs(mark - inputs.null))[:2]))


def _within_study(inputs: CertaintyInputs, name: str) -> Proposal:
    rule, domain = _RULE.format("contributions by risk of bias"), f"CINeMA within-study bias, {name}"
    keys = tuple(dict.fromkeys(key for study in inputs.studies for key in study.keys))
    unknown = [study.study_id for study in inputs.studies if study.concern not in _RISK]
    total = sum(study.weight for study in inputs.studies)
    shares = {
        risk: sum(study.weight for study in inputs.studies if study.concern == risk) / total
        for risk in (*_RISK, "not assessed")
    }
    told = ", ".join(f"{per_cent(share)} at {risk} risk" for risk, share in shares.items() if share and risk in _RISK)
    given = {risk.replace(" ", "_"): round(share, 4) for risk, share in shares.items()}
    levels = {_summary(case, name) for case in _cases(inputs.studies)}
    if len(levels) > 1:
        reason = f"it depends on the risk of {', '.join(unknown)}, which nobody has assessed"
        return Proposal(domain, None, reason, rule, f"judging {', '.join(unknown)}", given, keys)
    level = levels.pop()
    rest = f"; whatever the risk of {', '.join(unknown)}" if unknown else ""
    reason = f"of the weight, {told or 'none is assessed'}{rest}"
    return Proposal(domain, level, reason, rule, _flip_within(inputs.studies, name, level), given, keys)


def _cases(studies: Sequence[StudyEvidence]) -> list[list[tuple[float, int]]]:
    """Return contributions and risks with the unassessed at low, at some and at high risk."""
    return [[(study.weight, _RISK.get(study.concern, worst)) for study in studies] for worst in (1, 2, 3)]


def _summary(case: Sequence[tuple[float, int]], name: str) -> int:
    total = sum(weight for weight, _ in case)
    if name == "highest":
        return max(risk for _, risk in case) - 1
    if name == "average":
        return int(round(sum(weight * risk for weight, risk in case) / total, 9) + 0.5) - 1
    shares = {risk: round(sum(weight for weight, own in case if own == risk) / total, 9) for risk in (1, 2, 3)}
    # of equal shares the worse counts
    return max(shares, key=lambda risk: (shares[risk], risk)) - 1


def _flip_within(studies: Sequence[StudyEvidence], name: str, level: int) -> str:
    found = []
    for position, study in enumerate(studies):
        for concern, risk in _RISK.items():
            reached = set()
            for case in _cases(studies):
                other = [*case]
                other[position] = (study.weight, risk)
                reached.add(_summary(other, name))
            if len(reached) == 1 and level not in reached:
                found.append(f"{study.study_id} at {concern} risk: {CONCERNS[reached.pop()]}")
    return "; ".join(found) or "no change of a single study's judgement would change it"


def _imprecision(inputs: CertaintyInputs, zone: tuple[float, ...]) -> Proposal:
    found = precise.crossed(inputs.ci_low, inputs.ci_high, zone)
    limits = ", ".join(f"{mark:.4g}" for mark in zone)
    reason = (
        f"the confidence interval {inputs.ci_low:.4g} to {inputs.ci_high:.4g} holds {len(found)} of the limits {limits}"
    )
    given = {"ci_crossed": len(found), "zone": limits.replace(", ", "; ")}
    near = min((abs(mark - limit), limit, mark) for mark in zone for limit in (inputs.ci_low, inputs.ci_high))
    level, inside = min(len(found), 2), near[2] in found
    reached = CONCERNS[min(max(level + (-1 if inside else 1), 0), 2)]
    flip = f"the limit {near[1]:.4g} {'no longer reaching' if inside else 'reaching past'} {near[2]:.4g}: {reached}"
    rule = _RULE.format("limits of the zone in the confidence interval")
    return Proposal("CINeMA imprecision", level, reason + _no_mid(inputs), rule, flip, given, inputs.keys)


def _heterogeneity(inputs: CertaintyInputs) -> Proposal:
    domain, rule = "CINeMA heterogeneity", _RULE.format("confidence against prediction interval")
    if inputs.pi_low is None:
        reason = "there is no prediction interval to compare with the confidence interval"
        return Proposal(domain, None, reason, rule, "a prediction interval", {"k": inputs.k}, inputs.keys)
    zone = zone_of(inputs)
    n = len(precise.crossed(inputs.ci_low, inputs.ci_high, zone))
    m = len(precise.crossed(inputs.pi_low, inputs.pi_high, zone))
    given = {"ci_crossed": n, "pi_crossed": m, "zone": "; ".join(f"{mark:.4g}" for mark in zone)}
    level = CINEMA.get((n, m))
    if level is None:
        reason = f"the prediction interval holds fewer limits ({m}) than the confidence interval ({n})"
        return Proposal(domain, None, reason, rule, "a prediction interval that holds the other", given, inputs.keys)
    reason = f"the confidence interval holds {n} and the prediction interval {m} of the limits{_no_mid(inputs)}"
    flips = [
        f"a prediction interval that holds {other} of them: {CONCERNS[CINEMA[n, other]]}"
        for other in range(n, len(zone) + 1)
        if other != m and CINEMA[n, other] != level
    ]
    return Proposal(domain, level, reason, rule, "; ".join(flips) or "no change of the prediction interval alone",
                    given, inputs.keys)  # fmt: skip


def _no_mid(inputs: CertaintyInputs) -> str:
    return "" if inputs.thresholds else " (no minimal important difference is stated, so no effect is the limit)"
