"""The summary of findings as a figure, and the map of the evidence."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from evisynth.figures.frames import first, framed, require, rows_of, text, texts, value
from evisynth.figures.sheet import Sheet, identifier, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.text_table import Column, draw_table, head_height, heights, lefts
from evisynth.figures.words import HARD_SPACE, MINUS, count, interval, shorten, width, wrap

NUMBERS = (
    "k", "n", "natural_estimate", "natural_ci_low", "natural_ci_high", "comparator_per_1000", "treatment_per_1000",
    "difference_per_1000", "difference_per_1000_low", "difference_per_1000_high", "unconfirmed",
)  # fmt: skip
COLUMNS = ("row", "synthesis", "measure", "outcome", "condition", *NUMBERS, "certainty", "words", "title", "from")
LEVELS = {"very low": 1, "low": 2, "moderate": 3, "high": 4}


def findings_frame(
    findings: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    conditions: Mapping[str, str] | None = None,
    title: str = "Summary of findings",
) -> pd.DataFrame:
    """Collect the summary of findings.

    Parameters
    ----------
    findings : pandas.DataFrame
        ``quality/findings.csv``.
    titles, conditions : mapping of str to str, optional
        Title and condition of every synthesis.
    title : str
        The title.
    """
    rows = [
        {
            "row": text(row, "synthesis"),
            "synthesis": text(row, "synthesis"),
            "measure": text(row, "measure"),
            "outcome": (titles or {}).get(text(row, "synthesis"), text(row, "synthesis")),
            "condition": (conditions or {}).get(text(row, "synthesis"), ""),
            **{name: value(row, name) for name in NUMBERS},
            "certainty": text(row, "certainty") or "not assessed",
            "words": text(row, "words"),
            "title": title,
            "from": f"quality/findings.csv:{text(row, 'synthesis')}",
        }
        for row in rows_of(findings)
    ]
    return framed(rows, COLUMNS)


def plot_findings(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw the summary of findings; certainty as filled and empty circles besides its word.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`findings_frame` gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("outcome", "certainty", "words", "from"), "summary of findings")
    style = style or STYLE
    with drawing():
        return _findings(frame, style)


def _findings(frame: pd.DataFrame, style: Style) -> Figure:
    columns = [
        Column("Outcome", 2.1, lambda row: text(row, "outcome"), lines=4),
        Column("Studies, people", 0.85, _size),
        Column("Effect [95% CI]", 1.55, _effect, lines=2),
        Column("Of 1,000 people", 1.75, _absolute, lines=3, grey=True),
        Column(
            "Certainty",
            1.1,
            lambda row: f"{stars(text(row, 'certainty'))} {text(row, 'certainty').lower()}".strip(),
            lines=3,
        ),
        Column("In words", 3.0, lambda row: text(row, "words"), lines=6, grey=True),
    ]
    rows: list = []
    for condition in dict.fromkeys(texts(frame, "condition")):
        members = [{**row, "row": text(row, "row")} for row in rows_of(frame) if text(row, "condition") == condition]
        rows += [condition, *members] if condition else members
    places = lefts(columns, style)
    wide = places[-1] - 0.12 + style.margin
    title = title_lines(first(frame, "title"), wide - 0.3, style)
    top = style.margin + 0.2 * len(title) + 0.06
    high = top + head_height(columns, style) + sum(heights(rows, columns, style)) + 0.15 + style.margin
    sheet = Sheet(wide, high, style)
    sheet.title(title)
    draw_table(sheet, rows, columns, top, "findings")
    return sheet.figure


def _size(row: Mapping) -> str:
    k, n = value(row, "k"), value(row, "n")
    parts = [f"{name} = {count(found)}" for name, found in (("k", k), ("n", n)) if math.isfinite(found)]
    return ", ".join(parts).replace(" = ", f"{HARD_SPACE}={HARD_SPACE}")


def _effect(row: Mapping) -> str:
    numbers = [value(row, name) for name in ("natural_estimate", "natural_ci_low", "natural_ci_high")]
    if not math.isfinite(numbers[0]):
        return "not pooled"
    mark = " †" if value(row, "unconfirmed") > 0 else ""
    return f"{text(row, 'measure')} {interval(*numbers)}{mark}"


def _absolute(row: Mapping) -> str:
    before, after = value(row, "comparator_per_1000"), value(row, "treatment_per_1000")
    if not (math.isfinite(before) and math.isfinite(after)):
        return ""
    low, high = value(row, "difference_per_1000_low"), value(row, "difference_per_1000_high")
    return f"{before:.0f} → {after:.0f} ({_signed(low)} to {_signed(high)})"


def _signed(found: float) -> str:
    rounded = round(found)
    return "0" if rounded == 0 else f"{MINUS if rounded < 0 else '+'}{abs(rounded)}"


def stars(certainty: str) -> str:
    """Return four circles, as many filled as the level of certainty; nothing where it was not (fully) assessed."""
    level = LEVELS.get(certainty.strip().lower(), 0)
    return "●" * level + "○" * (4 - level) if level else ""


MAP_COLUMNS = (
    "row", "synthesis", "condition", "outcome", "k", "n", "pooled", "certainty", "direction", "title", "from",
)  # fmt: skip


def evidence_map_frame(
    findings: pd.DataFrame,
    *,
    conditions: Mapping[str, str],
    outcomes: Mapping[str, str],
    directions: Mapping[str, str] | None = None,
    title: str = "Map of the evidence",
) -> pd.DataFrame:
    """Collect how much evidence there is by condition and outcome.

    Parameters
    ----------
    findings : pandas.DataFrame
        ``quality/findings.csv``.
    conditions, outcomes : mapping of str to str
        Condition and name of the outcome of every synthesis.
    directions : mapping of str to str, optional
        ``favours the treatment``, ``favours the comparison`` or ``unclear``, by synthesis.
    title : str
        The title.
    """
    rows = [
        {
            "row": text(row, "synthesis"),
            "synthesis": text(row, "synthesis"),
            "condition": conditions.get(text(row, "synthesis"), ""),
            "outcome": outcomes.get(text(row, "synthesis"), ""),
            "k": value(row, "k"),
            "n": value(row, "n"),
            "pooled": "yes" if math.isfinite(value(row, "natural_estimate")) else "no",
            "certainty": text(row, "certainty") or "not assessed",
            "direction": (directions or {}).get(text(row, "synthesis"), ""),
            "title": title,
            "from": f"quality/findings.csv:{text(row, 'synthesis')}",
        }
        for row in rows_of(findings)
        if text(row, "synthesis") in conditions
    ]
    return framed(rows, MAP_COLUMNS)


def plot_evidence_map(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw conditions by outcomes; a bubble's area is the number of people, its darkness the certainty.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`evidence_map_frame` gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("condition", "outcome", "certainty", "from"), "map of the evidence")
    style = style or STYLE
    with drawing():
        return _map(frame, style)


_SHADES = {0: "#ffffff", 1: "#d3e2ee", 2: "#8fb7d6", 3: "#3d7fb1", 4: "#1f4e79"}


def _map(frame: pd.DataFrame, style: Style) -> Figure:
    # the longer list of the two stands below one another, so that the map fits a page
    down, across = "condition", "outcome"
    if len(set(texts(frame, across))) > len(set(texts(frame, down))):
        down, across = across, down
    rows, columns = (list(dict.fromkeys(texts(frame, name))) for name in (down, across))
    label = min(max([width(words, style.size) for words in rows] + [1.0]), 2.4)
    cells: dict[tuple[str, str], list[dict]] = {}
    for row in rows_of(frame):
        cells.setdefault((text(row, down), text(row, across)), []).append(row)
    wides = [
        max([0.92] + [0.56 * len(found) for (_, column), found in cells.items() if column == name]) for name in columns
    ]
    rooms = {key: wides[columns.index(key[1])] / len(members) for key, members in cells.items()}
    deepest = max([len(_below(row, rooms[key])) for key, members in cells.items() for row in members] + [2])
    high = 0.74 + 0.105 * (deepest - 2)
    wide = max(style.margin * 2 + label + 0.15 + sum(wides), 4.6)
    title = title_lines(first(frame, "title"), wide - 0.3, style)
    heads = [wrap(words, room - 0.08, style.small, "bold", 5) for words, room in zip(columns, wides, strict=True)]
    top = style.margin + 0.2 * len(title) + 0.06
    body = top + 0.12 + 0.13 * max([len(lines) for lines in heads] + [1])
    bottom = body + high * max(len(rows), 1)
    sheet = Sheet(wide, bottom + 0.62 + style.margin, style)
    sheet.title(title)
    lefts = [style.margin + label + 0.15 + sum(wides[:i]) for i in range(len(wides))]
    sheet.rule(top, wide=0.9)
    for left, room, lines in zip(lefts, wides, heads, strict=True):
        for j, line in enumerate(reversed(lines)):
            sheet.text(left + room / 2, body - 0.1 - 0.13 * j, line, style.small, ha="center", weight="bold")
    sheet.rule(body)
    for i, words in enumerate(rows):
        lines = wrap(words, label, style.size, lines=3)
        for j, line in enumerate(lines):
            sheet.text(style.margin, body + high * (i + 0.5) + 0.145 * (j - (len(lines) - 1) / 2), line)
        sheet.rule(body + high * (i + 1), wide=0.3, color=style.rule)
    most = max([value(row, "n") for row in rows_of(frame) if math.isfinite(value(row, "n"))] + [1.0])
    for (name, column), members in cells.items():
        y, place = body + high * rows.index(name) + 0.37, columns.index(column)
        for i, row in enumerate(members):
            room = rooms[name, column]
            _bubble(sheet, row, lefts[place] + room * (i + 0.5), y, most, room)
    _map_key(sheet, bottom + 0.2)
    return sheet.figure


def _bubble(sheet: Sheet, row: dict, x: float, y: float, most: float, room: float) -> None:
    style, n = sheet.style, value(row, "n")
    certainty = text(row, "certainty").lower()
    level = LEVELS.get(certainty.removeprefix("at most "), 0)
    pooled = text(row, "pooled") == "yes"
    size = 7.0 + 20.0 * math.sqrt(n / most) if math.isfinite(n) else 7.0
    # a square: studies that nobody could pool
    shape, size = ("o", size) if pooled else ("s", 6.5)
    # an upper bound fills half of the mark: a full one would say more than was judged
    half = {"fillstyle": "left", "markerfacecoloralt": _SHADES[0]} if certainty.startswith("at most ") else {}
    (mark,) = sheet.ax.plot(x, y - 0.1, shape, ms=size, mfc=_SHADES[level], mec=style.ink, mew=0.7, zorder=3, **half)
    mark.set_gid(identifier("evidence_map", row))
    for i, line in enumerate(_below(row, room)):
        sheet.text(x, y + 0.175 + 0.105 * i, line, 6.5, ha="center", color=style.grey, zorder=4)
    sign = {"favours the treatment": "▲", "favours the comparison": "▼", "unclear": "?"}.get(text(row, "direction"), "")
    ink = style.ink if half else style.ink_on(_SHADES[level])
    sheet.text(x, y - 0.1, sign, style.small, ha="center", va="center", color=ink, zorder=5)


def _below(row: Mapping, room: float) -> list[str]:
    """Return the lines below a bubble."""
    sizes = ((name, value(row, name)) for name in ("k", "n"))
    lines = [f"{name} {count(found)}" for name, found in sizes if math.isfinite(found)]
    lines = lines if text(row, "pooled") == "yes" else ["not pooled"]
    certainty = text(row, "certainty").lower()
    lines = [", ".join(lines), certainty] if certainty.startswith("at most ") else lines
    return [part for words in lines for part in wrap(words, room - 0.04, 6.5)]


def _map_key(sheet: Sheet, y: float) -> None:
    style, x = sheet.style, sheet.style.margin + 0.08
    for words, level in (("not assessed", 0), *LEVELS.items()):
        sheet.ax.plot(x, y, "o", ms=7, mfc=_SHADES[level], mec=style.ink, mew=0.6)
        sheet.text(x + 0.12, y, words, style.small, color=style.grey)
        x += 0.34 + width(words, style.small)
    words = "Area: people. Shade: certainty; half of it: at most that, not fully assessed. Square: not pooled. "
    words += "▲ interval on the treatment's side, ▼ on the comparison's, ? on both."
    sheet.notes(y + 0.19, wrap(words, sheet.wide - 2 * style.margin, style.small, lines=2), 0.145)


def alt_text(frame: pd.DataFrame) -> str:
    """Return the summary of findings, or the map, in words, from its frame."""
    words = [f"{first(frame, 'title', 'Summary of findings')}: {len(frame)} questions."]
    for row in rows_of(frame):
        effect = _effect(row) if "natural_estimate" in frame.columns else _size(row)
        name = shorten(text(row, "outcome"), 6.0, 8.0)
        words.append(f"{name}: {effect}; certainty {text(row, 'certainty').lower()}.")
    return " ".join(words)
