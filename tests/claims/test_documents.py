"""Looking up stated figures in documents, and the checks of claims.csv."""

import hashlib
from dataclasses import replace

import pytest

from evisynth.claims import check_claims, check_documents, find_documents

PAGE = """A page about gout

In 2013 a randomized, placebo-controlled trial (n=10) of 1,595 letters
cured 57% versus 17%.
Wait seven to ten days.
Nothing here
Nothing here
The last line has 99.
"""


@pytest.fixture
def at_hand(tmp_path, with_claims):
    """Return a function that gives the tables, the page's hash entered, and the folder that holds the page."""
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "any name.txt").write_text(PAGE, encoding="utf-8")
    (tmp_path / "another.txt").write_text("57", encoding="utf-8")

    def build(*claims):
        tables = with_claims(*claims)
        text = tables["sources"].text.copy()
        text.loc[text["source_id"] == "page", "sha256"] = hashlib.sha256(PAGE.encode()).hexdigest()
        return tables["claims"], tables["sources"].with_text(text), tmp_path

    return build


@pytest.mark.parametrize(
    ("stated", "locator", "attribute"),
    [
        ("57", "line 4", "percent"),
        ("17", "results, lines 3 to 4", "percent"),
        ("57", "line 3", "percent"),  # one line off: a wrapped line
        ("1595", "line 3", "count"),
        ("1,595", "line 3", "count"),
        ("7", "line 5", "practice"),
        ("10", "line 5", "practice"),
        ("99", "whole document", "count"),
        ("randomised", "line 3", "design"),
        ("placebo-controlled", "line 3", "design"),
        ("better", "line 6", "direction"),  # our word for it: not looked up
        ("", "line 6", "omission"),
    ],
)
def test_what_stands_there_is_found(at_hand, stated, locator, attribute):
    claim = {"stated_value": stated, "locator": locator, "attribute": attribute}
    assert check_documents(*at_hand(claim)) == []


@pytest.mark.parametrize(
    ("stated", "locator", "attribute"),
    [
        ("58", "line 4", "percent"),
        ("5", "line 4", "percent"),  # a digit of 57 is no 5
        ("159", "line 3", "count"),
        ("57", "line 8", "percent"),  # it stands elsewhere
        ("-57", "line 4", "percent"),
        ("crossover", "line 3", "design"),
        ("3", "whole document", "count"),
    ],
)
def test_what_does_not_stand_there_is_a_problem(at_hand, stated, locator, attribute):
    claim = {"stated_value": stated, "locator": locator, "attribute": attribute}
    (problem,) = check_documents(*at_hand(claim))
    assert (problem.file, problem.line, problem.column) == ("claims.csv", 2, "stated_value")
    assert stated in problem.found
    assert "any name.txt" in problem.found


def test_a_line_that_the_document_does_not_have(at_hand):
    (problem,) = check_documents(*at_hand({"stated_value": "57", "locator": "line 40"}))
    assert (problem.column, problem.found) == ("locator", "line 40")
    assert "lines 1 to 8" in problem.allowed


def test_a_document_that_is_not_at_hand(at_hand):
    claims, sources, folder = at_hand({"stated_value": "57"})
    changed = folder / "deeper" / "any name.txt"
    changed.write_text(PAGE.replace("57", "58"), encoding="utf-8")
    (problem,) = check_documents(claims, sources, folder)
    assert (problem.file, problem.line, problem.column) == ("sources.csv", 2, "sha256")
    assert "page" in problem.found
    files, problems = find_documents(sources, folder / "nowhere")
    assert files == {}
    assert problems[0].found == "no such folder"


def test_a_document_without_a_hash_is_left_out(at_hand):
    claims, sources, folder = at_hand({"stated_value": "58", "source_id": "undated"})
    assert check_documents(claims, sources, folder) == []


def test_sound_claims_have_no_problem(with_claims):
    tables = with_claims(
        {"stated_value": "40", "attribute": "sample size", "compare_with": "studies.csv:trial:n_randomised"},
        {"stated_value": "minimal", "attribute": "harm"},
        {"attribute": "no study named", "tags": "no source; not audited"},
    )
    assert list(check_claims(tables["claims"], tables)) == []


@pytest.mark.parametrize(
    ("claim", "column", "found"),
    [
        ({"stated_value": "4", "tags": "wrong numbers"}, "tags", "wrong numbers"),
        ({"stated_value": ""}, "stated_value", "a blank cell"),
        ({"stated_value": "minimal", "compare_with": "studies.csv:trial:year"}, "compare_with", "minimal"),
        ({"stated_value": "4", "compare_with": "studies.csv:trial:design"}, "compare_with", "not a number"),
        ({"stated_value": "4", "compare_with": "screening.csv:a:citation"}, "compare_with", "screening"),
    ],
)
def test_claims_that_cannot_be_audited(with_claims, claim, column, found):
    tables = with_claims(claim)
    (problem,) = check_claims(tables["claims"], tables)
    assert problem.column == column
    assert found in problem.found
    assert problem.line == 2


def test_a_verdict_of_a_person_needs_no_rule(with_claims):
    claim = {
        "stated_value": "minimal",
        "compare_with": "studies.csv:trial:year",
        "verdict_override": "partly",
    }
    tables = with_claims(claim)
    assert list(check_claims(tables["claims"], tables)) == []


def test_problems_name_the_line_of_the_file(with_claims):
    tables = with_claims({"stated_value": "4"}, {"stated_value": ""})
    moved = replace(tables["claims"], lines=(2, 7))
    assert [problem.line for problem in check_claims(moved, tables)] == [7]
