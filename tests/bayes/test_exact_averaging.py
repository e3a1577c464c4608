"""Model averaging: the published example, each kind of model by independent integration, and the options."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from evisynth import bayes
from evisynth.bayes import ensemble, priors, selection

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "bayes" / "published.json").read_text("utf-8"))
CASE = REFERENCE["model_average"]
Y, V = np.array(CASE["yi"]), np.square(CASE["sei"])
# Effects around their thresholds of significance, so that every interval of p values is populated.
Y2 = np.array([0.25, 0.20, 0.02, 0.33, -0.05, 0.18])
V2 = np.square([0.10, 0.11, 0.12, 0.13, 0.09, 0.10])


@pytest.fixture(scope="module")
def average():
    return bayes.model_average(Y2, V2, "halfnormal:0.3", "normal:0,1")


def setting(y=Y2, v=V2, tau="halfnormal:0.3", mu="normal:0,1"):
    return ensemble.Setting(y, v, priors.parse(mu, "mu"), priors.parse(tau))


def test_published_example():
    """Bartoš 2021: their figures come from MCMC and bridge sampling, hence the tolerance of the interval."""
    fit = bayes.model_average(Y, V, CASE["prior"], CASE["prior"], bias="none")
    assert fit.bf_effect == pytest.approx(CASE["bf_effect"], abs=0.05)
    assert fit.bf_heterogeneity == pytest.approx(CASE["bf_heterogeneity"], abs=0.005)
    estimate, low, high = CASE["mu_conditional"]
    assert fit.mu_conditional.mean == pytest.approx(estimate, abs=0.01 * 0.186)
    # limits from the article's MCMC draws: within a tenth of a posterior sd
    assert fit.mu_conditional.ci_low == pytest.approx(low, abs=0.02)
    assert fit.mu_conditional.ci_high == pytest.approx(high, abs=0.02)
    assert fit.models["posterior"].iloc[3] == pytest.approx(CASE["posterior_effect_random"], abs=0.005)
    assert fit.bf_bias is None


def test_thirty_six_models_with_their_prior(average):
    models = average.models
    assert len(models) == 36
    assert models["prior"].sum() == pytest.approx(1)
    shares = models.groupby("bias")["prior"].sum()
    assert shares["none"] == pytest.approx(1 / 2)
    assert shares["PET"] == pytest.approx(1 / 8)
    assert shares["one-sided .025, .05, .5"] == pytest.approx(1 / 24)
    assert average.error_bound < 0.02
    assert average.p_effect == pytest.approx(models.loc[models["effect"], "posterior"].sum())
    assert not models["method"].str.contains("bridge").any()


def test_plain_models_are_the_exact_engine(average):
    fit = bayes.normal_normal(Y2, V2, "halfnormal:0.3", "normal:0,1")
    plain = average.models[average.models["bias"] == "none"]["log_marginal"].to_numpy()
    assert plain[3] == pytest.approx(fit.log_marginal, abs=1e-9)
    assert plain[1] - plain[3] == pytest.approx(np.log(fit.bf_mu0), abs=1e-9)
    assert plain[2] - plain[3] == pytest.approx(np.log(fit.bf_tau0), abs=1e-9)


@pytest.mark.parametrize("kind", ["PET", "PEESE"])
def test_regression_models_by_direct_integration(kind):
    x, scale = (np.sqrt(V2), 1.0) if kind == "PET" else (V2, 5.0)
    null = ensemble.fit_regression(setting(), x, scale, False, False)
    direct = integrate.quad(
        lambda b: stats.norm.pdf(Y2, b * x, np.sqrt(V2)).prod() * stats.halfcauchy.pdf(b, scale=scale),
        0,
        60,
        limit=200,
    )[0]
    assert null.log_marginal == pytest.approx(np.log(direct), abs=1e-7)
    both = ensemble.fit_regression(setting(), x, scale, True, True)

    u, w = np.polynomial.legendre.leggauss(32)
    edges_b, edges_t = (0, 0.5, 1, 2, 4, 8, 16, 40), (0, 0.1, 0.3, 0.8, 2)
    if kind == "PEESE":
        edges_b = tuple(6 * e for e in edges_b)
    total = 0.0
    for a, b in itertools.pairwise(edges_b):
        for c, d in itertools.pairwise(edges_t):
            nodes_b, nodes_t = (a + b) / 2 + (b - a) / 2 * u, (c + d) / 2 + (d - c) / 2 * u
            precision = 1 / (V2 + nodes_t[:, None] ** 2)
            s = precision.sum(axis=1)
            r = Y2 - nodes_b[:, None] * x
            mean = (precision[:, None] * r[None]).sum(axis=2) / s[:, None]
            q = (precision[:, None] * (r[None] - mean[..., None]) ** 2).sum(axis=2)
            log_density = 0.5 * (np.log(precision).sum(axis=1) - 6 * np.log(2 * np.pi) - np.log1p(s))[:, None]
            log_density = log_density - 0.5 * q - 0.5 * mean**2 * (s / (1 + s))[:, None]
            prior = np.outer(stats.halfnorm.pdf(nodes_t, scale=0.3), stats.halfcauchy.pdf(nodes_b, scale=scale))
            total += (b - a) * (d - c) / 4 * w @ (np.exp(log_density) * prior) @ w
    # the direct sum stops at a slope of 40 (240 for PEESE): beyond lies 1e-6 of the posterior
    assert both.log_marginal == pytest.approx(np.log(total), abs=2e-5)


def likelihood_given_weights(function, mu, tau, omega):
    """Product of normalised densities, written out study by study from the definition of the selection model."""
    total = 1.0
    for y, v in zip(Y2, V2, strict=True):
        sd, se = np.sqrt(v + tau**2), np.sqrt(v)

        def chance(low, high, sd=sd, se=se):
            """Probability that the p value lies between low and high."""
            if function.sided == "one":
                a, b = stats.norm.isf(high) * se, stats.norm.isf(low) * se
                return stats.norm.cdf(b, mu, sd) - stats.norm.cdf(a, mu, sd)
            a, b = stats.norm.isf(high / 2) * se, stats.norm.isf(low / 2) * se
            upper = stats.norm.cdf(b, mu, sd) - stats.norm.cdf(a, mu, sd)
            return upper + stats.norm.cdf(-a, mu, sd) - stats.norm.cdf(-b, mu, sd)

        edges = (0.0, *function.cuts, 1.0)
        z = y / se if function.sided == "one" else abs(y) / se
        p = stats.norm.sf(z) * (1 if function.sided == "one" else 2)
        cell = np.searchsorted(edges, p) - 1
        normaliser = sum(w * chance(a, b) for w, a, b in zip(omega, edges, edges[1:], strict=False))
        total *= omega[cell] * stats.norm.pdf(y, mu, sd) / normaliser
    return total


@pytest.mark.parametrize("index", [0, 2])
def test_one_weight_by_adaptive_quadrature(index):
    function = selection.PSMA[index]
    likelihood = selection.SelectionLikelihood(Y2, V2, function)
    rule = selection.omega_rule(1, selection.FINE[1])
    for mu, tau in ((0.0, 0.0), (0.2, 0.1), (-0.1, 0.3)):
        direct = integrate.quad(lambda w, m=mu, t=tau: likelihood_given_weights(function, m, t, (1, w)), 0, 1)[0]
        found = likelihood(np.array([mu]), np.array([[tau]]), rule)[0][0, 0]
        assert found == pytest.approx(np.log(direct), abs=1e-7)


@pytest.mark.parametrize("index", [1, 3, 4, 5])
def test_more_weights_by_monte_carlo(index):
    """Cumulative Dirichlet draws: within 4 Monte Carlo standard errors."""
    function = selection.PSMA[index]
    free = len(function.cuts)
    rng = np.random.default_rng(11)
    share = rng.dirichlet(np.ones(free + 1), 200)
    omega = np.cumsum(share[:, ::-1], axis=1)[:, ::-1]
    omega = omega / omega[:, :1]
    values = np.array([likelihood_given_weights(function, 0.1, 0.1, w) for w in omega])
    likelihood = selection.SelectionLikelihood(Y2, V2, function)
    found = np.exp(
        likelihood(np.array([0.1]), np.array([[0.1]]), selection.omega_rule(free, selection.FINE[free]))[0][0, 0]
    )
    assert abs(values.mean() - found) < 4 * values.std() / np.sqrt(len(values))


def test_selection_model_by_a_plain_grid():
    """Mu, tau and one weight: Simpson in all three."""
    function = selection.PSMA[2]
    likelihood = selection.SelectionLikelihood(Y2, V2, function)
    fit = ensemble.fit_selection(setting(), function, True, True)
    mu, tau = np.linspace(-3, 2, 601), np.linspace(0, 1.6, 161)
    value = likelihood(mu, np.broadcast_to(tau, (len(mu), len(tau))), selection.omega_rule(1, selection.FINE[1]))[0]
    joint = np.exp(value + stats.norm.logpdf(mu)[:, None] + stats.halfnorm.logpdf(tau, scale=0.3))
    total = integrate.simpson(integrate.simpson(joint, x=tau), x=mu)
    assert fit.log_marginal == pytest.approx(np.log(total), abs=1e-5)
    of_mu = integrate.simpson(joint, x=tau) / total
    assert fit.mu_moments[0] == pytest.approx(integrate.simpson(of_mu * mu, x=mu), abs=1e-5)
    here = int(np.argmin(np.abs(mu - 0.1))) + 1
    below = integrate.simpson(of_mu[:here], x=mu[:here])
    assert fit.mu_cdf(np.array([0.1]))[0] == pytest.approx(below, abs=1e-6)


def test_direction_mirrors_data_and_prior():
    fits = [
        bayes.model_average(sign * Y2, V2, "halfnormal:0.3", "normal:0.1,1" if sign > 0 else "normal:-0.1,1", **options)
        for sign, options in ((1, {}), (-1, {"direction": "negative"}))
        for options in ({**options, "bias": "pet-peese"},)
    ]
    assert fits[1].bf_effect == pytest.approx(fits[0].bf_effect, rel=1e-9)
    assert fits[1].mu.mean == pytest.approx(-fits[0].mu.mean, rel=1e-9)
    assert fits[1].mu.ci_low == pytest.approx(-fits[0].mu.ci_high, abs=1e-9)


def test_conditional_and_averaged_estimates_agree(average):
    assert average.mu.mean == pytest.approx(average.p_effect * average.mu_conditional.mean, rel=1e-9)
    assert average.tau.mean == pytest.approx(average.p_heterogeneity * average.tau_conditional.mean, rel=1e-9)
    assert average.mu.ci_low <= average.mu.median <= average.mu.ci_high
    assert set(average.to_frame()["quantity"]) == {"mu", "tau", "mu_conditional", "tau_conditional"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bias": "all"}, "allowed: psma"),
        ({"direction": "up"}, "allowed: positive"),
        ({"tau_prior": "flat"}, "proper priors"),
        ({"mu_prior": "spikeslab:0.5,0,1"}, "give the slab alone"),
        ({"prior_bias": 1.0}, "between 0 and 1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        bayes.model_average(Y, V, **options)


def test_moments_that_do_not_exist():
    """One study and tau ~ inverse gamma(1, .): the posterior falls as tau**-3, so E(tau**2) diverges."""
    fit = bayes.model_average([0.3], [0.04], bias="none")
    assert fit.tau.sd == np.inf
    assert np.isfinite(fit.tau.mean)
    assert np.isfinite(fit.mu.sd)


@pytest.mark.parametrize("direction", ["positive", "negative"])
def test_probability_below_zero_and_medians_by_hand(direction):
    """Without bias models: a normal posterior under the common effect, the exact engine under the random one."""
    fit = bayes.model_average(Y2, V2, "halfnormal:0.3", "normal:0,1", bias="none", direction=direction)
    models = fit.models.set_index(["effect", "heterogeneity"])
    precision = 1 + np.sum(1 / V2)
    common = stats.norm(np.sum(Y2 / V2) / precision, precision**-0.5)
    random = bayes.normal_normal(Y2, V2, "halfnormal:0.3", "normal:0,1")
    one, two = models.loc[(True, False)], models.loc[(True, True)]
    found = one[["mu_median", "mu_ci_low", "mu_ci_high"]].tolist()
    assert found == pytest.approx(common.ppf([0.5, 0.025, 0.975]), abs=1e-9)
    found = two[["mu_median", "mu_ci_low", "mu_ci_high", "tau_median"]].tolist()
    assert found == pytest.approx([random.mu.median, random.mu.ci_low, random.mu.ci_high, random.tau.median], abs=1e-6)
    assert models.loc[(False, True), ["mu_median", "mu_ci_low"]].isna().all()
    expected = one["posterior"] * common.cdf(0) + two["posterior"] * random.p_mu_below_0
    assert fit.p_mu_below_0 == pytest.approx(expected, abs=1e-9)


def test_limits_on_the_atom_are_plain_zeros():
    fit = bayes.model_average(-Y2, V2, "halfnormal:0.3", "normal:0,1", bias="none", direction="negative")
    assert np.copysign(1.0, fit.mu.ci_high) == 1.0
    assert fit.mu.ci_high == 0.0


@pytest.mark.parametrize("index", [0, 3, 5])
def test_nodes_that_are_left_out_carry_nothing(index):
    function = selection.PSMA[index]
    likelihood = selection.SelectionLikelihood(Y2, V2, function)
    free = len(function.cuts)
    rule = selection.omega_rule(free, selection.FINE[free])
    mu, tau = np.linspace(-0.2, 0.4, 12), np.linspace(0.0, 0.4, 12)
    pruned = likelihood.prune(mu, tau, rule)
    assert len(pruned.log_weight) < 0.8 * len(rule.log_weight)
    full, less = (likelihood(mu, tau[:, None], one)[0] for one in (rule, pruned))
    # every node left out is 1e-9 of the largest at most
    np.testing.assert_allclose(less, full, atol=1e-9 * len(rule.log_weight))
