"""Exact Bayesian meta-regression: coefficients are jointly normal given tau, tau is integrated by quadrature."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from evisynth.bayes import checks, priors, quadrature
from evisynth.bayes.checks import ImproperPosteriorError
from evisynth.bayes.families import LOG_2PI, Array
from evisynth.bayes.mixture import NormalMixture
from evisynth.bayes.priors import Prior
from evisynth.bayes.quadrature import TauGrid
from evisynth.bayes.summaries import FIELDS, Summary, summarise_mixture, summarise_tau

METHOD = "exact (trapezoidal and sinc quadrature over tau; coefficients given tau in closed form)"


@dataclass(frozen=True)
class _Model:
    """One data set with a design matrix; offers what the summaries of tau need."""

    y: Array
    v: Array
    x: Array
    tau_prior: Prior
    prior_mean: Array
    prior_precision: Array  # 0 marks a flat prior
    size: int = 1

    def log_target(self, tau: Array) -> Array:
        shape = tau.shape
        value = self.log_likelihood(tau.ravel())[0]
        return self.tau_prior.logpdf(tau) + value.reshape(shape)

    def log_likelihood(self, tau: Array) -> tuple[Array, Array, Array]:
        """Ln p(y | tau) (n,), mean (n, p) and covariance (n, p, p) of the coefficients given tau (n,)."""
        total = self.v[None, :] + (tau * tau)[:, None]
        w = 1 / total
        information = np.einsum("nk,kp,kq->npq", w, self.x, self.x) + np.diag(self.prior_precision)
        score = np.einsum("nk,k,kp->np", w, self.y, self.x) + self.prior_precision * self.prior_mean
        # Columns may differ by orders of magnitude: solve with the information scaled to a unit diagonal.
        scale = np.sqrt(np.einsum("npp->np", information))
        scaled = information / (scale[:, :, None] * scale[:, None, :])
        inverse = np.linalg.inv(scaled) / (scale[:, :, None] * scale[:, None, :])
        mean = np.einsum("npq,nq->np", inverse, score)
        residual = self.y - mean @ self.x.T
        shift = mean - self.prior_mean
        quadratic = np.sum(w * residual**2, axis=1) + np.sum(self.prior_precision * shift**2, axis=1)
        flat = self.prior_precision == 0
        log_determinant = np.linalg.slogdet(scaled)[1] + 2 * np.log(scale).sum(axis=1)
        log_prior = np.sum(np.log(self.prior_precision[~flat]))
        constant = -len(self.y) * LOG_2PI + flat.sum() * LOG_2PI
        value = 0.5 * (constant - np.log(total).sum(axis=1) - quadratic + log_prior - log_determinant)
        return value, mean, inverse

    def moment_exists(self, order: int) -> Array:
        free = int(np.sum(self.prior_precision == 0))
        tail = np.inf if np.isfinite(self.tau_prior.upper) else self.tau_prior.tail
        margin = tail + len(self.y) - free - 1.0 - order
        return np.array([margin > 1e-12 or (self.tau_prior.kind == "logt2" and abs(margin) <= 1e-12)])


@dataclass(frozen=True)
class RegressionPosterior:
    """Posterior of an exact meta-regression.

    Attributes
    ----------
    k : int
    names : tuple of str
        Coefficients, in the order of the design matrix.
    coefficients : dict of str to Summary
    tau : Summary
    correlation : array (p, p)
        Posterior correlation of the coefficients.
    log_marginal : float or None
        ln p(data); None under an improper prior.
    error_bound : float
        As in `NormalNormalPosterior`.
    method : str
    """

    k: int
    level: float
    tau_prior: str
    names: tuple[str, ...]
    coefficients: dict[str, Summary]
    tau: Summary
    correlation: Array
    log_marginal: float | None
    error_bound: float
    method: str
    _grid: TauGrid = field(repr=False, compare=False, default=None)  # type: ignore[assignment]
    _model: _Model = field(repr=False, compare=False, default=None)  # type: ignore[assignment]

    def predict(self, x: ArrayLike, *, further_study: bool = False) -> Summary:
        """Expected effect at covariate values `x` (p,), or the effect of a further study there."""
        mixture = _contrast(self._model, self._grid, np.asarray(x, dtype=float), further_study)
        one, two = self._model.moment_exists(1), self._model.moment_exists(2)
        return _scalar(summarise_mixture(mixture, np.zeros(1), self.level, True, one, two)[0])

    def p_below(self, name: str, c: float = 0.0) -> float:
        """P(coefficient < c)."""
        x = np.eye(len(self.names))[self.names.index(name)]
        return float(_contrast(self._model, self._grid, x, False).cdf(np.array([[float(c)]]))[0, 0])

    def to_frame(self) -> pd.DataFrame:
        """One row per coefficient and one for tau."""
        rows = [
            {"quantity": n, **{f: getattr(s, f) for f in FIELDS}}
            for n, s in (*self.coefficients.items(), ("tau", self.tau))
        ]
        return pd.DataFrame(rows).assign(
            k=self.k, level=self.level, tau_prior=self.tau_prior, error_bound=self.error_bound
        )


def meta_regression(
    yi: ArrayLike,
    vi: ArrayLike,
    x: ArrayLike | pd.DataFrame,
    tau_prior: str | Prior = "halfnormal:0.5",
    coefficient_priors: str | Prior | Sequence[str | Prior] = "flat",
    *,
    level: float = 0.95,
    tolerance: float = 1e-6,
) -> RegressionPosterior:
    """Exact Bayesian random-effects meta-regression for a few covariates.

    Parameters
    ----------
    yi, vi : array-like (k,)
        Effects and sampling variances.
    x : array-like (k, p) or DataFrame
        Design matrix, the intercept included as a column of ones; a DataFrame's columns name the coefficients.
    tau_prior : str or Prior
    coefficient_priors : str, Prior or sequence of them
        ``flat`` or ``normal:mean,sd``, one for all or one per column.
    level, tolerance : float
        As for `normal_normal`.

    Raises
    ------
    ValueError
        Unusable data or a design matrix without full column rank.
    ImproperPosteriorError
        With p flat coefficients: k < p studies, or a flat prior of tau with k < p + 2.

    Notes
    -----
    y ~ N(X b, diag(v) + tau2 I); given tau, b is normal with precision X'WX + P (Röver & Friede, Res Synth Methods
    2023).
    """
    y, v, single = checks.read_data(yi, vi)
    if not single:
        raise ValueError("meta_regression takes one data set of shape (k,)")
    checks.check_level(level)
    names = tuple(map(str, x.columns)) if isinstance(x, pd.DataFrame) else None
    design = np.asarray(x, dtype=float)
    design = design[:, None] if design.ndim == 1 else design
    y, v = y[0], v[0]
    if len(design) != len(y):
        raise ValueError(f"the design matrix has {len(design)} rows for {len(y)} studies: it needs one row per study")
    present = np.isfinite(y)
    if not np.isfinite(design[present]).all():
        rows = ", ".join(str(r + 1) for r in np.flatnonzero(~np.isfinite(design).all(axis=1) & present))
        raise ValueError(
            f"covariates are missing or infinite in row(s) {rows}; leave those studies out or fill them in"
        )
    y, v, design = y[present], v[present], design[present]
    chosen = _coefficient_priors(coefficient_priors, design.shape[1])
    model = _model(y, v, design, priors.parse(tau_prior, "tau"), chosen)
    return _solve(model, names or tuple(f"b{i}" for i in range(design.shape[1])), level, tolerance)


def _coefficient_priors(given: str | Prior | Sequence[str | Prior], p: int) -> list[Prior]:
    listed = [given] * p if isinstance(given, str | Prior) else list(given)
    if len(listed) != p:
        raise ValueError(f"{len(listed)} coefficient priors for {p} columns: give one for all or one per column")
    chosen = [priors.parse(q, "mu") for q in listed]
    wrong = [q.text for q in chosen if q.kind not in ("flat", "normal")]
    if wrong:
        raise priors.PriorError(f"coefficient priors must be flat or normal:mean,sd; found {', '.join(wrong)}")
    return chosen


def _model(y: Array, v: Array, design: Array, tau_prior: Prior, chosen: list[Prior]) -> _Model:
    precision = np.array([0.0 if q.kind == "flat" else q.parameters[1] ** -2 for q in chosen])
    mean = np.array([0.0 if q.kind == "flat" else q.parameters[0] for q in chosen])
    free = precision == 0
    k, p = len(y), int(free.sum())
    if np.linalg.matrix_rank(design[:, free]) < p:
        if k < p:
            raise ImproperPosteriorError(
                f"the posterior is improper: {p} coefficients with flat priors need at least {p} studies, found {k}"
            )
        raise ValueError("the columns of the design matrix are linearly dependent: drop one or give it a proper prior")
    if not tau_prior.proper and k < p + 2:
        raise ImproperPosteriorError(
            f"the posterior is improper: a flat prior of tau with {p} flat coefficients needs at least {p + 2} "
            f"studies, found {k}; use a proper prior of tau"
        )
    return _Model(y, v, design, tau_prior, mean, precision)


def _solve(model: _Model, names: tuple[str, ...], level: float, tolerance: float) -> RegressionPosterior:
    start, upper = np.array([np.sqrt(np.median(model.v))]), np.array([model.tau_prior.upper])
    moment = np.array([2.0 if model.moment_exists(2)[0] else float(model.moment_exists(1)[0])])
    one, two = model.moment_exists(1), model.moment_exists(2)
    identity = np.eye(len(names))
    for nodes in (160, 320, 640, 1280):
        grid = quadrature.build(model.log_target, start, upper, moment, nodes)
        tau, worst = summarise_tau(model, grid, level, True)  # type: ignore[arg-type]
        coefficients = {}
        for name, row in zip(names, identity, strict=True):
            mixture = _contrast(model, grid, row, False)
            summary, error = summarise_mixture(mixture, np.zeros(1), level, True, one, two)
            coefficients[name], worst = _scalar(summary), np.maximum(worst, error)
        if worst[0] <= tolerance:
            break
    proper = model.tau_prior.proper and bool(np.all(model.prior_precision > 0))
    return RegressionPosterior(
        k=len(model.y),
        level=level,
        tau_prior=model.tau_prior.text,
        names=names,
        coefficients=coefficients,
        tau=_scalar(tau),
        correlation=_correlation(model, grid),
        log_marginal=float(grid.log_integral[0]) if proper else None,
        error_bound=float(worst[0]),
        method=METHOD,
        _grid=grid,
        _model=model,
    )


def _contrast(model: _Model, grid: TauGrid, x: Array, further_study: bool) -> NormalMixture:
    """Posterior of x'b, plus between-study variation for a further study, as a mixture over the nodes."""
    if x.shape != (model.x.shape[1],):
        raise ValueError(f"x has shape {x.shape}; it needs one value per coefficient, ({model.x.shape[1]},)")
    _, mean, covariance = model.log_likelihood(grid.tau[0])
    variance = np.einsum("p,npq,q->n", x, covariance, x) + (grid.tau[0] ** 2 if further_study else 0.0)
    sign = np.where(np.arange(len(mean)) % 2 == 0, 1.0, -1.0)
    return NormalMixture(grid.probability, (mean @ x)[None], np.sqrt(variance)[None], sign, np.zeros(1), np.zeros(1))


def _correlation(model: _Model, grid: TauGrid) -> Array:
    _, mean, covariance = model.log_likelihood(grid.tau[0])
    p = grid.probability[0]
    centre = p @ mean
    total = np.einsum("n,npq->pq", p, covariance) + np.einsum("n,np,nq->pq", p, mean - centre, mean - centre)
    sd = np.sqrt(np.diag(total))
    return total / np.outer(sd, sd)


def _scalar(summary: Summary) -> Summary:
    values = [float(getattr(summary, f)[0]) for f in FIELDS]
    return Summary(*(None if np.isnan(x) else x for x in values))
