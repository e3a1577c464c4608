"""Simulation-based calibration of every model beyond the exact normal-normal one, each on a fixed design.

Sampled models: parameters from the priors, data from the parameters, chains, and the rank of each true parameter among
99 draws (`sampled.calibration`). Models computed by quadrature: the posterior distribution function at the true mean
effect (`adjusted.calibration`).

References
----------
Talts S, Betancourt M, Simpson D, Vehtari A, Gelman A. Validating Bayesian inference algorithms with simulation-based
calibration. arXiv:1804.06788, 2018.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from evisynth.bayes.calibration import Calibration

_FOUR = ("a", "b", "c", "d")
_PEOPLE = {"n1i": (20, 40, 60, 100), "n2i": (22, 38, 64, 95)}
_TIMES = {"t1i": (20.0, 40.0, 60.0, 100.0), "t2i": (22.0, 38.0, 64.0, 95.0)}


def _normal():
    from evisynth.bayes.sampled import NORMAL, NormalProblem

    problem = NormalProblem("calibration", _FOUR, (0.0,) * 4, (0.02, 0.05, 0.1, 0.3), "halfnormal:0.5", "normal:0,1")
    return NORMAL, problem


def _binomial():
    from evisynth.bayes.sampled import BINOMIAL, BinomialProblem

    counts = {"ai": (5,) * 4, "ci": (5,) * 4, **_PEOPLE}
    priors = {"tau_prior": "halfnormal:0.5", "mu_prior": "normal:0,1", "baseline_prior": "normal:-1,1"}
    return BINOMIAL, BinomialProblem("calibration", _FOUR, **counts, **priors)


def _log_binomial():
    from evisynth.bayes.sampled import LOG_BINOMIAL, LogBinomialProblem

    counts = {"ai": (5,) * 4, "ci": (5,) * 4, **_PEOPLE}
    return LOG_BINOMIAL, LogBinomialProblem(
        "calibration", _FOUR, **counts, tau_prior="halfnormal:0.5", mu_prior="normal:0,1"
    )


def _poisson():
    from evisynth.bayes.sampled import POISSON, PoissonProblem

    counts = {"x1i": (5,) * 4, "x2i": (5,) * 4, **_TIMES}
    priors = {"tau_prior": "lognormal:-1,0.7", "mu_prior": "normal:0,1", "baseline_prior": "normal:-1.5,1"}
    return POISSON, PoissonProblem("calibration", _FOUR, **counts, **priors)


def _regression():
    from evisynth.bayes.sampled import REGRESSION, RegressionProblem

    studies, zeros, v = tuple("abcdef"), (0.0,) * 6, (0.02, 0.05, 0.1, 0.3, 0.05, 0.1)
    covariates = {"x": (-1.0, -0.6, -0.2, 0.2, 0.6, 1.0)}
    priors = ("halfnormal:0.5", "normal:0,1", "normal:0,1")
    return REGRESSION, RegressionProblem("calibration", studies, zeros, v, covariates, *priors)


def _hierarchy():
    from evisynth.bayes.sampled import HIERARCHY, HierarchyProblem

    studies, zeros, v = tuple("abcdef"), (0.0,) * 6, (0.02, 0.05, 0.1, 0.3, 0.05, 0.1)
    priors = ("halfnormal:0.5", "halfnormal:0.3", "normal:0,1")
    return HIERARCHY, HierarchyProblem("calibration", studies, ("x", "x", "y", "y", "z", "z"), zeros, v, *priors)


# The model with three levels is the hierarchy: studies within conditions, or within other clusters.
SAMPLED: dict[str, Callable] = {
    "normal": _normal,
    "binomial": _binomial,
    "log_binomial": _log_binomial,
    "poisson": _poisson,
    "regression": _regression,
    "hierarchy": _hierarchy,
}
QUADRATURE = {
    "additive_bias": "additive bias",
    "contaminated": "biased and unbiased studies",
    "conversions": "conversions",
    "student_t": "Student t",
}
MODELS = (*SAMPLED, *QUADRATURE)
COLUMNS = ("model", "quantity", "bin", "low", "high", "count", "expected", "band_low", "band_high")
TESTS = ("n", "failed", "chi2", "chi2_df", "chi2_p", "coverage_50", "coverage_80", "coverage_90")


def calibrate_model(model: str, simulations: int = 500, seed: int = 0, cores: int = 1) -> pd.DataFrame:
    """Calibrate one model.

    Parameters
    ----------
    model : str
        One of `MODELS`.
    simulations : int
        Data sets.
    seed : int
    cores : int
        Chains run at the same time; the ranks do not depend on it.

    Returns
    -------
    pandas.DataFrame
        ``model, quantity``, the histogram of 20 bins (``bin, low, high, count, expected``, the 99 % band of a uniform
        distribution), ``n`` data sets, ``failed`` fits that missed their gate and have no rank, the chi-squared test of
        uniform ranks, and the share of central 50, 80 and 90 % intervals that hold the truth.

    Raises
    ------
    ValueError
        If there is no such model.
    """
    if model not in MODELS:
        raise ValueError(f"no model {model!r} to calibrate; there are {', '.join(MODELS)}")
    made, failed = (_sampled if model in SAMPLED else _quadrature)(model, simulations, seed, cores)
    table = made.histogram().merge(made.to_frame(), on="quantity", validate="many_to_one")
    return with_coverage(table.assign(model=model, failed=failed))[[*COLUMNS, *TESTS]]


def with_coverage(histogram: pd.DataFrame) -> pd.DataFrame:
    """Add the share of central 50, 80 and 90 % intervals that hold the truth: those whose ends are ends of bins.

    A rank among 99 draws can tell no other interval: of its 100 places the central 96 lie within 95 %, ends included.

    Parameters
    ----------
    histogram : pandas.DataFrame
        ``quantity, low, high, count``, with bins of 0.05.
    """
    table = histogram.copy()
    middle = (table["low"] + table["high"]) / 2 - 0.5
    total = table.groupby("quantity")["count"].transform("sum")
    for level in (50, 80, 90):
        held = table["count"].where(middle.abs() < level / 200, 0).groupby(table["quantity"]).transform("sum")
        table[f"coverage_{level}"] = held / total
    return table


def _sampled(model: str, simulations: int, seed: int, cores: int) -> tuple[Calibration, int]:
    from evisynth.bayes.sampled import SamplerSettings, calibrate
    from evisynth.bayes.sampled.calibration import RANKED_DRAWS

    definition, problem = SAMPLED[model]()
    settings = SamplerSettings(draws=250, tune=500, seed=seed, cores=cores)
    found = calibrate(definition, replace(problem), simulations, settings)
    # The middle of a rank's place among 0 to 99: 20 bins hold five ranks each.
    pit = {
        parameter: (table["rank"].to_numpy() + 0.5) / (RANKED_DRAWS + 1)
        for parameter, table in found.ranks.groupby("parameter", sort=False)
    }
    size = len(problem.studies)
    priors = problem.tau_prior.text, problem.mu_prior.text
    return Calibration(simulations - found.failed, size, *priors, pit, np.nan), found.failed


def _quadrature(model: str, simulations: int, seed: int, cores: int) -> tuple[Calibration, int]:
    from evisynth.bayes.adjusted.calibration import TRIALS

    del cores
    rng = np.random.default_rng(seed)
    values = [TRIALS[QUADRATURE[model]](rng)["mu"][3] for _ in range(simulations)]
    return Calibration(simulations, 0, "", "", {"mu": np.array(values)}, np.nan), 0
