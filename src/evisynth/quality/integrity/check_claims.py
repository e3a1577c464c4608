"""Claimed percentages against the claimed number of people."""

import re
from collections.abc import Iterator

from evisynth.quality.integrity.facts import Facts, Row
from evisynth.quality.integrity.findings import CONSISTENT, INCONSISTENT, NOT_CHECKABLE, POSSIBLE, Finding
from evisynth.quality.integrity.rounding import fit_together

_NUMBER = re.compile(r"\d+(\.\d+)?$")


def check_claims(facts: Facts) -> Iterator[Finding]:
    """Check the percentages that a document gives in one place against the number of people it gives."""
    for (source, _), group in facts.by("claims", "source_id", "locator").items():
        percents = [row for row in group if row["attribute"] == "percent" and _NUMBER.match(row["stated_value"])]
        if not percents:
            continue
        here = [row for row in group if row["attribute"] == "sample size" and _size(row)]
        sizes = here or [row for row in _elsewhere(facts, source, group) if _size(row)]
        where = "" if here or not sizes else f", a number that stands elsewhere ({sizes[0]['locator']})"
        yield _finding(_sides(percents), sizes, where)


def _sides(percents: list[Row]) -> list[Row]:
    """Leave out a percentage that repeats another of the same place."""
    return list({row["stated_value"]: row for row in reversed(percents)}.values())[::-1]


def _size(row: Row) -> int:
    text = row["stated_value"].replace(",", "").strip()
    return int(text) if text.isdigit() else 0


def _elsewhere(facts: Facts, source: str, group: list[Row]) -> list[Row]:
    """Return the numbers of people that the same document gives for the same study in other places."""
    studies = {row["study_id"] for row in group if row["study_id"]}
    return [row for row in facts.by("claims", "source_id").get((source,), [])
            if row["attribute"] == "sample size" and row["study_id"] in studies]  # fmt: skip


def _finding(percents: list[Row], sizes: list[Row], where: str) -> Finding:
    stated = [row["stated_value"] for row in percents]
    others = tuple(row.reference for row in (*percents[1:], *sizes))
    words = " and ".join(stated)
    if not sizes or len(stated) > 2:
        return Finding(
            "claimed_percentages", percents[0], f"{words} per cent of an unknown number of people",
            f"percent {'; '.join(stated)}", "", "; ".join(stated), NOT_CHECKABLE, "", others,
        )  # fmt: skip
    told, verdicts, assumptions = [], [], []
    for size in sorted({_size(row) for row in sizes}):
        verdict, assumption, expected = possible_splits(stated, size)
        verdicts.append(verdict)
        told.append(expected)
        if assumption:
            assumptions.append(assumption)
    order = (CONSISTENT, POSSIBLE, INCONSISTENT)
    verdict = min(verdicts, key=order.index)
    people = " or ".join(str(size) for size in sorted({_size(row) for row in sizes}))
    return Finding(
        "claimed_percentages", percents[0], f"{words} per cent of {people} people{where}",
        f"percent {'; '.join(stated)}; n {people}", "; ".join(told), "; ".join(stated), verdict,
        "; ".join(assumptions), others,
    )  # fmt: skip


def possible_splits(percents: list[str], n: int) -> tuple[str, str, str]:
    """Return whether one or two percentages are possible with n people: verdict, assumption, and what fits.

    Parameters
    ----------
    percents : list of str
        One or two percentages as stated.
    n : int
        People in all.

    Returns
    -------
    tuple of str
        Two percentages may be of the same n people twice (a crossover) or of two groups that add up to n; every
        split is tried. Ties are rounded one way throughout: 67.5 to 67 and 22.5 to 23 is none.
    """
    whole = fit_together((percent, n) for percent in percents)
    shown = " and ".join(" or ".join(f"{x}/{n}" for x in counts[:3]) for counts in whole)
    if len(percents) == 1:
        return (CONSISTENT, "", f"of all {n}: {shown}") if whole else (INCONSISTENT, "", f"no whole number of {n}")
    fitting = ((k, fit_together(((percents[0], k), (percents[1], n - k)))) for k in range(1, n))
    splits = [(k, n - k, found[0][0], found[1][0]) for k, found in fitting if found]
    told = [f"of all {n} twice: {shown}"] if whole else []
    if splits:
        words = "; ".join(f"{a}/{one} and {b}/{two}" for one, two, a, b in splits)
        told.append(f"of {len(splits)} split{'s' if len(splits) > 1 else ''} of {n}: {words}")
    if n % 2 == 0 and any(one == two for one, two, *_ in splits):
        return CONSISTENT, "", "; ".join(told)
    if whole:
        return POSSIBLE, "the percentages are of all the people, each under both treatments", "; ".join(told)
    if not splits:
        return INCONSISTENT, "", f"neither of all {n} people nor of any two groups that add up to {n}"
    told.append(f"not of {n // 2} and {n - n // 2}, nor of all {n} twice")
    return POSSIBLE, f"groups of {' or '.join(f'{one} and {two}' for one, two, *_ in splits)} people", "; ".join(told)
