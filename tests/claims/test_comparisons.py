"""Every comparison on made-up numbers, sound ones too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evisynth.claims import cells_of, compare, compare_numbers
from evisynth.claims.numbers import stated_number


def compared(tables, attribute, stated, *references, year=None):
    return compare(attribute, stated, cells_of(";".join(references), tables), tables, year)


@pytest.mark.parametrize(
    ("stated", "published", "exact", "null", "same"),
    [
        ("31", 31, True, None, True),
        ("10", 31, True, None, False),
        ("2007", 2011, True, None, False),  # 0.2 per cent away: years must be equal
        ("0.71", 0.64, False, 1.0, False),
        ("0.64", 0.644, False, 1.0, True),  # the same at the stated rounding
        ("29", 28.8, False, None, True),
        ("28.5", 28.75, False, None, True),  # within 1 per cent
        ("28.3", 28.75, False, None, False),
        ("0", 0.3, False, None, True),  # rounds to 0
        ("0.3", -0.3, False, 0.0, False),
        ("1.004", 0.998, False, 1.0, False),  # within 1 per cent, but on the other side of no difference
        ("-0.34", -0.34, False, 0.0, True),
    ],
)
def test_two_numbers(stated, published, exact, null, same):
    found, difference, relative, because = compare_numbers(stated_number(stated), published, exact=exact, null=null)
    assert found is same
    assert difference == pytest.approx(float(stated) - published)
    assert relative == pytest.approx(100 * (float(stated) - published) / abs(published))
    assert because


def test_a_published_zero_has_no_relative_difference():
    assert compare_numbers(stated_number("3"), 0.0)[2] is None


@given(st.floats(-1000, 1000), st.integers(0, 3))
def test_a_published_figure_rounded_to_the_stated_places_matches(published, places):
    stated = stated_number(f"{published:.{places}f}")
    assert compare_numbers(stated, published)[0]


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_counts_match_only_when_equal(stated, published):
    assert compare_numbers(stated_number(str(stated)), float(published), exact=True)[0] is (stated == published)


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_ratios_on_different_sides_of_one_never_match(first, second):
    stated = stated_number(f"{first:.3f}")
    if (stated.value - 1) * (second - 1) < 0 and stated.value != second:
        assert compare_numbers(stated, second, null=1.0)[0] is (abs(stated.value - second) <= 1e-9)


def test_nothing_to_compare_with_is_unverifiable(tables):
    found = compared(tables, "sample size", "1,595")
    assert (found.verdict, found.name, found.difference) == ("unverifiable", "none", None)


def test_one_number_is_supported_or_contradicted_with_its_difference(tables):
    cell = "studies.csv:trial:n_randomised"
    assert compared(tables, "sample size", "40", cell).verdict == "supported"
    wrong = compared(tables, "sample size", "10", cell)
    assert (wrong.verdict, wrong.difference, wrong.relative_difference) == ("contradicted", -30, -75)
    assert wrong.published == "40"
    assert compared(tables, "year", "2010", "studies.csv:trial:year").relative_difference is None


def test_an_effect_is_held_against_the_difference_of_two_arms(tables):
    cells = ("arms.csv:trial:pain:drug:mean", "arms.csv:trial:pain:placebo:mean")
    found = compared(tables, "effect", "-1.5", *cells)
    assert (found.name, found.verdict, found.published) == ("difference of two arms", "supported", "-1.5")
    wrong = compared(tables, "effect", "30", *cells)
    assert wrong.verdict == "contradicted"
    assert wrong.difference == pytest.approx(31.5)
    assert "other side" in wrong.because
    assert "-2.1 - -0.6" in wrong.because


def test_a_percentage_is_held_against_events_and_people(tables):
    arm = "arms.csv:trial:cured:placebo"
    found = compared(tables, "percent", "23", f"{arm}:events", f"{arm}:n")
    assert (found.name, found.verdict) == ("share of events in people", "supported")
    assert compared(tables, "percent", "30", f"{arm}:events", f"{arm}:n").difference == pytest.approx(30 - 500 / 22)


def test_a_pooled_effect_on_the_other_side_of_one(tables):
    cell = "published_pools.csv:cure:value"
    assert compared(tables, "pooled effect", "1.4", cell).verdict == "supported"
    assert "other side" in compared(tables, "pooled effect", "0.71", cell).because


def test_one_figure_against_several(tables):
    doses = [f"studies.csv:{study}:dose_mg" for study in ("trial", "late")]
    found = compared(tables, "dose", "4.5", *doses)
    assert (found.verdict, found.published, found.because) == (
        "partly",
        "4.5; 6",
        "1 of 2 published figures match",
    )
    assert compared(tables, "dose", "20", *doses).verdict == "contradicted"
    assert compared(tables, "dose", "20", *doses).difference == 14


def test_a_blank_or_worded_cell_is_not_compared_with_a_number(tables):
    blank = compared(tables, "effect", "3", "arms.csv:trial:pain:drug:blank:mean")
    assert (blank.verdict, blank.outcome) == ("unverifiable", "not comparable")
    assert "not reported" in blank.because
    assert "not a number" in compared(tables, "sample size", "3", "studies.csv:trial:design").because


def test_an_omission_counts_from_the_year_of_publication(tables):
    cell = "contrasts.csv:trial:sleep:drug:placebo:value"
    assert compared(tables, "omission", "", cell, year=2020).verdict == "omitted"
    assert compared(tables, "omission", "", cell, year=2015).verdict == "omitted"
    later = compared(tables, "omission", "", cell, year=2014)
    assert later.verdict == "unverifiable"
    assert "after the document" in later.because
    assert "no date" in compared(tables, "omission", "", cell).because
    pool = compared(tables, "omission", "", "published_pools.csv:harm:value", year=2020)
    assert pool.verdict == "unverifiable"


def test_a_comparison_is_a_row(tables):
    frame = compared(tables, "sample size", "40", "studies.csv:trial:n_randomised").to_frame()
    assert frame.loc[0, "verdict"] == "supported"


@pytest.mark.parametrize(
    "reference",
    ["studies.csv:nobody:year", "studies.csv:trial:weight", "nothing.csv:trial:year", "studies.csv:trial"],
)
def test_a_cell_that_does_not_exist_is_named(tables, reference):
    with pytest.raises(KeyError, match=r"trial|nobody|nothing|weight"):
        cells_of(reference, tables)


def test_the_status_is_that_of_the_cell(tables):
    found = cells_of("studies.csv:trial:n_analysed;studies.csv:trial:n_randomised", tables)
    assert [cell.status for cell in found] == ["unconfirmed", "verified"]
