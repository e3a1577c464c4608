"""Single values: possible on their scale, possible as whole numbers, and their spread."""

import re
from collections.abc import Iterator
from statistics import median

from evisynth.quality.integrity.facts import Facts, Row
from evisynth.quality.integrity.findings import CONSISTENT, INCONSISTENT, NOT_CHECKABLE, POSSIBLE, Finding
from evisynth.quality.integrity.grain import grim_has_power, is_possible_mean, is_possible_sd, largest_sd, sums_for_mean
from evisynth.quality.integrity.rounding import half_unit, overlap, span

_WHOLE = re.compile(r"numerical rating scale|\bNRS\b|likert|whole numbers?|number of (days|events|drinks)", re.I)
_MODELLED = re.compile(r"intention to treat|adjusted|imputed|model", re.I)
_SE_RATIO = 3.0
_LARGEST = 5000  # with more people every mean and spread that papers print is possible


def check_values(facts: Facts) -> Iterator[Finding]:
    """Check counts, means and standard deviations of arms.csv one by one."""
    for row in facts.rows("arms"):
        yield from _limits(facts, row)
        if row["mean"] and row["n"] and row["value_kind"] in ("final", "change"):
            yield from _grain(facts, row)
        if row["mean"]:
            yield from _mean_interval(row)
    yield from _labels(facts)


def _limits(facts: Facts, row: Row) -> Iterator[Finding]:
    n, events, study = row.count("n"), row.count("events"), facts.study(row["study_id"])
    wrong, inputs = [], []
    if n is not None and events is not None and row["value_kind"] == "event":
        outcome = facts.outcome(row["outcome_id"])
        inputs.append(f"events {events}; n {n}")
        if events > n and not (outcome and outcome["type"] == "count"):
            wrong.append(f"{events} events of {n} people")
    people = study.count("n_randomised") if study else None
    if n is not None and people is not None and not study.doubts("n_randomised"):
        inputs.append(f"n {n}; people in the study {people}")
        if n > people:
            wrong.append(f"an arm of {n} in a study of {people}")
    wrong += _off_scale(facts, row, inputs)
    if inputs:
        what = "counts and values within their bounds"
        verdict = INCONSISTENT if wrong else CONSISTENT
        given = "; ".join(dict.fromkeys(inputs))
        others = (study.reference,) if study else ()
        yield Finding(
            "possible_values", row, what, given, "within bounds", "; ".join(wrong) or "within bounds", verdict,
            "", others,
        )  # fmt: skip


def _off_scale(facts: Facts, row: Row, inputs: list[str]) -> list[str]:
    outcome = facts.outcome(row["outcome_id"])
    low = outcome.number("scale_min") if outcome else None
    high = outcome.number("scale_max") if outcome else None
    value = row.number("mean") if row["mean"] else row.number("median")
    if low is None or high is None or value is None or row["value_kind"] not in ("final", "change"):
        return []
    bottom, top = (low, high) if row["value_kind"] == "final" else (low - high, high - low)
    inputs.append(f"value {value:g}; scale {bottom:g} to {top:g}")
    if not bottom <= value <= top:
        return [f"{value:g} on a scale from {bottom:g} to {top:g}"]
    sd, n = row.number("sd"), row.count("n")
    if sd is not None and n is not None and n > 1:
        most = largest_sd(value, n, bottom, top)
        inputs.append(f"sd {sd:g}")
        if sd - half_unit(row["sd"]) > most * 1.01 + half_unit(row["mean"] or row["median"]):
            return [f"a standard deviation of {sd:g}, where at most {most:.3g} is possible"]
    return []


def is_whole_number_scale(outcome: Row | None) -> bool | None:
    """Whether an outcome's single values are whole numbers: by its type or its unit; None where that is not known."""
    if outcome is None or outcome["type"] == "binary":
        return False
    words = f"{outcome['unit']} {outcome['name']}"
    if outcome["type"] == "count" or _WHOLE.search(words):
        return True
    ends = (outcome["scale_min"], outcome["scale_max"])
    return None if all(ends) and all(float(end) == int(float(end)) for end in ends) else False


def _grain(facts: Facts, row: Row) -> Iterator[Finding]:
    outcome = facts.outcome(row["outcome_id"])
    whole, n = is_whole_number_scale(outcome), row.count("n")
    if whole is False or not n or n > _LARGEST:
        return
    inputs = f"mean {row['mean']}; n {n}"
    if grim_has_power(row["mean"], n):
        sums = sums_for_mean(row["mean"], n)
        expected = " or ".join(f"{s}/{n}" for s in sums) or "the mean of whole numbers"
        verdict, assumption = _grain_verdict(bool(sums), whole, row)
        what = f"the mean of {n} whole numbers"
        yield Finding("grim", row, what, inputs, expected, row["mean"], verdict, assumption)
    if row["sd"] and n > 1 and is_possible_mean(row["mean"], n):
        possible = is_possible_sd(row["mean"], row["sd"], n)
        verdict, assumption = _grain_verdict(possible, whole, row)
        what = f"the standard deviation of {n} whole numbers"
        expected = "possible with this mean" if possible else "no whole numbers with this mean have it"
        yield Finding("grimmer", row, what, f"{inputs}; sd {row['sd']}", expected, row["sd"], verdict, assumption)


def _grain_verdict(possible: bool, whole: bool | None, row: Row) -> tuple[str, str]:
    if possible:
        return CONSISTENT, ""
    if whole is None:
        return POSSIBLE, "single values are not whole numbers"
    if _MODELLED.search(row["analysis_set"]):
        return POSSIBLE, "the figure comes from a model or from filled-in values, not from the people alone"
    return INCONSISTENT, ""


def _mean_interval(row: Row) -> Iterator[Finding]:
    n, told = row.count("n"), []
    inputs = "; ".join(f"{k} {row[k]}" for k in ("mean", "sd", "se", "ci_low", "ci_high", "n") if row[k])
    ses: list[tuple[str, tuple[float, float]]] = []
    if row["se"]:
        ses.append(("standard error", span(row["se"])))
    if row["sd"] and n:
        low, high = span(row["sd"])
        ses.append(("standard deviation", (low / n**0.5, high / n**0.5)))
    if row["ci_low"] and row["ci_high"]:
        ses += _from_limits(row, n, told)
    if len(ses) < 2 and not (row["ci_low"] and row["ci_high"]):
        return
    for i, (name, first) in enumerate(ses):
        for other, second in ses[i + 1 :]:
            if not overlap(first, second):
                told.append(f"{name} and {other} do not agree")
                if name == "standard error" and other == "standard deviation" and row["se"] == row["sd"]:
                    told[-1] = "the standard error stands in the column of the standard deviation too"
    expected = "; ".join(f"standard error by {name} {low:.3g} to {high:.3g}" for name, (low, high) in ses)
    yield Finding(
        "mean_interval", row, "a mean, its interval and its spread", inputs, expected,
        "; ".join(told) or "agree", INCONSISTENT if told else CONSISTENT,
    )  # fmt: skip


def _from_limits(row: Row, n: int | None, told: list[str]) -> list[tuple[str, tuple[float, float]]]:
    from evisynth.effects._numbers import t_quantile, z_quantile

    low, high, mean = (span(row[name]) for name in ("ci_low", "ci_high", "mean"))
    middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
    if not overlap(middle, mean):
        told.append("the interval is not even about the mean")
    level = (row.number("ci_level") or 95.0) / 100
    narrow, wide = max(0.0, high[0] - low[1]), high[1] - low[0]
    quantiles = [float(z_quantile(level))]
    if n is not None and n > 1:
        quantiles.append(float(t_quantile(level, n - 1)))
    return [("interval", (narrow / 2 / max(quantiles), wide / 2 / min(quantiles)))]


def _labels(facts: Facts) -> Iterator[Finding]:
    """Yield standard deviations that have the size of standard errors beside the others of their outcome."""
    groups: dict[tuple, list[Row]] = {}
    for row in facts.rows("arms"):
        if row["sd"] and (row.count("n") or 0) > 1 and row.number("sd") > 0:
            groups.setdefault((row["outcome_id"], row["value_kind"]), []).append(row)
    for group in groups.values():
        for row in group:
            others = [other for other in group if other["study_id"] != row["study_id"]]
            own = row.number("sd")
            if len({other["study_id"] for other in others}) < 2:
                continue
            usual = median(other.number("sd") for other in others)
            as_sd = own * row.count("n") ** 0.5
            small = own * _SE_RATIO < usual and 0.5 < as_sd / usual < 2
            yield Finding(
                "spread_label", row, "a standard deviation beside those of the other studies",
                f"sd {row['sd']}; n {row['n']}", f"about {usual:.3g}, the middle of {len(others)} others",
                row["sd"], POSSIBLE if small else CONSISTENT,
                f"a standard error stands in the column: times the root of n it is {as_sd:.3g}" if small else "",
                tuple(other.reference for other in others[:6]),
            )  # fmt: skip


def check_changes(facts: Facts) -> Iterator[Finding]:
    """Check p values of changes within a group against the two means and their spread."""
    for contrast in facts.rows("contrasts"):
        if contrast["comparator"] != "baseline" or not contrast["p_value"]:
            continue
        rows = [row for row in facts.arms(contrast["study_id"], contrast["outcome_id"])
                if row["treatment"] == contrast["treatment"] and row["mean"]]  # fmt: skip
        before = next((row for row in rows if row.number("timepoint_weeks") == 0), None)
        after = next((row for row in rows if (row.number("timepoint_weeks") or 0) > 0), None)
        if before and after:
            finding = _change(facts, contrast, before, after)
            if finding:
                yield finding


def _people(facts: Facts, contrast: Row, *rows: Row) -> tuple[int | None, str]:
    for row, name in ((contrast, "n_1"), *((row, "n") for row in rows)):
        if row[name]:
            return row.count(name), row.reference
    study = facts.study(contrast["study_id"])
    for name in ("n_analysed", "n_randomised"):
        if study and study[name]:
            return study.count(name), study.reference
    return None, ""


def _change(facts: Facts, contrast: Row, before: Row, after: Row) -> Finding | None:
    column = next((c for c in ("sd", "unlabelled_spread", "se") if before[c] and after[c]), "")
    n, where = _people(facts, contrast, after, before)
    if not column or not n or n < 3:
        return None
    gap = after.number("mean") - before.number("mean")
    first, second = before.number(column), after.number(column)
    factors = {"sd": (1.0,), "se": (n**0.5,), "unlabelled_spread": (1.0, n**0.5)}[column]
    readings = {1.0: "standard deviations", n**0.5: "standard errors"}
    fitting, told = [], []
    for factor in factors:
        fits, words = _correlations(contrast, gap, first * factor, second * factor, n)
        told.append(f"as {readings[factor]}: {words}")
        if fits:
            fitting.append(readings[factor])
    inputs = (
        f"means {before['mean']} and {after['mean']}; {column} {before[column]} and {after[column]}; n {n}; "
        f"p {contrast['p_relation'] or '='} {contrast['p_value']}"
    )
    verdict, assumption = _reading(column, fitting)
    what = "the change within a group against its p value, over correlations from 0 to 0.95"
    others = (before.reference, after.reference, where)
    return Finding(
        "before_after", contrast, what, inputs, "; ".join(told), contrast["p_value"], verdict, assumption, others
    )


def _reading(column: str, fitting: list[str]) -> tuple[str, str]:
    if not fitting:
        return INCONSISTENT, ""
    if column != "unlabelled_spread":
        return CONSISTENT, ""
    if len(fitting) == 2:
        return NOT_CHECKABLE, ""
    return POSSIBLE, f"the figures after the sign are {fitting[0]}"


def _correlations(contrast: Row, gap: float, first: float, second: float, n: int) -> tuple[bool, str]:
    """Return whether the printed p value is met by a correlation from 0 to 0.95, and the range of p in words."""
    import numpy as np

    from evisynth.effects._numbers import p_from_t

    r = np.linspace(0.0, 0.95, 96)
    spread = np.sqrt(np.maximum(first**2 + second**2 - 2 * r * first * second, 1e-12))
    p = p_from_t(gap / (spread / n**0.5), n - 1)
    low, high = float(p.min()), float(p.max())
    printed = contrast.number("p_value")
    words = f"p from {low:.2g} to {high:.2g}"
    relation = contrast["p_relation"] or "="
    if relation in ("<", "<="):
        return low <= printed, words
    if relation in (">", ">="):
        return high >= printed, words
    return overlap((low, high), span(contrast["p_value"])), words
