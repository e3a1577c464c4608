"""From printed numbers to the row of a table that they were rounded from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

from evisynth.provenance.folder import Reference, ResultsFolder
from evisynth.provenance.tables import STAGE_TABLES

_NUMBER = re.compile(r"(?<![\w.])[-−–]?\d[\d,]*(?:\.\d+)?(?!\w)")
# How a page or a table of a journal writes it; these tables hold what people read most.
_FIRST = ("pooled/estimates.csv", "bayes/estimates.csv", "quality/findings.csv", "effects/effects.csv")


@dataclass(frozen=True, slots=True)
class Place:
    """A row in which every printed number is found.

    Attributes
    ----------
    reference : Reference
        Table and key.
    cells : dict of str to str
        The columns that hold the numbers, with their values unrounded.
    """

    reference: Reference
    cells: dict[str, str]


def numbers_in(text: str) -> list[str]:
    """Return the numbers of a printed text, such as ``0.74 (0.59 to 0.92)``, as they are printed."""
    return [found.replace("−", "-").replace("–", "-").replace(",", "") for found in _NUMBER.findall(text)]


def find_places(folder: ResultsFolder, text: str) -> list[Place]:
    """Return the rows of results that hold, rounded, every number of a printed text.

    Parameters
    ----------
    folder : ResultsFolder
        The results.
    text : str
        What is printed: one number, or better an estimate with its interval.

    Returns
    -------
    list of Place
        Tables of estimates and effects first; headline estimates before others.

    Raises
    ------
    ValueError
        Where the text holds no number.
    """
    wanted = numbers_in(text)
    if not wanted:
        raise ValueError(f"there is no number in {text!r}")
    tables = [*_FIRST, *(table for table in STAGE_TABLES if table not in _FIRST)]
    found = [(table, place, row) for table in tables for place, row in _rows(folder, table, wanted)]
    found.sort(key=lambda one: (tables.index(one[0]), one[2].get("headline") != "yes"))
    return [place for _, place, _ in found]


def _rows(folder: ResultsFolder, table: str, wanted: list[str]) -> Iterator[tuple[Place, Mapping[str, str]]]:
    for key, row in folder.rows(table).items():
        cells: dict[str, str] = {}
        for printed in wanted:
            column = next((c for c, v in _columns(row) if c not in cells and _rounds_to(v, printed)), None)
            if column is None:
                break
            cells[column] = row[column]
        else:
            yield Place(Reference(table, key), cells), row


def _columns(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    # What readers see comes first: the scale of the analysis has numbers of its own.
    yield from ((name, value) for name, value in row.items() if name.startswith("natural_"))
    yield from ((name, value) for name, value in row.items() if not name.startswith("natural_"))


def _rounds_to(cell: str, printed: str) -> bool:
    """Whether a cell, rounded to the digits of a printed number, is that number."""
    try:
        value, goal = Decimal(cell), Decimal(printed)
        step = Decimal(1).scaleb(-len(printed.partition(".")[2]))
        return any(value.quantize(step, rounding=way) == goal for way in (ROUND_HALF_UP, ROUND_HALF_EVEN))
    except InvalidOperation:
        return False
