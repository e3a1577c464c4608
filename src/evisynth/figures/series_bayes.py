"""Bayesian estimates in a column: before and after shrinkage, predicted and found, by prior."""

import math

import pandas as pd

from evisynth.effects.measures import find_measure
from evisynth.figures.frames import chosen, rows_of, text, value
from evisynth.figures.series import (
    COLUMNS,
    ESTIMATE,
    PRIOR,
    alt_text,
    natural,
    plot_series,
    reference_row,
    series_frame,
    study_row,
)
from evisynth.figures.words import number, prior_words

__all__ = ["alt_text", "plot_series", "predictive_frame", "prior_sensitivity_frame", "shrinkage_frame"]


def shrinkage_frame(
    posterior: pd.DataFrame,
    effects: pd.DataFrame,
    bayes: pd.DataFrame,
    synthesis: str,
    measure: str,
    *,
    method: str = "bayes_exact",
    title: str = "",
) -> pd.DataFrame:
    """Collect each study's own estimate and what it becomes when the model lets the studies inform each other.

    Parameters
    ----------
    posterior, effects, bayes : pandas.DataFrame
        ``bayes/studies.csv``, ``effects/effects.csv``, ``bayes/estimates.csv``.
    synthesis, measure : str
        Whose.
    method : str
        Which Bayesian fit.
    title : str
        The title.

    Returns
    -------
    pandas.DataFrame
        ``before`` holds the study's own estimate, ``natural_*`` the posterior.
    """
    key = {"synthesis": synthesis, "measure": measure}
    own = {text(row, "study_id"): value(row, "natural_estimate") for row in rows_of(chosen(effects, **key))}
    rows = []
    for row in rows_of(chosen(posterior, **key, method=method)):
        study = text(row, "study_id")
        rows.append(
            {
                **study_row(row, ""),
                "before": own.get(study),
                "extra_1": own.get(study),
                "from": f"bayes/studies.csv:{synthesis}:{measure}:{method}:{study};"
                f"effects/effects.csv:{synthesis}:{measure}:{study}",
            }
        )
    heads = {"head_label": "Study", "head_1": "own estimate", "series": "shrinkage"}
    heads["note"] = "Open circle: the study's own estimate. Filled circle and line: posterior and credible interval."
    reference = reference_row(bayes, key, rows, table="bayes/estimates.csv", method=method)
    return series_frame(rows + reference, key, heads, title or "Each study alone, and informed by the others")


def predictive_frame(
    checks: pd.DataFrame, synthesis: str, measure: str, *, method: str = "bayes_normal", title: str = ""
) -> pd.DataFrame:
    """Collect what each study found and what the fitted model predicts for a study of its size.

    Parameters
    ----------
    checks : pandas.DataFrame
        ``bayes/checks.csv``; what it observes and predicts is on the scale of the analysis.
    synthesis, measure : str
        Whose.
    method : str
        Which sampled fit.
    title : str
        The title.

    Returns
    -------
    pandas.DataFrame
        ``before`` holds what was observed, ``natural_*`` median and interval of what is predicted, ``prior_low`` and
        ``prior_high`` the interval that the priors alone predict (blank under an improper one).
    """
    key, back = {"synthesis": synthesis, "measure": measure}, find_measure(measure).back
    names = dict(zip(ESTIMATE, ("predicted", "predicted_low", "predicted_high"), strict=True))
    rows = [
        {
            **study_row(row, ""),
            **{name: float(back(value(row, column))) for name, column in names.items()},
            "before": float(back(value(row, "observed"))),
            **{name: float(back(value(row, name))) for name in PRIOR},
            "extra_1": value(row, "p_two_sided"),
            "extra_2": value(row, "pareto_k"),
            "from": f"bayes/checks.csv:{synthesis}:{measure}:{method}:{text(row, 'study_id')}",
        }
        for row in rows_of(chosen(checks, **key, method=method))
        if text(row, "status") == "ok"
    ]
    heads = {"head_label": "Study", "head_1": "p", "head_2": "Pareto k", "series": "predictive"}
    heads["note"] = (
        "Open circle: what the study found. Filled circle and line: median and interval of new studies of its size "
        f"under the fitted model. {_prior_words(rows)}p: how far out the study lies, both sides; k above 0.7: the fit "
        "hangs on the study."
    )
    return series_frame(rows, key, heads, title or "What the model predicts, and what was found", (*COLUMNS, *PRIOR))


def _prior_words(rows: list[dict]) -> str:
    low, high = ([row[name] for row in rows if math.isfinite(row[name])] for name in PRIOR)
    if not low:
        return ""
    reach = f"{number(min(low))} to {number(max(high))}"
    return f"Grey line below: what the priors alone predict, before any data; it reaches from {reach}. "


def prior_sensitivity_frame(
    sensitivity: pd.DataFrame, synthesis: str, measure: str, *, title: str = ""
) -> pd.DataFrame:
    """Collect the posterior under other heterogeneity priors.

    Parameters
    ----------
    sensitivity : pandas.DataFrame
        ``bayes/sensitivity.csv``.
    synthesis, measure, title : str
        As for :func:`leave_one_out_frame`.

    Returns
    -------
    pandas.DataFrame
        ``marked`` is ``planned`` for the prior of the plan.
    """
    key = {"synthesis": synthesis, "measure": measure}
    rows = [
        {
            "row": text(row, "prior"),
            "block": "row",
            "label": prior_words(text(row, "prior")) + (" (planned)" if text(row, "planned") == "yes" else ""),
            **natural(row),
            "extra_1": value(row, "tau"),
            "extra_2": value(row, "p_benefit"),
            "marked": "planned" if text(row, "planned") == "yes" else "",
            "from": f"bayes/sensitivity.csv:{synthesis}:{measure}:{text(row, 'prior')}",
        }
        for row in rows_of(chosen(sensitivity, **key))
    ]
    heads = {
        "head_label": "Prior of τ",
        "head_1": "τ",
        "head_2": "P(benefit)",
        "series": "prior_sensitivity",
    }
    return series_frame(rows, key, heads, title or "The posterior under other priors of the heterogeneity")
