"""The mini review, taken through every stage but the sampler, as a folder of results."""

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import write_table
from evisynth.report import report_tables, write_page
from evisynth.report.exports import checklist_tables

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


# What the scripts call the files they write, where it is not the table's name.
FILES = {"summary": "multiverse_summary"}
LATER = {
    "explore_posteriors": ("bayes", ("prior_surface", "averaging", "averaged", "densities", "probabilities")),
    "fit_adjusted": ("bayes", ("adjusted", "bias_terms")),
    "inform_synthesis": ("quality", ("informed", "risk_weights")),
    "explore_paths": ("pooled", ("multiverse", "summary")),
}


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
    inputs |= {"bayes": str(results / "bayes" / "estimates.csv")}
    params = {"cache": str(results.parent / ".kept" / "answers"), "code": "", "engines": ["statsmodels"]}
    for stage, (folder, tables) in LATER.items():
        outputs = {name: str(results / folder / f"{FILES.get(name, name)}.csv") for name in tables}
        step(stage).main(inputs, outputs, params)
        inputs |= outputs
        _record(results, stage, checked, [Path(path) for path in outputs.values()])
    outputs = {"agreement": str(results / "provenance" / "agreement.csv")}
    step("compare_engines").main(inputs, outputs, params)
    _record(results, "compare_engines", checked, [Path(outputs["agreement"])])
    _sampled_checks(results)
    tables = [results / "bayes" / f"{name}.csv" for name in ("checks", "power_scaling")]
    _record(results, "check_posteriors", results / "effects", tables)
    for table, frame in checklist_tables(ResultsFolder(results)).items():
        write_table(frame, results / table, table)
    return results


def _sampled_checks(results: Path) -> None:
    """Write the checks of a sampled model as if one had been fitted: the page reads them like any other table."""
    synthesis = {"synthesis": "heavy_drinking", "measure": "RR", "method": "bayes_normal"}
    rows = pd.read_csv(results / "effects" / "effects.csv", dtype=str).query("synthesis == 'heavy_drinking'")
    rows = rows[rows["measure"] == "RR"]
    made = {"status": "ok", "reason": "", "level": 0.95}
    checks = [
        {**synthesis, "study_id": row.study_id, "label": row.label, "elpd": -1.2, "p_loo": 0.4, "pareto_k": k}
        | {"loo_reliable": "yes" if k < 0.7 else "no", "observed": float(row.yi), "predicted": -0.1}
        | {
            "predicted_low": -0.9,
            "predicted_high": 0.7,
            "p_below": 0.2,
            "p_two_sided": 0.4 if k < 0.7 else 0.03,
            **made,
        }
        | {"from": f"effects/effects.csv:heavy_drinking:RR:{row.study_id}"}
        for row, k in zip(rows.itertuples(), (0.8, *([0.2] * len(rows))), strict=False)
    ]
    power = [
        {**synthesis, "parameter": name, "likelihood": 0.2, "prior": 0.01, "threshold": 0.05}
        | {"diagnosis": "not sensitive to its priors", **made, "from": checks[0]["from"]}
        for name in ("mu", "tau")
    ]
    for name, made_rows in (("checks", checks), ("power_scaling", power)):
        write_table(pd.DataFrame(made_rows), results / "bayes" / f"{name}.csv", f"bayes/{name}.csv")


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
