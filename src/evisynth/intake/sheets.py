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
# No-break spaces and the minus sign as typed; what nobody sees (zero-width space, soft hyphen, marks of the byte
# order) goes, as it comes from copied pages and would make two names of one.
_SIGNS = str.maketrans(
    {"\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\u2212": "-"}
    | dict.fromkeys(("\u200b", "\u2060", "\ufeff", "\u00ad"))
)
# What a spreadsheet shows of a number: the rest of a computed one is the noise of binary fractions.
_DIGITS = 15
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
    ragged : bool
        Whether the rows of the file may differ in their number of cells, as in a CSV.
    notes : tuple of str
        What a person should know: hidden rows, other sheets.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    lines: tuple[int, ...]
    merged: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    ragged: bool = False

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


def one_line(text: str) -> str:
    """Return a text with each run of blanks and line breaks as one space."""
    return " ".join(text.split())


def looks_like_date(text: str) -> bool:
    """Say whether a text is a date, as spreadsheets write them."""
    return bool(_DATE.match(text))


def read_sheet(path: Path, sheet: str | None = None, separator: str | None = None, header: int = 1) -> Sheet:
    """Read a CSV or XLSX file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    sheet : str, optional
        Name of the sheet of a workbook; the first one that is not hidden by default.
    separator : str, optional
        What separates the cells of a CSV; by default the sign that splits the header line into most cells.
    header : int
        The line that names the columns, counted from 1.

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
        return _read_csv(path, separator, header)
    raise refused(path, f"a file of type '{path.suffix}'", ".csv, .tsv or .xlsx", "save it as one of these types")


def refused(path: Path, found: str, allowed: str, advice: str) -> ImportRefused:
    """Return the refusal of a whole file."""
    return ImportRefused([CellProblem(path.name, found, allowed, advice)], path.name)


def _decoded(path: Path) -> str:
    """Return the text of a CSV, or say which lines are not in UTF-8."""
    data = path.read_bytes()
    advice = "save the sheet again as 'CSV UTF-8', or import the workbook"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise refused(path, "text in UTF-16 ('Unicode Text')", "text in UTF-8", advice)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        lines = [n for n, line in enumerate(data.split(b"\n"), 1) if "\ufffd" in line.decode("utf-8", "replace")]
        found = f"byte 0x{data[error.start]:02x} in line {lines[0]}, which is not UTF-8"
        if more := lines[1:]:
            found += f" (others in line{'s' if more[1:] else ''} {', '.join(map(str, more[:9]))}"
            found += ", ...)" if more[9:] else ")"
        raise refused(path, found, "text in UTF-8", advice) from None
    if "\x00" in text:
        raise refused(path, "NUL characters", "plain text", advice)
    return text


def _separator(text: str, header: int) -> str:
    """Return the sign that splits the header into most cells; signs inside quotes do not count."""
    lines = text.splitlines()
    line = lines[header - 1] if header <= len(lines) else ""

    def cells(sign: str) -> int:
        try:
            return len(next(csv.reader([line], delimiter=sign, strict=True), ()))
        except csv.Error:
            return 0

    return max(SEPARATORS, key=cells)


def _read_csv(path: Path, separator: str | None, header: int) -> Sheet:
    text = _decoded(path)
    separator = separator or _separator(text, header)
    rows, lines, at = [], [], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            rows.append(tuple(Cell(_tidy(cell)) for cell in cells))
            lines.append(at)
            at = reader.line_num + 1
    except csv.Error as error:
        raise refused(path, f"text that is no CSV in line {at} ({error})", "cells", "check the quotes there") from None
    return Sheet(path.name, tuple(rows), tuple(lines), ragged=True)


def _tidy(text: str) -> str:
    return text.translate(_SIGNS).strip()


def _read_workbook(path: Path, sheet: str | None) -> Sheet:
    import openpyxl

    try:
        values = openpyxl.load_workbook(path, data_only=True)
        formulas = openpyxl.load_workbook(path)
    except Exception:
        # openpyxl raises whatever its parts raise: zipfile, XML, KeyError.
        raise refused(path, "bytes that are no workbook", "an XLSX file", "save the workbook again") from None
    names = [page.title for page in values.worksheets]
    seen = [page.title for page in values.worksheets if page.sheet_state == "visible"] or names
    if not names:
        raise refused(path, "no sheet with cells", "an XLSX file with a sheet", "save the workbook again")
    name = sheet or seen[0]
    if name not in names:
        raise refused(path, f"no sheet of cells '{name}'", " | ".join(names), "correct `sheet` in the mapping")
    page, typed = values[name], formulas[name]
    rows = tuple(
        tuple(_cell(value, source) for value, source in zip(row, other, strict=True))
        for row, other in zip(page.iter_rows(), typed.iter_rows(), strict=True)
    )
    notes = [f"row {n} is hidden in the workbook; it is imported" for n, d in page.row_dimensions.items() if d.hidden]
    notes += [
        f"column {n} is hidden in the workbook; it is read" for n, d in page.column_dimensions.items() if d.hidden
    ]
    if sheet is None and len(names) > 1:
        others = ", ".join(other for other in names if other != name)
        notes.append(f"only the sheet '{name}' is imported; the others are {others}")
    merged = tuple(sorted(str(area) for area in page.merged_cells.ranges))
    return Sheet(name, rows, tuple(range(1, len(rows) + 1)), merged, tuple(notes))


def _cell(cell, typed) -> Cell:
    from openpyxl.utils.escape import unescape

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
        value = float(f"{value:.{_DIGITS}g}")
        text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        if "%" in (cell.number_format or ""):
            return Cell(text, f"{text}, which the sheet shows as {float(value):.6g} x 100 per cent")
        return Cell(text)
    # a line break of another system stands in the file as _x000D_
    text = _tidy(unescape(str(value)))
    return Cell(text, "an error value of the spreadsheet" if cell.data_type == "e" else "")
