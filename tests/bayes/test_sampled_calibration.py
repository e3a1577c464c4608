"""The calibration of every model: its table, and that the workflow's target names them all."""

import importlib.util
import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from evisynth.bayes.model_calibration import COLUMNS, MODELS, SAMPLED, TESTS, calibrate_model

ROOT = Path(__file__).parents[2]


def test_a_few_data_sets():
    table = calibrate_model("additive_bias", 8, seed=3)
    assert list(table.columns) == [*COLUMNS, *TESTS]
    assert (table["count"].sum(), table["n"][0], table["failed"][0]) == (8, 8, 0)
    assert table.equals(calibrate_model("additive_bias", 8, seed=3))
    with pytest.raises(ValueError, match="no model 'gamma'"):
        calibrate_model("gamma")


@pytest.mark.parametrize("model", SAMPLED)
def test_every_design_can_be_drawn(model):
    """Parameters from the priors, data from the parameters, and the problem accepts them; no chains."""
    from dataclasses import replace

    import numpy as np

    definition, problem = SAMPLED[model]()
    rng = np.random.default_rng(1)
    truths = definition.prior_draws(problem, 3, rng)
    data = definition.replicate(problem, truths, rng)
    again = replace(problem, **{name: tuple(values[0].tolist()) for name, values in data.items()})
    assert again.studies == problem.studies


def test_the_target_names_every_model():
    text = (ROOT / "workflow" / "rules" / "coverage.smk").read_text(encoding="utf-8")
    block = re.search(r"CALIBRATED = \[(.*?)\]", text, re.DOTALL).group(1)
    assert tuple(re.findall(r'"(\w+)"', block)) == MODELS


def test_a_histogram_for_every_model(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("drawer", ROOT / "scripts" / "draw_model_calibration.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop("harness", None)
    tables, images = [], []
    for model in ("additive_bias", "student_t"):
        tables.append(tmp_path / f"{model}.csv")
        images.append(str(tmp_path / f"calibration_{model}.png"))
        calibrate_model(model, 4).to_csv(tables[-1], index=False)
    module.main({"tables": tables}, {"table": tmp_path / "all.csv", "images": images}, {})
    assert all(Path(path).stat().st_size > 1000 for path in images)
    assert set(pd.read_csv(tmp_path / "all.csv")["model"]) == {"additive_bias", "student_t"}
