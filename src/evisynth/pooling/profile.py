"""Profile-likelihood intervals of the mean and of tau2, for a batch at a time."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evisynth.pooling.distributions import chi2_quantile, chi2_upper
from evisynth.pooling.inputs import Batch
from evisynth.pooling.intervals import MeanInterval, wald, weighted_mean
from evisynth.pooling.likelihood import log_likelihood, maximise
from evisynth.pooling.roots import bracketed_root

_MOST_DOUBLINGS = 60


def _deviance_of_mean(batch: Batch, highest: NDArray, mean: NDArray) -> NDArray[np.float64]:
    """Return 2 (l_max - l(mean)), l maximised over tau2 with the mean fixed."""
    present = np.isfinite(batch.v)
    shifted = replace(batch, y=np.where(present, batch.y - mean, 0.0))
    tau2, *_ = maximise(shifted, "known")
    return 2.0 * (highest - log_likelihood(shifted, tau2, "known"))


def _expand(function, start: NDArray, step: NDArray) -> tuple[NDArray, NDArray]:
    """Move from `start` by doubling steps until `function` is positive; return the last two points."""
    inner, outer = start.copy(), start + step
    pending = np.arange(start.size)
    for _ in range(_MOST_DOUBLINGS):
        negative = function(outer[pending], pending) <= 0.0
        pending = pending[negative]
        if not pending.size:
            break
        inner[pending] = outer[pending]
        step = step * 2.0
        outer[pending] = outer[pending] + step[pending]
    return inner, outer


def profile_mean(batch: Batch, tau2: NDArray, level: float) -> MeanInterval:
    """Return the profile-likelihood interval of the mean (Hardy and Thompson 1996).

    Parameters
    ----------
    tau2 : (m,) array
        The estimate and its standard error (Wald's) use it; the interval and p come from the ML fit alone.

    Notes
    -----
    The limits solve 2 (l(mu_ML, tau2_ML) - max over tau2 of l(mu, tau2)) = the chi-squared quantile on one
    degree of freedom. Simulated coverage at a nominal 95 % (`coverage.simulate`): with normal outcomes 96 to 99 %
    without heterogeneity, 92 to 94 % for I2 of 50 %, and 80 to 94 % for 90 % (k = 2 to 20); 74 to 87 % with rare
    events and I2 of 90 %. Worst cells: normal outcomes 79.7 % (k = 2, I² 90 %), rare events 74.1 % (k = 20, I² 90 %).
    """
    centre = wald(batch, tau2, level)
    several = np.flatnonzero(batch.n >= 2)
    low, high, p = centre.low.copy(), centre.high.copy(), centre.p.copy()
    if not several.size:
        return replace(centre, low=low, high=high, p=p)
    part = batch.take(several)
    at_best, *_ = maximise(part, "ML")
    highest = log_likelihood(part, at_best, "ML")
    _, total, top = weighted_mean(part, at_best)
    width = 2.0 / np.sqrt(total)
    critical = chi2_quantile(np.ones(1), 1.0 - level)[0]

    def excess(mean: NDArray, columns: NDArray) -> NDArray:
        return _deviance_of_mean(part.take(columns), highest[columns], mean) - critical

    for limits, sign in ((low, -1.0), (high, 1.0)):
        inner, outer = _expand(excess, top, sign * width)
        limits[several], _ = bracketed_root(excess, inner, outer, 1e-12)
    statistic = _deviance_of_mean(part, highest, -part.centre / part.unit)
    p[several] = chi2_upper(np.maximum(statistic, 0.0), 1.0)
    return replace(centre, low=low, high=high, p=p)


def profile_tau2(batch: Batch, level: float, kind: str) -> tuple[NDArray, NDArray]:
    """Return the profile-likelihood interval of tau2, in the batch's units; NaN below two studies.

    Parameters
    ----------
    kind : {"REML", "ML"}

    Notes
    -----
    The limits solve 2 (l(tau2_hat) - l(tau2)) = the chi-squared quantile on one degree of freedom; the lower
    one is 0 where the deviance at 0 is below it (Hardy and Thompson 1996; Viechtbauer 2007). Simulated coverage at a
    nominal 95 % (`coverage.simulate`), worst cells (normal outcomes; rare events): REML 92.9 % (k = 5, I² 90 %); 75.8 %
    (k = 20, I² 90 %). ML 79.8 % (k = 2, I² 90 %); 68.7 % (k = 20, I² 90 %). Both hold up to 100 % where tau2 is small.
    """
    low, high = np.full(batch.n.shape, np.nan), np.full(batch.n.shape, np.nan)
    several = np.flatnonzero(batch.n >= 2)
    if not several.size:
        return low, high
    part = batch.take(several)
    best, _, _, converged = maximise(part, kind)
    highest = log_likelihood(part, best, kind)
    critical = chi2_quantile(np.ones(1), 1.0 - level)[0]

    def excess(tau2: NDArray, columns: NDArray) -> NDArray:
        return 2.0 * (highest[columns] - log_likelihood(part.take(columns), tau2, kind)) - critical

    inner, outer = _expand(excess, best, best + 1.0)
    high[several], _ = bracketed_root(excess, inner, outer, 1e-13)
    everyone = np.arange(several.size)
    open_below = excess(np.zeros(several.size), everyone) <= 0.0
    lower = np.zeros(several.size)
    need = everyone[~open_below]
    if need.size:
        lower[need], _ = bracketed_root(lambda t, at: excess(t, need[at]), np.zeros(need.size), best[need], 1e-13)
    low[several] = lower
    low[several[~converged]], high[several[~converged]] = np.nan, np.nan
    return low, high
