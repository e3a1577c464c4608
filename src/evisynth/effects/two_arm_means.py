"""Effects of two independent arms from means: 1 is the intervention, 2 the comparison.

All functions take floats (one study) or arrays of shape (k,), and return an `EffectSize` of the same shape.
Formulas with their sources: docs/effects.md.
"""

from typing import Any

import numpy as np

from evisynth.effects._numbers import Arguments, Floats, finish, hedges_correction
from evisynth.effects.types import EffectError, EffectSize

__all__ = [
    "SMD_VARIANCES",
    "mean_difference",
    "ratio_of_means",
    "smd",
    "smd_from_d",
    "smd_unequal_variances",
]

SMD_VARIANCES = {
    "LS": "1/n_1 + 1/n_2 + g^2/(2 (n_1 + n_2)) (Hedges 1982, large sample)",
    "LS2": "J^2 (1/n_1 + 1/n_2 + d^2/(2 (n_1 + n_2))) (Borenstein 2009, eq. 12.17 and 12.18)",
    "UB": "1/n_1 + 1/n_2 + (1 - (m - 2)/(m J^2)) g^2, m = n_1 + n_2 - 2 (Hedges 1983, unbiased)",
    "AV": "LS with the mean of all g, weighted by sample size, in the place of each g (Hunter and Schmidt)",
    "RevMan": "(n_1 + n_2)/(n_1 n_2) + g^2/(2 (n_1 + n_2 - 3.94)) (Deeks and Higgins 2010, RevMan 5)",
    "H0": "1/n_1 + 1/n_2 (no effect)",
}


def _mean_arguments(mean_1: Any, sd_1: Any, n_1: Any, mean_2: Any, sd_2: Any, n_2: Any) -> Arguments:
    args = Arguments(mean_1=mean_1, sd_1=sd_1, n_1=n_1, mean_2=mean_2, sd_2=sd_2, n_2=n_2)
    args.positive("sd_1", "sd_2")
    for n in ("n_1", "n_2"):
        args.require(n, ~(args[n] < 2), "2 or more", "one person has no standard deviation")
    args.done()
    return args


def mean_difference(mean_1: Any, sd_1: Any, n_1: Any, mean_2: Any, sd_2: Any, n_2: Any) -> EffectSize:
    """Mean difference in the outcome's units, with a variance for each arm.

    Parameters
    ----------
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 : float or array of shape (k,)
        Mean, standard deviation (more than 0) and people (2 or more) of each arm.
    """
    args = _mean_arguments(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    yi = args["mean_1"] - args["mean_2"]
    vi = args["sd_1"] ** 2 / args["n_1"] + args["sd_2"] ** 2 / args["n_2"]
    step = {
        "name": "mean difference",
        "formula": "yi = mean_1 - mean_2, vi = sd_1^2/n_1 + sd_2^2/n_2",
        "assumption": None,
        "source": "Borenstein 2009, Handbook of Research Synthesis, ch. 12",
    }
    return finish(args, "MD", yi, vi, {}, step)


def ratio_of_means(mean_1: Any, sd_1: Any, n_1: Any, mean_2: Any, sd_2: Any, n_2: Any) -> EffectSize:
    """Log ratio of means, which must have one sign and differ from 0; arguments as `mean_difference`.

    References
    ----------
    Hedges LV, Gurevitch J, Curtis PS (1999). Ecology 80:1150-1156. Friedrich JO et al. (2008). BMC Med Res
    Methodol 8:32.
    """
    args = _mean_arguments(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    m1, m2 = args["mean_1"], args["mean_2"]
    args.require("mean_1", m1 * m2 > 0, "the sign of mean_2, and not 0", "a ratio of means has no logarithm otherwise")
    args.done()
    vi = args["sd_1"] ** 2 / (args["n_1"] * m1**2) + args["sd_2"] ** 2 / (args["n_2"] * m2**2)
    step = {
        "name": "ratio of means",
        "formula": "yi = ln(mean_1/mean_2), vi = sd_1^2/(n_1 mean_1^2) + sd_2^2/(n_2 mean_2^2)",
        "assumption": None,
        "source": "Hedges, Gurevitch and Curtis 1999",
    }
    return finish(args, "ROM", np.log(np.abs(m1)) - np.log(np.abs(m2)), vi, {}, step)


def _smd_variance(d: Floats, n1: Floats, n2: Floats, j: Floats | float, df: Floats, name: str) -> Floats:
    g, n, base = j * d, n1 + n2, 1 / n1 + 1 / n2
    if name == "LS2":
        return np.asarray(j) ** 2 * (base + d**2 / (2 * n))
    if name == "UB":
        return base + (1 - (df - 2) / (df * np.asarray(hedges_correction(df)) ** 2)) * g**2
    if name == "AV":
        return base + (np.sum(n * g) / np.sum(n)) ** 2 / (2 * n)
    if name == "RevMan":
        return base + g**2 / (2 * (n - 3.94))
    return base + (0.0 if name == "H0" else g**2 / (2 * n))


def _smd_result(args: Arguments, d: Floats, variance: str, correct: bool, name: str) -> EffectSize:
    if variance not in SMD_VARIANCES:
        raise EffectError([f"variance of the SMD: found {variance!r}, allowed {', '.join(SMD_VARIANCES)}"])
    n1, n2 = args["n_1"], args["n_2"]
    df = n1 + n2 - 2
    j = np.asarray(hedges_correction(df)) if correct else np.ones(df.shape)
    vi = _smd_variance(d, n1, n2, j, df, variance)
    factor = "J(n_1 + n_2 - 2) d" if correct else "d (uncorrected)"
    step = {
        "name": name,
        "formula": f"yi = g = {factor}, vi = {SMD_VARIANCES[variance]}",
        "assumption": None,
        "source": "Hedges 1981 (exact J)" if correct else "Cohen 1988",
    }
    return finish(args, "SMD", j * d, vi, {}, step, variance=variance)


def smd(
    mean_1: Any,
    sd_1: Any,
    n_1: Any,
    mean_2: Any,
    sd_2: Any,
    n_2: Any,
    *,
    variance: str = "LS",
    correct: bool = True,
) -> EffectSize:
    """Standardised mean difference on the pooled SD: Hedges' g with the exact correction.

    Parameters
    ----------
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 : float or array of shape (k,)
        As `mean_difference`.
    variance : {"LS", "LS2", "UB", "AV", "RevMan", "H0"}
        Variance formula; see `SMD_VARIANCES`.
    correct : bool
        False gives Cohen's d (no small-sample correction).

    References
    ----------
    Hedges LV (1981). J Educ Stat 6:107-128.
    """
    args = _mean_arguments(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    n1, n2 = args["n_1"], args["n_2"]
    pooled = np.sqrt(((n1 - 1) * args["sd_1"] ** 2 + (n2 - 1) * args["sd_2"] ** 2) / (n1 + n2 - 2))
    return _smd_result(args, (args["mean_1"] - args["mean_2"]) / pooled, variance, correct, "g on the pooled SD")


def smd_from_d(d: Any, n_1: Any, n_2: Any, *, variance: str = "LS", correct: bool = True) -> EffectSize:
    """Hedges' g (or, with ``correct=False``, d itself) from an uncorrected d and the two sample sizes."""
    args = Arguments(d=d, n_1=n_1, n_2=n_2)
    args.positive("n_1", "n_2")
    args.done()
    return _smd_result(args, args["d"], variance, correct, "g from d")


def smd_unequal_variances(mean_1: Any, sd_1: Any, n_1: Any, mean_2: Any, sd_2: Any, n_2: Any) -> EffectSize:
    """Standardised mean difference on the root mean of the two variances, which need not be equal.

    References
    ----------
    Bonett DG (2009). Meta-analytic interval estimation for standardized and unstandardized mean differences.
    Psychol Methods 14:225-238.
    """
    args = _mean_arguments(mean_1, sd_1, n_1, mean_2, sd_2, n_2)
    n1, n2, v1, v2 = args["n_1"], args["n_2"], args["sd_1"] ** 2, args["sd_2"] ** 2
    v = (v1 + v2) / 2
    yi = np.asarray(hedges_correction(n1 + n2 - 2)) * (args["mean_1"] - args["mean_2"]) / np.sqrt(v)
    vi = yi**2 * (v1**2 / (n1 - 1) + v2**2 / (n2 - 1)) / (8 * v**2) + (v1 / (n1 - 1) + v2 / (n2 - 1)) / v
    step = {
        "name": "SMD with unequal variances",
        "formula": "yi = J(n_1 + n_2 - 2) (mean_1 - mean_2)/s, s^2 = (sd_1^2 + sd_2^2)/2, "
        "vi = yi^2 (sd_1^4/(n_1 - 1) "
        "+ sd_2^4/(n_2 - 1))/(8 s^4) + (sd_1^2/(n_1 - 1) + sd_2^2/(n_2 - 1))/s^2",
        "assumption": None,
        "source": "Bonett 2009",
    }
    return finish(args, "SMDH", yi, vi, {}, step)
