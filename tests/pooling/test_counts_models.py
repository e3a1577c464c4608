"""Mixed models of counts and the beta-binomial: published figures, exact values, brute force."""

import mpmath
import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.special import expit, gammaln

from evisynth import pooling
from evisynth.pooling import mixed, mixed_counts, outcomes


def counts(case):
    return case.events_1, case.n_1, case.events_2, case.n_2


def test_ten_trials_exact_conditional_likelihood(ten_trials):
    """The trials of metafor issue 45, tau2 = 0: the maximum of the exact likelihood in 40 digits."""
    result = pooling.glmm(*counts(ten_trials), model="CM.EL")
    with mpmath.workdps(40):

        def log_likelihood(t):
            total = mpmath.mpf(0)
            for a, n1, c, n2 in zip(*(map(int, x) for x in counts(ten_trials)), strict=True):
                support = range(max(0, a + c - n2), min(n1, a + c) + 1)
                terms = [mpmath.binomial(n1, s) * mpmath.binomial(n2, a + c - s) * mpmath.exp(s * t) for s in support]
                total += (
                    mpmath.log(mpmath.binomial(n1, a) * mpmath.binomial(n2, c)) + a * t - mpmath.log(mpmath.fsum(terms))
                )
            return total

        estimate = mpmath.findroot(lambda t: mpmath.diff(log_likelihood, t), -0.16)
        se = 1 / mpmath.sqrt(-mpmath.diff(log_likelihood, estimate, 2))
        assert result.estimate == pytest.approx(float(estimate), abs=1e-12)
        assert result.se == pytest.approx(float(se), abs=1e-12)
        assert result.log_likelihood == pytest.approx(float(log_likelihood(estimate)), abs=1e-11)
    # as printed from metafor, whose conditional probabilities are good to about 1e-7
    assert (result.estimate, result.se) == pytest.approx((-0.16235886, 0.19554199), abs=5e-8)
    assert (result.tau2, result.boundary) == (0.0, True)


def test_catheters(catheters):
    """Stijnen, Hamza and Ozdemir 2010, table III: log odds ratio, se and tau."""
    exact = pooling.glmm(*counts(catheters), model="CM.EL")
    assert (exact.estimate, exact.se, np.sqrt(exact.tau2)) == pytest.approx((-1.3532, 0.3511, 0.8327), abs=1.01e-4)
    approximate = pooling.glmm(*counts(catheters), model="CM.AL")
    shown = (approximate.estimate, approximate.se, np.sqrt(approximate.tau2))
    assert shown == pytest.approx((-1.3027, 0.3386, 0.7750), abs=6e-5)
    assert exact.left_out == ((14, pooling.mantel_haenszel(*counts(catheters)).left_out[0][1]),)
    # lme4 stops early: -1.2370, tau2 .3198; its Laplace approximation gives -1.2812, tau2 .7258 with random studies
    fixed = pooling.glmm(*counts(catheters), model="UM.FS")
    assert (fixed.estimate, fixed.tau2) == pytest.approx((-1.2370, 0.3198), abs=1e-3)
    random = pooling.glmm(*counts(catheters), model="UM.RS")
    assert (random.estimate, random.tau2) == pytest.approx((-1.2812, 0.7258), abs=2e-2)
    assert random.k == 18


@pytest.mark.parametrize("model", ["UM.FS", "CM.EL", "CM.AL", "UM.RS"])
def test_derivatives_and_quadrature(catheters, model):
    result = pooling.glmm(*counts(catheters), model=model)
    assert result.gradient < 1e-8
    assert result.quadrature_error < 1e-9
    more = pooling.glmm(*counts(catheters), model=model, nodes=41 if model == "UM.RS" else 121)
    assert (more.estimate, more.se, more.tau2) == pytest.approx((result.estimate, result.se, result.tau2), abs=1e-7)


def test_likelihood_by_adaptive_integration(catheters):
    """Value, gradient and Hessian of the fixed-studies model against scipy's integrator and differences."""
    a, n1, c, n2 = (x[:6] for x in counts(catheters))
    k = a.size
    outcome = outcomes.binomial(np.column_stack([a, c]), np.column_stack([n1, n2]))
    x = np.tile(np.array([[1.0, 1.0], [0.0, 1.0]])[None], (k, 1, 1))
    index = np.column_stack([np.zeros(k, dtype=int), 1 + np.arange(k)])
    spread = np.tile(np.array([0.5, -0.5])[None, :, None], (k, 1, 1))
    model = mixed.MixedModel(outcome, x, index, k + 1, spread)
    beta, scale = np.r_[-0.8, np.linspace(-4, -2, k)], np.array([0.9])
    value, gradient, hessian = mixed.evaluate(model, beta, scale, 61)

    def study(i):
        def density(z):
            p1 = expit(beta[1 + i] + beta[0] + 0.45 * z)
            p2 = expit(beta[1 + i] - 0.45 * z)
            return stats.binom.pmf(a[i], n1[i], p1) * stats.binom.pmf(c[i], n2[i], p2) * stats.norm.pdf(z)

        return np.log(integrate.quad(density, -12, 12, epsabs=1e-14, epsrel=1e-13, limit=400)[0])

    assert value == pytest.approx(sum(study(i) for i in range(k)), abs=1e-10)
    point = np.r_[beta, scale]
    step = 1e-5
    for j in range(point.size):
        ahead, behind = point.copy(), point.copy()
        ahead[j] += step
        behind[j] -= step
        up, down = (mixed.evaluate(model, p[:-1], p[-1:], 61) for p in (ahead, behind))
        assert gradient[j] == pytest.approx((up[0] - down[0]) / (2 * step), abs=1e-7)
        assert hessian[j] == pytest.approx((up[1] - down[1]) / (2 * step), abs=1e-6)


def test_rates_and_single_groups(catheters):
    """With a common effect the models are generalised linear models with a closed answer."""
    one = pooling.glmm_one_group(catheters.events_1, catheters.n_1, effect="common")
    p = catheters.events_1.sum() / catheters.n_1.sum()
    assert one.estimate == pytest.approx(np.log(p / (1 - p)), abs=1e-12)
    assert one.se == pytest.approx(1 / np.sqrt(catheters.n_1.sum() * p * (1 - p)), abs=1e-12)
    rate = pooling.glmm_one_group(catheters.events_1, catheters.n_1, measure="IRLN", effect="common")
    assert rate.estimate == pytest.approx(np.log(p), abs=1e-12)
    assert rate.se == pytest.approx(1 / np.sqrt(catheters.events_1.sum()), abs=1e-12)
    # a Poisson model with fixed study effects and its conditional form have one likelihood, up to a constant
    conditional = pooling.glmm(*counts(catheters), measure="IRR", model="CM.EL", effect="common")
    fixed = pooling.glmm(*counts(catheters), measure="IRR", model="UM.FS", effect="common")
    assert fixed.estimate == pytest.approx(conditional.estimate, abs=1e-10)
    assert fixed.se == pytest.approx(conditional.se, abs=1e-10)
    assert fixed.lrt == pytest.approx(conditional.lrt, abs=1e-8)
    mixed_rate = pooling.glmm_one_group(catheters.events_1, catheters.n_1, measure="IRLN")
    assert mixed_rate.tau2 > 0
    assert mixed_rate.quadrature_error < 1e-9


def test_arms_exchanged_change_the_sign(catheters):
    for model in ("UM.FS", "CM.EL", "UM.RS"):
        one = pooling.glmm(*counts(catheters), model=model)
        other = pooling.glmm(catheters.events_2, catheters.n_2, catheters.events_1, catheters.n_1, model=model)
        assert (one.estimate, one.se, one.tau2) == pytest.approx((-other.estimate, other.se, other.tau2), rel=1e-6)


def test_no_finite_maximum_is_said():
    for model in ("UM.FS", "CM.EL", "UM.RS"):
        with pytest.raises(pooling.ConvergenceError, match="no number is given"):
            pooling.glmm([0, 0, 0], [50, 60, 70], [3, 4, 2], [50, 60, 70], model=model)
    with pytest.raises(pooling.PoolingInputError, match="no study carries information"):
        pooling.glmm([0, 0], [50, 60], [0, 0], [50, 60])
    with pytest.raises(pooling.ConvergenceError, match="group 1 has no events"):
        pooling.beta_binomial([0, 0], [50, 60], [1, 2], [50, 60])


def test_beta_binomial(catheters):
    result = pooling.beta_binomial(*counts(catheters))
    x, n = np.r_[catheters.events_1, catheters.events_2], np.r_[catheters.n_1, catheters.n_2]
    group = np.r_[np.ones(18), np.zeros(18)]

    def minus(point):
        mean, size = expit(point[0] + point[1] * group), np.exp(point[2])
        return -stats.betabinom.logpmf(x, n, mean * size, (1 - mean) * size).sum()

    found = optimize.minimize(minus, [-3, -1, 3], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    assert result.log_likelihood == pytest.approx(-found.fun, abs=1e-8)
    assert (result.baseline, result.estimate) == pytest.approx(found.x[:2], abs=1e-5)
    assert result.correlation == pytest.approx(1 / (1 + np.exp(found.x[2])), abs=1e-5)
    # standard error from differences of the log likelihood
    point, step = np.r_[result.baseline, result.estimate, np.log(1 / result.correlation - 1)], 1e-3
    unit = np.eye(3) * step
    hessian = np.array(
        [
            [
                (minus(point + u + w) - minus(point + u - w) - minus(point - u + w) + minus(point - u - w))
                / (4 * step**2)
                for u in unit
            ]
            for w in unit
        ]
    )
    assert result.se == pytest.approx(np.sqrt(np.linalg.inv(hessian)[1, 1]), rel=1e-4)


def test_beta_binomial_without_overdispersion():
    """Counts more even than binomial ones: rho is 0 and the model is the pooled table's log odds ratio."""
    result = pooling.beta_binomial([10, 10, 10], [100, 100, 100], [20, 20, 20], [100, 100, 100])
    assert (result.correlation, result.boundary) == (0.0, True)
    assert result.estimate == pytest.approx(np.log(30 / 270) - np.log(60 / 240), abs=1e-12)
    assert result.se == pytest.approx(np.sqrt(1 / 30 + 1 / 270 + 1 / 60 + 1 / 240), abs=1e-10)


def test_hypergeometric_density_sums_to_one():
    eta = np.full((1, 1, 1), 0.7)
    total = 0.0
    for a in range(2, 8):
        value, first, second = outcomes.hypergeometric(
            np.array([float(a)]), np.array([7.0]), np.array([9.0 - a]), np.array([7.0])
        )(eta)
        total += np.exp(value[0, 0, 0])
        assert second[0, 0, 0] <= 0
        assert np.isfinite(first).all()
    assert total == pytest.approx(1.0, abs=1e-12)
    assert gammaln(1.0) == 0.0


@pytest.mark.parametrize("model", ["CM.AL", "UM.FS"])
def test_profile_interval_of_tau2_by_its_definition(bcg, model):
    found = pooling.glmm(*counts(bcg), model=model, tau2_interval=True)
    assert 0 < found.tau2_ci_low < found.tau2 < found.tau2_ci_high
    builder = mixed_counts._fixed_studies if model == "UM.FS" else mixed_counts._conditional
    problem = builder(*(np.asarray(x, dtype=float) for x in counts(bcg)), "OR", model, 0.5)
    for limit in (found.tau2_ci_low, found.tau2_ci_high):

        def fall(beta, tau=limit**0.5):
            value, gradient, _ = mixed.evaluate(problem.model, beta, np.array([tau]), 61)
            return found.log_likelihood - value, -gradient[: beta.size]

        # the likelihood maximised over the coefficients alone, the random effect's scale held
        best = optimize.minimize(fall, problem.start, jac=True, method="BFGS", options={"gtol": 1e-7})
        assert 2 * best.fun == pytest.approx(3.841458820694124, rel=1e-6)


def test_profile_interval_of_tau2_on_the_boundary_and_without_being_asked(ten_trials):
    found = pooling.glmm(*counts(ten_trials), model="CM.AL", tau2_interval=True)
    assert (found.tau2, found.tau2_ci_low) == (0.0, 0.0)
    assert found.tau2_ci_high > 0.2
    plain = pooling.glmm(*counts(ten_trials), model="CM.AL")
    assert (plain.tau2_ci_low, plain.tau2_ci_high) == (None, None)
