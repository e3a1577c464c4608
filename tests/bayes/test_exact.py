"""The exact engine against published posteriors, brute-force integration, high precision, and its own properties."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.interpolate import CubicSpline

from evisynth import bayes
from evisynth.bayes.exact import normal_normal, prior_grid
from evisynth.bayes.summaries import FIELDS

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "bayes" / "published.json").read_text("utf-8"))
CASES = REFERENCE["cases"]
Y = np.array([0.1, 0.3, 0.35, -0.2])
V = np.array([0.02, 0.03, 0.04, 0.05])
SCHOOLS = CASES[0]


def fit_case(case, **options):
    return normal_normal(case["yi"], np.square(case["sei"]), case["tau_prior"], case["mu_prior"], **options)


def brute_force(y, v, log_tau, log_mu, tau_max, mu_range, points=4001, tau_min=1e-6):
    """Two-dimensional integration that shares no formula with the engine: the plain joint density on panels."""
    x, w = np.polynomial.legendre.leggauss(24)
    edges = np.concatenate([[0.0], np.geomspace(tau_min, tau_max, 40)])
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    tau, weight = (middle + half * x).ravel(), (half * w).ravel()
    mu = np.linspace(*mu_range, points)
    log_joint = log_mu(mu)[:, None] + log_tau(tau)[None]
    for yi, vi in zip(y, v, strict=True):
        log_joint -= 0.5 * ((yi - mu[:, None]) ** 2 / (vi + tau**2) + np.log(2 * np.pi * (vi + tau**2)))
    joint = np.exp(log_joint)
    step = mu[1] - mu[0]
    total = (joint @ weight).sum() * step
    of_mu = joint @ weight / total
    mean = (of_mu * mu).sum() * step
    return {
        "log_marginal": np.log(total),
        "mu_mean": mean,
        "mu_sd": np.sqrt((of_mu * (mu - mean) ** 2).sum() * step),
        "tau_mean": (joint.sum(axis=0) * step / total) @ (weight * tau),
        "cdf": CubicSpline(mu, of_mu).antiderivative(),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_published_posteriors(case):
    fit = fit_case(case)
    for part, field, value, tolerance in case["expected"]:
        summary = getattr(fit, part)
        assert abs(getattr(summary, field) - value) / summary.sd < tolerance, (part, field)


def test_eight_schools_exact():
    fit = fit_case(SCHOOLS)
    assert fit.mu.median == pytest.approx(7.9634995, abs=5e-8)
    assert 1 - fit.p_mu_below_0 == pytest.approx(0.9487691, abs=5e-8)
    # bayesmeta's shrinkage means of schools A, G and H, within its grid error
    np.testing.assert_allclose(fit.studies.mean[[0, 6, 7]], [11.095255, 10.336032, 8.474644], rtol=6e-4)


def test_crins_by_brute_force():
    """Where bayesmeta's limits of mu differ from ours by more than 2e-4 sd, brute force agrees with ours."""
    case = CASES[3]
    fit = fit_case(case)
    found = brute_force(
        case["yi"], np.square(case["sei"]), stats.halfnorm(scale=0.5).logpdf, np.zeros_like, 4.5, (-8, 5)
    )
    assert fit.mu.mean == pytest.approx(found["mu_mean"], abs=1e-9)
    assert fit.mu.sd == pytest.approx(found["mu_sd"], abs=1e-9)
    inside = found["cdf"](fit.mu.shortest_high) - found["cdf"](fit.mu.shortest_low)
    assert inside == pytest.approx(0.95, abs=1e-7)
    published = found["cdf"](-0.93389347) - found["cdf"](-2.24640897)
    assert published > 0.9501  # bayesmeta's interval holds a little too much


MU_PRIORS = {
    "normal:0.1,0.7": lambda m: stats.norm.logpdf(m, 0.1, 0.7),
    "t:0,0.5,5": lambda m: stats.t.logpdf(m / 0.5, 5) - np.log(0.5),
    "t:0.1,0.3,30": lambda m: stats.t.logpdf((m - 0.1) / 0.3, 30) - np.log(0.3),
    "vanzwet:0.1": lambda m: np.log(
        sum(
            w * stats.norm.pdf(m, 0, s * 0.1)
            for w, s in zip((0.32, 0.31, 0.30, 0.07), (0.61, 1.42, 2.16, 5.64), strict=True)
        )
    ),
}


@pytest.mark.parametrize("mu_prior", MU_PRIORS)
def test_effect_priors_by_brute_force(mu_prior):
    fit = normal_normal(Y, V, "halfnormal:0.5", mu_prior)
    found = brute_force(Y, V, stats.halfnorm(scale=0.5).logpdf, MU_PRIORS[mu_prior], 4.5, (-10, 10))
    # t priors keep 1e-7 of their mass outside the range of the brute force
    assert fit.log_marginal == pytest.approx(found["log_marginal"], abs=1e-7)
    assert fit.mu.mean == pytest.approx(found["mu_mean"], abs=1e-7)
    assert fit.mu.sd == pytest.approx(found["mu_sd"], abs=1e-7)
    assert fit.tau.mean == pytest.approx(found["tau_mean"], abs=1e-7)
    assert fit.p_mu_below(0.1) == pytest.approx(found["cdf"](0.1), abs=1e-6)


TAU_PRIORS = {
    "halfcauchy:0.5": stats.halfcauchy(scale=0.5).logpdf,
    "exponential:0.4": stats.expon(scale=0.4).logpdf,
    "lognormal2:-3.95,1.34": stats.lognorm(0.67, scale=np.exp(-3.95 / 2)).logpdf,
    "invgamma:1.71,0.4": stats.invgamma(1.71, scale=0.4).logpdf,
    "uniform:2": stats.uniform(0, 2).logpdf,
    "halft:0.4,4": lambda t: np.log(2 / 0.4) + stats.t.logpdf(t / 0.4, 4),
    "logt2:-3.44,2.59": lambda t: stats.t.logpdf((2 * np.log(t) + 3.44) / 2.59, 5) - np.log(2.59 / 2) - np.log(t),
}


def exact_by_mpmath(y, v, log_tau, upper, mu_sd=2.0):
    """Moments and a distribution function to 15 digits, by adaptive quadrature in multiple precision."""
    mpmath.mp.dps = 20

    @cache
    def parts(u):
        tau = mpmath.e**u
        w = [1 / (mpmath.mpf(a) + tau**2) for a in v]
        precision = sum(w) + mpmath.mpf(mu_sd) ** -2
        mean = sum(a * b for a, b in zip(w, y, strict=True)) / precision
        quadratic = sum(a * b * b for a, b in zip(w, y, strict=True)) - precision * mean**2
        value = mpmath.sqrt(mpmath.fprod(w) / precision) * mpmath.e ** (-quadratic / 2 + log_tau(float(tau)) + u)
        return value, {
            "one": 1,
            "tau": tau,
            "mu": mean,
            "below": mpmath.ncdf((0.1 - mean) * mpmath.sqrt(precision)),
        }

    def joint(u, kind):
        value, of = parts(u)
        return value * of[kind]

    points = [-28, -14, -8, -5, -3, -2, -1, 0, 1, 2, 4, 8] + ([] if upper else [14, 28])
    points = [p for p in points if not upper or p < np.log(upper)] + ([np.log(upper)] if upper else [])
    total = mpmath.quad(lambda u: joint(u, "one"), points)
    return {k: float(mpmath.quad(lambda u, k=k: joint(u, k), points) / total) for k in ("tau", "mu", "below")}


@pytest.mark.parametrize("tau_prior", [t for t in TAU_PRIORS if t != "logt2:-3.44,2.59"])
def test_tau_priors_in_multiple_precision(tau_prior):
    """The reported error bound is met, for every family, with the nodes of a batch and of a single fit."""
    log_tau = TAU_PRIORS[tau_prior]
    exact = exact_by_mpmath(Y, V, lambda t: float(log_tau(t)), 2.0 if tau_prior.startswith("uniform") else None)
    batch = normal_normal(np.tile(Y, (2, 1)), np.tile(V, (2, 1)), tau_prior, "normal:0,2")
    single = normal_normal(Y, V, tau_prior, "normal:0,2")
    for fit, tau, mu in ((single, single.tau, single.mu), (batch, batch.tau, batch.mu)):
        bound = np.max(fit.error_bound)
        assert bound <= 1e-6
        assert np.max(np.abs(tau.mean - exact["tau"])) / np.max(tau.sd) <= bound + 1e-12
        assert np.max(np.abs(mu.mean - exact["mu"])) / np.max(mu.sd) <= bound + 1e-12
        assert np.max(np.abs(fit.p_mu_below(0.1) - exact["below"])) <= bound + 1e-12
    np.testing.assert_allclose(batch.tau.median, single.tau.median, rtol=1e-5)


def test_heavy_log_t_prior_by_brute_force():
    fit = normal_normal(Y, V, "logt2:-3.44,2.59", "normal:0,2")
    found = brute_force(
        Y,
        V,
        TAU_PRIORS["logt2:-3.44,2.59"],
        lambda m: stats.norm.logpdf(m, 0, 2),
        1e4,
        (-12, 12),
        tau_min=1e-9,
    )
    # a log-t(5) keeps 3e-6 of its mass below the first node of the brute force
    assert fit.tau.mean == pytest.approx(found["tau_mean"], rel=2e-5)
    assert fit.log_marginal == pytest.approx(found["log_marginal"], abs=2e-5)


def test_bayes_factors_by_brute_force():
    fit = normal_normal(Y, V, "halfcauchy:0.5", "normal:0,1")
    w = np.linspace(0, 1, 200001)[1:-1]
    tau, jacobian = w / (1 - w), (1 - w) ** -2
    log_null = stats.norm.logpdf(Y[:, None], 0, np.sqrt(V[:, None] + tau**2)).sum(axis=0)
    null = np.mean(np.exp(log_null + stats.halfcauchy.logpdf(tau, scale=0.5)) * jacobian)
    assert fit.bf_mu0 == pytest.approx(null / np.exp(fit.log_marginal), rel=1e-4)
    joint = stats.multivariate_normal(np.zeros(4), np.diag(V) + 1.0).pdf(Y)
    assert fit.bf_tau0 == pytest.approx(joint / np.exp(fit.log_marginal), rel=1e-10)


def test_spike_and_slab_is_the_mixture_of_its_parts():
    both = normal_normal(Y, V, "halfnormal:0.5", "spikeslab:0.3,0,1")
    slab = normal_normal(Y, V, "halfnormal:0.5", "normal:0,1")
    assert both.bf_mu0 == pytest.approx(slab.bf_mu0, rel=1e-9)
    p0 = 0.3 * slab.bf_mu0 / (0.3 * slab.bf_mu0 + 0.7)
    assert both.mu.mean == pytest.approx((1 - p0) * slab.mu.mean, rel=1e-8)
    assert both.p_mu_below(0) == pytest.approx((1 - p0) * slab.p_mu_below(0), rel=1e-8)
    assert both.cdf(0.0)[0] == pytest.approx((1 - p0) * slab.p_mu_below(0) + p0, rel=1e-8)
    assert both.log_marginal == pytest.approx(slab.log_marginal + np.log(0.7 + 0.3 * slab.bf_mu0), rel=1e-10)


@pytest.mark.parametrize(
    ("z", "mean", "sd"),
    [(1, 0.5535, 0.7826), (1.96, 1.2404, 0.9110), (2.8, 2.0096, 0.9903), (4, 3.2198, 1.0116)],
)
def test_van_zwet_shrinkage(z, mean, sd):
    """Van Zwet, Schwab & Senn 2021: one trial, no heterogeneity."""
    fit = normal_normal([z], [1.0], "halfnormal:1e-9", "vanzwet")
    assert (fit.mu.mean, fit.mu.sd) == (pytest.approx(mean, abs=5e-5), pytest.approx(sd, abs=5e-5))


def test_one_study_has_the_prior_of_tau():
    fit = normal_normal([0.3], [0.04], "halfnormal:0.5")
    assert fit.tau.median == pytest.approx(stats.halfnorm(scale=0.5).median(), rel=1e-8)
    assert fit.mu.sd == pytest.approx(np.sqrt(0.04 + 0.25), rel=1e-9)
    assert fit.mu.mean == pytest.approx(0.3)


def test_moments_that_do_not_exist_are_named():
    fit = normal_normal([0.3], [0.04], "halfcauchy:0.5")
    assert fit.mu.mean is None
    assert fit.mu.sd == np.inf
    assert "doesn't exist" in fit.reason
    assert fit.mu.median == pytest.approx(0.3)


IMPROPER = [
    ([0.1], [0.1], "flat", "normal:0,1", "needs at least 2 studies, found 1"),
    ([0.1, 0.2], [0.1, 0.1], "flat", "flat", "needs at least 3 studies, found 2"),
    ([np.nan], [np.nan], "halfnormal:1", "flat", "no study has data"),
    ([], [], "halfnormal:1", "flat", "no study has data"),
]


@pytest.mark.parametrize(("y", "v", "tau", "mu", "message"), IMPROPER)
def test_improper_posteriors_are_refused(y, v, tau, mu, message):
    with pytest.raises(bayes.ImproperPosteriorError, match=message):
        normal_normal(y, v, tau, mu)


def test_improper_rows_of_a_batch_are_named():
    fit = normal_normal([[0.1, 0.2, 0.4], [0.1, np.nan, 0.2]], [[0.1, 0.2, 0.1], [0.1, np.nan, 0.1]], "flat")
    assert list(fit.status) == ["ok", "failed"]
    assert "needs at least 3 studies, found 2" in fit.reason[1]
    assert np.isnan(fit.mu.median[1])


def test_bad_data_is_listed_at_once():
    with pytest.raises(ValueError, match="study 1: the variance") as error:
        normal_normal([0.1, np.inf, 0.3, 0.4], [0.0, 0.1, -1.0, np.nan])
    for message in (
        "study 2: the effect yi is infinite",
        "study 3: the variance",
        "study 4: an effect without",
    ):
        assert message in str(error.value)
    with pytest.raises(ValueError, match="must be the same"):
        normal_normal([0.1, 0.2], [0.1])
    with pytest.raises(ValueError, match="between 0 and 1"):
        normal_normal(Y, V, level=95)


def test_no_bayes_factor_under_an_improper_prior():
    for tau, mu in (("halfnormal:0.5", "flat"), ("flat", "normal:0,1")):
        fit = normal_normal(Y, V, tau, mu)
        assert fit.bf_mu0 is None
        assert fit.bf_tau0 is None
        assert fit.log_marginal is None
        assert "improper" in fit.bf_reason


def test_no_data_gives_the_prior():
    fit = normal_normal([np.nan], [np.nan], "halfnormal:0.5", "normal:1,2")
    assert (fit.mu.mean, fit.mu.sd) == (pytest.approx(1.0), pytest.approx(2.0))
    assert fit.reason == "no data: this is the prior"


def test_batch_equals_single_and_ignores_absent_studies():
    rng = np.random.default_rng(3)
    y, v = rng.normal(size=(5, 6)), rng.uniform(0.05, 0.5, (5, 6))
    y[1, 3:], v[1, 3:] = np.nan, np.nan
    batch = normal_normal(y, v, "halfnormal:0.5", "normal:0,2", tolerance=1e-10)
    for i in range(5):
        keep = ~np.isnan(y[i])
        one = normal_normal(y[i, keep], v[i, keep], "halfnormal:0.5", "normal:0,2", tolerance=1e-10)
        for part in ("mu", "tau", "predictive"):
            for field in ("mean", "sd", "median", "ci_low", "ci_high", "shortest_low", "shortest_high"):
                found, expected = getattr(getattr(batch, part), field)[i], getattr(getattr(one, part), field)
                assert found == pytest.approx(expected, abs=2e-8), (part, field)
        np.testing.assert_allclose(batch.studies.mean[i, keep], one.studies.mean, atol=1e-9)
        assert batch.log_marginal[i] == pytest.approx(one.log_marginal, abs=1e-9)


studies = st.lists(st.tuples(st.floats(-2, 2), st.floats(0.01, 2)), min_size=2, max_size=7)


@settings(max_examples=25, deadline=None)
@given(studies, st.floats(-4, 4), st.floats(-6, 6), st.randoms())
def test_shift_scale_sign_and_order(rows, shift, log_scale, random):
    y, v = np.array(rows).T
    c = 10.0**log_scale
    base = normal_normal(y, v, "halfnormal:0.5")
    random.shuffle(rows)
    z, u = np.array(rows).T
    other = normal_normal(-c * (z + shift), c * c * u, f"halfnormal:{0.5 * c!r}")
    scale = base.mu.sd
    assert -other.mu.median / c - shift == pytest.approx(base.mu.median, abs=1e-7 * scale + 1e-9 * abs(shift))
    assert -other.mu.ci_high / c - shift == pytest.approx(base.mu.ci_low, abs=1e-6 * scale)
    assert other.tau.median / c == pytest.approx(base.tau.median, rel=1e-6)
    assert other.predictive.sd / c == pytest.approx(base.predictive.sd, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(studies, st.sampled_from([t for t in TAU_PRIORS if not t.startswith("logt2")]))
def test_coherence(rows, tau_prior):
    y, v = np.array(rows).T
    fit = normal_normal(y, v, tau_prior, "normal:0,2")
    assert fit.error_bound <= 1e-6
    assert fit.predictive.mean == pytest.approx(fit.mu.mean, abs=1e-9)
    for part in ("mu", "tau", "predictive"):
        s = getattr(fit, part)
        assert s.shortest_high - s.shortest_low <= (s.ci_high - s.ci_low) * (1 + 1e-6)
        ends = fit.cdf([s.ci_low, s.median, s.ci_high, s.shortest_low, s.shortest_high], of=part)
        np.testing.assert_allclose(ends[:3], [0.025, 0.5, 0.975], atol=1e-7)
        assert ends[4] - ends[3] == pytest.approx(0.95, abs=1e-6)
    # the law of total expectation: shrunken effects average to the data and mu
    assert np.all(np.abs(fit.studies.mean - fit.mu.mean) <= np.abs(y - fit.mu.mean) + 2 * fit.mu.sd + 1e-9)


def test_density_is_the_slope_of_the_cdf():
    fit = normal_normal(Y, V, "halfcauchy:0.5")
    x = np.linspace(0.02, 0.9, 30)
    for part in ("mu", "tau", "predictive"):
        slope = (fit.cdf(x + 1e-5, part) - fit.cdf(x - 1e-5, part)) / 2e-5
        np.testing.assert_allclose(fit.density(x, part), slope, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(fit.cdf(fit.quantile([0.1, 0.6], part), part), [0.1, 0.6], atol=1e-9)
    assert fit.density([-0.1], "tau")[0] == 0
    assert fit.cdf([-0.1, 0.0], "tau").tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("y", "v", "prior"),
    [
        ([0.1, 0.2, 0.5], [1e-8, 1.0, 1.0], "halfnormal:0.5"),
        ([0.0, 0.0, 1e4], [0.01, 0.01, 0.01], "halfnormal:0.5"),
        (np.linspace(-1, 1, 500), np.full(500, 0.01), "halfcauchy:0.5"),
        ([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], "uniform:1000"),
        ([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], "flat"),
        ([0.1, 0.2, 9.3], [0.001, 0.2, 0.1], "lognormal2:-3.95,1.34"),
    ],
)
def test_hard_posteriors_meet_the_tolerance(y, v, prior):
    fit = normal_normal(y, v, prior)
    assert fit.error_bound <= 1e-6
    assert fit.tau.ci_low < fit.tau.median < fit.tau.ci_high


def test_prior_grid_equals_single_fits():
    taus = ["halfnormal:0.3", "halfcauchy:1", "turner2015:pain,pharmacological vs placebo/control"]
    table = prior_grid(Y, V, taus, ["flat", "normal:0,0.5"])
    assert len(table) == 6
    for _, row in table.iterrows():
        fit = normal_normal(Y, V, row["tau_prior"], row["mu_prior"])
        assert row["mu_ci_low"] == pytest.approx(fit.mu.ci_low, abs=1e-6)
        assert row["tau_median"] == pytest.approx(fit.tau.median, abs=1e-6)
        assert row["pi_high"] == pytest.approx(fit.predictive.ci_high, abs=1e-6)


def test_cautions_travel_with_the_result():
    fit = normal_normal(Y, V, "rhodes2015:mental health,any non-pharmacological")
    assert any("-3.85" in note for note in fit.notes)


def test_frame_has_one_row_per_quantity():
    frame = normal_normal(Y, V).to_frame()
    assert frame["quantity"].tolist() == ["mu", "tau", "predictive"]
    assert list(normal_normal(Y, V).studies.to_frame()) == ["fit", "study", *FIELDS]


def test_import_is_lazy():
    code = (
        "import sys; from evisynth import bayes; bayes.normal_normal([.1,.2],[.1,.1]);"
        "print([m for m in ('pymc', 'pytensor', 'arviz', 'nutpie') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
