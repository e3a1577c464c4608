"""Priors: every density integrates to 1, agrees with its quantiles, and the published ones with their articles."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from evisynth.bayes import priors

TAU = [
    "halfnormal:0.5",
    "halfcauchy:0.5",
    "halft:0.5,3",
    "exponential:0.4",
    "uniform:2",
    "lognormal:-1.28,0.87",
    "lognormal2:-3.95,1.34",
    "invgamma:1.71,0.4",
    "logt2:-3.44,2.59",
    "logt2:-3.44,2.59,9",
]
MU = ["normal:0.1,2", "t:0,0.5,4", "vanzwet:0.2"]


@pytest.mark.parametrize("text", TAU)
def test_density_of_tau_matches_quantiles(text):
    prior = priors.parse(text)
    edges = prior.ppf(np.array([0.01, 0.25, 0.5, 0.75, 0.99]))
    for a, b, mass in zip(edges, edges[1:], (0.24, 0.25, 0.25, 0.24), strict=False):
        found = integrate.quad(lambda u: float(prior.pdf(np.exp(u)) * np.exp(u)), np.log(a), np.log(b), epsabs=1e-12)
        assert found[0] == pytest.approx(mass, abs=1e-9)


@pytest.mark.parametrize("text", MU)
def test_density_of_mu_matches_quantiles(text):
    prior = priors.parse(text, "mu")
    a, b = prior.ppf(np.array([0.1, 0.7]))
    assert integrate.quad(lambda x: float(prior.pdf(x)), a, b)[0] == pytest.approx(0.6, abs=1e-9)


def test_families_agree_with_scipy():
    x = np.array([0.01, 0.3, 2.0])
    pairs = [
        ("halfnormal:0.5", stats.halfnorm(scale=0.5)),
        ("halfcauchy:0.5", stats.halfcauchy(scale=0.5)),
        ("exponential:0.4", stats.expon(scale=0.4)),
        ("lognormal:-1.2,0.8", stats.lognorm(0.8, scale=np.exp(-1.2))),
        ("lognormal2:-2.4,1.6", stats.lognorm(0.8, scale=np.exp(-1.2))),
        ("invgamma:1.71,0.4", stats.invgamma(1.71, scale=0.4)),
    ]
    for text, reference in pairs:
        np.testing.assert_allclose(priors.parse(text).logpdf(x), reference.logpdf(x), rtol=1e-12)
    np.testing.assert_allclose(
        priors.parse("t:0.2,0.5,4", "mu").logpdf(x), stats.t(4, loc=0.2, scale=0.5).logpdf(x), rtol=1e-12
    )


@pytest.mark.parametrize("text", TAU)
def test_no_density_below_zero(text):
    assert priors.parse(text).logpdf(-0.1) == -np.inf


# Medians and central 95 % of tau, computed from the published parameters in the methods notes.
VECTORS = [
    ("turner2015:any", (0.278, 0.0505, 1.530)),
    ("turner2015:all-cause mortality,pharmacological vs placebo/control", (0.139, 0.037, 0.516)),
    ("turner2015:pain,pharmacological vs placebo/control", (0.401, 0.090, 1.776)),
    ("turner2015:mental health,pharmacological vs placebo/control", (0.346, 0.077, 1.552)),
    ("turner2015:adverse events,pharmacological vs placebo/control", (0.393, 0.089, 1.741)),
    ("rhodes2015:any", (0.179, 0.0064, 5.00)),
    ("bartos2021:Cochrane", (0.2876, 0.0791, 2.519)),
]


@pytest.mark.parametrize(("text", "expected"), VECTORS)
def test_published_priors(text, expected):
    np.testing.assert_allclose(
        priors.parse(text).ppf([0.5, 0.025, 0.975]), expected, rtol=2e-3, atol=5e-4
    )  # printed to 3 decimals


# Turner 2015, Table IV, pharmacological vs placebo/control, and the marginal one.
TURNER = {
    "all-cause mortality": (-3.95, 1.34),
    "obstetric": (-3.52, 1.74),
    "adverse events": (-1.87, 1.52),
    "pain": (-1.83, 1.52),
    "biological markers (dichotomised)": (-1.77, 1.52),
}


@pytest.mark.parametrize("outcome", TURNER)
def test_turner_2015(outcome):
    prior = priors.parse(f"turner2015:{outcome},pharmacological vs placebo/control")
    assert (prior.kind, prior.scale, prior.parameters) == ("lognormal2", "tau2", TURNER[outcome])
    assert "Stat Med 2015" in prior.source
    assert "log odds ratios" in prior.caution


def test_tables_are_complete():
    assert len(priors.keys("turner2012")) == 9
    assert len(priors.keys("turner2015")) == 1 + 16 * 5
    assert len(priors.keys("rhodes2015")) == 1 + 8 * 3
    for name in ("turner2012", "turner2015", "rhodes2015", "bartos2021", "rover2021"):
        for key in priors.keys(name):
            assert priors.parse(f"{name}:{key}").proper
    for key in priors.keys("bartos2023"):
        assert priors.parse(f"bartos2023:{key}", "mu").kind == "t"


def test_additive_structure_finds_no_further_misprint():
    """Rhodes: the location of each comparison differs from placebo/control by a constant, to rounding."""
    p, q, n = (
        "pharmacological vs placebo/control",
        "pharmacological vs pharmacological",
        "any non-pharmacological",
    )
    outcomes = {k.rsplit(",", 1)[0] for k in priors.keys("rhodes2015") if k != "any"}
    for outcome in outcomes:
        a, b, c = (priors.parse(f"rhodes2015:{outcome},{w}").parameters[0] for w in (p, q, n))
        assert b - a == pytest.approx(-0.275, abs=0.011)
        assert c - a == pytest.approx(0.14, abs=0.011)


def test_suspected_misprint_is_reported():
    prior = priors.parse("rhodes2015:mental health,any non-pharmacological")
    assert prior.parameters == (-2.85, 1.93, 5.0)
    assert "-3.85" in prior.note
    assert "to be confirmed" in prior.note


def test_keys_are_forgiving():
    full = priors.parse(
        "rhodes2015:general physical health, adverse event, pain, QoL/functioning,pharmacological vs pharmacological"
    )
    assert priors.parse("Rhodes2015: Pain , pharma vs. pharma").parameters == full.parameters
    assert priors.parse("bartos2023:oral health,OR").parameters == (1.85, 0.70)
    assert priors.parse("bartos2023:Oral Health,log OR", "mu").parameters == (0.0, 1.13, 4.0)
    assert priors.parse("bartos2023:HR").parameters == (2.42, 0.30)
    assert priors.parse("uniform:0,4").parameters == (4.0,)


BAD = [
    ("halfnorml:0.5", "tau", "did you mean halfnormal"),
    ("halfnormal:-1", "tau", "must be above 0"),
    ("halfnormal:x", "tau", "not a finite number"),
    ("halfnormal:1,2", "tau", "takes 1 parameter"),
    ("normal:0,1", "tau", "is a prior for effect"),
    ("halfnormal:1", "mu", "is a prior for heterogeneity"),
    ("normal:0,0", "mu", "must be above 0"),
    ("spikeslab:1.5,0,1", "mu", "between 0 and 1"),
    ("turner2015:mortality,pharma", "tau", "nearest: all-cause mortality"),
    ("turner2012", "tau", "needs a key"),
    ("bartos2023:Childhood Cancer,OR", "tau", "no heterogeneity prior"),
    ("", "tau", "unknown"),
]


@pytest.mark.parametrize(("text", "role", "message"), BAD)
def test_errors_say_what_is_allowed(text, role, message):
    with pytest.raises(priors.PriorError, match=message):
        priors.parse(text, role)


def test_every_cell_with_its_own_text():
    prior = priors.parse("halfcauchy:0.25")
    assert (prior.kind, prior.parameters, prior.text, prior.scale) == (
        "halfcauchy",
        (0.25,),
        "halfcauchy:0.25",
        "tau",
    )
    assert priors.parse(prior) is prior
    assert priors.parse(prior.name).parameters == prior.parameters


def test_flat_is_improper():
    flat = priors.parse("flat")
    assert not flat.proper
    with pytest.raises(priors.PriorError, match="improper"):
        flat.ppf(0.5)


@given(st.sampled_from(TAU), st.floats(0.01, 0.99))
def test_draws_and_quantiles_are_monotone(text, p):
    prior = priors.parse(text)
    assert prior.ppf(p) < prior.ppf(p + 0.005)


def test_draws_follow_the_prior():
    rng = np.random.default_rng(7)
    draws = priors.parse("invgamma:1.71,0.4").rvs(rng, 2000)
    assert stats.kstest(draws, stats.invgamma(1.71, scale=0.4).cdf).pvalue > 1e-3


def test_spike_and_slab_quantiles_sit_on_the_atom():
    prior = priors.parse("spikeslab:0.5,0,1", "mu")
    np.testing.assert_allclose(prior.ppf([0.3, 0.5, 0.7]), 0.0, atol=1e-12)
    assert prior.atom == (0.0, 0.5)


@pytest.mark.parametrize(
    ("text", "role", "words"),
    [
        ("halfnormal:1e300", "tau", "scale is 1e300; it must lie between 1e-100 and 1e+100"),
        ("normal:0,1e-200", "mu", "sd is 1e-200; it must lie between"),
        ("t:0,1,0.05", "mu", "df is 0.05; it must lie between 0.1 and 1e+06"),
        ("t:0,1,1e7", "mu", "use normal"),
    ],
)
def test_numbers_without_a_square(text, role, words):
    with pytest.raises(priors.PriorError, match=re.escape(words)):
        priors.parse(text, role)
