"""The flow of records through a review, after the PRISMA 2020 diagram, counted from the screening table."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from evisynth.figures.frames import chosen, first, framed, require, rows_of, text, value
from evisynth.figures.sheet import Sheet, identifier, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import count, wrap

COLUMNS = ("row", "box", "place", "words", "count", "title", "note", "from")
_SIDES = ("records_background", "reports_not_retrieved", "records_excluded", "studies_awaiting")
_BAR, _MAIN, _SIDE, _GAP = 0.26, 2.75, 3.1, 0.5
_LINE = 0.16


def prisma_frame(
    prisma: pd.DataFrame,
    *,
    screening: pd.DataFrame | None = None,
    title: str = "Flow of records",
    note: str = "",
    most_reasons: int = 8,
) -> pd.DataFrame:
    """Collect the boxes of the flow.

    Parameters
    ----------
    prisma : pandas.DataFrame
        ``checked/prisma.csv``.
    screening : pandas.DataFrame, optional
        ``screening.csv`` (checked), for the reasons of exclusion.
    title, note : str
        Title, and a line below the flow, e.g. how the searching was done.
    most_reasons : int
        Most reasons listed; the rest are counted together.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; ``place`` is ``source``, ``main``, ``side``, ``reason`` or ``included``.
    """
    places = {"records_considered": "main", "records_included": "included", "studies_included": "included"}
    rows = []
    for row in rows_of(prisma):
        box = text(row, "box")
        place = "source" if box.startswith("found_") else places.get(box, "side")
        rows.append(_box(box, place, text(row, "words"), value(row, "count"), text(row, "from")))
    for reason, keys in _reasons(screening, most_reasons):
        origin = ";".join(f"screening.csv:{key}" for key in keys)
        rows.append(_box(f"reason_{len(rows)}", "reason", reason, len(keys), origin))
    return framed(({**row, "title": title, "note": note} for row in rows), COLUMNS)


def _box(box: str, place: str, words: str, size: float, origin: str) -> dict:
    return {"row": box, "box": box, "place": place, "words": words, "count": size, "from": origin}


def _reasons(screening: pd.DataFrame | None, most: int) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for row in rows_of(chosen(screening, decision="excluded")):
        key = text(row, "row_key") or text(row, "record_id")
        found.setdefault(text(row, "reason") or "no reason given", []).append(key)
    ordered = sorted(found.items(), key=lambda item: -len(item[1]))
    rest = [key for _, keys in ordered[most:] for key in keys]
    return ordered[:most] + ([("other reasons", rest)] if rest else [])


def plot_prisma(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw the flow.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`prisma_frame` gives.
    style : Style, optional
        Another style.

    References
    ----------
    Page MJ et al (2021). The PRISMA 2020 statement. BMJ 372:n71. The boxes are those the review can count;
    stages that it did not keep apart are not drawn as if they had been.
    """
    require(frame, ("box", "place", "words", "count", "from"), "flow of records")
    style = style or STYLE
    with drawing():
        return _flow(frame, style)


def _said(row: dict) -> str:
    words = text(row, "words")
    return f"{words[:1].upper()}{words[1:]} (n = {count(value(row, 'count'))})"


def _flow(frame: pd.DataFrame, style: Style) -> Figure:
    rows = {place: [r for r in rows_of(frame) if text(r, "place") == place] for place in _PLACES}
    sides = [row for row in rows["side"] if value(row, "count") > 0 or text(row, "box") in _SIDES[1:3]]
    boxes_side = [_side_lines(row, rows["reason"], style) for row in sides]
    found = [
        f"{text(r, 'words').removeprefix('found through ')} (n = {count(value(r, 'count'))})" for r in rows["source"]
    ]
    source = [
        "Records found through",
        *(line for part in found for line in wrap(part, _MAIN - 0.4, style.size)),
    ]
    main = [line for r in rows["main"] for line in wrap(_said(r), _MAIN - 0.24, style.size)]
    included = [line for r in rows["included"] for line in wrap(_said(r), _MAIN - 0.24, style.size)]
    wide = style.margin * 2 + _BAR + 0.14 + _MAIN + _GAP + _SIDE
    title = title_lines(first(frame, "title"), wide - 0.3, style)
    note = wrap(first(frame, "note"), wide - 2 * style.margin, style.small, lines=6) if first(frame, "note") else []
    tall = [0.16 + _LINE * len(lines) for lines in (source, main, included)]
    side_high = sum(0.16 + _LINE * len(lines) for lines in boxes_side) + 0.14 * max(len(boxes_side) - 1, 0)
    # every stage is as high as its name on the left needs
    stages = (max(tall[0], 1.0), max(tall[1], side_high, 0.85), max(tall[2], 0.72))
    top = style.margin + 0.2 * len(title) + 0.08
    high = top + sum(stages) + 0.6 + 0.14 + 0.15 * len(note) + style.margin
    sheet = Sheet(wide, high, style)
    sheet.title(title)
    left = style.margin + _BAR + 0.14
    second = top + stages[0] + 0.3
    third = second + stages[1] + 0.3
    for words, start, size in zip(
        ("Identification", "Screening", "Included"), (top, second, third), stages, strict=True
    ):
        _side_bar(sheet, words, start, size)
    end, top, third = third + stages[2], top + (stages[0] - tall[0]) / 2, third + (stages[2] - tall[2]) / 2
    _draw_box(sheet, left, top, _MAIN, tall[0], source, rows["source"], indent=1)
    _draw_box(sheet, left, second, _MAIN, tall[1], main, rows["main"])
    _draw_box(sheet, left, third, _MAIN, tall[2], included, rows["included"])
    centre = left + _MAIN / 2
    _arrow(sheet, (centre, top + tall[0]), (centre, second))
    _arrow(sheet, (centre, second + tall[1]), (centre, third))
    y = second
    right = left + _MAIN + _GAP
    for row, lines in zip(sides, boxes_side, strict=True):
        size = 0.16 + _LINE * len(lines)
        _draw_box(sheet, right, y, _SIDE, size, lines, [row], indent=1)
        at = y + size / 2 if y > second else min(y + size / 2, second + tall[1] / 2)
        start = left + _MAIN if at <= second + tall[1] else centre
        _arrow(sheet, (start, at), (right, at))
        y += size + 0.14
    sheet.notes(end + 0.2, note)
    return sheet.figure


_PLACES = ("source", "main", "side", "reason", "included")


def _side_lines(row: dict, reasons: list[dict], style: Style) -> list[str]:
    lines = wrap(_said(row), _SIDE - 0.24, style.size)
    if text(row, "box") == "records_excluded":
        for reason in reasons:
            lines += wrap(f"{count(value(reason, 'count'))}: {text(reason, 'words')}", _SIDE - 0.4, style.size, lines=2)
    return lines


def _draw_box(sheet: Sheet, left: float, top: float, wide: float, high: float, lines, rows, indent: int = 0) -> None:
    style = sheet.style
    sheet.ax.add_patch(Rectangle((left, top), wide, high, fc="white", ec=style.ink, lw=0.8, zorder=3))
    for i, line in enumerate(lines):
        shift = 0.16 if indent and i else 0.0
        sheet.text(left + 0.12 + shift, top + 0.08 + _LINE * (i + 0.5), line, zorder=4)
    for i, row in enumerate(rows):
        size = high / len(rows)
        patch = sheet.band(top + i * size, top + (i + 1) * size, left, left + wide, fc="white", alpha=0.0, zorder=9)
        patch.set_gid(identifier("prisma", row))


def _side_bar(sheet: Sheet, words: str, top: float, high: float) -> None:
    style = sheet.style
    sheet.ax.add_patch(Rectangle((style.margin, top), _BAR, high, fc="#d6e6f2", ec=style.ink, lw=0.6, zorder=3))
    look = {"ha": "center", "va": "center", "rotation": 90, "rotation_mode": "anchor", "zorder": 4}
    sheet.text(style.margin + _BAR / 2, top + high / 2, words, weight="bold", **look)


def _arrow(sheet: Sheet, start: tuple[float, float], end: tuple[float, float]) -> None:
    look = {"arrowstyle": "-|>", "mutation_scale": 8, "lw": 0.8, "color": sheet.style.ink, "zorder": 2}
    sheet.ax.add_patch(FancyArrowPatch(start, end, shrinkA=0, shrinkB=0, **look))


def alt_text(frame: pd.DataFrame) -> str:
    """Return the flow in words, from its frame."""
    order = {place: i for i, place in enumerate(_PLACES)}
    rows = sorted(rows_of(frame), key=lambda row: order.get(text(row, "place"), 9))
    boxes = [f"{text(row, 'words')} {count(value(row, 'count'))}" for row in rows if text(row, "place") != "reason"]
    words = f"{first(frame, 'title', 'Flow of records')}: {'; '.join(boxes)}."
    return f"{words} {first(frame, 'note')}".strip()
