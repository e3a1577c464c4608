"""The sampled models of a synthesis: the problem that a task asks, and a kept fit read back."""

from pathlib import Path
from typing import TYPE_CHECKING

from evisynth.synthesis.posterior import Task

if TYPE_CHECKING:
    from evisynth.bayes.sampled import BinomialProblem, HierarchyProblem, NormalProblem, SampledFit, SamplerSettings

    type Problem = NormalProblem | BinomialProblem | HierarchyProblem

# The fitting function of a method, and the model that it samples.
_SAMPLED = {
    "bayes_normal": ("fit_normal", "NORMAL"),
    "bayes_binomial": ("fit_binomial", "BINOMIAL"),
    "bayes_hierarchy": ("fit_hierarchy", "HIERARCHY"),
}


def problem_of(task: Task) -> "Problem":
    """Return what a sampled model is asked by a task.

    Parameters
    ----------
    task : Task
        With one of the sampled methods.

    Returns
    -------
    NormalProblem, BinomialProblem or HierarchyProblem
    """
    from evisynth.bayes.sampled import BinomialProblem, HierarchyProblem, NormalProblem

    effects = task.effects
    names = tuple(effects["study_id"])
    if task.method == "bayes_binomial":
        counts = (tuple(int(value) for value in effects[name]) for name in ("events_1", "n_1", "events_2", "n_2"))
        baseline = task.synthesis.baseline_prior.prior
        return BinomialProblem(task.name, names, *counts, task.tau_prior, task.mu_prior, baseline)
    if task.method == "bayes_hierarchy":
        groups = tuple(task.conditions[name] for name in names)
        # One prior serves both levels: nothing is known that would tell them apart.
        priors = (task.tau_prior, task.tau_prior, task.mu_prior)
        return HierarchyProblem(task.name, names, groups, tuple(effects["yi"]), tuple(effects["vi"]), *priors)
    return NormalProblem(task.name, names, tuple(effects["yi"]), tuple(effects["vi"]), task.tau_prior, task.mu_prior)


def settings_of(sampler: dict, cores: int) -> "SamplerSettings":
    """Return the sampler's settings from the configuration's.

    Parameters
    ----------
    sampler : dict
        The section ``sampler`` of the configuration.
    cores : int
        Chains run at the same time.

    Returns
    -------
    SamplerSettings
    """
    from evisynth.bayes.sampled import SamplerSettings, Thresholds

    gates = {
        name: sampler[name] for name in ("rhat_max", "ess_bulk_min", "ess_tail_min", "divergences_max", "ebfmi_min")
    }
    run_with = {name: sampler[name] for name in ("chains", "tune", "draws", "target_accept", "seed")}
    return SamplerSettings(**run_with, cores=cores, thresholds=Thresholds(**gates))


def fit_of(task: Task, problem: "Problem", settings: "SamplerSettings") -> "SampledFit":
    """Sample the model of a task.

    Parameters
    ----------
    task : Task
    problem : NormalProblem, BinomialProblem or HierarchyProblem
        From :func:`problem_of`.
    settings : SamplerSettings

    Returns
    -------
    SampledFit
    """
    from evisynth.bayes import sampled

    return getattr(sampled, _SAMPLED[task.method][0])([problem], settings)[0]


def kept_fit(task: Task, path: Path) -> "SampledFit":
    """Return the fit of a task as it was written, without sampling again.

    Parameters
    ----------
    task : Task
        With one of the sampled methods.
    path : pathlib.Path
        The netCDF file of its posterior.

    Returns
    -------
    SampledFit

    Raises
    ------
    ValueError
        If the file is of another task, or of other studies or priors.
    """
    from evisynth.bayes import sampled

    return sampled.restore_fit(path, getattr(sampled, _SAMPLED[task.method][1]), problem_of(task))
