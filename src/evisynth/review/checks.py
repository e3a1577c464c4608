"""Checks of a review folder that look at more than one cell."""

import math
from collections.abc import Iterator

from evisynth.review.plan import Plan
from evisynth.review.problems import Problem, shown
from evisynth.review.reading import Table
from evisynth.review.tables import RANDOMISED, TABLES

LOW_DOSE_MG = 6
STANDARD_DOSE_MG = 50
IMPLAUSIBLE_SMD = 3.0


def check_tables(tables: dict[str, Table]) -> Iterator[Problem]:
    """Yield what is wrong between the cells of a row, between rows and between tables.

    Parameters
    ----------
    tables : dict of str to Table
        Every table by name, as received.

    Yields
    ------
    Problem
        In no particular order.
    """
    for table in tables.values():
        yield from _links(table, tables)
        yield from _unconfirmed_fields(table)
    yield from _arms(tables["arms"])
    yield from _contrasts(tables["contrasts"])
    yield from _intervals(tables["published_pools"], "value")
    yield from _implausible(tables["arms"])
    yield from _scales(tables)
    yield from _claims(tables)
    yield from _claim_words(tables)
    yield from _reasons(tables)


def _tell(table: Table, position: int, column: str, found: str, allowed: str, advice: str) -> Problem:
    return Problem(table.spec.file, table.lines[position], column, found, allowed, advice)


def _links(table: Table, tables: dict[str, Table]) -> Iterator[Problem]:
    for column in table.spec.columns:
        if not column.link:
            continue
        target, name = column.link.split(".")
        known = set(tables[target].text[name])
        for position, cell in enumerate(table.text[column.name]):
            if cell and cell not in known:
                yield _tell(
                    table,
                    position,
                    column.name,
                    shown(cell),
                    f"a {name} of {TABLES[target].file}",
                    f"correct the spelling, or add the row to {TABLES[target].file}",
                )


def _unconfirmed_fields(table: Table) -> Iterator[Problem]:
    if "unconfirmed_fields" not in table.spec.names:
        return
    for position, cell in enumerate(table.text["unconfirmed_fields"]):
        for name in filter(None, (part.strip() for part in cell.split(";"))):
            if name not in table.spec.names:
                yield _tell(
                    table,
                    position,
                    "unconfirmed_fields",
                    shown(name),
                    "columns of this table, separated by ;",
                    "name the columns as in the header",
                )


def _arms(table: Table) -> Iterator[Problem]:
    values = table.values
    for position, row in enumerate(values.itertuples(index=False)):
        if row.events > row.n:
            yield _tell(
                table,
                position,
                "events",
                f"{row.events:g} events in {row.n:g} people",
                "at most as many events as people",
                "check events and n against the source",
            )
        centre = row.median if math.isnan(row.mean) else row.mean
        yield from _interval(table, position, row, centre, "mean or median")
        if row.q1 > row.q3 or row.median < row.q1 or row.median > row.q3:
            yield _tell(
                table,
                position,
                "median",
                f"q1 {row.q1:g}, median {row.median:g}, q3 {row.q3:g}",
                "q1 <= median <= q3",
                "check the order of the figures",
            )
        if row.value_kind == "event" and math.isnan(row.events) and math.isnan(row.percent):
            yield _tell(
                table,
                position,
                "events",
                "neither events nor percent",
                "at least one of them where value_kind is event",
                "enter what the source reports, or delete the row",
            )


def _contrasts(table: Table) -> Iterator[Problem]:
    yield from _intervals(table, "value")
    for position, row in enumerate(table.text.itertuples(index=False)):
        if row.treatment == row.comparator:
            yield _tell(
                table,
                position,
                "comparator",
                f"{shown(row.comparator)} on both sides",
                "two different treatments",
                "correct one of them",
            )
        nothing = not (row.value or row.p_value or row.favours)
        if nothing:
            yield _tell(
                table,
                position,
                "value",
                "neither value, p_value nor favours",
                "at least one of them",
                "enter what the source reports, or delete the row",
            )


def _intervals(table: Table, centre: str) -> Iterator[Problem]:
    for position, row in enumerate(table.values.itertuples(index=False)):
        yield from _interval(table, position, row, getattr(row, centre), centre)


def _interval(table: Table, position: int, row, centre: float, name: str) -> Iterator[Problem]:
    low, high = row.ci_low, row.ci_high
    if math.isnan(low) != math.isnan(high):
        missing = "ci_low" if math.isnan(low) else "ci_high"
        yield _tell(
            table,
            position,
            missing,
            "one limit without the other",
            "both limits or none",
            f"fill in {missing}",
        )
    elif low > high:
        yield _tell(
            table,
            position,
            "ci_low",
            f"an interval from {low:g} to {high:g}",
            "ci_low <= ci_high",
            "exchange the limits, or check their signs",
        )
    elif centre < low or centre > high:
        yield _tell(
            table,
            position,
            "ci_low",
            f"the interval {low:g} to {high:g}, which does not contain the {name} {centre:g}",
            "an interval that contains its estimate",
            "check sign and decimals; if the source prints it so, say so in corrections.csv",
        )


def _implausible(table: Table) -> Iterator[Problem]:
    values = table.values
    usable = values[values["mean"].notna() & (values["sd"] > 0) & values["value_kind"].isin(["final", "change"])]
    position_of = {key: position for position, key in enumerate(values["row_key"])}
    for _, rows in usable.groupby(["study_id", "outcome_id", "variant"], sort=True):
        if len(rows) < 2:
            continue
        spread = math.sqrt((rows["sd"] ** 2).mean())
        effect = (rows["mean"].max() - rows["mean"].min()) / spread
        confirmed = rows["note"].str.contains("sd confirmed", case=False).all()
        if effect > IMPLAUSIBLE_SMD and not confirmed:
            for key in rows["row_key"]:
                position = position_of[key]
                yield _tell(
                    table,
                    position,
                    "sd",
                    f"an implausible effect: the arms lie {effect:.1f} standard deviations apart",
                    f"at most {IMPLAUSIBLE_SMD:g}",
                    "is this a standard error? Then move it to the column se. If it is a standard deviation, "
                    "write 'sd confirmed' into the note of both rows",
                )


def _scales(tables: dict[str, Table]) -> Iterator[Problem]:
    outcomes = tables["outcomes"].values.drop_duplicates("outcome_id").set_index("outcome_id")
    table = tables["arms"]
    for position, row in enumerate(table.values.itertuples(index=False)):
        if row.outcome_id not in outcomes.index or row.value_kind != "final":
            continue
        scale = outcomes.loc[row.outcome_id]
        for name in ("mean", "median"):
            value = getattr(row, name)
            if value < scale["scale_min"] or value > scale["scale_max"]:
                yield _tell(
                    table,
                    position,
                    name,
                    f"{value:g} on a scale from {scale['scale_min']:g} to {scale['scale_max']:g}",
                    "a value on the outcome's scale",
                    "check the figure, or the scale in outcomes.csv",
                )


def _claim_words(tables: dict[str, Table]) -> Iterator[Problem]:
    from evisynth.claims import check_claims  # the audit reads tables of this package

    yield from check_claims(tables["claims"], tables)


def _claims(tables: dict[str, Table]) -> Iterator[Problem]:
    table = tables["claims"]
    for position, row in enumerate(table.text.itertuples(index=False)):
        for reference in filter(None, (part.strip() for part in row.compare_with.split(";"))):
            fault = _reference_fault(reference, tables)
            if fault:
                yield _tell(table, position, "compare_with", shown(reference), *fault)
        if row.verdict_override and not row.reason:
            yield _tell(
                table,
                position,
                "reason",
                "a blank cell",
                "a reason for the verdict that a person gave",
                "say why",
            )


def _reference_fault(reference: str, tables: dict[str, Table]) -> tuple[str, str] | None:
    parts = reference.split(":")
    name = parts[0].removesuffix(".csv")
    if name not in tables or len(parts) < 3:
        return "table.csv:key:column", "name the table, the row's key and the column"
    key, column = ":".join(parts[1:-1]), parts[-1]
    if column not in tables[name].spec.names:
        return f"a column of {name}.csv at the end", "correct the column"
    if key not in tables[name].keys:
        return f"a key of {name}.csv", "correct the key, or enter the row"
    return None


def _reasons(tables: dict[str, Table]) -> Iterator[Problem]:
    table = tables["screening"]
    for position, row in enumerate(table.text.itertuples(index=False)):
        if row.decision and row.decision != "included" and not row.reason:
            yield _tell(table, position, "reason", "a blank cell", "a reason, unless included", "say why")


def check_plan(plan: Plan, lines: dict[str, int], tables: dict[str, Table]) -> Iterator[Problem]:
    """Yield what review.yaml names that the tables do not hold.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    lines : dict of str to int
        Line of each synthesis in the file.
    tables : dict of str to Table
        Every table, corrected.
    """
    known = _known(plan, tables)
    seen: set[str] = set()
    for synthesis in plan.syntheses:
        line = lines.get(synthesis.id, 0)
        where = f"syntheses.{synthesis.id}"
        if synthesis.id in seen:
            yield _plan(line, where, f"the id {shown(synthesis.id)} again", "each id once", "rename one of them")
        seen.add(synthesis.id)
        for kind, place, name in _named(synthesis):
            if name not in known[kind]:
                yield _plan(line, f"{where}.{place}", shown(name), f"a {kind}", f"correct it, or enter the {kind}")
    treatments = known["treatment"]
    for table in (tables["arms"], tables["contrasts"]):
        for column in ("treatment", "comparator"):
            if column in table.spec.names:
                for position, cell in enumerate(table.text[column]):
                    if cell and cell not in treatments:
                        yield _tell(
                            table,
                            position,
                            column,
                            shown(cell),
                            "a treatment of review.yaml",
                            "correct it, or add it to treatments in review.yaml",
                        )
    for conclusion in (*plan.may_conclude, *plan.may_not_conclude):
        for name in conclusion.syntheses:
            if name not in seen:
                yield _plan(0, "may_conclude", shown(name), "the id of a synthesis", "correct it")


def _plan(line: int, column: str, found: str, allowed: str, advice: str) -> Problem:
    return Problem("review.yaml", line, column, found, allowed, advice)


def _known(plan: Plan, tables: dict[str, Table]) -> dict[str, set[str]]:
    return {
        "study": set(tables["studies"].text["study_id"]),
        "outcome": set(tables["outcomes"].text["outcome_id"]),
        "treatment": {treatment.id for treatment in plan.treatments},
        "moderator": set(tables["moderators"].text["moderator"]),
        "published pool": set(tables["published_pools"].text["pool_id"]),
    }


def _named(synthesis) -> Iterator[tuple[str, str, str]]:
    for name in filter(None, (synthesis.outcome, *synthesis.outcomes)):
        yield "outcome", "outcome", name
    for place in ("treatment", "comparator"):
        if getattr(synthesis, place):
            yield "treatment", place, getattr(synthesis, place)
    for name in synthesis.studies:
        yield "study", "studies", name
    for place in ("exclude", "missing"):
        for entry in getattr(synthesis, place):
            if entry.study:
                yield "study", place, entry.study
    for scenario in synthesis.scenarios:
        for name in scenario.without:
            yield "study", f"scenarios.{scenario.id}.without", name
    for entry in (*synthesis.inputs, *(e for s in synthesis.scenarios for e in s.inputs)):
        yield "study", "inputs", entry.study
        if entry.outcome:
            yield "outcome", "inputs", entry.outcome
        for name in filter(None, (entry.treatment, entry.comparator)):
            yield "treatment", "inputs", name
    for name in (*synthesis.moderators, *synthesis.subgroups):
        yield "moderator", "moderators", name
    for name in synthesis.beside:
        yield "published pool", "beside", name


def check_members(plan: Plan, members: dict[str, list[str]], tables: dict[str, Table]) -> Iterator[Problem]:
    """Yield syntheses without studies, and pools that would mix doses or designs.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    members : dict of str to list of str
        The studies that enter each synthesis.
    tables : dict of str to Table
        Every table, corrected.
    """
    studies = tables["studies"].values.drop_duplicates("study_id").set_index("study_id")
    classes = {treatment.id: treatment.dose_class for treatment in plan.treatments}
    for synthesis in plan.syntheses:
        if not synthesis.pool or synthesis.role == "table":
            continue
        where = f"syntheses.{synthesis.id}"
        found = members.get(synthesis.id, [])
        if not found:
            yield _plan(
                0,
                where,
                "a synthesis without studies",
                "at least one study with the outcome, the treatment and the comparator",
                "check outcome, treatment, comparator, designs and the rows of arms.csv and contrasts.csv",
            )
        designs = synthesis.designs or RANDOMISED
        for name in found:
            if name not in studies.index:
                continue
            study = studies.loc[name]
            if study["design"] not in designs:
                yield _plan(
                    0,
                    f"{where}.studies",
                    f"{name}, a {study['design']}",
                    " | ".join(designs),
                    "leave the study out with its reason, or name its design in designs",
                )
            dose, wanted = study["dose_mg"], classes.get(synthesis.treatment, "none")
            mixed = (wanted == "low" and dose > LOW_DOSE_MG) or (wanted == "standard" and dose < STANDARD_DOSE_MG)
            if mixed:
                yield _plan(
                    0,
                    f"{where}.studies",
                    f"{name} with {dose:g} mg",
                    f"{wanted} doses only (low: at most {LOW_DOSE_MG} mg, standard: at least {STANDARD_DOSE_MG} mg)",
                    "leave the study out with its reason: low and standard doses are never pooled",
                )
