"""The people of a study: arms against all randomised, arms between outcomes, figures that two studies share."""

import re
from collections import Counter
from collections.abc import Iterator

from evisynth.quality.integrity.facts import ONE_GROUP, Facts, Row, is_guessed
from evisynth.quality.integrity.findings import CONSISTENT, INCONSISTENT, POSSIBLE, Finding

FEWER = re.compile(r"complet|per protocol|those who|people without|subgroup|stratum|\bmen\b|\bwomen\b|available", re.I)
# Two studies may share the figures of one arm by chance; both arms, with this many people, hardly: a convention.
_TOO_SMALL = 20


def check_groups(facts: Facts) -> Iterator[Finding]:
    """Check arm sizes of arms.csv within and between studies."""
    yield from _totals(facts)
    yield from _sizes(facts)
    yield from _twins(facts)


def _totals(facts: Facts) -> Iterator[Finding]:
    columns = ("study_id", "outcome_id", "variant", "timepoint_weeks", "source_id", "analysis_set")
    for (study_id, *_), group in facts.by("arms", *columns).items():
        study = facts.study(study_id)
        if study is None or study["design"] in ONE_GROUP or not study["n_randomised"]:
            continue
        if len(group) < 2 or any(not row["n"] or row.doubts("n") for row in group):
            continue
        people, total = study.count("n_randomised"), sum(row.count("n") for row in group)
        inputs = f"arms {' + '.join(row['n'] for row in group)}; randomised {people}"
        verdict, assumption = CONSISTENT, ""
        if total > people:
            verdict = INCONSISTENT
        elif total < people and not FEWER.search(group[0]["analysis_set"]):
            gap = people - total
            verdict = POSSIBLE
            assumption = f"{gap} of the people randomised in other arms or left out"
        yield Finding(
            "arm_totals", group[0], f"{len(group)} arms together", inputs, f"at most {people}", str(total), verdict,
            assumption, (*(row.reference for row in group[1:]), study.reference),
        )  # fmt: skip


def _sizes(facts: Facts) -> Iterator[Finding]:
    for group in facts.by("arms", "study_id").values():
        sized = [row for row in group if row["n"] and not row.doubts("n") and not is_guessed(row)]
        arms: dict[str, list[Row]] = {}
        for row in sized:
            arms.setdefault(row["arm"], []).append(row)
        usual = {arm: _usual(rows) for arm, rows in arms.items()}
        exchanged = {row.key: _exchanged_with(row, sized, usual) for row in sized}
        for row in sized:
            if len({(other["outcome_id"], other["variant"]) for other in arms[row["arm"]]}) > 1:
                yield _size(row, arms[row["arm"]], usual[row["arm"]], exchanged)


def _usual(rows: list[Row]) -> int:
    """Return the size that most outcomes have; the largest where no size leads."""
    counts = Counter(row.count("n") for row in {(row["outcome_id"], row["variant"]): row for row in rows}.values())
    most = max(counts.values())
    return max(size for size, times in counts.items() if times == most)


def _exchanged_with(row: Row, sized: list[Row], usual: dict[str, int]) -> str:
    """Return the arm whose size this row has while that arm has this one's; blank where there is none."""
    columns = ("outcome_id", "variant", "source_id", "timepoint_weeks")
    for other in sized:
        if other["arm"] == row["arm"] or any(other[name] != row[name] for name in columns):
            continue
        own, its = usual[row["arm"]], usual[other["arm"]]
        if own != its and (row.count("n"), other.count("n")) == (its, own):
            return other["arm"]
    return ""


def _size(row: Row, group: list[Row], usual: int, exchanges: dict[str, str]) -> Finding:
    n, exchanged = row.count("n"), exchanges[row.key]
    base = usual if exchanged else max(other.count("n") for other in group if not exchanges[other.key])
    others = tuple(other.reference for other in group if other is not row and other.count("n") == base)[:6]
    inputs = "; ".join(f"{other['outcome_id']} {other['n']}" for other in group)
    what = f"people of the arm {row['arm']} in this outcome and in the others"
    verdict, assumption = CONSISTENT, ""
    if exchanged:
        verdict = INCONSISTENT
        assumption = f"the sizes of the arms {row['arm']} and {exchanged} were exchanged in this outcome"
    elif n < base and not FEWER.search(row["analysis_set"]):
        gap = base - n
        verdict = POSSIBLE
        assumption = f"{gap} {'person' if gap == 1 else 'people'} without data for this outcome left out"
    return Finding("group_sizes", row, what, inputs, str(base), str(n), verdict, assumption, others)


def _twins(facts: Facts) -> Iterator[Finding]:
    seen: dict[tuple, Row] = {}
    groups = facts.by("arms", "study_id", "outcome_id", "variant", "timepoint_weeks", "source_id")
    for (study_id, outcome_id, *_), group in groups.items():
        figures = tuple(sorted((row["treatment"], row["n"], row["events"], row["mean"], row["sd"]) for row in group))
        told = all(row["n"] and (row["events"] or (row["mean"] and row["sd"])) for row in group)
        if len(group) < 2 or not told or sum(row.count("n") for row in group) < _TOO_SMALL:
            continue
        finding = _twin(seen, (outcome_id, figures), group[0], study_id, "the figures of all arms")
        if finding:
            yield finding
    for row in facts.rows("contrasts"):
        figures = (row["statistic"], row["value"], row["ci_low"], row["ci_high"])
        if not all(figures) or row["statistic"] == "p only" or row.number("value") == 0:
            continue
        key = (row["outcome_id"], row["variant"], row["treatment"], row["comparator"], figures)
        finding = _twin(seen, key, row, row["study_id"], "estimate and both limits")
        if finding:
            yield finding


def _twin(seen: dict[tuple, Row], key: tuple, row: Row, study_id: str, what: str) -> Finding | None:
    first = seen.setdefault(key, row)
    if first["study_id"] == study_id:
        return None
    return Finding(
        "same_figures", row, f"{what} are those of {first['study_id']}", "; ".join(map(str, _flat(key))),
        "figures of its own", f"the same in {first['study_id']} and {study_id}", POSSIBLE,
        "two studies came out alike by chance; else one study was entered twice, or one was copied into the other",
        (first.reference,),
    )  # fmt: skip


def _flat(key: tuple) -> Iterator[str]:
    for part in key:
        if isinstance(part, tuple):
            yield " ".join(_flat(part))
        elif part:
            yield str(part)
