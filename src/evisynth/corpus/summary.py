"""A corpus as a whole: how heterogeneous its analyses are, and how often a conclusion hangs on a choice."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evisynth.corpus.settings import CorpusSettings, Variant
from evisynth.corpus.studies import NO_FIGURES, UNREADABLE
from evisynth.effects import find_measure

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# Classes of the number of studies in tables and figures: at least, at most.
CLASSES = ((2, 2), (3, 3), (4, 5), (6, 9), (10, 19), (20, None))
KINDS = {
    "estimator": "the estimator of tau2",
    "interval": "the interval",
    "model": "random or common effect",
    "school": "frequentist or Bayesian",
    "prior": "the prior of tau",
}


def class_name(low: int, high: int | None) -> str:
    """Words for a class of the number of studies: "2", "4-5", "20 or more"."""
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{low}-{high}"


def summarise(results: pa.Table, bad_rows: pa.Table, settings: CorpusSettings) -> dict[str, Any]:
    """Summarise the results of a corpus.

    Parameters
    ----------
    results : pyarrow.Table
        As `gathering.gather` writes it.
    bad_rows : pyarrow.Table
        As `shards.split_table` writes it.
    settings : CorpusSettings

    Returns
    -------
    dict
        Plain values: ``settings``; ``analyses, rows, bad_rows, left_out`` and ``status`` (counts); ``k, tau2, i2``
        (quantiles over the analyses of two studies and more, and the share at 0), ``by_k``; ``bayes``; and
        ``conclusions``. A conclusion is on which side of no effect an interval of the mean lies: below, above, or
        unclear where it holds no effect. A comparison counts the analyses, of two studies and more, whose conclusion
        is another one under the variant: `lost` (clear becomes unclear), `gained`, `reversed`.
    """
    k = results["k"].to_numpy()
    several = (k >= 2) & (_text(results, "status") == "ok")
    summary: dict[str, Any] = {"settings": settings.to_dict(), "analyses": results.num_rows}
    # counted from the rows themselves: one that names no analysis is in no analysis' count
    lines = bad_rows.group_by(["line", "kind"]).aggregate([]).to_pandas()
    homeless = pc.count_distinct(bad_rows.filter(pc.equal(bad_rows["analysis"], ""))["line"]).as_py()
    summary["rows"] = int(pc.sum(results["rows"]).as_py() or 0) + homeless
    for name, kind in (("bad_rows", UNREADABLE), ("left_out", NO_FIGURES)):
        summary[name] = int((lines["kind"] == kind).sum())
    summary["status"] = _counts(results["status"])
    summary["pooled"] = int(several.sum())
    summary["k"] = _quantiles(k[several])
    for name in ("tau2", "i2"):
        summary[name] = _quantiles(_numbers(results, name)[several])
    summary["by_k"] = [_class(results, several, low, high) for low, high in CLASSES]
    if settings.bayes:
        bound = _numbers(results, "bayes_error_bound")
        summary["bayes"] = {
            "status": _counts(results["bayes_status"]),
            "tau_median": _quantiles(_numbers(results, "bayes_tau_median")[several]),
            "largest_error_bound": float(np.nanmax(bound)) if np.isfinite(bound).any() else None,
        }
    summary["conclusions"] = _conclusions(results, several, settings)
    return summary


def write_summary(summary: dict[str, Any], path: Path) -> None:
    """Write it as JSON; the same summary gives the same bytes."""
    text = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _text(results: pa.Table, name: str) -> NDArray:
    return results[name].to_numpy()


def _numbers(results: pa.Table, name: str) -> NDArray[np.float64]:
    return results[name].to_numpy().astype(float)


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    found = {row["values"]: row["counts"] for row in pc.value_counts(column).to_pylist()}
    return {str(name): found[name] for name in sorted(found, key=str)}


def _quantiles(values: NDArray) -> dict[str, Any]:
    values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not len(values):
        return {"n": 0}
    found = np.quantile(values, QUANTILES)
    named = {f"q{round(100 * q):02d}": float(x) for q, x in zip(QUANTILES, found, strict=True)}
    return {"n": len(values), "mean": float(values.mean()), "share_zero": float(np.mean(values == 0))} | named


def _class(results: pa.Table, several: NDArray, low: int, high: int | None) -> dict[str, Any]:
    here = several & _within(results, low, high)
    found = {name: _quantiles(_numbers(results, name)[here]) for name in ("tau2", "i2")}
    return {"k": class_name(low, high), "analyses": int(here.sum())} | found


def _within(results: pa.Table, low: int, high: int | None) -> NDArray[np.bool_]:
    k = results["k"].to_numpy()
    return (k >= low) & (k <= (np.inf if high is None else high))


def _side(results: pa.Table, prefix: str) -> NDArray[np.float64]:
    """-1 below no effect, 1 above, 0 unclear, NaN without an interval."""
    low, high = _numbers(results, f"{prefix}ci_low"), _numbers(results, f"{prefix}ci_high")
    with np.errstate(invalid="ignore"):
        side = np.where(low > 0, 1.0, np.where(high < 0, -1.0, 0.0))
    return np.where(np.isnan(low) | np.isnan(high), np.nan, side)


def _conclusions(results: pa.Table, several: NDArray, settings: CorpusSettings) -> dict[str, Any]:
    measure = find_measure(settings.measure)
    if measure.null is None:
        return {"reason": f"a {measure.long_name} has no value of no effect: there is no conclusion to compare"}
    variants = settings.variants
    if settings.bayes:
        variants = (*variants, Variant("bayes", "school", f"posterior, tau {settings.tau_prior}", {}))
    headline = _side(results, "")
    side = headline[several]
    out: dict[str, Any] = {
        "headline": {
            "below": int((side < 0).sum()),
            "above": int((side > 0).sum()),
            "unclear": int((side == 0).sum()),
        }
    }
    changed = {kind: np.zeros(len(headline), dtype=bool) for kind in KINDS}
    compared = {kind: np.zeros(len(headline), dtype=bool) for kind in KINDS}
    comparisons = []
    for variant in variants:
        base = "bayes_" if variant.kind == "prior" else ""
        row, usable, differs = _compare(results, several, variant, base)
        comparisons.append(row)
        if variant.kind in KINDS:
            changed[variant.kind] |= differs
            compared[variant.kind] |= usable
    out["comparisons"] = comparisons
    out["any"] = [
        {
            "kind": kind,
            "words": words,
            **_share(changed[kind], compared[kind]),
            "by_k": [
                {"k": class_name(*limits), **_share(changed[kind], compared[kind] & _within(results, *limits))}
                for limits in CLASSES
            ],
        }
        for kind, words in KINDS.items()
        if any(v.kind == kind for v in variants)
    ]
    return out


def _share(changed: NDArray, compared: NDArray) -> dict[str, Any]:
    n, found = int(compared.sum()), int((changed & compared).sum())
    return {"compared": n, "changed": found, "share": found / n if n else None}


def _compare(results: pa.Table, several: NDArray, variant: Variant, base: str):
    first, second = _side(results, base), _side(results, f"{variant.name}_")
    usable = several & ~np.isnan(first) & ~np.isnan(second)
    differs = usable & (first != second)
    width = [
        _numbers(results, f"{prefix}ci_high") - _numbers(results, f"{prefix}ci_low")
        for prefix in (base, f"{variant.name}_")
    ]
    with np.errstate(all="ignore"):
        ratio = (width[1] / width[0])[usable]
    ratio = ratio[np.isfinite(ratio)]
    row = {
        "name": variant.name,
        "kind": variant.kind,
        "title": variant.title,
        "against": "posterior under the stated prior" if base else "headline",
        **_share(differs, usable),
        "lost": int((differs & (first != 0) & (second == 0)).sum()),
        "gained": int((differs & (first == 0)).sum()),
        "reversed": int((differs & (first * second < 0)).sum()),
        "width_ratio_median": float(np.median(ratio)) if len(ratio) else None,
    }
    return row, usable, differs
