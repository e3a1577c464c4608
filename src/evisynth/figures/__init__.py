"""Figures: for each a function that collects its frame, one that draws it and one that says it in words.

The modules are loaded when they are asked for: ``figure("forest").plot(frame)``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import pandas as pd

__all__ = ["FIGURES", "FigureKind", "figure"]

# name -> (module, function of the frame, function that draws); the words are the module's ``alt_text``.
FIGURES: dict[str, tuple[str, str, str]] = {
    "forest": ("forest", "forest_frame", "plot_forest"),
    "risk_of_bias": ("risk_of_bias", "risk_of_bias_frame", "plot_risk_of_bias"),
    "risk_bars": ("risk_bars", "risk_bars_frame", "plot_risk_bars"),
    "risk_weights": ("risk_bars", "risk_weights_frame", "plot_risk_bars"),
    "quality_informed": ("quality_informed", "quality_informed_frame", "plot_quality_informed"),
    "claims": ("claims", "claims_frame", "plot_claims"),
    "claims_stated": ("claims", "stated_frame", "plot_claims"),
    "prisma": ("prisma", "prisma_frame", "plot_prisma"),
    "leave_one_out": ("series", "leave_one_out_frame", "plot_series"),
    "cumulative": ("series", "cumulative_frame", "plot_series"),
    "caterpillar": ("series", "caterpillar_frame", "plot_series"),
    "shrinkage": ("series_bayes", "shrinkage_frame", "plot_series"),
    "averaging": ("averaging", "averaging_frame", "plot_averaging"),
    "predictive": ("series_bayes", "predictive_frame", "plot_series"),
    "prior_surface": ("prior_surface", "prior_surface_frame", "plot_prior_surface"),
    "prior_sensitivity": ("series_bayes", "prior_sensitivity_frame", "plot_series"),
    "funnel": ("funnel", "funnel_frame", "plot_funnel"),
    "baujat": ("influence", "influence_frame", "plot_baujat"),
    "influence": ("influence", "influence_frame", "plot_influence"),
    "labbe": ("counts_plots", "labbe_frame", "plot_labbe"),
    "radial": ("counts_plots", "radial_frame", "plot_radial"),
    "drapery": ("curves", "drapery_frame", "plot_curves"),
    "prior_posterior": ("curves", "prior_posterior_frame", "plot_curves"),
    "probability": ("curves", "probability_frame", "plot_curves"),
    "bubble": ("bubble", "bubble_frame", "plot_bubble"),
    "findings": ("findings", "findings_frame", "plot_findings"),
    "evidence_map": ("findings", "evidence_map_frame", "plot_evidence_map"),
    "specification": ("multiverse", "specification_frame", "plot_specification"),
    "gosh": ("multiverse", "gosh_frame", "plot_gosh"),
}


@dataclass(frozen=True)
class FigureKind:
    """One sort of figure: ``frame`` collects, ``plot`` draws what was collected, ``alt`` says it in words."""

    name: str
    frame: Callable[..., pd.DataFrame]
    plot: Callable
    alt: Callable[[pd.DataFrame], str]


def figure(name: str) -> FigureKind:
    """Return a sort of figure by name.

    Parameters
    ----------
    name : str
        A key of `FIGURES`.

    Raises
    ------
    KeyError
        Where there is none; the message lists those there are.
    """
    if name not in FIGURES:
        raise KeyError(f"no figure {name!r}; there are {', '.join(FIGURES)}")
    module_name, frame, plot = FIGURES[name]
    module = import_module(f"evisynth.figures.{module_name}")
    return FigureKind(name, getattr(module, frame), getattr(module, plot), module.alt_text)
