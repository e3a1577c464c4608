"""What risk of bias does to a synthesis: restricted, reweighted and bias-adjusted estimates side by side."""

from collections.abc import Mapping

import pandas as pd

from evisynth import pooling
from evisynth.effects.measures import find_measure
from evisynth.naming import SETTINGS
from evisynth.provenance.tables import join_from
from evisynth.quality import Choice, quality_effects, risk_mask
from evisynth.review.plan import Plan, Synthesis
from evisynth.synthesis.estimates import METHODS, SINGLE, headline_method, in_order
from evisynth.synthesis.layout import measures_of
from evisynth.synthesis.risk import (
    NOT_ASSESSED,
    WEIGHT_COLUMNS,
    chosen_judgements,
    headline_weights,
    overall_judgements,
    risk_weight_rows,
)

INFORMED_COLUMNS = (
    "synthesis", "measure", "analysis", "title", "school", "method", "status", "reason", "k", "left_out", "estimate",
    "se", "ci_low", "ci_high", "level", "natural_estimate", "natural_ci_low", "natural_ci_high", "tau2", "assumption",
    "from",
)  # fmt: skip
TITLES = {
    "all": "All studies",
    "low_risk": "Low risk of bias only",
    "not_high": "Without high risk of bias",
    "quality_effects": "Quality-effects model",
}
RESTRICTED = {"low_risk": "low", "not_high": "some"}
RANKS = {"low": 1.0, "some": 2 / 3, "high": 1 / 3}
ASSUMED = (
    "relative quality 1, 2/3 and 1/3 for low, some and high risk of bias, the ranks of the three levels (an assumption)"
)
_NUMBERS = ("estimate", "se", "ci_low", "ci_high", "level", "natural_estimate", "natural_ci_low", "natural_ci_high",
            "tau2")  # fmt: skip


def informed_rows(
    plan: Plan,
    judgements: pd.DataFrame,
    effects: pd.DataFrame,
    estimates: pd.DataFrame,
    weights: pd.DataFrame,
    bayes: pd.DataFrame | None = None,
    adjusted: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimate every pooled synthesis again with what is known about the risk of bias of its studies.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    judgements : pandas.DataFrame
        Rows of ``quality/judgements.csv``.
    effects, estimates, weights : pandas.DataFrame
        ``effects/effects.csv``, ``pooled/estimates.csv`` and ``pooled/weights.csv``.
    bayes : pandas.DataFrame, optional
        ``bayes/estimates.csv``: the plain posterior stands beside the adjusted ones.
    adjusted : pandas.DataFrame, optional
        ``bayes/adjusted.csv``: each posterior under an assumption about bias becomes a row of its own; those under
        other assumptions (tails, conversions) are left to their own table.

    Returns
    -------
    tuple of pandas.DataFrame
        Rows of ``quality/informed.csv`` and of ``quality/risk_weights.csv``.

    Notes
    -----
    A restricted synthesis is pooled by the method that its own number of studies asks for, as the headline is. A
    study that nobody has judged is neither at low risk nor known to be free of high risk, so that it stays out of
    both, and out of the quality-effects model, which needs a judgement of every study.
    """
    judged, records = overall_judgements(judgements), judgements.to_dict("records")
    rows, shares = [], []
    for synthesis in plan.syntheses:
        if not synthesis.pool:
            continue
        for measure in measures_of(synthesis):
            own = effects[(effects["synthesis"] == synthesis.id) & (effects["measure"] == measure)]
            choices = chosen_judgements(synthesis, own["study_id"], judged)
            rows.append(_all(synthesis, measure, estimates))
            rows += [_restricted(synthesis.id, measure, name, own, choices) for name in RESTRICTED]
            rows.append(_quality_effects(synthesis.id, measure, own, choices))
            rows += _bayesian(synthesis.id, measure, bayes, adjusted)
            method = headline_method(len(own))
            found = headline_weights(weights, synthesis.id, measure, method)
            if found:
                shares.append(risk_weight_rows(synthesis, measure, method, found, choices, records))
    return (
        in_order([pd.DataFrame([row]) for row in rows], INFORMED_COLUMNS),
        in_order(shares, WEIGHT_COLUMNS),
    )


def _key(synthesis: str, measure: str, analysis: str) -> dict[str, str]:
    return {"synthesis": synthesis, "measure": measure, "analysis": analysis, "title": TITLES[analysis],
            "school": "frequentist"}  # fmt: skip


def _all(synthesis: Synthesis, measure: str, estimates: pd.DataFrame) -> dict:
    """Return the headline estimate itself, by reference."""
    found = estimates[
        (estimates["synthesis"] == synthesis.id)
        & (estimates["measure"] == measure)
        & (estimates["headline"].isin(["yes", True]))
    ]
    row = found.iloc[0]
    return {
        **_key(synthesis.id, measure, "all"),
        **{name: row.get(name) for name in (*_NUMBERS, "method", "status", "reason", "k")},
        "left_out": "",
        "assumption": "",
        "from": f"pooled/estimates.csv:{synthesis.id}:{measure}:{row['method']}",
    }


def _restricted(synthesis: str, measure: str, analysis: str, own: pd.DataFrame, choices: Mapping[str, Choice]) -> dict:
    concerns = [choices[name].concern for name in own["study_id"]]
    keep = risk_mask(concerns, RESTRICTED[analysis])
    gone = _left_out(own[~keep], choices)
    if not keep.any():
        words = {"low_risk": "no study is judged to be at low risk of bias",
                 "not_high": "no study is judged to be free of high risk of bias"}[analysis]  # fmt: skip
        return {**_key(synthesis, measure, analysis), "status": "empty", "reason": words, "k": 0, "left_out": gone,
                "method": "none", "assumption": "", "from": _origin(synthesis, measure, own, choices)}  # fmt: skip
    row = pooled_headline(own[keep], measure)
    same = "no study is left out: the same as all studies" if keep.all() else ""
    return {
        **_key(synthesis, measure, analysis),
        **{name: row.get(name) for name in (*_NUMBERS, "method", "status", "k")},
        "reason": "; ".join(part for part in (same, row["reason"]) if part),
        "left_out": gone,
        "assumption": "",
        "from": _origin(synthesis, measure, own, choices, keep),
    }


def pooled_headline(own: pd.DataFrame, measure: str) -> dict:
    """Pool studies by the method that their number asks for, and by no other.

    Parameters
    ----------
    own : pandas.DataFrame
        At least one row of ``effects/effects.csv``.
    measure : str
        Their measure.

    Returns
    -------
    dict
        Estimate and interval on both scales, with method, status and reason.
    """
    key = headline_method(len(own))
    method = SINGLE if key == SINGLE.key else next(item for item in METHODS if item.key == key)
    result = pooling.random_effects(
        own["yi"].to_numpy(float), own["vi"].to_numpy(float), model=method.model, tau2=method.tau2, ci=method.ci,
        pi=method.pi, level=0.95,
    )  # fmt: skip
    back = find_measure(measure).back
    numbers = {name: getattr(result, name) for name in ("k", "estimate", "se", "ci_low", "ci_high", "level", "tau2")}
    natural = {
        f"natural_{name}": None if numbers[name] is None else float(back(numbers[name]))
        for name in ("estimate", "ci_low", "ci_high")
    }
    numbers |= {"tau2": None} if result.model == "common" else {}
    return {**numbers, **natural, "method": method.key, "status": result.status, "reason": result.reason or ""}


def _quality_effects(synthesis: str, measure: str, own: pd.DataFrame, choices: Mapping[str, Choice]) -> dict:
    known = own[[choices[name].concern != NOT_ASSESSED for name in own["study_id"]]]
    row = {
        **_key(synthesis, measure, "quality_effects"),
        "method": "quality_effects",
        "k": len(known),
        "left_out": _left_out(own.drop(known.index), choices),
        "assumption": ASSUMED,
        "from": _origin(synthesis, measure, own, choices, own["study_id"].isin(known["study_id"]).to_numpy()),
    }
    if not len(known):
        return {**row, "status": "empty", "reason": "no study is judged", "method": "none"}
    found = quality_effects(known["yi"], known["vi"], [RANKS[choices[name].concern] for name in known["study_id"]])
    back = find_measure(measure).back
    numbers = {name: getattr(found, name) for name in ("estimate", "se", "ci_low", "ci_high", "tau2")}
    natural = {f"natural_{name}": float(back(numbers[name])) for name in ("estimate", "ci_low", "ci_high")}
    one = len(known) == 1
    return {
        **row,
        **numbers,
        **natural,
        "level": found.ci_level,
        "status": "one_study" if one else "ok",
        "reason": "one study: nothing can be reweighted" if one else "",
    }


def _bayesian(synthesis: str, measure: str, bayes: pd.DataFrame | None, adjusted: pd.DataFrame | None) -> list[dict]:
    """Return the plain and the bias-adjusted posteriors; a fit that failed keeps its reason and no numbers."""
    rows = []
    for row in _own(synthesis, measure, adjusted):
        if row["method"] in OF_BIAS:
            name = OF_BIAS[row["method"]]
            rows.append(
                {
                    **_posterior(
                        row, f"{row['method']} {row['prior']}", f"{name}: {SETTINGS.get(row['prior'], row['prior'])}"
                    ),
                    "assumption": row["bias_prior"],
                    "from": f"bayes/adjusted.csv:{synthesis}:{measure}:{row['method']}:{row['prior']}",
                }
            )
    plain = [row for row in _own(synthesis, measure, bayes) if row["headline"] in ("yes", True)]
    for row in plain[:1] if rows else ():
        shown = _posterior(row, "bayes_plain", "Bayesian, no bias assumed")
        rows.insert(0, {**shown, "from": f"bayes/estimates.csv:{synthesis}:{measure}:{row['method']}"})
    return rows


OF_BIAS = {
    "bayes_additive": "Additive bias",
    "bayes_mixture": "Mixture, bias",
    "bayes_design": "Non-randomised studies at a discount",
}


def _own(synthesis: str, measure: str, table: pd.DataFrame | None) -> list[dict]:
    if table is None or not len(table):
        return []
    return table[(table["synthesis"] == synthesis) & (table["measure"] == measure)].to_dict("records")


def _posterior(row: Mapping, analysis: str, title: str) -> dict:
    return {
        **{name: row.get(name) for name in ("synthesis", "measure", *_NUMBERS, "method", "status", "reason", "k")},
        "analysis": analysis,
        "title": title,
        "school": "bayes",
        "left_out": "",
        "assumption": "",
    }


def _left_out(gone: pd.DataFrame, choices: Mapping[str, Choice]) -> str:
    """Name the studies that are left out, each with the judgement that is the reason."""
    told = []
    for name, label in zip(gone["study_id"], gone["label"], strict=True):
        choice = choices[name]
        told.append(f"{label} ({choice.judgement.final.lower() if choice.judgement else NOT_ASSESSED})")
    return "; ".join(told)


def _origin(synthesis: str, measure: str, own: pd.DataFrame, choices: Mapping[str, Choice], keep=None) -> str:
    """Return the effects of the studies that stay (of all where none does), and the judgement of every study."""
    kept = own if keep is None or not any(keep) else own[keep]
    effects = [f"effects/effects.csv:{synthesis}:{measure}:{name}" for name in kept["study_id"]]
    judged = [choices[name].judgement.key for name in own["study_id"] if choices[name].judgement]
    return join_from((*effects, *judged)) or f"review.yaml:{synthesis}"
