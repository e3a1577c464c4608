"""The columns of a forest plot: how wide they are, their heads, the words below the axis."""

import math
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from evisynth.figures.forest_text import count_columns, estimate_text
from evisynth.figures.frames import first, numbers, rows_of, text, value
from evisynth.figures.sheet import Sheet
from evisynth.figures.style import Style
from evisynth.figures.words import clean, shorten, width, wrap

GAP = 0.14


@dataclass
class Columns:
    """Where the columns stand, in inches from the left."""

    label: float
    one: float
    two: float
    plot: float
    estimate: float
    weight: float
    risk: float
    wide: float
    has_counts: bool
    has_weights: bool
    has_risk: bool


def columns_of(frame: pd.DataFrame, blocks: dict, style: Style) -> Columns:
    """Return the columns that a frame needs."""
    studies, size = blocks["study"], style.size
    labels = max([width(study_label(row), size) for row in studies], default=0.0)
    label = min(max(labels + GAP, 1.35), style.label_width)
    ones, twos, heads = count_columns(frame)
    has_counts = any(ones) or any(twos)
    names = heads_of(frame, style)
    wide_1, wide_2 = (
        max([width(words, size) for words in [*found, heads[1]]] + [width(words, size, "bold") for words in head])
        for found, head in zip((ones, twos), names, strict=True)
    )
    # Without counts the labels of the summaries still need the room, and those of a table name their outcomes too.
    named = max([width(text(row, "label"), size) for row in blocks["beside"]], default=0.0)
    spare = 0.0 if has_counts else max(1.0, min(named + GAP - label, 2.4))
    one = style.margin + label
    two = one + (wide_1 + GAP if has_counts else 0.0)
    plot = two + (wide_2 + GAP if has_counts else 0.0) + spare + 0.06
    drawn = [row for name in ("study", "subgroup", "summary", "bayes", "beside") for row in blocks[name]]
    estimates = [width(estimate_text(row), size, "bold") for row in drawn]
    estimate = plot + (style.plot_width if drawn else 2.2) + GAP
    weight = estimate + max([*estimates, 1.0]) + GAP
    has_weights = len(studies) > 1 and any(math.isfinite(value(row, "weight")) for row in studies)
    risk = weight + (width("Weight", size, "bold") + GAP if has_weights else 0.0)
    wide = max(risk + (0.42 if studies else 0.0), weight + (1.02 if blocks["beside"] else 0.0)) + style.margin
    return Columns(style.margin, one, two, plot, estimate, weight, risk, wide, has_counts, has_weights, bool(studies))


def headline_line(ax: Axes, frame: pd.DataFrame, style: Style) -> None:
    """Draw a line down from the headline estimate."""
    for row in rows_of(frame):
        if text(row, "block") == "summary" and text(row, "status") == "headline":
            place = value(row, "natural_estimate")
            ax.axvline(place, color=style.rule, lw=0.7, ls=(0, (3, 2.5)), zorder=0.9)


def axis_words(
    sheet: Sheet,
    frame: pd.DataFrame,
    columns: Columns,
    bottom: float,
    inches: float,
    limits: tuple[float, float],
    log: bool,
    null: float,
) -> None:
    """Write which side favours whom, and what the axis shows."""
    style, middle = sheet.style, columns.plot + inches / 2
    left, right = first(frame, "left_words"), first(frame, "right_words")
    if left and math.isfinite(null):
        turn = math.log if log else float
        low, high, at = (turn(number) for number in (*limits, null))
        place = columns.plot + inches * (at - low) / (high - low)
        room = inches / 2 + 0.45
        left, right = (shorten(words, room, style.small) for words in (left, right))
        # Each stands on its side of no effect, and is pushed out over the edge rather than onto the other.
        edge_1 = max(place - 0.08, columns.plot - 0.35 + width(f"← {left}", style.small))
        edge_2 = min(place + 0.08, columns.plot + inches + 0.35 - width(f"{right} →", style.small))
        edge_1, edge_2 = min(edge_1, edge_2 - 0.12), max(edge_2, edge_1 + 0.12)
        sheet.text(edge_1, bottom + 0.27, f"← {left}", style.small, ha="right")
        sheet.text(edge_2, bottom + 0.27, f"{right} →", style.small)
    sheet.text(middle, bottom + 0.43, first(frame, "axis_label"), style.small, ha="center", color=style.grey)


def heads_of(frame: pd.DataFrame, style: Style) -> tuple[list[str], list[str]]:
    """Return the names of the two arms as lines, as many for both: the shorter is filled from above."""
    both = [wrap(first(frame, name), 1.02, style.size, "bold", 3) for name in ("head_1", "head_2")]
    longest = max(map(len, both))
    return tuple([""] * (longest - len(lines)) + lines for lines in both)


def draw_head(sheet: Sheet, frame: pd.DataFrame, columns: Columns, top: float, high: float) -> None:
    """Write the heads of the columns."""
    style, bold = sheet.style, {"weight": "bold"}
    _, _, (_, under, _) = count_columns(frame)
    y, second = top + high - 0.3, top + high - 0.14
    sheet.rule(top - 0.01, wide=0.9)
    sheet.text(columns.label, second, "Study", **bold)
    if columns.has_counts:
        edges = (columns.two - GAP, columns.plot - 0.06 - GAP)
        for edge, names in zip(edges, heads_of(frame, style), strict=True):
            for i, line in enumerate(reversed(names)):
                sheet.text(edge, y - 0.15 * i, line, ha="right", **bold)
            sheet.text(edge, second, under, ha="right", color=style.grey)
    level = next((found for found in numbers(frame, "level") if math.isfinite(found)), math.nan)
    words = f"{100 * level:g}% CI" if math.isfinite(level) else "CI"
    sheet.text(columns.weight - GAP, second, f"{first(frame, 'measure')} [{words}]", ha="right", **bold)
    if columns.has_weights:
        sheet.text(columns.risk - GAP, second, "Weight", ha="right", **bold)
    if columns.has_risk:
        sheet.text(columns.risk + 0.2, y, "Risk", ha="center", **bold)
        sheet.text(columns.risk + 0.2, second, "of bias", ha="center", **bold)
    sheet.rule(top + high - 0.04)


def study_label(row: dict) -> str:
    """Return the name of a study with the marks of its status and of its size."""
    mark = {"unconfirmed": "†", "derived": "‡"}.get(text(row, "status"), "")
    mark += "§" if text(row, "small") == "yes" else ""
    return clean(text(row, "label")) + (f" {mark}" if mark else "")
