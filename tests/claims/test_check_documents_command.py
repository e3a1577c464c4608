"""`evisynth check --documents DIR`: documents that are not at hand are told with file and line."""

import re
from pathlib import Path

from typer.testing import CliRunner

from evisynth.cli import _app

FOLDER = Path(__file__).parents[2] / "data" / "naltrexone"


def test_a_folder_without_the_documents(tmp_path):
    (tmp_path / "other.txt").write_text("not one of them", encoding="utf-8")
    result = CliRunner().invoke(_app("check"), [str(FOLDER), "--documents", str(tmp_path)])
    assert result.exit_code == 1
    for source in ("doc_a", "doc_b", "doc_c", "doc_d"):
        assert re.search(
            rf"sources\.csv, line \d+, column sha256: found no file with the hash of {source}", result.stderr
        )


def test_a_folder_that_does_not_exist(tmp_path):
    result = CliRunner().invoke(_app("check"), [str(FOLDER), "--documents", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "no such folder" in result.stderr
