"""The same figure in two documents: counts beside published percentages, a conference report beside the paper."""

from collections.abc import Iterator

from evisynth.quality.integrity.check_groups import FEWER
from evisynth.quality.integrity.facts import Facts, Row
from evisynth.quality.integrity.findings import CONSISTENT, INCONSISTENT, POSSIBLE, Finding
from evisynth.quality.integrity.rounding import counts_of, overlap, span

SECOND_HAND = ("conference abstract", "news report", "web article", "registry record")
# Who compiles the figures of others may count the people without data as failures; more than a third is no convention.
COMPILED = ("systematic review", "data set")


def check_documents(facts: Facts) -> Iterator[Finding]:
    """Check rows of arms.csv against rows of other documents for the same arm and outcome."""
    compared: set[str] = set()
    for row in facts.rows("arms"):
        if _is_worked_back(facts, row):
            continue
        for other, opposite in _earlier(facts, row):
            if _is_worked_back(facts, other) or not _same_time(facts, row, other):
                continue
            finding = _compare(facts, row, other, opposite)
            if finding:
                compared |= {row.key, other.key}
                yield finding
                break
    yield from _alike(facts, compared)


def _earlier(facts: Facts, row: Row) -> Iterator[tuple[Row, bool]]:
    """Yield rows of other documents for the same arm: those above it, and those of the opposite outcome."""
    for other in facts.arms(row["study_id"], row["outcome_id"]):
        if other is row:
            break
        if other["arm"] == row["arm"] and other["source_id"] != row["source_id"]:
            yield other, False
    opposite = facts.complement(row["outcome_id"])
    if opposite and row["outcome_id"].startswith("no_"):
        for other in facts.arms(row["study_id"], opposite):
            if other["arm"] == row["arm"] and other["source_id"] != row["source_id"]:
                yield other, True


def _is_worked_back(facts: Facts, row: Row) -> bool:
    """Whether a count only repeats a percentage of the same document, which is compared itself."""
    if row["status"] != "derived" or not row["events"]:
        return False
    names = {row["outcome_id"], facts.complement(row["outcome_id"])}
    for name in filter(None, names):
        for other in facts.arms(row["study_id"], name):
            if other["percent"] and not other["events"] and other["source_id"] == row["source_id"]:
                return True
    return False


def _same_time(facts: Facts, row: Row, other: Row) -> bool:
    """Whether two rows are of one time; a row without one is of the end of treatment, where that is known."""
    study = facts.study(row["study_id"])
    end = study["duration_weeks"] if study else ""
    times = [one["timepoint_weeks"] or end for one in (row, other)]
    return not all(times) or float(times[0]) == float(times[1])


def _compare(facts: Facts, row: Row, other: Row, opposite: bool) -> Finding | None:
    if row["value_kind"] != other["value_kind"]:
        return None
    sets = {row["analysis_set"], other["analysis_set"]}
    if len(sets) > 1 and any(FEWER.search(name) for name in sets):
        return None
    if row["value_kind"] != "event":
        return _figures(row, other)
    return _events(facts, row, other, opposite)


def _figures(row: Row, other: Row) -> Finding | None:
    column = next((c for c in ("mean", "median") if row[c] and other[c]), "")
    if not column:
        return None
    same = overlap(span(row[column]), span(other[column]))
    # the coarser print must be a rounding of the finer one
    return Finding(
        "same_outcome", row, f"the {column} in two documents",
        f"{other[column]} in {other['source_id']}; {row[column]} in {row['source_id']}",
        other[column], row[column], CONSISTENT if same else INCONSISTENT, "", (other.reference,),
    )  # fmt: skip


def _possible(row: Row, n: int | None, opposite: bool) -> tuple[int, ...] | None:
    """Return the counts that a row allows with n people; None where it says nothing."""
    if row["events"]:
        found: tuple[int, ...] = (row.count("events"),)
    elif row["percent"] and n:
        found = counts_of(row["percent"], n)
    else:
        return None
    return tuple(sorted(n - x for x in found)) if opposite and n else found


def _events(facts: Facts, row: Row, other: Row, opposite: bool) -> Finding | None:
    n, m = row.count("n"), other.count("n")
    people = n or m
    if 0 in (n, m):
        return None
    if not people:
        return _two_percentages(row, other) if row["percent"] and other["percent"] and not opposite else None
    counts, base = _possible(row, people, opposite), _possible(other, m or people, False)
    if counts is None or base is None:
        return None
    words = "the opposite outcome" if opposite else "the same outcome"
    what = f"{words} in {other['source_id']} and {row['source_id']}"
    inputs = f"{_shown(other)} in {other['source_id']}; {_shown(row)} in {row['source_id']}"
    if row["timepoint_weeks"] and not other["timepoint_weeks"]:
        inputs += f" (week {row['timepoint_weeks']}; the other names no time)"
    verdict, assumption = _agree(facts, row, other, counts, base)
    if verdict == INCONSISTENT and not opposite:
        verdict, assumption = _fewer(facts, row, other) or (verdict, assumption)
    expected = " or ".join(f"{x}/{m or people}" for x in base[:4]) or "no whole number"
    found = " or ".join(f"{x}/{people}" for x in counts[:4]) or f"{row['percent']} per cent"
    return Finding("same_outcome", row, what, inputs, expected, found, verdict, assumption, (other.reference,))


def _two_percentages(row: Row, other: Row) -> Finding:
    same = overlap(span(row["percent"]), span(other["percent"]))
    return Finding(
        "same_outcome", row, "the percentage in two documents",
        f"{other['percent']} in {other['source_id']}; {row['percent']} in {row['source_id']}",
        other["percent"], row["percent"], CONSISTENT if same else INCONSISTENT, "", (other.reference,),
    )  # fmt: skip


def _shown(row: Row) -> str:
    people = f" of {row['n']}" if row["n"] else ""
    return f"{row['events']}{people}" if row["events"] else f"{row['percent']} per cent{people}"


def _agree(facts: Facts, row: Row, other: Row, counts: tuple[int, ...], base: tuple[int, ...]) -> tuple[str, str]:
    n, m = row.count("n"), other.count("n")
    if set(counts) & set(base):
        if not n or not m or n == m:
            return CONSISTENT, ""
        sets = (row["analysis_set"], other["analysis_set"])
        if all(sets) and sets[0] != sets[1]:
            return POSSIBLE, f"the two analysis sets hold {m} and {n} people"
        return INCONSISTENT, f"one of them leaves out {abs(n - m)} of the {max(n, m)} people"
    compiled = [_kind(facts, one) in COMPILED for one in (row, other)]
    if not (counts and base) or compiled[0] == compiled[1] or not (n and m):
        return INCONSISTENT, ""
    theirs, own = (counts, base) if compiled[0] else (base, counts)
    return _convention(facts, other, theirs, own)


def _bad_is_event(facts: Facts, row: Row) -> bool:
    outcome = facts.outcome(row["outcome_id"])
    return bool(outcome) and outcome["benefit"] == "lower"


def _convention(facts: Facts, other: Row, theirs: tuple[int, ...], own: tuple[int, ...]) -> tuple[str, str]:
    """Return the verdict on counts that a review gives otherwise than the trial: perhaps the missing are failures."""
    bad_is_event = _bad_is_event(facts, other)
    more = min(theirs) - max(own) if bad_is_event else min(own) - max(theirs)
    if more <= 0:
        return INCONSISTENT, ""
    left = _left(facts, other)
    if left is not None and more > left:
        return INCONSISTENT, f"{more} more than published, and only {left} left the arm"
    of = f"{more} of the {left} who left the arm" if left is not None else f"{more} people who were missing"
    outcome = "having the event" if bad_is_event else "not responding"
    return POSSIBLE, f"a convention: {of} {'was' if more == 1 else 'were'} counted as {outcome} (missing as failure)"


def _left(facts: Facts, row: Row) -> int | None:
    """Return how many people left this arm, by an outcome of the study that says so."""
    for name in ("discontinued", "withdrawn"):
        for other in facts.arms(row["study_id"], name):
            if other["arm"] == row["arm"] and other["events"]:
                return other.count("events")
    return None


def _fewer(facts: Facts, row: Row, other: Row) -> tuple[str, str] | None:
    """Return the verdict where the events of one row are the percentage of the other, of fewer people."""
    counted, printed = (row, other) if row["events"] else (other, row)
    if not (counted["events"] and counted["n"] and printed["percent"]) or printed["n"] or _bad_is_event(facts, other):
        return None
    if _kind(facts, counted) not in COMPILED:
        return None
    events, n = counted.count("events"), counted.count("n")
    for size in range(n - 1, max(events, n - n // 3, 1) - 1, -1):
        if events in counts_of(printed["percent"], size):
            return POSSIBLE, (
                f"a convention: the {n - size} of {n} people without data count as not responding in "
                f"{counted['source_id']}, while the percentage is of {size}"
            )
    return None


def _kind(facts: Facts, row: Row) -> str:
    source = next(iter(facts.by("sources", "source_id").get((row["source_id"],), [])), None)
    return source["kind"] if source else ""


def _alike(facts: Facts, compared: set[str]) -> Iterator[Finding]:
    """Yield second-hand figures that differ from those of the paper for an outcome that is like theirs."""
    for row in facts.rows("arms"):
        study = facts.study(row["study_id"])
        if study is None or row.key in compared or _kind(facts, row) not in SECOND_HAND:
            continue
        if row["source_id"] == study["source_id"]:
            continue
        for other in facts.by("arms", "study_id", "arm").get((row["study_id"], row["arm"]), []):
            if other["source_id"] == study["source_id"] and _is_alike(facts, row, other):
                column = "percent" if row["percent"] else "mean"
                same = overlap(span(row[column]), span(other[column]))
                yield Finding(
                    "alike_outcomes", row, f"{row['outcome_id']} beside {other['outcome_id']} of the paper",
                    f"{other[column]} in {other['source_id']}; {row[column]} in {row['source_id']}",
                    other[column], row[column], CONSISTENT if same else POSSIBLE,
                    "" if same else "another outcome, another time or another cut of the data than the paper's",
                    (other.reference,),
                )  # fmt: skip
                break


def _is_alike(facts: Facts, row: Row, other: Row) -> bool:
    first, second = facts.outcome(row["outcome_id"]), facts.outcome(other["outcome_id"])
    column = "percent" if row["percent"] else "mean"
    if first is None or second is None or not (row[column] and other[column]):
        return False
    if row["value_kind"] != other["value_kind"] or not _same_time(facts, row, other):
        return False
    if any(first[name] != second[name] for name in ("type", "benefit", "unit")):
        return False
    if first["outcome_id"] == second["outcome_id"]:
        return False
    return bool(first["unit"]) or _same_word(first["outcome_id"], second["outcome_id"])


def _same_word(one: str, two: str) -> bool:
    """Whether two names end alike and do not differ in a number only (``pain_30_responder``, ``pain_50_responder``)."""
    first, second = one.split("_"), two.split("_")
    plain = [[part for part in name if not part.isdigit()] for name in (first, second)]
    return first[-1] == second[-1] and plain[0] != plain[1]
