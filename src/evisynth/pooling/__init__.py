"""What the studies say together, frequentist.

Effects and variances come in as arrays: (k,) for one meta-analysis, (m, k) for a batch with NaN where a study
is absent. Nothing here reads files or knows about a review. Public names live in the modules of this folder
and are loaded when first used, so that importing it stays quick.
"""

from evisynth.lazy import lazily

_WHERE = {
    "batches": ("PoolSeries", "SubgroupResult", "cumulative", "leave_one_out", "subgroups"),
    "beta_counts": ("BetaBinomialResult", "beta_binomial"),
    "coverage_words": ("CoverageNote", "coverage_notes"),
    "errors": ("ConvergenceError", "PoolingInputError"),
    "fit": ("common_effect", "pool_given_tau2", "random_effects"),
    "result": ("PoolResult",),
    "generalised_q": ("GeneralisedQResult", "generalised_q_interval"),
    "mixed_counts": ("GlmmResult", "glmm", "glmm_one_group"),
    "two_by_two": ("TableResult", "mantel_haenszel", "mantel_haenszel_rates", "peto"),
    "multilevel": ("ThreeLevelResult", "three_level"),
    "permutation": ("PermutationResult", "permutation_test"),
    "regression": ("RegressionResult", "meta_regression"),
    "robust": ("RobustResult", "cluster_robust"),
    "variance_interval": ("Tau2Interval", "tau2_interval"),
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names}

__all__ = sorted(_MODULE)
__getattr__, __dir__ = lazily(__name__, _MODULE)
