"""Three-level models and cluster-robust standard errors, and the coverage simulation."""

import numpy as np
import pytest

from evisynth import pooling
from evisynth.pooling.coverage import simulate


def test_school_calendars(calendars):
    """Konstantopoulos 2011 (as replayed by metafor): both variances, log likelihood, intraclass correlation."""
    two = pooling.random_effects(calendars.yi, calendars.vi, ci="wald")
    assert (two.estimate, two.se, two.tau2) == pytest.approx((0.1279, 0.0439, 0.0884), abs=6e-5)
    # printed from a root search that stopped early: the lower limit is 0.05647
    assert (two.tau2_ci_low, two.tau2_ci_high) == pytest.approx((0.0564, 0.1388), abs=8e-5)
    three = pooling.three_level(calendars.yi, calendars.vi, calendars.district)
    assert (three.estimate[0], three.se[0]) == pytest.approx((0.1847132, 0.08455592), abs=6e-8)
    assert (three.sigma2_between, three.sigma2_within) == pytest.approx((0.06506194, 0.03273652), abs=6e-9)
    assert (three.log_likelihood, three.icc) == pytest.approx((-7.9587, 0.6653), abs=6e-5)
    assert three.gradient < 1e-10
    assert three.sigma2_between_ci == pytest.approx((0.0222, 0.2072), abs=6e-5)
    assert three.sigma2_within_ci[0] == pytest.approx(0.0163, abs=6e-5)
    assert three.i2 == pytest.approx(three.i2_between + three.i2_within)


def test_likelihood_by_brute_force(calendars):
    three = pooling.three_level(calendars.yi, calendars.vi, calendars.district, method="ML")
    same = calendars.district[:, None] == calendars.district

    def log_likelihood(between, within):
        v = np.diag(calendars.vi + within) + between * same
        w = np.linalg.inv(v)
        mean = w.sum(axis=0) @ calendars.yi / w.sum()
        r = calendars.yi - mean
        return -0.5 * (r.size * np.log(2 * np.pi) + np.linalg.slogdet(v)[1] + r @ w @ r)

    top = log_likelihood(three.sigma2_between, three.sigma2_within)
    assert three.log_likelihood == pytest.approx(top, abs=1e-10)
    for step in (0.999, 1.001):
        assert log_likelihood(three.sigma2_between * step, three.sigma2_within) < top
        assert log_likelihood(three.sigma2_between, three.sigma2_within * step) < top


@pytest.mark.parametrize("scale", [1e-5, 1e4])
def test_scale_of_three_level_models(calendars, scale):
    base = pooling.three_level(calendars.yi, calendars.vi, calendars.district)
    other = pooling.three_level(calendars.yi * scale, calendars.vi * scale**2, calendars.district)
    assert other.estimate == pytest.approx(base.estimate * scale, rel=1e-8)
    assert other.sigma2_within == pytest.approx(base.sigma2_within * scale**2, rel=1e-8)
    assert other.log_likelihood == pytest.approx(base.log_likelihood - 55 * np.log(scale), abs=1e-7)


def test_clusters_that_cannot_be_told_apart(calendars):
    with pytest.raises(pooling.PoolingInputError, match="no cluster with two effects"):
        pooling.three_level(calendars.yi, calendars.vi, range(56))
    with pytest.raises(pooling.PoolingInputError, match="one cluster"):
        pooling.three_level(calendars.yi, calendars.vi, [1] * 56)
    with pytest.raises(pooling.PoolingInputError, match="1 clusters cannot give"):
        pooling.cluster_robust(calendars.yi, calendars.vi, [1] * 56)


def test_cluster_robust_against_clubsandwich(calendars):
    """clubSandwich 0.5.8 on metafor 3.8 fits: CR2 standard error, Satterthwaite df and p."""
    three = pooling.cluster_robust(calendars.yi, calendars.vi, calendars.district)
    assert (three.se[0], three.df[0], three.p[0]) == pytest.approx(
        (0.0844579954348, 9.86315623332, 0.0539667424706), rel=1e-6
    )
    two = pooling.cluster_robust(calendars.yi, calendars.vi, calendars.district, working="random")
    assert (two.se[0], two.df[0], two.p[0]) == pytest.approx((0.0782212395539, 7.37316688043, 0.143783907283), rel=1e-8)


def test_cluster_robust_of_single_effects_with_equal_variances():
    """One effect per cluster and equal variances: the robust error of a mean is that of a sample mean."""
    y = np.array([0.1, 0.5, -0.2, 0.7, 0.3])
    result = pooling.cluster_robust(y, np.full(5, 0.04), list("abcde"), working="random")
    assert result.se[0] == pytest.approx(y.std(ddof=1) / np.sqrt(5))
    assert result.df[0] == pytest.approx(4.0)
    assert result.trusted[0]


def test_coverage_is_reproducible_and_independent_of_the_grid():
    small = simulate(k=(3,), i2=(50,), outcomes=("normal",), replicates=200)
    wide = simulate(k=(2, 3), i2=(0, 50), outcomes=("normal",), replicates=200)
    chosen = [cell for cell in wide.cells if (cell.k, cell.i2) == (3, 50)]
    assert tuple(chosen) == small.cells
    by_name = {(cell.target, cell.interval): cell for cell in small.cells}
    assert by_name["mu", "HKSJ-safe"].coverage >= by_name["mu", "HKSJ"].coverage
    assert by_name["mu", "wald"].coverage < 0.95
    assert by_name["tau2", "Q-profile"].simulated == 200
    riley = [c for c in wide.cells if c.k == 2 and c.interval == "riley"]
    assert all(c.simulated == 0 and c.coverage is None for c in riley)


def test_coverage_of_rare_events_runs():
    grid = simulate(k=(5,), i2=(0,), outcomes=("rare",), replicates=100)
    frame = grid.to_frame()
    assert frame["coverage"].between(0.8, 1).all()
    with pytest.raises(pooling.PoolingInputError, match="below 100"):
        simulate(i2=(100,))
