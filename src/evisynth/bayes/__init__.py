"""Bayesian synthesis of study summaries: exact by quadrature, sampled where there is no closed form.

Importing this package loads neither PyMC nor ArviZ; names are resolved when they are first used.
"""

from evisynth.lazy import lazily

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
__getattr__, __dir__ = lazily(__name__, {**_HOME, **dict.fromkeys(_MODULES, "")})
