"""The way back from a number to the cells, documents, formulas and code that it comes from."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from evisynth.provenance.folder import PLAN, Reference, ResultsFolder
from evisynth.provenance.formulas import Formula, formulas_for, formulas_of
from evisynth.provenance.tables import STAGE_TABLES
from evisynth.review.tables import STATUSES

_DATA_PROOF = ("status", "unconfirmed_fields", "locator", "source_id", "line", "corrected")
_SOURCE = ("citation", "doi", "pmid", "registry_id", "read_as")
# Tables whose own status column says how far the cells that were used can be trusted.
_JUDGED = ("effects/effects.csv", "effects/sensitivity.csv", "effects/paired.csv")
# A line of the summary of findings names its certainty too; its numbers rest on the estimate alone.
_NUMBERS_FROM = {"quality/findings.csv": "pooled/estimates.csv"}
_CONVERTED = {"effects/effects.csv": "effects/steps.csv"}


@dataclass(frozen=True, slots=True)
class Step:
    """One place on the way back.

    Attributes
    ----------
    reference : Reference
        Where it stands.
    value : str
        The cell as it stands in the file; blank for a whole row.
    row : dict of str to str
        The row's cells that are not blank.
    maker : dict of str to str
        Rule, script and digest of the code that wrote the table; empty for facts.
    source : dict of str to str
        The document a row of facts was read in.
    parents : tuple of Step
        The rows that it was computed from.
    status : str
        ``verified``, ``derived`` or ``unconfirmed``: the worst among the facts that it rests on; blank where
        it rests on none.
    formulas : tuple of Formula
        How its figures are computed.
    conversions : tuple of dict
        The steps from the reported figures to an effect: name, formula, inputs, output, assumption, source.
    """

    reference: Reference
    value: str
    row: dict[str, str]
    maker: dict[str, str] = field(default_factory=dict)
    source: dict[str, str] = field(default_factory=dict)
    parents: tuple["Step", ...] = ()
    status: str = ""
    formulas: tuple[Formula, ...] = ()
    conversions: tuple[dict[str, str], ...] = ()

    @property
    def is_fact(self) -> bool:
        """Whether this is something that a person entered."""
        return self.reference.table not in STAGE_TABLES

    def facts(self) -> Iterator["Step"]:
        """Yield the rows of facts at the end of every way."""
        if self.is_fact:
            yield self
        for parent in self.parents:
            yield from parent.facts()


class Tracer:
    """Follows numbers of one results folder back; every row is looked up once.

    Parameters
    ----------
    folder : ResultsFolder
        The results.
    makers : dict, optional
        Rule, script and code of tables whose record is not written yet, by table.
    """

    def __init__(self, folder: ResultsFolder, makers: dict[str, dict[str, str]] | None = None) -> None:
        self.folder = folder
        self._rows: dict[Reference, Step] = {}
        self._makers: dict[str, dict[str, str]] = dict(makers or {})

    def step(self, text: str) -> Step:
        """Return a place with everything that it was computed from.

        Parameters
        ----------
        text : str
            ``table:key:column``, or ``table:key`` for a whole row.

        Raises
        ------
        KeyError
            Where the place, or a row that it says it comes from, does not exist.
        """
        return self.at(self.folder.resolve(text))

    def at(self, place: Reference) -> Step:
        """Return the step of a place that :meth:`ResultsFolder.resolve` gave."""
        row = self._row(Reference(place.table, place.key))
        if not place.column:
            return row
        return replace(
            row,
            reference=place,
            value=row.row.get(place.column, ""),
            status=cell_status(row, place.column),
            formulas=formulas_for(row.formulas, place.column),
        )

    def _row(self, reference: Reference) -> Step:
        if reference not in self._rows:
            self._rows[reference] = self._make(reference)
        return self._rows[reference]

    def _make(self, reference: Reference) -> Step:
        row = self.folder.row(reference)
        computed = reference.table in STAGE_TABLES
        parents = tuple(self._row(origin) for origin in self._origins(reference, row))
        own = row.get("status", "")
        judged = own in STATUSES and (not computed or reference.table in _JUDGED)
        return Step(
            reference,
            "",
            {name: value for name, value in row.items() if value and name != "from"},
            self._maker(reference.table) if computed else {},
            {} if computed else self._source(row),
            parents,
            own if judged else worst_status(parent.status for parent in _resting(reference.table, parents)),
            formulas_of(reference.table, row) if computed else (),
            self._conversions(reference),
        )

    def _origins(self, reference: Reference, row: dict[str, str]) -> list[Reference]:
        origins = [text for text in row.get("from", "").split(";") if ":" in text]
        if reference.table not in STAGE_TABLES and row.get("corrected"):
            table = reference.table.removesuffix(".csv")
            origins += [f"corrections.csv:{table}:{reference.key}:{name}" for name in row["corrected"].split(";")]
        # A cell may be named: the row it stands in is the origin.
        found = [self.folder.resolve(text) for text in origins]
        return list(dict.fromkeys(Reference(place.table, place.key) for place in found))

    def _maker(self, table: str) -> dict[str, str]:
        if table not in self._makers:
            self._makers[table] = maker_of(self.folder.path, table)
        return self._makers[table]

    def _source(self, row: dict[str, str]) -> dict[str, str]:
        if not row.get("source_id"):
            return {}
        found = self.folder.table("sources.csv").rows.get(row["source_id"], {})
        return {name: found[name] for name in _SOURCE if found.get(name)}

    def _conversions(self, reference: Reference) -> tuple[dict[str, str], ...]:
        table = _CONVERTED.get(reference.table)
        if table is None or not self.folder.has(table):
            return ()
        names = ("name", "formula", "inputs", "output", "assumption", "source")
        return tuple(
            {name: row[name] for name in names if row[name]}
            for row in self.folder.groups(table, 3).get(reference.key, ())
        )


def _resting(table: str, parents: tuple[Step, ...]) -> list[Step]:
    """Return the rows that the numbers of a row rest on: a judgement beside them does not touch them."""
    home = _NUMBERS_FROM.get(table)
    return [parent for parent in parents if home is None or parent.reference.table == home]


def cell_status(row: Step, column: str) -> str:
    """Return the status of one cell: a fact's cell may be one that the status of its row does not cover."""
    if row.is_fact:
        named = [part.strip() for part in row.row.get("unconfirmed_fields", "").split(";")]
        return "unconfirmed" if column in named else row.status
    # A setting rests on no study.
    return "" if column in ("level", "seed", "chains", "draws") else row.status


def worst_status(statuses: Iterable[str]) -> str:
    """Return the worst of some statuses (unconfirmed, derived, verified); blank where there is none."""
    found = set(statuses)
    return next((status for status in reversed(STATUSES) if status in found), "")


def trace(folder: ResultsFolder, text: str) -> Step:
    """Follow a number back.

    Parameters
    ----------
    folder : ResultsFolder
        The results.
    text : str
        ``table:key:column``, or ``table:key`` for a whole row.

    Returns
    -------
    Step
        The place itself, with its parents.

    Raises
    ------
    KeyError
        Where the place, or a row that it says it comes from, does not exist.
    """
    return Tracer(folder).step(text)


def maker_of(path: Path, table: str) -> dict[str, str]:
    """Return which rule wrote a table, with the digest of its code; empty where no record says so."""
    for file in sorted((path / "provenance" / "records").rglob("*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        if any(Path(output).as_posix().endswith(f"/{table}") for output in record["outputs"]):
            return {"rule": record["rule"], "script": f"scripts/{record['rule']}.py", "code": record["code"]}
    return {}


def to_text(step: Step, *, depth: int = 0, most: int = 40) -> str:
    """Return the way back as indented text, the number first and the documents last.

    Parameters
    ----------
    step : Step
        From :func:`trace`.
    depth : int
        Indentation of the first line.
    most : int
        Most parents shown of one row; the rest is counted.
    """
    pad = "  " * depth
    mark = f"  [{step.status}]" if step.status and not step.is_fact else ""
    shown = f" = {_line(step.value) or '(blank)'}" if step.reference.column else ""
    lines = [f"{pad}{step.reference}{shown}{mark}"]
    if step.maker:
        lines.append(f"{pad}  computed by {step.maker['script']} (code {step.maker['code']})")
    if depth == 0:
        lines += [f"{pad}  {text}" for formula in step.formulas for text in _formula_lines(formula)]
    if step.is_fact:
        lines += _fact_lines(step, pad)
    else:
        lines.append(f"{pad}  {_shown(step.row)}")
        lines += [f"{pad}  step {i}: {text}" for i, text in enumerate(map(_conversion, step.conversions), 1)]
    for parent in step.parents[:most]:
        lines.append(to_text(parent, depth=depth + 1, most=most))
    if len(step.parents) > most:
        lines.append(f"{pad}  ... and {len(step.parents) - most} more rows")
    return "\n".join(lines)


def _formula_lines(formula: Formula) -> list[str]:
    source = f" ({formula.citation})" if formula.citation else ""
    return [f"{formula.what}: {formula.text}{source}; {formula.function}"]


def _conversion(step: dict[str, str]) -> str:
    text = f"{step.get('name', '')}: {step.get('formula', '')}; {step.get('inputs', '')} -> {step.get('output', '')}"
    assumed = f"; assumes {step['assumption']}" if "assumption" in step else ""
    return _line(text + assumed + (f" ({step['source']})" if "source" in step else ""))


def _fact_lines(step: Step, pad: str) -> list[str]:
    figures = {name: value for name, value in step.row.items() if name not in _DATA_PROOF and name != "row_key"}
    lines = [f"{pad}  {_shown(figures)}"]
    proof = [f"{name} {_line(step.row[name])}" for name in _DATA_PROOF if name in step.row]
    if proof:
        lines.append(f"{pad}  " + "; ".join(proof))
    if step.source:
        lines.append(f"{pad}  read in: " + "; ".join(f"{name} {_line(value)}" for name, value in step.source.items()))
    if step.reference.table == PLAN:
        lines.append(f"{pad}  written in the analysis plan")
    return lines


def _shown(row: dict[str, str], most: int = 14) -> str:
    return ", ".join(f"{name} {_line(value)}" for name, value in list(row.items())[:most])


def _line(text: str) -> str:
    """Return text on one line and without control characters: a cell must not write to the terminal."""
    return " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in text).split())
