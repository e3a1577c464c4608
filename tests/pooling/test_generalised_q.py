"""tau2 from Q with fixed weights, and two published examples: Jackson 2014 and Linde 2005 (as in Viechtbauer 2007)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evisynth import effects, pooling
from evisynth.pooling.generalised_q import weighted_chi2_cdf

# Jackson et al. 2014, first example
YI = np.array(
    (
        0.0267,
        0.8242,
        0.3930,
        2.4405,
        2.1401,
        1.2528,
        2.4849,
        0.3087,
        1.4246,
        0.1823,
        1.1378,
        1.2321,
        2.0695,
        4.0237,
        1.4383,
        1.6021,
    )
)
VI = np.array(
    (
        0.1285,
        0.0315,
        0.0931,
        2.0967,
        1.0539,
        0.1602,
        1.0235,
        0.0218,
        0.5277,
        0.0556,
        0.3304,
        0.1721,
        0.4901,
        2.0200,
        0.3399,
        0.1830,
    )
)
XI = np.array([0.0] * 10 + [1.0] * 6)
# Linde et al. 2005: responders of 17 placebo-controlled trials of Saint John's wort
LINDE = (
    [20, 14, 4, 20, 28, 34, 35, 24, 45, 67, 34, 46, 55, 23, 26, 46, 98],
    [25, 20, 25, 32, 50, 48, 53, 49, 80, 106, 60, 70, 123, 37, 98, 113, 186],
    [11, 9, 2, 6, 13, 25, 12, 16, 12, 22, 17, 34, 57, 15, 19, 56, 80],
    [25, 20, 25, 33, 55, 49, 54, 49, 79, 47, 59, 70, 124, 35, 102, 116, 189],
)


@pytest.mark.parametrize(
    ("weights", "low", "high"), [(1 / VI, 0.0029, 0.6907), (1 / np.sqrt(VI), 0.0, 1.1245)], ids=["1/v", "1/sqrt(v)"]
)
def test_jackson_2014(weights, low, high):
    found = pooling.generalised_q_interval(YI, VI, weights, XI)
    # 1.12456 is printed as 1.1245: what was pinned came from a root search that stops at four digits
    assert (found.tau2_ci_low, found.tau2_ci_high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=1e-4))
    assert (found.k, found.df, found.tau2_ci_empty) == (16, 14, False)


def test_jackson_2014_q_profile():
    found = pooling.meta_regression(YI, VI, XI, tau2="PM")
    limits = (found.tau2_ci_low, found.tau2_ci_high)
    assert limits == (pytest.approx(0.0023, abs=5e-5), pytest.approx(1.4871, abs=5e-5))


def test_linde_2005():
    made = effects.risk_ratio(*LINDE)
    common = pooling.common_effect(made.yi, made.vi)
    ratio = np.exp([common.estimate, common.ci_low, common.ci_high])
    np.testing.assert_allclose(ratio, [1.3840, 1.2599, 1.5204], atol=5e-5)
    dl = pooling.random_effects(made.yi, made.vi, tau2="DL", ci="wald", pi="normal")
    ratio = np.exp([dl.estimate, dl.ci_low, dl.ci_high, dl.pi_low, dl.pi_high])
    np.testing.assert_allclose(ratio, [1.5722, 1.3103, 1.8864, 0.8488, 2.9120], atol=5e-5)
    assert dl.tau2 == pytest.approx(0.0903, abs=5e-5)


def test_estimates_are_those_of_the_named_methods():
    for name, weights in (("DL", 1 / VI), ("HE", np.ones(16))):
        found = pooling.generalised_q_interval(YI, VI, weights)
        assert found.tau2 == pytest.approx(pooling.random_effects(YI, VI, tau2=name).tau2, rel=1e-10)
        assert found.tau2_ci_low < found.tau2 < found.tau2_ci_high
    found = pooling.generalised_q_interval(YI, VI, 1 / VI, XI)
    assert found.tau2 == pytest.approx(pooling.meta_regression(YI, VI, XI, tau2="DL").tau2, rel=1e-10)


# Imhof 1961 and Farebrother 1984 give these to four digits
@pytest.mark.parametrize(("q", "p"), [(1.0, 0.0542), (7.0, 0.4936), (20.0, 0.8760)])
def test_weighted_chi_squared_by_table(q, p):
    assert weighted_chi2_cdf(q, np.array([6.0, 3.0, 1.0])) == pytest.approx(p, abs=5e-5)


def test_weighted_chi_squared_closed_forms():
    assert weighted_chi2_cdf(5.0, np.ones(4)) == pytest.approx(stats.chi2(4).cdf(5), rel=1e-12)
    # weights in pairs: exponentials of means 2 and 4, P(sum <= 5) in closed form
    two_exponentials = 1 - (4 * np.exp(-5 / 4) - 2 * np.exp(-5 / 2)) / 2
    assert weighted_chi2_cdf(5.0, np.array([1.0, 1.0, 2.0, 2.0])) == pytest.approx(two_exponentials, rel=1e-11)
    assert weighted_chi2_cdf(0.0, np.ones(2)) == 0.0


@given(st.integers(-6, 6))
def test_scale(power):
    scale = 10.0**power
    first = pooling.generalised_q_interval(YI, VI, 1 / VI)
    second = pooling.generalised_q_interval(YI * scale, VI * scale**2, 1 / VI)
    for name in ("tau2", "tau2_ci_low", "tau2_ci_high"):
        assert getattr(second, name) == pytest.approx(getattr(first, name) * scale**2, rel=1e-8)


def test_too_alike_studies_give_an_empty_set():
    found = pooling.generalised_q_interval([0.1, 0.1001, 0.1], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    assert (found.tau2, found.tau2_ci_low, found.tau2_ci_high, found.tau2_ci_empty) == (0.0, 0.0, 0.0, True)
    assert found.to_frame()["terms"].iloc[0] == "intercept"


@pytest.mark.parametrize(
    ("weights", "words"),
    [([1.0, 0.0, 1.0], "positive"), ([1.0, np.nan, 1.0], "positive"), ([1.0, 1.0], "shape")],
)
def test_bad_weights(weights, words):
    with pytest.raises(pooling.PoolingInputError, match=words):
        pooling.generalised_q_interval([0.1, 0.2, 0.3], [1.0, 1.0, 1.0], weights)
    with pytest.raises(pooling.PoolingInputError, match="two studies"):
        pooling.generalised_q_interval([0.1], [1.0], [1.0])
