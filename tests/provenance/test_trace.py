"""The way back: every row of every table leads to facts, and says how it was made."""

import json
import shutil

import pytest

from evisynth.provenance.folder import Reference, ResultsFolder
from evisynth.provenance.tables import STAGE_TABLES
from evisynth.provenance.trace import Tracer, to_text, trace


@pytest.fixture
def folder(results):
    return ResultsFolder(results)


def test_every_row_of_every_table_leads_back_to_facts(folder):
    tracer, followed = Tracer(folder), 0
    for table in STAGE_TABLES:
        for key, row in folder.rows(table).items():
            step = tracer.step(f"{table}:{key}")
            followed += 1
            origins = [origin for origin in row["from"].split(";") if ":" in origin]
            assert any(step.facts()) or not origins, step.reference
            assert all(fact.is_fact for fact in step.facts())
            assert not origins or step.parents
    assert followed > 100


def test_a_pooled_number_leads_to_its_cells_documents_formula_and_code(folder):
    step = trace(folder, "pooled/estimates.csv:heavy_drinking:RR:reml_hksj_safe:natural_ci_high")
    assert step.value == folder.cell("pooled/estimates.csv", "heavy_drinking:RR:reml_hksj_safe", "natural_ci_high")
    assert step.maker["script"] == "scripts/pool_estimates.py"
    assert any("Hartung-Knapp" in formula.what for formula in step.formulas)
    assert not any("between-study" in formula.what for formula in step.formulas), "only what this column needs"
    effect = step.parents[0]
    assert effect.conversions
    facts = list(step.facts())
    assert {fact.reference.table for fact in facts} >= {"arms.csv"}
    assert all(fact.source.get("citation") for fact in facts if fact.reference.table == "arms.csv")
    text = to_text(step)
    assert step.value in text
    assert "read in: citation" in text


def test_a_corrected_cell_leads_to_its_correction(folder):
    step = trace(folder, "arms.csv:oslin1997:heavy_drinking:naltrexone:n")
    assert [parent.reference.table for parent in step.parents] == ["corrections.csv"]
    assert step.parents[0].row["old"] != step.value


def test_the_status_is_the_worst_of_what_a_number_rests_on(folder):
    tracer = Tracer(folder)
    assert tracer.step("pooled/estimates.csv:pain:MD:common:estimate").status == "verified"
    # One of its four trials rests on a correction that nobody could confirm.
    assert tracer.step("pooled/estimates.csv:heavy_drinking:RR:common:estimate").status == "unconfirmed"
    assert tracer.step("pooled/estimates.csv:heavy_drinking:RR:common:level").status == ""


def test_a_cell_that_its_status_does_not_cover_is_unconfirmed(folder):
    row = next(
        (key, row["unconfirmed_fields"].split(";")[0].strip())
        for key, row in folder.rows("studies.csv").items()
        if row["unconfirmed_fields"]
    )
    tracer = Tracer(folder)
    assert tracer.step(f"studies.csv:{row[0]}:{row[1]}").status == "unconfirmed"
    assert tracer.step(f"studies.csv:{row[0]}:label").status == "verified"


def test_parts_of_a_key_may_be_left_out_where_the_rest_is_unique(folder):
    long = trace(folder, "pooled/estimates.csv:heavy_drinking:RR:reml_hksj:estimate")
    assert trace(folder, "pooled/estimates.csv:heavy_drinking:reml_hksj:estimate").value == long.value


def test_words_of_the_plan_have_a_place_too(folder):
    step = trace(folder, "review.yaml:syntheses.pain.title:text")
    assert step.value == "Fibromyalgia, change in pain"
    assert step.is_fact


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("pooled/invented.csv:a:b", "is no table"),
        ("pooled/estimates.csv:pain:MD:invented:estimate", "has no row"),
        ("pooled/estimates.csv:pain:MD:common:invented", "has no column 'invented'"),
        ("pooled/estimates.csv:heavy_drinking:estimate", "fits"),
        ("pooled/regression.csv:a:b:c:d", "does not exist"),
    ],
)
def test_a_place_that_does_not_exist_is_named(folder, place, message):
    with pytest.raises(KeyError, match=message):
        trace(folder, place)


def test_a_row_that_names_a_row_that_is_gone_is_an_error(results, tmp_path):
    broken = shutil.copytree(results, tmp_path / "mini")
    path = broken / "pooled" / "estimates.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(":guardia2002", ":nobody"), encoding="utf-8")
    with pytest.raises(KeyError, match="nobody"):
        trace(ResultsFolder(broken), "pooled/estimates.csv:heavy_drinking:RR:common:estimate")


def test_text_for_a_terminal_holds_no_control_characters(results, tmp_path):
    copy = shutil.copytree(results, tmp_path / "mini")
    path = copy / "checked" / "arms.csv"
    text = path.read_text(encoding="utf-8").replace("news text", "\x1b[31mred\x07")
    path.write_text(text, encoding="utf-8")
    place = next(key for key, row in ResultsFolder(copy).rows("arms.csv").items() if "red" in row["locator"])
    shown = to_text(trace(ResultsFolder(copy), f"arms.csv:{place}:n"))
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_each_table_knows_who_made_it(folder, results):
    for table in STAGE_TABLES:
        if folder.rows(table) and not table.startswith("report/"):
            step = Tracer(folder).at(Reference(table, next(iter(folder.rows(table)))))
            record = json.loads(
                (results / "provenance" / "records" / f"{step.maker['rule']}.json").read_text(encoding="utf-8")
            )
            assert any(name.endswith(table) for name in record["outputs"])
