"""The page as a whole: harmless whatever a study is called, honest where a table or a number is missing."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from evisynth.provenance.folder import ResultsFolder
from evisynth.report import write_page, write_run_facts
from evisynth.report.cells import Cells
from evisynth.report.packing import packed, unpacked
from evisynth.report.pictures import Pictures
from evisynth.report.store import store_of

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
    assert len(scripts) == 3, "the store, the figures and the page's own"
    shown = {element.text for element in parsed.elements if element.tag == "bdi"}
    assert set(NAMES) <= shown
    stored = next(element.text for element in scripts if element.attributes.get("id") == "store")
    assert unpacked(stored)["review"] == "mini"
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", stored), "nothing that a cell holds can end the element"
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
    for table in ("regression", "subgroups", "multiverse", "multiverse_summary"):
        (copy / "pooled" / f"{table}.csv").unlink(missing_ok=True)
    for table in copy.glob("report/*_checklist.csv"):
        table.unlink()
    page = page_of(copy)
    text = " ".join(text for text, _ in read(page).texts)
    assert "Risk of bias and certainty have not been assessed." in text
    assert "The figures have not been drawn yet." in text
    assert "The checks of reported figures have not been run." in text
    for part in ("claims", "quality", "checklists"):
        assert f'id="{part}"' not in page
        assert f'href="#{part}"' not in page
    parsed = read(page)
    assert all(element.text.strip() for element in parsed.elements if element.tag in ("h2", "h3", "h4", "summary"))
    assert all(element.text.strip() for element in parsed.elements if element.tag in ("tbody", "caption"))


def test_every_anchor_of_a_checklist_leads_to_an_element(page, read, results):
    ids = {element.attributes.get("id") for element in read(page).elements}
    places = set()
    for name in ("prisma", "swim"):
        rows = ResultsFolder(results).rows(f"report/{name}_checklist.csv")
        places |= {row["place"] for row in rows.values() if row["place"]}
    assert {"syntheses", "methods", "findings"} <= places
    # a place in another file is a link to that file
    assert {place for place in places if "." not in place} <= ids


def test_every_place_that_a_checklist_can_name_is_a_part_of_the_page(page):
    from evisynth.report.exports import checklists

    named = {item["place"] for one in checklists._definitions().values() for item in one["items"]}
    parts = set(re.findall(r'id="([a-z]+)"', page)) | {"quality"}
    assert {place for place in named if "." not in place} <= parts


def test_the_commit_is_shown_or_the_digest(results, page):
    commit = "0123456789abcdef0123456789abcdef01234567"
    assert commit in write_page(ResultsFolder(results), "mini", "fedcba", commit)
    assert "The code lay in no git checkout" in page
    assert "fedcba9876543210" in page


def fail_first_row(path: Path, reason: str, every: bool = False) -> dict[str, str]:
    """Rewrite a table as if its first fit (or every one) had missed its gate; return the first row."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = {"synthesis", "measure", "method", "prior", "study_id", "label", "school", "title", "headline", "k", "from"}
    failed = {"status": "failed", "reason": reason, "gate": "failed"}
    for i, row in enumerate(rows if every else rows[:1]):
        rows[i] = {name: failed.get(name, value if name in kept else "") for name, value in row.items()}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows[0]


def test_a_failed_gate_stands_in_place_of_an_adjusted_number(copy, read):
    fail_first_row(copy / "bayes" / "adjusted.csv", "the error bound is 0.2")
    parsed = read(write_page(ResultsFolder(copy), "mini"))
    cells = [element.text for element in parsed.elements if "failed" in element.classes]
    assert sum("the error bound is 0.2" in cell for cell in cells) == 2, "in the short table and in the long one"


def test_the_other_files_are_linked_where_they_lie(copy):
    assert 'href="report.pdf"' not in write_page(ResultsFolder(copy), "mini")
    files = ("report.pdf", "report.docx", "tables.xlsx")
    page = write_page(ResultsFolder(copy), "mini", files=files)
    assert all(f'href="{name}"' in page for name in files)


def test_a_failed_fit_shows_its_reason_and_no_number(copy, read):
    row = fail_first_row(copy / "bayes" / "estimates.csv", "R-hat 1.2 is above 1.01")
    parsed = read(write_page(ResultsFolder(copy), "mini"))
    cells = [element for element in parsed.elements if "failed" in element.classes]
    assert any("R-hat 1.2 is above 1.01" in cell.text for cell in cells)
    key = ":".join(row[name] for name in ("synthesis", "measure", "method"))
    shown = {e.attributes["data-ref"] for e in parsed.elements if e.tag == "data"}
    assert not any(ref.startswith(f"bayes/estimates.csv:{key}:") for ref in shown)


def test_nothing_is_said_of_a_model_that_could_not_be_checked(copy, read):
    assert "Nothing was checked" not in write_page(ResultsFolder(copy), "mini")
    fail_first_row(copy / "bayes" / "checks.csv", "R-hat 1.2 is above 1.01", every=True)
    page = write_page(ResultsFolder(copy), "mini")
    assert "Nothing was checked, for the model failed its own checks: " in page
    assert "be trusted for" not in page and "can be trusted (" not in page and "what the model expects" not in page


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
    held, later = pictures.fill(f"<p>{item.token}</p>", 10**6)
    assert 'data-figure="forest_pain"' in held
    drawn = unpacked(later["figures"]["forest_pain"]) + "".join(unpacked(later["letters"]).values())
    for bad in ("script", "onload", "onclick", "javascript", "https:", "<style", "<a "):
        assert bad not in drawn
    assert 'data-ref="pooled/estimates.csv:pain:MD:common"' in drawn
    assert 'aria-label="a &lt;b&gt; &amp; &#34;c&#34;"' in drawn
    assert "pain:MD:common" in json.dumps(store_of(cells, "mini"))
    kept_out, nothing = Pictures(cells).fill(f"<p>{item.token}</p>", 10)
    assert "figures/forest_pain.svg" in kept_out
    assert "data-figure" not in kept_out
    assert nothing == {}


def test_the_store_holds_each_row_once(results, page):
    cells = Cells(ResultsFolder(results))
    for method in ("common", "dl_wald"):
        cells.number("pooled/estimates.csv", f"heavy_drinking:RR:{method}", "estimate")
    store = store_of(cells, "mini")
    keys = [(row[0], row[1]) for row in store["rows"]]
    assert len(keys) == len(set(keys))
    assert unpacked(packed({"a": "</script><!--"})) == {"a": "</script><!--"}
    assert "<" not in packed({"a": "</script><!--"})


def test_run_facts_are_a_page_of_their_own(tmp_path, page):
    folder = tmp_path / "provenance" / "run_facts"
    folder.mkdir(parents=True)
    fact = {"rule": "pool_estimates", "started": "2026-01-01T00:00:00Z", "seconds": 1.9, "host": "<b>here</b>"}
    (folder / "pool_estimates.json").write_text(json.dumps(fact), encoding="utf-8")
    text = write_run_facts(tmp_path, "mini")
    assert "&lt;b&gt;here" in text
    assert "2026-01-01T00:00:00Z" in text
    assert "started" not in page
