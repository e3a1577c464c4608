"""Risk of bias and publication bias: a proposed rating, why, and what would flip it.

The shares and counts are conventions of this program; the rule and its version stand beside every proposal.
"""

from dataclasses import replace

from evisynth.quality.certainty_inputs import CertaintyInputs, StudyEvidence
from evisynth.quality.grade_domains import DOWN, Proposal, per_cent
from evisynth.quality.missing_evidence import REASONS, other_reasons
from evisynth.quality.weights import WeightShares, weight_shares

TEST_STUDIES = 10
TEST_P = 0.10


def propose_risk_of_bias(inputs: CertaintyInputs) -> Proposal:
    """Rate risk of bias by the weight (unpooled: the participants) of the studies at each risk.

    Parameters
    ----------
    inputs : CertaintyInputs
        With at least one study.

    Returns
    -------
    Proposal
        Randomised, observational and uncontrolled evidence: not serious when less than 25 % of the weight is
        at high risk and at least 50 % at low risk; very serious from 75 %, or above 50 % when the low-risk
        studies alone reach another category of effect; otherwise serious. With ROBINS-I: extremely serious
        from 50 % at critical risk, very serious from 50 % at serious or critical. Where studies are not
        assessed the rating stands only if no judgement of theirs could change it.
    """
    shares = weight_shares([study.concern for study in inputs.studies], [study.weight for study in inputs.studies])
    changes = _category_changes(inputs)
    level = _settled(inputs, inputs.studies, changes)
    weight = "weight" if inputs.pooled else "participants"
    parts = [f"{per_cent(share)} at {name} risk" for name, share in _named(shares) if share > 0]
    parts += [f"{per_cent(shares.not_assessed)} in studies that nobody has assessed"] if shares.not_assessed else []
    reason = f"of the {weight}, {', '.join(parts)}"
    if changes:
        reason += "; the studies at low risk alone reach another category of effect"
    elif changes is False:
        reason += "; the studies at low risk alone reach the same category of effect"
    if level is not None and shares.not_assessed:
        reason += "; whatever their risk, the rating stays"
    given = {name.replace(" ", "_"): round(share, 4) for name, share in _named(shares)}
    given |= {"not_assessed": round(shares.not_assessed, 4), "low_risk_changes_category": changes}
    tools = dict.fromkeys(study.judged_with for study in inputs.studies if study.judged_with)
    given |= {"judged_with": " and ".join(tools)}
    critical = [study.study_id for study in inputs.studies if study.critical]
    reason += f"; at critical risk: {', '.join(critical)}" if critical else ""
    reason += "".join(f"; {study.note}" for study in inputs.studies if study.note)
    for others in dict.fromkeys(study.also_for for study in inputs.studies if study.also_for):
        names = ", ".join(study.study_id for study in inputs.studies if study.also_for == others)
        reason += f"; judged once for every comparison of the trial, {' and '.join(others)} too: {names}"
    rule = "weight shares by ROBINS-I risk, version 1" if _uses_robins(inputs) else "weight shares by risk, version 1"
    keys = tuple(dict.fromkeys(key for study in inputs.studies for key in study.keys))
    return Proposal("risk of bias", level, reason, rule, _flip_risk(inputs, level, changes), given, keys)


def _named(shares: WeightShares) -> list[tuple[str, float]]:
    return [("low", shares.low), ("some", shares.some), ("high", shares.high)]


def _uses_robins(inputs: CertaintyInputs) -> bool:
    return inputs.design == "non-randomised, ROBINS-I"


def _settled(inputs: CertaintyInputs, studies: tuple[StudyEvidence, ...], changes: bool | None) -> int | None:
    """Return the level if it is the same for the best and the worst case of the unassessed, else None."""
    levels = set()
    for concern in ("low", "high"):
        cases = [
            replace(study, concern=concern, critical=concern == "high") if study.concern == "not assessed" else study
            for study in studies
        ]
        shares = weight_shares([study.concern for study in cases], [study.weight for study in cases])
        total = sum(study.weight for study in cases)
        critical = sum(study.weight for study in cases if study.critical) / total
        levels.add(_level_by_shares(shares, critical, _uses_robins(inputs), bool(changes)))
    return levels.pop() if len(levels) == 1 else None


def _level_by_shares(shares: WeightShares, critical: float, robins: bool, changes: bool) -> int:
    # shares such as 0.1 + 0.15 must meet 0.25
    low, high, critical = round(shares.low, 9), round(shares.high, 9), round(critical, 9)
    if robins:
        if critical >= 0.5:
            return 3
        return 2 if high >= 0.5 else int(high >= 0.25 or low < 0.5)
    if high >= 0.75 or (high > 0.5 and changes):
        return 2
    return int(high >= 0.25 or low < 0.5)


def _category_changes(inputs: CertaintyInputs) -> bool | None:
    if inputs.low_risk_estimate is None or inputs.estimate is None:
        return None
    return sum(inputs.estimate > mark for mark in inputs.marks) != sum(
        inputs.low_risk_estimate > mark for mark in inputs.marks
    )


def _flip_risk(inputs: CertaintyInputs, level: int | None, changes: bool | None) -> str:
    if level is None:
        names = [study.study_id for study in inputs.studies if study.concern == "not assessed"]
        return f"judging {', '.join(names)}"
    total, found = sum(study.weight for study in inputs.studies), []
    for index, study in enumerate(inputs.studies):
        for concern in ("low", "some", "high"):
            if concern == study.concern:
                continue
            other = list(inputs.studies)
            other[index] = replace(study, concern=concern, critical=False)
            reached = _settled(inputs, tuple(other), changes)
            if reached is not None and reached != level:
                share = per_cent(study.weight / total)
                found.append(f"{study.study_id} ({share} of the weight) at {concern} risk: {DOWN[reached]}")
    return "; ".join(found) if found else "no change of a single study's judgement would change it"


def propose_publication_bias(inputs: CertaintyInputs) -> Proposal:
    """Rate publication bias: tests from ten studies on, missing trials, only small positive studies.

    Parameters
    ----------
    inputs : CertaintyInputs
        Tests, missing trials and flags.

    Returns
    -------
    Proposal
        Never more than one level. Serious when a trial is missing because of its result, when trials missing
        for an unclear reason hold a quarter of all participants or an unknown number, when a suitable test
        has p < 0.10 with ten or more studies, or when all studies are small and positive. Not assessed when
        nobody looked for missing trials, or the tests that ten studies allow were not run.
    """
    rule, name = "tests at k >= 10 and trials known to be missing, version 1", "publication bias"
    signs, keys = (
        _signs_of_missing(inputs),
        tuple(trial.key for trial in inputs.missing_trials or () if trial.key),
    )
    tests = [test for test in inputs.small_study_tests or () if test.applicable]
    if inputs.k >= TEST_STUDIES:
        signs += [f"{test.name} has p = {test.p_value:.3g}" for test in tests if test.p_value < TEST_P]
    if inputs.only_small_positive:
        signs.append("every study is small and positive")
    given = {
        "k": inputs.k, "tests": "; ".join(f"{test.name} p = {test.p_value:.3g}" for test in tests),
        "missing": "; ".join(one.told for one in inputs.missing_trials or ()),
    }  # fmt: skip
    few = f"; with {inputs.k} studies no test is run" if inputs.k < TEST_STUDIES else ""
    if signs:
        return Proposal(name, 1, "; ".join(signs) + few, rule, _flip_publication(inputs, tests), given, keys)
    undone = []
    if inputs.missing_trials is None:
        undone.append("nobody has looked for trials that are missing")
    if inputs.k >= TEST_STUDIES and not tests:
        undone.append("no suitable test of asymmetry was run")
    if undone:
        return Proposal(name, None, "; ".join(undone) + few, rule, "doing so", given, keys)
    known = f"{len(inputs.missing_trials)} missing, none known or likely to be so because of its result"
    reason = (known if inputs.missing_trials else "no trial is known to be missing") + few
    single = _flip_reasons(inputs, signs=False)
    flip = "; ".join([*single, "a trial found to be unpublished because of its result: serious"])
    return Proposal(name, 0, reason, rule, flip, given, keys)


def _flip_publication(inputs: CertaintyInputs, tests: list) -> str:
    """Say what alone would take the last sign away, or name all that would have to go."""
    other = [test for test in tests if inputs.k >= TEST_STUDIES and test.p_value < TEST_P]
    found = [] if other or inputs.only_small_positive else _flip_reasons(inputs, signs=True)
    if found:
        return "; ".join(found)
    if other and not _signs_of_missing(inputs) and not inputs.only_small_positive:
        return f"p of {TEST_P:.2f} or more in the test: not serious"
    needed = [f"p of {TEST_P:.2f} or more in the test"] if other else []
    if _signs_of_missing(inputs):
        needed.append("every missing trial shown to be missing for a reason apart from its result")
    needed += ["studies that are not small and positive"] if inputs.only_small_positive else []
    return f"only all of these together: {' and '.join(needed)} (not serious)"


def _flip_reasons(inputs: CertaintyInputs, signs: bool) -> list[str]:
    words = "not serious" if signs else "serious"
    return [
        f"{label} missing {REASONS[reason]}: {words}"
        for label, reason, other in other_reasons(inputs)
        if bool(_signs_of_missing(other)) != signs
    ]


def _signs_of_missing(inputs: CertaintyInputs) -> list[str]:
    trials = inputs.missing_trials or ()
    signs = [
        f"{trial.label} is missing because of its result{f' ({trial.because})' if trial.because else ''}"
        for trial in trials
        if trial.because_of_result == "yes"
    ]
    unclear = [trial for trial in trials if trial.because_of_result == "unclear"]
    if any(trial.participants is None for trial in unclear) or (unclear and inputs.participants is None):
        signs.append(f"missing for an unclear reason, of unknown size: {', '.join(trial.label for trial in unclear)}")
    elif unclear:
        gone = sum(trial.participants for trial in unclear)
        share = gone / (gone + inputs.participants)
        if share >= 0.25:
            signs.append(f"{gone} participants ({per_cent(share)}) are in trials missing for an unclear reason")
    return signs
