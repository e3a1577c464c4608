"""Read a sheet of figures, CSV or XLSX, cell by cell, and notice what a spreadsheet did to them."""

import csv
import datetime
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

from evisynth.intake.problems import CellProblem, ImportRefused

SEPARATORS = (",", ";", "\t")
_MONTH = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*"
_DATE = re.compile(
    rf"\d{{1,2}}[-./ ]{_MONTH}(?:[-./ ]\d{{2,4}})?$|{_MONTH}[-./ ]\d{{1,4}}$"
    r"|\d{4}-\d{1,2}-\d{1,2}(?:[ T].*)?$|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}$",
    re.IGNORECASE,
)
_SPACES = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2212": "-"})
AS_DATE = "a date: spreadsheets turn entries such as 5/12 or 3-4 into dates"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the text to be entered, and what was noticed about it (`fault` blank: nothing)."""

    text: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as read.

    Attributes
    ----------
    name : str
        Name of the sheet, or of the CSV file.
    rows : tuple of tuple of Cell
        Every row from the first one on.
    lines : tuple of int
        Number of each row in the file, counted from 1.
    merged : tuple of str
        Ranges of merged cells, such as ``A3:A5``.
    notes : tuple of str
        What a person should know: hidden rows, other sheets.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    lines: tuple[int, ...]
    merged: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def place(self, line: int, column: int) -> str:
        """Return the name of a cell, such as ``Trials!C7`` (`column` counted from 0)."""
        return f"{self.name}!{letters(column)}{line}"


def letters(column: int) -> str:
    """Return the letters of a column counted from 0."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def looks_like_date(text: str) -> bool:
    """Say whether a text is a date, as spreadsheets write them."""
    return bool(_DATE.match(text))


def read_sheet(path: Path, sheet: str | None = None, separator: str | None = None) -> Sheet:
    """Read a CSV or XLSX file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    sheet : str, optional
        Name of the sheet of a workbook; the first one by default.
    separator : str, optional
        What separates the cells of a CSV; by default the sign that splits the first line into most cells.

    Raises
    ------
    ImportRefused
        If the file cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise refused(path, "no such file", "a CSV or XLSX file", "check the path")
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return _read_workbook(path, sheet)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _read_csv(path, separator)
    raise refused(path, f"a file of type '{path.suffix}'", ".csv, .tsv or .xlsx", "save it as one of these types")


def refused(path: Path, found: str, allowed: str, advice: str) -> ImportRefused:
    """Return the refusal of a whole file."""
    return ImportRefused([CellProblem(path.name, found, allowed, advice)], path.name)


def _read_csv(path: Path, separator: str | None) -> Sheet:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = f"byte 0x{data[error.start]:02x} in line {line}, which is not UTF-8"
        raise refused(path, found, "text in UTF-8", "save the sheet again as 'CSV UTF-8'") from None
    if "\x00" in text:
        raise refused(path, "NUL characters", "plain text", "save the sheet as 'CSV UTF-8', or import the workbook")
    first = text.split("\n", 1)[0]
    separator = separator or max(SEPARATORS, key=first.count)
    rows, lines, at = [], [], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            rows.append(tuple(Cell(_tidy(cell)) for cell in cells))
            lines.append(at)
            at = reader.line_num + 1
    except csv.Error as error:
        raise refused(path, f"text that is no CSV in line {at} ({error})", "cells", "check the quotes there") from None
    return Sheet(path.name, tuple(rows), tuple(lines))


def _tidy(text: str) -> str:
    return text.translate(_SPACES).strip()


def _read_workbook(path: Path, sheet: str | None) -> Sheet:
    import openpyxl

    try:
        values = openpyxl.load_workbook(path, data_only=True)
        formulas = openpyxl.load_workbook(path)
    except Exception:
        # openpyxl raises whatever its parts raise: zipfile, XML, KeyError.
        raise refused(path, "bytes that are no workbook", "an XLSX file", "save the workbook again") from None
    name = sheet or values.sheetnames[0]
    if name not in values.sheetnames:
        raise refused(path, f"no sheet '{name}'", " | ".join(values.sheetnames), "correct `sheet` in the mapping")
    page, typed = values[name], formulas[name]
    rows = tuple(
        tuple(_cell(value, source) for value, source in zip(row, other, strict=True))
        for row, other in zip(page.iter_rows(), typed.iter_rows(), strict=True)
    )
    notes = [f"row {n} is hidden in the workbook; it is imported" for n, d in page.row_dimensions.items() if d.hidden]
    if sheet is None and len(values.sheetnames) > 1:
        others = ", ".join(values.sheetnames[1:])
        notes.append(f"only the first sheet, '{name}', is imported; the others are {others}")
    merged = tuple(sorted(str(area) for area in page.merged_cells.ranges))
    return Sheet(name, rows, tuple(range(1, len(rows) + 1)), merged, tuple(notes))


def _cell(cell, typed) -> Cell:
    value = cell.value
    if value is None:
        if typed.data_type == "f":
            return Cell("", "a formula whose value was never computed")
        return Cell()
    if isinstance(value, bool):
        return Cell(str(value).upper(), "TRUE or FALSE")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time | datetime.timedelta):
        text = value.date().isoformat() if isinstance(value, datetime.datetime) else str(value)
        return Cell(text, AS_DATE)
    if isinstance(value, int | float):
        text = str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
        if "%" in (cell.number_format or ""):
            return Cell(text, f"{text}, which the sheet shows as {float(value):.6g} x 100 per cent")
        return Cell(text)
    text = _tidy(str(value))
    return Cell(text, "an error value of the spreadsheet" if cell.data_type == "e" else "")
