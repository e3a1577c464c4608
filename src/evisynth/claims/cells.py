"""The published cells that a claim is compared with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evisynth.claims.numbers import number_of
from evisynth.review.reading import Table
from evisynth.review.tables import STATUSES


@dataclass(frozen=True, slots=True)
class Cell:
    """One published cell.

    Attributes
    ----------
    table, key, column : str
        Where it stands: name of the table without ``.csv``, key of the row, column.
    text : str
        As it stands there; blank means not reported.
    status : str
        ``verified``, ``derived`` or ``unconfirmed``, for this cell; blank where its table has no status.
    row : Mapping of str to str
        The whole row as text.
    """

    table: str
    key: str
    column: str
    text: str
    status: str
    row: Mapping[str, str]

    @property
    def number(self) -> float | None:
        """The cell as a number, None where it is blank or a word."""
        return number_of(self.text)

    @property
    def row_reference(self) -> str:
        """``table.csv:key``."""
        return f"{self.table}.csv:{self.key}"

    @property
    def reference(self) -> str:
        """``table.csv:key:column``."""
        return f"{self.row_reference}:{self.column}"


def read_cell(reference: str, tables: Mapping[str, Table]) -> Cell:
    """Read one published cell.

    Parameters
    ----------
    reference : str
        ``table.csv:key:column``; the key may hold ``:``.
    tables : mapping of str to Table
        Tables of facts by name.

    Raises
    ------
    KeyError
        Where the table, the row or the column does not exist.
    """
    name, _, rest = reference.partition(":")
    name = name.removesuffix(".csv")
    key, _, column = rest.rpartition(":")
    if name not in tables or not key:
        raise KeyError(f"'{reference}' is no published cell: write table.csv:key:column")
    table = tables[name]
    if column not in table.spec.names:
        raise KeyError(f"{name}.csv has no column '{column}'; columns: {', '.join(table.spec.names)}")
    if key not in table.keys:
        raise KeyError(f"{name}.csv has no row '{key}'")
    row = {str(label): text for label, text in table.text.iloc[table.keys.index(key)].items()}
    doubtful = {part.strip() for part in row.get("unconfirmed_fields", "").split(";")}
    status = "unconfirmed" if column in doubtful else row.get("status", "")
    return Cell(name, key, column, row[column], status, row)


def cells_of(compare_with: str, tables: Mapping[str, Table]) -> tuple[Cell, ...]:
    """Read the published cells of one claim.

    Parameters
    ----------
    compare_with : str
        References separated by ``;``; blank for none.
    tables : mapping of str to Table
        Tables of facts by name.
    """
    references = (part.strip() for part in compare_with.split(";"))
    return tuple(read_cell(reference, tables) for reference in references if reference)


def worst_status(cells: Iterable[Cell]) -> str:
    """Return the weakest status among cells: ``unconfirmed`` before ``derived`` before ``verified``."""
    found = [cell.status for cell in cells if cell.status in STATUSES]
    return max(found, key=STATUSES.index) if found else ""
