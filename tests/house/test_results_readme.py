"""results/README.md names every table that the workflow writes."""

import re
from pathlib import Path

import pytest

from evisynth.provenance.tables import STAGE_TABLES

TEXT = (Path(__file__).resolve().parents[2] / "results" / "README.md").read_text(encoding="utf-8")
LINES = [re.findall(r"`([^`]+)`", line) for line in TEXT.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("table", STAGE_TABLES)
def test_every_table_is_explained(table):
    folder, _, name = table.rpartition("/")
    if folder == "figures":
        assert f"`{name}`" in TEXT
        return
    # A line names its folder once; the other names of the line are in the same folder.
    named = {
        file if "/" in file else f"{names[0].rpartition('/')[0]}/{file}" for names in LINES if names for file in names
    }
    assert table in named
