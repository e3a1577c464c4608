"""What documents state beside what studies published: one row per claim, with its verdict."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from evisynth.figures.frames import chosen, first, framed, require, rows_of, text, texts, value
from evisynth.figures.sheet import Sheet, log_ticks, tick_label, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.text_table import Column, draw_table, head_height, heights, lefts
from evisynth.figures.verdicts import VERDICTS, draw_verdict, verdict_lines
from evisynth.figures.words import HARD_SPACE, MINUS, number, shorten, width, wrap

COLUMNS = (
    "row", "figure", "group", "claim_id", "source_id", "locator", "condition", "study_id", "study", "attribute",
    "statement", "stated", "published", "ratio", "verdict", "status", "reason", "title", "left_unlisted", "from",
)  # fmt: skip
_NO_RATIO = ("year",)
_LIMITS = (0.25, 4.0)
_GAP = 0.12


def claims_frame(
    claims: pd.DataFrame,
    *,
    studies: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    source_id: str = "",
    everything: bool = False,
    title: str = "What documents state, beside what was published",
) -> pd.DataFrame:
    """Collect the claims and the published figures beside them.

    Parameters
    ----------
    claims : pandas.DataFrame
        ``claims/claims.csv``.
    studies, sources : pandas.DataFrame, optional
        ``studies.csv`` and ``sources.csv`` (checked), for the names of studies and documents.
    source_id : str
        Only the claims of this document; blank: of all, grouped by document.
    everything : bool
        Whether claims with nothing published to compare them with are listed too; otherwise they are counted
        in ``left_unlisted``.
    title : str
        The title.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`. ``ratio`` is the stated figure divided by the published one, where both are single
        numbers above 0 and not years.
    """
    kept = chosen(claims, source_id=source_id) if source_id else claims
    names = {text(row, "study_id"): text(row, "label") for row in rows_of(studies)} if studies is not None else {}
    cited = {text(row, "source_id"): text(row, "citation") for row in rows_of(sources)} if sources is not None else {}
    listed = [row for row in rows_of(kept) if everything or _comparable(row)]
    rows = [
        {
            "row": text(row, "claim_id"),
            "figure": "claims",
            "group": cited.get(text(row, "source_id"), text(row, "source_id")),
            **{name: text(row, name) for name in ("claim_id", "source_id", "locator", "condition", "study_id")},
            "study": names.get(text(row, "study_id"), text(row, "study_id")),
            **{name: text(row, name) for name in ("attribute", "statement", "verdict", "status", "reason")},
            "stated": text(row, "stated_value"),
            "published": text(row, "published_value"),
            "ratio": _ratio(row),
            "title": title,
            "left_unlisted": len(kept) - len(listed),
            "from": f"claims/claims.csv:{text(row, 'claim_id')}",
        }
        for row in listed
    ]
    return framed(rows, COLUMNS)


def stated_frame(
    stated: pd.DataFrame,
    *,
    title: str = "As the documents state it, and as published",
    contrasts: bool = True,
) -> pd.DataFrame:
    """Collect, study by study, what is stated and what was published.

    Parameters
    ----------
    stated : pandas.DataFrame
        ``claims/stated_published.csv``.
    title : str
        The title.
    contrasts : bool
        Whether differences and ratios worked out from two stated figures are shown.

    Returns
    -------
    pandas.DataFrame
        As :func:`claims_frame`, grouped by study.
    """
    rows = [
        {
            "row": f"{text(row, 'kind')}:{text(row, 'item')}:{place}",
            "figure": "claims_stated",
            "group": text(row, "label"),
            "claim_id": text(row, "item"),
            **{name: text(row, name) for name in ("source_id", "locator", "condition", "attribute", "statement")},
            "study_id": text(row, "study"),
            "study": text(row, "label"),
            "stated": text(row, "stated_value"),
            "published": text(row, "published_value"),
            "ratio": _ratio(row),
            "verdict": text(row, "verdict"),
            "status": text(row, "status"),
            "title": title,
            "left_unlisted": 0,
            "from": text(row, "from"),
        }
        for place, row in enumerate(rows_of(stated))
        if contrasts or text(row, "kind") == "claim"
    ]
    return framed(rows, COLUMNS)


def _comparable(row: Mapping) -> bool:
    return text(row, "published_value") != "" or text(row, "verdict") in (
        "contradicted",
        "misattributed",
        "omitted",
    )


def _ratio(row: Mapping) -> float:
    stated, published = (value(row, name) for name in ("stated_value", "published_value"))
    if text(row, "attribute") in _NO_RATIO or not (stated > 0 and published > 0):
        return math.nan
    return stated / published


def plot_claims(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw claims beside publications.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`claims_frame` or :func:`stated_frame` gives.
    style : Style, optional
        Another style.

    Notes
    -----
    Where a claim and a publication give one figure each, the two stand on one axis: the published figure is the
    open circle at 1, the stated one the filled mark at its multiple of it. Years and words stand as text only.
    """
    require(frame, ("statement", "stated", "published", "verdict", "from"), "figure of claims")
    style = style or STYLE
    with drawing():
        return _claims(frame, style)


def _columns(frame: pd.DataFrame, with_axis: bool) -> list[Column]:
    by_study = len({text(row, "study") for row in rows_of(frame) if text(row, "group") == text(row, "study")}) > 0
    columns = [
        Column("", 0.2),
        Column("Claim", 2.7, lambda row: _capital(text(row, "statement"))),
        Column("Document", 0.75, lambda row: text(row, "source_id").replace("_", " "), grey=True)
        if by_study
        else Column("Study", 1.15, lambda row: text(row, "study"), lines=2, grey=True),
        Column("Stated", 1.15, lambda row: _shown(text(row, "stated")) or "left out"),
        Column("Published", 1.35, _published),
    ]
    columns += [Column("", 1.5)] if with_axis else []
    return [*columns, Column("Verdict", 0.95, lambda row: text(row, "verdict"))]


def _claims(frame: pd.DataFrame, style: Style) -> Figure:
    rows: list = []
    for group in dict.fromkeys(texts(frame, "group")):
        members = [row for row in rows_of(frame) if text(row, "group") == group]
        rows += [group, *members] if group else members
    with_axis = any(math.isfinite(value(row, "ratio")) for row in rows_of(frame))
    columns = _columns(frame, with_axis)
    places = lefts(columns, style, _GAP)
    wide = places[-1] - _GAP + style.margin
    inner = wide - 2 * style.margin
    rows = [shorten(row, inner, style.size, "bold") if isinstance(row, str) else row for row in rows]
    title = title_lines(first(frame, "title"), inner, style)
    keys = verdict_lines(texts(frame, "verdict"), inner, style)
    top = style.margin + 0.2 * len(title) + 0.06
    table = head_height(columns, style) + sum(heights(rows, columns, style))
    foot = 0.5 if with_axis else 0.12
    notes = _notes(frame, inner, style)
    high = top + table + foot + 0.15 * len(notes) + 0.17 * len(keys) + style.margin
    sheet = Sheet(wide, high, style)
    sheet.title(title)
    placed = draw_table(sheet, rows, columns, top, first(frame, "figure", "claims"), _GAP)
    if not rows:
        sheet.text(style.margin, top + table + 0.08, "No claim was made that can be compared.", style.small)
    for item in placed:
        draw_verdict(sheet.ax, places[0] + 0.1, item.middle, text(item.row, "verdict"), 9.5, style)
    if with_axis:
        _ratios(sheet, placed, places[5], top + head_height(columns, style), top + table)
    y = top + table + foot
    for line in notes:
        sheet.text(style.margin, y, line, style.small, color=style.grey)
        y += 0.15
    _keys(sheet, keys, y)
    return sheet.figure


def _notes(frame: pd.DataFrame, inches: float, style: Style) -> list[str]:
    words = []
    if any(text(row, "status") == "unconfirmed" for row in rows_of(frame)):
        words.append("† published figure that nobody could confirm.")
    unlisted = max([value(row, "left_unlisted") for row in rows_of(frame)] + [0.0])
    if unlisted > 0:
        words.append(f"Not listed: {unlisted:.0f} claims with nothing published to compare them with.")
    return wrap(" ".join(words), inches, style.small) if words else []


def _ratios(sheet: Sheet, placed, left: float, top: float, bottom: float) -> None:
    style, inches = sheet.style, 1.5
    ax = sheet.plot(left, top, inches, bottom - top)
    ax.set_xscale("log")
    ax.set_xlim(*_LIMITS)
    ax.axis("off")
    for item in placed:
        ax.plot((1.0, 1.0), (item.top, item.top + item.high), color=style.ink, lw=0.6, zorder=1)
        ratio = value(item.row, "ratio")
        if not math.isfinite(ratio):
            continue
        y, look = item.middle, VERDICTS.get(text(item.row, "verdict"), VERDICTS["unverifiable"])
        at = min(max(ratio, _LIMITS[0]), _LIMITS[1])
        ax.plot((1.0, at), (y, y), color=style.grey, lw=0.9, zorder=2)
        ax.plot(1.0, y, "o", ms=5.6, mfc="white", mec=style.ink, mew=0.9, zorder=3)
        marker = "D" if at == ratio else ("<" if ratio < at else ">")
        ax.plot(
            at,
            y,
            marker,
            ms=3.6,
            mfc=getattr(style, look.colour),
            mec=style.ink,
            mew=0.5,
            zorder=4,
            clip_on=False,
        )
    for tick in log_ticks(*_LIMITS, inches, style.small):
        place = left + inches * math.log(tick / _LIMITS[0]) / math.log(_LIMITS[1] / _LIMITS[0])
        sheet.ax.plot((place, place), (bottom, bottom + 0.04), color=style.ink, lw=0.6)
        sheet.text(place, bottom + 0.12, tick_label(tick), style.small, ha="center")
    words = "stated ÷ published"
    sheet.text(left + inches / 2, bottom + 0.27, words, style.small, ha="center", color=style.grey)


def _keys(sheet: Sheet, lines: list[list[str]], y: float) -> None:
    style = sheet.style
    for line in lines:
        x = style.margin + 0.08
        for verdict in line:
            draw_verdict(sheet.ax, x, y + 0.02, verdict, 8.0, style)
            sheet.text(x + 0.13, y + 0.02, verdict, style.small, color=style.grey)
            x += 0.42 + width(verdict, style.small)
        y += 0.17


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _published(row: Mapping) -> str:
    words = _shown(text(row, "published"))
    if not words:
        return "nothing found"
    return f"{words} †" if text(row, "status") == "unconfirmed" else words


def _shown(words: str) -> str:
    """Return a cell with its numbers rounded for reading; the table holds them in full."""
    parts = []
    for part in words.split("; "):
        try:
            found = float(part)
        except ValueError:
            parts.append(part.replace("-", MINUS) if part[:2].strip("-").isdigit() and part.startswith("-") else part)
            continue
        parts.append(part.replace("-", MINUS) if len(part) <= 6 else number(found))
    return "; ".join(parts).replace(" = ", f"{HARD_SPACE}={HARD_SPACE}")


def alt_text(frame: pd.DataFrame) -> str:
    """Return what the figure of claims shows, in words, from its frame."""
    verdicts = texts(frame, "verdict")
    counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in VERDICTS if verdict in verdicts]
    words = [f"{first(frame, 'title', 'Claims')}: {len(frame)} claims; {', '.join(counts) or 'none'}."]
    for row in rows_of(frame):
        ratio = value(row, "ratio")
        if text(row, "verdict") == "contradicted" and math.isfinite(ratio):
            stated, published = _shown(text(row, "stated")), _shown(text(row, "published"))
            words.append(f"{_capital(text(row, 'statement'))}: stated {stated}, published {published}.")
    return " ".join(words)
