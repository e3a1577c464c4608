"""The reported error bound on hard posteriors: extreme variances, heavy tails, units from 1e-6 to 1e6."""

from functools import cache

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evisynth import bayes
from evisynth.bayes import exact
from evisynth.bayes.exact import normal_normal

FIELDS = ("mean", "sd", "median", "ci_low", "ci_high")
DATA = {
    "alike": ([0.1, 0.9], [0.04, 0.04]),
    "a million times the variance": ([0.1, 0.9], [0.04, 4e4]),
    "far apart": ([0.0, 100.0], [0.01, 0.01]),
    "one study": ([0.3], [0.04]),
    "three of different worlds": ([0.1, 0.2, 0.3], [1e-12, 1.0, 1e6]),
}


def tau_priors(unit):
    return (
        f"halfnormal:{0.5 * unit}",
        f"halfcauchy:{0.5 * unit}",
        f"halft:{0.5 * unit},1.5",
        f"lognormal2:{2 * np.log(0.14 * unit)},1.74",
        f"logt2:{2 * np.log(0.18 * unit)},2.59",
        f"invgamma:1.71,{0.4 * unit}",
        f"uniform:{2 * unit}",
    )


def mu_priors(unit):
    return "flat", f"normal:0,{2 * unit}", f"t:0,{0.5 * unit},4"


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("name", DATA)
def test_error_bound_is_met(name, unit, monkeypatch):
    """Against the same rule with ten times the nodes; its own error is far below (next test: multiple precision)."""
    y, v = np.array(DATA[name][0]) * unit, np.array(DATA[name][1]) * unit**2
    for tau_prior in tau_priors(unit)[:: 1 if unit == 1.0 else 2]:
        for mu_prior in mu_priors(unit):
            twice = normal_normal(np.tile(y, (2, 1)), np.tile(v, (2, 1)), tau_prior, mu_prior, shortest=False)
            with monkeypatch.context() as patch:
                patch.setattr(exact, "NODES", 400)
                fine = normal_normal(y, v, tau_prior, mu_prior, shortest=False)
            bound = float(twice.error_bound.max())
            assert bound <= 1e-6
            for quantity in ("mu", "tau", "predictive"):
                found, best = getattr(twice, quantity), getattr(fine, quantity)
                scale = best.sd if np.isfinite(best.sd) else (best.ci_high - best.ci_low) / 4
                for field in FIELDS:
                    value, expected = getattr(found, field)[0], getattr(best, field)
                    if expected is None or not np.isfinite(expected):
                        assert not np.isfinite(value), (tau_prior, mu_prior, quantity, field)
                        continue
                    # 1e-9: rounding of quantiles that are found by iteration
                    where = (tau_prior, mu_prior, quantity, field)
                    assert abs(value - expected) / scale <= bound + 1e-9, where


def multiple_precision(y, v, density, unit):
    """Posterior moments of mu ~ N(0, (2 unit)²) and tau by adaptive quadrature over ln tau, 30 digits."""
    mpmath.mp.dps = 30
    y, v = [mpmath.mpf(float(a)) for a in y], [mpmath.mpf(float(b)) for b in v]

    @cache
    def at(u):
        tau = mpmath.e**u * unit
        w = [1 / (b + tau**2) for b in v]
        precision = sum(w) + 1 / mpmath.mpf(2 * unit) ** 2
        mean = sum(a * b for a, b in zip(w, y, strict=True)) / precision
        quadratic = sum(a * b * b for a, b in zip(w, y, strict=True)) - precision * mean**2
        weight = mpmath.sqrt(mpmath.fprod(w) / precision) * mpmath.e ** (-quadratic / 2) * density(tau / unit) * tau
        return weight, tau, mean, 1 / precision

    points = [-90, -60, -40, -25, *np.arange(-16, 9, 1.0).tolist(), 12, 18, 25, 40, 60, 90]

    def integral(function):
        return mpmath.quad(lambda u: at(u)[0] * function(*at(u)[1:]), points, maxdegree=5)

    total = integral(lambda t, m, s: 1)
    first = {"tau": lambda t, m, s: t, "mu": lambda t, m, s: m}
    means = {name: integral(f) / total for name, f in first.items()}
    tau2 = integral(lambda t, m, s: t**2) / total
    mu2 = integral(lambda t, m, s: s + m**2) / total
    spread = {"tau": mpmath.sqrt(tau2 - means["tau"] ** 2), "mu": mpmath.sqrt(mu2 - means["mu"] ** 2)}
    ahead = mpmath.sqrt(mu2 - means["mu"] ** 2 + tau2)
    return {name: float(x) for name, x in means.items()}, {n: float(x) for n, x in spread.items()}, float(ahead)


DENSITIES = {
    "halfcauchy:{}": (0.5, lambda t: 1 / (1 + (t / mpmath.mpf("0.5")) ** 2)),
    "halft:{},1.5": (0.5, lambda t: (1 + (t / mpmath.mpf("0.5")) ** 2 / mpmath.mpf("1.5")) ** mpmath.mpf("-1.25")),
    "invgamma:1.71,{}": (0.4, lambda t: t ** mpmath.mpf("-2.71") * mpmath.e ** (-mpmath.mpf("0.4") / t)),
}


@pytest.mark.parametrize(
    ("name", "unit", "family"),
    [
        ("alike", 1.0, "halfcauchy:{}"),
        ("alike", 1e-6, "halft:{},1.5"),
        ("a million times the variance", 1e6, "halfcauchy:{}"),
        ("a million times the variance", 1.0, "halft:{},1.5"),
        ("far apart", 1.0, "invgamma:1.71,{}"),
    ],
)
def test_heavy_tails_in_multiple_precision(name, unit, family):
    scale, density = DENSITIES[family]
    y, v = np.array(DATA[name][0]) * unit, np.array(DATA[name][1]) * unit**2
    fit = normal_normal(y, v, family.format(scale * unit), f"normal:0,{2 * unit}")
    means, spreads, ahead = multiple_precision(y, v, density, unit)
    for quantity in ("mu", "tau"):
        found, sd = getattr(fit, quantity), spreads[quantity]
        assert abs(found.mean - means[quantity]) / sd <= fit.error_bound + 1e-10
        assert abs(found.sd - sd) / sd <= fit.error_bound + 1e-10
    assert abs(fit.predictive.sd - ahead) / ahead <= fit.error_bound + 1e-10


studies = st.lists(st.tuples(st.floats(-2, 2), st.floats(0.01, 2)), min_size=3, max_size=6)


@settings(max_examples=30, deadline=None)
@given(studies, st.sampled_from(tau_priors(1.0)), st.sampled_from(mu_priors(1.0)))
def test_variance_of_the_next_study_is_the_sum_of_its_parts(rows, tau_prior, mu_prior):
    """Var(next) = Var(mu) + E(tau2): the three come from different sums, and heavy tails bite them differently."""
    y, v = np.array(rows).T
    fit = normal_normal(y, v, tau_prior, mu_prior, shortest=False)
    parts = fit.mu.sd**2 + fit.tau.sd**2 + (fit.tau.mean or 0.0) ** 2
    if np.isfinite(parts):
        assert fit.predictive.sd == pytest.approx(np.sqrt(parts), rel=1e-6)
    else:
        assert fit.predictive.sd == np.inf


def test_a_prior_of_tau_for_every_data_set():
    rng = np.random.default_rng(8)
    y, v = rng.normal(size=(3, 5)), rng.uniform(0.05, 0.5, (3, 5))
    chosen = ["halfnormal:0.3", "halfcauchy:1", "uniform:2"]
    batch = normal_normal(y, v, chosen, "normal:0,1")
    assert batch.tau_prior == "one per row"
    for i, prior in enumerate(chosen):
        one = normal_normal(y[i], v[i], prior, "normal:0,1")
        assert batch.mu.ci_low[i] == pytest.approx(one.mu.ci_low, abs=1e-6)
        assert batch.log_marginal[i] == pytest.approx(one.log_marginal, abs=1e-8)
    with pytest.raises(ValueError, match="2 priors of tau for 3 data sets"):
        normal_normal(y, v, chosen[:2])


def test_improper_rows_have_no_evidence_beside_rows_that_have():
    y, v = np.tile([0.1, 0.2, 0.4], (2, 1)), np.full((2, 3), 0.1)
    batch = normal_normal(y, v, ["halfnormal:0.5", "flat"], "normal:0,1")
    one = normal_normal(y[0], v[0], "halfnormal:0.5", "normal:0,1")
    assert batch.log_marginal[0] == pytest.approx(one.log_marginal, abs=1e-9)
    assert batch.bf_tau0[0] == pytest.approx(one.bf_tau0, rel=1e-8)
    for field in exact.EVIDENCE:
        assert np.isnan(getattr(batch, field)[1])
    assert "improper" in batch.bf_reason


SCHOOLS_Y = np.array([28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16])
SCHOOLS_SE = np.array([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])


def test_eight_schools_shrinkage_and_limits_by_brute_force():
    """The joint density on a plain grid; bayesmeta's shrinkage means are up to 8e-4 sd from it, ours agree."""
    fit = normal_normal(SCHOOLS_Y, SCHOOLS_SE**2, "halfcauchy:25", "normal:0,50")
    x, w = np.polynomial.legendre.leggauss(32)
    edges = np.concatenate([[0.0], np.geomspace(1e-4, 1e5, 70)])
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    tau, weight = (middle + half * x).ravel(), (half * w).ravel()
    mu = np.linspace(-250, 250, 2001)
    log_joint = stats.norm.logpdf(mu, 0, 50)[:, None] + stats.halfcauchy.logpdf(tau, scale=25)[None]
    for y, se in zip(SCHOOLS_Y, SCHOOLS_SE, strict=True):
        log_joint -= 0.5 * ((y - mu[:, None]) ** 2 / (se**2 + tau**2) + np.log(se**2 + tau**2))
    joint = np.exp(log_joint - log_joint.max()) * weight
    joint /= joint.sum()
    of_tau, of_product = joint.sum(axis=0), (joint * mu[:, None]).sum(axis=0)
    published = {0: 11.095255, 6: 10.336032, 7: 8.474644}
    for i, theirs in published.items():
        keep = tau**2 / (tau**2 + SCHOOLS_SE[i] ** 2)
        mean = float((keep * SCHOOLS_Y[i] * of_tau + (1 - keep) * of_product).sum())
        assert fit.studies.mean[i] == pytest.approx(mean, abs=1e-8)
        # bayesmeta mixes the studies' posteriors over a coarse grid of tau
        assert abs(theirs - mean) / fit.studies.sd[i] < 8e-4
    assert fit.cdf([17.8221786, -1.8207471], "mu") @ [1, -1] == pytest.approx(0.95, abs=1e-7)


REFUSED = [
    ({"tau_prior": "flat", "y": [0.1, 0.2]}, "a flat prior of tau under a flat prior of mu needs at least 3 studies"),
    ({"tau_prior": "flat", "mu_prior": "normal:0,1", "y": [0.1]}, "under a proper prior of mu needs at least 2"),
    ({"y": []}, "no study has data and the effect prior is flat"),
    ({"tau_prior": "halfnormal:-0.5"}, "must be above 0"),
    ({"tau_prior": "halfnorml:0.5"}, "did you mean halfnormal"),
    ({"mu_prior": "normal:0,-2"}, "must be above 0"),
    ({"mu_prior": "gaussian:0,2"}, "unknown"),
    ({"v": [0.1, 0.0, 0.1]}, "study 2: the variance vi must be above 0"),
]


@pytest.mark.parametrize(("case", "sentence"), REFUSED)
def test_bad_input_gets_its_own_sentence(case, sentence):
    y = case.get("y", [0.1, 0.2, 0.3])
    chosen = {name: text for name, text in case.items() if name.endswith("prior")}
    with pytest.raises(ValueError, match=sentence):
        normal_normal(y, case.get("v", [0.1] * len(y)), **chosen)


def test_a_batch_gives_no_number_for_an_improper_row():
    fit = bayes.normal_normal([[0.1, 0.2], [np.nan, np.nan]], [[0.1, 0.1], [np.nan, np.nan]])
    assert fit.status.tolist() == ["ok", "failed"]
    assert "no study has data" in fit.reason[1]
    for quantity in ("mu", "tau", "predictive"):
        assert all(np.isnan(getattr(getattr(fit, quantity), field)[1]) for field in FIELDS)
