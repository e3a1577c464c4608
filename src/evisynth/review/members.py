"""Which studies enter a synthesis, and which rows of theirs."""

from collections.abc import Mapping

from evisynth.review.plan import Input, Scenario, Synthesis
from evisynth.review.reading import Table


def input_of(synthesis: Synthesis, study: str, scenario: Scenario | None = None) -> Input:
    """Return how one study enters a synthesis: its own input, or the synthesis's rule and variant.

    Parameters
    ----------
    synthesis : Synthesis
        The plan's entry.
    study : str
        The study.
    scenario : Scenario, optional
        A sensitivity analysis, whose inputs, variant and correlation come first.
    """
    found = [entry for entry in (*(scenario.inputs if scenario else ()), *synthesis.inputs) if entry.study == study]
    entry = found[0] if found else Input(study=study, rule=synthesis.rule)
    if entry.variant is None:
        chosen = scenario.variant if scenario and scenario.variant is not None else synthesis.variant
        entry = entry.model_copy(update={"variant": chosen})
    if scenario and scenario.correlation is not None and entry.correlation is not None:
        entry = entry.model_copy(update={"correlation": scenario.correlation, "correlation_source": "assumed"})
    return entry


def rows_of(synthesis: Synthesis, entry: Input, tables: Mapping[str, Table]) -> tuple[tuple[str, str], ...]:
    """Return the rows an input uses as ``(table, key)``; empty where a row does not exist.

    Parameters
    ----------
    synthesis : Synthesis
        Gives outcome, treatment and comparator where the input names none.
    entry : Input
        The input.
    tables : mapping of str to Table
        The tables of the review.
    """
    outcome = entry.outcome or synthesis.outcome
    sides = (entry.treatment or synthesis.treatment, entry.comparator or synthesis.comparator)
    if entry.rule.startswith("contrast"):
        return _contrast(tables["contrasts"], entry.study, outcome, sides, entry.variant)
    return _arms(tables["arms"], entry.study, outcome, sides, entry.variant)


def _contrast(table: Table, study, outcome, sides, variant) -> tuple[tuple[str, str], ...]:
    text = table.text
    for first, second in (sides, sides[::-1]):
        found = text[
            (text["study_id"] == study)
            & (text["outcome_id"] == outcome)
            & (text["treatment"] == first)
            & (text["comparator"] == second)
            & (text["variant"] == variant)
        ]
        if len(found):
            return (("contrasts", table.keys[found.index[0]]),)
    return ()


def _arms(table: Table, study, outcome, sides, variant) -> tuple[tuple[str, str], ...]:
    text = table.text
    rows = []
    for side in sides:
        found = text[
            (text["study_id"] == study)
            & (text["outcome_id"] == outcome)
            & (text["treatment"] == side)
            & (text["variant"] == variant)
        ]
        if not len(found):
            return ()
        rows.append(("arms", table.keys[found.index[0]]))
    return tuple(rows)


def members_of(synthesis: Synthesis, tables: Mapping[str, Table]) -> list[str]:
    """Return the studies of a synthesis, in the order of studies.csv.

    A plan that lists its studies gets those that have the figures; otherwise every study with the
    figures enters, but for those that the plan excludes with a reason.

    Parameters
    ----------
    synthesis : Synthesis
        The plan's entry.
    tables : mapping of str to Table
        The tables of the review.
    """
    if synthesis.outcome is None or synthesis.treatment is None or synthesis.comparator is None:
        return list(synthesis.studies)
    excluded = {entry.study for entry in synthesis.exclude}
    listed = set(synthesis.studies) | {entry.study for entry in synthesis.inputs}
    every = list(tables["studies"].text["study_id"])
    wanted = [name for name in every if name in listed] if synthesis.studies else every
    return [name for name in wanted if name not in excluded and rows_of(synthesis, input_of(synthesis, name), tables)]
