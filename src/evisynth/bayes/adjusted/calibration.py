"""Calibration of the adjusted models: parameters from priors, data from the parameters, intervals from the data.

If a posterior is right, P(mu < truth | data) is uniform and a 90 per cent interval holds the truth nine times in ten
(Talts, Betancourt, Simpson, Vehtari & Gelman 2018, arXiv:1804.06788).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from evisynth.bayes import priors
from evisynth.bayes.adjusted.additive import BiasClass, additive_bias
from evisynth.bayes.adjusted.contamination import contaminated
from evisynth.bayes.adjusted.conversions import fit_conversions
from evisynth.bayes.adjusted.readings import PairedP, ParallelP
from evisynth.bayes.adjusted.student import student_t
from evisynth.effects._numbers import hedges_correction

LEVEL = 0.9
BINS = 10
# A fit and the true values, by parameter: (truth, low, high) and the probability below the truth where it is at hand.
Trial = dict[str, tuple[float, float, float, float]]

__all__ = ["TRIALS", "calibrate_adjusted"]


def _entry(truth: float, summary, below: float = np.nan) -> tuple[float, float, float, float]:
    return truth, summary.ci_low, summary.ci_high, below


def _additive(rng: np.random.Generator) -> Trial:
    """Two unbiased studies and three with a learned mean bias and spread."""
    mu, tau = rng.normal(0, 1), priors.parse("halfnormal:0.3").rvs(rng)
    kappa, bias = priors.parse("halfnormal:0.3").rvs(rng), rng.normal(-0.2, 0.3)
    classes = ["low"] * 2 + ["high"] * 3
    v = rng.uniform(0.02, 0.2, 5)
    high = np.array(classes) == "high"
    y = mu + tau * rng.normal(size=5) + high * (bias + kappa * rng.normal(size=5)) + np.sqrt(v) * rng.normal(size=5)
    assumed = [BiasClass("high", "normal:-0.2,0.3", "halfnormal:0.3")]
    fit = additive_bias(y, v, classes, assumed, "halfnormal:0.3", "normal:0,1", level=LEVEL)
    return {
        "mu": _entry(mu, fit.mu, fit.p_mu_below(mu)),
        "tau": _entry(tau, fit.tau),
        "bias_mean": _entry(bias, fit.quantities.means["high"]),
        "bias_spread": _entry(kappa, fit.quantities.spreads["high"]),
    }


def _contaminated(rng: np.random.Generator) -> Trial:
    """Six studies of which an unknown part is biased upwards; no class is known."""
    mu, tau, p = rng.normal(0, 1), priors.parse("halfnormal:0.3").rvs(rng), rng.beta(1, 3)
    size = rng.uniform(0, 3)
    v = rng.uniform(0.02, 0.1, 6)
    biased = rng.uniform(size=6) < p
    spread = np.where(biased, tau / np.sqrt(rng.beta(0.5, 1, 6)), tau)
    y = mu + biased * size + np.hypot(spread, np.sqrt(v)) * rng.normal(size=6)
    fit = contaminated(
        y, v, "halfnormal:0.3", "normal:0,1", bias_prior="uniform:0,3", p_prior=(1, 3), known=[""] * 6, level=LEVEL
    )
    return {
        "mu": _entry(mu, fit.mu, fit.p_mu_below(mu)),
        "tau": _entry(tau, fit.tau),
        "bias_mean": _entry(size, fit.bias),
    }


def _conversions(rng: np.random.Generator) -> Trial:
    """Two crossover trials that share an unknown correlation, two parallel trials; p in two digits or ``< 0.0001``.

    The p values are those of the model's own statistics, with the variance at the true effect.
    """
    mu, tau, r = rng.normal(0, 0.3), priors.parse("halfnormal:0.2").rvs(rng), rng.uniform(0.1, 0.9)
    theta = mu + tau * rng.normal(size=4)
    readings = []
    for i, n in enumerate((40, 60)):
        slope = np.sqrt(2 * (1 - r) / n)
        d = theta[i] + slope * np.sqrt(1 + theta[i] ** 2 / 2) * rng.normal()
        readings.append(PairedP(f"c{i}", *_print(d / slope, n - 1), n=n))
    for i, n in enumerate((40, 50)):
        slope = float(hedges_correction(2 * n - 2)) * np.sqrt(2 / n)
        g = theta[i + 2] + np.sqrt(2 / n + theta[i + 2] ** 2 / (4 * n)) * rng.normal()
        readings.append(ParallelP(f"p{i}", *_print(g / slope, 2 * n - 2), n_1=n, n_2=n))
    fit = fit_conversions(readings, {"r": "uniform:0.1,0.9"}, "halfnormal:0.2", "normal:0,0.3", level=LEVEL)
    row = fit.parameters.iloc[0]
    return {
        "mu": _entry(mu, fit.mu, fit.p_mu_below(mu)),
        "tau": _entry(tau, fit.tau),
        "r": (r, row["ci_low"], row["ci_high"], np.nan),
    }


def _print(t: float, df: float) -> tuple[str, int, str]:
    """The two-sided p of a t as it would be printed, two digits after the zeros; its sign and relation."""
    p, sign = 2 * float(stats.t.sf(abs(t), df)), 1 if t > 0 else -1
    if p < 1e-4:
        return "0.0001", sign, "<"
    decimals = max(2, 1 - int(np.floor(np.log10(p))))
    return f"{p:.{decimals}f}", sign, "="


def _student(rng: np.random.Generator) -> Trial:
    """Six studies with effects from a t distribution with 3 degrees of freedom."""
    mu, tau = rng.normal(0, 1), priors.parse("halfnormal:0.5").rvs(rng)
    v = rng.uniform(0.02, 0.2, 6)
    y = mu + tau * rng.standard_t(3, 6) + np.sqrt(v) * rng.normal(size=6)
    fit = student_t(y, v, 3, "halfnormal:0.5", "normal:0,1", level=LEVEL)
    return {"mu": _entry(mu, fit.mu, fit.p_mu_below(mu)), "tau": _entry(tau, fit.tau)}


TRIALS: dict[str, Callable[[np.random.Generator], Trial]] = {
    "additive bias": _additive,
    "biased and unbiased studies": _contaminated,
    "conversions": _conversions,
    "Student t": _student,
}


def calibrate_adjusted(model: str, simulations: int = 500, seed: int = 0) -> pd.DataFrame:
    """Run simulation-based calibration of one model, on a fixed design.

    Parameters
    ----------
    model : str
        A key of `TRIALS`.
    simulations : int
        Data sets.
    seed : int

    Returns
    -------
    DataFrame
        ``model, parameter, simulations, coverage_90, p_value``: the share of central 90 per cent intervals that hold
        the truth, and the p value of the test that P(mu < truth) is uniform (10 bins).
    """
    rng = np.random.default_rng(seed)
    results: dict[str, list] = {}
    for _ in range(simulations):
        for parameter, entry in TRIALS[model](rng).items():
            results.setdefault(parameter, []).append(entry)
    rows = []
    for parameter, entries in results.items():
        truth, low, high, below = np.array(entries).T
        p_value = np.nan
        if np.isfinite(below).all():
            p_value = stats.chisquare(np.histogram(below, BINS, (0, 1))[0]).pvalue
        rows.append((model, parameter, len(entries), np.mean((low < truth) & (truth < high)), p_value))
    return pd.DataFrame(rows, columns=["model", "parameter", "simulations", "coverage_90", "p_value"])
