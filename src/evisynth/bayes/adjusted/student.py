"""Student-t random effects, exactly: studies that stray are allowed for, and count for less.

    y_i ~ N(theta_i, v_i),   theta_i ~ t_df(mu, tau), that is theta_i ~ N(mu, tau^2 / l_i), l_i ~ Gamma(df / 2, df / 2)

Each l_i is integrated over its prior by the double-exponential rule, so the study's likelihood is a mixture of normals
in mu (`evisynth.bayes.adjusted.mixtures`). tau is the scale of the t distribution, not its standard deviation, which is
tau sqrt(df / (df - 2)) and exists for df > 2 only.

References
----------
Lee KJ, Thompson SG. Flexible parametric models for random-effects distributions. Stat Med 2008;27:418-434.
Baker R, Jackson D. A new approach to outliers in meta-analysis. Health Care Manag Sci 2008;11:121-131.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from evisynth.bayes import checks, priors
from evisynth.bayes.adjusted.mixtures import Components, PlanePosterior, integrate
from evisynth.bayes.adjusted.rules import over_prior
from evisynth.bayes.exact import normal_normal
from evisynth.bayes.priors import Prior, PriorError
from evisynth.bayes.summaries import FIELDS, Summary

METHOD = "quadrature over mu, tau and every study's scale"
SCALE_NODES = 41

__all__ = ["StudentPosterior", "student_t"]


@dataclass(frozen=True)
class StudentPosterior:
    """Posterior under Student-t random effects.

    Attributes
    ----------
    k : int
    df, level : float
    tau_prior, mu_prior : str
    mu, tau : Summary
        tau is the scale of the t distribution.
    log_marginal : float or None
        ln p(data); None under a flat prior of mu.
    log_bf_normal : float or None
        ln of the Bayes factor of Student-t over normal random effects with the same priors: above 0 for the t.
    studies : DataFrame
        ``study, yi, vi, scale``: the posterior mean of l_i, 1 on average a priori; well below 1 marks a study that
        strays.
    error_bound : float
        Of probabilities.
    method : str
    """

    k: int
    df: float
    level: float
    tau_prior: str
    mu_prior: str
    mu: Summary
    tau: Summary
    log_marginal: float | None
    log_bf_normal: float | None
    studies: pd.DataFrame
    error_bound: float
    method: str
    _posterior: PlanePosterior = field(repr=False, compare=False)

    def p_mu_below(self, c: float = 0.0) -> float:
        """P(mu < c)."""
        return self._posterior.plane.p_mu_below(c)

    def to_frame(self) -> pd.DataFrame:
        """One row each for mu and tau: ``quantity, mean, sd, median, ci_low, ci_high`` and what was assumed."""
        rows = [
            {"quantity": n, **{f: getattr(s, f) for f in FIELDS[:5]}} for n, s in (("mu", self.mu), ("tau", self.tau))
        ]
        return pd.DataFrame(rows).assign(
            df=self.df, k=self.k, tau_prior=self.tau_prior, mu_prior=self.mu_prior, error_bound=self.error_bound
        )


def student_t(
    yi: ArrayLike,
    vi: ArrayLike,
    df: float = 4.0,
    tau_prior: str | Prior = "halfnormal:0.5",
    mu_prior: str | Prior = "flat",
    *,
    studies: Sequence[str] | None = None,
    level: float = 0.95,
) -> StudentPosterior:
    """Pool studies whose effects follow a Student t distribution.

    Parameters
    ----------
    yi, vi : array-like (k,)
        Effects and sampling variances.
    df : float
        Degrees of freedom, at least 1: the fewer, the more a study may stray.
    tau_prior, mu_prior : str or Prior
        Proper prior of tau; prior of mu without an atom.
    studies : sequence of str, optional
        Names.
    level : float

    Returns
    -------
    StudentPosterior

    Raises
    ------
    ValueError
        Unusable data or degrees of freedom.
    PriorError
        A prior that is unknown or not allowed here.
    """
    y, v, single = checks.read_data(yi, vi)
    if not single or np.isnan(y).any():
        raise ValueError("student_t takes one data set of shape (k,) without gaps")
    if not df >= 1:
        raise ValueError(f"df is {df}; at least 1 is needed")
    level = checks.check_level(level)
    tau, mu = priors.parse(tau_prior, "tau"), priors.parse(mu_prior, "mu")
    if not tau.proper or mu.kind == "spikeslab" or (mu.kind == "vanzwet" and not mu.parameters):
        raise PriorError("a proper prior of tau is needed, and one of mu without an atom")
    scale = over_prior(stats.gamma(0.5 * df, scale=2 / df).ppf, "", SCALE_NODES)
    y, v = y[0], v[0]
    # A scale of 0 would be an infinite variance; such nodes carry no probability.
    spread, log_weight = 1 / np.maximum(scale.value, 1e-200)[None], np.log(scale.weight)[None]
    ones = np.ones_like(spread)
    made = [Components(a * ones, b * ones, log_weight, spread) for a, b in zip(y, v, strict=True)]
    fit = integrate(made, np.ones(1), tau, mu, level)
    normal = normal_normal(y, v, tau, mu).log_marginal
    proper = mu.proper
    names = list(studies) if studies is not None else [str(i + 1) for i in range(len(y))]
    return StudentPosterior(
        k=len(y),
        df=float(df),
        level=level,
        tau_prior=tau.text,
        mu_prior=mu.text,
        mu=fit.mu,
        tau=fit.tau,
        log_marginal=fit.log_marginal if proper else None,
        log_bf_normal=fit.log_marginal - normal if proper else None,
        studies=pd.DataFrame(
            {"study": names, "yi": y, "vi": v, "scale": [_mean_scale(c, scale.value, fit) for c in made]}
        ),
        error_bound=fit.error_bound,
        method=METHOD,
        _posterior=fit,
    )


def _mean_scale(study: Components, scale: np.ndarray, fit: PlanePosterior) -> float:
    """Posterior mean of a study's l: its conditional mean at every node of the plane, averaged."""
    mu, tau = fit.plane.line.value, fit.plane.tau
    whole = study.log_likelihood(0, mu, tau)
    weighted = Components(study.y, study.v, study.log_weight + np.log(np.maximum(scale, 1e-200)), study.spread)
    return float(np.sum(fit.plane.probability * np.exp(weighted.log_likelihood(0, mu, tau) - whole)))
