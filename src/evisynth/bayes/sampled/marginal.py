"""The likelihood of a study's counts given mu and tau, its effect and its baseline integrated out.

    p(y_i | mu, tau) = integral N(theta; mu, tau^2) integral p(b) f_1(b + theta) f_2(b) db dtheta

Both integrals by Gauss-Hermite quadrature, centred and scaled by the normal approximations that steer the chains.
Leave-one-study-out predictions need it: the likelihood given the study's own effect leaves nothing out.
"""

import numpy as np
from scipy import special
from scipy.interpolate import CubicSpline

from evisynth.bayes.sampled import geometry

EFFECT_NODES, BASELINE_NODES, TABLE_NODES = 24, 16, 400


def count_log_likelihood(mu, tau, given, baseline_prior) -> np.ndarray:
    """Return each study's log likelihood of its counts at every draw of mu and tau.

    Parameters
    ----------
    mu, tau : array of shape (chain, draw)
        tau above 0.
    given : dict of str to array
        From `CountModel.data`, without padding.
    baseline_prior : Prior
        Of each study's baseline.

    Returns
    -------
    numpy.ndarray
        Shape (chain, draw, k), constants included.
    """
    shape, k = mu.shape, len(given["yi"])
    flat_mu, x = mu.reshape(-1, 1), np.log(tau).reshape(-1, 1)
    values = np.empty((flat_mu.size, k))
    for i in range(k):
        study = {name: column[i] for name, column in given.items() if column.shape == (k,) and name in _USED}
        values[:, i] = _one_study(flat_mu, x, study, given["baseline_scale"], baseline_prior)
    return values.reshape(*shape, k) + _constants(given)


_USED = {
    *(f"{name}_{arm}" for name in ("events", "trials", "exposure", "centre", "variance") for arm in "12"),
    "yi",
    "steering",
}


def _one_study(mu, x, study, baseline_scale, baseline_prior) -> np.ndarray:
    """Return one study's log integral; shape (draws,)."""
    z, log_weight = _hermite(EFFECT_NODES)
    effect, log_jacobian = geometry.standardised_effect(np, x, mu, z, study["yi"], study["steering"])
    theta = mu + np.exp(x) * effect
    inner = _tabulated(theta, study, baseline_scale, baseline_prior)
    # Density of the standardised effect over that of its coordinate.
    outer = -0.5 * effect**2 + log_jacobian + 0.5 * z**2
    return special.logsumexp(inner + outer + log_weight, axis=-1)


def _tabulated(theta, study, baseline_scale, baseline_prior) -> np.ndarray:
    """Return `_over_baseline` at every theta from a table: it is a smooth function of theta alone.

    The table is dense about the study's own effect and reaches as far as any theta; the spline through it errs by less
    than 1e-6.
    """
    spread = 4 * np.sqrt(study["steering"])
    low, high = (np.arcsinh((end - study["yi"]) / spread) for end in (theta.min(), theta.max()))
    # Beyond its ends nothing is asked of the table; a range of no width still needs two ends.
    u = np.linspace(low - 1e-6, high + 1e-6, TABLE_NODES)
    table = _over_baseline(study["yi"] + spread * np.sinh(u), study, baseline_scale, baseline_prior)
    return CubicSpline(u, table)(np.arcsinh((theta - study["yi"]) / spread))


def _over_baseline(theta, study, baseline_scale, baseline_prior) -> np.ndarray:
    """Return the log integral over the baseline at every theta."""
    z, log_weight = _hermite(BASELINE_NODES)
    weight_1, weight_2, centre, precision = 1 / study["variance_1"], 1 / study["variance_2"], *baseline_scale
    total = weight_1 + weight_2 + precision
    middle = weight_1 * (study["centre_1"] - theta) + weight_2 * study["centre_2"] + precision * centre
    baseline = (middle / total)[..., None] + z / np.sqrt(total)
    log_integrand = baseline_prior.logpdf(baseline) + 0.5 * z**2 + 0.5 * np.log(2 * np.pi / total)
    for arm, predictor in (("1", baseline + theta[..., None]), ("2", baseline)):
        rate = np.exp(predictor)
        log_integrand += study[f"events_{arm}"] * predictor - study[f"exposure_{arm}"] * rate
        log_integrand -= study[f"trials_{arm}"] * np.log1p(rate)
    return special.logsumexp(log_integrand + log_weight, axis=-1)


def _hermite(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and log weights for the standard normal."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, np.log(weights / np.sqrt(2 * np.pi))


def _constants(given) -> np.ndarray:
    """Return the logs of the binomial coefficients, or of the Poisson constants; shape (k,)."""
    total = 0.0
    for arm in "12":
        events, trials, exposure = (given[f"{name}_{arm}"] for name in ("events", "trials", "exposure"))
        poisson = exposure > 0
        failures = np.where(poisson, 0.0, trials - events)
        total = total - special.gammaln(events + 1) + np.where(poisson, 0, special.gammaln(trials + 1))
        total = total - special.gammaln(failures + 1) + events * np.log(np.where(poisson, exposure, 1.0))
    return total
