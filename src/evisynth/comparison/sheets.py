"""Tables of a folder of results by name and key, as they stand, whatever version of the code wrote them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evisynth.provenance.folder import PLAN, ResultsFolder
from evisynth.provenance.tables import STAGE_TABLES, is_number, key_columns, unguard
from evisynth.review.tables import TABLES, key_of

_FACTS = {f"{name}.csv": f"checked/{name}.csv" for name in TABLES}
# Where a row stood in its file is no part of what it says.
_PLACE = ("row_key", "line")
FIGURES = "figures/"


class NoKeyError(ValueError):
    """A table cannot be compared by key, with the reason."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its columns, and its rows by key."""

    columns: tuple[str, ...]
    rows: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of results, or an extract of one (``pooled_estimates.csv`` and so on in one flat folder).

    Attributes
    ----------
    path : pathlib.Path
        The folder.
    files : dict of str to pathlib.Path
        The tables that it holds, by name: ``pooled/estimates.csv``, ``arms.csv``, ``figures/forest_tb.csv``,
        ``review.yaml`` for the plan.
    extract : bool
        Whether this is an extract, which holds some tables and some of their columns.
    """

    path: Path
    files: dict[str, Path]
    extract: bool

    def sheet(self, name: str) -> Sheet:
        """Return one table.

        Raises
        ------
        NoKeyError
            Where its rows cannot be told apart by their key.
        """
        if name == PLAN:
            return Sheet(("text",), dict(ResultsFolder(self.path).rows(PLAN)))
        columns, rows = _read(self.files[name])
        keys = _figure_key(columns, rows) if name.startswith(FIGURES) else _key(name, columns)
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            key = row.get("row_key") or key_of(row[column] for column in keys)
            if key in found:
                raise NoKeyError(f"the key {key} stands more than once")
            found[key] = {column: value for column, value in row.items() if column not in _PLACE}
        return Sheet(tuple(column for column in columns if column not in _PLACE), found)


def open_source(path: Path) -> Source:
    """Find the tables of a folder.

    Parameters
    ----------
    path : pathlib.Path
        ``results/<review>``, or a flat folder of extracts.
    """
    names = [*STAGE_TABLES, *_FACTS]
    files = {name: path / _FACTS.get(name, name) for name in names}
    files = {name: file for name, file in files.items() if file.is_file()}
    flat = {name: path / name.replace("/", "_", 1) for name in STAGE_TABLES}
    flat = {name: file for name, file in flat.items() if file.is_file()}
    if flat and not files:
        return Source(path, flat, True)
    if (path / "checked" / "plan.json").is_file():
        files[PLAN] = path / "checked" / "plan.json"
    files |= {f"{FIGURES}{file.name}": file for file in sorted((path / "figures").glob("*.csv"))}
    return Source(path, files, False)


def strangers(source: Source) -> Iterator[str]:
    """Yield the CSV files of a folder that no stage of this version writes."""
    if source.extract:
        return
    known = set(source.files.values())
    for file in sorted(source.path.rglob("*.csv")):
        parts = file.relative_to(source.path).parts
        if file not in known and "received" not in parts:
            yield "/".join(parts)


def _read(path: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = [{name: unguard(value or "") for name, value in row.items() if name} for row in reader]
        return tuple(reader.fieldnames or ()), rows


def _key(name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    keys = key_columns(name)
    missing = [column for column in keys if column not in columns]
    if missing and "row_key" not in columns:
        raise NoKeyError(f"it has no column {', '.join(missing)}, which its key needs")
    return keys


def _figure_key(columns: tuple[str, ...], rows: list[dict[str, str]]) -> tuple[str, ...]:
    """Return the first columns that tell the rows of a figure apart, words before numbers."""
    named = [name for name in columns if name != "from" and not any(is_number(row[name]) for row in rows)]
    for names in (named, [name for name in columns if name != "from"]):
        for count in range(1, len(names) + 1):
            if len({tuple(row[name] for name in names[:count]) for row in rows}) == len(rows):
                return tuple(names[:count])
    raise NoKeyError("two of its rows are the same")
