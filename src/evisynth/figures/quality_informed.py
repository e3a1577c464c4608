"""What risk of bias does to an estimate: all studies, restricted, reweighted and bias-adjusted, in one column."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from evisynth.effects.measures import find_measure
from evisynth.figures import series
from evisynth.figures.frames import chosen, first, framed, require, rows_of, text, value
from evisynth.figures.series import COLUMNS, ESTIMATE
from evisynth.figures.style import Style
from evisynth.figures.words import clean, interval

__all__ = ["alt_text", "plot_quality_informed", "quality_informed_frame"]

_SHOWN = ("ok", "one_study", "passed")


def quality_informed_frame(informed: pd.DataFrame, synthesis: str, measure: str, *, title: str = "") -> pd.DataFrame:
    """Collect the estimates of one synthesis that take risk of bias into account.

    Parameters
    ----------
    informed : pandas.DataFrame
        ``quality/informed.csv``.
    synthesis, measure : str
        Whose.
    title : str
        The title.

    Returns
    -------
    pandas.DataFrame
        Columns as in :data:`evisynth.figures.series.COLUMNS`; the estimate of all studies is the row of ``block``
        ``reference``. An analysis without a study keeps its row, with the reason in its label and no numbers.
    """
    key = {"synthesis": synthesis, "measure": measure}
    rows = [_row(row) for row in rows_of(chosen(informed, **key))]
    rows.sort(key=lambda row: (row["block"] == "reference", row["series"] != "frequentist"))
    known = find_measure(measure)
    shared = {
        **key,
        "series": "quality_informed",
        "head_label": "Analysis",
        "head_1": "k",
        "axis_label": known.axis_label,
        "log_axis": "yes" if known.is_log else "no",
        "null_value": known.natural_null,
        "title": title or "What risk of bias does to the estimate",
        "note": _note(rows_of(chosen(informed, **key))),
    }
    return framed(({**row, **shared} for row in rows), COLUMNS)


def _row(row: Mapping) -> dict:
    analysis, is_all = text(row, "analysis"), text(row, "analysis") == "all"
    shown = text(row, "status") in _SHOWN
    label = clean(text(row, "title"))
    if is_all:
        label = "All studies: the headline estimate"
    elif not shown:
        label += ": no study" if text(row, "status") == "empty" else f": {text(row, 'status').replace('_', ' ')}"
    return {
        "row": analysis,
        "block": "reference" if is_all else "row",
        "label": label,
        **{name: value(row, name) if shown else float("nan") for name in ESTIMATE},
        "extra_1": value(row, "k"),
        "marked": "headline" if is_all else text(row, "school"),
        "series": text(row, "school"),
        "from": f"quality/informed.csv:{text(row, 'synthesis')}:{text(row, 'measure')}:{analysis}",
    }


def _note(rows: list[dict]) -> str:
    """Say who was left out and what was assumed, once each."""
    parts = []
    for row in rows:
        gone = [part for part in text(row, "left_out").split("; ") if part]
        if gone and text(row, "status") in _SHOWN and text(row, "school") == "frequentist":
            names = ", ".join(gone[:6]) + (f" and {len(gone) - 6} more" if len(gone) > 6 else "")
            parts.append(f"{text(row, 'title')} leaves out {names}.")
    for row in rows:
        # what stands before the first colon says the assumption in words, the rest in figures
        words = text(row, "assumption").partition(": ")[0]
        parts += [f"{text(row, 'title')}: {words}."] if words else []
    return " ".join(dict.fromkeys(parts))


def plot_quality_informed(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw the analyses in a column, the headline estimate as a diamond at the end.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`quality_informed_frame` gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("label", "natural_estimate", "from"), "column of quality-informed estimates")
    return series.plot_series(frame, style=style)


def alt_text(frame: pd.DataFrame) -> str:
    """Return what the column shows, in words, from its frame."""
    parts = [f"{first(frame, 'title', 'What risk of bias does to the estimate')}."]
    for row in rows_of(frame):
        estimate, low, high = (value(row, name) for name in ESTIMATE)
        if math.isfinite(estimate):
            parts.append(f"{text(row, 'label')}: {interval(estimate, low, high)}.")
        else:
            parts.append(f"{text(row, 'label')}.")
    return " ".join(parts)
