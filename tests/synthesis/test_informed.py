"""Quality-informed synthesis: restricted, reweighted and bias-adjusted estimates of the naltrexone review."""

import numpy as np
import pandas as pd
import pytest

from evisynth.figures import quality_informed, risk_bars
from evisynth.figures.style import save
from evisynth.provenance.tables import read_result, write_table
from evisynth.quality import quality_effects
from evisynth.synthesis.estimates import estimate_rows
from evisynth.synthesis.informed import INFORMED_COLUMNS, RANKS, informed_rows
from evisynth.synthesis.risk import WEIGHT_COLUMNS

HEAVY = {"synthesis": "aud_heavy_drinking", "measure": "RR"}


@pytest.fixture(scope="module")
def made(quality_stage):
    one = quality_stage
    found = informed_rows(one.review.plan, one.judgements, one.effects, one.estimates, one.weights)
    for name, frame in zip(("informed", "risk_weights"), found, strict=True):
        write_table(frame, one.folder / f"{name}.csv", f"quality/{name}.csv")
    return [read_result(one.folder / f"{name}.csv") for name in ("informed", "risk_weights")]


def rows_of(frame, **cells):
    for name, value in cells.items():
        frame = frame[frame[name] == value]
    return frame


def test_columns_and_rows(made, quality_stage):
    informed, risk_weights = made
    assert tuple(informed.columns) == INFORMED_COLUMNS
    assert tuple(risk_weights.columns) == WEIGHT_COLUMNS
    pooled = {synthesis.id for synthesis in quality_stage.review.plan.syntheses if synthesis.pool}
    assert set(informed["synthesis"]) == pooled
    assert (informed.groupby(["synthesis", "measure"]).size() == 4).all()


def test_all_studies_are_the_headline_by_reference(made, quality_stage):
    informed, _ = made
    for row in rows_of(informed, analysis="all").to_dict("records"):
        table, *key = row["from"].split(":")
        assert table == "pooled/estimates.csv"
        (headline,) = rows_of(
            quality_stage.estimates, synthesis=key[0], measure=key[1], method=key[2], headline="yes"
        ).to_dict("records")
        for name in ("natural_estimate", "natural_ci_low", "natural_ci_high", "k"):
            assert row[name] == pytest.approx(headline[name], nan_ok=True)


def test_without_high_risk_is_the_pool_of_the_others(made, quality_stage):
    informed, _ = made
    row = rows_of(informed, analysis="not_high", **HEAVY).iloc[0]
    assert row["left_out"] == "Kiefer 2003 (high); Oslin 1997 (not assessed)"
    own = rows_of(quality_stage.effects, **HEAVY)
    kept = own[~own["study_id"].isin(("kiefer2003", "oslin1997"))]
    expected, _ = estimate_rows(kept, "aud_heavy_drinking", "RR")
    expected = expected[expected["method"] == "reml_hksj_safe"].iloc[0]
    assert (row["k"], row["status"], row["method"]) == (8, "ok", "reml_hksj_safe")
    for name in ("estimate", "ci_low", "ci_high", "natural_estimate"):
        assert row[name] == pytest.approx(expected[name], rel=1e-10)
    assert row["natural_estimate"] == pytest.approx(np.exp(row["estimate"]), rel=1e-10)


def test_where_nobody_is_at_low_risk_the_row_says_so(made):
    row = rows_of(made[0], analysis="low_risk", **HEAVY).iloc[0]
    assert (row["status"], row["k"]) == ("empty", 0)
    assert row["reason"] == "no study is judged to be at low risk of bias"
    assert pd.isna(row["estimate"])
    assert row["left_out"].count(";") == 9


def test_quality_effects_with_its_ranks_beside_it(made, quality_stage):
    row = rows_of(made[0], analysis="quality_effects", **HEAVY).iloc[0]
    own = rows_of(quality_stage.effects, **HEAVY)
    own = own[own["study_id"] != "oslin1997"]
    ranks = [RANKS["high" if study == "kiefer2003" else "some"] for study in own["study_id"]]
    expected = quality_effects(own["yi"], own["vi"], ranks)
    assert row["estimate"] == pytest.approx(expected.estimate, rel=1e-10)
    assert "an assumption" in row["assumption"]
    assert row["left_out"] == "Oslin 1997 (not assessed)"


def test_one_study(made):
    row = rows_of(made[0], analysis="quality_effects", synthesis="crohn_remission", measure="RR").iloc[0]
    assert (row["status"], row["reason"]) == ("one_study", "one study: nothing can be reweighted")
    same = rows_of(made[0], analysis="not_high", synthesis="fm_pain").iloc[0]
    assert same["reason"].startswith("no study is left out: the same as all studies")


def test_shares_of_the_weight_add_up(made, quality_stage):
    _, risk_weights = made
    totals = risk_weights.groupby(["synthesis", "measure", "domain"])["share"].sum()
    assert np.allclose(totals, 100)
    kiefer = rows_of(quality_stage.weights, method="reml_hksj_safe", study_id="kiefer2003", **HEAVY)["weight"].iloc[0]
    high = rows_of(risk_weights, domain="overall", judgement="High", **HEAVY)["share"].iloc[0]
    assert high == pytest.approx(kiefer)
    unjudged = rows_of(risk_weights, synthesis="aud_heavy_drinking_g")
    assert list(unjudged["judgement"]) == ["not assessed"]
    crossover = rows_of(risk_weights, synthesis="fm_pain_smd", domain="S").set_index("judgement")["studies"]
    assert crossover["not applicable"] == 2


def adjusted(**cells):
    row = {**HEAVY, "method": "bayes_additive", "prior": "beta", "title": "Additive bias", "school": "bayes"}
    row |= {"status": "ok", "reason": "", "k": 10, "estimate": -0.2, "ci_low": -0.5, "ci_high": 0.1, "level": 0.95}
    row |= {"natural_estimate": np.exp(-0.2), "natural_ci_low": np.exp(-0.5), "natural_ci_high": np.exp(0.1)}
    return row | {"tau2": 0.02, "bias_prior": "as seen elsewhere: normal:0,0.1", "from": "x"} | cells


def test_bias_adjusted_rows_stand_in_the_same_columns(quality_stage):
    one = quality_stage
    tails = adjusted(method="bayes_student", prior="df4")
    more = pd.DataFrame([adjusted(), adjusted(prior="wide", status="failed", natural_estimate=None), tails])
    plain = pd.DataFrame([adjusted(method="bayes_exact", headline="yes"), adjusted(method="other", headline="no")])
    informed, _ = informed_rows(one.review.plan, one.judgements, one.effects, one.estimates, one.weights, plain, more)
    rows = rows_of(informed, school="bayes")
    assert list(rows["analysis"]) == ["bayes_plain", "bayes_additive beta", "bayes_additive wide"]
    assert rows.iloc[1]["assumption"] == "as seen elsewhere: normal:0,0.1"
    assert list(rows["from"])[:2] == [
        "bayes/estimates.csv:aud_heavy_drinking:RR:bayes_exact",
        "bayes/adjusted.csv:aud_heavy_drinking:RR:bayes_additive:beta",
    ]
    write_table(informed, one.folder / "more.csv", "quality/informed.csv")
    frame = quality_informed.quality_informed_frame(read_result(one.folder / "more.csv"), *HEAVY.values())
    assert list(frame["block"])[-1] == "reference"
    assert frame["label"].tolist()[-2] == "Additive bias: wide: failed"
    assert "Additive bias: beta: 0.82 [0.61, 1.11]." in quality_informed.alt_text(frame)
    assert "Additive bias: beta: as seen elsewhere." in frame["note"].iloc[0]
    quality_informed.plot_quality_informed(frame)


def test_a_review_without_judgements(quality_stage):
    one = quality_stage
    informed, risk_weights = informed_rows(
        one.review.plan, one.judgements.iloc[:0], one.effects, one.estimates, one.weights
    )
    assert set(rows_of(informed, analysis="quality_effects")["status"]) == {"empty"}
    assert set(risk_weights["judgement"]) == {"not assessed"}
    write_table(informed, one.folder / "none.csv", "quality/informed.csv")


@pytest.mark.parametrize("synthesis", ["aud_heavy_drinking", "crohn_remission", "fm_pain_smd", "aud_heavy_drinking_g"])
def test_figures_from_the_table_and_from_their_csv_are_the_same(made, quality_stage, synthesis, tmp_path):
    informed, risk_weights = made
    measure = quality_stage.review.plan.synthesis(synthesis).measure
    drawn = (
        (quality_informed.quality_informed_frame(informed, synthesis, measure), quality_informed.plot_quality_informed,
         quality_informed.alt_text),
        (risk_bars.risk_weights_frame(risk_weights, synthesis, measure), risk_bars.plot_risk_bars,
         risk_bars.alt_text),
    )  # fmt: skip
    for number, (frame, plot, alt) in enumerate(drawn):
        frame.to_csv(tmp_path / "frame.csv", index=False)
        again = pd.read_csv(tmp_path / "frame.csv")
        files = [
            save(plot(version), tmp_path / f"{number}_{i}", "name", ("svg",))[0]
            for i, version in enumerate((frame, again))
        ]
        assert files[0].read_bytes() == files[1].read_bytes()
        assert frame["from"].str.startswith("quality/").all()
        assert not frame["row"].duplicated().any()
        assert alt(frame).endswith(".")
        assert "nan" not in alt(frame).lower().split()
