"""Figures as documents print them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evisynth.claims.numbers import exact_number, number_of, printed_numbers, stated_number


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("31", 31, 0),
        ("0.71", 0.71, 2),
        ("1,595", 1595, 0),
        ("3.0", 3, 1),
        ("\u22120.34", -0.34, 2),
        (".5", 0.5, 1),
    ],
)
def test_a_stated_figure_keeps_its_decimals(text, value, decimals):
    found = stated_number(text)
    assert (found.value, found.decimals) == (value, decimals)


@pytest.mark.parametrize("text", ["", "significant", "30%", "60-70", "1,59", "4.5 mg", "1e3"])
def test_what_is_no_plain_number_is_none(text):
    assert stated_number(text) is None
    assert number_of(text) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("57% improved versus 17%", ["57", "17"]),
        ("1,595 patients", ["1595"]),
        ("60-70% in our experience", ["60", "70"]),
        ("a change of -1.3 (\u22121.7 to \u22120.8)", ["-1.3", "-1.7", "-0.8"]),
        ("for seven to Ten days", ["7", "10"]),
        ("one-tenth or less, 1/100th", ["1", "10", "1", "100"]),
        ("from 1.5mg to 4.5mg", ["1.5", "4.5"]),
        ("none here", []),
    ],
)
def test_every_printed_number_is_found(text, numbers):
    assert sorted(printed_numbers(text)) == sorted(map(Decimal, numbers))


@given(st.decimals(min_value=0, max_value=99999, places=2, allow_nan=False))
def test_a_number_printed_in_a_sentence_is_found_again(number):
    assert exact_number(str(number)) in set(printed_numbers(f"It was {number} per cent, {number:,} in all."))
