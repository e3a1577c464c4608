"""The bias-corrected meta-analysis of Verde (2021): which studies are biased is not known, but has a probability.

    with probability 1 - p:  y_i ~ N(mu, v_i + tau^2)
    with probability p:      y_i ~ N(mu + B, v_i + tau^2 / w_i),   w_i ~ Beta(nu, 1),   B > 0

mu, tau and B are integrated on a grid, p by Gauss-Jacobi quadrature (the likelihood is a polynomial in p, so this is
exact), w by the double-exponential rule. Without more the two classes can change places when p is large; B's sign tells
them apart, and by default the lowest study counts as unbiased and the highest as biased, as the paper does.

References
----------
Verde PE. A bias-corrected meta-analysis model for combining studies of different types and quality. Biom J
2021;63:406-422.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from evisynth.bayes import checks, priors
from evisynth.bayes.adjusted.plane import Line, Plane, make_line
from evisynth.bayes.adjusted.rules import Nodes, Panels, alternating, bounded_prior, over_prior
from evisynth.bayes.adjusted.two_classes import TwoClasses
from evisynth.bayes.exact import normal_normal
from evisynth.bayes.families import Array
from evisynth.bayes.priors import Prior, PriorError
from evisynth.bayes.results import NormalNormalPosterior
from evisynth.bayes.summaries import FIELDS, Summary

METHOD = "quadrature over mu, tau and the bias; the probability of bias and the studies' classes summed in closed form"
LEAST_STUDIES = 5
TAU_NODES, SLASH_NODES = 61, 41
BIAS_NODES = (36, 12)  # as far as the studies lie apart, and beyond


@dataclass(frozen=True)
class ContaminatedPosterior:
    """Posterior under a mixture of unbiased and biased studies.

    Attributes
    ----------
    k : int
    level : float
    priors : dict of str to str
        Of mu, tau, bias, p_biased (a Beta) and nu, as used.
    direction : int
        1 if biased studies lie above mu, -1 if below.
    unadjusted : NormalNormalPosterior
        All studies taken as unbiased, with the same priors of mu and tau.
    mu, tau, predictive, bias : Summary
        The mean effect without bias, its heterogeneity, the effect of a further unbiased study, and B with its sign.
    p_biased : tuple of float
        Posterior mean and standard deviation of p.
    studies : DataFrame
        ``study, yi, vi, p_biased, fixed``: the posterior probability that the study is biased; `fixed` says where it
        was assumed.
    error_bound : float
        Of probabilities.
    method : str
    """

    k: int
    level: float
    priors: dict[str, str]
    direction: int
    unadjusted: NormalNormalPosterior
    mu: Summary
    tau: Summary
    predictive: Summary
    bias: Summary
    p_biased: tuple[float, float]
    studies: pd.DataFrame
    error_bound: float
    method: str
    plane: Plane

    def p_mu_below(self, c: float = 0.0) -> float:
        """P(mu < c)."""
        below = self.plane.p_mu_below(self.direction * c)
        return below if self.direction == 1 else 1 - below

    def to_frame(self) -> pd.DataFrame:
        """One row per quantity: ``quantity, prior, mean, sd, median, ci_low, ci_high``; unadjusted mu first."""
        rows = [
            ("mu_unadjusted", self.priors["mu"], self.unadjusted.mu),
            ("tau_unadjusted", self.priors["tau"], self.unadjusted.tau),
            ("mu", self.priors["mu"], self.mu),
            ("tau", self.priors["tau"], self.tau),
            ("predictive", "", self.predictive),
            ("bias_mean", self.priors["bias"], self.bias),
        ]
        table = [{"quantity": q, "prior": p, **{f: getattr(s, f) for f in FIELDS[:5]}} for q, p, s in rows]
        mean, sd = self.p_biased
        table.append({"quantity": "p_biased", "prior": self.priors["p_biased"], "mean": mean, "sd": sd})
        return pd.DataFrame(table).assign(k=self.k, level=self.level, error_bound=self.error_bound)


def contaminated(
    yi: ArrayLike,
    vi: ArrayLike,
    tau_prior: str | Prior = "halfcauchy:0.5",
    mu_prior: str | Prior = "normal:0,10",
    *,
    bias_prior: str = "uniform:0,10",
    p_prior: tuple[float, float] = (1.0, 1.0),
    nu: float = 0.5,
    direction: int = 1,
    known: Sequence[str] | None = None,
    studies: Sequence[str] | None = None,
    level: float = 0.95,
) -> ContaminatedPosterior:
    """Pool studies of which an unknown part is biased in a known direction.

    Parameters
    ----------
    yi, vi : array-like (k,)
        Effects and sampling variances, at least five.
    tau_prior, mu_prior : str or Prior
        Proper; the mean's normal or t.
    bias_prior : str
        Prior of the size of B, ``uniform:low,high`` or ``normal:mean,sd`` (cut off at 0), in units of the effect, from
        0 on.
    p_prior : tuple of float
        The two parameters of the Beta prior of the probability that a study is biased: ``(1, 1)``, or one more than the
        numbers of studies thought biased and unbiased.
    nu : float
        Shape of the slash distribution of biased effects, above 0: the smaller, the wider.
    direction : {1, -1}
        Whether biased studies lie above mu (1) or below it (-1).
    known : sequence of str, optional
        ``"biased"``, ``"unbiased"`` or ``""`` for every study. If not given, the study furthest against `direction` is
        unbiased and the one furthest along it biased.
    studies : sequence of str, optional
        Names.
    level : float
        Probability of the intervals.

    Returns
    -------
    ContaminatedPosterior

    Raises
    ------
    ValueError
        Fewer than five studies, unusable data or settings.
    PriorError
        A prior that is unknown or not allowed here.
    """
    y, v, single = checks.read_data(yi, vi)
    if not single or np.isnan(y).any():
        raise ValueError("contaminated takes one data set of shape (k,) without gaps")
    y, v = y[0], v[0]
    tau, mu = priors.parse(tau_prior, "tau"), priors.parse(mu_prior, "mu")
    _check(len(y), tau, mu, p_prior, nu, direction, known)
    size = bias_nodes(bias_prior, np.ptp(y) + 6 * float(np.sqrt(np.median(v))))
    labels = _labels(direction * y, known)
    fit = _integrate(direction * y, v, labels, _turn(mu, direction), tau, size, p_prior, nu)
    level = checks.check_level(level)
    plane = fit.plane
    bias = size.summarise(fit.bias, level)
    names = list(studies) if studies is not None else [str(i + 1) for i in range(len(y))]
    table = {"study": names, "yi": y, "vi": v, "p_biased": fit.p_study, "fixed": labels != ""}
    return ContaminatedPosterior(
        k=len(y),
        level=level,
        priors={
            "mu": mu.text,
            "tau": tau.text,
            "bias": bias_prior,
            "p_biased": f"beta:{p_prior[0]:g},{p_prior[1]:g}",
            "nu": f"{nu:g}",
        },
        direction=direction,
        unadjusted=normal_normal(y, v, tau, mu, level=level),
        mu=_signed(plane.mu(level), direction),
        tau=fit.tau_nodes.summarise(plane.probability.sum(axis=1), level, len(y)),
        predictive=_signed(plane.predictive(level), direction),
        bias=_signed(bias, direction),
        p_biased=fit.p,
        studies=pd.DataFrame(table),
        error_bound=max(plane.error(), size.error(fit.bias), alternating(plane.probability.sum(axis=1))),
        method=METHOD,
        plane=plane,
    )


def bias_nodes(text: str, reach: float) -> Panels:
    """Nodes over the prior of the bias: dense up to `reach`, sparse beyond.

    Raises
    ------
    PriorError
        If it is not ``uniform:low,high`` or ``normal:mean,sd`` from 0 on.
    """
    prior = bounded_prior(text, (0.0, np.inf), "the bias")
    low, high = prior.ppf(0.0), float(prior.ppf(1 - 1e-13))
    ends = (low, high) if high <= reach or low >= reach else (low, reach, high)
    return Panels(prior.pdf, ends, BIAS_NODES, text)


def _check(k: int, tau: Prior, mu: Prior, p_prior, nu: float, direction: int, known) -> None:
    faults = []
    if k < LEAST_STUDIES:
        faults.append(f"{k} studies; at least {LEAST_STUDIES} are needed to tell biased from unbiased ones")
    if not (len(p_prior) == 2 and min(p_prior) > 0):
        faults.append(f"p_prior is {p_prior}; two numbers above 0 are needed")
    if not nu > 0:
        faults.append(f"nu is {nu}; it must be above 0")
    if direction not in (1, -1):
        faults.append(f"direction is {direction}; allowed: 1 (biased studies lie above) or -1 (below)")
    if known is not None and (len(known) != k or not set(known) <= {"", "biased", "unbiased"}):
        faults.append("known needs one of 'biased', 'unbiased' or '' for every study")
    if faults:
        raise ValueError("the mixture of biased and unbiased studies can't be fitted:\n  " + "\n  ".join(faults))
    if not tau.proper or mu.kind not in ("normal", "t"):
        raise PriorError(f"proper priors are needed, normal or t for mu; found {tau.text} and {mu.text}")


def _turn(mu: Prior, direction: int) -> Prior:
    centre, *rest = mu.parameters
    return mu if direction == 1 else replace(mu, parameters=(-centre, *rest))


def _signed(summary: Summary, direction: int) -> Summary:
    if direction == 1:
        return summary
    ends = (-summary.ci_high, -summary.ci_low)
    return Summary(-summary.mean, summary.sd, -summary.median, *ends, None, None)


def _labels(y: Array, known: Sequence[str] | None) -> Array:
    if known is not None:
        return np.array(list(known), dtype=object)
    labels = np.full(len(y), "", dtype=object)
    labels[np.argmin(y)], labels[np.argmax(y)] = "unbiased", "biased"
    return labels


@dataclass(frozen=True)
class _Integrals:
    plane: Plane
    tau_nodes: Nodes
    bias: Array
    p: tuple[float, float]
    p_study: Array


def _integrate(
    y: Array, v: Array, labels: Array, mu: Prior, tau: Prior, size: Panels, p_prior: tuple[float, float], nu: float
) -> _Integrals:
    """Sum over classes and integrate; one node of tau at a time keeps the arrays small."""
    line = _mu_line(y, v, mu, size)
    tau_nodes = over_prior(tau.ppf, tau.text, TAU_NODES, tau.tail)
    degree = len(y) // 2 + 2
    x, share = special.roots_jacobi(degree, p_prior[1] - 1, p_prior[0] - 1)
    p, p_weight = 0.5 * (1 + x), share / share.sum()
    base = np.exp(mu.logpdf(line.value)) * line.weight
    prior = base[:, None, None] * size.weight[:, None] * p_weight
    slash = over_prior(lambda u: np.maximum(u, 1e-300) ** (1 / nu), "", SLASH_NODES)
    shifted = line.value[:, None] + size.value
    model = TwoClasses(y, v, labels, slash)
    joint = np.zeros((TAU_NODES, len(line.value)))
    of_bias, of_p, of_study = np.zeros(len(size.value)), np.zeros(degree), np.zeros(len(y))
    for j, (rows, columns, ahead) in model.worth(tau_nodes, line.value, shifted, p, prior):
        pairs = model.densities(tau_nodes.value[j], line.value[rows], shifted[rows, columns])
        mass = model.product(pairs, p[ahead], prior[rows, columns, ahead] * tau_nodes.weight[j])
        joint[j, rows] = mass.sum(axis=(1, 2))
        of_bias[columns] += mass.sum(axis=(0, 2))
        of_p[ahead] += mass.sum(axis=(0, 1))
        of_study += model.p_biased(pairs, p[ahead], mass)
    total = joint.sum()
    of_p = of_p / total
    mean = float(of_p @ p)
    moments = (mean, float(np.sqrt(of_p @ (p - mean) ** 2)))
    return _Integrals(
        Plane(tau_nodes.value, line, joint / total), tau_nodes, of_bias / total, moments, of_study / total
    )


def _mu_line(y: Array, v: Array, mu: Prior, size: Panels) -> Line:
    """Nodes of mu: dense over the studies, out to where the prior of mu or of the bias ends."""
    sd = np.sqrt(v)
    reach = size.value[-1] + 12 * sd.max() + 4 * np.ptp(y)
    low, high = max(y.min() - reach, float(mu.ppf(1e-13))), min(y.max() + reach, float(mu.ppf(1 - 1e-13)))
    low, high = min(low, y.min() - 8 * sd.max()), max(high, y.max() + 8 * sd.max())
    narrowest = 1 / np.sqrt(np.sum(1 / v))
    return make_line(0.5 * (y.min() + y.max()), 0.5 * np.ptp(y) + 3 * narrowest, low, high, narrowest)
