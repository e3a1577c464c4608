"""Single values, their spread, and changes within a group."""

import pytest
from tests.integrity.conftest import arm, cell, contrast, found, study, verdict


def rating(**cells):
    return arm(outcome="rating", **{"value_kind": "final", **cells})


def score(**cells):
    return arm(outcome="score", **{"value_kind": "final", **cells})


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (arm(n="10", events="10"), "consistent"),
        (arm(n="10", events="11"), "inconsistent"),
        (rating(n="10", mean="10.5"), "inconsistent"),
        (rating(n="10", mean="-3.5"), "inconsistent"),
        (rating(n="10", mean="-3.5", value_kind="change"), "consistent"),
        (rating(n="20", mean="5.0", sd="5.1"), "consistent"),
        (rating(n="20", mean="9.5", sd="5.1"), "inconsistent"),
    ],
)
def test_possible_values(row, expected):
    assert verdict(found(arms=[row]), "possible_values") == expected


def test_an_arm_larger_than_its_study():
    frame = found(studies=[study(n_randomised="30")], arms=[arm(n="31", events="3")])
    assert verdict(frame, "possible_values") == "inconsistent"


def test_grim_and_grimmer():
    assert verdict(found(arms=[rating(n="28", mean="5.18")]), "grim") == "consistent"
    assert verdict(found(arms=[rating(n="28", mean="5.19")]), "grim") == "inconsistent"
    adjusted = rating(n="28", mean="5.19", analysis_set="intention to treat, adjusted")
    assert verdict(found(arms=[adjusted]), "grim").startswith("possible")
    assert found(arms=[score(n="28", mean="5.19")]).query("check == 'grim'").empty
    assert verdict(found(arms=[rating(n="5", mean="2.40", sd="1.14")]), "grimmer") == "consistent"
    assert verdict(found(arms=[rating(n="5", mean="2.40", sd="1.20")]), "grimmer") == "inconsistent"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # 32.1 +- 2.064 x 5.09/5
        ({"mean": "32.1", "sd": "5.09", "n": "25", "ci_low": "30.0", "ci_high": "34.2"}, "consistent"),
        ({"mean": "32.1", "sd": "1.02", "n": "25", "ci_low": "30.0", "ci_high": "34.2"}, "inconsistent"),
        ({"mean": "33.1", "n": "25", "ci_low": "30.0", "ci_high": "34.2"}, "inconsistent"),
        ({"mean": "32.1", "sd": "5.09", "se": "1.02", "n": "25"}, "consistent"),
        ({"mean": "32.1", "sd": "1.02", "se": "1.02", "n": "25"}, "inconsistent"),
    ],
)
def test_mean_interval(cells, expected):
    assert verdict(found(arms=[score(**cells)]), "mean_interval") == expected


def test_a_standard_error_among_standard_deviations():
    studies = [study(study_id=f"s{i}") for i in range(1, 5)]
    rows = [score(study_id=f"s{i}", mean="20", sd=sd, n="25") for i, sd in enumerate(("10.1", "9.2", "1.9", "11"), 1)]
    frame = found(studies=studies, arms=rows)
    doubted = frame[(frame["check"] == "spread_label") & (frame["verdict"] != "consistent")]
    assert list(doubted["study_id"]) == ["s3"]


def change(p, column="sd", spread=("8.0", "9.0"), relation=""):
    rows = [
        score(mean="50.0", n="20", variant="before_treatment", timepoint_weeks="0", **{column: spread[0]}),
        score(mean="45.0", n="20", timepoint_weeks="12", **{column: spread[1]}),
    ]
    test = contrast(outcome="score", comparator="baseline", p_value=p, p_relation=relation)
    return found(studies=[study(design="single-arm study")], arms=rows, contrasts=[test])


def test_change_within_a_group():
    assert verdict(change("0.01"), "before_after") == "consistent"
    assert verdict(change("0.0001", relation="<"), "before_after") == "consistent"
    assert verdict(change("0.4"), "before_after") == "inconsistent"


def test_an_unlabelled_spread_is_named_by_its_p_value():
    frame = change("0.005", column="unlabelled_spread", spread=("2.0", "2.2"))
    assert cell(frame, "before_after", "assumption") == "the figures after the sign are standard errors"
    frame = change("0.01", column="unlabelled_spread", spread=("8.0", "9.0"))
    assert cell(frame, "before_after", "assumption") == "the figures after the sign are standard deviations"
