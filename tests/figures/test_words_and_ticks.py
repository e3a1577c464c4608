"""Numbers and names as figures show them, ticks, limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evisynth.figures.risk_levels import mark_of, worst
from evisynth.figures.sheet import effect_limits, linear_ticks, log_ticks, tick_label
from evisynth.figures.words import clean, interval, number, p_value, percent, probability, shorten, width, wrap


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.7384, "0.74"), (-0.042, "−0.04"), (0.0041, "0.004"), (-1e-9, "−1e-09"), (0.0, "0.00"), (152.233, "152"),
     (math.nan, ""), (12345.6, "12,346")],
)  # fmt: skip
def test_number(value, shown):
    assert number(value) == shown


def test_interval_has_the_same_decimals_throughout():
    assert interval(0.00247, -0.786, 0.851) == "0.00 [−0.79, 0.85]"
    assert interval(-0.0049, -0.012, 0.0021) == "−0.005 [−0.012, 0.002]"
    assert interval(0.27, 0.0033, 22.41) == "0.27 [0.003, 22.41]"
    assert interval(0.5, math.nan, math.nan) == "0.50"


@pytest.mark.parametrize(("p", "shown"), [(2e-26, "p < 0.001"), (0.0092, "p = 0.009"), (0.11, "p = 0.11")])
def test_p_value(p, shown):
    assert p_value(p) == shown


def test_what_is_possible_never_shows_as_certain():
    assert probability(0.9999) == ">0.99"
    assert probability(0.0001) == "<0.01"
    assert percent(0.01) == "<0.1%"


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.floats(0.3, 4))
def test_shortened_text_fits(text, inches):
    assert width(shorten(text, inches, 8.0), 8.0) <= inches


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120), st.floats(0.5, 3))
def test_wrapped_lines_fit_and_hold_no_line_break(text, inches):
    for line in wrap(text, inches, 8.0):
        assert width(line, 8.0) <= inches
        assert "\n" not in line


@settings(deadline=None)
@given(st.text())
def test_clean_text_is_one_line(text):
    assert clean(text).splitlines() in ([], [clean(text)])


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-4, 1e3), st.floats(1.3, 1e4))
def test_ticks_of_ratios_lie_inside_and_apart(low, span):
    ticks = log_ticks(low, low * span, 2.7, 7.0)
    assert all(low * 0.999 <= tick <= low * span * 1.001 for tick in ticks)
    assert len(ticks) <= 9
    assert ticks == sorted(ticks)


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(0.01, 1e4))
def test_ticks_of_differences_lie_inside(low, span):
    ticks = linear_ticks(low, low + span, 2.7, 7.0)
    assert 1 <= len(ticks) <= 7
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)


def test_ticks_a_reader_expects():
    assert log_ticks(0.06, 8, 2.75, 7.0) == pytest.approx([0.1, 0.2, 0.5, 1, 2, 5])
    assert [tick_label(tick) for tick in (0.05, 1.0, -0.5, 20.0)] == ["0.05", "1", "−0.5", "20"]


def test_one_wide_interval_does_not_squeeze_the_axis():
    points, half = np.array([-0.2, 0.0, 0.1]), np.array([0.3, 0.2, 40.0])
    low, high = effect_limits(points, points - half, points + half, 0.0, log=False)
    assert -2 < low < -0.5
    assert 0.2 < high < 2


def test_axis_without_anything_to_show_is_still_an_axis():
    nothing = np.array([])
    assert effect_limits(nothing, nothing, nothing, math.nan, log=True) == (0.1, 10.0)


@pytest.mark.parametrize("level", ["", "not assessed", "Not assessed"])
def test_nothing_said_is_never_green(level):
    assert mark_of(level).symbol == "ring"
    assert mark_of(level).colour == ""


def test_word_of_no_tool_is_a_question_mark():
    assert mark_of("splendid").symbol == "?"


def test_worst_level_of_several():
    assert worst(["Low", "not assessed", "High"]) == "High"
    assert worst([]) == "not assessed"


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.89, 0.8, 0.9991), "0.89 [0.80, 0.999]"),
        ((0.89, 0.8, 1.0003), "0.89 [0.80, 1.0003]"),
        ((0.89, 0.8, 1.0), "0.89 [0.80, 1.00]"),
        ((-0.2, -0.4, -0.004), "−0.20 [−0.40, −0.004]"),
        ((1.001, 0.9, 1.2), "1.00 [0.90, 1.20]"),
    ],
)
def test_rounding_puts_no_limit_on_no_effect(numbers, words):
    assert interval(*numbers) == words
