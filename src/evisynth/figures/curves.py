"""Curves: drapery of p values, prior and posterior, the probability of an effect beyond every threshold."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import norm

from evisynth.effects.measures import find_measure
from evisynth.figures.chart import Chart, padded
from evisynth.figures.forest_frame import METHODS
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
from evisynth.figures.sheet import effect_axis, identifier
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import number, probability, shorten

COLUMNS = (
    "row", "synthesis", "measure", "figure", "curve", "label", "role", "mark", "natural_x", "y", "natural_estimate",
    "x_label", "y_label", "log_axis", "null_value", "title", "note", "from",
)  # fmt: skip
_STEPS = 161


def drapery_frame(
    effects: pd.DataFrame, estimates: pd.DataFrame, synthesis: str, measure: str, *, title: str = ""
) -> pd.DataFrame:
    """Compute the p value of every hypothetical effect, for every study and for the pooled estimates.

    Parameters
    ----------
    effects, estimates : pandas.DataFrame
        ``effects/effects.csv`` and ``pooled/estimates.csv``.
    synthesis, measure : str
        Whose.
    title : str
        The title.

    Notes
    -----
    p(x) = 2 (1 - Phi(|y - x| / se)), x on the scale of the analysis. The pooled curves are those with a Wald interval,
    so that every curve is of one kind.

    References
    ----------
    Rücker G, Schwarzer G (2021). Beyond the forest plot: the drapery plot. Res Synth Methods 12:13-19.
    """
    known, key = find_measure(measure), {"synthesis": synthesis, "measure": measure}
    curves = [
        ("study", text(row, "study_id"), text(row, "label"), value(row, "yi"), value(row, "sei"), "effects/effects.csv")
        for row in rows_of(chosen(effects, **key))
    ]
    for row in rows_of(chosen(estimates, **key)):
        if text(row, "method") in ("common", "reml_wald", "single"):
            method = text(row, "method")
            label = METHODS.get(method, text(row, "title"))
            curves.append(("pooled", method, label, value(row, "estimate"), value(row, "se"), "pooled/estimates.csv"))
    curves = [curve for curve in curves if curve[4] > 0 and math.isfinite(curve[3])]
    if not curves:
        return framed([], COLUMNS)
    ends = [curve[3] + side * 3.0 * curve[4] for curve in curves for side in (-1, 1)]
    middle, spread = float(np.median([c[3] for c in curves])), float(np.median([c[4] for c in curves]))
    low, high = max(min(ends), middle - 8 * spread), min(max(ends), middle + 8 * spread)
    rows = []
    for role, name, label, estimate, se, table in curves:
        grid = np.unique(np.append(np.linspace(low, high, _STEPS), estimate))
        for i, (x, p) in enumerate(zip(grid, 2 * norm.sf(abs(estimate - grid) / se), strict=True)):
            rows.append(
                {
                    "row": "" if i else f"{role}:{name}",
                    "curve": f"{role}:{name}",
                    "label": label,
                    "role": role,
                    "natural_x": float(known.back(x)),
                    "y": p,
                    "natural_estimate": float(known.back(estimate)),
                    "from": f"{table}:{synthesis}:{measure}:{name}",
                }
            )
    note = "Each curve: the p value of every effect that could be tested. The dashed line is p = 0.05."
    return _curves(rows, key, "drapery", "p value", title or "Drapery plot", note)


def prior_posterior_frame(
    densities: pd.DataFrame, synthesis: str, measure: str, *, parameter: str = "mu", title: str = ""
) -> pd.DataFrame:
    """Collect the densities of a parameter before and after the data.

    Parameters
    ----------
    densities : pandas.DataFrame
        ``bayes/densities.csv``: synthesis, measure, parameter, curve (``prior``, ``posterior``), point, x (natural
        scale) and density.
    synthesis, measure : str
        Whose.
    parameter : str
        ``mu`` (the mean effect), ``tau`` or ``predictive`` (the next study's effect).
    title : str
        The title.
    """
    key = {"synthesis": synthesis, "measure": measure}
    rows = _points(chosen(densities, **key, parameter=parameter), "bayes/densities.csv", ("parameter",), "density")
    frame = _curves(rows, key, "prior_posterior", "Density", title or "Prior and posterior", "")
    if parameter == "tau":
        frame["x_label"], frame["log_axis"], frame["null_value"] = "τ, heterogeneity", "no", math.nan
    return frame


def probability_frame(
    probabilities: pd.DataFrame, synthesis: str, measure: str, *, title: str = "", note: str = ""
) -> pd.DataFrame:
    """Collect the posterior probability that the effect lies beyond each value, towards benefit.

    Parameters
    ----------
    probabilities : pandas.DataFrame
        ``bayes/probabilities.csv``: synthesis, measure, curve (``mean effect``, ``next study``), point, x (natural
        scale), probability and mark (``no effect``, ``minimal important difference``).
    synthesis, measure : str
        Whose.
    title, note : str
        Title and a line below, e.g. the minimal important difference and its source.
    """
    key = {"synthesis": synthesis, "measure": measure}
    rows = _points(chosen(probabilities, **key), "bayes/probabilities.csv", (), "probability")
    title = title or "Probability of an effect beyond each value, towards benefit"
    return _curves(rows, key, "probability", "Probability", title, note)


def _points(table: pd.DataFrame, file: str, between: tuple[str, ...], column: str) -> list[dict]:
    """Return the rows of a table of curves, which has a point in each row; the first of a curve names it."""
    rows, seen = [], set()
    for row in rows_of(table):
        curve = text(row, "curve")
        parts = [text(row, name) for name in ("synthesis", "measure", *between, "curve", "point")]
        rows.append(
            {
                "row": "" if curve in seen else curve,
                "curve": curve,
                "label": curve,
                "role": curve,
                "mark": text(row, "mark"),
                "natural_x": value(row, "x"),
                "y": value(row, column),
                "from": f"{file}:{':'.join(parts)}",
            }
        )
        seen.add(curve)
    return rows


def _curves(rows: list[dict], key: dict, figure: str, y_label: str, title: str, note: str) -> pd.DataFrame:
    axis = axis_columns(key["measure"])
    shared = {**key, **axis, "figure": figure, "x_label": axis["axis_label"], "y_label": y_label, "title": title}
    return framed(({**row, **shared, "note": note} for row in rows), COLUMNS)


def plot_curves(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw curves over the effect.

    Parameters
    ----------
    frame : pandas.DataFrame
        What a frame function of this module gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("curve", "natural_x", "y", "from"), "figure of curves")
    style = style or STYLE
    with drawing():
        return _draw(frame, style)


def _draw(frame: pd.DataFrame, style: Style) -> Figure:
    chart = Chart(
        first(frame, "title", "Curves"), 4.6, 3.1, [first(frame, "note")], first(frame, "x_label"),
        first(frame, "y_label"), style, 1.35,
    )  # fmt: skip
    x, y, log = numbers(frame, "natural_x"), numbers(frame, "y"), is_log(frame)
    seen = x[np.isfinite(x)]
    limits = (float(seen.min()), float(seen.max())) if len(seen) else (0.5, 2.0)
    effect_axis(chart.ax, limits if limits[0] < limits[1] else (limits[0] / 2, limits[0] * 2), log, chart.wide, style)
    bounded = first(frame, "y_label") != "Density"
    chart.linear("y", 0.0, 1.0 if bounded else padded(y, 0.08, (0.0,))[1])
    null = null_of(frame)
    if math.isfinite(null):
        chart.ax.axvline(null, color=style.rule, lw=0.7, zorder=0.5)
    if first(frame, "y_label") == "p value":
        chart.ax.axhline(0.05, color=style.rule, lw=0.7, ls=(0, (4, 3)), zorder=0.5)
    looks = _looks(frame, style)
    for name in dict.fromkeys(texts(frame, "curve")):
        part = frame[[found == name for found in texts(frame, "curve")]]
        (line,) = chart.ax.plot(numbers(part, "natural_x"), numbers(part, "y"), **looks[name][0])
        line.set_gid(identifier(first(frame, "figure", "curve"), rows_of(part)[0]))
    _marks(chart, frame)
    _key(chart, {name: look for name, look in looks.items() if look[1]})
    return chart.figure


def _marks(chart: Chart, frame: pd.DataFrame) -> None:
    """Mark values that the plan names, such as the minimal important difference, with the probabilities there."""
    style = chart.style
    if not any(text(row, "mark") for row in rows_of(frame)):
        return
    for x, y in zip(numbers(frame, "natural_x"), numbers(frame, "y"), strict=True):
        chart.keep_clear(x, y, 0.02)
    for row in rows_of(frame):
        mark = text(row, "mark")
        if not mark:
            continue
        x, y = value(row, "natural_x"), value(row, "y")
        chart.ax.plot(x, y, "o", ms=3.6, mfc="white", mec=style.ink, mew=0.8, zorder=6)
        chart.keep_clear(x, y)
        if mark != "no effect":
            chart.ax.axvline(x, color=style.rule, lw=0.7, ls=(0, (1, 1.5)), zorder=0.5)
    for row in rows_of(frame):
        if text(row, "mark"):
            words = f"{text(row, 'mark')}: {probability(value(row, 'y'))}"
            chart.name(value(row, "natural_x"), value(row, "y"), words, longest=2.4, color=style.grey)


def _looks(frame: pd.DataFrame, style: Style) -> dict[str, tuple[dict, str]]:
    """Return how each curve is drawn and its words in the key; studies of a drapery share one entry."""
    colours = [style.ink, style.bayes, style.blue, style.good, style.purple]
    dashes = ["-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 1.5, 1, 1.5)), "-"]
    looks: dict[str, tuple[dict, str]] = {}
    others = 0
    for row in rows_of(frame.drop_duplicates("curve")):
        name, role = text(row, "curve"), text(row, "role")
        if role == "study":
            first_study = not any(look[1] == "studies" for look in looks.values())
            look = {"color": style.study_light, "lw": 0.9, "zorder": 2}
            looks[name] = (look, "studies" if first_study else "")
            continue
        if role == "prior":
            looks[name] = ({"color": style.grey, "lw": 1.2, "ls": (0, (4, 2)), "zorder": 3}, text(row, "label"))
            continue
        look = {"color": colours[others % 5], "ls": dashes[others % 5], "lw": 1.7, "zorder": 4}
        looks[name] = (look, text(row, "label"))
        others += 1
    return looks


def _key(chart: Chart, looks: dict[str, tuple[dict, str]]) -> None:
    y = chart.top + 0.1
    for look, words in looks.values():
        start = chart.left + chart.wide + 0.1
        chart.sheet.text(start + 0.32, y, shorten(words, 0.95, chart.style.small), chart.style.small)
        style = {name: part for name, part in look.items() if name != "zorder"}
        chart.sheet.ax.plot((start, start + 0.26), (y, y), **style)
        y += 0.16


def alt_text(frame: pd.DataFrame) -> str:
    """Return curves in words, from their frame."""
    names = list(dict.fromkeys(texts(frame, "curve")))
    words = f"{first(frame, 'title', 'Curves')}: {len(names)} curves of {first(frame, 'y_label', 'y').lower()}."
    for name in names:
        part = frame[[found == name for found in texts(frame, "curve")]]
        if first(part, "role") == "study" or not len(part):
            continue
        x, y = numbers(part, "natural_x"), numbers(part, "y")
        top = int(np.nanargmax(y))
        if first(frame, "y_label") == "Probability":
            words += f" {first(part, 'label')}: from {probability(float(y[0]))} at {number(float(x[0]))} "
            words += f"to {probability(float(y[-1]))} at {number(float(x[-1]))}."
        else:
            words += f" {first(part, 'label')} peaks at {number(float(x[top]))}."
    return words
