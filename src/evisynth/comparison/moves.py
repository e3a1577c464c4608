"""Two versions of one table, compared by key: rows in and out, columns new and gone, cells that moved."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from evisynth.comparison.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What counts as moved.

    Attributes
    ----------
    relative : float
        A number moved if it differs by more than this part of the larger of the two; tables hold 12 digits, and
        other machines round the last ones differently.
    monte_carlo : float
        A number that rests on sampled chains moved if it differs by more than this many Monte Carlo standard errors.
    """

    relative: float = 1e-7
    monte_carlo: float = 6.0


@dataclass(frozen=True, slots=True)
class CellMove:
    """One cell that is not what it was.

    Attributes
    ----------
    key, column, old, new : str
        The place, and the cells as they stand in the files.
    difference : float or None
        New minus old, where both are numbers.
    in_errors : float or None
        The difference in standard errors (posterior standard deviations) of the old row, for an estimate.
    """

    key: str
    column: str
    old: str
    new: str
    difference: float | None = None
    in_errors: float | None = None


@dataclass(frozen=True, slots=True)
class TableMove:
    """What moved in one table.

    Attributes
    ----------
    table : str
        Its name; ``status`` is ``both``, ``new`` or ``gone``.
    rows_in, rows_out : dict of str to dict
        Rows that are new, and that are not there any more, by key.
    columns_in, columns_out : tuple of str
        Columns that are new, and gone.
    cells : tuple of CellMove
        Cells of rows and columns that both versions have.
    within : int
        Cells that differ by less than the thresholds.
    compared : int
        Rows that both versions have.
    pairs : dict of str to tuple of dict
        Both versions of every row with a cell that moved, by key.
    """

    table: str
    status: str = "both"
    rows_in: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rows_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    columns_in: tuple[str, ...] = ()
    columns_out: tuple[str, ...] = ()
    cells: tuple[CellMove, ...] = ()
    within: int = 0
    compared: int = 0
    pairs: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything moved."""
        parts = (self.rows_in, self.rows_out, self.columns_in, self.columns_out, self.cells)
        return self.status != "both" or any(map(bool, parts))

    @property
    def keys(self) -> tuple[str, ...]:
        """The rows with cells that moved, each once."""
        return tuple(dict.fromkeys(cell.key for cell in self.cells))


Allowed = Callable[[str, str, Mapping[str, str]], float]


def compare_table(
    table: str, old: Sheet, new: Sheet, thresholds: Thresholds, allowed: Allowed, columns: Iterable[str] | None = None
) -> TableMove:
    """Compare two versions of a table by key; the order of rows and columns is no difference.

    Parameters
    ----------
    table : str
        Its name.
    old, new : Sheet
        The versions.
    thresholds : Thresholds
        What counts as moved.
    allowed : callable
        ``allowed(table, column, old row)``: by how much a number may differ by chance.
    columns : iterable of str, optional
        Compare these columns only (an extract does not hold the others).
    """
    both = [name for name in old.columns if name in new.columns]
    extra_in = tuple(name for name in new.columns if name not in old.columns)
    extra_out = tuple(name for name in old.columns if name not in new.columns)
    if columns is not None:
        wanted = set(columns)
        both, extra_in, extra_out = (tuple(n for n in names if n in wanted) for names in (both, extra_in, extra_out))
    cells, within = [], 0
    for key, row in old.rows.items():
        for name in both if key in new.rows else ():
            before, after = row[name], new.rows[key][name]
            if before == after:
                continue
            move = _move(key, name, before, after, row)
            if move.difference is not None and abs(move.difference) <= max(
                thresholds.relative * max(abs(float(before)), abs(float(after))), allowed(table, name, row)
            ):
                within += 1
            else:
                cells.append(move)
    return TableMove(
        table,
        "both",
        {key: row for key, row in new.rows.items() if key not in old.rows},
        {key: row for key, row in old.rows.items() if key not in new.rows},
        extra_in,
        extra_out,
        tuple(cells),
        within,
        sum(key in new.rows for key in old.rows),
        {cell.key: (old.rows[cell.key], new.rows[cell.key]) for cell in cells},
    )


def _move(key: str, name: str, before: str, after: str, row: Mapping[str, str]) -> CellMove:
    first, second = number(before), number(after)
    if first is None or second is None:
        return CellMove(key, name, before, after)
    error = number(row.get("se", "")) or number(row.get("sd", ""))
    scaled = (second - first) / error if error and name == "estimate" else None
    return CellMove(key, name, before, after, second - first, scaled)


def number(text: str) -> float | None:
    """Return a cell as a finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
