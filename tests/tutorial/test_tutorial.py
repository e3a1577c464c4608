"""The commands of docs/tutorial.md print what the page says, from an installed wheel, outside the repository.

The first review is run to its report. Of the second, with means and counts from a workbook, the steps up to the pooled
estimates are run: figures and pages of it would take as long again and are the same code.
"""

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
RUN_SECOND = "evisynth run data/fm"
TO_THE_ESTIMATES = """
from pathlib import Path
from evisynth.intake.running import arguments_for, run_snakemake
raise SystemExit(run_snakemake(["results/fm/pooled/estimates.csv", *arguments_for([Path("data/fm")], cores=1)]))
"""


def needs_results(command):
    return command.startswith("evisynth run") or "results/" in command


def of_the_second(command):
    return command == RUN_SECOND or "results/fm" in command


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
    (folder / "site").symlink_to(installed / "site", target_is_directory=True)
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


def test_the_page_has_all_the_steps(commands_of):
    commands = [command for command, _ in commands_of(PAGE)]
    for word in ("new", "check", "import", "run", "trace", "audit"):
        assert any(command.startswith(f"evisynth {word} ") for command in commands)


def prepare(place, steps):
    """Run what comes before the runs, once."""
    if (place / "data" / "fm" / "imports").exists():
        return
    for command, expected in steps:
        if not needs_results(command):
            assert told(command, place) == expected, command


@pytest.mark.end_to_end
def test_what_comes_before_the_run(place, commands_of):
    prepare(place, commands_of(PAGE))
    assert {path.name for path in (place / "data").iterdir()} == {"tb", "fm"}


@pytest.mark.end_to_end
def test_the_run_and_what_is_read_from_it(place, commands_of):
    prepare(place, commands_of(PAGE))
    for command, expected in commands_of(PAGE):
        if needs_results(command) and not of_the_second(command):
            assert told(command, place) == expected, command


@pytest.mark.end_to_end
def test_the_second_review_to_its_estimates(place, commands_of):
    prepare(place, commands_of(PAGE))
    commands = [(command, expected) for command, expected in commands_of(PAGE) if of_the_second(command)]
    assert commands[0] == (RUN_SECOND, "fm: the report is in results/fm/report/index.html")
    done = subprocess.run(
        [sys.executable, "-c", TO_THE_ESTIMATES],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place / "site")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(commands) > 2
    for command, expected in commands[1:]:
        assert told(command, place) == expected, command


def test_the_files_that_the_page_names_exist():
    text = PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"\]\(([^)#]+)\)", text):
        assert (PAGE.parent / name).exists(), name
    mapping = (ROOT / "docs" / "examples" / "bcg.map.yaml").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert all(line in mapping for line in shown.splitlines())
