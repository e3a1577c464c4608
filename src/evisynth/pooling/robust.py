"""Standard errors that hold when effects of one cluster depend on each other in an unknown way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.distributions import special
from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.inputs import check_choice, check_effects, check_level
from evisynth.pooling.multilevel import three_level
from evisynth.pooling.regression import design_matrix, fit_design
from evisynth.pooling.tau2 import METHODS

if TYPE_CHECKING:
    import pandas as pd

# Below this many Satterthwaite degrees of freedom the t approximation itself fails (Tipton 2015).
LEAST_DF = 4.0
_RANK = 1e-10


@dataclass(frozen=True, slots=True)
class RobustResult:
    """Coefficients with cluster-robust (CR2) standard errors.

    Attributes
    ----------
    k, clusters
        Numbers of effects and of clusters.
    terms
        Names of the p coefficients.
    estimate, se, df, ci_low, ci_high, statistic, p : (p,) arrays
        t with Satterthwaite degrees of freedom `df`.
    trusted : (p,) bool array
        Whether `df` is at least 4; below that p is too small too often (Tipton 2015).
    covariance : (p, p) array
    working
        The model whose weights were used.
    """

    k: int
    clusters: int
    terms: tuple[str, ...]
    estimate: NDArray[np.float64]
    se: NDArray[np.float64]
    df: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    statistic: NDArray[np.float64]
    p: NDArray[np.float64]
    trusted: NDArray[np.bool_]
    covariance: NDArray[np.float64]
    working: str
    level: float

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per coefficient."""
        import pandas as pd

        names = ("estimate", "se", "df", "ci_low", "ci_high", "statistic", "p", "trusted")
        return pd.DataFrame({"term": self.terms, **{name: getattr(self, name) for name in names}})


def cluster_robust(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: Sequence[Any],
    moderators: "str | ArrayLike | pd.DataFrame | None" = None,
    data: "pd.DataFrame | None" = None,
    *,
    working: str = "three-level",
    tau2: str = "REML",
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> RobustResult:
    """Pool dependent effects with the CR2 variance estimator and Satterthwaite degrees of freedom.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects and sampling variances.
    cluster : (k,) sequence
        Effects of different clusters are independent; within a cluster anything goes.
    moderators, data
        As in `meta_regression`; none by default.
    working : {"three-level", "random"}
        Model whose weights are used: `three_level` (REML), or `meta_regression` with weights 1 / (v + tau2).
    tau2
        Estimator for working="random".
    level, studies
        As elsewhere.

    Returns
    -------
    RobustResult

    Raises
    ------
    PoolingInputError
        Bad input; fewer than two clusters, or no more clusters than coefficients.

    Notes
    -----
    With working covariance F = W^-1, each cluster's residuals are multiplied by
    A = D'(D M D')^(-1/2) D, D'D = F of the cluster and M the covariance of its residuals under F, so that the
    sandwich is unbiased when F is right (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018).
    """
    working = check_choice("working", working, ("three-level", "random"))
    method, level = check_choice("tau2", tau2, METHODS), check_level(level)
    y, v = check_effects(yi, vi, studies)
    labels = [str(c) for c in cluster]
    if y.ndim != 1 or len(labels) != y.size:
        raise PoolingInputError(f"{len(labels)} clusters were given for effects of shape {y.shape}")
    names = list(dict.fromkeys(labels))
    if moderators is None:
        terms, x = ("intercept",), np.ones((y.size, 1))
    else:
        terms, x = design_matrix(moderators, data, y.size, studies)
    if len(names) < 2 or len(names) <= x.shape[1]:
        raise PoolingInputError(
            f"{len(names)} clusters cannot give robust standard errors of {x.shape[1]} coefficients; more are needed"
        )
    member = [np.flatnonzero([label == name for label in labels]) for name in names]
    if working == "three-level" and len(names) < y.size:
        fitted = three_level(y, v, labels, moderators, data, studies=studies)
        estimate, weights = fitted.estimate, fitted.weights
    else:
        fitted = fit_design(y, v, x, terms, method, "wald", level)
        estimate, weights = fitted.estimate, np.diag(1.0 / (v + fitted.tau2))
    covariance, df = _cr2(y - x @ estimate, x, weights, member)
    se = np.sqrt(np.diag(covariance))
    statistic = estimate / se
    half = special().stdtrit(df, 0.5 + level / 2.0) * se
    return RobustResult(
        k=y.size,
        clusters=len(names),
        terms=terms,
        estimate=estimate,
        se=se,
        df=df,
        ci_low=estimate - half,
        ci_high=estimate + half,
        statistic=statistic,
        p=2.0 * special().stdtr(df, -np.abs(statistic)),
        trusted=df >= LEAST_DF,
        covariance=covariance,
        working=working,
        level=level,
    )


def _inverse_root(matrix: NDArray) -> NDArray:
    """Return the symmetric inverse square root on the space where `matrix` is not null."""
    values, vectors = np.linalg.eigh(matrix)
    keep = values > _RANK * max(values.max(), 0.0)
    root = np.zeros_like(values)
    root[keep] = values[keep] ** -0.5
    return (vectors * root) @ vectors.T


def _cr2(e: NDArray, x: NDArray, w: NDArray, member: list[NDArray]) -> tuple[NDArray, NDArray]:
    """Return the CR2 covariance (p, p) and Satterthwaite degrees of freedom (p,) of each coefficient."""
    k, p = x.shape
    bread = np.linalg.inv(x.T @ w @ x)
    hat = x @ bread @ x.T @ w
    whole = np.zeros((k, k))
    meat = np.zeros((p, p))
    # row j of `along[i]`: what multiplies y in coefficient j's contribution of cluster i
    along = np.empty((len(member), p, k))
    for i, at in enumerate(member):
        block = np.linalg.inv(w[np.ix_(at, at)])
        whole[np.ix_(at, at)] = block
        d = np.linalg.cholesky(block).T
        residual = block - x[at] @ bread @ x[at].T
        adjust = d.T @ _inverse_root(d @ residual @ d.T) @ d
        score = x[at].T @ w[np.ix_(at, at)] @ adjust
        contribution = score @ e[at]
        meat += np.outer(contribution, contribution)
        along[i] = bread @ score @ (np.eye(k)[at] - hat[at])
    df = np.empty(p)
    for j in range(p):
        gram = along[:, j] @ whole @ along[:, j].T
        df[j] = np.trace(gram) ** 2 / (gram * gram).sum()
    return bread @ meat @ bread, df
