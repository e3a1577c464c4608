"""Pool one meta-analysis or a batch: the mean, its interval, heterogeneity and prediction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling import intervals
from evisynth.pooling.heterogeneity import cochran_q, i2_h2, q_profile, typical_variance
from evisynth.pooling.inputs import Batch, check_choice, check_effects, check_level, to_batch
from evisynth.pooling.result import PoolResult
from evisynth.pooling.tau2 import METHODS, Tau2Solution, estimate_tau2

MODELS = ("random", "common")
# Columns worked on at a time: few enough for the working arrays to stay in a processor's cache.
_CHUNK_CELLS = 20_000

EMPTY = "no studies"
SINGLE = "one study: its own estimate with a Wald interval; heterogeneity and prediction cannot be estimated"
NOT_CONVERGED = "the estimating equation of tau2 was not solved: no number is given"
NO_RILEY = "two studies: a prediction interval on k - 2 degrees of freedom does not exist"
NO_WIDTH = (
    "next to their standard errors the effects do not differ: the Hartung-Knapp interval without max(1, q) has no "
    "width and its p value means nothing"
)
COMMON = "common-effect model: tau2 is 0 by assumption; no prediction interval"
# Standard errors this much smaller than Wald's are the rounding of effects that are equal.
_ROUNDING = 1e-10
_STATUS = {EMPTY: "empty", SINGLE: "one_study", NOT_CONVERGED: "not_converged"}

_NUMBERS = [
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "p",
    "tau2",
    "tau2_ci_low",
    "tau2_ci_high",
    "i2",
    "h2",
    "q",
    "q_df",
    "q_p",
    "pi_low",
    "pi_high",
    "residual",
]
_FLAGS = ("tau2_ci_empty", "boundary")


def random_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau2: str = "REML",
    ci: str = "HKSJ-safe",
    pi: str = "t",
    level: float = 0.95,
    model: str = "random",
    studies: Sequence[str] | None = None,
) -> PoolResult:
    """Pool effects that differ between studies (the normal-normal model).

    Parameters
    ----------
    yi, vi
        Effects (log for ratios) and sampling variances. (k,) for one meta-analysis; (m, k) for a batch, with
        NaN in both where a study is absent.
    tau2 : {"REML", "DL", "HE", "HS", "SJ", "ML", "EB", "PM", "DL2"}
        Estimator of the between-study variance.
    ci : {"HKSJ-safe", "HKSJ", "wald", "profile", "HC"}
        Interval of the mean. HKSJ-safe is Hartung-Knapp with max(1, q). "profile" inverts the likelihood-ratio
        test of the ML fit; "HC" is Henmi and Copas, centred at the common-effect estimate with DL's tau2.
    pi : {"t", "riley", "normal"}
        Prediction interval: t with k - 1 or (riley) k - 2 degrees of freedom, or normal; each with the se of `ci`.
    level
        Level of all intervals, between 0 and 1.
    model : {"random", "common"}
        "common" is `common_effect`: tau2 = 0 and the Wald interval, whatever `tau2` and `ci` say.
    studies
        Names of the k studies, used in messages; must be unique.

    Returns
    -------
    PoolResult

    Raises
    ------
    PoolingInputError
        A variance that is not positive and finite, a missing effect, a repeated name, an unknown option: all
        are listed at once.

    Notes
    -----
    No interval holds its level everywhere: `coverage_notes` says, for each, how often it held the truth in simulations
    and where it failed.

    With k = 0 the result is empty; with k = 1 it is the study's own estimate with its Wald interval and no
    heterogeneity; `reason` says so.
    """
    if check_choice("model", model, MODELS) == "common":
        return common_effect(yi, vi, level=level, studies=studies)
    options = _Options(
        "random",
        check_choice("tau2", tau2, METHODS),
        check_choice("ci", ci, intervals.CI_METHODS),
        check_choice("pi", pi, intervals.PI_METHODS),
        check_level(level),
    )
    return _pool(yi, vi, options, studies)


def common_effect(
    yi: ArrayLike, vi: ArrayLike, *, level: float = 0.95, studies: Sequence[str] | None = None
) -> PoolResult:
    """Pool effects by inverse variance, taking one effect to be common to all studies.

    Parameters
    ----------
    yi, vi, level, studies
        As in `random_effects`.

    Returns
    -------
    PoolResult
        With the Wald interval; tau2 is 0 by assumption, and I2, H2, the interval of tau2 and the prediction
        interval do not exist. Q and its p value do.

    Notes
    -----
    Simulated coverage of the mean of heterogeneous effects at a nominal 95 % (`coverage.simulate`), worst cells: normal
    outcomes 36.0 % (k = 20, I² 90 %), rare events 4.2 % (k = 20, I² 90 %); without heterogeneity 94 to 98 %.

    Raises
    ------
    PoolingInputError
        As in `random_effects`.
    """
    return _pool(yi, vi, _Options("common", None, "wald", None, check_level(level)), studies)


def pool_given_tau2(
    yi: ArrayLike,
    vi: ArrayLike,
    given: float,
    *,
    tau2: str = "REML",
    ci: str = "HKSJ-safe",
    pi: str = "t",
    level: float = 0.95,
    model: str = "random",
) -> PoolResult:
    """Pool with a between-study variance that is known, such as one shared by subgroups.

    Parameters
    ----------
    given
        tau2 on the user's scale. Rows of one study use it too; their interval is Wald's.
    tau2, ci, pi, level, model
        As in `random_effects`; `tau2` only names the estimator that gave `given`. The intervals "profile" and
        "HC" estimate tau2 themselves and are not available.

    Returns
    -------
    PoolResult
        `residual` and `boundary` do not exist.
    """
    options = _Options(
        check_choice("model", model, ("random",)),
        check_choice("tau2", tau2, METHODS),
        check_choice("ci", ci, ("wald", "HKSJ", "HKSJ-safe")),
        check_choice("pi", pi, intervals.PI_METHODS),
        check_level(level),
        float(given),
    )
    return _pool(yi, vi, options, None)


@dataclass(frozen=True, slots=True)
class _Options:
    model: str
    tau2: str | None
    ci: str
    pi: str | None
    level: float
    given: float | None = None


def _pool(yi: ArrayLike, vi: ArrayLike, options: _Options, studies: Sequence[str] | None) -> PoolResult:
    y, v = check_effects(yi, vi, studies)
    single = y.ndim == 1
    rows_y, rows_v = np.atleast_2d(y), np.atleast_2d(v)
    m, k = rows_y.shape
    numbers = {name: np.full(m, np.nan) for name in _NUMBERS}
    flags = {name: np.zeros(m, dtype=bool) for name in _FLAGS}
    counts, reason, weights = np.zeros(m, dtype=int), np.full(m, None, dtype=object), np.zeros((m, k))
    for rows in _chunks(m, k):
        batch = to_batch(rows_y[rows], rows_v[rows])
        counts[rows] = batch.n
        part = _fit(batch, options)
        for store in (numbers, flags):
            for name in store:
                if name in part:
                    store[name][rows] = part[name]
        reason[rows], weights[rows] = part["reason"], part["weights"].T
    status = np.array([_STATUS.get(r, "ok") for r in reason], dtype=object) if single else _status(reason)
    result = PoolResult(
        k=counts,
        **numbers,
        **flags,
        weights=weights,
        status=status,
        reason=reason,
        model=options.model,
        tau2_method=options.tau2,
        ci_method=options.ci,
        pi_method=options.pi,
        level=options.level,
    )
    return _first(result) if single else result


def _status(reason: NDArray) -> NDArray[np.str_]:
    status = np.full(reason.shape, "ok", dtype="<U13")
    for text, code in _STATUS.items():
        status[reason == text] = code
    return status


def _chunks(m: int, k: int) -> Iterator[slice]:
    size = max(_CHUNK_CELLS // max(k, 1), 1)
    for start in range(0, m, size):
        yield slice(start, min(start + size, m))


def _first(result: PoolResult) -> PoolResult:
    """Return the only row of a batch of one, with None for what does not exist."""
    one: dict[str, Any] = {name: float(getattr(result, name)[0]) for name in _NUMBERS}
    one = {name: None if np.isnan(value) else value for name, value in one.items()}
    for name in _FLAGS:
        one[name] = bool(getattr(result, name)[0]) if one["tau2"] is not None and result.model == "random" else None
    return replace(
        result,
        k=int(result.k[0]),
        weights=result.weights[0],
        status=str(result.status[0]),
        reason=result.reason[0],
        **one,
    )


def _fit(batch: Batch, options: _Options) -> dict[str, NDArray]:
    """Fit one chunk; return every field on the user's scale."""
    n = batch.n
    reason = np.full(n.shape, None, dtype=object)
    reason[n == 0], reason[n == 1] = EMPTY, SINGLE
    test = cochran_q(batch)
    part: dict[str, NDArray] = {"q": test.q, "q_df": test.df, "q_p": test.p}
    if options.model == "common":
        tau2, failed = np.where(n >= 2, 0.0, np.nan), np.zeros(n.shape, dtype=bool)
        reason[n >= 2] = COMMON
    else:
        tau2, failed = _heterogeneity(batch, options, part)
        reason[failed] = NOT_CONVERGED
    known = np.where(np.isnan(tau2), 0.0, tau2)
    mean = _mean_interval(batch, known, options)
    if options.pi is not None:
        part["pi_low"], part["pi_high"] = intervals.prediction(mean, tau2, n, options.level, options.pi)
        if options.pi == "riley":
            reason[n == 2] = NO_RILEY
    part |= {"estimate": mean.estimate, "se": mean.se, "ci_low": mean.low, "ci_high": mean.high, "p": mean.p}
    part["tau2"] = tau2
    # the estimate of Henmi and Copas is the common-effect one
    w, total, _ = intervals.weighted_mean(batch, 0.0 * known if options.ci == "HC" else known)
    total = np.where(n > 0, total, 1.0)
    part["weights"] = batch.in_order(100.0 * w / total)
    if options.ci == "HKSJ":
        reason[(n >= 2) & ~failed & (mean.se * np.sqrt(total) < _ROUNDING)] = NO_WIDTH
    _blank(part, (n == 0) | failed)
    _to_user_scale(part, batch)
    part["reason"] = reason
    return part


def _heterogeneity(batch: Batch, options: _Options, part: dict[str, NDArray]) -> tuple[NDArray, NDArray]:
    if options.given is None:
        solution = estimate_tau2(batch, options.tau2)
    else:
        nothing = np.full(batch.n.shape, np.nan)
        given = np.where(batch.n > 0, options.given / batch.unit / batch.unit, np.nan)
        solution = Tau2Solution(given, nothing, nothing > 0.0, ~(nothing > 0.0))
    low, high, empty, found = q_profile(batch, options.level)
    part["tau2_ci_low"], part["tau2_ci_high"], part["tau2_ci_empty"] = low, high, empty
    part["i2"], part["h2"] = i2_h2(solution.tau2, typical_variance(batch))
    part["residual"], part["boundary"] = solution.residual, solution.boundary
    return solution.tau2, ~(solution.converged & found)


def _mean_interval(batch: Batch, tau2: NDArray, options: _Options) -> intervals.MeanInterval:
    if options.ci == "wald":
        return intervals.wald(batch, tau2, options.level)
    chosen = intervals.mean_interval(batch, tau2, options.level, options.ci)
    alone = batch.n == 1
    if alone.any():
        simple = intervals.wald(batch, tau2, options.level)
        for f in fields(chosen):
            getattr(chosen, f.name)[alone] = getattr(simple, f.name)[alone]
    return chosen


def _blank(part: dict[str, NDArray], gone: NDArray) -> None:
    """Remove every number of rows that have no result."""
    if gone.any():
        for name in _NUMBERS:
            if name in part and not name.startswith("q"):
                part[name] = np.where(gone, np.nan, part[name])
        part["weights"][:, gone] = 0.0


def _to_user_scale(part: dict[str, NDArray], batch: Batch) -> None:
    for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high"):
        if name in part:
            part[name] = part[name] * batch.unit + batch.centre
    part["se"] = part["se"] * batch.unit
    for name in ("tau2", "tau2_ci_low", "tau2_ci_high"):
        if name in part:
            part[name] = part[name] * batch.unit * batch.unit
