"""Every measure against metafor's escalc (tests/reference/effects/effects.R)."""

import json
from pathlib import Path

import numpy as np
import pytest

from evisynth import effects
from evisynth.effects import one_arm

FILE = Path(__file__).parents[1] / "reference" / "effects" / "effects.json"
PINNED = json.loads(FILE.read_text(encoding="utf-8"))
INPUTS = PINNED["inputs"]
KEEP = {"double_zero": "keep"}

# name in the file, function, group of inputs, options
CASES = [
    ("counts", "OR", effects.odds_ratio, KEEP),
    ("counts", "RR", effects.risk_ratio, KEEP),
    ("counts", "OR_drop", effects.odds_ratio, {}),
    ("counts", "RR_drop", effects.risk_ratio, {}),
    ("counts", "RD", effects.risk_difference, {}),
    ("counts", "AS", effects.arcsine_difference, {}),
    ("counts", "PETO", effects.peto_odds_ratio, {}),
    ("means", "MD", effects.mean_difference, {}),
    ("means", "ROM", effects.ratio_of_means, {}),
    ("means", "SMD_LS", effects.smd, {}),
    ("means", "SMD_LS2", effects.smd, {"variance": "LS2"}),
    ("means", "SMD_UB", effects.smd, {"variance": "UB"}),
    ("means", "SMD_AV", effects.smd, {"variance": "AV"}),
    ("rates", "IRR", effects.rate_ratio, KEEP),
    ("rates", "IRR_drop", effects.rate_ratio, {}),
    ("rates", "IRD", effects.rate_difference, {}),
    ("single", "PR", effects.proportion, {}),
    ("single", "PLO", effects.proportion_logit, {}),
    ("single", "PFT", effects.proportion_freeman_tukey, {}),
    ("mean", "MN", one_arm.mean, {}),
    ("rate", "IR", effects.rate, {"log": False}),
    ("rate", "IRLN", effects.rate, {}),
    ("correlation", "COR", effects.correlation, {}),
    ("correlation", "ZCOR", effects.fisher_z, {}),
]


def _array(values):
    return np.array([np.nan if v is None else v for v in values], dtype=float)


def _agree(effect, pinned, factor=1.0):
    # 1e-10: metafor's correction factor comes from a difference of log-gammas, good to some 1e-11
    np.testing.assert_allclose(effect.yi, _array(pinned["yi"]), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(effect.vi * factor, _array(pinned["vi"]), rtol=1e-10)


@pytest.mark.parametrize(("group", "name", "function", "options"), CASES, ids=[c[1] for c in CASES])
def test_measure(group, name, function, options):
    _agree(function(**INPUTS[group], **options), PINNED[group][name])


@pytest.mark.parametrize("measure", ["MPRR", "MPOR", "MPRD", "MPORC"])
def test_paired_counts(measure):
    _agree(effects.paired_effect(measure, **INPUTS["tables"]), PINNED["tables"][measure])


def _paired(measure):
    rows = [{k: v[i] for k, v in INPUTS["paired"].items()} for i in range(len(INPUTS["paired_r"]))]
    for row, r in zip(rows, INPUTS["paired_r"], strict=True):
        if measure == "MC":
            yield effects.mean_change(**row, correlation=r)
        else:
            yield effects.standardised_mean_change(**row, correlation=r, standardiser=measure)


@pytest.mark.parametrize("measure", ["MC", "SMCC", "SMCR"])
def test_paired_means(measure):
    made, pinned = list(_paired(measure)), PINNED["paired"][measure]
    np.testing.assert_allclose([e.yi for e in made], pinned["yi"], rtol=1e-10)
    np.testing.assert_allclose([e.vi for e in made], pinned["vi"], rtol=1e-10)


def test_smcrh_differs_from_metafor_3_8_by_the_squared_correction():
    # That release multiplies Bonett's variance by J^2, which his formula does not have.
    made, pinned = list(_paired("SMCRH")), PINNED["paired"]["SMCRH"]
    j = effects_correction(np.array(INPUTS["paired"]["n"]) - 1)
    np.testing.assert_allclose([e.yi for e in made], pinned["yi"], rtol=1e-10)
    np.testing.assert_allclose([e.vi for e in made] * j**2, pinned["vi"], rtol=1e-10)


def test_smdh_differs_from_metafor_3_8_by_the_squared_correction():
    means = INPUTS["means"]
    j = effects_correction(np.array(means["n_1"]) + np.array(means["n_2"]) - 2)
    _agree(effects.smd_unequal_variances(**means), PINNED["means"]["SMDH"], factor=j**2)


def effects_correction(df):
    from evisynth.effects._numbers import hedges_correction

    return hedges_correction(df)


def test_freeman_tukey_back_transformation():
    y, n = _array(PINNED["single"]["PFT"]["yi"]), np.array(INPUTS["single"]["n"])
    np.testing.assert_allclose(
        effects.freeman_tukey_inverse(y, n), PINNED["freeman_tukey_back"], rtol=1e-10, atol=1e-12
    )
