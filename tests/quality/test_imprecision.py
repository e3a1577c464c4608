"""Thresholds crossed and information size."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evisynth.quality.imprecision import (
    crossed,
    information_size_binary,
    information_size_continuous,
    propose_imprecision,
    thresholds_from_mid,
)


def test_information_size():
    # quality_and_reporting, 4.3: 902.6, 392.4 and 62.8 per arm before rounding up
    assert information_size_binary(0.20, 0.25) == 903
    assert information_size_continuous(0.2) == 393
    assert information_size_continuous(-0.5) == 63
    with pytest.raises(ValueError, match="difference of 0"):
        information_size_continuous(0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        information_size_binary(20)
    with pytest.raises(ValueError, match="alpha and power"):
        information_size_binary(0.2, alpha=5)


@pytest.mark.parametrize(
    ("estimate", "low", "high", "thresholds", "level"),
    [
        (-2.0, -2.6, -1.4, (-1.0,), 0),
        (-1.3, -2.0, -0.6, (-1.0,), 1),
        (-0.9, -2.2, 0.4, (-1.0, 0.0), 2),
    ],
)
def test_examples(estimate, low, high, thresholds, level):
    for rating in ("minimal", "partial"):
        found = propose_imprecision("MD", estimate, low, high, thresholds, rating)
        assert found.level == level == len(found.crossed)


def test_partial_rating_goes_down_three():
    marks = (-3, -2, -1, 0, 1)
    assert propose_imprecision("MD", -1.5, -3.5, 0.5, marks, "partial").level == 3
    assert propose_imprecision("MD", -1.5, -3.5, 0.5, marks, "minimal").level == 2


def test_without_thresholds_no_effect_is_the_threshold():
    assert propose_imprecision("RR", 0.9, 0.7, 1.1).crossed == (1.0,)
    assert propose_imprecision("MD", 0.9, 0.7, 1.1).crossed == ()
    # a limit at the threshold does not cross it
    assert propose_imprecision("RR", 0.9, 0.8, 1.0).level == 0


@pytest.mark.parametrize(
    ("estimate", "participants", "level"),
    [(0.5, 900, 0), (0.5, 899, 1), (0.5, 449, 2), (0.75, 10, 0), (1.5, 10, 2)],
)
def test_a_large_effect_needs_information(estimate, participants, level):
    found = propose_imprecision(
        "RR",
        estimate,
        estimate * 0.9,
        estimate * 1.1,
        participants=participants,
        information_size=900,
        events=50,
    )
    assert found.level == level
    assert "few events" in found.flags
    assert ("below the optimal information size" in found.flags) == (level > 0)


def test_a_large_effect_without_an_information_size_says_so():
    assert "was not compared" in propose_imprecision("RR", 0.5, 0.4, 0.6).reason
    assert "was not compared" in propose_imprecision("SMD", -0.9, -1.2, -0.6).reason


def test_what_would_flip_it():
    found = propose_imprecision("MD", -1.3, -2.0, -0.6, (-1.0, 1.0))
    assert found.flip == "the upper limit moving from -0.6 back to -1 (one threshold fewer)"
    found = propose_imprecision("MD", -2.0, -2.6, -1.4, (-1.0, 1.0))
    assert found.flip == "the upper limit moving from -1.4 past -1 (one threshold more)"


def test_zone_of_a_minimal_important_difference():
    assert thresholds_from_mid(1.5, "MD") == (-1.5, 1.5)
    assert thresholds_from_mid(0.8, "RR") == pytest.approx((0.8, 1.25))
    assert thresholds_from_mid(1.25, "OR") == pytest.approx((0.8, 1.25))
    for mid, measure in ((0, "MD"), (1, "RR"), (-1, "RR")):
        with pytest.raises(ValueError, match="minimal important"):
            thresholds_from_mid(mid, measure)


@settings(max_examples=60, deadline=None)
@given(st.floats(-5, 5), st.floats(0, 3), st.floats(0, 3), st.lists(st.floats(-5, 5), min_size=1, max_size=6))
def test_a_wider_interval_is_never_more_precise(estimate, below, above, thresholds):
    narrow = propose_imprecision("MD", estimate, estimate - below, estimate + above, thresholds, "partial")
    wide = propose_imprecision("MD", estimate, estimate - below - 1, estimate + above + 1, thresholds, "partial")
    assert set(narrow.crossed) <= set(wide.crossed)
    assert narrow.level <= wide.level
    assert crossed(estimate, estimate, thresholds) == ()


def test_what_cannot_be_rated():
    with pytest.raises(ValueError, match="must hold the estimate"):
        propose_imprecision("MD", 3, 0, 1)
    with pytest.raises(ValueError, match="'minimal' or 'partial'"):
        propose_imprecision("MD", 0, 0, 1, rating="full")
