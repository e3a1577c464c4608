"""Bayesian synthesis of study summaries: exact by quadrature, sampled where there is no closed form.

Importing this package loads neither PyMC nor ArviZ; names are resolved when they are first used.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "normal_normal": "exact",
    "NormalNormalPosterior": "exact",
    "Summary": "exact",
    "StudyEffects": "exact",
    "ImproperPosteriorError": "exact",
    "prior_grid": "exact",
    "meta_regression": "regression",
    "RegressionPosterior": "regression",
    "model_average": "averaging",
    "ModelAverage": "averaging",
    "simulation_based_calibration": "calibration",
    "interval_coverage": "calibration",
    "Prior": "priors",
    "PriorError": "priors",
}
_MODULES = ("adjusted", "averaging", "calibration", "exact", "priors", "regression", "sampled")

__all__ = sorted({*_HOME, *_MODULES})


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
