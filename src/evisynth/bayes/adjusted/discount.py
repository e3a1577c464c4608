"""Randomised and non-randomised evidence together, the latter at a discount.

Three ways (Efthimiou and others 2017). The non-randomised studies enter with variance v / w and a bias
(`design_adjusted`). Their pooled result, discounted, is the prior of the randomised studies' mean
(`power_prior`). Designs are a level between study and mean (`sampled.fit_hierarchy`, with designs as
conditions). w = 0 ignores the non-randomised studies, w = 1 takes them at face value; `discount_curve` shows
everything between.

References
----------
Efthimiou O, Mavridis D, Debray TPA, et al. Combining randomized and non-randomized evidence in network
meta-analysis. Stat Med 2017;36:1210-1226.
Ibrahim JG, Chen MH. Power prior distributions for regression models. Stat Sci 2000;15:46-60.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from evisynth.bayes.adjusted.additive import BiasClass, additive_bias
from evisynth.bayes.adjusted.results import AdditiveBiasPosterior
from evisynth.bayes.exact import normal_normal
from evisynth.bayes.families import Array
from evisynth.bayes.priors import Prior
from evisynth.bayes.results import NormalNormalPosterior

__all__ = ["bias_grid", "combine_discounted", "design_adjusted", "discount_curve", "power_prior", "tipping_point"]

NON_RANDOMISED = "non-randomised"


def combine_discounted(
    estimate: float, variance: float, other: float, other_variance: float, weight: ArrayLike, bias: float = 0.0
) -> tuple[Array, Array]:
    """Combine two normal results, one of them raised to a power: the closed form of the power prior.

    Parameters
    ----------
    estimate, variance : float
        The randomised result, on the analysis scale.
    other, other_variance : float
        The non-randomised result.
    weight : float or array
        The power w, from 0 to 1.
    bias : float
        Taken off the non-randomised result.

    Returns
    -------
    mean, se : array
        mean = (estimate / variance + w (other - bias) / other_variance) se^2, 1 / se^2 = 1 / variance + w /
        other_variance.
    """
    w = _check_weight(weight)
    precision = 1 / variance + w / other_variance
    return (estimate / variance + w * (other - bias) / other_variance) / precision, precision**-0.5


def _check_weight(weight: ArrayLike) -> Array:
    w = np.asarray(weight, dtype=float)
    if not np.all((w >= 0) & (w <= 1)):
        raise ValueError(f"the weight of the non-randomised evidence is {weight}; it must lie between 0 and 1")
    return w


def design_adjusted(
    yi: ArrayLike,
    vi: ArrayLike,
    randomised: Sequence[bool],
    weight: float,
    bias: BiasClass | None = None,
    tau_prior: str | Prior = "halfnormal:0.5",
    mu_prior: str | Prior = "flat",
    **options,
) -> AdditiveBiasPosterior | NormalNormalPosterior:
    """Pool randomised and non-randomised studies, the latter with variance v / w and a bias.

    Parameters
    ----------
    yi, vi : array-like (k,)
        Effects and sampling variances.
    randomised : sequence of bool
        Which studies are randomised.
    weight : float
        w from 0 (the non-randomised studies are left out) to 1.
    bias : BiasClass, optional
        Bias of the non-randomised studies, its name ``non-randomised``; none if not given.
    tau_prior, mu_prior, **options
        As for `additive_bias`. At w = 0 only the level is used.

    Returns
    -------
    AdditiveBiasPosterior, or NormalNormalPosterior at w = 0
    """
    w = float(_check_weight(weight))
    y, v, chosen = np.asarray(yi, float), np.asarray(vi, float), np.asarray(randomised, bool)
    if not len(y) == len(v) == len(chosen):
        raise ValueError(f"yi, vi and randomised have {len(y)}, {len(v)} and {len(chosen)} entries; all need the same")
    if w == 0:
        level = {"level": options["level"]} if "level" in options else {}
        return normal_normal(y[chosen], v[chosen], tau_prior, mu_prior, **level)
    classes = np.where(chosen, "randomised", NON_RANDOMISED).tolist()
    assumed = bias or BiasClass(NON_RANDOMISED, 0.0, 0.0, "no bias")
    discounted = np.where(chosen, v, v / w)
    return additive_bias(y, discounted, classes, [assumed], tau_prior, mu_prior, unbiased=("randomised",), **options)


def power_prior(
    yi: ArrayLike,
    vi: ArrayLike,
    randomised: Sequence[bool],
    weight: float,
    bias: tuple[float, float] = (0.0, 0.0),
    tau_prior: str | Prior = "halfnormal:0.5",
    *,
    level: float = 0.95,
) -> NormalNormalPosterior:
    """Pool randomised studies with the non-randomised ones' result, to the power w, as the prior of mu.

    Parameters
    ----------
    yi, vi, randomised
        As for `design_adjusted`.
    weight : float
        w from 0 (a flat prior of mu) to 1.
    bias : tuple of float
        Mean and standard deviation of the bias of the non-randomised result.
    tau_prior : str or Prior
        Of both groups, each with its own tau.
    level : float

    Returns
    -------
    NormalNormalPosterior
        Of the randomised studies; its `mu_prior` shows the prior, N(d_N - mean, V_N / w + sd^2).

    Notes
    -----
    d_N and V_N are the posterior mean and variance of the non-randomised studies' mean under a flat prior.

    Raises
    ------
    ValueError
        If the variance V_N does not exist: too few non-randomised studies for the heavy tail of the prior of tau.
    """
    w = float(_check_weight(weight))
    y, v, chosen = np.asarray(yi, float), np.asarray(vi, float), np.asarray(randomised, bool)
    if w == 0:
        return normal_normal(y[chosen], v[chosen], tau_prior, "flat", level=level)
    pooled = normal_normal(y[~chosen], v[~chosen], tau_prior, "flat").mu
    if pooled.sd is None or not np.isfinite(pooled.sd):
        raise ValueError(
            "the non-randomised studies' mean has no variance under this prior of tau; take one with a lighter tail, "
            "such as halfnormal:0.5"
        )
    sd = float(np.sqrt(pooled.sd**2 / w + bias[1] ** 2))
    prior = f"normal:{float(pooled.mean - bias[0])!r},{sd!r}"
    return normal_normal(y[chosen], v[chosen], tau_prior, prior, level=level)


def discount_curve(
    yi: ArrayLike,
    vi: ArrayLike,
    randomised: Sequence[bool],
    weights: Sequence[float] = tuple(np.linspace(0, 1, 11)),
    method: str = "design",
    null: float = 0.0,
    **options,
) -> pd.DataFrame:
    """Posterior of mu over the weight of the non-randomised evidence.

    Parameters
    ----------
    yi, vi, randomised
        As for `design_adjusted`.
    weights : sequence of float
        Values of w.
    method : {"design", "power"}
        `design_adjusted` or `power_prior`; `options` go there.
    null : float
        The value that a conclusion is about, on the analysis scale.

    Returns
    -------
    DataFrame
        ``weight, mean, sd, median, ci_low, ci_high, p_below_null, excludes_null`` (true where the interval leaves the
        null out). Where `excludes_null` changes between two rows, `tipping_point` finds the weight.
    """
    fits = {"design": design_adjusted, "power": power_prior}
    if method not in fits:
        raise ValueError(f"method is {method!r}; allowed: design, power")
    rows = []
    for w in weights:
        fit = fits[method](yi, vi, randomised, float(w), **options)
        rows.append({"weight": float(w), **_row(fit, null)})
    return pd.DataFrame(rows)


def tipping_point(curve, low: float, high: float, null: float = 0.0, *, steps: int = 30) -> float | None:
    """Find where a conclusion changes: the interval of mu starts or stops to leave the null out.

    Parameters
    ----------
    curve : callable
        From the assumption (a weight, a bias) to a fit with `mu`, such as ``lambda w: design_adjusted(..., weight=w)``.
    low, high : float
        Where to look; bisection, so one change between them is found.
    null : float
    steps : int
        Halvings.

    Returns
    -------
    float or None
        None if the conclusion is the same at both ends.
    """
    at_low = _excludes(curve(low), null)
    if at_low == _excludes(curve(high), null):
        return None
    for _ in range(steps):
        middle = 0.5 * (low + high)
        if _excludes(curve(middle), null) == at_low:
            low = middle
        else:
            high = middle
        if high - low < 1e-6 * max(1.0, abs(high)):
            break
    return 0.5 * (low + high)


def bias_grid(
    yi: ArrayLike,
    vi: ArrayLike,
    classes: Sequence[str],
    name: str,
    means: Sequence[float | str],
    spreads: Sequence[float | str],
    others: Sequence[BiasClass] = (),
    null: float = 0.0,
    **options,
) -> pd.DataFrame:
    """Posterior of mu over assumptions about the bias of one class.

    Parameters
    ----------
    yi, vi, classes
        As for `additive_bias`; `options` go there.
    name : str
        The class whose assumptions are varied.
    means, spreads : sequence
        As for `BiasClass`; every combination is fitted.
    others : sequence of BiasClass
        What is assumed about the other classes.
    null : float
        As for `discount_curve`.

    Returns
    -------
    DataFrame
        ``bias_mean, bias_spread, mean, sd, median, ci_low, ci_high, tau, p_below_null, excludes_null``; the first row,
        with both assumptions "none", takes the class as unbiased.
    """
    assumptions = [BiasClass(name, 0.0, 0.0)] + [BiasClass(name, m, s) for m in means for s in spreads]
    rows = []
    for i, bias in enumerate(assumptions):
        fit = additive_bias(yi, vi, classes, [bias, *others], **options)
        shown = ("none", "none") if i == 0 else (str(bias.mean), str(bias.spread))
        rows.append({"bias_mean": shown[0], "bias_spread": shown[1], **_row(fit, null), "tau": fit.tau.median})
    return pd.DataFrame(rows)


def _excludes(fit, null: float) -> bool:
    return not fit.mu.ci_low <= null <= fit.mu.ci_high


def _row(fit, null: float) -> dict[str, float | bool]:
    below = fit.p_mu_below(null)
    mu = {f: getattr(fit.mu, f) for f in ("mean", "sd", "median", "ci_low", "ci_high")}
    return mu | {"p_below_null": float(below), "excludes_null": _excludes(fit, null)}
