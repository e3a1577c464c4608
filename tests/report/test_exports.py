"""The PDF, the Word document and the workbook: read back, the same bytes twice, harmless whatever a study is called."""

import csv
import io
import json
import re
import shutil
import unicodedata
import zipfile

import docx
import numpy as np
import openpyxl
import pytest
import typst
from defusedxml import ElementTree
from matplotlib.image import imsave
from openpyxl.utils import get_column_letter
from pypdf import PdfReader

from evisynth.provenance.folder import ResultsFolder
from evisynth.report.exports import pdf, write_docx, write_pdf, write_workbook
from evisynth.report.exports.blocks import Paragraph, Run, Table, plain, table, text
from evisynth.report.exports.clean import fit, one_line, repeatable, unbroken
from evisynth.report.exports.further import FURTHER, further_table
from evisynth.report.exports.ledger import Ledger, gathered, referenced, runs_of
from evisynth.report.exports.supplement import supplement
from evisynth.report.exports.ways import traces
from evisynth.report.views import Place

ARABIC = "دراسة صغيرة"
LONG = "Averylongnamewithoutanyspace" * 8
TYPST = '#import "x": * $x^2$ @ref <label> \\ #panic("no") *b* _i_ `r` // [c]'
NAMES = ["<script>alert(1)</script>", '=HYPERLINK("x")', LONG[:200], ARABIC, "two\nlines\x07", TYPST]
FORMATS = {"pdf": write_pdf, "docx": write_docx, "xlsx": write_workbook}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 2000"><rect width="300" height="2000"/></svg>'


def rename(folder, names):
    """Give the first studies of a results folder other names, wherever their label stands."""
    with (folder / "checked" / "studies.csv").open(encoding="utf-8", newline="") as file:
        old = [row["label"] for row in csv.DictReader(file)][: len(names)]
    for path in [*folder.rglob("*.csv")]:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        swapped = [[names[old.index(cell)] if cell in old else cell for cell in row] for row in rows]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(swapped)


def draw(folder):
    """Put two figures beside the tables: a forest plot longer than a page, and risk of bias."""
    figures = folder / "figures"
    figures.mkdir()
    rows = [("name", "kind", "synthesis", "title", "alt", "from")]
    for name, kind, synthesis in (("forest_pain", "forest", "pain"), ("risk_of_bias", "risk_of_bias", "")):
        (figures / f"{name}.svg").write_text(SVG, encoding="utf-8")
        imsave(figures / f"{name}.png", np.zeros((200, 30)), cmap="gray")
        rows.append((name, kind, synthesis, f"Title of {name}", f"Words for {name}", "studies.csv"))
    with (figures / "index.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


@pytest.fixture(scope="module")
def hostile(results, tmp_path_factory):
    """Results whose first studies have names that do harm where they are taken for more than names."""
    folder = shutil.copytree(results, tmp_path_factory.mktemp("hostile") / "mini")
    rename(folder, NAMES)
    draw(folder)
    return folder


@pytest.fixture(scope="module")
def made(hostile):
    """The three files of those results."""
    for name, write in FORMATS.items():
        write(ResultsFolder(hostile), "mini", hostile / f"made.{name}")
    return {name: hostile / f"made.{name}" for name in FORMATS}


@pytest.fixture(scope="module")
def pages(made):
    """The text of the PDF, page by page."""
    return [page.extract_text() for page in PdfReader(made["pdf"]).pages]


@pytest.fixture(scope="module")
def document(results):
    return supplement(ResultsFolder(results), "mini")


def squeezed(words):
    """Text without white space, and without the hyphens at the ends of lines."""
    return re.sub(r"[-\u00ad]\n|[\s\u00ad]", "", unicodedata.normalize("NFKC", words))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_results_give_the_same_bytes(name, results, made, hostile, tmp_path):
    again = tmp_path / f"again.{name}"
    FORMATS[name](ResultsFolder(hostile), "mini", again)
    assert again.read_bytes() == made[name].read_bytes()


def test_names_are_words_in_the_pdf(pages):
    shown = squeezed("".join(pages))
    for name in [*NAMES[:3], TYPST]:
        assert squeezed(name) in shown
    assert set(squeezed(ARABIC)) <= set(shown)
    assert "twolines" in shown


def test_the_pdf_is_one_that_a_screen_reader_can_read(made, pages):
    reader = PdfReader(made["pdf"])
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    assert reader.metadata.title.startswith("A small part of the naltrexone review")
    assert "Words for forest_pain" in str(alternatives(root["/StructTreeRoot"]))
    assert reader.outline
    assert "1 / " in pages[0]
    fonts = {str(font) for page in reader.pages for font in page["/Resources"].get("/Font", {})}
    assert fonts


def alternatives(node, depth=0):
    """Every alternative text of a tree of structure."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return [found for child in node for found in alternatives(child, depth + 1)]
    if not isinstance(node, dict) or depth > 60:
        return []
    own = [str(node["/Alt"])] if "/Alt" in node else []
    return own + (alternatives(node["/K"], depth + 1) if "/K" in node else [])


def test_the_pdf_bears_no_date_of_its_making(made):
    dates = [value for name, value in PdfReader(made["pdf"]).metadata.items() if "Date" in name]
    assert all(value.startswith("D:1970") for value in dates)


def test_every_part_stands_in_the_pdf(pages):
    shown = "".join(pages)
    for part in (
        *("Plain summary", "Summary of findings", "Integrity of the figures", "Methods", "Deviations from the plan"),
        *("How studies were found", "Study characteristics", "Reporting checklists", "References", "Data and code"),
        *("Where the numbers come from", "no medical advice", "Figure S1", "Table S1", "No search was made"),
    ):
        assert part in shown, part


def test_every_code_leads_to_a_row_and_every_way_ends_at_a_document(document):
    groups = traces(document.ledger)
    listed = {row["code"]: (group["table"], row) for group in groups for row in group["rows"]}
    codes = {run.trace for run in runs(document) if run.trace} | {
        run.text for run in runs(document) if run.style == "trace"
    }
    assert codes and codes <= set(listed)
    for table_name, row in listed.values():
        assert row["key"] in document.ledger.folder.rows(table_name)
        for code in re.findall(r"\b[A-Z]+\d+\b", row["from"].partition("read in")[0]):
            assert code in listed
    effect = next(row for name, row in listed.values() if name == "effects/effects.csv")
    fact = next(row for code, (_, row) in listed.items() if code == effect["from"].split(",")[0])
    assert fact["from"].startswith("read in ")


def runs(document):
    """Every stretch of text of a document."""
    for section in document.sections:
        for block in section.blocks:
            parts = [getattr(block, name, ()) for name in ("text", "caption")]
            parts += list(getattr(block, "items", ()))
            if isinstance(block, Table):
                parts += [cell for row in block.rows for cell in row]
            yield from (run for part in parts for run in part)


def test_every_estimate_names_its_row(document):
    found = [
        row
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Table) and plain(block.head[-1]) == "From"
        for row in block.rows
        if re.search(r"\d \(.*\d to .*\d", " ".join(map(plain, row[1:])))
    ]
    assert found
    assert all(row[-1] and row[-1][0].style == "trace" for row in found)


def test_words_have_tables_and_pictures_with_words(made):
    document = docx.Document(made["docx"])
    head, *rows = document.tables[0].rows
    assert head.cells[0].text.startswith("Question")
    assert len(rows) == 3
    assert head._tr.xpath("./w:trPr/w:tblHeader")
    assert [shape._inline.docPr.get("descr") for shape in document.inline_shapes] == ["Words for risk_of_bias"]
    assert {"Heading 1", "Caption", "Title"} <= {paragraph.style.name for paragraph in document.paragraphs}
    shown = "".join(squeezed(cell.text) for one in document.tables for cell in one._cells)
    for name in [*NAMES[:4], TYPST]:
        assert squeezed(name) in shown
    assert "two lines\ufffd" in {cell.text.strip("0123456789ABCDEFGHIJ") for cell in document.tables[1]._cells}
    core = document.core_properties
    assert core.title.startswith("A small part")
    assert core.created.year == core.modified.year == 2000


@pytest.mark.parametrize("name", ["docx", "xlsx"])
def test_packages_are_sound_xml_without_dates(name, made):
    with zipfile.ZipFile(made[name]) as package:
        for entry in package.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            if entry.filename.endswith((".xml", ".rels")):
                ElementTree.fromstring(package.read(entry))
        assert not any("vba" in entry.filename.lower() for entry in package.infolist())


def test_the_workbook_holds_numbers_and_nothing_that_runs(made, results):
    book = openpyxl.load_workbook(made["xlsx"])
    assert book.sheetnames[0] == "Read me"
    assert {"Summary of findings", "Estimates", "Studies", "Effects", "Certainty", "Integrity", "Corrections"} <= set(
        book.sheetnames
    )
    assert {"PRISMA 2020", "SWiM", "Data dictionary"} <= set(book.sheetnames)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type not in ("s", "n")]
    assert not [cell for cell in cells if cell.hyperlink]
    shown = {cell.value for cell in cells}
    assert {*NAMES[:4], "two\nlines\ufffd", TYPST} <= shown
    sheet = book["Estimates"]
    head = [cell.value for cell in sheet[1]]
    assert sheet.freeze_panes == "B2" and sheet.auto_filter.ref
    assert head[0] == "trace" and head[-1] == "from"
    cell = sheet.cell(2, head.index("natural_estimate") + 1)
    table_name, _, key = sheet["A2"].value.partition(":")
    assert f"{cell.value:.12g}" == ResultsFolder(results).cell(table_name, key, "natural_estimate")
    assert cell.number_format == "0.00"


def test_the_workbook_names_the_question_and_shows_levels_as_levels(made):
    book = openpyxl.load_workbook(made["xlsx"])
    sheet = book["Certainty"]
    head = [cell.value for cell in sheet[1]]
    row = [cell for cell in sheet[2]]
    assert row[head.index("question (title of the synthesis)")].value
    assert {cell.number_format for cell in sheet[get_column_letter(head.index("level") + 1)][1:] if cell.value} == {"0"}
    assert sheet.column_dimensions["A"].width < 30
    assert sheet.print_area and {"Groups", "Comparisons"} <= set(book.sheetnames)


def test_a_workbook_cell_that_looks_like_a_formula_is_quoted(made):
    book = openpyxl.load_workbook(made["xlsx"])
    found = [cell for row in book["Studies"].iter_rows() for cell in row if cell.value == NAMES[1]]
    assert found and all(cell.data_type == "s" and cell.quotePrefix for cell in found)


def test_a_folder_with_hardly_anything_still_makes_a_document(results, tmp_path):
    folder = tmp_path / "mini"
    shutil.copytree(results / "checked", folder / "checked")
    (folder / "effects").mkdir()
    shutil.copy(results / "effects" / "effects.csv", folder / "effects")
    for name, write in FORMATS.items():
        write(ResultsFolder(folder), "mini", tmp_path / f"few.{name}")
    shown = "".join(page.extract_text() for page in PdfReader(tmp_path / "few.pdf").pages)
    assert "The checks of reported figures have not been run" in shown
    assert "No records of the steps" in shown


def test_a_code_stands_once_in_a_row_of_numbers_that_share_it():
    words = text(Run("1", trace="A1"), " to ", Run("2", trace="A1"), Run("3", trace="B1"))
    assert [run.trace for run in gathered(words)] == ["", "", "A1", "B1"]
    cells, code = referenced([text(Run("1", trace="A1")), text(Run("2", trace="A1")), text(Run("3", trace="B1"))])
    assert code == "A1"
    assert [run.trace for cell in cells for run in cell] == ["", "", "B1"]
    assert referenced([text("words")]) == ((text("words"),), "")


def test_codes_that_follow_one_another_are_told_as_a_range():
    assert runs_of(["A1", "A2", "A3", "B7", "AA1", "AA2"]) == "A1 to A3, B7, AA1, AA2"
    assert runs_of([]) == ""


def test_figures_do_not_float_where_typst_cannot_tag_them(results, monkeypatch):
    asked = []

    def compile_once(root):
        asked.append(json.loads((root / "document.json").read_text(encoding="utf-8"))["floats"])
        if asked[-1]:
            raise typst.TypstError("internal error: parent group")
        return b"%PDF"

    monkeypatch.setattr(pdf, "_compile", compile_once)
    out = results.parent / "other.pdf"
    write_pdf(ResultsFolder(results), "mini", out)
    assert asked == [True, False] and out.read_bytes() == b"%PDF"


def test_a_number_leads_to_its_cell(results):
    ledger = Ledger(ResultsFolder(results))
    (run,) = ledger.number("pooled/estimates.csv", "pain:MD:common", "natural_estimate")
    assert run.trace == "A1"
    assert ledger.tables["pooled/estimates.csv"].rows == {"pain:MD:common": "A1"}
    (blank,) = ledger.number("pooled/estimates.csv", "pain:MD:common", "tau2")
    assert (blank.text, blank.trace) == ("–", "")
    with pytest.raises(KeyError, match="has no column 'nothing'"):
        ledger.number("pooled/estimates.csv", "pain:MD:common", "nothing")


def test_a_table_that_a_step_adds_is_shown_by_its_specification(results):
    ledger = Ledger(ResultsFolder(results))
    rows = ledger.folder.rows("pooled/estimates.csv")
    places = [Place("pooled/estimates.csv", key, row) for key, row in rows.items() if row["synthesis"] == "pain"]
    shown = further_table(ledger, FURTHER[-1], places)
    assert [plain(cell) for cell in shown.head][-1] == "From"
    assert all(len(row) == len(shown.head) for row in shown.rows)


def test_text_is_made_fit():
    assert one_line(" a\r\nb\tc\u2028d ") == "a b c d"
    assert one_line(" a ", strip=False) == " a "
    assert fit("a\x00b\u202ec") == "a\ufffdb\ufffdc"
    assert one_line("1\u2009634") == "1\u2009634"
    assert unbroken("1\u2009634") == "1\u202f634"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("b.xml", "b")
        package.writestr("[Content_Types].xml", "t")
    with zipfile.ZipFile(io.BytesIO(repeatable(out.getvalue()))) as package:
        assert package.namelist() == ["[Content_Types].xml", "b.xml"]


def test_a_table_needs_widths_and_letters_for_its_columns():
    with pytest.raises(ValueError, match="a table of 2 columns"):
        table("caption", ("a", "b"), [("1", "2")], (1,), "ll")
    with pytest.raises(ValueError, match="no longer row"):
        table("caption", ("a", "b"), [("1", "2", "3")], (1, 1), "ll")


def test_nothing_is_concluded_that_the_plan_does_not_say(document):
    blocks = [block for section in document.sections for block in section.blocks]
    assert any(isinstance(block, Paragraph) and "states no conclusions" in plain(block.text) for block in blocks)
