"""Other engines beside ours: which agree, which differ and why, and that a wrong number is not explained away."""

import numpy as np
import pandas as pd
import pytest

from evisynth.provenance.agreement import ENGINES, compare_engines, engines_here, unexplained
from evisynth.provenance.agreement.compare import AGREEMENT_COLUMNS
from evisynth.synthesis.estimates import estimate_rows

# The 13 trials of BCG against tuberculosis, log risk ratios and their variances (Berkey et al. 1995, Stat Med 14:395).
BCG = (
    [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694, -1.3713, -0.3394, 0.4459, -0.0173],
    [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714],
)
# Made up: as near each other as chance hardly gives, so that Q is far below k - 1.
NEAR = ([0.10, 0.11, 0.09, 0.105], [0.04, 0.05, 0.06, 0.045])


def case(name, yi, vi):
    effects = pd.DataFrame(
        {
            "synthesis": name,
            "measure": "RR",
            "study_id": [f"s{i}" for i in range(len(yi))],
            "yi": yi,
            "vi": vi,
            "n_1": 10,
            "n_2": 10,
        }
    )
    rows, _ = estimate_rows(effects, name, "RR")
    return effects, rows


@pytest.fixture(scope="module")
def tables():
    cases = [case("bcg", *BCG), case("near", *NEAR), case("pair", [0.2, -0.1], [0.02, 0.03]), case("one", [0.2], [0.1])]
    effects, rows = (pd.concat(frames, ignore_index=True) for frames in zip(*cases, strict=True))
    return effects, rows


def test_statsmodels_agrees_or_its_difference_is_explained(tables):
    found = compare_engines(*tables)
    assert tuple(found.columns) == AGREEMENT_COLUMNS
    assert len(unexplained(found)) == 0
    assert set(found["synthesis"]) == {"bcg", "near", "pair"}, "one study is pooled with nobody"
    assert set(found["method"]) == {"common", "dl_wald"}
    assert found.loc[found["synthesis"] == "bcg", "agrees"].all()
    near = found[(found["synthesis"] == "near") & (found["method"] == "dl_wald")]
    assert {"tau2", "estimate", "se"} <= set(near.loc[~near["agrees"].astype(bool), "quantity"])
    assert near.loc[~near["agrees"].astype(bool), "explanation"].str.startswith("statsmodels leaves").all()


def test_an_engine_without_a_standard_error_is_explained_too():
    # tau2 is so far below 0 that the weight of the first study turns around, and with it the sum of the weights.
    effects, rows = case("weights", [0.10, 0.17], [0.020, 0.028])
    found = compare_engines(effects, rows)
    assert found["theirs"].isna().any()
    assert len(unexplained(found)) == 0


@pytest.mark.parametrize("name", ["pymare", "metafor"])
def test_the_engines_of_developers_agree(tables, name):
    if name == "metafor" and name not in engines_here():
        pytest.skip("R with metafor is not installed here; PyMARE, which is, has been asked")
    found = compare_engines(*tables, [name])
    assert set(found["method"]) == {"common", "dl_wald", "reml_wald", "reml_hksj", "reml_hksj_safe"}
    assert {"tau2_ci_high", "ci_low", "p"} <= set(found["quantity"])
    assert len(unexplained(found)) == 0
    assert found["version"].astype(bool).all()


@pytest.mark.parametrize("method", ["common", "dl_wald", "reml_hksj"])
@pytest.mark.parametrize("quantity", ["estimate", "ci_low"])
def test_a_wrong_number_is_not_explained_away(tables, method, quantity):
    name = "statsmodels" if method != "reml_hksj" else "pymare"
    effects, rows = tables
    wrong = rows.copy()
    at = (wrong["synthesis"] == "bcg") & (wrong["method"] == method)
    wrong.loc[at, quantity] = wrong.loc[at, quantity].astype(float) + 1e-4
    found = unexplained(compare_engines(effects, wrong, [name]))
    assert found[["synthesis", "method", "quantity"]].to_numpy().tolist() == [["bcg", method, quantity]]


def test_a_wrong_tau2_is_not_put_down_to_the_other_engine(tables):
    effects, rows = tables
    wrong = rows.copy()
    at = (wrong["synthesis"] == "bcg") & (wrong["method"] == "reml_wald")
    wrong.loc[at, "tau2"] = wrong.loc[at, "tau2"].astype(float) * 1.5
    if "pymare" in engines_here():
        assert "tau2" in set(unexplained(compare_engines(effects, wrong, ["pymare"]))["quantity"])


def test_a_search_that_stops_at_a_lower_peak_is_explained(tables, monkeypatch):
    """An engine that gives tau2 = 0 where the likelihood is higher elsewhere."""
    effects, rows = tables
    row = rows[(rows["synthesis"] == "bcg") & (rows["method"] == "reml_wald")].iloc[0]

    def answer(studies):
        return "0", {"bcg:RR": {"reml_wald": {"tau2": 0.0, "estimate": -0.43, "q": float(row["q"]) + 1}}}

    monkeypatch.setitem(ENGINES, "early", type(ENGINES["pymare"])("early", lambda: True, answer))
    found = compare_engines(effects, rows, ["early"]).set_index("quantity")
    assert "restricted log-likelihood at our tau2 is higher" in found.loc["tau2", "explanation"]
    assert found.loc["estimate", "explanation"]
    assert not found.loc["q", "explanation"], "Q does not rest on tau2"


def test_nothing_to_pool_gives_an_empty_table():
    effects, rows = case("one", [0.2], [0.1])
    found = compare_engines(effects, rows)
    assert len(found) == 0
    assert tuple(found.columns) == AGREEMENT_COLUMNS
    assert np.array_equal(unexplained(found).index, [])
