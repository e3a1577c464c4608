"""Tables of words inside figures: columns of fixed width, cells that wrap, groups, room for marks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evisynth.figures.frames import text
from evisynth.figures.sheet import Sheet, identifier
from evisynth.figures.style import STYLE, Style
from evisynth.figures.words import wrap

LINE = 0.148  # inches from line to line
_PAD = 0.075


@dataclass(frozen=True)
class Column:
    """One column: ``words`` gives a row's text (None: the caller draws marks in it)."""

    head: str
    wide: float
    words: Callable[[Mapping], str] | None = None
    align: str = "left"
    lines: int = 3
    grey: bool = False
    bold: bool = False


@dataclass(frozen=True)
class Placed:
    """Where a row stands: its top, its middle and its content."""

    top: float
    middle: float
    high: float
    row: Mapping


def heights(rows: Sequence[Mapping | str], columns: Sequence[Column], style: Style = STYLE) -> list[float]:
    """Return the height of every row in inches; a plain text among the rows is the head of a group."""
    found = []
    for row in rows:
        if isinstance(row, str):
            found.append(0.27)
            continue
        most = max(len(_lines(row, column, style)) for column in columns)
        found.append(LINE * max(most, 1) + _PAD)
    return found


def head_height(columns: Sequence[Column], style: Style = STYLE) -> float:
    """Return the height of the heads of the columns in inches."""
    return 0.12 + LINE * max(len(wrap(column.head, column.wide, style.size, "bold", 3)) for column in columns)


def lefts(columns: Sequence[Column], style: Style = STYLE, gap: float = 0.12) -> list[float]:
    """Return where every column begins, and last where the table ends, in inches."""
    places = [style.margin]
    for column in columns:
        places.append(places[-1] + column.wide + gap)
    return places


def draw_table(
    sheet: Sheet,
    rows: Sequence[Mapping | str],
    columns: Sequence[Column],
    top: float,
    kind: str,
    gap: float = 0.12,
) -> list[Placed]:
    """Write a table and return where its rows stand, so that marks can be drawn in them.

    Parameters
    ----------
    sheet : Sheet
        Where.
    rows : sequence
        Rows of a frame; a plain text is the head of a group.
    columns : sequence of Column
        The columns.
    top : float
        Where the heads begin, inches.
    kind : str
        Sort of figure, for the identifiers of the rows.
    gap : float
        Inches between columns.
    """
    style, places = sheet.style, lefts(columns, sheet.style, gap)
    high = head_height(columns, style)
    sheet.rule(top, wide=0.9)
    for column, left in zip(columns, places, strict=False):
        lines = wrap(column.head, column.wide, style.size, "bold", 3)
        for i, line in enumerate(reversed(lines)):
            _write(sheet, line, left, column, top + high - 0.11 - LINE * i, "bold", style.ink)
    sheet.rule(top + high)
    y, placed, striped = top + high, [], 0
    for row, tall in zip(rows, heights(rows, columns, style), strict=True):
        if isinstance(row, str):
            y += tall
            sheet.text(style.margin, y - 0.11, row, weight="bold", color=style.grey)
            striped = 0
            continue
        if striped % 2:
            sheet.band(y, y + tall)
        striped += 1
        for column, left in zip(columns, places, strict=False):
            lines = _lines(row, column, style)
            first = y + tall / 2 - LINE * (len(lines) - 1) / 2
            for i, line in enumerate(lines):
                weight = "bold" if column.bold else "normal"
                _write(
                    sheet,
                    line,
                    left,
                    column,
                    first + LINE * i,
                    weight,
                    style.grey if column.grey else style.ink,
                )
        if text(row, "row"):
            sheet.target(y, y + tall, identifier(kind, row))
        placed.append(Placed(y, y + tall / 2, tall, row))
        y += tall
    sheet.rule(y)
    return placed


def _write(sheet: Sheet, line: str, left: float, column: Column, y: float, weight: str, colour: str) -> None:
    place = {"left": left, "right": left + column.wide, "center": left + column.wide / 2}[column.align]
    sheet.text(place, y, line, ha=column.align, weight=weight, color=colour)


def _lines(row: Mapping, column: Column, style: Style) -> list[str]:
    if column.words is None:
        return []
    return wrap(column.words(row), column.wide, style.size, "bold" if column.bold else "normal", column.lines)
