"""Properties that hold for every study: sides, scale, shift, ways there and back."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evisynth import effects as ef


def check(**strategies):
    """`given` with few examples and no deadline: the suite runs on shared machines."""
    return lambda test: settings(max_examples=40, deadline=None)(given(**strategies)(test))


@st.composite
def arms(draw):
    n1, n2 = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
    return draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2


real = st.floats(-50, 50, allow_nan=False)
positive = st.floats(0.05, 50)
size = st.integers(2, 3000)
means = st.tuples(real, positive, size, real, positive, size)

BINARY = {
    "OR": lambda *a: ef.odds_ratio(*a, double_zero="keep"),
    "RR": lambda *a: ef.risk_ratio(*a, double_zero="keep"),
    "RD": ef.risk_difference,
    "PETO": lambda *a: ef.peto_odds_ratio(*a, double_zero="keep"),
    "AS": ef.arcsine_difference,
    "treatment-arm": lambda *a: ef.odds_ratio(*a, zero_cells="treatment-arm", double_zero="keep"),
}
MEANS = {"MD": ef.mean_difference, "SMD": ef.smd, "SMDH": ef.smd_unequal_variances}


@pytest.mark.parametrize("name", BINARY)
@check(table=arms())
def test_exchanged_arms_turn_the_sign(name, table):
    e1, n1, e2, n2 = table
    there, back = BINARY[name](e1, n1, e2, n2), BINARY[name](e2, n2, e1, n1)
    assert there.yi == pytest.approx(-back.yi, rel=1e-12, abs=1e-12)
    assert there.vi == pytest.approx(back.vi, rel=1e-12)
    assert there.vi > 0 and math.isfinite(there.yi)


@pytest.mark.parametrize("name", ["OR", "RD", "PETO", "AS"])
@check(table=arms())
def test_counting_the_others_turns_the_sign(name, table):
    e1, n1, e2, n2 = table
    events, others = BINARY[name](e1, n1, e2, n2), BINARY[name](n1 - e1, n1, n2 - e2, n2)
    assert events.yi == pytest.approx(-others.yi, rel=1e-10, abs=1e-10)
    assert events.vi == pytest.approx(others.vi, rel=1e-10)


@pytest.mark.parametrize("name", MEANS)
@check(figures=means, shift=real, scale=st.floats(1e-6, 1e6))
def test_means_exchanged_shifted_scaled(name, figures, shift, scale):
    m1, s1, n1, m2, s2, n2 = figures
    assume(abs(m1 - m2) > 1e-6)
    make, effect = MEANS[name], MEANS[name](*figures)
    other = make(m2, s2, n2, m1, s1, n1)
    assert (other.yi, other.vi) == (pytest.approx(-effect.yi, rel=1e-12), pytest.approx(effect.vi, rel=1e-12))
    moved = make(m1 + shift, s1, n1, m2 + shift, s2, n2)
    assert moved.yi == pytest.approx(effect.yi, rel=1e-6)
    larger = make(m1 * scale, s1 * scale, n1, m2 * scale, s2 * scale, n2)
    factor = scale if name == "MD" else 1.0
    assert larger.yi == pytest.approx(effect.yi * factor, rel=1e-9)
    assert larger.vi == pytest.approx(effect.vi * factor**2, rel=1e-9)


@check(m1=positive, m2=positive, s1=positive, s2=positive, n=size, scale=st.floats(1e-6, 1e6))
def test_ratio_of_means_does_not_know_the_unit(m1, m2, s1, s2, n, scale):
    a, b = (
        ef.ratio_of_means(m1, s1, n, m2, s2, n),
        ef.ratio_of_means(-m1 * scale, s1 * scale, n, -m2 * scale, s2 * scale, n),
    )
    assert (b.yi, b.vi) == (pytest.approx(a.yi, rel=1e-9, abs=1e-12), pytest.approx(a.vi, rel=1e-9))


@check(tables=st.lists(arms(), min_size=1, max_size=6))
def test_many_studies_at_once_are_each_as_alone(tables):
    together = ef.risk_ratio(*np.array(tables).T, double_zero="keep")
    alone = [ef.risk_ratio(*t, double_zero="keep") for t in tables]
    np.testing.assert_array_equal(together.yi, [e.yi for e in alone])
    np.testing.assert_array_equal(together.vi, [e.vi for e in alone])


@check(se=positive, n=st.integers(2, 10_000), estimate=real, level=st.floats(0.5, 0.999), df=st.floats(1, 1e6))
def test_there_and_back(se, n, estimate, level, df):
    assert ef.se_from_sd(ef.sd_from_se(se, n).value, n).value == pytest.approx(se, rel=1e-12)
    t = float(ef.t_from_p_value(1 - level, df=df).value)
    low, high = estimate - t * se, estimate + t * se
    assert ef.se_from_interval(low, high, level=level, df=df).value == pytest.approx(se, rel=1e-9)
    assert ef.p_value_from_t(t, df) == pytest.approx(1 - level, rel=1e-9)
    assume(abs(estimate) > 1e-3)
    p = ef.p_value_from_t(estimate / se, df)
    assume(1e-200 < p < 1 - 1e-4)
    assert ef.se_from_p(estimate, p, df=df).value == pytest.approx(se, rel=1e-6)


@check(risk=st.floats(0, 0.999))
def test_odds_and_risk(risk):
    assert ef.risk_from_odds(ef.odds_from_risk(risk).value).value == pytest.approx(risk, rel=1e-12)


@check(yi=real, vi=positive)
def test_smd_and_log_odds_ratio(yi, vi):
    odds = ef.log_odds_ratio_from_smd(yi, vi)
    back = ef.smd_from_log_odds_ratio(odds.yi, odds.vi)
    assert (back.yi, back.vi) == (pytest.approx(yi, rel=1e-12), pytest.approx(vi, rel=1e-12))


@check(mean=st.floats(0, 100), low=st.floats(-20, 0), width=st.floats(1, 100))
def test_scales_there_and_back(mean, low, width):
    twice = ef.reverse_scale(ef.reverse_scale(mean, low, low + width).value, low, low + width)
    assert twice.value == pytest.approx(mean, abs=1e-9)
    there = ef.rescale(mean, low, low + width, 0, 10).value
    assert ef.rescale(there, 0, 10, low, low + width).value == pytest.approx(mean, abs=1e-9)


@check(sd_1=positive, sd_2=positive, r=st.floats(-1, 1))
def test_correlation_and_change_sd(sd_1, sd_2, r):
    change = ef.change_sd(sd_1, sd_2, r).value
    assume(change > 1e-3 * max(sd_1, sd_2))
    back = ef.correlation_from_sds(sd_1, sd_2, change)
    assert back.value == pytest.approx(r, abs=1e-6 * max(sd_1, sd_2) / min(sd_1, sd_2))
    assert back.origin == "derived"


@check(n=st.integers(1, 1000), data=st.data(), decimals=st.integers(0, 2))
def test_counts_that_fit_always_round_to_the_percentage(n, data, decimals):
    x = data.draw(st.integers(0, n))
    scaled = Fraction(100 * x * 10**decimals, n)
    printed = Fraction(math.floor(scaled + Fraction(1, 2)), 10**decimals)  # half up
    assume(printed <= 100)
    text = f"{float(printed):.{decimals}f}"
    found = ef.counts_from_percent(text, n)
    assert x in found.candidates
    for y in found.candidates:
        assert abs(Fraction(100 * y, n) - printed) <= Fraction(1, 2 * 10**decimals)
    # and no neighbour of the set fits
    for y in {found.candidates[0] - 1, found.candidates[-1] + 1} & set(range(n + 1)):
        assert abs(Fraction(100 * y, n) - printed) > Fraction(1, 2 * 10**decimals)


@check(table=arms())
def test_paired_tables_keep_their_margins(table):
    e1, n, e2, _ = table
    n = min(n, 60)
    e1, e2 = min(e1, n), min(e2, n)
    assume(e1 + e2 > 0)
    found = ef.paired_tables(e1, e2, n, measure="MPRD")
    a, b, c, d = found.tables.T
    assert (a + b == e1).all() and (a + c == e2).all() and (a + b + c + d == n).all() and (found.tables >= 0).all()
    plain = (b + c > 0) & (abs(b - c) < n)
    np.testing.assert_allclose(found.effect.yi[plain], (e1 - e2) / n, atol=1e-12)
    # more overlap, smaller error
    assert (np.diff(found.effect.sei[plain]) <= 1e-12).all()


@check(p=st.floats(1e-6, 0.99), n=st.integers(3, 500), r=st.floats(-0.9, 0.95))
def test_paired_effect_from_p_gives_its_p_back(p, n, r):
    effect = ef.paired_smd_from_p(p, n, r, sign=1)
    t = effect.yi / math.sqrt(2 * (1 - r)) * math.sqrt(n)
    assert ef.p_value_from_t(t, n - 1) == pytest.approx(p, rel=1e-6)
    assert ef.paired_smd_from_p(p, n, r, sign=-1).yi == -effect.yi


@check(n=st.integers(1, 3000), data=st.data())
def test_freeman_tukey_there_and_back(n, data):
    x = data.draw(st.integers(0, n))
    y = ef.proportion_freeman_tukey(x, n).yi
    # near the ends the sine is flat: 1e-7 is what double precision leaves there
    assert ef.freeman_tukey_inverse(y, n) == pytest.approx(x / n, abs=1e-7)


@check(n1=st.integers(3, 60), n2=st.integers(3, 60), seed=st.integers(0, 10**6))
def test_combined_arms_do_not_depend_on_the_order(n1, n2, seed):
    rng = np.random.default_rng(seed)
    a, b = (n1, *rng.uniform(1, 5, 2)), (n2, *rng.uniform(1, 5, 2))
    one, two = ef.combine_arms(*a, *b), ef.combine_arms(*b, *a)
    assert (one.n, one.mean) == (two.n, pytest.approx(two.mean))
    assert one.sd == pytest.approx(two.sd)
