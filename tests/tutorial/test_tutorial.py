"""The commands of docs/tutorial.md print what the page says, from an installed wheel, outside the repository."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial.md"


def steps():
    """Every command of the page with the lines that follow it."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


def needs_results(command):
    return command.startswith("evisynth run") or "results/" in command


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the examples, and `evisynth` of the unpacked wheel on the path; the repository is out of sight."""
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(ROOT / "docs" / "examples", folder / "docs" / "examples")
    installed = tmp_path_factory.mktemp("installed")
    words = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(installed)]
    built = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (wheel,) = installed.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(installed / "site")
    program = folder / "bin" / "evisynth"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{installed / "site"}" exec "{sys.executable}" -m evisynth.cli "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    return folder


def told(command, place):
    environment = {
        **os.environ,
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(command, shell=True, cwd=place, env=environment, capture_output=True, text=True)
    return "\n".join(part.rstrip("\n") for part in (done.stdout, done.stderr) if part.strip())


def test_the_page_has_all_the_steps():
    commands = [command for command, _ in steps()]
    for word in ("new", "check", "import", "run", "trace", "audit"):
        assert any(command.startswith(f"evisynth {word} ") for command in commands)


@pytest.mark.end_to_end
def test_what_comes_before_the_run(place):
    for command, expected in steps():
        if not needs_results(command):
            assert told(command, place) == expected, command


@pytest.mark.end_to_end
def test_the_run_and_what_is_read_from_it(place):
    prepared = (place / "data" / "fm" / "imports").exists()
    for command, expected in steps():
        if needs_results(command) or not prepared:
            assert told(command, place) == expected, command


def test_the_files_that_the_page_names_exist():
    text = PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"\]\(([^)#]+)\)", text):
        assert (PAGE.parent / name).exists(), name
    mapping = (ROOT / "docs" / "examples" / "bcg.map.yaml").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert all(line in mapping for line in shown.splitlines())
