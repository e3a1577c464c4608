"""Speed of the exact Bayesian engine, with the error bound that each result reports."""

from collections.abc import Callable
from typing import Any

import numpy as np

from clock import best_of
from evisynth import bayes

SCHOOLS_Y = [28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16]
SCHOOLS_V = np.square([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])
FAMILIES = ("halfnormal", "halfcauchy", "exponential", "uniform")


def rows() -> list[dict[str, Any]]:
    """Time every job; `note` holds the target and the largest error bound, in posterior standard deviations."""
    rng = np.random.default_rng(20260101)
    m, k = 10_000, 10
    v = rng.uniform(0.02, 0.3, (m, k))
    y = 0.3 + rng.normal(size=(m, k)) * np.sqrt(v + rng.uniform(0, 0.4, (m, 1)) ** 2)
    priors = [f"{family}:{scale}" for family in FAMILIES for scale in np.linspace(0.1, 2, 250)]
    return [
        _row("10,000 exact fits of 10 studies, all summaries", 10, 1, lambda: bayes.normal_normal(y, v)),
        _row(
            "the same, half-Cauchy tau and normal mu",
            10,
            1,
            lambda: bayes.normal_normal(y, v, "halfcauchy:0.5", "normal:0,2"),
        ),
        _row("one exact fit with curves and probabilities (8 studies)", 0.03, 5, everything),
        _row("1,000 priors of tau for one data set of 10", 1, 2, lambda: bayes.prior_grid(y[0], v[0], priors)),
        _row("36-model average, 10 studies", 5, 1, lambda: bayes.model_average(y[0], v[0])),
        _row("36-model average, 30 studies", 5, 1, lambda: bayes.model_average(y[:3].ravel(), v[:3].ravel())),
    ]


def everything() -> bayes.NormalNormalPosterior:
    """Fit eight schools and ask for everything a report shows."""
    fit = bayes.normal_normal(SCHOOLS_Y, SCHOOLS_V, "halfcauchy:25", "normal:0,50")
    for part, low, high in (("mu", -10, 25), ("tau", 0, 25), ("predictive", -20, 40)):
        grid = np.linspace(low, high, 200)
        fit.density(grid, part)
        fit.cdf(grid, part)
    fit.p_next_below(0.0)
    fit.quantile([0.05, 0.95], "tau")
    return fit


def _row(name: str, target: float, repeats: int, function: Callable[[], Any]) -> dict[str, Any]:
    bound = np.max(function().error_bound)
    seconds = best_of(function, repeats)
    return {"name": name, "ours_seconds": seconds, "note": f"target {target:g} s; error bound {bound:.0e}"}
