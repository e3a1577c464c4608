"""The exact engine against integration over the whole plane of mu and tau, which shares no formula with it."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from evisynth.bayes import posterior
from evisynth.bayes.exact import normal_normal

X, W = np.polynomial.legendre.leggauss(16)


def nodes(edges):
    wide = np.diff(edges)[:, None]
    return (edges[:-1, None] + wide * (X + 1) / 2).ravel(), (wide * W / 2).ravel()


class Plane:
    """p(mu, tau | y) on a grid of Gauss-Legendre panels, for priors given as densities."""

    def __init__(self, y, v, tau_density, mu_density, centre, scale):
        self.y, self.v, self.mu_density = np.array(y), np.array(v), mu_density
        u, wide = nodes(np.linspace(-28, 28, 121))
        self.tau = np.exp(u)
        self.weight = tau_density(self.tau) * self.tau * wide
        arm = scale * np.geomspace(1e-2, 1e5, 90)
        self.edges = centre + np.concatenate([-arm[::-1], [0.0], arm])
        self.mu, wide = nodes(self.edges)
        self.p = self.at(self.mu) * wide
        self.total = self.p.sum()
        self.p /= self.total

    def at(self, mu):
        spread = self.v[:, None] + self.tau**2
        value = np.zeros((len(mu), len(self.tau)))
        for y, s in zip(self.y, spread, strict=True):
            value += stats.norm.logpdf(y, mu[:, None], np.sqrt(s))
        return np.exp(value) @ self.weight * self.mu_density(mu)

    def moments(self):
        mean = self.p @ self.mu
        return mean, np.sqrt(self.p @ (self.mu - mean) ** 2)

    def quantile(self, probability):
        below = np.concatenate([[0.0], np.cumsum(self.p.reshape(-1, len(X)).sum(axis=1))])
        i = int(np.searchsorted(below, probability)) - 1
        left = self.edges[i]

        def over(x):
            part = self.at(left + (x - left) * (X + 1) / 2) @ W * (x - left) / 2 / self.total
            return below[i] + part - probability

        return optimize.brentq(over, left, self.edges[i + 1], xtol=1e-13)


CASES = {
    "many degrees of freedom, heavy tail of tau": (
        (-0.035,), (1.81,), "halfcauchy:3.7", stats.halfcauchy(scale=3.7), (0.38, 7.38, 20.0), 0.99,
    ),
    "far from the centre of the prior": (
        (4.0, 4.5), (0.04, 0.09), "halfnormal:0.5", stats.halfnorm(scale=0.5), (0.0, 0.3, 2.0), 0.95,
    ),
    "a Cauchy prior and one study": (
        (1.2,), (0.3,), "exponential:0.4", stats.expon(scale=0.4), (0.0, 1.0, 1.0), 0.8,
    ),
    "four degrees of freedom": (
        (0.1, -0.4, 0.7), (0.02, 0.3, 0.1), "invgamma:1.77,0.55", stats.invgamma(1.77, scale=0.55),
        (0.0, 0.58, 4.0), 0.9,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_student_prior_of_the_effect(name):
    """The mixture that stands for the Student t once lost 5e-7 of its weight, unseen by the error bound."""
    y, v, tau_prior, tau, (location, scale, df), level = CASES[name]
    fit = normal_normal(y, v, tau_prior, f"t:{location},{scale},{df}", level=level)
    plane = Plane(y, v, tau.pdf, stats.t(df, location, scale).pdf, np.mean(y), scale)
    quantiles = [plane.quantile(p) for p in ((1 - level) / 2, 0.5, (1 + level) / 2)]
    expected = dict(zip(("ci_low", "median", "ci_high"), quantiles, strict=True))
    if np.isfinite(fit.mu.sd):
        expected |= dict(zip(("mean", "sd"), plane.moments(), strict=True))
    unit = fit.mu.sd if np.isfinite(fit.mu.sd) else (fit.mu.ci_high - fit.mu.ci_low) / 4
    assert fit.error_bound <= 1e-6
    for field, value in expected.items():
        assert abs(getattr(fit.mu, field) - value) / unit <= max(fit.error_bound, 3e-9), field
    assert fit.log_marginal == pytest.approx(np.log(plane.total), abs=1e-8)


@pytest.mark.parametrize("df", [0.1, 0.7, 1.0, 2.5, 4.0, 30.0, 500.0, 1e6])
def test_the_student_mixture_is_the_student_density(df):
    """At the centre and far out; a step too wide for the narrow weights of many degrees of freedom once gave none."""
    from evisynth.bayes import priors

    at, data = np.array([0.0, 0.5, 3.0, 15.0]), (np.array([[0.0, 15.0]]), np.ones((1, 2)))
    weight, _, sd = posterior._student(priors.parse(f"t:0,2,{df}", "mu"), *data)
    mixture = (weight * stats.norm.pdf(at[:, None], 0, sd)).sum(axis=1)
    np.testing.assert_allclose(mixture, stats.t.pdf(at, df, scale=2), rtol=1e-8 if df < 1e5 else 1e-4, atol=1e-300)


def test_many_degrees_of_freedom_are_a_normal():
    student = normal_normal([0.1, 0.4], [0.02, 0.03], "halfnormal:0.5", "t:0.1,1,1000000")
    normal = normal_normal([0.1, 0.4], [0.02, 0.03], "halfnormal:0.5", "normal:0.1,1")
    assert student.mu.ci_high == pytest.approx(normal.mu.ci_high, abs=1e-5)
    assert student.log_marginal == pytest.approx(normal.log_marginal, abs=1e-5)


@pytest.mark.parametrize("df", [2.2, 3.0, 5.0])
def test_without_data_the_student_prior_comes_back(df):
    fit = normal_normal([], [], "halfnormal:1", f"t:0.5,2,{df}")
    assert fit.mu.sd == pytest.approx(2 * np.sqrt(df / (df - 2)), rel=1e-6)
    assert fit.mu.ci_high == pytest.approx(stats.t(df, 0.5, 2).ppf(0.975), rel=1e-7)
    assert fit.studies.to_frame().empty


def test_a_second_moment_that_barely_exists_is_not_called_exact():
    """Part of E(tau**2) lies beyond the last node: the bound has to say so, and does not where it is small."""
    near = normal_normal([0.1], [0.2], "invgamma:1.0088,11.67", "normal:0,1")
    assert near.error_bound > 0.01
    assert "numerical error may reach" in near.reason
    clear = normal_normal([0.1], [0.2], "invgamma:1.2,1", "normal:0,1")
    assert clear.error_bound < 1e-6
    assert clear.reason == ""


@pytest.mark.parametrize("mu_prior", ["flat", "normal:0.2,0.7", "spikeslab:0.4,0,1"])
def test_each_study_by_brute_force(mu_prior):
    """Median, central and shortest interval and distribution function of every study's own effect."""
    y, v = np.array([0.3, -0.9, 1.4]), np.array([0.05, 0.4, 0.02])
    fit = normal_normal(y, v, "halfnormal:0.5", mu_prior, level=0.9)
    u, wide = nodes(np.linspace(-20, 4, 161))
    tau = np.exp(u)
    s = v[:, None] + tau**2
    prior = stats.halfnorm(scale=0.5).pdf(tau) * tau * wide
    parts = {"flat": [(1.0, 0.0, np.inf)], "normal:0.2,0.7": [(1.0, 0.2, 0.7)]}
    weights, means, sds = [], [[] for _ in y], [[] for _ in y]
    for share, centre, sd in parts.get(mu_prior, [(0.4, 0.0, 1e-9), (0.6, 0.0, 1.0)]):
        precision = (1 / s).sum(axis=0) + 1 / sd**2
        mean = ((y[:, None] / s).sum(axis=0) + centre / sd**2) / precision
        # p(y | tau) = p(y | m, tau) p(m) / p(m | y, tau) at any m, here the mean
        log_p = stats.norm.logpdf(y[:, None], mean, np.sqrt(s)).sum(axis=0) - 0.5 * np.log(precision)
        log_p += 0.0 if np.isinf(sd) else stats.norm.logpdf(mean, centre, sd)
        weights.append(share * prior * np.exp(log_p))
        for i in range(3):
            keep = tau**2 / (tau**2 + v[i])
            means[i].append(keep * y[i] + (1 - keep) * mean)
            sds[i].append(np.sqrt(keep * v[i] + (1 - keep) ** 2 / precision))
    weight = np.concatenate(weights) / np.sum(weights)
    for i in range(3):
        mean, sd = np.concatenate(means[i]), np.concatenate(sds[i])

        def below(x, mean=mean, sd=sd):
            return weight @ special.ndtr((x - mean) / sd)

        for p, field in ((0.05, "ci_low"), (0.5, "median"), (0.95, "ci_high")):
            expected = optimize.brentq(lambda x, p=p, below=below: below(x) - p, -20, 20, xtol=1e-13)
            assert getattr(fit.studies, field)[i] == pytest.approx(expected, abs=1e-6), field
        ends = fit.studies.shortest_low[i], fit.studies.shortest_high[i]
        assert below(ends[1]) - below(ends[0]) == pytest.approx(0.9, abs=1e-6)
        assert ends[1] - ends[0] <= fit.studies.ci_high[i] - fit.studies.ci_low[i] + 1e-9
        assert fit.studies.cdf([0.25])[i, 0] == pytest.approx(below(0.25), abs=1e-7)
        assert fit.studies.quantile([0.2])[i, 0] == pytest.approx(
            optimize.brentq(lambda x, below=below: below(x) - 0.2, -20, 20), abs=1e-6
        )
        total = np.trapezoid(fit.studies.density(np.linspace(-9, 9, 4001))[i], dx=18 / 4000)
        assert total == pytest.approx(1.0, abs=1e-3)


def test_studies_of_a_batch_and_absent_ones():
    y = np.array([[0.1, 0.4, np.nan], [0.3, np.nan, np.nan], [np.nan] * 3])
    batch = normal_normal(y, np.where(np.isnan(y), np.nan, 0.1), "halfnormal:1", "flat")
    assert np.isnan(batch.studies.median).tolist() == np.isnan(y).tolist()
    one = normal_normal([0.1, 0.4], [0.1, 0.1], "halfnormal:1", "flat")
    np.testing.assert_allclose(batch.studies.ci_low[0, :2], one.studies.ci_low, atol=1e-7)
    assert batch.studies.density([0.0, 1.0]).shape == (3, 3, 2)
    assert len(batch.studies.to_frame()) == 3
    failed = normal_normal(y[2:], y[2:], "halfnormal:1", "flat")
    assert np.isnan(failed.studies.median).all()


def test_a_prior_that_no_rule_can_integrate():
    """A sentence, or a failed row of a batch; never a result without numbers."""
    with pytest.raises(ValueError, match=r"can't be computed.*lognormal:0,1e-100"):
        normal_normal([0.1, 0.3], [0.02, 0.03], "lognormal:0,1e-100", "normal:0,1")
    pair = [[0.1, 0.3], [0.2, 0.4]]
    batch = normal_normal(pair, np.full((2, 2), 0.02), ["lognormal:0,1e-100", "halfnormal:0.5"], "normal:0,1")
    assert batch.status.tolist() == ["failed", "ok"]
    assert "can't be computed" in batch.reason[0]
    assert np.isnan(batch.mu.median).tolist() == [True, False]
