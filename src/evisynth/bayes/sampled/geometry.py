"""The coordinates in which the chains move.

A hierarchical posterior is a funnel: where tau is small the studies' effects are tied together, where it is large
they, and mu, spread out. Neither the centred nor the non-centred form removes this for all data. Here every
location is standardised by its own conditional mean and standard deviation in the normal approximation of its
study, as functions of tau:

    tau = s log(1 + b e^w) / b                     or 1 / (1 / this + 1 / upper) if the prior has an upper bound
    mu = m(tau) + v(tau)^(1/2) z
    theta_i = m_i(mu, tau) + v_i(tau)^(1/2) z_i

A prior with a heavy tail has b near 0 (tau = s e^w, s the studies' typical standard error), so that its tail is an
exponential in w. A half-normal or exponential prior would be a wall there, which chains hit and diverge at; it has
b = 1 and s its median, so that its tail keeps its own shape.

For the normal model z is exactly standard normal and independent of tau (under a flat or normal prior for mu); for
counts nearly so. It is a change of variables, not an approximation: its Jacobian enters the density.

All functions take ``xp``, NumPy or the tensor module of a compiled model, so that the sampled density and the
translation of its draws are the same lines. The last axis runs over studies and is kept (length 1) for mu and tau.
"""


def log_tau(xp, w, log_unit, bend, inverse_upper):
    """Return log tau, and log |d tau / d w|, from the unbounded coordinate w.

    Parameters
    ----------
    xp : module
        NumPy or the tensor module.
    w : array of shape (..., 1)
        The coordinate.
    log_unit : float
        log of the unit in which tau is measured.
    bend : float
        1 where tau is to grow linearly in w above the unit, near 0 where exponentially.
    inverse_upper : float
        1 / upper bound of tau, 0 for none.
    """
    bent = bend * xp.exp(w)
    grown = xp.log1p(bent)
    u = xp.log(grown / bend) + log_unit
    squeeze = xp.log1p(inverse_upper * xp.exp(u))
    x = u - squeeze
    return x, x - squeeze + xp.log(bent / ((1 + bent) * grown))


def mean_given_tau(xp, x, yi, vi, mask, centre, precision):
    """Return mean and log standard deviation of mu given tau in the normal approximation.

    Parameters
    ----------
    xp : module
        NumPy or the tensor module.
    x : array of shape (..., 1)
        log tau.
    yi, vi, mask : array of shape (k,)
        Estimates, variances, and 1 for a study or 0 for padding.
    centre, precision : float
        Prior of mu in the normal approximation; precision 0 if flat.
    """
    weights = mask / (vi + xp.exp(2 * x))
    total = xp.sum(weights, axis=-1, keepdims=True) + precision
    mean = (xp.sum(weights * yi, axis=-1, keepdims=True) + precision * centre) / total
    return mean, -0.5 * xp.log(total)


def standardised_effect(xp, x, mu, z, yi, vi):
    """Return (theta - mu) / tau, and the log Jacobian of theta net of the density's -log tau.

    Parameters
    ----------
    xp : module
        NumPy or the tensor module.
    x, mu : array of shape (..., 1)
        log tau and mu.
    z : array of shape (..., k)
        Coordinates of the studies' effects.
    yi, vi : array of shape (k,)
        Normal approximation of the studies.

    Notes
    -----
    theta = mu + tau e with e = tau (y - mu) / (v + tau^2) + (v / (v + tau^2))^(1/2) z is the conditional mean plus
    the conditional standard deviation times z. Written this way it stays exact as tau goes to 0.
    """
    tau = xp.exp(x)
    total = vi + tau**2
    return tau * (yi - mu) / total + xp.sqrt(vi / total) * z, 0.5 * xp.log(vi / total)
