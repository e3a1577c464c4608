"""Every kind of bad input: the message names the file, the line, the column, and what to do."""

import csv
import shutil
from pathlib import Path

import pytest

from evisynth.review import ReviewError, check_name, load_review

MINI = Path(__file__).parents[1] / "mini"


@pytest.fixture
def folder(tmp_path):
    """A copy of the mini review."""
    shutil.copytree(MINI, tmp_path / "mini")
    return tmp_path / "mini"


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def edit(path, column, value, where=lambda row: True):
    """Change one cell of the first row that fits; return its line."""
    rows = rows_of(path)
    position = next(i for i, row in enumerate(rows) if where(row))
    rows[position][column] = value
    write(path, rows)
    return position + 2


def problems(folder):
    with pytest.raises(ReviewError) as caught:
        load_review(folder)
    return caught.value


def said(error, file, line, column):
    """The problem at a place; the test fails where there is none."""
    found = [p for p in error.problems if (p.file, p.line, p.column) == (file, line, column)]
    assert found, error.to_text()
    return found[0].to_text()


def test_the_mini_review_itself_is_sound(folder):
    review = load_review(folder)
    assert review.members["heavy_drinking"] == ["volpicelli1992", "anton1999", "guardia2002", "oslin1997"]


def test_missing_column(folder):
    rows = rows_of(folder / "arms.csv")
    write(folder / "arms.csv", [{k: v for k, v in row.items() if k != "events"} for row in rows])
    text = said(problems(folder), "arms.csv", 1, "events")
    assert "no such column" in text
    assert "add the column events" in text


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("about 26", "type the figure alone"),
        ("26,5", "decimal point instead of the comma"),
        ("26%", "leave out the per cent sign"),
        ("<5", "put the sign into the relation column"),
        ("12 (34%)", "split the figures"),
    ],
)
def test_text_in_a_number_column(folder, value, advice):
    line = edit(folder / "arms.csv", "n", value)
    text = said(problems(folder), "arms.csv", line, "n")
    assert value in text
    assert "a whole number, 0 or more" in text
    assert advice in text


def test_more_events_than_people(folder):
    line = edit(folder / "arms.csv", "events", "999", lambda row: row["events"])
    text = said(problems(folder), "arms.csv", line, "events")
    assert "999 events in" in text
    assert "check events and n" in text


def test_negative_standard_deviation(folder):
    line = edit(folder / "arms.csv", "sd", "-1.2")
    text = said(problems(folder), "arms.csv", line, "sd")
    assert "'-1.2'" in text
    assert "0 or more" in text


def test_standard_error_in_the_sd_column(folder):
    rows = rows_of(folder / "arms.csv")
    pair = [dict(row) for row in rows if row["study_id"] == "anton1999"]
    for row, mean in zip(pair, ("4.2", "5.6"), strict=True):
        row.update(variant="scale", value_kind="final", mean=mean, sd="0.2", n="60", events="", percent="")
    write(folder / "arms.csv", rows + pair)
    line = len(rows) + 2
    text = said(problems(folder), "arms.csv", line, "sd")
    assert "implausible effect" in text
    assert "is this a standard error?" in text
    for row in pair:
        row["note"] = "sd confirmed against the table"
    write(folder / "arms.csv", rows + pair)
    load_review(folder)


def test_study_that_does_not_exist(folder):
    line = edit(folder / "arms.csv", "study_id", "nobody1999")
    text = said(problems(folder), "arms.csv", line, "study_id")
    assert "'nobody1999'" in text
    assert "add the row to studies.csv" in text


def test_duplicate_rows(folder):
    rows = rows_of(folder / "studies.csv")
    write(folder / "studies.csv", [*rows, rows[0]])
    text = said(problems(folder), "studies.csv", len(rows) + 2, "study_id")
    assert f"'{rows[0]['study_id']}' again (first in line 2)" in text


def test_interval_that_does_not_contain_its_estimate(folder):
    line = edit(folder / "contrasts.csv", "value", "9.9", lambda row: row["ci_low"])
    text = said(problems(folder), "contrasts.csv", line, "ci_low")
    assert "does not contain the value 9.9" in text


def test_limits_in_the_wrong_order_and_one_limit_alone(folder):
    rows = rows_of(folder / "contrasts.csv")
    row = next(row for row in rows if row["ci_low"])
    row["ci_low"], row["ci_high"] = row["ci_high"], row["ci_low"]
    write(folder / "contrasts.csv", rows)
    assert any("exchange the limits" in p.advice for p in problems(folder).problems)
    row["ci_low"] = ""
    write(folder / "contrasts.csv", rows)
    assert any("one limit without the other" in p.found for p in problems(folder).problems)


def test_unknown_measure(folder):
    path = folder / "review.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("measure: RR", "measure: RRR"), encoding="utf-8")
    error = problems(folder)
    found = next(p for p in error.problems if p.column == "syntheses.1.measure")
    assert found.found == "'RRR'"
    assert "'OR', 'RR', 'RD', 'MD' or 'SMD'" in found.allowed
    assert path.read_text(encoding="utf-8").splitlines()[found.line - 1].strip() == "measure: RRR"


def test_misspelt_key_of_the_plan(folder):
    path = folder / "review.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("comparator:", "comparater:", 1), encoding="utf-8")
    assert any("this key does not exist" in p.advice for p in problems(folder).problems)


def test_synthesis_without_studies(folder):
    path = folder / "review.yaml"
    text = path.read_text(encoding="utf-8").replace("outcome: heavy_drinking", "outcome: adverse_event_any")
    path.write_text(text, encoding="utf-8")
    found = next(p for p in problems(folder).problems if p.column == "syntheses.heavy_drinking")
    assert "a synthesis without studies" in found.found


def test_low_and_standard_doses_are_never_pooled(folder):
    edit(folder / "studies.csv", "dose_mg", "4.5", lambda row: row["study_id"] == "anton1999")
    found = next(p for p in problems(folder).problems if p.column == "syntheses.heavy_drinking.studies")
    assert "anton1999 with 4.5 mg" in found.found
    assert "never pooled" in found.advice


def test_empty_tables(folder):
    header = (folder / "arms.csv").read_text(encoding="utf-8").splitlines()[0]
    (folder / "arms.csv").write_text(header + "\n", encoding="utf-8")
    assert "a table without rows" in said(problems(folder), "arms.csv", 0, "")
    (folder / "arms.csv").write_text("", encoding="utf-8")
    assert "an empty file" in said(problems(folder), "arms.csv", 0, "")


def test_file_that_is_not_utf8(folder):
    path = folder / "studies.csv"
    text = path.read_text(encoding="utf-8").replace("2024", "\u00e9", 1)
    path.write_bytes(text.encode("latin-1", errors="replace"))
    found = next(p for p in problems(folder).problems if p.file == "studies.csv")
    assert "byte 0xe9 that is not UTF-8" in found.found
    assert "CSV UTF-8" in found.advice


def test_a_correction_that_no_longer_fits_stops_the_build(folder):
    line = edit(folder / "corrections.csv", "old", "77")
    text = said(problems(folder), "corrections.csv", line, "old")
    assert "the data have changed" in text


def test_all_problems_are_told_at_once(folder):
    edit(folder / "arms.csv", "n", "x")
    edit(folder / "studies.csv", "design", "trial")
    edit(folder / "sources.csv", "kind", "book")
    error = problems(folder)
    assert {p.file for p in error.problems} >= {"arms.csv", "studies.csv", "sources.csv"}
    assert error.to_text().startswith(f"{len(error.problems)} problems")


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "", "Naltrexone", ".hidden", "a b"])
def test_names_that_could_leave_the_folder_are_refused(name):
    with pytest.raises(ValueError, match="is not the name of a review"):
        check_name(name)


def test_a_table_that_nothing_reads_is_told(folder):
    shutil.copy(folder / "arms.csv", folder / "arm.csv")
    assert "a table that no stage reads" in said(problems(folder), "arm.csv", 0, "")
