"""Standard error of a mean that was estimated from quantiles: a parametric bootstrap of the whole estimate."""

from dataclasses import dataclass

import numpy as np

from evisynth.effects._numbers import Floats
from evisynth.effects.quantile_estimation import QuantileFit, candidates, fit_quantiles
from evisynth.effects.types import EffectError, Step

__all__ = ["MeanSE", "mean_se_from_quantiles"]

_MOST_STEPS = 60
_CHANGE = 1e-9


@dataclass(frozen=True)
class MeanSE:
    """Mean of one group from quantiles, with the standard error that estimating it from them leaves.

    Attributes
    ----------
    mean, sd : float
        As `mean_sd_from_quantiles` gives them.
    se : float
        Bootstrap standard error of the mean.
    naive_se : float
        sd / sqrt(n), which takes the mean as if it had been computed from the people themselves.
    method : str
        The distribution fitted.
    draws, seed : int
        Bootstrap samples that could be fitted, and the seed of the generator.
    steps : tuple of Step
        How they were made.
    """

    mean: float
    sd: float
    se: float
    naive_se: float
    method: str
    draws: int
    seed: int
    steps: tuple[Step, ...]


def mean_se_from_quantiles(
    median: float,
    n: float,
    *,
    q1: float | None = None,
    q3: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    bounds: tuple[float, float] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> MeanSE:
    """Mean of a skewed outcome from its quantiles, and its standard error by parametric bootstrap.

    Parameters
    ----------
    median, n, q1, q3, minimum, maximum, bounds
        As `mean_sd_from_quantiles`; n a whole number.
    draws : int
        Bootstrap samples, 100 or more.
    seed : int
        Of the generator: the same seed gives the same standard error.

    Raises
    ------
    EffectError
        As `mean_sd_from_quantiles`; n that is no whole number; fewer than 100 draws.

    Notes
    -----
    Samples of n people are drawn from the distribution that fits the printed figures best; from each the same figures
    are taken and every candidate is fitted again. The standard deviation of the means is the standard error.

    References
    ----------
    McGrath S, Katzenschlager S, Zimmer AJ, et al. (2023). Standard error estimation in meta-analysis of studies
    reporting medians. Stat Methods Med Res 32:373-388.
    """
    if n != int(n) or draws < 100:
        raise EffectError([f"n: found {n:g}, draws: found {draws}; allowed a whole number, and 100 draws or more"])
    figures = {"q1": q1, "q3": q3, "minimum": minimum, "maximum": maximum}
    fit = fit_quantiles(median, n, **figures, bounds=bounds)
    known = candidates(bounds)
    generator = np.random.default_rng(seed)
    people = known[fit.name][0](generator.uniform(size=(draws, int(n))), *fit.parameters)
    means = _means_of(_figures(people, fit), fit, bounds)
    means = means[np.isfinite(means)]
    if means.size < 0.9 * draws:
        raise EffectError([f"{draws - means.size} of {draws} bootstrap samples could not be fitted: no SE is given"])
    se = float(means.std(ddof=1))
    step = Step(
        name="standard error by parametric bootstrap",
        formula="SD of the means of samples of n from the fitted distribution, each estimated from its own quantiles",
        inputs={**fit.inputs, "draws": draws, "seed": seed},
        output={"mean": fit.mean, "se": se},
        assumption=f"a {fit.name} outcome",
        source="McGrath et al. 2023",
    )
    naive = fit.sd / float(np.sqrt(n))
    return MeanSE(fit.mean, fit.sd, se, naive, f"qe ({fit.name})", int(means.size), seed, (step,))


def _figures(people: Floats, fit: QuantileFit) -> Floats:
    """Return the printed figures (draws, figures) of samples of people."""
    share = {"minimum": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "maximum": 1.0}
    return np.quantile(people, [share[name] for name in fit.figures], axis=1).T


def _means_of(x: Floats, fit: QuantileFit, bounds: tuple[float, float] | None) -> Floats:
    """Return the mean of the best candidate of each row of figures; NaN where none could be fitted."""
    best, mean = np.full(len(x), np.inf), np.full(len(x), np.nan)
    middle, spread = x[:, fit.figures.index("median")], x[:, -1] - x[:, 0]
    for name, (quantile, moments, positive) in candidates(bounds).items():
        usable = np.flatnonzero((x[:, 0] > 0) & (spread > 0) if positive else spread > 0)
        if not usable.size:
            continue
        own, unit = x[usable], spread[usable]
        with np.errstate(all="ignore"):
            if name == "normal":
                found, cost = _line(fit.probabilities, own, unit)
            else:
                start = _starts(name, middle[usable], unit / 2.0, bounds)
                parameters, cost = _least_squares(quantile, fit.probabilities, own, unit, start)
                found = moments(*parameters.T)[0]
        better = np.isfinite(found) & (cost < best[usable])
        best[usable[better]], mean[usable[better]] = cost[better], found[better]
    return mean


def _line(p: Floats, x: Floats, unit: Floats) -> tuple[Floats, Floats]:
    """Fit the normal distribution, whose quantiles are a line in the normal scores; return mean and cost."""
    from scipy.special import ndtri

    design = np.column_stack([np.ones(p.size), ndtri(p)])
    coefficients, *_ = np.linalg.lstsq(design, x.T, rcond=None)
    r = (design @ coefficients - x.T) / unit
    return coefficients[0], (r * r).sum(axis=0)


def _starts(name: str, middle: Floats, sd: Floats, bounds: tuple[float, float] | None) -> Floats:
    if name == "beta":
        m = np.clip((middle - bounds[0]) / (bounds[1] - bounds[0]), 0.01, 0.99)
        total = np.maximum(m * (1 - m) * ((bounds[1] - bounds[0]) / sd) ** 2 - 1, 0.1)
        return np.column_stack([np.log(m * total), np.log((1 - m) * total)])
    cv = np.clip(sd / middle, 1e-3, 3.0)
    s2 = np.log1p(cv**2)
    if name == "log-normal":
        return np.column_stack([np.log(middle), 0.5 * np.log(s2)])
    if name == "gamma":
        return np.column_stack([-2 * np.log(cv), np.log(middle) + 2 * np.log(cv)])
    return np.column_stack([-1.086 * np.log(cv), np.log(middle)])


def _least_squares(quantile, p: Floats, x: Floats, unit: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Fit two parameters, both logarithms, to each row of figures; return them and the cost.

    Levenberg and Marquardt's method, all rows at a time; a row whose steps no longer help is left where it is.
    """
    at, damping = start.copy(), np.full(len(x), 1e-3)

    def residual(parameters: Floats) -> Floats:
        fitted = quantile(p[None, :], parameters[:, :1], parameters[:, 1:])
        return np.clip(np.nan_to_num((fitted - x) / unit[:, None], nan=1e6, posinf=1e6, neginf=-1e6), -1e6, 1e6)

    r = residual(at)
    cost = (r * r).sum(axis=1)
    for _ in range(_MOST_STEPS):
        h = 1e-6
        jacobian = np.stack([(residual(at + h * e) - r) / h for e in np.eye(2)], axis=2)
        normal = np.einsum("mij,mik->mjk", jacobian, jacobian)
        gradient = np.einsum("mij,mi->mj", jacobian, r)
        diagonal = np.einsum("mjj->mj", normal)
        system = normal + damping[:, None, None] * np.eye(2) * np.maximum(diagonal, 1e-12)[:, None, :]
        move = np.clip(-np.linalg.solve(system, gradient[:, :, None])[:, :, 0], -2.0, 2.0)
        tried = at + move
        new = residual(tried)
        new_cost = (new * new).sum(axis=1)
        better = new_cost < cost
        at[better], r[better] = tried[better], new[better]
        still = np.abs(cost - new_cost) > _CHANGE * np.maximum(cost, 1e-12)
        cost = np.where(better, new_cost, cost)
        damping = np.clip(np.where(better, damping / 5.0, damping * 4.0), 1e-12, 1e12)
        if not (still & (damping < 1e8)).any():
            break
    return at, cost
