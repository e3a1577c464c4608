"""One figure in two documents."""

import pytest
from tests.integrity.conftest import BINARY, SCORE, arm, cell, found, study, verdict

SOURCES = [
    {"source_id": name, "kind": kind}
    for name, kind in (("paper", "journal article"), ("data", "data set"), ("news", "news report"))
]
GOOD = {**BINARY, "outcome_id": "response", "benefit": "higher"}
OPPOSITE = {**BINARY, "outcome_id": "no_event", "benefit": "higher"}
LEFT = {**BINARY, "outcome_id": "discontinued"}


def documents(*rows, outcomes=(BINARY, GOOD, OPPOSITE, LEFT, SCORE), **cells):
    return found(
        studies=[study(duration_weeks="12", **cells)], outcomes=list(outcomes), sources=SOURCES, arms=list(rows)
    )


def data(**cells):
    return arm(**{"source_id": "data", **cells})


def paper(**cells):
    return arm(**{"variant": "published", **cells})


@pytest.mark.parametrize(
    ("printed", "expected"),
    [("50", "consistent"), ("35", "possible"), ("55", "inconsistent")],
)
def test_counts_of_a_data_set_against_published_percentages(printed, expected):
    frame = documents(data(n="40", events="20"), paper(n="40", percent=printed))
    assert verdict(frame, "same_outcome").startswith(expected)


def test_the_convention_is_named_and_needs_enough_people_who_left():
    left = data(outcome="discontinued", n="40", events="18")
    frame = documents(data(n="40", events="20"), paper(n="40", percent="35"), left)
    assert "6 of the 18 who left the arm were counted as having the event" in cell(frame, "same_outcome", "assumption")
    left = data(outcome="discontinued", n="40", events="5")
    assert (
        verdict(documents(data(n="40", events="20"), paper(n="40", percent="35"), left), "same_outcome")
        == "inconsistent"
    )


def test_missing_people_may_count_as_not_responding():
    frame = documents(
        paper(outcome="response", percent="88", variant=""),
        data(outcome="response", n="18", events="15", variant="review"),
    )
    assert "the 1 of 18 people without data count as not responding" in cell(frame, "same_outcome", "assumption")
    frame = documents(
        paper(outcome="response", percent="8", variant=""),
        data(outcome="response", n="16", events="0", variant="review"),
    )
    assert verdict(frame, "same_outcome") == "inconsistent"


def test_the_opposite_outcome():
    frame = documents(data(n="68", events="26"), paper(outcome="no_event", n="68", percent="62"))
    assert verdict(frame, "same_outcome") == "consistent"
    frame = documents(data(n="84", events="34"), paper(outcome="no_event", n="84", percent="62"))
    assert verdict(frame, "same_outcome").startswith("possible")


def test_a_missing_person():
    frame = documents(data(n="84", events="49"), paper(n="85", events="49"))
    assert verdict(frame, "same_outcome") == "inconsistent"
    assert "1 of the 85" in cell(frame, "same_outcome", "assumption")


def test_other_times_and_subgroups_are_not_compared():
    later = documents(data(n="40", events="20"), paper(n="40", percent="80", timepoint_weeks="24"))
    some = documents(data(n="40", events="20"), paper(n="40", percent="80", analysis_set="those who stayed"))
    assert later.query("check == 'same_outcome'").empty and some.query("check == 'same_outcome'").empty


def test_a_mean_in_two_documents():
    first = arm(outcome="score", value_kind="final", mean="80.6")
    for printed, expected in (("81", "consistent"), ("80.6", "consistent"), ("80", "inconsistent")):
        second = data(outcome="score", value_kind="final", mean=printed, variant="copy")
        assert verdict(documents(first, second), "same_outcome") == expected


def test_a_report_with_other_figures_for_a_like_outcome():
    like = [{**SCORE, "outcome_id": name, "unit": "per cent of baseline"} for name in ("pain", "symptoms")]
    rows = [arm(outcome="pain", value_kind="percent change", mean="28.8"),
            arm(outcome="symptoms", value_kind="percent change", mean="48.5", source_id="news")]  # fmt: skip
    assert verdict(documents(*rows, outcomes=like), "alike_outcomes").startswith("possible")
    names = [{**BINARY, "outcome_id": name} for name in ("responder", "pain_30_responder")]
    rows = [arm(outcome="responder", percent="32", n="28"),
            arm(outcome="pain_30_responder", percent="57", n="28", source_id="news")]  # fmt: skip
    assert verdict(documents(*rows, outcomes=names), "alike_outcomes").startswith("possible")


def test_thresholds_of_one_outcome_are_not_alike():
    names = [{**BINARY, "outcome_id": name} for name in ("pain_30_responder", "pain_50_responder")]
    rows = [arm(outcome="pain_30_responder", percent="45", n="49"),
            arm(outcome="pain_50_responder", percent="27", n="49", source_id="news")]  # fmt: skip
    assert documents(*rows, outcomes=names).query("check == 'alike_outcomes'").empty
