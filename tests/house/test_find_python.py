"""`make` finds a Python that really runs, or says in one sentence what to install."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FINDER = ROOT / "tools" / "find_python.sh"

# Stand-ins for interpreters: the finder asks first for the version, then for the modules.
FIT = "exit 0"
TOO_OLD = 'case "$2" in *version_info*) exit 1 ;; esac'
WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1 ;; esac'
DEAD_SHIM = 'echo "this version is not switched on" >&2; exit 127'


def put(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def path_folder(tmp_path):
    """A folder that is the whole PATH: uname, which the finder needs, and no Python."""
    folder = tmp_path / "bin"
    put(folder, "uname", "echo Linux x86_64")
    return folder


def find(path_folder: Path, tmp_path: Path, **extra: str) -> subprocess.CompletedProcess:
    environment = {"PATH": str(path_folder), "HOME": str(tmp_path / "home"), **extra}
    shell = shutil.which("sh", path=os.defpath) or "/bin/sh"
    return subprocess.run(
        [shell, str(FINDER)], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def test_takes_one_from_the_path(path_folder, tmp_path):
    wanted = put(path_folder, "python3.13", FIT)
    put(path_folder, "python3", TOO_OLD)
    run = find(path_folder, tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{wanted}\n", "")


def test_a_shim_that_does_not_run_is_passed_over(path_folder, tmp_path):
    put(path_folder, "python3.13", DEAD_SHIM)
    wanted = put(path_folder, "python3.12", FIT)
    run = find(path_folder, tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{wanted}\n", "")


def test_python3_does_if_it_is_new_enough(path_folder, tmp_path):
    wanted = put(path_folder, "python3", FIT)
    assert find(path_folder, tmp_path).stdout == f"{wanted}\n"


@pytest.mark.parametrize("by", ["home", "variable"])
def test_looks_into_the_versions_of_pyenv(path_folder, tmp_path, by):
    put(path_folder, "python3", TOO_OLD)
    root = tmp_path / "home" / ".pyenv" if by == "home" else tmp_path / "elsewhere with a space"
    put(root / "versions" / "3.11.7" / "bin", "python", TOO_OLD)
    wanted = put(root / "versions" / "3.12.1" / "bin", "python", FIT)
    extra = {"PYENV_ROOT": str(root)} if by == "variable" else {}
    assert find(path_folder, tmp_path, **extra).stdout == f"{wanted}\n"


def test_none_new_enough_is_one_sentence_that_says_what_to_install(path_folder, tmp_path):
    for name in ("python3", "python", "python3.12"):
        put(path_folder, name, TOO_OLD)
    run = find(path_folder, tmp_path)
    assert run.returncode == 1
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1
    assert run.stderr.startswith("evisynth needs Python 3.12 to 3.14 and found none: install one (")
    assert "run make again" in run.stderr


def test_no_python_at_all_is_the_same_sentence(path_folder, tmp_path):
    run = find(path_folder, tmp_path)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "found none" in run.stderr


def test_a_python_without_venv_is_named_with_the_cure(path_folder, tmp_path):
    found = put(path_folder, "python3.12", WITHOUT_VENV)
    run = find(path_folder, tmp_path)
    assert run.returncode == 1
    assert f"found {found}, but without the modules" in run.stderr
    assert "python3-venv" in run.stderr


def test_a_complete_one_is_preferred_to_one_without_venv(path_folder, tmp_path):
    put(path_folder, "python3.13", WITHOUT_VENV)
    wanted = put(path_folder, "python3.12", FIT)
    assert find(path_folder, tmp_path).stdout == f"{wanted}\n"


def test_a_named_python_ends_the_search(path_folder, tmp_path):
    put(path_folder, "python3.13", FIT)
    old = put(tmp_path / "old", "python", TOO_OLD)
    run = find(path_folder, tmp_path, PYTHON=str(old))
    assert run.returncode == 1
    assert f"PYTHON={old} is not" in run.stderr
    new = put(tmp_path / "new", "python", FIT)
    assert find(path_folder, tmp_path, PYTHON=str(new)).stdout == f"{new}\n"


def test_intel_macs_take_none_that_has_no_wheels(path_folder, tmp_path):
    put(path_folder, "uname", "echo Darwin x86_64")
    put(path_folder, "python3.14", FIT)
    run = find(path_folder, tmp_path)
    assert run.returncode == 1
    assert "Python 3.12 to 3.13" in run.stderr


def test_the_real_question_is_answered_by_this_python(tmp_path, path_folder):
    # No stand-in here: the interpreter of the tests is new enough and can make environments.
    import sys

    run = find(path_folder, tmp_path, PYTHON=sys.executable)
    assert (run.returncode, run.stdout) == (0, f"{sys.executable}\n")
