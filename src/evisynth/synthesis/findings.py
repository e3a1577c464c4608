"""The summary of findings: one row a synthesis, with absolute effects and the finding in plain words."""

import math

import pandas as pd

from evisynth.effects.measures import find_measure
from evisynth.quality import (
    comparator_risk,
    per_thousand,
    size_of,
    smd_to_odds_ratio,
    smd_to_units,
    statement,
)
from evisynth.review.plan import Plan, Synthesis

FINDING_COLUMNS = (
    "synthesis",
    "measure",
    "method",
    "k",
    "n",
    "natural_estimate",
    "natural_ci_low",
    "natural_ci_high",
    "comparator_source",
    "comparator_per_1000",
    "treatment_per_1000",
    "treatment_per_1000_low",
    "treatment_per_1000_high",
    "difference_per_1000",
    "difference_per_1000_low",
    "difference_per_1000_high",
    "familiar_scale",
    "familiar_estimate",
    "familiar_ci_low",
    "familiar_ci_high",
    "certainty",
    "unconfirmed",
    "words",
    "from",
)


def findings_rows(
    plan: Plan,
    benefits: dict[str, str],
    outcomes: dict[str, str],
    effects: pd.DataFrame,
    estimates: pd.DataFrame,
    certainty: pd.DataFrame,
) -> pd.DataFrame:
    """Return rows of ``quality/findings.csv``.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    benefits, outcomes : dict of str to str
        Good direction and name of each outcome.
    effects, estimates, certainty : pandas.DataFrame
        ``effects/effects.csv``, ``pooled/estimates.csv``, ``quality/certainty.csv``.

    Notes
    -----
    The comparator risk is the plan's, or the median of the comparator groups of the trials, taken as known (Cochrane
    Handbook, summary of findings tables). A standardised mean difference is shown on the plan's instrument, or as an
    odds ratio, ln OR = pi / sqrt(3) SMD (Cochrane Handbook 5.1, 12.6.3).
    """
    levels = certainty[certainty["domain"] == "certainty"].set_index("synthesis")["final"]
    rows = []
    for synthesis in plan.syntheses:
        measure = synthesis.measure or ""
        own = estimates[
            (estimates["synthesis"] == synthesis.id)
            & (estimates["measure"] == measure)
            & (estimates["headline"] == "yes")
        ]
        if not len(own):
            continue
        row = own.iloc[0]
        studies = effects[(effects["synthesis"] == synthesis.id) & (effects["measure"] == measure)]
        key = f"pooled/estimates.csv:{synthesis.id}:{measure}:{row['method']}"
        found = {
            "synthesis": synthesis.id,
            "measure": measure,
            "method": row["method"],
            "k": row["k"],
            "n": row["n"],
            "certainty": levels.get(synthesis.id, "not assessed"),
            "unconfirmed": int((studies["status"] == "unconfirmed").sum()),
            "from": f"{key};quality/certainty.csv:{synthesis.id}:certainty",
        }
        if synthesis.pool and pd.notna(row["natural_estimate"]):
            numbers = {name: row[name] for name in ("natural_estimate", "natural_ci_low", "natural_ci_high")}
            found |= numbers | _absolute(synthesis, numbers, studies) | _familiar(synthesis, numbers)
            benefit = benefits[synthesis.outcome]
            treatment = next(t.name for t in plan.treatments if t.id == synthesis.treatment)
            found["words"] = _words(synthesis, found, benefit, treatment, outcomes[synthesis.outcome])
        else:
            found["words"] = f"Not pooled: {row['reason']}."
        rows.append(found)
    return pd.DataFrame(rows).reindex(columns=list(FINDING_COLUMNS))


def _absolute(synthesis: Synthesis, numbers: dict, studies: pd.DataFrame) -> dict:
    measure, assumed = synthesis.measure, synthesis.comparator_risk
    if measure not in ("RR", "OR", "RD", "HR"):
        return {}
    if assumed is not None:
        risk, source = assumed.value, assumed.source
    elif studies[["events_2", "n_2"]].isna().any(axis=None):
        return {}
    else:
        risk = comparator_risk(list(studies["events_2"]), list(studies["n_2"])).median
        source = "median of the comparison groups"
    if not 0 < risk < 1:
        return {}
    try:
        absolute = per_thousand(measure, *(float(value) for value in numbers.values()), risk)
    except ValueError:
        # The ratio times the comparator risk leaves 0 to 1: no absolute effect is shown rather than a wrong one.
        return {}
    return {
        "comparator_source": source,
        "comparator_per_1000": absolute.comparator,
        "treatment_per_1000": absolute.risk,
        "treatment_per_1000_low": absolute.risk_low,
        "treatment_per_1000_high": absolute.risk_high,
        "difference_per_1000": absolute.difference,
        "difference_per_1000_low": absolute.difference_low,
        "difference_per_1000_high": absolute.difference_high,
    }


def _familiar(synthesis: Synthesis, numbers: dict) -> dict:
    """Re-express a standardised mean difference: in units of the plan's instrument, or else as an odds ratio."""
    if synthesis.measure != "SMD":
        return {}
    values = tuple(float(value) for value in numbers.values())
    scale = synthesis.familiar_scale
    if scale is not None:
        told = (
            f"{scale.name}: the standardised difference times a standard deviation of {scale.sd:g} ({scale.source}); "
            "below zero favours the treatment"
        )
        shown = smd_to_units(*values, scale.sd)
    else:
        told = "odds ratio of a result on the bad side of any cut point, by the logistic distribution"
        shown = tuple(smd_to_odds_ratio(value) for value in values)
    return {"familiar_scale": told, **dict(zip(_FAMILIAR, shown, strict=True))}


_FAMILIAR = ("familiar_estimate", "familiar_ci_low", "familiar_ci_high")


def _words(synthesis: Synthesis, found: dict, benefit: str, treatment: str, outcome: str) -> str:
    measure = find_measure(synthesis.measure)
    null = measure.natural_null
    estimate, low, high = (found[name] for name in ("natural_estimate", "natural_ci_low", "natural_ci_high"))
    # Differences are turned so that below zero favours the treatment; ratios are not.
    turned = not measure.is_log and benefit == "higher"
    threshold = synthesis.minimal_important_difference.value
    if threshold is not None:
        # Both on the scale of the analysis: logarithms for ratios.
        size = size_of(math.log(estimate) if measure.is_log else estimate, 0.0, [abs(threshold)])
        falls = (estimate < null) != turned
        return statement(size, found["certainty"], "reduction" if falls else "increase", treatment, outcome)
    good_below = not measure.is_log or benefit == "lower"
    favours = treatment if (estimate < null) == good_below else "the comparison"
    trials = "one trial" if found["k"] == 1 else f"{int(found['k'])} trials"
    if low <= null <= high:
        # which side the estimate lies on says little here, and other methods may put it on the other
        return f"In {trials} no difference was detected; the interval leaves room for one in either direction."
    return f"In {trials} the estimate favours {favours}, and its whole interval lies on that side."
