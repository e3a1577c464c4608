"""Printed p values recomputed from counts, means, test statistics and effect sizes."""

from collections.abc import Iterator
from dataclasses import dataclass

from evisynth.quality.integrity.check_intervals import compare_p
from evisynth.quality.integrity.facts import Facts, Row, pairs
from evisynth.quality.integrity.findings import CONSISTENT, INCONSISTENT, NOT_CHECKABLE, POSSIBLE, Finding
from evisynth.quality.integrity.rounding import counts_of, prints_as, span
from evisynth.quality.integrity.tests_of_counts import PAIRED_TESTS, paired_p_values, unpaired_p_values

# A survival analysis, a stratified or an adjusted model of the same people may move a p value this far from the plain
# tests on its counts; a convention.
OTHER_TEST = 10.0
_MANY, _SHOWN = 1000, 6


def check_p_values(facts: Facts) -> Iterator[Finding]:
    """Check the p values of contrasts.csv that are printed without an interval."""
    for row in facts.rows("contrasts"):
        if not row["p_value"] or row["comparator"] == "baseline" or row.doubts("p_value"):
            continue
        if row["ci_low"]:
            continue  # checked against its interval
        outcome = facts.outcome(row["outcome_id"])
        if row["statistic"] in ("F", "t") and row["value"]:
            yield _statistic(row)
        elif outcome and outcome["type"] == "binary":
            yield _counts(facts, row)
        elif outcome and outcome["type"] == "continuous":
            finding = _means(facts, row)
            if finding:
                yield finding
    yield from _effect_sizes(facts)
    yield from _two_p(facts)


def _met(p: float, row: Row) -> bool:
    printed = row.number("p_value")
    if row["p_relation"] in ("<", "<="):
        return p <= printed
    if row["p_relation"] in (">", ">="):
        return p >= printed
    return prints_as(p, row["p_value"])


def _fits(row: Row, ends: tuple[float, float]) -> bool:
    return compare_p(row["p_value"], row["p_relation"], *ends, factor=1.0)[0] == CONSISTENT


def _printed(row: Row) -> str:
    return f"{row['p_relation']} {row['p_value']}".strip()


@dataclass(frozen=True, slots=True)
class _Table:
    """Counts of two arms, and the rows they come from."""

    events_1: int
    n_1: int
    events_2: int
    n_2: int
    others: tuple[str, ...]

    @property
    def cells(self) -> tuple[int, int, int, int]:
        return self.events_1, self.n_1, self.events_2, self.n_2

    def __str__(self) -> str:
        return f"{self.events_1}/{self.n_1} and {self.events_2}/{self.n_2}"


def _arm_counts(facts: Facts, row: Row) -> tuple[int, int, tuple[str, ...]] | None:
    """Return events, people and references of an arm: as printed, or the only count that its percentage allows."""
    if row["events"] and row.count("n"):
        return row.count("events"), row.count("n"), (row.reference,)
    if not row["percent"]:
        return None
    sizes = {row.count("n"): row.reference} if row["n"] else facts.reported_sizes(row)
    fitting = [(x, n, where) for n, where in sizes.items() if n for x in counts_of(row["percent"], n)]
    if len(fitting) != 1:
        return None
    events, n, where = fitting[0]
    return events, n, tuple(dict.fromkeys((row.reference, where)))


def _tables(facts: Facts, row: Row) -> list[_Table]:
    names = [row["outcome_id"], facts.complement(row["outcome_id"])]
    found: dict[tuple, _Table] = {}
    for name in filter(None, names):
        for one, two in pairs(facts.arms(row["study_id"], name), row["treatment"], row["comparator"]):
            first, second = _arm_counts(facts, one), _arm_counts(facts, two)
            if first and second:
                flip = name != row["outcome_id"]
                e1, e2 = ((n - x if flip else x) for x, n, _ in (first, second))
                table = _Table(e1, first[1], e2, second[1], (*first[2], *second[2]))
                found.setdefault(table.cells, table)
    return list(found.values())


def _counts(facts: Facts, row: Row) -> Finding:
    tables = _tables(facts, row)
    what = "p value by tests on the counts"
    if not tables:
        return Finding("p_from_counts", row, what, f"p {_printed(row)}", "", _printed(row), NOT_CHECKABLE)
    told, unpaired, paired, values = [], [], [], []
    same_people = facts.is_paired(row["study_id"])
    for table in tables:
        by_name = unpaired_p_values(*table.cells)
        values += list(by_name.values())
        unpaired += [f"{name} on {table}" for name, p in by_name.items() if _met(p, row)]
        told.append(f"{table}: " + ", ".join(f"{name} {p:.3g}" for name, p in by_name.items()))
        if same_people and table.n_1 == table.n_2:
            ranges = paired_p_values(table.events_1, table.events_2, table.n_1)
            paired += [f"{name} on {table}" for name, ps in ranges.items() if any(_met(p, row) for p in ps)]
            told += [f"{name} {_listed(ranges[name])}" for name in PAIRED_TESTS]
    verdict, assumption, hit = _judged(row, same_people, unpaired, paired, (min(values), max(values)))
    inputs = "; ".join(str(table) for table in tables)
    if hit:
        told.append(f"reproduced by {hit}")
    others = tuple(reference for table in tables for reference in table.others)
    return Finding("p_from_counts", row, what, inputs, "; ".join(told), _printed(row), verdict, assumption, others)


def _listed(values: list[float]) -> str:
    """Return the p values over all paired tables: each of them where they are few, else their range."""
    if len(values) > _SHOWN:
        return f"{min(values):.3g} to {max(values):.3g} over {len(values)} paired tables"
    return " or ".join(f"{p:.3g}" for p in values)


def _judged(
    row: Row, same_people: bool, unpaired: list[str], paired: list[str], ends: tuple[float, float]
) -> tuple[str, str, str]:
    if same_people and paired:
        return CONSISTENT, "", "; ".join(paired)
    if unpaired and same_people:
        return POSSIBLE, "the same people were tested as if they were two independent groups", "; ".join(unpaired)
    if unpaired:
        return CONSISTENT, "", "; ".join(unpaired)
    verdict, _ = compare_p(row["p_value"], row["p_relation"], *ends, factor=OTHER_TEST)
    if verdict == INCONSISTENT:
        return INCONSISTENT, "", ""
    return POSSIBLE, "another test (of survival, stratified, adjusted), or other counts than these", ""


def _means(facts: Facts, row: Row) -> Finding | None:
    """Return the check against a t test, where both arms have a mean, a spread and people."""
    for one, two in pairs(facts.arms(row["study_id"], row["outcome_id"]), row["treatment"], row["comparator"]):
        column = next((c for c in ("sd", "unlabelled_spread") if one[c] and two[c]), "")
        if not (column and one["mean"] and two["mean"] and one["n"] and two["n"]) or facts.is_paired(row["study_id"]):
            continue
        n_1, n_2 = one.count("n"), two.count("n")
        if min(n_1, n_2) < 2:
            continue
        readings = {"standard deviations": (1.0, 1.0), "standard errors": (n_1**0.5, n_2**0.5)}
        ranges = {name: _t_range(one, two, column, *factors) for name, factors in readings.items()}
        fits = [name for name, ends in ranges.items() if _fits(row, ends)]
        return _t_finding(row, (one, two), column, ranges, fits)
    return None


def _t_range(one: Row, two: Row, column: str, by_1: float, by_2: float) -> tuple[float, float]:
    """Return the range of Student's and Welch's p over everything that the printed figures can stand for."""
    from evisynth.effects._numbers import p_from_t

    n_1, n_2 = one.count("n"), two.count("n")
    mean_1, mean_2 = span(one["mean"]), span(two["mean"])
    gaps = (mean_1[0] - mean_2[1], mean_1[1] - mean_2[0])
    nearest = 0.0 if gaps[0] <= 0 <= gaps[1] else min(map(abs, gaps))
    found = []
    for gap, end in ((nearest, 1), (max(map(abs, gaps)), 0)):
        s_1, s_2 = span(one[column])[end] * by_1, span(two[column])[end] * by_2
        v_1, v_2 = max(s_1, 1e-12) ** 2 / n_1, max(s_2, 1e-12) ** 2 / n_2
        pooled = ((n_1 - 1) * s_1**2 + (n_2 - 1) * s_2**2) / (n_1 + n_2 - 2)
        student = gap / max(pooled * (1 / n_1 + 1 / n_2), 1e-24) ** 0.5
        welch_df = (v_1 + v_2) ** 2 / (v_1**2 / (n_1 - 1) + v_2**2 / (n_2 - 1))
        found += [float(p_from_t(student, n_1 + n_2 - 2)), float(p_from_t(gap / (v_1 + v_2) ** 0.5, welch_df))]
    return min(found), max(found)


def _t_finding(row: Row, arms: tuple[Row, Row], column: str, ranges: dict, fits: list[str]) -> Finding:
    one, two = arms
    inputs = "; ".join(f"{arm['mean']} ({column} {arm[column]}, n {arm['n']})" for arm in arms)
    told = "; ".join(f"as {name} p {low:.2g} to {high:.2g}" for name, (low, high) in ranges.items())
    nearest = compare_p(row["p_value"], row["p_relation"], *ranges["standard deviations"], factor=OTHER_TEST)[0]
    if "standard deviations" in fits and column == "sd":
        verdict, assumption = CONSISTENT, ""
    elif len(fits) == 2:
        verdict, assumption = NOT_CHECKABLE, ""
    elif fits:
        kind = INCONSISTENT if column == "sd" else POSSIBLE
        verdict, assumption = kind, f"the figures are {fits[0]}"
    else:
        verdict = INCONSISTENT if nearest == INCONSISTENT else POSSIBLE
        assumption = "another test: adjusted, of a model or of ranks" if verdict == POSSIBLE else ""
    return Finding(
        "p_from_means", row, "p value by a t test on the means", inputs, told, _printed(row), verdict, assumption,
        (one.reference, two.reference),
    )  # fmt: skip


def _statistic(row: Row) -> Finding:
    """Return the check of a printed F (one numerator degree of freedom) or t value."""
    from evisynth.effects._numbers import p_from_t

    low, high = span(row["value"])
    ends = (max(low, 0.0) ** 0.5, max(high, 0.0) ** 0.5) if row["statistic"] == "F" else (low, high)
    counts = [row.count(name) for name in ("n_1", "n_2") if row[name]]
    df = sum(counts) - max(1, len(counts)) if counts else None
    what = f"p value of {row['statistic']} {row['value']}" + (f" with {sum(counts)} people" if counts else "")
    inputs = f"{row['statistic']} {row['value']}" + (f"; n {' and '.join(map(str, counts))}" if counts else "")
    if not df or df < 1:
        return Finding("p_from_statistic", row, what, inputs, "", _printed(row), NOT_CHECKABLE)

    def p_values(freedom: float) -> tuple[float, float]:
        found = [float(p_from_t(end, freedom)) for end in ends]
        return min(found), max(found)

    here, most = p_values(df), p_values(float("inf"))
    verdict, assumption = CONSISTENT, ""
    if not _fits(row, here):
        verdict = INCONSISTENT
        needed = next((f for f in range(df + 1, _MANY) if _fits(row, p_values(f))), 0)
        if needed:
            verdict = POSSIBLE
            assumption = (
                f"at least {needed} degrees of freedom, {df} are there: repeated measurements of one person were "
                "counted as if they were independent"
            )
    expected = f"with {df} degrees of freedom {here[0]:.2g} to {here[1]:.2g}; with many {most[0]:.2g} to {most[1]:.2g}"
    return Finding("p_from_statistic", row, what, inputs, expected, _printed(row), verdict, assumption)


def _effect_sizes(facts: Facts) -> Iterator[Finding]:
    """Yield the checks of a standardised effect beside the p value of the same comparison."""
    from evisynth.effects._numbers import p_from_t

    columns = ("study_id", "outcome_id", "treatment", "comparator")
    for group in facts.by("contrasts", *columns).values():
        tested = next((row for row in group if row["p_value"] and not row["variant"]), None)
        for row in group:
            if row["statistic"] not in ("effect size without a label", "SMD") or tested is None or row is tested:
                continue
            n_1, n_2 = row.count("n_1"), row.count("n_2")
            if not row["value"] or not n_1 or abs(row.number("value")) > 5 or row["p_value"]:
                continue
            df = n_1 + n_2 - 2 if n_2 else n_1 - 1
            if df < 2 or not (n_2 or facts.is_paired(row["study_id"])):
                continue
            scale = (n_1 * n_2 / (n_1 + n_2)) ** 0.5 if n_2 else n_1**0.5
            found = [float(p_from_t(abs(end) * scale, df)) for end in span(row["value"])]
            verdict, assumption = compare_p(tested["p_value"], tested["p_relation"], min(found), max(found))
            if verdict == POSSIBLE:
                assumption = "the effect size and the p value are of two analyses, one of them adjusted or of ranks"
            yield Finding(
                "p_from_effect_size", row, f"p value of a standardised effect of {row['value']}",
                f"effect {row['value']}; n {row['n_1']}{' and ' + row['n_2'] if n_2 else ', the same people'}",
                f"{min(found):.2g} to {max(found):.2g}", _printed(tested), verdict, assumption, (tested.reference,),
            )  # fmt: skip


def _two_p(facts: Facts) -> Iterator[Finding]:
    columns = ("study_id", "outcome_id", "treatment", "comparator", "statistic", "value", "n_1", "n_2", "ci_low")
    for key, group in facts.by("contrasts", *columns).items():
        tested = [row for row in group if row["p_value"]]
        if key[5] and len(tested) > 1:
            first, others = tested[0], tested[1:]
            for row in others:
                same = _printed(row) == _printed(first)
                yield Finding(
                    "one_result_two_p", row, f"one result ({row['statistic']} {row['value']}), two p values",
                    f"p {_printed(first)} in {first['source_id']} ({first['variant'] or 'main row'})",
                    _printed(first), _printed(row), CONSISTENT if same else INCONSISTENT, "", (first.reference,),
                )  # fmt: skip
