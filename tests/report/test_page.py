"""The page as a whole: harmless whatever a study is called, honest where a table or a number is missing."""

import csv
import json
import re
import shutil

import pytest

from evisynth.provenance.folder import ResultsFolder
from evisynth.report import write_page, write_run_facts
from evisynth.report.cells import Cells
from evisynth.report.pictures import Pictures
from evisynth.report.store import as_script, store_of

LONG = "A very long name " * 12
NAMES = ["<script>alert(1)</script>", '=HYPERLINK("x")', LONG.strip(), "دراسة صغيرة", "two\nlines", "@STORE@ {{ 7*7 }}"]


def rename(folder, names):
    """Give the first studies of a results folder other names, wherever their label stands."""
    studies = folder / "checked" / "studies.csv"
    with studies.open(encoding="utf-8", newline="") as file:
        old = [row["label"] for row in csv.DictReader(file)][: len(names)]
    for path in [*folder.rglob("*.csv")]:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        swapped = [[names[old.index(cell)] if cell in old else cell for cell in row] for row in rows]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(swapped)


@pytest.fixture
def copy(results, page, tmp_path):
    """A copy of results that a test may change; `page` has put the report's tables there."""
    return shutil.copytree(results, tmp_path / "mini")


def test_a_study_may_be_called_anything(copy, read):
    rename(copy, NAMES)
    page = write_page(ResultsFolder(copy), "mini")
    parsed = read(page)
    scripts = [element for element in parsed.elements if element.tag == "script"]
    assert len(scripts) == 2, "the store and the page's own"
    shown = {element.text for element in parsed.elements if element.tag == "bdi"}
    assert set(NAMES) <= shown
    stored = next(element.text for element in scripts if element.attributes.get("id") == "store")
    assert json.loads(stored)["review"] == "mini"
    assert "</script" not in stored
    assert all(element.tag != "img" for element in parsed.elements)


def test_nothing_is_fetched(page):
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_the_page_is_one_document_with_every_part(page, read):
    parsed = read(page)
    ids = [element.attributes["id"] for element in parsed.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for name in ("question", "known", "findings", "syntheses", "integrity", "methods", "deviations", "flow", "data"):
        assert name in ids
    targets = {e.attributes["href"][1:] for e in parsed.elements if e.attributes.get("href", "").startswith("#")}
    assert targets - set(ids) <= {""}
    heads = [element for element in parsed.elements if element.tag == "th"]
    assert heads
    assert all(element.attributes.get("scope") in ("col", "row") for element in heads)
    assert "no medical advice" in page
    assert len(page.encode()) < 5_000_000


def test_tables_that_are_not_there_are_said_to_be_missing(copy, page_of, read):
    for folder in ("quality", "bayes", "claims", "figures", "bias"):
        shutil.rmtree(copy / folder, ignore_errors=True)
    page = page_of(copy)
    text = " ".join(text for text, _ in read(page).texts)
    assert "Risk of bias and certainty have not been assessed." in text
    assert "The figures have not been drawn yet." in text
    assert "The checks of reported figures have not been run." in text
    assert 'id="claims"' not in page


def test_a_failed_fit_shows_its_reason_and_no_number(copy, read):
    path = copy / "bayes" / "estimates.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = {"synthesis", "measure", "method", "school", "title", "headline", "k", "from"}
    rows[0] = {name: value if name in kept else "" for name, value in rows[0].items()}
    rows[0] |= {"status": "failed", "reason": "R-hat 1.2 is above 1.01", "gate": "failed"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    parsed = read(write_page(ResultsFolder(copy), "mini"))
    cells = [element for element in parsed.elements if "failed" in element.classes]
    assert any("R-hat 1.2 is above 1.01" in cell.text for cell in cells)
    key = ":".join(rows[0][name] for name in ("synthesis", "measure", "method"))
    shown = {e.attributes["data-ref"] for e in parsed.elements if e.tag == "data"}
    assert not any(ref.startswith(f"bayes/estimates.csv:{key}:") for ref in shown)


def test_odds_ratios_stand_in_a_table_of_their_own(page, read):
    measures = {}
    for element in read(page).elements:
        ref = element.attributes.get("data-ref", "")
        if element.tag == "data" and ref.startswith(("pooled/estimates.csv:", "bayes/estimates.csv:")):
            table = next((e for e in element.around() if e.tag == "table" and "estimates" in e.classes), None)
            if table is not None:
                measures.setdefault(id(table), set()).add(ref.split(":")[2])
    assert measures
    assert all(len(found) == 1 for found in measures.values())


def test_never_no_effect(page, read):
    # Words of tables are quoted as they stand; a threshold of importance may be 'no effect' there.
    own = [text for text, element in read(page).texts if element.tag not in ("script", "style", "bdi", "data")]
    assert "no effect" not in " ".join(own).lower()


def test_a_drawing_is_made_harmless(copy):
    figures = copy / "figures"
    figures.mkdir(exist_ok=True)
    (figures / "index.csv").write_text(
        'name,kind,synthesis,title,alt,from\nforest_pain,forest,pain,Pain,"a <b> & ""c""",review.yaml:pain\n',
        encoding="utf-8",
    )
    (figures / "forest_pain.csv").write_text(
        "row,synthesis,measure,from\nstudy:a,pain,MD,pooled/estimates.csv:pain:MD:common\n", encoding="utf-8"
    )
    (figures / "forest_pain.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" onload="alert(1)"><script>alert(1)</script>'
        '<style>*{fill:red}</style><g id="forest-pain-MD-study-a" onclick="x()"><path d="M 0 0" id="p1"/></g>'
        '<a href="javascript:x()"><path d="M 1 1"/></a><image href="https://example.org/x.png"/>'
        '<path d="M 2 2" style="fill:url(https://example.org)"/></svg>',
        encoding="utf-8",
    )
    cells = Cells(ResultsFolder(copy))
    pictures = Pictures(cells)
    (item,) = pictures.all()
    drawn = pictures.fill(f"<p>{item.token}</p>", 10**6)
    for bad in ("script", "onload", "onclick", "javascript", "https:", "<style", "<a "):
        assert bad not in drawn
    assert 'data-ref="pooled/estimates.csv:pain:MD:common"' in drawn
    assert 'aria-label="a &lt;b&gt; &amp; &#34;c&#34;"' in drawn
    assert "pain:MD:common" in json.dumps(store_of(cells, "mini"))
    assert "figures/forest_pain.svg" in Pictures(cells).fill(f"<p>{item.token}</p>", 10)


def test_the_store_holds_each_row_once(results, page):
    cells = Cells(ResultsFolder(results))
    for method in ("common", "dl_wald"):
        cells.number("pooled/estimates.csv", f"heavy_drinking:RR:{method}", "estimate")
    store = store_of(cells, "mini")
    keys = [(row[0], row[1]) for row in store["rows"]]
    assert len(keys) == len(set(keys))
    assert as_script({"a": "</script><!--"}) == '{"a":"\\u003c/script\\u003e\\u003c!--"}'


def test_run_facts_are_a_page_of_their_own(tmp_path, page):
    folder = tmp_path / "provenance" / "run_facts"
    folder.mkdir(parents=True)
    fact = {"rule": "pool_estimates", "started": "2026-01-01T00:00:00Z", "seconds": 1.9, "host": "<b>here</b>"}
    (folder / "pool_estimates.json").write_text(json.dumps(fact), encoding="utf-8")
    text = write_run_facts(tmp_path, "mini")
    assert "&lt;b&gt;here" in text
    assert "2026-01-01T00:00:00Z" in text
    assert "started" not in page
