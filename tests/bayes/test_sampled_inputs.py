"""What the sampled models refuse, and how they say so."""

import pytest

from evisynth.bayes.sampled import BinomialProblem, NormalProblem, SamplerSettings, SamplingInputError


def normal(**changes):
    columns = {"studies": ("a", "b"), "yi": (0.1, 0.2), "vi": (0.1, 0.1), "tau_prior": "halfnormal:0.5"}
    return NormalProblem("pain", **(columns | changes))


def binomial(**changes):
    columns = {"ai": (1, 2), "n1i": (10, 10), "ci": (2, 3), "n2i": (10, 10), "tau_prior": "halfnormal:0.5"}
    return BinomialProblem("relapse", ("a", "b"), **(columns | changes))


@pytest.mark.parametrize(
    ("build", "changes", "words"),
    [
        (normal, {"vi": (0.1, 0.0)}, "the sampling variance of b is 0.0; it has to be above 0"),
        (normal, {"yi": (0.1, float("nan"))}, "the estimate of b is nan"),
        (normal, {"yi": (0.1,)}, "yi has 1 values for 2 studies"),
        (normal, {"studies": (), "yi": (), "vi": ()}, "no studies"),
        (normal, {"studies": ("a", "a")}, "more than once: a"),
        (normal, {"level": 95}, "the level is 95"),
        (normal, {"tau_prior": "halfnormal:-1"}, "it must be above 0"),
        (normal, {"tau_prior": "halfnorml:1"}, "did you mean halfnormal"),
        (normal, {"tau_prior": "flat"}, "improper"),
        (normal, {"mu_prior": "spikeslab:0.5,0,1"}, "cannot step onto an atom"),
        (normal, {"mu_prior": "vanzwet"}, "it needs the standard error"),
        (binomial, {"ai": (1, 11)}, "treatment arm of b has 11 events in 10 participants"),
        (binomial, {"ci": (1.5, 1)}, "comparator arm of a has 1.5 events"),
        (binomial, {"baseline_prior": "flat"}, "a study without events would have no posterior"),
        (binomial, {"ai": (0, 0), "mu_prior": "flat"}, "no treatment arm has both events and non-events"),
        (binomial, {"ai": (0, 1), "tau_prior": "flat"}, "found 1; the posterior would be improper"),
    ],
)
def test_message(build, changes, words):
    with pytest.raises(SamplingInputError) as caught:
        build(**changes)
    assert words in str(caught.value)


def test_all_faults_at_once():
    with pytest.raises(SamplingInputError) as caught:
        normal(vi=(0.0, -1.0), level=2, tau_prior="nonsense")
    assert len(caught.value.faults) == 4


def test_settings_are_checked():
    with pytest.raises(SamplingInputError) as caught:
        SamplerSettings(draws=10, chains=1, target_accept=1.0, seed=-1)
    assert len(caught.value.faults) == 4
