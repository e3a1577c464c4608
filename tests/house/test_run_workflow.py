"""A run that was killed does not keep the next one from finishing; two at once are refused."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNNER = ROOT / "tools" / "run_workflow.py"

SNAKEFILE = """
rule all:
    input:
        "out.txt",


rule slow:
    output:
        "out.txt",
    shell:
        "echo half > {output}; echo $$ > job.pid; if [ ! -e go ]; then sleep 60; fi; echo whole > {output}"
"""

pytestmark = pytest.mark.end_to_end


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(RUNNER), "--cores", "1", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_after_a_kill_the_next_run_finishes(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    killed = start(tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "job.pid").exists():
        assert killed.poll() is None, killed.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "half\n"

    (tmp_path / "go").touch()
    again = start(tmp_path)
    output, _ = again.communicate(timeout=120)
    assert again.returncode == 0, output
    assert "The last run did not end by itself" in output
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "whole\n"


def test_a_second_run_at_the_same_time_is_refused(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    (tmp_path / ".snakemake").mkdir()
    with (tmp_path / ".snakemake" / "evisynth.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = start(tmp_path)
        output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "Another run is going on in this folder" in output
    assert not (tmp_path / "out.txt").exists()
