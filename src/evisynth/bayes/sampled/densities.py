"""Prior families as rows of numbers, so that one compiled density serves them all.

A compiled model cannot branch on the name of a prior without being compiled again. Every family is therefore
written as one formula whose coefficients are data; a coefficient of 0 switches its term off.

With x = log tau, the log density of tau is, up to a constant,

    a x - b e^(2x) - c e^x - d e^(-x) - e (x - m)^2 - f log(1 + g e^(2x)) - h log(1 + l (x - m)^2),

and the log density of a location t is, up to a constant,

    -a (t - m)^2 - b log(1 + c (t - m)^2),

to which mu adds log sum_j w_j exp(-p_j t^2 / 2) for a normal mixture.
"""

import numpy as np

from evisynth.bayes.priors import Prior

# Positions in a row of coefficients.
POWER, SQUARE, LINEAR, INVERSE, LOG_SQUARE, LOG_CENTRE, T_POWER, T_SCALE, LOG_T_POWER, LOG_T_SCALE = range(10)
TAU_LENGTH = 10
QUADRATIC, CENTRE, T_LOCATION_POWER, T_LOCATION_SCALE = range(4)
LOCATION_LENGTH = 4
COMPONENTS = 4
# So little bend that tau is s e^w for every w below 15.
STRAIGHT = 1e-9


def tau_log_density(xp, x, row):
    """Return the log density of tau at tau = exp(x), up to a constant.

    Parameters
    ----------
    xp : module
        NumPy, or the tensor module of a compiled model: the same lines serve both.
    x : array
        log tau.
    row : array of shape (10,)
        From `tau_row`.
    """
    squared = xp.exp(2 * x)
    distance = (x - row[LOG_CENTRE]) ** 2
    return (
        row[POWER] * x
        - row[SQUARE] * squared
        - row[LINEAR] * xp.exp(x)
        - row[INVERSE] * xp.exp(-x)
        - row[LOG_SQUARE] * distance
        - row[T_POWER] * xp.log1p(row[T_SCALE] * squared)
        - row[LOG_T_POWER] * xp.log1p(row[LOG_T_SCALE] * distance)
    )


def location_log_density(xp, value, row):
    """Return the log density of a location (mu, a baseline, a coefficient), up to a constant.

    Parameters
    ----------
    xp : module
        NumPy or the tensor module of a compiled model.
    value : array
        The location; any shape.
    row : array of shape (4,)
        From `location_row`.
    """
    distance = (value - row[CENTRE]) ** 2
    return -row[QUADRATIC] * distance - row[T_LOCATION_POWER] * xp.log1p(row[T_LOCATION_SCALE] * distance)


def mixture_log_density(xp, value, row):
    """Return the log density of a normal mixture about 0, up to a constant; 0 if the row switches it off.

    Parameters
    ----------
    xp : module
        NumPy or the tensor module of a compiled model.
    value : array of shape (..., 1)
        The location.
    row : array of shape (8,)
        From `mixture_row`: weights over standard deviations, then precisions.
    """
    parts = row[:COMPONENTS] * xp.exp(-0.5 * value**2 * row[COMPONENTS:])
    return xp.log(xp.sum(parts, axis=-1, keepdims=True))


def tau_row(prior: Prior) -> np.ndarray:
    """Return the coefficients of a heterogeneity prior for `tau_log_density`.

    Parameters
    ----------
    prior : Prior
        For tau, of any family.

    Returns
    -------
    numpy.ndarray
        Shape (10,).

    Raises
    ------
    ValueError
        If the family has no row.
    """
    row = np.zeros(TAU_LENGTH)
    terms = _TAU_TERMS.get(prior.kind)
    if terms is None:
        raise ValueError(f"The heterogeneity prior {prior.text} cannot be sampled; allowed: {', '.join(_TAU_TERMS)}.")
    for position, value in terms(*prior.parameters).items():
        row[position] = value
    return row


def _log_normal(mean: float, sd: float) -> dict[int, float]:
    return {POWER: -1.0, LOG_SQUARE: 0.5 / sd**2, LOG_CENTRE: mean}


def _half_t(scale: float, df: float) -> dict[int, float]:
    return {T_POWER: 0.5 * (df + 1), T_SCALE: 1 / (df * scale**2)}


def _log_t2(location: float, scale: float, df: float) -> dict[int, float]:
    # On log tau location and scale are half of those on log tau2.
    return {
        POWER: -1.0,
        LOG_CENTRE: location / 2,
        LOG_T_POWER: 0.5 * (df + 1),
        LOG_T_SCALE: 4 / (df * scale**2),
    }


_TAU_TERMS = {
    "halfnormal": lambda scale: {SQUARE: 0.5 / scale**2},
    "halfcauchy": lambda scale: _half_t(scale, 1.0),
    "halft": _half_t,
    "exponential": lambda mean: {LINEAR: 1 / mean},
    "uniform": lambda upper: {},
    "flat": lambda: {},
    "lognormal": _log_normal,
    "lognormal2": lambda mean, sd: _log_normal(mean / 2, sd / 2),
    "logt2": _log_t2,
    "invgamma": lambda shape, scale: {POWER: -(shape + 1), INVERSE: scale},
}


def location_row(prior: Prior) -> np.ndarray:
    """Return the coefficients of a location's prior for `location_log_density`.

    Parameters
    ----------
    prior : Prior
        For mu: flat, normal, Student t; all zero for a mixture.

    Returns
    -------
    numpy.ndarray
        Shape (4,).

    Raises
    ------
    ValueError
        If the prior has an atom, or its family has no row.
    """
    row = np.zeros(LOCATION_LENGTH)
    if prior.kind == "normal":
        mean, sd = prior.parameters
        row[QUADRATIC], row[CENTRE] = 0.5 / sd**2, mean
    elif prior.kind == "t":
        location, scale, df = prior.parameters
        row[:] = 0.0, location, 0.5 * (df + 1), 1 / (df * scale**2)
    elif prior.kind != "flat" and not (prior.kind == "vanzwet" and prior.parameters):
        hint = {
            "spikeslab": "chains cannot step onto an atom; use the exact engine",
            "vanzwet": "it needs the standard error that it scales with, as in vanzwet:0.2",
        }.get(prior.kind, "allowed: flat, normal, t, vanzwet")
        raise ValueError(f"The prior {prior.text} cannot be sampled: {hint}.")
    return row


def mixture_row(prior: Prior) -> np.ndarray:
    """Return the coefficients of mu's prior for `mixture_log_density`; shape (8,).

    Parameters
    ----------
    prior : Prior
        For mu.
    """
    if prior.kind == "vanzwet":
        weights, _, sds = prior.components()
        return np.concatenate([weights / sds, sds**-2.0])
    return np.concatenate([np.full(COMPONENTS, 1 / COMPONENTS), np.zeros(COMPONENTS)])


def normal_approximation(prior: Prior) -> tuple[float, float]:
    """Return centre and precision of the normal that steers the coordinates of a location; precision 0 if flat.

    Only the speed of the chains depends on it.
    """
    if prior.kind in ("normal", "t"):
        return prior.parameters[0], prior.parameters[1] ** -2
    if prior.kind == "vanzwet":
        weights, _, sds = prior.components()
        return 0.0, 1 / float(np.sum(weights * sds**2))
    return 0.0, 0.0


HYPER_LENGTHS = {
    "tau_row": TAU_LENGTH,
    "mu_row": LOCATION_LENGTH,
    "mixture_row": 2 * COMPONENTS,
    "scale_row": 5,
}


def tau_scale(prior: Prior, typical_variance: float) -> np.ndarray:
    """Return log unit, bend and 1 / upper bound of the coordinate of tau, see `geometry.log_tau`.

    Parameters
    ----------
    prior : Prior
        For tau.
    typical_variance : float
        A typical sampling variance of the studies.
    """
    light = prior.kind in ("halfnormal", "exponential")
    unit = float(prior.ppf(0.5)) if light else np.sqrt(typical_variance)
    return np.array([np.log(unit), 1.0 if light else STRAIGHT, 1 / prior.upper])


def hyper_rows(tau_prior: Prior, mu_prior: Prior, typical_variance: float) -> dict[str, np.ndarray]:
    """Return the rows that every model with one mu and one tau reads.

    Parameters
    ----------
    tau_prior, mu_prior : Prior
    typical_variance : float
        A typical sampling variance of the studies: the square of the unit in which tau is measured.

    Returns
    -------
    dict of str to numpy.ndarray
        ``tau_row``, ``mu_row``, ``mixture_row`` and ``scale_row``: log unit of tau, bend,
        1 / upper bound, centre and precision of the normal approximation of mu's prior.
    """
    scale = [*tau_scale(tau_prior, typical_variance), *normal_approximation(mu_prior)]
    return {
        "tau_row": tau_row(tau_prior),
        "mu_row": location_row(mu_prior),
        "mixture_row": mixture_row(mu_prior),
        "scale_row": np.array(scale),
    }


def hyper_log_density(xp, x, mu, given):
    """Return the log prior density of tau and mu at log tau and mu, up to a constant.

    Parameters
    ----------
    xp : module
        NumPy or the tensor module of a compiled model.
    x, mu : array of shape (..., 1)
    given : mapping of str to array
        With the rows of `hyper_rows`.
    """
    effect = location_log_density(xp, mu, given["mu_row"]) + mixture_log_density(xp, mu, given["mixture_row"])
    return tau_log_density(xp, x, given["tau_row"]) + effect
