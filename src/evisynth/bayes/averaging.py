"""Bayesian model averaging over effect, heterogeneity and publication bias, in the manner of RoBMA-PSMA.

Thirty-six models: effect or none x heterogeneity or none x (no bias, six weight functions, PET, PEESE). All marginal
likelihoods are deterministic integrals of at most five dimensions; no bridge sampling is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize.elementwise import find_root

from evisynth.bayes import checks, priors
from evisynth.bayes.ensemble import ModelFit, Setting, fit_plain, fit_regression, fit_selection
from evisynth.bayes.families import Array
from evisynth.bayes.priors import Prior
from evisynth.bayes.selection import PSMA
from evisynth.bayes.summaries import Summary

BIAS_SETS = ("psma", "pet-peese", "weights", "none")
METHOD = "exact: marginal likelihoods by deterministic quadrature (no bridge sampling)"


@dataclass(frozen=True)
class ModelAverage:
    """A model average.

    Attributes
    ----------
    k : int
    direction : str
        Which sign significance-seeking selection favours.
    bf_effect, bf_heterogeneity, bf_bias : float or None
        Inclusion Bayes factors, evidence *for* including the component (posterior odds / prior odds). `bf_bias` is None
        when no bias model is in the set.
    p_effect, p_heterogeneity, p_bias : float
        Posterior probabilities.
    mu, tau : Summary
        Averaged over all models, with the models that fix the parameter at 0 counted as 0. Shortest limits are None:
        the averages have an atom.
    mu_conditional, tau_conditional : Summary
        Averaged over the models that include the parameter.
    p_mu_below_0 : float
        Averaged P(mu < 0); the models with mu = 0 add nothing to it.
    models : DataFrame
        One row per model: ``model, effect, heterogeneity, bias, prior, log_marginal, posterior, mu_mean, mu_median,
        mu_ci_low, mu_ci_high, tau_mean, tau_median, error, method``; where a model fixes a parameter at 0 its median
        and limits are NaN.
    error_bound : float
        Bound on the relative error of the marginal likelihoods of the models with non-negligible weight.
    """

    k: int
    level: float
    mu_prior: str
    tau_prior: str
    direction: str
    bias_set: str
    bf_effect: float
    bf_heterogeneity: float
    bf_bias: float | None
    p_effect: float
    p_heterogeneity: float
    p_bias: float
    mu: Summary
    tau: Summary
    mu_conditional: Summary
    tau_conditional: Summary
    p_mu_below_0: float
    models: pd.DataFrame
    error_bound: float
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Tidy table of the averaged quantities."""
        rows = []
        for name in ("mu", "tau", "mu_conditional", "tau_conditional"):
            s = getattr(self, name)
            rows.append(
                {
                    "quantity": name,
                    "mean": s.mean,
                    "sd": s.sd,
                    "median": s.median,
                    "ci_low": s.ci_low,
                    "ci_high": s.ci_high,
                }
            )
        return pd.DataFrame(rows).assign(
            k=self.k,
            level=self.level,
            bf_effect=self.bf_effect,
            bf_heterogeneity=self.bf_heterogeneity,
            bf_bias=self.bf_bias,
            error_bound=self.error_bound,
        )


def model_average(
    yi: ArrayLike,
    vi: ArrayLike,
    tau_prior: str | Prior = "invgamma:1,0.15",
    mu_prior: str | Prior = "normal:0,1",
    *,
    bias: str = "psma",
    direction: str = "positive",
    prior_effect: float = 0.5,
    prior_heterogeneity: float = 0.5,
    prior_bias: float = 0.5,
    pet_scale: float = 1.0,
    peese_scale: float = 5.0,
    level: float = 0.95,
) -> ModelAverage:
    """Average over effect x heterogeneity x publication bias.

    Parameters
    ----------
    yi, vi : array-like (k,)
        Effects and sampling variances. The default priors are for standardised mean differences.
    tau_prior, mu_prior : str or Prior
        Proper priors under the alternatives (mu: normal, t or vanzwet).
    bias : {"psma", "pet-peese", "weights", "none"}
        The set of bias models: six weight functions and PET and PEESE; the last two; the first six; none (four models).
    direction : {"positive", "negative"}
        The sign that a publishable result would have; one-sided weight functions, PET and PEESE depend on it.
    prior_effect, prior_heterogeneity, prior_bias : float
        Prior probabilities of the components.
    pet_scale, peese_scale : float
        Scales of the half-Cauchy priors of the slope on the standard error (no unit) and on the variance (1 / unit of
        yi).
    level : float

    Raises
    ------
    ValueError
        Unusable data, an improper prior, or an option that isn't known.

    Notes
    -----
    PET and PEESE take real small-study effects for bias where those exist; look at the models, not only the average.

    References
    ----------
    Bartoš F, Maier M, Wagenmakers EJ, Doucouliagos H, Stanley TD. Robust Bayesian meta-analysis: model-averaging across
    complementary publication bias adjustment methods. Res Synth Methods 2023;14:99-116.
    """
    y, v, single = checks.read_data(yi, vi)
    checks.check_level(level)
    setting = _setting(y, v, single, tau_prior, mu_prior, bias, direction)
    chances = _chances(prior_effect, prior_heterogeneity, prior_bias)
    rows, fits = _run(setting, bias, *chances, pet_scale, peese_scale)
    return _average(rows, fits, setting, bias, direction, chances, level)


def _setting(
    y: Array, v: Array, single: bool, tau_prior: str | Prior, mu_prior: str | Prior, bias: str, direction: str
) -> Setting:
    if not single:
        raise ValueError("model_average takes one data set of shape (k,)")
    if bias not in BIAS_SETS:
        raise ValueError(f"bias is {bias!r}; allowed: {', '.join(BIAS_SETS)}")
    if direction not in ("positive", "negative"):
        raise ValueError(f"direction is {direction!r}; allowed: positive, negative")
    tau, mu = priors.parse(tau_prior, "tau"), priors.parse(mu_prior, "mu")
    if not (tau.proper and mu.proper):
        raise priors.PriorError("model averaging compares marginal likelihoods and needs proper priors of mu and tau")
    if mu.kind == "spikeslab":
        raise priors.PriorError("model averaging already has models with mu = 0: give the slab alone, e.g. normal:0,1")
    present = np.isfinite(y[0])
    if not present.any():
        raise ValueError("no study has data: there is nothing to average over")
    sign = 1.0 if direction == "positive" else -1.0
    return Setting(sign * y[0][present], v[0][present], _mirror(mu) if sign < 0 else mu, tau)


def _mirror(mu: Prior) -> Prior:
    """The prior of -mu."""
    if mu.kind in ("normal", "t"):
        values = ",".join(repr(float(x)) for x in (-mu.parameters[0], *mu.parameters[1:]))
        return priors.parse(f"{mu.kind}:{values}", "mu")
    return mu


def _chances(effect: float, heterogeneity: float, bias: float) -> tuple[float, float, float]:
    named = {"prior_effect": effect, "prior_heterogeneity": heterogeneity, "prior_bias": bias}
    wrong = [f"{n} is {p}" for n, p in named.items() if not 0 < p < 1]
    if wrong:
        raise ValueError("; ".join(wrong) + "; prior probabilities must lie between 0 and 1")
    return effect, heterogeneity, bias


def _bias_models(
    setting: Setting, bias: str, pet_scale: float, peese_scale: float
) -> list[tuple[str, float, Callable]]:
    """Name, share of the prior of bias, and fitting function of each bias model."""
    models = []
    if bias in ("psma", "weights"):
        share = 1 / 12 if bias == "psma" else 1 / 6
        models += [(f.name, share, lambda e, h, f=f: fit_selection(setting, f, e, h)) for f in PSMA]
    if bias in ("psma", "pet-peese"):
        share = 1 / 4 if bias == "psma" else 1 / 2
        for name, x, scale in (("PET", np.sqrt(setting.v), pet_scale), ("PEESE", setting.v, peese_scale)):
            models.append((name, share, lambda e, h, x=x, s=scale: fit_regression(setting, x, s, e, h)))
    return models


def _run(
    setting: Setting,
    bias: str,
    p_effect: float,
    p_tau: float,
    p_bias: float,
    pet_scale: float,
    peese_scale: float,
) -> tuple[list[dict], list[ModelFit]]:
    p_none = 1.0 if bias == "none" else 1 - p_bias
    choices = [("none", p_none, lambda e, h: fit_plain(setting, e, h))]
    choices += [(n, p_bias * share, f) for n, share, f in _bias_models(setting, bias, pet_scale, peese_scale)]
    rows, fits = [], []
    for name, share, function in choices:
        for effect in (False, True):
            for heterogeneity in (False, True):
                fit = function(effect, heterogeneity)
                prior = share * (p_effect if effect else 1 - p_effect) * (p_tau if heterogeneity else 1 - p_tau)
                rows.append(
                    {
                        "model": len(rows) + 1,
                        "effect": effect,
                        "heterogeneity": heterogeneity,
                        "bias": name,
                        "prior": prior,
                        "log_marginal": fit.log_marginal,
                    }
                )
                fits.append(fit)
    return rows, fits


def _average(
    rows: list[dict],
    fits: list[ModelFit],
    setting: Setting,
    bias: str,
    direction: str,
    chances: tuple,
    level: float,
) -> ModelAverage:
    sign = 1.0 if direction == "positive" else -1.0
    table = pd.DataFrame(rows)
    log_joint = np.log(table["prior"]) + table["log_marginal"]
    p = np.exp((log_joint - log_joint.max()).to_numpy())
    p /= p.sum()
    table["posterior"] = p
    table["mu_mean"] = [sign * f.mu_moments[0] + 0.0 for f in fits]
    tails = np.array([0.5, (1 - level) / 2, (1 + level) / 2])
    table["mu_median"], table["mu_ci_low"], table["mu_ci_high"] = _of_models(fits, "mu", tails, sign)
    table["tau_mean"] = [f.tau_moments[0] for f in fits]
    table["tau_median"] = _of_models(fits, "tau", tails[:1], 1.0)[0]
    table["error"] = [f.error for f in fits]
    table["method"] = [f.method for f in fits]
    effect, tau_in = table["effect"].to_numpy(), table["heterogeneity"].to_numpy()
    biased = (table["bias"] != "none").to_numpy()

    def summary(which: str, use: Array) -> Summary:
        weight = np.where(use, p, 0.0)
        highest = 2 if which == "mu" else _tau_moments(setting)
        return _summary(fits, weight / weight.sum(), which, level, sign if which == "mu" else 1.0, highest)

    everything = np.ones(len(p), dtype=bool)
    return ModelAverage(
        k=len(setting.y),
        level=level,
        mu_prior=setting.mu_prior.text if sign > 0 else _mirror(setting.mu_prior).text,
        tau_prior=setting.tau_prior.text,
        direction=direction,
        bias_set=bias,
        bf_effect=_inclusion(p, table["prior"], effect),
        bf_heterogeneity=_inclusion(p, table["prior"], tau_in),
        bf_bias=_inclusion(p, table["prior"], biased) if biased.any() else None,
        p_effect=float(p[effect].sum()),
        p_heterogeneity=float(p[tau_in].sum()),
        p_bias=float(p[biased].sum()),
        mu=summary("mu", everything),
        tau=summary("tau", everything),
        mu_conditional=summary("mu", effect),
        tau_conditional=summary("tau", tau_in),
        p_mu_below_0=_below_zero(fits, p, sign),
        models=table,
        error_bound=float(np.max(table["error"].to_numpy()[p > 1e-6])),
        method=METHOD,
    )


def _of_models(fits: list[ModelFit], which: str, p: Array, sign: float) -> Array:
    """Quantiles of mu or tau in each model, (q, models); NaN where the model fixes it at 0.

    For `sign` -1 the probabilities are those of -mu: of a median and two limits the limits change places.
    """
    found = np.full((len(p), len(fits)), np.nan)
    for i, fit in enumerate(fits):
        cdf, moments = (fit.mu_cdf, fit.mu_moments) if which == "mu" else (fit.tau_cdf, fit.tau_moments)
        if cdf is not None:
            q = sign * _quantiles(cdf, p, *_centre_and_spread(*moments))
            found[:, i] = q if sign > 0 else q[[0, 2, 1]]
    return found


def _centre_and_spread(mean: float, second: float) -> tuple[float, float]:
    """Where a search for quantiles starts; moments may be infinite."""
    if not np.isfinite(mean):
        return 0.0, 1.0
    spread = float(np.sqrt(max(second - mean**2, 0.0))) if np.isfinite(second) else 1.0
    return mean, max(spread, 1e-12)


def _below_zero(fits: list[ModelFit], p: Array, sign: float) -> float:
    """P(mu < 0) on the scale of the data; the distribution functions are those of the aligned effect."""
    zero = np.zeros(1)
    lower = sum(w * float(f.mu_cdf(zero)[0]) for w, f in zip(p, fits, strict=True) if f.mu_cdf is not None)
    included = sum(w for w, f in zip(p, fits, strict=True) if f.mu_cdf is not None)
    return float(lower if sign > 0 else included - lower)


def _inclusion(posterior: Array, prior: pd.Series, included: Array) -> float:
    prior = prior.to_numpy()
    return float(
        (posterior[included].sum() / posterior[~included].sum()) / (prior[included].sum() / prior[~included].sum())
    )


def _tau_moments(setting: Setting) -> int:
    """How many moments of tau exist (0, 1 or 2): its posterior falls as the prior times tau**-k."""
    tail = np.inf if np.isfinite(setting.tau_prior.upper) else setting.tau_prior.tail
    margin = tail + len(setting.y) - 1.0
    slow = 1e-9 if setting.tau_prior.kind == "logt2" else -1e-9  # 1/tau times a power of ln(tau) still converges
    return sum(margin - order + slow > 0 for order in (1, 2))


def _summary(fits: list[ModelFit], weight: Array, which: str, level: float, sign: float, highest: int) -> Summary:
    """Mean, sd and central quantiles of a mixture of models; models without the parameter put their weight on 0.

    Of the first two moments only the first `highest` exist; the others are infinite.
    """
    moments = np.array([f.mu_moments if which == "mu" else f.tau_moments for f in fits])
    used = weight > 1e-12
    mean, second = (float(np.sum(weight[used] * moments[used, i])) for i in (0, 1))
    mean, second = mean if highest >= 1 else np.inf, second if highest >= 2 else np.inf
    curves = [(w, f.mu_cdf if which == "mu" else f.tau_cdf) for w, f in zip(weight, fits, strict=True) if w > 1e-12]

    def cdf(x: Array) -> Array:
        return sum(w * (c(x) if c is not None else (x >= 0).astype(float)) for w, c in curves)

    tails = np.array([(1 - level) / 2, 0.5, (1 + level) / 2])
    spread = float(np.sqrt(max(second - mean**2, 0.0))) if np.isfinite(second) else 1.0
    q = np.sort(sign * _quantiles(cdf, tails, *_centre_and_spread(mean, second))) + 0.0
    return Summary(
        sign * mean,
        spread if np.isfinite(second) else np.inf,
        float(q[1]),
        float(q[0]),
        float(q[2]),
        None,
        None,
    )


def _quantiles(cdf: Callable[[Array], Array], p: Array, centre: float, scale: float) -> Array:
    """Quantiles by Chandrupatla's method, with 0 tried first: an atom there is a likely answer."""
    at_zero, below = float(cdf(np.zeros(1))[0]), float(cdf(np.full(1, -1e-12 * scale))[0])
    low, high = np.full(len(p), centre - 8 * scale), np.full(len(p), centre + 8 * scale)
    for _ in range(60):
        short, long = cdf(low) >= p, cdf(high) < p
        if not (short.any() or long.any()):
            break
        low, high = (
            np.where(short, centre - 2 * (centre - low), low),
            np.where(long, centre + 2 * (high - centre), high),
        )
    # Beside the atom the function is continuous: no bracket may reach across it.
    low = np.where((p > at_zero) & (low < 0), 0.0, low)
    high = np.where((p <= below) & (high > 0), 0.0, high)
    tiny = 1e-10 * scale

    def gap(x: Array, wanted: Array) -> Array:
        return cdf(np.where(x == 0, np.where(wanted > at_zero, tiny, -tiny), x)) - wanted

    ends = {"xatol": tiny, "xrtol": 1e-11, "fatol": 1e-11, "frtol": 0.0}
    found = find_root(gap, (low, high), args=(p,), tolerances=ends)
    return np.where((below < p) & (p <= at_zero), 0.0, found.x)
