"""Frequentist estimates of every synthesis, as rows that tables, figures and pages share."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evisynth import pooling
from evisynth.effects.measures import find_measure
from evisynth.review.plan import Plan
from evisynth.synthesis.layout import measures_of

ESTIMATE_COLUMNS = (
    "synthesis",
    "measure",
    "method",
    "school",
    "title",
    "headline",
    "status",
    "reason",
    "k",
    "n",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "level",
    "p",
    "pi_low",
    "pi_high",
    "natural_estimate",
    "natural_ci_low",
    "natural_ci_high",
    "natural_pi_low",
    "natural_pi_high",
    "tau2",
    "tau2_ci_low",
    "tau2_ci_high",
    "tau",
    "i2",
    "h2",
    "q",
    "q_df",
    "q_p",
    "hksj_scale",
    "from",
)


@dataclass(frozen=True, slots=True)
class Method:
    """One way to pool: its key in tables, its name in words and the options of the engine."""

    key: str
    title: str
    model: str = "random"
    tau2: str = "REML"
    ci: str = "HKSJ-safe"
    pi: str = "t"


METHODS = (
    Method("common", "Common effect, inverse variance, Wald interval", model="common"),
    Method("dl_wald", "DerSimonian-Laird, Wald interval", tau2="DL", ci="wald", pi="normal"),
    Method("reml_wald", "REML, Wald interval", ci="wald", pi="normal"),
    Method("reml_hksj", "REML, Hartung-Knapp interval", ci="HKSJ"),
    Method("reml_hksj_safe", "REML, Hartung-Knapp interval with max(1, q)"),
)
SINGLE = Method("single", "The one study's own estimate", model="common")
HEADLINE = {0: "", 1: "single", 2: "common"}


# The intervals of a method, as the simulation of their coverage names them: of the mean, of tau2, for a new study.
_INTERVALS: dict[str, tuple[tuple[str, str], ...]] = {
    "common": (("mu", "common"),),
    "dl_wald": (("mu", "DL-wald"), ("tau2", "Q-profile"), ("prediction", "normal-wald")),
    "reml_wald": (("mu", "wald"), ("tau2", "Q-profile"), ("prediction", "normal-wald")),
    "reml_hksj": (("mu", "HKSJ"), ("tau2", "Q-profile"), ("prediction", "t")),
    "reml_hksj_safe": (("mu", "HKSJ-safe"), ("tau2", "Q-profile"), ("prediction", "t")),
}


def coverage_of(method: str) -> tuple[pooling.CoverageNote, ...]:
    """Return how often the intervals of a method held the truth in simulations; empty for methods without one.

    Parameters
    ----------
    method : str
        A method of ``pooled/estimates.csv``.
    """
    notes = pooling.coverage_notes()
    return tuple(notes[key] for key in _INTERVALS.get(method, ()))


def headline_method(k: int) -> str:
    """Return the method whose estimate is quoted first: REML with Hartung-Knapp (max(1, q)) from three studies on."""
    return HEADLINE.get(k, "reml_hksj_safe")


def estimate_rows(
    effects: pd.DataFrame,
    synthesis: str,
    measure: str,
    *,
    table: str = "effects/effects.csv",
    scenario: str = "",
    reason: str = "",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pool one synthesis on one measure by every method.

    Parameters
    ----------
    effects : pandas.DataFrame
        The studies: rows of ``effects/effects.csv`` of this synthesis and measure; may be empty.
    synthesis, measure : str
        The key.
    table : str
        The table the rows come from, for the way back.
    scenario : str
        The sensitivity analysis, blank for the plan.
    reason : str
        Why nothing is pooled, where that is so.

    Returns
    -------
    tuple of pandas.DataFrame
        Rows of ``pooled/estimates.csv`` and of ``pooled/weights.csv``.
    """
    k = len(effects)
    yi, vi = effects["yi"].to_numpy(float), effects["vi"].to_numpy(float)
    keys = ["synthesis", *(["scenario"] if scenario else []), "measure", "study_id"]
    origin = [f"{table}:{':'.join(map(str, row))}" for row in effects[keys].itertuples(index=False)]
    methods = (SINGLE,) if k == 1 else METHODS if k > 1 else ()
    if not methods or reason:
        return _empty(synthesis, measure, scenario, reason, k, origin), pd.DataFrame()
    rows, weights = [], []
    for method in methods:
        result = pooling.random_effects(
            yi, vi, model=method.model, tau2=method.tau2, ci=method.ci, pi=method.pi, level=0.95
        )
        rows.append(
            {
                **_key(synthesis, measure, method.key, scenario),
                "school": "frequentist",
                "title": method.title,
                "headline": method.key == headline_method(k),
                "n": _people(effects),
                **_numbers(result, measure),
                "hksj_scale": _hksj_scale(result, method, yi, vi),
                "from": ";".join(origin),
            }
        )
        weights += [
            {
                **_key(synthesis, measure, method.key, scenario),
                "study_id": study,
                "weight": weight,
                # A weight depends on every study of the synthesis, through the estimate that it is a part of.
                "from": f"{place};pooled/estimates.csv:{synthesis}:{measure}:{method.key}",
            }
            for study, weight, place in zip(effects["study_id"], result.weights, origin, strict=True)
        ]
    return pd.DataFrame(rows), pd.DataFrame(weights)


def _key(synthesis: str, measure: str, method: str, scenario: str) -> dict[str, str]:
    middle = {"scenario": scenario} if scenario else {}
    return {"synthesis": synthesis, **middle, "measure": measure, "method": method}


def _empty(synthesis: str, measure: str, scenario: str, reason: str, k: int, origin: list[str]) -> pd.DataFrame:
    row = {
        **_key(synthesis, measure, "none", scenario),
        "school": "frequentist",
        "title": "Not pooled" if reason else "Nothing to pool",
        "headline": True,
        "status": "not_pooled" if reason else "empty",
        "reason": reason or "no study gives the figures",
        "k": k,
        "from": ";".join(origin) or f"review.yaml:{synthesis}",
    }
    return pd.DataFrame([row])


def _people(effects: pd.DataFrame) -> float:
    totals = effects[["n_1", "n_2"]].sum(axis=1, min_count=1)
    return float(totals.sum()) if totals.notna().all() else np.nan


_NUMBERS = (
    "k", "estimate", "se", "ci_low", "ci_high", "level", "p", "pi_low", "pi_high", "tau2", "tau2_ci_low",
    "tau2_ci_high", "i2", "h2", "q", "q_df", "q_p",
)  # fmt: skip


def _numbers(result: "pooling.PoolResult", measure: str) -> dict:
    numbers = {name: getattr(result, name) for name in _NUMBERS}
    if result.model == "common":
        numbers |= {"tau2": None}
    back = find_measure(measure).back
    natural = {
        f"natural_{name}": None if numbers[name] is None else float(back(numbers[name]))
        for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    }
    tau = None if numbers["tau2"] is None else float(np.sqrt(numbers["tau2"]))
    return {**numbers, **natural, "tau": tau, "status": result.status, "reason": result.reason or ""}


def _hksj_scale(result: "pooling.PoolResult", method: Method, yi: np.ndarray, vi: np.ndarray) -> float | None:
    """Return q of Hartung and Knapp, so that a page can say where max(1, q) acted."""
    if method.model == "common" or not method.ci.startswith("HKSJ") or result.estimate is None or result.tau2 is None:
        return None
    return float(np.sum((yi - result.estimate) ** 2 / (vi + result.tau2)) / (len(yi) - 1))


def leave_one_out_rows(effects: pd.DataFrame, synthesis: str, measure: str) -> pd.DataFrame:
    """Return the headline estimate without each study in turn: rows of ``pooled/leave_one_out.csv``.

    Parameters
    ----------
    effects : pandas.DataFrame
        At least three studies; otherwise the result is empty.
    synthesis, measure : str
        The key.
    """
    k = len(effects)
    if k < 3:
        return pd.DataFrame()
    yi, vi = (np.tile(effects[name].to_numpy(float), (k, 1)) for name in ("yi", "vi"))
    np.fill_diagonal(yi, np.nan)
    np.fill_diagonal(vi, np.nan)
    result = pooling.random_effects(yi, vi)
    back = find_measure(measure).back
    origin = [f"effects/effects.csv:{synthesis}:{measure}:{study}" for study in effects["study_id"]]
    return pd.DataFrame(
        {
            "synthesis": synthesis,
            "measure": measure,
            "study_id": study,
            "label": effects["label"].iloc[i],
            "k": k - 1,
            **{name: getattr(result, name)[i] for name in ("estimate", "ci_low", "ci_high", "tau2", "i2")},
            **{f"natural_{name}": float(back(getattr(result, name)[i])) for name in ("estimate", "ci_low", "ci_high")},
            "from": ";".join(place for j, place in enumerate(origin) if j != i),
        }
        for i, study in enumerate(effects["study_id"])
    )


def in_order(rows: Iterable[pd.DataFrame], columns: Iterable[str]) -> pd.DataFrame:
    """Join frames and put columns into one order; columns that none of them has are blank."""
    frames = [frame for frame in rows if len(frame)]
    if not frames:
        return pd.DataFrame(columns=list(columns))
    joined = pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    return joined.reindex(columns=list(columns))


def plan_rows(
    plan: Plan, effects: pd.DataFrame, sensitivity: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Pool everything that a plan asks for.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    effects, sensitivity : pandas.DataFrame
        ``effects/effects.csv`` and ``effects/sensitivity.csv``.

    Returns
    -------
    tuple of pandas.DataFrame
        Rows of ``pooled/`` estimates, weights, leave_one_out and sensitivity.
    """
    estimates, weights, without, scenarios = [], [], [], []
    for synthesis in plan.syntheses:
        reason = "" if synthesis.pool else synthesis.reason
        own = effects[effects["synthesis"] == synthesis.id]
        for measure in measures_of(synthesis) or ("",):
            studies = own[own["measure"] == measure]
            rows, shares = estimate_rows(studies, synthesis.id, measure, reason=reason)
            estimates.append(rows)
            weights.append(shares)
            if synthesis.pool:
                without.append(leave_one_out_rows(studies, synthesis.id, measure))
        for scenario in synthesis.scenarios if synthesis.pool else ():
            chosen = sensitivity[(sensitivity["synthesis"] == synthesis.id) & (sensitivity["scenario"] == scenario.id)]
            rows, _ = estimate_rows(
                chosen, synthesis.id, synthesis.measure, table="effects/sensitivity.csv", scenario=scenario.id
            )
            scenarios.append(rows.assign(scenario_title=scenario.title))
    columns = list(ESTIMATE_COLUMNS)
    return (
        in_order(estimates, columns),
        in_order(weights, ("synthesis", "measure", "method", "study_id", "weight", "from")),
        in_order(without, LEAVE_ONE_OUT_COLUMNS),
        in_order(scenarios, [columns[0], "scenario", "scenario_title", *columns[1:]]),
    )


LEAVE_ONE_OUT_COLUMNS = (
    "synthesis",
    "measure",
    "study_id",
    "label",
    "k",
    "estimate",
    "ci_low",
    "ci_high",
    "natural_estimate",
    "natural_ci_low",
    "natural_ci_high",
    "tau2",
    "i2",
    "from",
)
