"""Made-up tables of facts for the tests of the integrity checks."""

import pandas as pd

from evisynth.quality.integrity import check_integrity
from evisynth.quality.integrity.calibration import table_of

BINARY = {"outcome_id": "event", "name": "an event", "type": "binary", "benefit": "lower"}
RATING = {
    "outcome_id": "rating",
    "name": "a rating",
    "type": "continuous",
    "unit": "numerical rating scale 0-10",
    "scale_min": "0",
    "scale_max": "10",
    "benefit": "lower",
}
SCORE = {"outcome_id": "score", "name": "a score", "type": "continuous", "unit": "points", "benefit": "lower"}


def arm(treatment="drug", outcome="event", **cells):
    """Return a row of arms.csv; a figure of an event unless told otherwise."""
    base = {"study_id": "s1", "outcome_id": outcome, "arm": treatment, "treatment": treatment, "source_id": "paper"}
    return {**base, "value_kind": "event", "status": "verified", **cells}


def contrast(statistic="p only", outcome="event", **cells):
    """Return a row of contrasts.csv, drug against placebo."""
    base = {"study_id": "s1", "outcome_id": outcome, "treatment": "drug", "comparator": "placebo"}
    return {**base, "statistic": statistic, "source_id": "paper", "status": "verified", **cells}


def study(**cells):
    """Return a row of studies.csv: a parallel trial."""
    base = {"study_id": "s1", "design": "parallel trial", "source_id": "paper"}
    return {**base, **cells}


def found(**rows: list[dict]) -> pd.DataFrame:
    """Return what is found in these rows; a parallel trial with the usual outcomes where nothing else is said."""
    rows = {"studies": [study()], "outcomes": [BINARY, RATING, SCORE], **rows}
    return check_integrity({name: table_of(name, cells) for name, cells in rows.items()})


def verdict(frame: pd.DataFrame, check: str, row: str = "") -> str:
    """Return the verdict of the only finding of a check (about a row)."""
    own = frame[(frame["check"] == check) & (frame["row"].str.contains(row, regex=False))]
    assert len(own) == 1, own[["check", "row", "verdict"]].to_string()
    return own["verdict"].iloc[0]


def cell(frame: pd.DataFrame, check: str, column: str) -> str:
    """Return a cell of the only finding of a check."""
    own = frame[frame["check"] == check]
    assert len(own) == 1
    return own[column].iloc[0]
