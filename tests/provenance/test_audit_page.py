"""The commands of docs/audit.md print what the page says: from a printed number to the cell of the data."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evisynth.provenance.code import digest_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "audit.md"
DIGEST = re.compile(r"\(code [0-9a-f]{16}\)")
pytestmark = pytest.mark.end_to_end

STEPS = ("estimate_effects", "pool_estimates")


@pytest.fixture(scope="module")
def place(tmp_path_factory, step, stages):
    """The naltrexone review as far as the page needs it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("audit")
    shutil.copytree(ROOT / "data" / "naltrexone", folder / "data" / "naltrexone")
    results = folder / "results" / "naltrexone"
    checked = str(results / "checked" / "plan.json")
    step("check_review").main({}, {"plan": checked}, {"folder": str(folder / "data" / "naltrexone")})
    remember(results, "check_review", results / "checked", {"folder": "data/naltrexone"})
    inputs = {"checked": [checked]}
    for name in STEPS:
        stage, tables = stages[name]
        outputs = {table: str(results / stage / f"{table}.csv") for table in tables}
        step(name).main(inputs, outputs, {})
        inputs = outputs | inputs
        remember(results, name, results / stage)
    agreement = results / "provenance" / "agreement.csv"
    step("compare_engines").main(inputs, {"agreement": agreement}, {"engines": ["statsmodels"]})
    remember(results, "compare_engines", agreement)
    program = folder / "bin" / "evisynth"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m evisynth.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return folder


def remember(results, rule, wrote, params=None):
    files = sorted(path for path in wrote.rglob("*") if path.is_file()) if wrote.is_dir() else [wrote]
    names = {f.relative_to(results.parents[1]).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
    code = digest_of(ROOT / "scripts" / f"{rule}.py", ROOT / "src")
    record = {"rule": rule, "inputs": {}, "outputs": names, "code": code, "params": params or {}}
    path = results / "provenance" / "records" / f"{rule}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record), encoding="utf-8")


def told(command, place):
    environment = {
        **os.environ,
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(command, shell=True, cwd=place, env=environment, capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.stdout.rstrip("\n")


def test_the_walk_of_the_page(place, commands_of):
    found = commands_of(PAGE)
    assert [command.split()[0] for command, _ in found] == ["evisynth", "evisynth", "sed", "python3", "evisynth"]
    for command, expected in found:
        assert DIGEST.sub("(code)", told(command, place)) == DIGEST.sub("(code)", expected), command


def test_the_files_that_the_page_names_exist():
    text = PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (PAGE.parent / name).exists(), name
    for name in re.findall(r"`(tests/[\w/]+\.py)`", text):
        assert (ROOT / name).is_file(), name
