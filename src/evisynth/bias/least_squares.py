"""A weighted straight line with multiplicative dispersion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A residual sum of squares below this share of the total is rounding: the points lie on the line.
_EXACT = 1e-20


@dataclass(frozen=True, slots=True)
class Line:
    """y = intercept + slope x fitted with weights w; variances are dispersion times those of known weights.

    `df` is k - 2; `dispersion` is the residual sum of squares over it. `exact` says that the points lie on the line,
    so that no standard error exists.
    """

    intercept: float
    intercept_se: float
    slope: float
    slope_se: float
    dispersion: float
    df: int
    exact: bool


def fit_line(y: NDArray[np.float64], x: NDArray[np.float64], w: NDArray[np.float64]) -> Line:
    """Fit a line by weighted least squares; x must vary and k be at least 3.

    Parameters
    ----------
    y, x, w : (k,) arrays
        Response, predictor, weights; any units.
    """
    w = w / w.max()
    total = w.sum()
    x_mean, y_mean = (w * x).sum() / total, (w * y).sum() / total
    dx, dy = x - x_mean, y - y_mean
    sxx, syy = (w * dx * dx).sum(), (w * dy * dy).sum()
    slope = (w * dx * dy).sum() / sxx
    rss = (w * (dy - slope * dx) ** 2).sum()
    df = y.size - 2
    dispersion = rss / df
    scale = syy + (w * y * y).sum()
    return Line(
        intercept=float(y_mean - slope * x_mean),
        intercept_se=float(np.sqrt(dispersion * (1.0 / total + x_mean**2 / sxx))),
        slope=float(slope),
        slope_se=float(np.sqrt(dispersion / sxx)),
        dispersion=float(dispersion),
        df=df,
        exact=bool(rss <= _EXACT * scale),
    )
