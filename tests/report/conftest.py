"""The mini review, taken through every stage but the sampler, as a folder of results."""

import hashlib
import importlib
import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import read_result, write_table
from evisynth.report import report_tables, write_page
from evisynth.review.stored import read_checked
from evisynth.synthesis import posterior as bayes

ROOT = Path(__file__).parents[2]
MINI = ROOT / "tests" / "mini"
STAGES = {
    "estimate_effects": ("effects", ("effects", "steps", "left_out", "sensitivity", "paired")),
    "pool_estimates": ("pooled", ("estimates", "weights", "leave_one_out", "sensitivity")),
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
        _record(results, stage, checked, [results / folder])
    _exact_posteriors(results)
    _record(results, "fit_posteriors", results / "effects", [results / "bayes"])
    return results


def _exact_posteriors(results: Path) -> None:
    review = read_checked(results / "checked")
    outcomes = review.corrected["outcomes"].text
    benefits = dict(zip(outcomes["outcome_id"], outcomes["benefit"], strict=True))
    tasks = bayes.tasks(review.plan, read_result(results / "effects" / "effects.csv"), benefits)
    tasks = [task for task in tasks if task.method == "bayes_exact"]
    pairs = [(task, bayes.exact(task)[0]) for task in tasks]
    frames = {
        "estimates": pd.DataFrame([bayes.estimate_row(*pair) for pair in pairs], columns=list(bayes.BAYES_COLUMNS)),
        "studies": pd.DataFrame([row for pair in pairs for row in bayes.study_rows(*pair)]),
        "diagnostics": pd.DataFrame([bayes.diagnostic_row(*pair) for pair in pairs]),
        "sensitivity": bayes.sensitivity_rows(tasks),
    }
    columns = {"studies": bayes.STUDY_COLUMNS, "diagnostics": bayes.DIAGNOSTIC_COLUMNS}
    for name, frame in frames.items():
        shown = frame.reindex(columns=list(columns[name])) if name in columns else frame
        write_table(shown, results / "bayes" / f"{name}.csv", f"bayes/{name}.csv")


def _record(results: Path, rule: str, read: Path, wrote: list[Path]) -> None:
    def hashes(folders):
        files = sorted(file for folder in folders for file in folder.rglob("*") if file.is_file())
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


@pytest.fixture
def mini(tmp_path):
    """A copy of the mini review's data, to be edited."""
    return Path(shutil.copytree(MINI, tmp_path / "mini"))
