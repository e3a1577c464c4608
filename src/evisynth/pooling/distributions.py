"""Quantiles and tail areas, from scipy.special only.

scipy.special takes about half a second to import, so it is loaded at the first call and not when
`evisynth.pooling` is imported. Quantiles depend on whole degrees of freedom that repeat across a batch:
they are computed once per distinct value.
"""

from functools import cache, lru_cache
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray


@cache
def special() -> ModuleType:
    """Return scipy.special, imported on first use."""
    from scipy import special as module

    return module


@lru_cache(maxsize=4096)
def _normal_quantile(p: float) -> float:
    return float(special().ndtri(p))


@lru_cache(maxsize=4096)
def _t_quantile(df: float, p: float) -> float:
    return float(special().stdtrit(df, p)) if df > 0 else np.nan


@lru_cache(maxsize=4096)
def _chi2_quantile(df: float, upper: float) -> float:
    if df <= 0:
        return np.nan
    if upper < 0.5:
        return float(2.0 * special().gammainccinv(df / 2.0, upper))
    return float(2.0 * special().gammaincinv(df / 2.0, 1.0 - upper))


def _by_distinct(function, df: ArrayLike, p: float) -> NDArray[np.float64]:
    df = np.asarray(df, dtype=float)
    if df.size == 1:
        return np.full(df.shape, function(float(df.flat[0]), p))
    distinct, where = np.unique(df, return_inverse=True)
    return np.array([function(float(d), p) for d in distinct])[where].reshape(df.shape)


def normal_quantile(p: float) -> float:
    """Return the standard normal quantile at lower-tail probability `p`."""
    return _normal_quantile(p)


def t_quantile(df: ArrayLike, p: float) -> NDArray[np.float64]:
    """Return Student t quantiles at lower-tail probability `p`; NaN where `df` <= 0."""
    return _by_distinct(_t_quantile, df, p)


def chi2_quantile(df: ArrayLike, upper: float) -> NDArray[np.float64]:
    """Return chi-squared quantiles at upper-tail probability `upper`; NaN where `df` <= 0."""
    return _by_distinct(_chi2_quantile, df, upper)


def normal_two_sided(z: ArrayLike) -> NDArray[np.float64]:
    """Return the two-sided normal p value of `z`."""
    return 2.0 * special().ndtr(-np.abs(z))


def t_two_sided(t: ArrayLike, df: ArrayLike) -> NDArray[np.float64]:
    """Return the two-sided Student p value of `t` on `df` degrees of freedom."""
    return 2.0 * special().stdtr(df, -np.abs(t))


def chi2_upper(x: ArrayLike, df: ArrayLike) -> NDArray[np.float64]:
    """Return the upper-tail area of chi-squared on `df` degrees of freedom at `x`."""
    return special().gammaincc(np.asarray(df, dtype=float) / 2.0, np.asarray(x, dtype=float) / 2.0)


def f_upper(x: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> NDArray[np.float64]:
    """Return the upper-tail area of the F distribution at `x`."""
    return special().fdtrc(df1, df2, x)
