"""The multiverse: each combination once, the planned path among them, numbers as the other tables have them."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evisynth import bayes, pooling
from evisynth.figures.multiverse import plot_specification, specification_frame
from evisynth.provenance.tables import read_result, write_table
from evisynth.review import load_review
from evisynth.synthesis.assemble import assemble, effect_rows
from evisynth.synthesis.certainty import judged
from evisynth.synthesis.path_data import data_sets
from evisynth.synthesis.paths import CHOICES, PATH_COLUMNS, SUMMARY_COLUMNS, multiverse_rows, summary_rows

ROOT = Path(__file__).parents[2]
CHOSEN = ("fm_pain", "fm_pain_smd", "crohn_response_70", "aud_heavy_drinking")


@cache
def review():
    return load_review(ROOT / "data" / "naltrexone")


@cache
def paths():
    """Paths of four syntheses, and their summary."""
    r = review()
    judgements = judged(r.corrected).judgements
    # without its own sensitivity analyses the alcohol synthesis has a third of its paths
    chosen = [
        s.model_copy(update={"scenarios": ()}) if s.id == "aud_heavy_drinking" else s
        for s in r.plan.syntheses
        if s.id in CHOSEN or not s.pool
    ]
    return multiverse_rows(chosen, r.members, r.corrected, r.received, judgements)


def of(name):
    rows = paths()[0]
    return rows[rows["synthesis"] == name].set_index("path")


def test_every_combination_stands_once():
    rows = paths()[0]
    assert list(rows.columns) == list(PATH_COLUMNS)
    assert not rows.duplicated(["synthesis", "path"]).any()
    assert not rows.duplicated(["synthesis", *CHOICES]).any()
    assert set(rows["synthesis"]) == set(CHOSEN)


def test_each_synthesis_has_one_planned_path_and_it_is_the_headline():
    rows = paths()[0]
    planned = rows[rows["planned"].astype(bool)].set_index("synthesis")
    assert list(planned["path"]) == ["md-common", "smd-reml-hksj_safe", "rr-single", "rr-reml-hksj_safe"]
    assert (planned["differs"] == "").all()
    assert (rows.loc[~rows["planned"].astype(bool), "differs"] != "").all()
    r = review()
    synthesis = r.plan.synthesis("aud_heavy_drinking")
    frame = effect_rows(assemble(synthesis, "RR", r.members[synthesis.id], r.corrected), r.corrected)
    headline = pooling.random_effects(frame["yi"], frame["vi"])
    for name in ("estimate", "ci_low", "ci_high", "p", "tau2"):
        assert planned.loc["aud_heavy_drinking", name] == pytest.approx(getattr(headline, name), rel=1e-9)


def telling(rows):
    """The choices that tell these paths apart."""
    return [name for name in CHOICES if rows[name].nunique(dropna=False) > 1]


def test_choices_are_in_columns_and_those_that_tell_nothing_apart_are_blank():
    rows = of("fm_pain_smd")
    assert set(rows["correlation"]) == {"0.3", "0.5", "0.7"}
    assert set(rows["unconfirmed_rows"]) == set(rows["high_risk_rows"]) == {"kept", "left out"}
    assert set(rows["corrections"]) == {""}
    assert telling(rows) == [
        "model", "estimator", "interval", "correlation", "unconfirmed_rows", "high_risk_rows", "prior",
    ]  # fmt: skip
    # Younger 2013 is the one of high risk: leaving it out by name or by risk is one set of studies
    assert rows.loc["smd-reml-wald-no_high_risk", "k"] == 3
    assert not rows.index.str.contains("without_younger").any()


def test_numbers_of_single_paths():
    rows, r = of("fm_pain_smd"), review()
    synthesis = r.plan.synthesis("fm_pain_smd")
    scenario = next(s for s in synthesis.scenarios if s.id == "r03")
    made = assemble(synthesis, "SMD", r.members[synthesis.id], r.corrected, scenario)
    yi, vi = (np.array([getattr(study.effect, name) for study in made.studies]) for name in ("yi", "vi"))
    dl = pooling.random_effects(yi, vi, tau2="DL", ci="wald")
    assert rows.loc["smd-dl-wald-r0.3", "estimate"] == pytest.approx(dl.estimate, rel=1e-9)
    assert rows.loc["smd-dl-wald-r0.3", "ci_low"] == pytest.approx(dl.ci_low, rel=1e-9)
    exact = bayes.normal_normal(
        yi, vi, tau_prior=synthesis.heterogeneity_prior.prior, mu_prior=synthesis.effect_prior.prior
    )
    assert rows.loc["smd-bayes-r0.3", "estimate"] == pytest.approx(exact.mu.median, rel=1e-6)


def test_scales_of_counts_and_corrections():
    rows = of("aud_heavy_drinking")
    assert set(rows["measure"]) == {"RR", "OR", "RD"}
    assert set(rows["corrections"]) == {"corrected", "as received"}
    assert set(rows["panel"]) == {"ratio", "risk difference"}
    r = review()
    synthesis = r.plan.synthesis("aud_heavy_drinking")
    frame = effect_rows(assemble(synthesis, "OR", r.members[synthesis.id], r.received), r.received)
    counts = [frame[name] for name in ("events_1", "n_1", "events_2", "n_2")]
    assert rows.loc["or-peto-OR-received", "estimate"] == pytest.approx(pooling.peto(*counts).estimate, rel=1e-12)
    assert (rows.loc[rows["measure"] == "RD", "prior"] == "").all()


def test_direction_and_crossing():
    rows = paths()[0]
    ratio = rows[rows["measure"] == "RR"]
    # fewer heavy drinkers are better; more responders are better
    better = np.where(ratio["synthesis"] == "aud_heavy_drinking", ratio["natural_estimate"] < 1, ratio["estimate"] > 0)
    assert (np.where(better, "treatment", "comparison") == ratio["direction"]).all()
    inside = (rows["ci_low"].astype(float) <= 0) & (rows["ci_high"].astype(float) >= 0)
    assert (inside == rows["crosses_null"].astype(bool)).all()


def test_one_study_has_paths_without_a_between_study_variance():
    rows = of("crohn_response_70")
    assert set(rows["status"]) == {"one_study"}
    assert rows.loc[rows["model"] != "Bayes", "tau2"].isna().all()


def test_a_choice_that_leaves_no_study_is_said():
    summary = paths()[1].set_index("synthesis")
    assert "unconfirmed rows left out: no study is left" in summary.loc["crohn_response_70", "not_possible"]


def test_summary_counts_the_paths():
    rows, summary = paths()
    assert list(summary.columns) == list(SUMMARY_COLUMNS)
    one = summary.set_index("synthesis").loc["aud_heavy_drinking"]
    own = of("aud_heavy_drinking")
    same = own[own["measure"] == "RR"]
    assert one["paths"] == len(own)
    assert one["exclude_null_percent"] == pytest.approx(100 * (~own["crosses_null"].astype(bool)).mean())
    assert one["natural_median"] == pytest.approx(same["natural_estimate"].astype(float).median())
    assert one["natural_lowest"] <= one["natural_planned"] <= one["natural_highest"]
    assert one["exclude_null"] == one["exclude_null_treatment"] + one["exclude_null_comparison"]
    assert summary_rows(rows.iloc[:0]).empty


def test_tables_can_be_written_and_drawn(tmp_path):
    rows, summary = paths()
    write_table(rows, tmp_path / "m.csv", "pooled/multiverse.csv")
    write_table(summary, tmp_path / "s.csv", "pooled/multiverse_summary.csv")
    back = read_result(tmp_path / "m.csv")
    own = back[(back["synthesis"] == "fm_pain") & (back["measure"] == "MD")]
    frame = specification_frame(back, telling(own), "fm_pain", "MD")
    assert len(frame) == len(own)
    assert list(frame["planned"]).count("yes") == 1
    assert plot_specification(frame).axes


def test_rows_say_where_they_come_from_and_which_judgement_left_a_study_out():
    rows = of("fm_pain_smd")
    planned = rows.loc["smd-reml-hksj_safe", "from"].split(";")
    assert planned[0] == "effects/effects.csv:fm_pain_smd:SMD:younger2013"
    without = rows.loc["smd-reml-hksj_safe-no_high_risk", "from"]
    assert "SMD:younger2013" not in without
    assert "quality/judgements.csv:younger2013:pain_percent_reduction" in without
    # a study as received rests on the facts, not on the corrected effect
    assert of("aud_heavy_drinking").loc["rr-common-received", "from"].startswith("arms.csv:")


def test_no_judgements_no_choice():
    r = review()
    synthesis = r.plan.synthesis("fm_pain_smd")
    sets, _ = data_sets(synthesis, r.members[synthesis.id], r.corrected, r.received, pd.DataFrame())
    assert {one.choices["high_risk_rows"] for one in sets} == {""}
    assert sets[0].changes == ()
