"""A CSV file of studies as text cells with the line each row is on; nothing is guessed before it is checked.

Read with the csv module of Python and not with pandas, whose import takes longer than everything else that
`evisynth pool` does, and which takes the first column for row names where rows have a cell too many.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evisynth.effects.types import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TextTable", "read_text_table"]

_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True)
class TextTable:
    """Text cells by column.

    Attributes
    ----------
    columns : tuple of str
        Names in the order of the file, without blanks around them; a name may stand there twice.
    cells : tuple of list of str
        One list for each column, one cell for each row.
    lines : list of int
        Line of the file on which each row begins, the first line being 1.
    """

    columns: tuple[str, ...]
    cells: tuple[list[str], ...]
    lines: list[int]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    def __getitem__(self, column: str) -> list[str]:
        """Return the cells of a column."""
        return self.cells[self.columns.index(column)]

    def to_frame(self) -> "pd.DataFrame":
        """Return the cells as a pandas frame of text, the lines as ``attrs["lines"]``."""
        import pandas as pd

        frame = pd.DataFrame(list(zip(*self.cells, strict=True)), columns=list(self.columns), dtype=str)
        frame.attrs["lines"] = self.lines
        return frame


def read_text_table(path: Path) -> TextTable:
    """Read a comma-separated file in UTF-8 whose first line names the columns.

    Parameters
    ----------
    path : Path
        A byte-order mark, line ends of any system, quoted cells and blank lines are understood.

    Returns
    -------
    TextTable
        Without rows that hold nothing.

    Raises
    ------
    TableError
        With every row that has more or fewer cells than there are columns, every column without a name; or what
        makes the file unreadable.
    """
    rows = _rows(_decoded(path), path)
    if not rows:
        raise TableError([f"{path} is empty; the first line names the columns"])
    (first, names), *body = rows
    if len(names) == 1:
        _refuse_other_separators(names[0])
    # commas at the end of every line, as spreadsheets leave them, are columns without name and content
    width = len(names)
    while width and not names[width - 1] and not any(any(row[width - 1 : width]) for _, row in body):
        width -= 1
    problems = [
        f"line {first}, column {i + 1}: found no name, allowed a name. Name the column or delete it."
        for i, name in enumerate(names[:width])
        if not name
    ]
    kept = []
    for line, row in body:
        while len(row) > width and not row[-1]:
            row = row[:-1]
        if len(row) != width:
            problems.append(_wrong_width(line, row, width, first))
        kept.append(row)
    if problems:
        raise TableError(problems)
    cells = tuple([row[j] for row in kept] for j in range(width))
    return TextTable(tuple(names[:width]), cells, [line for line, _ in body])


def _decoded(path: Path) -> str:
    if not path.exists():
        raise TableError([f"there is no file {path}"])
    if path.is_dir():
        raise TableError([f"{path} is a folder; give the CSV file"])
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = f"line {line}: found the byte 0x{data[error.start]:02x}, allowed text in UTF-8"
        raise TableError([f"{found}. Save the file as CSV in UTF-8."]) from None


def _rows(text: str, path: Path) -> list[tuple[int, list[str]]]:
    """Return the rows that hold something, blanks around cells removed, each with its line."""
    # strict: else a quote that is never closed would swallow the rows behind it
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    rows, line = [], 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        do = "Close every quote; double a quote that belongs to the text"
        raise TableError([f"line {line}: found a row that is not comma-separated text ({error}). {do}."]) from None
    return rows


def _refuse_other_separators(name: str) -> None:
    for sign, word in _OTHER_SEPARATORS.items():
        if sign in name:
            raise TableError(
                [
                    f"line 1: found one column named {name!r}, allowed columns separated by commas. The file "
                    f"seems to be separated by {word}: save it with commas, and with points as decimal signs."
                ]
            )


def _wrong_width(line: int, row: Sequence[str], width: int, first: int) -> str:
    do = (
        "A comma inside a name needs quotes around the name; decimals are written with a point."
        if len(row) > width
        else "Add the comma that is missing; a value that is not reported is an empty cell."
    )
    named = f" ({row[0]})" if row[0] else ""
    return f"line {line}{named}: found {len(row)} cells, allowed {width}, one for each column of line {first}. {do}"
