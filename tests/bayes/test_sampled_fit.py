"""Sampled fits: one compilation per model, then agreement, determinism, gates and files."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from evisynth.bayes import sampled
from evisynth.bayes.sampled import NormalProblem, SamplerSettings, Thresholds
from evisynth.bayes.sampled.fit import BINOMIAL, NORMAL
from evisynth.bayes.sampled.models import compiled

pytestmark = pytest.mark.sampling
SETTINGS = SamplerSettings(seed=20)
# Rubin 1981, the eight schools.
SCHOOLS = NormalProblem(
    "schools",
    tuple("ABCDEFGH"),
    (28, 8, -3, 7, -1, 1, 18, 12),
    tuple(sd**2 for sd in (15, 10, 16, 11, 9, 11, 10, 18)),
    "halfcauchy:5",
)
PAIR = NormalProblem("pair", ("a", "b"), (-0.2, 0.4), (0.10, 0.17), "halfnormal:0.5", "normal:0,2")
VAGUE = NormalProblem("vague", ("a", "b"), (-0.2, 0.4), (0.10, 0.17), "uniform:10", "t:0,1,4")
COUNTS = {"ai": (3, 9, 0), "n1i": (20, 31, 15), "ci": (8, 15, 2), "n2i": (22, 30, 14)}
RELAPSE = sampled.BinomialProblem("relapse", ("a", "b", "c"), **COUNTS, tau_prior="halfnormal:0.5")


@pytest.fixture(scope="module")
def normal_fits():
    return {fit.id: fit for fit in sampled.fit_normal([SCHOOLS, PAIR, VAGUE], SETTINGS)}


@pytest.fixture(scope="module")
def binomial_fit():
    return sampled.fit_binomial([RELAPSE], SETTINGS)[0]


def grid_posterior(mu, tau, log_likelihood, problem):
    """Posterior weights on a grid of mu (rows) and tau (columns)."""
    logs = log_likelihood + problem.mu_prior.logpdf(mu) + problem.tau_prior.logpdf(tau) + np.log(tau)
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def assert_within_errors(fit, weights, mu, tau):
    for name, grid in (("mu", mu + 0 * tau), ("tau", tau + 0 * mu)):
        errors = fit.diagnostics.of(name)
        mean = np.sum(weights * grid)
        assert abs(fit.draws(name).mean() - mean) < 4 * errors["mcse_mean"], name
        sd = np.sqrt(np.sum(weights * (grid - mean) ** 2))
        assert abs(fit.draws(name).std() - sd) < 4 * errors["mcse_sd"], name
        for cut in (mean - sd, mean + sd):
            share = np.sum(weights * (grid < cut))
            tolerance = 4 * np.sqrt(share * (1 - share) / errors["ess_bulk"])
            assert abs(fit.p_below(cut, name) - share) < tolerance + 0.002, name


@pytest.mark.parametrize("problem", [SCHOOLS, PAIR, VAGUE], ids=lambda problem: problem.id)
def test_normal_agrees_with_a_grid(normal_fits, problem):
    fit = normal_fits[problem.id]
    assert fit.passed, fit.failed
    assert len(fit.attempts) == 1
    yi, vi = np.array(problem.yi), np.array(problem.vi)
    unit = np.sqrt(np.median(vi))
    tau = np.exp(np.linspace(-9, min(5, np.log(problem.tau_prior.upper / unit)), 400)) * unit
    mu = np.linspace(-25, 25, 2001)[:, None] * unit * (2 if problem.id == "vague" else 1)
    likelihood = sum(stats.norm.logpdf(y, mu, np.sqrt(v + tau**2)) for y, v in zip(yi, vi, strict=True))
    assert_within_errors(fit, grid_posterior(mu, tau, likelihood, problem), mu, tau)


def test_binomial_agrees_with_a_grid(binomial_fit):
    assert binomial_fit.passed, binomial_fit.failed
    tau = np.exp(np.linspace(-7, 1, 60)) * 0.8
    mu = np.linspace(-6, 4, 121)[:, None]
    theta, baseline = np.linspace(-13, 9, 441), np.linspace(-16, 8, 481)[:, None]
    likelihood = 0.0
    spread = stats.norm.pdf(theta, mu[..., None], np.maximum(tau, 0.06)[:, None])
    for a, n1, c, n2 in zip(*COUNTS.values(), strict=True):
        arms = stats.binom.pmf(a, n1, 1 / (1 + np.exp(-baseline - theta)))
        arms *= stats.binom.pmf(c, n2, 1 / (1 + np.exp(-baseline))) * RELAPSE.baseline_prior.pdf(baseline)
        likelihood = likelihood + np.log(spread @ arms.sum(axis=0))
    # Below 0.06 the grid of effects is too coarse for tau; there the likelihood no longer depends on it.
    assert_within_errors(binomial_fit, grid_posterior(mu, tau, likelihood, RELAPSE), mu, tau)


@pytest.mark.parametrize(("model", "problem"), [(NORMAL, VAGUE), (BINOMIAL, RELAPSE)], ids=["normal", "binomial"])
def test_compiled_density_is_the_numpy_density(model, problem):
    import nutpie

    size = model.size(problem)
    data = model.data(problem, size)
    trace = nutpie.sample(
        compiled(model, size)[0].with_data(**model.pack(problem, size)),
        draws=50,
        tune=100,
        chains=1,
        seed=1,
        progress_bar=False,
    )
    point = {name: trace["posterior"][name].values for name in model.coordinates}
    expected = model.log_density(np, point, data)[..., 0]
    assert trace["sample_stats"]["logp"].values == pytest.approx(expected, rel=1e-9)


def same_bytes(one, other):
    return all(one.posterior[name].values.tobytes() == other.posterior[name].values.tobytes() for name in one.posterior)


def test_draws_do_not_depend_on_the_batch_or_the_cores(normal_fits, binomial_fit):
    one_core = dataclasses.replace(SETTINGS, cores=1)
    again = sampled.fit_normal([VAGUE, SCHOOLS], one_core)
    assert same_bytes(again[0], normal_fits["vague"])
    assert same_bytes(again[1], normal_fits["schools"])
    assert same_bytes(sampled.fit_binomial([RELAPSE], one_core)[0], binomial_fit)


def test_another_seed_or_id_gives_other_draws(normal_fits):
    other_seed = sampled.fit_normal([PAIR], dataclasses.replace(SETTINGS, seed=21))[0]
    other_id = sampled.fit_normal([dataclasses.replace(PAIR, id="pair again")], SETTINGS)[0]
    assert not same_bytes(other_seed, normal_fits["pair"])
    assert not same_bytes(other_id, normal_fits["pair"])


def test_a_missed_threshold_is_tried_once_more_and_then_reported():
    impossible = dataclasses.replace(
        SETTINGS, draws=100, tune=100, retry_factor=2, thresholds=Thresholds(ess_bulk_min=1e6)
    )
    fit = sampled.fit_normal([PAIR], impossible)[0]
    assert not fit.passed
    assert [attempt.draws for attempt in fit.attempts] == [100, 200]
    assert fit.attempts[1].target_accept == SETTINGS.retry_target_accept
    assert any("bulk ESS" in sentence for sentence in fit.failed)
    with pytest.raises(sampled.SamplingFailedError, match="did not pass its checks"):
        fit.summary()
    with pytest.raises(sampled.SamplingFailedError):
        fit.p_below(0.0)
    assert len(fit.summary(even_if_failed=True)) == 6


def test_a_second_attempt_can_pass():
    short = dataclasses.replace(SETTINGS, draws=100, tune=200, chains=2, retry_factor=20)
    fit = sampled.fit_normal([PAIR], short)[0]
    assert fit.passed, fit.failed
    assert [attempt.passed for attempt in fit.attempts] == [False, True]


def test_gate_names_what_is_missing(normal_fits):
    diagnostics = normal_fits["pair"].diagnostics
    spoiled = dataclasses.replace(
        diagnostics, divergences=3, ebfmi=(0.9, 0.1), parameters=diagnostics.parameters.copy()
    )
    spoiled.parameters.loc[1, "rhat"] = np.nan
    passed, failed = sampled.gate(spoiled, Thresholds())
    assert not passed
    assert failed[0].startswith("R-hat of tau is nan")
    assert failed[1] == "3 divergent transitions, at most 0 are allowed."
    assert failed[2].startswith("E-BFMI is 0.1")


def test_summary_has_every_parameter_once(binomial_fit):
    table = binomial_fit.summary()
    assert list(table["parameter"][:4]) == ["mu", "tau", "tau2", "predictive"]
    assert (table["parameter"] == "theta").sum() == (table["parameter"] == "baseline").sum() == 3
    assert table[["mean", "sd", "median", "ci_low", "ci_high"]].notna().all(axis=None)
    studies = binomial_fit.studies()
    assert studies["shrinkage"].between(0, 1).all()
    assert list(studies["study"]) == ["a", "b", "c"]


def test_moments_that_do_not_exist_are_blank():
    problem = dataclasses.replace(PAIR, tau_prior="halfcauchy:1", mu_prior="flat")
    table = sampled.fit_normal([problem], SETTINGS)[0].summary().set_index("parameter")
    assert np.isnan(table.at["mu", "sd"])
    assert table.at["mu", "note"] == "the standard deviation does not exist"
    assert table.at["tau2", "note"] == "the mean does not exist"


def test_conditional_effects_are_exact(normal_fits):
    """The studies' effects given mu and tau are normal with known mean and variance."""
    fit = normal_fits["schools"]
    mu, tau2 = fit.draws("mu")[..., None], fit.draws("tau2")[..., None]
    vi = np.array(SCHOOLS.vi)
    centre = (tau2 * np.array(SCHOOLS.yi) + vi * mu) / (tau2 + vi)
    z = ((fit.posterior["theta"].values - centre) / np.sqrt(tau2 * vi / (tau2 + vi))).ravel()
    assert stats.kstest(z, "norm").pvalue > 1e-4
    following = ((fit.draws("predictive") - fit.draws("mu")) / fit.draws("tau")).ravel()
    assert stats.kstest(following, "norm").pvalue > 1e-4


def test_file_has_the_same_bytes_twice_and_no_dates(binomial_fit, tmp_path):
    for name in ("one.nc", "two.nc"):
        sampled.write_posterior(binomial_fit, tmp_path / name, log_prior=True)
    assert (tmp_path / "one.nc").read_bytes() == (tmp_path / "two.nc").read_bytes()
    tree = sampled.read_posterior(tmp_path / "one.nc")
    assert set(tree.children) == {"posterior", "sample_stats", "observed_data", "log_prior"}
    assert tree["posterior"]["theta"].dims == ("chain", "draw", "study")
    assert np.array_equal(tree["posterior"]["mu"].values, binomial_fit.draws("mu"))
    assert tree.attrs["tau_prior"] == "halfnormal:0.5"
    assert not any("created" in key or "time" in key for node in tree.subtree for key in node.attrs)


def test_leaving_a_study_out_by_weighting_agrees_with_leaving_it_out(normal_fits):
    """The exact value: the left-out study's density averaged over the posterior of the others."""
    table = sampled.loo(normal_fits["schools"]).set_index("study")
    assert table["reliable"].all()
    assert (table["p_loo"] > 0).all()
    without = {name: values[1:] for name, values in vars(SCHOOLS).items() if name in ("studies", "yi", "vi")}
    others = sampled.fit_normal([dataclasses.replace(SCHOOLS, id="without A", **without)], SETTINGS)[0]
    spread = np.sqrt(others.draws("tau2") + SCHOOLS.vi[0])
    exact = np.log(stats.norm.pdf(SCHOOLS.yi[0], others.draws("mu"), spread).mean())
    # Both sides are Monte Carlo means of densities that vary by half their size, over some 1,000 draws.
    assert table.at["A", "elpd"] == pytest.approx(exact, abs=0.1)


def test_predictions_for_new_studies_of_the_same_size(normal_fits, binomial_fit):
    table, replicates = sampled.posterior_predictive(normal_fits["schools"])
    fit = normal_fits["schools"]
    spread = np.sqrt(fit.draws("tau2") + SCHOOLS.vi[0])
    assert table["p_below"][0] == pytest.approx(stats.norm.cdf(28, fit.draws("mu"), spread).mean(), abs=0.03)
    assert replicates["yi"].shape == (4, 1000, 8)
    table, replicates = sampled.posterior_predictive(binomial_fit)
    assert set(table["field"]) == {"ai", "ci"}
    assert (replicates["ai"] <= np.array(COUNTS["n1i"])).all()


def test_prior_predictions_follow_the_priors():
    draws = sampled.prior_predictive(NORMAL, PAIR, count=20_000)
    assert draws["yi"].shape == (20_000, 2)
    # Var(y) = v + E tau^2 + Var(mu); the half-normal of scale 0.5 has E tau^2 = 0.25.
    assert draws["yi"].var(axis=0) == pytest.approx([0.10 + 0.25 + 4, 0.17 + 0.25 + 4], rel=0.05)


def test_poisson_runs_on_the_program_of_the_binomial(binomial_fit):
    problem = sampled.PoissonProblem("rate", ("a", "b"), (5, 9), (50, 90), (11, 12), (52, 88), "halfnormal:0.5")
    fit = sampled.fit_poisson([problem], SETTINGS)[0]
    assert fit.passed, fit.failed
    assert fit.compile_seconds == binomial_fit.compile_seconds
    assert fit.draws("theta", "a").mean() == pytest.approx(np.log(5 / 50 / (11 / 52)), abs=0.5)


def test_calibration_ranks_the_truth():
    result = sampled.calibrate(
        NORMAL, PAIR, 5, SamplerSettings(draws=250, tune=500, thresholds=Thresholds(1.1, 50, 50))
    )
    assert result.failed == 0
    assert result.ranks["rank"].between(0, 99).all()
    assert list(result.to_frame()["parameter"]) == ["mu", "tau", "theta_next", "theta"]
