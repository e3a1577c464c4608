"""The grids of the simulations run through the sharding of the corpora: the parts change no byte."""

import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest

from evisynth.corpus import part_of_grid, share_out
from evisynth.corpus.grids import gather_cells

ROOT = Path(__file__).resolve().parents[2]
PARTS = (["0001-of-0001"], ["0001-of-0003", "0002-of-0003", "0003-of-0003"], [f"{i:04d}-of-0009" for i in range(1, 10)])
COVERAGE = {"outcomes": ["normal", "rare"], "k": [2, 5], "i2": [0.0, 50.0], "replicates": 20, "seed": 3}
CALIBRATION = {
    "settings": [[2, "halfnormal:0.5", "normal:0,1"], [3, "halfcauchy:0.5", "t:0,0.58,4"]],
    "draws": 40,
    "k": [2, 3],
    "tau": [0.0, 0.3],
    "tau_priors": ["halfnormal:0.5", "halfnormal:1"],
    "replicates": 20,
    "seed": 3,
}


@pytest.fixture
def script(monkeypatch):
    """The module of a script of the workflow."""

    def load(name):
        monkeypatch.syspath_prepend(str(ROOT / "scripts"))
        spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules.pop("harness", None)
        return module

    return load


def test_every_cell_is_in_one_part():
    cells = [f"cell {i}" for i in range(17)]
    for n in (1, 4, 20):
        found = [part_of_grid(cells, len, f"{i:04d}-of-{n:04d}") for i in range(1, n + 1)]
        assert sorted(cell for part in found for cell in part) == list(enumerate(cells))
    for wrong in ("1-of-4", "0005-of-0004", "0000-of-0004"):
        with pytest.raises(ValueError, match="0001-of-0004 and so on"):
            part_of_grid(cells, len, wrong)


def test_the_heaviest_comes_first_and_the_order_of_the_units_does_not_matter():
    work = {"a": 5, "b": 4, "c": 3, "d": 3, "e": 1}
    assert share_out(work, 2) == {"a": 0, "b": 1, "c": 1, "d": 0, "e": 1}
    assert share_out(dict(reversed(work.items())), 2) == share_out(work, 2)
    with pytest.raises(ValueError, match="1 or more"):
        share_out(work, 0)


def test_the_cells_of_coverage_do_not_depend_on_the_parts(script, tmp_path):
    measure = script("measure_coverage").main
    tables = []
    for parts in PARTS:
        paths = [tmp_path / f"{part}.csv" for part in parts]
        for part, path in zip(parts, paths, strict=True):
            measure({}, {"cells": path}, COVERAGE | {"part": part})
        tables.append(gather_cells(paths))
    for other in tables[1:]:
        pd.testing.assert_frame_equal(other, tables[0], check_exact=True)
    cells = tables[0][["outcome", "k", "i2"]].drop_duplicates()
    assert [tuple(cell) for cell in cells.to_numpy()] == [
        (outcome, k, i2) for outcome in COVERAGE["outcomes"] for k in COVERAGE["k"] for i2 in COVERAGE["i2"]
    ]


def test_the_calibration_does_not_depend_on_the_parts(script, tmp_path):
    measure = script("measure_calibration").main
    tables = []
    for parts in PARTS:
        places = [{kind: tmp_path / f"{kind}-{part}.csv" for kind in ("ranks", "coverage")} for part in parts]
        for part, outputs in zip(parts, places, strict=True):
            measure({}, outputs, CALIBRATION | {"part": part})
        tables.append([gather_cells(outputs[kind] for outputs in places) for kind in ("ranks", "coverage")])
    for found in tables[1:]:
        for other, first in zip(found, tables[0], strict=True):
            pd.testing.assert_frame_equal(other, first, check_exact=True)
    ranks, coverage = tables[0]
    assert list(ranks["setting"].unique()) == [f"k {k}; tau {tau}; mu {mu}" for k, tau, mu in CALIBRATION["settings"]]
    assert list(coverage["interval"].head(4)) == [
        "posterior (halfnormal:0.5)",
        "Hartung-Knapp",
        "Hartung-Knapp, max(1, q)",
        "Wald",
    ]


def test_the_rules_cut_their_grids_so():
    text = (ROOT / "workflow" / "rules" / "coverage.smk").read_text(encoding="utf-8")
    assert text.count("part=GRID_PARTS") == 3
    assert text.count("part=lambda wildcards: wildcards.part,") == 2
