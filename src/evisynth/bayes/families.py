"""The prior families: densities, quantiles and tails, one small class of functions per family.

Every heterogeneity family is expressed as a density **of tau**, whatever scale its parameters are stated on,
so that callers never have to remember a Jacobian.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]
LOG_2PI = float(np.log(2 * np.pi))

# Weights and standard deviations of the signal-to-noise mixture: van Zwet, Schwab & Senn 2021, Stat Med, Table 1.
VAN_ZWET_WEIGHTS = (0.32, 0.31, 0.30, 0.07)
VAN_ZWET_SDS = (0.61, 1.42, 2.16, 5.64)


@dataclass(frozen=True)
class Family:
    """One prior family.

    Attributes
    ----------
    name : str
        The word written before the colon.
    role : str
        ``"tau"`` or ``"mu"``.
    scale : str
        The scale the parameters are stated on: ``"tau"``, ``"tau2"`` or ``"mu"``.
    parameters : tuple of str
        Names of the parameters, in order; those in `optional` may be left out.
    positive : tuple of str
        The parameters that must be above 0.
    logpdf, ppf : callable
        ``logpdf(x, *parameters)`` on the tau (or mu) scale and ``ppf(p, *parameters)``; None for improper families.
    tail : callable
        ``tail(*parameters)``: the power a in density ~ tau**-a for large tau; ``inf`` where it falls faster.
    optional : dict
        Defaults of parameters that may be left out.
    """

    name: str
    role: str
    scale: str
    parameters: tuple[str, ...]
    positive: tuple[str, ...]
    logpdf: Callable[..., Array]
    ppf: Callable[..., Array] | None
    tail: Callable[..., float]
    optional: dict[str, float]


def _log_normal(x: Array, mean: float, sd: float) -> Array:
    z = (x - mean) / sd
    return -0.5 * (z * z + LOG_2PI) - np.log(sd)


def _log_t(z: Array, df: float) -> Array:
    """Log density of the standard Student t."""
    constant = special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - 0.5 * np.log(df * np.pi)
    return constant - 0.5 * (df + 1) * np.log1p(z * z / df)


def _log_of(tau: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(tau)


def _halfnormal(tau: Array, sd: float) -> Array:
    return np.log(2) + _log_normal(tau, 0.0, sd)


def _halft(tau: Array, scale: float, df: float) -> Array:
    return np.log(2) + _log_t(tau / scale, df) - np.log(scale)


def _halfcauchy(tau: Array, scale: float) -> Array:
    z = tau / scale
    return np.log(2 / np.pi) - np.log1p(z * z) - np.log(scale)


def _exponential(tau: Array, mean: float) -> Array:
    return -tau / mean - np.log(mean)


def _uniform(tau: Array, upper: float) -> Array:
    return np.where(tau <= upper, -np.log(upper), -np.inf)


def _lognormal(tau: Array, mean_log: float, sd_log: float) -> Array:
    u = _log_of(np.where(tau > 0, tau, 1.0))
    return np.where(tau > 0, _log_normal(u, mean_log, sd_log) - u, -np.inf)


def _lognormal2(tau: Array, mean_log: float, sd_log: float) -> Array:
    return _lognormal(tau, mean_log / 2, sd_log / 2)


def _logt2(tau: Array, location_log: float, scale_log: float, df: float) -> Array:
    u = _log_of(np.where(tau > 0, tau, 1.0))
    value = _log_t((2 * u - location_log) / scale_log, df) - np.log(scale_log / 2) - u
    # 1/tau beats the log-t tail: the density is infinite at 0, though 0 itself has no mass.
    return np.where(tau > 0, value, np.inf)


def _invgamma(tau: Array, shape: float, scale: float) -> Array:
    safe = np.where(tau > 0, tau, 1.0)
    with np.errstate(over="ignore"):
        value = shape * np.log(scale) - special.gammaln(shape) - (shape + 1) * np.log(safe) - scale / safe
    return np.where(tau > 0, value, -np.inf)


def _flat(x: Array) -> Array:
    return np.zeros_like(x)


def _normal(mu: Array, mean: float, sd: float) -> Array:
    return _log_normal(mu, mean, sd)


def _t(mu: Array, location: float, scale: float, df: float) -> Array:
    return _log_t((mu - location) / scale, df) - np.log(scale)


def _vanzwet(mu: Array, unit: float) -> Array:
    parts = [_log_normal(mu, 0.0, s * unit) + np.log(w) for w, s in zip(VAN_ZWET_WEIGHTS, VAN_ZWET_SDS, strict=True)]
    return special.logsumexp(np.array(parts), axis=0)


def _spikeslab(mu: Array, probability: float, mean: float, sd: float) -> Array:
    """Log density of the slab part only; the atom at 0 has no density (see Prior.atom)."""
    return np.log1p(-probability) + _log_normal(mu, mean, sd)


def _ppf_halfnormal(p: Array, sd: float) -> Array:
    return -sd * special.ndtri((1 - p) / 2)


def _ppf_halft(p: Array, scale: float, df: float) -> Array:
    return -scale * special.stdtrit(df, (1 - p) / 2)


def _ppf_halfcauchy(p: Array, scale: float) -> Array:
    return scale * np.tan(0.5 * np.pi * p)


def _ppf_mixture(p: Array, weights: Array, means: Array, sds: Array) -> Array:
    """Quantiles of a normal mixture (components with sd 0 are atoms) by bisection: monotone, so it can't go wrong."""
    p = np.asarray(p, dtype=float)
    z = special.ndtri(p)
    low = np.min(means + sds * np.minimum(z, 0)[..., None], axis=-1)
    high = np.max(means + sds * np.maximum(z, 0)[..., None], axis=-1)
    for _ in range(200):
        middle = 0.5 * (low + high)
        with np.errstate(divide="ignore", invalid="ignore"):
            cdf = np.sum(weights * special.ndtr(np.nan_to_num((middle[..., None] - means) / sds, nan=np.inf)), axis=-1)
        low, high = np.where(cdf < p, middle, low), np.where(cdf < p, high, middle)
    return high


def _ppf_vanzwet(p: Array, unit: float) -> Array:
    return _ppf_mixture(p, np.array(VAN_ZWET_WEIGHTS), np.zeros(4), unit * np.array(VAN_ZWET_SDS))


def _ppf_spikeslab(p: Array, probability: float, mean: float, sd: float) -> Array:
    return _ppf_mixture(p, np.array([probability, 1 - probability]), np.array([0.0, mean]), np.array([0.0, sd]))


def _light(*_: float) -> float:
    return np.inf


FAMILIES: dict[tuple[str, str], Family] = {
    (f.role, f.name): f
    for f in (
        Family("halfnormal", "tau", "tau", ("scale",), ("scale",), _halfnormal, _ppf_halfnormal, _light, {}),
        Family(
            "halfcauchy",
            "tau",
            "tau",
            ("scale",),
            ("scale",),
            _halfcauchy,
            _ppf_halfcauchy,
            lambda s: 2.0,
            {},
        ),
        Family(
            "halft",
            "tau",
            "tau",
            ("scale", "df"),
            ("scale", "df"),
            _halft,
            _ppf_halft,
            lambda s, df: df + 1.0,
            {},
        ),
        Family(
            "exponential",
            "tau",
            "tau",
            ("mean",),
            ("mean",),
            _exponential,
            lambda p, s: -s * np.log1p(-p),
            _light,
            {},
        ),
        Family("uniform", "tau", "tau", ("upper",), ("upper",), _uniform, lambda p, u: u * p, _light, {}),
        Family(
            "lognormal",
            "tau",
            "tau",
            ("mean_log", "sd_log"),
            ("sd_log",),
            _lognormal,
            lambda p, m, s: np.exp(m + s * special.ndtri(p)),
            _light,
            {},
        ),
        Family(
            "lognormal2",
            "tau",
            "tau2",
            ("mean_log", "sd_log"),
            ("sd_log",),
            _lognormal2,
            lambda p, m, s: np.exp((m + s * special.ndtri(p)) / 2),
            _light,
            {},
        ),
        Family(
            "logt2",
            "tau",
            "tau2",
            ("location_log", "scale_log", "df"),
            ("scale_log", "df"),
            _logt2,
            lambda p, m, s, df: np.exp((m + s * special.stdtrit(df, p)) / 2),
            lambda m, s, df: 1.0,
            {"df": 5.0},
        ),
        Family(
            "invgamma",
            "tau",
            "tau",
            ("shape", "scale"),
            ("shape", "scale"),
            _invgamma,
            lambda p, a, b: b / special.gammainccinv(a, p),
            lambda a, b: a + 1.0,
            {},
        ),
        Family("flat", "tau", "tau", (), (), _flat, None, lambda: 0.0, {}),
        Family("flat", "mu", "mu", (), (), _flat, None, lambda: 0.0, {}),
        Family(
            "normal",
            "mu",
            "mu",
            ("mean", "sd"),
            ("sd",),
            _normal,
            lambda p, m, s: m + s * special.ndtri(p),
            _light,
            {},
        ),
        Family(
            "t",
            "mu",
            "mu",
            ("location", "scale", "df"),
            ("scale", "df"),
            _t,
            lambda p, m, s, df: m + s * special.stdtrit(df, p),
            lambda m, s, df: df + 1.0,
            {},
        ),
        Family(
            "vanzwet",
            "mu",
            "mu",
            ("standard_error",),
            ("standard_error",),
            _vanzwet,
            _ppf_vanzwet,
            _light,
            {},
        ),
        Family(
            "spikeslab",
            "mu",
            "mu",
            ("probability_of_zero", "mean", "sd"),
            ("sd",),
            _spikeslab,
            _ppf_spikeslab,
            _light,
            {},
        ),
    )
}


def as_float_array(x: ArrayLike) -> Array:
    """Turn a number or sequence into a float array."""
    return np.asarray(x, dtype=np.float64)
