"""The bubble plot of a meta-regression: effects against a moderator, with the line and its interval."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evisynth.figures.chart import Chart, padded, status_notes
from evisynth.figures.frames import (
    axis_columns,
    block,
    chosen,
    first,
    framed,
    is_log,
    null_of,
    numbers,
    require,
    rows_of,
    text,
    value,
)
from evisynth.figures.sheet import effect_axis, effect_limits, identifier
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import number

COLUMNS = (
    "row", "synthesis", "measure", "block", "label", "moderator", "x", "natural_estimate", "natural_ci_low",
    "natural_ci_high", "natural_pi_low", "natural_pi_high", "weight", "status", "axis_label", "log_axis", "null_value",
    "title", "note", "from",
)  # fmt: skip
NATURAL = ("natural_estimate", "natural_ci_low", "natural_ci_high")
PREDICTION = ("natural_pi_low", "natural_pi_high")


def bubble_frame(
    effects: pd.DataFrame,
    moderators: pd.DataFrame,
    lines: pd.DataFrame,
    synthesis: str,
    measure: str,
    moderator: str,
    *,
    weights: pd.DataFrame | None = None,
    method: str = "",
    title: str = "",
    note: str = "",
) -> pd.DataFrame:
    """Collect the studies of a meta-regression and its line.

    Parameters
    ----------
    effects, moderators : pandas.DataFrame
        ``effects/effects.csv`` and ``moderators.csv`` (checked): columns study_id, moderator, value.
    lines : pandas.DataFrame
        ``pooled/regression_lines.csv``: the line, its interval and its prediction interval at values of the moderator.
    synthesis, measure, moderator : str
        Whose, and by what; the moderator must be a number.
    weights : pandas.DataFrame, optional
        ``pooled/weights.csv``; a bubble's area is the weight under `method`, else the inverse of the variance.
    method : str
        A method in `weights`.
    title, note : str
        Title and a line below.
    """
    key = {"synthesis": synthesis, "measure": measure}
    values = {text(row, "study_id"): row for row in rows_of(chosen(moderators, moderator=moderator))}
    share = {text(row, "study_id"): value(row, "weight") for row in rows_of(chosen(weights, **key, method=method))}
    rows = []
    for row in rows_of(chosen(effects, **key)):
        study = text(row, "study_id")
        x = value(values.get(study, {}), "value")
        if not math.isfinite(x):
            continue
        rows.append(
            {
                "row": study,
                "block": "study",
                "label": text(row, "label"),
                "x": x,
                **{name: value(row, name) for name in NATURAL},
                "weight": share.get(study, 1.0 / value(row, "vi")),
                "status": text(row, "status"),
                "from": f"effects/effects.csv:{synthesis}:{measure}:{study};moderators.csv:{study}:{moderator}",
            }
        )
    rows += [
        {
            "row": f"line:{text(row, 'point')}",
            "block": "line",
            "x": value(row, "x"),
            **{name: value(row, name) for name in (*NATURAL, *PREDICTION)},
            "from": f"pooled/regression_lines.csv:{synthesis}:{measure}:{moderator}:{text(row, 'point')}",
        }
        for row in rows_of(chosen(lines, **key, moderator=moderator))
    ]
    shared = {**key, **axis_columns(measure), "moderator": moderator, "title": title or f"Effect by {moderator}"}
    return framed(({**row, **shared, "note": note} for row in rows), COLUMNS)


def plot_bubble(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a bubble plot.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`bubble_frame` gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("block", "x", "natural_estimate", "from"), "bubble plot")
    style = style or STYLE
    with drawing():
        return _bubble(frame, style)


def _bubble(frame: pd.DataFrame, style: Style) -> Figure:
    moderator = first(frame, "moderator").replace("_", " ")
    studies, lines = block(frame, "study"), block(frame, "line")
    notes = [first(frame, "note"), *status_notes(studies)]
    notes += ["Line: meta-regression; grey: its confidence interval; dotted: prediction interval. Area: weight."]
    chart = Chart(
        first(frame, "title", "Meta-regression"), 4.6, 3.3, notes if len(lines) else notes[:-1],
        moderator[:1].upper() + moderator[1:], first(frame, "axis_label"), style, 0.4,
    )  # fmt: skip
    null = null_of(frame)
    log = is_log(frame)
    points = np.concatenate([numbers(studies, "natural_estimate"), numbers(lines, "natural_estimate")])
    low, high = numbers(lines, "natural_ci_low"), numbers(lines, "natural_ci_high")
    blank = np.full(len(studies), np.nan)
    limits = effect_limits(points, np.concatenate([blank, low]), np.concatenate([blank, high]), null, log)
    effect_axis(chart.ax, limits, log, chart.high, style, vertical=True)
    chart.linear("x", *padded(numbers(studies, "x"), 0.07))
    if math.isfinite(null):
        chart.ax.axhline(null, color=style.rule, lw=0.7, zorder=0.5)
    if len(lines):
        x = numbers(lines, "x")
        chart.ax.fill_between(x, low, high, fc="#e3e3e3", lw=0, zorder=1)
        chart.ax.plot(x, numbers(lines, "natural_estimate"), color=style.ink, lw=1.1, zorder=2)
        for name in PREDICTION:
            chart.ax.plot(x, numbers(lines, name), color=style.grey, lw=0.8, ls=(0, (1, 1.5)), zorder=2)
    most = float(np.nanmax(numbers(studies, "weight"), initial=0.0)) or 1.0
    rows = sorted(rows_of(studies), key=lambda row: -value(row, "weight"))
    halves: list[float] = []
    for row in rows:
        x, y, weight = value(row, "x"), value(row, "natural_estimate"), value(row, "weight")
        size = 3.5 + 10.5 * math.sqrt(max(weight, 0.0) / most)
        fill = style.fill(text(row, "status"))
        look = {"mfc": fill, "mec": style.ink, "mew": 0.6, "alpha": 0.8}
        (mark,) = chart.ax.plot(x, y, "o", ms=size, zorder=3, clip_on=False, **look)
        mark.set_gid(identifier("bubble", row))
        halves.append(size / 144)
        chart.keep_clear(x, y, halves[-1])
    for row, half in zip(rows, halves, strict=True):
        x, y = value(row, "x"), value(row, "natural_estimate")
        chart.name(x, y, text(row, "label"), half=half, color=style.grey)
    return chart.figure


def alt_text(frame: pd.DataFrame) -> str:
    """Return a bubble plot in words, from its frame."""
    studies = [row for row in rows_of(frame) if text(row, "block") == "study"]
    lines = [row for row in rows_of(frame) if text(row, "block") == "line"]
    words = f"{first(frame, 'title', 'Meta-regression')}: {len(studies)} studies by {first(frame, 'moderator')}."
    if lines:
        ends = (lines[0], lines[-1])
        said = [f"{number(value(end, 'natural_estimate'))} at {number(value(end, 'x'))}" for end in ends]
        words += f" The line runs from {said[0]} to {said[1]}."
    return words
