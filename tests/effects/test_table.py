"""The table reader: what it computes, what it names as left out, and what it says when something is wrong."""

import io

import numpy as np
import pandas as pd
import pytest

from evisynth.effects import TABLE_MEASURES, TableError, effects_of_table, find_measure


def _frame(text):
    return pd.read_csv(io.StringIO(text))


COUNTS = "study,events_1,n_1,events_2,n_2\nAronson 1948,4,123,11,139\nFerguson 1949,6,306,29,303\n"
VALID = {
    ("OR", "RR", "RD", "PETO", "AS"): COUNTS,
    (
        "MD",
        "SMD",
        "SMDH",
        "ROM",
    ): "mean_1,sd_1,n_1,mean_2,sd_2,n_2\n7.1,2,20,6.4,2.2,22\n5,1.5,31,4.4,1.9,30\n",
    ("IRR", "IRD"): "events_1,time_1,events_2,time_2\n4,120.5,11,130\n6,300,9,290\n",
    ("PLO", "PFT", "PR"): "events,n\n4,20\n6,31\n",
    ("COR", "ZCOR"): "r,n\n0.4,20\n-0.1,31\n",
    ("generic", "GEN"): "yi,sei\n0.4,0.2\n-0.1,0.3\n",
}


@pytest.mark.parametrize(("measure", "text"), [(m, t) for names, t in VALID.items() for m in names])
def test_every_measure(measure, text):
    found = effects_of_table(_frame(text), measure)
    assert found.yi.shape == found.vi.shape == (2,)
    assert np.all(np.isfinite(found.yi)) and np.all(found.vi > 0)
    assert found.left_out == []
    assert found.row.tolist() == [0, 1]
    assert found.is_log is find_measure(measure).is_log
    assert list(found.to_frame()["study"]) == found.study


def test_all_table_measures_are_covered():
    assert {find_measure(m).name for names in VALID for m in names} == set(TABLE_MEASURES)


def test_rows_without_a_study_column_are_named_by_their_line():
    assert effects_of_table(_frame("events,n\n4,20\n6,31\n"), "PLO").study == ["line 2", "line 3"]


def test_double_zero_is_named_and_can_be_kept():
    frame = _frame(COUNTS + "Nobody 1999,0,20,0,21\nEverybody 1999,5,5,6,6\nOne arm 1999,0,20,3,21\n")
    for measure in ("OR", "RR", "PETO"):
        found = effects_of_table(frame, measure)
        assert [name for name, _ in found.left_out] == ["Nobody 1999", "Everybody 1999"]
        assert "no events in either arm" in found.left_out[0][1]
        assert found.row.tolist() == [0, 1, 4]
        assert len(effects_of_table(frame, measure, double_zero="keep").study) == 5
    for measure in ("RD", "AS"):
        assert effects_of_table(frame, measure).left_out == []


def test_without_correction_a_zero_cell_is_named():
    frame = _frame(COUNTS + "One arm 1999,0,20,3,21\n")
    found = effects_of_table(frame, "OR", zero_cells="none")
    assert [name for name, _ in found.left_out] == ["One arm 1999"]
    assert len(effects_of_table(frame, "OR", zero_cells="treatment-arm").study) == 3


def test_blank_cells_are_named():
    text = "study,mean_1,sd_1,n_1,mean_2,sd_2,n_2\na,7.1,,20,6.4,,22\nb,5,1.5,31,4.4,1.9,30\nc,NR,1,9,1,1,9\n"
    found = effects_of_table(_frame(text), "MD")
    assert found.study == ["b"]
    assert found.left_out == [("a", "not reported: sd_1, sd_2"), ("c", "not reported: mean_1")]


def test_empty_table_gives_an_empty_result():
    found = effects_of_table(_frame("study,yi,vi\n"), "generic")
    assert (found.study, found.yi.size, found.left_out) == ([], 0, [])


def test_vi_and_sei_together():
    found = effects_of_table(_frame("study,yi,vi,sei\na,0.1,0.04,\nb,0.2,,0.3\nc,0.3,0.04,0.2\nd,0.4,,\n"), "generic")
    assert found.vi == pytest.approx([0.04, 0.09, 0.04])
    assert [name for name, _ in found.left_out] == ["d"]
    with pytest.raises(TableError, match="the square of sei"):
        effects_of_table(_frame("study,yi,vi,sei\na,0.1,0.2,0.2\n"), "generic")


# table, measure, pieces of the message
BAD = [
    ("study,events_1,n_1,events_2\na,1,2,3\n", "RR", ["column n_2: missing", "RR needs", "Add it"]),
    (
        "study,events1,n_1,events_2,n_2\na,1,2,3,4\n",
        "RR",
        ["events_1: missing", "Is it the column 'events1'"],
    ),
    (
        "study,events,n\na,four,20\n",
        "PLO",
        ["line 2 (a), column events", "'four'", "a number", "leave the cell blank"],
    ),
    ('study,events,n\na,"4,5",20\n', "PLO", ["'4,5'", "If 4.5 is meant", "a point for decimals"]),
    ('study,events,n\na,"1,234",2000\n', "PLO", ["If 1234 is meant, type it without the comma"]),
    ("study,events,n\na,45%,20\n", "PLO", ["'45%'", "without the sign"]),
    ("study,yi,vi\na,\N{MINUS SIGN}0.3,0.2\n", "generic", ["If -0.3 is meant"]),
    ("study,events,n\na,=1+1,20\n", "PLO", ["'=1+1'", "a number"]),
    ("study,events,n\na,1_000,2000\n", "PLO", ["'1_000'"]),
    (
        "study,events,n\na,21,20\n",
        "PLO",
        ["column events: found 21, allowed at most n, which is 20", "swapped"],
    ),
    ("study,events,n\na,4.5,20\n", "PLO", ["found 4.5, allowed a whole number", "turned into a count"]),
    ("study,events,n\na,-4,20\n", "PLO", ["found -4, allowed 0 or more"]),
    ("study,events,n\na,0,0\n", "PLO", ["column n: found 0, allowed a whole number from 1 on"]),
    (
        "mean_1,sd_1,n_1,mean_2,sd_2,n_2\n1,-2,9,1,2,9\n",
        "MD",
        ["line 2", "column sd_1: found -2, allowed more than 0"],
    ),
    ("mean_1,sd_1,n_1,mean_2,sd_2,n_2\n1,2,1,1,2,9\n", "MD", ["column n_1: found 1, allowed 2 or more"]),
    ("mean_1,sd_1,n_1,mean_2,sd_2,n_2\n1,2,9,-1,2,9\n", "ROM", ["the sign of mean_2", "choose MD or SMD"]),
    ("events_1,time_1,events_2,time_2\n1,0,2,30\n", "IRR", ["column time_1: found 0, allowed more than 0"]),
    ("r,n\n1,30\n", "COR", ["column r: found 1"]),
    ("r,n\n0.2,3\n", "ZCOR", ["column n: found 3, allowed 4 or more"]),
    ("study,yi,vi\na,0.1,0\n", "generic", ["column vi: found 0, allowed more than 0"]),
    ("study,yi,vi\na,0.1,-2\n", "generic", ["column vi: found -2"]),
    ("study,yi,vi\na,0.1,inf\n", "generic", ["column vi: found inf, allowed a finite number"]),
    ("study,yi,sei\na,0.1,0\n", "generic", ["column sei: found 0"]),
    ("study,yi\na,0.1\n", "generic", ["column vi or sei: missing"]),
    (
        "study,yi,vi\na,0.1,1\na,0.2,1\n",
        "generic",
        ["line 3, column study: found 'a' again (first on line 2)"],
    ),
    ("study,yi,vi\n,0.1,1\n", "generic", ["line 2, column study: found nothing"]),
    (
        "study,yi,vi,ci_low,ci_high\na,0.9,1,-0.5,0.5\n",
        "generic",
        ["inside its interval, -0.5 to 0.5", "logarithm"],
    ),
]


@pytest.mark.parametrize(("text", "measure", "pieces"), BAD, ids=[f"{m}-{p[0][:30]}" for _, m, p in BAD])
def test_messages(text, measure, pieces):
    with pytest.raises(TableError) as caught:
        effects_of_table(_frame(text), measure)
    for piece in pieces:
        assert piece in str(caught.value)


def test_an_estimate_at_the_limit_of_its_interval_is_inside():
    frame = _frame("yi,vi,ci_low,ci_high\n0.5,1,0.5,0.9\n0.9,1,0.5,0.9\n0.7,1,,\n")
    assert effects_of_table(frame, "generic").yi.tolist() == [0.5, 0.9, 0.7]


def test_a_column_that_is_there_twice():
    frame = pd.DataFrame([["a", 1, 9, 9]], columns=["study", "events", "n", "n "])
    with pytest.raises(TableError, match="column n: found 2 times"):
        effects_of_table(frame, "PLO")


def test_all_problems_at_once():
    text = "study,events_1,n_1,events_2,n_2\na,5,4,1,9\na,x,9,1,9\nb,1,9,-1,9\nc,1,9,1,0\n"
    with pytest.raises(TableError) as caught:
        effects_of_table(_frame(text), "OR")
    lines = [problem.split(",")[0] for problem in caught.value.problems]
    assert len(caught.value.problems) == 6
    assert lines == ["line 2 (a)", "line 3", "line 3 (a)", "line 4 (b)", "line 5 (c)", "line 5 (c)"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"measure": "XYZ"}, "known: OR, RR"),
        ({"measure": "MC"}, "cannot be computed from a table"),
        ({"measure": "OR", "zero_cells": "half"}, "study, treatment-arm, none"),
        ({"measure": "OR", "double_zero": "maybe"}, "drop, keep"),
        ({"measure": "SMD", "smd_variance": "XX"}, "LS, LS2, UB"),
    ],
)
def test_unknown_options(options, words):
    with pytest.raises(ValueError, match=words):
        effects_of_table(_frame(COUNTS), **options)


def test_rules_say_which_convention_was_used():
    assert effects_of_table(_frame(COUNTS), "OR").rules == {"zero_cells": "study", "double_zero": "drop"}
    assert effects_of_table(_frame(VALID[("MD", "SMD", "SMDH", "ROM")]), "SMD").rules == {"smd_variance": "LS"}
    assert effects_of_table(_frame(COUNTS), "AS").rules == {}
