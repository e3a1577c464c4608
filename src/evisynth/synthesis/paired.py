"""Binary results of crossover trials that are known only by their two margins."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evisynth.effects.paired_counts import paired_tables
from evisynth.review.members import input_of, rows_of
from evisynth.review.plan import Plan
from evisynth.review.reading import Table
from evisynth.synthesis.rules import Row

PAIRED_COLUMNS = (
    "synthesis",
    "study_id",
    "label",
    "n",
    "events_1",
    "events_2",
    "tables",
    "natural_estimate",
    "natural_ci_low",
    "natural_ci_high",
    "rd",
    "rd_ci_low_min",
    "rd_ci_high_max",
    "p_min",
    "p_max",
    "status",
    "from",
)


def paired_rows(plan: Plan, tables: Mapping[str, Table]) -> pd.DataFrame:
    """Return the range of a result over every paired table that fits the margins.

    A synthesis that is shown and not pooled, and whose study is a crossover trial with counts in both
    periods, gives one row of ``effects/paired.csv``.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    tables : mapping of str to Table
        The tables of the review.
    """
    studies = tables["studies"].text.set_index("study_id")
    rows = []
    for synthesis in plan.syntheses:
        if synthesis.pool or synthesis.outcome is None or synthesis.rule != "arms: counts":
            continue
        for name in synthesis.studies:
            if not studies.loc[name, "design"].startswith("crossover"):
                continue
            found = rows_of(synthesis, input_of(synthesis, name), tables)
            arms = [Row.of(tables, table, key) for table, key in found]
            if arms and _same_people(arms):
                rows.append(_row(synthesis.id, name, studies.loc[name, "label"], arms))
    return pd.DataFrame(rows, columns=list(PAIRED_COLUMNS))


def _same_people(arms: list[Row]) -> bool:
    values = [arm.values[name] for arm in arms for name in ("events", "n")]
    return not np.isnan(values).any() and arms[0].values["n"] == arms[1].values["n"]


def _row(synthesis: str, study: str, label: str, arms: list[Row]) -> dict:
    (first, n), (second, _) = (arm.need("events", "n") for arm in arms)
    ratio = paired_tables(int(first), int(second), int(n), measure="MPRR")
    difference = paired_tables(int(first), int(second), int(n), measure="MPRD")
    low, high = (float(np.exp(limit)) for limit in ratio.interval_range())
    rd_low, rd_high = difference.interval_range()
    p_low, p_high = ratio.p_range
    return {
        "synthesis": synthesis,
        "study_id": study,
        "label": label,
        "n": n,
        "events_1": first,
        "events_2": second,
        "tables": len(ratio.tables),
        "natural_estimate": first / second if second else np.nan,
        "natural_ci_low": low,
        "natural_ci_high": high,
        "rd": (first - second) / n,
        "rd_ci_low_min": rd_low,
        "rd_ci_high_max": rd_high,
        "p_min": p_low,
        "p_max": p_high,
        "status": max((arm.status_of_used for arm in arms), key=("verified", "derived", "unconfirmed").index),
        "from": ";".join(f"arms.csv:{arm.key}" for arm in arms),
    }
