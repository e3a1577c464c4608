"""Published examples that have no other home: inverse variance on odds ratios, zeros, a large set."""

import json
from pathlib import Path

import numpy as np
import pytest

from evisynth import effects, pooling

REFERENCE = Path(__file__).parents[1] / "reference" / "bias" / "bias_reference.json"


def columns(case):
    return case.events_1, case.n_1, case.events_2, case.n_2


def test_bcg_odds_ratios_as_stata_printed_them(bcg):
    made = effects.odds_ratio(*columns(bcg))
    common = pooling.common_effect(made.yi, made.vi)
    assert common.estimate == pytest.approx(-0.4361, abs=5e-5)
    dl = pooling.random_effects(made.yi, made.vi, tau2="DL", ci="wald")
    assert (dl.estimate, dl.ci_low, dl.ci_high) == pytest.approx((-0.7474, -1.1242, -0.3706), abs=5e-5)


def test_catheters_normal_normal(catheters):
    """Stijnen, Hamza and Ozdemir 2010, table III: 0.5 added where a cell is 0, the double-zero study left out."""
    made = effects.odds_ratio(*columns(catheters), double_zero="drop")
    known = np.isfinite(made.yi)
    assert known.sum() == 17
    found = pooling.random_effects(made.yi[known], made.vi[known], ci="wald")
    assert (found.estimate, found.se, np.sqrt(found.tau2)) == pytest.approx((-0.9804, 0.2435, 0.1886), abs=1e-4)


def test_passive_smoking_pooled():
    """Hackshaw 1998, 37 studies: metafor's default tolerance prints 0.2188898 at a tau2 of 0.02239517."""
    data = json.loads(REFERENCE.read_text(encoding="utf-8"))["effects"]["hackshaw"]
    loose = pooling.pool_given_tau2(data["yi"], data["vi"], 0.02239517)
    assert loose.estimate == pytest.approx(0.2188898, abs=5e-8)
    reml = pooling.random_effects(data["yi"], data["vi"])
    assert reml.estimate == pytest.approx(0.2188898, abs=1e-6)
    assert reml.tau2 == pytest.approx(0.0223945309726, rel=1e-10)
    dl = pooling.random_effects(data["yi"], data["vi"], tau2="DL")
    assert dl.estimate == pytest.approx(0.2138889, abs=5e-7)
