"""A comparison as sections of short tables, the same for the terminal, for a page and for a job summary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evisynth.comparison.conclusions import ESTIMATES
from evisynth.comparison.folders import Comparison
from evisynth.comparison.moves import TableMove, number
from evisynth.comparison.sheets import FIGURES

_EFFECTS = "effects/effects.csv"
_WORDS = (
    "quality/certainty.csv",
    "quality/judgements.csv",
    "quality/integrity.csv",
    "claims/claims.csv",
    "claims/conflicts.csv",
)
# Said by other columns already, or too long to be read beside each other.
_UNSAID = ("from", "because", "inputs", "rule", "flip", "reason", "words")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what its table holds, its columns and rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sections_of(comparison: Comparison) -> tuple[Section, ...]:
    """Return what moved, the most important first; sections with nothing to say are left out."""
    tables = {move.table: move for move in comparison.tables if move}
    data = [move for name, move in tables.items() if "/" not in name]
    found = (
        Section("Conclusions that changed", ("where", "question", "before", "now"), tuple(_conclusions(comparison))),
        Section("Studies in and out", ("synthesis", "study", "change"), tuple(_studies(tables.get(_EFFECTS)))),
        Section("Data and plan", ("place", "before", "now"), tuple(row for move in data for row in _cells(move))),
        Section(
            "Estimates",
            ("estimate", "before", "now", "moved by", "in standard errors"),
            tuple(row for name in ESTIMATES if name in tables for row in _estimates(tables[name])),
        ),
        Section(
            "Certainty, judgements, claims and checks",
            ("place", "before", "now"),
            tuple(row for name in _WORDS if name in tables for row in _cells(tables[name])),
        ),
        Section(
            "Figures",
            ("figure", "rows that moved", "rows new", "rows gone"),
            tuple(_figure(move) for name, move in tables.items() if name.startswith(FIGURES)),
        ),
        Section(
            "All tables that moved",
            ("table", "rows that moved", "rows new", "rows gone", "columns new", "columns gone"),
            tuple(_table(move) for name, move in tables.items() if not name.startswith(FIGURES)),
        ),
        Section("Not compared", ("table", "reason"), tuple(comparison.left_aside.items())),
        Section(
            "How they were made (no difference of the results)",
            ("table", "rows that moved", "rows new", "rows gone", "columns new", "columns gone"),
            tuple(_table(move) for move in comparison.making if move),
        ),
    )
    return tuple(section for section in found if section.rows)


def _conclusions(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    for one in comparison.conclusions:
        mark = " (headline)" if one.headline else ""
        yield f"{one.table}:{one.key}{mark}", one.what, one.old, one.new


def _studies(move: TableMove | None) -> Iterator[tuple[str, ...]]:
    for rows, change in ((move.rows_in, "in"), (move.rows_out, "out")) if move else ():
        for row in rows.values():
            yield f"{row['synthesis']} {row['measure']}", row["study_id"], change


def _cells(move: TableMove) -> Iterator[tuple[str, ...]]:
    for cell in move.cells:
        if cell.column not in _UNSAID:
            yield f"{move.table}:{cell.key}:{cell.column}", cell.old or "(blank)", cell.new or "(blank)"
    yield from ((f"{move.table}:{key}", "(no such row)", "new row") for key in move.rows_in)
    yield from ((f"{move.table}:{key}", "row", "(gone)") for key in move.rows_out)


def _estimates(move: TableMove) -> Iterator[tuple[str, ...]]:
    for key, (old, new) in move.pairs.items():
        cell = next((cell for cell in move.cells if (cell.key, cell.column) == (key, "estimate")), None)
        mark = " (headline)" if "yes" in (old.get("headline"), new.get("headline")) else ""
        before, after = _said(old), _said(new)
        by = "" if cell is None or cell.difference is None else f"{cell.difference:+.4g}"
        errors = "" if cell is None or cell.in_errors is None else f"{cell.in_errors:+.2f}"
        others = [name.column for name in move.cells if name.key == key and name.column != "from"]
        if before == after and others:
            before, after = f"{before} ", f"{after} (moved: {', '.join(others[:5])})"
        if others:
            yield f"{move.table}:{key}{mark}", before, after, by, errors
    yield from ((f"{move.table}:{key}", "(no such row)", _said(row), "", "") for key, row in move.rows_in.items())
    yield from ((f"{move.table}:{key}", _said(row), "(gone)", "", "") for key, row in move.rows_out.items())


def _said(row: Mapping[str, str]) -> str:
    """Return an estimate with its interval on the scale that readers see, or on the analysis scale without one."""
    for stem in ("natural_", ""):
        numbers = [number(row.get(f"{stem}{name}", "")) for name in ("estimate", "ci_low", "ci_high")]
        if None not in numbers:
            return "{:.4g} ({:.4g} to {:.4g})".format(*numbers)
    return row.get("status") or "(blank)"


def _figure(move: TableMove) -> tuple[str, ...]:
    name = move.table.removeprefix(FIGURES).removesuffix(".csv")
    if move.status != "both":
        return f"{name}: {'new' if move.status == 'new' else 'gone'}", "", "", ""
    return name, str(len(move.keys)), str(len(move.rows_in)), str(len(move.rows_out))


def _table(move: TableMove) -> tuple[str, ...]:
    name = move.table if move.status == "both" else f"{move.table}: {move.status}"
    counts = (len(move.keys), len(move.rows_in), len(move.rows_out))
    return name, *map(str, counts), ", ".join(move.columns_in), ", ".join(move.columns_out)


def verdict(comparison: Comparison) -> str:
    """Return one sentence that says whether anything moved and whether a conclusion changed."""
    compared = f"{len(comparison.tables)} tables compared"
    if not comparison.moved:
        within = sum(move.within for move in comparison.tables)
        return f"{compared}: nothing moved" + (
            f" ({_count(within, 'cell')} within rounding or chance)" if within else ""
        )
    moved = sum(map(bool, comparison.tables))
    headlines = sum(one.headline for one in comparison.conclusions)
    if not comparison.conclusions:
        said = "no conclusion changed"
    else:
        said = f"{_count(len(comparison.conclusions), 'conclusion')} changed"
        said += f", {headlines} of a headline estimate" if headlines else ""
    return f"{compared}: {moved} moved; {said}"


def _count(number_of: int, word: str) -> str:
    return f"{number_of} {word}{'' if number_of == 1 else 's'}"


def rules_of(comparison: Comparison) -> tuple[str, ...]:
    """Return what counts as moved, in sentences."""
    limits = comparison.thresholds
    lines = [
        f"A number moved if it differs by more than {limits.relative:g} of itself; one that rests on sampled chains, "
        f"by more than {limits.monte_carlo:g} Monte Carlo standard errors.",
        "Rows are matched by the key of their table: the order of rows and columns is no difference.",
        "A conclusion is the side of the estimate, whether an interval includes no effect, whether it is beyond the "
        "minimal important difference of the plan, a level of certainty, a judgement, or a verdict.",
    ]
    if comparison.extract:
        lines.append("One side is an extract: only the tables and columns that it holds were compared.")
    return tuple(lines)
