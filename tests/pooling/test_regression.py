"""Meta-regression, permutation tests, subgroups and series."""

import numpy as np
import pandas as pd
import pytest

from evisynth import pooling
from evisynth.pooling.tau2 import METHODS


@pytest.fixture(scope="module")
def moderators(bcg):
    return pd.DataFrame({"latitude": bcg.latitude, "allocation": bcg.allocation})


def test_bcg_on_latitude(bcg, moderators):
    """metafor 3.8 with tight control."""
    result = pooling.meta_regression(bcg.yi, bcg.vi, "latitude", moderators, ci="wald")
    assert result.terms == ("intercept", "latitude")
    assert result.estimate == pytest.approx([0.25146821000737, -0.02910172501164966], rel=1e-9)
    assert result.se == pytest.approx([0.2490953966167648, 0.00719532722090451], rel=1e-9)
    assert result.tau2 == pytest.approx(0.0763479639552027, rel=1e-9)
    assert (result.r2, result.qm, result.i2) == pytest.approx((75.6266218116, 16.3582321472, 68.3912248382), rel=1e-9)
    knapp = pooling.meta_regression(bcg.yi, bcg.vi, "latitude", moderators, ci="HKSJ")
    # printed by metafor at default control
    assert knapp.se == pytest.approx([0.283930, 0.00820154], rel=1e-4)


def test_berkey_1995(bcg):
    """Berkey et al. 1995: variances smoothed over trials, empirical Bayes, latitude centred."""
    # each arm's mean odds of no event stands for its own odds in 1/a - 1/n = (n - a) / a / n
    odds_1 = ((bcg.n_1 - bcg.events_1) / bcg.events_1).mean()
    odds_2 = ((bcg.n_2 - bcg.events_2) / bcg.events_2).mean()
    vi = odds_1 / bcg.n_1 + odds_2 / bcg.n_2
    plain = pooling.random_effects(bcg.yi, vi, tau2="EB", ci="wald")
    assert (plain.estimate, plain.se, plain.tau2) == pytest.approx((-0.5429, 0.1842, 0.2682), abs=5.1e-5)
    result = pooling.meta_regression(bcg.yi, vi, bcg.latitude - 33.46, tau2="EB", ci="wald")
    assert result.estimate == pytest.approx([-0.6303, -0.0268], abs=6e-5)
    assert result.se == pytest.approx([0.1591, 0.0110], abs=6e-5)
    assert result.tau2 == pytest.approx(0.1572, abs=6e-5)


def test_teacher_expectancy_on_weeks(expectancy):
    """Raudenbush 1985: prior contact of at most three weeks."""
    weeks = np.minimum(expectancy.weeks, 3)
    result = pooling.meta_regression(expectancy.yi, expectancy.vi, weeks, ci="wald")
    assert result.estimate == pytest.approx([0.4072, -0.1572], abs=6e-5)
    assert result.qe == pytest.approx(16.5708, abs=5.1e-5)
    assert result.tau2 == 0.0
    assert result.boundary
    assert result.r2 == 100.0


@pytest.mark.parametrize("method", METHODS)
def test_intercept_alone_is_the_pooled_effect(bcg, clasp, expectancy, method):
    for case in (bcg, clasp, expectancy):
        pooled = pooling.random_effects(case.yi, case.vi, tau2=method, ci="HKSJ")
        fitted = pooling.meta_regression(case.yi, case.vi, np.empty((case.yi.size, 0)), tau2=method, ci="HKSJ")
        assert fitted.tau2 == pytest.approx(pooled.tau2, rel=1e-9, abs=1e-14)
        assert fitted.estimate[0] == pytest.approx(pooled.estimate, rel=1e-10)
        assert fitted.se[0] == pytest.approx(pooled.se, rel=1e-10)
        assert (fitted.i2, fitted.qe) == pytest.approx((pooled.i2, pooled.q), rel=1e-9, abs=1e-12)
        assert (fitted.tau2_ci_low, fitted.tau2_ci_high) == pytest.approx(
            (pooled.tau2_ci_low, pooled.tau2_ci_high), rel=1e-9, abs=1e-12
        )


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e3, 1e6])
def test_scale_of_effects_and_of_moderators(bcg, scale):
    base = pooling.meta_regression(bcg.yi, bcg.vi, bcg.latitude)
    effects = pooling.meta_regression(bcg.yi * scale, bcg.vi * scale**2, bcg.latitude)
    assert effects.estimate == pytest.approx(base.estimate * scale, rel=1e-9)
    assert effects.tau2 == pytest.approx(base.tau2 * scale**2, rel=1e-9)
    moderator = pooling.meta_regression(bcg.yi, bcg.vi, bcg.latitude * scale)
    assert moderator.estimate * [1, scale] == pytest.approx(base.estimate, rel=1e-9)
    assert moderator.p == pytest.approx(base.p, rel=1e-8)


def test_categories(bcg, moderators):
    result = pooling.meta_regression(bcg.yi, bcg.vi, "allocation", moderators, ci="wald")
    groups = pooling.subgroups(bcg.yi, bcg.vi, bcg.allocation, common_tau2=True, ci="wald")
    assert result.qm == pytest.approx(groups.q_between, rel=1e-9)
    assert result.qm_df == groups.q_between_df == 2
    assert result.tau2 == pytest.approx(groups.tau2_common, rel=1e-9)
    # metafor 3.8, residual heterogeneity by allocation
    assert groups.tau2_common == pytest.approx(0.3615036643, rel=1e-8)


def test_bad_moderators_are_named(bcg, moderators):
    table = moderators.assign(double=2 * moderators["latitude"], one=1.0)
    with pytest.raises(pooling.PoolingInputError, match="collinear: double is constant or a combination"):
        pooling.meta_regression(bcg.yi, bcg.vi, "latitude + double", table)
    with pytest.raises(pooling.PoolingInputError, match="collinear: one"):
        pooling.meta_regression(bcg.yi, bcg.vi, "latitude + one", table)
    with pytest.raises(pooling.PoolingInputError, match="dose are not columns of the table; it has latitude"):
        pooling.meta_regression(bcg.yi, bcg.vi, "latitude + dose", moderators)
    table.loc[3, "latitude"] = np.nan
    with pytest.raises(pooling.PoolingInputError, match="study at index 3: moderator latitude is missing"):
        pooling.meta_regression(bcg.yi, bcg.vi, "latitude", table)
    with pytest.raises(pooling.PoolingInputError, match="2 studies cannot determine 2 coefficients"):
        pooling.meta_regression(bcg.yi[:2], bcg.vi[:2], bcg.latitude[:2])


def test_exact_permutation_of_signs():
    """Six trials of lidocaine after infarction (Hine et al. 1989): the exact p value is 4 of 64."""
    a, n1 = np.array([2, 4, 6, 7, 7, 11]), np.array([39, 44, 107, 103, 110, 154])
    c, n2 = np.array([1, 4, 4, 5, 3, 4]), np.array([43, 44, 110, 100, 106, 146])
    yi = 100 * (a / n1 - c / n2)
    vi = 1e4 * (a * (n1 - a) / n1**3 + c * (n2 - c) / n2**3)
    plain = pooling.random_effects(yi, vi, ci="wald")
    assert (plain.estimate, plain.ci_low, plain.ci_high) == pytest.approx((2.9444, 0.3831, 5.5058), abs=5.1e-5)
    assert plain.tau2 == 0
    test = pooling.permutation_test(yi, vi, ci="wald")
    assert (test.exact, test.permutations) == (True, 64)
    assert test.p[0] == 4 / 64


def test_permutation_of_moderators_by_brute_force(expectancy):
    y, v, x = expectancy.yi[:5], expectancy.vi[:5], np.array([2.0, 21, 19, 0, 3])
    test = pooling.permutation_test(y, v, x, ci="HKSJ", permutations=120)
    from itertools import permutations

    observed = abs(pooling.meta_regression(y, v, x, ci="HKSJ").statistic)
    all_of_them = np.array(
        [abs(pooling.meta_regression(y, v, x[list(o)], ci="HKSJ").statistic) for o in permutations(range(5))]
    )
    assert test.exact
    assert test.p == pytest.approx((all_of_them >= observed * (1 - 1e-8)).mean(axis=0))


def test_drawn_permutations_are_reproducible(bcg):
    first = pooling.permutation_test(bcg.yi, bcg.vi, bcg.latitude, permutations=300, seed=4)
    again = pooling.permutation_test(bcg.yi, bcg.vi, bcg.latitude, permutations=300, seed=4)
    assert (first.p == again.p).all()
    assert first.failed == 0
    assert first.p[1] < 0.05


def test_leave_one_out_and_cumulative(bcg):
    names = [f"trial {i}" for i in range(13)]
    without = pooling.leave_one_out(bcg.yi, bcg.vi, studies=names)
    assert without.labels == tuple(names)
    for i in (0, 7, 12):
        single = pooling.random_effects(np.delete(bcg.yi, i), np.delete(bcg.vi, i))
        assert without.result.estimate[i] == pytest.approx(single.estimate, rel=1e-10)
        assert without.result.pi_high[i] == pytest.approx(single.pi_high, rel=1e-9)
    order = -np.arange(13)
    series = pooling.cumulative(bcg.yi, bcg.vi, order=order, studies=names)
    assert series.labels[0] == "trial 12"
    assert series.result.k.tolist() == list(range(1, 14))
    assert series.result.estimate[-1] == pytest.approx(pooling.random_effects(bcg.yi, bcg.vi).estimate)
    assert list(series.to_frame()["added"]) == names[::-1]


def test_separate_subgroups(bcg):
    result = pooling.subgroups(bcg.yi, bcg.vi, bcg.allocation, ci="wald")
    rows = result.groups.result
    for i, name in enumerate(result.groups.labels):
        here = bcg.allocation == name
        single = pooling.random_effects(bcg.yi[here], bcg.vi[here], ci="wald")
        assert (rows.estimate[i], rows.tau2[i]) == pytest.approx((single.estimate, single.tau2))
    assert pooling.subgroups(bcg.yi, bcg.vi, ["all"] * 13).q_between is None
    with pytest.raises(pooling.PoolingInputError, match="2 groups were given for 13"):
        pooling.subgroups(bcg.yi, bcg.vi, ["a", "b"])
