"""Which studies drive the estimate: the Baujat plot and a panel of influence measures."""

import math

import pandas as pd
from matplotlib.figure import Figure

from evisynth.figures.chart import Chart, padded
from evisynth.figures.frames import chosen, first, framed, numbers, require, rows_of, text, value
from evisynth.figures.sheet import Sheet, identifier, linear_ticks, tick_label, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import clean, number, shorten, width, wrap

MEASURES = {
    "residual": "studentised residual",
    "dffits": "DFFITS",
    "cooks_distance": "Cook's distance",
    "covariance_ratio": "covariance ratio",
    "tau2_without": "τ² without it",
    "q_without": "Q without it",
    "hat": "hat value",
    "weight": "weight, %",
}
COLUMNS = ("row", "synthesis", "measure", "label", "baujat_x", "baujat_y", *MEASURES, "influential", "title", "from")


def influence_frame(influence: pd.DataFrame, synthesis: str, measure: str, *, title: str = "") -> pd.DataFrame:
    """Collect the influence measures of a synthesis, for the panel and for the Baujat plot.

    Parameters
    ----------
    influence : pandas.DataFrame
        ``bias/influence.csv``.
    synthesis, measure : str
        Whose.
    title : str
        The title.
    """
    rows = [
        {
            "row": text(row, "study_id"),
            "label": text(row, "label"),
            **{name: value(row, name) for name in ("baujat_x", "baujat_y", *MEASURES)},
            "influential": "yes" if text(row, "influential") in ("yes", "True") else "no",
            "from": f"bias/influence.csv:{synthesis}:{measure}:{text(row, 'study_id')}",
        }
        for row in rows_of(chosen(influence, synthesis=synthesis, measure=measure))
    ]
    shared = {"synthesis": synthesis, "measure": measure, "title": title or "Influence of single studies"}
    return framed(({**row, **shared} for row in rows), COLUMNS)


def plot_baujat(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a Baujat plot: contribution to heterogeneity against influence on the estimate.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`influence_frame` gives.
    style : Style, optional
        Another style.

    References
    ----------
    Baujat B et al (2002). A graphical method for exploring heterogeneity in meta-analyses. Stat Med 21:2641-2652.
    """
    require(frame, ("label", "baujat_x", "baujat_y", "from"), "Baujat plot")
    style = style or STYLE
    with drawing():
        chart = Chart(
            first(frame, "title", "Baujat plot"), x_label="Contribution to heterogeneity",
            y_label="Influence on the estimate", style=style,
        )  # fmt: skip
        for which, name in (("x", "baujat_x"), ("y", "baujat_y")):
            _, high = padded(numbers(frame, name), include=(0.0,))
            chart.linear(which, -0.03 * high, high)
        rows = [row for row in rows_of(frame) if math.isfinite(value(row, "baujat_x") + value(row, "baujat_y"))]
        for row in rows:
            x, y = value(row, "baujat_x"), value(row, "baujat_y")
            marked = text(row, "influential") == "yes"
            look = {"mfc": style.bayes if marked else style.study, "mec": style.ink, "mew": 0.5}
            (mark,) = chart.ax.plot(x, y, "D" if marked else "o", ms=5.2, zorder=4, clip_on=False, **look)
            mark.set_gid(identifier("baujat", row))
            chart.keep_clear(x, y)
        for row in sorted(rows, key=lambda row: -value(row, "baujat_x") - value(row, "baujat_y")):
            chart.name(value(row, "baujat_x"), value(row, "baujat_y"), text(row, "label"))
        return chart.figure


def plot_influence(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a panel of influence measures, one strip each, the studies below one another.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`influence_frame` gives.
    style : Style, optional
        Another style.

    References
    ----------
    Viechtbauer W, Cheung MWL (2010). Outlier and influence diagnostics for meta-analysis. Res Synth Methods 1:112-125.
    """
    require(frame, ("label", "from"), "influence panel")
    style = style or STYLE
    with drawing():
        return _panel(frame, style)


def _panel(frame: pd.DataFrame, style: Style) -> Figure:
    rows, strip = rows_of(frame), 0.95
    shown = [name for name in MEASURES if any(math.isfinite(found) for found in numbers(frame, name))]
    label = min(max([width(clean(text(row, "label")), style.size) for row in rows] + [1.0]), 2.1)
    wide = style.margin * 2 + label + 0.12 + (strip + 0.14) * max(len(shown), 1)
    title = title_lines(first(frame, "title"), wide - 0.3, style)
    top = style.margin + 0.2 * len(title) + 0.4
    bottom = top + style.row * max(len(rows), 1)
    sheet = Sheet(wide, bottom + 0.55 + style.margin, style)
    sheet.title(title)
    for i, row in enumerate(rows):
        y = top + style.row * (i + 0.5)
        if i % 2:
            sheet.band(y - style.row / 2, y + style.row / 2)
        marked = text(row, "influential") == "yes"
        words = shorten(text(row, "label"), label + 0.06, style.size, "bold" if marked else "normal")
        sheet.text(style.margin, y, words, weight="bold" if marked else "normal")
        sheet.target(y - style.row / 2, y + style.row / 2, identifier("influence", row))
    for place, name in enumerate(shown):
        left = style.margin + label + 0.12 + (strip + 0.14) * place
        _strip(sheet, rows, name, (left, top, strip, bottom))
    if not rows:
        sheet.text(style.margin, top + 0.1, "Too few studies to leave one out.")
    elif any(text(row, "influential") == "yes" for row in rows):
        sheet.text(
            style.margin, bottom + 0.42, "Diamond, bold: passes a cut of influence.", style.small, color=style.grey
        )
    return sheet.figure


def _strip(sheet: Sheet, rows: list[dict], name: str, box: tuple[float, float, float, float]) -> None:
    style, (left, top, strip, bottom) = sheet.style, box
    heads = wrap(MEASURES[name], strip, style.small, "bold", 2)
    for i, head in enumerate(reversed(heads)):
        sheet.text(left + strip / 2, top - 0.1 - 0.13 * i, head, style.small, ha="center", weight="bold")
    ax = sheet.plot(left, top, strip, bottom - top)
    found = [value(row, name) for row in rows]
    base = 1.0 if name == "covariance_ratio" else 0.0
    around = (base,) if name in ("residual", "dffits", "cooks_distance", "covariance_ratio", "hat") else ()
    low, high = padded(pd.Series(found, dtype=float).to_numpy(), 0.1, include=around)
    ax.set_xlim(low, high)
    ticks = linear_ticks(low, high, strip * 0.8, 6.0)
    ax.set_xticks(ticks, [tick_label(tick) for tick in ticks], fontsize=6.0)
    ax.tick_params(length=2, width=0.5, pad=1.5)
    if around:
        ax.axvline(base, color=style.rule, lw=0.6, zorder=1)
    places = [top + style.row * (i + 0.5) for i in range(len(rows))]
    ax.plot(found, places, color=style.rule, lw=0.5, zorder=2)
    for row, x, y in zip(rows, found, places, strict=True):
        marked = text(row, "influential") == "yes"
        fill = style.bayes if marked else style.study
        ax.plot(x, y, "D" if marked else "o", ms=3.8, mfc=fill, mec=style.ink, mew=0.4, zorder=3)


def alt_text(frame: pd.DataFrame) -> str:
    """Return the influence of the studies in words, from its frame."""
    rows = rows_of(frame)
    marked = [text(row, "label") for row in rows if text(row, "influential") == "yes"]
    words = f"{first(frame, 'title', 'Influence')}: {len(rows)} studies."
    words += f" Influential: {', '.join(marked)}." if marked else " No study passes a cut of influence."
    seen = [row for row in rows if math.isfinite(value(row, "baujat_x"))]
    if seen:
        most = max(seen, key=lambda row: value(row, "baujat_x"))
        words += f" Most heterogeneity: {text(most, 'label')} ({number(value(most, 'baujat_x'))})."
    return words
