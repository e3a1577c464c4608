"""The results of the mini review, as the tests of the report make them."""

import hashlib
import importlib.util
import json
import shutil
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("report_results", Path(__file__).parents[1] / "report" / "conftest.py")
_MADE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MADE)

results = _MADE.results
build_fixture = _MADE.build_fixture
mini = _MADE.mini


@pytest.fixture
def finished(results, tmp_path):
    """A folder like that of a run: data/mini, results/mini with records that name files from here, both last steps."""
    shutil.copytree(_MADE.MINI, tmp_path / "data" / "mini")
    target = tmp_path / "results" / "mini"
    shutil.copytree(results, target, ignore=shutil.ignore_patterns("report"))
    for file in (target / "provenance" / "records").glob("*.json"):
        record = json.loads(file.read_text(encoding="utf-8").replace(str(results), "results/mini"))
        if record["rule"] == "check_review":
            record["params"] = {"folder": "data/mini"}
            names = [f"data/mini/{path.name}" for path in sorted((tmp_path / "data" / "mini").iterdir())]
            record["inputs"] = {name: digest(tmp_path / name) for name in names}
        file.write_text(json.dumps(record, indent=1), encoding="utf-8")
    agreement = target / "provenance" / "agreement.csv"
    inputs = {name: target / place for name, place in _AGREEMENT_READS.items()}
    _MADE.step("compare_engines").main(inputs, {"agreement": agreement}, {"engines": ["statsmodels"]})
    remember(tmp_path, "compare_engines", inputs.values(), [agreement])
    package(tmp_path)
    return tmp_path


def package(root):
    """Run the last step over the records that are there."""
    target = root / "results" / "mini"
    records = sorted((target / "provenance" / "records").glob("*.json"))
    outputs = {
        "package": target / "datapackage.json",
        "crate": target / "ro-crate-metadata.json",
        "prov": target / "provenance" / "prov.json",
        "workflow": target / "provenance" / "workflow",
    }
    _MADE.step("package_results").main({"records": records}, outputs, {})
    wrote = [file for path in outputs.values() for file in (path.rglob("*") if path.is_dir() else [path])]
    remember(root, "package_results", records, [file for file in wrote if file.is_file()])


def remember(root, rule, read, wrote):
    """Write the record of a step."""

    def hashes(files):
        return {file.relative_to(root).as_posix(): digest(file) for file in files}

    record = {"rule": rule, "inputs": hashes(read), "outputs": hashes(wrote), "code": "0123456789abcdef"}
    record |= {"params": {}, "seed": 0, "python": "3.13.0", "packages": {"numpy": "2.5.5", "snakemake": "9.27.1"}}
    folder = "records/last" if rule == "package_results" else "records"
    path = root / "results" / "mini" / "provenance" / folder / f"{rule}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record, indent=1), encoding="utf-8")


def digest(path):
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


_AGREEMENT_READS = {"effects": "effects/effects.csv", "estimates": "pooled/estimates.csv"}


@pytest.fixture
def rewrite():
    """A function that edits a file of a finished folder and lets every record say that this was written."""

    def edit(root, name, old, new):
        path = root / "results" / "mini" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        for file in (root / "results" / "mini" / "provenance" / "records").rglob("*.json"):
            record = json.loads(file.read_text(encoding="utf-8"))
            for role in ("inputs", "outputs"):
                if f"results/mini/{name}" in record[role]:
                    record[role][f"results/mini/{name}"] = digest(path)
            file.write_text(json.dumps(record, indent=1), encoding="utf-8")
        package(root)

    return edit


@pytest.fixture
def again():
    """The function that runs the last step."""
    return package


@pytest.fixture(scope="session")
def step():
    """The function that returns the script of a step as a module."""
    return _MADE.step


@pytest.fixture(scope="session")
def stages():
    """The tables that each step writes: folder and names."""
    return _MADE.STAGES
