"""Which figures a review gets, and that their bytes do not depend on how many processes draw them."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from evisynth.figures import FIGURES, series
from evisynth.synthesis.drawings import COLUMNS, KINDS, Drawing, wanted
from evisynth.synthesis.drawings.of_synthesis import _MAKERS

SOURCE = Path(__file__).parents[2] / "src"


def drawing(i=0, **more):
    limits = {"natural_ci_low": 0.4, "natural_ci_high": 1.3}
    rows = [
        {"synthesis": "s", "measure": "RR", "study_id": f"m{j}", "label": f"Made-up {j}", "yi": -0.1 * j,
         "natural_estimate": 0.6 + 0.1 * j, "status": "verified", **limits} for j in range(3 + i)
    ]  # fmt: skip
    frame = series.caterpillar_frame(pd.DataFrame(rows), pd.DataFrame(), "s", "RR")
    return Drawing(
        f"made_up_{i}", "caterpillar", "s", f"Made-up {i}", frame, series.plot_series, series.alt_text, **more
    )


def test_every_rule_is_about_a_figure_that_exists():
    assert set(KINDS) == {"forest", *_MAKERS}
    assert set(KINDS) <= set(FIGURES)


@pytest.mark.parametrize("kind", KINDS)
def test_rule_has_a_reason_wherever_it_leaves_something_out(kind):
    rule = KINDS[kind]
    assert rule.least <= rule.most
    assert rule.words or kind == "forest"
    assert rule.why or rule.least < 2


@pytest.mark.parametrize(
    ("kind", "k", "drawn"),
    [("funnel", 9, False), ("funnel", 10, True), ("gosh", 20, True), ("gosh", 21, False), ("leave_one_out", 2, False)],
)
def test_funnel_needs_ten_and_gosh_ends_at_twenty(kind, k, drawn):
    assert wanted(kind, k) is drawn


def test_row_of_the_index_names_what_was_drawn():
    row = drawing().row()
    assert tuple(row) == COLUMNS
    assert row["from"].split(";") == [f"effects/effects.csv:s:RR:m{i}" for i in (2, 1, 0)]
    assert row["alt"].endswith(".")


def test_row_of_a_large_cloud_leads_to_its_studies():
    assert drawing(origins=("effects/effects.csv:s:RR:m0",)).row()["from"] == "effects/effects.csv:s:RR:m0"


def test_drawing_writes_three_files_and_the_pdf_speaks(tmp_path):
    made = drawing()
    made.save(tmp_path)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".pdf", ".png", ".svg"]
    pdf = (tmp_path / "made_up_0.pdf").read_bytes()
    assert b"/Alt" in pdf
    assert b"CreationDate" not in pdf


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_drawings import drawing
from evisynth.synthesis.drawings import draw, in_turns
folder = Path(sys.argv[1])
made = in_turns(range(5), lambda i: draw(drawing(i), folder / str(i)) or i, int(sys.argv[2]))
assert made == list(range(5))
"""


def test_two_processes_write_the_same_bytes_as_one(tmp_path):
    hashes = []
    for processes in ("1", "2"):
        folder = tmp_path / processes
        script = SCRIPT.format(tests=str(Path(__file__).parent))
        command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{script}", str(folder)]
        subprocess.run([*command, processes], check=True)
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        hashes.append([(str(f.relative_to(folder)), hashlib.sha256(f.read_bytes()).hexdigest()) for f in files])
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 15


ENDED = """
import os
import time
from evisynth.synthesis.drawings import in_turns
main = os.getpid()
in_turns(range(100), lambda i: time.sleep(0.02) if os.getpid() == main else os._exit(3), 2)
"""


def test_a_process_that_ends_early_is_told():
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{ENDED}"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "a process that drew figures ended early" in found.stderr
