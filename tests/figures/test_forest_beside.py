"""What others have pooled: named, drawn on one axis where it can be, and marked where nobody could confirm it."""

from types import SimpleNamespace

import pandas as pd
import pytest

from evisynth.figures.forest_beside import beside_rows, scale_of

COLUMNS = (
    "pool_id", "label", "outcome", "measure", "value", "ci_low", "ci_high", "status", "unconfirmed_fields",
    "comparison", "note",
)  # fmt: skip


def pools(*rows):
    return pd.DataFrame([dict(zip(COLUMNS, row, strict=True)) for row in rows]).astype(object)


def table_of(frame, measure=""):
    return SimpleNamespace(beside=list(frame["pool_id"]), measure=measure)


RATIO = ("a", "Made Up 2001", "nausea", "RR", 2.0, 1.0, 4.0, "verified", "", "drug v placebo", "")


@pytest.mark.parametrize(
    ("status", "fields", "marked"),
    [
        ("verified", "", "no"),
        ("verified", "comparison", "no"),
        ("verified", "ci_low;ci_high", "yes"),
        ("unconfirmed", "", "yes"),
    ],
)
def test_what_nobody_could_confirm_is_marked(status, fields, marked):
    frame = pools((*RATIO[:7], status, fields, *RATIO[9:]))
    assert beside_rows(table_of(frame), "RR", frame, "")[0]["unconfirmed"] == marked


def test_a_table_of_several_outcomes_names_each_and_draws_the_commonest_ratio():
    difference = ("b", "Made Up 2002", "sleepiness", "RD", 0.1, 0.0, 0.2, "verified", "", "drug v placebo", "")
    frame = pools(difference, RATIO)
    assert scale_of(table_of(frame), frame) == "RR"
    rows = beside_rows(table_of(frame), "RR", frame, "")
    assert [row["label"] for row in rows] == ["Sleepiness, Made Up 2002", "Nausea, Made Up 2001"]
    assert [row["status"] for row in rows] == ["other measure", "verified"]


def test_differences_of_several_outcomes_share_no_axis():
    frame = pools((*RATIO[:3], "MD", *RATIO[4:]))
    assert scale_of(table_of(frame), frame) == ""


def test_a_pool_without_a_figure_says_what_is_known():
    frame = pools(
        ("c", "Made Up 2003", "nausea", "direction only", None, None, None, "verified", "", "", "commoner; x")
    )
    assert beside_rows(table_of(frame), "RR", frame, "")[0]["words"] == "commoner"
