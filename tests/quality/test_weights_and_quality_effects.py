"""Weight by risk of bias, restriction, and the quality-effects model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evisynth.quality.quality_model import quality_effects, quality_from_judgements
from evisynth.quality.weights import risk_mask, weight_shares

Y, V = (-0.5, -0.2, -0.8, -0.1), (0.04, 0.02, 0.09, 0.03)


def test_weight_shares():
    found = weight_shares(["low", "high", "some", "low", "not assessed"], [1, 2, 3, 2, 2])
    assert (found.low, found.high, found.some, found.not_assessed) == pytest.approx((0.3, 0.2, 0.3, 0.2))
    assert found.to_frame()["share"].sum() == pytest.approx(1)


def test_restriction_keeps_nobody_who_was_not_assessed():
    concern = ["low", "some", "high", "not assessed"]
    assert risk_mask(concern, "low").tolist() == [True, False, False, False]
    assert risk_mask(concern, "some").tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: weight_shares(["low"], [1, 2]), "1 judgements and 2 weights"),
        (lambda: weight_shares([], []), "at least one"),
        (lambda: weight_shares(["low"], [0]), "positive"),
        (lambda: weight_shares(["Low"], [1]), "Low: risk of bias is one of"),
        (lambda: risk_mask(["low"], "high"), "'low' or 'some'"),
    ],
)
def test_weights_that_cannot_be(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_quality_effects_example():
    # quality_and_reporting, 7.1: basic form, computed by hand there to five decimals
    found = quality_effects(Y, V, (1, 0.5, 0.25, 1))
    assert found.weights == pytest.approx((0.30233, 0.23256, 0.09302, 0.37209), abs=5e-6)
    assert found.estimate == pytest.approx(-0.30930, abs=5e-6)
    # DerSimonian-Laird's tau2 of the same four studies, printed to six decimals in 5.5
    assert found.tau2 == pytest.approx(0.031355, abs=5e-7)
    assert found.se == pytest.approx(np.sqrt(np.square(found.weights) @ (np.array(V) + found.tau2)))
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (found.estimate - 1.959964 * found.se, found.estimate + 1.959964 * found.se), abs=1e-6
    )


def test_equal_quality_is_the_common_effect():
    w = 1 / np.array(V)
    for redistribution in ("equal", "proportional"):
        found = quality_effects(Y, V, [0.3] * 4, redistribution)
        assert found.estimate == pytest.approx(w @ np.array(Y) / w.sum())
        assert found.weights == pytest.approx(tuple(w / w.sum()))


studies = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 4), st.floats(0.05, 1)), min_size=1, max_size=8)


@settings(max_examples=80, deadline=None)
@given(studies, st.floats(0.1, 10))
def test_weights_sum_to_one_and_only_ratios_of_quality_count(rows, scale):
    y, v, q = (np.array(column) for column in zip(*rows, strict=True))
    found = quality_effects(y, v, q)
    assert sum(found.weights) == pytest.approx(1)
    assert min(found.weights) >= 0
    assert y.min() - 1e-9 <= found.estimate <= y.max() + 1e-9
    assert quality_effects(y, v, q * scale).estimate == pytest.approx(found.estimate)
    assert quality_effects(y + 1, v, q).estimate == pytest.approx(found.estimate + 1)


@settings(max_examples=40, deadline=None)
@given(studies)
def test_a_study_of_lower_quality_loses_weight(rows):
    y, v, _ = (np.array(column) for column in zip(*rows, strict=True))
    if len(y) == 1:
        assert quality_effects(y, v, [0.5]).weights == (1.0,)
        return
    lower = np.ones(len(y))
    lower[0] = 0.5
    assert quality_effects(y, v, lower).weights[0] < quality_effects(y, v, np.ones(len(y))).weights[0]


def test_proportional_form():
    # by hand: w (10, 20), q (1, 0.5), r (0, 10); w' = q w + 2 x 10 x q / 1.5 - r
    found = quality_effects((0.0, 1.0), (0.1, 0.05), (1, 0.5), "proportional")
    assert np.array(found.weights) * 30 == pytest.approx((10 + 20 / 1.5, 10 + 10 / 1.5 - 10))
    with pytest.raises(ValueError, match="negative weight"):
        quality_effects((0.0, 1.0), (1.0, 0.01), (1, 0.1), "proportional")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (((0.1,), (0.1, 0.2), (1,)), "as many of each"),
        (((), (), ()), "as many of each"),
        (((float("nan"),), (0.1,), (1,)), "must be a number"),
        (((0.1,), (0,), (1,)), "positive number"),
        (((0.1,), (0.1,), (0,)), "quality must be"),
        (((0.1,), (0.1,), (1,), "sum"), "'equal' or 'proportional'"),
        (((0.1,), (0.1,), (1,), "equal", 95), "ci_level"),
    ],
)
def test_quality_effects_that_cannot_be(arguments, said):
    with pytest.raises(ValueError, match=said):
        quality_effects(*arguments)


def test_quality_is_a_stated_rank():
    ranks = {"Low": 1, "Some concerns": 0.5, "High": 0.25}
    assert quality_from_judgements(["High", "Low"], ranks).tolist() == [0.25, 1]
    with pytest.raises(ValueError, match="no rank is stated for not assessed"):
        quality_from_judgements(["not assessed"], ranks)
    with pytest.raises(ValueError, match="above 0"):
        quality_from_judgements(["Low"], {"Low": 12})
