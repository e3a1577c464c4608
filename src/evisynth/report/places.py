"""Rows of tables as a page refers to them."""

from collections.abc import Mapping
from dataclasses import dataclass

from evisynth.provenance.folder import ResultsFolder


@dataclass(frozen=True, slots=True)
class Place:
    """A row: its table and its key, with the cells that decide how it is shown."""

    table: str
    key: str
    row: Mapping[str, str]


def some(folder: ResultsFolder, table: str, **cells: str) -> tuple[Place, ...]:
    """Return the rows of a table whose cells have these values; none where the table does not exist.

    Parameters
    ----------
    folder : ResultsFolder
        The results.
    table : str
        Its name.
    **cells : str
        Columns and what they must hold; a column that the table does not have is not asked for.
    """
    return tuple(
        Place(table, key, row)
        for key, row in folder.rows(table).items()
        if all(row.get(name, value) == value for name, value in cells.items())
    )
