"""What the sampled models say about the studies that they were fitted to, and what their priors do.

Every check is computed from the draws that were kept; nothing is sampled again but new data.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evisynth.synthesis.posterior import Task

if TYPE_CHECKING:
    from evisynth.bayes.sampled import SampledFit

CHECK_COLUMNS = (
    "synthesis",
    "measure",
    "method",
    "study_id",
    "label",
    "elpd",
    "p_loo",
    "pareto_k",
    "loo_reliable",
    "observed",
    "predicted",
    "predicted_low",
    "predicted_high",
    "p_below",
    "p_two_sided",
    "prior_low",
    "prior_high",
    "prior_p_two_sided",
    "level",
    "status",
    "reason",
    "from",
)
POWER_COLUMNS = (
    "synthesis",
    "measure",
    "method",
    "parameter",
    "likelihood",
    "prior",
    "prior_mu",
    "prior_tau",
    "prior_tau_within",
    "prior_baseline",
    "threshold",
    "diagnosis",
    "status",
    "reason",
    "from",
)
PRIOR_DRAWS = 4000
_HALF = 0.5


def check_rows(task: Task, fit: "SampledFit") -> list[dict]:
    """Check every study of a sampled fit: leave-one-out, posterior and prior predictive; rows of ``bayes/checks.csv``.

    Parameters
    ----------
    task : Task
        With a sampled method.
    fit : SampledFit
        Its fit.

    Returns
    -------
    list of dict
        One row per study. `observed` and what is predicted are on the analysis scale; for counts they are log odds
        (or rate) ratios with half an event added to every cell, in the data and in the replicates alike. `p_below` is
        the posterior predictive probability of a smaller value, half of it at ties; `p_two_sided` twice the smaller
        tail. New studies have effects drawn anew; for counts they keep the baseline of the study.

    Notes
    -----
    PSIS-LOO: Vehtari, Gelman and Gabry 2017, Stat Comput 27:1413; the limit 0.7 of Pareto k: Vehtari et al. 2024,
    J Mach Learn Res 25:72. Predictive checks with new effects: Marshall and Spiegelhalter 2003, Stat Med 22:1649.
    """
    if not fit.passed:
        return [_failed(task, fit, study) for study in task.effects["study_id"]]
    from evisynth.bayes.sampled import loo, posterior_predictive

    left_out = loo(fit).set_index("study")
    observed = _contrast({name: np.array(values) for name, values in vars(fit.problem).items() if name in _FIELDS}, fit)
    replicates = posterior_predictive(fit)[1]
    ahead = _contrast(replicates, fit).reshape(-1, len(observed))
    before, labels = _prior_contrast(fit), task.labels
    tail = (1 - fit.problem.level) / 2
    rows = []
    for i, study in enumerate(fit.problem.studies):
        low, middle, high = np.quantile(ahead[:, i], [tail, 0.5, 1 - tail])
        below = _p_below(ahead[:, i], observed[i])
        own = left_out.loc[study]
        row = {
            "study_id": study,
            "label": labels[study],
            "elpd": own["elpd"],
            "p_loo": own["p_loo"],
            "pareto_k": own["pareto_k"],
            "loo_reliable": bool(own["reliable"]),
            "observed": observed[i],
            "predicted": middle,
            "predicted_low": low,
            "predicted_high": high,
            "p_below": below,
            "p_two_sided": 2 * min(below, 1 - below),
            "level": fit.problem.level,
            "status": "ok",
        }
        if before is not None:
            prior_below = _p_below(before[:, i], observed[i])
            row["prior_low"], row["prior_high"] = np.quantile(before[:, i], [tail, 1 - tail])
            row["prior_p_two_sided"] = 2 * min(prior_below, 1 - prior_below)
        rows.append({**task.key, **row, "from": _origin(task, study)})
    return rows


_FIELDS = ("yi", "ai", "n1i", "ci", "n2i", "x1i", "t1i", "x2i", "t2i")


def _contrast(data: dict[str, np.ndarray], fit: "SampledFit") -> np.ndarray:
    """Return each study's effect as its data give it; axes as the data's, studies last."""
    if "yi" in data:
        return data["yi"]
    if "ai" in data:
        n1, n2 = np.array(fit.problem.n1i), np.array(fit.problem.n2i)
        first, second = ((data[name] + _HALF) / (n - data[name] + _HALF) for name, n in (("ai", n1), ("ci", n2)))
    else:
        first = (data["x1i"] + _HALF) / np.array(fit.problem.t1i)
        second = (data["x2i"] + _HALF) / np.array(fit.problem.t2i)
    return np.log(first) - np.log(second)


def _prior_contrast(fit: "SampledFit") -> np.ndarray | None:
    """Return data that the priors expect; None under an improper prior, which expects nothing."""
    from evisynth.bayes.priors import PriorError
    from evisynth.bayes.sampled import prior_predictive

    try:
        drawn = prior_predictive(fit.definition, fit.problem, PRIOR_DRAWS)
    except PriorError:
        return None
    return _contrast(drawn, fit)


def _p_below(values: np.ndarray, observed: float) -> float:
    return float(np.mean(values < observed) + 0.5 * np.mean(values == observed))


def power_rows(task: Task, fit: "SampledFit") -> list[dict]:
    """Measure how sensitive each parameter is to its priors and to the data: rows of ``bayes/power_scaling.csv``.

    Parameters
    ----------
    task : Task
        With a sampled method.
    fit : SampledFit
        Its fit.

    Returns
    -------
    list of dict
        One row per parameter without a study.
    """
    if not fit.passed:
        return [{**task.key, "parameter": "", "status": "failed", "reason": "; ".join(fit.failed), "from": task.origin}]
    from evisynth.bayes.sampled import power_scaling
    from evisynth.bayes.sampled.sensitivity import SENSITIVE

    table = power_scaling(fit)
    names = [name for name in POWER_COLUMNS if name in table.columns]
    common = {"threshold": SENSITIVE, "status": "ok", "from": task.origin}
    return [{**task.key, **row, **common} for row in table[names].to_dict("records")]


def frame_of(rows: list[dict], columns: tuple[str, ...]) -> pd.DataFrame:
    """Return rows as a table with all columns, blank where a row has none."""
    return pd.DataFrame(rows).reindex(columns=list(columns))


def _failed(task: Task, fit: "SampledFit", study: str) -> dict:
    reason = "; ".join(fit.failed)
    return {**task.key, "study_id": study, "status": "failed", "reason": reason, "from": _origin(task, study)}


def _origin(task: Task, study: str) -> str:
    own = f"effects/effects.csv:{task.synthesis.id}:{task.measure}:{study}"
    return ";".join(dict.fromkeys([own, *task.origin.split(";")]))
