"""Apply corrections.csv: a change to a value as received, or a stop where it no longer fits."""

from evisynth.review.problems import Problem, shown
from evisynth.review.reading import Table


def apply_corrections(tables: dict[str, Table]) -> tuple[dict[str, Table], list[Problem]]:
    """Return the tables with every correction made.

    Parameters
    ----------
    tables : dict of str to Table
        All tables as received, ``corrections`` among them.

    Returns
    -------
    dict of str to Table
        The corrected tables; tables that nothing changes are the same objects.
    list of Problem
        Corrections whose row, column or old value does not exist.
    """
    corrections = tables["corrections"]
    problems: list[Problem] = []
    changed = dict(tables)
    for position, row in enumerate(corrections.text.itertuples(index=False)):
        line = corrections.lines[position]
        table = changed.get(row.table)
        if table is None:
            continue
        fault = _fault(table, row)
        if fault:
            problems.append(Problem("corrections.csv", line, *fault))
            continue
        text = table.text.copy()
        text.loc[table.keys.index(row.key), row.column] = row.new
        changed[row.table] = table.with_text(text)
    return changed, problems


def corrected_cells(tables: dict[str, Table]) -> dict[tuple[str, str], list[str]]:
    """Return the corrected columns of each ``(table, key)``."""
    cells: dict[tuple[str, str], list[str]] = {}
    for row in tables["corrections"].text.itertuples(index=False):
        cells.setdefault((row.table, row.key), []).append(row.column)
    return cells


def _fault(table: Table, row) -> tuple[str, str, str, str] | None:
    if row.key not in table.keys:
        return (
            "key",
            shown(row.key),
            f"a key of {table.spec.file}",
            "correct the key: its parts joined by ':'",
        )
    if row.column not in table.spec.names or row.column in table.spec.key:
        return (
            "column",
            shown(row.column),
            f"a column of {table.spec.file} outside its key",
            "correct the column",
        )
    now = table.text.loc[table.keys.index(row.key), row.column]
    if now != row.old:
        return (
            "old",
            shown(row.old),
            f"the value that stands in {table.spec.file}, {shown(now)}",
            "the data have changed: check whether the correction is still needed",
        )
    return None
