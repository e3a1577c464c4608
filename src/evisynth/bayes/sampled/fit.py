"""Run the chains of a model for each of its problems, look at them, and run them again once if need be."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evisynth.bayes.sampled.binomial import BinomialModel, PoissonModel
from evisynth.bayes.sampled.diagnostics import diagnose, gate
from evisynth.bayes.sampled.hierarchy import HierarchyModel, HierarchyProblem
from evisynth.bayes.sampled.log_binomial import LogBinomialModel, LogBinomialProblem
from evisynth.bayes.sampled.models import SampledModel, compiled
from evisynth.bayes.sampled.normal import NormalModel
from evisynth.bayes.sampled.problems import (
    BinomialProblem,
    NormalProblem,
    PoissonProblem,
    SamplerSettings,
    SamplingInputError,
    hashed_seed,
)
from evisynth.bayes.sampled.regression import RegressionModel, RegressionProblem
from evisynth.bayes.sampled.results import Attempt, SampledFit

NORMAL, BINOMIAL, POISSON, HIERARCHY = NormalModel(), BinomialModel(), PoissonModel(), HierarchyModel()
REGRESSION, LOG_BINOMIAL = RegressionModel(), LogBinomialModel()
KEPT_STATS = (
    "diverging",
    "energy",
    "logp",
    "n_steps",
    "maxdepth_reached",
    "step_size_bar",
    "mean_tree_accept",
)


def fit(model: SampledModel, problems: Sequence, settings: SamplerSettings | None = None) -> list[SampledFit]:
    """Sample a model's posterior for every problem.

    Parameters
    ----------
    model : SampledModel
        Compiled once for each padded size.
    problems : sequence
        The model's problems. No fit depends on which others are asked for.
    settings : SamplerSettings, optional
        How the chains are run.

    Returns
    -------
    list of SampledFit
        In the order of the problems; a fit that misses a threshold twice is there, marked as failed.

    Raises
    ------
    SamplingInputError
        If two problems have the same id.

    Notes
    -----
    The seed of a fit is a hash of the base seed, the model's name, the problem's id and the number of the attempt,
    so draws are the same in any batch, order or process and for any number of cores.
    """
    settings = settings or SamplerSettings()
    ids = [problem.id for problem in problems]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise SamplingInputError([f"Two problems have the same id: {', '.join(repeated)}."])
    return [_fit_one(model, problem, settings) for problem in problems]


def _fit_one(model: SampledModel, problem, settings: SamplerSettings) -> SampledFit:
    program, compile_seconds = compiled(model, model.size(problem))
    program = program.with_data(**model.pack(problem, model.size(problem)))
    attempts: list[Attempt] = []
    for number in (1, 2):
        started = time.perf_counter()
        posterior, stats = _run(model, problem, program, settings, number)
        diagnostics = diagnose(posterior, stats)
        passed, failed = gate(diagnostics, settings.thresholds)
        seconds = time.perf_counter() - started
        attempts.append(Attempt(settings.draws, settings.tune, settings.target_accept, passed, tuple(failed), seconds))
        if passed or number == 2:
            break
        settings = replace(
            settings,
            draws=settings.draws * settings.retry_factor,
            tune=settings.tune * settings.retry_factor,
            target_accept=settings.retry_target_accept,
        )
    return SampledFit(
        id=problem.id,
        model=model.name,
        problem=problem,
        definition=model,
        posterior=posterior,
        sample_stats=stats,
        diagnostics=diagnostics,
        passed=passed,
        failed=tuple(failed),
        attempts=tuple(attempts),
        seconds=sum(attempt.seconds for attempt in attempts),
        compile_seconds=compile_seconds,
    )


def _run(model: SampledModel, problem, program, settings: SamplerSettings, number: int):
    """Run the chains once; return the posterior and the sampler's statistics as datasets."""
    import nutpie
    import xarray as xr

    identity = (model.name, problem.id, f"attempt {number}")
    trace = nutpie.sample(
        program,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        seed=hashed_seed(settings.seed, *identity),
        target_accept=settings.target_accept,
        save_warmup=False,
        progress_bar=False,
    )
    draws = {name: trace["posterior"][name].values for name in model.coordinates}
    # The conditional draws have a stream of their own, so that they are not the sampler's numbers again.
    rng = np.random.default_rng(hashed_seed(settings.seed, *identity, "conditional draws"))
    arrays = model.translate(problem, draws, rng)
    shape = {"chain": np.arange(settings.chains), "draw": np.arange(settings.draws)}
    posterior = xr.Dataset(
        {name: (model.dims(name, values), values) for name, values in arrays.items()},
        coords=shape | model.labels(problem),
    )
    stats = xr.Dataset(
        {name: (("chain", "draw"), trace["sample_stats"][name].values) for name in KEPT_STATS}, coords=shape
    )
    return posterior, stats


def fit_normal(problems: Sequence[NormalProblem], settings: SamplerSettings | None = None) -> list[SampledFit]:
    """Sample the normal-normal model for every problem; see `fit`.

    Parameters
    ----------
    problems : sequence of NormalProblem
    settings : SamplerSettings, optional

    Returns
    -------
    list of SampledFit
        mu, tau, theta and theta_next on the scale of yi.
    """
    return fit(NORMAL, problems, settings)


def fit_binomial(problems: Sequence[BinomialProblem], settings: SamplerSettings | None = None) -> list[SampledFit]:
    """Sample the binomial-normal model for every problem; see `fit`.

    Parameters
    ----------
    problems : sequence of BinomialProblem
    settings : SamplerSettings, optional

    Returns
    -------
    list of SampledFit
        mu, tau, theta and theta_next as log odds ratios, baseline as logit risks.
    """
    return fit(BINOMIAL, problems, settings)


def fit_poisson(problems: Sequence[PoissonProblem], settings: SamplerSettings | None = None) -> list[SampledFit]:
    """Sample the Poisson-normal model for every problem; see `fit`.

    Parameters
    ----------
    problems : sequence of PoissonProblem
    settings : SamplerSettings, optional

    Returns
    -------
    list of SampledFit
        mu, tau, theta and theta_next as log rate ratios, baseline as log rates.
    """
    return fit(POISSON, problems, settings)


def fit_hierarchy(problems: Sequence[HierarchyProblem], settings: SamplerSettings | None = None) -> list[SampledFit]:
    """Sample the model of studies within conditions for every problem; see `fit`.

    Parameters
    ----------
    problems : sequence of HierarchyProblem
    settings : SamplerSettings, optional

    Returns
    -------
    list of SampledFit
        mu, tau (between conditions), tau_within, condition_mean, condition_next (the next condition's mean), theta,
        theta_next (the first study of the next condition), on the scale of yi.
    """
    return fit(HIERARCHY, problems, settings)


def fit_regression(problems: Sequence[RegressionProblem], settings: SamplerSettings | None = None) -> list[SampledFit]:
    """Sample the meta-regression of every problem; see `fit`.

    Parameters
    ----------
    problems : sequence of RegressionProblem
    settings : SamplerSettings, optional

    Returns
    -------
    list of SampledFit
        mu (where all covariates are 0), beta by covariate, tau, theta, theta_next (a study with all covariates 0).
    """
    return fit(REGRESSION, problems, settings)


def fit_log_binomial(
    problems: Sequence[LogBinomialProblem], settings: SamplerSettings | None = None
) -> list[SampledFit]:
    """Sample the binomial model with a log link for every problem; see `fit`.

    Parameters
    ----------
    problems : sequence of LogBinomialProblem
    settings : SamplerSettings, optional

    Returns
    -------
    list of SampledFit
        mu, tau, theta and theta_next as log risk ratios, risk_larger as the larger risk of every study.
    """
    return fit(LOG_BINOMIAL, problems, settings)
