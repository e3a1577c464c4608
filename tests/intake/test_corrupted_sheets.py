"""What people do to a spreadsheet: each fault is named by its cell, nothing is written, the mended sheet is right."""

import csv
import datetime
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from evisynth.intake import ImportRefused, import_file, new_review
from evisynth.review import load_review
from evisynth.synthesis.assemble import assemble_plan, effect_rows
from evisynth.synthesis.estimates import plan_rows
from evisynth.synthesis.moderators import moderator_rows

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
MAP = EXAMPLES / "bcg.map.yaml"
# Columns of the sheet: C year, D cases_vaccinated, E vaccinated, F cases_unvaccinated, G unvaccinated, H latitude.


def clean_rows():
    with (EXAMPLES / "bcg.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return [header, *([int(cell) if cell.isdigit() else cell for cell in row] for row in rows)]


def workbook(path, change=lambda page: None):
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Trials"
    for row in clean_rows():
        page.append(row)
    change(page)
    book.save(path)
    return path


def tables(folder):
    """The text of every table, and of nothing else."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.csv"))}


@pytest.fixture
def folder(tmp_path):
    new_review(tmp_path / "tb")
    return tmp_path / "tb"


def refused(file, folder, mapping=MAP):
    """The refusal of an import, after a look that nothing was written."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(ImportRefused) as caught:
        import_file(file, mapping, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return caught.value.to_text()


def put(cell, value, number_format=None):
    def change(page):
        page[cell] = value
        if number_format:
            page[cell].number_format = number_format

    return change


def totals(page):
    page.append(["Total", None, None, 1065, 191064, 1510, 166283])


def unnamed_totals(page):
    rows = clean_rows()[1:]
    page.append([None, "", None, *(sum(row[column] for row in rows) for column in (3, 4, 5, 6))])


def second_header(page):
    page.insert_rows(2)
    for column, word in enumerate(("no.", "first", "published", "n", "N", "n", "N", "degrees", ""), start=1):
        page.cell(2, column, word)


def merged(page):
    page.merge_cells("B3:B5")


FAULTS = {
    "merged cells": (merged, "Trials!B3:B5", "take the merging back"),
    "a decimal comma": (put("H7", "13,5"), "Trials!H7", "decimal point instead of the comma"),
    "a decimal comma in a count": (put("D7", "33,0"), "Trials!D7", "decimal point instead of the comma"),
    "a sign between thousands": (put("E5", "13,598"), "Trials!E5", "without a sign between thousands"),
    "a row of totals": (totals, "Trials!A15", "skip: [{row: 15, reason: totals}]"),
    "a row of totals without a name": (unnamed_totals, "row of totals", "skip: [{row: 15, reason: totals}]"),
    "two header lines": (second_header, "Trials!D2", "join the two header lines"),
    "a date": (put("D4", datetime.datetime(2026, 12, 5)), "Trials!D4", "type the figure of the source again"),
    "a date as text": (put("D4", "5-Dec"), "Trials!D4", "type the figure of the source again"),
    "a per cent sign": (put("D6", "12%"), "Trials!D6", "leave out the per cent sign"),
    "a per cent format": (put("D6", 0.12, "0%"), "Trials!D6", "without the per cent sign"),
    "less than": (put("D6", "<0.001"), "Trials!D6", "put the sign into the relation column"),
    "two figures": (put("D6", "12 (34%)"), "Trials!D6", "one number in each cell"),
    "words": (put("D6", "not reported"), "Trials!D6", "leave the cell blank"),
    "an error of the spreadsheet": (put("D6", "#DIV/0!"), "Trials!D6", "type the value itself"),
    "a formula never computed": (put("D6", "=D5+1"), "Trials!D6", "type the value itself"),
    "more cases than people": (put("D6", 99999), "Trials!D6", "check events and n"),
    "a column twice": (put("D1", "vaccinated"), "Trials!D1", "rename the columns"),
    "a study twice": (put("B3", "Aronson"), "again", "correct"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_the_message_names_the_cell(what, tmp_path, folder):
    change, place, advice = FAULTS[what]
    if what == "a study twice":
        change = lambda page: (put("B3", "Aronson")(page), put("C3", 1948)(page))  # noqa: E731
        advice = "tell the rows apart"
    text = refused(workbook(tmp_path / "sheet.xlsx", change), folder)
    assert place in text
    assert advice in text
    assert "nothing was written" in text


def test_a_label_that_begins_like_a_total_is_a_study(tmp_path, folder):
    change = lambda page: put("B3", "Totalis")(page)  # noqa: E731
    import_file(workbook(tmp_path / "sheet.xlsx", change), MAP, folder)
    assert "totalis1949" in tables(folder)["studies.csv"]


def test_every_fault_is_told_at_once_in_the_order_of_the_sheet(tmp_path, folder):
    def change(page):
        for name in ("a decimal comma", "a date", "a per cent sign", "a row of totals", "merged cells"):
            FAULTS[name][0](page)

    text = refused(workbook(tmp_path / "sheet.xlsx", change), folder)
    found = [text.index(place) for place in ("Trials!B3:B5", "Trials!D4", "Trials!D6", "Trials!H7", "Trials!A15")]
    assert found == sorted(found)
    assert text.startswith("5 problems in sheet.xlsx")


def end_figures(folder):
    """The effects, estimates and regressions of an imported review, as the workflow's steps make them."""
    shutil.copy(EXAMPLES / "bcg.review.yaml", folder / "review.yaml")
    for path in folder.glob("*.csv"):
        if "example_" in path.read_text(encoding="utf-8"):
            path.unlink()
    review = load_review(folder)
    planned, sensitivity = assemble_plan(review.plan, review.members, review.corrected, review.received)
    effects = pd.concat([effect_rows(one, review.corrected) for one in planned], ignore_index=True)
    varied = pd.concat([effect_rows(one, review.corrected) for one in sensitivity] or [pd.DataFrame()])
    estimates, weights, *_ = plan_rows(review.plan, effects, varied.reindex(columns=["scenario", *effects.columns]))
    regressions = moderator_rows(review.plan, effects, review.corrected["moderators"].text)
    return {"effects": effects, "estimates": estimates, "weights": weights, **regressions}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """The tables and the end figures of the clean sheet."""
    place = tmp_path_factory.mktemp("clean")
    new_review(place / "tb")
    import_file(workbook(place / "sheet.xlsx"), MAP, place / "tb")
    return tables(place / "tb"), end_figures(place / "tb")


def test_mended_it_gives_the_same_figures_as_the_clean_sheet(tmp_path, folder, clean):
    """The faults one after the other in the same file; then the file as it should be, through to the estimates."""
    file = tmp_path / "sheet.xlsx"
    for what, (change, _, _) in FAULTS.items():
        if what != "a study twice":
            refused(workbook(file, change), folder)
    import_file(workbook(file), MAP, folder)
    assert tables(folder) == clean[0]
    found = end_figures(folder)
    assert set(found) == set(clean[1])
    for name, frame in found.items():
        pd.testing.assert_frame_equal(frame, clean[1][name], check_exact=True, obj=name)
    estimate = found["estimates"].set_index("method").loc["reml_hksj", "estimate"]
    # metafor at its tightest for these trials, to 12 digits; tests/pooling has the source
    assert float(estimate) == pytest.approx(-0.714532342159, abs=1e-11)


def test_the_workbook_and_the_csv_give_the_same_figures(tmp_path, folder):
    import_file(EXAMPLES / "bcg.csv", MAP, folder)
    other = tmp_path / "other"
    new_review(other)
    import_file(workbook(tmp_path / "bcg.xlsx"), MAP, other)
    for name, text in tables(other).items():
        assert text.replace("Trials, row", "bcg.csv, row") == tables(folder)[name]


def test_rows_can_be_left_out_on_purpose_and_are_listed(tmp_path, folder):
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAP.read_text(encoding="utf-8") + "skip: [{row: 15, reason: totals}]\n", encoding="utf-8")
    done = import_file(workbook(tmp_path / "sheet.xlsx", totals), mapping, folder)
    assert done.rows["studies"] == 13
    listed = done.listed.read_text(encoding="utf-8")
    assert '"Trials, row 15",the whole row,Total | 1065 | 191064 | 1510 | 166283,totals' in listed


def test_semicolons_and_decimal_commas_of_a_csv(tmp_path, folder):
    rows = [[str(cell) for cell in row] for row in clean_rows()]
    path = tmp_path / "bcg.csv"
    path.write_text("\n".join(";".join(row) for row in rows), encoding="utf-8")
    import_file(path, MAP, folder)
    assert tables(folder)["arms.csv"].count("\n") == 27
    rows[6][7] = "13,5"
    path.write_text("\n".join(";".join(row) for row in rows), encoding="utf-8")
    new_review(tmp_path / "again")
    assert "bcg.csv!H7" in refused(path, tmp_path / "again")


def test_bytes_that_are_not_utf8_and_files_that_are_no_workbook(tmp_path, folder):
    path = tmp_path / "bcg.csv"
    path.write_bytes((EXAMPLES / "bcg.csv").read_text(encoding="utf-8").encode("latin-1"))
    assert "byte 0xf8 in line 6" in refused(path, folder)
    shutil.copy(EXAMPLES / "bcg.csv", tmp_path / "bcg.xlsx")
    assert "no workbook" in refused(tmp_path / "bcg.xlsx", folder)
    assert "no such file" in refused(tmp_path / "nothing.csv", folder)
