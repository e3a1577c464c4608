"""Studies as points of two axes: the L'Abbé plot of two risks and the radial (Galbraith) plot."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evisynth.effects.measures import find_measure
from evisynth.figures.chart import Chart, padded, status_notes
from evisynth.figures.frames import block, chosen, first, framed, is_log, numbers, require, rows_of, text, value
from evisynth.figures.sheet import effect_axis, identifier, linear_ticks, log_ticks, tick_label
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import number

LABBE_COLUMNS = (
    "row", "synthesis", "measure", "block", "label", "risk_1", "risk_2", "n", "status", "head_1", "head_2", "words",
    "title", "from",
)  # fmt: skip
RADIAL_COLUMNS = (
    "row", "synthesis", "measure", "block", "label", "precision", "z", "estimate", "natural_estimate", "status",
    "axis_label", "log_axis", "title", "from",
)  # fmt: skip


def labbe_frame(
    effects: pd.DataFrame,
    estimates: pd.DataFrame,
    synthesis: str,
    measure: str,
    *,
    heads: tuple[str, str] = ("treatment", "comparison"),
    title: str = "",
) -> pd.DataFrame:
    """Collect the risks of both arms of every study with counts, and the line of the headline estimate.

    Parameters
    ----------
    effects, estimates : pandas.DataFrame
        ``effects/effects.csv`` and ``pooled/estimates.csv``.
    synthesis, measure : str
        Whose; the line is drawn for ``RR``, ``OR`` and ``RD``.
    heads : tuple of str
        Names of the two arms.
    title : str
        The title.
    """
    key = {"synthesis": synthesis, "measure": measure}
    rows = []
    for row in rows_of(chosen(effects, **key)):
        counts = [value(row, name) for name in ("events_1", "n_1", "events_2", "n_2")]
        if all(math.isfinite(found) for found in counts) and counts[1] > 0 and counts[3] > 0:
            rows.append(
                {
                    "row": text(row, "study_id"),
                    "block": "study",
                    "label": text(row, "label"),
                    "risk_1": counts[0] / counts[1],
                    "risk_2": counts[2] / counts[3],
                    "n": counts[1] + counts[3],
                    "status": text(row, "status"),
                    "from": f"effects/effects.csv:{synthesis}:{measure}:{text(row, 'study_id')}",
                }
            )
    rows += _line(estimates, key) if rows else []
    shared = {**key, "head_1": heads[0], "head_2": heads[1], "title": title or "Risks of both arms (L'Abbé plot)"}
    return framed(({**row, **shared} for row in rows), LABBE_COLUMNS)


def _line(estimates: pd.DataFrame, key: dict) -> list[dict]:
    found = rows_of(chosen(estimates, **key, headline="yes"))
    estimate = value(found[0], "natural_estimate") if found else math.nan
    if not math.isfinite(estimate) or key["measure"] not in ("RR", "OR", "RD"):
        return []
    origin = f"pooled/estimates.csv:{key['synthesis']}:{key['measure']}:{text(found[0], 'method')}"
    risk_2 = np.union1d(np.linspace(0.0, 1.0, 101), np.geomspace(1e-5, 1.0, 101))
    if key["measure"] == "RR":
        risk_1 = estimate * risk_2
    elif key["measure"] == "RD":
        risk_1 = risk_2 + estimate
    else:
        risk_1 = estimate * risk_2 / (1 - risk_2 + estimate * risk_2)
    words = f"{key['measure']} {number(estimate)}"
    return [
        {"row": f"line:{i}", "block": "line", "risk_1": a, "risk_2": b, "words": words, "from": origin}
        for i, (a, b) in enumerate(zip(risk_1, risk_2, strict=True))
        if 0 <= a <= 1
    ]


def plot_labbe(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a L'Abbé plot; the area of a point is its number of people.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`labbe_frame` gives.
    style : Style, optional
        Another style.

    References
    ----------
    L'Abbé KA, Detsky AS, O'Rourke K (1987). Meta-analysis in clinical research. Ann Intern Med 107:224-233.
    """
    require(frame, ("label", "risk_1", "risk_2", "from"), "L'Abbé plot")
    style = style or STYLE
    with drawing():
        one, two = first(frame, "head_1", "treatment"), first(frame, "head_2", "comparison")
        studies = block(frame, "study")
        notes = ["Area: number of people. Solid line: equal risks.", *status_notes(studies)]
        chart = Chart(first(frame, "title"), 4.2, 4.2, notes, f"Risk, {two}", f"Risk, {one}", style, right=0.6)
        low, high = _risk_axes(chart, np.concatenate([numbers(studies, "risk_1"), numbers(studies, "risk_2")]))
        chart.ax.plot((low, high), (low, high), color=style.ink, lw=0.7, zorder=1)
        lines = block(frame, "line")
        if len(lines):
            x, y = numbers(lines, "risk_2"), numbers(lines, "risk_1")
            inside = (x >= low) & (y >= low) & (x <= high) & (y <= high)
            chart.ax.plot(x[inside], y[inside], color=style.bayes, lw=1.1, ls="--", zorder=2)
            words, edge = f"dashed: {first(lines, 'words')}", chart.left + chart.wide - 0.1
            chart.sheet.text(edge, chart.top + chart.high - 0.12, words, style.small, ha="right", color=style.grey)
        most = float(np.nanmax(numbers(studies, "n"), initial=1.0))
        for row in sorted(rows_of(studies), key=lambda row: -value(row, "n")):
            size = 3.0 + 11.0 * math.sqrt(value(row, "n") / most)
            fill = style.fill(text(row, "status"))
            (mark,) = chart.ax.plot(
                value(row, "risk_2"), value(row, "risk_1"), "o", ms=size, mfc=fill, mec=style.ink, mew=0.6, alpha=0.8,
                zorder=3, clip_on=False,
            )  # fmt: skip
            mark.set_gid(identifier("labbe", row))
            chart.keep_clear(value(row, "risk_2"), value(row, "risk_1"), size / 144)
        for row in rows_of(studies):
            half = (3.0 + 11.0 * math.sqrt(value(row, "n") / most)) / 144
            chart.name(value(row, "risk_2"), value(row, "risk_1"), text(row, "label"), half=half, color=style.grey)
        return chart.figure


def _risk_axes(chart: Chart, risks: np.ndarray) -> tuple[float, float]:
    """Give both axes the same limits; logarithmic ones where the risks differ thirtyfold and none is 0."""
    seen = risks[np.isfinite(risks)]
    if len(seen) and seen.min() > 0 and seen.max() > 30 * seen.min():
        low, high = seen.min() / 1.5, min(seen.max() * 1.5, 1.0)
        effect_axis(chart.ax, (low, high), True, chart.wide, chart.style)
        effect_axis(chart.ax, (low, high), True, chart.high, chart.style, vertical=True)
        return low, high
    high = min(padded(seen, 0.08, (0.0,))[1], 1.0) if len(seen) else 1.0
    for which in ("x", "y"):
        chart.linear(which, 0.0, high)
    return 0.0, high


def radial_frame(
    effects: pd.DataFrame, estimates: pd.DataFrame, synthesis: str, measure: str, *, title: str = ""
) -> pd.DataFrame:
    """Collect precision 1/se and standardised effect y/se of every study.

    Parameters
    ----------
    effects, estimates : pandas.DataFrame
        ``effects/effects.csv`` and ``pooled/estimates.csv``.
    synthesis, measure : str
        Whose. The line is that of the common effect, for which the plot is made.
    title : str
        The title.
    """
    known, key = find_measure(measure), {"synthesis": synthesis, "measure": measure}
    rows = [
        {
            "row": text(row, "study_id"),
            "block": "study",
            "label": text(row, "label"),
            "precision": 1.0 / value(row, "sei"),
            "z": value(row, "yi") / value(row, "sei"),
            "estimate": value(row, "yi"),
            "natural_estimate": value(row, "natural_estimate"),
            "status": text(row, "status"),
            "from": f"effects/effects.csv:{synthesis}:{measure}:{text(row, 'study_id')}",
        }
        for row in rows_of(chosen(effects, **key))
        if value(row, "sei") > 0
    ]
    for method in ("common", "single"):
        for row in rows_of(chosen(estimates, **key, method=method)):
            rows.append(
                {
                    "row": "line",
                    "block": "line",
                    "label": "common effect",
                    "estimate": value(row, "estimate"),
                    "natural_estimate": value(row, "natural_estimate"),
                    "from": f"pooled/estimates.csv:{synthesis}:{measure}:{method}",
                }
            )
    shared = {**key, "axis_label": known.long_name, "log_axis": "yes" if known.is_log else "no"}
    return framed(({**row, **shared, "title": title or "Radial plot"} for row in rows), RADIAL_COLUMNS)


def plot_radial(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a radial plot: the slope from the origin to a point is its estimate, read on the scale at the right.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`radial_frame` gives.
    style : Style, optional
        Another style.

    References
    ----------
    Galbraith RF (1988). Graphical display of estimates having differing standard errors. Technometrics 30:271-281.
    """
    require(frame, ("precision", "z", "from"), "radial plot")
    style = style or STYLE
    with drawing():
        return _radial(frame, style)


def _radial(frame: pd.DataFrame, style: Style) -> Figure:
    studies = block(frame, "study")
    notes = ["Grey band: within 2 standard errors of the common effect.", *status_notes(studies)]
    chart = Chart(
        first(frame, "title"),
        3.9,
        3.2,
        notes,
        "Precision (1 / standard error)",
        "Estimate / standard error",
        style,
        0.95,
    )
    furthest = 1.06 * float(np.nanmax(numbers(studies, "precision"), initial=0.0)) or 1.0
    slope = next((value(row, "estimate") for row in rows_of(frame) if text(row, "block") == "line"), math.nan)
    ends = [slope * furthest - 2, slope * furthest + 2] if math.isfinite(slope) else []
    low, high = padded(numbers(studies, "z"), 0.08, (-2.5, 2.5, *ends))
    chart.linear("x", 0.0, furthest)
    chart.linear("y", low, high)
    if math.isfinite(slope):
        x = np.array([0.0, furthest])
        chart.ax.fill_between(x, slope * x - 2, slope * x + 2, fc="#e6e6e6", lw=0, zorder=0.5)
        chart.ax.plot(x, slope * x, color=style.ink, lw=0.9, zorder=1)
    chart.ax.axhline(0, color=style.rule, lw=0.6, zorder=0.8)
    for row in rows_of(studies):
        fill = style.fill(text(row, "status"))
        x, z = value(row, "precision"), value(row, "z")
        (mark,) = chart.ax.plot(x, z, "o", ms=5, mfc=fill, mec=style.ink, mew=0.6, zorder=3, clip_on=False)
        mark.set_gid(identifier("radial", row))
        chart.keep_clear(x, z)
    for row in rows_of(studies):
        chart.name(value(row, "precision"), value(row, "z"), text(row, "label"), color=style.grey)
    _scale(chart, frame, low / furthest, high / furthest, furthest)
    return chart.figure


def _scale(chart: Chart, frame: pd.DataFrame, low: float, high: float, furthest: float) -> None:
    """Draw the scale of estimates at the right edge: a tick where a line from the origin of that slope ends."""
    style, log = chart.style, is_log(frame)
    if log:
        ticks = [(math.log(tick), tick) for tick in log_ticks(math.exp(low), math.exp(high), chart.high, style.small)]
    else:
        ticks = [(tick, tick) for tick in linear_ticks(low, high, chart.high, style.small)]
    edge = chart.left + chart.wide + 0.08
    chart.sheet.ax.plot((edge, edge), (chart.top, chart.top + chart.high), color=style.ink, lw=0.7)
    for slope, words in ticks:
        _, y = chart.place(furthest, slope * furthest)
        chart.sheet.ax.plot((edge, edge + 0.05), (y, y), color=style.ink, lw=0.6)
        chart.sheet.text(edge + 0.09, y, tick_label(words), style.small)
    chart.sheet.text(
        edge + 0.52, chart.top + chart.high / 2, first(frame, "axis_label"), ha="center", va="center", rotation=90
    )


def alt_text(frame: pd.DataFrame) -> str:
    """Return a L'Abbé or radial plot in words, from its frame."""
    studies = [row for row in rows_of(frame) if text(row, "block") == "study"]
    words = f"{first(frame, 'title')}: {len(studies)} studies."
    if "risk_1" in frame.columns and studies:
        below = sum(value(row, "risk_1") < value(row, "risk_2") for row in studies)
        words += f" In {below} of them the risk is lower with {first(frame, 'head_1', 'treatment')}."
    line = next((row for row in rows_of(frame) if text(row, "block") == "line"), None)
    if line is not None and "natural_estimate" in frame.columns:
        words += f" Common effect {number(value(line, 'natural_estimate'))}."
    elif line is not None:
        words += f" Line: {text(line, 'words')}."
    return words
