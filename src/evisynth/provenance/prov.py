"""`provenance/prov.json`: which file was made from which, by which software (W3C PROV, as PROV-JSON).

The terms are those of PROV-DM (W3C Recommendation, 30 April 2013), the form that of PROV-JSON (W3C Member Submission,
24 April 2013). Times are left out, so that the bytes repeat; they lie in ``provenance/run_facts``.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from evisynth import __version__
from evisynth.provenance.folder import PLAN
from evisynth.provenance.records import History, Run
from evisynth.provenance.tables import STAGE_TABLES, unguard
from evisynth.review.tables import TABLES

PREFIXES = {
    "file": "urn:evisynth:file:",
    "step": "urn:evisynth:step:",
    "software": "urn:evisynth:software:",
    "evisynth": "urn:evisynth:term:",
}
_PICTURES = (".svg", ".png", ".pdf")


def prov_document(history: History, results: Path) -> dict:
    """Return what is known of the making of a results folder as a PROV document.

    Parameters
    ----------
    history : History
        From :func:`evisynth.provenance.records.history_of`.
    results : pathlib.Path
        The folder, to read which rows its tables name as their origin.

    Returns
    -------
    dict
        PROV-JSON. Entities are files with their SHA-256 and the scripts (plans), activities are the steps with the
        digest of their code, agents are software alone. ``wasDerivedFrom`` follows the ``from`` column of a table to
        the tables that it names, and the CSV file of a figure to its pictures; a file without either is derived from
        all that its step read.
    """
    document = {
        "prefix": PREFIXES,
        "entity": dict(_entities(history)),
        "activity": {f"step:{run.rule}": _activity(run) for run in history.runs},
        "agent": dict(_agents(history)),
        "used": _numbered("u", _used(history)),
        "wasGeneratedBy": _numbered("g", _generated(history)),
        "wasDerivedFrom": _numbered("d", _derived(history, results)),
        "wasInformedBy": _numbered("i", _informed(history)),
        "wasAssociatedWith": _numbered("a", _associated(history)),
    }
    return {name: part for name, part in document.items() if part}


def _numbered(letter: str, relations) -> dict[str, dict]:
    return {f"_:{letter}{number}": relation for number, relation in enumerate(relations, 1)}


def _entities(history: History) -> Iterator[tuple[str, dict]]:
    for name, digest in history.files.items():
        yield f"file:{name}", {"prov:label": PurePosixPath(name).name, "evisynth:sha256": digest}
    for run in history.runs:
        kind = {"$": "prov:Plan", "type": "prov:QUALIFIED_NAME"}
        yield f"file:{_script(run)}", {"prov:type": kind, "evisynth:code": run.code}


def _script(run: Run) -> str:
    return f"scripts/{run.rule}.py"


def _activity(run: Run) -> dict:
    return {
        "prov:label": run.rule,
        "evisynth:code": run.code,
        "evisynth:seed": run.seed,
        "evisynth:params": json.dumps(run.params, sort_keys=True, ensure_ascii=False),
    }


def _agents(history: History) -> Iterator[tuple[str, dict]]:
    kind = {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}
    for name, version in sorted({pair for run in history.runs for pair in software_of(run)}):
        about = {"prov:type": kind, "prov:label": f"{name} {version}", "evisynth:version": version}
        yield f"software:{name}-{version}", about


def software_of(run: Run) -> list[tuple[str, str]]:
    """Return the names and versions of the software of a step: the library, Python, and the packages."""
    return [("evisynth", __version__), ("python", run.python), *sorted(run.packages.items())]


def _used(history: History) -> Iterator[dict]:
    for run in history.runs:
        for name in sorted(run.inputs):
            yield {"prov:activity": f"step:{run.rule}", "prov:entity": f"file:{name}"}


def _generated(history: History) -> Iterator[dict]:
    for run in history.runs:
        for name in sorted(run.outputs):
            yield {"prov:entity": f"file:{name}", "prov:activity": f"step:{run.rule}"}


def _associated(history: History) -> Iterator[dict]:
    for run in history.runs:
        for name, version in software_of(run):
            yield {
                "prov:activity": f"step:{run.rule}",
                "prov:agent": f"software:{name}-{version}",
                "prov:plan": f"file:{_script(run)}",
            }


def _informed(history: History) -> Iterator[dict]:
    writer = {name: run.rule for run in history.runs for name in run.outputs}
    for run in history.runs:
        for other in sorted({writer[name] for name in run.inputs if name in writer} - {run.rule}):
            yield {"prov:informed": f"step:{run.rule}", "prov:informant": f"step:{other}"}


def _derived(history: History, results: Path) -> Iterator[dict]:
    files = set(history.files)
    for run in history.runs:
        for name in sorted(run.outputs):
            origins = _origins(history, run, name, results) & files - {name}
            for origin in sorted(origins or set(run.inputs)):
                yield {"prov:generatedEntity": f"file:{name}", "prov:usedEntity": f"file:{origin}"}


def _origins(history: History, run: Run, name: str, results: Path) -> set[str]:
    path = PurePosixPath(name)
    if path.suffix in _PICTURES and path.with_suffix(".csv").as_posix() in run.outputs:
        return {path.with_suffix(".csv").as_posix()}
    inside = history.inside(name)
    if path.suffix != ".csv" or not inside or not (results / inside).is_file():
        return set()
    if inside.startswith("checked/") and inside not in STAGE_TABLES:
        return {read for read in run.inputs if PurePosixPath(read).name in (path.name, "corrections.csv")}
    with (results / inside).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if "from" not in (reader.fieldnames or ()):
            return set()
        named = {part.split(":")[0] for row in reader for part in unguard(row["from"] or "").split(";")}
    return {f"{history.base}/{_place(table)}" for table in named if table}


def _place(table: str) -> str:
    if table == PLAN:
        return "checked/plan.json"
    return f"checked/{table}" if table.removesuffix(".csv") in TABLES else table
