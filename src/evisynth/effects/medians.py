"""Mean and standard deviation from medians, quartiles and ranges, with a test of whether that is fair.

The closed formulas rest on a roughly normal outcome; where the summary is skewed, `quantile_estimation`
fits distributions instead. Formulas with their sources: docs/effects.md.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from evisynth.effects._numbers import Arguments, Floats
from evisynth.effects.conversions import converted
from evisynth.effects.types import Converted, EffectError, Number, Step

__all__ = [
    "MeanSD",
    "Skewness",
    "mean_sd_from_summary",
    "sd_from_iqr",
    "skewness_of_summary",
]

# Which figures a source printed: the names of the three scenarios of Wan et al.
_SCENARIOS = {
    (True, False): "range",
    (False, True): "quartiles",
    (True, True): "five numbers",
}


@dataclass(frozen=True)
class MeanSD:
    """Estimated mean and standard deviation of one group, with the steps that made them.

    Attributes
    ----------
    mean, sd : float or array
        Estimates, in the outcome's units.
    method : str
        ``luo-wan``, ``wan``, ``luo-shi`` or ``qe`` with the distribution fitted.
    steps : tuple of Step
        How they were made.
    """

    mean: Number
    sd: Number
    method: str
    steps: tuple[Step, ...]


def read_summary(median: Any, n: Any, q1: Any, q3: Any, minimum: Any, maximum: Any) -> tuple[Arguments, str]:
    """Read the figures of a summary, check their order, and say which of the three scenarios they are."""
    pairs = [(minimum, maximum, "minimum and maximum"), (q1, q3, "q1 and q3")]
    for low, high, names in pairs:
        if (low is None) != (high is None):
            raise EffectError([f"{names}: found only one of them, allowed both or neither"])
    scenario = _SCENARIOS.get((minimum is not None, q1 is not None))
    if scenario is None:
        raise EffectError(["a median alone has no spread: give q1 and q3, minimum and maximum, or all four"])
    order = {"minimum": minimum, "q1": q1, "median": median, "q3": q3, "maximum": maximum}
    given = {k: v for k, v in order.items() if v is not None}
    args = Arguments(**given, n=n)
    args.require("n", ~(args["n"] < 3), "3 or more")
    names = list(given)
    for lower, upper in pairwise(names):
        args.require(lower, ~(args[lower] > args[upper]), f"at most {upper}")
    args.require(names[0], ~(args[names[0]] >= args[names[-1]]), f"less than {names[-1]}")
    args.done()
    return args, scenario


def _expected_range(n: Floats) -> Floats:
    """Return the expected half range of n standard normal values (Wan et al. 2014, eq. 8, after Blom)."""
    from scipy.special import ndtri

    return ndtri((n - 0.375) / (n + 0.25))


def _expected_quartile(n: Floats) -> Floats:
    """Return the expected upper quartile of n standard normal values (Wan et al. 2014, eq. 15)."""
    from scipy.special import ndtri

    return ndtri((0.75 * n - 0.125) / (n + 0.25))


def _mean(args: Arguments, scenario: str, method: str) -> tuple[Floats, str, str]:
    m, n = args["median"], args["n"]
    if scenario == "range":
        a, b = args["minimum"], args["maximum"]
        if method == "wan":
            return (a + 2 * m + b) / 4, "mean = (min + 2 median + max)/4", "Hozo, Djulbegovic and Hozo 2005"
        w = 4 / (4 + n**0.75)
        return (
            w * (a + b) / 2 + (1 - w) * m,
            "mean = w (min + max)/2 + (1 - w) median, w = 4/(4 + n^0.75)",
            "Luo 2018",
        )
    if scenario == "quartiles":
        q1, q3 = args["q1"], args["q3"]
        if method == "wan":
            return (q1 + m + q3) / 3, "mean = (q1 + median + q3)/3", "Wan et al. 2014, eq. 14"
        w = 0.7 + 0.39 / n
        return (
            w * (q1 + q3) / 2 + (1 - w) * m,
            "mean = w (q1 + q3)/2 + (1 - w) median, w = 0.7 + 0.39/n",
            "Luo 2018",
        )
    a, b, q1, q3 = args["minimum"], args["maximum"], args["q1"], args["q3"]
    if method == "wan":
        return (
            (a + 2 * q1 + 2 * m + 2 * q3 + b) / 8,
            "mean = (min + 2 q1 + 2 median + 2 q3 + max)/8",
            "Bland 2015",
        )
    w1, w2 = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    formula = (
        "mean = w1 (min + max)/2 + w2 (q1 + q3)/2 + (1 - w1 - w2) median, "
        "w1 = 2.2/(2.2 + n^0.75), w2 = 0.7 - 0.72/n^0.55"
    )
    return w1 * (a + b) / 2 + w2 * (q1 + q3) / 2 + (1 - w1 - w2) * m, formula, "Luo 2018"


def _sd(args: Arguments, scenario: str, method: str) -> tuple[Floats, str, str]:
    n = args["n"]
    xi, eta = _expected_range(n), _expected_quartile(n)
    where = "xi = Phi^-1((n - 0.375)/(n + 0.25)), eta = Phi^-1((0.75 n - 0.125)/(n + 0.25))"
    if scenario == "range":
        return (
            (args["maximum"] - args["minimum"]) / (2 * xi),
            f"sd = (max - min)/(2 xi), {where}",
            "Wan 2014, eq. 9",
        )
    if scenario == "quartiles":
        return (args["q3"] - args["q1"]) / (2 * eta), f"sd = (q3 - q1)/(2 eta), {where}", "Wan 2014, eq. 16"
    by_range, by_quartiles = (
        (args["maximum"] - args["minimum"]) / (2 * xi),
        (args["q3"] - args["q1"]) / (2 * eta),
    )
    if method == "wan":
        formula = f"sd = (max - min)/(4 xi) + (q3 - q1)/(4 eta), {where}"
        return (by_range + by_quartiles) / 2, formula, "Wan et al. 2014, eq. 13"
    w = 1 / (1 + 0.07 * n**0.6)
    formula = f"sd = w (max - min)/(2 xi) + (1 - w) (q3 - q1)/(2 eta), w = 1/(1 + 0.07 n^0.6), {where}"
    return w * by_range + (1 - w) * by_quartiles, formula, "Shi et al. 2020"


def mean_sd_from_summary(
    median: Any,
    n: Any,
    *,
    q1: Any = None,
    q3: Any = None,
    minimum: Any = None,
    maximum: Any = None,
    method: str = "luo",
) -> MeanSD:
    """Mean and standard deviation from a median with quartiles, with the range, or with both.

    Parameters
    ----------
    median, q1, q3, minimum, maximum : float or array
        As printed; quartiles or extremes in pairs, at least one pair.
    n : float or array
        People, 3 or more.
    method : {"luo", "wan"}
        ``luo``: optimally weighted means of Luo, SDs of Wan, with five numbers the SD of Shi. ``wan``: the
        formulas of Wan throughout.

    Raises
    ------
    EffectError
        If the figures are out of order, or all alike.

    Notes
    -----
    All formulas take the outcome as normal. Look at `skewness_of_summary` first; where it rejects, use
    `quantile_estimation.mean_sd_from_quantiles`, or do not pool means.

    References
    ----------
    Wan X, Wang W, Liu J, Tong T (2014). BMC Med Res Methodol 14:135. Luo D, Wan X, Liu J, Tong T (2018). Stat
    Methods Med Res 27:1785-1805. Shi J, Luo D, Weng H, et al. (2020). Res Synth Methods 11:641-654.
    """
    if method not in ("luo", "wan"):
        raise EffectError([f"method: found {method!r}, allowed luo, wan"])
    args, scenario = read_summary(median, n, q1, q3, minimum, maximum)
    mean, mean_formula, mean_source = _mean(args, scenario, method)
    sd, sd_formula, sd_source = _sd(args, scenario, method)
    steps = tuple(
        Step(
            f"{what} from a summary",
            formula,
            args.inputs(),
            {what: args.out(value)},
            "a roughly normal outcome",
            source,
        )
        for what, value, formula, source in (
            ("mean", mean, mean_formula, mean_source),
            ("sd", sd, sd_formula, sd_source),
        )
    )
    name = "wan" if method == "wan" else ("luo-shi" if scenario == "five numbers" else "luo-wan")
    return MeanSD(args.out(mean), args.out(sd), name, steps)


def sd_from_iqr(width: Any, n: Any) -> Converted:
    """Compute the SD of one group from the width of its interquartile range, printed as one number.

    Parameters
    ----------
    width : float or array
        q3 - q1, more than 0.
    n : float or array
        People, 3 or more.

    Notes
    -----
    Without the median and both quartiles nothing shows whether the outcome is skewed.

    References
    ----------
    Wan X, Wang W, Liu J, Tong T (2014). BMC Med Res Methodol 14:135, eq. 16.
    """
    args = Arguments(width=width, n=n)
    args.positive("width")
    args.require("n", ~(args["n"] < 3), "3 or more")
    args.done()
    sd = args["width"] / (2 * _expected_quartile(args["n"]))
    formula = "sd = width/(2 eta), eta = Phi^-1((0.75 n - 0.125)/(n + 0.25))"
    normal, source = "a roughly normal outcome", "Wan et al. 2014, eq. 16"
    return converted(args, sd, "SD from an interquartile range", formula, source, symbol="sd", assumption=normal)


@dataclass(frozen=True)
class Skewness:
    """Test of skewness of a printed summary.

    Attributes
    ----------
    statistic, critical : float or array
        The statistic and the value that it exceeds in 5 % of samples from a normal outcome.
    skewed : bool or array of bool
        Whether it exceeds it.
    """

    statistic: Number
    critical: Number

    @property
    def skewed(self) -> Any:
        """Whether the summary is further from symmetry than 95 % of normal samples."""
        found = np.asarray(self.statistic) > np.asarray(self.critical)
        return bool(found) if found.ndim == 0 else found


def skewness_of_summary(
    median: Any, n: Any, *, q1: Any = None, q3: Any = None, minimum: Any = None, maximum: Any = None
) -> Skewness:
    """Test at the 5 % level whether a summary could be normal; arguments as `mean_sd_from_summary`.

    Notes
    -----
    The critical values are close fits; simulated sizes stand in docs/effects.md.

    References
    ----------
    Shi J, Luo D, Wan X, et al. (2023). Detecting the skewness of data from the five-number summary and its
    application in meta-analysis. Stat Methods Med Res 32:1338-1360.
    """
    args, scenario = read_summary(median, n, q1, q3, minimum, maximum)
    m, n_ = args["median"], args["n"]
    outer = inner = np.zeros(m.shape)
    if "minimum" in args.values:
        a, b = args["minimum"], args["maximum"]
        outer = np.abs(a + b - 2 * m) / (b - a)
    if "q1" in args.values:
        a, b = args["q1"], args["q3"]
        if np.any(a == b):
            raise EffectError(["q1: found equal to q3, allowed less: half of all people share one value"])
        inner = np.abs(a + b - 2 * m) / (b - a)
    if scenario == "range":
        statistic, critical = outer, 1.01 / np.log(n_ + 9) + 2.43 / (n_ + 1)
    elif scenario == "quartiles":
        statistic, critical = inner, 2.66 / np.sqrt(n_) - 5.92 / n_**2
    else:
        weight = 2.65 * np.log(0.6 * n_) / np.sqrt(n_)
        statistic, critical = np.maximum(weight * outer, inner), 2.97 / np.sqrt(n_) - 39.1 / n_**3
    return Skewness(args.out(statistic), args.out(critical))
