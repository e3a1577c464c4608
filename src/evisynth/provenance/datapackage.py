"""`datapackage.json`: the codebook of a results folder that programs read (Frictionless Data Package, version 2)."""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from evisynth.provenance.columns import describe
from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import STAGE_TABLES, is_number, unguard
from evisynth.review.tables import TABLES, Column, TableSpec

_PROFILE = "https://datapackage.org/profiles/2.0"
LICENCES = {
    "CC BY 4.0": ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "CC BY-SA 4.0": ("CC-BY-SA-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    "CC0 1.0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
}
_KINDS = {"text": "string", "id": "string", "choice": "string", "number": "number", "count": "integer", "year": "year"}
# What stands first in every table of checked facts.
_ADDED = (
    ("row_key", "string", "key of the row: the columns that make it, joined by :"),
    ("line", "integer", "line of the row in the file as received"),
    ("corrected", "string", "columns whose value as received was corrected, joined by ; (corrections.csv says why)"),
)
# Columns of results that name a row of a table of facts.
_LINKS = {"study_id": "studies", "outcome_id": "outcomes", "source_id": "sources", "claim_id": "claims"}
# Tables whose rows belong to a row of another table of results.
_ESTIMATE, _EFFECT = ("synthesis", "measure", "method"), ("synthesis", "measure", "study_id")
_PARENTS = {
    "effects/steps.csv": (("effects/effects.csv", _EFFECT),),
    "pooled/weights.csv": (("pooled/estimates.csv", _ESTIMATE), ("effects/effects.csv", _EFFECT)),
    "pooled/leave_one_out.csv": (("effects/effects.csv", _EFFECT),),
    "bayes/studies.csv": (("bayes/estimates.csv", _ESTIMATE), ("effects/effects.csv", _EFFECT)),
    "bayes/diagnostics.csv": (("bayes/estimates.csv", _ESTIMATE),),
    "bias/influence.csv": (("effects/effects.csv", _EFFECT),),
    "bias/cumulative.csv": (("effects/effects.csv", _EFFECT),),
    "provenance/agreement.csv": (("pooled/estimates.csv", _ESTIMATE),),
}


def data_package(results: Path) -> dict:
    """Return the description of every table of checked facts and of results.

    Parameters
    ----------
    results : pathlib.Path
        ``results/<review>``.

    Returns
    -------
    dict
        A Data Package: for each table its path, hash, key, links to other tables, and for each column its type and
        meaning. Types of facts come from :mod:`evisynth.review.tables`, those of results from the cells.
    """
    folder = ResultsFolder(results)
    plan = folder.plan
    package = {
        "$schema": f"{_PROFILE}/datapackage.json",
        "name": results.name,
        "title": plan.get("title", results.name),
        "description": (
            "Tables of checked facts, and of results computed from them. Every row of a table of results says in "
            "`from` which rows it was computed from. A text cell that a spreadsheet would take for a formula "
            "begins with an apostrophe that is no part of it."
        ),
        "licenses": [licence_of(plan)] if plan.get("licence") else [],
        "contributors": [{"title": author, "roles": ["author"]} for author in plan.get("authors", ())],
        "sources": list(_sources(folder)),
        "resources": [*_facts(results), *_results(results)],
    }
    return {name: value for name, value in package.items() if value not in ([], "")}


def licence_of(plan: dict) -> dict[str, str]:
    """Return the licence that a plan names, with the address of its text where it is a known one."""
    text = plan["licence"]
    if text in LICENCES:
        name, path = LICENCES[text]
        return {"name": name, "title": text, "path": path}
    return {"name": text.replace(" ", "-"), "title": text}


def to_json(data: dict) -> str:
    """Return JSON whose bytes repeat: two spaces, no escapes, a newline at the end."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _sources(folder: ResultsFolder) -> Iterator[dict[str, str]]:
    for row in folder.rows("sources.csv").values():
        if row["read_as"] != "not read":
            yield {"title": row["citation"]} | ({"path": f"https://doi.org/{row['doi']}"} if row["doi"] else {})


def _facts(results: Path) -> Iterator[dict]:
    for spec in TABLES.values():
        path = results / "checked" / spec.file
        if path.is_file():
            yield _resource(results, path, _fact_name(spec.name), spec.about, _fact_schema(spec))


def _results(results: Path) -> Iterator[dict]:
    for table, about in STAGE_TABLES.items():
        path = results / table
        # report/files.csv and its like say how the results were made; the records say it better.
        if path.is_file() and not table.startswith("report/"):
            yield _resource(
                results,
                path,
                _result_name(table),
                f"One row is {about.about}.",
                _result_schema(results, table, about.key, path),
            )


def _resource(results: Path, path: Path, name: str, about: str, schema: dict) -> dict:
    data = path.read_bytes()
    return {
        "$schema": f"{_PROFILE}/dataresource.json",
        "name": name,
        "path": path.relative_to(results).as_posix(),
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": about,
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "schema": schema,
    }


def _fact_schema(spec: TableSpec) -> dict:
    added = [{"name": name, "type": kind, "description": about} for name, kind, about in _ADDED]
    links = [((column.name,), *column.link.split(".")) for column in spec.columns if column.link and not column.many]
    return {
        "$schema": f"{_PROFILE}/tableschema.json",
        "fields": [*added, *map(_fact_field, spec.columns)],
        "missingValues": [""],
        # A part of a key may be blank; the key as a whole is not.
        "primaryKey": ["row_key"],
        **_foreign((names, _fact_name(table), (column,)) for names, table, column in links),
    }


def _fact_name(table: str) -> str:
    return f"facts-{table.replace('_', '-')}"


def _fact_field(column: Column) -> dict:
    limits = {
        "required": column.required or None,
        "enum": list(column.allowed) if column.allowed and not column.many else None,
        "minimum": column.low,
        "maximum": column.high,
        "exclusiveMinimum": column.above,
    }
    limits = {name: value for name, value in limits.items() if value is not None}
    kind = "string" if column.many else _KINDS[column.kind]
    field = {"name": column.name, "type": kind, "description": column.description}
    return field | ({"constraints": limits} if limits else {})


def _result_schema(results: Path, table: str, key: tuple[str, ...], path: Path) -> dict:
    columns, cells = _read(path)
    wanted = [((name,), f"checked/{_LINKS[name]}.csv") for name in columns if name in _LINKS]
    wanted = [] if table.startswith("checked/") else wanted
    wanted += [(names, parent) for parent, names in _PARENTS.get(table, ())]
    links = [
        (names, _fact_name(Path(goal).stem) if goal.startswith("checked/") else _result_name(goal), names)
        for names, goal in wanted
        if _leads(results / goal, names, cells)
    ]
    return {
        "$schema": f"{_PROFILE}/tableschema.json",
        "fields": [_result_field(table, name, cells[name], name in key) for name in columns],
        "missingValues": [""],
        "primaryKey": list(key),
        **_foreign(links),
    }


def _leads(goal: Path, names: tuple[str, ...], cells: dict[str, list[str]]) -> bool:
    """Whether every row names a row of another table; in some tables a study may be a group, or one without a row."""
    if not goal.is_file():
        return False
    _, other = _read(goal)
    own = zip(*(cells[name] for name in names), strict=True)
    return set(own) <= set(zip(*(other[name] for name in names), strict=True))


def _result_field(table: str, name: str, cells: list[str], in_key: bool) -> dict:
    said = describe(table, name)
    field = {"name": name, "type": "string" if in_key else _type(cells)}
    field |= {"trueValues": ["yes"], "falseValues": ["no"]} if field["type"] == "boolean" else {}
    # A blank part of a key is a value of its own: a synthesis that is not pooled has no measure.
    field |= {"missingValues": []} if in_key else {}
    return field | ({"description": said} if said else {})


def _type(cells: list[str]) -> str:
    filled = {cell for cell in cells if cell}
    if not filled:
        return "any"
    if filled <= {"yes", "no"}:
        return "boolean"
    return "number" if all(map(is_number, filled)) else "string"


def _read(path: Path) -> tuple[list[str], dict[str, list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        columns = next(reader)
        rows = list(reader)
    return columns, {name: [unguard(row[i]) for row in rows] for i, name in enumerate(columns)}


def _result_name(table: str) -> str:
    return table.removesuffix(".csv").replace("/", "-").replace("_", "-")


def _foreign(links: Iterable[tuple[tuple[str, ...], str, tuple[str, ...]]]) -> dict:
    keys = [
        {"fields": list(names), "reference": {"resource": resource, "fields": list(columns)}}
        for names, resource, columns in links
    ]
    return {"foreignKeys": keys} if keys else {}
