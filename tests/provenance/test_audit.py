"""The audit: what was changed, what is missing, what nobody made, and code that is not the one that ran."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evisynth.cli import _app
from evisynth.provenance.audit import NoRecordsError, audit
from evisynth.provenance.code import digest_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(results, tmp_path):
    """A copy of results whose records name the copy."""
    target = tmp_path / "results" / "mini"
    shutil.copytree(results, target, ignore=shutil.ignore_patterns("report"))
    for record in (target / "provenance" / "records").glob("*.json"):
        record.write_text(record.read_text(encoding="utf-8").replace(str(results), str(target)), encoding="utf-8")
    return target


def whats(findings):
    return [(Path(finding.file).name, finding.what) for finding in findings]


def test_results_that_nobody_touched_hold(copy, tmp_path):
    findings, count = audit(copy, tmp_path)
    assert findings == []
    assert count > 30


def test_one_changed_byte_is_found(copy, tmp_path):
    path = copy / "pooled" / "estimates.csv"
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    found = whats(audit(copy, tmp_path)[0])
    assert ("estimates.csv", "was changed after it was written by pool_estimates") in found


def test_a_changed_input_is_told_from_a_changed_output(copy, tmp_path):
    path = copy / "checked" / "arms.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    found = whats(audit(copy, tmp_path)[0])
    assert ("arms.csv", "was changed after it was written by check_review") in found
    assert ("arms.csv", "is not what was read by estimate_effects") in found


def test_a_missing_file_and_a_stranger_are_found(copy, tmp_path):
    (copy / "effects" / "steps.csv").unlink()
    (copy / "pooled" / "extra.csv").write_text("a\n", encoding="utf-8")
    found = whats(audit(copy, tmp_path)[0])
    assert ("steps.csv", "is missing; estimate_effects wrote it") in found
    assert ("extra.csv", "no record says where it comes from") in found


def test_a_stale_step_is_found(copy, tmp_path):
    record = copy / "provenance" / "records" / "pool_estimates.json"
    data = json.loads(record.read_text(encoding="utf-8"))
    name = next(name for name in data["inputs"] if name.endswith("checked/arms.csv"))
    data["inputs"][name] = "0" * 64
    record.write_text(json.dumps(data), encoding="utf-8")
    found = whats(audit(copy, tmp_path)[0])
    stale = "pool_estimates read another version than check_review wrote: its results are stale"
    assert ("arms.csv", stale) in found


def test_a_record_that_cannot_be_read_is_found(copy, tmp_path):
    (copy / "provenance" / "records" / "pool_estimates.json").write_text("{", encoding="utf-8")
    found = whats(audit(copy, tmp_path)[0])
    assert ("pool_estimates.json", "is no record of a step: it cannot be read") in found


def test_other_code_is_found(copy, tmp_path):
    found = whats(audit(copy, ROOT, ROOT / "src")[0])
    assert (
        "pool_estimates.py",
        "pool_estimates ran other code than this script and the library files it imports",
    ) in found
    for record in (copy / "provenance" / "records").glob("*.json"):
        data = json.loads(record.read_text(encoding="utf-8"))
        data["code"] = digest_of(ROOT / "scripts" / f"{data['rule']}.py", ROOT / "src")
        record.write_text(json.dumps(data), encoding="utf-8")
    assert audit(copy, ROOT, ROOT / "src")[0] == []


def test_a_folder_without_records_cannot_be_audited(tmp_path):
    with pytest.raises(NoRecordsError, match="is no folder"):
        audit(tmp_path / "nowhere", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoRecordsError, match="no records"):
        audit(tmp_path / "empty", tmp_path)


def test_exit_codes(copy, tmp_path):
    def call(folder):
        return CliRunner().invoke(_app("audit"), [str(folder), "--root", str(tmp_path)])

    held = call(copy)
    assert held.exit_code == 0
    assert "everything holds" in held.output
    (copy / "pooled" / "estimates.csv").unlink()
    broken = call(copy)
    assert broken.exit_code == 1
    assert "is missing; pool_estimates wrote it" in broken.output
    assert call(tmp_path / "nowhere").exit_code == 2
