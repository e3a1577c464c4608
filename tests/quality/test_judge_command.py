"""`evisynth judge` as people call it."""

import csv
import io
import json

import pytest
import typer
from typer.testing import CliRunner

from evisynth.commands.judge import judge

HEADER = "study_id,outcome_id,tool,aim,question,answer,reason\n"
GOOD = HEADER + "".join(
    f'alpha,pain,rob2,assignment,{number},{answer},"said in\nthe methods"\n'
    for number, answer in (
        ("1.1", "Y"), ("1.2", "NI"), ("1.3", "PN"), ("2.1", "N"), ("2.2", "N"), ("2.3", "NA"), ("2.6", "Y"),
        ("3.1", "N"), ("3.2", "N"), ("3.3", "PY"), ("3.4", "NI"), ("4.1", "N"), ("4.2", "N"), ("4.3", "N"),
    )
)  # fmt: skip


@pytest.fixture
def run(tmp_path):
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(judge)

    def call(text, *words):
        path = tmp_path / "answers.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return CliRunner().invoke(app, [str(path), *words])

    return call


def test_json(run):
    result = run(GOOD, "--format", "json")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert all(set(row) == {"study_id", "outcome_id", "domain", "judgement", "because"} for row in rows)
    assert [(row["domain"], row["judgement"]) for row in rows] == [
        ("D1", "Some concerns"), ("D2", "Low"), ("D3", "High"), ("D4", "Low"), ("D5", "not assessed"),
        ("overall", "High"),
    ]  # fmt: skip
    assert {(row["study_id"], row["outcome_id"]) for row in rows} == {("alpha", "pain")}
    assert "(1.2 NI)" in rows[0]["because"]
    assert rows[4]["because"] == "nobody has answered its questions"


def test_csv_and_text_say_the_same(run):
    rows = list(csv.DictReader(io.StringIO(run(GOOD, "--format", "csv").stdout)))
    assert [row["judgement"] for row in rows][:3] == ["Some concerns", "Low", "High"]
    assert {row["tool"] for row in rows} == {"rob2"}
    text = run(GOOD).stdout
    assert text.startswith("alpha, pain (rob2, effect of assignment)\n  D1       Some concerns  ")
    assert "\n  D5       not assessed " in text


def test_a_rule_that_is_not_verified_says_so(run):
    crossover = GOOD.replace("rob2", "rob2_crossover") + "alpha,pain,rob2_crossover,assignment,S.1,Y,\n"
    crossover += "alpha,pain,rob2_crossover,assignment,S.3,Y,\n"
    rows = {row["domain"]: row for row in json.loads(run(crossover, "--format", "json").stdout)}
    assert list(rows) == ["D1", "S", "D2", "D3", "D4", "D5", "overall"]
    assert rows["S"]["judgement"] == "Low"
    assert rows["S"]["because"].endswith("(rule S.1) [rob2_crossover_S_verified=false]")
    assert "rob2_crossover_S_verified=false" in rows["overall"]["because"]
    assert "=false" not in rows["D1"]["because"]


def test_two_aims_are_told_apart(run):
    both = GOOD + GOOD.removeprefix(HEADER).replace("assignment", "adhering").replace(",2.6,Y,", ",2.4,N,")
    both += "alpha,pain,rob2,adhering,2.5,N,\n"
    rows = json.loads(run(both, "--format", "json").stdout)
    assert [row["aim"] for row in rows] == ["assignment"] * 6 + ["adhering"] * 6
    assert [row["judgement"] for row in rows if row["domain"] == "D2"] == ["Low", "Low"]


def test_problems_are_listed_with_file_and_line(run):
    wrong = GOOD.replace(",1.2,NI", ",1.2,XX").replace(",2.3,NA", ",2.3,Y").replace(",4.3,N", ",4.9,N")
    result = run(wrong, "--format", "json")
    assert result.exit_code == 1
    # each row of the file takes two lines
    assert "answers.csv, line 4, column answer: found 'XX'; allowed: Y, PY, PN, N, NI." in result.stderr
    assert "answers.csv, line 12, column answer: found 'Y'; allowed: blank or NA." in result.stderr
    assert "answers.csv, line 28, column question: found question '4.9'" in result.stderr
    assert "found no answer to question 4.3" in result.stderr
    assert result.stderr.startswith("4 problems:")
    levels = {row["domain"]: row["judgement"] for row in json.loads(result.stdout)}
    assert levels["D1"] == levels["D2"] == levels["D4"] == "not assessed"
    assert levels["D3"] == "High"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found an empty file"),
        (HEADER, "found no rows"),
        ("study_id,outcome_id,question,answer\na,b,1.1,Y\n", "line 1, column tool: found no such column"),
        (
            b"study_id,outcome_id,tool,aim,question,answer\n\xe9,b,rob2,assignment,1.1,Y\n",
            "line 2: found the byte 0xe9",
        ),
        (HEADER + "a,b,rob2\n", "line 2: found 3 cells, the first 'a'; allowed: 7 cells"),
        (HEADER + "a,b,rob9,assignment,1.1,Y,\n", "found 'rob9'; allowed: a tool that exists"),
    ],
)
def test_files_that_cannot_be_used(run, text, said):
    result = run(text)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_does_not_exist(run, tmp_path):
    result = run(GOOD, "--overrides", str(tmp_path / "none.csv"))
    assert result.exit_code == 1
    assert "none.csv: found" in result.stderr


def test_tool_option(run, tmp_path):
    without = "study_id,outcome_id,aim,question,answer\nalpha,pain,assignment,5.1,Y\n"
    without += "alpha,pain,assignment,5.2,N\nalpha,pain,assignment,5.3,N\n"
    result = run(without, "--tool", "rob2", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)[4]["judgement"] == "Low"
    assert run(GOOD, "--tool", "rob2", "--format", "json").stdout == run(GOOD, "--format", "json").stdout
    other = run(GOOD, "--tool", "robins_i")
    assert (other.exit_code, other.stdout) == (1, "")
    assert "no row of answers.csv is of the tool robins_i" in other.stderr
    assert "there is no tool 'rob7'" in run(GOOD, "--tool", "rob7").stderr


def test_overrides_change_the_final_judgement(run, tmp_path):
    changed = tmp_path / "judgements.csv"
    changed.write_text(
        "study_id,outcome_id,tool,domain,final,reason\nalpha,pain,rob2,D3,Some concerns,few were missing\n"
        "alpha,pain,rob2,D1,Low,\n"
    )
    result = run(GOOD, "--overrides", str(changed), "--format", "json")
    assert "judgements.csv, line 3, column reason: found a blank cell" in result.stderr
    row = json.loads(result.stdout)[2]
    assert row["judgement"] == "Some concerns"
    assert row["because"].startswith("a person changed High: few were missing; proposed because ")


def test_hostile_cells_are_harmless(run):
    nasty = GOOD.replace("alpha", "=1+1").replace("pain", "\x1b[2Jpain")
    rows = list(csv.reader(io.StringIO(run(nasty, "--format", "csv").stdout)))
    assert rows[1][0] == "'=1+1"
    assert "\x1b" not in run(nasty).stdout
