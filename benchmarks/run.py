"""Run the benchmarks and print one table: what was timed, ours, the peer's, how many times faster ours is.

Usage: python benchmarks/run.py [part of a name ...]

Every benchmarks/bench_*.py has a function `rows()`; README.md in this folder says what it returns.
"""

import importlib.util
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
KEYS = ("name", "ours_seconds", "peer", "peer_seconds", "ratio", "note")


@dataclass(frozen=True)
class Row:
    """One timed thing; times in seconds, None where there is no peer to compare with."""

    name: str
    ours_seconds: float
    peer: str = ""
    peer_seconds: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times longer the peer takes; above 1, evisynth is the faster."""
        return None if self.peer_seconds is None else self.peer_seconds / self.ours_seconds


def read_row(given: Mapping[str, object]) -> Row:
    """Check a dictionary of a benchmark and make a Row of it.

    Raises
    ------
    ValueError
        If a key is missing or unknown, a time is not above 0, or the ratio is not that of the times.
    """
    if unknown := sorted(set(given) - set(KEYS)):
        raise ValueError(f"unknown keys {unknown}; allowed: {list(KEYS)}")
    if missing := [key for key in ("name", "ours_seconds") if given.get(key) is None]:
        raise ValueError(f"missing keys {missing} in {dict(given)}")
    for key in ("ours_seconds", "peer_seconds"):
        value = given.get(key)
        if value is not None and not (isinstance(value, int | float) and value > 0):
            raise ValueError(f"{key} of {given['name']!r} is {value!r}; it must be seconds, above 0")
    row = Row(**{key: given[key] for key in KEYS if key != "ratio" and given.get(key) is not None})
    stated = given.get("ratio")
    if stated is not None and (row.ratio is None or abs(stated / row.ratio - 1) > 0.01):
        raise ValueError(f"ratio of {row.name!r} is {stated}; peer_seconds / ours_seconds is {row.ratio}")
    return row


def load(path: Path) -> ModuleType:
    """Import a benchmark from its file; files beside it can be imported by name."""
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def format_seconds(seconds: float | None) -> str:
    """Write a time with three digits and a fitting unit."""
    if seconds is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def format_table(rows: Sequence[Row]) -> str:
    """Lay the rows out as a Markdown table, columns aligned."""
    cells = [["what", "evisynth", "peer", "peer's time", "times faster", "note"]]
    for row in rows:
        ratio = "-" if row.ratio is None else f"{row.ratio:.3g}"
        ours, peers = format_seconds(row.ours_seconds), format_seconds(row.peer_seconds)
        cells.append([row.name, ours, row.peer or "-", peers, ratio, row.note])
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    )


def main(wanted: Sequence[str] = (), folder: Path = HERE) -> int:
    """Run the benchmarks whose file name holds one of `wanted` (all of them if empty).

    Returns
    -------
    int
        Exit code: 0, or 1 if a benchmark failed or none was found.
    """
    paths = [
        path for path in sorted(folder.glob("bench_*.py")) if not wanted or any(part in path.stem for part in wanted)
    ]
    if not paths:
        asked = f" named like {', '.join(wanted)}" if wanted else ""
        print(f"no benchmark{asked} in {folder.name}/: one is a file bench_*.py", file=sys.stderr)
        return 1
    rows: list[Row] = []
    failed: list[str] = []
    for path in paths:
        print(f"running {path.name} ...", file=sys.stderr, flush=True)
        try:
            rows += [read_row(given) for given in load(path).rows()]
        except Exception:  # one that fails must not hide the others' results
            traceback.print_exc()
            failed.append(path.name)
    if rows:
        print(format_table(rows))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
