"""The densities that are sampled, without sampling: against scipy, with Jacobians by finite differences."""

import numpy as np
import pytest
from scipy import stats

from evisynth.bayes.priors import parse
from evisynth.bayes.sampled import densities
from evisynth.bayes.sampled.binomial import BinomialModel, PoissonModel
from evisynth.bayes.sampled.hierarchy import HierarchyModel, HierarchyProblem
from evisynth.bayes.sampled.normal import NormalModel
from evisynth.bayes.sampled.problems import BinomialProblem, NormalProblem, PoissonProblem

TAU_PRIORS = (
    "halfnormal:0.5",
    "halfcauchy:0.7",
    "halft:0.4,3",
    "exponential:0.6",
    "uniform:2",
    "lognormal:-1.2,0.8",
    "lognormal2:-2.5,1.5",
    "logt2:-3,2.5,5",
    "invgamma:1.7,0.4",
    "turner2015:pain,pharmacological vs placebo/control",
)
MU_PRIORS = ("flat", "normal:0.3,2", "t:-0.1,0.5,4", "vanzwet:0.3")
YI, VI = (-0.5, -0.2, 0.4), (0.04, 0.09, 0.02)
COUNTS = {"ai": (3, 0, 12), "n1i": (20, 15, 40), "ci": (8, 2, 11), "n2i": (22, 14, 41)}
NAMES = ("one", "two", "three")


@pytest.mark.parametrize("prior", TAU_PRIORS)
def test_row_of_a_tau_prior_is_its_log_density(prior):
    prior = parse(prior, "tau")
    tau = np.array([0.01, 0.1, 0.5, 1.0, 1.9])
    difference = densities.tau_log_density(np, np.log(tau), densities.tau_row(prior)) - prior.logpdf(tau)
    assert np.ptp(difference) < 1e-9


@pytest.mark.parametrize("prior", MU_PRIORS)
def test_row_of_a_location_prior_is_its_log_density(prior):
    prior = parse(prior, "mu")
    mu = np.array([-3.0, -0.2, 0.0, 1.0, 4.0])
    row = densities.location_log_density(np, mu, densities.location_row(prior))
    row += densities.mixture_log_density(np, mu[:, None], densities.mixture_row(prior))[:, 0]
    assert np.ptp(row - prior.logpdf(mu)) < 1e-9


def jacobian(mapping, point, step=1e-5):
    """Log absolute determinant of the derivative of a mapping of vectors, by central differences."""
    columns = []
    for i in range(len(point)):
        shift = np.zeros(len(point))
        shift[i] = step
        columns.append((mapping(point + shift) - mapping(point - shift)) / (2 * step))
    return np.linalg.slogdet(np.array(columns).T)[1]


@pytest.mark.parametrize("tau_prior", ["halfnormal:0.5", "uniform:2"])
@pytest.mark.parametrize("mu_prior", MU_PRIORS)
def test_normal_density_is_the_posterior_times_the_jacobian(tau_prior, mu_prior):
    problem = NormalProblem("p", NAMES, YI, VI, tau_prior, mu_prior)
    model, given = NormalModel(), NormalModel().data(problem, 0)

    def own_terms(vector):
        at = model.locate(np, {"w": vector[:1], "z": vector[1:]}, given)
        return np.array([np.exp(at["x"][0]), at["mu"][0]])

    differences = []
    for point in np.random.default_rng(1).normal(size=(6, 2)):
        tau, mu = own_terms(point)
        expected = problem.tau_prior.logpdf(tau) + problem.mu_prior.logpdf(mu) + jacobian(own_terms, point)
        expected += stats.norm.logpdf(YI, mu, np.sqrt(np.array(VI) + tau**2)).sum()
        differences.append(model.log_density(np, {"w": point[:1], "z": point[1:]}, given)[0] - expected)
    assert np.ptp(differences) < 1e-7


def split(vector):
    return {"w": vector[:1], "z": vector[1:2], "z_theta": vector[2:5], "z_baseline": vector[5:8]}


def test_binomial_density_is_the_posterior_times_the_jacobian():
    problem = BinomialProblem("p", NAMES, **COUNTS, tau_prior="halfcauchy:0.5", baseline_prior="t:-1,2,5")
    model, given = BinomialModel(), BinomialModel().data(problem, 3)

    def own_terms(vector):
        at = model.locate(np, split(vector), given)
        return np.concatenate([np.exp(at["x"]), at["mu"], at["theta"], at["baseline"]])

    differences = []
    for point in np.random.default_rng(2).normal(size=(6, 8)):
        tau, mu, theta, baseline = np.split(own_terms(point), [1, 2, 5])
        expected = problem.tau_prior.logpdf(tau)[0] + problem.mu_prior.logpdf(mu)[0] + jacobian(own_terms, point)
        expected += problem.baseline_prior.logpdf(baseline).sum() + stats.norm.logpdf(theta, mu, tau).sum()
        for events, size, predictor in (
            (COUNTS["ai"], COUNTS["n1i"], baseline + theta),
            (COUNTS["ci"], COUNTS["n2i"], baseline),
        ):
            expected += stats.binom.logpmf(events, size, 1 / (1 + np.exp(-predictor))).sum()
        differences.append(model.log_density(np, split(point), given)[0] - expected)
    assert np.ptp(differences) < 1e-6


def test_padding_adds_nothing_but_independent_standard_normals():
    problem = BinomialProblem("p", NAMES, **COUNTS, tau_prior="halfnormal:0.5")
    model, rng = BinomialModel(), np.random.default_rng(3)
    differences = []
    for _ in range(5):
        point = {"w": rng.normal(size=1), "z": rng.normal(size=1)}
        point |= {name: rng.normal(size=24) for name in ("z_theta", "z_baseline")}
        unpadded = {name: values[:3] for name, values in point.items()}
        idle = 0.5 * sum(np.sum(point[name][3:] ** 2) for name in ("z_theta", "z_baseline"))
        padded = model.log_density(np, point, model.data(problem, 24))[0] + idle
        differences.append(padded - model.log_density(np, unpadded, model.data(problem, 3))[0])
    assert np.ptp(differences) < 1e-9


def test_marginal_likelihood_of_counts_against_a_dense_grid():
    problem = BinomialProblem("p", NAMES, **COUNTS, tau_prior="halfnormal:0.5", baseline_prior="normal:-1,3")
    mu, tau = np.array([[-0.7, 0.2, -2.0]]), np.array([[0.4, 0.05, 1.5]])
    found = BinomialModel().log_likelihood(problem, {"mu": mu, "tau": tau})
    baseline = np.linspace(-25, 20, 1501)[:, None]
    for draw in range(3):
        theta = np.linspace(-9, 9, 601) * tau[0, draw] + mu[0, draw]
        weights = stats.norm.pdf(theta, mu[0, draw], tau[0, draw]) * problem.baseline_prior.pdf(baseline)
        weights *= (theta[1] - theta[0]) * 0.03
        for study in range(3):
            a, n1, c, n2 = (COUNTS[name][study] for name in ("ai", "n1i", "ci", "n2i"))
            likelihood = stats.binom.pmf(a, n1, 1 / (1 + np.exp(-baseline - theta)))
            likelihood *= stats.binom.pmf(c, n2, 1 / (1 + np.exp(-baseline)))
            # 24 x 16 Gauss-Hermite nodes: the study without events is the worst, 0.002.
            assert found[0, draw, study] == pytest.approx(np.log(np.sum(weights * likelihood)), abs=5e-3)


@pytest.mark.parametrize(
    ("tau_prior", "mu_prior", "k", "moments"),
    [
        ("halfnormal:1", "flat", 1, np.inf),
        ("halfcauchy:1", "flat", 1, 0),
        ("halfcauchy:1", "flat", 2, 1),
        ("halfcauchy:1", "flat", 3, 2),
        ("halfcauchy:1", "normal:0,1", 2, 2),
        ("logt2:-3,2,5", "flat", 2, 1),
        ("flat", "flat", 3, 0),
    ],
)
def test_existing_moments_of_the_predictive(tau_prior, mu_prior, k, moments):
    problem = NormalProblem("p", NAMES[:k], YI[:k], VI[:k], tau_prior, mu_prior)
    assert NormalModel().finite_moments(problem, "predictive") == moments
    assert NormalModel().finite_moments(problem, "theta", "one") == np.inf


HIERARCHY = HierarchyProblem(
    "h",
    ("s1", "s2", "s3", "s4"),
    ("pain", "gut", "pain", "skin"),
    (-0.5, -0.1, 0.2, 0.4),
    (0.04, 0.02, 0.05, 0.09),
    "halfnormal:0.5",
    "halfcauchy:0.3",
    "normal:0,1",
)


def hierarchy_moments(tau, within):
    """Covariances of (mean of condition, study's effect, estimate) given the hyperparameters, mean 0."""
    member = HierarchyModel().membership(HIERARCHY)
    conditions = tau**2 * np.eye(3)
    effects = tau**2 * member @ member.T + within**2 * np.eye(4)
    return member, conditions, effects, effects + np.diag(HIERARCHY.vi)


def test_hierarchy_density_is_the_posterior_times_the_jacobian():
    model = HierarchyModel()
    given = model.unpack(model.pack(HIERARCHY, 0))

    def split_point(vector):
        return {"w": vector[:1], "w_within": vector[1:2], "z": vector[2:]}

    def own_terms(vector):
        at = model.locate(np, split_point(vector), given)
        return np.array([np.exp(at["x"][0]), np.exp(at["x_within"][0]), at["mu"][0]])

    differences = []
    for point in np.random.default_rng(4).normal(size=(6, 3)):
        tau, within, mu = own_terms(point)
        total = hierarchy_moments(tau, within)[3]
        expected = stats.multivariate_normal.logpdf(HIERARCHY.yi, np.full(4, mu), total)
        expected += HIERARCHY.tau_prior.logpdf(tau) + HIERARCHY.tau_within_prior.logpdf(within)
        expected += HIERARCHY.mu_prior.logpdf(mu) + jacobian(own_terms, point)
        differences.append(model.log_density(np, split_point(point), given)[0] - expected)
    assert np.ptp(differences) < 1e-7


def test_conditions_and_studies_are_drawn_from_their_joint_conditional():
    model, size = HierarchyModel(), 40_000
    point = {"w": 0.3, "w_within": -0.2, "z": 0.7}
    draws = {name: np.full((1, size, 1), value) for name, value in point.items()}
    posterior = model.translate(HIERARCHY, draws, np.random.default_rng(5))
    tau, within, mu = (posterior[name][0, 0] for name in ("tau", "tau_within", "mu"))
    member, conditions, effects, total = hierarchy_moments(tau, within)
    cross = np.vstack([conditions @ member.T, effects])
    prior = np.block([[conditions, conditions @ member.T], [member @ conditions, effects]])
    mean = mu + cross @ np.linalg.solve(total, np.array(HIERARCHY.yi) - mu)
    covariance = prior - cross @ np.linalg.solve(total, cross.T)
    found = np.concatenate([posterior["condition_mean"][0], posterior["theta"][0]], axis=1)
    errors = np.sqrt(np.diag(covariance) / size)
    assert np.all(np.abs(found.mean(axis=0) - mean) < 4.5 * errors)
    # The standard error of a covariance is at most sqrt(2 / size) times the product of the two sds.
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.all(np.abs(np.cov(found.T) - covariance) < 4.5 * np.sqrt(2 / size) * scale)


def test_poisson_density_is_the_posterior_up_to_a_constant():
    columns = {"x1i": (3, 0, 12), "t1i": (100.0, 30.0, 250.0), "x2i": (6, 2, 15), "t2i": (90.0, 40.0, 260.0)}
    problem = PoissonProblem("p", NAMES, **columns, tau_prior="halfnormal:0.5")
    model, given = PoissonModel(), PoissonModel().data(problem, 3)
    differences = []
    for point in np.random.default_rng(6).normal(size=(5, 8)):
        at = model.locate(np, split(point), given)
        tau, mu, theta, baseline = np.exp(at["x"]), at["mu"], at["theta"], at["baseline"]
        expected = problem.tau_prior.logpdf(tau)[0] + problem.mu_prior.logpdf(mu)[0]
        expected += problem.baseline_prior.logpdf(baseline).sum() + stats.norm.logpdf(theta, mu, tau).sum()
        expected += stats.poisson.logpmf(columns["x1i"], np.array(columns["t1i"]) * np.exp(baseline + theta)).sum()
        expected += stats.poisson.logpmf(columns["x2i"], np.array(columns["t2i"]) * np.exp(baseline)).sum()
        # The change of variables is the binomial model's, tested above; here its log Jacobian is taken as given.
        expected += at["log_jacobian"][0] + np.sum(at["effect_jacobian"] + np.log(tau))
        differences.append(model.log_density(np, split(point), given)[0] - expected)
    assert np.ptp(differences) < 1e-9
