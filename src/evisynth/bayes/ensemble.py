"""The single models of a model average: each gives a marginal likelihood and posteriors of mu and tau.

Every one is deterministic: no bias is one integral over tau; PET and PEESE add one over their slope (for each slope
the data y - slope x are an ordinary normal-normal problem); a weight function adds mu and up to three weights.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from evisynth.bayes import quadrature
from evisynth.bayes.families import FAMILIES, Array
from evisynth.bayes.mixture import NormalMixture
from evisynth.bayes.posterior import EffectPrior, Problem, build_problem, mixtures
from evisynth.bayes.priors import Prior
from evisynth.bayes.quadrature import TauGrid
from evisynth.bayes.selection import COARSE, FINE, OmegaRule, SelectionLikelihood, WeightFunction, omega_rule

Curve = Callable[[Array], Array]
_TAU_NODES = 64
_SELECTION_NODES = 32
_MU_NODES = 32
_MU_DROP = 26.0


@dataclass(frozen=True)
class ModelFit:
    """One model: ln marginal likelihood with its error, and functions for mu and tau (None where fixed at 0)."""

    log_marginal: float
    error: float
    method: str
    mu_cdf: Curve | None
    mu_moments: tuple[float, float]
    tau_cdf: Curve | None
    tau_moments: tuple[float, float]


@dataclass(frozen=True)
class Setting:
    """Data (signs already aligned) and the priors of the alternative hypotheses."""

    y: Array
    v: Array
    mu_prior: Prior
    tau_prior: Prior


def fit_plain(setting: Setting, effect: bool, heterogeneity: bool) -> ModelFit:
    """No publication bias."""
    problem = _problem(setting, setting.y[None], effect)
    log_z, grid, error = _integrate(problem, heterogeneity)
    method = "quadrature over tau" if heterogeneity else "closed form"
    return _collect(problem, grid, np.ones(1), float(log_z[0]), error, method, effect)


def fit_regression(setting: Setting, x: Array, scale: float, effect: bool, heterogeneity: bool) -> ModelFit:
    """PET (x = standard errors) or PEESE (x = variances) with a half-Cauchy slope."""

    def log_target(slope: Array) -> Array:
        shape, flat = slope.shape, slope.ravel()
        problem = _problem(setting, setting.y[None] - flat[:, None] * x[None], effect)
        log_z, _, _ = _integrate(problem, heterogeneity)
        return FAMILIES["tau", "halfcauchy"].logpdf(slope, scale) + log_z.reshape(shape)

    # Slopes beyond every standardised effect only add work: cap the support far outside the data.
    largest = 1e6 * (np.max(np.abs(setting.y)) / np.min(x) + scale)
    start, upper = np.array([scale]), np.array([np.inf])
    capped = lambda s: log_target(np.minimum(s, largest)) - np.where(s > largest, 1e3, 0.0)  # noqa: E731
    outer = quadrature.build(capped, start, upper, np.zeros(1), _TAU_NODES)
    problem = _problem(setting, setting.y[None] - outer.tau[0][:, None] * x[None], effect)
    _, grid, inner_error = _integrate(problem, heterogeneity)
    error = float(quadrature.spectral_error(outer.probability)[0] ** 1.5 + outer.tail[0] + inner_error)
    method = "quadrature over tau and the slope" if heterogeneity else "quadrature over the slope"
    return _collect(problem, grid, outer.probability[0], float(outer.log_integral[0]), error, method, effect)


def fit_selection(setting: Setting, function: WeightFunction, effect: bool, heterogeneity: bool) -> ModelFit:
    """A weight function: mu outermost (sinh nodes), tau inside it, the weights innermost."""
    likelihood = SelectionLikelihood(setting.y, setting.v, function)
    free = len(function.cuts)
    axis, *rules = _plan(setting, likelihood, effect, heterogeneity)
    mu = axis.mu if axis is not None else np.zeros(1)
    weight = setting.mu_prior.logpdf(mu) + axis.log_slope if axis is not None else np.zeros(1)
    value, grid, error = _over_tau(setting, likelihood, mu, weight, heterogeneity, *rules)
    if axis is not None:
        log_g = value + weight
        g = np.exp(log_g - log_g.max())
        p, log_z = g / g.sum(), float(log_g.max() + np.log(g.sum() * axis.step))
        error += float(quadrature.spectral_error(p[None])[0] ** 1.5)
    else:
        p, log_z = np.ones(1), float(value[0])
    parts = ["mu"] * effect + ["tau"] * heterogeneity + [f"{free} weight" + "s" * (free > 1)]
    method = f"quadrature over {', '.join(parts)}"
    moments = (float(p @ mu), float(p @ mu**2))
    mu_cdf = axis.cdf(p) if axis is not None else None
    return ModelFit(log_z, error, method, mu_cdf, moments, *_tau_side(grid, p))


def _problem(setting: Setting, y: Array, effect: bool) -> Problem:
    v = np.broadcast_to(setting.v, y.shape)
    problem = build_problem(y, v, (setting.tau_prior,), setting.mu_prior)
    if effect:
        return problem
    zero = np.zeros((len(y), 1))
    return replace(problem, effect=EffectPrior(False, zero + 1.0, zero, zero, setting.mu_prior))


def _integrate(problem: Problem, heterogeneity: bool) -> tuple[Array, TauGrid | None, float]:
    """Ln marginal likelihood of every row, the nodes over tau, and the largest relative error."""
    if not heterogeneity:
        return problem.log_likelihood(np.zeros((problem.size, 1)))[:, 0], None, 1e-13
    grid = problem.grid(_TAU_NODES)
    # The trapezoidal sum is far better than its sinc companion: about the square, 1.5 is cautious.
    return (
        grid.log_integral,
        grid,
        float(np.max(quadrature.spectral_error(grid.probability) ** 1.5 + grid.tail)),
    )


def _collect(
    problem: Problem, grid: TauGrid | None, p: Array, log_z: float, error: float, method: str, effect: bool
) -> ModelFit:
    """Posteriors of mu and tau from rows that carry probabilities p."""
    mu_cdf, moments = None, (0.0, 0.0)
    if effect:
        mixture = mixtures(problem, grid)[0] if grid is not None else _at_zero(problem)
        mean, sd = mixture.moments()
        mean = mean + problem.origin
        moments = (float(p @ mean), float(p @ (sd**2 + mean**2)))

        def mu_cdf(x: Array) -> Array:
            return p @ mixture.cdf(x[None, :] - problem.origin[:, None])

    return ModelFit(log_z, error, method, mu_cdf, moments, *_tau_side(grid, p))


def _at_zero(problem: Problem) -> NormalMixture:
    log_weight, mean, variance = (a[:, 0, :] for a in problem.conditional(np.zeros((problem.size, 1))))
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    zero = np.zeros(problem.size)
    return NormalMixture(
        weight / weight.sum(axis=1, keepdims=True),
        mean,
        np.sqrt(variance),
        np.ones(mean.shape[1]),
        zero,
        zero,
    )


def _tau_side(grid: TauGrid | None, p: Array) -> tuple[Curve | None, tuple[float, float]]:
    if grid is None:
        return None, (0.0, 0.0)

    def tau_cdf(x: Array) -> Array:
        t = grid.t_of(np.broadcast_to(x, (len(p), len(x))))
        inside = grid.cdf(np.nan_to_num(t, posinf=0.0, neginf=0.0))
        return p @ np.where(np.isposinf(t), 1.0, np.where(np.isneginf(t), 0.0, inside))

    with np.errstate(over="ignore"):
        first = p @ np.sum(grid.probability * grid.tau, axis=1)
        second = p @ np.sum(grid.probability * grid.tau**2, axis=1)
    return tau_cdf, (float(first), float(second))


def _over_tau(
    setting: Setting,
    likelihood: SelectionLikelihood,
    mu: Array,
    prior: Array,
    heterogeneity: bool,
    rule: OmegaRule,
    coarse: OmegaRule,
) -> tuple[Array, TauGrid | None, float]:
    """Ln of the likelihood integrated over tau and weights for each mu, with its relative error.

    `prior` is the log weight of each mu, so that errors count where the posterior is.
    """
    m = len(mu)
    if not heterogeneity:
        value, half = (a[:, 0] for a in likelihood(mu, np.zeros((m, 1)), rule))
        return value, None, _rule_error(value, half, value + prior)
    start, upper = np.full(m, np.sqrt(np.median(setting.v))), np.full(m, setting.tau_prior.upper)
    seen = []

    def fine(tau: Array) -> Array:
        value, half = likelihood(mu, tau, rule)
        seen.append((value, half))
        return setting.tau_prior.logpdf(tau) + value

    def rough(tau: Array) -> Array:
        return setting.tau_prior.logpdf(tau) + likelihood(mu, tau, coarse)[0]

    grid = quadrature.build(fine, start, upper, np.ones(m), _SELECTION_NODES, rough=rough)
    mass = np.log(np.maximum(grid.probability, 1e-300)) + (grid.log_integral + prior)[:, None]
    smooth = quadrature.spectral_error(grid.probability) ** 1.5 + grid.tail
    of_mu = np.exp(grid.log_integral + prior - np.max(grid.log_integral + prior))
    error = _rule_error(*(a.ravel() for a in seen[-1]), mass.ravel()) + float(of_mu @ smooth / of_mu.sum())
    return grid.log_integral, grid, error


def _rule_error(value: Array, half: Array, log_mass: Array) -> float:
    """Error of the weights' rule, from its change when every second node goes, averaged over the posterior.

    The trapezoidal error of the full rule is about the square of that change; twice the square is taken.
    """
    weight = np.exp(np.clip(log_mass - np.max(log_mass), -700, 0))
    change = np.abs(np.expm1(np.clip(half - value, -700, 5)))
    return float(2 * np.sum(weight * change**2) / np.sum(weight))


@dataclass(frozen=True)
class MuAxis:
    """Nodes mu = centre + width sinh(t) on a uniform grid of t: fine in the body, wide in the tails."""

    centre: float
    width: float
    first: float
    step: float
    count: int

    @classmethod
    def over(cls, low: float, high: float, centre: float, width: float, count: int) -> "MuAxis":
        """The axis from `low` to `high`."""
        first, last = np.arcsinh((low - centre) / width), np.arcsinh((high - centre) / width)
        return cls(centre, width, float(first), float((last - first) / (count - 1)), count)

    @property
    def t(self) -> Array:
        """Nodes on the uniform axis."""
        return self.first + self.step * np.arange(self.count)

    @property
    def mu(self) -> Array:
        """Nodes on the scale of the effect."""
        return self.centre + self.width * np.sinh(self.t)

    @property
    def log_slope(self) -> Array:
        """ln(d mu / d t) at the nodes."""
        return np.log(self.width) + np.log(np.cosh(self.t))

    def cdf(self, p: Array) -> Curve:
        """Distribution function of mu from the probabilities of the nodes, by sinc indefinite integration."""
        index = np.arange(self.count)

        def curve(x: Array) -> Array:
            z = (np.arcsinh((x - self.centre) / self.width) - self.first) / self.step
            si = special.sici(np.pi * (np.clip(z, -1.0, self.count)[:, None] - index))[0]
            return np.clip(np.where(z <= -1, 0.0, np.where(z >= self.count, 1.0, (0.5 + si / np.pi) @ p)), 0, 1)

        return curve


def _plan(
    setting: Setting, likelihood: SelectionLikelihood, effect: bool, heterogeneity: bool
) -> tuple[MuAxis | None, OmegaRule, OmegaRule]:
    """Where to put the nodes of mu, and which nodes of the fine and of the coarse rule for the weights matter there."""
    free = len(likelihood.function.cuts)
    coarse = omega_rule(free, COARSE[free])
    tau = _rough_tau(setting) if heterogeneity else np.zeros(1)
    log_tau = setting.tau_prior.logpdf(tau) if heterogeneity else np.zeros(1)
    log_tau = np.where(np.isfinite(log_tau), log_tau, np.min(log_tau[np.isfinite(log_tau)], initial=0.0))
    log_tau = log_tau + np.log(np.gradient(tau)) if len(tau) > 1 else log_tau

    def look(mu: Array) -> Array:
        value = likelihood(mu, np.broadcast_to(tau, (len(mu), len(tau))), coarse)[0] + log_tau
        return value + (setting.mu_prior.logpdf(mu)[:, None] if effect else 0.0)

    axis = _find_mu(setting, look) if effect else None
    mu = axis.mu if axis is not None else np.zeros(1)
    log_g = look(mu)
    order = np.argsort(log_g.ravel())[::-1]

    def pruned(rule: OmegaRule, depth: float) -> OmegaRule:
        inside = order[log_g.ravel()[order] > log_g.max() - depth]
        chosen = inside[np.unique(np.linspace(0, len(inside) - 1, 40).astype(int))]
        at_mu, at_tau = np.unravel_index(chosen, log_g.shape)
        return likelihood.prune(mu[at_mu], tau[at_tau], rule)

    # The coarse rule finds the ends of the tails too, so it keeps what matters far out.
    return axis, pruned(omega_rule(free, FINE[free]), 14.0), pruned(coarse, _MU_DROP)


def _find_mu(setting: Setting, look: Callable[[Array], Array]) -> MuAxis:
    """Centre, width and ends for mu: starts at the pooled estimate, then follows the coarse posterior."""
    w = 1 / setting.v
    centre, width = float(np.sum(w * setting.y) / np.sum(w)), float(np.sum(w) ** -0.5)
    low = min(float(setting.mu_prior.ppf(1e-12)), setting.y.min(), centre - 10 * width)
    high = max(float(setting.mu_prior.ppf(1 - 1e-12)), setting.y.max(), centre + 10 * width)
    for _ in range(3):
        axis = MuAxis.over(low, high, centre, width, 33)
        log_g = special.logsumexp(look(axis.mu), axis=1)
        g = np.exp(log_g - log_g.max())
        mass = np.cumsum(g * np.exp(axis.log_slope))
        mass = (mass - 0.5 * g * np.exp(axis.log_slope)) / mass[-1]
        kept = np.flatnonzero(log_g > log_g.max() - _MU_DROP)
        low, high = axis.mu[max(kept[0] - 1, 0)], axis.mu[min(kept[-1] + 1, axis.count - 1)]
        left, middle, right = np.interp([0.2, 0.5, 0.8], mass, axis.t)
        quantiles = axis.centre + axis.width * np.sinh(np.array([left, middle, right]))
        centre = float(quantiles[1])
        width = max(float(quantiles[2] - quantiles[0]) / 1.7, 1e-6 * (high - low))
    return MuAxis.over(low, high, centre, width, _MU_NODES)


def _rough_tau(setting: Setting) -> Array:
    """A few values of tau that span prior and data."""
    sd = np.sqrt(np.median(setting.v))
    prior = setting.tau_prior.ppf(np.linspace(0.02, 0.98, 9))
    return np.unique(np.concatenate([prior, sd * np.geomspace(0.1, 5, 9)]))
