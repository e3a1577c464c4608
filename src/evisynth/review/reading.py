"""Read the CSV files of a review folder without changing a character."""

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from evisynth.review.problems import Problem, shown
from evisynth.review.tables import Column, TableSpec, key_of

# [0-9], not \d: that takes the digits of every script, which become no number later
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\b|[0-9]{1,2}([./])[0-9]{1,2}\1[0-9]{2,4}$|[0-9]{1,2}-[A-Za-z]{3}\b|[A-Za-z]{3}-[0-9]{2}$"
)
_COUNT = re.compile(r"[0-9]+$")
_ID = re.compile(r"[a-z0-9][a-z0-9_.\-]*$")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of facts, as typed and as values.

    Attributes
    ----------
    spec : TableSpec
        Its definition.
    text : pandas.DataFrame
        Every cell as it was typed (blank: ``""``), the specification's columns only.
    keys : tuple of str
        The key of each row.
    lines : tuple of int
        The line of the file where each row begins.
    """

    spec: TableSpec
    text: pd.DataFrame
    keys: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()

    @property
    def values(self) -> pd.DataFrame:
        """The rows with numbers as numbers (blank: NaN), a ``row_key`` and a ``line`` column."""
        frame = self.text.copy()
        for column in self.spec.columns:
            if column.kind in ("number", "count", "year"):
                frame[column.name] = pd.to_numeric(frame[column.name], errors="coerce").astype(float)
        frame.insert(0, "row_key", list(self.keys))
        frame.insert(1, "line", list(self.lines))
        return frame

    def with_text(self, text: pd.DataFrame) -> "Table":
        """Return the same table with other cells (same rows, same key columns)."""
        return Table(self.spec, text, self.keys, self.lines)


def empty_table(spec: TableSpec) -> Table:
    """Return the table of a file that a review does not have."""
    return Table(spec, pd.DataFrame({name: pd.Series(dtype=str) for name in spec.names}))


@dataclass(slots=True)
class _Reading:
    spec: TableSpec
    problems: list[Problem] = field(default_factory=list)

    def tell(self, line: int, column: str, found: str, allowed: str, advice: str) -> None:
        self.problems.append(Problem(self.spec.file, line, column, found, allowed, advice))


def read_table(path: Path, spec: TableSpec) -> tuple[Table, list[Problem]]:
    """Read one table and check every cell on its own.

    Parameters
    ----------
    path : pathlib.Path
        The CSV file: UTF-8, comma-separated, one header line.
    spec : TableSpec
        What it may hold.

    Returns
    -------
    Table
        The rows that could be read; empty where the header is unusable.
    list of Problem
        Everything wrong with the file, by line and column.
    """
    reading = _Reading(spec)
    text = _decode(path, reading)
    if text is None:
        return empty_table(spec), reading.problems
    rows, lines = _split(text, reading)
    frame = pd.DataFrame(rows, columns=list(spec.names), dtype=str)
    keys = tuple(key_of(parts) for parts in frame[list(spec.key)].itertuples(index=False))
    table = Table(spec, frame, keys, tuple(lines))
    for column in spec.columns:
        _check_column(table, column, reading)
    _check_duplicates(table, reading)
    return table, reading.problems


def _decode(path: Path, reading: _Reading) -> str | None:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        reading.tell(
            line,
            "",
            f"byte 0x{data[error.start]:02x} that is not UTF-8",
            "text in UTF-8",
            "save the file again with the encoding UTF-8 (in a spreadsheet: 'CSV UTF-8')",
        )
        return None
    if "\x00" in text:
        reading.tell(0, "", "NUL characters", "plain text", "export the sheet as CSV UTF-8, not as a workbook")
        return None
    return text


def _split(text: str, reading: _Reading) -> tuple[list[list[str]], list[int]]:
    spec = reading.spec
    reader = csv.reader(io.StringIO(text), strict=True)
    rows, lines, at = [], [], 1
    try:
        header = next(reader, None)
        if not header:
            reading.tell(0, "", "an empty file", "a header line and at least one row", "fill the table or delete it")
            return [], []
        if not _check_header(header, reading):
            return [], []
        at = reader.line_num + 1
        for cells in reader:
            start, at = at, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                reading.tell(
                    start,
                    "",
                    f"{len(cells)} cells",
                    f"{len(header)} cells, as in the header",
                    "quote cells that hold a comma, and end each row where the header ends",
                )
                continue
            found = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            rows.append([found[name] for name in spec.names])
            lines.append(start)
    except csv.Error as error:
        reading.tell(at, "", f"text that is no CSV ({error})", "comma-separated cells", "check the quotes of this row")
        return [], []
    if not rows:
        reading.tell(0, "", "a table without rows", "at least one row", "fill the table or delete the file")
    return rows, lines


def _check_header(header: list[str], reading: _Reading) -> bool:
    names = reading.spec.names
    missing = [name for name in names if name not in header]
    unknown = [name for name in header if name not in names]
    twice = sorted({name for name in header if header.count(name) > 1})
    for name in missing:
        reading.tell(1, name, "no such column", f"the columns {', '.join(names)}", f"add the column {name}")
    for name in unknown:
        reading.tell(
            1,
            name,
            f"the unknown column {shown(name)}",
            f"the columns {', '.join(names)}",
            "rename or delete it",
        )
    for name in twice:
        reading.tell(1, name, "the column twice", "each column once", "delete one of them")
    return not (missing or unknown or twice)


def _check_column(table: Table, column: Column, reading: _Reading) -> None:
    for line, cell in zip(table.lines, table.text[column.name], strict=True):
        if cell == "":
            if column.required:
                reading.tell(line, column.name, "a blank cell", column.description, f"fill in {column.name}")
            continue
        for part in cell.split(";") if column.many else (cell,):
            fault = cell_fault(part.strip(), column)
            if fault:
                reading.tell(line, column.name, shown(cell), *fault)
                break


def cell_fault(cell: str, column: Column) -> tuple[str, str] | None:
    """Return what a cell that is not blank may hold and what to do, or None where it is right.

    Parameters
    ----------
    cell : str
        The cell as typed.
    column : Column
        Its column.
    """
    if column.kind == "choice" and cell not in column.allowed:
        return " | ".join(column.allowed), "use one of the allowed words, in this spelling"
    if column.kind == "id" and not _ID.match(cell):
        return (
            "lower-case letters, digits, '_', '-' and '.', beginning with a letter or digit",
            "shorten it to such a name",
        )
    if column.kind in ("count", "year") and not _COUNT.match(cell):
        return "a whole number, 0 or more" + (", or blank" if not column.required else ""), _number_advice(cell)
    if column.kind == "number" and not _NUMBER.match(cell):
        return "a number with a decimal point, or blank", _number_advice(cell)
    if column.kind in ("count", "year", "number"):
        return _range_fault(float(cell), column)
    return None


def _number_advice(cell: str) -> str:
    if re.match(r"[+-]?[0-9]{1,3}([ ,'\u2019][0-9]{3})+(\.[0-9]+)?$", cell):
        return "write it without a sign between thousands, and with a point before decimals"
    if re.match(r"[+-]?\d+,\d+$", cell):
        return "write a decimal point instead of the comma"
    if _DATE.match(cell):
        return "spreadsheets turn entries such as 5/12 or 3-4 into dates: type the figure of the source again, as text"
    if cell.endswith("%"):
        return "leave out the per cent sign: the column says the unit"
    if cell[:1] in "<>" and cell[1:]:
        return "put the sign into the relation column and the number here"
    if re.match(r"[\u2010-\u2015\ufe58\uff0d]\s*[0-9.]", cell):
        return "write a minus sign '-' instead of the dash, if the figure is negative"
    if "(" in cell or re.match(r"[+-]?[0-9.]+\s*(?:\[|/|±|\+/-|[-\u2010-\u2015]|to\b)", cell):
        return "split the figures: one number in each cell"
    if re.match(r"[+-]?[0-9.]+\s*(?:[*†‡§¶#\u00b9\u00b2\u00b3\u2070-\u2079]+|[a-z])$", cell):
        return "leave out the mark of the footnote: what it says belongs into the note"
    if re.match(r"[0-9]+\.0*$", cell):
        return "write it without decimals"
    if _NUMBER.match(cell):
        return "it has to be a whole number, not negative: check it against the source"
    if any(sign.isdigit() and not sign.isascii() for sign in cell):
        return "write it with the digits 0 to 9"
    return "type the figure alone, without words or units, or leave the cell blank"


def _range_fault(value: float, column: Column) -> tuple[str, str] | None:
    if column.low is not None and value < column.low:
        return f"{column.low:g} or more", f"{column.description}: check the figure against the source"
    if column.high is not None and value > column.high:
        return f"at most {column.high:g}", f"{column.description}: check the figure against the source"
    if column.above is not None and value <= column.above:
        return f"more than {column.above:g}", f"{column.description}: check the figure against the source"
    return None


def _check_duplicates(table: Table, reading: _Reading) -> None:
    first: dict[str, int] = {}
    for key, line in zip(table.keys, table.lines, strict=True):
        if key in first:
            reading.tell(
                line,
                ", ".join(table.spec.key),
                f"the key {shown(key)} again (first in line {first[key]})",
                "each key once",
                "delete the double row, or tell the rows apart"
                + (" in the column variant" if "variant" in table.spec.key else ""),
            )
        first.setdefault(key, line)
