"""Many analyses at once: the specification curve of every defensible path, and GOSH, every subset of the studies."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evisynth.effects.measures import find_measure
from evisynth.figures.chart import Chart, padded
from evisynth.figures.frames import (
    axis_columns,
    chosen,
    first,
    framed,
    is_log,
    null_of,
    numbers,
    require,
    rows_of,
    text,
    texts,
    value,
)
from evisynth.figures.sheet import Sheet, effect_axis, effect_limits, identifier, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import interval, number, percent, prior_words, shorten, width, wrap

ESTIMATE = ("natural_estimate", "natural_ci_low", "natural_ci_high")
FIXED = (
    "row", "synthesis", "measure", "path", *ESTIMATE, "k", "planned", "axis_label", "log_axis", "null_value", "title",
    "note",
)  # fmt: skip
GOSH_COLUMNS = (
    "row", "synthesis", "measure", "natural_estimate", "i2", "size", "complete", "holds", "axis_label", "log_axis",
    "null_value", "title", "from",
)  # fmt: skip
_MOST_MARKS = 120  # of paths whose points are marks of their own; more are one line and one cloud


def specification_frame(
    paths: pd.DataFrame, choices: Sequence[str], synthesis: str, measure: str, *, title: str = "", note: str = ""
) -> pd.DataFrame:
    """Collect the estimate of every path through the analysis, in order of size.

    Parameters
    ----------
    paths : pandas.DataFrame
        ``pooled/multiverse.csv``: one row per path: synthesis, measure, path, panel, the columns named in `choices`
        (words), natural_estimate and limits, k, planned (yes or no). Paths whose scale cannot share an axis with the
        planned one (another ``panel``) and paths that failed are left out and counted.
    choices : sequence of str
        The columns that tell the paths apart, e.g. ``estimator``, ``interval``, ``unconfirmed_rows``.
    synthesis, measure : str
        Whose; the planned measure.
    title, note : str
        The title, and a line below.

    Returns
    -------
    pandas.DataFrame
        One row per path; a choice's column is named ``choice:<name>``.
    """
    every = rows_of(chosen(paths, synthesis=synthesis))
    panel = next((text(row, "panel") for row in every if text(row, "measure") == measure), "")
    kept = [row for row in every if text(row, "panel") == panel and math.isfinite(value(row, "natural_estimate"))]
    elsewhere = sum(text(row, "panel") != panel for row in every)
    failed = len(every) - len(kept) - elsewhere
    notes = [note] if note else []
    notes += [f"{elsewhere:,} paths on other scales are in the table pooled/multiverse.csv."] if elsewhere else []
    notes += [f"{failed:,} paths could not be computed."] if failed else []
    shared = {"synthesis": synthesis, **axis_columns(measure), "note": " ".join(notes)}
    shared["title"] = title or "Every defensible path through the analysis"
    scales = sorted({text(row, "measure") for row in kept}, key=lambda name: name != measure)
    if len(scales) > 1:
        words = " or ".join(find_measure(name).long_name for name in scales)
        log = " (log scale)" if shared["log_axis"] == "yes" else ""
        shared["axis_label"] = f"{words[:1].upper()}{words[1:]}{log}"
    rows = [
        {
            **shared,
            "measure": text(row, "measure"),
            # a mark of its own, which a page can make open: the planned path always, the others where they are few
            "row": text(row, "path") if len(kept) <= _MOST_MARKS or text(row, "planned") == "yes" else "",
            "path": text(row, "path"),
            **{name: value(row, name) for name in (*ESTIMATE, "k")},
            "planned": "yes" if text(row, "planned") == "yes" else "no",
            **{f"choice:{name}": _choice(name, text(row, name)) for name in choices},
            "from": f"pooled/multiverse.csv:{synthesis}:{text(row, 'path')}",
        }
        for row in kept
    ]
    rows.sort(key=lambda row: (row["natural_estimate"], row["path"]))
    return framed(rows, (*FIXED, *(f"choice:{name}" for name in choices), "from"))


def _choice(name: str, words: str) -> str:
    return prior_words(words) if name == "prior" and words else words


def plot_specification(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a specification curve: estimates above, the choices behind each below, the planned path marked.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`specification_frame` gives.
    style : Style, optional
        Another style.

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis. Nat Hum Behav 4:1208-1214.
    Voracek M, Kossmeier M, Tran US (2019). Which data to meta-analyze, and how? Z Psychol 227:64-82.
    """
    require(frame, ("path", "natural_estimate", "planned", "from"), "specification curve")
    style = style or STYLE
    with drawing():
        return _curve(frame, style)


_LINE = 0.145  # inches of a line of the choices


def _curve(frame: pd.DataFrame, style: Style) -> Figure:
    choices = [name for name in frame.columns if name.startswith("choice:")]
    levels = [(name, level) for name in choices for level in _levels(frame, name)]
    label = min(max([width(level, style.small) for _, level in levels] + [1.0]), 2.3)
    group = min(max([width(_head(name), style.small, "bold") for name in choices] + [0.5]), 1.3)
    left = style.margin + group + label + 0.35
    inches, high = min(max(0.06 * len(frame), 3.6), 6.0), 2.1
    wide = left + inches + 0.3
    title = title_lines(first(frame, "title"), wide - 0.3, style)
    planned = [row for row in rows_of(frame) if text(row, "planned") == "yes"]
    words = f"{len(frame):,} paths, in order of their estimate. "
    words += (
        f"Orange: the planned path, {interval(*(value(planned[0], name) for name in ESTIMATE))}. "
        if planned
        else "The planned path is not among these. "
    )
    notes = wrap(words + first(frame, "note"), wide - 2 * style.margin, style.small, lines=4)
    top = style.margin + 0.2 * len(title) + 0.1
    body = top + high + 0.12
    size = sum(_LINE * len(wrap(level, label, style.small)) for _, level in levels) + 0.06 * len(choices)
    sheet = Sheet(wide, body + size + 0.1 + 0.15 * len(notes) + style.margin, style)
    sheet.title(title)
    ax = sheet.plot(left, top, inches, high, rows=False)
    points, low, upper = (numbers(frame, name) for name in ESTIMATE)
    null, log = null_of(frame), is_log(frame)
    effect_axis(ax, effect_limits(points, low, upper, null, log), log, high, style, vertical=True)
    ax.set_xlim(-0.8, max(len(frame), 1) - 0.2)
    ax.set_xticks([])
    if math.isfinite(null):
        ax.axhline(null, color=style.ink, lw=0.7, zorder=1)
    _paths(ax, frame, style)
    label_y = {"ha": "center", "va": "center", "rotation": 90}
    sheet.text(left - 0.45, top + high / 2, first(frame, "axis_label"), style.small, **label_y)
    _choices(sheet, frame, choices, (left, body, inches), label)
    sheet.notes(body + size + 0.14, notes)
    return sheet.figure


def _levels(frame: pd.DataFrame, name: str) -> list[str]:
    return sorted({found for found in texts(frame, name) if found})


def _paths(ax: Axes, frame: pd.DataFrame, style: Style) -> None:
    """Draw the intervals as one broken line, the points as marks; the planned path apart and on top."""
    points, low, upper = (numbers(frame, name) for name in ESTIMATE)
    floor, ceiling = ax.get_ylim()
    low, upper = np.fmax(low, floor), np.fmin(upper, ceiling)
    planned = np.array([found == "yes" for found in texts(frame, "planned")], dtype=bool)
    places = np.arange(len(frame), dtype=float)
    dense = min(1.0, 90 / max(len(frame), 1))
    ax.plot(
        *_broken(places[~planned], low[~planned], upper[~planned]), color=style.rule, lw=0.3 + 0.5 * dense, zorder=2
    )
    ax.plot(*_broken(places[planned], low[planned], upper[planned]), color=style.bayes, lw=1.5, zorder=3)
    small = {"mfc": style.study, "mec": style.ink, "mew": 0.0, "ms": 1.4 + 1.4 * dense, "ls": "none", "marker": "o"}
    if len(frame) > _MOST_MARKS:
        ax.plot(places[~planned], points[~planned], zorder=4, **small)
    for i, row in enumerate(rows_of(frame)):
        if planned[i] or len(frame) <= _MOST_MARKS:
            own = {"marker": "D", "ms": 5.0, "mfc": style.bayes, "mec": style.ink, "mew": 0.4}
            (mark,) = ax.plot(i, points[i], zorder=5 if planned[i] else 4, **(small | own if planned[i] else small))
            mark.set_gid(identifier("specification", row))


def _broken(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return upright strokes as one line with gaps: one element of the SVG instead of a thousand."""
    gap = np.full(len(x), np.nan)
    return np.column_stack([x, x, gap]).ravel(), np.column_stack([low, high, gap]).ravel()


def _choices(
    sheet: Sheet, frame: pd.DataFrame, choices: list[str], box: tuple[float, float, float], label: float
) -> None:
    style, (left, y, inches) = sheet.style, box
    # the same places as above: the axis reaches from -0.8 to n - 0.2
    places = left + inches * (np.arange(len(frame)) + 0.8) / (max(len(frame), 1) + 0.6)
    planned = np.array([found == "yes" for found in texts(frame, "planned")], dtype=bool)
    thick = min(1.2, max(0.35, 60 * inches / max(len(frame), 1)))
    for i, name in enumerate(choices):
        found = texts(frame, name)
        # a long choice takes more lines: a label that is cut off names nothing
        lines = {level: wrap(level, label, style.small) for level in _levels(frame, name)}
        tall = sum(_LINE * len(words) for words in lines.values())
        if i % 2 == 0:
            sheet.band(y - 0.01, y + tall + 0.01)
        sheet.text(style.margin, y + 0.07, shorten(_head(name), 1.3, style.small, "bold"), style.small, weight="bold")
        for level, words in lines.items():
            for j, line in enumerate(words):
                sheet.text(left - 0.12, y + 0.07 + _LINE * j, line, style.small, ha="right")
            here = np.array([part == level for part in found], dtype=bool)
            for which, look in (
                (here & ~planned, {"color": style.study, "lw": thick}),
                (here & planned, {"color": style.bayes, "lw": 2.2}),
            ):
                top, bottom = np.full(which.sum(), y + 0.02), np.full(which.sum(), y + 0.12)
                sheet.ax.plot(*_broken(places[which], top, bottom), **look)
            y += _LINE * len(words)
        y += 0.06


def _head(name: str) -> str:
    words = name.removeprefix("choice:").replace("_", " ")
    return words[:1].upper() + words[1:]


def gosh_frame(
    gosh: pd.DataFrame, synthesis: str, measure: str, *, studies: Sequence[str] = (), title: str = ""
) -> pd.DataFrame:
    """Collect the estimate and I2 of subsets of the studies.

    Parameters
    ----------
    gosh : pandas.DataFrame
        ``bias/gosh.csv``.
    synthesis, measure : str
        Whose.
    studies : sequence of str
        Names of the studies in the order of the effects, which is that of the digits in the subsets' names; the
        subsets that hold the study that moves them most are then marked.
    title : str
        The title.
    """
    key = {"synthesis": synthesis, "measure": measure}
    shared = {**key, **axis_columns(measure), "title": title or "Every subset of the studies (GOSH)"}
    every = rows_of(chosen(gosh, **key))
    place, name = _moves_most(every, list(studies))
    rows = [
        {
            **shared,
            # no part of the cloud can be opened by itself: its rows have no name inside the SVG
            "row": "",
            "holds": name if name and text(row, "subset")[1 + place] == "1" else "",
            "natural_estimate": value(row, "natural_estimate"),
            "i2": value(row, "i2"),
            "size": value(row, "size"),
            "complete": "yes" if text(row, "complete") in ("yes", "True") else "no",
            "from": f"bias/gosh.csv:{synthesis}:{measure}:{text(row, 'subset')}",
        }
        for row in every
    ]
    return framed(rows, GOSH_COLUMNS)


def _moves_most(rows: list[dict], studies: list[str]) -> tuple[int, str]:
    """Return the study whose presence moves the mean of the subsets' estimates most, as the subsets' names tell."""
    names = [text(row, "subset") for row in rows]
    if not names or not all(len(name) == len(studies) + 1 and set(name[1:]) <= {"0", "1"} for name in names):
        return 0, ""
    estimates = np.array([value(row, "estimate") for row in rows])
    member = np.array([[letter == "1" for letter in name[1:]] for name in names], dtype=bool)
    shifts = [
        abs(np.nanmean(estimates[held]) - np.nanmean(estimates[~held])) if held.any() and not held.all() else 0.0
        for held in member.T
    ]
    place = int(np.argmax(shifts))
    return place, studies[place]


def plot_gosh(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw estimates and I2 of subsets; the cloud is one picture inside the SVG, so that the file stays small.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`gosh_frame` gives.
    style : Style, optional
        Another style.

    References
    ----------
    Olkin I, Dahabreh IJ, Trikalinos TA (2012). GOSH - a graphical display of study heterogeneity.
    Res Synth Methods 3:214-223.
    """
    require(frame, ("natural_estimate", "i2", "from"), "GOSH plot")
    style = style or STYLE
    with drawing():
        whole = first(frame, "complete") == "yes"
        name = first(frame, "holds")
        note = f"{len(frame):,} subsets of two and more studies{'' if whole else ', drawn at random'}."
        note += f" Orange crosses: subsets with {name}, which moves them most; blue dots: without it." if name else ""
        chart = Chart(first(frame, "title", "GOSH"), 4.4, 3.3, [note], first(frame, "axis_label"), "I², %", style, 0.3)
        x, y = numbers(frame, "natural_estimate"), numbers(frame, "i2")
        null = null_of(frame)
        log = is_log(frame)
        nothing = np.full(len(x), np.nan)
        effect_axis(chart.ax, effect_limits(x, nothing, nothing, null, log), log, chart.wide, style)
        chart.linear("y", *padded(y, 0.03, (0.0, 100.0)))
        if math.isfinite(null):
            chart.ax.axvline(null, color=style.rule, lw=0.7, zorder=0.5)
        held = np.array([bool(found) for found in texts(frame, "holds")], dtype=bool)
        chart.ax.plot(x[held], y[held], "+", ms=3.0, mec=style.bayes, mew=0.5, alpha=0.5, rasterized=True, zorder=2)
        chart.ax.plot(x[~held], y[~held], "o", ms=2.0, mfc=style.blue, mew=0, alpha=0.3, rasterized=True, zorder=3)
        return chart.figure


def alt_text(frame: pd.DataFrame) -> str:
    """Return a specification curve or GOSH plot in words, from its frame."""
    found = numbers(frame, "natural_estimate")
    found = found[np.isfinite(found)]
    what = "subsets" if "i2" in frame.columns else "paths"
    words = f"{first(frame, 'title', 'Many analyses')}: {len(frame)} {what}."
    if len(found):
        words += f" Estimates from {number(float(found.min()))} to {number(float(found.max()))}."
    if "i2" in frame.columns and len(found):
        i2 = numbers(frame, "i2")
        words += f" I² from {percent(float(np.nanmin(i2)), 0)} to {percent(float(np.nanmax(i2)), 0)}."
    for row in rows_of(frame):
        if text(row, "planned") == "yes":
            words += f" Planned path: {interval(*(value(row, name) for name in ESTIMATE))}."
    return words
