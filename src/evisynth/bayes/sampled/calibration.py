"""Simulation-based calibration of a sampled model.

Parameters are drawn from the prior, data from the parameters, and the model is fitted to them. If the posterior is
right, the rank of every true parameter among its posterior draws is uniform (Talts, Betancourt, Simpson, Vehtari &
Gelman 2018, arXiv:1804.06788).
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from evisynth.bayes.sampled.fit import fit as fit_model
from evisynth.bayes.sampled.models import SampledModel
from evisynth.bayes.sampled.problems import SamplerSettings, hashed_seed

# 99 draws give ranks 0 to 99; thinned to them, the draws of a rank are close to independent.
RANKED_DRAWS = 99


@dataclass(frozen=True, eq=False)
class CalibrationResult:
    """Ranks of true parameters among their posterior draws.

    Attributes
    ----------
    model : str
        Name of the model.
    ranks : pandas.DataFrame
        ``simulation, parameter, study, rank``: rank from 0 to 99.
    failed : int
        Simulations whose fit did not pass its gate; they have no ranks.
    """

    model: str
    ranks: pd.DataFrame
    failed: int

    def to_frame(self, bins: int = 10) -> pd.DataFrame:
        """Summarise by parameter.

        Parameters
        ----------
        bins : int
            Bins of the rank histogram, a divisor of 100.

        Returns
        -------
        pandas.DataFrame
            ``parameter, simulations, chi2, p_value, coverage_50, coverage_90``: test of uniform ranks, and the shares
            of central 50 and 90 per cent intervals that hold the true value.
        """
        rows = []
        for parameter, table in self.ranks.groupby("parameter", sort=False):
            rank = table["rank"].to_numpy()
            test = stats.chisquare(np.histogram(rank, bins, (0, RANKED_DRAWS + 1))[0])
            inside = [np.mean((rank >= 50 - half) & (rank < 50 + half)) for half in (25, 45)]
            rows.append((parameter, len(rank), test.statistic, test.pvalue, *inside))
        columns = ["parameter", "simulations", "chi2", "p_value", "coverage_50", "coverage_90"]
        return pd.DataFrame(rows, columns=columns)


def calibrate(
    model: SampledModel, problem, simulations: int = 500, settings: SamplerSettings | None = None
) -> CalibrationResult:
    """Run simulation-based calibration.

    Parameters
    ----------
    model : SampledModel
    problem : NormalProblem, BinomialProblem, ...
        Sizes of the studies and proper priors; its outcomes are replaced by simulated ones.
    simulations : int
        Number of data sets.
    settings : SamplerSettings, optional
        4 chains of 250 draws if not given.

    Returns
    -------
    CalibrationResult
        Of mu, tau, the next study's effect, the first study's effect, and the model's other parameters.

    Raises
    ------
    PriorError
        If a prior is improper.
    """
    settings = settings or SamplerSettings(draws=250, tune=500)
    rng = np.random.default_rng(hashed_seed(settings.seed, model.name, problem.id, "calibration"))
    truths = model.prior_draws(problem, simulations, rng)
    data = model.replicate(problem, truths, rng)
    rows, failed = [], 0
    for i in range(simulations):
        simulated = {field: tuple(values[i].tolist()) for field, values in data.items()}
        (fitted,) = fit_model(model, [replace(problem, id=f"{problem.id} {i}", **simulated)], settings)
        if not fitted.passed:
            failed += 1
            continue
        for parameter, truth in truths.items():
            values, study = fitted.posterior[parameter].values, ""
            if values.ndim == 3:
                values, truth, study = values[..., 0], truth[:, 0], problem.studies[0]
            draws = values.ravel()[np.linspace(0, values.size - 1, RANKED_DRAWS).astype(int)]
            rows.append((i, parameter, study, int(np.sum(draws < truth[i]))))
    ranks = pd.DataFrame(rows, columns=["simulation", "parameter", "study", "rank"])
    return CalibrationResult(model.name, ranks, failed)
