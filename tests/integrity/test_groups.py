"""The people of a study, and figures that two studies share."""

import pytest
from tests.integrity.conftest import arm, cell, contrast, found, study, verdict

OUTCOMES = [
    {"outcome_id": name, "name": name, "type": "binary", "benefit": "lower"} for name in ("one", "two", "three")
]


def sizes(*pairs):
    """Return arm rows of one outcome after the other, with (drug, placebo) people."""
    rows = []
    for outcome, (first, second) in zip(("one", "two", "three"), pairs, strict=False):
        rows += [arm("drug", outcome, n=str(first), events="3"), arm("placebo", outcome, n=str(second), events="4")]
    return rows


@pytest.mark.parametrize(("people", "expected"), [("104", "consistent"), ("97", "inconsistent"), ("110", "possible")])
def test_arm_totals(people, expected):
    frame = found(studies=[study(n_randomised=people)], outcomes=OUTCOMES, arms=sizes((52, 52)))
    assert verdict(frame, "arm_totals").startswith(expected)


def test_the_same_people_twice_are_no_total():
    crossover = study(design="crossover trial", n_randomised="52")
    assert found(studies=[crossover], outcomes=OUTCOMES, arms=sizes((52, 52))).query("check == 'arm_totals'").empty


def test_arm_sizes_that_change_between_outcomes():
    frame = found(outcomes=OUTCOMES, arms=sizes((90, 85), (90, 84)))
    assert verdict(frame, "group_sizes", "two:placebo").startswith("possible")
    assert verdict(frame, "group_sizes", "two:drug") == "consistent"
    assert "1 person" in frame.query("row == 's1:two:placebo' and check == 'group_sizes'")["assumption"].iloc[0]


def test_a_named_analysis_set_explains_fewer_people():
    rows = [{**row, "analysis_set": "complete cases" if row["outcome_id"] == "two" else ""}
            for row in sizes((49, 50), (45, 47))]  # fmt: skip
    frame = found(outcomes=OUTCOMES, arms=rows)
    assert set(frame.query("check == 'group_sizes'")["verdict"]) == {"consistent"}


def test_exchanged_arms():
    frame = found(outcomes=OUTCOMES, arms=sizes((23, 21), (21, 23), (21, 23)))
    wrong = frame.query("check == 'group_sizes' and verdict == 'inconsistent'")
    assert list(wrong["row"]) == ["s1:one:drug", "s1:one:placebo"]
    assert wrong["assumption"].str.contains("exchanged").all()
    assert set(frame.query("check == 'group_sizes' and outcome_id != 'one'")["verdict"]) == {"consistent"}


def test_a_correction_is_named():
    fix = {"table": "arms", "key": "s1:one:drug", "column": "n", "old": "23", "new": "21", "source_id": "paper"}
    frame = found(outcomes=OUTCOMES, arms=sizes((23, 21), (21, 23), (21, 23)), corrections=[fix])
    own = frame.query("check == 'group_sizes' and row == 's1:one:drug'").iloc[0]
    assert "corrections.csv changes n from 23 to 21" in own["assumption"]
    assert own["from"].endswith("corrections.csv:arms:s1:one:drug:n")


def test_the_same_figures_in_two_studies():
    two = [study(), study(study_id="s2")]
    rows = sizes((52, 51))
    frame = found(studies=two, outcomes=OUTCOMES, arms=[*rows, *({**row, "study_id": "s2"} for row in rows)])
    assert verdict(frame, "same_figures").startswith("possible")
    other = [*rows, *({**row, "study_id": "s2", "events": "9"} for row in rows)]
    assert found(studies=two, outcomes=OUTCOMES, arms=other).query("check == 'same_figures'").empty
    effects = [contrast("SMD", "one", study_id=s, value="-0.31", ci_low="-0.60", ci_high="-0.02") for s in ("s1", "s2")]
    assert cell(found(studies=two, outcomes=OUTCOMES, contrasts=effects), "same_figures", "study_id") == "s2"
