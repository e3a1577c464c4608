"""Many analyses at once: the specification curve of every defensible path, and GOSH, every subset of the studies."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evisynth.effects.measures import find_measure
from evisynth.figures.chart import Chart, padded
from evisynth.figures.frames import chosen, first, framed, numbers, require, rows_of, text, texts, value
from evisynth.figures.sheet import Sheet, effect_axis, effect_limits, identifier
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import interval, number, percent, shorten, width, wrap

ESTIMATE = ("natural_estimate", "natural_ci_low", "natural_ci_high")
FIXED = (
    "row",
    "synthesis",
    "measure",
    "path",
    *ESTIMATE,
    "k",
    "planned",
    "axis_label",
    "log_axis",
    "null_value",
    "title",
)
GOSH_COLUMNS = (
    "row", "synthesis", "measure", "natural_estimate", "i2", "size", "complete", "axis_label", "log_axis", "null_value",
    "title", "from",
)  # fmt: skip


def specification_frame(
    paths: pd.DataFrame, choices: list[str], synthesis: str, measure: str, *, title: str = ""
) -> pd.DataFrame:
    """Collect the estimate of every path through the analysis, in order of size.

    Parameters
    ----------
    paths : pandas.DataFrame
        One row per path: synthesis, measure, path, the columns named in `choices` (words), natural_estimate and limits,
        k, planned (yes or no) and from.
    choices : list of str
        The columns that tell the paths apart, e.g. ``estimator``, ``interval``, ``unconfirmed rows``.
    synthesis, measure : str
        Whose.
    title : str
        The title.

    Returns
    -------
    pandas.DataFrame
        One row per path; a choice's column is named ``choice:<name>``.
    """
    known = find_measure(measure)
    shared = {"synthesis": synthesis, "measure": measure, "axis_label": known.axis_label}
    shared |= {"log_axis": "yes" if known.is_log else "no", "null_value": known.natural_null}
    shared["title"] = title or "Every defensible path through the analysis"
    rows = [
        {
            **shared,
            "row": text(row, "path"),
            "path": text(row, "path"),
            **{name: value(row, name) for name in (*ESTIMATE, "k")},
            "planned": "yes" if text(row, "planned") == "yes" else "no",
            **{f"choice:{name}": text(row, name) for name in choices},
            "from": text(row, "from"),
        }
        for row in rows_of(chosen(paths, synthesis=synthesis, measure=measure))
    ]
    rows.sort(key=lambda row: (row["natural_estimate"], row["path"]))
    return framed(rows, (*FIXED, *(f"choice:{name}" for name in choices), "from"))


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


def _curve(frame: pd.DataFrame, style: Style) -> Figure:
    choices = [name for name in frame.columns if name.startswith("choice:")]
    levels = [(name, level) for name in choices for level in dict.fromkeys(texts(frame, name)) if level]
    label = min(max([width(level, style.small) for _, level in levels] + [1.0]), 1.9)
    group = min(max([width(_head(name), style.small, "bold") for name in choices] + [0.5]), 1.3)
    left = style.margin + group + label + 0.3
    inches, high = min(max(0.05 * len(frame), 3.2), 6.5), 1.9
    wide = left + inches + 0.3
    title = wrap(first(frame, "title"), wide - 0.3, style.title, "bold", 2) if style.show_title else []
    top = style.margin + 0.2 * len(title) + 0.1
    body = top + high + 0.12
    size = 0.145 * len(levels) + 0.06 * len(choices)
    sheet = Sheet(wide, body + size + 0.3 + style.margin, style)
    for i, line in enumerate(title):
        sheet.text(style.margin, style.margin + 0.1 + 0.2 * i, line, style.title, weight="bold")
    ax = sheet.plot(left, top, inches, high, rows=False)
    points, low, upper = (numbers(frame, name) for name in ESTIMATE)
    null = next((found for found in numbers(frame, "null_value") if math.isfinite(found)), math.nan)
    log = first(frame, "log_axis") == "yes"
    effect_axis(ax, effect_limits(points, low, upper, null, log), log, high, style, vertical=True)
    ax.set_xlim(-0.8, max(len(frame), 1) - 0.2)
    ax.set_xticks([])
    if math.isfinite(null):
        ax.axhline(null, color=style.ink, lw=0.7, zorder=1)
    floor, ceiling = ax.get_ylim()
    for i, row in enumerate(rows_of(frame)):
        planned = text(row, "planned") == "yes"
        look = {
            "color": style.bayes if planned else style.rule,
            "lw": 1.5 if planned else 0.7,
            "zorder": 3 if planned else 2,
        }
        ax.plot((i, i), (max(low[i], floor), min(upper[i], ceiling)), **look)
        mark = (
            {"marker": "D", "ms": 5.0, "mfc": style.bayes}
            if planned
            else {"marker": "o", "ms": 2.6, "mfc": style.study}
        )
        (point,) = ax.plot(i, points[i], mec=style.ink, mew=0.3, zorder=4, ls="none", **mark)
        point.set_gid(identifier("specification", row))
    label_y = {"ha": "center", "va": "center", "rotation": 90}
    sheet.text(left - 0.45, top + high / 2, first(frame, "axis_label"), style.small, **label_y)
    _choices(sheet, frame, choices, (left, body, inches), label)
    return sheet.figure


def _choices(
    sheet: Sheet, frame: pd.DataFrame, choices: list[str], box: tuple[float, float, float], label: float
) -> None:
    style, (left, y, inches) = sheet.style, box
    step = inches / (max(len(frame), 1) + 0.6)
    places = [left + step * (i + 0.8) for i in range(len(frame))]
    planned = [found == "yes" for found in texts(frame, "planned")]
    for name in choices:
        found = texts(frame, name)
        sheet.text(style.margin, y + 0.07, shorten(_head(name), 1.3, style.small, "bold"), style.small, weight="bold")
        for level in dict.fromkeys(part for part in found if part):
            sheet.text(left - 0.12, y + 0.07, shorten(level, label, style.small), style.small, ha="right")
            for x, here, plan in zip(places, found, planned, strict=True):
                if here == level:
                    look = {"color": style.bayes, "lw": 2.0} if plan else {"color": style.study, "lw": 0.9}
                    sheet.ax.plot((x, x), (y + 0.02, y + 0.12), **look)
            y += 0.145
        y += 0.06
    words = "Marked: the planned path." if any(planned) else "The planned path is not among these."
    sheet.text(left, y + 0.12, f"{len(frame)} paths. {words}", style.small, color=style.grey)


def _head(name: str) -> str:
    words = name.removeprefix("choice:").replace("_", " ")
    return words[:1].upper() + words[1:]


def gosh_frame(gosh: pd.DataFrame, synthesis: str, measure: str, *, title: str = "") -> pd.DataFrame:
    """Collect the estimate and I2 of subsets of the studies.

    Parameters
    ----------
    gosh : pandas.DataFrame
        ``bias/gosh.csv``.
    synthesis, measure : str
        Whose.
    title : str
        The title.
    """
    known, key = find_measure(measure), {"synthesis": synthesis, "measure": measure}
    shared = {**key, "axis_label": known.axis_label, "log_axis": "yes" if known.is_log else "no"}
    shared |= {"null_value": known.natural_null, "title": title or "Every subset of the studies (GOSH)"}
    rows = [
        {
            **shared,
            "row": text(row, "subset"),
            "natural_estimate": value(row, "natural_estimate"),
            "i2": value(row, "i2"),
            "size": value(row, "size"),
            "complete": "yes" if text(row, "complete") in ("yes", "True") else "no",
            "from": f"bias/gosh.csv:{synthesis}:{measure}:{text(row, 'subset')}",
        }
        for row in rows_of(chosen(gosh, **key))
    ]
    return framed(rows, GOSH_COLUMNS)


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
        note = f"{len(frame):,} subsets of two and more studies{'' if whole else ', drawn at random'}."
        chart = Chart(first(frame, "title", "GOSH"), 4.4, 3.3, [note], first(frame, "axis_label"), "I², %", style, 0.3)
        x, y = numbers(frame, "natural_estimate"), numbers(frame, "i2")
        null = next((found for found in numbers(frame, "null_value") if math.isfinite(found)), math.nan)
        log = first(frame, "log_axis") == "yes"
        nothing = np.full(len(x), np.nan)
        effect_axis(chart.ax, effect_limits(x, nothing, nothing, null, log), log, chart.wide, style)
        chart.linear("y", *padded(y, 0.03, (0.0, 100.0)))
        if math.isfinite(null):
            chart.ax.axvline(null, color=style.rule, lw=0.7, zorder=0.5)
        chart.ax.plot(x, y, "o", ms=2.2, mfc=style.blue, mew=0, alpha=0.25, rasterized=True, zorder=2)
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
