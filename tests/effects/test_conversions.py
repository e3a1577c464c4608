"""Conversions: bounds, assumptions, steps and errors."""

import math
from statistics import NormalDist

import mpmath
import numpy as np
import pytest

from evisynth.effects import (
    Correlation,
    EffectError,
    absolute_effect,
    change_sd,
    combine_arms,
    correlation_from_sds,
    counts_from_percent,
    difference_from_interval,
    difference_from_p,
    difference_from_se,
    difference_from_t,
    hazard_ratio_from_interval,
    hazard_ratio_from_logrank,
    mean_change,
    mean_sd_from_quantiles,
    mean_sd_from_summary,
    paired_difference_from_interval,
    paired_difference_from_p,
    ratio_from_interval,
    ratio_from_p,
    rescale,
    reverse_scale,
    sd_from_iqr,
    se_from_interval,
    se_from_p,
    se_from_t,
    sizes_that_fit,
    skewness_of_summary,
    smd_from_t,
    standardised_mean_change,
    standardised_mean_change_from_sd_of_change,
    t_from_f,
    t_from_p_value,
)
from evisynth.effects._numbers import hedges_correction


@pytest.mark.parametrize("df", [1.5, 2, 3, 10, 59, 60, 61, 97, 500, 12345, 1e7])
def test_hedges_correction_to_full_precision(df):
    with mpmath.workdps(40):
        m = mpmath.mpf(df)
        exact = mpmath.gamma(m / 2) / (mpmath.sqrt(m / 2) * mpmath.gamma((m - 1) / 2))
    assert hedges_correction(df) == pytest.approx(float(exact), rel=2e-14)


def test_interval_of_any_level():
    assert se_from_interval(-1.644854, 1.644854, level=0.90).value == pytest.approx(1, abs=1e-6)
    assert se_from_interval(-2.575829, 2.575829, level=0.99).value == pytest.approx(1, abs=1e-6)
    assert se_from_interval(-2.0, 2.0, df=60).value == pytest.approx(2 / 2.000298, abs=1e-6)


def test_inequalities_give_bounds_and_say_so():
    exact, below, above = (se_from_p(2.0, 0.05, df=30, relation=r) for r in ("=", "<", ">"))
    assert exact.value == below.value == above.value
    assert (exact.bound, below.bound, above.bound) == ("exact", "at most", "at least")
    assert exact.step.assumption is None
    assert below.step.assumption.startswith("p < 0.05 taken as p = 0.05")
    assert t_from_p_value(0.05, relation="<").bound == "at least"
    assert difference_from_p(2.0, 0.05, 16, 16, relation="<").assumptions
    with pytest.raises(EffectError, match="only a lower limit"):
        difference_from_p(2.0, 0.05, 16, 16, relation=">")
    with pytest.raises(EffectError, match="only a lower limit"):
        paired_difference_from_p(2.0, 0.05, 16, relation=">")


def test_small_p_keeps_its_digits():
    with mpmath.workdps(40):
        z = float(-mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf("1e-20") - 1))
    assert t_from_p_value(1e-20).value == pytest.approx(z, rel=1e-12)


def test_t_and_f():
    assert se_from_t(3.8, 2.78).value == pytest.approx(1.366906, abs=1e-6)
    assert t_from_f(7.7, sign=-1).value == pytest.approx(-math.sqrt(7.7))
    effect = difference_from_t(-3.8, -2.78)
    assert effect.vi == pytest.approx((3.8 / 2.78) ** 2)
    assert smd_from_t(2.0, 20, 30).yi == pytest.approx(2 * math.sqrt(1 / 20 + 1 / 30) * hedges_correction(48))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: se_from_interval(1, 1), "less than ci_high"),
        (lambda: se_from_interval(0, 1, level=95), "e.g. 0.95"),
        (lambda: se_from_interval(0, 1, df=0), "df: found"),
        (lambda: se_from_p(0, 0.2), "p = 1 whatever"),
        (lambda: se_from_p(1, 0), "more than 0 and less than 1"),
        (lambda: se_from_p(1, 0.1, relation="~"), "relation of p"),
        (lambda: se_from_t(1, -2), "the sign of the estimate"),
        (lambda: t_from_f(-1), "0 or more"),
        (lambda: t_from_f(2, sign=0), "allowed 1 or -1"),
        (lambda: difference_from_interval(1, 2, 3, 9, 9), "does not contain its estimate"),
        (lambda: difference_from_interval(1, 0, 3), "n_1, n_2: missing"),
        (lambda: difference_from_se(1, 0), "more than 0"),
        (lambda: ratio_from_interval("OR", 2, -1, 3), "more than 0"),
        (lambda: ratio_from_interval("MD", 2, 1, 3), "allowed ratios"),
        (lambda: hazard_ratio_from_interval(0.5, 0.6, 0.9), "does not contain"),
        (lambda: correlation_from_sds(2, 3, 6), "allowed 1 to 5 .*Is one of them a standard error"),
        (lambda: absolute_effect("RR", 4, 0.3), "use the odds ratio"),
        (lambda: Correlation(1.2, "given"), "allowed -1 to 1"),
        (lambda: Correlation(0.2, "guessed"), "given, derived, assumed"),
        (lambda: rescale(1, 0, 0, 0, 10), "less than from_max"),
        (lambda: mean_sd_from_summary(5, 20), "a median alone has no spread"),
        (lambda: mean_sd_from_summary(5, 20, q1=2), "only one of them"),
        (lambda: mean_sd_from_summary(5, 20, q1=6, q3=9), "at most median"),
        (lambda: counts_from_percent(101, 20), "from 0 to 100"),
        (lambda: counts_from_percent("x", 20), "from 0 to 100"),
        (lambda: counts_from_percent(10, 0), "whole number from 1"),
    ],
)
def test_errors_say_what_is_allowed(call, words):
    with pytest.raises(EffectError, match=words):
        call()


def test_ratio_chain():
    effect = ratio_from_interval("OR", 2.0, 1.0, 4.0)
    assert effect.yi == pytest.approx(math.log(2))
    assert [s.name for s in effect.steps] == [
        "logarithm",
        "SE from a confidence interval",
        "difference with its SE",
    ]
    assert "ci_low 0" in str(effect.steps[0])
    by_p = ratio_from_p("RR", 0.8, 0.05)
    assert by_p.sei == pytest.approx(abs(math.log(0.8)) / 1.959964, rel=1e-6)


def test_an_interval_that_is_not_symmetric_is_named():
    # a risk ratio whose interval is symmetric on the plain scale, not on the logarithmic one
    odd = ratio_from_interval("RR", 1.0, 0.1, 1.9)
    assert any("not symmetric" in words for words in odd.assumptions)
    assert any("not symmetric" in words for words in difference_from_interval(0.9, 0.0, 1.0, 9, 9).assumptions)
    assert any("not symmetric" in words for words in paired_difference_from_interval(0.9, 0.0, 1.0, 9).assumptions)
    # rounding of a printed interval is not named
    assert ratio_from_interval("HR", 0.76, 0.60, 0.97).assumptions == ()


def test_a_risk_of_one_is_possible():
    assert absolute_effect("RR", 2, 0.5).risk == 1


def test_logrank():
    effect = hazard_ratio_from_logrank(-5.0, 12.5)
    assert (effect.yi, effect.vi) == (-0.4, 0.08)


def test_where_a_correlation_comes_from():
    derived = correlation_from_sds(6.4, 7.1, 4.5)
    figures = {"mean_1": 5.0, "sd_1": 6.4, "mean_2": 4.0, "sd_2": 7.1, "n": 20}
    effects = [mean_change(**figures, correlation=c) for c in (derived, Correlation(0.5, "given"), 0.5)]
    assert [e.correlation.origin for e in effects] == ["derived", "given", "assumed"]
    assert [bool(e.assumptions) for e in effects] == [False, False, True]
    assert effects[0].steps[0].name == "correlation from three SDs"
    # and the derived correlation gives back the SD of the change
    assert effects[0].vi == pytest.approx(4.5**2 / 20)
    smcc = standardised_mean_change(**figures, correlation=derived)
    direct = standardised_mean_change_from_sd_of_change(1.0, 4.5, 20)
    assert (smcc.yi, smcc.vi) == (pytest.approx(direct.yi), pytest.approx(direct.vi))


def test_paired_interval_and_p_agree():
    t = float(t_from_p_value(0.05, df=19).value)
    by_interval = paired_difference_from_interval(t, 0, 2 * t, 20)
    assert by_interval.sei == pytest.approx(paired_difference_from_p(t, 0.05, 20).sei) == pytest.approx(1)


def test_scales():
    assert reverse_scale(3.0, 0, 10).value == 7.0
    assert rescale(45.0, 0, 100, 0, 10).value == pytest.approx(4.5)
    assert rescale(12.0, 0, 100, 0, 10, difference=True).value == pytest.approx(1.2)
    assert rescale(3.0, 1, 5, 0, 100).value == pytest.approx(50)
    assert change_sd(2.0, 2.0, 1.0).value == 0


def test_combined_arms_equal_all_people_together():
    rng = np.random.default_rng(3)
    x, y = rng.normal(3, 2, 17), rng.normal(5, 4, 9)
    both, everybody = (
        combine_arms(17, x.mean(), x.std(ddof=1), 9, y.mean(), y.std(ddof=1)),
        np.concatenate([x, y]),
    )
    assert both.mean == pytest.approx(everybody.mean())
    assert both.sd == pytest.approx(everybody.std(ddof=1))


def test_medians_by_hand():
    # Wan et al. 2014: quartiles, eq. 14 and 16
    found = mean_sd_from_summary(10, 50, q1=7, q3=16, method="wan")
    assert found.mean == pytest.approx(11)
    eta, xi = (NormalDist().inv_cdf(x / 50.25) for x in (0.75 * 50 - 0.125, 50 - 0.375))
    assert found.sd == pytest.approx(9 / (2 * eta), rel=1e-12)
    # range, eq. 9
    assert mean_sd_from_summary(10, 50, minimum=0, maximum=30, method="wan").mean == pytest.approx(12.5)
    assert mean_sd_from_summary(10, 50, minimum=0, maximum=30).sd == pytest.approx(30 / (2 * xi), rel=1e-12)
    # Luo et al. 2018: quartiles
    w = 0.7 + 0.39 / 50
    assert mean_sd_from_summary(10, 50, q1=7, q3=16).mean == pytest.approx(w * 11.5 + (1 - w) * 10)
    assert sd_from_iqr(9, 50).value == pytest.approx(found.sd)
    five = mean_sd_from_summary(10, 50, q1=7, q3=16, minimum=0, maximum=30)
    assert five.method == "luo-shi"
    assert "a roughly normal outcome" in five.steps[0].assumption


def test_symmetric_summaries_give_the_median_whatever_the_method():
    for method in ("luo", "wan"):
        for given in (
            {"q1": 6, "q3": 14},
            {"minimum": 0, "maximum": 20},
            {"q1": 6, "q3": 14, "minimum": 0, "maximum": 20},
        ):
            assert mean_sd_from_summary(10, 40, method=method, **given).mean == pytest.approx(10)


def test_skewness():
    assert not skewness_of_summary(10, 50, q1=6, q3=14).skewed
    assert skewness_of_summary(7, 50, q1=6, q3=14).skewed
    # nominal size under a normal outcome, with the quartiles of n = 4 Q + 1 people
    x = np.sort(np.random.default_rng(1).standard_normal((20_000, 49)), axis=1)
    quartiles = {"q1": x[:, 12], "q3": x[:, 36]}
    ends = {"minimum": x[:, 0], "maximum": x[:, -1]}
    for given in (quartiles, ends, quartiles | ends):
        size = skewness_of_summary(x[:, 24], 49, **given).skewed.mean()
        assert 0.04 < size < 0.06


def test_quantile_estimation_finds_the_distribution():
    z = 0.6744897501960817
    found = mean_sd_from_quantiles(math.exp(1), 100, q1=math.exp(1 - 0.8 * z), q3=math.exp(1 + 0.8 * z))
    assert found.method == "qe (log-normal)"
    assert found.mean == pytest.approx(math.exp(1 + 0.32), rel=1e-6)
    assert found.sd == pytest.approx(math.exp(1.32) * math.sqrt(math.expm1(0.64)), rel=1e-6)
    normal = mean_sd_from_quantiles(5, 100, q1=5 - z, q3=5 + z)
    assert (normal.mean, normal.sd) == (pytest.approx(5, rel=1e-6), pytest.approx(1, rel=1e-6))
    negative = mean_sd_from_quantiles(-5, 100, q1=-9, q3=-3)
    assert negative.method == "qe (normal)"


def test_quantile_estimation_of_positive_distributions():
    # Weibull, shape 2 and scale 3: quantiles 3 sqrt(-ln(1 - p)), mean 3 Gamma(1.5), variance 9 (1 - pi/4)
    q1, median, q3, maximum = (3 * math.sqrt(-math.log(1 - p)) for p in (0.25, 0.5, 0.75, 0.99))
    minimum = 3 * math.sqrt(-math.log(0.99))
    found = mean_sd_from_quantiles(median, 100, q1=q1, q3=q3, minimum=minimum, maximum=maximum)
    assert found.method == "qe (Weibull)"
    assert found.mean == pytest.approx(3 * math.gamma(1.5), rel=1e-6)
    assert found.sd == pytest.approx(3 * math.sqrt(1 - math.pi / 4), rel=1e-6)
    # gamma, shape 2 and scale 1.5: P(X < x) = 1 - (1 + x/1.5) exp(-x/1.5), inverted numerically
    with mpmath.workdps(20):
        q1, median, q3 = (
            float(1.5 * mpmath.findroot(lambda x, p=p: 1 - (1 + x) * mpmath.exp(-x) - p, 2)) for p in (0.25, 0.5, 0.75)
        )
    found = mean_sd_from_quantiles(median, 100, q1=q1, q3=q3)
    assert found.method == "qe (gamma)"
    assert (found.mean, found.sd) == (pytest.approx(3, rel=1e-5), pytest.approx(1.5 * math.sqrt(2), rel=1e-5))


def test_counts_that_fit_a_percentage():
    assert counts_from_percent(33, 60).candidates == (20,)
    assert counts_from_percent(33, 250).candidates == (82, 83)
    assert counts_from_percent("33.0", 250).candidates == ()
    assert counts_from_percent("32.8", 250).candidates == (82,)
    # Younger et al. 2013: 32 % and 11 % of 28
    assert (counts_from_percent(32, 28).chosen, counts_from_percent(11, 28).chosen) == (9, 3)
    # a tie may be rounded either way
    assert 1 in counts_from_percent("12", 8).candidates
    assert 1 in counts_from_percent("13", 8).candidates
    assert [counts_from_percent(p, 250).fits for p in ("33.1", "32.8", 33)] == ["none", "one", "several"]
    assert counts_from_percent(33, 250).step.assumption.startswith("8")
    assert counts_from_percent(33, 60).step.assumption is None


def test_vivid_dreams_fit_no_reported_sample_size():
    # 37 % and 13 %, meeting abstract of 2012; 28, 29 and 31 women are reported
    assert sizes_that_fit([37, 13], [28, 29, 31]) == []
