"""What each study of a synthesis says: rows of a review turned into effects, with the way they were turned."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evisynth.effects.measures import find_measure
from evisynth.effects.types import EffectError, EffectSize, Step
from evisynth.review.members import input_of, rows_of
from evisynth.review.plan import Input, Plan, Scenario, Synthesis
from evisynth.review.reading import Table
from evisynth.synthesis.layout import measures_of
from evisynth.synthesis.rules import RULES, Row, Unusable

_ORDER = ("verified", "derived", "unconfirmed")


@dataclass(frozen=True, slots=True)
class StudyEffect:
    """One study's effect in one synthesis.

    Attributes
    ----------
    synthesis, measure, study_id : str
        Its key.
    effect : EffectSize
        Effect on the analysis scale, oriented so that negative favours the treatment for continuous outcomes.
    rule : str
        How the study entered, as in the plan.
    rows : tuple of Row
        The rows of facts it was computed from.
    used : dict of str to float
        Counts or means by side: ``n_1``, ``events_1`` ...
    note : str
        What the plan says about this input.
    """

    synthesis: str
    measure: str
    study_id: str
    effect: EffectSize
    rule: str
    rows: tuple[Row, ...]
    used: dict[str, float]
    note: str = ""

    @property
    def status(self) -> str:
        """The weakest status of the rows and cells it rests on."""
        found = [row.status_of_used for row in self.rows]
        return max(found, key=_ORDER.index)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A study that belongs to a synthesis but does not enter it."""

    synthesis: str
    measure: str
    study_id: str
    name: str
    kind: str
    reason: str
    direction: str
    origin: str


@dataclass(frozen=True, slots=True)
class Assembled:
    """The studies of one synthesis (or of one sensitivity analysis) on one measure."""

    synthesis: Synthesis
    measure: str
    studies: tuple[StudyEffect, ...]
    left_out: tuple[LeftOut, ...]
    scenario: Scenario | None = None


def assemble(
    synthesis: Synthesis,
    measure: str,
    members: Iterable[str],
    tables: Mapping[str, Table],
    scenario: Scenario | None = None,
) -> Assembled:
    """Compute the effect of every study of a synthesis.

    Parameters
    ----------
    synthesis : Synthesis
        The plan's entry.
    measure : str
        One of :func:`measures_of`.
    members : iterable of str
        The studies, in the order they are to stand.
    tables : mapping of str to Table
        The tables of the review, corrected or as received.
    scenario : Scenario, optional
        What a sensitivity analysis changes.

    Returns
    -------
    Assembled
        Every member is either in ``studies`` or, with its reason, in ``left_out``.
    """
    without = set(scenario.without) if scenario else set()
    added = [entry.study for entry in scenario.inputs] if scenario else []
    studies, left_out = [], list(_named(synthesis, measure, tables))
    for name in dict.fromkeys([*members, *added]):
        if name in without:
            continue
        entry = input_of(synthesis, name, scenario)
        try:
            studies.append(_study(synthesis, measure, entry, tables))
        except Unusable as fault:
            left_out.append(_left_out(synthesis, measure, name, "no usable figures", str(fault), tables))
        except EffectError as fault:
            left_out.append(_left_out(synthesis, measure, name, "no usable figures", "; ".join(fault.problems), tables))
    return Assembled(synthesis, measure, tuple(studies), tuple(left_out), scenario)


def _named(synthesis: Synthesis, measure: str, tables: Mapping[str, Table]) -> Iterable[LeftOut]:
    for kind, entries in (
        ("excluded by the plan", synthesis.exclude),
        ("no usable figures", synthesis.missing),
    ):
        for entry in entries:
            yield _left_out(
                synthesis,
                measure,
                entry.study or entry.name,
                kind,
                entry.reason,
                tables,
                entry.direction,
                entry.name,
            )


def _left_out(synthesis, measure, study, kind, reason, tables, direction="", name="") -> LeftOut:
    labels = dict(zip(tables["studies"].text["study_id"], tables["studies"].text["label"], strict=True))
    origin = f"studies.csv:{study}" if study in labels else f"review.yaml:{synthesis.id}"
    return LeftOut(synthesis.id, measure, study, labels.get(study, name or study), kind, reason, direction, origin)


def _study(synthesis: Synthesis, measure: str, entry: Input, tables: Mapping[str, Table]) -> StudyEffect:
    found = rows_of(synthesis, entry, tables)
    if not found:
        raise Unusable("the rows that the plan names do not exist")
    rows = tuple(Row.of(tables, name, key) for name, key in found)
    effect, used = RULES[entry.rule](measure, entry, rows, synthesis)
    effect = _oriented(effect, measure, rows)
    return StudyEffect(synthesis.id, measure, entry.study, effect, entry.rule, rows, used, entry.note)


def _oriented(effect: EffectSize, measure: str, rows: tuple[Row, ...]) -> EffectSize:
    """Turn differences of outcomes where more is better, so that negative favours the treatment throughout."""
    if measure not in ("MD", "SMD"):
        return effect
    if rows[0].benefit != "higher":
        return effect
    step = Step(
        "turn the sign",
        "yi = -yi",
        {"yi": float(effect.yi)},
        {"yi": -float(effect.yi)},
        None,
        "higher values of this outcome are better; negative is to favour the treatment",
    )
    return replace(effect, yi=-float(effect.yi), steps=(*effect.steps, step))


def effect_rows(assembled: Assembled, tables: Mapping[str, Table]) -> pd.DataFrame:
    """Return the studies of an assembled synthesis as rows of ``effects/effects.csv``."""
    studies = tables["studies"].values.set_index("study_id")
    corrected = _corrections(tables)
    rows = []
    for study in assembled.studies:
        unconfirmed = list(filter(None, [_unconfirmed(study), *_doubtful_corrections(study, corrected, tables)]))
        rows.append(
            {
                "synthesis": study.synthesis,
                **({"scenario": assembled.scenario.id} if assembled.scenario else {}),
                "measure": study.measure,
                "study_id": study.study_id,
                "label": studies.loc[study.study_id, "label"],
                "year": studies.loc[study.study_id, "year"],
                **_numbers(study),
                "rule": study.rule,
                "status": "unconfirmed" if unconfirmed else study.status,
                "unconfirmed": "; ".join(unconfirmed),
                "assumptions": "; ".join(study.effect.assumptions),
                "note": study.note,
                "from": ";".join(_origins(study, corrected)),
            }
        )
    return pd.DataFrame(rows)


_USED = ("events_1", "n_1", "events_2", "n_2", "mean_1", "sd_1", "mean_2", "sd_2")


def _numbers(study: StudyEffect) -> dict[str, float]:
    effect, measure = study.effect, find_measure(study.measure)
    low, high = effect.interval()
    back = {
        name: float(measure.back(value))
        for name, value in (
            ("natural_estimate", effect.yi),
            ("natural_ci_low", low),
            ("natural_ci_high", high),
        )
    }
    return {
        "yi": float(effect.yi),
        "vi": float(effect.vi),
        "sei": float(effect.sei),
        "ci_low": float(low),
        "ci_high": float(high),
        **back,
        **{name: study.used.get(name, np.nan) for name in _USED},
    }


def _unconfirmed(study: StudyEffect) -> str:
    return "; ".join(
        f"{row.table}.csv:{row.key}: {', '.join(row.unconfirmed_used) or 'the whole row'}"
        for row in study.rows
        if row.status_of_used == "unconfirmed"
    )


def _doubtful_corrections(study: StudyEffect, corrected: dict, tables: Mapping[str, Table]) -> list[str]:
    """Name the corrections of a study's rows that nobody could confirm: its effect rests on them too."""
    table = tables["corrections"]
    status = dict(zip(table.keys, table.text["status"], strict=True))
    used = [key for row in study.rows for key in corrected.get((row.table, row.key), [])]
    return [key for key in used if status[key.removeprefix("corrections.csv:")] == "unconfirmed"]


def _corrections(tables: Mapping[str, Table]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    text = tables["corrections"].text
    for key, row in zip(tables["corrections"].keys, text.itertuples(index=False), strict=True):
        if tables[row.table].text.loc[tables[row.table].keys.index(row.key), row.column] == row.new:
            found.setdefault((row.table, row.key), []).append(f"corrections.csv:{key}")
    return found


def _origins(study: StudyEffect, corrected: dict[tuple[str, str], list[str]]) -> list[str]:
    origins = []
    for row in study.rows:
        origins.append(f"{row.table}.csv:{row.key}")
        origins += corrected.get((row.table, row.key), [])
    return origins


def step_rows(assembled: Assembled) -> pd.DataFrame:
    """Return the conversions of an assembled synthesis as rows of ``effects/steps.csv``."""
    return pd.DataFrame(
        {
            "synthesis": study.synthesis,
            "measure": study.measure,
            "study_id": study.study_id,
            "step": number,
            "name": step.name,
            "formula": step.formula,
            "inputs": _json(step.inputs),
            "output": _json(step.output),
            "assumption": step.assumption or "",
            "source": step.source,
            "from": ";".join(f"{row.table}.csv:{row.key}" for row in study.rows),
        }
        for study in assembled.studies
        for number, step in enumerate(study.effect.steps, start=1)
    )


def _json(values: Mapping) -> str:
    plain = {
        name: float(f"{float(value):.12g}") if isinstance(value, int | float | np.number) else str(value)
        for name, value in values.items()
    }
    return json.dumps(plain, ensure_ascii=False)


def left_out_rows(assembled: Assembled) -> pd.DataFrame:
    """Return the studies left out as rows of ``effects/left_out.csv``."""
    return pd.DataFrame(
        {
            "synthesis": entry.synthesis,
            "measure": entry.measure,
            "study_id": entry.study_id,
            "label": entry.name,
            "kind": entry.kind,
            "reason": entry.reason,
            "direction": entry.direction,
            "from": entry.origin,
        }
        for entry in assembled.left_out
    )


def assemble_plan(
    plan: Plan, members: Mapping[str, list[str]], tables: Mapping[str, Table], received: Mapping[str, Table]
) -> tuple[list[Assembled], list[Assembled]]:
    """Assemble every synthesis of a plan, and every sensitivity analysis.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    members : mapping of str to list of str
        The studies of each synthesis.
    tables, received : mapping of str to Table
        The tables after and before corrections.csv.

    Returns
    -------
    tuple of list of Assembled
        The planned analyses, and the sensitivity analyses (on the planned measure).
    """
    planned, sensitivity = [], []
    for synthesis in plan.syntheses:
        for measure in measures_of(synthesis):
            planned.append(assemble(synthesis, measure, members[synthesis.id], tables))
        for scenario in synthesis.scenarios:
            base = received if scenario.as_received else tables
            sensitivity.append(assemble(synthesis, synthesis.measure, members[synthesis.id], base, scenario))
    return planned, sensitivity
