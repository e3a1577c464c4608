"""The sets of studies that a multiverse pools: what could have been entered, each set once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

import pandas as pd

from evisynth.review.plan import Scenario, Synthesis
from evisynth.review.reading import Table
from evisynth.synthesis.assemble import Assembled, assemble, effect_rows
from evisynth.synthesis.layout import measures_of
from evisynth.synthesis.risk import chosen_judgements, overall_judgements

# Scales that the same figures give; the planned one comes first.
SCALES = (("RR", "OR", "RD"), ("MD", "SMD"))
# Tried wherever a correlation is assumed, beside those that the plan names.
CORRELATIONS = (0.3, 0.5, 0.7)
AS_PLANNED, KEPT, LEFT_OUT = "as planned", "kept", "left out"
LEAVING = ("unconfirmed_rows", "high_risk_rows")
CORRECTED, RECEIVED = "corrected", "as received"


@dataclass(frozen=True)
class DataSet:
    """One set of studies on one scale.

    Attributes
    ----------
    measure : str
        The scale.
    effects : pandas.DataFrame
        Rows like those of ``effects/effects.csv``.
    choices : dict of str to str
        What was chosen about the data, in words; blank where a choice changes nothing in this synthesis.
    changes : tuple of str
        Short names of what differs from the plan, for keys.
    origin : str
        The rows it comes from.
    """

    measure: str
    effects: pd.DataFrame = field(repr=False)
    choices: dict[str, str]
    changes: tuple[str, ...]
    origin: str


@dataclass(frozen=True)
class _Option:
    words: str
    code: str = ""
    scenario: Scenario | None = None


def data_sets(
    synthesis: Synthesis,
    members: Iterable[str],
    corrected: Mapping[str, Table],
    received: Mapping[str, Table],
    judgements: pd.DataFrame,
) -> tuple[list[DataSet], list[str]]:
    """Return every set of studies that a synthesis could have been computed from.

    Parameters
    ----------
    synthesis : Synthesis
        The plan's entry; pooled.
    members : iterable of str
        Its studies.
    corrected, received : mapping of str to Table
        The tables after and before corrections.csv.
    judgements : pandas.DataFrame
        ``quality/judgements.csv``.

    Returns
    -------
    tuple
        The sets, the planned one first, each once (under the name with the fewest changes); and, in words, the
        choices that leave no study or lose a study on another scale.
    """
    members = list(members)
    found: dict[tuple, DataSet] = {}
    notes: list[str] = []
    added = [entry.study for scenario in synthesis.scenarios for entry in scenario.inputs]
    tables = [
        (option, _of_members(found, [*members, *added]))
        for option, found in ((_Option(CORRECTED), corrected), (_Option(RECEIVED, "received"), received))
    ]
    planned = assemble(synthesis, synthesis.measure, members, tables[0][1])
    high = _high_risk(synthesis, [*members, *added], judgements)
    sizes: dict[tuple, int] = {}
    rows = effect_rows(planned, tables[0][1])
    facts = dict(zip(rows["study_id"], rows["from"], strict=True)) if len(rows) else {}
    for measure in _scales(synthesis, planned):
        for base in _bases(synthesis, measure, members, tables, notes, sizes, facts):
            for option in _left_out(base, high):
                if not len(option.effects):
                    words = [
                        f"{name.replace('_', ' ')} left out" for name in LEAVING if option.choices[name] == LEFT_OUT
                    ]
                    notes.append(f"{' and '.join(words)}: no study is left")
                    continue
                values = option.effects[["study_id", "yi", "vi"]].itertuples(index=False, name=None)
                key = (option.measure, tuple(values))
                if key not in found or len(option.changes) < len(found[key].changes):
                    found[key] = option
    return _without_idle_choices(list(found.values())), list(dict.fromkeys(notes))


def _scales(synthesis: Synthesis, planned: Assembled) -> Iterator[str]:
    own = str(synthesis.measure)
    yield own
    family = next((names for names in SCALES if own in names), ())
    outcomes = {row.text["outcome_id"] for study in planned.studies for row in study.rows}
    for other in family:
        # Differences in the units of several outcomes cannot stand in one pool.
        if other != own and not (other == "MD" and len(outcomes) > 1):
            yield other


def _bases(synthesis, measure, members, tables, notes, sizes, facts) -> Iterator[DataSet]:
    """Yield the sets before studies are left out: by corrections, rows of the plan's scenarios, correlation."""
    seen: set[tuple] = set()
    rows = [_Option(AS_PLANNED)]
    rows += [_Option(s.title, s.id, s) for s in synthesis.scenarios if s.variant is not None or s.inputs or s.without]
    for (source, base), row, correlation in product(tables, rows, _correlations(synthesis)):
        options = {"corrections": source, "rows": row, "correlation": correlation}
        codes = tuple(option.code for option in options.values() if option.code)
        made = assemble(synthesis, measure, members, base, _scenario(row, correlation))
        if measure == synthesis.measure:
            sizes[codes] = len(made.studies)
        elif len(made.studies) < sizes[codes]:
            notes.append(f"scale {measure}: not every study gives it")
            continue
        key = tuple((study.study_id, float(study.effect.yi), float(study.effect.vi)) for study in made.studies)
        if key in seen or not key:
            continue
        seen.add(key)
        choices = {name: option.words for name, option in options.items()}
        choices |= {"unconfirmed_rows": KEPT, "high_risk_rows": KEPT}
        changes = ((measure,) if measure != synthesis.measure else ()) + codes
        yield DataSet(
            measure, _frame(synthesis, measure, made, base, {} if source.code else facts), choices, changes, ""
        )


def _scenario(row: _Option, correlation: _Option) -> Scenario:
    made = row.scenario or Scenario(id="path", title="path")
    return made.model_copy(update={"correlation": correlation.scenario.correlation}) if correlation.scenario else made


def _frame(synthesis: Synthesis, measure: str, made: Assembled, tables, facts: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows of the studies, each with the row of a table that it can be found in.

    A study that rests on the same facts as in the plan is named by its row of ``effects/effects.csv``, which says how
    far they can be trusted; any other by the facts.
    """
    frame = effect_rows(replace(made, scenario=None), tables)
    stored = measure if measure in measures_of(synthesis) else synthesis.measure
    origin = [
        f"effects/effects.csv:{synthesis.id}:{stored}:{study}" if facts.get(study) == rows else rows
        for study, rows in zip(frame["study_id"], frame["from"], strict=True)
    ]
    return frame.assign(origin=origin)


def _of_members(tables: Mapping[str, Table], members: list[str]) -> dict[str, Table]:
    """Return the tables with the rows of some studies only: the search for a row is what takes time."""
    made = dict(tables)
    for name in ("arms", "contrasts"):
        made[name] = _rows_of(tables[name], tables[name].text["study_id"].isin(members))
    known = {(name, key) for name in ("arms", "contrasts") for key in made[name].keys}
    text = tables["corrections"].text
    keep = [
        table not in ("arms", "contrasts") or (table, key) in known
        for table, key in zip(text["table"], text["key"], strict=True)
    ]
    made["corrections"] = _rows_of(tables["corrections"], pd.Series(keep, index=text.index, dtype=bool))
    return made


def _rows_of(table: Table, keep: pd.Series) -> Table:
    places = [i for i, here in enumerate(keep) if here]
    text = table.text.iloc[places].astype(object).reset_index(drop=True)
    keys, lines = (tuple(found[i] for i in places) for found in (table.keys, table.lines))
    return Table(table.spec, text, keys, lines)


def _correlations(synthesis: Synthesis) -> list[_Option]:
    assumed = [entry.correlation for entry in synthesis.inputs if entry.correlation is not None]
    if not assumed:
        return [_Option("")]
    named = [s.correlation for s in synthesis.scenarios if s.correlation is not None]
    others = sorted({*named, *CORRELATIONS} - (set(assumed) if len(set(assumed)) == 1 else set()))
    first = f"{assumed[0]:g}" if len(set(assumed)) == 1 else AS_PLANNED
    made = [Scenario(id="path", title="path", correlation=value) for value in others]
    return [_Option(first), *(_Option(f"{s.correlation:g}", f"r{s.correlation:g}", s) for s in made)]


def _high_risk(synthesis: Synthesis, members: list[str], judgements: pd.DataFrame) -> dict[str, str]:
    """Return the judgement behind each study whose overall risk of bias counts as high."""
    chosen = chosen_judgements(synthesis, members, overall_judgements(judgements))
    return {study: choice.judgement.key for study, choice in chosen.items() if choice.concern == "high"}


def _left_out(base: DataSet, high: Mapping[str, str]) -> Iterator[DataSet]:
    """Yield a set, and the sets without unconfirmed rows, without rows of high risk of bias, and without both."""
    frame = base.effects
    doubtful = frame["status"] == "unconfirmed"
    because = [high.get(study, "") for study in frame["study_id"]]
    risky = pd.Series([bool(reason) for reason in because], index=frame.index)
    for no_doubt, no_risk in product((False, True), repeat=2):
        if (no_doubt and not doubtful.any()) or (no_risk and not risky.any()):
            continue
        keep = ~((doubtful & no_doubt) | (risky & no_risk))
        changes = base.changes + (("confirmed",) if no_doubt else ()) + (("no_high_risk",) if no_risk else ())
        choices = base.choices | {
            "unconfirmed_rows": LEFT_OUT if no_doubt else KEPT,
            "high_risk_rows": LEFT_OUT if no_risk else KEPT,
        }
        origins = [*frame.loc[keep, "origin"], *(reason for reason in because if reason and no_risk)]
        yield DataSet(base.measure, frame[keep].reset_index(drop=True), choices, changes, ";".join(origins))


def _without_idle_choices(found: list[DataSet]) -> list[DataSet]:
    """Blank the choices that are the same in every set: they tell nothing apart."""
    if not found:
        return found
    idle = [name for name in found[0].choices if len({one.choices[name] for one in found}) == 1]
    return [replace(one, choices=one.choices | dict.fromkeys(idle, "")) for one in found]
