"""CINeMA's summaries and the questions after ROB-ME: what they say, and what flips them."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evisynth.quality.certainty_inputs import CertaintyInputs, MissingTrial, SmallStudyTest, StudyEvidence
from evisynth.quality.cinema import CONCERNS, cinema_proposals
from evisynth.quality.grade_bias import propose_publication_bias
from evisynth.quality.missing_evidence import (
    FLAG,
    LEVELS,
    QUESTIONS,
    answers_of,
    judge_answers,
    propose_missing_evidence,
)


def studies(*concerns, weights=None):
    weights = weights or [1] * len(concerns)
    pairs = zip(concerns, weights, strict=True)
    return tuple(StudyEvidence(f"s{i}", weight, concern) for i, (concern, weight) in enumerate(pairs))


BASE = CertaintyInputs(
    "pain", "randomised", "OR", studies("low", "some", "high"), estimate=0.6, ci_low=0.50, ci_high=0.75, pi_low=0.40,
    pi_high=0.78, thresholds=(0.8, 1.25), participants=300, missing_trials=(), keys=("pool",),
)  # fmt: skip


def of(inputs):
    return {proposal.domain.removeprefix("CINeMA "): proposal for proposal in cinema_proposals(inputs)}


@pytest.mark.parametrize(
    ("concerns", "weights", "majority", "average", "highest"),
    [
        (("low", "low", "high"), (40, 30, 30), 0, 1, 2),
        (("low", "some", "high"), (20, 45, 35), 1, 1, 2),
        (("low", "high"), (50, 50), 2, 1, 2),  # of equal shares the worse; the average 2 exactly
        (("low", "some"), (50, 50), 1, 1, 1),  # 1.5 is rounded up
        (("low", "low"), (1, 9), 0, 0, 0),
        (("high",), (1,), 2, 2, 2),
    ],
)
def test_within_study_bias_by_hand(concerns, weights, majority, average, highest):
    found = of(replace(BASE, studies=studies(*concerns, weights=weights)))
    levels = [found[f"within-study bias, {name}"].level for name in ("majority", "average", "highest")]
    assert levels == [majority, average, highest]


def test_what_nobody_assessed_is_left_open_unless_it_cannot_matter():
    found = of(replace(BASE, studies=studies("low", "not assessed", weights=(90, 10))))
    assert found["within-study bias, majority"].level == 0
    assert found["within-study bias, highest"].level is None
    assert found["within-study bias, highest"].flip == "judging s1"
    worst = of(replace(BASE, studies=studies("high", "not assessed")))
    assert worst["within-study bias, highest"].level == 2
    assert "whatever the risk of s1" in worst["within-study bias, highest"].reason


@pytest.mark.parametrize(
    ("interval", "level"), [((0.50, 0.75), 0), ((0.60, 0.95), 1), ((0.70, 1.30), 2), ((0.9, 1.1), 0)]
)
def test_imprecision_counts_the_limits_of_the_zone(interval, level):
    low, high = interval
    found = of(replace(BASE, estimate=(low * high) ** 0.5, ci_low=low, ci_high=high, pi_low=0.1, pi_high=9.0))
    assert found["imprecision"].level == level


@pytest.mark.parametrize(
    ("ci", "pi", "level"),
    [
        ((0.50, 0.75), (0.40, 0.78), 0),
        ((0.50, 0.75), (0.30, 1.10), 1),
        ((0.50, 0.75), (0.20, 1.60), 2),
        ((0.60, 0.95), (0.30, 1.70), 1),
    ],
)
def test_the_four_worked_examples_of_heterogeneity(ci, pi, level):
    inputs = replace(BASE, estimate=(ci[0] * ci[1]) ** 0.5, ci_low=ci[0], ci_high=ci[1], pi_low=pi[0], pi_high=pi[1])
    assert of(inputs)["heterogeneity"].level == level
    assert of(inputs)["heterogeneity"].flip


def test_without_a_prediction_interval_or_a_pool():
    assert of(replace(BASE, pi_low=None, pi_high=None))["heterogeneity"].level is None
    bare = replace(BASE, pooled=False, estimate=None, ci_low=None, ci_high=None, pi_low=None, pi_high=None)
    assert cinema_proposals(bare) == []
    assert "no minimal important difference" in of(replace(BASE, thresholds=()))["imprecision"].reason


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["low", "some", "high"]), st.integers(1, 50)), min_size=1, max_size=5))
def test_the_summaries_are_ordered_and_the_flip_is_true(drawn):
    inputs = replace(BASE, studies=studies(*[risk for risk, _ in drawn], weights=[weight for _, weight in drawn]))
    found = of(inputs)
    names = ("majority", "average", "highest")
    majority, average, highest = (found[f"within-study bias, {name}"].level for name in names)
    assert max(majority, average) <= highest
    for name in names:
        flip = found[f"within-study bias, {name}"].flip
        if flip.startswith("no change"):
            continue
        first, _, reached = flip.split("; ")[0].partition(": ")
        study, _, risk = first.removesuffix(" risk").partition(" at ")
        changed = [replace(item, concern=risk) if item.study_id == study else item for item in inputs.studies]
        assert CONCERNS[of(replace(inputs, studies=tuple(changed)))[f"within-study bias, {name}"].level] == reached


def trial(label="T", because="unclear", people=200):
    return MissingTrial(label, because, people, f"left_out:{label}")


def said(inputs):
    return {one.question: one.answer for one in answers_of(inputs)}


def test_answers_from_the_analysis():
    assert said(BASE) == {"1": "N", "2": "NA", "3": "N", "4": "NA", "5": "NI", "6": "NI"}
    assert said(replace(BASE, missing_trials=None))["1"] == "NI"
    withheld = replace(BASE, missing_trials=(trial(because="yes"),))
    assert (said(withheld)["1"], said(withheld)["2"]) == ("Y", "PY")
    few = replace(BASE, missing_trials=(trial(people=10),))
    assert (said(few)["3"], said(few)["4"]) == ("Y", "PN")
    assert said(replace(BASE, missing_trials=(trial(people=None),)))["4"] == "NI"
    many = replace(BASE, studies=studies(*["low"] * 10), small_study_tests=(SmallStudyTest("Egger", 0.04),))
    assert said(many)["6"] == "PY"
    assert said(replace(many, small_study_tests=(SmallStudyTest("Egger", 0.4),)))["6"] == "PN"
    assert said(replace(many, small_study_tests=()))["6"] == "NI"


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ("N NA N NA N N", 0),
        ("Y PN Y PN N N", 0),
        ("N NA N NA NI N", 1),
        ("N NA Y PY N N", 1),
        ("N NA N NA N PY", 1),
        ("Y PY N NA N N", 2),
        ("Y NI N NA N N", 2),
        ("N NA Y NI NI PY", 2),
    ],
)
def test_the_proposal_from_the_answers(answers, level):
    assert judge_answers(dict(zip(QUESTIONS, answers.split(), strict=True))) == level


def test_every_combination_of_answers_has_a_level():
    for combination in itertools.product("+-?", repeat=6):
        answers = ({"+": "Y", "-": "N", "?": "NI"}[mark] for mark in combination)
        assert judge_answers(dict(zip(QUESTIONS, answers, strict=True))) in range(len(LEVELS))


def test_the_reason_of_a_trial_flips_the_proposal():
    found = propose_missing_evidence(replace(BASE, missing_trials=(trial("Lost 2001"),)))
    assert LEVELS[found.level] == "Some concerns"
    assert "Lost 2001 missing because of its result: High" in found.flip
    assert FLAG in found.rule
    assert found.keys == ("left_out:Lost 2001", "pool")


def test_publication_bias_says_which_reason_would_flip_it():
    one = replace(BASE, missing_trials=(trial("Lost 2001"),))
    found = propose_publication_bias(one)
    assert found.level == 1
    assert found.flip == "Lost 2001 missing for a reason apart from its result: not serious"
    kept = propose_publication_bias(replace(BASE, missing_trials=(trial("Lost 2001", "no"),)))
    assert kept.level == 0
    assert "Lost 2001 missing because of its result: serious" in kept.flip
    two = replace(BASE, missing_trials=(trial("A"), trial("B")))
    assert propose_publication_bias(two).flip.startswith("only all of these together: every missing trial")
    tested = replace(
        BASE, studies=studies(*["low"] * 10), small_study_tests=(SmallStudyTest("Egger", 0.04),), missing_trials=()
    )
    assert propose_publication_bias(tested).flip == "p of 0.10 or more in the test: not serious"


def test_the_reason_that_the_plan_gives_is_shown():
    told = MissingTrial("Lost 2001", "yes", 40, "", "the sponsor withheld it")
    found = propose_publication_bias(replace(BASE, missing_trials=(told,)))
    assert found.reason.startswith("Lost 2001 is missing because of its result (the sponsor withheld it)")
    assert found.inputs["missing"] == "Lost 2001 (yes: the sponsor withheld it)"
