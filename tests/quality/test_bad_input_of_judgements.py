"""Bad answers, judgements and ratings of a review: `evisynth check` lists each with file and line."""

import csv
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evisynth.cli import _app
from evisynth.review.tables import TABLES

MINI = Path(__file__).parents[1] / "mini"
STUDY, OUTCOME = "duebruun2024", "pain_nrs"
SOUND = (
    ("1.1", "NI"), ("1.2", "NI"), ("1.3", "NI"), ("2.1", "N"), ("2.2", "N"), ("2.6", "Y"), ("3.1", "Y"), ("4.1", "N"),
    ("4.2", "N"), ("4.3", "N"), ("5.1", "NI"), ("5.2", "NI"), ("5.3", "NI"),
)  # fmt: skip


def write(folder, name, rows):
    if not rows:
        return
    columns = TABLES[name].names
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def answer(question, said, **cells):
    row = {"study_id": STUDY, "outcome_id": OUTCOME, "tool": "rob2", "aim": "assignment", "question": question}
    row |= {"answer": said, "assessor": "first reader", "reason": "made up for a test", "source_id": STUDY}
    return row | {"locator": "abstract", "status": "verified"} | cells


@pytest.fixture
def check(tmp_path):
    """Check a copy of the mini review with these answers, changed judgements and ratings."""

    def call(answers, judgements=(), certainty=()):
        folder = tmp_path / "mini"
        shutil.copytree(MINI, folder, dirs_exist_ok=True)
        write(folder, "risk_of_bias", answers)
        write(folder, "judgements", judgements)
        write(folder, "certainty", certainty)
        return CliRunner().invoke(_app("check"), [str(folder)])

    return call


ANSWERS = [answer(*pair) for pair in SOUND]


def test_sound_answers_pass(check):
    result = check(ANSWERS)
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("answers", "line", "words"),
    [
        # an answer outside its set
        ([*ANSWERS[:2], answer("1.3", "Perhaps"), *ANSWERS[3:]], 4, "found 'Perhaps'; allowed: Y, PY, PN, N, NI"),
        # a question answered though its condition is not met: 2.3 with 2.1 N and 2.2 N
        ([*ANSWERS, answer("2.3", "PY")], 15, "found 'PY'; allowed: blank or NA"),
        # a missing required answer: 2.6, told at the last line of its domain
        ([row for row in ANSWERS if row["question"] != "2.6"], 6, "no answer to question 2.6"),
        # a study that does not exist
        ([answer("1.1", "Y", study_id="nobody1999"), *ANSWERS], 2, "nobody1999"),
        # a tool that does not exist
        ([*ANSWERS, answer("1.1", "Y", tool="rob7")], 15, "found 'rob7'; allowed: a tool that exists"),
    ],
)
def test_answers(check, answers, line, words):
    result = check(answers)
    assert result.exit_code == 1
    told = [text for text in result.stderr.splitlines() if f"risk_of_bias.csv, line {line}" in text]
    assert any(words in text for text in told), result.stderr


CHANGED = {"study_id": STUDY, "outcome_id": OUTCOME, "tool": "rob2", "domain": "D1", "final": "Low", "reason": "letter"}


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"reason": ""}, "reason", "blank"),
        ({"final": "Terrible"}, "final", "allowed: Low, Some concerns, High"),
        ({"domain": "D9"}, "domain", "a judgement that exists"),
        ({"study_id": "nobody1999"}, "study_id", "nobody1999"),
        ({"study_id": "albers2017"}, "domain", "a judgement that exists"),
    ],
)
def test_changed_judgements(check, cells, column, words):
    result = check(ANSWERS, [CHANGED, {**CHANGED, "domain": "D2", **cells}])
    assert result.exit_code == 1
    told = [text for text in result.stderr.splitlines() if f"judgements.csv, line 3, column {column}" in text]
    assert any(words in text for text in told), result.stderr


@pytest.mark.parametrize(
    ("cells", "column"),
    [({"reason": ""}, "reason"), ({"synthesis_id": "nothing"}, "synthesis_id"), ({"judgement": "bad"}, "judgement")],
)
def test_ratings_of_certainty(check, cells, column):
    rating = {"synthesis_id": "pain", "domain": "indirectness", "judgement": "serious", "reason": "other people"}
    result = check(ANSWERS, certainty=[rating, {**rating, "domain": "imprecision", **cells}])
    assert result.exit_code == 1
    assert f"certainty.csv, line 3, column {column}" in result.stderr, result.stderr


def test_everything_is_listed_at_once(check):
    result = check([answer("1.1", "Maybe"), *ANSWERS[1:], answer("2.3", "Y")], [{**CHANGED, "reason": ""}])
    for place in ("risk_of_bias.csv, line 2", "risk_of_bias.csv, line 15", "judgements.csv, line 2"):
        assert result.stderr.count(place) == 1, result.stderr
