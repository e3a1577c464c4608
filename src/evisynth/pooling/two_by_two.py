"""Common-effect pooling of counts without continuity corrections: Mantel-Haenszel and Peto.

Letters in the code: a of n1 had the event in group 1, c of n2 in group 2, N = n1 + n2, b = n1 - a, d = n2 - c.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.distributions import chi2_upper, normal_quantile, normal_two_sided
from evisynth.pooling.inputs import check_choice, check_level
from evisynth.pooling.tables import check_columns

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("OR", "RR", "RD")
RATE_MEASURES = ("IRR", "IRD")

NO_EVENTS = "no events in either arm: carries no information on a ratio"
ALL_EVENTS = "everyone had the event in both arms: carries no information on an odds ratio"
NO_ESTIMATE = "the pooled ratio is 0 or infinite: over all studies one arm has no events (or no non-events)"
NO_STUDIES = "no studies that carry information"

type Number = float | NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class TableResult:
    """Common effect of tables of counts.

    One set of tables: fields are floats or None. A batch: arrays (m,), NaN where a quantity does not exist.

    Attributes
    ----------
    k
        Number of studies that carry information on the measure.
    estimate, se, ci_low, ci_high, p
        On the log scale for ratios; Wald interval and p value.
    q, q_df, q_p
        Heterogeneity: inverse-variance Q about `estimate` over the studies whose own estimate and variance
        exist without a correction (`q_df` counts them); for Peto, of the log-rank form.
    test, test_p
        Cochran-Mantel-Haenszel chi-squared (1 df) without continuity correction; for rates its person-time form.
    breslow_day, breslow_day_p
        Breslow-Day test of one odds ratio with Tarone's adjustment; odds ratios only.
    informative
        (k,) or (m, k): studies that contribute.
    left_out
        For one set: pairs (index or name, reason). For a batch: an empty tuple; see `informative`.
    reason
        Why there is no estimate, or None.
    """

    k: int | NDArray[np.int64]
    estimate: Number
    se: Number
    ci_low: Number
    ci_high: Number
    p: Number
    q: Number
    q_df: Number
    q_p: Number
    test: Number
    test_p: Number
    breslow_day: Number
    breslow_day_p: Number
    informative: NDArray[np.bool_]
    left_out: tuple[tuple[int | str, str], ...]
    reason: str | NDArray[np.object_] | None
    measure: str
    method: str
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, without the marks of informative studies."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "informative"}

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per set of tables; a quantity that does not exist is an empty cell."""
        import pandas as pd

        values = {name: value for name, value in self.to_dict().items() if name != "left_out"}
        rows = 1 if np.ndim(self.k) == 0 else len(self.k)
        return pd.DataFrame({n: value if np.ndim(value) == 1 else [value] * rows for n, value in values.items()})


def mantel_haenszel(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    measure: str = "OR",
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> TableResult:
    """Pool 2 x 2 tables by Mantel and Haenszel.

    Parameters
    ----------
    events_1, n_1, events_2, n_2
        Counts of the intervention (1) and the comparison (2): (k,), or (m, k) with NaN where a study is absent.
    measure : {"OR", "RR", "RD"}
        Ratios are returned as logs.
    level
        Level of the interval, between 0 and 1.
    studies
        Names of the studies.

    Returns
    -------
    TableResult
        No zero cell is ever corrected. A study without events carries no information on a ratio and is named
        in `left_out`; it does count for the risk difference.

    Raises
    ------
    PoolingInputError
        Counts that are negative, missing, or above their total.

    Notes
    -----
    A common effect is assumed: the interval takes no account of heterogeneity. Simulated coverage of the odds ratio at
    a nominal 95 % with rare events (`coverage.simulate`): 95 to 96 % without heterogeneity, far below with it; worst
    cell 3.4 % (k = 20, I² 90 %).

    References
    ----------
    Mantel and Haenszel 1959; variances of Robins, Breslow and Greenland 1986 (OR), Greenland and Robins 1985
    (RR), Sato 1989 (RD); Tarone 1985.
    """
    measure, level = check_choice("measure", measure, MEASURES), check_level(level)
    a, n1, c, n2, shape = _counts(events_1, n_1, events_2, n_2, studies)
    present = ~np.isnan(a)
    informative = present & (a + c > 0) if measure != "RD" else present
    if measure == "OR":
        informative &= a + c < n1 + n2
    a, n1, c, n2 = (np.where(informative, x, fill) for x, fill in ((a, 0.0), (n1, 1.0), (c, 0.0), (n2, 1.0)))
    pool = {"OR": _odds_ratio, "RR": _risk_ratio, "RD": _risk_difference}[measure]
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, variance, yi, vi = pool(a, n1, c, n2, informative)
        extra = {"test": _cmh(a, n1, c, n2, informative)}
        if measure == "OR":
            extra["breslow_day"] = _breslow_day(a, n1, c, n2, informative, estimate)
        usable = informative & np.isfinite(yi) & np.isfinite(vi) & (vi > 0)
        q = np.where(usable, (yi - estimate[:, None]) ** 2 / vi, 0.0).sum(axis=1)
    found = _Found(estimate, variance, q, usable.sum(axis=1) - 1.0, informative, extra)
    reasons = _left_out(present, informative, events_1, events_2, shape, studies)
    return _result(found, reasons, shape, measure, "Mantel-Haenszel", level)


def peto(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> TableResult:
    """Pool 2 x 2 tables by Peto's one-step odds ratio (Yusuf et al. 1985).

    Parameters and errors are those of `mantel_haenszel`. Biased when the odds ratio is far from 1 or the arms
    are of very unequal size.

    Returns
    -------
    TableResult
        Log odds ratio sum(O - E) / sum V, se 1 / sqrt(sum V), with hypergeometric E and V.

    Notes
    -----
    A common effect is assumed. Simulated coverage at a nominal 95 % with rare events (`coverage.simulate`): 95 to 96 %
    without heterogeneity, far below with it; worst cell 3.5 % (k = 20, I² 90 %).
    """
    level = check_level(level)
    a, n1, c, n2, shape = _counts(events_1, n_1, events_2, n_2, studies)
    present = ~np.isnan(a)
    informative = present & (a + c > 0) & (a + c < n1 + n2)
    a, n1, c, n2 = (np.where(informative, x, fill) for x, fill in ((a, 0.0), (n1, 1.0), (c, 0.0), (n2, 1.0)))
    excess, variance = _hypergeometric(a, n1, c, n2, informative)
    total = variance.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = excess.sum(axis=1) / total
        q = np.where(informative, excess**2 / variance, 0.0).sum(axis=1) - total * estimate**2
        extra = {"test": excess.sum(axis=1) ** 2 / total}
        found = _Found(estimate, 1.0 / total, q, informative.sum(axis=1) - 1.0, informative, extra)
    reasons = _left_out(present, informative, events_1, events_2, shape, studies)
    return _result(found, reasons, shape, "OR", "Peto", level)


def mantel_haenszel_rates(
    events_1: ArrayLike,
    time_1: ArrayLike,
    events_2: ArrayLike,
    time_2: ArrayLike,
    *,
    measure: str = "IRR",
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> TableResult:
    """Pool events over person-time by Mantel and Haenszel.

    Parameters
    ----------
    events_1, time_1, events_2, time_2
        Events and person-time (any one unit) of groups 1 and 2: (k,), or (m, k) with NaN where absent.
    measure : {"IRR", "IRD"}
        Incidence rate ratio (as its log) or difference (per unit of time).
    level, studies
        As in `mantel_haenszel`.

    References
    ----------
    Greenland and Robins 1985; Rothman, Greenland and Lash 2008, chapter 15.
    """
    measure, level = check_choice("measure", measure, RATE_MEASURES), check_level(level)
    columns = {"events_1": events_1, "time_1": time_1, "events_2": events_2, "time_2": time_2}
    a, t1, c, t2 = check_columns(columns, studies, positive=("time_1", "time_2"))
    shape = a.shape
    a, t1, c, t2 = map(np.atleast_2d, (a, t1, c, t2))
    present = ~np.isnan(a)
    informative = present & (a + c > 0) if measure == "IRR" else present
    a, t1, c, t2 = (np.where(informative, x, fill) for x, fill in ((a, 0.0), (t1, 1.0), (c, 0.0), (t2, 1.0)))
    total = t1 + t2
    shared = np.where(informative, t1 * t2 / total, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "IRR":
            r, s = (a * t2 / total).sum(axis=1), (c * t1 / total).sum(axis=1)
            estimate, variance = np.log(r / s), (shared * (a + c) / total).sum(axis=1) / (r * s)
            yi, vi = np.log(a / t1) - np.log(c / t2), 1.0 / a + 1.0 / c
        else:
            weight = shared.sum(axis=1)
            estimate = ((a * t2 - c * t1) / total).sum(axis=1) / weight
            vi = a / t1**2 + c / t2**2
            variance = (shared**2 * vi).sum(axis=1) / weight**2
            yi = a / t1 - c / t2
        usable = informative & np.isfinite(yi) & np.isfinite(vi) & (vi > 0)
        q = np.where(usable, (yi - estimate[:, None]) ** 2 / vi, 0.0).sum(axis=1)
        excess = a - (a + c) * t1 / total
        test = excess.sum(axis=1) ** 2 / (shared * (a + c) / total).sum(axis=1)
    found = _Found(estimate, variance, q, usable.sum(axis=1) - 1.0, informative, {"test": test})
    reasons = _left_out(present, informative, events_1, events_2, shape, studies)
    return _result(found, reasons, shape, measure, "Mantel-Haenszel", level)


@dataclass(frozen=True, slots=True)
class _Found:
    estimate: NDArray
    variance: NDArray
    q: NDArray
    q_df: NDArray
    informative: NDArray
    extra: dict[str, NDArray]


def _counts(events_1, n_1, events_2, n_2, studies) -> tuple[NDArray, ...]:
    columns = {"events_1": events_1, "n_1": n_1, "events_2": events_2, "n_2": n_2}
    limits = (("events_1", "n_1"), ("events_2", "n_2"))
    arrays = check_columns(columns, studies, limits, positive=("n_1", "n_2"))
    return (*map(np.atleast_2d, arrays), arrays[0].shape)


def _odds_ratio(a, n1, c, n2, _) -> tuple[NDArray, ...]:
    b, d, total = n1 - a, n2 - c, n1 + n2
    r, s, p, q = a * d / total, b * c / total, (a + d) / total, (b + c) / total
    r_sum, s_sum = r.sum(axis=1), s.sum(axis=1)
    variance = 0.5 * (
        (p * r).sum(axis=1) / r_sum**2 + (p * s + q * r).sum(axis=1) / (r_sum * s_sum) + (q * s).sum(axis=1) / s_sum**2
    )
    return np.log(r_sum / s_sum), variance, np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def _risk_ratio(a, n1, c, n2, _) -> tuple[NDArray, ...]:
    total = n1 + n2
    r, s = (a * n2 / total).sum(axis=1), (c * n1 / total).sum(axis=1)
    variance = ((n1 * n2 * (a + c) - a * c * total) / total**2).sum(axis=1) / (r * s)
    return np.log(r / s), variance, np.log(a * n2 / (c * n1)), 1 / a - 1 / n1 + 1 / c - 1 / n2


def _risk_difference(a, n1, c, n2, here) -> tuple[NDArray, ...]:
    total = n1 + n2
    weight = np.where(here, n1 * n2 / total, 0.0).sum(axis=1)
    estimate = ((a * n2 - c * n1) / total).sum(axis=1) / weight
    p = np.where(here, (n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / total**2, 0.0).sum(axis=1)
    q = np.where(here, (a * (n2 - c) + c * (n1 - a)) / (2 * total), 0.0).sum(axis=1)
    vi = a * (n1 - a) / n1**3 + c * (n2 - c) / n2**3
    return estimate, (estimate * p + q) / weight**2, a / n1 - c / n2, vi


def _hypergeometric(a, n1, c, n2, here) -> tuple[NDArray, NDArray]:
    """Return observed less expected events of group 1 and their variance, margins fixed."""
    total, events = n1 + n2, a + c
    variance = n1 * n2 * events * (total - events) / (total**2 * np.maximum(total - 1.0, 1.0))
    # a - n1 m/N as one fraction: the difference of two near-equal numbers would lose digits
    excess = (a * (n2 - c) - (n1 - a) * c) / total
    return np.where(here, excess, 0.0), np.where(here, variance, 0.0)


def _cmh(a, n1, c, n2, here) -> NDArray:
    excess, variance = _hypergeometric(a, n1, c, n2, here)
    return excess.sum(axis=1) ** 2 / variance.sum(axis=1)


def _breslow_day(a, n1, c, n2, here, log_or) -> NDArray:
    """Return the Breslow-Day statistic at the Mantel-Haenszel odds ratio, with Tarone's adjustment."""
    ratio, events = np.exp(log_or)[:, None], a + c
    # expected a solves a (n2 - events + a) = ratio (n1 - a)(events - a); the root inside the margins,
    # in the form that does not cancel when the ratio is near 1
    linear = n2 - events + ratio * (n1 + events)
    square = np.sqrt(np.maximum(linear**2 - 4.0 * (1.0 - ratio) * (-ratio * n1 * events), 0.0))
    expected = 2.0 * ratio * n1 * events / (linear + square)
    cells = (expected, n1 - expected, events - expected, n2 - events + expected)
    variance = 1.0 / sum(1.0 / cell for cell in cells)
    excess = np.where(here, a - expected, 0.0)
    plain = np.where(here, excess**2 / variance, 0.0).sum(axis=1)
    return plain - excess.sum(axis=1) ** 2 / np.where(here, variance, 0.0).sum(axis=1)


def _left_out(present, informative, events_1, events_2, shape, studies) -> tuple[tuple[int | str, str], ...]:
    if len(shape) == 2:
        return ()
    events = np.asarray(events_1, dtype=float) + np.asarray(events_2, dtype=float)
    at = np.flatnonzero((present & ~informative)[0])
    return tuple(
        (studies[i] if studies is not None else int(i), NO_EVENTS if events[i] == 0 else ALL_EVENTS) for i in at
    )


def _result(found: _Found, left_out: tuple, shape: tuple, measure: str, method: str, level: float) -> TableResult:
    k = found.informative.sum(axis=1)
    ok = np.isfinite(found.estimate) & np.isfinite(found.variance) & (found.variance > 0.0) & (k > 0)
    reason = np.full(k.shape, None, dtype=object)
    reason[~ok], reason[k == 0] = NO_ESTIMATE, NO_STUDIES
    estimate = np.where(ok, found.estimate, np.nan)
    se = np.sqrt(np.where(ok, found.variance, np.nan))
    half = normal_quantile(0.5 + level / 2.0) * se
    q_df = np.where(ok & (found.q_df >= 1), found.q_df, np.nan)
    q = np.where(np.isnan(q_df), np.nan, np.maximum(found.q, 0.0))
    extra_df = {"test": np.ones(k.shape), "breslow_day": k - 1.0}
    numbers = {"estimate": estimate, "se": se, "ci_low": estimate - half, "ci_high": estimate + half}
    numbers |= {"p": normal_two_sided(estimate / se), "q": q, "q_df": q_df, "q_p": chi2_upper(q, q_df)}
    for name, df in extra_df.items():
        value = np.where(ok & (df >= 1), found.extra.get(name, np.full(k.shape, np.nan)), np.nan)
        numbers[name], numbers[f"{name}_p"] = value, chi2_upper(value, df)
    informative = found.informative
    if len(shape) == 1:
        numbers = {name: None if np.isnan(value[0]) else float(value[0]) for name, value in numbers.items()}
        k, reason, informative = int(k[0]), reason[0], informative[0]
    return TableResult(
        k=k, **numbers, informative=informative, left_out=left_out, reason=reason, measure=measure, method=method,
        level=level,
    )  # fmt: skip
