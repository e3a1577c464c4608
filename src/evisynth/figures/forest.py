"""The forest plot: studies, what they say together, what others have pooled, and what is missing."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evisynth.figures.forest_columns import (
    GAP,
    Columns,
    axis_words,
    columns_of,
    draw_head,
    headline_line,
    heads_of,
    study_label,
)
from evisynth.figures.forest_frame import COLUMNS, forest_frame
from evisynth.figures.forest_marks import bar, circle_and_line, diamond, square_and_line
from evisynth.figures.forest_text import (
    arm_text,
    estimate_text,
    group_text,
    heterogeneity_text,
    legend_items,
    rows_alt_text,
    test_text,
)
from evisynth.figures.frames import first, numbers, require, rows_of, text, value
from evisynth.figures.risk_levels import draw_level
from evisynth.figures.sheet import Sheet, effect_axis, effect_limits, identifier, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import clean, count, percent, shorten, width, wrap

__all__ = ["COLUMNS", "alt_text", "forest_frame", "plot_forest"]

_BIGGEST = 9.0  # points, side of the square of the heaviest study
_SMALLEST = 2.6
BLOCKS = ("study", "subgroup", "summary", "between", "note", "bayes", "beside", "left_out", "concerned", "paired")


def plot_forest(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a forest plot.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`forest_frame` gives, or its CSV read back.
    style : Style, optional
        Another style.

    Returns
    -------
    matplotlib.figure.Figure
        Its height grows with the rows.

    Raises
    ------
    ValueError
        Where the frame lacks a column.
    """
    require(frame, ("block", "label", "from"), "forest plot")
    style = style or STYLE
    blocks = {name: [row for row in rows_of(frame) if text(row, "block") == name] for name in BLOCKS}
    with drawing():
        columns = columns_of(frame, blocks, style)
        lines = _plan(frame, blocks, columns, style)
        sheet = Sheet(columns.wide, sum(line[0] for line in lines) + 2 * style.margin, style)
        _draw(sheet, frame, columns, lines)
    return sheet.figure


def alt_text(frame: pd.DataFrame) -> str:
    """Return what a forest plot shows, in words, from its frame."""
    return rows_alt_text(frame)


def _studies(blocks: dict, columns: Columns, style: Style) -> list[tuple]:
    """List the lines of the studies, under the heads of their groups where there are any."""
    row, lines = style.row, []
    for group in dict.fromkeys(text(item, "group") for item in blocks["study"]):
        if group:
            lines += [(0.07, "space", None)] if lines else []
            lines.append((row, "group", group))
        for item in blocks["study"]:
            if text(item, "group") == group:
                lines.append((row + 0.13 * (len(_name_lines(item, columns, style)) - 1), "study", item))
        for item in blocks["subgroup"]:
            if text(item, "group") == group:
                lines.append((row, "subgroup", item))
                words = group_text(item)
                lines += [(0.14, "small", words)] if words else []
    return lines


def _plan(frame: pd.DataFrame, blocks: dict, columns: Columns, style: Style) -> list[tuple]:
    """List the lines of the figure from top to bottom: (height, kind, content)."""
    row, low = style.row, style.row * 0.88
    inner = columns.wide - 2 * style.margin
    lines: list[tuple] = []
    lines += [(0.2, "title", part) for part in title_lines(first(frame, "title"), inner, style)]
    lines += [(0.06, "space", None)] if lines else []
    drawn = any(blocks[name] for name in ("study", "summary", "bayes", "beside"))
    if drawn:
        lines += [(0.42 + 0.15 * (len(heads_of(frame, style)[0]) - 1), "head", None)]
    lines += _studies(blocks, columns, style)
    if blocks["summary"] or blocks["bayes"] or blocks["note"]:
        lines += [(0.1, "rule", None)]
    for item in blocks["summary"]:
        lines.append((row, "summary", item))
        if text(item, "status") == "headline" and math.isfinite(value(item, "natural_pi_low")):
            lines.append((row, "prediction", item))
    span = (columns.plot if drawn else columns.wide - style.margin) - style.margin - 0.1
    for item in blocks["note"]:
        lines += [(low, "note", part) for part in wrap(_note(item), span, style.size)]
    for item in blocks["bayes"]:
        lines.append((row, "bayes", item))
        if math.isfinite(value(item, "natural_pi_low")):
            lines.append((row, "prediction", item))
    tests = [line for item in blocks["between"] for line in (test_text(item), text(item, "words")) if line]
    for sentence in (*heterogeneity_text(blocks["summary"]), *tests):
        lines += [(0.155, "small", part) for part in wrap(sentence, span, style.small)]
    if lines and lines[-1][1] == "small":
        lines.append((0.05, "space", None))
    if blocks["beside"]:
        lines += [(0.12, "rule", None), (row, "group", "Pooled by others (not part of this analysis)")]
        lines += [(row, "beside", item) for item in blocks["beside"]]
    if any(_sets_axis(item) for items in blocks.values() for item in items):
        lines += [(0.56, "axis", None)]
    for name, words in _LISTS.items():
        if blocks[name]:
            lines += [(0.1, "rule", None), (row, "group", words.format(len(blocks[name])))]
        room = columns.wide - style.margin - _reasons(columns)
        for item in blocks[name]:
            parts = wrap(_listed(item), room, style.small, lines=3)
            lines.append((0.02 + 0.145 * len(parts), "listed", item))
    lines += [(0.07, "space", None)] if drawn else []
    lines += [(0.165, "legend", items) for items in legend_items(frame, inner, style)]
    return lines


_LISTS = {
    "paired": "In the same people: {}",
    "concerned": "Studies that the question concerns: {}",
    "left_out": "Not in the analysis: {}",
}


def _listed(item: dict) -> str:
    if text(item, "block") != "paired":
        return text(item, "words")
    return f"ratio {estimate_text(item)}; {text(item, 'words')}"


def _note(item: dict) -> str:
    words = text(item, "words")
    return words if text(item, "status") == "one_study" else f"Not pooled: {words}"


def _draw(sheet: Sheet, frame: pd.DataFrame, columns: Columns, lines: list[tuple]) -> None:
    style = sheet.style
    tops = np.concatenate([[style.margin], style.margin + np.cumsum([line[0] for line in lines])])
    kinds = [line[1] for line in lines]
    ax = _effects(sheet, frame, columns, tops, kinds) if "axis" in kinds else None
    heaviest = float(np.nanmax(numbers(frame, "weight"), initial=0.0))
    striped = 0
    for i in range(len(lines)):
        (high, kind, content), top = lines[i], float(tops[i])
        y = top + high / 2
        striped = striped + 1 if kind == "study" else striped
        if kind in _WRITERS:
            _WRITERS[kind](sheet, content, y, columns)
        elif kind == "head":
            draw_head(sheet, frame, columns, top, high)
        elif kind == "study":
            if striped % 2 == 0:
                sheet.band(top, top + high)
            _study(sheet, ax, content, y, columns, heaviest)
        elif kind in ("subgroup", "summary", "bayes", "prediction", "beside"):
            _pooled(sheet, ax, content, kind, y, columns)
        elif kind == "legend":
            _legend(sheet, content, y)
        if isinstance(content, dict) and "row" in content and kind not in ("legend", "prediction"):
            sheet.target(top, top + high, identifier("forest", content))


def _effects(sheet: Sheet, frame: pd.DataFrame, columns: Columns, tops, kinds: list[str]) -> Axes:
    style = sheet.style
    top, bottom = float(tops[kinds.index("head") + 1]), float(tops[kinds.index("axis")]) + 0.03
    inches = columns.estimate - GAP - columns.plot
    ax = sheet.plot(columns.plot, top, inches, bottom - top)
    log = first(frame, "log_axis") == "yes"
    null = value(rows_of(frame)[0], "null_value")
    drawn = frame[[_sets_axis(row) for row in rows_of(frame)]]
    limits = effect_limits(
        numbers(drawn, "natural_estimate"),
        np.fmin(numbers(drawn, "natural_ci_low"), numbers(drawn, "natural_pi_low")),
        np.fmax(numbers(drawn, "natural_ci_high"), numbers(drawn, "natural_pi_high")),
        null,
        log,
    )
    effect_axis(ax, limits, log, inches, style)
    if math.isfinite(null):
        ax.axvline(null, color=style.ink, lw=0.7, zorder=1)
    headline_line(ax, frame, style)
    axis_words(sheet, frame, columns, bottom, inches, limits, log, null)
    return ax


def _sets_axis(row: dict) -> bool:
    """Whether the axis must hold a row; of the frequentist summaries the headline only.

    Hartung-Knapp intervals of two studies would squeeze everything else.
    """
    block, status = text(row, "block"), text(row, "status")
    return (
        block in ("study", "bayes", "subgroup")
        or (block, status) == ("summary", "headline")
        or (block == "beside" and status != "other measure")
    )


def _signs(row: dict) -> str:
    return study_label(row)[len(clean(text(row, "label"))) :].strip()


def _name_lines(row: dict, columns: Columns, style: Style) -> list[str]:
    """Return the name of a study on one line, or on two where it is long: its end tells it from its like."""
    signs = _signs(row)
    room = columns.one - columns.label - 0.06 - (width(signs, style.size) + 0.05 if signs else 0.0)
    return wrap(text(row, "label"), room, style.size, lines=2)


def _study(sheet: Sheet, ax: Axes, row: dict, y: float, columns: Columns, heaviest: float) -> None:
    style = sheet.style
    names = _name_lines(row, columns, style)
    for i, line in enumerate(names):
        sheet.text(columns.label, y + 0.13 * (i - (len(names) - 1) / 2), line)
    # written apart, so that a name written from right to left does not carry it to its other end
    end = columns.label + width(names[-1], style.size) + 0.05
    sheet.text(end, y + 0.065 * (len(names) - 1), _signs(row))
    if columns.has_counts:
        sheet.text(columns.two - GAP, y, arm_text(row, 1), ha="right")
        sheet.text(columns.plot - 0.06 - GAP, y, arm_text(row, 2), ha="right")
    weight = value(row, "weight")
    share = math.sqrt(weight / heaviest) if heaviest and math.isfinite(weight) else 0.5
    side = max(_BIGGEST * share, _SMALLEST)
    square_and_line(ax, row, y, side, style)
    sheet.text(columns.weight - GAP, y, estimate_text(row), ha="right")
    if columns.has_weights:
        sheet.text(columns.risk - GAP, y, percent(weight), ha="right")
    draw_level(sheet.ax, columns.risk + 0.2, y, text(row, "risk_of_bias"), 9.2, style)


def _pooled(sheet: Sheet, ax: Axes, row: dict, kind: str, y: float, columns: Columns) -> None:
    style = sheet.style
    bold = {"weight": "bold"} if text(row, "status") == "headline" and kind == "summary" else {}
    look = {} if bold or kind == "beside" else {"color": style.ink}
    label, after = _pooled_label(row, kind)
    indent = 0.12 if kind == "prediction" else 0.0
    weight = bold.get("weight", "normal")
    room = columns.plot - columns.label - indent - 0.08 - width(after, style.size, weight)
    sheet.text(columns.label + indent, y, shorten(label, room, style.size, weight) + after, **bold, **look)
    if kind == "prediction":
        bar(ax, row, y, style)
        words = estimate_text(row, prediction=True)
    elif text(row, "status") == "failed":
        words = "not shown"
    else:
        words = estimate_text(row)
        if kind == "beside":
            circle_and_line(ax, row, y, style)
            size = [f"{n} = {count(value(row, n))}" for n in ("k", "n") if math.isfinite(value(row, n))]
            sheet.text(columns.weight, y, ", ".join(size), style.small, color=style.grey)
        else:
            diamond(ax, row, y, kind, style)
    sheet.text(columns.weight - GAP, y, words, ha="right", **bold)


def _pooled_label(row: dict, kind: str) -> tuple[str, str]:
    """Return a label and what must stay of it when it is shortened."""
    label = text(row, "label")
    if kind == "prediction":
        level = value(row, "level")
        return (f"{100 * level:g}% prediction interval" if math.isfinite(level) else "prediction interval"), ""
    if kind == "subgroup":
        return label, f" (k = {count(value(row, 'k'))})" + ("" if text(row, "status") != "failed" else ": not possible")
    if text(row, "status") == "failed":
        return label, ": failed its checks"
    return label, " †" if text(row, "unconfirmed") == "yes" else ""


def _write_title(sheet: Sheet, line: tuple[str, str], y: float, columns: Columns) -> None:
    sheet.text(columns.label, y, line[0], sheet.style.title, weight=line[1])


def _write_group(sheet: Sheet, words: str, y: float, columns: Columns) -> None:
    sheet.text(columns.label, y, words, weight="bold", color=sheet.style.grey)


def _write_note(sheet: Sheet, words: str, y: float, columns: Columns) -> None:
    sheet.text(columns.label, y, words)


def _write_small(sheet: Sheet, words: str, y: float, columns: Columns) -> None:
    sheet.text(columns.label, y, words, sheet.style.small, color=sheet.style.grey)


def _write_rule(sheet: Sheet, _words, y: float, _columns: Columns) -> None:
    sheet.rule(y)


def _write_listed(sheet: Sheet, row: dict, y: float, columns: Columns) -> None:
    style, start = sheet.style, _reasons(columns)
    lines = wrap(_listed(row), columns.wide - style.margin - start, style.small, lines=3)
    y -= 0.145 * (len(lines) - 1) / 2
    sheet.text(columns.label, y, shorten(text(row, "label"), start - columns.label - 0.08, style.small), style.small)
    sheet.notes(y, lines, 0.145, start)


def _reasons(columns: Columns) -> float:
    return columns.label + max(1.35, min(columns.one - columns.label, 2.0))


def _legend(sheet: Sheet, items: list[tuple], y: float) -> None:
    style, x = sheet.style, sheet.style.margin
    for draw, words in items:
        draw(sheet.ax, x + 0.08, y, style)
        sheet.text(x + 0.22, y, words, style.small, color=style.grey)
        x += 0.22 + width(words, style.small) + 0.2


_WRITERS = {
    "title": _write_title,
    "group": _write_group,
    "note": _write_note,
    "small": _write_small,
    "rule": _write_rule,
    "listed": _write_listed,
}
