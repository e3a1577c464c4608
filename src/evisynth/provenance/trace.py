"""The way back from a number to the cells, documents, formulas and code that it comes from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evisynth.provenance.folder import Reference, ResultsFolder
from evisynth.provenance.tables import STAGE_TABLES

_DATA_PROOF = ("status", "unconfirmed_fields", "locator", "source_id", "line", "corrected")


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
    """

    reference: Reference
    value: str
    row: dict[str, str]
    maker: dict[str, str] = field(default_factory=dict)
    source: dict[str, str] = field(default_factory=dict)
    parents: tuple["Step", ...] = ()

    @property
    def is_fact(self) -> bool:
        """Whether this is a row that a person entered."""
        return self.reference.table not in STAGE_TABLES

    def facts(self) -> Iterator["Step"]:
        """Yield the rows of facts at the end of every way."""
        if self.is_fact:
            yield self
        for parent in self.parents:
            yield from parent.facts()


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
    return _step(folder, folder.resolve(text), {})


def _step(folder: ResultsFolder, reference: Reference, seen: dict[Reference, Step]) -> Step:
    if reference in seen:
        return seen[reference]
    row = folder.row(reference)
    parents: list[Step] = []
    for origin in filter(None, row.get("from", "").split(";")):
        if ":" not in origin or origin.startswith("review.yaml"):
            continue
        parents.append(_step(folder, folder.resolve(origin), seen))
    step = Step(
        reference,
        row.get(reference.column, "") if reference.column else "",
        {name: value for name, value in row.items() if value and name != "from"},
        maker_of(folder.path, reference.table) if reference.table in STAGE_TABLES else {},
        _source(folder, reference, row),
        tuple(parents),
    )
    seen[reference] = step
    return step


def _source(folder: ResultsFolder, reference: Reference, row: dict[str, str]) -> dict[str, str]:
    if reference.table in STAGE_TABLES or not row.get("source_id"):
        return {}
    found = folder.table("sources.csv").rows.get(row["source_id"], {})
    return {
        name: found[name] for name in ("citation", "doi", "pmid", "registry_id", "read_as") if found.get(name)
    }


def maker_of(path: Path, table: str) -> dict[str, str]:
    """Return which rule wrote a table, with the digest of its code; empty where no record says so."""
    for file in sorted((path / "provenance" / "records").glob("*.json")):
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
    head = f"{pad}{step.reference}" + (f" = {step.value or '(blank)'}" if step.reference.column else "")
    lines = [head]
    if step.maker:
        lines.append(f"{pad}  computed by {step.maker['script']} (code {step.maker['code']})")
    if step.is_fact:
        lines += _fact_lines(step, pad)
    else:
        lines.append(f"{pad}  {_shown(step.row)}")
    for parent in step.parents[:most]:
        lines.append(to_text(parent, depth=depth + 1, most=most))
    if len(step.parents) > most:
        lines.append(f"{pad}  ... and {len(step.parents) - most} more rows")
    return "\n".join(lines)


def _fact_lines(step: Step, pad: str) -> list[str]:
    figures = {
        name: value for name, value in step.row.items() if name not in _DATA_PROOF and name != "row_key"
    }
    lines = [f"{pad}  {_shown(figures)}"]
    proof = [f"{name} {step.row[name]}" for name in _DATA_PROOF if name in step.row]
    if proof:
        lines.append(f"{pad}  " + "; ".join(proof))
    if step.source:
        lines.append(
            f"{pad}  read in: " + "; ".join(f"{name} {value}" for name, value in step.source.items())
        )
    return lines


def _shown(row: dict[str, str], most: int = 14) -> str:
    return ", ".join(f"{name} {value}" for name, value in list(row.items())[:most])
