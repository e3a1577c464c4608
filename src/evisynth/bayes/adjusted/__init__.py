"""Posteriors adjusted for what is doubtful in the evidence: bias, design, conversions, studies that stray.

All of them are computed by quadrature, without sampling.
"""

from evisynth.lazy import lazily

_HOME = {
    "BiasClass": "additive",
    "additive_bias": "additive",
    "AdditiveBiasPosterior": "results",
    "combine_discounted": "discount",
    "design_adjusted": "discount",
    "power_prior": "discount",
    "discount_curve": "discount",
    "tipping_point": "discount",
    "bias_grid": "discount",
    "contaminated": "contamination",
    "ContaminatedPosterior": "contamination",
    "fit_conversions": "conversions",
    "conversion_fits": "conversions",
    "conversion_shares": "conversions",
    "shares_of": "conversions",
    "ConversionPosterior": "conversions",
    "Exact": "readings",
    "PairedP": "readings",
    "ParallelP": "readings",
    "RoundedCounts": "readings",
    "DerivedSD": "readings",
    "PrintedError": "readings",
    "counts_from_percent": "readings",
    "student_t": "student",
    "StudentPosterior": "student",
}

__all__ = sorted(_HOME)
__getattr__, __dir__ = lazily(__name__, _HOME)
