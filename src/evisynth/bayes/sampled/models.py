"""What every sampled model has to be able to do, and how it is compiled once for all its problems."""

import threading
import time
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

Arrays = dict[str, np.ndarray]
# Sizes that models whose dimension grows with the number of studies are compiled for.
SIZES = (24, 96, 400)


class SampledModel(ABC):
    """A posterior as a density over unbounded coordinates, and its translation into the model's own terms.

    Attributes
    ----------
    name : str
        What the model is called in results; part of every seed.
    program : str
        Name of the compiled program, where several models share one.
    study_tau : str
        The standard deviation that the studies' effects have around what they are drawn to.
    inputs : dict of str to int or None
        The arrays that the density reads and their lengths, None for one value per study.
    coordinates : dict of str to int or None
        The coordinates that the chains move in and their lengths, None for one per study.
    """

    name: ClassVar[str]
    program: ClassVar[str] = ""
    study_tau: ClassVar[str] = "tau"
    inputs: ClassVar[dict[str, int | None]]
    coordinates: ClassVar[dict[str, int | None]]

    @abstractmethod
    def data(self, problem, size: int) -> Arrays:
        """Return what the density reads, padded to `size` studies."""

    @abstractmethod
    def log_density(self, xp, point: dict[str, Any], given: dict[str, Any]):
        """Return the log density of the coordinates, up to a constant."""

    @abstractmethod
    def translate(self, problem, draws: Arrays, rng: np.random.Generator) -> Arrays:
        """Return the posterior in the model's own terms; axes chain, draw and, where there is one, study."""

    @abstractmethod
    def observed(self, problem) -> Arrays:
        """Return the data by study, as they are kept beside the posterior."""

    @abstractmethod
    def approximation(self, problem) -> tuple[np.ndarray, np.ndarray]:
        """Return the studies' own estimates and variances on the scale of theta."""

    @abstractmethod
    def log_prior(self, problem, posterior: Arrays) -> Arrays:
        """Return the log prior density of every hyperparameter at every draw."""

    @abstractmethod
    def log_likelihood(self, problem, posterior: Arrays) -> np.ndarray:
        """Return each study's log likelihood given the hyperparameters; shape (chain, draw, study)."""

    @abstractmethod
    def replicate(self, problem, parameters: Arrays, rng: np.random.Generator) -> Arrays:
        """Return new data for the same studies, by the names of the problem's fields, from drawn parameters."""

    def prior_draws(self, problem, count: int, rng: np.random.Generator) -> Arrays:
        """Return draws from the prior of everything that `replicate` needs; axes draw and, where there is one, study.

        Raises
        ------
        PriorError
            If a prior is improper.
        """
        k = len(problem.studies)
        mu, tau = problem.mu_prior.rvs(rng, count), problem.tau_prior.rvs(rng, count)
        draws = {"mu": mu, "tau": tau, "theta_next": mu + tau * rng.standard_normal(count)}
        draws["theta"] = mu[:, None] + tau[:, None] * rng.standard_normal((count, k))
        if hasattr(problem, "baseline_prior"):
            draws["baseline"] = problem.baseline_prior.rvs(rng, (count, k))
        return draws

    def new_effects(self, problem, posterior: Arrays, rng: np.random.Generator) -> np.ndarray:
        """Return effects of new studies in place of the problem's, one per draw and study."""
        shape = (*posterior["mu"].shape, len(problem.studies))
        return posterior["mu"][..., None] + posterior["tau"][..., None] * rng.standard_normal(shape)

    def informative(self, problem) -> np.ndarray:
        """Return which studies bound their effect on both sides whatever tau; shape (k,)."""
        return np.ones(len(problem.studies), dtype=bool)

    def finite_moments(self, problem, parameter: str, study: str = "") -> float:
        """Return how many moments a parameter's posterior has: 0, 1, ... or infinity.

        Parameters
        ----------
        problem : NormalProblem, BinomialProblem, ...
        parameter, study : str
            As in `SampledFit.draws`.

        Notes
        -----
        For large tau the likelihood of k studies, mu integrated out over a flat prior, falls as tau^-(k - 1), over a
        proper one as tau^-k; times a prior that falls as tau^-a, the m-th moment exists if m < a + k - 2 (or - 1).
        The log-t prior falls as 1/tau and a power of the logarithm more, which saves the boundary.
        """
        bounded = self.informative(problem)
        if parameter == "theta" and bounded[list(problem.studies).index(study)]:
            return np.inf
        if parameter == "baseline":
            return np.inf
        flat = problem.mu_prior.kind == "flat"
        if parameter == "mu" and not flat:
            return np.ceil(problem.mu_prior.tail - 1) - 1
        limit = problem.tau_prior.tail + bounded.sum() - 1 - flat
        moments = np.floor(limit) if problem.tau_prior.kind == "logt2" else np.ceil(limit) - 1
        return max(0.0, np.floor(moments / 2) if parameter == "tau2" else moments)

    def dims(self, name: str, values: np.ndarray) -> tuple[str, ...]:
        """Return the names of a posterior variable's axes."""
        del name
        return ("chain", "draw", "study")[: values.ndim]

    def labels(self, problem) -> Arrays:
        """Return the labels of the axes other than chain and draw."""
        return {"study": np.array(problem.studies, dtype=object)}

    def size(self, problem) -> int:
        """Return the number of studies that a problem is padded to, which never depends on other problems."""
        if None not in self.coordinates.values():
            return 0
        return next(size for size in SIZES if size >= len(problem.studies))

    def build(self, size: int):
        """Return the PyMC model for `size` studies, with placeholders for its data."""
        import pymc as pm
        import pytensor.tensor as pt

        with pm.Model() as model:
            packed = {name: pm.Data(name, values) for name, values in self.pack(None, size).items()}
            point = {name: pm.Flat(name, shape=length or size) for name, length in self.coordinates.items()}
            pm.Potential("log_density", pt.sum(self.log_density(pt, point, self.unpack(packed))))
        return model

    def pack(self, problem, size: int) -> Arrays:
        """Return a problem's data as two arrays, a matrix by study and a vector of everything else.

        Every array of its own costs the compiler half a second. Without a problem: placeholders of the right shape.
        """
        data = {} if problem is None else self.data(problem, size)
        given = {name: data.get(name, np.ones(length or size or 1)) for name, length in self.inputs.items()}
        for name, length in self.inputs.items():
            if length is not None and given[name].shape != (length,):
                raise ValueError(f"{self.name}: {name} has shape {given[name].shape}, declared is ({length},).")
        by_study = [given[name] for name, length in self.inputs.items() if length is None]
        other = [given[name] for name, length in self.inputs.items() if length is not None]
        return {"by_study": np.stack(by_study), "other": np.concatenate(other)}

    def unpack(self, packed: dict[str, Any]) -> dict[str, Any]:
        """Return the arrays that `pack` put together, by name."""
        given, row, start = {}, 0, 0
        for name, length in self.inputs.items():
            if length is None:
                given[name], row = packed["by_study"][row], row + 1
            else:
                given[name], start = packed["other"][start : start + length], start + length
        return given


_compiling = threading.Lock()
_programs: dict[tuple[str, int], tuple[Any, float]] = {}


def compiled(model: SampledModel, size: int):
    """Return a compiled model and the seconds its compilation took, from memory after the first time.

    Parameters
    ----------
    model : SampledModel
    size : int
        From `SampledModel.size`.

    Returns
    -------
    tuple
        nutpie's compiled model, and seconds (imports included).
    """
    key = (model.program or model.name, size)
    with _compiling:
        if key not in _programs:
            _programs[key] = _compile(model, size)
        return _programs[key]


def _compile(model: SampledModel, size: int):
    started = time.perf_counter()
    import nutpie
    import pytensor

    # Fast mathematics lets the compiler reorder sums, and it does so differently when functions come from the cache
    # on disk: the draws of a second run would differ from the first one's in their last bits, and then altogether.
    with pytensor.config.change_flags(numba__fastmath=False):
        # No deterministics are stored: `translate` computes them from the coordinates in NumPy.
        program = nutpie.compile_pymc_model(model.build(size), var_names=[])
    return program, time.perf_counter() - started
