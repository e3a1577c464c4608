"""Small-study effects and influence: order, sign, scale, added constant."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evisynth import bias

sets = (
    st.integers(6, 14)
    .flatmap(
        lambda k: st.tuples(
            st.lists(st.integers(-2000, 3000), min_size=k, max_size=k, unique=True),
            st.lists(st.integers(50, 900), min_size=k, max_size=k, unique=True),
        )
    )
    .map(lambda pair: (np.array(pair[0]) / 1000.0, (np.array(pair[1]) / 1000.0) ** 2))
)
few = settings(max_examples=15, deadline=None)


def scattered(data):
    """Return effects and variances that do not lie (nearly) on the line of Egger's regression."""
    found = bias.egger(*data)
    assume(found.status == "ok" and abs(found.t) < 1e3)
    return data


@few
@given(sets, st.sampled_from([1e-6, 1e-3, 7.0, 1e6]))
def test_scale(data, s):
    """Every answer keeps its meaning when effects are multiplied by s and variances by its square."""
    y, v = scattered(data)
    for function, times_s in (
        (bias.egger, ("limit", "limit_se")), (bias.pet, ("estimate", "se")), (bias.peese, ("estimate", "se")),
        (bias.egger_mixed, ("limit",)), (bias.trim_and_fill, ("estimate", "se")),
        (bias.selection_model, ("estimate", "se")), (bias.worst_case, ("estimate",)),
    ):  # fmt: skip
        one, scaled = function(y, v), function(s * y, s * s * v)
        assert one.status == scaled.status
        if one.status != "ok":
            continue
        for name in times_s:
            size = np.sqrt(np.median(v))
            assert getattr(scaled, name) / s == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-6 * size)
    assert bias.begg(s * y, s * s * v).tau == pytest.approx(bias.begg(y, v).tau)
    assert bias.influence(s * y, s * s * v).residual == pytest.approx(bias.influence(y, v).residual, rel=1e-6, abs=1e-8)


@few
@given(sets)
def test_sign(data):
    """Turning all effects round turns every estimate, slope and side round."""
    y, v = scattered(data)
    assert bias.egger(-y, v).slope == pytest.approx(-bias.egger(y, v).slope)
    assert bias.begg(-y, v).tau == pytest.approx(-bias.begg(y, v).tau)
    assert bias.rosenthal(-y, v).number == bias.rosenthal(y, v).number
    for side, other in (("right", "left"), ("left", "right")):
        one, turned = bias.trim_and_fill(y, v, side=side), bias.trim_and_fill(-y, v, side=other)
        assert (one.k0, one.status) == (turned.k0, turned.status)
        if one.status == "ok":
            assert turned.estimate == pytest.approx(-one.estimate, abs=1e-9)
        model, mirror = bias.selection_model(y, v, side=side), bias.selection_model(-y, v, side=other)
        assert model.status == mirror.status
        if model.status == "ok":
            assert mirror.estimate == pytest.approx(-model.estimate, rel=1e-6, abs=1e-7)
            assert mirror.weight == pytest.approx(model.weight, rel=1e-5)
    first, second = bias.worst_case(y, v, side="right"), bias.worst_case(-y, v, side="left")
    assert first.affirmative == second.affirmative
    assert first.ratio_estimate == pytest.approx(second.ratio_estimate) if first.ratio_estimate else True


@few
@given(sets, st.randoms(use_true_random=False))
def test_order(data, random):
    """The order of the studies changes nothing but the order of the rows."""
    y, v = scattered(data)
    at = list(range(y.size))
    random.shuffle(at)
    assert bias.egger(y[at], v[at]).p == pytest.approx(bias.egger(y, v).p, rel=1e-8)
    assert bias.influence(y[at], v[at]).dffits == pytest.approx(bias.influence(y, v).dffits[at], rel=1e-6, abs=1e-9)
    one, other = bias.trim_and_fill(y, v), bias.trim_and_fill(y[at], v[at])
    assert one.k0 == other.k0


@few
@given(sets, st.floats(-3, 3))
def test_added_constant(data, constant):
    """A constant added to all effects moves limits and estimates by it and leaves the tests of asymmetry alone."""
    y, v = scattered(data)
    one, moved = bias.egger(y, v), bias.egger(y + constant, v)
    assert moved.slope == pytest.approx(one.slope, rel=1e-7, abs=1e-9)
    assert moved.limit == pytest.approx(one.limit + constant, rel=1e-7, abs=1e-9)
    filled, other = (bias.trim_and_fill(x, v, side="left") for x in (y, y + constant))
    if filled.status == "ok" and other.status == "ok" and filled.k0 == other.k0:
        assert other.estimate == pytest.approx(filled.estimate + constant, rel=1e-6, abs=1e-7)


@few
@given(sets)
def test_selection_is_at_a_maximum_no_lower_than_without(data):
    y, v = scattered(data)
    found = bias.selection_model(y, v)
    if found.status != "ok":
        assert found.estimate is None
        assert found.reason
        return
    assert found.gradient < 1e-6
    assert found.lrt >= 0
    assert found.tau2 >= 0
    assert min(found.weights) > 0
