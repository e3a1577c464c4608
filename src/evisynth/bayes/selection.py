"""Selection by weight function: the likelihood of studies whose chance of publication depends on their p value.

The density of a published y_i is w(p_i) N(y_i; mu, v_i + tau2) / sum_c w_c A_ic, where A_ic is the probability that a
study like i falls into p-value interval c. Weights fall with p and start at 1; a priori (1, w_2, ..., w_C) is uniform
on the ordered simplex 1 >= w_2 >= ... >= w_C >= 0, which is the cumulative Dirichlet(1, ..., 1) prior. Given mu and
tau the weights are integrated by a product rule of dimension C - 1 (at most 3).

References
----------
Vevea JL, Hedges LV. A general linear model for estimating effect size in the presence of publication bias.
Psychometrika 1995;60:419-35.
Maier M, Bartoš F, Wagenmakers EJ. Robust Bayesian meta-analysis. Psychol Methods 2023;28:107-22.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage, special

from evisynth.bayes.families import LOG_2PI, Array

_CELLS = 25_000  # points x nodes of the weights held at once: stays in the processor's cache
_BEFORE_LOG = 5  # studies multiplied together before a logarithm is taken: 1e-60 to the fifth doesn't underflow
_LOWEST, _HIGHEST = -24.0, 3.4  # ratios of neighbouring weights from 4e-11 to 1 - 1e-14
_NEGLIGIBLE = float(np.log(1e-9))
_SMALLEST = 1e-300  # of a product of normalising constants: its logarithm must stay finite
FINE = {1: 0.3, 2: 0.4, 3: 0.65}  # step by number of free weights
COARSE = {1: 0.8, 2: 1.5, 3: 2.7}


@dataclass(frozen=True)
class WeightFunction:
    """A step function of the p value.

    Attributes
    ----------
    sided : {"one", "two"}
        One-sided p values are for a positive effect.
    cuts : tuple of float
        p values at which the weight may drop.
    """

    sided: str
    cuts: tuple[float, ...]

    @property
    def name(self) -> str:
        """For example ``"one-sided .025, .05"``."""
        return f"{self.sided}-sided " + ", ".join(f"{c:g}".lstrip("0") for c in self.cuts)

    def bounds(self, se: Array) -> Array:
        """Cut points on the scale of z * se, (cuts, k): the effect that gives just that p value."""
        tails = np.array(self.cuts) / (1 if self.sided == "one" else 2)
        return -special.ndtri(tails)[:, None] * se[None, :]

    def cell(self, y: Array, se: Array) -> Array:
        """Which interval each study is in: 0 for the smallest p values."""
        size = y if self.sided == "one" else np.abs(y)
        return (size[None, :] < self.bounds(se)).sum(axis=0)

    def cell_probabilities(self, mu: Array, sd: Array, se: Array) -> Array:
        """A_ic for mu (r, 1) and sd (r, k): shape (r, k, cells)."""
        cuts = self.bounds(se)[:, None, :]
        above = special.ndtr((mu[None] - cuts) / sd[None])
        if self.sided == "two":
            above = above + special.ndtr((-cuts - mu[None]) / sd[None])
        edges = np.concatenate([np.zeros((1, *sd.shape)), above, np.ones((1, *sd.shape))])
        return np.moveaxis(np.diff(edges, axis=0), 0, -1)


PSMA = (
    WeightFunction("two", (0.05,)),
    WeightFunction("two", (0.05, 0.10)),
    WeightFunction("one", (0.05,)),
    WeightFunction("one", (0.025, 0.05)),
    WeightFunction("one", (0.05, 0.5)),
    WeightFunction("one", (0.025, 0.05, 0.5)),
)


@dataclass(frozen=True)
class OmegaRule:
    """Nodes for the weights.

    Attributes
    ----------
    log_omega : array (q, cells)
    log_weight : array (q,)
    log_weight_half : array (q,)
        Weights of the same rule with twice the step; ``-inf`` at the nodes it leaves out.
    """

    log_omega: Array
    log_weight: Array
    log_weight_half: Array

    def keep(self, rows: Array) -> "OmegaRule":
        """The nodes `rows` only."""
        return OmegaRule(self.log_omega[rows], self.log_weight[rows], self.log_weight_half[rows])


@cache
def omega_rule(free: int, step: float) -> OmegaRule:
    """Product rule for the uniform prior on the ordered simplex.

    The ratios r_j = w_{j+1} / w_j are a priori independent, r_j with density (d - j + 1) r**(d - j). Strong selection
    puts r near 0 on a scale that depends on mu: with r = expit(t + exp(t)) the poles of the likelihood, at minus the
    chance of a significant result, keep the distance pi from the axis at every scale.
    """
    t = np.arange(_LOWEST, _HIGHEST, step)
    s = t + np.exp(t)
    log_r = special.log_expit(s)
    log_slope = log_r + special.log_expit(-s) + np.log1p(np.exp(t)) + np.log(step)
    with np.errstate(divide="ignore"):
        half = np.where(np.arange(len(t)) % 2 == 0, np.log(2.0), -np.inf)
    log_omega, log_weight, log_half = np.zeros((1, 1)), np.zeros(1), np.zeros(1)
    for power in range(free - 1, -1, -1):
        part = log_slope + np.log(power + 1.0) + power * log_r
        last = log_omega[:, -1:] + log_r[None, :]
        log_omega = np.concatenate([np.repeat(log_omega, len(t), axis=0), last.reshape(-1, 1)], axis=1)
        log_weight = (log_weight[:, None] + part[None, :]).ravel()
        log_half = (log_half[:, None] + half[None, :]).ravel()
    return OmegaRule(log_omega, log_weight, log_weight + log_half)


@dataclass(frozen=True)
class SelectionLikelihood:
    """Log likelihood of one data set under one weight function, weights integrated out."""

    y: Array
    v: Array
    function: WeightFunction

    def __call__(self, mu: Array, tau: Array, rule: OmegaRule) -> tuple[Array, Array]:
        """Ln p(y | mu, tau) for mu (m,) and tau (m, n), (m, n), and the same with half the nodes for the weights."""
        value, half = np.empty(tau.size), np.empty(tau.size)
        size = max(1, _CELLS // len(rule.log_weight))
        mean = np.broadcast_to(mu[:, None], tau.shape).ravel()[:, None]
        total = self.v[None, :] + (tau.ravel() ** 2)[:, None]
        for begin in range(0, tau.size, size):
            part = slice(begin, begin + size)
            terms = self.terms(mean[part], np.sqrt(total[part]), rule)
            top = terms.max(axis=1)
            terms = np.exp(terms - top[:, None])
            value[part] = top + np.log(terms.sum(axis=1))
            with np.errstate(divide="ignore", invalid="ignore"):
                half[part] = top + np.log(terms @ np.exp(rule.log_weight_half - rule.log_weight))
        plain = -0.5 * (LOG_2PI + np.log(total) + (self.y - mean) ** 2 / total).sum(axis=1)
        return (plain + value).reshape(tau.shape), (plain + half).reshape(tau.shape)

    def terms(self, mu: Array, sd: Array, rule: OmegaRule) -> Array:
        """Log contribution of every node of the weights, (r, q), for mu (r, 1) and sd (r, k)."""
        se = np.sqrt(self.v)
        counts = np.bincount(self.function.cell(self.y, se), minlength=rule.log_omega.shape[1])
        chances = self.function.cell_probabilities(mu, sd, se)
        value = np.broadcast_to(rule.log_weight + rule.log_omega @ counts, (len(mu), len(rule.log_weight))).copy()
        omega = np.exp(rule.log_omega).T
        product = None
        for i in range(len(self.y)):
            term = chances[:, i, :] @ omega
            product = term if product is None else np.multiply(product, term, out=product)
            if (i + 1) % _BEFORE_LOG == 0 or i + 1 == len(self.y):
                value -= np.log(np.maximum(product, _SMALLEST, out=product), out=product)
                product = None
        return value

    def prune(self, mu: Array, tau: Array, rule: OmegaRule) -> OmegaRule:
        """Keep the nodes that matter at some of the points mu (r,), tau (r,), which should span the posterior.

        Every second node in each direction is looked at first; only the neighbours of those that matter are tried.
        """
        tried = np.flatnonzero(np.isfinite(rule.log_weight_half))
        # A node may carry a little more than those at its corners: 3 log units are left for that.
        near = np.zeros(len(rule.log_weight), dtype=bool)
        near[tried] = self._matter(mu, tau, rule.keep(tried), _NEGLIGIBLE - 3.0)
        free = rule.log_omega.shape[1] - 1
        count = round(len(near) ** (1 / free))
        around = ndimage.binary_dilation(near.reshape((count,) * free), np.ones((3,) * free, dtype=bool))
        candidates = np.flatnonzero(around)
        return rule.keep(candidates[self._matter(mu, tau, rule.keep(candidates), _NEGLIGIBLE)])

    def _matter(self, mu: Array, tau: Array, rule: OmegaRule, cutoff: float) -> Array:
        """Which nodes are within `cutoff` log units of the largest at one of the points at least."""
        keep = np.zeros(len(rule.log_weight), dtype=bool)
        size = max(1, _CELLS // len(keep))
        for begin in range(0, len(mu), size):
            part = slice(begin, begin + size)
            sd = np.sqrt(self.v + tau[part, None] ** 2)
            terms = self.terms(mu[part, None], sd, rule)
            keep |= (terms > terms.max(axis=1, keepdims=True) + cutoff).any(axis=0)
        return keep
