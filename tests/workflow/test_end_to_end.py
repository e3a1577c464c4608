"""The whole workflow on a small review: what it writes, what it reruns, and that bytes repeat."""

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MINI = ROOT / "tests" / "mini"
pytestmark = pytest.mark.end_to_end

# What differs between runs by its nature: when, where and how long.
RUN_FACTS = ("run_facts", "logs")


def command(folder, *more):
    """The call of Snakemake on the mini review in a folder of its own."""
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    settings = ["--config", 'reviews=["mini"]', "data_dir=data"]
    return [*words, "--cores", "2", "--rerun-incomplete", *more, *settings]


def run(folder, *more, check=True):
    done = subprocess.run(command(folder, *more), capture_output=True, text=True, env=environment())
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def environment():
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    return {**os.environ, **threads, "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT / "src")}


def prepared(folder):
    shutil.copytree(MINI, folder / "data" / "mini")
    return folder


def hashes(folder):
    """Hash of every result that has to repeat."""
    results = folder / "results" / "mini"
    return {
        path.relative_to(results).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file() and not set(RUN_FACTS) & set(path.relative_to(results).parts) and path.name[0] != "."
    }


def finished(done):
    lines = (done.stdout + done.stderr).splitlines()
    return {line.split("Rule: ")[1].rstrip(")") for line in lines if "Finished jobid" in line} - {"all"}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A finished run from nothing."""
    folder = prepared(tmp_path_factory.mktemp("first"))
    run(folder)
    return folder


def rows(folder, table):
    with (folder / "results" / "mini" / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_run_writes_every_stage(first):
    found = hashes(first)
    for name in (
        "checked/plan.json",
        "effects/effects.csv",
        "pooled/estimates.csv",
        "bayes/estimates.csv",
        "bayes/posteriors/pain.MD.bayes_normal.nc",
        "quality/certainty.csv",
        "figures/forest_heavy_drinking.svg",
        "report/index.html",
    ):
        assert name in found, sorted(found)


def test_its_numbers_are_right(first):
    estimates = {(r["synthesis"], r["measure"], r["method"]): r for r in rows(first, "pooled/estimates.csv")}
    common = estimates["pain", "MD", "common"]
    assert float(common["estimate"]) == pytest.approx(-0.042225, abs=5e-7)
    assert estimates["case_series", "", "none"]["status"] == "not_pooled"
    bayes = {(r["synthesis"], r["measure"], r["method"]): r for r in rows(first, "bayes/estimates.csv")}
    exact, sampled = bayes["pain", "MD", "bayes_exact"], bayes["pain", "MD", "bayes_normal"]
    assert sampled["gate"] == "passed"
    # Four Monte Carlo standard errors of a median over some 2,500 effective draws of a posterior of sd 0.4.
    assert float(sampled["estimate"]) == pytest.approx(float(exact["estimate"]), abs=0.04)


def test_there_is_nothing_to_do_the_second_time_and_touched_files_rerun_nothing(first):
    for path in (first / "data" / "mini").iterdir():
        path.touch()
    done = run(first)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_every_output_is_what_the_record_says(first):
    done = subprocess.run(
        [sys.executable, "-m", "evisynth.cli", "audit", "results/mini"],
        cwd=first,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    target = first / "results" / "mini" / "pooled" / "weights.csv"
    text = target.read_text(encoding="utf-8")
    target.write_text(text + "\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "evisynth.cli", "audit", "results/mini"],
        cwd=first,
        capture_output=True,
        text=True,
        env=environment(),
    )
    target.write_text(text, encoding="utf-8")
    assert done.returncode == 1
    assert "weights.csv: was changed after it was written by pool_estimates" in done.stderr


def test_a_number_leads_back_to_its_document(first):
    place = "pooled/estimates.csv:heavy_drinking:reml_hksj:estimate"
    done = subprocess.run(
        [sys.executable, "-m", "evisynth.cli", "trace", "results/mini", place],
        cwd=first,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "arms.csv:oslin1997:heavy_drinking:naltrexone" in done.stdout
    assert "corrections.csv:arms:oslin1997:heavy_drinking:naltrexone:n" in done.stdout
    assert "read in: citation" in done.stdout


def test_an_edited_cell_reruns_what_it_touches(first, tmp_path):
    folder = tmp_path / "edited"
    shutil.copytree(first, folder)
    path = folder / "data" / "mini" / "screening.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("included,,", "included,looked at twice,", 1), "utf-8")
    # The folder was moved, so paths of the data changed: settle that first, then count what the edit causes.
    before = hashes(first)
    ran = finished(run(folder))
    assert "fit_posteriors" not in ran
    assert "estimate_effects" not in ran
    after = hashes(folder)
    same = [name for name in before if name.startswith(("effects/", "pooled/", "bayes/"))]
    assert all(before[name] == after[name] for name in same)


def test_an_edited_count_moves_only_its_synthesis(first, tmp_path):
    folder = tmp_path / "edited"
    shutil.copytree(first, folder)
    path = folder / "data" / "mini" / "arms.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("anton1999,heavy_drinking,naltrexone"))
    assert ",26," in lines[at]
    lines[at] = lines[at].replace(",26,", ",27,", 1)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run(folder, "results/mini/pooled/estimates.csv", "results/mini/bayes/estimates.csv")
    old = {(r["synthesis"], r["measure"], r["method"]): r for r in rows(first, "pooled/estimates.csv")}
    new = {(r["synthesis"], r["measure"], r["method"]): r for r in rows(folder, "pooled/estimates.csv")}
    moved = {key[0] for key in old if old[key] != new[key]}
    assert moved == {"heavy_drinking"}
    log = (folder / "results" / "mini" / "logs" / "fit_posteriors.log").read_text(encoding="utf-8")
    assert "heavy_drinking.RR.bayes_normal:" in log
    assert "pain.MD.bayes_normal:" not in log


def test_bad_data_stop_the_run_and_leave_the_results(first, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(first, folder)
    before = hashes(folder)
    path = folder / "data" / "mini" / "arms.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",26,", ",2600,", 1), encoding="utf-8")
    done = run(folder, check=False)
    assert done.returncode == 1
    assert "2600 events in" in done.stdout + done.stderr
    after = hashes(folder)
    kept = [name for name in before if not name.startswith(("checked/", "provenance/"))]
    assert all(before[name] == after.get(name) for name in kept)


def test_killed_in_the_middle_it_finishes_with_the_same_bytes(first, tmp_path):
    folder = prepared(tmp_path / "killed")
    process = subprocess.Popen(
        command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
    )
    wanted = folder / "results" / "mini" / "pooled" / "estimates.csv"
    until = time.monotonic() + 120
    while not wanted.is_file() and time.monotonic() < until:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    run(folder, "--unlock")
    run(folder)
    assert hashes(folder) == hashes(first)


def test_the_record_holds_hashes_versions_and_seed(first):
    record = json.loads((first / "results/mini/provenance/records/fit_posteriors.json").read_text(encoding="utf-8"))
    assert record["packages"]["pymc"]
    assert record["params"]["sampler"]["seed"] == 20261122
    assert all(len(value) == 64 for value in record["outputs"].values())
