"""A new review: sound but for its examples, and the check leads from there to a review that runs."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evisynth.cli import main
from evisynth.intake import new_review
from evisynth.review import TABLES, ReviewError, load_review
from evisynth.review.examples import is_example, missing_steps, of_example

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    new_review(tmp_path / "mine")
    return tmp_path / "mine"


def problems(folder):
    with pytest.raises(ReviewError) as caught:
        load_review(folder)
    return caught.value.problems


def test_every_table_has_its_header_and_one_row(folder):
    for spec in TABLES.values():
        with (folder / spec.file).open(encoding="utf-8", newline="") as file:
            header, row, *rest = csv.reader(file)
        assert tuple(header) == spec.names
        assert not rest
        assert any(is_example(row[header.index(name)]) for name in spec.key)


def test_only_the_examples_are_wrong_with_it(folder):
    found = problems(folder)
    assert all(of_example(problem) for problem in found)
    assert {problem.file for problem in found} == {"review.yaml", *(spec.file for spec in TABLES.values())}
    studies = next(problem for problem in found if problem.file == "studies.csv")
    assert "replace it with your own rows" in studies.to_text()
    claims = next(problem for problem in found if problem.file == "claims.csv")
    assert "or delete claims.csv if the review has none" in claims.to_text()


def test_the_steps_come_in_the_order_of_the_work(folder):
    lines = missing_steps(problems(folder))
    named = [line.split(". ")[1].split(":")[0] for line in lines[1:]]
    assert named[:5] == ["sources.csv", "studies.csv", "outcomes.csv", "arms.csv or contrasts.csv", "review.yaml"]
    assert named[5].startswith("fill or delete")


def test_the_rest_of_the_example_is_sound(folder, monkeypatch):
    """Were it not for the examples, the folder would pass: nobody has to mend what was written for them."""
    monkeypatch.setattr("evisynth.review.folder.example_problems", lambda *given: [])
    assert load_review(folder).plan.syntheses[0].id == "example_synthesis"


def test_the_commented_keys_of_the_template_are_right(folder, monkeypatch):
    monkeypatch.setattr("evisynth.review.folder.example_problems", lambda *given: [])
    path = folder / "review.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("    pool: false", "    reason:"))]
    keys = "pool|likelihood|(heterogeneity|effect|odds_ratio|baseline)_prior|minimal_important_difference"
    used = [re.sub(rf"^    # (?=(?:{keys}): )", "    ", line) for line in kept]
    assert sum(old != new for old, new in zip(kept, used, strict=True)) == 7
    path.write_text("\n".join(used) + "\n", encoding="utf-8")
    found = problems(folder)
    assert [problem.found for problem in found] == ["a synthesis without studies"]


def test_an_id_that_only_looks_like_an_example_stays_forbidden_everywhere():
    assert is_example("example_study")
    assert not is_example("an_example")
    for review in ("bcg", "naltrexone"):
        load_review(ROOT / "data" / review)


def test_a_folder_that_holds_something_is_left_alone(folder):
    with pytest.raises(FileExistsError, match="is there already"):
        new_review(folder)
    with pytest.raises(ValueError, match="not the name of a review"):
        new_review(folder.parent / "My Review")


def test_the_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["new", "mine"])
    assert ended.value.code in (0, None)
    assert "review.yaml and 13 tables" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["check", "data/mine"])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("The review is not filled yet. What is missing, in order:")
    assert "1. sources.csv" in said
    with pytest.raises(SystemExit) as ended:
        main(["new", "../mine"])
    assert ended.value.code == 1
    assert "without '..' or '/'" in capsys.readouterr().err


def test_the_help_names_the_commands():
    done = subprocess.run(
        [sys.executable, "-m", "evisynth.cli", "--help"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    for name in ("new", "import", "run"):
        assert f"\n  {name} " in done.stdout


def test_a_text_of_the_example_is_refused_in_a_row_that_was_renamed(folder):
    """Whoever changes the short names alone has not said how the study is called."""
    for path in folder.iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace("example_", "my_"), encoding="utf-8")
    found = problems(folder)
    assert all(of_example(problem) for problem in found)
    label = next(problem for problem in found if (problem.file, problem.column) == ("studies.csv", "label"))
    assert label.to_text().startswith("studies.csv, line 2, column label: found 'EXAMPLE: first author and year'")
    lines = missing_steps(found)
    assert "studies.csv: what begins with EXAMPLE or example_ (lines 2)" in "\n".join(lines)
    assert "review.yaml: what begins with EXAMPLE or example_ (lines" in lines[-2]
