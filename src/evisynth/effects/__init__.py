"""What one study says: effect sizes, the conversions that lead to them, and the designs they come from.

The public names live in the modules of this folder and are loaded when first used, so that importing it stays
quick.
"""

from evisynth.lazy import lazily

_WHERE = {
    "measures": ("MEASURES", "TABLE_MEASURES", "Measure", "find_measure", "freeman_tukey_inverse"),
    "types": ("Converted", "Correlation", "EffectError", "EffectSize", "NoEffectError", "Step", "TableError"),
    "two_arm": (
        "SMD_VARIANCES",
        "arcsine_difference",
        "hazard_ratio_from_interval",
        "hazard_ratio_from_logrank",
        "mean_difference",
        "odds_ratio",
        "peto_odds_ratio",
        "rate_difference",
        "rate_ratio",
        "ratio_of_means",
        "risk_difference",
        "risk_ratio",
        "smd_from_d",
        "smd_unequal_variances",
        "smd",
    ),
    "one_arm": (
        "correlation",
        "fisher_z",
        "mean",
        "proportion",
        "proportion_freeman_tukey",
        "proportion_logit",
        "rate",
    ),
    "paired": (
        "mean_change",
        "paired_difference_from_interval",
        "paired_difference_from_p",
        "paired_difference_from_se",
        "paired_smd",
        "paired_smd_from_p",
        "paired_smd_from_p_rounding",
        "paired_smd_from_t",
        "standardised_mean_change",
        "standardised_mean_change_from_sd_of_change",
    ),
    "paired_counts": (
        "PairedTables",
        "mcnemar_exact_p",
        "paired_effect",
        "paired_odds_ratio",
        "paired_tables",
    ),
    "contrasts": (
        "difference_from_interval",
        "difference_from_p",
        "difference_from_se",
        "difference_from_t",
        "ratio_from_interval",
        "ratio_from_p",
        "smd_from_difference",
        "smd_from_p",
        "smd_from_t",
    ),
    "conversions": (
        "PInterval",
        "p_interval",
        "p_value_from_t",
        "sd_from_interval",
        "sd_from_se",
        "sd_from_se_of_difference",
        "se_from_interval",
        "se_from_p",
        "se_from_sd",
        "se_from_t",
        "t_from_f",
        "t_from_p_value",
    ),
    "rescaling": (
        "AbsoluteEffect",
        "Arm",
        "absolute_effect",
        "change_sd",
        "combine_arms",
        "correlation_from_sds",
        "log_odds_ratio_from_smd",
        "odds_from_risk",
        "rescale",
        "reverse_scale",
        "risk_from_odds",
        "smd_from_log_odds_ratio",
    ),
    "medians": (
        "MeanSD",
        "Skewness",
        "mean_sd_from_summary",
        "sd_from_iqr",
        "skewness_of_summary",
    ),
    "quantile_estimation": ("mean_sd_from_quantiles",),
    "quantile_bootstrap": ("MeanSE", "mean_se_from_quantiles"),
    "_numbers": ("hedges_correction",),
    "counts": ("Counts", "counts_from_percent", "sizes_that_fit"),
    "table": ("EffectTable", "effects_of_table"),
    "text_table": ("TextTable", "read_text_table"),
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names}

__all__ = sorted(_MODULE)
__getattr__, __dir__ = lazily(__name__, _MODULE)
