"""Does the engine do what it says? Simulation-based calibration, and frequentist coverage of its intervals.

Both are batches of exact fits: thousands of draws cost a second or two.

References
----------
Talts S, Betancourt M, Simpson D, Vehtari A, Gelman A. Validating Bayesian inference algorithms with simulation-based
calibration. arXiv:1804.06788 (2018).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from evisynth.bayes import priors
from evisynth.bayes.exact import NormalNormalPosterior, normal_normal
from evisynth.bayes.families import Array
from evisynth.bayes.posterior import mixtures
from evisynth.bayes.priors import Prior, PriorError

QUANTITIES = ("mu", "tau", "next")
LEVELS = (0.5, 0.8, 0.95)


@dataclass(frozen=True)
class Calibration:
    """Simulation-based calibration.

    Attributes
    ----------
    n : int
        Number of draws from the prior.
    k : int
        Studies per data set.
    tau_prior, mu_prior : str
    pit : dict of str to array (n,)
        Posterior distribution function at the true value of mu, tau and a further study's effect: uniform if the
        engine is right. (With an exact posterior this is the rank statistic without its Monte Carlo noise.)
    error_bound : float
        Largest numerical error bound of the fits.
    """

    n: int
    k: int
    tau_prior: str
    mu_prior: str
    pit: dict[str, Array]
    error_bound: float

    def histogram(self, bins: int = 20) -> pd.DataFrame:
        """Counts per bin with the 99 % band of a uniform: ``quantity, bin, low, high, count, expected, band_*``."""
        low, high = stats.binom.ppf([0.005, 0.995], self.n, 1 / bins)
        edges = np.linspace(0, 1, bins + 1)
        rows = []
        for name, values in self.pit.items():
            for i, count in enumerate(np.histogram(values, edges)[0]):
                rows.append((name, i + 1, edges[i], edges[i + 1], int(count), self.n / bins, low, high))
        columns = ["quantity", "bin", "low", "high", "count", "expected", "band_low", "band_high"]
        return pd.DataFrame(rows, columns=columns)

    def to_frame(self, bins: int = 20) -> pd.DataFrame:
        """One row per quantity: tests of uniformity (chi-squared, Kolmogorov-Smirnov) and coverage of intervals."""
        rows = []
        for name, values in self.pit.items():
            counts = np.histogram(values, np.linspace(0, 1, bins + 1))[0]
            row = {
                "quantity": name,
                "n": self.n,
                "k": self.k,
                "tau_prior": self.tau_prior,
                "mu_prior": self.mu_prior,
                "chi2": float(((counts - self.n / bins) ** 2 / (self.n / bins)).sum()),
                "chi2_df": bins - 1,
                "chi2_p": float(stats.chisquare(counts).pvalue),
                "ks_p": float(stats.kstest(values, "uniform").pvalue),
            }
            for level in LEVELS:
                row[f"coverage_{round(100 * level)}"] = float(np.mean(np.abs(values - 0.5) <= level / 2))
            rows.append(row)
        return pd.DataFrame(rows)


def simulation_based_calibration(
    n: int = 5000,
    k: int = 6,
    tau_prior: str | Prior = "halfnormal:0.5",
    mu_prior: str | Prior = "normal:0,1",
    *,
    rng: np.random.Generator,
    vi: ArrayLike | None = None,
) -> Calibration:
    """Draw from the prior, simulate data, fit, and look where the truth falls in the posterior.

    Parameters
    ----------
    n : int
        Number of draws.
    k : int
        Studies per data set.
    tau_prior, mu_prior : str or Prior
        Proper priors; mu without an atom.
    rng : numpy.random.Generator
    vi : array-like (k,) or (n, k), optional
        Sampling variances; by default drawn uniformly on the log scale between 0.01 and 0.5 for each study.

    Raises
    ------
    PriorError
        For a prior one can't draw from, or an atom (its distribution function isn't continuous).
    """
    tau_chosen, mu_chosen = priors.parse(tau_prior, "tau"), priors.parse(mu_prior, "mu")
    if mu_chosen.atom is not None:
        raise PriorError("calibration needs a continuous prior of mu: spikeslab has an atom")
    tau, mu = tau_chosen.rvs(rng, n), mu_chosen.rvs(rng, n)
    v = np.exp(rng.uniform(np.log(0.01), np.log(0.5), (n, k))) if vi is None else np.broadcast_to(vi, (n, k))
    y = mu[:, None] + rng.normal(size=(n, k)) * np.sqrt(v + tau[:, None] ** 2)
    further = mu + tau * rng.normal(size=n)
    fit = normal_normal(y, v, tau_chosen, mu_chosen, shortest=False)
    truth = {"mu": mu, "tau": tau, "next": further}
    pit = {name: _pit(fit, name, value) for name, value in truth.items()}
    return Calibration(n, v.shape[1], tau_chosen.text, mu_chosen.text, pit, float(np.max(fit.error_bound)))


def _pit(fit: NormalNormalPosterior, name: str, value: Array) -> Array:
    """Posterior distribution function of each data set at its own value."""
    out = np.empty(len(value))
    for rows, problem, grid in fit._parts:
        here = value[rows][:, None]
        if name == "tau":
            out[rows] = grid.cdf(grid.t_of(here))[:, 0]
        else:
            mixture = mixtures(problem, grid)[0 if name == "mu" else 1]
            out[rows] = mixture.cdf(here - problem.origin[:, None])[:, 0]
    return out


def interval_coverage(
    k: Sequence[int] = tuple(range(2, 11)),
    tau: Sequence[float] = (0.0, 0.1, 0.3, 0.5),
    *,
    rng: np.random.Generator,
    n: int = 2000,
    mu: float = 0.0,
    vi_range: tuple[float, float] = (0.01, 0.5),
    tau_prior: str | Prior = "halfnormal:0.5",
    mu_prior: str | Prior = "flat",
    level: float = 0.95,
    others: dict[str, Callable[[Array, Array], tuple[Array, Array]]] | None = None,
) -> pd.DataFrame:
    """Frequentist coverage of the central posterior interval of mu, beside other intervals on the same data.

    Parameters
    ----------
    k : sequence of int
        Numbers of studies.
    tau : sequence of float
        True between-study standard deviations, in units of the effect.
    rng : numpy.random.Generator
    n : int
        Data sets per cell.
    mu : float
        True mean effect.
    vi_range : (float, float)
        Sampling variances are uniform on the log scale between these.
    tau_prior, mu_prior : str or Prior
    level : float
    others : dict of str to callable, optional
        Further intervals by name: each takes yi, vi of shape (n, k) and gives (low, high), e.g. Hartung-Knapp.

    Returns
    -------
    DataFrame
        ``interval, k, tau, n, level, coverage, mc_se, mean_width``: one row per interval and cell.
    """
    rows = []
    for count in k:
        for true_tau in tau:
            v = np.exp(rng.uniform(np.log(vi_range[0]), np.log(vi_range[1]), (n, count)))
            y = mu + rng.normal(size=(n, count)) * np.sqrt(v + true_tau**2)
            fit = normal_normal(y, v, tau_prior, mu_prior, level=level, shortest=False)
            name = f"posterior ({priors.parse(tau_prior, 'tau').text})"
            intervals = {name: (fit.mu.ci_low, fit.mu.ci_high)}
            intervals |= {label: function(y, v) for label, function in (others or {}).items()}
            for label, (low, high) in intervals.items():
                inside = float(np.mean((low <= mu) & (mu <= high)))
                width = float(np.mean(np.asarray(high) - np.asarray(low)))
                rows.append((label, count, true_tau, n, level, inside, np.sqrt(inside * (1 - inside) / n), width))
    return pd.DataFrame(rows, columns=["interval", "k", "tau", "n", "level", "coverage", "mc_se", "mean_width"])
