"""The environment is built once, again when it must be, and never half.

A stand-in takes the place of Python and writes down what it was asked, so that no test needs a network.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

STAND_IN = """#!/bin/sh
if [ "$1" = -c ]; then exit 0; fi
echo "$*" >> "$STAND_IN_LOG"
if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; fi
case "$*" in *"${STAND_IN_FAILS:-none of them}"*) echo "no such wheel" >&2; exit 1 ;; esac
exit 0
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


class Checkout:
    def __init__(self, folder: Path, python: Path, log: Path):
        self.folder, self.python, self.log = folder, python, log

    def make(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**kept, "PYTHON": str(self.python), "STAND_IN_LOG": str(self.log), **extra}
        return subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def asked(self) -> list[str]:
        """What Python was asked since the last time, without the common options of pip."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return ["venv" if " venv " in line else line.split()[-1] for line in lines]


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "tools", folder / "tools")
    python = tmp_path / "python"
    python.write_text(STAND_IN, encoding="utf-8")
    python.chmod(0o755)
    return Checkout(folder, python, tmp_path / "log")


BUILT = ["venv", ".venv/setuptools.lock", "requirements.lock", "."]


def test_builds_once_then_starts_at_once(checkout):
    first = checkout.make("setup")
    assert first.returncode == 0, first.stderr
    assert checkout.asked() == BUILT
    assert len(first.stdout.splitlines()) == 1
    assert checkout.make("setup").returncode == 0
    assert checkout.asked() == []


def test_every_package_is_installed_with_its_hash(checkout):
    checkout.make("setup")
    installs = [line for line in checkout.log.read_text(encoding="utf-8").splitlines() if " install " in line]
    locked, itself = installs[:-1], installs[-1]
    assert all("--require-hashes" in line for line in locked)
    assert "--no-deps" in itself
    assert "--no-index" in itself


def test_setuptools_comes_first_with_its_hashes(checkout):
    checkout.make("setup")
    text = (checkout.folder / ".venv" / "setuptools.lock").read_text(encoding="utf-8")
    assert text.startswith("setuptools==")
    assert text.count("==") == 1
    assert text.count("--hash=sha256:") >= 1
    assert not text.rstrip("\n").endswith("\\")


def test_a_changed_lock_builds_anew(checkout):
    checkout.make("setup")
    checkout.asked()
    (checkout.folder / ".venv" / "left over").touch()
    lock = checkout.folder / "requirements.lock"
    lock.write_text(lock.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    later(checkout, "requirements.lock")
    checkout.make("setup")
    assert checkout.asked() == BUILT
    assert not (checkout.folder / ".venv" / "left over").exists()


def test_a_touched_lock_does_not(checkout):
    checkout.make("setup")
    checkout.asked()
    later(checkout, "requirements.lock")
    checkout.make("setup")
    assert "requirements.lock" not in checkout.asked()


def test_a_changed_pyproject_installs_the_project_alone(checkout):
    checkout.make("setup")
    checkout.asked()
    later(checkout, "pyproject.toml")
    checkout.make("setup")
    assert checkout.asked() == ["."]


def test_a_build_that_fails_is_said_and_done_again(checkout):
    failed = checkout.make("setup", STAND_IN_FAILS="no-build-isolation")
    assert failed.returncode != 0
    assert "no such wheel" in failed.stderr
    assert "the environment is not complete" in failed.stderr
    checkout.asked()
    assert checkout.make("setup").returncode == 0
    assert checkout.asked() == BUILT


def test_a_build_that_was_killed_is_done_again(checkout):
    checkout.make("setup")
    checkout.asked()
    # What a kill in the middle leaves: a folder without the last file.
    (checkout.folder / ".venv" / "requirements.lock").unlink()
    checkout.make("setup")
    assert checkout.asked() == BUILT


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_a_folder_that_was_moved_or_copied_gets_its_own(checkout, how):
    checkout.make("setup")
    checkout.asked()
    elsewhere = checkout.folder.parent / "elsewhere"
    (shutil.move if how == "moved" else shutil.copytree)(checkout.folder, elsewhere)
    Checkout(elsewhere, checkout.python, checkout.log).make("setup")
    assert checkout.asked() == BUILT


def test_an_environment_whose_python_is_gone_is_built_anew(checkout):
    checkout.make("setup")
    checkout.asked()
    (checkout.folder / ".venv" / "bin" / "python").unlink()
    checkout.make("setup")
    assert checkout.asked() == BUILT


def test_no_python_ends_with_the_sentence_alone(checkout, tmp_path):
    run = checkout.make("test", PYTHON=str(tmp_path / "nowhere"))
    assert run.returncode != 0
    sentences = [line for line in run.stderr.splitlines() if not line.startswith("make")]
    assert len(sentences) == 1
    assert "evisynth needs Python 3.12" in sentences[0]
    assert not (checkout.folder / ".venv").exists()


def test_clean_leaves_the_readme_and_the_environment(checkout):
    checkout.make("setup")
    results = checkout.folder / "results"
    (results / "naltrexone" / "report").mkdir(parents=True)
    (results / "naltrexone" / "report" / "index.html").touch()
    (results / "README.md").write_text("what each file is\n", encoding="utf-8")
    cache = checkout.folder / "src" / "evisynth" / "__pycache__"
    cache.mkdir(parents=True)
    assert checkout.make("clean").returncode == 0
    assert [path.name for path in results.iterdir()] == ["README.md"]
    assert not cache.exists()
    assert (checkout.folder / ".venv" / ".ready").exists()


def test_report_ends_by_saying_where_the_reports_are(checkout):
    for review in ("bcg", "naltrexone"):
        folder = checkout.folder / "results" / review / "report"
        folder.mkdir(parents=True)
        (folder / "index.html").touch()
    checkout.make("setup")
    lines = checkout.make("report").stdout.splitlines()
    assert lines[-2:] == [
        "The report is in results/bcg/report/index.html",
        "The report is in results/naltrexone/report/index.html",
    ]


def test_a_report_that_fails_names_no_page(checkout):
    folder = checkout.folder / "results" / "bcg" / "report"
    folder.mkdir(parents=True)
    (folder / "index.html").touch()
    checkout.make("setup")
    run = checkout.make("report", STAND_IN_FAILS="run_workflow")
    assert run.returncode != 0
    assert "The report is in" not in run.stdout


def test_help_lists_every_target_of_the_readme(checkout):
    text = checkout.make("help").stdout
    for target in ("report", "test", "lint", "format", "bench", "lock", "clean", "golden"):
        assert f"make {target} " in text


def later(checkout: Checkout, name: str) -> None:
    """Give a file a time after everything else."""
    newest = max(path.stat().st_mtime for path in checkout.folder.rglob("*"))
    os.utime(checkout.folder / name, (newest + 2, newest + 2))
    for stamp in ("requirements.lock", ".ready"):
        # The stamps' own times lie in the past, whatever the file system's resolution.
        path = checkout.folder / ".venv" / stamp
        os.utime(path, (newest - 2, newest - 2))
