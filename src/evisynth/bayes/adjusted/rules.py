"""Quadrature rules that the adjusted models share: over a prior, along a line, and over the plane of mu and tau.

Every nuisance parameter is integrated over its prior by the double-exponential rule: x = F^-1(u), u = (1 + tanh(pi / 2
sinh t)) / 2, t on an even grid. The integrand in t is analytic and falls double-exponentially, so the trapezoidal rule
converges geometrically, and Stenger's sinc rule gives the distribution function from the same nodes.

References
----------
Takahasi H, Mori M. Double exponential formulas for numerical integration. Publ RIMS Kyoto 1974;9:721-741.
Stenger F. Numerical methods based on sinc and analytic functions. Springer 1993, section 3.6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special, stats

from evisynth.bayes.families import Array
from evisynth.bayes.priors import Prior, PriorError, parse
from evisynth.bayes.summaries import Summary

REACH = 3.0  # |t|: the prior probability beyond is 1e-14 at either end
BRACKET_STEPS = 200


@dataclass(frozen=True)
class Nodes:
    """Nodes of one parameter over its prior; a single node is a fixed value.

    Attributes
    ----------
    value, weight : array (n,)
        Where the nodes lie, and the prior probability each stands for.
    prior : str
        How the prior was written.
    tail : float
        The power a in density ~ x**-a of the prior for large x; infinite where it falls faster.
    """

    value: Array
    weight: Array
    prior: str
    tail: float = np.inf

    @property
    def fixed(self) -> bool:
        """Whether the parameter is given."""
        return len(self.value) == 1

    def summarise(self, probability: Array, level: float, falls: int = 0) -> Summary:
        """Mean, sd, median and central interval from the posterior probabilities of the nodes (n,).

        `falls` is the power with which the likelihood falls in the parameter: it decides which moments exist.
        """
        if self.fixed:
            value = float(self.value[0])
            return Summary(value, 0.0, value, value, value, None, None)
        mean = float(probability @ self.value)
        sd = float(np.sqrt(probability @ (self.value - mean) ** 2))
        tail = (1 - level) / 2
        index = np.array([sinc_quantile(p, probability) for p in (0.5, tail, 1 - tail)])
        # Even in t, the nodes are smooth in their number: cubic interpolation between them is good to 1e-5.
        from scipy.interpolate import CubicSpline

        with np.errstate(divide="ignore"):
            positive = np.all(self.value > 0)
            curve = CubicSpline(np.arange(len(self.value)), np.log(self.value) if positive else self.value)
        median, low, high = np.exp(curve(index)) if positive else curve(index)
        mean, sd = (x if self.tail + falls - 1 > order else np.inf for order, x in ((1, mean), (2, sd)))
        return Summary(mean, sd, float(median), float(low), float(high), None, None)


def over_prior(ppf: Callable[[Array], Array], text: str, count: int, tail: float = np.inf) -> Nodes:
    """Return `count` nodes over the distribution with quantile function `ppf`."""
    t = np.linspace(-REACH, REACH, count)
    arm = 0.5 * np.pi * np.sinh(t)
    u = special.expit(2 * arm)
    weight = u * special.expit(-2 * arm) * np.pi * np.cosh(t)
    return Nodes(np.asarray(ppf(u), dtype=float), weight / weight.sum(), text, tail)


def spread_nodes(spread: "float | str | Prior", what: str, count: int) -> Nodes:
    """Read a standard deviation that is given (a number from 0) or has a prior (``halfnormal:0.1``).

    Raises
    ------
    PriorError
        If it is neither, negative, or the prior is improper.
    """
    if isinstance(spread, int | float) and not isinstance(spread, bool):
        if not (np.isfinite(spread) and spread >= 0):
            raise PriorError(f"{what} is {spread}; a standard deviation from 0 on is needed, or a prior for it")
        return Nodes(np.array([float(spread)]), np.ones(1), f"{spread:g}")
    prior = parse(spread, "tau")
    if not prior.proper:
        raise PriorError(f"{what} has a flat prior; it needs a proper one, such as halfnormal:0.2")
    return over_prior(prior.ppf, prior.text, count, prior.tail)


def bounded_prior(text: str, bounds: tuple[float, float], what: str):
    """Read a prior of a parameter that lies between two bounds.

    Parameters
    ----------
    text : str
        ``uniform:low,high``, or ``normal:mean,sd`` cut off at the bounds.
    bounds : tuple of float
        Smallest and largest value allowed.
    what : str
        What the parameter is called in messages.

    Returns
    -------
    scipy.stats frozen distribution

    Raises
    ------
    PriorError
        If it is written otherwise or leaves the bounds.
    """
    low, high = bounds
    name, _, rest = str(text).partition(":")
    try:
        one, two = (float(word) for word in rest.split(","))
    except ValueError:
        one = two = np.nan
    if name == "uniform" and low <= one < two <= high:
        return stats.uniform(one, two - one)
    if name == "normal" and low <= one <= high and two > 0:
        return stats.truncnorm((low - one) / two, (high - one) / two, one, two)
    raise PriorError(
        f"{what} has the prior {text!r}; allowed: uniform:low,high or normal:mean,sd, within {low:g} to {high:g}"
    )


def given_node(value: float, bounds: tuple[float, float], what: str) -> Nodes:
    """Return the single node of a parameter that is given.

    Raises
    ------
    PriorError
        If it is not within the bounds.
    """
    low, high = bounds
    if not low < value < high:
        raise PriorError(f"{what} is {value}; allowed: above {low:g} and below {high:g}")
    return Nodes(np.array([float(value)]), np.ones(1), f"{value:g}")


class Panels:
    """Gauss-Legendre nodes over a density on adjoining panels; offers `value`, `weight` and `summarise` as `Nodes` do.

    Parameters
    ----------
    pdf : callable
        Prior density.
    ends : tuple of float
        Ends of the panels, ascending; the second panel is laid out on the log scale.
    counts : tuple of int
        Nodes of each panel.
    text : str
        How the prior was written.
    """

    def __init__(self, pdf, ends: tuple[float, ...], counts: tuple[int, ...], text: str) -> None:
        self.prior = text
        self.panels, values, weights = [], [], []
        for i, (low, high) in enumerate(pairwise(ends)):
            x, w = np.polynomial.legendre.leggauss(counts[i])
            if i == 0:
                value, slope = 0.5 * (high + low) + 0.5 * (high - low) * x, 0.5 * (high - low)
            else:
                rate = 0.5 * np.log(high / low)
                value = low * np.exp(rate * (1 + x))
                slope = rate * value
            self.panels.append((x, w, low, high))
            values.append(value)
            weights.append(w * slope * pdf(value))
        self.value, self.weight = np.concatenate(values), np.concatenate(weights)

    fixed = False

    def _series(self, probability: Array) -> list[Array]:
        """Integrals from the left end of each panel, as Legendre series in its own variable."""
        series, start = [], 0
        for x, w, _, _ in self.panels:
            density = probability[start : start + len(x)] / w
            start += len(x)
            n = np.arange(len(x))
            basis = np.polynomial.legendre.legvander(x, len(x) - 1)
            series.append(np.polynomial.legendre.legint((n + 0.5) * (basis.T @ (w * density)), lbnd=-1))
        return series

    def error(self, probability: Array) -> float:
        """Size of the last tenth of the series of the density: what the nodes can't resolve."""
        worst, start = 0.0, 0
        for x, _, _, _ in self.panels:
            basis = np.polynomial.legendre.legvander(x, len(x) - 1)
            coefficients = basis.T @ probability[start : start + len(x)]
            worst = max(worst, float(np.abs(coefficients[-max(2, len(x) // 10) :]).max()))
            start += len(x)
        return worst

    def summarise(self, probability: Array, level: float) -> Summary:
        """Mean, sd, median and central interval from the posterior probabilities of the nodes (n,)."""
        mean = float(probability @ self.value)
        sd = float(np.sqrt(probability @ (self.value - mean) ** 2))
        series = self._series(probability)
        tail = (1 - level) / 2
        return Summary(mean, sd, *(self._quantile(p, series) for p in (0.5, tail, 1 - tail)), None, None)

    def _quantile(self, p: float, series: list[Array]) -> float:
        from scipy.optimize import brentq

        for i, (terms, (_, _, low, high)) in enumerate(zip(series, self.panels, strict=True)):
            whole = np.polynomial.legendre.legval(1.0, terms)
            if p <= whole or i == len(series) - 1:
                if p >= whole:
                    return float(high)
                x = brentq(lambda x, terms=terms, p=p: np.polynomial.legendre.legval(x, terms) - p, -1, 1, xtol=1e-12)
                if i == 0:
                    return float(low + 0.5 * (1 + x) * (high - low))
                return float(low * (high / low) ** (0.5 * (1 + x)))
            p -= whole
        raise AssertionError


def sinc_cdf(index: Array, probability: Array) -> Array:
    """Distribution function at positions counted in nodes (p,), from the probabilities of even nodes (..., n)."""
    x = np.atleast_1d(index)[:, None] - np.arange(probability.shape[-1])
    return probability @ (0.5 + special.sici(np.pi * x)[0] / np.pi).T


def sinc_quantile(p: float, probability: Array) -> float:
    """Position, counted in nodes, of a quantile."""
    from scipy.optimize import brentq

    low, high = -1.0, float(len(probability))
    return brentq(lambda x: float(sinc_cdf(x, probability)[0]) - p, low, high, xtol=1e-10, maxiter=BRACKET_STEPS)


def alternating(probability: Array) -> float:
    """Change of the total probability when every second node is left out: a cautious bound of the rule's error."""
    if probability.shape[-1] == 1:
        return 0.0
    return float(np.abs(probability @ (-1.0) ** np.arange(probability.shape[-1])))
