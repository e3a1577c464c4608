"""Compare a stated figure with published cells. Every rule here is described in docs/claims.md."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from evisynth.claims.cells import Cell
from evisynth.claims.numbers import Stated, stated_number
from evisynth.claims.words import compare_words, favours_in_words, null_of
from evisynth.provenance.tables import cell_text
from evisynth.review.reading import Table

RELATIVE_TOLERANCE = 0.01
"""Share of the published figure by which a measured figure may differ and still count as the same."""

EXACT = ("year", "sample size", "count", "number of studies")
DIFFERENCES = ("effect", "harm", "comparison with another treatment")
VERDICT_OF = {
    "match": "supported",
    "some match": "partly",
    "differs": "contradicted",
    "omitted": "omitted",
    "not shown": "unverifiable",
    "not comparable": "unverifiable",
    "nothing to compare with": "unverifiable",
}
# Guards against 0.3 - 0.1 - 0.2 only: a rounding step of the shortest printed figure is far larger.
_FLOAT_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing one claim with its published cells gave.

    Attributes
    ----------
    name : str
        The rule that was used.
    outcome : str
        One of `VERDICT_OF`: match, some match, differs, omitted, not shown, not comparable, nothing to
        compare with.
    published : str
        The published figure that the stated one was held against; several are separated by ``; ``.
    difference : float or None
        Stated minus published, in the unit of the figure; None where there is none.
    relative_difference : float or None
        The difference in per cent of the published figure; None where that is 0 or missing.
    because : str
        The outcome in words.
    """

    name: str
    outcome: str
    published: str = ""
    difference: float | None = None
    relative_difference: float | None = None
    because: str = ""

    @property
    def verdict(self) -> str:
        """The verdict that the figures alone give."""
        return VERDICT_OF[self.outcome]

    def to_frame(self) -> pd.DataFrame:
        """Return the comparison as a frame of one row, with the verdict."""
        return pd.DataFrame([{**asdict(self), "verdict": self.verdict}])


def compare_numbers(
    stated: Stated, published: float, *, exact: bool = False, null: float | None = None
) -> tuple[bool, float, float | None, str]:
    """Compare two numbers.

    Equal at the stated rounding, or within 1 per cent of the published figure, is a match; years, sample
    sizes and counts must be equal. Two figures on different sides of no difference never match.

    Parameters
    ----------
    stated : Stated
        The figure as stated, with its decimals.
    published : float
        The published figure, same unit.
    exact : bool
        Only equality counts.
    null : float, optional
        Value of no difference (0 for differences, 1 for ratios), where the figures are effects.

    Returns
    -------
    bool
        Whether they match.
    float
        Stated minus published.
    float or None
        The same in per cent of the published figure, None where that is 0.
    str
        Why, in words.
    """
    difference = stated.value - published
    relative = 100.0 * difference / abs(published) if published else None
    if abs(difference) <= _FLOAT_SLACK:
        return True, 0.0, 0.0 if published else None, "the same figure"
    if null is not None and (stated.value - null) * (published - null) < 0:
        return False, difference, relative, "on the other side of no difference"
    if not exact and abs(difference) <= stated.half_unit + _FLOAT_SLACK:
        return True, difference, relative, "the same at the stated rounding"
    if not exact and abs(difference) <= RELATIVE_TOLERANCE * abs(published) + _FLOAT_SLACK:
        return True, difference, relative, "within 1 per cent"
    words = f"stated {cell_text(stated.value)}, published {cell_text(published)}"
    return False, difference, relative, words


def compare(
    attribute: str,
    stated_value: str,
    cells: Sequence[Cell],
    tables: Mapping[str, Table],
    document_year: float | None = None,
) -> Comparison:
    """Compare one claim with its published cells.

    Parameters
    ----------
    attribute : str
        What is claimed, one of CLAIM_ATTRIBUTES.
    stated_value : str
        The figure or word as stated; blank for an omission.
    cells : sequence of Cell
        The published cells, in the order in which the claim names them.
    tables : mapping of str to Table
        Tables of facts by name: outcomes say which direction is good, studies and sources say the years.
    document_year : float, optional
        Year in which the document was written, None where it prints none.

    Returns
    -------
    Comparison
    """
    if not cells:
        return Comparison("none", "nothing to compare with", because="no published figure was found")
    if attribute == "omission":
        return _omission(cells, tables, document_year)
    stated = stated_number(stated_value)
    if stated is None:
        found = compare_words(attribute, stated_value, cells, tables)
        return Comparison(found.name, found.outcome, found.published, found.difference, None, found.because)
    numbers = [cell.number for cell in cells]
    if any(number is None for number in numbers):
        empty = next(cell for cell in cells if cell.number is None)
        what = "is not reported" if not empty.text else f"is the word '{empty.text}', not a number"
        return Comparison("number", "not comparable", because=f"{empty.reference} {what}")
    name, published, shown = _published(attribute, cells, numbers)
    if len(published) == 1:
        same, difference, relative, because = compare_numbers(
            stated, published[0], exact=attribute in EXACT, null=_null(attribute, cells)
        )
        relative = None if attribute == "year" else relative
        return Comparison(
            name, "match" if same else "differs", shown, difference, relative, f"{because}{_how(name, cells)}"
        )
    return _each(attribute, stated, cells, published)


def _published(attribute: str, cells: Sequence[Cell], numbers: Sequence[float]) -> tuple[str, list[float], str]:
    """Return the rule, the published figures and how they are shown."""
    if is_share(attribute, cells):
        share = 100.0 * numbers[0] / numbers[1]
        return "share of events in people", [share], cell_text(share)
    if is_difference(attribute, cells):
        difference = numbers[0] - numbers[1]
        return "difference of two arms", [difference], cell_text(difference)
    return "number", list(numbers), "; ".join(cell.text for cell in cells)


def is_share(attribute: str, cells: Sequence[Cell]) -> bool:
    """Return whether a percentage is compared with events and people of one row."""
    return (
        attribute == "percent"
        and len(cells) == 2
        and cells[0].row_reference == cells[1].row_reference
        and (cells[0].column, cells[1].column) == ("events", "n")
        and bool(cells[1].number)
    )


def is_difference(attribute: str, cells: Sequence[Cell]) -> bool:
    """Return whether an effect is compared with the difference of two arms of one study and outcome."""
    return (
        attribute in DIFFERENCES
        and len(cells) == 2
        and all(cell.table == "arms" for cell in cells)
        and cells[0].column == cells[1].column
        and all(cells[0].row[name] == cells[1].row[name] for name in ("study_id", "outcome_id"))
    )


def _null(attribute: str, cells: Sequence[Cell]) -> float | None:
    if attribute not in ("effect", "pooled effect", "comparison with another treatment"):
        return None
    return 0.0 if is_difference(attribute, cells) else null_of(cells[0])


def _how(name: str, cells: Sequence[Cell]) -> str:
    if name == "share of events in people":
        return f" ({cells[0].text} of {cells[1].text})"
    if name == "difference of two arms":
        return f" ({cells[0].text} - {cells[1].text})"
    return ""


def _each(attribute: str, stated: Stated, cells: Sequence[Cell], published: Sequence[float]) -> Comparison:
    exact = attribute in EXACT
    found = [
        compare_numbers(stated, number, exact=exact, null=_null(attribute, (cell,)))
        for number, cell in zip(published, cells, strict=True)
    ]
    hits = sum(same for same, *_ in found)
    nearest = min(found, key=lambda one: abs(one[1]))
    outcome = "match" if hits == len(found) else "some match" if hits else "differs"
    return Comparison(
        "each of several numbers",
        outcome,
        "; ".join(cell.text for cell in cells),
        nearest[1],
        nearest[2],
        f"{hits} of {len(found)} published figures match",
    )


def _omission(cells: Sequence[Cell], tables: Mapping[str, Table], document_year: float | None) -> Comparison:
    years = [published_year(cell, tables) for cell in cells]
    shown = "; ".join(favours_in_words(cell.text) if cell.column == "favours" else cell.text for cell in cells)
    dated = [year for year in years if year is not None]
    if document_year is not None and dated and min(dated) > document_year:
        because = f"published in {min(dated):.0f}, after the document ({document_year:.0f})"
        return Comparison("omission", "not comparable", shown, because=because)
    if document_year is None:
        because = "published, not mentioned; the document prints no date"
    elif not dated:
        because = "published without a year, not mentioned"
    else:
        because = f"published in {min(dated):.0f}, the document is of {document_year:.0f}, not mentioned"
    return Comparison("omission", "omitted", shown, because=because)


def published_year(cell: Cell, tables: Mapping[str, Table]) -> float | None:
    """Return the year of the study that a cell is about, else of the document it was read in, else None."""
    for name, column in (("studies", "study_id"), ("sources", "source_id")):
        key = cell.row.get(column, "")
        if key and name in tables and key in tables[name].keys:
            table = tables[name]
            year = stated_number(table.text.iloc[table.keys.index(key)]["year"])
            if year is not None:
                return year.value
    return None
