"""Percentages against the people they are percentages of."""

from collections.abc import Iterator

from evisynth.quality.integrity.facts import Facts, Row
from evisynth.quality.integrity.findings import CONSISTENT, INCONSISTENT, NOT_CHECKABLE, POSSIBLE, Finding
from evisynth.quality.integrity.rounding import (
    counts_of,
    decimals,
    fit_together,
    neighbours,
    prints_as,
    share,
    sizes_of,
)

_SHOWN = 4
# From so many people on every percentage with up to two decimals is possible.
_LARGEST = 10_000


def check_percentages(facts: Facts) -> Iterator[Finding]:
    """Check every percentage of people in arms.csv."""
    rows = [row for row in facts.rows("arms") if row["percent"] and row["value_kind"] == "event"]
    for row in rows:
        yield _of_n(row) if row["n"] else _of_reported(facts, row)
        if row["events"] and row.count("n"):
            yield _of_events(row)
    unsized = [row for row in rows if not row["n"]]
    yield from _shared(facts, unsized)
    yield from _derived(facts)


def _of_n(row: Row) -> Finding:
    n, percent = row.count("n"), row["percent"]
    found = counts_of(percent, n) if n else ()
    what, inputs = f"{percent} per cent of {n} people", f"percent {percent}; n {n}"
    if found:
        return Finding("percent_of_n", row, what, inputs, _counts(found, n), percent, CONSISTENT)
    if row.doubts("n"):
        assumption = f"n is not {n}, which the source does not print beside the figure; {_other_sizes(percent, n)}"
    else:
        assumption = f"would need another number of people: {_other_sizes(percent, n)}"
    expected = neighbours(percent, n) if n else "somebody in the arm"
    return Finding("percent_of_n", row, what, inputs, expected, percent, INCONSISTENT, assumption)


def _counts(found: tuple[int, ...], n: int) -> str:
    if len(found) > _SHOWN:
        return f"{len(found)} counts of {n} fit, {found[0]} to {found[-1]}"
    return " or ".join(share(x, n) for x in found)


def _other_sizes(percent: str, n: int) -> str:
    sizes = sizes_of([percent], n)
    if not sizes:
        return "no smaller number of people gives it"
    shown = ", ".join(f"{size} ({counts_of(percent, size)[0]}/{size})" for size in sizes[-_SHOWN:][::-1])
    return f"for example {shown}"


def _of_reported(facts: Facts, row: Row) -> Finding:
    """Return the check of a percentage whose row has no number of people against the study's numbers."""
    percent, sizes = row["percent"], facts.reported_sizes(row)
    if not sizes:
        what = f"{percent} per cent of an unknown number of people"
        return Finding("percent_of_n", row, what, f"percent {percent}", "", percent, NOT_CHECKABLE)
    fitting = [n for n in sizes if counts_of(percent, n)]
    shown = ", ".join(map(str, sorted(sizes)))
    inputs = f"percent {percent}; numbers that the study reports for the arm: {shown}"
    what = f"{percent} per cent, of one of the numbers of people that the study reports"
    others = tuple(sizes.values())
    if fitting:
        expected = "; ".join(_counts(counts_of(percent, n), n) for n in fitting)
        return Finding("percent_of_n", row, what, inputs, expected, percent, CONSISTENT, "", others)
    expected = "; ".join(neighbours(percent, n) for n in sorted(sizes))
    assumption = f"would need a number of people that is not reported: {_other_sizes(percent, max(sizes))}"
    return Finding("percent_of_n", row, what, inputs, expected, percent, INCONSISTENT, assumption, others)


def _of_events(row: Row) -> Finding:
    n, events, percent = row.count("n"), row.count("events"), row["percent"]
    right = events in counts_of(percent, n)
    expected = f"{100 * events / n:.{decimals(percent) + 1}f}"
    inputs = f"events {events}; n {n}"
    verdict = CONSISTENT if right else INCONSISTENT
    return Finding("percent_of_events", row, f"{events} of {n} people", inputs, expected, percent, verdict)


def _shared(facts: Facts, rows: list[Row]) -> Iterator[Finding]:
    arms: dict[tuple, list[Row]] = {}
    people: dict[tuple, list[Row]] = {}
    for row in rows:
        document = (row["study_id"], row["source_id"], row["analysis_set"])
        arms.setdefault((*document, row["arm"], row["timepoint_weeks"]), []).append(row)
        if facts.is_paired(row["study_id"]):
            people.setdefault((*document, row["outcome_id"], row["variant"]), []).append(row)
    for check, groups in (("shared_denominator", arms), ("shared_denominator_paired", people)):
        for group in groups.values():
            if len({row["percent"] for row in group}) > 1:
                finding = _one_size(facts, check, group)
                if finding:
                    yield finding


def _one_size(facts: Facts, check: str, group: list[Row]) -> Finding | None:
    percents = list(dict.fromkeys(row["percent"] for row in group))
    sizes = {n: where for row in group for n, where in facts.reported_sizes(row).items()}
    if not sizes:
        return None
    here = [n for n in sizes if fit_together((percent, n) for percent in percents)]
    fitting = here or sizes_of(percents, min(max(sizes), _LARGEST))
    same = "the same people" if check.endswith("paired") else "one arm"
    what = f"{' and '.join(percents)} per cent of {same}"
    inputs = f"percent {'; '.join(percents)}; numbers that the study reports: {', '.join(map(str, sorted(sizes)))}"
    others = (*(row.reference for row in group[1:]), *sizes.values())
    expected = f"numbers of people that fit all: {', '.join(map(str, fitting[-_SHOWN:])) or 'none'}"
    if here:
        verdict, assumption = CONSISTENT, ""
    elif fitting:
        verdict = POSSIBLE
        assumption = f"all are percentages of {_choice(fitting)} people, a number that the study does not report"
    else:
        verdict, assumption = INCONSISTENT, "would need another number of people for each percentage"
    return Finding(check, group[0], what, inputs, expected, "; ".join(percents), verdict, assumption, others)


def _choice(sizes: list[int]) -> str:
    return " or ".join(map(str, sizes[-_SHOWN:][::-1]))


def _derived(facts: Facts) -> Iterator[Finding]:
    """Yield the check of counts that a person worked back from a percentage of the same document."""
    for row in facts.rows("arms"):
        if row["status"] != "derived" or not (row["events"] and row.count("n")):
            continue
        for other in facts.arms(row["study_id"], row["outcome_id"]):
            same = all(other[name] == row[name] for name in ("arm", "source_id", "timepoint_weeks"))
            if same and other["percent"] and not other["events"] and other is not row:
                events, n = row.count("events"), row.count("n")
                found = 100 * events / n
                right = prints_as(found, other["percent"])
                what = f"{events} of {n}, worked back from {other['percent']} per cent"
                yield Finding(
                    "derived_count", row, what, f"events {events}; n {n}", other["percent"],
                    f"{found:.{decimals(other['percent']) + 1}f}", CONSISTENT if right else INCONSISTENT,
                    "", (other.reference,),
                )  # fmt: skip
                break
