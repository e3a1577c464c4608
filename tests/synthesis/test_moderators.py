"""Meta-regression and subgroups of a review: against metafor on the BCG trials, and what cannot be computed."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evisynth.figures.bubble import bubble_frame
from evisynth.provenance.formulas import formulas_of
from evisynth.provenance.tables import read_result, reference, write_table
from evisynth.review import load_review
from evisynth.synthesis.assemble import assemble, effect_rows
from evisynth.synthesis.moderators import POINTS, TABLES, moderator_rows, regression_rows, subgroup_rows

ROOT = Path(__file__).parents[2]
R = json.loads((ROOT / "tests" / "reference" / "pooling" / "moderators.json").read_text(encoding="utf-8"))
NAMES = {"latitude": "latitude", "allocation": "allocation", "both": "latitude + allocation"}


@cache
def bcg():
    """The review, with two moderators in its plan; its effects; its moderators."""
    review = load_review(ROOT / "data" / "bcg")
    synthesis = review.plan.syntheses[0].model_copy(update={"moderators": ("latitude", "allocation")})
    plan = review.plan.model_copy(update={"syntheses": (synthesis,)})
    effects = effect_rows(assemble(synthesis, "RR", review.members[synthesis.id], review.corrected), review.corrected)
    return plan, effects, review.corrected["moderators"].text


@cache
def found():
    return moderator_rows(*bcg())


@pytest.mark.parametrize("model", list(NAMES))
def test_regression_agrees_with_metafor(model):
    expected = R["regression"][model]
    rows = found()["regression"]
    rows = rows[rows["moderator"] == NAMES[model]]
    for name in ("estimate", "se", "p", "ci_low", "ci_high"):
        np.testing.assert_allclose(rows[name].astype(float), expected[name], rtol=1e-8)
    for name in ("tau2", "r2", "i2", "qe", "qe_p", "qm", "qm_p"):
        assert rows[name].iloc[0] == pytest.approx(expected[name], rel=1e-8)


def test_printed_digits_of_the_latitude_regression():
    row = found()["regression"].set_index(["moderator", "term"]).loc[("latitude", "latitude")]
    assert (round(row["estimate"], 7), round(row["tau2"], 6)) == (-0.0291017, 0.076348)
    # metafor's default stopping rule prints 75.62
    assert row["r2"] == pytest.approx(75.62, abs=0.01)
    assert row["natural_estimate"] == pytest.approx(np.exp(row["estimate"]))
    assert row["permutation_p"] < 0.05


def test_too_few_studies_for_a_moderator_are_said_and_computed():
    rows = found()["regression"].drop_duplicates("moderator").set_index("moderator")
    assert list(rows["advised"]) == ["yes", "no", "no"]
    assert "at least 10 for each" in rows.loc["allocation", "advice"]
    assert (rows["status"] == "ok").all()


def test_line_runs_through_the_estimate_and_feeds_the_bubble_plot():
    lines = found()["regression_lines"]
    assert list(lines["moderator"].unique()) == ["latitude"]
    assert len(lines) == POINTS
    at = lines[lines["x"] == 34.0].iloc[0]
    for name, value in R["line_at_34"].items():
        assert at[name] == pytest.approx(value, rel=1e-8)
    _, effects, values = bcg()
    frame = bubble_frame(effects, values, lines, "tuberculosis", "RR", "latitude")
    drawn = frame[frame["block"] == "line"]
    np.testing.assert_allclose(drawn["natural_ci_low"].astype(float), lines["natural_ci_low"].astype(float))


def test_subgroups_agree_with_metafor():
    rows = found()["subgroups"].set_index("level")
    assert list(rows.index) == sorted(R["subgroups"])
    for level, expected in R["subgroups"].items():
        for name, value in expected.items():
            assert rows.loc[level, name] == pytest.approx(value, rel=1e-7), (level, name)
    assert rows["q_between"].nunique() == 1
    assert (rows["q_between_df"] == 2).all()


def test_rows_can_be_written_found_and_explained(tmp_path):
    for name, frame in found().items():
        table = f"pooled/{name}.csv"
        write_table(frame, tmp_path / f"{name}.csv", table)
        back = read_result(tmp_path / f"{name}.csv")
        assert list(back.columns) == list(TABLES[name])
        assert reference(table, back.iloc[0]) == reference(table, frame.iloc[0])
        assert formulas_of(table, {})
    first = found()["regression"]["from"].iloc[0].split(";")
    assert first[0] == "effects/effects.csv:tuberculosis:RR:aronson1948"
    assert "moderators.csv:aronson1948:latitude" in first


def test_studies_without_the_moderator_are_left_out_and_named():
    _, effects, values = bcg()
    known = values[(values["study_id"] != "aronson1948") | (values["moderator"] != "latitude")]
    rows, _ = regression_rows(effects, known, ("latitude",))
    assert rows["k"].iloc[0] == 12
    assert rows["reason"].iloc[0] == "left out, latitude not known: Aronson 1948"
    assert "aronson1948" not in rows["from"].iloc[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"latitude": "10"}, "all studies have the same latitude|collinear"),
        ({"latitude": ""}, "latitude not known"),
    ],
)
def test_a_moderator_that_cannot_be_fitted_has_a_reason_and_no_number(values, words):
    _, effects, _ = bcg()
    table = pd.DataFrame(
        [(study, name, cell) for study in effects["study_id"] for name, cell in values.items()],
        columns=["study_id", "moderator", "value"],
    )
    rows, lines = regression_rows(effects, table, ("latitude",))
    assert list(rows["status"]) == ["failed"]
    assert rows["reason"].str.contains(words).all()
    assert "estimate" not in rows
    assert lines.empty


def test_two_studies_and_one_group_of_one():
    _, effects, values = bcg()
    rows, _ = regression_rows(effects.iloc[:2], values, ("latitude",))
    assert "2 studies cannot determine 2 coefficients" in rows["reason"].iloc[0]
    few = subgroup_rows(effects.iloc[[0, 1, 7]], values, "allocation")
    assert list(few["status"]) == ["ok"] or "one_study" in set(few["status"])
    assert subgroup_rows(effects.iloc[:0], values, "allocation")["status"].iloc[0] == "empty"


def test_a_plan_without_moderators_gives_empty_tables():
    plan, effects, values = bcg()
    bare = plan.syntheses[0].model_copy(update={"moderators": (), "subgroups": ()})
    tables = moderator_rows(plan.model_copy(update={"syntheses": (bare,)}), effects, values)
    assert all(frame.empty and list(frame.columns) == list(TABLES[name]) for name, frame in tables.items())
