"""Bias, discounts, conversions and Student-t effects by quadrature: closed forms, brute force, limits."""

import numpy as np
import pytest
from scipy import integrate, stats

from evisynth.bayes import adjusted, normal_normal
from evisynth.bayes.adjusted import BiasClass, additive_bias
from evisynth.bayes.adjusted.mixtures import Components
from evisynth.bayes.adjusted.readings import t_interval
from evisynth.bayes.adjusted.rules import over_prior
from evisynth.bayes.checks import ImproperPosteriorError
from evisynth.bayes.priors import PriorError
from evisynth.effects.paired import paired_smd_from_p

YI, VI, CLASSES = (-0.2, -0.1, -0.6, -0.5), (0.04, 0.05, 0.03, 0.04), ("low", "low", "high", "high")


def pinned(tau):
    """A prior that holds tau at a value."""
    return f"lognormal:{float(np.log(tau))!r},1e-5"


def same(one, other, tolerance=1e-8):
    for name in ("mean", "sd", "median", "ci_low", "ci_high"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=tolerance), name


def test_welton_closed_form():
    """tau2 0.01, kappa2 0.02, b0 -0.1, phi2 0.02: d is -0.25712 with variance 0.017926."""
    bias = BiasClass("high", f"normal:-0.1,{0.02**0.5}", 0.02**0.5)
    fit = additive_bias(YI, VI, CLASSES, [bias], pinned(0.1))
    assert fit.mu.mean == pytest.approx(-0.25712, abs=5e-6)
    assert fit.mu.sd**2 == pytest.approx(0.017926, abs=5e-7)
    assert fit.studies["weight"].sum() == pytest.approx(100)
    # d_L -0.15455 (V .027273) is what the unbiased studies say alone; a flat bias leaves only them.
    alone = additive_bias(YI, VI, CLASSES, [BiasClass("high", "flat", 0.1)], pinned(0.1))
    assert alone.mu.mean == pytest.approx(-0.15455, abs=5e-6)
    assert alone.mu.sd**2 == pytest.approx(0.027273, abs=5e-7)
    assert list(alone.studies["weight"][2:]) == [0, 0]


def test_no_bias_is_the_normal_model_and_a_given_bias_a_shift():
    plain = normal_normal(YI, VI, "halfnormal:0.5", "normal:0,2")
    fit = additive_bias(YI, VI, CLASSES, [BiasClass("high", 0.0)], "halfnormal:0.5", "normal:0,2")
    same(fit.mu, plain.mu)
    same(fit.tau, plain.tau)
    same(fit.predictive, plain.predictive)
    assert fit.unadjusted.mu == plain.mu
    shifted = additive_bias(YI, VI, CLASSES, [BiasClass("high", -0.3)], "halfcauchy:0.5", "t:0,1,4")
    same(shifted.mu, normal_normal((-0.2, -0.1, -0.3, -0.2), VI, "halfcauchy:0.5", "t:0,1,4").mu, 1e-6)


def test_learned_spread_against_integration_with_scipy():
    """mu and b integrated out of a multivariate normal, kappa by adaptive quadrature."""
    y, v, high = np.array(YI), np.array(VI), np.array([0, 0, 1.0, 1.0])
    prior = stats.halfnorm(scale=0.3)

    def moments(kappa):
        covariance = np.diag(v + 0.1**2 + high * kappa**2) + 4.0 + 0.2**2 * np.outer(high, high)
        evidence = stats.multivariate_normal(-0.1 * high, covariance).pdf(y) * prior.pdf(kappa)
        gain = np.linalg.solve(covariance, np.full(4, 4.0))
        return evidence, gain @ (y + 0.1 * high), 4.0 - gain.sum() * 4.0

    parts = [
        lambda k: moments(k)[0],
        lambda k: moments(k)[0] * moments(k)[1],
        lambda k: moments(k)[0] * (moments(k)[2] + moments(k)[1] ** 2),
        lambda k: moments(k)[0] * k,
    ]
    total, first, second, spread = (integrate.quad(part, 0, 3, epsabs=1e-13, epsrel=1e-10)[0] for part in parts)
    bias = BiasClass("high", "normal:-0.1,0.2", "halfnormal:0.3")
    fit = additive_bias(YI, VI, CLASSES, [bias], pinned(0.1), "normal:0,2")
    assert fit.mu.mean == pytest.approx(first / total, abs=1e-7)
    assert fit.mu.sd**2 == pytest.approx(second / total - (first / total) ** 2, abs=1e-7)
    assert fit.quantities.spreads["high"].mean == pytest.approx(spread / total, abs=1e-7)
    assert fit.error_bound < 1e-6


def test_biased_studies_never_say_more_than_their_mean_bias_is_known():
    many = 200
    y, v = np.full(many, 0.4), np.full(many, 0.01)
    fit = additive_bias(y, v, ["high"] * many, [BiasClass("high", "normal:0.1,0.2", 0.1)], pinned(0.05))
    assert fit.mu.mean == pytest.approx(0.3)
    assert 0.2 < fit.mu.sd < 0.2005


def test_bias_models_refuse_what_has_no_answer():
    with pytest.raises(ValueError, match="no assumption about class some"):
        additive_bias(YI, VI, ("low", "some", "high", "high"), [BiasClass("high", 0.0)])
    with pytest.raises(ImproperPosteriorError, match="every bias are flat"):
        additive_bias(YI, VI, ["high"] * 4, [BiasClass("high", "flat", 0.1)])
    with pytest.raises(PriorError, match="standard deviation from 0 on"):
        additive_bias(YI, VI, CLASSES, [BiasClass("high", 0.0, -1.0)])
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjusted.combine_discounted(0, 1, 0, 1, 1.5)


def test_power_prior_closed_form():
    """-0.2 (V 0.04) with -0.6 (V 0.01) at w 0, 0.1, 0.25, 0.5, 1."""
    weights = np.array([0, 0.1, 0.25, 0.5, 1])
    mean, se = adjusted.combine_discounted(-0.2, 0.04, -0.6, 0.01, weights)
    assert mean == pytest.approx([-0.2, -0.3143, -0.4, -0.4667, -0.52], abs=5e-5)
    assert se == pytest.approx([0.2, 0.1690, 0.1414, 0.1155, 0.0894], abs=5e-5)
    for w, m, s in zip(weights, mean, se, strict=True):
        for fit in (adjusted.power_prior, adjusted.design_adjusted):
            mu = fit((-0.2, -0.6), (0.04, 0.01), (True, False), w, tau_prior=pinned(1e-6)).mu
            assert (mu.mean, mu.sd) == pytest.approx((m, s), abs=1e-6)


def test_discount_curve_and_tipping_point():
    randomised = (True, True, False, False)
    table = adjusted.discount_curve(YI, VI, randomised, (0, 0.5, 1), tau_prior=pinned(0.01))
    assert list(table["excludes_null"]) == [False, True, True]

    def fit(w):
        return adjusted.design_adjusted(YI, VI, randomised, w, tau_prior=pinned(0.01))

    w = adjusted.tipping_point(fit, 0, 1)
    assert fit(w).mu.ci_high == pytest.approx(0, abs=1e-4)
    assert adjusted.tipping_point(fit, 0.9, 1) is None
    grid = adjusted.bias_grid(YI, VI, CLASSES, "high", (-0.2, "normal:-0.1,0.1"), (0.0,), tau_prior=pinned(0.01))
    assert grid["bias_mean"].tolist() == ["none", "-0.2", "normal:-0.1,0.1"]
    assert grid["mean"].is_monotonic_increasing is False
    assert grid["mean"][0] < grid["mean"][1] < 0


MIXED = ((0.1, 0.2, -0.05, 0.9, 0.3), (0.04, 0.05, 0.03, 0.05, 0.02))


def test_mixture_of_unbiased_studies_is_the_normal_model():
    fit = adjusted.contaminated(*MIXED, "halfnormal:0.3", "normal:0,1", known=["unbiased"] * 5)
    plain = normal_normal(*MIXED, "halfnormal:0.3", "normal:0,1")
    same(fit.mu, plain.mu, 1e-6)
    same(fit.tau, plain.tau, 1e-5)
    same(fit.predictive, plain.predictive, 1e-5)


def test_mixture_against_importance_sampling():
    """400,000 draws from the prior, weighted by the likelihood with the slash scales drawn too."""
    y, v = (np.array(x) for x in MIXED)
    rng, draws = np.random.default_rng(8), 400_000
    mu, tau = rng.normal(0.2, 0.3, draws), np.abs(rng.normal(0, 0.3, draws))
    size, p = rng.uniform(0, 2, draws), rng.beta(1, 2, draws)
    log_weight, biased = np.zeros(draws), []
    for i in range(5):
        scale = tau / np.sqrt(rng.beta(0.5, 1, draws))
        one = (1 - p) * stats.norm.pdf(y[i], mu, np.hypot(tau, v[i] ** 0.5))
        two = p * stats.norm.pdf(y[i], mu + size, np.hypot(scale, v[i] ** 0.5))
        log_weight += np.log(one + two)
        biased.append(two / (one + two))
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    fit = adjusted.contaminated(
        y, v, "halfnormal:0.3", "normal:0.2,0.3", bias_prior="uniform:0,2", p_prior=(1, 2), known=[""] * 5
    )
    error = 4 / np.sqrt(1 / np.sum(weight**2))
    assert fit.mu.mean == pytest.approx(weight @ mu, abs=error * fit.mu.sd)
    assert fit.tau.mean == pytest.approx(weight @ tau, abs=error * fit.tau.sd)
    assert fit.bias.mean == pytest.approx(weight @ size, abs=error * fit.bias.sd)
    assert fit.p_biased[0] == pytest.approx(weight @ p, abs=error * fit.p_biased[1])
    assert list(fit.studies["p_biased"]) == pytest.approx([weight @ b for b in biased], abs=error)
    assert fit.p_mu_below(0.1) == pytest.approx(weight @ (mu < 0.1), abs=error)
    turned = adjusted.contaminated(
        -y,
        v,
        "halfnormal:0.3",
        "normal:-0.2,0.3",
        bias_prior="uniform:0,2",
        p_prior=(1, 2),
        known=[""] * 5,
        direction=-1,
    )
    assert turned.mu.ci_low == pytest.approx(-fit.mu.ci_high)
    assert turned.p_mu_below(-0.1) == pytest.approx(1 - fit.p_mu_below(0.1))


def test_mixture_needs_five_studies():
    with pytest.raises(ValueError, match="at least 5"):
        adjusted.contaminated(YI, VI)


READINGS = (
    adjusted.PairedP("crossover", "0.016", -1, n=28),
    adjusted.ParallelP("parallel", "0.27", -1, n_1=49, n_2=50),
)


def test_readings_give_the_effects_of_the_library():
    y, v, _ = READINGS[0].components({"r": 0.5}, vary=False)
    effect = paired_smd_from_p(0.016, 28, 0.5, sign=-1)
    assert (y[0], v[0]) == pytest.approx((float(effect.yi), float(effect.vi)))
    y, v, _ = READINGS[1].components({}, vary=False)
    # The same figures through the SE and the SD: results of `evisynth.effects`, 0.27 between 49 and 50 people.
    assert (y[0], v[0]) == pytest.approx((-0.221279916673, 0.0406554602427), abs=1e-10)
    assert t_interval("0.30", "=", 50)[1] > t_interval(0.3, "=", 50)[1]
    assert adjusted.counts_from_percent(32, 28) == (9,)
    assert adjusted.counts_from_percent(50, 301) == (149, 150, 151, 152)


def test_conversions_held_are_the_exact_engine():
    held = adjusted.fit_conversions(READINGS, {"r": 0.5}, "halfnormal:0.4", "normal:0,1", vary=())
    parts = [reading.components({"r": 0.5}, vary=False) for reading in READINGS]
    plain = normal_normal(
        [float(p[0][0]) for p in parts], [float(p[1][0]) for p in parts], "halfnormal:0.4", "normal:0,1"
    )
    same(held.mu, plain.mu)
    same(held.tau, plain.tau)
    same(held.predictive, plain.predictive)


def test_unknown_correlation_against_brute_force():
    fit = adjusted.fit_conversions(READINGS, {"r": "uniform:0,0.9"}, pinned(0.2), "normal:0,1", vary=("r",))
    r, mu = np.linspace(0, 0.9, 401)[:, None], np.linspace(-3, 3, 3001)
    slope = np.sqrt(2 * (1 - r) / 28)
    t = -stats.t.isf(0.008, 27)
    # The density of t, not of the effect: it keeps the factor dy / dt.
    spread = np.sqrt(2 * (1 - r) * (1 / 28 + (slope * t) ** 2 / 56) + 0.04)
    density = slope * stats.norm.pdf(slope * t, mu, spread)
    y, v, _ = READINGS[1].components({}, vary=False)
    density = density * stats.norm.pdf(y[0], mu, np.sqrt(v[0] + 0.04)) * stats.norm.pdf(mu)
    of_mu, of_r = integrate.simpson(density, x=r[:, 0], axis=0), integrate.simpson(density, x=mu, axis=1)
    total = integrate.simpson(of_mu, x=mu)
    assert fit.mu.mean == pytest.approx(integrate.simpson(of_mu * mu, x=mu) / total, abs=1e-6)
    assert fit.parameters["mean"][0] == pytest.approx(integrate.simpson(of_r * r[:, 0], x=r[:, 0]) / total, abs=1e-6)


def test_an_inequality_is_a_censored_statistic():
    """p < 0.01 in the positive direction, one study: the posterior is prior x normal tail probability."""
    reading = adjusted.ParallelP("one", "0.01", 1, "<", n_1=40, n_2=40)
    fit = adjusted.fit_conversions([reading], {}, pinned(1e-3), "normal:0,1")
    mu = np.linspace(-4, 5, 9001)
    y, v, _ = reading.components({}, vary=False)
    density = stats.norm.sf(y[0], mu, np.sqrt(v[0])) * stats.norm.pdf(mu)
    total = integrate.simpson(density, x=mu)
    assert fit.mu.mean == pytest.approx(integrate.simpson(mu * density, x=mu) / total, abs=1e-4)
    not_significant = adjusted.ParallelP("two", "0.05", 0, ">", n_1=40, n_2=40)
    fit = adjusted.fit_conversions([not_significant], {}, pinned(1e-3), "normal:0,1")
    assert fit.mu.mean == pytest.approx(0, abs=1e-9)
    assert fit.mu.sd < 0.5


def test_shares_of_the_interval():
    table = adjusted.conversion_shares(READINGS, {"r": "uniform:0,0.9"}, "halfnormal:0.4", "normal:0,1")
    assert table["varied"].tolist() == ["none", "r", "rounding", "all"]
    assert table["share_of_width"][0] == 0
    # The rounding of two p values hardly matters beside an unknown correlation.
    assert abs(table["share_of_width"][2]) < 0.1 * abs(table["share_of_width"][1])
    counts = adjusted.RoundedCounts("c", (149, 150, 151, 152), 301, (120,), 300)
    known = adjusted.RoundedCounts("c", (150,), 301, (120,), 300)
    one, two = (
        adjusted.fit_conversions([x, adjusted.Exact("e", 0.3, 0.1)], {}, "halfnormal:0.3", "normal:0,1").mu
        for x in (counts, known)
    )
    assert one.mean == pytest.approx(two.mean, abs=0.01)
    assert one.sd > two.sd
    sd = [adjusted.DerivedSD("d", 0.5, 0.04, n=100), adjusted.Exact("e", 0.3, 0.1)]
    table = adjusted.conversion_shares(sd, {"sd_factor": "normal:1,0.2"}, "halfnormal:0.3", "normal:0,1")
    assert table["varied"].tolist() == ["none", "sd_factor"]
    assert table["width"][1] != table["width"][0]


def test_conversions_refuse_unknown_assumptions():
    with pytest.raises(ValueError, match="no value or prior for r"):
        adjusted.fit_conversions(READINGS, {})
    with pytest.raises(PriorError, match="uniform:low,high"):
        adjusted.fit_conversions(READINGS, {"r": "beta:2,2"})
    with pytest.raises(ValueError, match="sign is 0"):
        adjusted.PairedP("x", "0.05", 0, n=20)


def test_student_effects():
    y, v = (0.1, 0.2, 0.15, 1.4, 0.12), (0.02, 0.03, 0.02, 0.02, 0.03)
    near = adjusted.student_t(y, v, 1e6, "halfnormal:0.5", "normal:0,1")
    same(near.mu, normal_normal(y, v, "halfnormal:0.5", "normal:0,1").mu, 1e-5)
    assert near.log_bf_normal == pytest.approx(0, abs=1e-5)
    fit = adjusted.student_t(y, v, 3, "halfnormal:0.5", "normal:0,1")
    assert fit.mu.median < near.mu.median
    assert fit.log_bf_normal > 0
    assert fit.studies["scale"].idxmin() == 3
    # One study's likelihood against the convolution of a t and a normal density.
    scale = over_prior(stats.gamma(1.5, scale=1 / 1.5).ppf, "", 41)
    ones = np.ones((1, 41))
    study = Components(1.4 * ones, 0.02 * ones, np.log(scale.weight)[None], 1 / scale.value[None])
    value = study.log_likelihood(0, np.array([0.2]), np.array([0.3]))[0, 0]
    exact = integrate.quad(
        lambda x: stats.t.pdf(x, 3, 0.2, 0.3) * stats.norm.pdf(1.4, x, 0.02**0.5),
        -5,
        7,
        points=[0.2, 1.4],
        epsabs=1e-12,
    )[0]
    assert value == pytest.approx(np.log(exact), abs=1e-8)


def test_a_p_of_zero_is_an_inequality():
    assert t_interval("0.000", "=", 50) == t_interval("0.0005", "<", 50)
    tiny = t_interval("1e-15", "=", 50)
    assert tiny[1] < tiny[0] < tiny[2]
