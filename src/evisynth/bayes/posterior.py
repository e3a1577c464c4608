"""The normal-normal hierarchical model for many data sets at once: everything that is closed form given tau.

Model: y_i ~ N(theta_i, v_i), theta_i ~ N(mu, tau**2), mu ~ a normal mixture (or flat), tau ~ any prior.
Given tau, the precision of the pooled mean is S = sum 1 / (v_i + tau**2), its value m = sum y_i / (v_i + tau**2) / S,
and for a normal component N(a, b**2) of the prior of mu

    ln p(y | tau) = sum ln N(y_i; m, v_i + tau**2) + (1/2) ln(2 pi / S)  [flat]
    ln p(y | tau) = sum ln N(y_i; m, v_i + tau**2) - (1/2) ln(1 + b**2 S) - (m - a)**2 S / (2 (1 + b**2 S)),

with mu | tau, y normal with variance b**2 / (1 + b**2 S) and mean a + (m - a) b**2 S / (1 + b**2 S).

References
----------
Gelman A, et al. Bayesian Data Analysis, 3rd ed. CRC 2013, section 5.4.
Röver C. Bayesian random-effects meta-analysis using the bayesmeta R package. J Stat Softw 2020;93(6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from evisynth.bayes import quadrature
from evisynth.bayes.families import LOG_2PI, Array
from evisynth.bayes.mixture import NormalMixture
from evisynth.bayes.priors import Prior
from evisynth.bayes.quadrature import TauGrid

LARGEST = 640.0  # ln of the largest variance of mu in such a mixture
STUDENT_ERROR = 1e-10  # of a probability, when a Student-t prior is summed as a mixture; tails included


@dataclass(frozen=True)
class EffectPrior:
    """The effect prior of every row as a normal mixture: arrays (m, j); sd 0 is an atom, `flat` ignores all three.

    `sign` is +1 and -1 in turn where the mixture is itself a quadrature (Student t), else all +1.
    """

    flat: bool
    weight: Array
    mean: Array
    sd: Array
    prior: Prior

    def take(self, rows: Array) -> "EffectPrior":
        """The same for some rows."""
        return EffectPrior(self.flat, self.weight[rows], self.mean[rows], self.sd[rows], self.prior)


def effect_prior(prior: Prior, y: Array, v: Array) -> EffectPrior:
    """Spell the effect prior out as a normal mixture for data `y`, `v` of shape (k, m) (NaN where absent)."""
    m = y.shape[1]
    if prior.kind == "flat":
        empty = np.zeros((m, 1))
        return EffectPrior(True, empty + 1.0, empty, empty, prior)
    parts = prior.components()
    weight, mean, sd = parts if parts is not None else _student(prior, y, v)
    return EffectPrior(False, *(np.broadcast_to(a, (m, len(weight))) for a in (weight, mean, sd)), prior)


def _student(prior: Prior, y: Array, v: Array) -> tuple[Array, Array, Array]:
    """Student t as a scale mixture of normals, integrated over ln(lambda) by the trapezoidal rule.

    lambda ~ Gamma(df / 2, rate df / 2) and mu | lambda ~ N(location, scale**2 / lambda). The lower end reaches far
    enough for the data set that lies furthest from the prior's centre: below it the weights fall as lambda**(df / 2) or
    faster, and so do the second moments wherever they exist.
    """
    location, scale, df = prior.parameters
    with np.errstate(all="ignore"):
        distance = np.nanmax(np.abs(y - location), initial=0.0) / scale
    # About 0 the logarithm of the weights is -df u**2 / 4, far below it df u / 2.
    low = -np.log1p(distance**2) - 50.0 / df - min(1.0, 10.0 / np.sqrt(df))
    if not np.isfinite(y).any(axis=0).all() and df > 2:
        # Without data nothing but the prior holds the second moment.
        low = -min(1.0 + 100.0 / (df - 2), 600.0)
    low = max(low, 2 * np.log(scale) - LARGEST)
    high = np.log(1 + 46.0 / df + 10.0 / np.sqrt(df))
    step = _lambda_step(df)
    u = np.arange(low, high + step, step)
    log_weight = 0.5 * df * (u - np.expm1(u))
    weight = np.exp(log_weight - log_weight.max())
    weight, u = weight[weight > 0], u[weight > 0]
    return weight / weight.sum(), np.full(len(u), location), scale * np.exp(-0.5 * u)


@cache
def _lambda_step(df: float) -> float:
    """Step in ln(lambda) for a trapezoidal error of `STUDENT_ERROR`.

    That error is twice the modulus of Gamma(a + 2 pi i / step) / Gamma(a), the integrand's Fourier transform at the
    sampling frequency. a is df / 2 in the prior; data far from its centre multiply it by lambda**(1/2), which makes
    the peak narrower.
    """
    steps = np.geomspace(0.8, 1e-5, 600)
    shape = 0.5 * (df + 1)
    error = special.loggamma(shape + 2j * np.pi / steps).real - special.gammaln(shape)
    return float(steps[np.argmax(error < np.log(0.25 * STUDENT_ERROR))])


@dataclass(frozen=True)
class Problem:
    """Data and priors of m posteriors; arrays of data are (k, m), centred at `origin` (m,), absent studies masked.

    `tau_priors` holds one prior for all rows or one per row.
    """

    y: Array
    v: Array
    present: Array
    origin: Array
    tau_priors: tuple[Prior, ...]
    effect: EffectPrior

    @property
    def size(self) -> int:
        """Number of rows m."""
        return self.y.shape[1]

    def take(self, rows: Array) -> "Problem":
        """The same for some rows."""
        priors = self.tau_priors if len(self.tau_priors) == 1 else tuple(self.tau_priors[r] for r in rows)
        columns = (a[:, rows] for a in (self.y, self.v, self.present))
        return Problem(*columns, self.origin[rows], priors, self.effect.take(rows))

    def log_tau_prior(self, tau: Array) -> Array:
        """Log prior density of tau (m, n)."""
        if len(self.tau_priors) == 1:
            return self.tau_priors[0].logpdf(tau)
        return np.stack([p.logpdf(t) for p, t in zip(self.tau_priors, tau, strict=True)])

    def pooled(self, tau: Array) -> tuple[Array, Array, Array]:
        """Total precision, weighted mean (about `origin`) and sum ln N(y_i; mean, v_i + tau2) for tau (m, n)."""
        total = self.v[:, :, None] + (tau * tau)[None]
        w = self.present[:, :, None] / total
        precision = w.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(precision > 0, np.einsum("kmn,km->mn", w, self.y) / precision, 0.0)
        residual = self.y[:, :, None] - mean[None]
        quadratic = (w * residual * residual).sum(axis=0)
        log_determinant = np.einsum("kmn,km->mn", np.log(total), self.present)
        k = self.present.sum(axis=0)[:, None]
        return precision, mean, -0.5 * (log_determinant + quadratic + k * LOG_2PI)

    def log_likelihoods(self, tau: Array) -> Array:
        """Ln p(y | tau, component of the effect prior), shape (m, n, j)."""
        return self._components(tau)[0]

    def log_likelihood(self, tau: Array) -> Array:
        """Ln p(y | tau), mu integrated out, shape (m, n)."""
        value = self._components(tau)[0]
        if value.shape[2] == 1:
            return value[:, :, 0] + np.log(self.effect.weight)
        top = value.max(axis=2, keepdims=True)
        return top[:, :, 0] + np.log(np.einsum("mnj,mj->mn", np.exp(value - top), self.effect.weight))

    def conditional(self, tau: Array) -> tuple[Array, Array, Array]:
        """Given tau (m, n): ln p(y, component | tau), mean and variance of mu, each (m, n, j); means about `origin`."""
        value, precision, mean = self._components(tau)
        log_weight = value + np.log(self.effect.weight)[:, None, :]
        if self.effect.flat:
            return log_weight, mean[:, :, None], 1 / precision[:, :, None]
        centre = (self.effect.mean - self.origin[:, None])[:, None, :]
        b2 = self.effect.sd[:, None, :] ** 2
        shrink = b2 * precision[:, :, None] / (1 + b2 * precision[:, :, None])
        variance = b2 / (1 + b2 * precision[:, :, None])
        return log_weight, centre + shrink * (mean[:, :, None] - centre), variance

    def _components(self, tau: Array) -> tuple[Array, Array, Array]:
        precision, mean, base = self.pooled(tau)
        if self.effect.flat:
            return (base + 0.5 * (LOG_2PI - np.log(precision)))[:, :, None], precision, mean
        centre = (self.effect.mean - self.origin[:, None])[:, None, :]
        spread = 1 + self.effect.sd[:, None, :] ** 2 * precision[:, :, None]
        distance = (mean[:, :, None] - centre) ** 2 * precision[:, :, None]
        return base[:, :, None] - 0.5 * (np.log(spread) + distance / spread), precision, mean

    def log_target(self, tau: Array) -> Array:
        """Log of prior x likelihood as a density of tau."""
        return self.log_tau_prior(tau) + self.log_likelihood(tau)

    def grid(self, nodes: int) -> TauGrid:
        """Quadrature over tau for every row."""
        v = np.where(self.present > 0, self.v, np.nan)
        any_data = self.present.sum(axis=0) > 0
        start = np.ones(self.size)
        start[any_data] = np.sqrt(np.nanmedian(v[:, any_data], axis=0))
        upper = np.array([p.upper for p in self.tau_priors])
        moment = np.where(self.moment_exists(2), 2.0, np.where(self.moment_exists(1), 1.0, 0.0))
        return quadrature.build(self.log_target, start, np.broadcast_to(upper, self.size), moment, nodes)

    def tail_power(self) -> Array:
        """The power a with which the posterior density of tau falls, tau**-a; ``inf`` where faster than any power."""
        prior = np.array([np.inf if np.isfinite(p.upper) else p.tail for p in self.tau_priors])
        k = self.present.sum(axis=0)
        return prior + (np.maximum(k - 1, 0) if self.effect.flat else k)

    def moment_exists(self, order: int) -> Array:
        """Whether E(tau**order | y) is finite, (m,)."""
        return self.moment_margin(order) > 0

    def moment_margin(self, order: int) -> Array:
        """The power with which the tail's part in E(tau**order | y) falls, (m,); above 0 where the moment exists.

        The density of a log-t prior is 1/tau times a power of ln(tau), which lets a moment exist at the limit; that
        power, seen from where the nodes end, is then taken for one of tau.
        """
        margin = self.tail_power() - 1.0 - order
        df = np.array([p.parameters[2] if p.kind == "logt2" else 0.0 for p in self.tau_priors])
        margin = np.where((df > 0) & (np.abs(margin) <= 1e-12), df / quadrature.S_LIMIT, margin)
        return np.broadcast_to(np.where(np.abs(margin) <= 1e-12, 0.0, margin), self.size)


def mixtures(problem: Problem, grid: TauGrid) -> tuple[NormalMixture, NormalMixture]:
    """Posterior of mu and of a further study's effect as normal mixtures over the nodes, about `origin`."""
    log_weight, mean, variance = problem.conditional(grid.tau)
    share = np.exp(log_weight - special.logsumexp(log_weight, axis=2, keepdims=True))
    weight = grid.probability[:, :, None] * share
    m, n, j = weight.shape
    spike = (problem.effect.sd[0] == 0) & (not problem.effect.flat)
    atom = weight[:, :, spike].sum(axis=(1, 2))
    atom_at = problem.effect.mean[:, spike][:, 0] - problem.origin if spike.any() else np.zeros(m)
    sign = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    keep = ~spike
    mu = NormalMixture(
        _flat(weight[:, :, keep]),
        _flat(mean[:, :, keep]),
        np.sqrt(_flat(variance[:, :, keep])),
        np.repeat(sign, keep.sum()),
        atom,
        atom_at,
    )
    spread = np.sqrt(variance + (grid.tau**2)[:, :, None])
    zero = np.zeros(m)
    # tau may underflow against the spike's zero variance; such nodes carry no probability that matters.
    spread = np.maximum(spread, 1e-150)
    predictive = NormalMixture(_flat(weight), _flat(mean), _flat(spread), np.repeat(sign, j), zero, zero)
    return _prune(mu), _prune(predictive)


def _flat(a: Array) -> Array:
    return a.reshape(len(a), -1)


def _prune(mixture: NormalMixture, threshold: float = 1e-15) -> NormalMixture:
    """Drop components that carry neither probability nor variance in any row: the Student-t mixture has many."""
    if mixture.weight.shape[1] <= 300:
        return mixture
    # Where a tail is heavy, components of no probability still make the standard deviation.
    with np.errstate(over="ignore", invalid="ignore"):
        second = mixture.weight * (mixture.mean**2 + mixture.sd**2)
        heavy = second > threshold * second.sum(axis=1, keepdims=True)
    keep = np.flatnonzero(((mixture.weight > threshold) | heavy).any(axis=0))
    return NormalMixture(
        mixture.weight[:, keep],
        mixture.mean[:, keep],
        mixture.sd[:, keep],
        mixture.sign[keep],
        mixture.atom_weight,
        mixture.atom_at,
    )


def study_effects(problem: Problem, grid: TauGrid) -> tuple[Array, Array]:
    """Posterior mean and standard deviation of each study's own effect, (m, k), NaN where absent.

    Given tau and mu: theta_i has mean B y_i + (1 - B) mu and variance B v_i, with B = tau2 / (tau2 + v_i).
    """
    log_weight, mean, variance = problem.conditional(grid.tau)
    share = np.exp(log_weight - special.logsumexp(log_weight, axis=2, keepdims=True))
    first = np.einsum("mnj,mnj->mn", share, mean)
    second = np.einsum("mnj,mnj->mn", share, variance + mean**2)
    spread = np.maximum(second - first**2, 0.0)
    tau2 = (grid.tau**2)[None]
    keep = tau2 / (tau2 + problem.v[:, :, None])
    inner = keep * problem.y[:, :, None] + (1 - keep) * first[None]
    inner_variance = keep * problem.v[:, :, None] + (1 - keep) ** 2 * spread[None]
    p = grid.probability
    centre = np.einsum("mn,kmn->km", p, inner)
    total = np.einsum("mn,kmn->km", p, inner_variance + (inner - centre[:, :, None]) ** 2)
    absent = problem.present == 0
    centre = np.where(absent, np.nan, centre + problem.origin)
    return centre.T, np.where(absent, np.nan, np.sqrt(total)).T


def study_mixture(problem: Problem, grid: TauGrid, studies: slice) -> NormalMixture:
    """Posterior of the own effect of some studies, about `origin`; its rows are data set by study.

    Rows of absent studies mean nothing.
    """
    log_weight, mean, variance = problem.conditional(grid.tau)
    share = np.exp(log_weight - special.logsumexp(log_weight, axis=2, keepdims=True))
    m, n, j = share.shape
    y, v = (a[studies].T[:, :, None, None] for a in (problem.y, problem.v))
    weight = np.broadcast_to(_flat(grid.probability[:, :, None] * share)[:, None], (m, y.shape[1], n * j))
    keep = (grid.tau**2)[:, None, :, None]
    keep = keep / (keep + v)
    inner = keep * y + (1 - keep) * mean[:, None]
    spread = np.sqrt(keep * v + (1 - keep) ** 2 * variance[:, None])
    rows, zero = m * y.shape[1], np.zeros(m * y.shape[1])
    sign = np.repeat(np.where(np.arange(n) % 2 == 0, 1.0, -1.0), j)
    # With a spike in the prior and tau near 0 the spread may underflow.
    parts = (weight, inner, np.maximum(spread, 1e-150))
    return _prune(NormalMixture(*(a.reshape(rows, n * j) for a in parts), sign, zero, zero))


def log_marginal_at(problem: Problem, tau: float) -> tuple[Array, Array]:
    """Ln p(y | tau) with mu from its prior, and ln p(y | tau, component), at one fixed tau (0 is the common effect)."""
    at = np.full((problem.size, 1), float(tau))
    return problem.log_likelihood(at)[:, 0], problem.log_likelihoods(at)[:, 0, :]


def build_problem(yi: Array, vi: Array, tau_priors: Sequence[Prior], mu_prior: Prior) -> Problem:
    """Set up data of shape (m, k) (NaN where absent) for the engine."""
    present = np.isfinite(yi) & np.isfinite(vi)
    count = np.maximum(present.sum(axis=1), 1)
    origin = np.where(present, yi, 0.0).sum(axis=1) / count
    y = np.where(present, yi - origin[:, None], 0.0).T
    v = np.where(present, vi, 1.0).T
    effect = effect_prior(mu_prior, np.where(present, yi, np.nan).T, v)
    return Problem(y, v, present.T.astype(float), origin, tuple(tau_priors), effect)
