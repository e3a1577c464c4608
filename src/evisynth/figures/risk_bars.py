"""Bars of the share of every level of risk of bias, domain by domain."""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evisynth.figures.frames import chosen, first, framed, require, rows_of, text, texts, value
from evisynth.figures.risk_levels import draw_key, key_lines, mark_of, place_of, words_of
from evisynth.figures.risk_of_bias import OVERALL, domains_of
from evisynth.figures.sheet import Sheet, identifier
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import percent, shorten, width, wrap

COLUMNS = (
    "row", "synthesis", "domain", "domain_name", "level", "share", "studies", "of", "by", "title", "from",
)  # fmt: skip
_HATCH = {"-": "....", "x": "////", "!": "xxxx", "?": "", "+": "", "ring": "", "dash": ""}


def risk_bars_frame(frame: pd.DataFrame, *, weighted: bool = False) -> pd.DataFrame:
    """Count the levels of every domain, as a share of the studies or of their weight.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`~evisynth.figures.risk_of_bias.risk_of_bias_frame` gives.
    weighted : bool
        Whether studies count by their weight in the synthesis; a study without weight counts nothing.

    Returns
    -------
    pandas.DataFrame
        One row per domain and level, columns `COLUMNS`; ``share`` in per cent.
    """
    rows = []
    for domain, name in domains_of(frame):
        cells = rows_of(chosen(frame, domain=domain))
        sizes = [value(cell, "weight") if weighted else 1.0 for cell in cells]
        total = sum(size for size in sizes if size == size)
        for level in sorted({text(cell, "level") for cell in cells}, key=lambda level: (place_of(level), level)):
            mine = [(cell, size) for cell, size in zip(cells, sizes, strict=True) if text(cell, "level") == level]
            rows.append(
                {
                    "row": f"{domain}:{level}",
                    "synthesis": first(frame, "synthesis"),
                    "domain": domain,
                    "domain_name": name,
                    "level": level,
                    "share": 100.0 * sum(size for _, size in mine if size == size) / total if total else float("nan"),
                    "studies": len(mine),
                    "of": len(cells),
                    "by": "weight" if weighted else "studies",
                    "title": first(frame, "title"),
                    "from": ";".join(dict.fromkeys(text(cell, "from") for cell, _ in mine)),
                }
            )
    return framed(rows, COLUMNS)


def risk_weights_frame(risk_weights: pd.DataFrame, synthesis: str, measure: str, *, title: str = "") -> pd.DataFrame:
    """Collect the share of the weight at every level of risk of bias in one synthesis.

    Parameters
    ----------
    risk_weights : pandas.DataFrame
        ``quality/risk_weights.csv``.
    synthesis, measure : str
        Whose.
    title : str
        The title.

    Returns
    -------
    pandas.DataFrame
        One row per domain and level, columns as :func:`risk_bars_frame` gives them; ``share`` in per cent of the
        weight.
    """
    rows = rows_of(chosen(risk_weights, synthesis=synthesis, measure=measure))
    place = f"quality/risk_weights.csv:{synthesis}:{measure}"
    total = sum(value(row, "studies") for row in rows if text(row, "domain") == OVERALL)
    return framed(
        (
            {
                "row": f"{text(row, 'domain')}:{text(row, 'judgement')}",
                "synthesis": synthesis,
                "domain": text(row, "domain"),
                "domain_name": text(row, "domain_name"),
                "level": text(row, "judgement"),
                "share": value(row, "share"),
                "studies": value(row, "studies"),
                "of": total,
                "by": "weight",
                "title": title or "Risk of bias by weight",
                "from": f"{place}:{text(row, 'domain')}:{text(row, 'judgement')}",
            }
            for row in rows
        ),
        COLUMNS,
    )


def plot_risk_bars(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw stacked bars: every domain one bar, every level one piece with its own hatching.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`risk_bars_frame` gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("domain", "level", "share", "from"), "bars of risk of bias")
    style = style or STYLE
    with drawing():
        return _bars(frame, style)


def _bars(frame: pd.DataFrame, style: Style) -> Figure:
    domains = list(dict.fromkeys(texts(frame, "domain")))
    names = {text(row, "domain"): _name(row) for row in rows_of(frame)}
    label = min(max([width(names[domain], style.size) for domain in domains] + [1.0]), 3.2)
    wide, bar = style.margin * 2 + label + 0.15 + 4.0, 0.2
    keys = key_lines(texts(frame, "level"), wide - 2 * style.margin, style)
    title = wrap(first(frame, "title"), wide - 2 * style.margin, style.title, "bold", 2) if style.show_title else []
    top = style.margin + 0.2 * len(title) + 0.08
    sheet = Sheet(wide, top + 0.28 * len(domains) + 0.62 + 0.17 * len(keys), style)
    for i, line in enumerate(title):
        sheet.text(style.margin, style.margin + 0.1 + 0.2 * i, line, style.title, weight="bold")
    left, inches = style.margin + label + 0.15, 4.0 - 0.1
    for i, domain in enumerate(domains):
        y, at = top + 0.28 * i + 0.04, left
        sheet.text(style.margin, y + bar / 2, shorten(names[domain], label + 0.05, style.size))
        for row in rows_of(frame):
            share = value(row, "share")
            if text(row, "domain") != domain or not math.isfinite(share):
                continue
            _piece(sheet, row, at, y, inches * share / 100, bar)
            at += inches * share / 100
    bottom = top + 0.28 * len(domains) + 0.02
    sheet.rule(bottom, left, left + inches)
    for share in (0, 25, 50, 75, 100):
        place = left + inches * share / 100
        sheet.ax.plot((place, place), (bottom, bottom + 0.04), color=style.ink, lw=0.6)
        sheet.text(place, bottom + 0.13, f"{share}%", style.small, ha="center")
    by = "the studies' weight" if first(frame, "by") == "weight" else "the studies"
    sheet.text(left + inches / 2, bottom + 0.29, f"share of {by}", style.small, ha="center", color=style.grey)
    draw_key(sheet, keys, bottom + 0.44)
    return sheet.figure


def _piece(sheet: Sheet, row: dict, left: float, top: float, wide: float, high: float) -> None:
    style, mark = sheet.style, mark_of(text(row, "level"))
    colour = getattr(style, mark.colour) if mark.colour else "white"
    dark = mark.colour in ("good", "bad", "worst")
    look = {"fc": colour, "ec": "white" if dark else style.rule, "lw": 0, "hatch": _HATCH[mark.symbol]}
    patch = Rectangle((left, top), wide, high, **look)
    patch.set_hatch_linewidth(0.35)
    patch.set_gid(identifier("risk_bars", row))
    sheet.ax.add_patch(patch)
    sheet.ax.add_patch(Rectangle((left, top), wide, high, fc="none", ec=style.ink, lw=0.6))
    words = percent(value(row, "share"), 0)
    if wide > width(words, style.small, "bold") + 0.1:
        box = {"boxstyle": "square,pad=0.12", "fc": colour, "ec": "none"}
        ink = "white" if dark else style.ink
        sheet.text(
            left + wide / 2,
            top + high / 2,
            words,
            style.small,
            ha="center",
            weight="bold",
            color=ink,
            bbox=box,
        )


def _name(row: dict) -> str:
    domain, name = text(row, "domain"), text(row, "domain_name")
    return "Overall" if domain == OVERALL else f"{domain} {name}".strip()


def alt_text(frame: pd.DataFrame) -> str:
    """Return what the bars show, in words, from their frame."""
    by = "weight" if first(frame, "by") == "weight" else "number of studies"
    parts = [f"Risk of bias by domain, as shares of the {by}."]
    for domain in dict.fromkeys(texts(frame, "domain")):
        rows = [row for row in rows_of(frame) if text(row, "domain") == domain]
        shares = ", ".join(f"{words_of(text(row, 'level'))} {percent(value(row, 'share'), 0)}" for row in rows)
        parts.append(f"{_name(rows[0])}: {shares}.")
    return " ".join(parts)
