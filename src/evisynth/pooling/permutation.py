"""Permutation tests: of a mean by exchanging signs, of moderators by exchanging rows of the design."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations as all_orders
from math import factorial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.designs import Designs, estimate_tau2, least_squares
from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.fit import random_effects
from evisynth.pooling.inputs import check_choice, check_effects
from evisynth.pooling.regression import CI_METHODS, design_matrix, intercept_column, prepare
from evisynth.pooling.tau2 import METHODS

if TYPE_CHECKING:
    import pandas as pd

# Statistics that agree to this relative distance are ties: rounding may not decide a p value.
_TIE = 1e-8
_CHUNK_CELLS = 40_000


@dataclass(frozen=True, slots=True)
class PermutationResult:
    """Permutation p values.

    Attributes
    ----------
    terms, p
        Names of the coefficients and their two-sided p values (p,).
    omnibus_p
        p value of all coefficients but the intercept together; None without moderators.
    permutations
        Number of arrangements compared, the observed one included.
    exact
        True when they are all there are.
    failed
        Arrangements whose tau2 was not found; they are not counted.
    """

    terms: tuple[str, ...]
    p: NDArray[np.float64]
    omnibus_p: float | None
    permutations: int
    exact: bool
    failed: int

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per coefficient."""
        import pandas as pd

        return pd.DataFrame({"term": self.terms, "p": self.p, "omnibus_p": self.omnibus_p})


def permutation_test(
    yi: ArrayLike,
    vi: ArrayLike,
    moderators: "str | ArrayLike | pd.DataFrame | None" = None,
    data: "pd.DataFrame | None" = None,
    *,
    tau2: str = "REML",
    ci: str = "HKSJ",
    permutations: int = 1000,
    seed: int = 0,
    studies: Sequence[str] | None = None,
) -> PermutationResult:
    """Test a mean or moderators against arrangements of the data.

    Parameters
    ----------
    moderators, data
        As in `meta_regression`; None tests the mean effect by exchanging the signs of the effects.
    tau2, ci
        As in `meta_regression`: tau2 is estimated anew for every arrangement.
    permutations
        At most so many arrangements; all are taken when there are no more, else they are drawn with `seed`.
    seed
        Of the generator.

    Returns
    -------
    PermutationResult
        Two-sided p values: the share of arrangements, the observed one included, whose |t| or |z| (F or
        chi-squared for the omnibus test) is at least the observed.

    Raises
    ------
    PoolingInputError
        As in `meta_regression`; or permutations below 1.

    References
    ----------
    Follmann and Proschan 1999 (signs); Higgins and Thompson 2004 (moderators).
    """
    method, ci = check_choice("tau2", tau2, METHODS), check_choice("ci", ci, CI_METHODS)
    if permutations < 1:
        raise PoolingInputError(f"permutations is {permutations}; give 1 or more")
    y, v = check_effects(yi, vi, studies)
    if y.ndim != 1 or y.size < 2:
        raise PoolingInputError("a permutation test needs one meta-analysis of two or more studies")
    generator = np.random.default_rng(seed)
    if moderators is None:
        return _signs(y, v, method, ci, permutations, generator)
    names, x = design_matrix(moderators, data, y.size, studies)
    return _rows(y, v, x, names, method, ci, permutations, generator)


def _signs(y, v, method, ci, count, generator) -> PermutationResult:
    exact = 2**y.size <= count
    if exact:
        signs = 1.0 - 2.0 * ((np.arange(2**y.size)[:, None] >> np.arange(y.size)) & 1)
    else:
        signs = np.vstack([np.ones(y.size), generator.choice([-1.0, 1.0], (count - 1, y.size))])
    result = random_effects(signs * y, np.broadcast_to(v, signs.shape), tau2=method, ci=ci)
    statistic = np.abs(result.estimate / result.se)
    return _answer(("intercept",), statistic[:, None], None, exact)


def _orders(k: int, count: int, generator: np.random.Generator) -> tuple[NDArray, bool]:
    if k <= 12 and factorial(k) <= count:
        return np.array(list(all_orders(range(k)))), True
    drawn = generator.permuted(np.tile(np.arange(k), (count - 1, 1)), axis=1)
    return np.vstack([np.arange(k), drawn]), False


def _rows(y, v, x, names, method, ci, count, generator) -> PermutationResult:
    designs, back, _, orthonormal = prepare(y, v, x)
    orders, exact = _orders(y.size, count, generator)
    constant = intercept_column(x)
    which = [j for j in range(x.shape[1]) if j != constant]
    statistics, omnibus = np.empty((len(orders), x.shape[1])), np.empty(len(orders))
    size = max(_CHUNK_CELLS // x.size, 1)
    for start in range(0, len(orders), size):
        part = slice(start, start + size)
        moved = orthonormal[orders[part]]
        shape = moved.shape[:2]
        d = Designs(np.broadcast_to(designs.y, shape), np.broadcast_to(designs.v, shape), moved)
        statistics[part], omnibus[part] = _statistics(d, back, which, method, ci)
    return _answer(names, statistics, omnibus if which else None, exact)


def _statistics(d: Designs, back: NDArray, which: list[int], method: str, ci: str) -> tuple[NDArray, NDArray]:
    tau2, _, _, converged = estimate_tau2(d, method)
    fit = least_squares(d, 1.0 / (d.v + np.where(converged, tau2, 0.0)[:, None]))
    estimate = fit.coefficients @ back.T
    covariance = back @ fit.inverse @ back.T
    if ci != "wald":
        dispersion = fit.q() / d.df
        dispersion = np.maximum(dispersion, 1.0) if ci == "HKSJ-safe" else dispersion
        covariance = covariance * dispersion[:, None, None]
    statistic = np.abs(estimate) / np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    omnibus = np.full(len(statistic), np.nan)
    if which:
        b = estimate[:, which, None]
        omnibus = (b * np.linalg.solve(covariance[:, which][:, :, which], b)).sum(axis=(1, 2))
    statistic[~converged], omnibus[~converged] = np.nan, np.nan
    return statistic, omnibus


def _answer(names, statistics: NDArray, omnibus: NDArray | None, exact: bool) -> PermutationResult:
    ok = np.isfinite(statistics).all(axis=1)

    def share(values: NDArray) -> NDArray:
        return (values[ok] >= values[0] * (1.0 - _TIE)).mean(axis=0)

    return PermutationResult(
        tuple(names),
        share(statistics),
        None if omnibus is None else float(share(omnibus)),
        int(ok.sum()),
        exact,
        int((~ok).sum()),
    )
