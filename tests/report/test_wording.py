"""Sentences about estimates: fit for the certainty, and never 'no effect'."""

import itertools

import pytest

from evisynth.report.wording import Sides, certainty_marks, certainty_words, finding, side_of

SIDES = Sides("naltrexone", "placebo", "lower")


def row(low, high, measure="RR", k="10"):
    return {"measure": measure, "k": k, "natural_ci_low": str(low), "natural_ci_high": str(high)}


@pytest.mark.parametrize(
    ("low", "high", "measure", "benefit", "side"),
    [
        (0.6, 0.9, "RR", "lower", "treatment"),
        (0.6, 0.9, "RR", "higher", "comparator"),
        (1.1, 2.0, "OR", "higher", "treatment"),
        (0.8, 1.2, "RR", "lower", "either"),
        (0.8, 1.0, "RR", "lower", "either"),
        (-0.5, -0.1, "MD", "lower", "treatment"),
        (-0.5, 0.4, "MD", "lower", "either"),
        ("", "", "MD", "lower", "none"),
    ],
)
def test_sides(low, high, measure, benefit, side):
    assert side_of(row(low, high, measure), Sides("a", "b", benefit)) == side


INTERVALS = [(0.6, 0.9), (0.8, 1.2), (1.1, 2)]
CERTAINTIES = ["High", "Moderate", "Low", "Very low", "not assessed", "at most Low", "at most High", "at most Very low"]


@pytest.mark.parametrize(("level", "interval"), list(itertools.product(CERTAINTIES, INTERVALS)))
def test_nothing_is_called_no_effect(level, interval):
    words = finding(row(*interval), SIDES, level).lower() + certainty_words(level)
    assert "no effect" not in words
    assert not any(character.isdigit() for character in words)
    if interval == (0.8, 1.2):
        assert "did not detect a difference" in words


def test_words_get_weaker_with_certainty():
    said = [finding(row(0.6, 0.9), SIDES, level) for level in ("High", "Moderate", "Low", "Very low")]
    assert said[0].startswith("Naltrexone does better than placebo.")
    assert said[1].startswith("Naltrexone probably does better than placebo.")
    assert said[2].startswith("Naltrexone may do better than placebo.")
    assert said[3].startswith("Whether naltrexone does better than placebo is very uncertain")


def test_an_upper_bound_is_not_taken_for_the_certainty():
    assert "nobody has judged" in finding(row(0.6, 0.9), SIDES, "at most High")
    assert certainty_words("at most Moderate").startswith("not fully assessed")
    assert "has not been assessed" in finding(row(0.6, 0.9), SIDES, "not assessed")


def test_one_trial_is_one_trial():
    assert finding(row(0.8, 1.2, k="1"), SIDES, "Low").startswith("The one trial did not detect")


@pytest.mark.parametrize(
    ("certainty", "marks"),
    [
        ("High", "⊕⊕⊕⊕"),
        ("Very low", "⊕⊝⊝⊝"),
        ("at most Moderate", ""),
        ("not assessed", ""),
    ],
)
def test_a_certainty_is_drawn_as_grade_draws_it(certainty, marks):
    assert certainty_marks(certainty) == marks
