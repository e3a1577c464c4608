"""Claimed percentages, and effects of an implausible size."""

import pytest
from tests.integrity.conftest import cell, contrast, found, study, verdict

from evisynth.quality.integrity.check_claims import possible_splits


@pytest.mark.parametrize(
    ("percents", "n", "expected"),
    [
        (["57", "17"], 10, "inconsistent"),
        (["67", "23"], 40, "possible"),
        (["60", "30"], 20, "consistent"),
        (["60", "40"], 5, "possible"),
        (["58", "17"], 24, "consistent"),
        (["50"], 10, "consistent"),
        (["55"], 10, "inconsistent"),
    ],
)
def test_possible_splits(percents, n, expected):
    assert possible_splits(percents, n)[0].startswith(expected)


def test_every_split_is_named():
    _, assumption, told = possible_splits(["67", "23"], 40)
    assert told.startswith("of 3 splits of 40: 6/9 and 7/31; 12/18 and 5/22; 18/27 and 3/13")
    assert "not of 20 and 20, nor of all 40 twice" in told
    assert assumption == "groups of 9 and 31 or 18 and 22 or 27 and 13 people"


def claim(attribute, value, **cells):
    base = {"claim_id": f"c{attribute[0]}{value}", "source_id": "page", "locator": "line 7", "study_id": "s1"}
    return {**base, "attribute": attribute, "stated_value": value, **cells}


def test_the_number_of_people_in_the_same_place_counts_first():
    rows = [claim("percent", "57"), claim("percent", "17"), claim("sample size", "10"),
            claim("sample size", "40", locator="line 90")]  # fmt: skip
    frame = found(claims=rows)
    assert verdict(frame, "claimed_percentages") == "inconsistent"
    assert cell(frame, "claimed_percentages", "inputs") == "percent 57; 17; n 10"


def test_a_number_from_elsewhere_says_so():
    rows = [claim("percent", "67"), claim("percent", "23"), claim("sample size", "40", locator="line 90")]
    assert "elsewhere (line 90)" in cell(found(claims=rows), "claimed_percentages", "what")
    assert verdict(found(claims=rows[:2]), "claimed_percentages") == "not checkable"


def test_implausible_effects():
    studies = [study(study_id=f"s{i}") for i in range(8)]
    values = ("0.1", "-0.1", "0.2", "0.0", "-0.2", "0.15", "1.4", "2.98")
    rows = [contrast("SMD", "score", study_id=f"s{i}", value=value) for i, value in enumerate(values)]
    frame = found(studies=studies, contrasts=rows).query("check == 'implausible_effect'")
    assert list(frame.query("verdict != 'consistent'")["study_id"]) == ["s6", "s7"]
    for value, expected in (("0.05", "possible"), ("0.5", "consistent"), ("12", "possible")):
        frame = found(contrasts=[contrast("OR", value=value)])
        assert verdict(frame, "implausible_effect").startswith(expected)
