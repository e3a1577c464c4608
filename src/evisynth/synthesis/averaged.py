"""Model averages of the syntheses: effect or none, heterogeneity or none, publication bias of eight kinds or none."""

import numpy as np
import pandas as pd
from scipy import special

from evisynth.bayes import priors
from evisynth.bayes.averaging import ModelAverage, model_average
from evisynth.effects.measures import find_measure
from evisynth.synthesis.posterior import Task

FEWEST_STUDIES = 3
LEVEL = 0.95
# PET and PEESE slopes of RoBMA-PSMA, half-Cauchy, for standardised mean differences with mu ~ N(0, (0.5 sqrt 2)²).
PET_SCALE, PEESE_SCALE, REFERENCE_SPREAD = 1.0, 5.0, 0.5 * np.sqrt(2.0)

_PRIORS = ("tau_prior", "mu_prior", "pet_scale", "peese_scale", "selection_favours")
_LIMITS = ("estimate", "ci_low", "ci_high", "natural_estimate", "natural_ci_low", "natural_ci_high")
MODEL_COLUMNS = (
    "synthesis",
    "measure",
    "model",
    "effect",
    "heterogeneity",
    "bias",
    "prior_probability",
    "posterior_probability",
    "log_marginal",
    "log_marginal_method",
    "error_bound",
    *_LIMITS,
    "tau",
    *_PRIORS,
    "level",
    "from",
)
AVERAGE_COLUMNS = (
    "synthesis",
    "measure",
    "component",
    "title",
    "status",
    "reason",
    "k",
    "models",
    "prior_probability",
    "posterior_probability",
    "bayes_factor",
    "log_bayes_factor",
    *_LIMITS,
    "tau",
    "tau_ci_low",
    "tau_ci_high",
    "p_benefit",
    "error_bound",
    *_PRIORS,
    "level",
    "from",
)
TITLES = {
    "effect": "some effect, against none",
    "heterogeneity": "studies that differ, against one common effect",
    "bias": "selective publication or small-study effects, against none",
    "averaged": "average over all models; those without an effect count as no effect",
    "conditional": "average over the models with an effect (tau: over those with heterogeneity)",
}


def average_rows(task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of ``bayes/averaging.csv`` and ``bayes/averaged.csv`` of one synthesis.

    Parameters
    ----------
    task : Task
        With the method ``bayes_exact``; the priors under the alternatives are those of the plan.

    Returns
    -------
    models : pandas.DataFrame
        Columns `MODEL_COLUMNS`, one row per model; empty where nothing was averaged. Where a model fixes mu at no
        effect or tau at 0 the estimate is blank.
    averages : pandas.DataFrame
        Columns `AVERAGE_COLUMNS`; one row per component, or one row that says why nothing was averaged.

    Notes
    -----
    Selection is taken to favour the direction in which the treatment helps (`selection_favours`): a ratio or a
    difference below no effect unless more of the outcome is better. The slope of PEESE has the unit of one over the
    effect: its scale is that for standardised mean differences times their planned spread over this synthesis's.

    References
    ----------
    Bartoš F, Maier M, Wagenmakers EJ, Doucouliagos H, Stanley TD. Res Synth Methods 2023;14:99-116.
    """
    shared = {"synthesis": task.synthesis.id, "measure": task.measure, "k": len(task.effects), "from": task.origin}
    reason = _reason(task)
    if reason:
        row = {**shared, "component": "averaged", "title": TITLES["averaged"], "status": "not_averaged"}
        return _framed([], MODEL_COLUMNS), _framed([{**row, "reason": reason}], AVERAGE_COLUMNS)
    direction = "negative" if task.benefit_below else "positive"
    peese = PEESE_SCALE * REFERENCE_SPREAD / _spread(task.mu_prior)
    yi, vi = (task.effects[name].to_numpy(float) for name in ("yi", "vi"))
    average = model_average(
        yi, vi, task.tau_prior, task.mu_prior, direction=direction, pet_scale=PET_SCALE, peese_scale=peese, level=LEVEL
    )
    shared |= {
        "tau_prior": task.tau_prior,
        "mu_prior": task.mu_prior,
        "pet_scale": PET_SCALE,
        "peese_scale": peese,
        "selection_favours": f"{direction} values (benefit)",
        "level": LEVEL,
    }
    models = _framed([{**shared, **row} for row in _models(average, task.measure)], MODEL_COLUMNS)
    rows = [{**shared, "status": "ok", "models": len(models), **row} for row in _components(average, task)]
    return models, _framed(rows, AVERAGE_COLUMNS)


def _reason(task: Task) -> str:
    if len(task.effects) < FEWEST_STUDIES:
        return f"fewer than {FEWEST_STUDIES} studies: nothing could tell models of bias apart"
    tau, mu = priors.parse(task.tau_prior, "tau"), priors.parse(task.mu_prior, "mu")
    if not (tau.proper and mu.proper):
        return "the plan has a flat prior: marginal likelihoods need proper priors of mu and tau"
    if mu.kind in ("spikeslab", "vanzwet"):
        return f"the plan's effect prior {mu.text} has no single spread to set the models of bias by"
    return ""


def _spread(mu_prior: str) -> float:
    """Half the width of the central 95 per cent in units of a normal's: the standard deviation of a normal prior."""
    low, high = priors.parse(mu_prior, "mu").ppf(np.array([0.025, 0.975]))
    return float(high - low) / (2 * 1.959963984540054)


def _framed(rows: list[dict], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def _models(average: ModelAverage, measure: str) -> list[dict]:
    rows = []
    for row in average.models.to_dict("records"):
        effect = "effect" if row["effect"] else "no effect"
        heterogeneity = "random" if row["heterogeneity"] else "common"
        limits = (row["mu_median"], row["mu_ci_low"], row["mu_ci_high"])
        rows.append(
            {
                "model": f"{effect}, {heterogeneity}, {row['bias'] if row['bias'] != 'none' else 'no bias'}",
                "effect": bool(row["effect"]),
                "heterogeneity": bool(row["heterogeneity"]),
                "bias": row["bias"],
                "prior_probability": row["prior"],
                "posterior_probability": row["posterior"],
                "log_marginal": row["log_marginal"],
                "log_marginal_method": row["method"],
                "error_bound": row["error"],
                **_interval(limits if row["effect"] else None, measure),
                "tau": row["tau_median"],
            }
        )
    return rows


def _interval(limits: tuple[float, float, float] | None, measure: str) -> dict[str, float | None]:
    """Median and limits on the scale of the analysis and back-transformed."""
    back = find_measure(measure).back
    values = (None,) * 6 if limits is None else (*map(float, limits), *(float(back(x)) for x in limits))
    return dict(zip(_LIMITS, values, strict=True))


def _components(average: ModelAverage, task: Task) -> list[dict]:
    table = average.models
    included = {"effect": table["effect"], "heterogeneity": table["heterogeneity"], "bias": table["bias"] != "none"}
    rows = []
    for name, has in included.items():
        log_factor = _log_inclusion(table, has.to_numpy(bool))
        rows.append(
            {
                "component": name,
                "title": TITLES[name],
                "prior_probability": float(table.loc[has, "prior"].sum()),
                "posterior_probability": float(table.loc[has, "posterior"].sum()),
                "log_bayes_factor": log_factor,
                "bayes_factor": float(np.exp(log_factor)) if abs(log_factor) < 690 else None,
                "error_bound": average.error_bound,
            }
        )
    below, effect = average.p_mu_below_0, average.p_effect
    benefit = below if task.benefit_below else effect - below
    for name, mu, tau, p in (
        ("averaged", average.mu, average.tau, benefit),
        ("conditional", average.mu_conditional, average.tau_conditional, benefit / effect),
    ):
        rows.append(
            {
                "component": name,
                "title": TITLES[name],
                **_interval((mu.median, mu.ci_low, mu.ci_high), task.measure),
                "tau": tau.median,
                "tau_ci_low": tau.ci_low,
                "tau_ci_high": tau.ci_high,
                "p_benefit": p,
                "error_bound": average.error_bound,
            }
        )
    return rows


def _log_inclusion(models: pd.DataFrame, included: np.ndarray) -> float:
    """Ln of posterior odds over prior odds, from the marginal likelihoods: no probability can round to 0."""
    prior = models["prior"].to_numpy()
    log_joint = np.log(prior) + models["log_marginal"].to_numpy()
    odds = special.logsumexp(log_joint[included]) - special.logsumexp(log_joint[~included])
    return float(odds - np.log(prior[included].sum() / prior[~included].sum()))
