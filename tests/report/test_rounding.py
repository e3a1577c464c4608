"""How numbers look on a page: one function, and never a limit rounded onto the value of no difference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evisynth.report.rounding import format_cell, format_number, kind_of

MINUS, THIN = "−", "\u2009"


@pytest.mark.parametrize(
    ("value", "kind", "null", "text"),
    [
        (0.7384, "ratio", 1.0, "0.74"),
        (0.999701, "ratio", 1.0, "0.9997"),
        (1.0, "ratio", 1.0, "1.00"),
        (1.0, "ratio", None, "1.00"),
        (0.0342, "ratio", 1.0, "0.034"),
        (12.34, "ratio", 1.0, "12.3"),
        (350.607, "ratio", 1.0, "351"),
        (-0.0422, "difference", 0.0, MINUS + "0.04"),
        (-0.004, "difference", 0.0, MINUS + "0.004"),
        (0.0, "difference", 0.0, "0.00"),
        (-0.14, "signed count", 0.0, MINUS + "0.1"),
        (44.8, "signed count", 0.0, "+45"),
        (6172.0, "count", None, f"6{THIN}172"),
        (0.0123, "p", None, "0.012"),
        (0.2361, "p", None, "0.24"),
        (0.0004, "p", None, "< 0.001"),
        (0.99846, "probability", None, "0.998"),
        (0.9995, "probability", None, "> 0.999"),
        (0.4971, "probability", None, "0.50"),
        (61.78, "whole", None, "62"),
        (0.95, "percent of one", None, "95"),
        (0.04709, "three decimals", None, "0.047"),
        (0.00258, "three decimals", None, "0.0026"),
    ],
)
def test_each_kind(value, kind, null, text):
    assert format_number(value, kind, null=null) == text


@given(st.floats(min_value=0.01, max_value=50, allow_nan=False))
def test_a_ratio_is_never_rounded_onto_one(value):
    shown = float(format_number(value, "ratio", null=1.0))
    assert (shown == 1.0) == (value == 1.0 or abs(value - 1) < 5e-7)
    assert (shown > 1) == (value > 1) or shown == 1.0


def test_facts_are_shown_as_they_were_printed():
    row = {"value": "0.80", "measure": "RR"}
    assert format_cell("0.80", "published_pools.csv", "value", row) == "0.80"
    assert format_cell("-0.95", "contrasts.csv", "ci_low", {}) == MINUS + "0.95"
    assert format_cell("direction only", "arms.csv", "value_kind", {}) == "direction only"


def test_the_measure_decides_between_ratios_and_differences():
    assert kind_of("pooled/estimates.csv", "natural_ci_low", {"measure": "RR"}) == "ratio"
    assert kind_of("pooled/estimates.csv", "natural_ci_low", {"measure": "SMD"}) == "difference"
    assert kind_of("effects/effects.csv", "year", {}) == "as entered"
    assert kind_of("pooled/estimates.csv", "n", {}) == "count"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_shown_as_one(value):
    with pytest.raises(ValueError, match="no number"):
        format_number(value, "ratio")
    with pytest.raises(ValueError, match="no way to round"):
        format_number(1.0, "invented")


def test_a_level_of_certainty_is_no_share_and_a_computed_claim_is_no_printed_figure():
    assert format_cell("-1", "quality/certainty.csv", "level", {}) == "−1"
    assert format_cell("0.95", "pooled/estimates.csv", "level", {}) == "95"
    assert format_cell("27.7777777778", "claims/claims.csv", "published_value", {}) == "27.78"
    assert format_cell("0.3400", "claims/claims.csv", "published_value", {}) == "0.3400"
    assert format_cell("-0.000001", "bayes/adjusted.csv", "moved", {"measure": "RR"}) == "0.00"
    assert [format_number(value, "one decimal") for value in (0, 100, 12.34)] == ["0", "100", "12.3"]
