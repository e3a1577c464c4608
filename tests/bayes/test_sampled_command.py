"""`evisynth bayes` with the counts themselves, and a kept fit read back: both share one compiled program."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from evisynth.bayes import normal_normal, sampled
from evisynth.bayes.sampled import NORMAL, NormalProblem, SampledFit, loo, read_posterior, restore_fit, write_posterior
from evisynth.bayes.sampled.results import Attempt
from evisynth.commands.bayes import bayes as command

APP = typer.Typer()
APP.command()(command)
RATES = "study,events_1,time_1,events_2,time_2\na,4,123.5,11,139\nb,6,306,29,303\nc,0,50,0,52.5\n"


def run(path, *words):
    return CliRunner().invoke(APP, [str(path), *words])


@pytest.fixture
def rates(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text(RATES, encoding="utf-8")
    return path


def test_rates_through_the_command(rates):
    """The study without events is used by the Poisson model, and named by the normal one."""
    done = run(rates, "--measure", "IRR", "--likelihood", "poisson", "--format", "json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert [row["study"] for row in answer["studies"]] == ["a", "b", "c"]
    assert (answer["k"], answer["left_out"]) == (3, [])
    normal = json.loads(run(rates, "--measure", "IRR", "--mu-prior", "normal:0,2", "--format", "json").stdout)
    assert (normal["k"], [row["study"] for row in normal["left_out"]]) == (2, ["c"])
    assert "no events in either arm" in normal["left_out"][0]["reason"]
    assert answer["mu"]["median"] == pytest.approx(normal["mu"]["median"], abs=0.15)
    assert answer["checks"]["rhat_max"] <= 1.01
    assert (answer["checks"]["divergences"], answer["bf_mu0"]) == (0, None)
    assert "sampled" in answer["bf_reason"]
    assert answer["studies"][2]["ci_low"] < answer["studies"][2]["median"] < answer["studies"][2]["ci_high"]


def test_a_failed_gate_prints_no_number(rates, monkeypatch):
    """Chains that miss a threshold: one sentence on the error stream, and nothing else."""
    monkeypatch.setattr(sampled, "SamplerSettings", strict)
    done = run(rates, "--measure", "IRR", "--likelihood", "poisson", "--format", "json")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "did not pass its checks" in done.stderr
    assert "R-hat" in done.stderr or "effective" in done.stderr


def strict(seed):
    from evisynth.bayes.sampled.problems import SamplerSettings, Thresholds

    limits = Thresholds(ess_bulk_min=1e9)
    return SamplerSettings(draws=100, tune=200, seed=seed, thresholds=limits, retry_factor=1)


def test_counts_through_the_command(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("study,events_1,n_1,events_2,n_2\na,4,123,11,139\nb,6,306,29,303\nc,0,50,0,50\n", encoding="utf-8")
    done = run(path, "--measure", "OR", "--likelihood", "binomial")
    assert done.exit_code == 0, done.output
    assert "odds ratio, 3 studies; binomial likelihood, sampled" in done.stdout
    assert "left out" not in done.stdout


@pytest.mark.parametrize(
    ("table", "words", "message"),
    [
        ("study,events_1,time_1,events_2,time_2\na,4.5,0,11,139\n", ("IRR",), "column events_1: found 4.5"),
        ("study,events_1,time_1,events_2,time_2\na,4.5,0,11,139\n", ("IRR",), "column time_1: found 0"),
        ("study,events_1,n_1,events_2,n_2\na,1,10,2,10\n", ("IRR",), "time_1"),
        (RATES, ("OR",), "is for --measure IRR; found OR"),
        (RATES, ("IRR", "--tau-prior", "halfnormal:-1"), "must be above 0"),
        (RATES, ("IRR", "--tau-prior", "flat", "--mu-prior", "flat"), "the posterior would be improper"),
    ],
)
def test_what_is_wrong_with_rates(tmp_path, table, words, message):
    path = tmp_path / "rates.csv"
    path.write_text(table, encoding="utf-8")
    done = run(path, "--likelihood", "poisson", "--measure", *words)
    assert done.exit_code == 1
    assert message in done.stderr


def drawn_fit():
    """A fit whose draws come from the exact posterior, by weighted draws from the prior: no chains, no compilation."""
    import xarray as xr

    rng = np.random.default_rng(1)
    y, v = (0.1, -0.4, -0.2), (0.04, 0.05, 0.03)
    problem = NormalProblem("kept", ("a", "b", "c"), y, v, "halfnormal:0.5", "normal:0,1")
    mu, tau = rng.normal(0, 1, 200_000), np.abs(rng.normal(0, 0.5, 200_000))
    weight = np.exp(NORMAL.log_likelihood(problem, {"mu": mu, "tau": tau}).sum(axis=-1))
    chosen = rng.choice(len(mu), 4000, p=weight / weight.sum())
    mu, tau = mu[chosen].reshape(4, 1000), tau[chosen].reshape(4, 1000)
    total = np.array(v) + tau[..., None] ** 2
    theta = (tau[..., None] ** 2 * np.array(y) + np.array(v) * mu[..., None]) / total
    theta = theta + tau[..., None] * np.sqrt(np.array(v) / total) * rng.standard_normal(theta.shape)
    arrays = {"mu": mu, "tau": tau, "theta": theta, "theta_next": mu + tau * rng.standard_normal(mu.shape)}
    coords = {"chain": np.arange(4), "draw": np.arange(1000), "study": np.array(problem.studies, dtype=object)}
    posterior = xr.Dataset({n: (NORMAL.dims(n, a), a) for n, a in arrays.items()}, coords=coords)
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((4, 1000), bool))}, coords={})
    attempt = Attempt(1000, 1000, 0.9, True, (), 0.0)
    return SampledFit("kept", NORMAL.name, problem, posterior, stats, None, True, (), (attempt,), 0.0, 0.0, NORMAL)


def test_a_kept_fit_is_read_back(tmp_path):
    fit = drawn_fit()
    exact = normal_normal(fit.problem.yi, fit.problem.vi, "halfnormal:0.5", "normal:0,1")
    assert np.median(fit.posterior["mu"]) == pytest.approx(exact.mu.median, abs=0.01)
    write_posterior(fit, tmp_path / "fit.nc")
    again = restore_fit(tmp_path / "fit.nc", NORMAL, fit.problem)
    assert again.posterior.equals(read_posterior(tmp_path / "fit.nc")["posterior"].to_dataset())
    assert (again.passed, again.diagnostics) == (True, None)
    assert loo(again).equals(loo(fit))
    other = NormalProblem("kept", ("a", "b", "c"), fit.problem.yi, fit.problem.vi, "halfnormal:0.4", "normal:0,1")
    with pytest.raises(ValueError, match=r"tau_prior 'halfnormal:0.5', not 'halfnormal:0.4'"):
        restore_fit(tmp_path / "fit.nc", NORMAL, other)


def test_the_package_names_what_it_has():
    from evisynth import bayes

    assert bayes.adjusted.additive_bias
    assert "adjusted" in bayes.__all__
    assert "restore_fit" in dir(sampled)
