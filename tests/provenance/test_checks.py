"""The audit of a finished folder: each thing that can be wrong, made wrong in a copy."""

import json
import re

import pytest
from typer.testing import CliRunner

from evisynth.cli import _app
from evisynth.provenance import checks as module
from evisynth.provenance.agreement import ENGINES, Engine, EngineError, compare_engines
from evisynth.provenance.audit import Finding
from evisynth.provenance.checks import all_checks
from evisynth.provenance.code import digest_of


def states(root, **more):
    found, _ = all_checks(root / "results" / "mini", root, **more)
    return {check.name: check for check in found}


def call(root, *words):
    return CliRunner().invoke(_app("audit"), [str(root / "results" / "mini"), "--root", str(root), *words])


def records(root):
    return root / "results" / "mini" / "provenance" / "records"


def test_a_finished_folder_holds_and_says_what_was_looked_at(finished):
    answer = call(finished)
    assert answer.exit_code == 0, answer.output
    for words in ("files     holds", "data      holds", "agreement holds", "code      not checked"):
        assert words in answer.output
    assert re.search(r"\d+ files compared: everything holds \(not checked: code, claims\)", answer.output)
    assert re.search(r"statsmodels \S+ +dl_wald +\d+ +\d+ +\d+ +0\n", answer.output), "the table of agreement"


def test_an_edited_cell_of_a_result_is_found(finished):
    path = finished / "results" / "mini" / "pooled" / "estimates.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("heavy_drinking", "heavy_thinking", 1), encoding="utf-8")
    found = states(finished)
    assert found["files"].state == "does not hold"
    assert next(finding.file for finding in found["files"].findings) == "results/mini/pooled/estimates.csv"
    answer = call(finished)
    assert answer.exit_code == 1
    assert "what to do: run the pipeline again" in answer.output


def test_an_edited_cell_of_the_data_is_named_with_both_values(finished):
    path = finished / "data" / "mini" / "arms.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",68,26,", ",68,27,"), encoding="utf-8")
    (finding,) = states(finished)["data"].findings
    assert finding.file == "data/mini/arms.csv:anton1999:heavy_drinking:naltrexone:events"
    assert finding.what == "is '27' now; the results were made with '26'"
    assert call(finished).exit_code == 1


def test_rows_that_came_or_went_and_another_plan_are_named(finished):
    path = finished / "data" / "mini" / "screening.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    plan = finished / "data" / "mini" / "review.yaml"
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace("A small part of", "A part of"), encoding="utf-8")
    whats = [finding.what for finding in states(finished)["data"].findings]
    assert any("was used and is gone" in what for what in whats)
    assert any("says something else than the plan that ran" in what for what in whats)


def test_data_that_do_not_pass_their_checks_any_more_are_said(finished):
    path = finished / "data" / "mini" / "arms.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",68,26,", ",68,2600,"), encoding="utf-8")
    (finding,) = states(finished)["data"].findings
    assert "does not pass its checks any more" in finding.what


def test_a_deleted_record_leaves_files_that_nobody_made(finished):
    (records(finished) / "pool_estimates.json").unlink()
    whats = {(finding.file.split("/")[-1], finding.what) for finding in states(finished)["files"].findings}
    assert ("pool_estimates.json", "is missing; package_results read it") in whats
    assert any(name == "leave_one_out.csv" and "no record says where it comes from" in what for name, what in whats)


def test_other_code_is_found(finished):
    file = records(finished) / "pool_estimates.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    (finished / "scripts").mkdir()
    (finished / "src").mkdir()
    for path in records(finished).rglob("*.json"):
        script = finished / "scripts" / path.with_suffix(".py").name
        script.write_text(f"# {path.stem}\n", encoding="utf-8")
        own = json.loads(path.read_text(encoding="utf-8"))
        own["code"] = digest_of(script, finished / "src")
        path.write_text(json.dumps(own), encoding="utf-8")
    assert states(finished, source=finished / "src")["code"].state == "holds"
    record["code"] = "f" * 16
    file.write_text(json.dumps(record), encoding="utf-8")
    (finding,) = states(finished, source=finished / "src")["code"].findings
    assert finding.file == "scripts/pool_estimates.py"
    assert "what to do: the code was changed after the run" in call(finished).output


def test_a_number_that_was_edited_together_with_its_record_is_not_what_was_compared(finished, rewrite):
    name = "pooled/estimates.csv"
    row = (finished / "results" / "mini" / name).read_text(encoding="utf-8").splitlines()[1]
    (old,) = re.findall(r",ok,[^0-9]*[^,]*,\d+,\d+,([^,]+),", row)
    rewrite(finished, name, old, "-0.5")
    found = states(finished)
    assert found["files"].state == "holds", "the record says that these bytes were written"
    assert found["agreement"].state == "does not hold"
    assert "compared" in found["agreement"].findings[0].what
    asked = states(finished, engines=["statsmodels"])["agreement"]
    assert any("no cause is known" in finding.what for finding in asked.findings)


def test_an_unexplained_disagreement_ends_with_1(finished, rewrite):
    path = finished / "results" / "mini" / "provenance" / "agreement.csv"
    row = path.read_text(encoding="utf-8").splitlines()[1]
    rewrite(finished, "provenance/agreement.csv", row, row.replace(",yes,,", ",no,,"))
    answer = call(finished)
    assert answer.exit_code == 1
    assert "no cause is known" in answer.output
    assert "do not report these numbers" in answer.output


def test_other_engines_are_asked_when_wanted(finished, monkeypatch):
    def absent(studies):
        raise AssertionError("an engine that is not here was asked")

    for name in ("pymare", "metafor"):
        monkeypatch.setitem(ENGINES, name, Engine(name, lambda: False, absent))
    answer = call(finished, "--engines")
    assert answer.exit_code == 0, answer.output
    assert "the engines that are here were asked" in answer.output
    assert "not installed here, and not asked: pymare, metafor" in answer.output

    def silent(studies):
        raise EngineError("metafor stopped")

    monkeypatch.setitem(ENGINES, "metafor", Engine("metafor", lambda: True, silent))
    answer = call(finished, "--engines")
    assert answer.exit_code == 2
    assert "metafor stopped" in answer.output


def test_a_claim_that_compares_otherwise_now_is_found(finished, monkeypatch):
    """The mini review has no claims; the comparison of rows is tested on rows."""
    import pandas as pd

    stored = {"a1": {"claim_id": "a1", "verdict": "supported", "difference": "0"}, "a2": {"claim_id": "a2"}}
    again = pd.DataFrame([{"claim_id": "a1", "verdict": "contradicted", "difference": 0.0}])
    found = list(module._claims_that_differ(stored, again))
    assert [finding.file for finding in found] == ["claims/claims.csv:a2", "claims/claims.csv:a1:verdict"]
    assert found[1] == Finding(found[1].file, "is 'supported'; computed again it is 'contradicted'", "claims")


def test_what_is_printed_holds_no_control_characters(finished):
    (finished / "results" / "mini" / "pooled" / "a\x1b[31mred.csv").write_text("a\n", encoding="utf-8")
    answer = call(finished)
    assert answer.exit_code == 1
    assert "\x1b" not in answer.output


def test_the_stored_table_is_what_comparing_gives_again(finished):
    from evisynth.provenance.tables import read_result

    target = finished / "results" / "mini"
    table = read_result(target / "provenance" / "agreement.csv")
    again = compare_engines(
        read_result(target / "effects" / "effects.csv"), read_result(target / "pooled" / "estimates.csv")
    )
    assert len(again) == len(table) > 20
    assert again["theirs"].tolist() == pytest.approx(table["theirs"].tolist(), rel=1e-9, nan_ok=True)
