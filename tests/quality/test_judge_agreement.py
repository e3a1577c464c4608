"""Two assessors through `evisynth judge`."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from evisynth.cli import _app

HEADER = "study_id,outcome_id,tool,aim,question,answer,assessor\n"


def rows(assessor, *answers):
    """D5 of several studies: the answers to 5.1, 5.2 and 5.3 of each."""
    return "".join(
        f"{study},pain,rob2,assignment,5.{number},{answer},{assessor}\n"
        for study, own in zip("abcd", answers, strict=False)
        for number, answer in enumerate(own.split(), 1)
    )


TWO = HEADER + rows("Ana", "Y N N", "Y N N", "Y Y N", "NI N N") + rows("Ben", "PY PN N", "Y N Y", "Y Y N", "NI N N")


@pytest.fixture
def run(tmp_path):
    def call(text, *words):
        path = tmp_path / "answers.csv"
        path.write_text(text, encoding="utf-8")
        return CliRunner().invoke(_app("judge"), [str(path), *words])

    return call


def test_the_text_ends_with_the_agreement(run):
    result = run(TWO)
    assert result.exit_code == 0
    tail = result.stdout[result.stdout.index("Agreement of Ana and Ben (rob2)") :].splitlines()
    # Ana: Low, Low, High, Some concerns; Ben: Low, High, High, Some concerns. Chance: (2*1 + 1*1 + 1*2)/16 = 5/16.
    assert tail[1] == "  domains  4 judged by both: raw 0.75, kappa 0.64, weighted kappa 0.50, AC1 0.63"
    # of study c alone both reached an overall judgement: High
    assert tail[2] == (
        "  overall  1 judged by both: raw 1.00, kappa not defined, weighted kappa not defined, AC1 1.00 (both "
        "assessors used one category only; kappa is not defined)"
    )
    assert tail[3:] == [
        "  2 differences",
        "    b, pain, assignment, answer 5.3: N and Y",
        "    b, pain, assignment, domain D5: Low and High",
    ]


def test_the_agreement_alone_as_json(run):
    found = json.loads(run(TWO, "--agreement", "--format", "json").stdout)
    domains = found["agreement"][0]
    assert {name: domains[name] for name in ("tool", "first", "second", "level", "n")} == {
        "tool": "rob2", "first": "Ana", "second": "Ben", "level": "domains", "n": 4,
    }  # fmt: skip
    assert domains["raw"] == 0.75
    assert domains["kappa"] == pytest.approx((0.75 - 5 / 16) / (1 - 5 / 16))
    # linear weights 1, 1/2, 0: observed 3/4; expected 5/16 and half of the cells one step apart (6/16)
    assert domains["weighted_kappa"] == pytest.approx((0.75 - 8 / 16) / (1 - 8 / 16))
    # mean shares Low 3/8, Some concerns 2/8, High 3/8
    chance = (2 * 3 / 8 * 5 / 8 + 2 / 8 * 6 / 8) / 2
    assert domains["ac1"] == pytest.approx((0.75 - chance) / (1 - chance))
    assert [(row["kind"], row["item"], row["study_id"]) for row in found["disagreements"]] == [
        ("answer", "5.3", "b"), ("domain", "D5", "b"),
    ]  # fmt: skip


def test_the_agreement_alone_as_csv(run):
    table = list(csv.DictReader(io.StringIO(run(TWO, "--agreement", "--format", "csv").stdout)))
    values = {row["item"]: row["value"] for row in table if row["kind"] == "agreement"}
    assert values["raw, domains"] == "0.75"
    assert values["kappa, overall"] == ""
    assert [(row["item"], row["first"], row["second"]) for row in table if row["kind"] != "agreement"] == [
        ("5.3", "N", "Y"), ("D5", "Low", "High"),
    ]  # fmt: skip


def test_json_of_judgements_stays_a_list_of_judgements(run):
    found = json.loads(run(TWO, "--format", "json").stdout)
    assert all(set(row) == {"study_id", "outcome_id", "domain", "judgement", "because"} for row in found)
    disputed = next(row for row in found if (row["study_id"], row["domain"]) == ("b", "D5"))
    assert disputed["judgement"] == "not assessed"
    assert "the assessors do not agree on 5.3 (Ana N, Ben Y)" in disputed["because"]


def test_a_consensus_settles_it_and_is_no_third_assessor(run):
    settled = TWO + "b,pain,rob2,assignment,5.3,N,consensus\n"
    found = json.loads(run(settled, "--format", "json").stdout)
    assert next(row for row in found if (row["study_id"], row["domain"]) == ("b", "D5"))["judgement"] == "Low"
    assert run(settled).stdout.count("Agreement of") == 1


def test_three_assessors_are_compared_two_by_two(run):
    pairs = json.loads(run(TWO + rows("Cho", "Y N N"), "--agreement", "--format", "json").stdout)["agreement"]
    assert [(row["first"], row["second"]) for row in pairs[::2]] == [("Ana", "Ben"), ("Ana", "Cho"), ("Ben", "Cho")]


def test_one_assessor_alone(run):
    alone = HEADER + rows("Ana", "Y N N")
    assert "Agreement" not in run(alone).stdout
    assert "does not name two people" in run(alone, "--agreement").stdout
    assert json.loads(run(alone, "--agreement", "--format", "json").stdout) == {"agreement": [], "disagreements": []}
