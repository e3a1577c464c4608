"""Counts in two arms: binomial-normal on the logit scale, Poisson-normal on the log scale.

    events in the comparator's arm of study i ~ Binomial(n, logit^-1(baseline_i))
    events in the treatment's arm of study i ~ Binomial(n, logit^-1(baseline_i + theta_i))
    theta_i ~ N(mu, tau^2), every baseline_i with a prior of its own

and the same with Poisson counts over person-time. Nothing is added to zero cells: a study without events in either
arm takes part, and says little.

The contrast is not split symmetrically over the arms (baseline_i -+ theta_i / 2). With unrelated baselines both
forms have the same likelihood and the same variance of the contrast; the split only matters where baselines are
themselves random (Jackson et al. 2018, models 2 and 4). Unsplit, baseline_i is what people have a prior for: the
logit risk without the treatment.
"""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from scipy import special

from evisynth.bayes.sampled import densities, geometry, marginal
from evisynth.bayes.sampled.models import Arrays, SampledModel
from evisynth.bayes.sampled.problems import BinomialProblem, PoissonProblem

PER_STUDY = ("events_1", "trials_1", "exposure_1", "events_2", "trials_2", "exposure_2")
# Normal approximations of the arms' linear predictors and of the contrast, the contrast's variance as it steers
# theta, and 1 for a study or 0 for padding.
APPROXIMATIONS = ("centre_1", "variance_1", "centre_2", "variance_2", "yi", "vi", "steering", "mask")
# An arm without events (or without non-events) bounds its predictor on one side only: no normal describes it. The
# variance that stands for it lies between two ills, measured with heavy-tailed priors for tau: below 5 the chains
# get stuck in the tail, above 100 they diverge at the bound.
UNBOUNDED = 30.0


class CountModel(SampledModel):
    """Two arms of counts with a normal random contrast; likelihoods are chosen by the data.

    The log likelihood of an arm is ``events eta - trials log(1 + e^eta) - exposure e^eta``: binomial where exposure
    is 0, Poisson where trials is 0. So both models are one program.
    """

    program = "counts"
    inputs: ClassVar[dict[str, int | None]] = (
        dict.fromkeys((*PER_STUDY, *APPROXIMATIONS))
        | densities.HYPER_LENGTHS
        | {"baseline_row": densities.LOCATION_LENGTH, "baseline_scale": 2}
    )
    coordinates: ClassVar[dict[str, int | None]] = {"w": 1, "z": 1, "z_theta": None, "z_baseline": None}

    def data(self, problem, size: int) -> Arrays:
        """Return counts, their normal approximation and the rows of the priors, padded to `size` studies."""
        k = len(problem.studies)
        arms = self.arms(problem)
        columns = dict(zip(PER_STUDY, arms, strict=True))
        for arm, (events, trials, exposure) in (("1", arms[:3]), ("2", arms[3:])):
            centre, variance = _approximate_arm(events, trials, exposure)
            variance = np.where(_one_sided(events, trials, exposure), UNBOUNDED, variance)
            columns[f"centre_{arm}"], columns[f"variance_{arm}"] = centre, variance
        columns["yi"], columns["vi"] = self.approximation(problem)
        columns["steering"] = columns["variance_1"] + columns["variance_2"]
        columns["mask"] = np.ones(k)
        filler = {"variance_1": 1.0, "variance_2": 1.0, "vi": 1.0, "steering": 1.0}
        padded = {
            name: np.concatenate([values, np.full(size - k, filler.get(name, 0.0))]) for name, values in columns.items()
        }
        rows = densities.hyper_rows(problem.tau_prior, problem.mu_prior, float(np.median(columns["vi"])))
        baseline = {
            "baseline_row": densities.location_row(problem.baseline_prior),
            "baseline_scale": np.array(densities.normal_approximation(problem.baseline_prior)),
        }
        return padded | rows | baseline

    @abstractmethod
    def arms(self, problem) -> tuple[np.ndarray, ...]:
        """Return events, trials and exposure of the treatment's arm, then of the comparator's."""

    def approximation(self, problem) -> tuple[np.ndarray, np.ndarray]:
        """Return the log odds (or rate) ratios with half an event added to every cell, and their variances.

        They steer the coordinates and are shown beside the shrunken effects; the likelihood does not use them.
        """
        arms = self.arms(problem)
        (centre_1, variance_1), (centre_2, variance_2) = (
            _approximate_arm(*arms[:3]),
            _approximate_arm(*arms[3:]),
        )
        return centre_1 - centre_2, variance_1 + variance_2

    def informative(self, problem) -> np.ndarray:
        """Return which studies have events and non-events in both arms."""
        events_1, trials_1, exposure_1, events_2, trials_2, exposure_2 = self.arms(problem)
        return ~(_one_sided(events_1, trials_1, exposure_1) | _one_sided(events_2, trials_2, exposure_2))

    def locate(self, xp, point: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """Return log tau, mu, the effects, the baselines and the log Jacobian's parts at a point."""
        log_unit, bend, inverse_upper, centre, precision = (given["scale_row"][i] for i in range(5))
        x, log_jacobian = geometry.log_tau(xp, point["w"], log_unit, bend, inverse_upper)
        yi = given["yi"]
        mean, log_sd = geometry.mean_given_tau(xp, x, yi, given["vi"], given["mask"], centre, precision)
        mu = mean + xp.exp(log_sd) * point["z"]
        effect, effect_jacobian = geometry.standardised_effect(xp, x, mu, point["z_theta"], yi, given["steering"])
        theta = mu + xp.exp(x) * effect
        # The baseline given theta: both arms inform it, the treatment's after taking theta off.
        weight_1, weight_2 = 1 / given["variance_1"], 1 / given["variance_2"]
        prior_centre, prior_precision = given["baseline_scale"][0], given["baseline_scale"][1]
        total = weight_1 + weight_2 + prior_precision
        middle = weight_1 * (given["centre_1"] - theta) + weight_2 * given["centre_2"] + prior_precision * prior_centre
        return {
            "x": x,
            "mu": mu,
            "effect": effect,
            "theta": theta,
            "baseline": middle / total + point["z_baseline"] / xp.sqrt(total),
            "log_jacobian": log_jacobian + log_sd,
            "effect_jacobian": effect_jacobian,
        }

    def log_density(self, xp, point: dict[str, Any], given: dict[str, Any]):
        """Return the log density of the coordinates, up to a constant; shape (..., 1)."""
        at = self.locate(xp, point, given)
        mask = given["mask"]
        per_study = at["effect_jacobian"] - 0.5 * at["effect"] ** 2
        per_study = per_study + densities.location_log_density(xp, at["baseline"], given["baseline_row"])
        for arm, predictor in (("1", at["baseline"] + at["theta"]), ("2", at["baseline"])):
            arm_data = (given[f"{name}_{arm}"] for name in ("events", "trials", "exposure"))
            per_study = per_study + arm_log_likelihood(xp, predictor, *arm_data)
        # Padding gets a standard normal of its own, so that the chains stay in one place there.
        idle = -0.5 * (point["z_theta"] ** 2 + point["z_baseline"] ** 2)
        studies = xp.sum(mask * per_study + (1 - mask) * idle, axis=-1, keepdims=True)
        prior = densities.hyper_log_density(xp, at["x"], at["mu"], given)
        return studies + prior + at["log_jacobian"]

    def translate(self, problem, draws: Arrays, rng: np.random.Generator) -> Arrays:
        """Return mu, tau, theta, baseline and theta_next from draws of the coordinates."""
        k = len(problem.studies)
        draws = {name: values[..., :k] if name.startswith("z_") else values for name, values in draws.items()}
        at = self.locate(np, draws, self.data(problem, k))
        tau, mu = np.exp(at["x"]), at["mu"]
        following = mu + tau * rng.standard_normal(mu.shape)
        return {
            "mu": mu[..., 0],
            "tau": tau[..., 0],
            "theta": at["theta"],
            "theta_next": following[..., 0],
            "baseline": at["baseline"],
        }

    def log_prior(self, problem, posterior: Arrays) -> Arrays:
        """Return the log prior densities of mu, tau and the baselines at every draw."""
        return {
            "mu": problem.mu_prior.logpdf(posterior["mu"]),
            "tau": problem.tau_prior.logpdf(posterior["tau"]),
            "baseline": problem.baseline_prior.logpdf(posterior["baseline"]),
        }

    def log_likelihood(self, problem, posterior: Arrays) -> np.ndarray:
        """Return each study's log likelihood given mu and tau, its effect and baseline integrated out."""
        given = self.data(problem, len(problem.studies))
        return marginal.count_log_likelihood(posterior["mu"], posterior["tau"], given, problem.baseline_prior)


class BinomialModel(CountModel):
    """Binomial-normal on the logit scale."""

    name = "binomial-normal"

    def arms(self, problem: BinomialProblem) -> tuple[np.ndarray, ...]:
        """Return events, trials and exposure (0: binomial) of both arms."""
        none = np.zeros(len(problem.studies))
        ai, n1i, ci, n2i = (np.array(values, float) for values in (problem.ai, problem.n1i, problem.ci, problem.n2i))
        return ai, n1i, none, ci, n2i, none

    def observed(self, problem: BinomialProblem) -> Arrays:
        """Return events and participants by arm."""
        return {name: np.array(getattr(problem, name)) for name in ("ai", "n1i", "ci", "n2i")}

    def replicate(self, problem: BinomialProblem, parameters: Arrays, rng: np.random.Generator) -> Arrays:
        """Return new numbers of events."""
        baseline, theta = parameters["baseline"], parameters["theta"]
        return {
            "ai": rng.binomial(problem.n1i, special.expit(baseline + theta)),
            "ci": rng.binomial(problem.n2i, special.expit(baseline)),
        }


class PoissonModel(CountModel):
    """Poisson-normal on the log scale; the same compiled program as the binomial model."""

    name = "poisson-normal"

    def arms(self, problem: PoissonProblem) -> tuple[np.ndarray, ...]:
        """Return events, trials (0: Poisson) and person-time of both arms."""
        none = np.zeros(len(problem.studies))
        x1i, t1i, x2i, t2i = (
            np.array(values, float) for values in (problem.x1i, problem.t1i, problem.x2i, problem.t2i)
        )
        return x1i, none, t1i, x2i, none, t2i

    def observed(self, problem: PoissonProblem) -> Arrays:
        """Return events and person-time by arm."""
        return {name: np.array(getattr(problem, name)) for name in ("x1i", "t1i", "x2i", "t2i")}

    def replicate(self, problem: PoissonProblem, parameters: Arrays, rng: np.random.Generator) -> Arrays:
        """Return new numbers of events."""
        baseline, theta = parameters["baseline"], parameters["theta"]
        return {
            "x1i": rng.poisson(np.array(problem.t1i) * np.exp(baseline + theta)),
            "x2i": rng.poisson(np.array(problem.t2i) * np.exp(baseline)),
        }


def arm_log_likelihood(xp, predictor, events, trials, exposure):
    """Return an arm's log likelihood without its constant: binomial if exposure is 0, Poisson if trials is 0."""
    rate = xp.exp(predictor)
    return events * predictor - trials * xp.log1p(rate) - exposure * rate


def _approximate_arm(events: np.ndarray, trials: np.ndarray, exposure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and variance of a normal approximation of an arm's logit risk or log rate."""
    poisson = exposure > 0
    failures = np.where(poisson, np.where(poisson, exposure, 1.0), trials - events + 0.5)
    variance = 1 / (events + 0.5) + np.where(poisson, 0.0, 1 / failures)
    return np.log((events + 0.5) / failures), variance


def _one_sided(events: np.ndarray, trials: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """Return which arms have no events or nothing but events."""
    return (events == 0) | ((exposure == 0) & (events == trials))
