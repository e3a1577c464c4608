"""McGrath's methods for skewed medians: the beta distribution, and the bootstrap standard error."""

import numpy as np
import pytest
from scipy import stats

from evisynth.effects import EffectError, hedges_correction, mean_sd_from_quantiles, mean_se_from_quantiles
from evisynth.effects.quantile_bootstrap import _figures, _means_of
from evisynth.effects.quantile_estimation import candidates, fit_quantiles


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (0.0, 100.0), (-5.0, 5.0)])
def test_beta_is_found_within_bounds(bounds):
    low, width = bounds[0], bounds[1] - bounds[0]
    q1, median, q3 = (low + width * x for x in stats.beta(1.2, 4.5).ppf([0.25, 0.5, 0.75]))
    minimum, maximum = (low + width * x for x in stats.beta(1.2, 4.5).ppf([1 / 80, 1 - 1 / 80]))
    found = mean_sd_from_quantiles(median, 80, q1=q1, q3=q3, minimum=minimum, maximum=maximum, bounds=bounds)
    assert found.method == "qe (beta)"
    assert found.mean == pytest.approx(low + width * 1.2 / 5.7, rel=1e-5)
    assert found.sd == pytest.approx(width * stats.beta(1.2, 4.5).std(), rel=1e-5)


def test_beta_is_never_taken_without_bounds():
    q1, median, q3 = stats.beta(1.2, 4.5).ppf([0.25, 0.5, 0.75])
    assert "beta" not in mean_sd_from_quantiles(median, 80, q1=q1, q3=q3).method


def test_figures_outside_the_bounds_are_an_error():
    with pytest.raises(EffectError, match="limits that hold every figure"):
        mean_sd_from_quantiles(0.5, 80, q1=0.2, q3=1.4, bounds=(0, 1))


def test_batches_of_fits_agree_with_single_ones():
    fit = fit_quantiles(5, 40, q1=3, q3=9, minimum=1, maximum=30)
    generator = np.random.default_rng(1)
    people = candidates()[fit.name][0](generator.uniform(size=(12, 40)), *fit.parameters)
    figures = _figures(people, fit)
    single = [fit_quantiles(x[2], 40, q1=x[1], q3=x[3], minimum=x[0], maximum=x[4]).mean for x in figures]
    np.testing.assert_allclose(_means_of(figures, fit, None), single, rtol=1e-5)


def test_standard_error_is_that_of_repeated_studies():
    # 200 studies of 100 people, log-normal (1, 0.8), each giving its median and quartiles
    generator = np.random.default_rng(2)
    people = generator.lognormal(1.0, 0.8, (200, 100))
    truth = fit_quantiles(np.e, 100, q1=np.exp(1 - 0.8 * 0.67449), q3=np.exp(1 + 0.8 * 0.67449))
    spread = np.nanstd(_means_of(_figures(people, truth), truth, None))
    found = mean_se_from_quantiles(np.e, 100, q1=np.exp(1 - 0.8 * 0.67449), q3=np.exp(1 + 0.8 * 0.67449), draws=400)
    # two standard deviations, each known to about 5 per cent
    assert found.se == pytest.approx(spread, rel=0.2)
    assert found.se > 1.2 * found.naive_se


def test_normal_figures_have_the_textbook_standard_error():
    # the mean of a normal from three quartiles has the variance of the weighted quartiles: se = 1.05 to 1.15 sd/sqrt(n)
    found = mean_se_from_quantiles(-10, 400, q1=-10.6745, q3=-9.3255, draws=2000)
    assert found.method == "qe (normal)"
    assert found.mean == pytest.approx(-10)
    assert 1.0 < found.se / found.naive_se < 1.2


def test_same_seed_same_standard_error():
    first, second, third = (mean_se_from_quantiles(5, 50, q1=3, q3=9, draws=200, seed=seed) for seed in (1, 1, 2))
    assert first == second
    assert first.se != third.se
    assert first.steps[0].source == "McGrath et al. 2023"


@pytest.mark.parametrize("change", [{"n": 50.5}, {"draws": 99}])
def test_bad_numbers_are_named(change):
    with pytest.raises(EffectError, match="whole number, and 100 draws"):
        mean_se_from_quantiles(**({"median": 5, "n": 50, "q1": 3, "q3": 9} | change))


def test_hedges_correction_is_public():
    # Gamma(5) / (sqrt(5) Gamma(4.5)) = 24 / (sqrt(5) 11.631728396567448)
    assert hedges_correction(10) == pytest.approx(24 / (np.sqrt(5) * 11.631728396567448), rel=1e-14)
