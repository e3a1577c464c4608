"""A checked review as files: what the stages after the check read."""

import json
from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import guard, to_csv, unguard
from evisynth.review.corrections import corrected_cells
from evisynth.review.folder import Review
from evisynth.review.plan import Plan
from evisynth.review.reading import Table
from evisynth.review.tables import TABLES, TableSpec

PLAN_FILE = "plan.json"
RECEIVED = "received"


def write_checked(review: Review, folder: Path) -> None:
    """Write every table, corrected and as received, and the resolved plan.

    Parameters
    ----------
    review : Review
        A review that passed every check.
    folder : pathlib.Path
        ``results/<review>/checked``.
    """
    corrected = corrected_cells(review.received)
    for name, spec in TABLES.items():
        _write(review.corrected[name], folder / spec.file, corrected)
        _write(review.received[name], folder / RECEIVED / spec.file, {})
    plan = {"name": review.name, "plan": review.plan.model_dump(mode="json"), "members": review.members}
    (folder / PLAN_FILE).write_text(json.dumps(plan, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write(table: Table, path: Path, corrected: dict[tuple[str, str], list[str]]) -> None:
    names = table.spec.names
    rows = (
        [
            key,
            str(line),
            ";".join(corrected.get((table.spec.name, key), ())),
            *(guard(cell) for cell in cells),
        ]
        for key, line, cells in zip(table.keys, table.lines, table.text.itertuples(index=False), strict=True)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_csv(["row_key", "line", "corrected", *names], rows), encoding="utf-8", newline="")


def read_checked(folder: Path) -> Review:
    """Read what :func:`write_checked` wrote.

    Parameters
    ----------
    folder : pathlib.Path
        ``results/<review>/checked``.
    """
    folder = Path(folder)
    stored = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
    return Review(
        stored["name"],
        Plan.model_validate(stored["plan"]),
        {name: _read(folder / RECEIVED / spec.file, spec) for name, spec in TABLES.items()},
        {name: _read(folder / spec.file, spec) for name, spec in TABLES.items()},
        stored["members"],
    )


def _read(path: Path, spec: TableSpec) -> Table:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    text = frame[list(spec.names)].map(unguard) if len(frame) else frame[list(spec.names)]
    return Table(spec, text, tuple(frame["row_key"]), tuple(int(line) for line in frame["line"]))


def stored_files() -> list[str]:
    """Return the names of the files that :func:`write_checked` writes, for the workflow to declare."""
    tables = [spec.file for spec in TABLES.values()]
    return [PLAN_FILE, *tables, *(f"{RECEIVED}/{name}" for name in tables)]
