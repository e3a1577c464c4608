"""Percentages against people."""

import pytest
from tests.integrity.conftest import arm, cell, contrast, found, study, verdict

from evisynth.quality.integrity.rounding import fit_together, prints_as, sizes_of


@pytest.mark.parametrize(
    ("percent", "n", "expected"),
    [
        ("33", "60", "consistent"),
        ("33", "250", "consistent"),
        ("67", "17", "inconsistent"),
        ("66.7", "18", "consistent"),
        ("66.6", "18", "inconsistent"),
    ],
)
def test_percent_of_n(percent, n, expected):
    assert verdict(found(arms=[arm(percent=percent, n=n)]), "percent_of_n") == expected


def test_an_impossible_percentage_says_what_would_make_it_possible():
    frame = found(arms=[arm(percent="67", n="17")])
    assert cell(frame, "percent_of_n", "expected") == "11/17 = 64.7 or 12/17 = 70.6"
    assert "15 (10/15)" in cell(frame, "percent_of_n", "assumption")


def test_without_n_the_numbers_of_the_study_count():
    single = study(design="single-arm study", n_randomised="17")
    assert verdict(found(studies=[single], arms=[arm(percent="67")]), "percent_of_n") == "inconsistent"
    assert verdict(found(studies=[single], arms=[arm(percent="65")]), "percent_of_n") == "consistent"
    both = [arm(percent="67"), arm("placebo", percent="50")]
    frame = found(studies=[study(n_randomised="34")], arms=both)
    assert set(frame[frame["check"] == "percent_of_n"]["verdict"]) == {"not checkable"}


def test_a_number_that_nobody_could_confirm_is_no_number():
    guessed = arm(outcome="event", variant="derived_counts", n="9", events="6", status="derived")
    single = study(design="single-arm study", n_randomised="17")
    frame = found(studies=[single], arms=[arm(percent="67"), guessed])
    assert verdict(frame[frame["row"] == "s1:event:drug"], "percent_of_n") == "inconsistent"


def test_percent_beside_events():
    assert verdict(found(arms=[arm(percent="84", n="49", events="41")]), "percent_of_events") == "consistent"
    assert verdict(found(arms=[arm(percent="85", n="49", events="41")]), "percent_of_events") == "inconsistent"


@pytest.mark.parametrize(
    ("first", "second", "people", "expected"),
    [("50", "25", "20", "consistent"), ("89", "67", "17", "possible"), ("28", "8", "20", "inconsistent")],
)
def test_one_denominator(first, second, people, expected):
    single = study(design="single-arm study", n_randomised=people)
    other = {"outcome_id": "other", "name": "another", "type": "binary", "benefit": "lower"}
    rows = [arm(percent=first), arm(outcome="other", percent=second)]
    outcomes = [{"outcome_id": "event", "name": "one", "type": "binary", "benefit": "lower"}, other]
    frame = found(studies=[single], outcomes=outcomes, arms=rows)
    assert verdict(frame, "shared_denominator").startswith(expected)


def test_the_same_people_twice_have_one_denominator():
    crossover = study(design="crossover trial", n_randomised="31")
    frame = found(studies=[crossover], arms=[arm(percent="37"), arm("placebo", percent="13")])
    assert "30" in cell(frame, "shared_denominator_paired", "assumption")


def test_an_arm_without_people_stops_nothing():
    rows = [arm(percent="50", n="0", events="0"), arm("placebo", percent="50", n="10", events="5")]
    frame = found(arms=rows, contrasts=[{**contrast(), "p_value": "0.5"}])
    assert verdict(frame, "percent_of_n", "drug") == "inconsistent"
    assert verdict(frame, "p_from_counts") == "not checkable"


def test_ties_of_one_document_go_one_way():
    # 27/40 = 67.5 prints as 67 only rounded down, 9/40 = 22.5 as 23 only rounded up
    assert fit_together([("67", 40), ("22", 40)])
    assert not fit_together([("67", 40), ("23", 40)])
    assert 8 not in sizes_of(["37", "13"], 31)
    assert prints_as(0.285, "0.29") and prints_as(0.285, "0.28")


def test_a_count_worked_back_from_a_percentage():
    printed = arm(percent="35", n="40", variant="published")
    right = arm(events="14", n="40", variant="derived_counts", status="derived")
    wrong = arm(events="20", n="40", variant="derived_counts", status="derived")
    assert verdict(found(arms=[printed, right]), "derived_count") == "consistent"
    assert verdict(found(arms=[printed, wrong]), "derived_count") == "inconsistent"
