"""Bracketed roots of many equations at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_MAX_STEPS = 200


def bracketed_root(
    function: Callable[[NDArray, NDArray], NDArray],
    low: NDArray,
    high: NDArray,
    tolerance: float = 1e-13,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return roots of `function` between `low` and `high`, and whether each was found.

    Parameters
    ----------
    function
        Called as function(x, columns): values of the equations numbered `columns` at `x`.
    low, high : (m,) arrays
        Ends of the brackets. An equation whose ends have one sign is reported as not found (NaN).
    tolerance
        On x, relative to max(|x|, width of the first bracket).

    Notes
    -----
    Chandrupatla's method (1997): inverse quadratic interpolation where it is safe, else bisection.
    """
    m = low.size
    root, found = np.full(m, np.nan), np.zeros(m, dtype=bool)
    columns = np.arange(m)
    a, b = low.astype(float), high.astype(float)
    scale = np.abs(b - a)
    fa, fb = function(a, columns), function(b, columns)
    for x, fx in ((a, fa), (b, fb)):
        exact = fx == 0.0
        root[exact], found[exact] = x[exact], True
    keep = (fa * fb < 0.0) & ~found
    columns, a, b, fa, fb, scale = columns[keep], a[keep], b[keep], fa[keep], fb[keep], scale[keep]
    fraction = np.full(columns.size, 0.5)
    for _ in range(_MAX_STEPS):
        if not columns.size:
            break
        x = a + fraction * (b - a)
        fx = function(x, columns)
        same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        best = np.where(np.abs(fa) < np.abs(fb), a, b)
        limit = tolerance * np.maximum(np.abs(best), scale)
        done = (fa == 0.0) | (np.abs(b - a) <= limit)
        root[columns[done]], found[columns[done]] = best[done], True
        fraction = _next_fraction(a, b, c, fa, fb, fc, limit)
        if done.any():
            keep = ~done
            columns, scale, fraction = columns[keep], scale[keep], fraction[keep]
            a, b, fa, fb = a[keep], b[keep], fa[keep], fb[keep]
    return root, found


def _next_fraction(
    a: NDArray, b: NDArray, c: NDArray, fa: NDArray, fb: NDArray, fc: NDArray, limit: NDArray
) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        quadratic = (phi**2 < xi) & ((1.0 - phi) ** 2 < 1.0 - xi)
        step = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        smallest = 0.5 * limit / np.abs(b - a)
    step = np.where(quadratic & np.isfinite(step), step, 0.5)
    return np.clip(step, np.minimum(smallest, 0.5), np.maximum(1.0 - smallest, 0.5))
