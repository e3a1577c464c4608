"""Rows of a review on their way from a sheet: each cell remembers where it came from."""

import re
import unicodedata
from dataclasses import dataclass, field

_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


@dataclass(slots=True)
class Made:
    """One row of one table.

    Attributes
    ----------
    table : str
        Name of the table.
    cells : dict of str to str
        The cells by column; columns left out are blank.
    places : dict of str to str
        Where each cell was read, such as ``Trials!C7``.
    place : str
        Where the row was read.
    order : tuple of int
        Row and column in the sheet.
    own : frozenset of str
        Columns that differ by their nature from row to row (the locator made here), not compared.
    """

    table: str
    cells: dict[str, str]
    places: dict[str, str]
    place: str
    order: tuple[int, int] = (0, 0)
    own: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of the sheet that has no place in the review, and why."""

    place: str
    column: str
    value: str
    reason: str


def short_name(*parts: str) -> str:
    """Make a name for an id column: ``ferguson_simes1949`` of "Ferguson & Simes" and "1949"."""
    text = " ".join(part for part in parts if part).lower().translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    text = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    return re.sub(r"(?<=[a-z])_(\d{4}[a-z]?)$", r"\1", text)
