"""Estimates, intervals and p values of comparisons and pooled results against each other."""

import math
from collections.abc import Iterator

from evisynth.quality.integrity.facts import Facts, Row
from evisynth.quality.integrity.findings import CONSISTENT, INCONSISTENT, NOT_CHECKABLE, POSSIBLE, Finding
from evisynth.quality.integrity.rounding import overlap, span

RATIOS = ("OR", "RR", "HR", "IRR")
DIFFERENCES = ("MD", "SMD", "RD", "paired difference", "change from baseline")
# Beyond rounding: how far an interval of another kind (exact, profile likelihood, bootstrap) may lean, as a share of
# its half-width; and how far p values of two ways of testing one result may lie apart, as a factor. Conventions.
LEAN, P_FACTOR = 0.25, 2.0

Range = tuple[float, float]


def check_intervals(facts: Facts) -> Iterator[Finding]:
    """Check every estimate with an interval in contrasts.csv and published_pools.csv."""
    for table, column in (("contrasts", "statistic"), ("published_pools", "measure")):
        for row in facts.rows(table):
            kind = row[column]
            if not (row["value"] and row["ci_low"] and row["ci_high"]):
                continue
            yield _inside(row, kind)
            if kind in RATIOS or kind in DIFFERENCES:
                yield _even(row, kind)
                if row["p_value"]:
                    finding = _p(row, kind)
                    if finding:
                        yield finding


def check_differences(facts: Facts) -> Iterator[Finding]:
    """Check differences in contrasts.csv against the means of the two arms."""
    for row in facts.rows("contrasts"):
        if row["statistic"] not in ("MD", "paired difference") or not row["value"]:
            continue
        arms = facts.arms(row["study_id"], row["outcome_id"])
        sides = [[arm for arm in arms if arm["treatment"] == row[side] and arm["mean"]] for side in _SIDES]
        chosen = [next((arm for arm in side if arm["variant"] in ("", row["variant"])), None) for side in sides]
        if None in chosen:
            continue
        (low_1, high_1), (low_2, high_2) = (span(arm["mean"]) for arm in chosen)
        same = overlap((low_1 - high_2, high_1 - low_2), span(row["value"]))
        yield Finding(
            "difference_of_means", row, f"{row['statistic']} as the difference of two means",
            f"means {chosen[0]['mean']} and {chosen[1]['mean']}", f"{low_1 - high_2:.3g} to {high_1 - low_2:.3g}",
            row["value"], CONSISTENT if same else POSSIBLE,
            "" if same else "the difference is adjusted, or of other people than the means",
            tuple(arm.reference for arm in chosen),
        )  # fmt: skip


_SIDES = ("treatment", "comparator")


def _inputs(row: Row, *more: str) -> str:
    return "; ".join(f"{name} {row[name]}" for name in ("value", "ci_low", "ci_high", "ci_level", *more) if row[name])


def _inside(row: Row, kind: str) -> Finding:
    low, value, high = span(row["ci_low"])[0], row.number("value"), span(row["ci_high"])[1]
    right = low <= value <= high and row.number("ci_low") <= row.number("ci_high")
    expected = f"between {row['ci_low']} and {row['ci_high']}"
    what = f"{kind} within its interval"
    verdict = CONSISTENT if right else INCONSISTENT
    return Finding("estimate_in_interval", row, what, _inputs(row), expected, row["value"], verdict)


def _logs(text: str) -> Range | None:
    low, high = span(text)
    return (math.log(low), math.log(high)) if low > 0 else None


def _ranges(row: Row, kind: str) -> tuple[Range, Range, Range] | None:
    take = _logs if kind in RATIOS else span
    low, value, high = (take(row[name]) for name in ("ci_low", "value", "ci_high"))
    return None if low is None or value is None or high is None else (low, value, high)


def lean(low: Range, value: Range, high: Range) -> float:
    """Return how far an estimate lies from the middle of its interval beyond rounding, in half-widths."""
    middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
    gap = max(0.0, value[0] - middle[1], middle[0] - value[1])
    half = (high[0] + high[1] - low[0] - low[1]) / 4
    return gap / half if half > 0 else math.inf if gap else 0.0


def _even(row: Row, kind: str) -> Finding:
    scale = "logarithms" if kind in RATIOS else "the plain scale"
    what = f"{kind} in the middle of its interval on {scale}"
    ranges = _ranges(row, kind)
    if ranges is None:
        return Finding("interval_symmetric", row, what, _inputs(row), "", row["value"], NOT_CHECKABLE,
                       "a limit that may be 0 or less has no logarithm")  # fmt: skip
    low, value, high = ranges
    off = lean(low, value, high)
    middle = (sum(low) + sum(high)) / 4
    expected = f"about {math.exp(middle) if kind in RATIOS else middle:.3g}"
    verdict, assumption = CONSISTENT, ""
    if off > 0:
        plain = kind in RATIOS and lean(*(span(row[name]) for name in ("ci_low", "value", "ci_high"))) == 0
        verdict = POSSIBLE if plain or off <= LEAN else INCONSISTENT
        if plain:
            assumption = "the interval was computed on the plain scale, not on logarithms"
        elif off <= LEAN:
            assumption = "the interval is of another kind: exact, from a profile likelihood or a bootstrap"
    return Finding("interval_symmetric", row, what, _inputs(row), expected, row["value"], verdict, assumption)


def p_range(low: Range, value: Range, high: Range, level: float, df: float | None = None) -> Range:
    """Return the smallest and largest two-sided p value of an estimate and its interval, as both were rounded.

    Parameters
    ----------
    low, value, high : tuple of float
        What the printed limits and the estimate can stand for, on the scale where no effect is 0.
    level : float
        Level of the interval, 0 to 1.
    df : float, optional
        Degrees of freedom where the interval may be of Student's t; normal and t both count then.
    """
    from evisynth.effects._numbers import p_from_t, t_quantile, z_quantile

    narrow, wide = max(high[0] - low[1], 1e-12), high[1] - low[0]
    nearest = 0.0 if value[0] <= 0 <= value[1] else min(abs(value[0]), abs(value[1]))
    farthest = max(abs(value[0]), abs(value[1]))
    found = []
    for quantile, freedom in ((z_quantile(level), math.inf), *([(t_quantile(level, df), df)] if df else [])):
        for end, width in ((farthest, narrow), (nearest, wide)):
            found.append(float(p_from_t(2 * quantile * end / width, freedom)))
    return min(found), max(found)


def _p(row: Row, kind: str) -> Finding | None:
    ranges = _ranges(row, kind)
    if ranges is None:
        return None
    counts = [row.count(name) for name in ("n_1", "n_2") if row[name]]
    df = sum(counts) - len(counts) if counts and sum(counts) > len(counts) else None
    low, high = p_range(*ranges, (row.number("ci_level") or 95.0) / 100, df)
    verdict, assumption = compare_p(row["p_value"], row["p_relation"], low, high)
    what = f"p value of {kind} by its interval"
    expected = f"{low:.2g} to {high:.2g}"
    inputs = _inputs(row, "n_1", "n_2")
    found = f"{row['p_relation'] or '='} {row['p_value']}"
    return Finding("p_from_interval", row, what, inputs, expected, found.removeprefix("= "), verdict, assumption)


def compare_p(printed: str, relation: str, low: float, high: float, factor: float = P_FACTOR) -> tuple[str, str]:
    """Return the verdict on a printed p value beside the range that was computed, and the assumption it needs.

    Parameters
    ----------
    printed, relation : str
        The p value as printed and the sign before it; blank means ``=``.
    low, high : float
        Smallest and largest p value that the other figures give.
    factor : float
        How far apart two ways of testing one result may lie.
    """
    value = float(printed)
    if relation in ("<", "<="):
        ends = (0.0, value)
    elif relation in (">", ">="):
        ends = (value, 1.0)
    else:
        ends = span(printed)
    if overlap((low, high), ends):
        return CONSISTENT, ""
    nearest = low if ends[1] < low else high
    edge = ends[1] if ends[1] < low else ends[0]
    apart = max(nearest, edge) / max(min(nearest, edge), 1e-12)
    if apart <= factor:
        return (
            POSSIBLE,
            "the p value is of another test than the figures beside it (exact, robust, adjusted, of a model)",
        )
    return INCONSISTENT, ""
