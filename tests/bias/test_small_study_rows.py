"""The tables of bias/: which rows there are, what they may be used for, and that each can be written and traced."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evisynth import bias
from evisynth.provenance.tables import read_result, reference, write_table
from evisynth.synthesis.small_studies import ALL_SUBSETS, TABLES, small_study_rows

BCG = {
    "events_1": [4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27],
    "n_1": [123, 306, 231, 13598, 5069, 1541, 2545, 88391, 7499, 1716, 50634, 2498, 16913],
    "events_2": [11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29],
    "n_2": [139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854],
}


def trials(k=13, synthesis="bcg", measure="RR", counts=True):
    frame = pd.DataFrame(BCG).astype(float).iloc[:k]
    a, n1, c, n2 = (frame[name] for name in BCG)
    frame = frame.assign(yi=np.log(a / n1) - np.log(c / n2), vi=1 / a - 1 / n1 + 1 / c - 1 / n2)
    if not counts:
        frame[list(BCG)] = np.nan
    names = [f"trial{i}" for i in range(k)]
    return frame.assign(
        synthesis=synthesis, measure=measure, study_id=names, label=[n.title() for n in names], year=np.arange(k)[::-1]
    )


def run(*frames, pool=True):
    effects = pd.concat(frames, ignore_index=True)
    groups = effects[["synthesis", "measure"]].drop_duplicates()
    plan = SimpleNamespace(
        syntheses=[SimpleNamespace(id=row.synthesis, measure=row.measure, pool=pool) for row in groups.itertuples()]
    )
    estimates = groups.assign(method="reml_hksj_safe", headline="yes", status="ok")
    return small_study_rows(plan, effects, estimates)


@pytest.fixture(scope="module")
def found():
    return run(trials())


def test_every_table_can_be_written_and_every_reference_followed(found, tmp_path):
    effects = trials()
    estimates = pd.DataFrame({"synthesis": ["bcg"], "measure": ["RR"], "method": ["reml_hksj_safe"]})
    tables = {"effects/effects.csv": effects, "pooled/estimates.csv": estimates}
    known = {reference(table, row) for table, frame in tables.items() for _, row in frame.iterrows()}
    for name, frame in found.items():
        assert tuple(frame.columns) == TABLES[name]
        write_table(frame, tmp_path / f"{name}.csv", f"bias/{name}.csv")
        back = read_result(tmp_path / f"{name}.csv")
        assert len(back) == len(frame) > 0
        assert reference(f"bias/{name}.csv", back.iloc[-1]) == reference(f"bias/{name}.csv", frame.iloc[-1])
        assert {part for cell in frame["from"] for part in cell.split(";")} <= known


def test_tests_that_suit_the_measure_are_marked(found):
    tests = found["tests"].set_index("test")
    assert set(tests.index[tests["applicable"].astype(bool)]) == {"harbord", "peters"}
    effects = trials()
    harbord = bias.harbord(*(effects[name] for name in BCG), measure="RR")
    assert tests.loc["harbord", "p"] == harbord.p
    assert tests.loc["egger", "limit_estimate"] == bias.egger(effects["yi"], effects["vi"]).limit
    assert tests.loc["egger", "limit_natural"] == pytest.approx(np.exp(tests.loc["egger", "limit_estimate"]))
    assert tests["advised"].drop(["rosenthal", "orwin"]).all()
    means = run(trials(measure="SMD", counts=False))["tests"].set_index("test")
    assert list(means.index[means["applicable"].astype(bool)]) == ["egger"]
    assert means.loc["peters", "status"] == "not_possible"
    uncounted = run(trials(counts=False))["tests"].set_index("test")
    assert not uncounted["applicable"].any()


def test_adjusted_estimates_are_those_of_the_library(found):
    rows = found["selection"].set_index("method")
    effects = trials()
    model = bias.selection_model(effects["yi"], effects["vi"])
    assert rows.loc["selection_3", "estimate"] == model.estimate
    assert rows.loc["selection_3", "natural_estimate"] == pytest.approx(np.exp(model.estimate))
    assert rows.loc["trim_and_fill_l0", "k0"] == 1
    assert "no selection does" in rows.loc["worst_case", "reason"]


def test_filled_points_name_the_study_they_mirror(found):
    points = found["trim_and_fill"]
    filled = points[points["filled"].astype(bool)]
    assert list(filled["estimator"]) == ["L0"]
    assert filled["point"].iloc[0].startswith("filled_trial")
    assert "mirror of Trial" in filled["label"].iloc[0]


def test_cumulative_is_by_year_and_gosh_bounded(found):
    cumulative = found["cumulative"]
    assert list(cumulative["study_id"]) == [f"trial{i}" for i in range(12, -1, -1)]
    assert list(cumulative["k"]) == list(range(1, 14))
    assert len(found["gosh"]) == 2**ALL_SUBSETS - ALL_SUBSETS - 1
    assert found["gosh"]["subset"].str.fullmatch("s[01]{13}").all()
    more = trials()
    twice = pd.concat([more, more.assign(study_id=more["study_id"] + "b", yi=more["yi"] + 0.01)], ignore_index=True)
    assert len(run(twice)["gosh"]) == 2000


def test_few_studies_and_syntheses_that_are_not_pooled_have_no_rows():
    few = run(trials(k=2), trials(k=3, synthesis="three"))
    assert set(few["tests"]["synthesis"]) == {"three"}
    assert not few["tests"]["advised"].any()
    none = run(trials(), pool=False)
    assert all(frame.empty and tuple(frame.columns) == TABLES[name] for name, frame in none.items())
