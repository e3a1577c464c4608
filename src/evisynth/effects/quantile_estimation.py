"""Mean and standard deviation of a skewed outcome: the distribution that fits the printed quantiles best.

The standard error of such a mean is larger than sd/sqrt(n), for the distribution is estimated from three to five
figures; `quantile_bootstrap` gives it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evisynth.effects._numbers import Floats
from evisynth.effects.medians import MeanSD, mean_sd_from_summary, read_summary
from evisynth.effects.types import EffectError, Step

__all__ = ["mean_sd_from_quantiles"]


type Candidate = tuple[Callable[..., Any], Callable[..., tuple[Any, Any]], bool]


def candidates(bounds: tuple[float, float] | None = None) -> dict[str, Candidate]:
    """Return the distributions of McGrath et al.: quantiles, mean and SD by two free parameters; positive only.

    The beta distribution is among them where the outcome has `bounds`.
    """
    from scipy.special import betaincinv, gamma, gammaincinv, ndtri

    def normal(p, u, v):
        return u + np.exp(v) * ndtri(p)

    def log_normal(p, u, v):
        return np.exp(u + np.exp(v) * ndtri(p))

    def gamma_(p, u, v):
        return np.exp(v) * gammaincinv(np.exp(u), p)

    def weibull(p, u, v):
        return np.exp(v) * (-np.log1p(-p)) ** np.exp(-u)

    def log_normal_moments(u, v):
        s2 = np.exp(2 * v)
        mean = np.exp(u + s2 / 2)
        return mean, mean * np.sqrt(np.expm1(s2))

    def weibull_moments(u, v):
        g1, g2 = gamma(1 + np.exp(-u)), gamma(1 + 2 * np.exp(-u))
        return np.exp(v) * g1, np.exp(v) * np.sqrt(g2 - g1**2)

    found: dict[str, Candidate] = {
        "normal": (normal, lambda u, v: (u, np.exp(v)), False),
        "log-normal": (log_normal, log_normal_moments, True),
        "gamma": (gamma_, lambda u, v: (np.exp(u + v), np.exp(u / 2 + v)), True),
        "Weibull": (weibull, weibull_moments, True),
    }
    if bounds is not None:
        low, width = bounds[0], bounds[1] - bounds[0]

        def beta(p, u, v):
            return low + width * betaincinv(np.exp(u), np.exp(v), p)

        def beta_moments(u, v):
            a, b = np.exp(u), np.exp(v)
            return low + width * a / (a + b), width * np.sqrt(a * b / (a + b + 1)) / (a + b)

        found["beta"] = (beta, beta_moments, False)
    return found


def _start(name: str, mean: float, sd: float, bounds: tuple[float, float] | None) -> tuple[float, float]:
    """Find starting values from approximate moments."""
    if name == "beta":
        m, s = (mean - bounds[0]) / (bounds[1] - bounds[0]), sd / (bounds[1] - bounds[0])
        m = min(max(m, 0.01), 0.99)
        total = max(m * (1 - m) / s**2 - 1, 0.1)
        return np.log(m * total), np.log((1 - m) * total)
    cv = max(sd / abs(mean), 1e-3) if mean else 1.0
    if name == "normal":
        return mean, np.log(sd)
    if name == "log-normal":
        s2 = np.log1p(cv**2)
        return np.log(max(mean, 1e-9)) - s2 / 2, 0.5 * np.log(s2)
    if name == "gamma":
        return -2 * np.log(cv), np.log(max(mean, 1e-9)) + 2 * np.log(cv)
    return -1.086 * np.log(cv), np.log(max(mean, 1e-9))


def mean_sd_from_quantiles(
    median: float,
    n: float,
    *,
    q1: float | None = None,
    q3: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    bounds: tuple[float, float] | None = None,
) -> MeanSD:
    """Mean and SD of the distribution that fits the printed quantiles best (quantile estimation).

    Parameters
    ----------
    median, n, q1, q3, minimum, maximum : float
        As `mean_sd_from_summary`, for one group.
    bounds : tuple of float, optional
        Least and greatest value that the outcome can take, such as (0, 1) for a share or (0, 100) for a scale; with
        them the beta distribution is among the candidates. All figures must lie between them.

    Returns
    -------
    MeanSD
        ``method`` names the distribution: normal, for positive figures also log-normal, gamma or Weibull, within
        `bounds` also beta: whichever leaves the smallest sum of squared differences between printed and fitted
        quantiles.

    Notes
    -----
    Minimum and maximum are taken as the quantiles 1/n and 1 - 1/n, as in the paper. Its beta distribution is that of an
    outcome within 0 to 1; here any bounds may be given, and it is never taken without them. The sd is that of the
    outcome: the standard error of the mean comes from `mean_se_from_quantiles`.

    References
    ----------
    McGrath S, Zhao X, Steele R, et al. (2020). Stat Methods Med Res 29:2520-2537.
    """
    fit = fit_quantiles(median, n, q1=q1, q3=q3, minimum=minimum, maximum=maximum, bounds=bounds)
    step = Step(
        name="mean and SD by quantile estimation",
        formula=f"least squares between printed and fitted quantiles; best of the distributions: {fit.name}",
        inputs=fit.inputs,
        output={"mean": fit.mean, "sd": fit.sd, "residual": fit.residual},
        assumption=f"a {fit.name} outcome",
        source="McGrath et al. 2020",
    )
    return MeanSD(fit.mean, fit.sd, f"qe ({fit.name})", (step,))


@dataclass(frozen=True, slots=True)
class QuantileFit:
    """The distribution that fits printed quantiles best, and what it was fitted to.

    Attributes
    ----------
    name, parameters
        The distribution of `candidates` and its two free parameters.
    mean, sd, residual : float
        Its moments, and the sum of squared differences between printed and fitted quantiles.
    figures : tuple of str
        Which figures were printed.
    probabilities : array
        The quantiles that they are taken as.
    inputs : dict
        The figures.
    """

    name: str
    parameters: Floats
    mean: float
    sd: float
    residual: float
    figures: tuple[str, ...]
    probabilities: Floats
    inputs: dict[str, Any]


def fit_quantiles(
    median: float,
    n: float,
    *,
    q1: float | None = None,
    q3: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    bounds: tuple[float, float] | None = None,
) -> QuantileFit:
    """Fit every candidate to the figures of one group and return the best; see `mean_sd_from_quantiles`."""
    from scipy.optimize import least_squares

    args, _ = read_summary(median, n, q1, q3, minimum, maximum)
    if not args.scalar:
        raise EffectError(["median: found several groups, allowed one at a time"])
    where = {"minimum": 1 / n, "q1": 0.25, "median": 0.5, "q3": 0.75, "maximum": 1 - 1 / n}
    names = [k for k in where if k in args.values]
    p, x = np.array([where[k] for k in names]), np.array([args[k][0] for k in names])
    if bounds is not None and not (bounds[0] <= x[0] and x[-1] <= bounds[1] and bounds[0] < bounds[1]):
        raise EffectError([f"bounds: found {bounds[0]:g} to {bounds[1]:g}, allowed limits that hold every figure"])
    rough = mean_sd_from_summary(median, n, q1=q1, q3=q3, minimum=minimum, maximum=maximum)
    unit = float(rough.sd)
    best: tuple[float, str, Floats] | None = None
    known = candidates(bounds)
    for name, (quantile, _, positive) in known.items():
        if positive and x[0] <= 0:
            continue
        start = _start(name, float(rough.mean), unit, bounds)
        with np.errstate(all="ignore"):
            fit = least_squares(
                lambda u, q=quantile: np.nan_to_num((q(p, *u) - x) / unit, nan=1e6, posinf=1e6, neginf=-1e6),
                start,
                xtol=1e-14,
                ftol=1e-14,
                gtol=1e-14,
                max_nfev=500,
            )
        if fit.status > 0 and (best is None or fit.cost < best[0]):
            best = (float(fit.cost), name, fit.x)
    if best is None:
        raise EffectError(["no distribution could be fitted to these quantiles; do not pool them as means"])
    mean, sd = known[best[1]][1](*best[2])
    residual = 2 * best[0] * unit**2
    return QuantileFit(best[1], best[2], float(mean), float(sd), residual, tuple(names), p, args.inputs())
