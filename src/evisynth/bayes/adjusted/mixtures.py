"""Random effects when each study's likelihood is a mixture of normals, by quadrature over the plane of mu and tau.

    L_i(mu, tau) = sum_j w_ij N(y_ij; mu, v_ij + c_ij tau^2)

Two models are of this form: figures that had to be converted under an assumption (`conversions`: every node of the
assumption is a component), and Student-t random effects (`student`: every node of the scale is one).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evisynth.bayes import quadrature
from evisynth.bayes.adjusted.plane import Line, Plane, make_line
from evisynth.bayes.adjusted.rules import sinc_quantile
from evisynth.bayes.families import LOG_2PI, Array
from evisynth.bayes.mixture import NormalMixture
from evisynth.bayes.posterior import build_problem, mixtures
from evisynth.bayes.priors import Prior
from evisynth.bayes.quadrature import TauGrid
from evisynth.bayes.summaries import Summary, summarise_tau

TAU_NODES = 120
TOLERANCE = 1e-6
MOST_REFINEMENTS = 4


@dataclass(frozen=True)
class Components:
    """What one study says: arrays (s, j), s nodes of what the studies share, j of the study's own.

    `spread` multiplies tau^2.
    """

    y: Array
    v: Array
    log_weight: Array
    spread: Array

    def log_likelihood(self, s: int, mu: Array, tau: Array) -> Array:
        """Log likelihood at shared node `s`, for mu (m,) and tau (n,): shape (n, m)."""
        variance = self.v[s] + self.spread[s] * tau[:, None] ** 2
        rate = self.log_weight[s] - 0.5 * (LOG_2PI + np.log(variance))
        if np.ptp(self.y[s]) == 0:
            return self._about_one_effect(self.y[s, 0], variance, rate, mu)
        # Node by node: arrays (n, m, j) would leave the processor's cache.
        total = None
        for j in range(len(self.y[s])):
            term = rate[:, j, None] - 0.5 * (self.y[s, j] - mu) ** 2 / variance[:, j, None]
            total = term if total is None else np.logaddexp(total, term)
        return total

    @staticmethod
    def _about_one_effect(y: float, variance: Array, rate: Array, mu: Array) -> Array:
        """The same where all components have one effect: no term exceeds the widest one's by more than a constant."""
        square = -0.5 * (y - mu) ** 2
        widest = int(np.argmax(variance.max(axis=0)))
        total = np.ones((len(variance), len(mu)))
        for j in range(variance.shape[1]):
            if j != widest:
                slope = 1 / variance[:, j, None] - 1 / variance[:, widest, None]
                total += np.exp((rate[:, j] - rate[:, widest])[:, None] + square * slope)
        return rate[:, widest, None] + square / variance[:, widest, None] + np.log(total)


@dataclass(frozen=True)
class PlanePosterior:
    """Posterior of the plane, with the probabilities of the shared nodes.

    Attributes
    ----------
    plane : Plane
    grid : TauGrid
    shared : array (s,)
        Posterior probabilities of the nodes of what the studies share.
    mu, tau, predictive : Summary
    log_marginal : float
        ln p(data), up to the constants of the conversions; not a number under a flat prior.
    error_bound : float
        Of probabilities.
    """

    plane: Plane
    grid: TauGrid
    shared: Array
    mu: Summary
    tau: Summary
    predictive: Summary
    log_marginal: float
    error_bound: float


@dataclass(frozen=True)
class _Model:
    studies: tuple[Components, ...]
    log_shared: Array
    line: Line
    mu_prior: Prior
    tau_prior: Prior
    flat: int
    size: int = 1

    def log_parts(self, tau: Array, nodes: Sequence[int]) -> Array:
        """Log of likelihood x prior of mu x prior of what is shared, at some shared nodes: (s, n, m)."""
        own = self.mu_prior.logpdf(self.line.value) + np.log(self.line.weight)
        own = np.broadcast_to(own, (len(tau), len(own)))
        # A study that does not depend on what is shared has one row.
        for study in self.studies:
            if len(study.y) == 1:
                own = own + study.log_likelihood(0, self.line.value, tau)
        parts = []
        for s in nodes:
            total = own + self.log_shared[s]
            for study in self.studies:
                if len(study.y) > 1:
                    total = total + study.log_likelihood(s, self.line.value, tau)
            parts.append(total)
        return np.array(parts)

    def log_target(self, tau: Array) -> Array:
        """Log of prior x likelihood as a density of tau (1, n)."""
        return self._log_target(tau, range(len(self.log_shared)))

    def rough_target(self, tau: Array) -> Array:
        """The same at the likeliest shared node: enough to see where tau lies."""
        return self._log_target(tau, [int(np.argmax(self.log_shared))])

    def _log_target(self, tau: Array, nodes: Sequence[int]) -> Array:
        value = special.logsumexp(self.log_parts(tau.ravel(), nodes), axis=(0, 2))
        return self.tau_prior.logpdf(tau) + value.reshape(tau.shape)

    def moment_exists(self, order: int) -> Array:
        """Whether E(tau**order | y) is finite, (1,)."""
        tail = np.inf if np.isfinite(self.tau_prior.upper) else self.tau_prior.tail
        margin = tail + len(self.studies) - self.flat - 1.0 - order
        return np.array([margin > 1e-12 or (self.tau_prior.kind == "logt2" and abs(margin) <= 1e-12)])


def integrate(
    studies: Sequence[Components], shared: Array, tau_prior: Prior, mu_prior: Prior, level: float
) -> PlanePosterior:
    """Integrate over mu, tau and every component.

    Parameters
    ----------
    studies : sequence of Components
    shared : array (s,)
        Prior probabilities of the shared nodes.
    tau_prior, mu_prior : Prior
        tau's proper; mu's without an atom.
    level : float
    """
    narrowest = 1 / np.sqrt(np.sum([1 / study.v.min() for study in studies]))
    line = _line(studies, tau_prior, mu_prior, narrowest)
    for refinement in range(1, MOST_REFINEMENTS + 1):
        fit = _integrate(studies, shared, tau_prior, mu_prior, level, line)
        if fit.error_bound <= TOLERANCE:
            break
        # Components may lie far from where the posterior turns out to be: lay the nodes anew about its middle.
        marginal = fit.plane.probability.sum(axis=0)
        quarter, half, three = (float(line.at(sinc_quantile(p, marginal))) for p in (0.25, 0.5, 0.75))
        ends = (line.value[0], line.value[-1])
        line = make_line(half, 2 * max(three - quarter, narrowest), *ends, narrowest / refinement)
    return fit


def _integrate(
    studies: Sequence[Components], shared: Array, tau_prior: Prior, mu_prior: Prior, level: float, line: Line
) -> PlanePosterior:
    """Integrate on given nodes of mu."""
    model = _Model(tuple(studies), np.log(shared), line, mu_prior, tau_prior, int(mu_prior.kind == "flat"))
    start = np.array([np.sqrt(np.median([np.median(study.v) for study in studies]))])
    one, two = (bool(model.moment_exists(order)[0]) for order in (1, 2))
    moment = np.array([2.0 if two else float(one)])
    upper = np.array([tau_prior.upper])
    grid = quadrature.build(model.log_target, start, upper, moment, TAU_NODES, rough=model.rough_target)
    parts = model.log_parts(grid.tau[0], range(len(shared)))
    share = np.exp(parts - special.logsumexp(parts, axis=(0, 2), keepdims=True)) * grid.probability[0][:, None]
    plane = Plane(grid.tau[0], line, share.sum(axis=0))
    tau, of_tau = summarise_tau(model, grid, level, False)  # type: ignore[arg-type]
    has = (one, two) if mu_prior.kind == "flat" else (mu_prior.tail > 2, mu_prior.tail > 3)
    return PlanePosterior(
        plane=plane,
        grid=grid,
        shared=share.sum(axis=(1, 2)),
        mu=plane.mu(level, *has),
        tau=Summary(*(float(x[0]) for x in (tau.mean, tau.sd, tau.median, tau.ci_low, tau.ci_high)), None, None),
        predictive=plane.predictive(level, has[0] and one, has[1] and two),
        log_marginal=float(grid.log_integral[0]) if mu_prior.proper and tau_prior.proper else np.nan,
        error_bound=plane.error() + float(of_tau[0]),
    )


def _line(studies: Sequence[Components], tau_prior: Prior, mu_prior: Prior, narrowest: float) -> Line:
    """Nodes of mu, laid out by the normal model of the studies' typical values and made wide enough for all others."""
    low_y, high_y = (np.array([end(study.y) for study in studies]) for end in (np.min, np.max))
    weights = [np.exp(study.log_weight - special.logsumexp(study.log_weight)) for study in studies]
    middle = np.array([np.sum(w * study.y) for w, study in zip(weights, studies, strict=True)])
    v = np.array([np.median(study.v) for study in studies])
    problem = build_problem(middle[None], v[None], (tau_prior,), mu_prior)
    mu: NormalMixture = mixtures(problem, problem.grid(160))[0]
    low, quarter, half, three, high = (mu.quantile(np.array([1e-11, 0.25, 0.5, 0.75, 1 - 1e-11])) + problem.origin)[0]
    # Mixtures have wider tails than their typical values: half as much again, and the components' own range.
    stray = float(np.max(high_y - low_y)) + 6 * float(np.sqrt(max(study.v.max() for study in studies)))
    low, high = low - 0.5 * (half - low) - stray, high + 0.5 * (high - half) + stray
    return make_line(half, 2 * max(three - quarter, narrowest), low, high, narrowest)
