"""Meta-regression: y_i ~ N(theta_i, v_i), theta_i ~ N(mu + x_i b, tau^2), the effects integrated out.

The exact engine does the same (`evisynth.bayes.meta_regression`) for flat and normal priors; here coefficients may have
Student-t priors too, and the fit comes with everything that a sampled fit has.

Coordinates: (mu, b) = centre + g(tau) R z, with centre and R R' the mean and the covariance of the coefficients at a
typical tau, and g(tau)^2 = (v + tau^2) / (v + typical tau^2), v a typical variance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from evisynth.bayes.priors import Prior, PriorError, parse
from evisynth.bayes.sampled import densities, geometry
from evisynth.bayes.sampled.models import Arrays, SampledModel
from evisynth.bayes.sampled.problems import Problem, estimate_faults

MOST_COVARIATES = 6
WIDTH = MOST_COVARIATES + 1
COLUMNS = tuple(f"x_{i}" for i in range(WIDTH))


@dataclass(frozen=True)
class RegressionProblem(Problem):
    """One synthesis with covariates of the studies.

    Attributes
    ----------
    id, studies
        As for `Problem`.
    yi, vi : tuple of float
        Estimates on the measure's analysis scale and their sampling variances, vi > 0.
    covariates : mapping of str to tuple of float
        One to six covariates, one value per study. Centre them where 0 is no study's value: mu is the mean effect where
        all are 0.
    tau_prior, mu_prior : str or Prior
        mu's flat, normal or t.
    coefficient_priors : str, Prior or mapping of str to them
        One prior for all coefficients, or one for each by name: flat, normal or t.
    level : float
        Probability of the central intervals, between 0 and 1.
    """

    yi: tuple[float, ...]
    vi: tuple[float, ...]
    covariates: Mapping[str, tuple[float, ...]]
    tau_prior: str | Prior
    mu_prior: str | Prior = "flat"
    coefficient_priors: str | Prior | Mapping[str, str | Prior] = "flat"
    level: float = 0.95
    design: np.ndarray = field(init=False, repr=False, compare=False)

    numbers = ("yi", "vi")

    def columns(self) -> dict[str, Sequence]:
        """Return the columns that need one value per study, covariates among them."""
        covariates = {str(n): tuple(float(x) for x in values) for n, values in self.covariates.items()}
        object.__setattr__(self, "covariates", covariates)
        return super().columns() | covariates

    def own_faults(self) -> list[str]:
        """Return what is wrong with the estimates, the covariates and their priors."""
        faults = estimate_faults(self)
        if not 1 <= len(self.covariates) <= MOST_COVARIATES:
            faults.append(f"{self.id}: {len(self.covariates)} covariates; 1 to {MOST_COVARIATES} are allowed.")
        return faults + self._parse_coefficients()

    def _parse_coefficients(self) -> list[str]:
        given, faults, parsed = self.coefficient_priors, [], {}
        each = dict(given) if isinstance(given, Mapping) else dict.fromkeys(self.covariates, given)
        if set(each) != set(self.covariates):
            faults.append(
                f"{self.id}: coefficient priors are given for {', '.join(each)}; the covariates are "
                f"{', '.join(self.covariates)}."
            )
        for name, text in [*each.items(), ("mu", self.mu_prior)]:
            try:
                prior = parse(text, "mu")
            except PriorError as error:
                faults.append(f"{self.id}: {error}")
                continue
            if prior.kind not in ("flat", "normal", "t"):
                faults.append(f"{self.id}: the prior of {name} is {prior.text}; allowed: flat, normal, t.")
            parsed[name] = prior
        parsed.pop("mu", None)
        object.__setattr__(self, "coefficient_priors", parsed)
        return faults

    def posterior_faults(self) -> list[str]:
        """Return why there would be no proper posterior; set up the design."""
        design = np.column_stack([np.ones(len(self.yi)), *self.covariates.values()])
        object.__setattr__(self, "design", design)
        if not np.isfinite(design).all():
            return [f"{self.id}: a covariate has a value that is not a finite number; leave that study out."]
        flat = np.array([prior.kind == "flat" for prior in self.priors])
        free = int(flat.sum())
        if np.linalg.matrix_rank(design[:, flat]) < free:
            return [
                f"{self.id}: {free} coefficients with flat priors cannot be told apart by {len(self.yi)} studies with "
                "these values. Drop a covariate or give proper priors, such as normal:0,1."
            ]
        if not self.tau_prior.proper and len(self.yi) < free + 2:
            return [f"{self.id}: a flat prior for tau needs at least {free + 2} studies; give halfnormal:0.5, say."]
        return []

    @property
    def priors(self) -> list[Prior]:
        """The priors of mu and of the coefficients, in the order of the design's columns."""
        return [self.mu_prior, *(self.coefficient_priors[name] for name in self.covariates)]


class RegressionModel(SampledModel):
    """Normal meta-regression, effects integrated out; problems of up to six covariates share one program."""

    name = "meta-regression"
    inputs: ClassVar[dict[str, int | None]] = (
        {"yi": None, "vi": None}
        | dict.fromkeys(COLUMNS)
        | {"tau_row": densities.TAU_LENGTH, "scale_row": 5, "centre": WIDTH, "used": WIDTH}
        | {"root": WIDTH * WIDTH, "rows": densities.LOCATION_LENGTH * WIDTH}
    )
    coordinates: ClassVar[dict[str, int | None]] = {"w": 1, "z": WIDTH}

    def data(self, problem: RegressionProblem, size: int) -> Arrays:
        """Return studies, design, the coefficients' coordinates and the rows of the priors."""
        del size
        p, v = problem.design.shape[1], np.array(problem.vi)
        typical = float(np.median(v))
        tau2 = float(problem.tau_prior.ppf(0.5)) ** 2 if problem.tau_prior.proper else typical
        approximate = [densities.normal_approximation(prior) for prior in problem.priors]
        prior_mean, precision = (np.array(column) for column in zip(*approximate, strict=True))
        weighted = problem.design / (v + tau2)[:, None]
        covariance = np.linalg.inv(problem.design.T @ weighted + np.diag(precision))
        centre, root = np.zeros(WIDTH), np.eye(WIDTH)
        centre[:p] = covariance @ (weighted.T @ np.array(problem.yi) + precision * prior_mean)
        root[:p, :p] = np.linalg.cholesky(covariance)
        rows = np.zeros((densities.LOCATION_LENGTH, WIDTH))
        rows[:, :p] = np.column_stack([densities.location_row(prior) for prior in problem.priors])
        columns = {name: np.zeros(len(v)) for name in COLUMNS}
        columns |= {f"x_{i}": problem.design[:, i] for i in range(p)}
        return columns | {
            "design": np.array([columns[name] for name in COLUMNS]),
            "yi": np.array(problem.yi),
            "vi": v,
            "tau_row": densities.tau_row(problem.tau_prior),
            "scale_row": np.array([*densities.tau_scale(problem.tau_prior, typical), typical, typical + tau2]),
            "centre": centre,
            "used": (np.arange(WIDTH) < p).astype(float),
            "root": root.ravel(),
            "rows": rows.ravel(),
        }

    def unpack(self, packed: dict[str, Any]) -> dict[str, Any]:
        """Return the arrays by name, and the design as one matrix: row by row it would compile for a minute."""
        first = list(self.inputs).index(COLUMNS[0])
        return super().unpack(packed) | {"design": packed["by_study"][first : first + WIDTH]}

    def locate(self, xp, point: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """Return log tau, the coefficients, the studies' expected effects and the log Jacobian."""
        log_unit, bend, inverse_upper, typical, whole = (given["scale_row"][i] for i in range(5))
        x, log_jacobian = geometry.log_tau(xp, point["w"], log_unit, bend, inverse_upper)
        log_g = 0.5 * xp.log((typical + xp.exp(2 * x)) / whole)
        steps = xp.sum(point["z"][..., None, :] * given["root"].reshape((WIDTH, WIDTH)), axis=-1)
        beta = given["centre"] + xp.exp(log_g) * steps
        expected = xp.sum(beta[..., :, None] * given["design"], axis=-2)
        return {
            "x": x,
            "beta": beta,
            "expected": expected,
            "log_jacobian": log_jacobian + log_g * xp.sum(given["used"]),
        }

    def log_density(self, xp, point: dict[str, Any], given: dict[str, Any]):
        """Return the log density of the coordinates, up to a constant; shape (..., 1)."""
        at = self.locate(xp, point, given)
        variance = given["vi"] + xp.exp(2 * at["x"])
        misfit = (given["yi"] - at["expected"]) ** 2 / variance
        likelihood = -0.5 * xp.sum(xp.log(variance) + misfit, axis=-1, keepdims=True)
        rows = given["rows"].reshape((densities.LOCATION_LENGTH, WIDTH))
        prior = given["used"] * densities.location_log_density(xp, at["beta"], rows)
        # Coefficients that are not used are independent standard normals.
        idle = -0.5 * (1 - given["used"]) * point["z"] ** 2
        prior = xp.sum(prior + idle, axis=-1, keepdims=True)
        return likelihood + prior + densities.tau_log_density(xp, at["x"], given["tau_row"]) + at["log_jacobian"]

    def translate(self, problem: RegressionProblem, draws: Arrays, rng: np.random.Generator) -> Arrays:
        """Return mu, tau, the coefficients, theta, and the effect of a further study where all covariates are 0."""
        given = self.data(problem, 0)
        at = self.locate(np, draws, given)
        tau, p = np.exp(at["x"]), problem.design.shape[1]
        vi, total = given["vi"], given["vi"] + tau**2
        theta = (tau**2 * given["yi"] + vi * at["expected"]) / total
        theta = theta + tau * np.sqrt(vi / total) * rng.standard_normal(theta.shape)
        mu = at["beta"][..., 0]
        return {
            "mu": mu,
            "tau": tau[..., 0],
            "beta": at["beta"][..., 1:p],
            "theta": theta,
            "theta_next": mu + tau[..., 0] * rng.standard_normal(mu.shape),
        }

    def dims(self, name: str, values: np.ndarray) -> tuple[str, ...]:
        """Return the names of a posterior variable's axes."""
        return ("chain", "draw", "covariate" if name == "beta" else "study")[: values.ndim]

    def labels(self, problem: RegressionProblem) -> Arrays:
        """Return the studies' and the covariates' names."""
        return super().labels(problem) | {"covariate": np.array(list(problem.covariates), dtype=object)}

    def observed(self, problem: RegressionProblem) -> Arrays:
        """Return the estimates, their variances and the covariates."""
        covariates = {name: np.array(values) for name, values in problem.covariates.items()}
        return {"yi": np.array(problem.yi), "vi": np.array(problem.vi)} | covariates

    def approximation(self, problem: RegressionProblem) -> tuple[np.ndarray, np.ndarray]:
        """Return each study's own estimate and variance."""
        return np.array(problem.yi), np.array(problem.vi)

    def finite_moments(self, problem, parameter: str, study: str = "") -> float:
        """Return how many moments a posterior has: every flat coefficient costs one power of tau."""
        if parameter == "theta":
            return np.inf
        flat = sum(prior.kind == "flat" for prior in problem.priors)
        limit = problem.tau_prior.tail + len(problem.studies) - flat
        names = ["mu", *problem.covariates]
        own = names.index(study if parameter == "beta" else "mu")
        if parameter in ("mu", "beta") and problem.priors[own].kind != "flat":
            limit = problem.priors[own].tail - 1
        moments = max(0.0, np.ceil(limit) - 1)
        return np.floor(moments / 2) if parameter == "tau2" else moments

    def log_prior(self, problem: RegressionProblem, posterior: Arrays) -> Arrays:
        """Return the log prior densities of mu, tau and the coefficients at every draw."""
        columns = zip(problem.priors[1:], np.moveaxis(posterior["beta"], -1, 0), strict=True)
        return {
            "mu": problem.mu_prior.logpdf(posterior["mu"]),
            "tau": problem.tau_prior.logpdf(posterior["tau"]),
            "beta": np.stack([prior.logpdf(values) for prior, values in columns], axis=-1),
        }

    def _expected(self, problem: RegressionProblem, parameters: Arrays) -> np.ndarray:
        return parameters["mu"][..., None] + parameters["beta"] @ problem.design[:, 1:].T

    def log_likelihood(self, problem: RegressionProblem, posterior: Arrays) -> np.ndarray:
        """Return each study's log likelihood given the coefficients and tau, its effect integrated out."""
        variance = np.array(problem.vi) + posterior["tau"][..., None] ** 2
        misfit = (np.array(problem.yi) - self._expected(problem, posterior)) ** 2 / variance
        return -0.5 * (np.log(2 * np.pi * variance) + misfit)

    def prior_draws(self, problem: RegressionProblem, count: int, rng: np.random.Generator) -> Arrays:
        """Return draws from the prior; axes draw and, where there is one, covariate or study."""
        mu, tau = problem.mu_prior.rvs(rng, count), problem.tau_prior.rvs(rng, count)
        beta = np.column_stack([prior.rvs(rng, count) for prior in problem.priors[1:]])
        draws = {"mu": mu, "tau": tau, "beta": beta, "theta_next": mu + tau * rng.standard_normal(count)}
        return draws | {"theta": self.new_effects(problem, draws, rng)}

    def new_effects(self, problem: RegressionProblem, posterior: Arrays, rng: np.random.Generator) -> np.ndarray:
        """Return effects of new studies with the same covariates, one per draw and study."""
        expected = self._expected(problem, posterior)
        return expected + posterior["tau"][..., None] * rng.standard_normal(expected.shape)

    def replicate(self, problem: RegressionProblem, parameters: Arrays, rng: np.random.Generator) -> Arrays:
        """Return new estimates with the studies' variances."""
        theta = parameters["theta"]
        return {"yi": theta + np.sqrt(problem.vi) * rng.standard_normal(theta.shape)}
