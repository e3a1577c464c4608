"""Bayesian estimates of every synthesis, in the columns that frequentist ones have too."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evisynth import bayes
from evisynth.effects.measures import find_measure
from evisynth.review.plan import Plan, Synthesis
from evisynth.synthesis.estimates import ESTIMATE_COLUMNS

if TYPE_CHECKING:
    from evisynth.bayes.exact import NormalNormalPosterior
    from evisynth.bayes.sampled import SampledFit

BAYES_COLUMNS = (
    *ESTIMATE_COLUMNS[:-1],
    "mean",
    "sd",
    "p_benefit",
    "p_beyond_mid",
    "tau_prior",
    "mu_prior",
    "baseline_prior",
    "rhat_max",
    "ess_bulk_min",
    "ess_tail_min",
    "divergences",
    "gate",
    "from",
)
STUDY_COLUMNS = (
    "synthesis",
    "measure",
    "method",
    "study_id",
    "label",
    "estimate",
    "ci_low",
    "ci_high",
    "natural_estimate",
    "natural_ci_low",
    "natural_ci_high",
    "from",
)
DIAGNOSTIC_COLUMNS = (
    "synthesis",
    "measure",
    "method",
    "chains",
    "draws",
    "rhat_max",
    "ess_bulk_min",
    "ess_tail_min",
    "divergences",
    "ebfmi_min",
    "attempts",
    "exact_z",
    "gate",
    "failed",
    "from",
)
TITLES = {
    "bayes_exact": "Bayesian, normal-normal, by quadrature",
    "bayes_normal": "Bayesian, normal-normal, sampled",
    "bayes_binomial": "Bayesian, binomial-normal, sampled (log odds ratios)",
    "bayes_hierarchy": "Bayesian, studies within conditions, sampled",
}
# Exact and sampled estimates may differ by this many Monte Carlo standard errors before the fit counts as failed.
MOST_STANDARD_ERRORS = 4.0


@dataclass(frozen=True, slots=True)
class Task:
    """One model to fit: a synthesis on a measure, with its studies and priors."""

    synthesis: Synthesis
    measure: str
    method: str
    benefit: str
    effects: pd.DataFrame
    conditions: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> dict[str, str]:
        """The key columns of its rows."""
        return {"synthesis": self.synthesis.id, "measure": self.measure, "method": self.method}

    @property
    def row(self) -> str:
        """The row of ``bayes/estimates.csv`` that it fills."""
        return f"bayes/estimates.csv:{':'.join(self.key.values())}"

    @property
    def name(self) -> str:
        """A name for files and seeds."""
        return f"{self.synthesis.id}.{self.measure}.{self.method}"

    @property
    def origin(self) -> str:
        """The rows of ``effects/effects.csv`` that it rests on."""
        return ";".join(
            f"effects/effects.csv:{self.synthesis.id}:{self.measure}:{study}" for study in self.effects["study_id"]
        )

    @property
    def labels(self) -> dict[str, str]:
        """The name that readers see of each study."""
        return dict(zip(self.effects["study_id"], self.effects["label"], strict=True))

    @property
    def tau_prior(self) -> str:
        """The heterogeneity prior on this measure."""
        own = self.synthesis
        other = own.odds_ratio_prior if self.measure == "OR" and own.measure != "OR" else None
        return (other or own.heterogeneity_prior).prior

    @property
    def mu_prior(self) -> str:
        """The prior of the mean effect."""
        return self.synthesis.effect_prior.prior

    @property
    def benefit_below(self) -> bool:
        """Whether values below no effect favour the treatment."""
        return not find_measure(self.measure).is_log or self.benefit == "lower"


def tasks(plan: Plan, effects: pd.DataFrame, benefits: dict[str, str], conditions: dict[str, str]) -> list[Task]:
    """Return every Bayesian model that a plan asks for.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    effects : pandas.DataFrame
        ``effects/effects.csv``.
    benefits : dict of str to str
        The good direction of each outcome.
    conditions : dict of str to str
        The condition of each study.
    """
    found = []
    for synthesis in plan.syntheses:
        if not synthesis.pool:
            continue
        own = effects[effects["synthesis"] == synthesis.id]
        benefit = benefits[synthesis.outcome]
        planned = own[own["measure"] == synthesis.measure]
        if len(planned):
            found += [
                Task(synthesis, synthesis.measure, method, benefit, planned)
                for method in ("bayes_exact", "bayes_normal")
            ]
        odds = own[own["measure"] == "OR"]
        groups = {conditions.get(study, "") for study in planned["study_id"]}
        if synthesis.hierarchy and len(groups) > 1:
            found.append(Task(synthesis, synthesis.measure, "bayes_hierarchy", benefit, planned, conditions))
        if synthesis.likelihood == "binomial" and len(odds):
            found.append(Task(synthesis, "OR", "bayes_binomial", benefit, odds))
    return found


@dataclass(frozen=True, slots=True)
class Posterior:
    """What a fit says, in plain numbers: enough to write its rows, and to keep them."""

    estimate: dict[str, float | str]
    studies: tuple[dict[str, float | str], ...]
    diagnostics: dict[str, float | str]


def exact(task: Task) -> tuple[Posterior, "bayes.NormalNormalPosterior"]:
    """Fit one normal-normal model by quadrature.

    Parameters
    ----------
    task : Task
        With the method ``bayes_exact``.
    """
    yi, vi = task.effects["yi"].to_numpy(float), task.effects["vi"].to_numpy(float)
    fit = bayes.normal_normal(yi, vi, tau_prior=task.tau_prior, mu_prior=task.mu_prior, level=0.95)
    limits = (fit.studies.median, fit.studies.ci_low, fit.studies.ci_high)
    studies = tuple(
        {"study_id": study, "estimate": float(median), "ci_low": float(low), "ci_high": float(high)}
        for study, median, low, high in zip(task.effects["study_id"], *limits, strict=True)
    )
    estimate = {
        "estimate": fit.mu.median,
        "ci_low": fit.mu.ci_low,
        "ci_high": fit.mu.ci_high,
        "mean": fit.mu.mean,
        "sd": fit.mu.sd,
        "pi_low": fit.predictive.ci_low,
        "pi_high": fit.predictive.ci_high,
        "tau": fit.tau.median,
        "tau2": fit.tau.median**2,
        "tau2_ci_low": fit.tau.ci_low**2,
        "tau2_ci_high": fit.tau.ci_high**2,
        **probabilities(task, fit.p_mu_below),
    }
    return Posterior(without_infinite(estimate), studies, {"gate": "exact", "failed": ""}), fit


def probabilities(task: Task, below: Callable[[float], float]) -> dict[str, float]:
    """Return the probabilities of a benefit, and of one beyond the minimal important difference where there is one.

    Parameters
    ----------
    task : Task
    below : callable
        P(mu < c).
    """
    low = task.benefit_below
    benefit = below(0.0) if low else 1.0 - below(0.0)
    found = {"p_benefit": benefit}
    threshold = task.synthesis.minimal_important_difference.value
    if threshold is not None:
        found["p_beyond_mid"] = below(-threshold) if low else 1.0 - below(threshold)
    return found


def without_infinite(numbers: dict) -> dict:
    """Return numbers with None where one is infinite or no number: a moment that doesn't exist is no result."""
    return {
        name: None if value is None or (isinstance(value, float) and not np.isfinite(value)) else value
        for name, value in numbers.items()
    }


def sampled(task: Task, fit: "SampledFit", reference: "NormalNormalPosterior | None" = None) -> Posterior:
    """Turn a sampled fit into plain numbers; a failed one into its diagnostics only.

    Parameters
    ----------
    task : Task
        What was asked.
    fit : SampledFit
        What the sampler gave.
    reference : NormalNormalPosterior, optional
        The exact posterior that a normal-normal fit must agree with.
    """
    distance = _distance(fit, reference) if reference is not None else np.nan
    failed = list(fit.failed)
    # Chains that never moved have no standard error: their distance is no number, and they fail as well.
    if reference is not None and not distance <= MOST_STANDARD_ERRORS:
        failed.append(f"differs from the exact posterior by {distance:.1f} Monte Carlo standard errors")
    diagnostics = {
        "chains": fit.posterior.sizes["chain"],
        "draws": fit.posterior.sizes["draw"],
        **_worst(fit),
        "attempts": len(fit.attempts),
        "exact_z": distance,
        "gate": "failed" if failed else "passed",
        "failed": "; ".join(failed),
    }
    if failed:
        return Posterior({}, (), without_infinite(diagnostics))
    rows = fit.summary().set_index(["parameter", "study"])
    mu, tau2, tau, ahead = (rows.loc[(name, "")] for name in ("mu", "tau2", "tau", "predictive"))
    estimate = {
        "estimate": mu["median"],
        "ci_low": mu["ci_low"],
        "ci_high": mu["ci_high"],
        "mean": mu["mean"],
        "sd": mu["sd"],
        "pi_low": ahead["ci_low"],
        "pi_high": ahead["ci_high"],
        "tau": tau["median"],
        "tau2": tau2["median"],
        "tau2_ci_low": tau2["ci_low"],
        "tau2_ci_high": tau2["ci_high"],
        **probabilities(task, fit.p_below),
    }
    studies = tuple(
        {"study_id": name, "estimate": row["median"], "ci_low": row["ci_low"], "ci_high": row["ci_high"]}
        for (parameter, name), row in rows.iterrows()
        if parameter in ("theta", "condition_mean")
    )
    return Posterior(
        without_infinite({name: float(value) for name, value in estimate.items()}),
        studies,
        without_infinite(diagnostics),
    )


def _worst(fit: "SampledFit") -> dict[str, float]:
    row = fit.diagnostics.to_frame().iloc[0]
    names = ("rhat_max", "ess_bulk_min", "ess_tail_min", "divergences", "ebfmi_min")
    return {name: float(row[name]) for name in names}


def _distance(fit: "SampledFit", reference: "NormalNormalPosterior") -> float:
    """Return the largest distance of sampled from exact medians of mu and tau, in Monte Carlo standard errors."""
    rows = fit.summary(even_if_failed=True).set_index(["parameter", "study"])
    pairs = ((rows.loc[("mu", "")], reference.mu.median), (rows.loc[("tau", "")], reference.tau.median))
    return max(abs(row["median"] - value) / row["mcse_median"] for row, value in pairs)


def estimate_row(task: Task, posterior: Posterior) -> dict:
    """Return a row of ``bayes/estimates.csv``; the numbers of a failed fit are blank."""
    numbers, back = posterior.estimate, find_measure(task.measure).back
    natural = {
        f"natural_{name}": None if numbers.get(name) is None else float(back(numbers[name]))
        for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    }
    failed = posterior.diagnostics["gate"] == "failed"
    totals = task.effects[["n_1", "n_2"]].sum(axis=1, min_count=1)
    return {
        **task.key,
        "school": "bayes",
        "title": TITLES[task.method],
        "headline": task.method == "bayes_exact",
        "status": "failed" if failed else "ok",
        "reason": posterior.diagnostics["failed"],
        "k": len(task.effects),
        "n": float(totals.sum()) if totals.notna().all() else None,
        "level": 0.95,
        **numbers,
        **natural,
        "tau_prior": task.tau_prior,
        "mu_prior": task.mu_prior,
        "baseline_prior": task.synthesis.baseline_prior.prior if task.method == "bayes_binomial" else "",
        **{
            name: posterior.diagnostics.get(name)
            for name in ("rhat_max", "ess_bulk_min", "ess_tail_min", "divergences", "gate")
        },
        "from": task.origin,
    }


def study_rows(task: Task, posterior: Posterior) -> list[dict]:
    """Return rows of ``bayes/studies.csv``."""
    labels, back = task.labels, find_measure(task.measure).back
    return [
        {
            **task.key,
            **row,
            "label": labels.get(row["study_id"], f"{row['study_id']}, mean of its studies"),
            **{f"natural_{name}": float(back(row[name])) for name in ("estimate", "ci_low", "ci_high")},
            "from": task.origin,
        }
        for row in posterior.studies
    ]


def diagnostic_row(task: Task, posterior: Posterior) -> dict:
    """Return a row of ``bayes/diagnostics.csv``."""
    return {**task.key, **posterior.diagnostics, "from": task.origin}
