"""Models averaged: what each is worth before and after the data, and what they say together."""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evisynth.figures.frames import chosen, first, framed, require, rows_of, text, value
from evisynth.figures.sheet import Sheet, identifier, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import clean, interval, number, probability, shorten, width, wrap

NATURAL = ("natural_estimate", "natural_ci_low", "natural_ci_high")
NUMBERS = ("prior_probability", "posterior_probability", "bayes_factor", *NATURAL)
COLUMNS = ("row", "synthesis", "measure", "block", "label", *NUMBERS, "title", "note", "from")
MOST_MODELS = 10
_BAR = 1.9


def averaging_frame(
    models: pd.DataFrame, averaged: pd.DataFrame, synthesis: str, measure: str, *, title: str = ""
) -> pd.DataFrame:
    """Collect the models of a model average, the heaviest first, and what they say together.

    Parameters
    ----------
    models, averaged : pandas.DataFrame
        ``bayes/averaging.csv`` and ``bayes/averaged.csv``.
    synthesis, measure : str
        Whose.
    title : str
        The title.

    Returns
    -------
    pandas.DataFrame
        ``block`` is ``component`` (what is in some models and not in others), ``model``, ``rest`` (the models after
        the first `MOST_MODELS`, their probabilities added) or ``average``. Nothing where nothing was averaged.
    """
    key = {"synthesis": synthesis, "measure": measure}
    found = sorted(rows_of(chosen(models, **key)), key=lambda row: -value(row, "posterior_probability"))
    parts = [row for row in rows_of(chosen(averaged, **key)) if text(row, "status") == "ok"]
    if not found or not parts:
        return framed([], COLUMNS)
    rows = [_row(row, "component", "component") for row in parts if text(row, "component") not in _AVERAGES]
    rows += [_row(row, "model", "model") for row in found[:MOST_MODELS]]
    rest = found[MOST_MODELS:]
    if rest:
        sums = {name: sum(value(row, name) for row in rest) for name in NUMBERS[:2]}
        words = f"the other {len(rest)} models together"
        origin = ";".join(_origin(row, "model") for row in rest)
        rows.append({"row": "rest", "block": "rest", "label": words, **sums, "from": origin})
    rows += [_row(row, "component", "average") for row in parts if text(row, "component") in _AVERAGES]
    shared = {**key, "title": title or "Models averaged"}
    shared["note"] = "Bar: probability of a model, or of what some models have, after the data; line: before them."
    return framed(({**row, **shared} for row in rows), COLUMNS)


_AVERAGES = ("averaged", "conditional")


def _origin(row: dict, name: str) -> str:
    table = "bayes/averaging.csv" if name == "model" else "bayes/averaged.csv"
    return f"{table}:" + ":".join(text(row, part) for part in ("synthesis", "measure", name))


def _row(row: dict, name: str, block: str) -> dict:
    label = text(row, "title") or text(row, name)
    return {
        "row": f"{block}:{text(row, name)}",
        "block": block,
        "label": label,
        **{part: value(row, part) for part in NUMBERS},
        "from": _origin(row, name),
    }


def plot_averaging(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw the models of a model average in rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`averaging_frame` gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("block", "label", "posterior_probability", "from"), "models averaged")
    style = style or STYLE
    with drawing():
        return _averaging(frame, style)


_HEADS = {"component": "Is there …", "model": "Models, the most probable first", "average": "Together"}


def _averaging(frame: pd.DataFrame, style: Style) -> Figure:
    rows = rows_of(frame)
    label = min(max([width(clean(text(row, "label")), style.size) for row in rows] + [1.6]), 3.3)
    left = style.margin + label + 0.15
    last = max([width(_last(row), style.size) for row in rows] + [1.0])
    end = left + _BAR + 0.55 + last + 0.1
    wide = end + style.margin
    title = title_lines(first(frame, "title"), wide - 0.3, style)
    notes = wrap(first(frame, "note"), wide - 2 * style.margin, style.small) if first(frame, "note") else []
    y = style.margin + 0.2 * len(title) + 0.06
    blocks = dict.fromkeys(_block(row) for row in rows)
    high = y + style.row * len(rows) + 0.34 * len(blocks) + 0.12 + 0.145 * len(notes) + style.margin
    sheet = Sheet(wide, high, style)
    sheet.title(title)
    if not rows:
        sheet.text(style.margin, y + 0.1, "Nothing was averaged.")
    for block in blocks:
        sheet.rule(y, wide=0.9)
        sheet.text(style.margin, y + 0.15, _HEADS[block], weight="bold")
        sheet.text(left + _BAR + 0.5, y + 0.15, "P" if block != "average" else "", ha="right", weight="bold")
        heads = {"component": "Bayes factor", "model": f"{first(frame, 'measure')} [interval]"}
        sheet.text(end, y + 0.15, heads.get(block, heads["model"]), ha="right", weight="bold")
        y += 0.3
        for row in rows:
            if _block(row) == block:
                _line(sheet, row, y, (left, end, label))
                y += style.row
        y += 0.04
    sheet.rule(y)
    sheet.notes(y + 0.15, notes, 0.145)
    return sheet.figure


def _block(row: dict) -> str:
    return {"rest": "model"}.get(text(row, "block"), text(row, "block"))


def _line(sheet: Sheet, row: dict, top: float, places: tuple[float, float, float]) -> None:
    style, (left, end, label), middle = sheet.style, places, top + sheet.style.row / 2
    room = label + (_BAR + 0.4 if text(row, "block") == "average" else 0.05)  # an average has no bar
    sheet.text(style.margin, middle, shorten(text(row, "label"), room, style.size))
    after, before = value(row, "posterior_probability"), value(row, "prior_probability")
    if math.isfinite(after):
        sheet.ax.add_artist(Rectangle((left, middle - 0.055), _BAR, 0.11, fc=style.faint, lw=0))
        sheet.ax.add_artist(Rectangle((left, middle - 0.055), _BAR * after, 0.11, fc=style.study, lw=0))
        edge = left + _BAR * before
        sheet.ax.plot((edge, edge), (middle - 0.075, middle + 0.075), color=style.bayes, lw=1.4)
        sheet.text(left + _BAR + 0.5, middle, probability(after), ha="right")
    sheet.text(end, middle, _last(row), ha="right", color=style.grey if text(row, "block") == "model" else style.ink)
    sheet.target(top, top + style.row, identifier("averaging", row))


def _last(row: dict) -> str:
    if text(row, "block") == "component":
        factor = value(row, "bayes_factor")
        return "" if math.isnan(factor) else f"{factor:.0e}" if factor >= 1e6 else number(factor)
    estimate = value(row, "natural_estimate")
    if math.isfinite(estimate):
        return interval(*(value(row, name) for name in NATURAL))
    return "no effect" if text(row, "block") == "model" else ""


def alt_text(frame: pd.DataFrame) -> str:
    """Return the models of an average in words, from its frame."""
    words = f"{first(frame, 'title', 'Models averaged')}."
    for row in rows_of(frame):
        if text(row, "block") == "component":
            words += f" {text(row, 'label')}: probability {probability(value(row, 'posterior_probability'))}."
        elif text(row, "block") == "average" and math.isfinite(value(row, "natural_estimate")):
            words += f" {text(row, 'label')}: {_last(row)}."
    models = [row for row in rows_of(frame) if text(row, "block") == "model"]
    if models:
        best = models[0]
        words += f" Most probable model: {text(best, 'label')} ({probability(value(best, 'posterior_probability'))})."
    return words
