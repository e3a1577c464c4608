"""Counts in two arms with a normal random log risk ratio: the binomial with a log link, its constraint handled.

    events ~ Binomial(n, p),   log p_treatment - log p_comparator = theta_i,   theta_i ~ N(mu, tau^2)

Both risks must stay below 1, so a log risk and a log risk ratio cannot vary freely of each other. The free parameter
of a study is therefore the larger of its two risks, q_i: whatever theta_i,

    log p_comparator = log q_i - max(theta_i, 0),   log p_treatment = log q_i + min(theta_i, 0),   0 < q_i < 1,

which covers every pair of risks once. q_i has a Beta prior of its own; where the treatment lowers the risk it is the
risk without treatment. (Warn, Thompson & Spiegelhalter 2002 cut theta off instead; that puts a lump of probability on
a risk of 1.) The chains move in the logit of q_i, standardised by what both arms say about it given theta_i.

References
----------
Warn DE, Thompson SG, Spiegelhalter DJ. Bayesian random effects meta-analysis of trials with binary outcomes: methods
for the absolute risk difference and relative risk scales. Stat Med 2002;21:1601-1623.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special, stats

from evisynth.bayes.sampled import densities, geometry
from evisynth.bayes.sampled.models import Arrays, SampledModel
from evisynth.bayes.sampled.problems import BinomialProblem, improper_faults

# The variance of the log risk of an arm without events, as it steers the chains; see `binomial.UNBOUNDED`.
UNBOUNDED = 30.0
# The normal approximation of log q is not followed closer to a risk of 1 than this.
CLOSEST = -0.05
TINY = 1e-300
EFFECT_NODES, RISK_NODES = 24, 49
PER_STUDY = ("events_1", "others_1", "events_2", "others_2")
STEERING = ("log_risk_1", "weight_1", "log_risk_2", "weight_2", "risk_sd", "yi", "vi", "mask")


@dataclass(frozen=True)
class LogBinomialProblem(BinomialProblem):
    """One synthesis for the binomial model with a log link.

    Attributes
    ----------
    id, studies, ai, n1i, ci, n2i, level
        As for `BinomialProblem`.
    tau_prior, mu_prior : str or Prior
        Priors on the log risk ratio scale; mu's proper.
    risk_alpha, risk_beta : float
        The Beta prior of the larger of a study's two risks, 1 and 1 for a uniform one.
    baseline_prior
        Not used: the prior of the risks is the Beta.
    """

    risk_alpha: float = 1.0
    risk_beta: float = 1.0

    def own_faults(self) -> list[str]:
        """Return what is wrong with the counts and the prior of the risks."""
        return super().own_faults() + [
            f"{self.id}: {name} is {getattr(self, name)}; it has to be above 0."
            for name in ("risk_alpha", "risk_beta")
            if not getattr(self, name) > 0
        ]

    def informative(self) -> int:
        """Return how many studies have events in both arms."""
        return sum(a > 0 and c > 0 for a, c in zip(self.ai, self.ci, strict=True))

    def posterior_faults(self) -> list[str]:
        """Return why there would be no proper posterior."""
        if not self.mu_prior.proper:
            return [f"{self.id}: the prior of mu is flat; here it has to be proper, such as normal:0,1.5."]
        return improper_faults(self, self.informative())


def _approximate(events: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log risk with half an event added, and its variance."""
    return np.log((events + 0.5) / (n + 0.5)), 1 / (events + 0.5) - 1 / (n + 0.5)


class LogBinomialModel(SampledModel):
    """Binomial-normal on the log scale."""

    name = "log-binomial"
    inputs: ClassVar[dict[str, int | None]] = (
        dict.fromkeys((*PER_STUDY, *STEERING)) | densities.HYPER_LENGTHS | {"beta": 2}
    )
    coordinates: ClassVar[dict[str, int | None]] = {"w": 1, "z": 1, "z_theta": None, "z_risk": None}

    def data(self, problem: LogBinomialProblem, size: int) -> Arrays:
        """Return counts, their normal approximation and the rows of the priors, padded to `size` studies."""
        k = len(problem.studies)
        ai, n1i, ci, n2i = (np.array(getattr(problem, name), float) for name in ("ai", "n1i", "ci", "n2i"))
        columns = dict(zip(PER_STUDY, (ai, n1i - ai, ci, n2i - ci), strict=True))
        total = 0.0
        for arm, events, n in (("1", ai, n1i), ("2", ci, n2i)):
            log_risk, variance = _approximate(events, n)
            # A variance near 0 (all have events) would hold the chains where the data only bound the risk.
            variance = np.where(events == 0, UNBOUNDED, np.maximum(variance, 1 / (n + 1)))
            columns[f"log_risk_{arm}"], columns[f"weight_{arm}"] = log_risk, 1 / variance
            total = total + 1 / variance
        larger = np.exp(np.maximum(columns["log_risk_1"], columns["log_risk_2"]))
        columns["risk_sd"] = np.minimum(total**-0.5 / (1 - np.minimum(larger, 0.9)), 2.0)
        columns["yi"], columns["vi"] = self.approximation(problem)
        columns["vi"] = np.where((ai == 0) | (ci == 0), columns["vi"] + UNBOUNDED, columns["vi"])
        columns["mask"] = np.ones(k)
        filler = dict.fromkeys(("weight_1", "weight_2", "risk_sd", "vi"), 1.0)
        filler |= dict.fromkeys(("log_risk_1", "log_risk_2"), -1.0)
        padded = {
            name: np.concatenate([values, np.full(size - k, filler.get(name, 0.0))]) for name, values in columns.items()
        }
        rows = densities.hyper_rows(problem.tau_prior, problem.mu_prior, float(np.median(columns["vi"])))
        return padded | rows | {"beta": np.array([problem.risk_alpha, problem.risk_beta])}

    def approximation(self, problem: LogBinomialProblem) -> tuple[np.ndarray, np.ndarray]:
        """Return the log risk ratios with half an event added, and their variances; they only steer the chains."""
        counts = [np.array(getattr(problem, name), float) for name in ("ai", "n1i", "ci", "n2i")]
        (one, v1), (two, v2) = _approximate(*counts[:2]), _approximate(*counts[2:])
        return one - two, np.maximum(v1 + v2, 1 / (counts[1] + counts[3]))

    def informative(self, problem: LogBinomialProblem) -> np.ndarray:
        """Return which studies have events in both arms."""
        return (np.array(problem.ai) > 0) & (np.array(problem.ci) > 0)

    def locate(self, xp, point: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """Return log tau, mu, the effects, the logits of the larger risks, and the log Jacobian's parts."""
        log_unit, bend, inverse_upper, centre, precision = (given["scale_row"][i] for i in range(5))
        x, log_jacobian = geometry.log_tau(xp, point["w"], log_unit, bend, inverse_upper)
        mean, log_sd = geometry.mean_given_tau(xp, x, given["yi"], given["vi"], given["mask"], centre, precision)
        mu = mean + xp.exp(log_sd) * point["z"]
        effect, effect_jacobian = geometry.standardised_effect(xp, x, mu, point["z_theta"], given["yi"], given["vi"])
        theta = mu + xp.exp(x) * effect
        return {
            "x": x,
            "mu": mu,
            "effect": effect,
            "theta": theta,
            "logit": self._logit_centre(xp, theta, given) + given["risk_sd"] * point["z_risk"],
            "log_jacobian": log_jacobian + log_sd,
            "effect_jacobian": effect_jacobian,
        }

    def _logit_centre(self, xp, theta, given):
        """What both arms say about logit q given theta."""
        up, down = xp.maximum(theta, 0.0), xp.minimum(theta, 0.0)
        whole = given["weight_1"] + given["weight_2"]
        log_q = given["weight_1"] * (given["log_risk_1"] - down) + given["weight_2"] * (given["log_risk_2"] + up)
        log_q = xp.minimum(log_q / whole, CLOSEST)
        return log_q - xp.log(-xp.expm1(log_q))

    def log_likelihood_at(self, xp, theta, logit, given):
        """Return the log likelihood of a study's counts and the log density of logit q, without constants."""
        log_q, log_rest = -xp.log1p(xp.exp(-logit)), -xp.log1p(xp.exp(logit))
        value = given["beta"][0] * log_q + given["beta"][1] * log_rest
        for arm, log_p in (("1", log_q + xp.minimum(theta, 0.0)), ("2", log_q - xp.maximum(theta, 0.0))):
            value = value + given[f"events_{arm}"] * log_p
            value = value + given[f"others_{arm}"] * xp.log(-xp.expm1(log_p) + TINY)
        return value

    def log_density(self, xp, point: dict[str, Any], given: dict[str, Any]):
        """Return the log density of the coordinates, up to a constant; shape (..., 1)."""
        at = self.locate(xp, point, given)
        per_study = at["effect_jacobian"] - 0.5 * at["effect"] ** 2
        per_study = per_study + self.log_likelihood_at(xp, at["theta"], at["logit"], given)
        idle = -0.5 * (point["z_theta"] ** 2 + point["z_risk"] ** 2)
        mask = given["mask"]
        studies = xp.sum(mask * per_study + (1 - mask) * idle, axis=-1, keepdims=True)
        return studies + densities.hyper_log_density(xp, at["x"], at["mu"], given) + at["log_jacobian"]

    def translate(self, problem: LogBinomialProblem, draws: Arrays, rng: np.random.Generator) -> Arrays:
        """Return mu, tau, theta, theta_next, and the larger risk of every study."""
        k = len(problem.studies)
        draws = {name: values[..., :k] if name.startswith("z_") else values for name, values in draws.items()}
        at = self.locate(np, draws, self.data(problem, k))
        tau, mu = np.exp(at["x"])[..., 0], at["mu"][..., 0]
        return {
            "mu": mu,
            "tau": tau,
            "theta": at["theta"],
            "theta_next": mu + tau * rng.standard_normal(mu.shape),
            "risk_larger": special.expit(at["logit"]),
        }

    def finite_moments(self, problem, parameter: str, study: str = "") -> float:
        """Return how many moments a parameter's posterior has; risks have all."""
        return np.inf if parameter == "risk_larger" else super().finite_moments(problem, parameter, study)

    def observed(self, problem: LogBinomialProblem) -> Arrays:
        """Return events and participants by arm."""
        return {name: np.array(getattr(problem, name)) for name in ("ai", "n1i", "ci", "n2i")}

    def prior_draws(self, problem: LogBinomialProblem, count: int, rng: np.random.Generator) -> Arrays:
        """Return draws from the prior; axes draw and, where there is one, study."""
        mu, tau, k = problem.mu_prior.rvs(rng, count), problem.tau_prior.rvs(rng, count), len(problem.studies)
        return {
            "mu": mu,
            "tau": tau,
            "theta_next": mu + tau * rng.standard_normal(count),
            "theta": mu[:, None] + tau[:, None] * rng.standard_normal((count, k)),
            "risk_larger": rng.beta(problem.risk_alpha, problem.risk_beta, (count, k)),
        }

    def replicate(self, problem: LogBinomialProblem, parameters: Arrays, rng: np.random.Generator) -> Arrays:
        """Return new numbers of events."""
        q, theta = parameters["risk_larger"], parameters["theta"]
        return {
            "ai": rng.binomial(problem.n1i, q * np.exp(np.minimum(theta, 0))),
            "ci": rng.binomial(problem.n2i, q * np.exp(-np.maximum(theta, 0))),
        }

    def log_prior(self, problem: LogBinomialProblem, posterior: Arrays) -> Arrays:
        """Return the log prior densities of mu, tau and the larger risks at every draw."""
        beta = stats.beta(problem.risk_alpha, problem.risk_beta)
        return {
            "mu": problem.mu_prior.logpdf(posterior["mu"]),
            "tau": problem.tau_prior.logpdf(posterior["tau"]),
            "risk_larger": beta.logpdf(posterior["risk_larger"]),
        }

    def log_likelihood(self, problem: LogBinomialProblem, posterior: Arrays) -> np.ndarray:
        """Return each study's log likelihood given mu and tau, its effect and risk integrated out.

        Gauss-Hermite over the standardised effect; over the logit of the risk the trapezoidal rule, far out, because
        near a risk of 1 it falls as slowly as an exponential.
        """
        given = self.data(problem, len(problem.studies))
        shape, k = posterior["mu"].shape, len(problem.studies)
        mu, x = posterior["mu"].reshape(-1, 1), np.log(posterior["tau"]).reshape(-1, 1)
        z, weight = np.polynomial.hermite_e.hermegauss(EFFECT_NODES)
        log_weight = np.log(weight / np.sqrt(2 * np.pi)) + 0.5 * z**2
        t = np.linspace(-3.2, 3.2, RISK_NODES)
        z_risk, log_step = 2 * np.sinh(t), np.log(2 * np.cosh(t) * (t[1] - t[0]))
        by_study = {*PER_STUDY, *STEERING}
        values = np.empty((mu.size, k))
        for i in range(k):
            one = {name: column[i] if name in by_study else column for name, column in given.items()}
            effect, log_jacobian = geometry.standardised_effect(np, x, mu, z, one["yi"], one["vi"])
            theta = (mu + np.exp(x) * effect)[..., None]
            logit = self._logit_centre(np, theta, one) + one["risk_sd"] * z_risk
            inner = special.logsumexp(self.log_likelihood_at(np, theta, logit, one) + log_step, axis=-1)
            values[:, i] = special.logsumexp(inner + log_jacobian - 0.5 * effect**2 + log_weight, axis=-1)
        # The density of the risk's coordinate has the constants of Beta, binomial and standard deviation.
        n1i, n2i = np.array(problem.n1i), np.array(problem.n2i)
        constant = np.log(given["risk_sd"]) - special.betaln(problem.risk_alpha, problem.risk_beta)
        for events, n in ((problem.ai, n1i), (problem.ci, n2i)):
            events = np.array(events)
            constant = constant - special.betaln(events + 1, n - events + 1) - np.log(n + 1)
        return values.reshape(*shape, k) + constant
