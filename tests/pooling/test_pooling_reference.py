"""Values pinned from R (see tests/reference/pooling): every case, and every known divergence with its cause."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evisynth import pooling

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "pooling" / "pooling_reference.json").read_text())
CLOSED, ITERATED = 1e-8, 1e-6
CLOSED_METHODS = ("DL", "HE", "HS", "SJ")


def columns(kind, case):
    return {name: np.array(values, dtype=float) for name, values in REFERENCE[kind][case["data"][0]].items()}


def option(case, name):
    return case["options"][name][0]


def cases(kind):
    chosen = [case for case in REFERENCE["cases"] if case["kind"][0] == kind]
    ids = ["-".join([case["data"][0], *(str(v[0]) for v in dict(case["options"]).values())]) for case in chosen]
    return pytest.mark.parametrize("case", chosen, ids=ids)


def agree(found, case, rel, names=None, scale=1.0):
    """Compare relatively; a value near 0 relative to the size of the effects, `scale`."""
    for name, expected in case["expected"].items():
        if names is not None and name not in names:
            continue
        assert np.squeeze(found[name]) == pytest.approx(np.squeeze(expected), rel=rel, abs=rel * scale), name


def test_there_are_enough_cases():
    assert len(REFERENCE["cases"]) >= 200
    assert {"R", "metafor", "clubSandwich", "robumeta"} <= set(REFERENCE["versions"])


def check_absolute_tolerance(d, case, method):
    """metafor's tolerances are absolute: effects of 1e-7 come out up to 0.3 % off, whatever `control` says."""
    original = REFERENCE["effects"]["clasp"]
    base = pooling.random_effects(original["yi"], original["vi"], tau2=method)
    result = pooling.random_effects(d["yi"], d["vi"], tau2=method)
    assert result.estimate == pytest.approx(base.estimate * 1e-6, rel=1e-9)
    assert result.tau2 == pytest.approx(base.tau2 * 1e-12, rel=1e-9)
    assert abs(case["expected"]["estimate"][0] / result.estimate - 1) > 1e-5


@cases("random_effects")
def test_random_effects(case):
    d = columns("effects", case)
    method = option(case, "tau2")
    if case["data"][0] == "clasp_micro" and method not in CLOSED_METHODS:
        check_absolute_tolerance(d, case, method)
        return
    found = {}
    for ci, prefix in (("wald", "wald_"), ("HKSJ", "hksj_"), ("HKSJ-safe", "safe_")):
        result = pooling.random_effects(d["yi"], d["vi"], tau2=method, ci=ci, pi="normal" if ci == "wald" else "t")
        found |= {prefix + name: getattr(result, name) for name in ("se", "ci_low", "ci_high", "p")}
        if ci == "wald":
            found |= {name: getattr(result, name) for name in ("estimate", "tau2", "i2", "h2", "q", "q_p")}
            found |= {"normal_pi_low": result.pi_low, "normal_pi_high": result.pi_high}
        if ci == "HKSJ":
            found |= {"t_pi_low": result.pi_low, "t_pi_high": result.pi_high}
            riley = pooling.random_effects(d["yi"], d["vi"], tau2=method, ci="wald", pi="riley")
            found |= {"riley_pi_low": riley.pi_low, "riley_pi_high": riley.pi_high}
    scale = float(np.median(d["vi"]))
    effects = [n for n in case["expected"] if n not in ("tau2", "i2", "h2", "q", "q_p", "wald_p", "hksj_p")]
    rel = CLOSED if method in CLOSED_METHODS else ITERATED
    agree(found, case, rel, effects, np.sqrt(scale))
    agree(found, case, rel, ["tau2"], scale)
    agree(found, case, rel, ["i2", "h2", "q", "q_p", "wald_p", "hksj_p"], 0.01)


@cases("common_effect")
def test_common_effect(case):
    d = columns("effects", case)
    agree(pooling.common_effect(d["yi"], d["vi"]).to_dict(), case, CLOSED)


@cases("q_profile")
def test_q_profile(case):
    d = columns("effects", case)
    agree(pooling.random_effects(d["yi"], d["vi"]).to_dict(), case, ITERATED, scale=float(np.median(d["vi"])))


@cases("henmi_copas")
def test_henmi_copas(case):
    d = columns("effects", case)
    found = pooling.random_effects(d["yi"], d["vi"], tau2="DL", ci="HC").to_dict()
    agree(found, case, CLOSED, ["estimate", "se"], 1e-3)
    # metafor's root search for t and its integration stop at about 1e-4 of t
    agree(found, case, 3e-4, ["ci_low", "ci_high"], float(found["se"]))


@cases("leave_one_out")
def test_leave_one_out(case):
    d = columns("effects", case)
    result = pooling.leave_one_out(d["yi"], d["vi"], ci="wald").result
    agree({n: getattr(result, n) for n in case["expected"]}, case, ITERATED, scale=0.01)


@cases("cumulative")
def test_cumulative(case):
    d = columns("effects", case)
    result = pooling.cumulative(d["yi"], d["vi"], ci="wald").result
    found = {n: np.where(np.isnan(getattr(result, n)), 0.0, getattr(result, n)) for n in case["expected"]}
    # metafor writes tau2 = 0 for the first study alone, where it does not exist
    agree(found, case, ITERATED, scale=0.01)


@cases("permutation")
def test_permutation(case):
    d = columns("effects", case)
    found = pooling.permutation_test(d["yi"], d["vi"], ci=option(case, "ci"))
    assert found.p[0] == pytest.approx(case["expected"]["p"][0], abs=1e-12)


@cases("mantel_haenszel")
def test_mantel_haenszel(case):
    agree(
        pooling.mantel_haenszel(**columns("tables", case), measure=option(case, "measure")).to_dict(),
        case,
        CLOSED,
    )


@cases("peto")
def test_peto(case):
    agree(pooling.peto(**columns("tables", case)).to_dict(), case, CLOSED)


@cases("mantel_haenszel_rates")
def test_mantel_haenszel_rates(case):
    found = pooling.mantel_haenszel_rates(**columns("rates", case), measure=option(case, "measure")).to_dict()
    agree(found, case, CLOSED)


@cases("glmm")
def test_glmm(case):
    """lme4 and the optimiser of the exact likelihood stop early, and BiasedUrn's densities are good to 1e-7."""
    found = pooling.glmm(**columns("tables", case), model=option(case, "model")).to_dict()
    names = set(case["expected"])
    if case["expected"]["se"][0] < 1e-5:
        # metafor issue 45: the numerical Hessian of the exact likelihood fails and the se is nonsense
        assert option(case, "model") == "CM.EL"
        assert found["se"] > 1e4 * case["expected"]["se"][0]
        assert found["gradient"] < 1e-9
        names.remove("se")
    agree(found, case, 2e-3, names, scale=0.5)


@cases("meta_regression")
def test_meta_regression(case):
    d = columns("effects", case)
    x = np.column_stack(list(columns("moderators", case).values()))
    method = option(case, "tau2")
    wald, knapp = (pooling.meta_regression(d["yi"], d["vi"], x, tau2=method, ci=ci) for ci in ("wald", "HKSJ"))
    found = {n: getattr(wald, n) for n in ("estimate", "tau2", "i2", "h2", "r2", "qe", "qe_p", "qm", "qm_p")}
    found |= {"wald_se": wald.se} | {
        f"hksj_{n}": getattr(knapp, n) for n in ("se", "ci_low", "ci_high", "p", "qm", "qm_p")
    }
    agree(found, case, CLOSED if method in CLOSED_METHODS else ITERATED, scale=0.01)


@cases("three_level")
def test_three_level(case):
    """Values of nlminb, which stops early."""
    d = columns("clusters", case)
    found = pooling.three_level(d["yi"], d["vi"], d["cluster"], method=option(case, "method")).to_dict()
    # nlminb stops at a relative change of the likelihood of about 1e-12: 1e-6 of a variance
    agree(found, case, 3e-6, scale=0.1)


@cases("cluster_robust")
def test_cluster_robust(case):
    d = columns("clusters", case)
    moderator = d["x"] if option(case, "moderator") else None
    found = pooling.cluster_robust(d["yi"], d["vi"], d["cluster"], moderator, working=option(case, "working"))
    agree(found.to_frame().to_dict("list"), case, 1e-5, scale=0.01)


@cases("robumeta")
def test_robumeta(case):
    d = columns("effects", case)
    found = pooling.cluster_robust(d["yi"], d["vi"], range(len(d["yi"])), working="random", tau2="DL")
    agree(found.to_frame().to_dict("list"), case, CLOSED, scale=0.01)


def test_reference_data_are_plain_tables():
    for kind in ("effects", "tables", "rates", "clusters"):
        for name, values in REFERENCE[kind].items():
            assert len(pd.DataFrame(values)) > 1, name


# Divergences: each row of docs/pooling_divergences.md that is not covered by a case above.


def likelihood(y, v, tau2):
    w = 1 / (v + tau2)
    mu = (w * y).sum() / w.sum()
    return 0.5 * (np.log(w).sum() - np.log(w.sum()) - (w * (y - mu) ** 2).sum())


@pytest.mark.parametrize(
    ("yi", "vi", "metafor"),
    [
        (
            [1.537, 2.001, 1.803, -9.257, 2.799, 1.896],
            [0.0085, 0.058, 0.0462, 6.7723, 0.0095, 0.0258],
            8.561103,
        ),
        (
            [0.211, -0.062, 0.403, -0.682, 0.219, 2.468],
            [0.0053, 0.0322, 2.8004, 0.9162, 2.4825, 0.7221],
            0.02987136,
        ),
        ([-0.415, -0.053, 0.906, -0.401, 0.15, 0.168], [2.6087, 0.1086, 0.0908, 0.0714, 0.005, 0.0044], 0.0),
    ],
)
def test_scoring_from_one_start_stops_at_a_lower_peak(yi, vi, metafor):
    """metafor 3.8 (threshold 1e-12) climbs from one start, or falls back to 0; the highest peak is elsewhere."""
    yi, vi = np.array(yi), np.array(vi)
    found = pooling.random_effects(yi, vi)
    assert abs(found.tau2 - metafor) > 0.05
    assert likelihood(yi, vi, found.tau2) > likelihood(yi, vi, metafor) + 1e-3


def test_q_profile_has_no_cap():
    """metafor looks for the upper limit below 100 unless told otherwise."""
    result = pooling.random_effects([0.0, 5.0], [0.1, 0.1])
    assert result.tau2_ci_high > 1000


def test_empty_q_profile_set_is_flagged():
    """metafor 3.8 gives no limits where even tau2 = 0 is too much; here both are 0 and the flag says so."""
    result = pooling.random_effects([0.1, 0.1001, 0.1002, 0.1], [0.1, 0.2, 0.1, 0.3])
    assert (result.tau2_ci_low, result.tau2_ci_high, result.tau2_ci_empty) == (0.0, 0.0, True)


def test_q_of_mantel_haenszel_leaves_out_studies_with_zero_cells():
    """rma.mh adds 1/2 to them for its Q; without a correction they have no own effect."""
    d = {name: np.array(values, dtype=float) for name, values in REFERENCE["tables"]["catheters"].items()}
    result = pooling.mantel_haenszel(**d)
    whole = (d["events_1"] > 0) & (d["events_2"] > 0)
    assert result.q_df == whole.sum() - 1


def test_conditional_likelihood_is_exact_where_biasedurn_is_not():
    """rma.glmm prints logLik -13.2304830 for these trials; the exact figure, to 40 digits, ends in 8379."""
    d = {name: np.array(values, dtype=float) for name, values in REFERENCE["tables"]["rare"].items()}
    result = pooling.glmm(**d, model="CM.EL")
    assert result.log_likelihood == pytest.approx(-13.2304837930401766, abs=1e-11)
    assert (result.estimate, result.se) == pytest.approx((-0.1623588214805778832, 0.1955420232746331), abs=1e-12)


def test_common_effect_has_no_i2():
    """metafor reports I2 from Q for an equal-effects model; here the model has no heterogeneity to report."""
    d = {name: np.array(values, dtype=float) for name, values in REFERENCE["effects"]["bcg_rr"].items()}
    result = pooling.common_effect(d["yi"], d["vi"])
    assert (result.tau2, result.i2) == (0.0, None)
    assert result.q_p < 1e-20
