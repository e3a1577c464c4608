"""Estimates in a column: without each study, year by year, by prior, ordered by size, before and after shrinkage."""

import math
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evisynth.figures.forest_frame import METHODS
from evisynth.figures.forest_marks import diamond, line
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
    value,
)
from evisynth.figures.sheet import Sheet, effect_axis, effect_limits, identifier, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import (
    clean,
    count,
    interval,
    number,
    percent,
    probability,
    shorten,
    width,
    wrap,
)

ESTIMATE = ("natural_estimate", "natural_ci_low", "natural_ci_high")
PRIOR = ("prior_low", "prior_high")  # only where priors are checked
COLUMNS = (
    "row", "synthesis", "measure", "series", "block", "label", *ESTIMATE, "before", "extra_1", "extra_2",
    "head_label", "head_1", "head_2", "marked", "axis_label", "log_axis", "null_value", "title", "note", "from",
)  # fmt: skip


def leave_one_out_frame(
    leave_one_out: pd.DataFrame, estimates: pd.DataFrame, synthesis: str, measure: str, *, title: str = ""
) -> pd.DataFrame:
    """Collect the headline estimate without each study in turn.

    Parameters
    ----------
    leave_one_out, estimates : pandas.DataFrame
        ``pooled/leave_one_out.csv`` and ``pooled/estimates.csv``.
    synthesis, measure : str
        Whose.
    title : str
        The title.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; the estimate of all studies is the row of ``block`` ``reference``.
    """
    key = {"synthesis": synthesis, "measure": measure}
    rows = [
        {**study_row(row, "pooled/leave_one_out.csv"), "label": f"without {text(row, 'label')}",
         "extra_1": value(row, "tau2"), "extra_2": value(row, "i2")}
        for row in rows_of(chosen(leave_one_out, **key))
    ]  # fmt: skip
    heads = {"head_label": "Left out", "head_1": "τ²", "head_2": "I²", "series": "leave_one_out"}
    return series_frame(
        rows + reference_row(estimates, key, rows), key, heads, title or "Leaving out one study at a time"
    )


def cumulative_frame(
    cumulative: pd.DataFrame, estimates: pd.DataFrame, synthesis: str, measure: str, *, title: str = ""
) -> pd.DataFrame:
    """Collect the estimates from the studies up to each one, by year.

    Parameters
    ----------
    cumulative, estimates : pandas.DataFrame
        ``bias/cumulative.csv`` and ``pooled/estimates.csv``.
    synthesis, measure, title : str
        As for :func:`leave_one_out_frame`.
    """
    key = {"synthesis": synthesis, "measure": measure}
    rows = [
        {**study_row(row, "bias/cumulative.csv"), "label": f"+ {text(row, 'label')}",
         "extra_1": value(row, "k"), "extra_2": value(row, "tau2")}
        for row in rows_of(chosen(cumulative, **key))
    ]  # fmt: skip
    heads = {"head_label": "Added, by year", "head_1": "k", "head_2": "τ²", "series": "cumulative"}
    return series_frame(
        rows + reference_row(estimates, key, rows), key, heads, title or "Study by study, in order of year"
    )


def caterpillar_frame(
    effects: pd.DataFrame, estimates: pd.DataFrame, synthesis: str, measure: str, *, title: str = ""
) -> pd.DataFrame:
    """Collect the studies ordered by their estimate.

    Parameters
    ----------
    effects, estimates : pandas.DataFrame
        ``effects/effects.csv`` and ``pooled/estimates.csv``.
    synthesis, measure, title : str
        As for :func:`leave_one_out_frame`.
    """
    key = {"synthesis": synthesis, "measure": measure}
    rows = [
        {**study_row(row, "effects/effects.csv"), "marked": text(row, "status")}
        for row in sorted(rows_of(chosen(effects, **key)), key=lambda row: value(row, "yi"))
    ]
    heads = {"head_label": "Study", "series": "caterpillar"}
    return series_frame(
        rows + reference_row(estimates, key, rows), key, heads, title or "Studies in order of their estimate"
    )


def study_row(row: Mapping, table: str) -> dict:
    """Return a row of a table about one study as a row of a column of estimates."""
    study = text(row, "study_id")
    origin = f"{table}:{text(row, 'synthesis')}:{text(row, 'measure')}:{study}"
    return {"row": study, "block": "row", "label": text(row, "label"), **natural(row), "from": origin}


def natural(row: Mapping) -> dict:
    """Return estimate and limits of a row on the readers' scale."""
    return {name: value(row, name) for name in ESTIMATE}


# how the numbers at the right are shown, by the head of their column
_SHOWN = {
    "τ²": lambda found: number(found, 3),
    "I²": lambda found: percent(found, 0),
    "k": count,
    "P(benefit)": probability,
    "p": probability,
}


def _extra(row: Mapping, name: str) -> str:
    return _SHOWN.get(text(row, f"head_{name}"), number)(value(row, f"extra_{name}"))


def reference_row(
    estimates: pd.DataFrame, key: dict, rows: list, table: str = "pooled/estimates.csv", method: str = ""
) -> list[dict]:
    """Return the estimate of all studies as a row of a column; none where the column has no rows.

    The headline estimate of the table, or that of `method`.
    """
    if not rows:
        return []
    where = {"method": method} if method else {"headline": "yes"}
    return [
        {
            "row": f"reference:{text(row, 'method')}",
            "block": "reference",
            "label": f"All studies: {METHODS.get(text(row, 'method'), text(row, 'title'))}",
            **natural(row),
            "marked": "bayes" if table.startswith("bayes") else "headline",
            "from": f"{table}:{key['synthesis']}:{key['measure']}:{text(row, 'method')}",
        }
        for row in rows_of(chosen(estimates, **key, **where))[:1]
        if text(row, "status") in ("ok", "one_study")
    ]


def series_frame(
    rows: Iterable[Mapping], key: dict, heads: dict, title: str, columns: Iterable[str] = COLUMNS
) -> pd.DataFrame:
    """Return rows as the frame of a column of estimates, with the words of its heads and its axis."""
    shared = {**key, **heads, **axis_columns(key["measure"]), "title": title}
    return framed(({**row, **shared} for row in rows), columns)


def plot_series(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw estimates in a column.

    Parameters
    ----------
    frame : pandas.DataFrame
        What a frame function of this module gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("label", "natural_estimate", "from"), "column of estimates")
    style = style or STYLE
    with drawing():
        return _series(frame, style)


def _series(frame: pd.DataFrame, style: Style) -> Figure:
    rows = rows_of(frame)
    size, row_high = style.size, style.row if len(rows) <= 60 else 0.14
    label = min(max([width(clean(text(row, "label")), size, _weight(row)) for row in rows] + [1.2]), 3.1)
    extras = [name for name in ("1", "2") if any(_extra(row, name) for row in rows)]
    wides = [
        max([width(_extra(row, name), size) for row in rows] + [width(first(frame, f"head_{name}"), size)])
        for name in extras
    ]
    words = [_estimate(row) for row in rows]
    plot = style.margin + label + 0.15
    estimate = plot + 2.6 + 0.14
    ends = [estimate + max([width(part, size, "bold") for part in words] + [1.0])]
    for wide in wides:
        ends.append(ends[-1] + 0.18 + max(wide, 0.3) + 0.06)
    total = ends[-1] + style.margin
    inner = total - 2 * style.margin
    title = title_lines(first(frame, "title"), inner, style)
    notes = wrap(first(frame, "note"), inner, style.small) if first(frame, "note") else []
    top = style.margin + 0.2 * len(title) + 0.06
    body = top + 0.27
    bottom = body + row_high * max(len(rows), 1) + 0.05
    sheet = Sheet(total, bottom + 0.5 + 0.15 * len(notes) + style.margin, style)
    sheet.title(title)
    sheet.rule(top, wide=0.9)
    sheet.text(style.margin, top + 0.14, first(frame, "head_label"), weight="bold")
    sheet.text(ends[0], top + 0.14, f"{first(frame, 'measure')} [interval]", ha="right", weight="bold")
    for end, name in zip(ends[1:], extras, strict=True):
        sheet.text(end, top + 0.14, first(frame, f"head_{name}"), ha="right", weight="bold")
    sheet.rule(body)
    if not rows:
        sheet.text(style.margin, body + 0.12, "There is nothing to show: fewer than two studies were pooled.")
        return sheet.figure
    ax = _axis(sheet, frame, plot, body, bottom, style)
    for i, row in enumerate(rows):
        y = body + row_high * (i + 0.5) + 0.02
        if i % 2:
            sheet.band(y - row_high / 2, y + row_high / 2)
        bold = {"weight": _weight(row)}
        sheet.text(style.margin, y, shorten(text(row, "label"), label + 0.08, size, _weight(row)), **bold)
        sheet.text(ends[0], y, words[i], ha="right", **bold)
        for end, name in zip(ends[1:], extras, strict=True):
            sheet.text(end, y, _extra(row, name), ha="right", color=style.grey)
        _mark(ax, row, y, style)
        sheet.target(y - row_high / 2, y + row_high / 2, identifier(first(frame, "series", "series"), row))
    sheet.notes(bottom + 0.5, notes)
    return sheet.figure


def _weight(row: Mapping) -> str:
    return "bold" if text(row, "block") == "reference" or text(row, "marked") == "planned" else "normal"


def _axis(sheet: Sheet, frame: pd.DataFrame, left: float, top: float, bottom: float, style: Style):
    ax = sheet.plot(left, top, 2.6, bottom - top)
    log, null = is_log(frame), null_of(frame)
    points, low, high = (numbers(frame, name) for name in ESTIMATE)
    before = numbers(frame, "before")
    limits = effect_limits(
        np.concatenate([points, before]), np.concatenate([low, before]), np.concatenate([high, before]), null, log
    )
    limits = _with_priors(frame, limits, log)
    effect_axis(ax, limits, log, 2.6, style)
    if math.isfinite(null):
        ax.axvline(null, color=style.ink, lw=0.7, zorder=1)
    for row in rows_of(frame):
        if text(row, "block") == "reference":
            ax.axvline(value(row, "natural_estimate"), color=style.rule, lw=0.7, ls=(0, (3, 2.5)), zorder=0.9)
    sheet.text(left + 1.3, bottom + 0.28, first(frame, "axis_label"), style.small, ha="center", color=style.grey)
    return ax


def _with_priors(frame: pd.DataFrame, limits: tuple[float, float], log: bool) -> tuple[float, float]:
    """Widen an axis for the intervals of the priors, to four times its width at most: wider ones end in an arrow."""
    if not set(PRIOR) <= set(frame.columns):
        return limits
    turn, back = (np.log, np.exp) if log else (np.asarray, np.asarray)
    left, right = turn(limits)
    low, high = (turn(numbers(frame, name)) for name in PRIOR)
    if not np.isfinite(low).any():
        return limits
    room = 1.5 * (right - left)
    ends = max(left - room, min(left, np.nanmin(low))), min(right + room, max(right, np.nanmax(high)))
    pad = 0.02 * (ends[1] - ends[0])
    return tuple(float(back(end)) for end in (ends[0] - pad, ends[1] + pad))


_BELOW = 0.055  # inches from an interval to the one of the prior


def _mark(ax, row: dict, y: float, style: Style) -> None:
    if text(row, "block") == "reference":
        kind = "bayes" if text(row, "marked") == "bayes" else "summary"
        diamond(ax, {**row, "status": "headline"}, y, kind, style)
        return
    line(ax, row, y, style.ink)
    low, high = (value(row, name) for name in PRIOR)
    line(ax, {"natural_ci_low": low, "natural_ci_high": high}, y + _BELOW, style.rule)
    estimate, before = value(row, "natural_estimate"), value(row, "before")
    if math.isfinite(before):
        ax.plot((before, estimate), (y, y), color=style.bayes, lw=0.8, ls=":", zorder=3)
        ax.plot(before, y, "o", ms=4.2, mfc="white", mec=style.study, mew=0.9, zorder=4)
        ax.plot(estimate, y, "o", ms=4.2, mfc=style.bayes, mec=style.ink, mew=0.4, zorder=5)
        return
    fill = style.fill(text(row, "marked"))
    ax.plot(estimate, y, "o", ms=4.4, mfc=fill, mec=style.study, mew=0.8, zorder=4)


def _estimate(row: Mapping) -> str:
    estimate, low, high = (value(row, name) for name in ESTIMATE)
    return "" if math.isnan(estimate) else interval(estimate, low, high)


def alt_text(frame: pd.DataFrame) -> str:
    """Return a column of estimates in words, from its frame."""
    rows = [
        row for row in rows_of(frame) if text(row, "block") == "row" and math.isfinite(value(row, "natural_estimate"))
    ]
    words = f"{first(frame, 'title', 'Estimates')}: {len(rows)} estimates."
    if rows:
        least = min(rows, key=lambda row: value(row, "natural_estimate"))
        most = max(rows, key=lambda row: value(row, "natural_estimate"))
        words += (
            f" Lowest {_estimate(least)} ({text(least, 'label')}), highest {_estimate(most)} ({text(most, 'label')})."
        )
    for row in rows_of(frame):
        if text(row, "block") == "reference":
            words += f" {text(row, 'label')}: {_estimate(row)}."
    return words
