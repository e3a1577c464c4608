"""The normal-normal model: y_i ~ N(theta_i, v_i), theta_i ~ N(mu, tau^2).

The studies' effects are integrated out, so the chains move in two dimensions whatever the number of studies; the
effects, and the next study's, are drawn afterwards from their conditional normals, which are exact:

    y_i | mu, tau ~ N(mu, v_i + tau^2)
    theta_i | y_i, mu, tau ~ N((tau^2 y_i + v_i mu) / (v_i + tau^2), v_i tau^2 / (v_i + tau^2))
    theta_next | mu, tau ~ N(mu, tau^2)
"""

from typing import Any, ClassVar

import numpy as np

from evisynth.bayes.sampled import densities, geometry
from evisynth.bayes.sampled.models import Arrays, SampledModel
from evisynth.bayes.sampled.problems import NormalProblem


class NormalModel(SampledModel):
    """Normal-normal, effects integrated out."""

    name = "normal-normal"
    inputs: ClassVar[dict[str, int | None]] = {"yi": None, "vi": None} | densities.HYPER_LENGTHS
    coordinates: ClassVar[dict[str, int | None]] = {"w": 1, "z": 1}

    def data(self, problem: NormalProblem, size: int) -> Arrays:
        """Return the studies and the rows of the priors; vectors of any length fit, so `size` is not used."""
        del size
        rows = densities.hyper_rows(problem.tau_prior, problem.mu_prior, float(np.median(problem.vi)))
        return self.observed(problem) | rows

    def locate(self, xp, point: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """Return log tau, mu and the log Jacobian at a point."""
        log_unit, bend, inverse_upper, centre, precision = (given["scale_row"][i] for i in range(5))
        x, log_jacobian = geometry.log_tau(xp, point["w"], log_unit, bend, inverse_upper)
        mean, log_sd = geometry.mean_given_tau(xp, x, given["yi"], given["vi"], 1.0, centre, precision)
        return {"x": x, "mu": mean + xp.exp(log_sd) * point["z"], "log_jacobian": log_jacobian + log_sd}

    def log_density(self, xp, point: dict[str, Any], given: dict[str, Any]):
        """Return the log density of the coordinates, up to a constant; shape (..., 1)."""
        at = self.locate(xp, point, given)
        variance = given["vi"] + xp.exp(2 * at["x"])
        misfit = (given["yi"] - at["mu"]) ** 2 / variance
        likelihood = -0.5 * xp.sum(xp.log(variance) + misfit, axis=-1, keepdims=True)
        prior = densities.hyper_log_density(xp, at["x"], at["mu"], given)
        return likelihood + prior + at["log_jacobian"]

    def translate(self, problem: NormalProblem, draws: Arrays, rng: np.random.Generator) -> Arrays:
        """Return mu, tau, theta and theta_next from draws of the coordinates."""
        given = self.data(problem, 0)
        at = self.locate(np, draws, given)
        tau, mu = np.exp(at["x"]), at["mu"]
        vi, total = given["vi"], given["vi"] + tau**2
        theta = (tau**2 * given["yi"] + vi * mu) / total
        theta = theta + tau * np.sqrt(vi / total) * rng.standard_normal(theta.shape)
        following = mu + tau * rng.standard_normal(mu.shape)
        return {"mu": mu[..., 0], "tau": tau[..., 0], "theta": theta, "theta_next": following[..., 0]}

    def observed(self, problem: NormalProblem) -> Arrays:
        """Return the estimates and their variances."""
        return {"yi": np.array(problem.yi), "vi": np.array(problem.vi)}

    def approximation(self, problem: NormalProblem) -> tuple[np.ndarray, np.ndarray]:
        """Return each study's own estimate and variance."""
        return np.array(problem.yi), np.array(problem.vi)

    def log_prior(self, problem: NormalProblem, posterior: Arrays) -> Arrays:
        """Return the log prior densities of mu and tau at every draw."""
        return {
            "mu": problem.mu_prior.logpdf(posterior["mu"]),
            "tau": problem.tau_prior.logpdf(posterior["tau"]),
        }

    def log_likelihood(self, problem: NormalProblem, posterior: Arrays) -> np.ndarray:
        """Return each study's log likelihood given mu and tau, its effect integrated out."""
        variance = np.array(problem.vi) + posterior["tau"][..., None] ** 2
        misfit = (np.array(problem.yi) - posterior["mu"][..., None]) ** 2 / variance
        return -0.5 * (np.log(2 * np.pi * variance) + misfit)

    def replicate(self, problem: NormalProblem, parameters: Arrays, rng: np.random.Generator) -> Arrays:
        """Return new estimates with the studies' variances."""
        theta = parameters["theta"]
        return {"yi": theta + np.sqrt(problem.vi) * rng.standard_normal(theta.shape)}
