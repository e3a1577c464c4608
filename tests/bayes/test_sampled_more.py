"""Meta-regression, the binomial with a log link, power-scaling: densities against SciPy, without running chains."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import integrate, special, stats

from evisynth.bayes.sampled import LogBinomialProblem, RegressionProblem, SamplingInputError, sensitivity
from evisynth.bayes.sampled.log_binomial import LogBinomialModel
from evisynth.bayes.sampled.regression import WIDTH, RegressionModel

YI, VI = (-0.5, -0.2, 0.4, 0.1), (0.04, 0.09, 0.02, 0.05)
NAMES = ("one", "two", "three", "four")
REGRESSION = RegressionProblem(
    "r",
    NAMES,
    YI,
    VI,
    {"dose": (0.0, 1.0, 2.0, 4.0), "year": (-1.0, 0.5, 0.0, 0.3)},
    "halfnormal:0.5",
    "flat",
    {"dose": "t:0,1,4", "year": "normal:0.1,0.7"},
)
COUNTS = {"ai": (3, 0, 12), "n1i": (20, 15, 12), "ci": (8, 2, 11), "n2i": (22, 14, 16)}
RISKS = LogBinomialProblem(
    "b", NAMES[:3], **COUNTS, tau_prior="halfnormal:0.5", mu_prior="normal:0,1.5", risk_alpha=2.0, risk_beta=3.0
)


def jacobian(mapping, point, step=1e-5):
    columns = []
    for i in range(len(point)):
        shift = np.zeros(len(point))
        shift[i] = step
        columns.append((mapping(point + shift) - mapping(point - shift)) / (2 * step))
    return np.linalg.slogdet(np.array(columns).T)[1]


def test_regression_density_is_the_posterior_times_the_jacobian():
    model, given = RegressionModel(), RegressionModel().data(REGRESSION, 0)

    def coordinates(vector):
        return {"w": vector[:1], "z": np.concatenate([vector[1:], np.zeros(WIDTH - 3)])}

    def own_terms(vector):
        at = model.locate(np, coordinates(vector), given)
        return np.array([np.exp(at["x"][0]), *at["beta"][:3]])

    differences = []
    for point in np.random.default_rng(1).normal(size=(6, 4)):
        tau, *beta = own_terms(point)
        expected = REGRESSION.tau_prior.logpdf(tau) + jacobian(own_terms, point)
        expected += stats.t.logpdf(beta[1], 4) + stats.norm.logpdf(beta[2], 0.1, 0.7)
        spread = np.sqrt(np.array(VI) + tau**2)
        expected += stats.norm.logpdf(YI, REGRESSION.design @ beta, spread).sum()
        differences.append(model.log_density(np, coordinates(point), given)[0] - expected)
    assert np.ptp(differences) < 1e-7


def test_unused_coefficients_are_standard_normals():
    model, given = RegressionModel(), RegressionModel().data(REGRESSION, 0)
    base = {"w": np.array([0.3]), "z": np.zeros(WIDTH)}
    moved = base | {"z": np.array([0, 0, 0, 0.7, 0, 0, -1.2])}
    difference = model.log_density(np, moved, given) - model.log_density(np, base, given)
    assert difference[0] == pytest.approx(-0.5 * (0.7**2 + 1.2**2))


def risks(theta, q):
    return q * np.exp(min(theta, 0)), q * np.exp(-max(theta, 0))


def test_log_binomial_density_is_the_posterior_times_the_jacobian():
    model, given, k = LogBinomialModel(), LogBinomialModel().data(RISKS, 3), 3

    def coordinates(vector):
        return {"w": vector[:1], "z": vector[1:2], "z_theta": vector[2 : 2 + k], "z_risk": vector[2 + k :]}

    def own_terms(vector):
        at = model.locate(np, coordinates(vector), given)
        return np.concatenate([np.exp(at["x"]), at["mu"], at["theta"], special.expit(at["logit"])])

    differences = []
    for point in np.random.default_rng(2).normal(size=(6, 2 + 2 * k)) * 0.7:
        tau, mu, *rest = own_terms(point)
        theta, q = rest[:k], rest[k:]
        expected = RISKS.tau_prior.logpdf(tau) + RISKS.mu_prior.logpdf(mu) + jacobian(own_terms, point)
        expected += stats.norm.logpdf(theta, mu, tau).sum() + stats.beta.logpdf(q, 2, 3).sum()
        for i in range(k):
            p1, p2 = risks(theta[i], q[i])
            expected += stats.binom.logpmf(COUNTS["ai"][i], COUNTS["n1i"][i], p1)
            expected += stats.binom.logpmf(COUNTS["ci"][i], COUNTS["n2i"][i], p2)
        differences.append(model.log_density(np, coordinates(point), given)[0] - expected)
    assert np.ptp(differences) < 1e-6


def test_log_binomial_padding_leaves_the_posterior_alone():
    model = LogBinomialModel()
    rng = np.random.default_rng(3)
    small, large = model.data(RISKS, 3), model.data(RISKS, 24)
    differences = []
    for _ in range(3):
        point = {"w": rng.normal(size=1), "z": rng.normal(size=1)}
        z = rng.normal(size=(2, 24))
        whole = model.log_density(np, point | {"z_theta": z[0], "z_risk": z[1]}, large)
        own = model.log_density(np, point | {"z_theta": z[0, :3], "z_risk": z[1, :3]}, small)
        differences.append((whole - own)[0] + 0.5 * np.sum(z[:, 3:] ** 2))
    assert np.ptp(differences) < 1e-9


def test_log_binomial_marginal_likelihood_against_quadrature():
    posterior = {"mu": np.array([[-0.3, 0.4]]), "tau": np.array([[0.2, 0.6]])}
    values = LogBinomialModel().log_likelihood(RISKS, posterior)

    nodes, weights = np.polynomial.legendre.leggauss(80)
    q, wq = 0.5 * (1 + nodes), 0.5 * weights * stats.beta.pdf(0.5 * (1 + nodes), 2, 3)
    for j, (mu, tau) in enumerate(((-0.3, 0.2), (0.4, 0.6))):
        theta = np.linspace(mu - 7 * tau, mu + 7 * tau, 601)[:, None]
        one, two = q * np.exp(np.minimum(theta, 0)), q * np.exp(-np.maximum(theta, 0))
        for i in range(3):
            arms = stats.binom.pmf(COUNTS["ai"][i], COUNTS["n1i"][i], one)
            arms = arms * stats.binom.pmf(COUNTS["ci"][i], COUNTS["n2i"][i], two)
            inner = arms @ wq * stats.norm.pdf(theta[:, 0], mu, tau)
            exact = np.log(integrate.simpson(inner, x=theta[:, 0]))
            # The likelihood has a kink at theta = 0, which Gauss-Hermite nodes step over: right to one per cent.
            assert values[0, j, i] == pytest.approx(exact, abs=0.01)


@pytest.mark.sampling
@pytest.mark.parametrize(("model", "problem"), [(RegressionModel(), REGRESSION), (LogBinomialModel(), RISKS)])
def test_the_tensor_density_is_the_numpy_density(model, problem):
    """Built with PyMC, evaluated without a compiler."""
    import pytensor

    size = model.size(problem)
    with pytensor.config.change_flags(mode="FAST_COMPILE", cxx=""):
        built = model.build(size)
        with built:
            built.set_data("by_study", model.pack(problem, size)["by_study"])
            built.set_data("other", model.pack(problem, size)["other"])
        log_density = built.compile_logp()
        rng = np.random.default_rng(4)
        point = {name: rng.normal(size=length or size) for name, length in model.coordinates.items()}
        expected = model.log_density(np, point, model.data(problem, size) | model.unpack(model.pack(problem, size)))
        assert float(log_density(point)) == pytest.approx(float(np.sum(expected)), rel=1e-9)


def test_regression_inputs_are_checked_together():
    with pytest.raises(SamplingInputError) as error:
        RegressionProblem("r", NAMES, YI, VI[:3], {"dose": (1, 2, 3)}, "halfnormal:0.5", "vanzwet:0.2")
    assert len(error.value.faults) == 3
    with pytest.raises(SamplingInputError, match="cannot be told apart"):
        dataclasses.replace(
            REGRESSION, covariates={"dose": (1, 1, 1, 1), "year": (0, 1, 2, 3)}, coefficient_priors="flat"
        )


def test_log_binomial_inputs_are_checked():
    with pytest.raises(SamplingInputError, match="risk_beta is 0"):
        dataclasses.replace(RISKS, risk_beta=0)
    with pytest.raises(SamplingInputError, match="has to be proper"):
        dataclasses.replace(RISKS, mu_prior="flat")


def test_power_scaling_sees_a_prior_that_rules():
    """Against the closed form: one normal mean, known variance, draws from the posterior itself."""
    import xarray as xr

    y, v, sd = 3.0, 1.0, 1.0
    draws = stats.norm.ppf((np.arange(4000) + 0.5) / 4000, y * sd**2 / (sd**2 + v), np.sqrt(v * sd**2 / (sd**2 + v)))
    mu = np.random.default_rng(5).permutation(draws).reshape(4, 1000)
    coords = {"chain": range(4), "draw": range(1000)}
    posterior = xr.Dataset({"mu": (("chain", "draw"), mu)}, coords)
    groups = {
        "posterior": posterior,
        "log_prior": xr.Dataset({"mu": (("chain", "draw"), stats.norm.logpdf(mu, 0, sd))}, coords),
        "log_likelihood": xr.Dataset(
            {"y": (("chain", "draw", "study"), stats.norm.logpdf(y, mu, v)[..., None])}, coords
        ),
    }
    fit = SimpleNamespace(
        posterior=posterior,
        to_datatree=lambda **_: xr.DataTree.from_dict(groups),
        _require_passed=lambda _: None,
    )
    table = sensitivity.power_scaling(fit)
    row = table.iloc[0]
    assert row["prior"] == row["prior_mu"]
    # Prior and likelihood are equally strong and pull in opposite directions.
    assert row["prior"] == pytest.approx(row["likelihood"], rel=0.1)
    assert row["diagnosis"].startswith("priors and data both matter")
    groups["log_prior"] = groups["log_prior"] * 0
    assert sensitivity.power_scaling(fit).iloc[0]["prior"] == 0
