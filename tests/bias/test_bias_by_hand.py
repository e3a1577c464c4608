"""Small-study effects and influence: hand formulas, enumeration, refitting; every subset."""

import itertools

import mpmath
import numpy as np
import pytest
from scipy.stats import kendalltau

from evisynth import bias, pooling
from evisynth.bias.selection_likelihood import SelectionData
from evisynth.bias.significance import at_least


def test_egger_is_the_intercept_of_standardised_effects_on_precision(hackshaw):
    """The form of Egger et al. 1997: ordinary least squares of y/se on 1/se."""
    y, v = hackshaw
    x = np.column_stack([np.ones(y.size), 1 / np.sqrt(v)])
    coefficients, rss, *_ = np.linalg.lstsq(x, y / np.sqrt(v))
    se = np.sqrt(np.diag(np.linalg.inv(x.T @ x)) * rss / (y.size - 2))
    found = bias.egger(y, v)
    assert (found.slope, found.limit) == pytest.approx(tuple(coefficients), rel=1e-10)
    assert (found.slope_se, found.limit_se) == pytest.approx(tuple(se), rel=1e-10)


def test_harbord_is_the_intercept_of_scores_on_information(bcg_counts):
    """The form of Harbord et al. 2006: Z/sqrt(V) on sqrt(V)."""
    a, n1, c, n2 = bcg_counts
    n, e = n1 + n2, a + c
    z, v = a - e * n1 / n, n1 * n2 * e * (n - e) / (n**2 * (n - 1))
    slope, intercept = np.polyfit(np.sqrt(v), z / np.sqrt(v), 1)
    found = bias.harbord(*bcg_counts)
    assert (found.slope, found.limit) == pytest.approx((intercept, slope), rel=1e-9)


def test_begg_by_enumeration():
    y, v = np.array([0.1, 0.5, 0.3, 0.9, 0.2]), np.array([0.01, 0.05, 0.02, 0.08, 0.04])
    mean = (y / v).sum() / (1 / v).sum()
    x = (y - mean) / np.sqrt(v - 1 / (1 / v).sum())

    def tau(ranks):
        pairs = itertools.combinations(range(5), 2)
        return sum(np.sign((x[i] - x[j]) * (ranks[i] - ranks[j])) for i, j in pairs) / 10

    found = bias.begg(y, v)
    all_taus = np.array([tau(p) for p in itertools.permutations(range(5))])
    assert found.tau == pytest.approx(tau(v))
    assert found.p == pytest.approx(np.mean(np.abs(all_taus) >= abs(found.tau) - 1e-12))


def test_trim_and_fill_by_hand():
    """Effects 0, 1, 2, 9, 10 of equal variance. R0 starts from the mean 4.4: the ranks on the right are 4 and 5."""
    y, v = np.array([0.0, 1.0, 2.0, 9.0, 10.0]), np.ones(5)
    found = bias.trim_and_fill(y, v, estimator="L0", side="left", model="common")
    # distances 4.4 3.4 2.4 4.6 5.6, ranks 3 2 1 4 5: S = 9, L0 = (36 - 30)/9 = 0.67, one is trimmed; mean 3 of the
    # others: distances 3 2 1 6 7, the same ranks: settled at 1; the mirror of 10 about 3 is -4
    assert found.k0 == 1
    assert found.yi.tolist() == [0, 1, 2, 9, 10, -4]
    assert found.estimate == pytest.approx(3.0)
    assert found.filled.tolist() == [False] * 5 + [True]


def test_excess_significance_by_hand():
    """Two studies, chances 0.05 each at no effect: one or more significant has chance 0.0975."""
    found = bias.excess_significance([3.0, 0.0], [1.0, 1.0], true_effect=0.0)
    assert (found.observed, found.expected) == (1, pytest.approx(0.1))
    assert found.p == pytest.approx(0.0975)


def test_at_least_by_enumeration():
    chances = np.array([0.1, 0.5, 0.7, 0.2])
    want = sum(
        np.prod(np.where(outcome, chances, 1 - chances))
        for outcome in itertools.product([0, 1], repeat=4)
        if sum(outcome) >= 2
    )
    assert at_least(2, chances) == pytest.approx(want)
    assert at_least(0, chances) == 1.0


def test_power_of_a_test():
    """80 % power at an effect of z(0.975) + z(0.8) standard errors (the far tail is 1e-6)."""
    found = bias.power_of_tests([1.0, 1.0], [1.0, 4.0], true_effect=1.959964 + 0.8416212)
    assert found.power[0] == pytest.approx(0.8, abs=2e-6)
    assert found.pooled > found.highest >= found.median >= found.lowest


def test_worst_case_by_hand():
    """One affirmative study at 4, others at -1 and 0, equal weights: 4 = eta (1 + 0) gives a ratio of 4."""
    found = bias.worst_case([4.0, -1.0, 0.0], [1.0, 1.0, 1.0], model="common", side="right")
    assert (found.affirmative, found.estimate) == (1, pytest.approx(-0.5))
    assert found.ratio_estimate == pytest.approx(4.0)
    # the lower limit of the mean of all three, 1 - 1.96/sqrt(3), is below 0 already
    assert found.ratio_interval == 1.0


def test_selection_ratio_of_the_interval_solves_its_equation(bcg):
    y, v = bcg
    found = bias.worst_case(y, v, model="common")
    eta, affirmative = found.ratio_interval, -y / np.sqrt(v) > 1.959963984540054
    weight = np.where(affirmative, 1.0, eta) / v
    upper = (weight * y).sum() / weight.sum() + 1.959963984540054 * np.sqrt((weight**2 * v).sum()) / weight.sum()
    assert eta > 1
    assert upper == pytest.approx(0.0, abs=1e-10)
    assert found.ratio_estimate is None
    assert "same side" in found.ratio_reason


def test_derivatives_of_the_selection_likelihood(hackshaw):
    y, v = hackshaw
    cuts = np.array([0.025, 0.5])
    from scipy.special import ndtr, ndtri

    data = SelectionData(y, v, np.searchsorted(cuts, ndtr(-y / np.sqrt(v))), -ndtri(cuts))
    at = np.array([0.15, 0.03, -0.5, -1.2])
    _, gradient, hessian = data.derivatives(at[0], at[1], at[2:])
    steps = np.diag([1e-5, 1e-5, 1e-5, 1e-5])
    for j, step in enumerate(steps):
        ahead, behind = (data.derivatives(p[0], p[1], p[2:]) for p in (at + step, at - step))
        assert gradient[j] == pytest.approx((ahead[0] - behind[0]) / 2e-5, rel=1e-6, abs=1e-6)
        assert hessian[j] == pytest.approx((ahead[1] - behind[1]) / 2e-5, rel=1e-6, abs=1e-5)


def test_selection_likelihood_by_hand():
    """One study at 0 with variance 1 and weight w above p = 0.025: normal density times w / (T + w (1 - T))."""
    from scipy.special import ndtr, ndtri

    data = SelectionData(np.zeros(1), np.ones(1), np.array([1]), -ndtri(np.array([0.025])))
    w, mu = 0.3, 0.2
    exceed = ndtr(mu - 1.959963984540054)
    want = -0.5 * np.log(2 * np.pi) - 0.5 * mu**2 + np.log(w) - np.log(exceed + w * (1 - exceed))
    assert data.log_likelihood(mu, 0.0, np.log([w])) == pytest.approx(want, rel=1e-12)


def test_influence_by_refitting(hackshaw):
    y, v = hackshaw
    found = bias.influence(y, v)
    full = pooling.random_effects(y, v, ci="wald")
    for i in (0, 7, 36):
        rest = np.arange(37) != i
        without = pooling.random_effects(y[rest], v[rest], ci="wald")
        assert found.estimate_without[i] == pytest.approx(without.estimate, rel=1e-10)
        spread = np.sqrt(v[i] + without.tau2 + without.se**2)
        assert found.residual[i] == pytest.approx((y[i] - without.estimate) / spread, rel=1e-10)
        assert found.cooks_distance[i] == pytest.approx((full.estimate - without.estimate) ** 2 / full.se**2, rel=1e-7)
    assert found.hat.sum() == pytest.approx(1.0)
    assert found.to_frame().shape == (37, 14)


def test_an_outlier_is_influential():
    y, v = np.r_[np.linspace(-0.1, 0.1, 9), 5.0], np.full(10, 0.1)
    assert bias.influence(y, v).influential.tolist() == [False] * 9 + [True]


def test_gosh_holds_every_subset_once(bcg):
    y, v = bcg
    found = bias.gosh(y[:5], v[:5], studies=list("abcde"))
    assert found.complete
    assert len({tuple(row) for row in found.member}) == 2**5 - 5 - 1 == found.size.size
    whole = found.size == 5
    assert found.estimate[whole] == pytest.approx(pooling.random_effects(y[:5], v[:5]).estimate)
    by_study = found.by_study()
    assert (by_study["subsets_with"] + by_study["subsets_without"] == 26).all()
    assert found.to_frame()["with a"].sum() == 15


def test_gosh_beyond_the_limit_is_a_seeded_sample_without_repeats(hackshaw):
    first, again, other = (bias.gosh(*hackshaw, sample=300, seed=s) for s in (4, 4, 5))
    assert not first.complete
    assert np.array_equal(first.member, again.member)
    assert not np.array_equal(first.member, other.member)
    assert len({tuple(row) for row in first.member}) == 300
    assert first.size.min() >= 2


def test_ties_of_mirrored_tables_are_ties():
    """Equal variances and deviations, in exact arithmetic, whatever the rounding of sums in another order."""
    tables = [(1, 3, 2, 4), (2, 4, 1, 3), (3, 1, 4, 2), (4, 2, 3, 1), (2, 2, 2, 2), (1, 3, 2, 4), (3, 4, 3, 3)]
    y = np.array([np.log(a) - np.log(b) - np.log(c) + np.log(d) for a, b, c, d in tables])
    v = np.array([1 / a + 1 / b + 1 / c + 1 / d for a, b, c, d in tables])
    with mpmath.workdps(50):
        big_y = [mpmath.log(a) - mpmath.log(b) - mpmath.log(c) + mpmath.log(d) for a, b, c, d in map(_exact, tables)]
        big_v = [1 / a + 1 / b + 1 / c + 1 / d for a, b, c, d in map(_exact, tables)]
        total = mpmath.fsum(1 / x for x in big_v)
        mean = mpmath.fsum(a / b for a, b in zip(big_y, big_v, strict=True)) / total
        away = [(a - mean) / mpmath.sqrt(b - 1 / total) for a, b in zip(big_y, big_v, strict=True)]
        ranks = [[sorted({mpmath.nstr(x, 30) for x in xs}, key=mpmath.mpf) for xs in (away, big_v)]]
        at = [[r.index(mpmath.nstr(x, 30)) for x in xs] for r, xs in zip(ranks[0], (away, big_v), strict=True)]
    expected = kendalltau(*at, method="asymptotic")
    for order in (np.arange(7), np.array([6, 2, 0, 5, 3, 1, 4])):
        found = bias.begg(y[order], v[order])
        assert found.exact is False
        assert (found.tau, found.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-12)


def _exact(table):
    return [mpmath.mpf(cell) for cell in table]


def test_rank_correlation_of_many_studies_is_normal():
    rng = np.random.default_rng(4)
    v = rng.uniform(0.01, 1.0, 600)
    y = rng.normal(0.0, np.sqrt(v))
    found = bias.begg(y, v)
    assert found.exact is False
    assert 0.0 < found.p <= 1.0


def test_equal_effects_miss_nothing_on_either_side():
    found = bias.trim_and_fill([0.25, 0.25, 0.25], [0.1, 0.3, 0.7])
    assert (found.k0, found.side) == (0, "left")
