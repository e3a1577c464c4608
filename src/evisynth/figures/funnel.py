"""The funnel plot with contours of significance, and the points that trim and fill would add."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evisynth.effects.measures import find_measure
from evisynth.figures.chart import Chart, status_notes
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
from evisynth.figures.sheet import effect_axis, identifier
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import number

COLUMNS = (
    "row", "synthesis", "measure", "block", "label", "natural_x", "sei", "status", "z",
    "axis_label", "log_axis", "null_value", "title", "from",
)  # fmt: skip
# two-sided p of the contours and their quantiles of the normal distribution
CONTOURS = ((0.10, 1.6448536269514722), (0.05, 1.959963984540054), (0.01, 2.5758293035489004))


def funnel_frame(
    effects: pd.DataFrame,
    estimates: pd.DataFrame,
    synthesis: str,
    measure: str,
    *,
    filled: pd.DataFrame | None = None,
    estimator: str = "",
    title: str = "",
) -> pd.DataFrame:
    """Collect the points of a funnel plot.

    Parameters
    ----------
    effects, estimates : pandas.DataFrame
        ``effects/effects.csv`` and ``pooled/estimates.csv``.
    synthesis, measure : str
        Whose.
    filled : pandas.DataFrame, optional
        ``bias/trim_and_fill.csv``: its filled points are shown open.
    estimator : str
        Which estimator's points; blank: the first one's.
    title : str
        The title.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`. ``block`` is ``study``, ``filled``, ``headline`` (``natural_x`` alone) or ``contour``
        (``z`` alone). ``natural_x`` is on the readers' scale, ``sei`` on the scale of the analysis.
    """
    known, key = find_measure(measure), {"synthesis": synthesis, "measure": measure}
    rows = [
        {
            "row": f"study:{text(row, 'study_id')}",
            "block": "study",
            "label": text(row, "label"),
            "natural_x": value(row, "natural_estimate"),
            "sei": value(row, "sei"),
            "status": text(row, "status"),
            "from": f"effects/effects.csv:{synthesis}:{measure}:{text(row, 'study_id')}",
        }
        for row in rows_of(chosen(effects, **key))
    ]
    added = rows_of(chosen(filled, **key))
    estimator = estimator or next((text(row, "estimator") for row in added), "")
    rows += [
        {
            "row": f"filled:{text(row, 'point')}",
            "block": "filled",
            "label": text(row, "label"),
            "natural_x": float(known.back(value(row, "yi"))),
            "sei": value(row, "sei"),
            "from": f"bias/trim_and_fill.csv:{synthesis}:{measure}:{estimator}:{text(row, 'point')}",
        }
        for row in added
        if text(row, "estimator") == estimator and text(row, "filled") == "yes"
    ]
    for row in rows_of(chosen(estimates, **key, headline="yes"))[:1]:
        origin = f"pooled/estimates.csv:{synthesis}:{measure}:{text(row, 'method')}"
        rows.append(
            {"row": "headline", "block": "headline", "natural_x": value(row, "natural_estimate"), "from": origin}
        )
        rows += [
            {"row": f"contour:{p:g}", "block": "contour", "label": f"p = {p:.2f}", "z": z, "from": origin}
            for p, z in CONTOURS
        ]
    shared = {**key, **axis_columns(measure), "title": title or "Funnel plot"}
    return framed(({**row, **shared} for row in rows), COLUMNS)


def plot_funnel(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a contour-enhanced funnel plot.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`funnel_frame` gives.
    style : Style, optional
        Another style.

    References
    ----------
    Peters JL et al (2008). Contour-enhanced meta-analysis funnel plots help distinguish publication bias from other
    causes of asymmetry. J Clin Epidemiol 61:991-996.
    """
    require(frame, ("block", "natural_x", "sei", "from"), "funnel plot")
    style = style or STYLE
    with drawing():
        return _funnel(frame, style)


def _funnel(frame: pd.DataFrame, style: Style) -> Figure:
    points = block(frame, "study", "filled")
    some_filled = any(text(row, "block") == "filled" for row in rows_of(frame))
    few = sum(text(row, "block") == "study" for row in rows_of(frame)) < 10
    notes = ["Open diamonds: studies that trim and fill would add; they are no data."] if some_filled else []
    notes += status_notes(points)
    notes += ["Fewer than 10 studies: the shape of a funnel says next to nothing."] if few else []
    chart = Chart(
        first(frame, "title"), notes=notes, x_label=first(frame, "axis_label"), y_label="Standard error", style=style,
        right=1.15,
    )  # fmt: skip
    log = is_log(frame)
    null = null_of(frame)
    sei, x = numbers(points, "sei"), numbers(points, "natural_x")
    deepest = 1.06 * float(np.nanmax(sei, initial=0.0)) or 1.0
    turn, back = (np.log, np.exp) if log else (np.asarray, np.asarray)
    centre = next((value(r, "natural_x") for r in rows_of(frame) if text(r, "block") == "headline"), math.nan)
    reach = [*turn(x[np.isfinite(x)]), float(turn(null)) if math.isfinite(null) else 0.0]
    if math.isfinite(centre):
        reach += [float(turn(centre)) - 1.96 * deepest, float(turn(centre)) + 1.96 * deepest]
    low, high = min(reach), max(reach)
    pad = 0.03 * (high - low) or 0.5
    effect_axis(chart.ax, (float(back(low - pad)), float(back(high + pad))), log, chart.wide, style)
    chart.linear("y", 0.0, deepest)
    chart.ax.set_ylim(deepest, 0.0)
    if math.isfinite(null):
        _contours(chart, frame, null, deepest, turn, back)
    if math.isfinite(centre):
        ends = [float(back(float(turn(centre)) + side * 1.96 * deepest)) for side in (-1, 1)]
        for end in ends:
            steps = np.linspace(0, 1, 2 if not log else 60)
            path = back(float(turn(centre)) + steps * (float(turn(end)) - float(turn(centre))))
            chart.ax.plot(path, steps * deepest, color=style.ink, lw=0.7, ls=(0, (3, 2)), zorder=2)
        chart.ax.axvline(centre, color=style.ink, lw=0.8, ls=(0, (3, 2)), zorder=2)
    _points(chart, points)
    return chart.figure


def _contours(chart: Chart, frame: pd.DataFrame, null: float, deepest: float, turn, back) -> None:
    style, shades = chart.style, ("#ffffff", "#e3e3e3", "#cfcfcf", "#f4f4f4")
    contours = [row for row in rows_of(frame) if text(row, "block") == "contour"]
    low, high = chart.ax.get_xlim()
    chart.ax.axvspan(low, high, fc=shades[3], lw=0, zorder=0)
    steps = np.linspace(0, deepest, 60)
    for i, row in enumerate(reversed(contours)):
        spread = value(row, "z") * steps
        left, right = back(float(turn(null)) - spread), back(float(turn(null)) + spread)
        chart.ax.fill_betweenx(
            steps, left, right, fc=shades[len(contours) - 1 - i], ec=style.rule, lw=0.4, zorder=0.1 + 0.1 * i
        )
    chart.ax.axvline(null, color=style.rule, lw=0.7, zorder=1)
    names = ["p > 0.10", "0.05 < p < 0.10", "0.01 < p < 0.05", "p < 0.01"]
    x, y = chart.left + chart.wide + 0.1, chart.top + 0.15
    for name, shade in zip(names, shades, strict=True):
        chart.sheet.ax.plot(x + 0.06, y, "s", ms=7, mfc=shade, mec=style.rule, mew=0.5)
        chart.sheet.text(x + 0.16, y, name, 6.5, color=style.grey)
        y += 0.17


def _points(chart: Chart, points: pd.DataFrame) -> None:
    style = chart.style
    for row in rows_of(points):
        x, y = value(row, "natural_x"), value(row, "sei")
        if not (math.isfinite(x) and math.isfinite(y)):
            continue
        own = text(row, "block") == "study"
        fill = style.fill(text(row, "status")) if own else "white"
        (mark,) = chart.ax.plot(
            x, y, "o" if own else "D", ms=5.2 if own else 4.6, mfc=fill, mec=style.study if own else style.bayes,
            mew=0.9, zorder=4, clip_on=False,
        )  # fmt: skip
        mark.set_gid(identifier("funnel", row))


def alt_text(frame: pd.DataFrame) -> str:
    """Return a funnel plot in words, from its frame."""
    rows = rows_of(frame)
    studies = [row for row in rows if text(row, "block") == "study"]
    filled = sum(text(row, "block") == "filled" for row in rows)
    words = f"{first(frame, 'title', 'Funnel plot')}: {len(studies)} studies"
    if studies:
        se = [value(row, "sei") for row in studies]
        words += f", standard errors from {number(min(se))} to {number(max(se))}"
    words += f", {filled} points added by trim and fill." if filled else "."
    centre = next((value(row, "natural_x") for row in rows if text(row, "block") == "headline"), math.nan)
    return words + (f" Centred on {number(centre)}." if math.isfinite(centre) else "")
