"""Mantel-Haenszel and Peto against published figures."""

import numpy as np
import pytest

from evisynth import pooling
from evisynth.pooling.two_by_two import NO_EVENTS


def counts(case):
    return case.events_1, case.n_1, case.events_2, case.n_2


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("RR", (-0.4537, -0.5308, -0.3766)),
        ("OR", (-0.4734, -0.5538, -0.3930)),
        ("RD", (-0.0033, -0.0039, -0.0027)),
    ],
)
def test_bcg(bcg, measure, expected):
    """Stata's metan with fixed (Mantel-Haenszel) weights."""
    result = pooling.mantel_haenszel(*counts(bcg), measure=measure)
    assert (result.estimate, result.ci_low, result.ci_high) == pytest.approx(expected, abs=5.1e-5)
    if measure == "OR":
        assert result.q == pytest.approx(163.9426, abs=5.1e-5)


def test_peto_bcg(bcg):
    result = pooling.peto(*counts(bcg))
    assert (result.estimate, result.ci_low, result.ci_high) == pytest.approx((-0.4744, -0.5541, -0.3948), abs=5.1e-5)
    assert result.q == pytest.approx(167.7302, abs=5.1e-5)
    assert np.exp(result.estimate) == pytest.approx(0.6222, abs=5.1e-5)


def test_rare_events(ten_trials, catheters):
    mh = pooling.mantel_haenszel(*counts(ten_trials))
    assert (mh.estimate, mh.se) == pytest.approx((-0.1637606, 0.1964177), abs=5.1e-8)
    peto = pooling.peto(*counts(ten_trials))
    assert (peto.estimate, peto.se) == pytest.approx((-0.1625807, 0.1956269), abs=5.1e-8)
    mh = pooling.mantel_haenszel(*counts(catheters))
    assert (mh.estimate, mh.se) == pytest.approx((-1.20870483, 0.22244542), abs=5.1e-9)
    peto = pooling.peto(*counts(catheters))
    assert (peto.estimate, peto.se) == pytest.approx((-1.10574495, 0.19158734), abs=5.1e-9)


def test_tolbutamide():
    """Rothman, Greenland and Lash 2008, pages 266-281: 90 % intervals."""
    table = [8, 22], [106, 98], [5, 16], [120, 85]
    expected = {
        "RD": (0.0349, -0.0176, 0.0874),
        "RR": (1.3256, 0.8658, 2.0296),
        "OR": (1.4031, 0.8411, 2.3409),
    }
    for measure, figures in expected.items():
        result = pooling.mantel_haenszel(*table, measure=measure, level=0.90)
        shown = np.array([result.estimate, result.ci_low, result.ci_high])
        assert (shown if measure == "RD" else np.exp(shown)) == pytest.approx(figures, abs=5.1e-5)
    assert result.breslow_day_p == pytest.approx(0.5547, abs=1e-3)
    assert result.breslow_day == pytest.approx(0.3489, abs=5.1e-5)
    # the book's 1.1976 has N^3 for N^2 (N - 1) in the variance; metafor 3.8 prints both
    assert result.test == pytest.approx(1.1914001873, abs=5e-10)


def test_smoking_rates():
    """Rothman, Greenland and Lash 2008, page 264: coronary deaths of doctors by age, 90 % intervals."""
    table = (
        [32, 104, 206, 186, 102],
        [52407, 43248, 28612, 12663, 5317],
        [2, 12, 28, 28, 31],
        [18790, 10673, 5710, 2585, 1462],
    )
    result = pooling.mantel_haenszel_rates(*table, measure="IRD", level=0.90)
    shown = 1e4 * np.array([result.estimate, result.ci_low, result.ci_high])
    assert shown == pytest.approx((11.4392, 6.3498, 16.5286), abs=5.1e-5)
    result = pooling.mantel_haenszel_rates(*table, measure="IRR", level=0.90)
    assert (result.estimate, result.ci_low, result.ci_high) == pytest.approx((0.3539, 0.1776, 0.5303), abs=5.1e-5)


def test_double_zero_trials_are_named_and_change_no_ratio(catheters):
    base = pooling.mantel_haenszel(*counts(catheters))
    assert base.left_out == ((14, NO_EVENTS),)
    assert base.k == 17
    keep = np.arange(18) != 14
    without = pooling.mantel_haenszel(*(x[keep] for x in counts(catheters)))
    assert without.estimate == base.estimate
    named = pooling.peto([0, 1], [10, 20], [0, 4], [10, 20], studies=["A", "B"])
    assert named.left_out == (("A", NO_EVENTS),)
    difference = pooling.mantel_haenszel([0, 1], [10, 20], [0, 4], [10, 20], measure="RD")
    assert difference.k == 2
    assert difference.left_out == ()


def test_no_estimate_has_a_reason():
    none = pooling.mantel_haenszel([0, 0], [10, 20], [3, 4], [10, 20])
    assert none.estimate is None
    assert "0 or infinite" in none.reason
    empty = pooling.mantel_haenszel([0], [10], [0], [10])
    assert (empty.estimate, empty.reason) == (None, "no studies that carry information")
    assert pooling.peto([], [], [], []).estimate is None


@pytest.mark.parametrize("pool", [pooling.mantel_haenszel, pooling.peto, pooling.mantel_haenszel_rates])
def test_batch_equals_singles(catheters, pool):
    rng = np.random.default_rng(3)
    absent = rng.random((6, 18)) < 0.3
    batch = pool(*(np.where(absent, np.nan, x) for x in counts(catheters)))
    for i in range(6):
        single = pool(*(x[~absent[i]] for x in counts(catheters)))
        for name in ("k", "estimate", "se", "ci_low", "ci_high", "p", "q", "q_p", "test"):
            assert getattr(batch, name)[i] == pytest.approx(getattr(single, name), rel=1e-10)


def test_arms_exchanged_change_the_sign(bcg):
    for measure in ("OR", "RR", "RD"):
        one = pooling.mantel_haenszel(*counts(bcg), measure=measure)
        other = pooling.mantel_haenszel(bcg.events_2, bcg.n_2, bcg.events_1, bcg.n_1, measure=measure)
        assert (one.estimate, one.se) == pytest.approx((-other.estimate, other.se))


def test_bad_counts_are_all_named():
    with pytest.raises(pooling.PoolingInputError) as caught:
        pooling.mantel_haenszel([11, -1, 2], [10, 20, 0], [1, 2, np.nan], [10, 20, 30], studies=["A", "B", "C"])
    message = str(caught.value)
    for text in (
        "'A': events_1 is 11, more than n_1",
        "'B': events_1 is -1",
        "'C': n_1 is 0",
        "'C': events_2 is nan",
    ):
        assert text in message
