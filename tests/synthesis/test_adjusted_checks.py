"""Rows of the checks of sampled models: what a study is compared with, and what a failed fit shows."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evisynth.provenance.tables import write_table
from evisynth.synthesis import model_checks as checks
from evisynth.synthesis.posterior import Task
from evisynth.synthesis.sampling import kept_fit

_SPEC = importlib.util.spec_from_file_location("drawn", Path(__file__).parents[1] / "bayes" / "test_sampled_command.py")
_MADE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MADE)


class Entry:
    """As much of a plan's synthesis as the checks read."""

    id = "pain"
    measure = "MD"


@pytest.fixture(scope="module")
def fit():
    return _MADE.drawn_fit()


@pytest.fixture
def task(fit):
    names = list(fit.problem.studies)
    effects = pd.DataFrame({"study_id": names, "label": [name.upper() for name in names]})
    return Task(Entry(), "MD", "bayes_normal", "lower", effects)


def test_each_study_has_a_row(task, fit, tmp_path):
    rows = checks.check_rows(task, fit)
    frame = checks.frame_of(rows, checks.CHECK_COLUMNS)
    write_table(frame, tmp_path / "checks.csv", "bayes/checks.csv")
    assert list(frame["study_id"]) == ["a", "b", "c"]
    assert list(frame["observed"]) == [0.1, -0.4, -0.2]
    assert (frame["pareto_k"] < 0.7).all()
    assert frame["p_two_sided"].between(0, 1).all()
    expected = 2 * np.minimum(frame["p_below"], 1 - frame["p_below"])
    assert frame["p_two_sided"].to_numpy() == pytest.approx(expected.to_numpy())
    # The prior is far wider than what the data leave.
    assert ((frame["prior_high"] - frame["prior_low"]) > 1.5 * (frame["predicted_high"] - frame["predicted_low"])).all()
    assert frame["from"][0].startswith("effects/effects.csv:pain:MD:a;")


def test_an_improper_prior_expects_nothing(task, fit):
    flat = replace(fit, problem=replace(fit.problem, mu_prior="flat"))
    assert checks.check_rows(task, flat)[0].get("prior_low") is None


def test_counts_are_compared_as_ratios(fit):
    from evisynth.bayes.sampled import BINOMIAL, BinomialProblem

    problem = BinomialProblem("x", ("a",), (3,), (20,), (0,), (22,), "halfnormal:0.5")
    own = replace(fit, problem=problem, definition=BINOMIAL)
    found = checks._contrast({"ai": np.array([3]), "ci": np.array([0])}, own)
    assert found[0] == pytest.approx(np.log(3.5 / 17.5) - np.log(0.5 / 22.5))


def test_power_scaling_has_a_verdict(task, fit, tmp_path):
    frame = checks.frame_of(checks.power_rows(task, fit), checks.POWER_COLUMNS)
    write_table(frame, tmp_path / "power.csv", "bayes/power_scaling.csv")
    tau = frame.set_index("parameter").loc["tau"]
    assert tau["prior"] > tau["threshold"]
    assert "prior" in tau["diagnosis"]
    assert set(frame["parameter"]) == {"mu", "tau", "theta_next"}


def test_a_failed_fit_shows_no_number(task, fit):
    failed = replace(fit, passed=False, failed=("too few effective draws",))
    rows = checks.check_rows(task, failed)
    assert [row["status"] for row in rows] == ["failed"] * 3
    assert "elpd" not in rows[0]
    (row,) = checks.power_rows(task, failed)
    assert (row["status"], row["reason"]) == ("failed", "too few effective draws")


def test_a_task_gets_its_own_fit_back(task, fit, tmp_path, monkeypatch):
    from evisynth.bayes.sampled import write_posterior
    from evisynth.synthesis import sampling

    monkeypatch.setattr(sampling, "problem_of", lambda asked: fit.problem)
    write_posterior(fit, tmp_path / "fit.nc")
    assert kept_fit(task, tmp_path / "fit.nc").posterior["mu"].shape == (4, 1000)
