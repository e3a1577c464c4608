"""Is it one table with one header line? What people do to sheets: merge, add totals, head twice."""

import re
from collections import Counter
from collections.abc import Mapping as Named

from evisynth.intake.mapping import Mapping
from evisynth.intake.problems import CellProblem
from evisynth.intake.sheets import Sheet, letters, one_line
from evisynth.review.problems import shown

_TOTAL = re.compile(
    r"(grand |sub)?(totals?|sum|overall|pooled|combined|all (studies|trials)|average|mean)[ :.]*"
    r"(\(.*\)|effect.*|estimate.*|events?|of .*)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[<>]?\s*[+-]?\d")
_WHOLE = re.compile(r"[0-9]+")
_RANGE = re.compile(r"([A-Z]+)(\d+):([A-Z]+)(\d+)$")


def shape_problems(sheet: Sheet, mapping: Mapping, columns: Named[str, int], numeric: set[str]) -> list[CellProblem]:
    """Return what keeps a sheet from being one plain table.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    mapping : Mapping
        Its mapping: the header's row, and rows that are left out on purpose.
    columns : mapping of str to int
        Position of each named column.
    numeric : set of str
        Names of the columns that hold numbers.
    """
    problems = _merged(sheet, mapping)
    if mapping.header not in sheet.lines:
        return problems
    at = sheet.lines.index(mapping.header)
    header = [one_line(cell.text) for cell in sheet.rows[at]]
    names = Counter(name for name in header if name)
    for position, name in enumerate(header):
        if names[name] > 1:
            place = sheet.place(mapping.header, position)
            found = f"the column {shown(name)} more than once"
            advice = "rename the columns: two header lines become one, such as 'vaccinated cases'"
            problems.append(CellProblem(place, found, "each name once", advice, order=(mapping.header, position)))
    skipped = {entry.row for entry in mapping.skip}
    where = [columns[name] for name in sorted(numeric) if name in columns]
    rows = [p for p in range(at + 1, len(sheet.rows)) if sheet.lines[p] not in skipped]
    if where and rows:
        problems += _second_header(sheet, rows[0], where)
        problems += _totals(sheet, rows, where)
    return problems


def ragged_rows(sheet: Sheet, mapping: Mapping) -> list[CellProblem]:
    """Return the rows of a CSV with more or fewer cells than the header: their figures may stand in wrong columns."""
    if not sheet.ragged:
        return []
    at = sheet.lines.index(mapping.header)
    skipped, width = {entry.row for entry in mapping.skip}, len(sheet.rows[at])
    problems = []
    for line, row in zip(sheet.lines[at + 1 :], sheet.rows[at + 1 :], strict=True):
        if len(row) == width or line in skipped or not any(cell.text for cell in row):
            continue
        place = f"{sheet.name}, row {line}"
        if any(cell.text for cell in row[width:]):
            place = sheet.place(line, width)
        found, allowed = f"{len(row)} cells", f"{width}, as in the header"
        advice = 'a figure or text with a separator in it needs quotes ("13,598" is one cell); fill blank cells up'
        problems.append(CellProblem(place, found, allowed, advice, order=(line, 0)))
    return problems


def _merged(sheet: Sheet, mapping: Mapping) -> list[CellProblem]:
    skipped = {entry.row for entry in mapping.skip}
    problems = []
    for area in sheet.merged:
        match = _RANGE.match(area)
        line, last = (int(match.group(2)), int(match.group(4))) if match else (0, 0)
        # a title over the header, or a row that is left out: nothing is read there
        if match and (last < mapping.header or skipped.issuperset(range(line, last + 1))):
            continue
        problems.append(
            CellProblem(
                f"{sheet.name}!{area}",
                "merged cells",
                "one cell for each value",
                "take the merging back and type the value into every cell that it stood for",
                order=(line, 0),
            )
        )
    return problems


def _texts(sheet: Sheet, position: int, where: list[int]) -> list[str]:
    row = sheet.rows[position]
    return [row[column].text if column < len(row) else "" for column in where]


def _second_header(sheet: Sheet, position: int, where: list[int]) -> list[CellProblem]:
    texts = [text for text in _texts(sheet, position, where) if text]
    if not texts or any(_NUMBER.match(text) for text in texts):
        return []
    line = sheet.lines[position]
    found = f"a second header line ({', '.join(shown(text) for text in texts[:3])})"
    advice = f"join the two header lines to one, or set `header: {line}` in the mapping if row {line} names the columns"
    place = sheet.place(line, where[0])
    return [CellProblem(place, found, "one header line, then figures", advice, order=(line, 0))]


def _totals(sheet: Sheet, rows: list[int], where: list[int]) -> list[CellProblem]:
    problems = []
    for position in rows:
        line, row = sheet.lines[position], sheet.rows[position]
        label = next(((c, cell.text) for c, cell in enumerate(row) if cell.text), None)
        if label is None:
            continue
        named = label[0] not in where and bool(_TOTAL.fullmatch(label[1]))
        if named or _adds_up(sheet, rows, position, where):
            found = f"a row of totals ({shown(label[1])} in column {letters(label[0])})"
            advice = f"delete the row, or name it in the mapping: skip: [{{row: {line}, reason: totals}}]"
            place = sheet.place(line, label[0])
            problems.append(CellProblem(place, found, "one row for each study or arm", advice, order=(line, 0)))
    return problems


def _adds_up(sheet: Sheet, rows: list[int], position: int, where: list[int]) -> bool:
    """Say whether the last row holds the sums of all rows above, in two columns or more."""
    if position != rows[-1] or len(rows) < 4:
        return False
    above = [_texts(sheet, other, where) for other in rows[:-1]]
    sums = 0
    for column, text in enumerate(_texts(sheet, position, where)):
        cells = [row[column] for row in above if row[column]]
        if len(cells) > 2 and all(_WHOLE.fullmatch(cell) for cell in (text, *cells)):
            sums += int(text) == sum(map(int, cells)) and int(text) > 0
    return sums >= 2
