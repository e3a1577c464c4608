"""Sheets as they come from other people's machines: what is harmless is read, the rest is named, nothing is lost."""

import csv
import datetime
import shutil
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart

from evisynth.cli import main
from evisynth.intake import ImportRefused, draft_mapping, import_file, new_review
from evisynth.review.reading import cell_fault
from evisynth.review.tables import TABLES

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TEXT = (EXAMPLES / "bcg.csv").read_text(encoding="utf-8")
MAP = (EXAMPLES / "bcg.map.yaml").read_text(encoding="utf-8")
FIRST = "4,123,11,139,44,random"


def brought(tmp_path, content, mapping=MAP, name="bcg.csv"):
    """Import a CSV given as text or bytes, or a workbook given as a function; a refused one has written nothing."""
    folder, file, plan = tmp_path / "tb", tmp_path / name, tmp_path / "map.yaml"
    shutil.rmtree(folder, ignore_errors=True)
    new_review(folder)
    plan.write_text(mapping, encoding="utf-8")
    if callable(content):
        content(file)
    else:
        file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    try:
        return import_file(file, plan, folder)
    except ImportRefused:
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
        raise


def refusal(tmp_path, content, mapping=MAP, name="bcg.csv"):
    with pytest.raises(ImportRefused) as caught:
        brought(tmp_path, content, mapping, name)
    return caught.value.to_text()


def figures(tmp_path):
    """The figures of both tables, without the locators, which name the rows of the file."""
    found = []
    for table in ("arms", "moderators", "studies"):
        with (tmp_path / "tb" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            found += [{name: cell for name, cell in row.items() if name != "locator"} for row in csv.DictReader(file)]
    return found


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    place = tmp_path_factory.mktemp("clean")
    brought(place, TEXT)
    return figures(place)


def workbook(change=lambda book, page: None):
    def make(path):
        book = openpyxl.Workbook()
        page = book.active
        page.title = "Trials"
        for row in csv.reader(TEXT.splitlines()):
            page.append([int(cell) if cell.isdigit() else cell for cell in row])
        change(book, page)
        book.save(path)

    return make


def title_above(book, page):
    page.insert_rows(1)
    page["A1"] = "Trials of the vaccine"
    page.merge_cells("A1:I1")


def hidden_list_first(book, page):
    book.create_sheet("Lists", 0).sheet_state = "hidden"
    book["Lists"]["A1"] = "random"


def chart_first(book, page):
    book.create_chartsheet("Chart", 0).add_chart(BarChart())


def computed(book, page):
    # 44 as the sum of binary fractions, as a formula leaves it
    page["H2"] = 43.999999999999997


HARMLESS = {
    "the mark of the byte order": ("\ufeff" + TEXT, MAP, "bcg.csv"),
    "line ends of Windows": (TEXT.replace("\n", "\r\n"), MAP, "bcg.csv"),
    "semicolons": (TEXT.replace(",", ";"), MAP, "bcg.csv"),
    "tabs": (TEXT.replace(",", "\t"), MAP, "bcg.tsv"),
    "a title with other signs": (
        "Trials; of; the; vaccine; 1994; a; b; c; d; e; f\n" + TEXT,
        f"header: 2\n{MAP}",
        "bcg.csv",
    ),
    "a separator named in the first line": ("sep=;\n" + TEXT.replace(",", ";"), f"header: 2\n{MAP}", "bcg.csv"),
    "blanks around cells": (TEXT.replace(",", " , "), MAP, "bcg.csv"),
    "no-break spaces around cells": (TEXT.replace(",", "\u00a0,\u202f"), MAP, "bcg.csv"),
    "blank lines": (TEXT.replace("\n", "\n\n"), MAP, "bcg.csv"),
    "signs nobody sees": (TEXT.replace(FIRST, f"\u200b{FIRST}").replace("Aronson", "Aron\u00adson"), MAP, "bcg.csv"),
    "a workbook": (workbook(), MAP, "bcg.xlsx"),
    "a merged title above": (workbook(title_above), f"header: 2\n{MAP}", "bcg.xlsx"),
    "empty rows above": (workbook(lambda b, p: p.insert_rows(1, 3)), f"header: 4\n{MAP}", "bcg.xlsx"),
    "an empty column": (workbook(lambda b, p: p.insert_cols(4)), MAP, "bcg.xlsx"),
    "a hidden sheet first": (workbook(hidden_list_first), MAP, "bcg.xlsx"),
    "a chart sheet first": (workbook(chart_first), MAP, "bcg.xlsx"),
    "the rest of a computed number": (workbook(computed), MAP, "bcg.xlsx"),
    "a line break in a column's name": (
        workbook(lambda b, p: p.cell(1, 4, "cases\nvaccinated")),
        MAP.replace("events: cases_vaccinated", "events: cases vaccinated"),
        "bcg.xlsx",
    ),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_is_harmless_gives_the_figures_of_the_clean_file(what, tmp_path, clean):
    content, mapping, name = HARMLESS[what]
    brought(tmp_path, content, mapping, name)
    assert figures(tmp_path) == clean


def changed(new):
    return TEXT.replace(FIRST, new)


CELLS = {
    "a mark of a footnote": ("4*", "D2", "leave out the mark of the footnote"),
    "a letter of a footnote": ("4 a", "D2", "leave out the mark of the footnote"),
    "a raised figure": ("4²", "D2", "leave out the mark of the footnote"),
    "a fraction": ("4/123", "D2", "one number in each cell"),
    "a range": ("3–4", "D2", "one number in each cell"),
    "a mean with its deviation": ("4.1 ± 0.3", "D2", "one number in each cell"),
    "a dash for a minus": ("–4", "D2", "minus sign '-' instead of the dash"),
    "a minus": ("-4", "D2", "a whole number, not negative"),
    "decimals of a count": ("4.0", "D2", "write it without decimals"),
    "digits of another script": ("٤", "D2", "with the digits 0 to 9"),
    "wide digits": ("４", "D2", "with the digits 0 to 9"),
    "not reported": ("NR", "D2", "leave the cell blank"),
    "not applicable": ("n/a", "D2", "leave the cell blank"),
    "no number": ("nan", "D2", "leave the cell blank"),
    "thin spaces between thousands": ("13\u2009598", "D2", "without a sign between thousands"),
    "an apostrophe between thousands": ("13'598", "D2", "without a sign between thousands"),
}


@pytest.mark.parametrize("what", CELLS)
def test_a_cell_that_is_no_figure_is_named_with_what_to_do(what, tmp_path):
    cell, place, advice = CELLS[what]
    text = refusal(tmp_path, changed(FIRST.replace("4", f'"{cell}"', 1)))
    assert text.startswith("1 problem in bcg.csv; nothing was written:\n")
    assert f"bcg.csv!{place}, meant for events of arms.csv" in text
    assert advice in text


def test_a_comma_between_thousands_does_not_move_the_row(tmp_path):
    """62,13,598,248 ...: every figure after it would stand one column too far to the right."""
    text = refusal(tmp_path, TEXT.replace("62,13598,", "62,13,598,"))
    assert "bcg.csv!J5: found 10 cells; allowed: 9, as in the header" in text
    text = refusal(tmp_path, TEXT.replace("6,306,29,303,55,random", "6,306,29,303,55"))
    assert "bcg.csv, row 3: found 8 cells" in text
    mapping = f"{MAP}skip: [{{row: 15, reason: a remark}}]\n"
    assert brought(tmp_path, f"{TEXT}as printed\n", mapping).rows["studies"] == 13


def test_what_stands_beside_the_table_is_listed(tmp_path):
    done = brought(tmp_path, workbook(lambda b, p: p.cell(4, 12, "read twice")), name="bcg.xlsx")
    beside = [item for item in done.leftovers if item.column != "trial"]
    assert [(item.place, item.value, item.reason) for item in beside] == [
        ("Trials!L4", "read twice", "column L has no name in row 1")
    ]


def test_cells_and_rows_are_told_in_one_list(tmp_path):
    """A cell that cannot be read, a row that cannot be true, a study twice: nobody mends them one after the other."""
    text = (
        changed('400,123,11,139,"44,5",random')
        .replace("6,306,29", "306,6,29")
        .replace("Rosenthal,1961", "Rosenthal,1960")
    )
    said = refusal(tmp_path, text)
    assert said.startswith("5 problems")
    for place, words in (("H2", "'44,5'"), ("D3", "306 events in 6 people"), ("E11", "bcg.csv!E4 has '231'")):
        assert any(f"bcg.csv!{place}," in line and words in line for line in said.splitlines()), place


def test_a_cell_for_several_columns_is_told_once(tmp_path):
    text = refusal(tmp_path, workbook(lambda b, p: p.cell(2, 2, "#N/A")), name="bcg.xlsx")
    assert text.startswith("1 problem")
    assert "Trials!B2, meant for study_id of studies.csv, label of studies.csv, study_id of arms.csv" in text


@pytest.mark.parametrize("cell", ["B2", "I2"])
def test_a_date_is_no_name_and_no_category(cell, tmp_path):
    def change(book, page):
        page[cell] = datetime.datetime(2026, 2, 1)

    text = refusal(tmp_path, workbook(change), name="bcg.xlsx")
    assert f"Trials!{cell}" in text
    assert "a date" in text


def test_hidden_rows_columns_and_sheets_are_mentioned(tmp_path):
    def change(book, page):
        page.row_dimensions[3].hidden = page.column_dimensions["D"].hidden = True
        book.create_sheet("Old")

    notes = brought(tmp_path, workbook(change), name="bcg.xlsx").notes
    assert notes == (
        "row 3 is hidden in the workbook; it is imported",
        "column D is hidden in the workbook; it is read",
        "only the sheet 'Trials' is imported; the others are Old",
    )


def test_other_encodings_are_named_by_line(tmp_path):
    assert "UTF-16" in refusal(tmp_path, TEXT.encode("utf-16"))
    text = refusal(tmp_path, TEXT.replace("Stein", "Stéin").encode("cp1252"))
    assert "byte 0xf8 in line 6, which is not UTF-8 (others in line 7)" in text


def test_files_without_a_table(tmp_path):
    header = TEXT.splitlines()[0]
    assert "no row below the header" in refusal(tmp_path, header)
    assert "the row that names the columns" in refusal(tmp_path, "")
    chart = workbook(chart_first)
    assert "no sheet of cells 'Chart'; allowed: Trials" in refusal(tmp_path, chart, f"sheet: Chart\n{MAP}", "bcg.xlsx")


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    with pytest.raises(ImportRefused, match=r"no such folder.*\n.*`evisynth new typo`"):
        import_file(EXAMPLES / "bcg.csv", tmp_path / "map.yaml", tmp_path / "typo")
    with pytest.raises(ImportRefused, match="no such folder"):
        draft_mapping(EXAMPLES / "bcg.csv", tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


def test_a_disk_that_refuses_is_told_without_a_traceback(tmp_path, capsys):
    new_review(tmp_path / "tb")
    (tmp_path / "tb" / "imports").write_text("a file", encoding="utf-8")
    before = {path: path.read_bytes() for path in (tmp_path / "tb").iterdir()}
    with pytest.raises(SystemExit) as ended:
        main(["import", str(EXAMPLES / "bcg.csv"), str(tmp_path / "tb"), "--mapping", str(EXAMPLES / "bcg.map.yaml")])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("evisynth import: ")
    assert {path: path.read_bytes() for path in (tmp_path / "tb").iterdir()} == before


def test_a_disk_that_is_full_half_way_leaves_the_folder_as_it_was(tmp_path, monkeypatch):
    new_review(tmp_path / "tb")
    before = {path: path.read_bytes() for path in (tmp_path / "tb").rglob("*") if path.is_file()}
    write = Path.write_bytes

    def full(path, content):
        if path.name == "moderators.csv.part":
            raise OSError("no space left")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space left"):
        import_file(EXAMPLES / "bcg.csv", EXAMPLES / "bcg.map.yaml", tmp_path / "tb")
    assert {path: path.read_bytes() for path in (tmp_path / "tb").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("cell", ["5-Dec", "Dec-05", "2026-12-05", "5/12/2026", "5.12.26"])
def test_the_check_knows_a_date_in_a_table_that_went_through_a_spreadsheet(cell):
    assert "into dates" in cell_fault(cell, TABLES["arms"].column("events"))[1]


@pytest.mark.parametrize("cell", ["13,598", "1 234 567", "13'598", "-1,234.5"])
def test_nobody_is_told_to_turn_thousands_into_decimals(cell):
    assert "without a sign between thousands" in cell_fault(cell, TABLES["arms"].column("mean"))[1]
    assert "point instead of the comma" in cell_fault("13,5", TABLES["arms"].column("mean"))[1]
