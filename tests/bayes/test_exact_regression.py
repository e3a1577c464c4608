"""Exact meta-regression against the normal-normal engine and a direct integration."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evisynth import bayes

RNG = np.random.default_rng(4)
V = RNG.uniform(0.02, 0.2, 9)
X = pd.DataFrame({"intercept": 1.0, "dose": np.linspace(0, 40, 9)})
Y = 0.2 - 0.02 * X["dose"].to_numpy() + RNG.normal(size=9) * np.sqrt(V + 0.04)


def test_intercept_only_is_the_normal_normal_model():
    for mu_prior in ("flat", "normal:0.1,0.8"):
        one = bayes.normal_normal(Y, V, "halfcauchy:0.4", mu_prior)
        two = bayes.meta_regression(Y, V, np.ones(9), "halfcauchy:0.4", mu_prior)
        for field in ("mean", "sd", "median", "ci_low", "shortest_high"):
            assert getattr(two.coefficients["b0"], field) == pytest.approx(getattr(one.mu, field), abs=1e-9)
        assert two.tau.median == pytest.approx(one.tau.median, abs=1e-9)
        further = two.predict([1.0], further_study=True)
        assert further.ci_high == pytest.approx(one.predictive.ci_high, abs=1e-9)
        assert two.p_below("b0", 0.1) == pytest.approx(one.p_mu_below(0.1), abs=1e-10)
        if mu_prior == "flat":
            assert two.log_marginal is None
        else:
            assert two.log_marginal == pytest.approx(one.log_marginal, abs=1e-9)


def test_by_direct_integration():
    fit = bayes.meta_regression(Y, V, X, "halfnormal:0.5", ["normal:0,1", "normal:0,0.1"])
    x, w = np.polynomial.legendre.leggauss(200)
    tau, weight = 1.5 * (x + 1), 1.5 * w
    design, prior = X.to_numpy(), np.diag([1.0, 0.01])
    density = [
        stats.multivariate_normal(np.zeros(9), np.diag(V + t * t) + design @ prior @ design.T).pdf(Y) for t in tau
    ]
    joint = np.array(density) * stats.halfnorm.pdf(tau, scale=0.5) * weight
    assert fit.log_marginal == pytest.approx(np.log(joint.sum()), abs=1e-6)
    assert fit.tau.mean == pytest.approx(joint @ tau / joint.sum(), abs=1e-6)


def test_unit_of_a_covariate_does_not_matter():
    small = bayes.meta_regression(Y, V, X)
    large = bayes.meta_regression(Y, V, X.assign(dose=X["dose"] * 1e6))
    assert large.coefficients["dose"].median * 1e6 == pytest.approx(small.coefficients["dose"].median, rel=1e-8)
    assert small.error_bound < 1e-6
    assert small.to_frame()["quantity"].tolist() == ["intercept", "dose", "tau"]


def test_refusals():
    with pytest.raises(ValueError, match="linearly dependent"):
        bayes.meta_regression(Y, V, X.assign(twice=2 * X["dose"]))
    with pytest.raises(bayes.ImproperPosteriorError, match="at least 2 studies, found 1"):
        bayes.meta_regression(Y[:1], V[:1], X[:1])
    with pytest.raises(bayes.ImproperPosteriorError, match="at least 4 studies, found 3"):
        bayes.meta_regression(Y[:3], V[:3], X[:3], "flat")
    with pytest.raises(ValueError, match=r"row\(s\) 2"):
        bayes.meta_regression(Y, V, X.assign(dose=X["dose"].where(X.index != 1)))
    with pytest.raises(ValueError, match="flat or normal"):
        bayes.meta_regression(Y, V, X, coefficient_priors="t:0,1,3")
