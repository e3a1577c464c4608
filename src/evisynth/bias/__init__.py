"""Small-study effects, selective publication, influence: what may be wrong with a pooled estimate.

Effects and variances come in as arrays of shape (k,), on the analysis scale (log for ratios). Results are frozen
dataclasses; where a quantity does not exist its field is None and `status` and `reason` say why. Nothing here reads
files or knows about a review. Public names are loaded when first used.
"""

from importlib import import_module
from typing import Any

_WHERE = {
    "adjusted": ("AdjustedEstimate", "peese", "pet", "pet_peese"),
    "asymmetry": ("RankTest", "RegressionTest", "begg", "egger", "egger_mixed"),
    "bounds": ("WorstCaseResult", "worst_case"),
    "counts_asymmetry": ("harbord", "peters"),
    "diagnostics": ("InfluenceResult", "influence"),
    "failsafe": ("FailsafeResult", "orwin", "rosenthal"),
    "overview": ("small_study_summary",),
    "power": ("PowerResult", "power_of_tests"),
    "selection": ("SelectionResult", "selection_model"),
    "significance": ("ExcessResult", "excess_significance"),
    "subsets": ("GoshResult", "gosh"),
    "trim_fill": ("FILLED", "TrimFillResult", "trim_and_fill"),
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names}
_POOLING = ("PoolSeries", "cumulative", "leave_one_out")

__all__ = sorted([*_MODULE, *_POOLING])


def __getattr__(name: str) -> Any:
    if name in _MODULE:
        value = getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
    elif name in _POOLING:
        value = getattr(import_module("evisynth.pooling"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
