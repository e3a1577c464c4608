"""Three-level models: effects within clusters, such as several outcomes of one study."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.distributions import (
    chi2_quantile,
    chi2_upper,
    normal_quantile,
    normal_two_sided,
    t_quantile,
    t_two_sided,
)
from evisynth.pooling.errors import ConvergenceError, PoolingInputError
from evisynth.pooling.inputs import check_choice, check_effects, check_level
from evisynth.pooling.regression import check_collinear, design_matrix
from evisynth.pooling.roots import bracketed_root

if TYPE_CHECKING:
    import pandas as pd

_STEPS = 200
# Shares of a first guess of the total variance given to (between, within); the best maximum is kept.
_STARTS = ((0.5, 0.5), (0.9, 0.1), (0.1, 0.9), (2.0, 2.0))


@dataclass(frozen=True, slots=True)
class ThreeLevelResult:
    """A fitted three-level model.

    Attributes
    ----------
    k, clusters
        Numbers of effects and of clusters.
    terms
        Names of the p coefficients; ("intercept",) without moderators.
    estimate, se, ci_low, ci_high, p : (p,) arrays
        Coefficients; se from the model (see `cluster_robust` for standard errors that do not rest on it).
    sigma2_between, sigma2_within
        Variance between clusters and between effects of one cluster.
    sigma2_between_ci, sigma2_within_ci
        Profile-likelihood intervals.
    boundary
        Whether either variance is 0.
    icc
        sigma2_between / (sigma2_between + sigma2_within); None where both are 0.
    i2, i2_between, i2_within
        Per cent of total variance that is heterogeneity, and its two parts, with the typical variance (k - p) / tr(P).
    q, q_df, q_p
        Residual heterogeneity with weights 1 / v.
    log_likelihood
        (Restricted) log likelihood, with the constants of the normal density of the error contrasts.
    gradient
        Largest absolute derivative in the variances that are above 0, relative to k / (2 (variance + typical)).
    weights : (k, k) array
        Inverse marginal covariance at the solution, for `cluster_robust`.
    design : (k, p) array
    cluster : tuple of str
    """

    k: int
    clusters: int
    terms: tuple[str, ...]
    estimate: NDArray[np.float64]
    se: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    p: NDArray[np.float64]
    covariance: NDArray[np.float64]
    sigma2_between: float
    sigma2_within: float
    sigma2_between_ci: tuple[float, float]
    sigma2_within_ci: tuple[float, float]
    boundary: bool
    icc: float | None
    i2: float
    i2_between: float
    i2_within: float
    q: float
    q_df: int
    q_p: float
    log_likelihood: float
    gradient: float
    weights: NDArray[np.float64]
    design: NDArray[np.float64]
    cluster: tuple[str, ...]
    method: str
    ci_method: str
    level: float

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per coefficient, variances repeated in each."""
        import pandas as pd

        names = (
            "estimate",
            "se",
            "ci_low",
            "ci_high",
            "p",
            "sigma2_between",
            "sigma2_within",
            "k",
            "clusters",
        )
        return pd.DataFrame({"term": self.terms, **{name: getattr(self, name) for name in names}})

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, without design, weights and covariance."""
        skip = ("weights", "design", "covariance", "cluster")
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in skip}
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class _Data:
    """Effects in working units, ordered as given; `z` (k, c) marks clusters."""

    y: NDArray[np.float64]
    v: NDArray[np.float64]
    x: NDArray[np.float64]
    z: NDArray[np.float64]
    restricted: bool


def three_level(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: Sequence[Any],
    moderators: "str | ArrayLike | pd.DataFrame | None" = None,
    data: "pd.DataFrame | None" = None,
    *,
    method: str = "REML",
    ci: str = "wald",
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> ThreeLevelResult:
    """Pool effects that are nested in clusters: y = x'beta + u_cluster + w_effect + error.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects and sampling variances; sampling errors are taken to be independent.
    cluster : (k,) sequence
        The cluster of each effect (a study with several effects, a district with several schools).
    moderators, data
        As in `meta_regression`; none by default.
    method : {"REML", "ML"}
    ci : {"wald", "t"}
        Normal quantiles, or t on k - p degrees of freedom.
    level
        Level of the intervals.
    studies
        Names of the effects.

    Returns
    -------
    ThreeLevelResult

    Raises
    ------
    PoolingInputError
        Bad effects or moderators; fewer than two clusters; no cluster with two effects (then the two variances
        cannot be told apart: use `random_effects`).
    ConvergenceError
        No maximum of the likelihood was reached.

    References
    ----------
    Konstantopoulos 2011; Cheung 2014; Van den Noortgate et al. 2013.
    """
    method, level = check_choice("method", method, ("REML", "ML")), check_level(level)
    ci = check_choice("ci", ci, ("wald", "t"))
    y, v = check_effects(yi, vi, studies)
    labels = tuple(str(c) for c in cluster)
    if y.ndim != 1 or len(labels) != y.size:
        raise PoolingInputError(f"{len(labels)} clusters were given for effects of shape {y.shape}")
    names = list(dict.fromkeys(labels))
    if len(names) < 2 or len(names) == y.size:
        found = "one cluster" if len(names) < 2 else "no cluster with two effects"
        raise PoolingInputError(
            f"{found}: variances between and within clusters cannot be told apart; use random_effects"
        )
    if moderators is None:
        terms, x = ("intercept",), np.ones((y.size, 1))
        if y.size < 3:
            raise PoolingInputError("three-level models need three or more effects")
    else:
        terms, x = design_matrix(moderators, data, y.size, studies)
        check_collinear(terms, x)
    unit = float(np.ldexp(1.0, int(np.round(np.log2(np.median(v)) / 2.0))))
    z = np.array([[label == name for name in names] for label in labels], dtype=float)
    d = _Data(y / unit, v / unit / unit, x, z, method == "REML")
    point, value, gradient = _maximise(d)
    return _result(d, point, value, gradient, terms, labels, unit, (method, ci, level))


def _parts(d: _Data, point: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return the inverse marginal covariance, (X'WX)^-1, coefficients and W(y - X beta)."""
    w0 = 1.0 / (d.v + point[1])
    # Woodbury, one cluster at a time: (D + s zz')^-1 = W0 - W0 z z' W0 s / (1 + s z'W0 z)
    inside = d.z.T @ w0
    scaled = d.z * w0[:, None]
    w = np.diag(w0) - (scaled * (point[0] / (1.0 + point[0] * inside))) @ scaled.T
    inverse = np.linalg.inv(d.x.T @ w @ d.x)
    beta = inverse @ (d.x.T @ (w @ d.y))
    return w, inverse, beta, w @ (d.y - d.x @ beta)


def _evaluate(d: _Data, point: NDArray) -> tuple[float, NDArray, NDArray]:
    """Return the log likelihood, its gradient and the average information in (between, within)."""
    w, inverse, beta, wr = _parts(d, point)
    r = d.y - d.x @ beta
    w0 = 1.0 / (d.v + point[1])
    log_det = -np.log(w0).sum() + np.log1p(point[0] * (d.z.T @ w0)).sum()
    value = -0.5 * (d.y.size * np.log(2.0 * np.pi) + log_det + r @ wr)
    project = w
    if d.restricted:
        value += 0.5 * (d.x.shape[1] * np.log(2.0 * np.pi) + np.linalg.slogdet(inverse)[1])
        value += 0.5 * np.linalg.slogdet(d.x.T @ d.x)[1]
        wx = w @ d.x
        project = w - wx @ inverse @ wx.T
    pz, zr = project @ d.z, d.z.T @ wr
    gradient = 0.5 * np.array([zr @ zr - np.einsum("ij,ij->", d.z, pz), wr @ wr - np.trace(project)])
    # expected information: tr(P A P B) / 2 with A, B = ZZ' and I
    zpz = d.z.T @ pz
    cross = float((pz * pz).sum())
    information = 0.5 * np.array([[(zpz * zpz).sum(), cross], [cross, (project * project).sum()]])
    return float(value), gradient, information


def _climb(d: _Data, point: NDArray) -> tuple[NDArray, float, NDArray] | None:
    """Fisher scoring with step halving; a variance at 0 whose slope is negative stays there."""
    value, gradient, information = _evaluate(d, point)
    for _ in range(_STEPS):
        free = (point > 0.0) | (gradient > 0.0)
        if not free.any():
            return point, value, gradient
        step = np.zeros(2)
        step[free] = np.linalg.solve(information[np.ix_(free, free)], gradient[free])
        for _ in range(60):
            new = np.maximum(point + step, 0.0)
            trial = _evaluate(d, new)
            if trial[0] >= value - 1e-14 * abs(value):
                break
            step *= 0.5
        else:
            break
        moved = np.abs(new - point).max()
        point, (value, gradient, information) = new, trial
        if moved <= 1e-13 * (point.max() + 1.0):
            break
    return point, value, gradient


def _relative(d: _Data, point: NDArray, gradient: NDArray) -> float:
    """Return the largest slope that matters, relative to the size of its terms."""
    size = 0.5 * d.y.size / (point + np.median(d.v))
    slope = np.where(point > 0.0, np.abs(gradient), np.maximum(gradient, 0.0))
    return float((slope / size).max())


def _maximise(d: _Data) -> tuple[NDArray, float, NDArray]:
    beta = np.linalg.lstsq(d.x, d.y, rcond=None)[0]
    guess = max(float(np.var(d.y - d.x @ beta)), 1e-3 * float(np.median(d.v)))
    best = None
    for share in _STARTS:
        found = _climb(d, guess * np.array(share))
        if found is None or _relative(d, found[0], found[2]) > 1e-7:
            continue
        if best is None or found[1] > best[1] + 1e-12 * abs(best[1]):
            best = found
    if best is None:
        raise ConvergenceError(
            "the likelihood of the two variances has no maximum that was reached: no number is given"
        )
    return best


def _profile(d: _Data, point: NDArray, value: float, which: int, level: float) -> tuple[float, float]:
    """Return the profile-likelihood interval of one variance, the other at its maximum given it."""
    critical = float(chi2_quantile([1.0], 1.0 - level)[0])

    def excess(fixed: NDArray, _: NDArray) -> NDArray:
        return np.array([2.0 * (value - _best_given(d, float(f), which, point[1 - which])) - critical for f in fixed])

    zero = np.zeros(1, dtype=int)
    low = 0.0
    if excess(np.zeros(1), zero)[0] > 0.0:
        low = float(bracketed_root(excess, np.zeros(1), point[[which]], 1e-10)[0][0])
    high = point[which] + max(point.max(), float(np.median(d.v)))
    for _ in range(60):
        if excess(np.array([high]), zero)[0] > 0.0:
            break
        high *= 2.0
    return low, float(bracketed_root(excess, point[[which]], np.array([high]), 1e-10)[0][0])


def _best_given(d: _Data, fixed: float, which: int, start: float) -> float:
    """Return the highest log likelihood with one variance fixed, by Fisher scoring in the other."""
    point = np.empty(2)
    point[which], point[1 - which] = fixed, start
    value, gradient, information = _evaluate(d, point)
    other = 1 - which
    for _ in range(_STEPS):
        if point[other] == 0.0 and gradient[other] <= 0.0:
            break
        step = gradient[other] / information[other, other]
        for _ in range(60):
            new = point.copy()
            new[other] = max(point[other] + step, 0.0)
            trial = _evaluate(d, new)
            if trial[0] >= value - 1e-14 * abs(value):
                break
            step *= 0.5
        else:
            break
        moved = abs(new[other] - point[other])
        point, (value, gradient, information) = new, trial
        if moved <= 1e-12 * (point[other] + 1.0):
            break
    return value


def _result(d: _Data, point, value, gradient, terms, labels, unit, options) -> ThreeLevelResult:
    method, ci, level = options
    w, inverse, beta, _ = _parts(d, point)
    k, p = d.x.shape
    se = np.sqrt(np.diag(inverse))
    upper = 0.5 + level / 2.0
    quantile = normal_quantile(upper) if ci == "wald" else float(t_quantile([k - p], upper)[0])
    p_value = normal_two_sided(beta / se) if ci == "wald" else t_two_sided(beta / se, k - p)
    fixed = _Data(d.y, d.v, d.x, d.z, True)
    w0, inverse0, beta0, _ = _parts(fixed, np.zeros(2))
    r0 = d.y - d.x @ beta0
    q = float(r0 @ (w0 @ r0))
    trace = np.trace(w0) - np.trace(inverse0 @ (d.x.T @ (w0 @ w0) @ d.x))
    typical, total = (k - p) / trace, float(point.sum())
    share = 100.0 / (total + typical)
    square = unit * unit
    intervals = [tuple(x * square for x in _profile(d, point, value, j, level)) for j in (0, 1)]
    # the density of y / unit, and of its error contrasts, back on the user's scale
    value -= (k - p if d.restricted else k) * np.log(unit)
    return ThreeLevelResult(
        k=k,
        clusters=d.z.shape[1],
        terms=terms,
        estimate=beta * unit,
        se=se * unit,
        ci_low=(beta - quantile * se) * unit,
        ci_high=(beta + quantile * se) * unit,
        p=p_value,
        covariance=inverse * square,
        sigma2_between=float(point[0]) * square,
        sigma2_within=float(point[1]) * square,
        sigma2_between_ci=intervals[0],
        sigma2_within_ci=intervals[1],
        boundary=bool((point == 0.0).any()),
        icc=float(point[0]) / total if total > 0.0 else None,
        i2=share * total,
        i2_between=share * float(point[0]),
        i2_within=share * float(point[1]),
        q=q,
        q_df=k - p,
        q_p=float(chi2_upper(q, k - p)),
        log_likelihood=value,
        gradient=_relative(d, point, gradient),
        weights=w / square,
        design=d.x,
        cluster=labels,
        method=method,
        ci_method=ci,
        level=level,
    )
