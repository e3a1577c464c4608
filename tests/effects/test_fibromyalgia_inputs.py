"""The four fibromyalgia effects of the naltrexone review, by the stated chain, beside the plan's figures.

The plan prints -0.486 (0.200), -0.118 (0.139), -0.223 (0.202), +0.240 (0.204); see docs/effects.md.
"""

import math

import pytest

from evisynth.effects import (
    Correlation,
    EffectError,
    difference_from_interval,
    difference_from_p,
    p_interval,
    paired_smd_from_p,
    paired_smd_from_p_rounding,
    paired_tables,
    smd_from_difference,
    smd_from_p,
)

HALF = Correlation(0.5, "assumed")


def test_younger_2013():
    effect = paired_smd_from_p(0.016, 28, HALF, sign=-1)
    assert effect.yi == pytest.approx(-0.486, abs=5e-4)
    assert effect.sei == pytest.approx(0.200, abs=5e-4)
    assert effect.assumptions == ("correlation of 0.5 between the paired values",)
    assert [s.name for s in effect.steps] == ["t from p", "paired SMD from t"]


def test_bested_2023_pain_is_the_second_p_value():
    # Summed pain intensity ratings, P = 0.4: the plan's figure. The impact questionnaire, P = 0.3: another.
    pain = paired_smd_from_p(0.4, 52, HALF, sign=-1)
    assert (pain.yi, pain.sei) == (pytest.approx(-0.118, abs=5e-4), pytest.approx(0.139, abs=5e-4))
    impact = paired_smd_from_p(0.3, 52, HALF, sign=-1)
    assert (impact.yi, impact.sei) == (pytest.approx(-0.145, abs=5e-4), pytest.approx(0.139, abs=5e-4))


def test_final_2024():
    by_p = smd_from_p(0.27, 49, 50, sign=-1, correct=False)
    assert (by_p.yi, by_p.sei) == (pytest.approx(-0.223, abs=5e-4), pytest.approx(0.202, abs=5e-4))
    # with the interval in the place of the rounded p, and Hedges' correction: 0.002 less
    by_interval = smd_from_difference(difference_from_interval(-0.34, -0.95, 0.27, 49, 50), 49, 50)
    assert by_interval.yi == pytest.approx(-0.2206, abs=5e-5)
    assert by_interval.sei == pytest.approx(0.2016, abs=5e-5)


def test_innova_2026():
    difference = difference_from_p(0.49, 0.236, 48, 50)
    d = smd_from_difference(difference, 48, 50, correct=False)
    g = smd_from_difference(difference, 48, 50)
    # the printed 0.240 (0.204) lies between the two, 0.001 from each, and its SE is 0.001 above both
    assert d.yi == pytest.approx(0.2410, abs=5e-5)
    assert g.yi == pytest.approx(0.2391, abs=5e-5)
    assert d.sei == pytest.approx(0.2028, abs=5e-5)
    assert g.sei == pytest.approx(0.2028, abs=5e-5)


def test_p_rounding_as_an_interval():
    assert p_interval(0.3) == pytest.approx((0.25, 0.35))
    assert p_interval("0.30") == pytest.approx((0.295, 0.305))
    assert p_interval("0.016") == pytest.approx((0.0155, 0.0165))
    assert p_interval("0.000") == pytest.approx((0, 0.0005))
    printed, largest, smallest = paired_smd_from_p_rounding("0.3", 52, HALF, sign=-1)
    assert largest.yi < printed.yi < smallest.yi < 0
    assert smallest.yi == pytest.approx(paired_smd_from_p(0.35, 52, HALF, sign=-1).yi)


@pytest.mark.parametrize("text", ["<0.05", "1.2", "-0.1", "0", "nan", "inf", "p"])
def test_p_that_is_none(text):
    with pytest.raises(EffectError, match="allowed a number"):
        p_interval(text)


@pytest.mark.parametrize("r", [0.3, 0.5, 0.7])
def test_paired_effect_scales_with_the_correlation(r):
    effect = paired_smd_from_p(0.016, 28, r, sign=-1)
    assert effect.yi == pytest.approx(-0.485718 * math.sqrt(2 * (1 - r)), abs=1e-6)
    becker = paired_smd_from_p(0.016, 28, r, sign=-1, variance="becker")
    assert (becker.vi - effect.vi) * (r - 0.5) >= 0


def test_hedges_factor_of_a_paired_effect():
    plain, corrected = (paired_smd_from_p(0.016, 28, HALF, sign=-1, correct=c) for c in (False, True))
    # J(27) = 0.971919
    assert corrected.yi == pytest.approx(plain.yi * 0.971919, rel=1e-6)
    assert corrected.vi == pytest.approx(1 / 28 + corrected.yi**2 / 56)


def test_younger_2013_responders_in_every_table():
    # 9 of 28 and 3 of 28 in the same women
    found = paired_tables(9, 3, 28)
    assert found.tables.tolist() == [[0, 9, 3, 16], [1, 8, 2, 17], [2, 7, 1, 18], [3, 6, 0, 19]]
    assert found.yi_range == pytest.approx((math.log(3), math.log(3)))
    assert found.sei_range == pytest.approx((math.sqrt(6 / 27), math.sqrt(12 / 27)))
    assert found.p_range == pytest.approx((2 / 64, 0.14599609375))
    low, high = found.interval_range()
    assert low < 0 < high
    odds = paired_tables(9, 3, 28, measure="MPORC")
    assert odds.yi_range == pytest.approx((math.log(3), math.log(13)))
    assert list(odds.to_frame().columns) == ["both", "only_1", "only_2", "neither", "yi", "vi", "sei", "p"]
