"""`ro-crate-metadata.json`: a results folder that says what it is and how it was made (Workflow Run RO-Crate).

The profiles are Process, Workflow and Provenance Run Crate 0.5 on RO-Crate 1.1: the workflow is the main entity, each
step a ``HowToStep`` done by a script, each run of it a ``CreateAction``. Times, hosts and persons are left out, so that
the bytes repeat; ``provenance/run_facts`` has them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from evisynth.provenance.datapackage import licence_of
from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.prov import software_of
from evisynth.provenance.records import History, Run
from evisynth.provenance.tables import STAGE_TABLES
from evisynth.review.tables import TABLES

CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
_CRATE = "https://w3id.org/ro/crate/1.1"
_WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    _WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
_LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
WORKFLOW = "provenance/workflow"
_MAIN = f"{WORKFLOW}/Snakefile"
_ASIDE = {"logs/": "what the steps printed", "provenance/run_facts/": "when, where and for how long the steps ran"}
_FORMATS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".nc": "application/x-netcdf",
    ".py": "text/x-python",
    ".yml": "application/yaml",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def crate_metadata(history: History, results: Path, more: Iterable[str] = ()) -> dict:
    """Return the metadata of the crate.

    Parameters
    ----------
    history : History
        From :func:`evisynth.provenance.records.history_of`.
    results : pathlib.Path
        The folder, with the workflow under ``provenance/workflow`` already there.
    more : iterable of str
        Files of the folder that no step before the packaging wrote (``datapackage.json``, ``provenance/prov.json``);
        they are hashed now.

    Returns
    -------
    dict
        JSON-LD with ``@context`` and ``@graph``.

    Notes
    -----
    The packaging cannot describe itself: its own record would have to hold the hash of the file that holds it. It is
    named in the description of the root; ``provenance/records/last`` has the hashes of what it wrote.
    """
    files = {history.inside(name): digest for name, digest in history.files.items() if history.inside(name)}
    extra = [*more, *_workflow_files(results)]
    files |= {name: hashlib.sha256((results / name).read_bytes()).hexdigest() for name in extra}
    asides = [name for name in _ASIDE if (results / name).is_dir()]
    graph = [
        _descriptor(),
        _root(history, results, [*sorted(files), *asides]),
        *({"@id": key, "@type": "CreativeWork", "name": n, "version": v} for key, (n, v) in PROFILES.items()),
        *_licence(ResultsFolder(results).plan),
        *_citations(ResultsFolder(results)),
        *_workflow(history),
        *_runs(history),
        *_software(history),
        *(_file(name, digest) for name, digest in sorted(files.items()) if name not in _described(history)),
        *({"@id": name, "@type": "Dataset", "name": name, "description": _ASIDE[name]} for name in asides),
        *_data(history),
    ]
    return {"@context": CONTEXT, "@graph": graph}


def _id(name: str) -> dict[str, str]:
    return {"@id": quote(name, safe="/#:")}


def _ids(names: Iterable[str]) -> list[dict[str, str]]:
    return [_id(name) for name in names]


def _descriptor() -> dict:
    return {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": [{"@id": _CRATE}, {"@id": _WORKFLOW_CRATE}],
    }


def _root(history: History, results: Path, parts: list[str]) -> dict:
    plan = ResultsFolder(results).plan
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": plan.get("title", results.name),
        "description": (
            "Results of a systematic review, from checked facts to the report, with the way back from every number. "
            "This description was written by the step package_results, whose own record has the hashes of what it "
            "wrote. Dates are left out so that the same data and code give the same bytes: provenance/run_facts has "
            "them; add datePublished when the folder is deposited."
        ),
        "conformsTo": [{"@id": key} for key in PROFILES],
        "hasPart": _ids(parts),
        "mainEntity": _id(_MAIN),
        "mentions": _ids(["#run", *(f"#run/{run.rule}" for run in history.runs)]),
        "citation": [{"@id": one["@id"]} for one in _citations(ResultsFolder(results))],
        "license": [{"@id": one["@id"]} for one in _licence(plan)],
        "author": [{"@id": one["@id"]} for one in _authors(plan)],
    }
    return {name: value for name, value in root.items() if value}


def _authors(plan: dict) -> list[dict]:
    return [{"@id": f"#author/{i}", "@type": "Person", "name": n} for i, n in enumerate(plan.get("authors", ()), 1)]


def _licence(plan: dict) -> Iterator[dict]:
    if plan.get("licence"):
        found = licence_of(plan)
        yield {"@id": found.get("path", "#licence"), "@type": "CreativeWork", "name": found["title"]}
    yield from _authors(plan)


def _citations(folder: ResultsFolder) -> Iterator[dict]:
    seen = set()
    for key, row in folder.rows("sources.csv").items():
        name = f"https://doi.org/{quote(row['doi'], safe='/().;:')}" if row["doi"] else f"#source/{quote(key)}"
        if row["read_as"] != "not read" and name not in seen:
            seen.add(name)
            kind = "ScholarlyArticle" if row["kind"] == "journal article" else "CreativeWork"
            yield {"@id": name, "@type": kind, "name": row["citation"]}


def _workflow_files(results: Path) -> list[str]:
    folder = results / WORKFLOW
    return sorted(f.relative_to(results).as_posix() for f in folder.rglob("*") if f.is_file() and f.name[0] != ".")


def _script(run: Run) -> str:
    return f"{WORKFLOW}/scripts/{run.rule}.py"


def _described(history: History) -> set[str]:
    return {_MAIN, *map(_script, history.runs)}


def _workflow(history: History) -> Iterator[dict]:
    version = next((run.packages["snakemake"] for run in history.runs if "snakemake" in run.packages), "")
    yield {
        "@id": _MAIN,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "evisynth",
        "description": "From the tables of a review to an audited report",
        "programmingLanguage": {"@id": _LANGUAGE},
        "hasPart": _ids(map(_script, history.runs)),
        "step": _ids(f"#step/{run.rule}" for run in history.runs),
    }
    yield {
        "@id": _LANGUAGE,
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "identifier": {"@id": "https://snakemake.readthedocs.io"},
        "url": {"@id": "https://snakemake.readthedocs.io"},
        "version": version,
    }
    for position, run in enumerate(history.runs):
        yield {
            "@id": _script(run),
            "@type": ["File", "SoftwareSourceCode", "SoftwareApplication"],
            "name": f"{run.rule}.py",
            "version": run.code,
            "softwareRequirements": _ids(f"#software/{name}-{v}" for name, v in software_of(run)),
        }
        yield {
            "@id": f"#step/{run.rule}",
            "@type": "HowToStep",
            "name": run.rule,
            "position": str(position),
            "workExample": _id(_script(run)),
        }


def _runs(history: History) -> Iterator[dict]:
    for run in history.runs:
        params = json.dumps(run.params, sort_keys=True, ensure_ascii=False)
        yield {
            "@id": f"#run/{run.rule}",
            "@type": "CreateAction",
            "name": f"run of {run.rule}",
            "description": f"code {run.code}, seed {run.seed}, parameters {params}",
            "instrument": _id(_script(run)),
            "object": _ids(_name(history, name) for name in sorted(run.inputs)),
            "result": _ids(_name(history, name) for name in sorted(run.outputs)),
            "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        }
        yield {
            "@id": f"#control/{run.rule}",
            "@type": "ControlAction",
            "name": f"orchestration of {run.rule}",
            "instrument": _id(f"#step/{run.rule}"),
            "object": _id(f"#run/{run.rule}"),
        }
    read = sorted({name for run in history.runs for name in run.inputs if not history.inside(name)})
    wrote = sorted({name for run in history.runs for name in run.outputs})
    yield {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"run of the workflow over {PurePosixPath(history.base).name}",
        "instrument": _id(_MAIN),
        "object": _ids(_name(history, name) for name in read),
        "result": _ids(_name(history, name) for name in wrote),
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
    }
    engine = next((f"#software/{n}-{v}" for run in history.runs for n, v in software_of(run) if n == "snakemake"), "")
    if engine:
        yield {
            "@id": "#orchestration",
            "@type": "OrganizeAction",
            "name": "run of Snakemake",
            "instrument": _id(engine),
            "object": _ids(f"#control/{run.rule}" for run in history.runs),
            "result": {"@id": "#run"},
        }


def _name(history: History, name: str) -> str:
    """Return the identifier of a file: its path in the crate, or a local name for what lies outside."""
    return history.inside(name) or f"#{name}"


def _software(history: History) -> Iterator[dict]:
    for name, version in sorted({pair for run in history.runs for pair in software_of(run)}):
        yield {
            "@id": f"#software/{name}-{version}",
            "@type": "SoftwareApplication",
            "name": name,
            "softwareVersion": version,
        }


def _file(name: str, digest: str) -> dict:
    entity = {
        **_id(name),
        "@type": "File",
        "name": PurePosixPath(name).name,
        "encodingFormat": _FORMATS.get(PurePosixPath(name).suffix, "text/plain"),
        "sha256": digest,
    }
    about = _about(name)
    return entity | ({"description": about} if about else {})


def _about(name: str) -> str:
    if name in STAGE_TABLES:
        return f"One row is {STAGE_TABLES[name].about}."
    path = PurePosixPath(name)
    if path.parent.as_posix() in ("checked", "checked/received") and path.stem in TABLES:
        return TABLES[path.stem].about
    return ""


def _data(history: History) -> Iterator[dict]:
    """Yield what people entered: it lies outside the folder, and in it as checked/received."""
    for name, digest in history.files.items():
        if not history.inside(name):
            yield {"@id": f"#{quote(name)}", "@type": "CreativeWork", "name": name, "sha256": digest}
