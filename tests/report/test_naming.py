"""Names of settings, priors, tools and studies as a reader sees them; the cells themselves are left alone."""

import pytest

from evisynth.naming import plain_name, prior_words, priors_in_words, setting_words, tool_words
from evisynth.report.naming import Namer

STUDIES = {
    "anton2006": {"label": "Anton 2006 (COMBINE)"},
    "smith2011": {"label": "Smith 2011"},
    "smith2011_interim": {"label": "Smith 2011, interim"},
}


@pytest.mark.parametrize(
    ("prior", "words"),
    [
        ("halfnormal:0.5", "half-normal (0.5)"),
        ("uniform:2", "uniform (0, 2)"),
        ("uniform:0.1,0.9", "uniform (0.1, 0.9)"),
        ("bartos2023:Gut,logRR", "Bartos 2023: Gut, logRR"),
        ("flat", "flat"),
    ],
)
def test_a_prior_is_said_in_words(prior, words):
    assert prior_words(prior) == words


def test_priors_within_a_sentence_are_said_in_words():
    text = "size of the bias uniform:0,9.523 towards the treatment; spread halfnormal:0.35."
    assert priors_in_words(text) == (
        "size of the bias uniform (0, 9.523) towards the treatment; spread half-normal (0.35)."
    )


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("brando", "bias as in BRANDO"),
        ("verde_judged", "bias wide, by the judgements"),
        ("df4", "4 degrees of freedom"),
        ("w0.25", "weight 0.25 for studies that were not randomised"),
        ("as_printed", "printed figures as intervals"),
        ("never_seen", "never seen"),
    ],
)
def test_a_setting_is_said_in_words(setting, words):
    assert setting_words(setting) == words


def test_tools_and_other_names_lose_their_underscores():
    assert tool_words("rob2_crossover") == "RoB 2, crossover"
    assert tool_words("a_new_tool") == plain_name("a_new_tool") == "a new tool"


def test_studies_are_called_by_their_labels_in_sentences_only():
    namer = Namer(STUDIES)
    text = "anton2006 was judged more than once; smith2011_interim and smith2011, not xsmith2011"
    assert namer.say(text, "quality/certainty.csv", "pain:risk of bias", "reason") == (
        "Anton 2006 (COMBINE) was judged more than once; Smith 2011, interim and Smith 2011, not xsmith2011"
    )
    # a reference to a cell, and every other cell, is left as it is
    reference = "arms.csv:anton2006:pain:ldn"
    assert namer.say(reference, "quality/certainty.csv", "pain:risk of bias", "reason") == reference
    assert namer.say("anton2006", "effects/effects.csv", "pain:MD:anton2006", "study_id") == "anton2006"


def test_cells_of_plan_and_tables_are_named_by_their_place():
    namer = Namer({})
    assert namer.say("halfnormal:0.5", "review.yaml", "syntheses.pain.heterogeneity_prior.prior", "text") == (
        "half-normal (0.5)"
    )
    assert namer.say("normal:0,1", "bayes/estimates.csv", "pain:MD:bayes_exact", "mu_prior") == "normal (0, 1)"
    assert namer.say("brando", "bayes/adjusted.csv", "pain:MD:bayes_additive:brando", "prior") == "bias as in BRANDO"
    assert namer.say(
        "arms.csv:a:b:c: n, events; contrasts.csv:x:y: n_1", "effects/effects.csv", "k", "unconfirmed"
    ) == ("n, events; n 1")
    corrected = "corrections.csv:arms:a:b:c:n; corrections.csv:arms:a:b:d:n"
    assert namer.say(corrected, "effects/effects.csv", "k", "unconfirmed") == "n"
    reason = "arms.csv:younger2013:vivid_dreams:ldn: events, n not reported"
    assert namer.say(reason, "effects/left_out.csv", "k", "reason") == "events, n not reported"
    judged = "100 % at some risk; rob2_crossover, effect of assignment"
    assert namer.say(judged, "quality/certainty.csv", "k", "reason") == (
        "100 % at some risk; RoB 2, crossover, effect of assignment"
    )
