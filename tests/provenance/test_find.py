"""Printed numbers lead to the row that they were rounded from."""

import pytest
from typer.testing import CliRunner

from evisynth.cli import _app
from evisynth.provenance.find import find_places, numbers_in
from evisynth.provenance.folder import ResultsFolder

PLACE = ("pooled/estimates.csv", "heavy_drinking:RR:reml_hksj_safe")


@pytest.fixture
def folder(results):
    return ResultsFolder(results)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.74 (0.59 to 0.92)", ["0.74", "0.59", "0.92"]),
        ("−0.04 [-0.52, 0.44]", ["-0.04", "-0.52", "0.44"]),
        ("1,234 people, 12.5%", ["1234", "12.5"]),
        ("0.59-0.92", ["0.59", "0.92"]),
        ("I2 of tau2", []),
    ],
)
def test_numbers_are_read_as_they_are_printed(text, numbers):
    assert numbers_in(text) == numbers


@pytest.mark.parametrize("digits", [2, 3])
def test_an_estimate_with_its_interval_is_found(folder, digits):
    row = folder.rows(PLACE[0])[PLACE[1]]
    names = ("natural_estimate", "natural_ci_low", "natural_ci_high")
    printed = "{} ({} to {})".format(*(f"{float(row[name]):.{digits}f}" for name in names))
    found = find_places(folder, printed)
    assert (found[0].reference.table, found[0].reference.key) == PLACE, "the headline comes first"
    assert list(found[0].cells) == list(names)
    assert found[0].cells["natural_estimate"] == row["natural_estimate"]


def test_one_cell_stands_for_one_printed_number(folder):
    row = folder.rows(PLACE[0])[PLACE[1]]
    number = f"{float(row['natural_estimate']):.4f}"
    twice = find_places(folder, f"{number} and {number}")
    assert all(len(set(place.cells)) == 2 for place in twice)


def test_what_is_nowhere_is_said(folder, results):
    assert find_places(folder, "123456.789") == []
    with pytest.raises(ValueError, match="no number"):
        find_places(folder, "nothing")

    def call(*words):
        return CliRunner().invoke(_app("trace"), [str(results), *words])

    assert call("--find", "123456.789").exit_code == 1
    assert "no row of the results holds" in call("--find", "123456.789").output
    assert "name a place" in call().output
    many = call("--find", "0")
    assert many.exit_code == 0
    assert "more rows: name more of the printed numbers" in many.output
