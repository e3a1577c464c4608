"""A corpus through: numbers of the engines, the same bytes however it is cut, and going on after a stop."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evisynth import bayes, pooling
from evisynth.corpus import CorpusSettings, analyse_shard, analyse_studies, gather, generate, plan_units, split_table
from evisynth.corpus import shards as shards_module
from evisynth.corpus.report import write_report

SETTINGS = CorpusSettings(mu_prior="normal:0,2", other_tau_priors=("halfcauchy:0.5",))
FILES = ("results.parquet", "studies.parquet", "bad_rows.parquet", "analyses.parquet", "summary.json", "report.html")


def make(table, folder, shards, settings=SETTINGS):
    """Run the steps in this process; return how many shards were computed, and the summary."""
    sources = [folder / f"studies-{i}.parquet" for i in range(shards)]
    targets = [folder / f"results-{i}.parquet" for i in range(shards)]
    split_table(table, settings, sources, folder)
    computed = sum(analyse_shard(a, b, settings) for a, b in zip(sources, targets, strict=True))
    results = gather(targets, folder / "analyses.parquet", folder / "results.parquet", settings)
    return computed, write_report(results, folder / "bad_rows.parquet", folder, settings)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    frame = generate(60, seed=3)
    extra = pd.DataFrame(
        {"analysis": ["bad", "bad", "one"], "study": ["a", "b", "a"], "yi": [0.1, 0.2, 0.3], "vi": [0.1, -1.0, 0.2]}
    )
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    pd.concat([frame, extra]).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def whole(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    make(table, folder, 1)
    return folder


@pytest.fixture
def small_units(monkeypatch):
    # so that a small corpus has several blocks of one size
    monkeypatch.setattr(shards_module, "_UNIT", 8)


def test_numbers_are_those_of_the_engines(table, whole):
    frame = pd.read_parquet(table)
    results = pd.read_parquet(whole / "results.parquet").set_index("analysis")
    for name in ("ma0000001", "ma0000017", "ma0000042"):
        rows = frame[frame["analysis"] == name]
        one = pooling.random_effects(rows["yi"], rows["vi"])
        row = results.loc[name]
        assert row["k"] == one.k == len(rows)
        for field in ("estimate", "se", "ci_low", "ci_high", "p", "tau2", "tau2_ci_high", "i2", "q_p", "pi_low"):
            assert row[field] == pytest.approx(getattr(one, field), rel=1e-9, abs=1e-12), field
        wald = pooling.random_effects(rows["yi"], rows["vi"], tau2="DL", ci="wald")
        assert row["dl_wald_ci_low"] == pytest.approx(wald.ci_low, rel=1e-9)
        fit = bayes.normal_normal(rows["yi"], rows["vi"], "halfnormal:0.5", "normal:0,2")
        # each meets the engine's tolerance of 1e-6 posterior standard deviations
        assert row["bayes_median"] == pytest.approx(fit.mu.median, abs=2e-6 * fit.mu.sd)
        assert row["bayes_pi_high"] == pytest.approx(fit.predictive.ci_high, abs=2e-6 * fit.predictive.sd)
        assert row["bf_mu0"] == pytest.approx(fit.bf_mu0, rel=1e-5)
        other = bayes.normal_normal(rows["yi"], rows["vi"], "halfcauchy:0.5", "normal:0,2")
        assert row["prior1_ci_low"] == pytest.approx(other.mu.ci_low, abs=2e-6 * other.mu.sd)


def test_an_analysis_without_a_result_has_its_reason(whole):
    results = pd.read_parquet(whole / "results.parquet").set_index("analysis")
    assert results.loc["bad", "status"] == "bad_rows"
    assert "cannot be read" in results.loc["bad", "reason"]
    numbers = results.select_dtypes("float64").columns
    assert results.loc["bad", numbers].isna().all()
    one = results.loc["one"]
    assert (one["status"], one["estimate"], one["bayes_status"]) == ("one_study", 0.3, "ok")
    assert pd.isna(one["tau2"]) and pd.isna(one["tau2_ci_empty"])
    missing = results[results["estimate"].isna() & results["reason"].isna()]
    assert missing.empty
    assert list(results.index) == sorted(results.index)


@pytest.mark.usefixtures("small_units")
def test_the_bytes_do_not_depend_on_the_shards_or_the_order_of_rows(table, tmp_path):
    make(table, tmp_path / "1", 1)
    make(table, tmp_path / "9", 9)
    shuffled = tmp_path / "t.parquet"
    pd.read_parquet(table).sample(frac=1, random_state=5).to_parquet(shuffled)
    make(shuffled, tmp_path / "s", 4)
    for name in FILES:
        first = (tmp_path / "1" / name).read_bytes()
        assert first == (tmp_path / "9" / name).read_bytes(), name
        if name != "bad_rows.parquet":  # its lines are those of the file
            assert first == (tmp_path / "s" / name).read_bytes(), name


def test_a_run_that_was_stopped_makes_only_what_is_missing(table, tmp_path):
    assert make(table, tmp_path, 3)[0] == 3
    before = (tmp_path / "results.parquet").read_bytes()
    assert make(table, tmp_path, 3)[0] == 0
    (tmp_path / "results-0.parquet").unlink()
    half = tmp_path / "results-1.parquet"
    half.write_bytes(half.read_bytes()[:2000])
    flipped = tmp_path / "results-2.parquet"
    data = bytearray(flipped.read_bytes())
    data[300] ^= 255
    flipped.write_bytes(bytes(data))
    assert make(table, tmp_path, 3)[0] == 3
    assert (tmp_path / "results.parquet").read_bytes() == before


def test_other_settings_are_another_result(table, tmp_path):
    make(table, tmp_path, 1)
    other = CorpusSettings(level=0.9, bayes=False)
    assert make(table, tmp_path, 1, other)[0] == 1
    results = pd.read_parquet(tmp_path / "results.parquet")
    assert "bayes_median" not in results and "dl_ci_low" in results


def test_a_kept_shard_is_found_by_its_content(table, tmp_path):
    split_table(table, SETTINGS, [tmp_path / "s.parquet"], tmp_path)
    assert analyse_shard(tmp_path / "s.parquet", tmp_path / "a.parquet", SETTINGS, tmp_path / "kept")
    assert not analyse_shard(tmp_path / "s.parquet", tmp_path / "b.parquet", SETTINGS, tmp_path / "kept")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert not list(tmp_path.rglob("*.part"))


def test_shards_of_another_run_are_not_gathered(table, tmp_path):
    make(table, tmp_path, 2)
    with pytest.raises(ValueError, match="not of one run"):
        gather([tmp_path / "results-0.parquet"], tmp_path / "analyses.parquet", tmp_path / "x.parquet", SETTINGS)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.integers(1, 30))
def test_every_analysis_is_in_one_shard_and_units_stay_whole(k, shards):
    analyses = pd.DataFrame({"analysis": [f"a{i}" for i in range(len(k))], "k": k})
    plan = plan_units(analyses, shards)
    assert sorted(plan["analysis"]) == sorted(analyses.loc[analyses["k"] > 0, "analysis"])
    assert plan["shard"].between(0, shards - 1).all()
    assert (plan.groupby(["k", "block"])["shard"].nunique() == 1).all()
    same = plan_units(analyses, 1)
    pd.testing.assert_frame_equal(plan.drop(columns="shard"), same.drop(columns="shard"))


def test_large_sizes_fall_into_blocks_of_bearable_size():
    analyses = pd.DataFrame({"analysis": [f"a{i}" for i in range(9000)], "k": 2})
    sizes = plan_units(analyses, 4).groupby("block").size()
    assert len(sizes) == 8
    assert sizes.between(900, 1400).all()


def test_one_analysis_that_cannot_be_fitted_leaves_the_others():
    y, v = np.array([0.1, 0.2, 1e250, -1e250, 0.3, 0.5]), np.array([0.1, 0.2, 1e-250, 1e250, 0.1, 0.1])
    names = pa.array(np.repeat(["a", "b", "c"], 2))
    two, none = pa.array([2] * 6, pa.int32()), pa.array([0] * 6)
    found = analyse_studies(
        pa.table({"analysis": names, "k": two, "block": none, "yi": y, "vi": v}), SETTINGS
    ).to_pandas()
    alone = analyse_studies(
        pa.table({"analysis": names[:2], "k": two[:2], "block": none[:2], "yi": y[:2], "vi": v[:2]}), SETTINGS
    ).to_pandas()
    assert found["bayes_median"][0] == pytest.approx(alone["bayes_median"][0], rel=1e-5)
    assert list(found["bayes_status"])[::2] == ["ok", "ok"]
    assert list(found["status"]) == ["ok", "failed", "ok"]
    assert np.isnan(found["estimate"][1]) and "too far apart" in found["reason"][1]
    assert found["bayes_status"][1] == "ok" or found["bayes_reason"][1]
    assert not np.isinf(found.select_dtypes("float64")).any(axis=None)


def test_the_summary_counts_conclusions(whole):
    summary = json.loads((whole / "summary.json").read_text(encoding="utf-8"))
    results = pd.read_parquet(whole / "results.parquet")
    several = results[(results["k"] >= 2) & (results["status"] == "ok")]
    assert summary["pooled"] == len(several) == 60
    assert summary["bad_rows"] == 1 and summary["rows"] == len(pd.read_parquet(whole / "studies.parquet")) + 2

    def side(prefix):
        return np.sign(several[f"{prefix}ci_low"]) * (
            np.sign(several[f"{prefix}ci_low"]) == np.sign(several[f"{prefix}ci_high"])
        )

    rows = {row["name"]: row for row in summary["conclusions"]["comparisons"]}
    assert rows["wald"]["changed"] == int((side("") != side("wald_")).sum())
    assert rows["prior1"]["changed"] == int((side("bayes_") != side("prior1_")).sum())
    assert sum(rows["wald"][n] for n in ("lost", "gained", "reversed")) == rows["wald"]["changed"]
    assert sum(summary["conclusions"]["headline"].values()) == 60
    assert summary["tau2"]["q50"] == pytest.approx(several["tau2"].median())
    assert summary["tau2"]["share_zero"] == pytest.approx((several["tau2"] == 0).mean())
    assert sum(row["analyses"] for row in summary["by_k"]) == 60


def test_a_single_proportion_has_no_conclusion(tmp_path):
    frame = pd.DataFrame(
        {"analysis": ["a", "a", "b"], "study": ["x", "y", "x"], "events": [3, 4, 5], "n": [10, 20, 30]}
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    settings = CorpusSettings("PLO", bayes=False)
    _, summary = make(tmp_path / "t.csv", tmp_path, 1, settings)
    assert "no value of no effect" in summary["conclusions"]["reason"]
    assert "no value of no effect" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_corpus_without_any_result_is_reported_too(tmp_path):
    (tmp_path / "t.csv").write_text("analysis,study,yi,vi\nA,a,1,0\nB,a,,1\n", encoding="utf-8")
    _, summary = make(tmp_path / "t.csv", tmp_path, 2)
    assert summary["status"] == {"bad_rows": 1, "empty": 1}
    assert pq.read_table(tmp_path / "results.parquet")["estimate"].null_count == 2


def test_the_generated_corpus_has_the_published_sizes():
    sizes = generate(20_000).groupby("analysis").size()
    assert sizes.quantile([0.25, 0.5, 0.75]).tolist() == [2, 3, 6]
    # Davey 2011: 112,600 studies in 22,453 meta-analyses; the standard error of this mean is 0.04
    assert sizes.mean() == pytest.approx(112_600 / 22_453, abs=0.15)
    assert sizes.max() <= 30
