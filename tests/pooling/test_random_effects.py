"""Results of `random_effects` and `common_effect`: published figures, batches, small k, bad input."""

import numpy as np
import pytest

from evisynth import pooling
from evisynth.pooling.fit import _FLAGS, _NUMBERS
from evisynth.pooling.intervals import CI_METHODS, PI_METHODS


def test_common_effect_bcg(bcg):
    """Stata's metan on the Colditz data."""
    result = pooling.common_effect(bcg.yi, bcg.vi)
    assert (result.estimate, result.ci_low, result.ci_high) == pytest.approx((-0.4303, -0.5097, -0.3509), abs=5.1e-5)
    assert result.estimate / result.se == pytest.approx(-10.6247, abs=5.1e-5)
    assert result.q == pytest.approx(152.2330, abs=5.1e-5)
    assert (result.tau2, result.i2, result.pi_low) == (0.0, None, None)


def test_dersimonian_laird_bcg(bcg):
    result = pooling.random_effects(bcg.yi, bcg.vi, tau2="DL", ci="wald")
    assert (result.estimate, result.ci_low, result.ci_high) == pytest.approx((-0.7141, -1.0644, -0.3638), abs=5.1e-5)
    assert result.i2 == pytest.approx(92.1173, abs=5.1e-5)
    assert (result.tau2_ci_low, result.tau2_ci_high) == pytest.approx((0.1197, 1.1115), abs=5.1e-5)


def test_reml_bcg(bcg):
    result = pooling.random_effects(bcg.yi, bcg.vi, ci="wald", pi="normal")
    assert result.estimate == pytest.approx(-0.714532342159, abs=2e-12)
    assert result.se == pytest.approx(0.179781516106, abs=2e-12)
    assert (result.pi_low, result.pi_high) == pytest.approx((-1.8667, 0.4376), abs=5.1e-5)
    knapp = pooling.random_effects(bcg.yi, bcg.vi, ci="HKSJ")
    assert knapp.se == pytest.approx(0.18079, abs=5.1e-6)
    assert (knapp.ci_low, knapp.ci_high) == pytest.approx((-1.10844, -0.32062), abs=5.1e-6)
    assert (knapp.pi_low, knapp.pi_high) == pytest.approx((-1.99602, 0.56695), abs=5.1e-6)


def test_teacher_expectancy(expectancy):
    """Raudenbush 2009: mean, tau2, Q and normal prediction interval."""
    result = pooling.random_effects(expectancy.yi, expectancy.vi, ci="wald", pi="normal")
    expected = (0.0837, 0.0188, 35.8295, -0.2036)
    assert (result.estimate, result.tau2, result.q, result.pi_low) == pytest.approx(expected, abs=5.5e-5)
    # printed from tau2 rounded to .0189: the upper limit is 0.37099
    assert result.pi_high == pytest.approx(0.3711, abs=1.2e-4)
    assert pooling.common_effect(expectancy.yi, expectancy.vi).estimate == pytest.approx(0.0604, abs=5.1e-5)


def test_three_studies():
    """Small k, metafor 3.8: Hartung-Knapp is shorter than Wald here, which max(1, q) prevents."""
    y, v = [0.10, 0.30, 0.35], [0.02, 0.03, 0.04]
    wald = pooling.random_effects(y, v, ci="wald")
    assert (wald.estimate, wald.tau2, wald.se) == pytest.approx((0.2192308, 0.0, 0.09607689), abs=5e-8)
    assert (wald.ci_low, wald.ci_high) == pytest.approx((0.03092, 0.40754), abs=5.1e-6)
    plain = pooling.random_effects(y, v, ci="HKSJ")
    assert (plain.se, plain.ci_low, plain.ci_high) == pytest.approx((0.07910371, -0.121125, 0.559587), abs=5.1e-7)
    safe = pooling.random_effects(y, v)
    assert (safe.se, safe.ci_low, safe.ci_high) == pytest.approx((0.09607689, -0.194155, 0.632616), abs=5.1e-7)


def test_henmi_copas_bcg(bcg):
    """metafor 3.8, hc() on the DL fit of the Colditz data."""
    result = pooling.random_effects(bcg.yi, bcg.vi, tau2="DL", ci="HC")
    expected = (-0.430285163654091, 0.283544351355250, -1.155511867500363, 0.294941540192181)
    # metafor's root search stops at about 1e-4
    assert (result.estimate, result.se, result.ci_low, result.ci_high) == pytest.approx(expected, abs=1e-4)


def test_henmi_copas_lee_2004():
    """Henmi and Copas 2010, section 5: wrist acupuncture against nausea (Lee and Done 2004), log risk ratios."""
    a = np.array([18, 5, 9, 32, 9, 11, 69, 3, 1, 11, 7, 4, 1, 24, 16, 28.0])
    n1 = np.array([100, 50, 20, 135, 23, 18, 122, 25, 30, 30, 44, 47, 30, 40, 50, 110.0])
    c = np.array([20, 18, 7, 31, 10, 12, 80, 12, 1, 19, 16, 6, 13, 71, 53, 25.0])
    n2 = np.array([100, 50, 20, 139, 23, 18, 122, 25, 30, 30, 39, 47, 30, 80, 88, 111.0])
    yi = np.log(a / (n1 - a)) - np.log(c / (n2 - c))
    vi = 1 / a + 1 / (n1 - a) + 1 / c + 1 / (n2 - c)
    dl = pooling.random_effects(yi, vi, tau2="DL", ci="wald")
    assert (dl.estimate, dl.ci_low, dl.ci_high, dl.tau2) == pytest.approx(
        (-0.6787, -1.0664, -0.2911, 0.3325), abs=5.1e-5
    )
    hc = pooling.random_effects(yi, vi, tau2="DL", ci="HC")
    assert (hc.estimate, hc.ci_low, hc.ci_high) == pytest.approx((-0.5145, -0.9994, -0.0295), abs=1.01e-4)


def test_profile_interval_solves_its_equation(bcg):
    """At each limit the deviance, maximised over tau2 by brute force, equals the chi-squared quantile."""
    result = pooling.random_effects(bcg.yi, bcg.vi, tau2="ML", ci="profile")

    def highest(mean):
        t = np.linspace(0, 4, 40001)[:, None]
        w = 1 / (bcg.vi + t)
        mu = (w * bcg.yi).sum(1, keepdims=True) / w.sum(1, keepdims=True) if mean is None else mean
        return (0.5 * np.log(w) - 0.5 * w * (bcg.yi - mu) ** 2).sum(1).max()

    for limit in (result.ci_low, result.ci_high):
        assert 2 * (highest(None) - highest(limit)) == pytest.approx(3.841458820694124, abs=1e-6)
    assert result.ci_low < result.estimate < result.ci_high


@pytest.mark.parametrize("ci", CI_METHODS)
@pytest.mark.parametrize("pi", PI_METHODS)
def test_batch_equals_singles(bcg, ci, pi):
    rng = np.random.default_rng(4)
    yi, vi = rng.normal(0, 0.6, (12, 6)), rng.uniform(0.02, 0.4, (12, 6))
    yi[0], vi[0] = np.nan, np.nan
    yi[1, 1:], vi[1, 1:] = np.nan, np.nan
    yi[2, :4], vi[2, :4] = np.nan, np.nan
    yi[5, ::3], vi[5, ::3] = np.nan, np.nan
    batch = pooling.random_effects(yi, vi, ci=ci, pi=pi)
    for i in range(12):
        here = ~np.isnan(yi[i])
        single = pooling.random_effects(yi[i, here], vi[i, here], ci=ci, pi=pi)
        assert batch.k[i] == single.k
        assert batch.status[i] == single.status
        assert batch.reason[i] == single.reason
        for name in _NUMBERS:
            value = getattr(single, name)
            expected = np.nan if value is None else value
            assert getattr(batch, name)[i] == pytest.approx(expected, rel=1e-9, abs=1e-10, nan_ok=True), name
        for name in _FLAGS:
            assert getattr(batch, name)[i] == bool(getattr(single, name))
        assert batch.weights[i][here] == pytest.approx(single.weights)
        assert (batch.weights[i][~here] == 0).all()


def test_no_studies():
    for result in (pooling.random_effects([], []), pooling.common_effect([], [])):
        assert (result.k, result.status, result.reason) == (0, "empty", "no studies")
        assert all(getattr(result, name) is None for name in (*_NUMBERS, *_FLAGS))
        assert result.to_frame()["estimate"].isna().all()
    assert pooling.random_effects(np.empty((0, 4)), np.empty((0, 4))).estimate.shape == (0,)
    assert pooling.random_effects(np.empty((3, 0)), np.empty((3, 0))).status.tolist() == ["empty"] * 3


@pytest.mark.parametrize("ci", CI_METHODS)
def test_one_study(ci):
    result = pooling.random_effects([0.4], [0.04], ci=ci)
    assert (result.k, result.estimate, result.se) == pytest.approx((1, 0.4, 0.2))
    assert (result.ci_low, result.ci_high) == pytest.approx(
        (0.4 - 0.2 * 1.959963984540054, 0.4 + 0.2 * 1.959963984540054)
    )
    assert (result.tau2, result.i2, result.pi_low, result.q, result.tau2_ci_empty) == (None,) * 5
    assert result.status == "one_study"
    assert "one study" in result.reason
    assert result.weights.tolist() == [100.0]


def test_two_studies_have_no_riley_interval():
    result = pooling.random_effects([0.1, 0.9], [0.04, 0.05], pi="riley")
    assert result.pi_low is None
    assert "k - 2" in result.reason
    # k = 2, equal variances: tau2 = (y1 - y2)^2 / 2 - v
    assert pooling.random_effects([0.1, 0.9], [0.04, 0.04]).tau2 == pytest.approx(0.28)


def test_duplicated_study_keeps_the_estimate():
    base = pooling.common_effect([0.2, 0.5], [0.1, 0.3])
    twice = pooling.common_effect([0.2, 0.2, 0.5, 0.5], [0.1, 0.1, 0.3, 0.3])
    assert twice.estimate == pytest.approx(base.estimate)
    assert twice.se == pytest.approx(base.se / np.sqrt(2))


def test_bad_values_are_all_named():
    with pytest.raises(pooling.PoolingInputError) as caught:
        pooling.random_effects(
            [0.1, np.nan, 0.2, np.inf, 0.3, 0.4], [0.1, 0.1, 0.0, 0.1, -0.5, np.inf], studies=list("abcdef")
        )
    message = str(caught.value)
    for name, text in zip("bcdef", ("missing", "is 0", "infinite", "-0.5", "infinite"), strict=True):
        assert any(f"'{name}'" in line and text in line for line in message.splitlines())
    assert len(caught.value.problems) == 5
    with pytest.raises(pooling.PoolingInputError, match=r"index 1.*variance is missing"):
        pooling.random_effects([0.1, 0.2], [0.1, np.nan])
    with pytest.raises(pooling.PoolingInputError, match="row 1, study at index 0: the effect is missing"):
        pooling.random_effects([[0.1, 0.2], [np.nan, 0.2]], [[0.1, 0.2], [0.1, 0.2]])


def test_bad_names_and_options_are_refused():
    with pytest.raises(pooling.PoolingInputError, match="'x' is used 2 times"):
        pooling.random_effects([0.1, 0.2], [0.1, 0.2], studies=["x", "x"])
    with pytest.raises(pooling.PoolingInputError, match="must match"):
        pooling.random_effects([0.1, 0.2], [0.1])
    with pytest.raises(pooling.PoolingInputError, match=r"choose one of REML|choose one of DL"):
        pooling.random_effects([0.1, 0.2], [0.1, 0.2], tau2="MLE")
    with pytest.raises(pooling.PoolingInputError, match=r"did you mean 0\.95"):
        pooling.random_effects([0.1, 0.2], [0.1, 0.2], level=95)
    with pytest.raises(pooling.PoolingInputError, match="must be numbers"):
        pooling.random_effects(["a", 0.2], [0.1, 0.2])
    assert isinstance(pooling.PoolingInputError("x"), ValueError)


def test_level_changes_all_intervals(bcg):
    wide = pooling.random_effects(bcg.yi, bcg.vi, level=0.99)
    narrow = pooling.random_effects(bcg.yi, bcg.vi, level=0.90)
    for low, high in (("ci_low", "ci_high"), ("pi_low", "pi_high"), ("tau2_ci_low", "tau2_ci_high")):
        assert getattr(wide, low) < getattr(narrow, low)
        assert getattr(wide, high) > getattr(narrow, high)


def test_frame_has_one_row_per_meta_analysis(bcg):
    frame = pooling.random_effects(np.stack([bcg.yi, -bcg.yi]), np.stack([bcg.vi, bcg.vi])).to_frame()
    assert len(frame) == 2
    assert frame["estimate"].iloc[0] == pytest.approx(-frame["estimate"].iloc[1])
    assert (frame["ci_method"] == "HKSJ-safe").all()
