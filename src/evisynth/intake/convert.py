"""From a sheet and its mapping to rows of a review."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from evisynth.intake.mapping import Mapping, Value
from evisynth.intake.problems import CellProblem
from evisynth.intake.rows import Leftover, Made, short_name
from evisynth.intake.shape import ragged_rows, shape_problems
from evisynth.intake.sheets import AS_DATE, Cell, Sheet, letters, looks_like_date, one_line
from evisynth.review.problems import shown
from evisynth.review.reading import cell_fault
from evisynth.review.tables import STATUSES, TABLES, Column

NUMBERS = ("number", "count", "year")
# A row of these tables without any figure but the number of people says nothing.
_TABLES_OF_FIGURES = ("arms", "contrasts")
_ANY_NUMBER = Column("value", "number", "a number")
# Text that may hold a date of the calendar; a date anywhere else was a dose, a range or a question's number.
_MAY_BE_DATES = ("note", "reason", "locator", "citation", "statement", "stated_value", "old", "new")
_NEVER_DATES = ("value", "dose_text", "question")
_PEOPLE = ("n", "n_1", "n_2", "timepoint_weeks", "ci_level")


@dataclass(slots=True)
class Converted:
    """What a sheet gives: rows, what has no place, and what stops the import.

    `is_table` is false where the sheet is not one table with one header: nothing can be said of its rows then.
    """

    rows: list[Made] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    problems: list[CellProblem] = field(default_factory=list)
    is_table: bool = True


def convert(sheet: Sheet, mapping: Mapping) -> Converted:
    """Make the rows of a review of a sheet.

    Parameters
    ----------
    sheet : Sheet
        The sheet as read.
    mapping : Mapping
        Which of its columns fill which columns of which tables.
    """
    out = Converted()
    work = _Work(sheet, mapping, out)
    out.problems += shape_problems(sheet, mapping, work.columns, numeric_columns(mapping))
    out.problems += work.missing_columns()
    out.problems += _missing_status(mapping)
    out.is_table = not out.problems
    if work.at_header is None or work.missing:
        return out
    out.problems += ragged_rows(sheet, mapping)
    out.is_table = not out.problems
    for position in range(work.at_header + 1, len(sheet.rows)):
        work.row(position)
    work.unused_columns()
    work.nameless_cells()
    if not (out.rows or out.problems or out.leftovers):
        place = f"{sheet.name}, row {mapping.header}"
        advice = "check `sheet` and `header`: which row names the columns"
        out.problems.append(CellProblem(place, "no row below the header", "one row for each study or arm", advice))
    return out


def _missing_status(mapping: Mapping) -> list[CellProblem]:
    """Whoever maps a sheet says whether its figures were read in their source; nobody guesses it."""
    silent = [
        TABLES[table].file
        for table, templates in mapping.each_row.items()
        if "status" in TABLES[table].names and "status" not in mapping.shared
        if any("status" not in template for template in templates)
    ]
    if not silent:
        return []
    advice = (
        "add to shared: status: {value: verified} if you read the figures in their source yourself, else unconfirmed"
    )
    return [CellProblem("the mapping", f"no status for {', '.join(silent)}", " | ".join(STATUSES), advice)]


def numeric_columns(mapping: Mapping) -> set[str]:
    """Return the columns of the sheet that hold numbers, by the mapping."""
    return {
        name
        for table, templates in mapping.each_row.items()
        for template in templates
        for target, value in template.items()
        if TABLES[table].column(target).kind in NUMBERS
        for name in (value.column, *value.sum)
        if name and not value.words
    }


class _Work:
    """The state of one conversion."""

    def __init__(self, sheet: Sheet, mapping: Mapping, out: Converted) -> None:
        self.sheet, self.mapping, self.out = sheet, mapping, out
        self.at_header = sheet.lines.index(mapping.header) if mapping.header in sheet.lines else None
        header = [] if self.at_header is None else [one_line(cell.text) for cell in sheet.rows[self.at_header]]
        # of two columns of one name the first; shape_problems tells of them
        self.columns = {name: header.index(name) for name in header if name}
        self.used = {name for value in self._values() for name in value.reads}
        self.used |= {condition.column for condition in mapping.when.values()}
        self.missing = sorted(self.used - set(self.columns))
        self.by_majority: dict[str, bool] = {}
        self.skip = {entry.row: entry.reason for entry in mapping.skip}
        self.blocks = _consensus_only(self) if mapping.format == "covidence" else {}

    def _values(self) -> Iterable[Value]:
        yield from self.mapping.shared.values()
        for templates in self.mapping.each_row.values():
            for template in templates:
                yield from template.values()

    def _holds_numbers(self, name: str) -> bool:
        """Say whether a column that may hold numbers or words (a moderator) holds numbers, by its majority."""
        if name not in self.by_majority:
            texts = [self.cell(p, name).text for p in range(self.at_header + 1, len(self.sheet.rows))]
            numbers = [not cell_fault(text, _ANY_NUMBER) for text in texts if text]
            self.by_majority[name] = 2 * sum(numbers) > len(numbers)
        return self.by_majority[name]

    def missing_columns(self) -> list[CellProblem]:
        place = f"{self.sheet.name}, row {self.mapping.header}"
        if self.at_header is None:
            return [CellProblem(place, "no such row", "the row that names the columns", "correct `header`")]
        found = ", ".join(shown(name) for name in self.columns) or "no names"
        return [
            CellProblem(
                place,
                f"no column {shown(name)}",
                f"the columns {found}",
                "correct the name in the mapping, or `header`, the number of the row that names the columns",
                order=(self.mapping.header, 0),
            )
            for name in self.missing
        ]

    def cell(self, position: int, name: str) -> Cell:
        row, column = self.sheet.rows[position], self.columns[name]
        return row[column] if column < len(row) else Cell()

    def row(self, position: int) -> None:
        line = self.sheet.lines[position]
        place = f"{self.sheet.name}, row {line}"
        whole = " | ".join(cell.text for cell in self.sheet.rows[position] if cell.text)
        if not whole and not any(cell.fault for cell in self.sheet.rows[position]):
            return
        reason = self.skip.get(line) or self.blocks.get(line)
        if reason:
            self.out.leftovers.append(Leftover(place, "the whole row", whole, reason))
            return
        for table, templates in self.mapping.each_row.items():
            for number, template in enumerate(templates):
                condition = self.mapping.when.get(f"{table}.{number}")
                if condition and self.cell(position, condition.column).text not in condition.one_of:
                    continue
                self._make(table, template, position, line, place)

    def _make(self, table: str, template: dict[str, Value], position: int, line: int, place: str) -> None:
        spec = TABLES[table]
        values = {name: value for name, value in self.mapping.shared.items() if name in spec.names} | template
        cells, places, order, figures = {}, {}, (line, 0), []
        for target, value in values.items():
            column = spec.column(target)
            if column.name == "value" and column.kind == "text" and value.column and self._holds_numbers(value.column):
                column = replace(column, kind="number")
            text = self._value(value, column, table, position, line)
            cells[target] = text
            if value.reads:
                at = self.columns[value.reads[0]]
                places[target] = self.sheet.place(line, at)
            if value.reads and column.kind in NUMBERS and target not in _PEOPLE:
                figures.append(bool(text) or any(self.cell(position, name).fault for name in value.reads))
        own = frozenset()
        if "locator" in spec.names and "locator" not in values:
            cells["locator"], own = place, frozenset({"locator"})
        if table in _TABLES_OF_FIGURES and figures and not any(figures):
            reason = f"no figure for {spec.file} but, at most, the number of people"
            key = ":".join(cells.get(name, "") for name in spec.key if cells.get(name))
            self.out.leftovers.append(Leftover(place, spec.file, key, reason))
            return
        self.out.rows.append(Made(table, cells, places, place, order, own))

    def _value(self, value: Value, column: Column, table: str, position: int, line: int) -> str:
        if value.value is not None:
            return value.value
        found = [self.cell(position, name) for name in value.reads]
        texts = [cell.text for cell in found]
        faults = 0
        for name, cell in zip(value.reads, found, strict=True):
            fault = _fault(cell, column, value)
            if fault:
                faults += 1
                at = self.columns[name]
                self.out.problems.append(
                    CellProblem(
                        self.sheet.place(line, at), *fault, f"{column.name} of {TABLES[table].file}", (line, at)
                    )
                )
        if faults:
            return ""
        if value.sum:
            return str(sum(int(text) for text in texts)) if all(texts) else ""
        if value.words:
            return value.words.get(texts[0], texts[0])
        return short_name(*texts) if column.kind == "id" else " ".join(text for text in texts if text)

    def unused_columns(self) -> None:
        for name, column in self.columns.items():
            if name in self.used:
                continue
            reason = self.mapping.not_used.get(name, "no place in the mapping")
            for position in range(self.at_header + 1, len(self.sheet.rows)):
                row, line = self.sheet.rows[position], self.sheet.lines[position]
                if column < len(row) and row[column].text and line not in self.skip and line not in self.blocks:
                    self.out.leftovers.append(Leftover(self.sheet.place(line, column), name, row[column].text, reason))

    def nameless_cells(self) -> None:
        """List what stands in columns without a name."""
        named = set(self.columns.values())
        for position in range(self.at_header + 1, len(self.sheet.rows)):
            line = self.sheet.lines[position]
            if line in self.skip or line in self.blocks:
                continue
            for at, cell in enumerate(self.sheet.rows[position]):
                if cell.text and at not in named:
                    reason = f"column {letters(at)} has no name in row {self.mapping.header}"
                    self.out.leftovers.append(Leftover(self.sheet.place(line, at), "", cell.text, reason))


def _fault(cell: Cell, column: Column, value: Value) -> tuple[str, str, str] | None:
    """Say what is wrong with a cell for the column that it is meant for, or None."""
    if value.words:
        if cell.text and cell.text not in value.words and cell_fault(cell.text, column):
            return shown(cell.text), " | ".join(value.words), "use one of these words, or add it to `words`"
        return None
    if column.kind in NUMBERS:
        if cell.fault:
            found = f"{shown(cell.text)}, {cell.fault}" if cell.fault == AS_DATE else cell.fault
            return found, "a number", _advice(cell)
        if looks_like_date(cell.text):
            return f"{shown(cell.text)}, {AS_DATE}", "a number", _advice(Cell(cell.text, AS_DATE))
    elif cell.fault == AS_DATE and column.name not in _MAY_BE_DATES:
        return f"{shown(cell.text)}, {AS_DATE}", "a text", _advice(cell)
    elif cell.fault and cell.fault != AS_DATE:
        return cell.fault, "a text", _advice(cell)
    elif column.name in _NEVER_DATES and looks_like_date(cell.text):
        return f"{shown(cell.text)}, {AS_DATE}", "a number or a word", _advice(Cell(cell.text, AS_DATE))
    if not cell.text or (column.kind == "id" and short_name(cell.text)):
        return None
    fault = cell_fault(cell.text, column) if not value.columns else None
    return (shown(cell.text), *fault) if fault else None


def _advice(cell: Cell) -> str:
    if cell.fault == AS_DATE:
        return "format the column as text and type the figure of the source again"
    if "per cent" in cell.fault:
        return "format the column as a number and type the figure as printed, without the per cent sign"
    return "type the value itself"


def _consensus_only(work: _Work) -> dict[int, str]:
    """Return the rows of a Covidence export that are one reader's only, with the reason for leaving them out."""
    names = ("Covidence #", "Reviewer Name")
    if work.at_header is None or any(name not in work.columns for name in names):
        work.missing += [name for name in names if name not in work.columns]
        return {}
    positions = range(work.at_header + 1, len(work.sheet.rows))
    read = {work.sheet.lines[p]: (work.cell(p, names[0]).text, work.cell(p, names[1]).text) for p in positions}
    agreed = {number for number, reader in read.values() if reader == "Consensus"}
    count = Counter(number for number, _ in read.values())
    reasons = {}
    for line, (number, reader) in read.items():
        if number in agreed and reader != "Consensus":
            reasons[line] = "one reader's row; the row 'Consensus' of the study is imported"
        elif number and number not in agreed and count[number] > 1:
            reasons[line] = "two readers and no row 'Consensus': agree in Covidence first"
    return reasons
