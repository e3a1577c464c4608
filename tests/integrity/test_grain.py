"""GRIM and GRIMMER against every possible set of whole numbers."""

from itertools import combinations_with_replacement
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evisynth.effects.types import EffectError
from evisynth.quality.integrity import is_possible_mean, is_possible_sd, sums_for_mean
from evisynth.quality.integrity.grain import largest_sd


def test_a_mean_that_no_whole_numbers_have():
    # 145/28 = 5.179, 146/28 = 5.214
    assert not is_possible_mean("5.19", 28)
    assert is_possible_mean("5.18", 28)
    assert sums_for_mean("5.21", 28) == (146,)


def test_items_make_the_grain_finer():
    assert not is_possible_mean("3.05", 10)
    assert is_possible_mean("3.05", 10, items=2)


def test_ties_count_either_way():
    assert is_possible_mean("2.12", 8)
    assert is_possible_mean("2.13", 8)


@pytest.mark.parametrize("n", [3, 5, 7])
def test_grim_is_right_for_every_printed_mean(n):
    possible = {f"{total / n:.2f}" for total in range(4 * n + 1)}
    for hundredths in range(401):
        printed = f"{hundredths / 100:.2f}"
        assert is_possible_mean(printed, n) == (printed in possible), printed


def test_grimmer_passes_everything_that_exists_and_finds_most_of_what_does_not():
    n = 5
    real = {(f"{mean(v):.2f}", f"{stdev(v):.2f}") for v in combinations_with_replacement(range(6), n)}
    assert all(is_possible_sd(m, s, n, lowest=0, highest=5) for m, s in real)
    means = sorted({m for m, _ in real})
    impossible = [(m, f"{s / 100:.2f}") for m in means for s in range(0, 274) if (m, f"{s / 100:.2f}") not in real]
    caught = sum(not is_possible_sd(m, s, n, lowest=0, highest=5) for m, s in impossible)
    assert caught / len(impossible) > 0.95


@given(st.lists(st.integers(0, 10), min_size=2, max_size=40), st.integers(1, 2))
def test_no_real_data_are_called_impossible(values, places):
    printed = f"{mean(values):.{places}f}", f"{stdev(values):.{places}f}"
    assert is_possible_mean(printed[0], len(values))
    assert is_possible_sd(*printed, len(values), lowest=0, highest=10)
    assert stdev(values) <= largest_sd(mean(values), len(values), 0, 10) + 1e-9


def test_bad_input_is_told():
    with pytest.raises(EffectError, match="n: found 0"):
        sums_for_mean("1.0", 0)
    with pytest.raises(EffectError, match="from 2 on"):
        is_possible_sd("1.0", "1.0", 1)
