"""Every number of the page stands in a table, is what the table says, and leads back to the facts."""

import csv
import html
import json
import re
from pathlib import Path

import pytest

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.formulas import METHODS, TABLES
from evisynth.provenance.trace import Tracer, trace
from evisynth.report.cells import Cells
from evisynth.report.naming import Namer
from evisynth.report.packing import unpacked
from evisynth.report.rounding import format_cell

# The only words with digits that the page may say by itself.
ALLOWED = {"SHA-256"}
# Citations and code in the list of what the methods are known for.
QUOTED = ("a", "cite", "code", "script", "style", "title")


def formula_words() -> set[str]:
    """Everything that stands in the list of formulas."""
    formulas = [formula for group in (*METHODS.values(), *TABLES.values()) for formula in group]
    return {words for f in formulas for words in (f.what, f.text, f.citation, f.function)}


def test_no_digit_stands_outside_a_cell(page, read):
    known = formula_words()
    strays = []
    for text, element in read(page).texts:
        around = list(element.around())
        inside = any(e.tag == "data" or e.tag == "bdi" or e.tag in QUOTED for e in around)
        if inside or not re.search(r"\d", text) or text.strip() in known:
            continue
        if re.search(r"\d", re.sub("|".join(map(re.escape, ALLOWED)), "", text)):
            strays.append(text.strip())
    assert strays == []


def test_numbers_and_words_are_those_of_their_cells(page_of, read, results, monkeypatch):
    monkeypatch.setattr(Cells, "names_words", True)
    folder = ResultsFolder(results)
    namer = Namer(folder.rows("studies.csv"))
    elements = [e for e in read(page_of(results)).elements if "data-ref" in e.attributes and e.tag in ("data", "bdi")]
    numbers = [e for e in elements if e.tag == "data"]
    assert len(numbers) > 200
    for element in elements:
        place = folder.resolve(element.attributes["data-ref"])
        cell = folder.cell(place.table, place.key, place.column)
        if element.tag == "bdi":
            assert element.text == namer.say(cell, place.table, place.key, place.column)
        else:
            assert element.attributes["value"] == cell
            assert element.text == format_cell(cell, place.table, place.column, folder.row(place))


def test_every_number_leads_to_facts_or_to_a_record(page, read, results):
    tracer = Tracer(ResultsFolder(results))
    for element in read(page).elements:
        if element.tag != "data":
            continue
        step = tracer.step(element.attributes["data-ref"])
        origins = ResultsFolder(results).row(step.reference).get("from", "")
        assert step.is_fact or any(step.facts()) or origins, element.attributes["data-ref"]


def test_every_number_opens_to_a_row_that_the_page_keeps(page, read, results):
    parsed = read(page)
    kept = {e.attributes["id"]: e.text for e in parsed.elements if e.tag == "script" and "id" in e.attributes}
    store = unpacked(kept["store"])
    rows = {f"{store['tables'][row[0]]['name']}:{row[1]}": row for row in store["rows"]}
    figures = json.loads(kept["figures"])
    drawn = [unpacked(text) for text in figures.get("figures", {}).values()]
    opening = [html.unescape(ref) for svg in drawn for ref in re.findall(r'data-ref="([^"]+)"', svg)]
    opening += [e.attributes["data-ref"] for e in parsed.elements if "data-ref" in e.attributes]
    assert len(opening) > 300
    for ref in opening:
        row = rows.get(ref) or rows.get(ref.rpartition(":")[0])
        assert row, ref
        # what it rests on is kept too, down to a fact or a record
        name = store["tables"][row[0]]["name"]
        from_record = name.startswith(("report/", "provenance/", "checked/"))
        assert row[3] or "/" not in name or from_record, f"{ref} rests on nothing"


TABLES_OF_NEW_PARTS = (
    *("quality/risk_weights.csv", "bayes/adjusted.csv", "bayes/averaged.csv"),
    *("bayes/prior_surface.csv", "bayes/probabilities.csv", "bayes/checks.csv", "bayes/power_scaling.csv"),
    *("pooled/multiverse_summary.csv", "provenance/agreement.csv"),
)


@pytest.mark.parametrize("table", TABLES_OF_NEW_PARTS)
def test_the_walk_sees_the_part_of_each_table(table, page, read):
    shown = {e.attributes["data-ref"].partition(":")[0] for e in read(page).elements if e.tag == "data"}
    assert table in shown


def test_marks_follow_the_facts(page, read, results):
    tracer = Tracer(ResultsFolder(results))
    marks = {"unconfirmed": "†", "derived": "‡"}
    seen = set()
    for element in read(page).elements:
        if element.tag == "data":
            status = tracer.step(element.attributes["data-ref"]).status
            seen.add(status)
            assert element.mark == marks.get(status, ""), element.attributes["data-ref"]
    assert {"verified", "derived"} <= seen


def values(page) -> dict[str, str]:
    return {e.attributes["data-ref"]: e.attributes["value"] for e in page.elements if e.tag == "data"}


def edit(path: Path, column: str, value: str, where) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    row = next(row for row in rows if where(row))
    row[column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return row


def test_one_changed_cell_moves_the_numbers_that_rest_on_it_and_no_others(mini, tmp_path, page, page_of, build, read):
    edit(
        mini / "arms.csv",
        "events",
        "20",
        lambda row: row["study_id"] == "volpicelli1992" and row["outcome_id"] == "heavy_drinking" and row["events"],
    )
    changed = build(mini, tmp_path / "results" / "mini")
    before, after = values(read(page)), values(read(page_of(changed)))
    moved = {ref for ref in before.keys() & after.keys() if before[ref] != after[ref]}
    tracer = Tracer(ResultsFolder(changed))
    resting = {
        ref
        for ref in after
        if any(fact.reference.key.startswith("volpicelli1992:heavy_drinking") for fact in tracer.step(ref).facts())
    }
    assert moved
    assert moved <= resting
    # Some figures rest on the cell and stay what they were (k, n, the year): the effects must move.
    assert {ref for ref in resting if ref.endswith(":natural_estimate") and "without" not in ref} & moved


def test_a_number_that_leads_nowhere_is_an_error(results):
    with pytest.raises(KeyError, match="no row"):
        Cells(ResultsFolder(results)).number("pooled/estimates.csv", "pain:MD:invented", "estimate")
    with pytest.raises(KeyError, match="no column"):
        trace(ResultsFolder(results), "pooled/estimates.csv:pain:MD:common:invented")


def test_the_same_results_give_the_same_bytes(page, page_of, results):
    assert page_of(results) == page
