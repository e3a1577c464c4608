"""Is it one table with one header line? What people do to sheets: merge, add totals, head twice."""

import re
from collections import Counter
from collections.abc import Mapping as Named

from evisynth.intake.mapping import Mapping
from evisynth.intake.problems import CellProblem
from evisynth.intake.sheets import Sheet, letters
from evisynth.review.problems import shown

_TOTAL = re.compile(
    r"(grand |sub)?(totals?|sum|overall|pooled|combined|all (studies|trials)|average|mean)[ :.]*"
    r"(\(.*\)|effect.*|estimate.*|events?|of .*)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[<>]?\s*[+-]?\d")
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
    problems = _merged(sheet)
    if mapping.header not in sheet.lines:
        return problems
    at = sheet.lines.index(mapping.header)
    names = Counter(cell.text for cell in sheet.rows[at] if cell.text)
    for position, cell in enumerate(sheet.rows[at]):
        if names[cell.text] > 1:
            place = sheet.place(mapping.header, position)
            found = f"the column {shown(cell.text)} more than once"
            advice = "rename the columns: two header lines become one, such as 'vaccinated cases'"
            problems.append(CellProblem(place, found, "each name once", advice, order=(mapping.header, position)))
    skipped = {entry.row for entry in mapping.skip}
    where = [columns[name] for name in sorted(numeric) if name in columns]
    rows = [p for p in range(at + 1, len(sheet.rows)) if sheet.lines[p] not in skipped]
    if where and rows:
        problems += _second_header(sheet, rows[0], where)
        problems += _totals(sheet, rows, where)
    return problems


def _merged(sheet: Sheet) -> list[CellProblem]:
    problems = []
    for area in sheet.merged:
        match = _RANGE.match(area)
        line = int(match.group(2)) if match else 0
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
        if text.isdigit() and len(cells) > 2 and all(cell.isdigit() for cell in cells):
            sums += int(text) == sum(map(int, cells)) and int(text) > 0
    return sums >= 2
