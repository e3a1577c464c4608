"""The tables of one results folder, read once and looked up by key."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evisynth.provenance.tables import STAGE_TABLES, key_columns, unguard
from evisynth.review.tables import TABLES, key_of

PLAN = "review.yaml"


@dataclass(frozen=True, slots=True)
class Reference:
    """A place: a table, the key of a row, and a column (blank for the whole row)."""

    table: str
    key: str
    column: str = ""

    def __str__(self) -> str:
        return ":".join(part for part in (self.table, self.key, self.column) if part)


@dataclass(slots=True)
class _Loaded:
    columns: tuple[str, ...]
    rows: dict[str, dict[str, str]]


@dataclass(slots=True)
class ResultsFolder:
    """The tables of ``results/<review>``.

    Parameters
    ----------
    path : pathlib.Path
        The folder.
    """

    path: Path
    _tables: dict[str, _Loaded] = field(default_factory=dict)
    _measures: dict[str, str] | None = None
    _plan: dict | None = None
    _groups: dict[tuple[str, int], dict[str, list[dict[str, str]]]] = field(default_factory=dict)

    @property
    def plan(self) -> dict:
        """The resolved plan as plain data; empty where ``checked/plan.json`` is missing."""
        if self._plan is None:
            path = self.path / "checked" / "plan.json"
            self._plan = json.loads(path.read_text(encoding="utf-8"))["plan"] if path.is_file() else {}
        return self._plan

    @staticmethod
    def knows(name: str) -> bool:
        """Whether any stage writes a table of this name."""
        return name == PLAN or name in STAGE_TABLES or name.removesuffix(".csv") in TABLES

    def has(self, name: str) -> bool:
        """Whether a table exists."""
        try:
            self.table(name)
        except KeyError:
            return False
        return True

    def rows(self, name: str) -> dict[str, dict[str, str]]:
        """Return the rows of a table by key; empty where the table does not exist."""
        return self.table(name).rows if self.has(name) else {}

    def groups(self, name: str, parts: int) -> dict[str, list[dict[str, str]]]:
        """Return the rows of a table by the first parts of their key, in the order of the file."""
        if (name, parts) not in self._groups:
            columns, found = key_columns(name)[:parts], {}
            for row in self.rows(name).values():
                found.setdefault(key_of(row[column] for column in columns), []).append(row)
            self._groups[name, parts] = found
        return self._groups[name, parts]

    def table(self, name: str) -> _Loaded:
        """Return a table by its name (``pooled/estimates.csv``, or ``arms.csv`` for a table of facts).

        Raises
        ------
        KeyError
            Where there is no such table, or its file is missing.
        """
        if name not in self._tables:
            self._tables[name] = self._load(name)
        return self._tables[name]

    def _load(self, name: str) -> _Loaded:
        if name == PLAN:
            return _Loaded(("text",), dict(_plan_rows("", self.plan)))
        columns = key_columns(name)
        path = self.path / (name if name in STAGE_TABLES else f"checked/{name}")
        if not path.is_file():
            raise KeyError(f"{path} does not exist: run the pipeline first")
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = [{key: unguard(value) for key, value in row.items()} for row in reader]
            header = tuple(reader.fieldnames or ())
        keys = [row.get("row_key") or key_of(row[column] for column in columns) for row in rows]
        return _Loaded(header, dict(zip(keys, rows, strict=True)))

    def row(self, reference: Reference) -> dict[str, str]:
        """Return one row as text, cell by cell."""
        return self.table(reference.table).rows[self.find(reference.table, reference.key)]

    def cell(self, table: str, key: str, column: str) -> str:
        """Return one cell exactly as it stands in the file.

        Parameters
        ----------
        table : str
            Name of the table, such as ``pooled/estimates.csv``.
        key : str
            The row's key, its parts joined by ``:``; parts may be left out where the rest is unique.
        column : str
            The column.

        Raises
        ------
        KeyError
            Where the table, the row or the column does not exist.
        """
        row = self.row(Reference(table, key))
        if column not in row:
            raise KeyError(f"{table} has no column '{column}'; columns: {', '.join(row)}")
        return row[column]

    def find(self, table: str, key: str) -> str:
        """Return the full key of a row; parts may be left out where the rest is unique.

        Raises
        ------
        KeyError
            Where nothing or more than one row fits, with what there is.
        """
        rows = self.table(table).rows
        if key in rows:
            return key
        wanted = key.split(":")
        loose = [found for found in rows if _within(wanted, found.split(":"))]
        if len(loose) > 1:
            loose = self._planned(rows, loose) or loose
        if len(loose) == 1:
            return loose[0]
        if loose:
            raise KeyError(f"{table}: '{key}' fits {len(loose)} rows: {', '.join(loose[:8])}")
        near = [found for found in rows if set(wanted) & set(found.split(":"))] or list(rows)
        raise KeyError(
            f"{table} has no row '{key}' (its key: {':'.join(key_columns(table))}); there are {', '.join(near[:8])}"
        )

    def _planned(self, rows: dict[str, dict[str, str]], keys: list[str]) -> list[str]:
        """Return the keys on the measure that the plan names for their synthesis."""
        if self._measures is None:
            self._measures = {entry["id"]: entry["measure"] for entry in self.plan.get("syntheses", ())}
        measures = self._measures
        return [key for key in keys if rows[key].get("measure") == measures.get(rows[key].get("synthesis"), "")]

    def resolve(self, text: str) -> Reference:
        """Return the place that a text names, ``table:key`` or ``table:key:column``.

        Raises
        ------
        KeyError
            Where it names nothing.
        """
        table, _, rest = text.partition(":")
        if table not in (*STAGE_TABLES, PLAN) and table.removesuffix(".csv") not in TABLES:
            raise KeyError(
                f"'{table}' is no table; tables: {', '.join([*STAGE_TABLES, *(s.file for s in TABLES.values())])}"
            )
        head, _, last = rest.rpartition(":")
        if head and last in self.table(table).columns:
            try:
                return Reference(table, self.find(table, head), last)
            except KeyError:
                if rest not in self.table(table).rows:
                    raise
        if head in self.table(table).rows and rest not in self.table(table).rows:
            raise KeyError(f"{table} has no column '{last}'; columns: {', '.join(self.table(table).columns)}")
        return Reference(table, self.find(table, rest))


def _plan_rows(place: str, value) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every text and number of the plan with its place (``syntheses.fm_pain.title``)."""
    if isinstance(value, dict):
        if place.startswith("syntheses.") and place.count(".") == 1:
            # `from` cells name a synthesis of the plan by its id alone
            yield place.partition(".")[2], {"text": str(value.get("title", "")), "reason": str(value.get("reason", ""))}
        for name, item in value.items():
            yield from _plan_rows(f"{place}.{name}" if place else name, item)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            name = item["id"] if isinstance(item, dict) and "id" in item else str(position)
            yield from _plan_rows(f"{place}.{name}", item)
    elif value is not None and value != "":
        yield place, {"text": str(value)}


def _within(wanted: list[str], found: list[str]) -> bool:
    rest = iter(found)
    return all(part in rest for part in wanted)
