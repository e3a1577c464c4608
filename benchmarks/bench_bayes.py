"""Speed of the exact Bayesian engine, with the error bound that each result reports.

The peer of a fit is a plain grid over mu and tau in NumPy, as one writes it by hand; its error is in the note.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from clock import best_of
from evisynth import bayes

SCHOOLS_Y = [28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16]
SCHOOLS_V = np.square([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])
FAMILIES = ("halfnormal", "halfcauchy", "exponential", "uniform")
BATCH, PEER_BATCH = 10_000, 20


def rows() -> list[dict[str, Any]]:
    """Time every job; `note` holds the target and the largest error bound, in posterior standard deviations."""
    rng = np.random.default_rng(20260101)
    y, v = _data(rng, BATCH, 10)
    few_y, few_v = _data(rng, BATCH, 2)
    priors = [f"{family}:{scale}" for family in FAMILIES for scale in np.linspace(0.1, 2, 250)]
    many_y, many_v = y[:4].ravel(), v[:4].ravel()
    one = _row("one exact fit with curves and probabilities (8 studies)", 0.03, 5, everything)
    batch = _row("10,000 exact fits of 10 studies, all summaries", 10, 1, lambda: bayes.normal_normal(y, v))
    return [
        batch | _peer(lambda: [_plain_grid(y[i], v[i]) for i in range(PEER_BATCH)], BATCH / PEER_BATCH, y[0], v[0]),
        _row(
            "the same, half-Cauchy tau and normal mu",
            10,
            1,
            lambda: bayes.normal_normal(y, v, "halfcauchy:0.5", "normal:0,2"),
        ),
        _row("the same with 2 studies each", 10, 1, lambda: bayes.normal_normal(few_y, few_v)),
        one,
        _row("1,000 priors of tau for one data set of 10", 1, 2, lambda: bayes.prior_grid(y[0], v[0], priors)),
        _row("1,000 priors of tau for one data set of 40", 1, 2, lambda: bayes.prior_grid(many_y, many_v, priors)),
        _row("36-model average, 4 studies", 5, 1, lambda: bayes.model_average(y[0, :4], v[0, :4])),
        _row("36-model average, 10 studies", 5, 1, lambda: bayes.model_average(y[0], v[0])),
        _row("36-model average, 40 studies", 5, 1, lambda: bayes.model_average(many_y, many_v)),
    ]


def _data(rng: np.random.Generator, m: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    v = rng.uniform(0.02, 0.3, (m, k))
    return 0.3 + rng.normal(size=(m, k)) * np.sqrt(v + rng.uniform(0, 0.4, (m, 1)) ** 2), v


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


def _plain_grid(y: np.ndarray, v: np.ndarray, points: int = 300) -> np.ndarray:
    """Median and 95 % limits of mu on a grid of `points` x `points`, half-normal(0.5) tau, flat mu."""
    tau = np.linspace(0, 2.5, points)
    centre, spread = np.average(y, weights=1 / v), np.sqrt(1 / np.sum(1 / v) + 0.25 / len(y) + np.var(y))
    mu = np.linspace(centre - 5 * spread, centre + 5 * spread, points)
    total = v[:, None] + tau**2
    log_joint = -0.5 * (tau / 0.5) ** 2 - 0.5 * np.log(total).sum(axis=0)
    log_joint = log_joint - 0.5 * ((y[:, None, None] - mu[:, None]) ** 2 / total[:, None, :]).sum(axis=0)
    density = np.exp(log_joint - log_joint.max()).sum(axis=1)
    cdf = np.cumsum(density)
    return np.interp([0.025, 0.5, 0.975], (cdf - 0.5 * density) / cdf[-1], mu)


def _peer(function: Callable[[], Any], times: float, y: np.ndarray, v: np.ndarray) -> dict[str, Any]:
    exact = bayes.normal_normal(y, v)
    wanted = np.array([exact.mu.ci_low, exact.mu.median, exact.mu.ci_high])
    error = np.max(np.abs(_plain_grid(y, v) - wanted)) / exact.mu.sd
    peer = f"NumPy grid, mu only, error {error:.0e}, {PEER_BATCH} fits scaled up"
    return {"peer": peer, "peer_seconds": times * best_of(function, 1)}


def _row(name: str, target: float, repeats: int, function: Callable[[], Any]) -> dict[str, Any]:
    bound = np.max(function().error_bound)
    seconds = best_of(function, repeats)
    verdict = "met" if seconds <= target else "MISSED"
    return {"name": name, "ours_seconds": seconds, "note": f"target {target:g} s {verdict}; error bound {bound:.0e}"}
