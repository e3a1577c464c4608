"""Variances many powers of ten apart: one study that outweighs all others costs them no digits (50-digit solutions)."""

import mpmath
import numpy as np
import pytest

from evisynth import pooling

METHODS = ("DL", "DL2", "REML", "ML", "PM")


def sums(y, v, t):
    w = [1 / (x + t) for x in v]
    total = mpmath.fsum(w)
    mu = mpmath.fsum(a * b for a, b in zip(w, y, strict=True)) / total
    return w, total, mu


def q(y, v, t):
    w, _, mu = sums(y, v, t)
    return mpmath.fsum(a * (b - mu) ** 2 for a, b in zip(w, y, strict=True))


def moments(y, v, t):
    """Return the moment estimate with weights 1 / (v + t)."""
    w, total, _ = sums(y, v, t)
    expected = mpmath.fsum(a * b * (1 - a / total) for a, b in zip(w, v, strict=True))
    return max((q(y, v, t) - expected) / mpmath.fsum(a * (1 - a / total) for a in w), mpmath.mpf(0))


def equation(y, v, method):
    def score(t):
        w, total, mu = sums(y, v, t)
        if method == "PM":
            return q(y, v, t) - (len(y) - 1)
        square = mpmath.fsum((a * (b - mu)) ** 2 for a, b in zip(w, y, strict=True))
        return square / (mpmath.fsum(a * (1 - a / total) for a in w) if method == "REML" else total) - 1

    return score


def exact(yi, vi, method, near):
    """Return tau2, se, I2 and Q in 50 digits, the root of an iterated estimator near the value given."""
    y, v = [mpmath.mpf(float(x)) for x in yi], [mpmath.mpf(float(x)) for x in vi]
    if method in ("DL", "DL2"):
        t = moments(y, v, mpmath.mpf(0))
        t = t if method == "DL" else moments(y, v, t)
    elif near > 0:
        ends = (mpmath.mpf(near) * (1 - mpmath.mpf("1e-6")), mpmath.mpf(near) * (1 + mpmath.mpf("1e-6")))
        t = mpmath.findroot(equation(y, v, method), ends, solver="secant", verify=False)
    else:
        t = mpmath.mpf(0)
        assert equation(y, v, method)(t) <= 0
    w, total, _ = sums(y, v, mpmath.mpf(0))
    typical = (len(y) - 1) / mpmath.fsum(a * (1 - a / total) for a in w)
    at_t = sums(y, v, t)[1]
    return t, 1 / mpmath.sqrt(at_t), 100 * t / (t + typical), q(y, v, mpmath.mpf(0)), typical


def studies(smallest, k, heterogeneity, seed):
    rng = np.random.default_rng(seed)
    vi = np.r_[rng.uniform(0.01, 1.0, k - 1), smallest]
    return rng.normal(0.3, np.sqrt(vi + heterogeneity)), vi


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("smallest", [1e-6, 1e-10, 1e-16])
@pytest.mark.parametrize(("k", "heterogeneity"), [(2, 0.3), (5, 0.0), (12, 0.3)])
def test_one_very_precise_study(method, smallest, k, heterogeneity):
    yi, vi = studies(smallest, k, heterogeneity, 3)
    found = pooling.random_effects(yi, vi, tau2=method, ci="wald")
    assert found.status == "ok"
    with mpmath.workdps(50):
        tau2, se, i2, statistic, typical = exact(yi, vi, method, found.tau2)
        assert abs(found.tau2 - tau2) < 1e-11 * (tau2 + typical)
        assert found.se == pytest.approx(float(se), rel=1e-11)
        assert found.i2 == pytest.approx(float(i2), rel=1e-11, abs=1e-12)
        assert found.q == pytest.approx(float(statistic), rel=1e-11)


@pytest.mark.parametrize("seed", range(6))
def test_sixteen_powers_of_ten(seed):
    rng = np.random.default_rng(seed)
    vi = 10.0 ** rng.uniform(-8, 8, 12)
    yi = rng.normal(0.3, np.sqrt(vi))
    for method in METHODS:
        found = pooling.random_effects(yi, vi, tau2=method, ci="wald")
        with mpmath.workdps(50):
            tau2, se, i2, statistic, typical = exact(yi, vi, method, found.tau2)
            assert abs(found.tau2 - tau2) < 1e-11 * (tau2 + typical)
            assert found.se == pytest.approx(float(se), rel=1e-11)
            assert found.i2 == pytest.approx(float(i2), rel=1e-11, abs=1e-12)
            assert found.q == pytest.approx(float(statistic), rel=1e-11)


def test_a_nearly_flat_likelihood_is_solved():
    """Two studies whose score is below 1e-3 of its sides all the way: rounding moves the root more than a step."""
    vi = np.array([0.882828651615943, 1e-9])
    for gap in (0.9398820279939173, 0.93988, 0.9399, 0.94, 0.95):
        found = pooling.random_effects([gap, 0.0], vi, ci="wald")
        assert found.status == "ok"
        # two studies: the residual sum of squares is that of one contrast, and REML solves it exactly
        assert found.tau2 == pytest.approx(max(0.0, (gap**2 - vi.sum()) / 2), rel=1e-9, abs=1e-12)


def test_an_interval_of_tau2_of_effects_far_from_zero():
    yi, vi = np.array([0.1, 0.5, 0.3, 0.9, -0.2]), np.array([0.02, 0.05, 0.04, 0.03, 0.08])
    near, far = pooling.random_effects(yi, vi), pooling.random_effects(yi + 2.0**20, vi)
    for name in ("tau2", "tau2_ci_low", "tau2_ci_high", "i2", "q"):
        assert getattr(far, name) == pytest.approx(getattr(near, name), rel=1e-8), name


def test_batches_keep_the_order_of_weights():
    yi, vi = studies(1e-3, 6, 0.3, 1)
    rows_y, rows_v = np.vstack([yi, yi[::-1], np.r_[yi[:5], np.nan]]), np.vstack([vi, vi[::-1], np.r_[vi[:5], np.nan]])
    batch = pooling.random_effects(rows_y, rows_v, ci="wald")
    assert batch.weights[0] == pytest.approx(batch.weights[1][::-1], rel=1e-12)
    assert batch.weights[2][5] == 0.0
    for row, mean in enumerate(batch.estimate):
        known = np.isfinite(rows_y[row])
        assert (batch.weights[row][known] @ rows_y[row][known]) / 100 == pytest.approx(mean, rel=1e-12)


def regression(yi, vi, x, t):
    """Return slope, its standard error and the REML score in 50 digits."""
    w = [1 / (mpmath.mpf(float(a)) + t) for a in vi]
    rows = [(mpmath.mpf(1), mpmath.mpf(float(a))) for a in x]
    y = [mpmath.mpf(float(a)) for a in yi]

    def product(weights):
        return mpmath.matrix(
            [[mpmath.fsum(a * r[i] * r[j] for a, r in zip(weights, rows, strict=True)) for j in (0, 1)] for i in (0, 1)]
        )

    inverse = product(w) ** -1
    b = inverse * mpmath.matrix([mpmath.fsum(a * r[i] * z for a, r, z in zip(w, rows, y, strict=True)) for i in (0, 1)])
    left = [a * (z - r[0] * b[0] - r[1] * b[1]) for a, z, r in zip(w, y, rows, strict=True)]
    inner = inverse * product([a * a for a in w])
    score = mpmath.fsum(a * a for a in left) - (mpmath.fsum(w) - inner[0, 0] - inner[1, 1])
    return b[1], mpmath.sqrt(inverse[1, 1]), score


@pytest.mark.parametrize("ratio", [1e3, 1e8, 1e12])
@pytest.mark.parametrize("seed", range(3))
def test_moderators_with_one_very_precise_study(ratio, seed):
    rng = np.random.default_rng(seed)
    vi, x = rng.uniform(0.05, 1.0, 9), rng.normal(0.0, 1.0, 9)
    vi[4] = 0.5 / ratio
    yi = rng.normal(0.2 + 0.3 * x, np.sqrt(vi + 0.1))
    found = pooling.meta_regression(yi, vi, x, ci="wald")
    with mpmath.workdps(50):
        if found.boundary:
            tau2 = mpmath.mpf(0)
            assert regression(yi, vi, x, tau2)[2] <= 0
        else:
            ends = [mpmath.mpf(found.tau2) * (1 + s * mpmath.mpf("1e-6")) for s in (-1, 1)]
            tau2 = mpmath.findroot(lambda t: regression(yi, vi, x, t)[2], ends, solver="secant", verify=False)
            assert found.tau2 == pytest.approx(float(tau2), rel=1e-9)
        slope, se, _ = regression(yi, vi, x, tau2)
        assert abs(found.estimate[1] - slope) < 1e-9 * se
        assert found.se[1] == pytest.approx(float(se), rel=1e-9)
