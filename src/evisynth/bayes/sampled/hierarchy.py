"""Studies within conditions: theta_ij ~ N(condition_c, tau_within^2), condition_c ~ N(mu, tau^2).

An exploratory model across conditions, and the same model as three levels (studies within clusters). The effects of
studies and conditions are integrated out, so the chains move in three dimensions; both are drawn afterwards from
their conditional normals. With w_i = 1 / (v_i + tau_within^2), W_c the sum of w over a condition's studies and
ybar_c their weighted mean,

    ybar_c | mu, tau, tau_within ~ N(mu, tau^2 + 1 / W_c).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from evisynth.bayes.priors import Prior
from evisynth.bayes.sampled import densities, geometry
from evisynth.bayes.sampled.models import Arrays, SampledModel
from evisynth.bayes.sampled.problems import Problem, estimate_faults


@dataclass(frozen=True)
class HierarchyProblem(Problem):
    """One synthesis of studies within conditions, or within other clusters.

    Attributes
    ----------
    id, studies
        As for `Problem`.
    conditions : tuple of str
        The condition of each study; at least two different ones.
    yi, vi : tuple of float
        Estimates on one scale (SMD, say) and their sampling variances, vi > 0.
    tau_prior, tau_within_prior : str or Prior
        Proper priors of the standard deviations between conditions, and between the studies of a condition.
    mu_prior : str or Prior
        Prior of the mean over conditions; may be ``flat``.
    level : float
        Probability of the central intervals, between 0 and 1.
    """

    conditions: tuple[str, ...]
    yi: tuple[float, ...]
    vi: tuple[float, ...]
    tau_prior: str | Prior
    tau_within_prior: str | Prior
    mu_prior: str | Prior = "normal:0,1"
    level: float = 0.95

    texts = ("conditions",)
    numbers = ("yi", "vi")

    def own_faults(self) -> list[str]:
        """Return what is wrong with the estimates, the conditions and the priors of the standard deviations."""
        faults = estimate_faults(self)
        if len(set(self.conditions)) < 2:
            faults.append(
                f"{self.id}: all studies are of one condition, so there is nothing between conditions to learn. "
                "Use the normal-normal model."
            )
        for name in ("tau_prior", "tau_within_prior"):
            if isinstance(getattr(self, name), Prior) and not getattr(self, name).proper:
                faults.append(f"{self.id}: {name} is flat; here it has to be proper, such as halfnormal:0.5.")
        return faults

    @property
    def labels(self) -> tuple[str, ...]:
        """The conditions, each once, in order of appearance."""
        return tuple(dict.fromkeys(self.conditions))


class HierarchyModel(SampledModel):
    """Studies within conditions, both integrated out."""

    name = "hierarchy"
    study_tau = "tau_within"
    inputs: ClassVar[dict[str, int | None]] = (
        {"yi": None, "vi": None} | densities.HYPER_LENGTHS | {"within_row": densities.TAU_LENGTH, "within_scale": 3}
    )
    coordinates: ClassVar[dict[str, int | None]] = {"w": 1, "w_within": 1, "z": 1}

    def data(self, problem: HierarchyProblem, size: int) -> Arrays:
        """Return the studies, their membership and the rows of the priors; `size` is not used."""
        del size
        typical = float(np.median(problem.vi))
        rows = densities.hyper_rows(problem.tau_prior, problem.mu_prior, typical)
        within = {
            "within_row": densities.tau_row(problem.tau_within_prior),
            "within_scale": densities.tau_scale(problem.tau_within_prior, typical),
        }
        return {"yi": np.array(problem.yi), "vi": np.array(problem.vi)} | rows | within

    def membership(self, problem: HierarchyProblem) -> np.ndarray:
        """Return 1 where a study (row) is of a condition (column), 0 elsewhere."""
        return np.array([[float(own == label) for label in problem.labels] for own in problem.conditions])

    def pack(self, problem, size: int) -> Arrays:
        """Return the packed data with the membership as a third array."""
        membership = np.ones((1, 1)) if problem is None else self.membership(problem)
        return super().pack(problem, size) | {"membership": membership}

    def unpack(self, packed: dict[str, Any]) -> dict[str, Any]:
        """Return the arrays by name."""
        return super().unpack(packed) | {"membership": packed["membership"]}

    def locate(self, xp, point: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """Return log tau, log tau_within, mu, the conditions' weighted means and variances, and log Jacobian."""
        log_unit, bend, inverse_upper, centre, precision = (given["scale_row"][i] for i in range(5))
        x, between_jacobian = geometry.log_tau(xp, point["w"], log_unit, bend, inverse_upper)
        scale = (given["within_scale"][i] for i in range(3))
        x_within, within_jacobian = geometry.log_tau(xp, point["w_within"], *scale)
        weights = 1 / (given["vi"] + xp.exp(2 * x_within))
        total = _gather(xp, weights, given["membership"])
        means = _gather(xp, weights * given["yi"], given["membership"]) / total
        middle, log_sd = geometry.mean_given_tau(xp, x, means, 1 / total, 1.0, centre, precision)
        return {
            "x": x,
            "x_within": x_within,
            "mu": middle + xp.exp(log_sd) * point["z"],
            "weights": weights,
            "means": means,
            "variances": 1 / total,
            "log_jacobian": between_jacobian + within_jacobian + log_sd,
        }

    def log_density(self, xp, point: dict[str, Any], given: dict[str, Any]):
        """Return the log density of the coordinates, up to a constant; shape (..., 1)."""
        at = self.locate(xp, point, given)
        own_mean = xp.sum(at["means"][..., None, :] * given["membership"], axis=-1)
        within = xp.log(at["weights"]) - at["weights"] * (given["yi"] - own_mean) ** 2
        variance = at["variances"] + xp.exp(2 * at["x"])
        between = xp.log(at["variances"] / variance) - (at["means"] - at["mu"]) ** 2 / variance
        likelihood = 0.5 * (xp.sum(within, axis=-1, keepdims=True) + xp.sum(between, axis=-1, keepdims=True))
        prior = densities.hyper_log_density(xp, at["x"], at["mu"], given)
        prior = prior + densities.tau_log_density(xp, at["x_within"], given["within_row"])
        return likelihood + prior + at["log_jacobian"]

    def translate(self, problem: HierarchyProblem, draws: Arrays, rng: np.random.Generator) -> Arrays:
        """Return the hyperparameters, every condition's mean, every study's effect and the next one's."""
        given = self.data(problem, 0) | {"membership": self.membership(problem)}
        at = self.locate(np, draws, given)
        tau, within, mu = np.exp(at["x"]), np.exp(at["x_within"]), at["mu"]
        total = at["variances"] + tau**2
        condition = (tau**2 * at["means"] + at["variances"] * mu) / total
        condition = condition + tau * np.sqrt(at["variances"] / total) * rng.standard_normal(condition.shape)
        own = condition @ given["membership"].T
        spread = given["vi"] + within**2
        theta = (within**2 * given["yi"] + given["vi"] * own) / spread
        theta = theta + within * np.sqrt(given["vi"] / spread) * rng.standard_normal(theta.shape)
        condition_next = mu + tau * rng.standard_normal(mu.shape)
        following = condition_next + within * rng.standard_normal(mu.shape)
        return {
            "mu": mu[..., 0],
            "tau": tau[..., 0],
            "tau_within": within[..., 0],
            "condition_mean": condition,
            "condition_next": condition_next[..., 0],
            "theta": theta,
            "theta_next": following[..., 0],
        }

    def dims(self, name: str, values: np.ndarray) -> tuple[str, ...]:
        """Return the names of a posterior variable's axes."""
        last = "condition" if name == "condition_mean" else "study"
        return ("chain", "draw", last)[: values.ndim]

    def labels(self, problem: HierarchyProblem) -> Arrays:
        """Return the studies' and the conditions' names."""
        return super().labels(problem) | {"condition": np.array(problem.labels, dtype=object)}

    def observed(self, problem: HierarchyProblem) -> Arrays:
        """Return the estimates, their variances and their conditions."""
        conditions = np.array(problem.conditions, dtype=object)
        return {"yi": np.array(problem.yi), "vi": np.array(problem.vi), "condition_of": conditions}

    def approximation(self, problem: HierarchyProblem) -> tuple[np.ndarray, np.ndarray]:
        """Return each study's own estimate and variance."""
        return np.array(problem.yi), np.array(problem.vi)

    def finite_moments(self, problem, parameter: str, study: str = "") -> float:
        """Return how many moments a posterior has: as without conditions, for the first heavy tail that is met."""
        del study
        flat = problem.mu_prior.kind == "flat"
        if parameter in ("theta", "condition_mean"):
            return np.inf
        between = problem.tau_prior.tail + len(problem.labels) - 1 - flat
        within = problem.tau_within_prior.tail + len(problem.studies) - 1 - flat
        limit = {"tau": between, "tau2": between, "tau_within": within}.get(parameter, min(between, within))
        if parameter == "mu" and not flat:
            limit = problem.mu_prior.tail - 1
        moments = max(0.0, np.ceil(limit) - 1)
        return np.floor(moments / 2) if parameter == "tau2" else moments

    def log_prior(self, problem: HierarchyProblem, posterior: Arrays) -> Arrays:
        """Return the log prior densities of mu, tau and tau_within at every draw."""
        return {
            "mu": problem.mu_prior.logpdf(posterior["mu"]),
            "tau": problem.tau_prior.logpdf(posterior["tau"]),
            "tau_within": problem.tau_within_prior.logpdf(posterior["tau_within"]),
        }

    def log_likelihood(self, problem: HierarchyProblem, posterior: Arrays) -> np.ndarray:
        """Return each study's log likelihood given its condition's mean and tau_within, its effect integrated out."""
        own = posterior["condition_mean"] @ self.membership(problem).T
        variance = np.array(problem.vi) + posterior["tau_within"][..., None] ** 2
        return -0.5 * (np.log(2 * np.pi * variance) + (np.array(problem.yi) - own) ** 2 / variance)

    def prior_draws(self, problem: HierarchyProblem, count: int, rng: np.random.Generator) -> Arrays:
        """Return draws from the prior; axes draw and, where there is one, condition or study."""
        mu, tau = problem.mu_prior.rvs(rng, count), problem.tau_prior.rvs(rng, count)
        within = problem.tau_within_prior.rvs(rng, count)
        shape = (count, len(problem.labels))
        condition = mu[:, None] + tau[:, None] * rng.standard_normal(shape)
        own = condition @ self.membership(problem).T
        condition_next = mu + tau * rng.standard_normal(count)
        return {
            "mu": mu,
            "tau": tau,
            "tau_within": within,
            "condition_mean": condition,
            "condition_next": condition_next,
            "theta": own + within[:, None] * rng.standard_normal(own.shape),
            "theta_next": condition_next + within * rng.standard_normal(count),
        }

    def new_effects(self, problem: HierarchyProblem, posterior: Arrays, rng: np.random.Generator) -> np.ndarray:
        """Return effects of new studies of the same conditions, one per draw and study."""
        own = posterior["condition_mean"] @ self.membership(problem).T
        return own + posterior["tau_within"][..., None] * rng.standard_normal(own.shape)

    def replicate(self, problem: HierarchyProblem, parameters: Arrays, rng: np.random.Generator) -> Arrays:
        """Return new estimates with the studies' variances."""
        theta = parameters["theta"]
        return {"yi": theta + np.sqrt(problem.vi) * rng.standard_normal(theta.shape)}


def _gather(xp, values, membership):
    """Return sums over the studies of each condition; a matrix product would need BLAS and seconds to compile."""
    return xp.sum(values[..., None] * membership, axis=-2)
