"""Columns of a table as moderators: numbers where they are numbers, categories where they are words."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evisynth.effects.table_reader import is_blank
from evisynth.pooling.errors import PoolingInputError

if TYPE_CHECKING:
    import pandas as pd

    from evisynth.effects.text_table import TextTable


def moderator_columns(table: "TextTable", rows: Sequence[int], formula: str) -> "pd.DataFrame":
    """Return the columns of the rows that are pooled, typed; blank cells as missing.

    Parameters
    ----------
    table
        The table as read.
    rows
        Positions of the studies that are pooled.
    formula
        The moderators asked for; a column in ``C()`` is a category whatever it holds.

    Raises
    ------
    PoolingInputError
        Where a column that the formula names holds numbers but for a few cells: a number typed wrongly would
        silently turn the whole column into categories.
    """
    import pandas as pd

    named = _variables(formula)
    out, problems = {}, []
    for name in dict.fromkeys(table.columns):
        cells = [table[name][i] for i in rows]
        values = [None if is_blank(cell, words=False) else _number(cell) for cell in cells]
        numbers = sum(value is not None for value in values)
        words = [i for i, cell in enumerate(cells) if values[i] is None and not is_blank(cell)]
        if numbers and not words:
            column = pd.Series(values, dtype=float)
            # whole numbers stay whole: the levels of C(year) are 1999 and not 1999.0
            out[name] = column.astype(int) if (column % 1 == 0).all() else column
            continue
        out[name] = pd.Series([None if is_blank(cell, words=False) else cell for cell in cells], dtype=object)
        if name in named and numbers >= len(words) and not re.search(rf"\bC\(\s*`?{re.escape(name)}\b", formula):
            problems += [
                f"line {table.lines[rows[i]]}, column {name}: found {cells[i]!r}, allowed a number, as in the other "
                f"rows. Type the number, or write C({name}) if the column holds categories."
                for i in words
            ]
    if problems:
        raise PoolingInputError(problems)
    return pd.DataFrame(out)


def _variables(formula: str) -> set[str]:
    """Return the columns that a formula names; none where it cannot be read, which is said later."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        return set(map(str, Formula(formula).required_variables))
    except (FormulaicError, SyntaxError, ValueError, AttributeError):
        return set()


def _number(cell: str) -> float | None:
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        return None
