"""The formulas of all folders of results, and those of one row or column."""

from collections.abc import Mapping

from evisynth.provenance.formulas import bayes, bias, other_tables, pooled, quality
from evisynth.provenance.formulas.formula import Formula

METHODS: Mapping[str, tuple[Formula, ...]] = {
    **pooled.METHODS,
    **bias.METHODS,
    **quality.METHODS,
    **bayes.METHODS,
}
TABLES: Mapping[str, tuple[Formula, ...]] = {
    **pooled.TABLES,
    **bias.TABLES,
    **bayes.TABLES,
    **other_tables.TABLES,
    **quality.TABLES,
}


def formulas_of(table: str, row: Mapping[str, str]) -> tuple[Formula, ...]:
    """Return the formulas behind a row; empty where its figures are read, not computed.

    Parameters
    ----------
    table : str
        Name of the table.
    row : mapping of str to str
        Its cells; ``method`` decides in tables of estimates, ``test`` in that of tests.
    """
    if table in TABLES:
        return TABLES[table]
    if table.startswith(("pooled/", "bayes/", "bias/", "quality/informed")):
        return METHODS.get(row.get("method") or row.get("test", ""), ())
    return ()


def formulas_for(formulas: tuple[Formula, ...], column: str) -> tuple[Formula, ...]:
    """Return those that stand behind one column (all of them for a blank column)."""
    return tuple(formula for formula in formulas if not column or not formula.columns or _stands(formula, column))


def _stands(formula: Formula, column: str) -> bool:
    return any(column == name or (name.endswith("*") and column.startswith(name[:-1])) for name in formula.columns)
