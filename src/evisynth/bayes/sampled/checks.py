"""Checks of a sampled model against its data: predictions from prior and posterior, and leave-one-study-out."""

import numpy as np
import pandas as pd

from evisynth.bayes.sampled.models import Arrays, SampledModel
from evisynth.bayes.sampled.problems import hashed_seed
from evisynth.bayes.sampled.results import SampledFit

# Above it the importance weights are too uneven to trust (Vehtari et al. 2024, J Mach Learn Res 25:72).
PARETO_K_MAX = 0.7


def prior_predictive(model: SampledModel, problem, count: int = 4000, seed: int = 0) -> Arrays:
    """Draw parameters from their priors, and data from them.

    Parameters
    ----------
    model : SampledModel
    problem : NormalProblem, BinomialProblem, ...
        With proper priors; its own data matter only for the size of its studies.
    count : int
        Number of draws.
    seed : int
        Base seed.

    Returns
    -------
    dict of str to numpy.ndarray
        Parameters and data by name, the first axis over draws.

    Raises
    ------
    PriorError
        If a prior is improper.
    """
    rng = np.random.default_rng(hashed_seed(seed, model.name, problem.id, "prior predictive"))
    parameters = model.prior_draws(problem, count, rng)
    return parameters | model.replicate(problem, parameters, rng)


def posterior_predictive(fit: SampledFit, seed: int = 0) -> tuple[pd.DataFrame, Arrays]:
    """Compare each study with what the model expects of a new study of its size.

    Parameters
    ----------
    fit : SampledFit
    seed : int
        Base seed.

    Returns
    -------
    table : pandas.DataFrame
        ``study, field, observed, median, pi_low, pi_high, p_below``: central interval at the problem's level, and the
        probability of a smaller value, half of it at ties. Under the model p_below is close to uniform (a little too
        near 0.5, since every study has helped to estimate mu and tau).
    replicates : dict of str to numpy.ndarray
        The new data, axes chain, draw and study.

    Notes
    -----
    The studies' effects are drawn anew from N(mu, tau^2); drawn from their own posteriors, they would follow each
    study's data and no study could stand out (Marshall & Spiegelhalter 2003, Stat Med 22:1649).
    """
    rng = np.random.default_rng(hashed_seed(seed, fit.model, fit.id, "posterior predictive"))
    parameters = {str(name): values.values for name, values in fit.posterior.data_vars.items()}
    parameters["theta"] = fit.definition.new_effects(fit.problem, parameters, rng)
    replicates = fit.definition.replicate(fit.problem, parameters, rng)
    tail = (1 - fit.problem.level) / 2
    rows = []
    for field, values in replicates.items():
        observed = np.array(getattr(fit.problem, field))
        low, median, high = np.quantile(values, [tail, 0.5, 1 - tail], axis=(0, 1))
        below = (values < observed).mean(axis=(0, 1)) + 0.5 * (values == observed).mean(axis=(0, 1))
        for i, study in enumerate(fit.problem.studies):
            rows.append((study, field, observed[i], median[i], low[i], high[i], below[i]))
    columns = ["study", "field", "observed", "median", "pi_low", "pi_high", "p_below"]
    return pd.DataFrame(rows, columns=columns), replicates


def loo(fit: SampledFit) -> pd.DataFrame:
    """Estimate how well every study is predicted by the others, by Pareto-smoothed importance sampling.

    Parameters
    ----------
    fit : SampledFit

    Returns
    -------
    pandas.DataFrame
        ``study, elpd, p_loo, pareto_k, reliable``: the log predictive density of the study when it is left out, how
        much that falls short of the density with it, the shape of the weights' tail, and whether it is at most 0.7.

    References
    ----------
    Vehtari, Gelman & Gabry 2017, Statistics and Computing 27:1413.
    """
    from arviz_stats.base import array_stats

    log_likelihood = fit.log_likelihood().values
    flat = log_likelihood.reshape(-1, log_likelihood.shape[-1])
    rows = []
    for study, values in zip(fit.problem.studies, flat.T, strict=True):
        # It takes log likelihoods and turns their sign itself.
        log_weights, pareto_k = array_stats.psislw(values)
        elpd = np.logaddexp.reduce(log_weights + values)
        with_it = np.logaddexp.reduce(values) - np.log(len(values))
        rows.append((study, elpd, with_it - elpd, float(pareto_k), bool(pareto_k <= PARETO_K_MAX)))
    return pd.DataFrame(rows, columns=["study", "elpd", "p_loo", "pareto_k", "reliable"])
