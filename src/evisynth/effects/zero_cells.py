"""Zero cells: the stated rules by which a table with an empty cell is corrected or left out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evisynth.effects.types import EffectError

Floats = NDArray[np.float64]

__all__ = ["DOUBLE_ZERO_RULES", "ZERO_CELL_RULES", "check_rules", "correct_counts", "correct_rates"]

ZERO_CELL_RULES = {
    "study": "0.5 added to every cell of a study that has a zero cell (Cox 1970; Handbook 5.1, 9.4.4)",
    "treatment-arm": "n_1/(n_1 + n_2) added to the cells of arm 1, n_2/(n_1 + n_2) to those of arm 2, "
    "of a study that has a zero cell (Sweeting et al. 2004)",
    "none": "nothing added",
}
DOUBLE_ZERO_RULES = {
    "drop": "left out and named: such a study carries no information on a ratio (Handbook 5.1, 9.4.4)",
    "keep": "corrected like any other study with a zero cell (0.5 to every cell where the rule is none)",
}

NO_EVENTS = "no events in either arm: no information on a ratio"
ALL_EVENTS = "events in every participant of both arms: no information on a ratio"


def check_rules(zero_cells: str, double_zero: str) -> None:
    """Raise `EffectError` unless both are names of rules."""
    problems = []
    if zero_cells not in ZERO_CELL_RULES:
        problems.append(f"zero_cells: found {zero_cells!r}, allowed {', '.join(ZERO_CELL_RULES)}")
    if double_zero not in DOUBLE_ZERO_RULES:
        problems.append(f"double_zero: found {double_zero!r}, allowed {', '.join(DOUBLE_ZERO_RULES)}")
    if problems:
        raise EffectError(problems)


def _marked(positions: dict[int, str], like: Any) -> Any:
    mask = np.zeros(like.shape, dtype=bool)
    mask[list(positions)] = True
    return mask


def _added(has_zero: Any, share_1: Floats, zero_cells: str) -> tuple[Floats, Floats]:
    """Amounts added to each cell of arm 1 and arm 2, given arm 1's share of people or time."""
    if zero_cells == "none":
        return np.zeros(has_zero.shape), np.zeros(has_zero.shape)
    if zero_cells == "study":
        return np.where(has_zero, 0.5, 0.0), np.where(has_zero, 0.5, 0.0)
    return np.where(has_zero, share_1, 0.0), np.where(has_zero, 1.0 - share_1, 0.0)


def correct_counts(
    e1: Floats,
    n1: Floats,
    e2: Floats,
    n2: Floats,
    zero_cells: str,
    double_zero: str,
    ratio: bool,
    to_cells: bool = True,
) -> tuple[tuple[Floats, Floats, Floats, Floats], Floats, dict[int, str]]:
    """Apply the rules to 2x2 tables.

    Parameters
    ----------
    e1, n1, e2, n2 : array of shape (k,)
        Events and people of arm 1 and arm 2.
    zero_cells, double_zero : str
        Names of the rules.
    ratio : bool
        Whether the measure is a ratio, on which a double-zero study has nothing to say.
    to_cells : bool
        False for measures that are finite with zero cells (Peto, arcsine): then only a double-zero study that
        is to be kept is corrected.

    Returns
    -------
    (a, b, c, d), added, left_out
        Cells after correction; whether a study was corrected (boolean); position to reason.

    References
    ----------
    Sweeting MJ, Sutton AJ, Lambert PC (2004). What to add to nothing? Stat Med 23:1351-1375, section 3.3.
    """
    a, b, c, d = e1, n1 - e1, e2, n2 - e2
    none, all_ = (a == 0) & (c == 0), (b == 0) & (d == 0)
    left_out: dict[int, str] = {}
    if ratio and double_zero == "drop":
        left_out = {int(i): NO_EVENTS for i in np.flatnonzero(none)}
        left_out |= {int(i): ALL_EVENTS for i in np.flatnonzero(all_)}
    has_zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    rule = zero_cells
    if not to_cells:
        has_zero, rule = ratio & (none | all_), "study"
    elif zero_cells == "none" and ratio and double_zero == "keep":
        has_zero, rule = none | all_, "study"
    has_zero = has_zero & ~_marked(left_out, has_zero)
    add_1, add_2 = _added(has_zero, n1 / (n1 + n2), rule)
    return (a + add_1, b + add_1, c + add_2, d + add_2), (add_1 > 0) | (add_2 > 0), left_out


def correct_rates(
    e1: Floats, t1: Floats, e2: Floats, t2: Floats, zero_cells: str, double_zero: str, ratio: bool
) -> tuple[tuple[Floats, Floats], Floats, dict[int, str]]:
    """Apply the rules to two event counts with person-time; the time stays as it is.

    Returns
    -------
    (events 1, events 2), added, left_out
        As `correct_counts`; the treatment-arm rule shares out 1 by person-time.
    """
    none = (e1 == 0) & (e2 == 0)
    left_out = {int(i): NO_EVENTS for i in np.flatnonzero(none)} if ratio and double_zero == "drop" else {}
    has_zero, rule = (e1 == 0) | (e2 == 0), zero_cells
    if zero_cells == "none" and ratio and double_zero == "keep":
        has_zero, rule = none, "study"
    has_zero = has_zero & ~_marked(left_out, has_zero)
    add_1, add_2 = _added(has_zero, t1 / (t1 + t2), rule)
    return (e1 + add_1, e2 + add_2), (add_1 > 0) | (add_2 > 0), left_out
