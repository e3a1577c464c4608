"""Analyse the studies of many meta-analyses, in batches of equal size."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from evisynth.bayes.exact import normal_normal
from evisynth.corpus.settings import CorpusSettings
from evisynth.pooling.fit import random_effects

# A posterior whose error bound is above this, in posterior standard deviations, is not given.
WORST_ERROR = 1e-3
TOO_FAR = "the figures lie too far apart for the arithmetic: check the effects and variances of this analysis"

HEADLINE = (
    *("estimate", "se", "ci_low", "ci_high", "p", "tau2", "tau2_ci_low", "tau2_ci_high"),
    *("i2", "h2", "q", "q_p", "pi_low", "pi_high"),
)
BAYES = (
    *("bayes_mean", "bayes_sd", "bayes_median", "bayes_ci_low", "bayes_ci_high", "p_mu_below_0"),
    *("bayes_tau_median", "bayes_tau_ci_low", "bayes_tau_ci_high", "bayes_pi_low", "bayes_pi_high"),
    *("log_marginal", "bf_mu0", "bf_tau0", "bayes_error_bound"),
)
_TEXT = ("analysis", "status", "reason", "bayes_status", "bayes_reason")

type Columns = dict[str, NDArray[Any]]


def result_schema(settings: CorpusSettings) -> pa.Schema:
    """Columns of a result, in order, with their types."""
    names = ["analysis", "k", "status", "reason", *HEADLINE, "tau2_ci_empty"]
    for variant in settings.variants:
        if variant.kind != "prior":
            extra = ["tau2"] if variant.kind in ("estimator", "both") else []
            names += [f"{variant.name}_{field}" for field in ("estimate", "ci_low", "ci_high", *extra)]
    if settings.bayes:
        names += ["bayes_status", "bayes_reason", *BAYES]
        names += [
            f"{v.name}_{f}" for v in settings.variants if v.kind == "prior" for f in ("median", "ci_low", "ci_high")
        ]
    types = dict.fromkeys(_TEXT, pa.string()) | {"k": pa.int32(), "tau2_ci_empty": pa.bool_()}
    return pa.schema([(name, types.get(name, pa.float64())) for name in names])


def analyse_studies(studies: pa.Table, settings: CorpusSettings) -> pa.Table:
    """Analyse the studies of some units.

    Parameters
    ----------
    studies : pyarrow.Table
        ``analysis, k, block, yi, vi``, sorted by k, block and analysis: a unit is the analyses of k studies in one
        block. A unit is analysed as one batch wherever it lies, so that no number depends on the sharding.
    settings : CorpusSettings

    Returns
    -------
    pyarrow.Table
        One row per analysis, columns as in `result_schema`; null where a quantity does not exist, with the reason.
    """
    schema = result_schema(settings)
    parts = [pa.table({name: column[:0] for name, column in _nothing(schema).items()}, schema=schema)]
    for ids, y, v in _units(studies):
        columns = _frequentist(y, v, settings)
        if settings.bayes:
            columns |= _bayesian(y, v, settings)
        columns["analysis"] = ids
        parts.append(pa.table([_array(columns[f.name], f.type) for f in schema], schema=schema))
    return pa.concat_tables(parts)


def _nothing(schema: pa.Schema) -> dict[str, pa.Array]:
    return {field.name: pa.nulls(0, field.type) for field in schema}


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if kind == pa.float64():
        # an infinite moment or Bayes factor is no number that a table can sort or average
        return pa.array(np.where(np.isfinite(values), values, np.nan), kind, from_pandas=True)
    return pa.array(values, kind, from_pandas=True)


def _units(studies: pa.Table) -> Iterator[tuple[pa.ChunkedArray, NDArray, NDArray]]:
    if not studies.num_rows:
        return
    k, block = (studies.column(name).to_numpy() for name in ("k", "block"))
    yi, vi = (studies.column(name).to_numpy() for name in ("yi", "vi"))
    starts = np.flatnonzero(np.r_[True, (np.diff(k) != 0) | (np.diff(block) != 0)])
    for begin, end in zip(starts, [*starts[1:], studies.num_rows], strict=True):
        n = int(k[begin])
        first = pa.array(np.arange(begin, end, n))
        yield studies.column("analysis").take(first), yi[begin:end].reshape(-1, n), vi[begin:end].reshape(-1, n)


def _frequentist(y: NDArray, v: NDArray, settings: CorpusSettings) -> Columns:
    with np.errstate(all="ignore"):
        headline = random_effects(y, v, **settings.headline)
    out: Columns = {name: getattr(headline, name) for name in HEADLINE}
    status, reason = headline.status.astype(object), headline.reason.copy()
    lost = (status == "ok") & ~np.isfinite(headline.estimate + headline.ci_low + headline.ci_high + headline.tau2)
    status[lost], reason[lost] = "failed", TOO_FAR
    out |= {"k": headline.k, "status": status, "reason": reason}
    empty = headline.tau2_ci_empty.astype(object)
    empty[np.isnan(headline.tau2_ci_low)] = None
    out["tau2_ci_empty"] = empty
    for variant in settings.variants:
        if variant.kind != "prior":
            with np.errstate(all="ignore"):
                other = random_effects(y, v, **variant.options)
            for field in ("estimate", "ci_low", "ci_high", "tau2"):
                out[f"{variant.name}_{field}"] = getattr(other, field)
    for name in out:
        if out[name].dtype == np.float64:
            out[name] = np.where(lost, np.nan, out[name])
    return out


def _bayesian(y: NDArray, v: NDArray, settings: CorpusSettings) -> Columns:
    def stated(y: NDArray, v: NDArray) -> Columns:
        fit = normal_normal(y, v, settings.tau_prior, settings.mu_prior, level=settings.level, shortest=False)
        nothing = np.full(len(y), np.nan)
        values = {f"bayes_{f}": getattr(fit.mu, f) for f in ("mean", "sd", "median", "ci_low", "ci_high")}
        values |= {f"bayes_tau_{f}": getattr(fit.tau, f) for f in ("median", "ci_low", "ci_high")}
        values |= {"bayes_pi_low": fit.predictive.ci_low, "bayes_pi_high": fit.predictive.ci_high}
        for name in ("log_marginal", "bf_mu0", "bf_tau0"):
            values[name] = nothing if getattr(fit, name) is None else getattr(fit, name)
        values |= {"p_mu_below_0": fit.p_mu_below_0, "bayes_error_bound": fit.error_bound}
        return _gate(values | {"bayes_status": fit.status, "bayes_reason": fit.reason}, "bayes_error_bound")

    out = _guarded(stated, y, v)
    for variant in (v for v in settings.variants if v.kind == "prior"):
        priors = variant.options

        def other(y: NDArray, v: NDArray, priors=priors, name=variant.name) -> Columns:
            fit = normal_normal(y, v, **priors, level=settings.level, shortest=False)
            values = {f"{name}_{f}": getattr(fit.mu, f) for f in ("median", "ci_low", "ci_high")}
            marks = {f"{name}_error": fit.error_bound, "bayes_status": fit.status, "bayes_reason": fit.reason}
            return _gate(values | marks, f"{name}_error")

        found = _guarded(other, y, v)
        out |= {name: found[name] for name in found if name not in ("bayes_status", "bayes_reason")}
    return out


def _gate(values: Columns, bound: str) -> Columns:
    """Take the numbers away where they are not good enough, and say so."""
    status, reason = values["bayes_status"].copy(), values["bayes_reason"].copy()
    with np.errstate(invalid="ignore"):
        bad = (status == "ok") & ~(values[bound] <= WORST_ERROR)
    status[bad] = "failed"
    reason[bad] = [f"the quadrature's error bound is {b:.2g} posterior standard deviations" for b in values[bound][bad]]
    reason[reason == ""] = None
    gone = status != "ok"
    numbers = {n: np.where(gone, np.nan, a) for n, a in values.items() if a.dtype != object}
    return numbers | {"bayes_status": status, "bayes_reason": reason}


def _guarded(fit, y: NDArray, v: NDArray) -> Columns:
    """Fit a batch; where it cannot be fitted, find the analyses at fault by halving, and say why."""
    try:
        with np.errstate(all="ignore"):
            return fit(y, v)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        if len(y) == 1:
            # the columns of a fit that works, emptied
            values = fit(np.array([[0.0, 1.0]]), np.array([[1.0, 1.0]]))
            values = {n: a if a.dtype == object else np.full(1, np.nan) for n, a in values.items()}
            values["bayes_status"][0], values["bayes_reason"][0] = "failed", f"{type(error).__name__}: {error}"
            return values
        half = len(y) // 2
        first, second = _guarded(fit, y[:half], v[:half]), _guarded(fit, y[half:], v[half:])
        return {name: np.concatenate([first[name], second[name]]) for name in first}
