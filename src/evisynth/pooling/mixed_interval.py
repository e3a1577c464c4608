"""The profile-likelihood interval of a random effect's variance in a mixed model of counts."""

import numpy as np

from evisynth.pooling import mixed
from evisynth.pooling.distributions import chi2_quantile
from evisynth.pooling.errors import ConvergenceError

# A standard deviation of 30 on the log scale: beyond any data.
_LARGEST = 30.0
_SMALLEST_OTHER = 0.05


def profile_interval(model: mixed.MixedModel, found: mixed.MixedFit, nodes: int, level: float) -> tuple[float, float]:
    """Return the limits of the variance of the first random effect.

    Parameters
    ----------
    model, found, nodes
        The model, its maximum, and the quadrature nodes that it was found with.
    level
        Level of the interval.

    Returns
    -------
    tuple of float
        The variances at which twice the fall of the log likelihood, maximised over everything else, is the
        chi-squared quantile on one degree of freedom; the lower one is 0 where the likelihood at 0 is above that.

    Raises
    ------
    ConvergenceError
        The likelihood was not maximised on the way, or never falls far enough.

    References
    ----------
    Hardy RJ, Thompson SG (1996). Stat Med 15:619-629.
    """
    from scipy.optimize import brentq

    half = 0.5 * float(chi2_quantile(np.ones(1), 1.0 - level)[0])
    last = found

    def above(tau: float) -> float:
        nonlocal last
        scales = np.r_[tau, np.maximum(found.scales[1:], _SMALLEST_OTHER)]
        for start in (last.coefficients, found.coefficients):
            reached = mixed.climb(model, start, scales, nodes, fixed=0)
            if reached is not None:
                last = reached
                return reached.log_likelihood - (found.log_likelihood - half)
        raise ConvergenceError("the profile likelihood of tau2 was not found: no interval is given")

    best = float(found.scales[0])
    low = 0.0 if best == 0.0 or above(0.0) >= 0.0 else float(brentq(above, 0.0, best, xtol=1e-12, rtol=1e-12))
    inner, outer = best, 2.0 * best + 0.5
    while above(outer) > 0.0:
        inner, outer = outer, 2.0 * outer
        if outer > _LARGEST:
            raise ConvergenceError("the profile likelihood of tau2 does not fall far enough: no interval is given")
    return low**2, float(brentq(above, inner, outer, xtol=1e-12, rtol=1e-12)) ** 2
