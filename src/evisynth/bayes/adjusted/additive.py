"""Additive bias by class of studies (Welton and others 2009), exactly.

    unbiased study i:         y_i ~ N(theta_i, v_i),        theta_i ~ N(mu, tau^2)
    study i of class c:       y_i ~ N(theta_i + b_i, v_i),  b_i ~ N(b_c, kappa_c^2),  b_c ~ N(b0_c, phi_c^2)

Given tau and the kappas everything is normal. With w_i = 1 / (v_i + tau^2 + kappa_c^2), P_c their sum and m_c the
weighted mean of a class, m_c - b0_c ~ N(mu, 1 / P_c + phi_c^2): however many studies a class has, they never carry
more than 1 / phi_c^2 about mu. tau is integrated by the exact engine's quadrature, each kappa that has a prior over
that prior.

References
----------
Welton NJ, Ades AE, Carlin JB, Altman DG, Sterne JAC. Models for potentially biased evidence in meta-analysis using
empirically based priors. J R Stat Soc A 2009;172:119-136.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from evisynth.bayes import checks, priors, quadrature
from evisynth.bayes.adjusted.results import AdditiveBiasPosterior, Quantities
from evisynth.bayes.adjusted.rules import Nodes, alternating, spread_nodes
from evisynth.bayes.checks import ImproperPosteriorError
from evisynth.bayes.exact import normal_normal
from evisynth.bayes.families import LOG_2PI, Array
from evisynth.bayes.mixture import NormalMixture
from evisynth.bayes.posterior import EffectPrior, effect_prior
from evisynth.bayes.priors import Prior, PriorError
from evisynth.bayes.quadrature import TauGrid
from evisynth.bayes.summaries import FIELDS, Summary, summarise_mixture, summarise_tau

METHOD = "exact (quadrature over tau and the spreads of the biases; mu and the biases given them in closed form)"
SPREAD_NODES = {0: 1, 1: 97, 2: 41}  # by the number of spreads that have a prior
TAU_NODES = (120, 240, 480)
# Nodes that carry less change no quantile in its ninth digit.
NEGLIGIBLE = 1e-14


@dataclass(frozen=True)
class BiasClass:
    """What is assumed about the bias of a class of studies.

    Attributes
    ----------
    name : str
        The class, as the studies name it (``"high"``).
    mean : float or str
        Mean bias b of the class, in units of the effect: a number (given), ``normal:b0,phi`` (phi is how much the mean
        bias differs between meta-analyses), or ``flat`` (learned from these studies alone; then the class says nothing
        about mu). A bias below 0 says that such studies report effects that are too low.
    spread : float or str
        kappa, the standard deviation of the studies' biases about their mean: a number from 0 (given), or a
        prior such as ``halfnormal:0.1``.
    source : str
        Where the two come from.
    """

    name: str
    mean: float | str
    spread: float | str = 0.0
    source: str = ""

    def location(self) -> tuple[float, float]:
        """Return b0 and phi; phi is 0 for a given mean and infinite for a flat one.

        Raises
        ------
        PriorError
            If the mean is neither a number nor ``normal:b0,phi`` nor ``flat``.
        """
        if isinstance(self.mean, int | float):
            if not np.isfinite(self.mean):
                raise PriorError(f"the mean bias of class {self.name!r} is {self.mean}; a finite number is needed")
            return float(self.mean), 0.0
        prior = priors.parse(self.mean, "mu")
        if prior.kind == "flat":
            return 0.0, np.inf
        if prior.kind != "normal":
            raise PriorError(
                f"the mean bias of class {self.name!r} has the prior {self.mean}; allowed: a number, "
                "normal:mean,sd, flat"
            )
        return prior.parameters[0], prior.parameters[1]


@dataclass(frozen=True)
class _Group:
    """The studies of one class; `axis` is the place of its spread among the spreads, -1 without one."""

    rows: Array
    b0: float
    phi: float
    spread: Nodes
    axis: int


@dataclass(frozen=True)
class _Conditional:
    """Everything given tau and the spreads: arrays (n, K1, K2), the last three with components of mu's prior (j)."""

    m: dict[int, Array]
    precision: dict[int, Array]
    information: dict[int, Array]
    log_weight: Array
    mean: Array
    variance: Array


@dataclass(frozen=True)
class _Model:
    y: Array
    v: Array
    groups: tuple[_Group, ...]
    tau_prior: Prior
    effect: EffectPrior
    size: int = 1

    @property
    def spreads(self) -> list[Nodes]:
        return [group.spread for group in self.groups if group.axis >= 0]

    def shape(self, group: _Group, values: Array) -> Array:
        """Put an array (n, K) of a class onto its axes (n, K1, K2)."""
        axes = [1, 1]
        if group.axis >= 0:
            axes[group.axis] = values.shape[1]
        return values.reshape(values.shape[0], *axes)

    def weights(self, group: _Group, tau: Array) -> Array:
        """1 / (v + tau^2 + kappa^2), (n, K, k of the class)."""
        total = self.v[group.rows] + tau[:, None, None] ** 2 + group.spread.value[:, None] ** 2
        return 1 / total

    def given(self, tau: Array) -> _Conditional:
        """Everything given tau (n,) and the spreads' nodes."""
        m, precision, information = {}, {}, {}
        constant, q, score = 0.0, 0.0, 0.0
        for c, group in enumerate(self.groups):
            w, y = self.weights(group, tau), self.y[group.rows]
            total = w.sum(axis=2)
            middle = (w * y).sum(axis=2) / total
            base = 0.5 * (np.log(w) - LOG_2PI - w * (y - middle[:, :, None]) ** 2).sum(axis=2)
            base = base + 0.5 * (LOG_2PI - np.log(total))
            m[c], precision[c] = self.shape(group, middle), self.shape(group, total)
            constant = constant + self.shape(group, base)
            informs = 0.0 * total if np.isinf(group.phi) else 1 / (1 / total + group.phi**2)
            information[c] = self.shape(group, informs)
            q = q + information[c]
            score = score + information[c] * (m[c] - group.b0)
        centre = np.where(q > 0, score / np.where(q > 0, q, 1.0), 0.0)
        for c, group in enumerate(self.groups):
            if np.isfinite(group.phi):
                misfit = information[c] * (m[c] - group.b0 - centre) ** 2
                constant = constant + 0.5 * (np.log(information[c]) - LOG_2PI - misfit)
        return _Conditional(m, precision, information, *self._with_prior(constant, centre, q))

    def _with_prior(self, constant: Array, centre: Array, q: Array) -> tuple[Array, Array, Array]:
        """Join the prior of mu: log weight, mean and variance of mu, (n, K1, K2, j)."""
        constant, centre, q = (a[..., None] for a in np.broadcast_arrays(constant, centre, q))
        if self.effect.flat:
            return constant + 0.5 * (LOG_2PI - np.log(q)), centre, 1 / q
        a, b2 = self.effect.mean[0], self.effect.sd[0] ** 2
        spread = 1 + b2 * q
        value = constant - 0.5 * (np.log(spread) + (centre - a) ** 2 * q / spread) + np.log(self.effect.weight[0])
        return value, a + b2 * q / spread * (centre - a), b2 / spread

    def log_spread_weight(self) -> Array:
        """Log prior probability of the spreads' nodes, (K1, K2, 1)."""
        parts = [spread.weight for spread in self.spreads] + [np.ones(1)] * 2
        return np.log(parts[0])[:, None, None] + np.log(parts[1])[None, :, None]

    def log_target(self, tau: Array) -> Array:
        """Log of prior x likelihood as a density of tau (1, n)."""
        value = self.given(tau.ravel()).log_weight + self.log_spread_weight()
        return self.tau_prior.logpdf(tau) + special.logsumexp(value, axis=(1, 2, 3)).reshape(tau.shape)

    def moment_exists(self, order: int) -> Array:
        """Whether E(tau**order | y) is finite, (1,): each flat location takes one power of tau from the likelihood."""
        tail = np.inf if np.isfinite(self.tau_prior.upper) else self.tau_prior.tail
        flat = int(self.effect.flat) + sum(np.isinf(group.phi) for group in self.groups)
        margin = tail + len(self.y) - flat - 1.0 - order
        return np.array([margin > 1e-12 or (self.tau_prior.kind == "logt2" and abs(margin) <= 1e-12)])


def additive_bias(
    yi: ArrayLike,
    vi: ArrayLike,
    classes: Sequence[str],
    biases: Sequence[BiasClass],
    tau_prior: str | Prior = "halfnormal:0.5",
    mu_prior: str | Prior = "flat",
    *,
    unbiased: Sequence[str] = ("low",),
    studies: Sequence[str] | None = None,
    level: float = 0.95,
    tolerance: float = 1e-6,
) -> AdditiveBiasPosterior:
    """Pool studies of which some classes are biased by an amount that is learned or given.

    Parameters
    ----------
    yi, vi : array-like (k,)
        Effects (log odds ratio, SMD, ...) and sampling variances.
    classes : sequence of str
        The class of every study, such as its overall risk of bias.
    biases : sequence of BiasClass
        One for every class that is biased; at most two of them with a prior for their spread.
    tau_prior, mu_prior : str or Prior
        Proper prior of tau; prior of mu, ``flat``, normal, t or van Zwet's.
    unbiased : sequence of str
        The classes that are taken as unbiased.
    studies : sequence of str, optional
        Names, for the table of studies.
    level : float
        Probability of the intervals.
    tolerance : float
        The grid of tau is refined until the error bound meets it.

    Returns
    -------
    AdditiveBiasPosterior
        With the unadjusted posterior beside the adjusted one, and every assumption about bias.

    Raises
    ------
    ValueError
        Unusable data, or a class without an assumption.
    PriorError
        A prior that is unknown or not allowed here.
    ImproperPosteriorError
        Nothing bounds mu: a flat prior, no unbiased study and only flat biases.
    """
    y, v, single = checks.read_data(yi, vi)
    if not single or np.isnan(y).any():
        raise ValueError("additive_bias takes one data set of shape (k,) without gaps")
    level = checks.check_level(level)
    tau, mu = priors.parse(tau_prior, "tau"), priors.parse(mu_prior, "mu")
    model = _build(y[0], v[0], [str(c) for c in classes], list(biases), tuple(unbiased), tau, mu)
    names = tuple(studies) if studies is not None else tuple(str(i + 1) for i in range(len(y[0])))
    if len(names) != len(y[0]):
        raise ValueError(f"studies has {len(names)} names for {len(y[0])} effects")
    start, upper = np.array([np.sqrt(np.median(v[0]))]), np.array([tau.upper])
    moment = np.array([2.0 if model.moment_exists(2)[0] else float(model.moment_exists(1)[0])])
    for nodes in TAU_NODES:
        grid = quadrature.build(model.log_target, start, upper, moment, nodes)
        quantities, error = _summarise(model, grid, level, biases, [str(c) for c in classes])
        if error <= tolerance:
            break
    return AdditiveBiasPosterior(
        k=len(y[0]),
        level=level,
        tau_prior=tau.text,
        mu_prior=mu.text,
        biases=tuple(biases),
        unadjusted=normal_normal(y[0], v[0], tau, mu, level=level),
        quantities=quantities,
        studies=_study_table(model, grid, names, [str(c) for c in classes]),
        error_bound=error,
        method=METHOD,
    )


def _build(
    y: Array, v: Array, classes: list[str], biases: list[BiasClass], unbiased: tuple[str, ...], tau: Prior, mu: Prior
) -> _Model:
    """Check classes and priors, all problems at once, and set the model up."""
    named = [bias.name for bias in biases]
    faults = []
    if len(classes) != len(y):
        faults.append(f"classes has {len(classes)} entries for {len(y)} studies")
    unknown = sorted(set(classes) - set(named) - set(unbiased))
    if unknown:
        faults.append(
            f"no assumption about class {', '.join(unknown)}: give a BiasClass, or name it among the unbiased "
            f"({', '.join(unbiased)})"
        )
    twice = sorted({n for n in named if named.count(n) > 1} | (set(named) & set(unbiased)))
    if twice:
        faults.append(f"class {', '.join(twice)} has more than one assumption")
    if faults:
        raise ValueError("the bias model can't be set up:\n  " + "\n  ".join(faults))
    if not tau.proper or mu.kind == "spikeslab":
        raise PriorError("the bias models need a proper prior of tau, and one of mu without an atom")
    labels = np.array(classes)
    groups = []
    free = np.flatnonzero(~np.isin(labels, named))
    if len(free):
        groups.append(_Group(free, 0.0, 0.0, spread_nodes(0.0, "", 1), -1))
    present = [bias for bias in biases if bias.name in classes]
    with_prior = sum(not isinstance(bias.spread, int | float) for bias in present)
    if with_prior > 2:
        raise ValueError(f"{with_prior} spreads have a prior; at most 2 can be integrated, give the others as numbers")
    if with_prior == 2 and mu.kind == "t":
        raise ValueError("two spreads with a prior need a flat or normal prior of mu; found " + mu.text)
    axis = 0
    for bias in present:
        spread = spread_nodes(bias.spread, f"the spread of class {bias.name!r}", SPREAD_NODES[with_prior])
        own = -1 if spread.fixed else axis
        axis += not spread.fixed
        groups.append(_Group(np.flatnonzero(labels == bias.name), *bias.location(), spread, own))
    if mu.kind == "flat" and all(np.isinf(group.phi) for group in groups):
        raise ImproperPosteriorError(
            "the posterior is improper: mu and every bias are flat and no study is unbiased; give a proper prior of a "
            "bias, such as normal:0,0.2"
        )
    return _Model(y, v, tuple(groups), tau, effect_prior(mu, y[:, None], v[:, None]))


def _joint(model: _Model, grid: TauGrid) -> tuple[_Conditional, Array]:
    """Everything at the nodes, and their posterior probability (n, K1, K2, j)."""
    given = model.given(grid.tau[0])
    value = given.log_weight + model.log_spread_weight()
    share = np.exp(value - special.logsumexp(value, axis=(1, 2, 3), keepdims=True))
    return given, grid.probability[0][:, None, None, None] * share


def _mixture(weight: Array, mean: Array, variance: Array) -> NormalMixture:
    """Flatten arrays (n, K1, K2, j) to a mixture."""
    n = weight.shape[0]
    sign = np.broadcast_to((-1.0) ** np.arange(n)[:, None, None, None], weight.shape)
    weight, mean, variance, sign = (a.ravel() for a in np.broadcast_arrays(weight, mean, variance, sign))
    keep = weight > NEGLIGIBLE
    zero = np.zeros(1)
    return NormalMixture(weight[None, keep], mean[None, keep], np.sqrt(variance[None, keep]), sign[keep], zero, zero)


def _summarise(
    model: _Model, grid: TauGrid, level: float, biases: Sequence[BiasClass], classes: list[str]
) -> tuple[Quantities, float]:
    """Summaries of everything, and the largest error bound."""
    given, weight = _joint(model, grid)
    one, two = model.moment_exists(1), model.moment_exists(2)
    flat = model.effect.flat
    worst = []

    def summary(mixture: NormalMixture, has_mean: Array, has_sd: Array) -> Summary:
        value, error = summarise_mixture(mixture, np.zeros(1), level, False, has_mean, has_sd)
        worst.append(error[0])
        return scalar(value)

    tau, error = summarise_tau(model, grid, level, False)  # type: ignore[arg-type]
    worst.append(error[0])
    bounded = np.ones(1, dtype=bool)
    mu_mixture = _mixture(weight, given.mean, given.variance)
    mu = summary(mu_mixture, one if flat else bounded, two if flat else bounded)
    spread = given.variance + grid.tau[0][:, None, None, None] ** 2
    following = summary(_mixture(weight, given.mean, spread), one, two)
    means, kappas = {}, {}
    present = [bias.name for bias in biases if bias.name in classes]
    for name, c in zip(present, range(len(model.groups) - len(present), len(model.groups)), strict=True):
        group = model.groups[c]
        shrink = 1.0 if np.isinf(group.phi) else group.phi**2 / (group.phi**2 + 1 / given.precision[c])
        shrink = np.broadcast_to(shrink, given.precision[c].shape)[..., None]
        residual = given.m[c][..., None] - given.mean - group.b0
        own = shrink / given.precision[c][..., None] + shrink**2 * given.variance
        if group.phi > 0:
            heavy = flat or np.isinf(group.phi)
            mixture = _mixture(weight, group.b0 + shrink * residual, own)
            means[name] = summary(mixture, one if heavy else bounded, two if heavy else bounded)
        else:
            means[name] = Summary(group.b0, 0.0, group.b0, group.b0, group.b0, None, None)
        probability = np.ones(1)
        if group.axis >= 0:
            probability = weight.sum(axis=(0, 3, 2 if group.axis == 0 else 1))
            worst.append(alternating(probability))
        kappas[name] = group.spread.summarise(probability, level, len(group.rows) - int(np.isinf(group.phi)))
    return Quantities(mu, scalar(tau), following, means, kappas, mu_mixture), float(max(worst))


def _study_table(model: _Model, grid: TauGrid, names: tuple[str, ...], classes: list[str]) -> pd.DataFrame:
    """Every study with the share it has in the mean of mu, in per cent: d E(mu | nodes) / d y_i, averaged."""
    given, weight = _joint(model, grid)
    q = sum(given.information.values())
    # The pooled mean's share in E(mu | nodes): all of it under a flat prior.
    pull = (
        np.ones_like(weight) if model.effect.flat else 1 - given.variance / np.maximum(model.effect.sd[0] ** 2, 1e-300)
    )
    share = np.empty(len(names))
    pulled = np.sum(weight * pull, axis=3)
    for c, group in enumerate(model.groups):
        own = pulled * np.divide(given.information[c], q, out=np.zeros_like(q + given.information[c]), where=q > 0)
        relative = model.weights(group, grid.tau[0])
        relative = relative / relative.sum(axis=2, keepdims=True)
        for i, row in enumerate(group.rows):
            share[row] = np.sum(own * model.shape(group, relative[:, :, i]))
    return pd.DataFrame({"study": names, "class": classes, "yi": model.y, "vi": model.v, "weight": 100 * share})


def scalar(summary: Summary) -> Summary:
    """Return the summary of one posterior as floats, None where a mean does not exist."""
    values = [float(np.atleast_1d(getattr(summary, f))[0]) for f in FIELDS]
    return Summary(*(None if np.isnan(x) else x for x in values))
