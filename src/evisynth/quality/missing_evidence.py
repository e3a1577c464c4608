"""Risk of bias due to missing evidence, after ROB-ME: questions, answers from the analysis, a proposal, what flips it.

The steps follow Page 2023 (which known trials lack a result, is that because of the result, how much could they change,
do the results that are there look selected). The questions are paraphrases and the thresholds conventions of this
program: neither was compared with the official form, and the flag says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evisynth.quality.certainty_inputs import CertaintyInputs, MissingTrial
from evisynth.quality.grade_domains import Proposal, per_cent

DOMAIN = "missing evidence (ROB-ME)"
FLAG = "rob_me_verified=false"
LEVELS = ("Low", "Some concerns", "High")
QUESTIONS: Mapping[str, str] = {
    "1": "does a known trial lack its result because of what the result was",
    "2": "could the results missing for that reason change the estimate notably",
    "3": "does a known trial lack its result for a reason that nobody knows",
    "4": "could those results change the estimate notably",
    "5": "is there reason to think that whole trials were not found because of their results",
    "6": "do the results that are there look selected (tests of asymmetry, ten studies or more)",
}
NOTABLE = 0.25
"""Share of all participants from which missing results count as able to change the estimate."""
FEWEST, TEST_P = 10, 0.10


@dataclass(frozen=True, slots=True)
class Answered:
    """One question with its answer (Y, PY, PN, N, NI, or NA where it is not asked) and why."""

    question: str
    answer: str
    because: str


def answers_of(inputs: CertaintyInputs) -> tuple[Answered, ...]:
    """Answer the questions from the analysis and the plan.

    Parameters
    ----------
    inputs : CertaintyInputs
        Missing trials with ``because_of_result``, participants, tests of asymmetry.

    Returns
    -------
    tuple of Answered
        One for each of `QUESTIONS`. Nobody has looked: NI.
    """
    trials = inputs.missing_trials
    by_reason = {
        reason: [trial for trial in trials or () if trial.because_of_result == reason]
        for reason in ("yes", "no", "unclear")
    }
    found = []
    for number, reason in (("1", "yes"), ("3", "unclear")):
        own = by_reason[reason]
        if trials is None:
            found.append(Answered(number, "NI", "nobody has looked for trials whose result is missing"))
        elif own:
            found.append(Answered(number, "Y", ", ".join(trial.label for trial in own)))
        else:
            others = f"; {len(trials)} missing for another reason" if trials else ""
            found.append(Answered(number, "N", f"no such trial is known{others}"))
        found.append(_could_change(str(int(number) + 1), own, inputs))
    found.append(Answered("5", "NI", "nobody has judged it"))
    found.append(_pattern(inputs))
    return tuple(found)


def _could_change(number: str, trials: list[MissingTrial], inputs: CertaintyInputs) -> Answered:
    if not trials:
        return Answered(number, "NA", "not asked")
    if inputs.participants is None or any(trial.participants is None for trial in trials):
        unknown = ", ".join(trial.label for trial in trials if trial.participants is None) or "the synthesis"
        return Answered(number, "NI", f"the number of participants is not known of {unknown}")
    gone = sum(trial.participants or 0 for trial in trials)
    share = gone / (gone + inputs.participants)
    words = f"they hold {gone} of {gone + inputs.participants} participants ({per_cent(share)})"
    return Answered(number, "PY" if share >= NOTABLE else "PN", words)


def _pattern(inputs: CertaintyInputs) -> Answered:
    if inputs.k < FEWEST:
        return Answered("6", "NI", f"{inputs.k} stud{'y' if inputs.k == 1 else 'ies'}: too few for a test")
    tests = [test for test in inputs.small_study_tests or () if test.applicable]
    if not tests:
        return Answered("6", "NI", "no suitable test was run")
    low = [test for test in tests if test.p_value < TEST_P]
    told = "; ".join(f"{test.name} p = {test.p_value:.3g}" for test in low or tests)
    return Answered("6", "PY" if low else "PN", told)


def judge_answers(answers: Mapping[str, str]) -> int:
    """Return the proposed level, 0 Low to 2 High, from the answers by question.

    Notes
    -----
    High: results are missing because of what they were (1) and could matter or nobody knows (2 not N or PN); or the
    results look selected (6) while trials are missing because of them or for an unknown reason (1 or 3). Low: none
    of 1, 3, 5 and 6 is yes or unknown, or what is missing could not change the estimate (2, 4). Else some concerns.
    """
    said = {number: {"Y": "+", "PY": "+", "N": "-", "PN": "-"}.get(answer, "?") for number, answer in answers.items()}
    if said["1"] == "+" and said["2"] != "-":
        return 2
    if said["6"] == "+" and "+" in (said["1"], said["3"]):
        return 2
    known = said["1"] == "-" or (said["1"] == "+" and said["2"] == "-")
    unclear = said["3"] == "-" or (said["3"] == "+" and said["4"] == "-")
    return 0 if known and unclear and said["5"] == "-" and said["6"] == "-" else 1


def propose_missing_evidence(inputs: CertaintyInputs) -> Proposal:
    """Propose the risk of bias due to missing evidence.

    Parameters
    ----------
    inputs : CertaintyInputs
        See `answers_of`.

    Returns
    -------
    Proposal
        ``level`` indexes `LEVELS`; ``inputs`` holds the answer to each question; ``flip`` what another answer to
        the reason of a single trial, or to a question, would change.

    References
    ----------
    Page MJ et al. (2023) BMJ 383:e076754.
    """
    answers = answers_of(inputs)
    level = _level(answers)
    told = [f"{one.question} {one.answer}: {one.because}" for one in answers if one.answer != "NA"]
    given = {f"{one.question} ({QUESTIONS[one.question]})": one.answer for one in answers}
    keys = tuple(trial.key for trial in inputs.missing_trials or () if trial.key) + inputs.keys
    rule = f"questions after ROB-ME, version 1 ({FLAG}); shown beside publication bias, not part of the certainty"
    return Proposal(DOMAIN, level, "; ".join(told), rule, _flip(inputs, answers, level), given, keys)


def _level(answers: tuple[Answered, ...]) -> int:
    return judge_answers({one.question: one.answer for one in answers})


def _flip(inputs: CertaintyInputs, answers: tuple[Answered, ...], level: int) -> str:
    found = [
        f"{label} missing {REASONS[reason]}: {LEVELS[reached]}"
        for label, reason, other in other_reasons(inputs)
        if (reached := _level(answers_of(other))) != level
    ]
    given = {one.question: one.answer for one in answers}
    for number, name in (("5", "whole trials not found"), ("6", "the look of the results")):
        for answer in ("Y", "N"):
            reached = judge_answers(given | {number: answer})
            if given[number] not in (answer, f"P{answer}") and reached != level:
                found.append(f"question {number} ({name}) answered {answer}: {LEVELS[reached]}")
    return "; ".join(found) or "no other answer to a single question, and no other reason of a single trial"


REASONS: Mapping[str, str] = {
    "yes": "because of its result",
    "no": "for a reason apart from its result",
    "unclear": "for an unclear reason",
}


def other_reasons(inputs: CertaintyInputs) -> list[tuple[str, str, CertaintyInputs]]:
    """Return every case in which one missing trial is missing for another reason: its label, the reason, the case."""
    trials, found = tuple(inputs.missing_trials or ()), []
    for position, trial in enumerate(trials):
        for reason in REASONS:
            if reason != trial.because_of_result:
                changed = (
                    *trials[:position],
                    replace(trial, because_of_result=reason),
                    *trials[position + 1 :],
                )
                found.append((trial.label, reason, replace(inputs, missing_trials=changed)))
    return found
