"""`evisynth run`: its arguments, what it reads from snakemake's output, and the workflow in other hands."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from evisynth.commands.run import run
from evisynth.intake.running import RunResult, Watcher, arguments_for, run_reviews, workflow_home

ROOT = Path(__file__).resolve().parents[2]
MINI = ROOT / "tests" / "mini"
# What a wheel holds of the repository beside the package; docs/tutorial.md is run from it to the report.
PARTS = ("config", "scripts", "workflow")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory outside the repository with one review."""
    shutil.copytree(MINI, tmp_path / "data" / "mini")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_arguments_name_the_review_and_its_folder(place):
    words = arguments_for([Path("data/mini")], cores=3)
    assert words[words.index("--snakefile") + 1] == str(ROOT / "Snakefile")
    assert words[words.index("--cores") + 1] == "3"
    assert words[-2:] == ['reviews=["mini"]', "data_dir=data"]


def test_profiles_of_the_workflow_go_by_name(place):
    words = arguments_for([Path("data/mini")], cores=1, profile="slurm")
    assert words[words.index("--workflow-profile") + 1] == str(ROOT / "workflow" / "profiles" / "slurm")
    words = arguments_for([Path("data/mini")], cores=1, profile="own")
    assert words[words.index("--workflow-profile") + 1] == str(place / "own")


def test_what_is_no_review_is_refused(place):
    with pytest.raises(ValueError, match=r"no review.yaml in .*; `evisynth new NAME` starts"):
        arguments_for([Path("data/other")], cores=1)
    with pytest.raises(ValueError, match=r"did you mean data/mini\?"):
        arguments_for([Path("mini")], cores=1)
    shutil.copytree(MINI, place / "elsewhere" / "mini2")
    with pytest.raises(ValueError, match="different folders"):
        arguments_for([Path("data/mini"), Path("elsewhere/mini2")], cores=1)


OUTPUT = """Job stats:
total                   9

[Sun Nov 22 03:00:00 2026]
Job 4: checking other
Error in checkpoint check_review:
    jobid: 4
    output: results/other/checked/plan.json

1 problem in the review folder; nothing was written:
arms.csv, line 2, column n: found 'x'; allowed: a whole number.
    -> type the figure alone
(the whole log: results/other/logs/check_review.log)
4 of 9 steps (44%) done
Job 5: pooling mini"""


def test_the_output_is_followed():
    seen = []
    watcher = Watcher(lambda *now: seen.append(now))
    for line in OUTPUT.splitlines():
        watcher(line)
    assert seen[-1] == (4, 9, "pooling mini")
    assert watcher.failed == {"other": "check_review"}
    (reason,) = watcher.reasons
    assert reason.startswith("1 problem in the review folder")
    assert reason.endswith("check_review.log)")


def test_the_runner_starts_without_the_library_of_statistics():
    code = "import sys, evisynth.intake.running; print([m for m in ('pandas', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=environment(ROOT / "src"), capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def environment(path):
    return {**os.environ, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.end_to_end
def test_a_dry_run_says_what_would_be_done(place):
    result = run_reviews([Path("data/mini")], cores=1, dry_run=True)
    assert result.code == 0, result.output
    assert "fit_posteriors" in result.output
    assert not (place / "results").exists()


@pytest.mark.end_to_end
def test_an_error_in_one_review_leaves_the_others_whole(place):
    """The check is the first step and the quickest: stop there with a target that needs nothing else."""
    shutil.copytree(MINI, place / "data" / "broken")
    path = place / "data" / "broken" / "arms.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",26,", ",2600,", 1), encoding="utf-8")
    words = arguments_for([Path("data/mini"), Path("data/broken")], cores=1)
    from evisynth.intake.running import run_snakemake

    targets = [f"results/{name}/pooled/estimates.csv" for name in ("broken", "mini")]
    watcher = Watcher(lambda *now: None)
    code = run_snakemake([*targets, *words], on_line=watcher)
    assert code != 0
    assert (place / targets[1]).is_file()
    assert not (place / targets[0]).exists()
    assert watcher.failed == {"broken": "check_review"}
    assert any("2600 events in" in reason for reason in watcher.reasons)


def checkout_of_a_tag(place):
    """Put this repository's files under a tag, and check the tag out as another project would."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in names:
        if name and (ROOT / name).is_file():
            (place / "origin" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / "origin" / name)
    git = ["git", "-C", str(place / "origin"), "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "all"], ["tag", "v0"]):
        subprocess.run([*git, *words], capture_output=True, check=True)
    cloned = ["git", "clone", "--quiet", "--branch", "v0", str(place / "origin"), str(place / "evisynth")]
    subprocess.run(cloned, capture_output=True, check=True)
    return place / "evisynth"


@pytest.mark.end_to_end
def test_another_workflow_uses_this_one_as_a_module(place):
    """As docs/cluster.md shows it, at a tag."""
    home = checkout_of_a_tag(place)
    (place / "config.yaml").write_text(
        (ROOT / "config" / "config.yaml").read_text(encoding="utf-8").replace("[naltrexone, bcg]", "[mini]"), "utf-8"
    )
    (place / "Snakefile").write_text(
        """configfile: "config.yaml"


module evisynth:
    snakefile:
        "evisynth/Snakefile"
    config:
        config


use rule * from evisynth as evisynth_*


rule summary:
    input:
        "results/mini/pooled/estimates.csv",
    output:
        "summary.txt",
    default_target: True
    shell:
        "wc -l < {input} > {output}"
""",
        encoding="utf-8",
    )
    words = [sys.executable, "-m", "snakemake", "--cores", "1"]
    done = subprocess.run(words, cwd=place, env=environment(home / "src"), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int((place / "summary.txt").read_text(encoding="utf-8")) > 5


@pytest.mark.end_to_end
def test_an_installed_wheel_runs_outside_the_repository(place):
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place / "dist")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (place / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in ((ROOT / "src", ""), *((ROOT / name, f"evisynth/_workflow/{name}/") for name in PARTS)):
        files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert {f"{inside}{path.relative_to(folder).as_posix()}" for path in files} <= names
    zipfile.ZipFile(wheel).extractall(place / "site")
    command = [sys.executable, "-m", "evisynth.cli", "run", "data/mini", "--cores", "1", "--dry-run"]
    done = subprocess.run(command, cwd=place, env=environment(place / "site"), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "write_report" in done.stdout
    code = "from evisynth.intake.running import workflow_home; print(workflow_home())"
    done = subprocess.run([sys.executable, "-c", code], env=environment(place / "site"), capture_output=True, text=True)
    assert done.stdout.strip() == str(place / "site" / "evisynth" / "_workflow")


def test_in_the_repository_the_workflow_is_the_repositorys():
    assert workflow_home() == ROOT


def test_the_end_says_which_review_stopped_where_and_which_did_not(place, monkeypatch):
    page = place / "results" / "mini" / "report" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("", encoding="utf-8")
    result = RunResult(1, {"other": "check_review", "third": "fit_posteriors"}, ("why",), "")
    monkeypatch.setattr("evisynth.commands.run._with_bar", lambda *given: result)
    app = typer.Typer(add_completion=False)
    app.command()(run)
    done = CliRunner().invoke(app, ["data/mini", "data/other", "data/third"])
    assert done.exit_code == 1
    assert done.stdout == f"mini: the report is in {page.relative_to(place)}\n"
    assert done.stderr.splitlines() == [
        "why",
        "other: stopped at check_review: `evisynth check data/other` says what to do",
        "third: stopped at fit_posteriors",
    ]
