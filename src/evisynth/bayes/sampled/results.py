"""What a sampled fit says: posterior, summaries, and a file that is the same on every run."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from evisynth.bayes.sampled.diagnostics import Diagnostics
from evisynth.bayes.sampled.models import SampledModel


class SamplingFailedError(RuntimeError):
    """Numbers were asked for that did not pass the gate."""


@dataclass(frozen=True)
class Attempt:
    """One run of the chains.

    Attributes
    ----------
    draws, tune : int
        Kept and tuning iterations of each chain.
    target_accept : float
        Acceptance rate that the step size was tuned to.
    passed : bool
        Whether every threshold was met.
    failed : tuple of str
        The thresholds that were missed.
    seconds : float
        Wall-clock time.
    """

    draws: int
    tune: int
    target_accept: float
    passed: bool
    failed: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, eq=False)
class SampledFit:
    """The posterior of one problem under one model.

    Attributes
    ----------
    id, model : str
        The problem's id and the model's name.
    problem : NormalProblem, BinomialProblem, ...
        What was asked, with its priors parsed.
    posterior : xarray.Dataset
        Dims chain, draw and study: mu, tau, theta, theta_next, and a baseline for counts.
    sample_stats : xarray.Dataset
        The sampler's statistics, dims chain and draw.
    diagnostics : Diagnostics or None
        R-hat, effective sample sizes, Monte Carlo errors, divergences, E-BFMI; None for a fit that was read back.
    passed : bool
        Whether the last attempt met every threshold.
    failed : tuple of str
        What it missed.
    attempts : tuple of Attempt
        One, or two if the first missed a threshold.
    seconds, compile_seconds : float
        Wall-clock time of the attempts; of compiling the model (shared by all fits of its size).
    """

    id: str
    model: str
    problem: object
    posterior: "xr.Dataset"  # noqa: F821 - xarray is imported late
    sample_stats: "xr.Dataset"  # noqa: F821
    diagnostics: Diagnostics | None
    passed: bool
    failed: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    seconds: float
    compile_seconds: float
    definition: SampledModel = field(repr=False)

    def draws(self, parameter: str, study: str = "") -> np.ndarray:
        """Return the draws of one parameter; shape (chain, draw).

        Parameters
        ----------
        parameter : str
            A variable of the posterior, ``tau2``, or ``predictive`` (the next study's effect).
        study : str
            Name of the study, for a parameter that has one per study.

        Raises
        ------
        KeyError
            If there is no such parameter or study.
        """
        name = {"predictive": "theta_next", "tau2": "tau"}.get(parameter, parameter)
        if name not in self.posterior:
            raise KeyError(
                f"{self.model} has no parameter {parameter!r}; it has {', '.join(map(str, self.posterior))}."
            )
        values = self.posterior[name]
        if study:
            values = values.sel({self.definition.dims(name, values.values)[-1]: study})
        return values.values**2 if parameter == "tau2" else values.values

    def summary(self, even_if_failed: bool = False) -> pd.DataFrame:
        """Summarise mu, tau, tau2, the next study's effect, and what the model has by study.

        Parameters
        ----------
        even_if_failed : bool
            Return the numbers of a fit that did not pass its gate.

        Returns
        -------
        pandas.DataFrame
            ``parameter, study, mean, sd, median, ci_low, ci_high, mcse_mean, mcse_median, note``: central intervals at
            the problem's level, on the analysis scale. Where a moment does not exist mean and sd are blank, and the
            note says so.

        Raises
        ------
        SamplingFailedError
            If the fit did not pass its gate.
        """
        self._require_passed(even_if_failed)
        rows = [self._row(name, "") for name in self._scalars()]
        for name, values in self.posterior.data_vars.items():
            if values.ndim == 3:
                labels = self.posterior[self.definition.dims(name, values.values)[-1]].values
                rows += [self._row(str(name), str(label)) for label in labels]
        return pd.DataFrame(rows)

    def studies(self, even_if_failed: bool = False) -> pd.DataFrame:
        """Show how far each study is drawn towards mu.

        Parameters
        ----------
        even_if_failed : bool
            Return the numbers of a fit that did not pass its gate.

        Returns
        -------
        pandas.DataFrame
            ``study, yi, vi, mean, sd, median, ci_low, ci_high, shrinkage``: the study's own estimate, its effect's
            posterior, and the posterior mean of v / (v + tau^2), the weight of mu in the effect, in 0 to 1. For counts
            yi and vi are the estimates with half an event added to each cell, which the model itself does not use.
        """
        self._require_passed(even_if_failed)
        yi, vi = self.definition.approximation(self.problem)
        tau2 = self.draws(self.definition.study_tau)[..., None] ** 2
        table = self.summary(even_if_failed)
        table = table[table["parameter"] == "theta"].reset_index(drop=True)
        columns = ["study", "mean", "sd", "median", "ci_low", "ci_high"]
        table = table[columns].assign(yi=yi, vi=vi, shrinkage=(vi / (vi + tau2)).mean(axis=(0, 1)))
        return table[["study", "yi", "vi", *columns[1:], "shrinkage"]]

    def p_below(self, threshold: float, parameter: str = "mu", study: str = "", even_if_failed: bool = False) -> float:
        """Return the posterior probability that a parameter lies below a threshold.

        Parameters
        ----------
        threshold : float
            On the analysis scale.
        parameter, study : str
            As in `draws`.
        even_if_failed : bool
            Return the number of a fit that did not pass its gate.
        """
        self._require_passed(even_if_failed)
        return float((self.draws(parameter, study) < threshold).mean())

    def log_likelihood(self) -> "xr.DataArray":  # noqa: F821
        """Return each study's log likelihood given the hyperparameters, its own effect integrated out."""
        return self._log_likelihood

    @cached_property
    def _log_likelihood(self) -> "xr.DataArray":  # noqa: F821
        arrays = {str(name): values.values for name, values in self.posterior.data_vars.items()}
        values = self.definition.log_likelihood(self.problem, arrays)
        return self.posterior["theta"].copy(data=values).rename("log_likelihood")

    def log_prior(self) -> "xr.Dataset":  # noqa: F821
        """Return the log prior densities of the hyperparameters at every draw."""
        import xarray as xr

        arrays = {str(name): values.values for name, values in self.posterior.data_vars.items()}
        priors = self.definition.log_prior(self.problem, arrays)
        return xr.Dataset({name: self.posterior[name].copy(data=values) for name, values in priors.items()})

    def to_datatree(self, log_likelihood: bool = False, log_prior: bool = False):
        """Return the fit as an xarray DataTree in ArviZ's layout.

        Parameters
        ----------
        log_likelihood, log_prior : bool
            Add these groups.

        Returns
        -------
        xarray.DataTree
            Groups posterior, sample_stats, observed_data, and those asked for. Attributes hold nothing that changes
            from run to run.
        """
        import xarray as xr

        labels = {"study": self.posterior["study"]} if "study" in self.posterior.coords else {}
        observed = {name: (("study",), values) for name, values in self.definition.observed(self.problem).items()}
        groups = {
            "posterior": self.posterior,
            "sample_stats": self.sample_stats,
            "observed_data": xr.Dataset(observed, coords=labels),
        }
        if log_likelihood:
            groups["log_likelihood"] = self.log_likelihood().rename("y").to_dataset()
        if log_prior:
            groups["log_prior"] = self.log_prior()
        last = self.attempts[-1]
        tree = xr.DataTree.from_dict(groups)
        tree.attrs = {
            "id": self.id,
            "model": self.model,
            "level": self.problem.level,
            "attempts": len(self.attempts),
            "target_accept": last.target_accept,
            "tune": last.tune,
            "passed": int(self.passed),
            "failed": "\n".join(self.failed),
        } | {name: prior.text for name, prior in vars(self.problem).items() if name.endswith("_prior")}
        return tree

    def _require_passed(self, even_if_failed: bool) -> None:
        if not (self.passed or even_if_failed):
            raise SamplingFailedError(f"{self.id}: {self.model} did not pass its checks. " + " ".join(self.failed))

    def _scalars(self) -> list[str]:
        names = [str(name) for name, values in self.posterior.data_vars.items() if values.ndim == 2]
        order = [name for name in ("mu", "tau") if name in names] + (["tau2"] if "tau" in names else [])
        renamed = ["predictive" if name == "theta_next" else name for name in names]
        return order + [name for name in renamed if name not in order]

    def _row(self, parameter: str, study: str) -> dict[str, object]:
        from arviz_stats.base import array_stats

        values = self.draws(parameter, study)
        tail = (1 - self.problem.level) / 2
        low, median, high = np.quantile(values, [tail, 0.5, 1 - tail])
        moments = self.definition.finite_moments(self.problem, parameter, study)
        note = {0: "the mean does not exist", 1: "the standard deviation does not exist"}.get(min(moments, 2), "")
        return {
            "parameter": parameter,
            "study": study,
            "mean": values.mean() if moments >= 1 else np.nan,
            "sd": values.std(ddof=1) if moments >= 2 else np.nan,
            "median": median,
            "ci_low": low,
            "ci_high": high,
            "mcse_mean": float(array_stats.mcse(values)) if moments >= 2 else np.nan,
            "mcse_median": float(array_stats.mcse(values, method="median")),
            "note": note,
        }


def write_posterior(fit: SampledFit, path: str | Path, log_likelihood: bool = False, log_prior: bool = False) -> None:
    """Write a fit as netCDF 4; the same fit gives the same bytes.

    Parameters
    ----------
    fit : SampledFit
    path : str or Path
        File to write.
    log_likelihood, log_prior : bool
        Add these groups.
    """
    tree = fit.to_datatree(log_likelihood, log_prior)
    tree.to_netcdf(path, engine="h5netcdf")


def read_posterior(path: str | Path):
    """Read what `write_posterior` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    xarray.DataTree
        Loaded into memory.
    """
    import xarray as xr

    with xr.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def restore_fit(path: str | Path, definition: SampledModel, problem) -> SampledFit:
    """Read a fit back from what `write_posterior` wrote, for checks that need no new draws.

    Parameters
    ----------
    path : str or Path
        The netCDF file.
    definition : SampledModel
        The model that was fitted.
    problem : NormalProblem, BinomialProblem, ...
        What was asked.

    Returns
    -------
    SampledFit
        Without diagnostics and times; of its attempts only the last is known.

    Raises
    ------
    ValueError
        If the file is of another model or problem.
    """
    tree = read_posterior(path)
    asked = {name: prior.text for name, prior in vars(problem).items() if name.endswith("_prior")}
    asked |= {"id": problem.id, "model": definition.name}
    other = [
        f"{name} {tree.attrs.get(name)!r}, not {value!r}"
        for name, value in asked.items()
        if tree.attrs.get(name) != value
    ]
    if list(tree["posterior"]["study"].values) != list(problem.studies):
        other.append("other studies")
    if other:
        raise ValueError(f"{Path(path).name} is not the fit of {problem.id}: {'; '.join(other)}")
    posterior, stats = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
    passed, failed = bool(tree.attrs["passed"]), tuple(filter(None, str(tree.attrs["failed"]).split("\n")))
    run = (posterior.sizes["draw"], int(tree.attrs["tune"]), float(tree.attrs["target_accept"]))
    return SampledFit(
        id=problem.id,
        model=definition.name,
        problem=problem,
        posterior=posterior,
        sample_stats=stats,
        diagnostics=None,
        passed=passed,
        failed=failed,
        attempts=(Attempt(*run, passed, failed, 0.0),),
        seconds=0.0,
        compile_seconds=0.0,
        definition=definition,
    )
