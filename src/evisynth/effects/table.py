"""One table, one row per study, to effect sizes: all problems at once, nobody left out in silence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evisynth.effects import one_arm, two_arm, two_arm_means
from evisynth.effects.measures import TABLE_MEASURES, find_measure
from evisynth.effects.table_reader import TableReader, check_inputs, check_interval, line_of, read_generic
from evisynth.effects.types import EffectSize, TableError
from evisynth.effects.zero_cells import check_rules

if TYPE_CHECKING:
    import pandas as pd

    from evisynth.effects.text_table import TextTable

Floats = NDArray[np.float64]

__all__ = ["EffectTable", "effects_of_table"]


@dataclass(frozen=True)
class EffectTable:
    """Effect sizes of the studies of one table.

    Attributes
    ----------
    study : list of str
        Names of the studies that have an effect, in the table's order.
    yi, vi : array of shape (k,)
        Estimates and sampling variances on the analysis scale (log for ratios).
    row : array of int, shape (k,)
        Position of each study in the table, from 0.
    left_out : list of (str, str)
        Studies without an effect and why.
    measure : str
        Name of the measure.
    is_log : bool
        Whether yi is a logarithm.
    rules : mapping of str to str
        The conventions in force: zero_cells, double_zero, smd_variance, where they matter.
    """

    study: list[str]
    yi: Floats
    vi: Floats
    row: NDArray[np.int64]
    left_out: list[tuple[str, str]]
    measure: str
    is_log: bool
    rules: Mapping[str, str] = field(default_factory=dict)

    @property
    def sei(self) -> Floats:
        """Standard errors."""
        return np.sqrt(self.vi)

    def to_frame(self) -> "pd.DataFrame":
        """One row per study with an effect: study, yi, vi, sei, row, measure."""
        import pandas as pd

        columns = {"study": self.study, "yi": self.yi, "vi": self.vi, "sei": self.sei, "row": self.row}
        return pd.DataFrame(columns).assign(measure=self.measure)


def _compute(measure: str, columns: list[Floats], zero_cells: str, double_zero: str, variance: str) -> EffectSize:
    both, cells = {"zero_cells": zero_cells, "double_zero": double_zero}, {"zero_cells": zero_cells}
    # a single group has no second arm to share the correction with
    single = {"zero_cells": "none" if zero_cells == "none" else "study"}
    calls: dict[str, tuple[Callable[..., EffectSize], dict[str, str]]] = {
        "OR": (two_arm.odds_ratio, both),
        "RR": (two_arm.risk_ratio, both),
        "RD": (two_arm.risk_difference, cells),
        "PETO": (two_arm.peto_odds_ratio, {"double_zero": double_zero}),
        "AS": (two_arm.arcsine_difference, {}),
        "IRR": (two_arm.rate_ratio, both),
        "IRD": (two_arm.rate_difference, cells),
        "MD": (two_arm_means.mean_difference, {}),
        "SMD": (two_arm_means.smd, {"variance": variance}),
        "SMDH": (two_arm_means.smd_unequal_variances, {}),
        "ROM": (two_arm_means.ratio_of_means, {}),
        "PR": (one_arm.proportion, single),
        "PLO": (one_arm.proportion_logit, single),
        "PFT": (one_arm.proportion_freeman_tukey, {}),
        "COR": (one_arm.correlation, {}),
        "ZCOR": (one_arm.fisher_z, {}),
    }
    if measure == "GEN":
        return EffectSize(columns[0], columns[1], "GEN")
    function, options = calls[measure]
    return function(*columns, **options)


def _rules(measure: str, zero_cells: str, double_zero: str, variance: str) -> dict[str, str]:
    rules = {}
    if measure in ("OR", "RR", "RD", "IRR", "IRD", "PR", "PLO"):
        rules["zero_cells"] = zero_cells
    if measure in ("OR", "RR", "PETO", "IRR"):
        rules["double_zero"] = double_zero
    if measure == "SMD":
        rules["smd_variance"] = variance
    return rules


def effects_of_table(
    frame: "pd.DataFrame | TextTable",
    measure: str,
    *,
    zero_cells: str = "study",
    double_zero: str = "drop",
    smd_variance: str = "LS",
) -> EffectTable:
    """Effect sizes of a table with one row per study.

    Parameters
    ----------
    frame : pandas.DataFrame or TextTable
        Columns by measure, 1 the intervention and 2 the comparison: ``events_1 n_1 events_2 n_2`` (OR RR RD
        PETO AS); ``mean_1 sd_1 n_1 mean_2 sd_2 n_2`` (MD SMD SMDH ROM); ``events_1 time_1 events_2 time_2``
        (IRR IRD); ``events n`` (PLO PFT PR); ``r n`` (COR ZCOR); ``yi vi`` or ``yi sei`` (generic, with
        ``ci_low ci_high`` as an optional check). ``study`` names the rows. Cells may be numbers or text.
    measure : str
        One of `measures.TABLE_MEASURES`, or ``generic``.
    zero_cells : {"study", "treatment-arm", "none"}
        Correction of zero cells for inverse-variance pooling.
    double_zero : {"drop", "keep"}
        Whether a study without events in both arms is left out of a ratio measure.
    smd_variance : str
        Variance of the SMD; see `two_arm_means.SMD_VARIANCES`.

    Returns
    -------
    EffectTable
        A row with a blank cell, or without information on the measure, is named in ``left_out``.

    Raises
    ------
    TableError
        With every problem of the table: line (that of the file a `TextTable` was read from, else of a file with
        one header line), column, what was found, what is allowed, what to do.
    ValueError
        If the measure or a rule is unknown.
    """
    name = find_measure(measure).name
    if name not in TABLE_MEASURES:
        raise ValueError(f"{name} cannot be computed from a table; allowed: {', '.join(TABLE_MEASURES)}")
    check_rules(zero_cells, double_zero)
    if smd_variance not in two_arm_means.SMD_VARIANCES:
        known = ", ".join(two_arm_means.SMD_VARIANCES)
        raise ValueError(f"unknown SMD variance {smd_variance!r}; allowed: {known}")
    t = TableReader(frame)
    if t.problems and len(t.columns) < len(frame.columns):
        raise TableError(t.problems)
    inputs = find_measure(name).inputs
    if name == "GEN":
        inputs = read_generic(t)
        check_interval(t)
    elif t.require_columns(inputs, name):
        for c in inputs:
            t.read(c)
        check_inputs(t, name, inputs)
    if t.problems:
        raise TableError(sorted(t.problems, key=line_of))
    usable = np.array([i for i in range(t.k) if not t.blank.get(i)], dtype=np.int64)
    reasons = {i: f"not reported: {', '.join(columns)}" for i, columns in t.blank.items() if columns}
    yi, vi = np.empty(0), np.empty(0)
    if usable.size:
        effect = _compute(name, [t.values[c][usable] for c in inputs], zero_cells, double_zero, smd_variance)
        reasons |= {int(usable[i]): reason for i, reason in effect.left_out}
        keep = np.array([int(i) not in reasons for i in usable], dtype=bool)
        yi, vi, usable = np.asarray(effect.yi)[keep], np.asarray(effect.vi)[keep], usable[keep]
    return EffectTable(
        study=[t.names[i] for i in usable],
        yi=yi,
        vi=vi,
        row=usable,
        left_out=[(t.names[i], reasons[i]) for i in sorted(reasons)],
        measure=name,
        is_log=find_measure(name).is_log,
        rules=_rules(name, zero_cells, double_zero, smd_variance),
    )
