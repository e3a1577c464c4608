"""Zero cells: each rule by hand, and what is left out with its reason."""

import math

import numpy as np
import pytest

from evisynth.effects import (
    EffectError,
    NoEffectError,
    arcsine_difference,
    odds_ratio,
    peto_odds_ratio,
    rate_ratio,
    risk_difference,
    risk_ratio,
)


def test_half_in_every_cell_of_a_study_with_a_zero():
    effect = odds_ratio([0, 5], [10, 10], [3, 3], [12, 12])
    assert effect.yi[0] == pytest.approx(math.log(0.5 * 9.5 / (10.5 * 3.5)))
    assert effect.vi[0] == pytest.approx(1 / 0.5 + 1 / 10.5 + 1 / 3.5 + 1 / 9.5)
    # the other study is left as it is
    assert effect.yi[1] == pytest.approx(math.log(5 * 9 / (5 * 3)))
    assert "0.5 added" in effect.assumptions[0]


def test_treatment_arm_rule_of_sweeting():
    # n_1 twice n_2: arm 1 gets 2/3 and arm 2 1/3
    effect = risk_ratio(0, 20, 2, 10, zero_cells="treatment-arm")
    a, b, c, d = 2 / 3, 20 + 2 / 3, 2 + 1 / 3, 8 + 1 / 3
    assert effect.yi == pytest.approx(math.log(a / (a + b) / (c / (c + d))))
    # with equal arms it is the rule of one half
    same = odds_ratio(0, 20, 2, 20, zero_cells="treatment-arm")
    assert same.yi == pytest.approx(odds_ratio(0, 20, 2, 20).yi)
    # and a kept double zero has an odds ratio of exactly 1
    kept = odds_ratio(0, 20, 0, 10, zero_cells="treatment-arm", double_zero="keep")
    assert kept.yi == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("function", [odds_ratio, risk_ratio, peto_odds_ratio])
def test_a_single_double_zero_study_is_an_error_with_its_reason(function):
    with pytest.raises(NoEffectError, match="no events in either arm"):
        function(0, 20, 0, 10)
    with pytest.raises(NoEffectError, match="events in every participant"):
        function(20, 20, 10, 10)
    assert math.isfinite(function(0, 20, 0, 10, double_zero="keep").yi)


def test_in_several_studies_it_is_named_and_nothing_else_is_missing():
    effect = risk_ratio([1, 0, 4], [20, 20, 20], [2, 0, 5], [20, 20, 20])
    assert [i for i, _ in effect.left_out] == [1]
    assert np.isnan(effect.yi).tolist() == np.isnan(effect.vi).tolist() == [False, True, False]


def test_differences_keep_a_double_zero():
    assert risk_difference(0, 20, 0, 20).yi == 0
    assert risk_difference(0, 20, 0, 20).vi > 0
    assert arcsine_difference(0, 20, 0, 20).vi == pytest.approx(1 / 40)
    with pytest.raises(NoEffectError):
        risk_difference(0, 20, 0, 20, zero_cells="none")


def test_none_leaves_out_what_has_no_logarithm():
    with pytest.raises(NoEffectError, match="cannot be computed"):
        odds_ratio(0, 20, 3, 20, zero_cells="none")
    # a risk ratio needs no correction where only the non-events are missing
    assert risk_ratio(20, 20, 3, 20, zero_cells="none").yi == pytest.approx(math.log(20 / 3))
    kept = odds_ratio(0, 20, 0, 20, zero_cells="none", double_zero="keep")
    assert kept.yi == 0


def test_peto_needs_no_correction():
    effect = peto_odds_ratio(0, 10, 3, 10)
    v = 10 * 10 * 3 * 17 / (400 * 19)
    assert effect.yi == pytest.approx((0 - 1.5) / v)
    assert effect.assumptions == ()


def test_rates():
    effect = rate_ratio(0, 100, 4, 50)
    assert effect.yi == pytest.approx(math.log(0.5 / 100 / (4.5 / 50)))
    with pytest.raises(NoEffectError):
        rate_ratio(0, 100, 0, 50)
    shared = rate_ratio(0, 150, 4, 50, zero_cells="treatment-arm")
    assert shared.yi == pytest.approx(math.log(0.75 / 150 / (4.25 / 50)))


def test_impossible_counts_are_all_named():
    with pytest.raises(EffectError) as caught:
        odds_ratio([5, 1.5, 1], [4, 9, 9], [1, 1, -1], [9, 9, 0])
    text = str(caught.value)
    for piece in (
        "events_1 (position 0): found 5",
        "events_1 (position 1): found 1.5",
        "events_2 (position 2): found -1",
    ):
        assert piece in text
    assert "n_2 (position 2): found 0, allowed more than 0" in text
    with pytest.raises(EffectError, match="a finite number"):
        odds_ratio(float("nan"), 3, 1, 3)
    with pytest.raises(EffectError, match="numbers only"):
        odds_ratio("x", 3, 1, 3)
    with pytest.raises(EffectError, match="do not fit"):
        odds_ratio([1, 2], 3, [1, 1, 1], 3)
