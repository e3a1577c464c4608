"""What a run shows of a sampled fit that disagrees with the exact posterior: its reason, and no number."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evisynth import bayes
from evisynth.synthesis import posterior


@dataclass
class Fit:
    """A fit that passed its own checks, with medians of mu and tau that can be shifted."""

    exact: object
    shift: float
    mcse: float = 0.01
    failed: tuple = ()
    attempts: tuple = (None,)
    posterior: object = field(default_factory=lambda: SimpleNamespace(sizes={"chain": 4, "draw": 1000}))

    @property
    def diagnostics(self):
        row = {"rhat_max": 1.0, "ess_bulk_min": 2000.0, "ess_tail_min": 2000.0, "divergences": 0, "ebfmi_min": 1.0}
        return SimpleNamespace(to_frame=lambda: pd.DataFrame([row]))

    def summary(self, even_if_failed=False):
        found = {
            "mu": self.exact.mu,
            "tau": self.exact.tau,
            "tau2": self.exact.tau,
            "predictive": self.exact.predictive,
        }
        return pd.DataFrame(
            {
                "parameter": name,
                "study": "",
                **{part: getattr(one, part) for part in ("mean", "sd", "ci_low", "ci_high")},
                "median": one.median + self.shift * self.mcse,
                "mcse_median": self.mcse,
            }
            for name, one in found.items()
        )

    def p_below(self, threshold):
        return 0.5


@pytest.fixture
def exact():
    return bayes.normal_normal([0.1, 0.4, 0.7], [0.02, 0.05, 0.04], "halfnormal:0.5", "normal:0,1")


@pytest.fixture
def task():
    effects = pd.DataFrame({"study_id": ["a", "b", "c"], "label": ["A", "B", "C"], "n_1": 10.0, "n_2": 10.0})
    prior = SimpleNamespace(prior="halfnormal:0.5", source="")
    of_effect = SimpleNamespace(prior="normal:0,1", source="")
    none = SimpleNamespace(value=None, source="")
    own = SimpleNamespace(
        id="made_up", measure="SMD", heterogeneity_prior=prior, effect_prior=of_effect, odds_ratio_prior=None,
        minimal_important_difference=none,
    )  # fmt: skip
    return posterior.Task(own, "SMD", "bayes_normal", "lower", effects)


@pytest.mark.parametrize("shift", [-3.9, 0.0, 3.9])
def test_within_four_standard_errors(task, exact, shift):
    found = posterior.sampled(task, Fit(exact, shift), exact)
    assert found.diagnostics["gate"] == "passed"
    assert found.diagnostics["exact_z"] == pytest.approx(abs(shift), abs=1e-9)
    assert posterior.estimate_row(task, found)["status"] == "ok"


@pytest.mark.parametrize(("shift", "mcse", "shown"), [(4.1, 0.01, "4.1"), (-9.0, 0.01, "9.0"), (0.0, 0.0, "nan")])
def test_further_away_the_row_has_a_reason_and_no_number(task, exact, shift, mcse, shown):
    with np.errstate(invalid="ignore"):
        found = posterior.sampled(task, Fit(exact, shift, mcse), exact)
    row = posterior.estimate_row(task, found)
    assert (row["status"], row["gate"]) == ("failed", "failed")
    assert row["reason"] == f"differs from the exact posterior by {shown} Monte Carlo standard errors"
    assert not {"estimate", "ci_low", "mean", "tau", "p_benefit"} & set(row)
    assert row["natural_estimate"] is None
    assert posterior.study_rows(task, found) == []
    assert posterior.diagnostic_row(task, found)["failed"] == row["reason"]


def test_models_without_an_exact_posterior_have_no_distance(task, exact):
    found = posterior.sampled(task, Fit(exact, 50.0))
    assert (found.diagnostics["gate"], found.diagnostics["exact_z"]) == ("passed", None)


def test_intervals_of_studies_are_the_posteriors_own(task, exact):
    """Shrinkage makes them skew: mean and 1.96 standard deviations would cross no effect where they do not."""
    yi, vi = [-0.05, -0.1, -0.9], [0.003, 0.05, 0.09]
    effects = task.effects.assign(yi=yi, vi=vi)
    own = posterior.Task(task.synthesis, "SMD", "bayes_exact", "lower", effects)
    (found, fit) = posterior.exact(own)
    for i, row in enumerate(found.studies):
        assert row["estimate"] == fit.studies.median[i]
        assert fit.studies.cdf([row["ci_low"], row["ci_high"]])[i] == pytest.approx([0.025, 0.975], abs=1e-6)
    last = found.studies[2]
    middle = (last["ci_low"] + last["ci_high"]) / 2
    assert abs(middle - last["estimate"]) > 0.03 * (last["ci_high"] - last["ci_low"])
