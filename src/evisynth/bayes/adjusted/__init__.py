"""Posteriors adjusted for what is doubtful in the evidence: bias, design, conversions, studies that stray.

All of them are computed by quadrature, without sampling.
"""

from importlib import import_module

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
    "contaminated": "contaminated",
    "ContaminatedPosterior": "contaminated",
    "fit_conversions": "conversions",
    "conversion_shares": "conversions",
    "ConversionPosterior": "conversions",
    "Exact": "readings",
    "PairedP": "readings",
    "ParallelP": "readings",
    "RoundedCounts": "readings",
    "DerivedSD": "readings",
    "counts_from_percent": "readings",
    "student_t": "student",
    "StudentPosterior": "student",
}

__all__ = sorted(_HOME)


def __getattr__(name: str):
    # A function may have its module's name: keep the module out of the way.
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
