"""Printing cells into documents that cannot be clicked: every number leaves a code that leads back to its row."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evisynth.provenance.folder import PLAN, Reference, ResultsFolder
from evisynth.provenance.trace import Tracer
from evisynth.report.cells import MARKS
from evisynth.report.exports.blocks import Run, Table, Text, table, text
from evisynth.report.naming import Namer
from evisynth.report.rounding import format_cell, to_number
from evisynth.report.views import Place

DASH = "–"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(slots=True)
class Traced:
    """A table that numbers were printed from: its letter, its rows with their codes, the columns printed."""

    letter: str
    rows: dict[str, str] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)


class Ledger:
    """Prints cells of a results folder as text, and remembers where each came from.

    Parameters
    ----------
    folder : ResultsFolder
        The results.

    Attributes
    ----------
    tables : dict of str to Traced
        The tables that numbers were printed from, in order of first use.
    """

    def __init__(self, folder: ResultsFolder) -> None:
        self.folder = folder
        self.tracer = Tracer(folder)
        self.tables: dict[str, Traced] = {}
        self.namer = Namer(folder.rows("studies.csv"))

    def code(self, table: str, key: str, column: str = "") -> str:
        """Return the code of a row, such as ``C12``: the letter of its table, and its number there."""
        if table not in self.tables:
            self.tables[table] = Traced(_letter(len(self.tables)))
        traced = self.tables[table]
        if column:
            traced.columns[column] = None
        return traced.rows.setdefault(key, f"{traced.letter}{len(traced.rows) + 1}")

    def codes(self, places: Iterable[Place]) -> Text:
        """Return the codes of several rows, those that follow one another as ``D1 to D10``."""
        words = runs_of([self.code(place.table, place.key) for place in places])
        return tuple(Run(part, "trace" if part[:1].isupper() else "") for part in re.split(r"( to |, )", words) if part)

    def number(self, table: str, key: str, column: str) -> Text:
        """Print one number, rounded, with the mark of its status; its run carries the code of its row.

        Raises
        ------
        KeyError
            Where there is no such cell, or it leads back to nothing.
        """
        key = self.folder.find(table, key)
        row = self.folder.rows(table)[key]
        if column not in row:
            raise KeyError(f"{table} has no column '{column}'; columns: {', '.join(row)}")
        if row[column] == "":
            return (Run(DASH, "quiet"),)
        step = self.tracer.at(Reference(table, key, column))
        shown = format_cell(row[column], table, column, row)
        return (Run(shown + MARKS.get(step.status, ""), trace=self.code(table, key, column)),)

    def num(self, place: Place, column: str) -> Text:
        """Print one number of a row."""
        return self.number(place.table, place.key, column)

    def cell(self, place: Place, column: str) -> Text:
        """Print a cell that may hold a number or words."""
        numeric = to_number(place.row.get(column, "")) is not None
        return self.num(place, column) if numeric else text(self.say(place, column))

    def say(self, place: Place, column: str) -> str:
        """Return words of a row as a reader sees them; blank where there are none."""
        return self.namer.say(place.row.get(column, ""), place.table, place.key, column)

    def interval(self, place: Place, kind: str = "ci", prefix: str = "natural_") -> Text:
        """Print ``low to high``; a dash where the limits do not exist."""
        low, high = f"{prefix}{kind}_low", f"{prefix}{kind}_high"
        if not place.row.get(low) or not place.row.get(high):
            return (Run(DASH, "quiet"),)
        return text(self.num(place, low), " to ", self.num(place, high))

    def estimate(self, place: Place) -> Text:
        """Print an estimate with its interval."""
        if not place.row.get("natural_estimate"):
            return (Run(DASH, "quiet"),)
        return text(self.num(place, "natural_estimate"), " (", closed(self.interval(place)))

    def plan(self, place: str) -> str:
        """Return words of the plan; blank where it says nothing."""
        return self.folder.rows(PLAN).get(place, {}).get("text", "")

    def study(self, name: str) -> str:
        """Return how a study is called."""
        return self.folder.rows("studies.csv").get(name, {}).get("label", name)


def runs_of(codes: Sequence[str]) -> str:
    """Return codes in words, those that follow one another as ``D1 to D10``."""
    found: list[list[str]] = []
    for code in codes:
        last = found[-1][-1] if found else ""
        head, number = code.rstrip("0123456789"), code[len(code.rstrip("0123456789")) :]
        before = last[len(head) :] if last.startswith(head) else ""
        if number.isdigit() and before.isdigit() and int(number) == int(before) + 1:
            found[-1].append(code)
        else:
            found.append([code])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in found)


def closed(words: Text) -> Text:
    """Return a text with a closing bracket, the code of its last number after it."""
    *before, last = words
    return (*before, Run(last.text, last.style), Run(")", trace=last.trace))


def gathered(words: Text) -> Text:
    """Return a text in which each code stands once, after the last of the numbers in a row that share it."""
    found: list[Run] = []
    for i, run in enumerate(words):
        later = next((other.trace for other in words[i + 1 :] if other.trace), "")
        found.append(Run(run.text, run.style, "" if run.trace and run.trace == later else run.trace))
    return tuple(found)


def referenced(cells: Iterable[Text]) -> tuple[tuple[Text, ...], str]:
    """Return a row's cells and the code that most of its numbers share, which then stands at the row alone.

    Parameters
    ----------
    cells : iterable of Text
        The row; every number in it carries its code.
    """
    cells = tuple(gathered(cell) for cell in cells)
    codes = [run.trace for cell in cells for run in cell if run.trace]
    if not codes:
        return cells, ""
    main = max(dict.fromkeys(codes), key=codes.count)
    kept = tuple(
        tuple(Run(run.text, run.style, "" if run.trace == main else run.trace) for run in cell) for cell in cells
    )
    return kept, main


def coded(
    ledger: Ledger,
    caption: object,
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    widths: Sequence[float],
    align: str,
    strong_rows: Iterable[int] = (),
) -> Table:
    """Return a table with a last column that says which row of which table each line was read from.

    Parameters
    ----------
    ledger : Ledger
        What printed the cells.
    caption, head, rows, widths, align : see :func:`evisynth.report.exports.blocks.table`
        Without the last column.
    strong_rows : iterable of int
        Rows that stand out.
    """
    made = []
    for row in rows:
        cells, code = referenced(text(cell) for cell in row)
        made.append((*cells, (Run(code, "trace"),) if code else ()))
    return table(
        caption, (*head, "From"), made, (*widths, max(0.45, 0.042 * sum(widths))), f"{align}l", strong=strong_rows
    )


def _letter(position: int) -> str:
    turn, rest = divmod(position, len(_LETTERS))
    return (_letter(turn - 1) if turn else "") + _LETTERS[rest]
