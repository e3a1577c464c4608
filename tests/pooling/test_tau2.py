"""Estimators of tau2 against 50-digit solutions, published figures and invariances."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evisynth import pooling
from evisynth.pooling.tau2 import METHODS


def exact_equation(yi, vi, method):
    """Return the estimating function of tau2 in 50 digits: positive below a maximum, negative above."""
    y, v = [mpmath.mpf(float(x)) for x in yi], [mpmath.mpf(float(x)) for x in vi]

    def function(t):
        w = [1 / (x + t) for x in v]
        total = mpmath.fsum(w)
        mu = mpmath.fsum(a * b for a, b in zip(w, y, strict=True)) / total
        square = mpmath.fsum(a**2 * (b - mu) ** 2 for a, b in zip(w, y, strict=True))
        if method == "REML":
            return square - total + mpmath.fsum(a**2 for a in w) / total
        if method == "ML":
            return square - total
        return mpmath.fsum(a * (b - mu) ** 2 for a, b in zip(w, y, strict=True)) - (len(y) - 1)

    return function


def exact_likelihood(yi, vi, method, t):
    y, v = [mpmath.mpf(float(x)) for x in yi], [mpmath.mpf(float(x)) for x in vi]
    w = [1 / (x + t) for x in v]
    total = mpmath.fsum(w)
    mu = mpmath.fsum(a * b for a, b in zip(w, y, strict=True)) / total
    fit = mpmath.fsum(mpmath.log(a) - a * (b - mu) ** 2 for a, b in zip(w, y, strict=True))
    return fit - mpmath.log(total) if method == "REML" else fit


def exact_tau2(yi, vi, method, points=400):
    """Return the global solution by a fine scan and bisection, in 50 digits."""
    with mpmath.workdps(50):
        function = exact_equation(yi, vi, method)
        smallest, bound = min(map(float, vi)), (max(yi) - min(yi)) ** 2 + max(vi)
        grid = [mpmath.mpf(0)] + [
            smallest * mpmath.mpf(bound / smallest) ** (mpmath.mpf(i) / points) for i in range(-points // 4, points + 1)
        ]
        signs = [function(t) > 0 for t in grid]
        peaks = [] if signs[0] else [mpmath.mpf(0)]
        for left, right, up, down in zip(grid, grid[1:], signs, signs[1:], strict=False):
            if up and not down:
                peaks.append(mpmath.findroot(function, (left, right), solver="anderson", tol=1e-40, maxsteps=200))
        if method in ("PM", "EB"):
            return peaks[-1]
        return max(peaks, key=lambda t: exact_likelihood(yi, vi, method, t))


def _simulated(seed, k, spread, tau2):
    rng = np.random.default_rng(seed)
    vi = np.exp(rng.uniform(np.log(0.01), np.log(0.01) + spread, k))
    return rng.normal(0.3, np.sqrt(vi + tau2)), vi


HARD = [_simulated(seed, k, spread, tau2) for seed, (k, spread, tau2) in enumerate(
    [(2, 1, 0.5), (3, 6, 0.05), (5, 10, 0.02), (8, 4, 0.001), (10, 2, 5.0), (20, 8, 0.1), (4, 14, 1.0)]
)]  # fmt: skip
# Two pairs of precise studies far apart beside many vague ones: the restricted likelihood has two peaks.
TWO_PEAKS = (
    np.array([0.0, 0.02, 1.4, 1.42, -4.0, 5.0, 3.5, -3.0]),
    np.array([0.001, 0.001, 4.0, 4.0, 2.0, 2.0, 2.0, 2.0]),
)


@pytest.mark.parametrize("method", ["REML", "ML", "PM", "EB"])
@pytest.mark.parametrize("case", range(len(HARD) + 1))
def test_root_agrees_with_fifty_digits(case, method):
    yi, vi = [*HARD, TWO_PEAKS][case]
    result = pooling.random_effects(yi, vi, tau2=method, ci="wald")
    exact = float(exact_tau2(yi, vi, method))
    w = 1 / vi
    typical = (len(vi) - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum())
    assert abs(result.tau2 - exact) <= 1e-9 * (exact + typical)
    assert abs(result.residual) < 1e-9
    assert result.boundary == (exact == 0)


@pytest.mark.parametrize("method", ["REML", "ML", "PM"])
def test_published_data_agree_with_fifty_digits(bcg, clasp, viechtbauer, method):
    for case in (bcg, clasp, viechtbauer):
        result = pooling.random_effects(case.yi, case.vi, tau2=method)
        exact = float(exact_tau2(case.yi, case.vi, method))
        assert result.tau2 == pytest.approx(exact, rel=1e-11, abs=1e-14)


def test_global_maximum_is_found_among_several():
    """A wider scan than the solver's own never finds a higher likelihood."""
    rng = np.random.default_rng(20)
    yi = rng.standard_t(2, (300, 5))
    vi = np.exp(rng.uniform(-9, 2, (300, 5)))
    for method in ("REML", "ML"):
        found = pooling.random_effects(yi, vi, tau2=method, ci="wald").tau2
        grid = np.r_[0.0, np.geomspace(1e-5, 500, 1500)]
        w = 1 / (vi[:, :, None] + grid)
        mu = (w * yi[:, :, None]).sum(1) / w.sum(1)
        fit = (np.log(w) - w * (yi[:, :, None] - mu[:, None]) ** 2).sum(1)
        fit -= np.log(w.sum(1)) if method == "REML" else 0
        w = 1 / (vi + found[:, None])
        mu = (w * yi).sum(1) / w.sum(1)
        own = (np.log(w) - w * (yi - mu[:, None]) ** 2).sum(1) - (np.log(w.sum(1)) if method == "REML" else 0)
        assert (own >= fit.max(axis=1) - 1e-9).all()


def test_bcg_all_estimators(bcg):
    """Colditz data: exact REML, ML, PM = EB; DL from Stata's metan; HE, HS, SJ from metafor 3.8."""
    expected = {
        "REML": 0.313243258136, "ML": 0.280028137269, "PM": 0.318068452205, "EB": 0.318068452205,
        "DL": 0.30876026, "HE": 0.32856386, "HS": 0.22836286, "SJ": 0.34551570,
    }  # fmt: skip
    for method, value in expected.items():
        assert pooling.random_effects(bcg.yi, bcg.vi, tau2=method).tau2 == pytest.approx(value, rel=2e-8)


def test_clasp(clasp):
    """DerSimonian and Kacker 2007, table 3: tau to four digits."""
    tau = {
        "PM": 0.3681,
        "HE": 0.4410,
        "DL": 0.2323,
        "DL2": 0.3254,
        "REML": 0.1843,
        "HS": 0.1330,
        "SJ": 0.4572,
    }
    mean = {
        "PM": -0.3811,
        "HE": -0.4035,
        "DL": -0.3240,
        "DL2": -0.3655,
        "REML": -0.2980,
        "HS": -0.2666,
        "SJ": -0.4079,
    }
    for method in tau:
        result = pooling.random_effects(clasp.yi, clasp.vi, tau2=method)
        assert np.sqrt(result.tau2) == pytest.approx(tau[method], abs=5.1e-5)
        assert result.estimate == pytest.approx(mean[method], abs=5.1e-5)
    assert pooling.random_effects(clasp.yi, clasp.vi).tau2 == pytest.approx(0.0339486758139368349, rel=1e-13)
    ml = pooling.random_effects(clasp.yi, clasp.vi, tau2="ML", ci="wald")
    assert ml.tau2 == 0.0
    assert ml.boundary
    assert (ml.estimate, ml.se) == pytest.approx((-0.197346961, 0.0693683151), abs=1e-9)


def test_viechtbauer_2005_example(viechtbauer):
    """Viechtbauer 2005, table of example 1, tau2 and I2 to four digits."""
    tau2 = {"HS": 0.2282, "HE": 0.1484, "DL": 0.2768, "ML": 0.1967, "REML": 0.2232, "EB": 0.192, "SJ": 0.1992}
    i2 = {
        "HS": 77.2284,
        "HE": 68.7988,
        "DL": 80.4447,
        "ML": 74.5098,
        "REML": 76.8399,
        "EB": 74.0511,
        "SJ": 74.7545,
    }
    for method in tau2:
        result = pooling.random_effects(viechtbauer.yi, viechtbauer.vi, tau2=method)
        assert result.tau2 == pytest.approx(tau2[method], abs=5.1e-5)
        # the ML and REML figures were printed from iterations stopped early (74.5098 for 74.5097)
        assert result.i2 == pytest.approx(i2[method], abs=1.5e-4 if method in ("ML", "REML") else 5.1e-5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-6, 1e-5, 1e-3, 0.3, 7.0, 1e3, 1e6])
def test_scale(bcg, clasp, method, scale):
    for case in (bcg, clasp):
        base = pooling.random_effects(case.yi, case.vi, tau2=method)
        scaled = pooling.random_effects(case.yi * scale, case.vi * scale**2, tau2=method)
        assert scaled.tau2 == pytest.approx(base.tau2 * scale**2, rel=1e-9)
        for name in ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high"):
            assert getattr(scaled, name) == pytest.approx(getattr(base, name) * scale, rel=1e-9), name
        assert scaled.i2 == pytest.approx(base.i2, rel=1e-9)
        assert scaled.p == pytest.approx(base.p, rel=1e-8)


studies = st.lists(st.tuples(st.floats(-5, 5), st.floats(1e-3, 10)), min_size=2, max_size=12).map(
    lambda rows: tuple(np.array(rows).T)
)


@settings(max_examples=60, deadline=None)
@given(studies, st.sampled_from(METHODS), st.randoms())
def test_order_sign_and_shift(data, method, random):
    yi, vi = data
    base = pooling.random_effects(yi, vi, tau2=method, ci="wald")
    order = list(range(len(yi)))
    random.shuffle(order)
    tolerance = {"rel": 1e-7, "abs": 1e-9}
    turned = pooling.random_effects(yi[order], vi[order], tau2=method, ci="wald")
    assert turned.tau2 == pytest.approx(base.tau2, **tolerance)
    negative = pooling.random_effects(-yi, vi, tau2=method, ci="wald")
    assert negative.tau2 == pytest.approx(base.tau2, **tolerance)
    assert negative.estimate == pytest.approx(-base.estimate, **tolerance)
    moved = pooling.random_effects(yi + 3.25, vi, tau2=method, ci="wald")
    assert moved.estimate == pytest.approx(base.estimate + 3.25, **tolerance)


@settings(max_examples=60, deadline=None)
@given(studies, st.sampled_from(METHODS))
def test_every_solution_is_a_number_or_a_refusal(data, method):
    result = pooling.random_effects(*data, tau2=method)
    assert result.status == "ok"
    assert result.tau2 >= 0
    assert abs(result.residual) < 1e-8
    assert result.ci_low <= result.estimate <= result.ci_high
    assert result.tau2_ci_low <= result.tau2_ci_high


def test_equal_effects_have_no_heterogeneity():
    for method in METHODS:
        result = pooling.random_effects([0.3, 0.3, 0.3], [0.1, 0.2, 0.4], tau2=method)
        assert result.tau2 == 0.0
        assert result.boundary
        assert result.tau2_ci_empty
        assert (result.tau2_ci_low, result.tau2_ci_high) == (0.0, 0.0)
