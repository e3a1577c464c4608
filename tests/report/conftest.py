"""The mini review, taken through every stage but the sampler, as a folder of results."""

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import write_table
from evisynth.report import report_tables, write_page

ROOT = Path(__file__).parents[2]
MINI = ROOT / "tests" / "mini"
STAGES = {
    "estimate_effects": ("effects", ("effects", "steps", "left_out", "sensitivity", "paired")),
    "pool_estimates": ("pooled", ("estimates", "weights", "leave_one_out", "sensitivity")),
    "test_small_studies": (
        "bias",
        ("tests", "selection", "trim_and_fill", "influence", "cumulative", "gosh"),
    ),
    "check_integrity": ("quality", ("integrity",)),
    "judge_quality": ("quality", ("judgements", "certainty", "findings")),
}


def step(name: str):
    """Return the script of a step as a module."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(ROOT / "scripts"))


def build(data: Path, results: Path) -> Path:
    """Take a review folder through the stages; return the results of the review."""
    checked = results / "checked"
    step("check_review").main({}, {"plan": str(checked / "plan.json")}, {"folder": str(data)})
    _record(results, "check_review", data, [checked])
    inputs = {"checked": [str(checked / "plan.json")]}
    for stage, (folder, tables) in STAGES.items():
        outputs = {name: str(results / folder / f"{name}.csv") for name in tables}
        step(stage).main(inputs, outputs, {})
        # what one stage wrote, the next ones read by name; the sensitivity of effects comes before that of pools
        inputs |= {name: path for name, path in outputs.items() if stage == "estimate_effects" or name != "sensitivity"}
        inputs |= {"small_studies": outputs["tests"]} if "tests" in outputs else {}
        _record(results, stage, checked, [Path(path) for path in outputs.values()])
    _exact_posteriors(results, inputs)
    _record(results, "fit_posteriors", results / "effects", [results / "bayes"])
    return results


def _exact_posteriors(results: Path, inputs: dict) -> None:
    """Run the Bayesian step with the exact models only: the sampler takes seconds, and has its own tests."""
    module = step("fit_posteriors")
    every = module.rows.tasks
    names = ("estimates", "studies", "diagnostics", "sensitivity")
    outputs = {name: str(results / "bayes" / f"{name}.csv") for name in names}
    outputs["posteriors"] = str(results / "bayes" / "posteriors")
    params = {"cache": str(results.parent / ".kept"), "code": "", "sampler": {}, "cores": 1}
    try:
        module.rows.tasks = lambda *given: [task for task in every(*given) if task.method == "bayes_exact"]
        module.main(inputs, outputs, params)
    finally:
        module.rows.tasks = every


def _record(results: Path, rule: str, read: Path, wrote: list[Path]) -> None:
    def hashes(folders):
        found = [file for place in folders for file in (place.rglob("*") if place.is_dir() else [place])]
        files = sorted(file for file in found if file.is_file())
        return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    record = {
        "rule": rule,
        "inputs": hashes([read]),
        "outputs": hashes(wrote),
        "params": {},
        "code": "0123456789abcdef",
        "seed": 0,
        "python": "3.13.0",
        "packages": {"numpy": "2.5.5"},
    }
    path = results / "provenance" / "records" / f"{rule}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record), encoding="utf-8")


def _read(html: str):
    """Return a page as elements and texts (pages.py)."""
    spec = importlib.util.spec_from_file_location("report_pages", Path(__file__).parent / "pages.py")
    pages = sys.modules.setdefault(spec.name, importlib.util.module_from_spec(spec))
    if not hasattr(pages, "read"):
        spec.loader.exec_module(pages)
    return pages.read(html)


def page_of(results: Path) -> str:
    """Write the page's own tables and return the page."""
    for table, frame in report_tables(ResultsFolder(results)).items():
        write_table(frame, results / table, table)
    return write_page(ResultsFolder(results), "mini", "fedcba9876543210")


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """The results of the mini review."""
    return build(MINI, tmp_path_factory.mktemp("run") / "results" / "mini")


@pytest.fixture(scope="session")
def page(results):
    """Its page."""
    return page_of(results)


@pytest.fixture(scope="session", name="build")
def build_fixture():
    """The function that takes a review folder through the stages."""
    return build


@pytest.fixture(scope="session", name="page_of")
def page_of_fixture():
    """The function that writes the page of results."""
    return page_of


@pytest.fixture(scope="session")
def read():
    """The function that reads a page."""
    return _read


@pytest.fixture
def mini(tmp_path):
    """A copy of the mini review's data, to be edited."""
    return Path(shutil.copytree(MINI, tmp_path / "mini"))
