"""Put new rows beside those that a review has, and check the whole before anything is written."""

from collections.abc import Mapping as Named
from collections.abc import Set
from pathlib import Path

import pandas as pd

from evisynth.intake.problems import CellProblem
from evisynth.intake.rows import Made
from evisynth.review.checks import check_tables
from evisynth.review.examples import is_example
from evisynth.review.problems import Problem, shown
from evisynth.review.reading import Table, cell_fault, empty_table, read_table
from evisynth.review.tables import TABLES, key_of


class Merged:
    """The tables of a review with the new rows.

    Parameters
    ----------
    folder : pathlib.Path
        The review folder; may be missing.
    replace : bool
        Whether a new row takes the place of a row with the same key.
    unsound : set of int
        Lines of the sheet with a cell that cannot be read: told already, so that their rows are not checked further.
    """

    def __init__(self, folder: Path, replace: bool, unsound: Set[int] = frozenset()) -> None:
        self.replace = replace
        self.unsound = unsound
        self.problems: list[CellProblem] = []
        self.tables: dict[str, list[dict[str, str]]] = {}
        self.touched: dict[str, int] = {}
        self._made: dict[tuple[str, str], Made] = {}
        self._at: dict[tuple[str, str], int] = {}
        for name, spec in TABLES.items():
            path = folder / spec.file
            table, faults = read_table(path, spec) if path.is_file() else (empty_table(spec), [])
            rows = [dict(zip(spec.names, row, strict=True)) for row in table.text.itertuples(index=False)]
            kept = [row for row in rows if not any(is_example(row[part]) for part in spec.key)]
            self.tables[name] = kept
            self._at |= {(name, key_of(row[part] for part in spec.key)): i for i, row in enumerate(kept)}
            self.problems += [_old(problem) for problem in faults if rows or problem.line]
        # the rows of a table that is broken already cannot be compared with others
        self.readable = not self.problems

    def add(self, row: Made) -> None:
        """Add one row, unless the same stands there already; a row that differs is a problem."""
        spec = TABLES[row.table]
        cells = {name: row.cells.get(name, "") for name in spec.names}
        key = key_of(cells[name] for name in spec.key)
        place = (row.table, key)
        rows = self.tables[row.table]
        before = self._made.get(place)
        at = self._at.get(place)
        if at is None:
            self._at[place] = len(rows)
            rows.append(cells)
        elif before is not None or not self.replace:
            differing = [name for name in spec.names if rows[at][name] != cells[name] and name not in row.own]
            if differing and not self._is_unsound(row, before):
                self.problems.append(self._clash(row, key, before, differing[0], rows[at], cells))
            if before is not None:
                return
        else:
            rows[at] = cells
        if at is None or (self.replace and before is None):
            self.touched[row.table] = self.touched.get(row.table, 0) + 1
        self._made[place] = row

    def _clash(self, row: Made, key: str, before: Made | None, name: str, old: dict, new: dict) -> CellProblem:
        file = TABLES[row.table].file
        where = before.places.get(name, before.place) if before else file
        found = f"{shown(key)} again with {shown(new[name])} as {name}; {where} has {shown(old[name])}"
        advice = "tell the rows apart in the columns that make the key" + (
            " (variant)" if "variant" in TABLES[row.table].key else ""
        )
        if before is None:
            advice = f"correct one of them, or import with --replace to overwrite the row of {file}"
        return CellProblem(row.places.get(name, row.place), found, "each key once", advice, file, row.order)

    def _is_unsound(self, *rows: Made | None) -> bool:
        return any(row is not None and row.order[0] in self.unsound for row in rows)

    def check(self) -> None:
        """Check every new cell, and the rows and tables among each other."""
        tables = {name: self._table(name) for name in TABLES}
        for row in self._made.values():
            if not self._is_unsound(row):
                self._check_cells(row)
        if self.readable:
            told = {(problem.place, problem.order) for problem in self.problems}
            found = [self._named(problem, tables) for problem in check_tables(tables)]
            # a cell that is told already, or that stands in a row of which too little can be read
            self.problems += [p for p in found if p.order[0] not in self.unsound and (p.place, p.order) not in told]

    def _check_cells(self, row: Made) -> None:
        for column in TABLES[row.table].columns:
            cell = row.cells.get(column.name, "")
            meant = f"{column.name} of {TABLES[row.table].file}"
            place = row.places.get(column.name, row.place)
            if cell == "":
                if column.required:
                    found, advice = "nothing", f"fill in the cell, or name {column.name} in the mapping"
                    self.problems.append(CellProblem(place, found, column.description, advice, meant, row.order))
                continue
            for part in cell.split(";") if column.many else (cell,):
                fault = cell_fault(part.strip(), column)
                if fault:
                    self.problems.append(CellProblem(place, shown(cell), *fault, meant, row.order))
                    break

    def _table(self, name: str) -> Table:
        spec, rows = TABLES[name], self.tables[name]
        if not rows:
            return empty_table(spec)
        frame = pd.DataFrame(rows, columns=list(spec.names), dtype=str)
        keys = tuple(key_of(row[part] for part in spec.key) for row in rows)
        return Table(spec, frame, keys, tuple(range(2, len(rows) + 2)))

    def _named(self, problem: Problem, tables: Named[str, Table]) -> CellProblem:
        """Say by the sheet's cells what a check says by the table's lines."""
        name = problem.file.removesuffix(".csv")
        table = tables.get(name)
        key = table.keys[problem.line - 2] if table is not None and problem.line >= 2 else ""
        row = self._made.get((name, key))
        if row is None:
            return _old(problem)
        place = row.places.get(problem.column, row.place)
        meant = f"{problem.column} of {problem.file}"
        return CellProblem(place, problem.found, problem.allowed, problem.advice, meant, row.order)


def _old(problem: Problem) -> CellProblem:
    place = f"{problem.file}, line {problem.line}" if problem.line else problem.file
    place += f", column {problem.column}" if problem.column else ""
    return CellProblem(place, problem.found, problem.allowed, problem.advice, order=(10**9, problem.line))
