"""The engine is calibrated: small runs of what docs report at full size."""

import numpy as np
import pytest

from evisynth import bayes


@pytest.mark.parametrize(("tau_prior", "k"), [("halfnormal:0.5", 4), ("lognormal2:-2.56,1.74", 2)])
def test_truth_falls_uniformly(tau_prior, k):
    found = bayes.simulation_based_calibration(800, k, tau_prior, "normal:0,1", rng=np.random.default_rng(5))
    table = found.to_frame()
    assert (table["ks_p"] > 1e-4).all()
    assert (table["chi2_p"] > 1e-4).all()
    assert found.error_bound <= 1e-6
    # 4 binomial standard errors
    assert (abs(table["coverage_80"] - 0.8) < 4 * np.sqrt(0.16 / 800)).all()
    assert found.histogram(10).groupby("quantity")["count"].sum().eq(800).all()


def test_a_wrong_prior_is_noticed():
    """Data drawn with heterogeneity twice what the fit believes: calibration has to fail."""
    rng = np.random.default_rng(6)
    n, k = 800, 4
    mu, tau = rng.normal(size=n), np.abs(rng.normal(size=n))
    v = np.full((n, k), 0.05)
    y = mu[:, None] + rng.normal(size=(n, k)) * np.sqrt(v + tau[:, None] ** 2)
    fit = bayes.normal_normal(y, v, "halfnormal:0.2", "normal:0,1", shortest=False)
    assert np.mean((fit.tau.ci_low <= tau) & (tau <= fit.tau.ci_high)) < 0.8


def test_coverage_table():
    def wide(y, v):
        return np.full(len(y), -9.0), np.full(len(y), 9.0)

    table = bayes.interval_coverage((2, 5), (0.2,), rng=np.random.default_rng(1), n=200, others={"wide": wide})
    assert table["interval"].tolist() == ["posterior (halfnormal:0.5)", "wide"] * 2
    assert (table.loc[table["interval"] == "wide", "coverage"] == 1).all()
    assert table["coverage"].min() > 0.9


def test_priors_without_draws_are_refused():
    rng = np.random.default_rng(1)
    with pytest.raises(bayes.PriorError, match="improper"):
        bayes.simulation_based_calibration(10, 3, "flat", "normal:0,1", rng=rng)
    with pytest.raises(bayes.PriorError, match="atom"):
        bayes.simulation_based_calibration(10, 3, "halfnormal:1", "spikeslab:0.5,0,1", rng=rng)
