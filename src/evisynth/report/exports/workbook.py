"""The tables as one workbook: numbers as numbers, unrounded; nothing that a spreadsheet would run."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evisynth.provenance.columns import describe
from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import STAGE_TABLES, key_columns
from evisynth.report.exports.checklists import CHECKLISTS, checklist, checklist_title
from evisynth.report.exports.clean import fit, repeatable
from evisynth.report.rounding import kind_of, to_number
from evisynth.review.tables import TABLES

_DATE = datetime(2000, 1, 1)
_MOST_CHARACTERS = 32_767  # of a cell, in the format
_MOST_WIDE, _LEAST_WIDE = 60, 9
_TRACE_WIDE = 22  # it stays in sight: a wide one would leave no room for the figures
_QUESTION = "question (title of the synthesis)"
_CUT = " ... (the whole cell stands in the CSV file)"
# Text whatever it looks like: names, places, codes that may consist of digits.
_TEXT = frozenset(
    {"from", "trace", "row_key", "study_id", "outcome_id", "synthesis", "label", "key", "row", "domain", "item"}
    | {"pmid", "doi", "registry_id", "sha256", "stated_value", "published_value", "old", "new", "locator", "question"}
)
_FORMATS = {
    **{"count": "#,##0", "signed count": "+#,##0;-#,##0;0", "whole": "0", "one decimal": "0.0", "two decimals": "0.00"},
    **{"three decimals": "0.000", "p": '[<0.001]"< 0.001";0.000', "probability": "0.000", "percent of one": "0%"},
    **{"ratio": "0.00", "difference": "0.00", "as entered": "General"},
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, what it is, and the tables whose rows stand on it.

    Attributes
    ----------
    name : str
        At most 31 characters.
    about : str
        What one row is.
    tables : tuple of str
        Tables with the same sort of rows; a table that does not exist is left out.
    """

    name: str
    about: str
    tables: tuple[str, ...]


SHEETS = (
    Sheet("Summary of findings", "a question with its headline estimate and certainty", ("quality/findings.csv",)),
    Sheet("Estimates", "an estimate, of both schools", ("pooled/estimates.csv", "bayes/estimates.csv")),
    Sheet("Studies", "a study, as reported", ("studies.csv",)),
    Sheet("Groups", "a group of a study, as reported", ("arms.csv",)),
    Sheet("Comparisons", "a comparison, as a study reported it", ("contrasts.csv",)),
    Sheet("Effects", "a study's effect in a synthesis", ("effects/effects.csv",)),
    Sheet("Weights", "a study's weight in an estimate, per cent", ("pooled/weights.csv",)),
    Sheet("Left out", "a study that is not in an estimate, with the reason", ("effects/left_out.csv",)),
    Sheet("Sensitivity", "an estimate under another choice", ("pooled/sensitivity.csv", "bayes/sensitivity.csv")),
    Sheet("Leave one out", "the headline without one study", ("pooled/leave_one_out.csv",)),
    Sheet("Paths", "all paths of analysis of a question, counted", ("pooled/multiverse_summary.csv",)),
    Sheet("Subgroups", "a subgroup or a coefficient", ("pooled/subgroups.csv", "pooled/regression.csv")),
    Sheet("Model averages", "what several models say together", ("bayes/averaged.csv", "bayes/averaging.csv")),
    Sheet("Adjusted", "an estimate that assumes a bias", ("bayes/adjusted.csv", "quality/informed.csv")),
    Sheet("Small studies", "a test or a model of selective publication", ("bias/tests.csv", "bias/selection.csv")),
    Sheet("Risk of bias", "a judgement of one domain", ("quality/judgements.csv",)),
    Sheet("Certainty", "a domain of the certainty", ("quality/certainty.csv",)),
    Sheet("Claims", "a claim beside what was published", ("claims/claims.csv",)),
    Sheet("Documents", "a document's verdicts, counted", ("claims/documents.csv",)),
    Sheet("Integrity", "a check of a reported figure", ("quality/integrity.csv",)),
    Sheet("Corrections", "a value as received and as used", ("corrections.csv",)),
    Sheet("Published pools", "a pooled result of others", ("published_pools.csv",)),
    Sheet("Other engine", "a number beside that of another engine", ("provenance/agreement.csv",)),
    Sheet("Sources", "a document that figures were read in", ("sources.csv",)),
)


def write_workbook(folder: ResultsFolder, review: str, path: Path) -> None:
    """Write ``tables.xlsx``: every table that a co-author asks for, with the way back of each row.

    Parameters
    ----------
    folder : ResultsFolder
        The results, with every stage but the page done.
    review : str
        The review's name.
    path : pathlib.Path
        Where to.

    Notes
    -----
    Cells hold the unrounded value and show a rounded one. There are no formulas: text that begins like one is text.
    """
    # openpyxl takes a fifth of a second to import
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook()
    book.remove(book.active)
    shown = [sheet for sheet in SHEETS if any(_rows(folder, name) for name in sheet.tables)]
    _read_me(book, folder, review, shown)
    for sheet in shown:
        _fill(book, folder, sheet)
    for name in CHECKLISTS:
        _checklist(book, folder, name)
    _dictionary(book, folder, shown)
    properties = book.properties
    properties.creator, properties.title = "evisynth", fit(str(folder.plan.get("title", review)))[:255]
    properties.created = properties.modified = _DATE
    out = io.BytesIO()
    # openpyxl's own way to save writes the clock into the file
    ExcelWriter(book, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)).save()
    path.write_bytes(repeatable(out.getvalue()))


def _rows(folder: ResultsFolder, name: str) -> Mapping[str, Mapping[str, str]]:
    return folder.rows(name) if folder.knows(name) else {}


def _read_me(book, folder: ResultsFolder, review: str, shown: list[Sheet]) -> None:
    rows: list[tuple[str, ...]] = [
        (str(folder.plan.get("title", review)),),
        ("This is no medical advice. It is a summary of studies, with every figure traced to where it was read.",),
        ("",),
        ("Cells hold unrounded values and show rounded ones. Blank: there is no such number. No sheet has formulas.",),
        (
            "The first column of a sheet, trace, names the row of the table that a line was read from; from, the last "
            "one, names the rows that it was computed from. The sheet Data dictionary says what each column means.",
        ),
        (f"The way back of a number: evisynth trace results/{review} <trace>:<column>",),
        (f"How studies were found: {folder.plan.get('searching', '')}",),
        ("",),
        ("Sheet", "One row is", "Read from", "Key of a row"),
    ]
    for sheet in shown:
        tables = [name for name in sheet.tables if _rows(folder, name)]
        keys = dict.fromkeys(":".join(key_columns(name)) for name in tables)
        rows.append((sheet.name, sheet.about, ", ".join(tables), "; ".join(keys)))
    for name in CHECKLISTS:
        title, citation = checklist_title(name)
        rows.append((title, f"an item of the checklist ({citation})", f"report/{name}_checklist.csv", "item"))
    rows.append(("Data dictionary", "a column of a table", "", "table:column"))
    _write(book, "Read me", None, rows, plain_head=True)


def _fill(book, folder: ResultsFolder, sheet: Sheet) -> None:
    rows = [(name, key, row) for name in sheet.tables for key, row in _rows(folder, name).items()]
    hidden = {"from", "row_key", "line", "corrected"}
    columns = [name for name in dict.fromkeys(name for *_, row in rows for name in row) if name not in hidden]
    titles = {entry["id"]: str(entry.get("title", "")) for entry in folder.plan.get("syntheses", ())}
    if "synthesis" in columns:
        columns.insert(columns.index("synthesis") + 1, _QUESTION)
    head = ["trace", *columns, *(["from"] if any("from" in row for *_, row in rows) else [])]

    def cell(table: str, key: str, row: Mapping[str, str], name: str):
        if name == "trace":
            return f"{table}:{key}"
        return titles.get(row["synthesis"], "") if name == _QUESTION else _typed(row.get(name, ""), table, name, row)

    def cells() -> Iterator[list]:
        for table, key, row in rows:
            yield [cell(table, key, row, name) for name in head]

    _write(book, sheet.name, head, cells())


def _typed(text: str, table: str, column: str, row: Mapping[str, str]):
    """Return a cell as text, or as a number with the format in which it is shown."""
    number = None if column in _TEXT else to_number(text)
    if number is None:
        return text
    kind = kind_of(table, column, row)
    # a kind that has no format here is shown as it is: never wrong, only long
    shown = _FORMATS.get(kind, "General")
    if kind == "difference" and 0 < abs(number) < 0.01:
        shown = "0.0000"
    return int(number) if number.is_integer() and abs(number) < 1e15 else number, shown


def _checklist(book, folder: ResultsFolder, name: str) -> None:
    head = ["item", "section", "asks (in our words)", "status", "place", "reason", "from"]
    rows = [
        [one.item, one.section, one.asks, one.status, one.place, one.reason, ";".join(one.origins)]
        for one in checklist(folder, name)
    ]
    _write(book, checklist_title(name)[0], head, rows)


def _dictionary(book, folder: ResultsFolder, shown: list[Sheet]) -> None:
    head = ["table", "column", "meaning", "kind"]
    rows = []
    for name in (name for sheet in shown for name in sheet.tables if _rows(folder, name)):
        if name in STAGE_TABLES:
            columns = folder.table(name).columns
            rows += [[name, column, describe(name, column), ""] for column in columns]
        else:
            spec = TABLES[name.removesuffix(".csv")]
            rows += [[name, column.name, column.description, column.kind] for column in spec.columns]
    _write(book, "Data dictionary", head, rows)


def _write(book, name: str, head: list[str] | None, rows: Iterable, *, plain_head: bool = False) -> None:
    """Write a sheet: a header that stays in sight, filters, widths, text that is nothing but text."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name)
    widths: dict[int, int] = {}
    start = 1
    if head:
        _line(sheet, 1, head, widths)
        for cell in sheet[1]:
            cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="1F4E79")
            cell.alignment = Alignment(vertical="top", wrap_text=True)
        sheet.freeze_panes = "B2"
        start = 2
    for number, row in enumerate(rows, start):
        _line(sheet, number, row, widths)
    if head:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{max(sheet.max_row, 2)}"
    if plain_head:
        widths = {1: 24, 2: 48, 3: 44, 4: 44}
        sheet["A1"].font = Font(bold=True, size=14)
        for cell in sheet[9]:
            cell.font = Font(bold=True)
    for column, width in widths.items():
        if head and head[column - 1] == "trace":
            width = _TRACE_WIDE
        sheet.column_dimensions[get_column_letter(column)].width = min(max(width + 2, _LEAST_WIDE), _MOST_WIDE)
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if head:
        sheet.print_title_rows = "1:1"
        # the way back of a row is hundreds of words long: it is for the screen
        last = len(head) - (head[-1] == "from")
        sheet.print_area = f"A1:{get_column_letter(last)}{max(sheet.max_row, 2)}"


def _line(sheet, number: int, row: Iterable, widths: dict[int, int]) -> None:
    for column, value in enumerate(row, 1):
        if value == "":
            continue
        cell = sheet.cell(number, column)
        if isinstance(value, tuple):
            cell.value, cell.number_format = value
            widths[column] = max(widths.get(column, 0), 8)
            continue
        text = fit(value.replace("\r\n", "\n").replace("\r", "\n"))
        cell.value = text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - len(_CUT)] + _CUT
        if cell.data_type != "s":
            # what looks like a formula, an error or a date is none
            cell.data_type, cell.quotePrefix = "s", True
        widths[column] = max(widths.get(column, 0), max(map(len, text.splitlines()), default=0))
