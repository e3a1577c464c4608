"""Sampled posteriors: models without a closed form, and the check of the one that has it.

The ``fit_...`` functions take numbers and return numbers; PyMC and nutpie are imported at the first fit. Every model
is compiled once, for all its problems.
"""

from evisynth.lazy import lazily

_HOME = {
    "NormalProblem": "problems",
    "BinomialProblem": "problems",
    "PoissonProblem": "problems",
    "HierarchyProblem": "hierarchy",
    "RegressionProblem": "regression",
    "LogBinomialProblem": "log_binomial",
    "SamplerSettings": "problems",
    "Thresholds": "problems",
    "SamplingInputError": "problems",
    "SampledFit": "results",
    "SamplingFailedError": "results",
    "write_posterior": "results",
    "read_posterior": "results",
    "restore_fit": "results",
    "Diagnostics": "diagnostics",
    "gate": "diagnostics",
    "prior_predictive": "checks",
    "posterior_predictive": "checks",
    "loo": "checks",
    "power_scaling": "sensitivity",
    "calibrate": "calibration",
    "CalibrationResult": "calibration",
    "NORMAL": "fit",
    "BINOMIAL": "fit",
    "POISSON": "fit",
    "HIERARCHY": "fit",
    "REGRESSION": "fit",
    "LOG_BINOMIAL": "fit",
    "fit_normal": "fit",
    "fit_binomial": "fit",
    "fit_poisson": "fit",
    "fit_hierarchy": "fit",
    "fit_regression": "fit",
    "fit_log_binomial": "fit",
}

__all__ = sorted(_HOME)
__getattr__, __dir__ = lazily(__name__, _HOME)
