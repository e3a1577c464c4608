"""GRADE: proposals, people's judgements, and what is said when nobody has judged."""

import itertools
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evisynth.quality.certainty_inputs import CertaintyInputs, MissingTrial, SmallStudyTest, StudyEvidence
from evisynth.quality.grade import CERTAINTY_COLUMNS, PersonJudgement, propose_certainty, read_certainty
from evisynth.quality.grade_bias import propose_publication_bias, propose_risk_of_bias
from evisynth.quality.grade_domains import (
    CINEMA,
    i2_cross_check,
    propose_imprecision,
    propose_inconsistency,
    propose_indirectness,
    propose_upgrades,
)


def studies(*concerns, weights=None, **fields):
    weights = weights or [1] * len(concerns)
    return tuple(
        StudyEvidence(f"s{number}", weight, concern, **fields)
        for number, (concern, weight) in enumerate(zip(concerns, weights, strict=True), 1)
    )


SOUND = CertaintyInputs(
    "pain",
    "randomised",
    "RR",
    studies("low", "low", "low", keys=("rob",)),
    estimate=0.6,
    ci_low=0.50,
    ci_high=0.75,
    pi_low=0.40,
    pi_high=0.78,
    thresholds=(0.8, 1.25),
    threshold_source="plan",
    participants=2000,
    events=500,
    information_size=1806,
    missing_trials=(),
    indirectness={"population": "none"},
    keys=("pool",),
)


def test_nothing_to_rate_down_is_high():
    found = propose_certainty(SOUND)
    assert (found.proposed, found.final, found.level) == ("High", "High", 4)
    assert found.reason == "starts at High"
    assert "risk of bias serious: Moderate" in found.flip


def test_the_table_has_a_way_back():
    frame = propose_certainty(SOUND).to_frame()
    assert list(frame.columns) == list(CERTAINTY_COLUMNS)
    assert list(frame["domain"]) == [
        "start",
        "risk of bias",
        "inconsistency",
        "indirectness",
        "imprecision",
        "publication bias",
        "certainty",
    ]
    by_domain = frame.set_index("domain")
    assert by_domain.loc["risk of bias", "from"] == "rob"
    assert by_domain.loc["certainty", "from"] == "rob;pool"
    assert by_domain.loc["inconsistency", "rule"] == "CINeMA table, version 1"
    assert "ci_crossed: 0" in by_domain.loc["inconsistency", "inputs"]
    assert all(frame["rule"] != "") and all(frame["flip"] != "") and all(frame["reason"] != "")


@pytest.mark.parametrize("domain", ["risk of bias", "indirectness", "publication bias", "inconsistency"])
def test_what_nobody_judged_is_not_assessed(domain):
    inputs = {
        "risk of bias": replace(SOUND, studies=studies("low", "not assessed", "low")),
        "indirectness": replace(SOUND, indirectness=None),
        "publication bias": replace(SOUND, missing_trials=None),
        "inconsistency": replace(SOUND, pi_low=None, pi_high=None),
    }[domain]
    frame = propose_certainty(inputs).to_frame().set_index("domain")
    assert frame.loc[domain, "final"] == "not assessed"
    assert pd.isna(frame.loc[domain, "level"])
    # nothing else rates it down, so no bound below High is known
    assert frame.loc["certainty", "final"] == "not assessed"
    assert frame.loc["certainty", "flip"] == f"judging {domain}"


def test_an_unassessed_risk_of_bias_leaves_an_upper_bound():
    inputs = replace(SOUND, studies=studies(*["not assessed"] * 3), ci_high=1.1, pi_high=1.2)
    found = propose_certainty(inputs)
    assert (found.final, found.level) == ("at most Moderate", 3)
    assert found.reason == "starts at High; 1 down for imprecision; risk of bias is not assessed"


def test_people_have_the_last_word():
    inputs = replace(SOUND, studies=studies(*["not assessed"] * 3), indirectness=None)
    people = {
        "risk of bias": PersonJudgement("very serious", "open label, patient-reported", "c1"),
        "indirectness": PersonJudgement("not serious", "the people of the question", "c2"),
    }
    found = propose_certainty(inputs, people)
    assert (found.proposed, found.final) == ("not assessed", "Low")
    row = found.to_frame().set_index("domain").loc["risk of bias"]
    assert (row["proposed"], row["final"], row["level"], row["from"]) == (
        "not assessed",
        "very serious",
        -2,
        "c1",
    )
    assert row["reason"].startswith("open label, patient-reported (proposed: not assessed, because of the weight, ")


DOWNS = ("risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias")
RATINGS = ("not serious", "serious", "very serious", "extremely serious")


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(0, 3)] * 5), st.integers(0, 4))
def test_a_worse_rating_never_raises_the_certainty(levels, worse):
    def rated(values):
        people = {name: PersonJudgement(RATINGS[level], "why") for name, level in zip(DOWNS, values, strict=True)}
        return propose_certainty(SOUND, people)

    found = rated(levels)
    assert found.level == max(1, 4 - sum(levels))
    lower = [min(level + (place == worse), 3) for place, level in enumerate(levels)]
    assert rated(lower).level <= found.level


def test_levels_stay_between_very_low_and_high():
    people = {
        name: PersonJudgement("extremely serious", "why")
        for name in ("risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias")
    }
    assert propose_certainty(SOUND, people).final == "Very low"
    up = {"large effect": PersonJudgement("up 2", "why")}
    assert propose_certainty(SOUND, up).final == "High"


@pytest.mark.parametrize(
    ("judgements", "said"),
    [
        ({"risk of bias": PersonJudgement("bad", "why")}, "'bad' is none of not serious, serious"),
        ({"risk of bias": PersonJudgement("serious", " ")}, "needs its reason"),
        ({"luck": PersonJudgement("serious", "why")}, "no domain luck"),
    ],
)
def test_judgements_that_cannot_be(judgements, said):
    with pytest.raises(ValueError, match=said):
        propose_certainty(SOUND, judgements)


def test_no_study_is_not_assessed():
    inputs = CertaintyInputs("empty", "randomised", "MD")
    found = propose_certainty(inputs)
    assert (found.final, found.level, found.reason) == ("not assessed", None, "there is no study")
    assert set(found.to_frame()["final"][1:]) == {"not assessed"}


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        ("randomised", "High"),
        ("non-randomised", "Low"),
        ("non-randomised, ROBINS-I", "High"),
        ("uncontrolled", "Low"),
    ],
)
def test_start_by_design(design, expected):
    assert propose_certainty(replace(SOUND, design=design, estimate=0.7)).final == expected


@pytest.mark.parametrize(
    ("concerns", "weights", "level"),
    [
        (("low", "low"), (1, 1), 0),
        (("low", "some"), (1, 1), 0),
        (("low", "some"), (49, 51), 1),
        (("low", "high"), (76, 24), 0),
        (("low", "high"), (75, 25), 1),
        (("low", "high"), (49, 51), 1),
        (("low", "high"), (26, 74), 1),
        (("low", "high"), (25, 75), 2),
        # neither half of the rule's text holds: most of the information is not from studies at low risk
        (("low", "some", "high"), (40, 45, 15), 1),
        (("low", "not assessed"), (50, 50), None),
        (("low", "not assessed"), (90, 10), 0),
        (("high", "not assessed"), (80, 20), 2),
    ],
)
def test_risk_of_bias_by_weight(concerns, weights, level):
    found = propose_risk_of_bias(replace(SOUND, studies=studies(*concerns, weights=weights)))
    assert found.level == level
    assert found.flip


def test_a_category_that_changes_without_high_risk_studies_counts():
    inputs = replace(SOUND, studies=studies("low", "high", weights=[45, 55]))
    assert propose_risk_of_bias(replace(inputs, low_risk_estimate=0.7)).level == 1
    changed = propose_risk_of_bias(replace(inputs, low_risk_estimate=0.9))
    assert changed.level == 2
    assert "another category" in changed.reason


def test_what_flips_risk_of_bias_names_the_study():
    found = propose_risk_of_bias(replace(SOUND, studies=studies("low", "low", "low", weights=[6, 2, 2])))
    assert found.flip == "s1 (60 % of the weight) at some risk: serious; s1 (60 % of the weight) at high risk: serious"
    found = propose_risk_of_bias(replace(SOUND, studies=studies(*["low"] * 10)))
    assert found.flip == "no change of a single study's judgement would change it"


def test_robins_i_goes_down_two_or_three():
    inputs = replace(SOUND, design="non-randomised, ROBINS-I")
    assert propose_risk_of_bias(replace(inputs, studies=studies("high", "some"))).level == 2
    assert propose_risk_of_bias(replace(inputs, studies=studies("high", critical=True))).level == 3
    assert propose_risk_of_bias(replace(inputs, studies=studies("some", "some"))).level == 1


@pytest.mark.parametrize(
    ("ci", "pi", "level"),
    [
        ((0.50, 0.75), (0.40, 0.78), 0),
        ((0.50, 0.75), (0.3, 1.1), 1),
        ((0.5, 0.75), (0.2, 1.6), 2),
        ((0.6, 0.95), (0.3, 1.7), 1),
    ],
)
def test_cinema_examples(ci, pi, level):
    inputs = replace(SOUND, estimate=0.65, ci_low=ci[0], ci_high=ci[1], pi_low=pi[0], pi_high=pi[1])
    found = propose_inconsistency(inputs)
    assert found.level == level


def test_cinema_in_full():
    # one interval for each number of limits crossed, of the zone 0.8 to 1.25
    ranges = {0: (0.85, 1.2), 1: (0.75, 1.2), 2: (0.75, 1.3)}
    for n, m in itertools.product(range(3), repeat=2):
        inputs = replace(
            SOUND,
            estimate=1.0,
            ci_low=ranges[n][0],
            ci_high=ranges[n][1],
            pi_low=ranges[m][0],
            pi_high=ranges[m][1],
        )
        expected = {(0, 0): 0, (0, 1): 1, (0, 2): 2, (1, 1): 0, (1, 2): 1, (2, 2): 0}.get((n, m))
        assert propose_inconsistency(inputs).level == expected == CINEMA.get((n, m))


def test_inconsistency_of_few_studies():
    one = replace(SOUND, studies=studies("low"))
    assert propose_inconsistency(one).level == 0
    apart = (
        StudyEvidence("a", 1, "low", estimate=0.5, ci_low=0.4, ci_high=0.6),
        StudyEvidence("b", 1, "low", estimate=0.9, ci_low=0.8, ci_high=1.0),
    )
    assert propose_inconsistency(replace(SOUND, studies=apart)).level == 1
    near = (apart[0], replace(apart[1], ci_low=0.55))
    assert propose_inconsistency(replace(SOUND, studies=near)).level == 0
    assert propose_inconsistency(replace(SOUND, studies=studies("low", "low"))).level is None


def test_i2_is_a_cross_check():
    both_sides = tuple(
        StudyEvidence(f"s{place}", 1, "low", estimate=value, ci_low=value - 0.1, ci_high=value + 0.1)
        for place, value in enumerate((0.5, 0.6, 1.4, 1.6))
    )
    inputs = replace(SOUND, studies=both_sides, i2=80.0)
    assert i2_cross_check(inputs) == 2
    assert i2_cross_check(replace(inputs, i2=60.0)) == 1
    assert i2_cross_check(replace(inputs, i2=30.0)) == 0
    assert i2_cross_check(replace(inputs, studies=both_sides[:2])) is None
    assert "the rule by I2 would say very serious" in propose_inconsistency(inputs).reason


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        (None, None), ({}, 0), ({"population": "some"}, 0), ({"population": "serious"}, 1),
        ({"population": "serious", "comparator": "serious"}, 2), ({"outcome": "surrogate without a link"}, 2),
    ],
)  # fmt: skip
def test_indirectness_is_for_people(flags, level):
    assert propose_indirectness(replace(SOUND, indirectness=flags)).level == level


def test_imprecision_of_a_pool():
    assert propose_imprecision(SOUND).level == 0
    assert "1200" not in propose_imprecision(SOUND).reason
    short = propose_imprecision(replace(SOUND, participants=1200))
    assert (short.level, short.inputs["participants"]) == (1, 1200)
    unnamed = propose_imprecision(replace(SOUND, thresholds=()))
    assert "no minimal important difference is stated" in unnamed.reason


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({}, 0),
        ({"missing_trials": None}, None),
        ({"missing_trials": (MissingTrial("x", "no"),)}, 0),
        ({"missing_trials": (MissingTrial("x", "yes", 20),)}, 1),
        ({"missing_trials": (MissingTrial("x"),)}, 1),
        ({"missing_trials": (MissingTrial("x", "unclear", 100),)}, 0),
        ({"missing_trials": (MissingTrial("x", "unclear", 700),)}, 1),
        ({"only_small_positive": True}, 1),
        # fewer than ten studies: the test does not count
        ({"small_study_tests": (SmallStudyTest("Egger", 0.01),)}, 0),
        ({"studies": studies(*["low"] * 10)}, None),
        ({"studies": studies(*["low"] * 10), "small_study_tests": (SmallStudyTest("Egger", 0.01),)}, 1),
        ({"studies": studies(*["low"] * 10), "small_study_tests": (SmallStudyTest("Egger", 0.10),)}, 0),
        (
            {"studies": studies(*["low"] * 10), "small_study_tests": (SmallStudyTest("Egger", 0.01, False),)},
            None,
        ),
    ],
)
def test_publication_bias(change, level):
    assert propose_publication_bias(replace(SOUND, **change)).level == level


@pytest.mark.parametrize(
    ("change", "certainty"),
    [
        ({"estimate": 0.45, "ci_low": 0.36, "ci_high": 0.56}, "Moderate"),
        ({"estimate": 0.15, "ci_low": 0.10, "ci_high": 0.22}, "High"),
        (
            {"estimate": 0.45, "ci_low": 0.36, "ci_high": 0.56, "indirectness": {"population": "serious"}},
            "Very low",
        ),
        ({"estimate": 0.45, "ci_low": 0.36, "ci_high": 0.56, "measure": "OR"}, "Low"),
        (
            {"estimate": 0.30, "ci_low": 0.25, "ci_high": 0.36, "measure": "OR", "comparator_risk": 0.1},
            "Moderate",
        ),
        ({"dose_response": True}, "Moderate"),
    ],
)
def test_rating_up(change, certainty):
    inputs = replace(SOUND, design="non-randomised", pi_low=0.05, pi_high=0.7, **change)
    assert propose_certainty(inputs).final == certainty


def test_randomised_and_uncontrolled_evidence_is_not_rated_up_by_size():
    assert propose_upgrades(replace(SOUND, estimate=0.1, ci_low=0.05)) == []
    assert propose_upgrades(replace(SOUND, design="uncontrolled", estimate=0.1, ci_low=0.05))[0].level == 0


def test_without_a_pool():
    known = (
        StudyEvidence("a", 200, "low", estimate=-1.0, ci_low=-2.0, ci_high=-0.2),
        StudyEvidence("b", 150, "low", estimate=-0.5, ci_low=-1.5, ci_high=0.5),
        StudyEvidence("c", 60, "some"),
    )
    inputs = CertaintyInputs(
        "told", "randomised", "MD", known, pooled=False, participants=410, missing_trials=(), indirectness={}
    )
    assert propose_certainty(inputs).final == "High"
    few = propose_certainty(replace(inputs, participants=399))
    assert few.final == "Moderate"
    assert "fewer than 400" in few.to_frame().set_index("domain").loc["imprecision", "reason"]
    unclear = replace(inputs, studies=tuple(replace(study, ci_high=0.5) for study in known[:2]))
    assert propose_imprecision(unclear).level == 1
    other_way = (known[0], replace(known[1], estimate=0.5, ci_high=1.5), known[2])
    assert propose_inconsistency(replace(inputs, studies=other_way)).level == 1
    assert propose_inconsistency(replace(inputs, studies=known[1:])).level is None
    assert propose_imprecision(replace(inputs, participants=None)).level is None


def test_inputs_are_checked_at_once():
    with pytest.raises(ValueError) as error:
        CertaintyInputs("x", "cohort", "RR", studies("Low", weights=[-1]), estimate=0.5, indirectness={"luck": "bad"})
    for said in (
        "the design is one of",
        "risk of bias 'Low'",
        "weight must be positive",
        "both limits",
        "'luck: bad'",
    ):
        assert said in str(error.value)
    with pytest.raises(ValueError, match="does not hold 2"):
        replace(SOUND, estimate=2.0)
    with pytest.raises(ValueError, match="needs its estimate"):
        CertaintyInputs("x", "randomised", "RR", studies("low"))


def test_peoples_table():
    names = ["synthesis_id", "domain", "judgement", "reason"]
    rows = [
        ("pain", "risk of bias", "serious", "open label"),
        ("pain", "risk of bias", "serious", "again"),
        ("sleep", "risk of bias", "serious", "why"),
        ("pain", "luck", "serious", "why"),
        ("pain", "imprecision", "up 1", "why"),
        ("pain", "inconsistency", "serious", ""),
        ("pain", "large effect", "up 1", "two-fold"),
    ]
    found, problems = read_certainty(pd.DataFrame(rows, columns=names), {"pain"})
    assert set(found) == {"pain"}
    assert set(found["pain"]) == {"risk of bias", "large effect"}
    assert [(item.line, item.column) for item in problems] == [
        (3, "domain"), (4, "synthesis_id"), (5, "domain"), (6, "judgement"), (7, "reason"),
    ]  # fmt: skip
