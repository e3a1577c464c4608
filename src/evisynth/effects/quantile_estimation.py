"""Mean and standard deviation of a skewed outcome: the distribution that fits the printed quantiles best."""

from collections.abc import Callable
from typing import Any

import numpy as np

from evisynth.effects._numbers import Floats
from evisynth.effects.medians import MeanSD, mean_sd_from_summary, read_summary
from evisynth.effects.types import EffectError, Step

__all__ = ["mean_sd_from_quantiles"]


def _candidates() -> dict[str, tuple[Callable[..., Any], Callable[..., tuple[float, float]], bool]]:
    """Distributions of McGrath et al.: quantiles, mean and SD by two free parameters; positive only."""
    from scipy.special import gamma, gammaincinv, ndtri

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

    return {
        "normal": (normal, lambda u, v: (u, np.exp(v)), False),
        "log-normal": (log_normal, log_normal_moments, True),
        "gamma": (gamma_, lambda u, v: (np.exp(u + v), np.exp(u / 2 + v)), True),
        "Weibull": (weibull, weibull_moments, True),
    }


def _start(name: str, mean: float, sd: float) -> tuple[float, float]:
    """Find starting values from approximate moments."""
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
) -> MeanSD:
    """Mean and SD of the distribution that fits the printed quantiles best (quantile estimation).

    Parameters
    ----------
    median, n, q1, q3, minimum, maximum : float
        As `mean_sd_from_summary`, for one group.

    Returns
    -------
    MeanSD
        ``method`` names the distribution: normal, or for positive figures also log-normal, gamma or Weibull,
        whichever leaves the smallest sum of squared differences between printed and fitted quantiles.

    Notes
    -----
    Minimum and maximum are taken as the quantiles 1/n and 1 - 1/n, as in the paper. Its beta distribution is
    left out: it needs an outcome within 0 to 1.

    References
    ----------
    McGrath S, Zhao X, Steele R, et al. (2020). Stat Methods Med Res 29:2520-2537.
    """
    from scipy.optimize import least_squares

    args, _ = read_summary(median, n, q1, q3, minimum, maximum)
    if not args.scalar:
        raise EffectError(["median: found several groups, allowed one at a time"])
    where = {"minimum": 1 / n, "q1": 0.25, "median": 0.5, "q3": 0.75, "maximum": 1 - 1 / n}
    names = [k for k in where if k in args.values]
    p, x = np.array([where[k] for k in names]), np.array([args[k][0] for k in names])
    rough = mean_sd_from_summary(median, n, q1=q1, q3=q3, minimum=minimum, maximum=maximum)
    unit = float(rough.sd)
    best: tuple[float, str, Floats] | None = None
    candidates = _candidates()
    for name, (quantile, _, positive) in candidates.items():
        if positive and x[0] <= 0:
            continue
        start = _start(name, float(rough.mean), unit)
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
    mean, sd = candidates[best[1]][1](*best[2])
    step = Step(
        name="mean and SD by quantile estimation",
        formula=f"least squares between printed and fitted quantiles; best of the distributions: {best[1]}",
        inputs=args.inputs(),
        output={"mean": float(mean), "sd": float(sd), "residual": 2 * best[0] * unit**2},
        assumption=f"a {best[1]} outcome",
        source="McGrath et al. 2020",
    )
    return MeanSD(float(mean), float(sd), f"qe ({best[1]})", (step,))
