"""`evisynth bayes` on small tables."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from evisynth import bayes as engine
from evisynth.commands.bayes import bayes as command

APP = typer.Typer()
APP.command()(command)
TABLE = "study,events_1,n_1,events_2,n_2\na,4,123,11,139\nb,6,306,29,303\nc,3,231,11,220\nd,0,50,0,50\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE, encoding="utf-8")
    return str(path)


def run(*words):
    return CliRunner().invoke(APP, list(words))


def test_json(table):
    done = run(
        table,
        "--measure",
        "OR",
        "--tau-prior",
        "halfnormal:0.5",
        "--mu-prior",
        "normal:0,2",
        "--format",
        "json",
    )
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    studies = answer["studies"]
    fit = engine.normal_normal([s["yi"] for s in studies], [s["vi"] for s in studies], "halfnormal:0.5", "normal:0,2")
    for part in ("mu", "tau", "predictive"):
        for field in ("mean", "sd", "median", "ci_low", "ci_high"):
            assert answer[part][field] == getattr(getattr(fit, part), field)
    assert answer["p_mu_below_0"] == fit.p_mu_below_0
    assert answer["log_marginal"] == fit.log_marginal
    assert (answer["bf_mu0"], answer["bf_tau0"]) == (fit.bf_mu0, fit.bf_tau0)
    assert answer["error_bound"] < 1e-6
    assert [row["study"] for row in answer["left_out"]] == ["d"]


def test_flat_mu_has_no_bayes_factor(table):
    answer = json.loads(run(table, "--measure", "OR", "--format", "json").stdout)
    assert answer["bf_mu0"] is None
    assert "improper" in answer["bf_reason"]


def test_text_and_csv(table):
    text = run(table, "--measure", "OR", "--mu-prior", "normal:0,2").stdout
    assert "odds ratio, 3 studies" in text
    assert "left out: d" in text
    lines = run(table, "--measure", "OR", "--format", "csv").stdout.splitlines()
    assert lines[0].startswith("quantity,mean,sd,median")
    assert len(lines) == 4


def test_average(tmp_path):
    path = tmp_path / "generic.csv"
    path.write_text("study,yi,sei\na,0.5,0.2\nb,0.3,0.15\nc,0.1,0.1\n", encoding="utf-8")
    words = (str(path), "--measure", "generic", "--average", "--bias", "pet-peese", "--format", "json")
    assert "give --tau-prior and --mu-prior" in run(*words).stderr
    done = run(*words, "--tau-prior", "halfnormal:0.3", "--mu-prior", "normal:0,1")
    answer = json.loads(done.stdout)
    assert len(answer["models"]) == 12
    assert answer["direction"] == "positive"
    assert np.isclose(sum(m["posterior"] for m in answer["models"]), 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--measure", "OR", "--tau-prior", "hnormal:1"), "unknown heterogeneity"),
        (("--measure", "OR", "--tau-prior", "halfnormal:-1"), "must be above 0"),
        (("--measure", "RR", "--likelihood", "binomial"), "is for --measure OR"),
        (("--measure", "OR", "--likelihood", "binomial", "--average"), "needs --likelihood normal"),
    ],
)
def test_errors(table, words, message):
    done = run(table, *words)
    assert done.exit_code == 1
    assert message in done.stderr


def test_what_is_missing_has_its_reason(tmp_path):
    """One study, a heavy tail and a flat mu: no mean, no infinite number in any format, and a sentence for each."""
    path = tmp_path / "one.csv"
    path.write_text("study,yi,vi\na,0.1,0.02\n", encoding="utf-8")
    words = (str(path), "--measure", "generic", "--tau-prior", "halfcauchy:1")
    answer = json.loads(run(*words, "--format", "json").stdout)
    for part, quantity in (("mu", "mu"), ("tau", "tau"), ("predictive", "the predictive distribution")):
        assert (answer[part]["mean"], answer[part]["sd"]) == (None, None)
        assert f"mean of {quantity} " in answer["reason"]
        assert f"standard deviation of {quantity} is infinite" in answer["reason"]
    assert answer["bf_mu0"] is None
    assert "flat" in answer["bf_reason"]
    table = run(*words, "--format", "csv").stdout
    assert "inf," not in table
    assert "nan" not in table.lower()
    assert "is infinite" in table


def test_a_bayes_factor_too_large_to_write(tmp_path):
    """Forty equal studies under a prior that expects a tau a billion times too large."""
    path = tmp_path / "equal.csv"
    rows = "".join(f"s{i},0.0,0.0001\n" for i in range(40))
    path.write_text("study,yi,vi\n" + rows, encoding="utf-8")
    words = ("--measure", "generic", "--tau-prior", "invgamma:400,1e11", "--mu-prior", "normal:0,1", "--format", "json")
    answer = json.loads(run(str(path), *words).stdout)
    assert answer["bf_tau0"] is None
    assert "bf_tau0: above 1e308" in answer["bf_reason"]


def test_no_models_of_bias_no_bayes_factor_of_bias(table):
    answer = json.loads(run(table, "--measure", "OR", "--average", "--bias", "none", "--format", "json").stdout)
    assert answer["bf_bias"] is None
    assert "no model of publication bias" in answer["bf_reason"]


def test_studies_have_their_intervals(table):
    answer = json.loads(run(table, "--measure", "OR", "--level", "0.9", "--format", "json").stdout)
    for row in answer["studies"]:
        assert row["ci_low"] < row["median"] < row["ci_high"]
        assert row["ci_low"] < row["mean"] < row["ci_high"]
