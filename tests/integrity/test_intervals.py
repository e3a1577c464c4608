"""Estimates, intervals and p values against each other."""

import pytest
from tests.integrity.conftest import arm, cell, contrast, found, verdict


def interval(statistic, value, low, high, **cells):
    return found(contrasts=[contrast(statistic, "score", value=value, ci_low=low, ci_high=high, **cells)])


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (("MD", "-0.34", "-0.95", "0.27"), "consistent"),
        (("MD", "-0.34", "-0.30", "0.27"), "inconsistent"),
        (("RR", "0.64", "0.51", "0.82"), "consistent"),
        (("RR", "0.84", "0.51", "0.82"), "inconsistent"),
    ],
)
def test_estimate_in_interval(figures, expected):
    assert verdict(interval(*figures), "estimate_in_interval") == expected


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (("MD", "-0.34", "-0.95", "0.27"), "consistent"),
        (("MD", "-0.60", "-0.95", "0.27"), "inconsistent"),
        (("MD", "-0.40", "-0.95", "0.27"), "possible"),
        (("HR", "0.76", "0.60", "0.97"), "consistent"),
        (("OR", "1.35", "1.06", "1.65"), "possible"),
        (("OR", "3.00", "1.06", "3.20"), "inconsistent"),
        (("RR", "0.10", "0.00", "2.00"), "not checkable"),
    ],
)
def test_interval_symmetric(figures, expected):
    assert verdict(interval(*figures), "interval_symmetric").startswith(expected)


def test_a_ratio_with_a_plain_interval_is_named():
    frame = interval("OR", "1.35", "1.06", "1.65")
    assert "plain scale" in cell(frame, "interval_symmetric", "assumption")


@pytest.mark.parametrize(
    ("figures", "p", "relation", "expected"),
    [
        (("MD", "-0.34", "-0.95", "0.27"), "0.27", "", "consistent"),
        (("MD", "-0.34", "-0.95", "0.27"), "0.41", "", "possible"),
        (("SMD", "-0.11", "-0.96", "0.74"), "0.31", "", "inconsistent"),
        (("MD", "-0.86", "-1.20", "-0.51"), "0.001", "<", "consistent"),
        (("MD", "-0.34", "-0.95", "0.27"), "0.05", "<", "inconsistent"),
        (("HR", "0.72", "0.53", "0.98"), "0.04", "", "consistent"),
    ],
)
def test_p_from_interval(figures, p, relation, expected):
    assert verdict(interval(*figures, p_value=p, p_relation=relation), "p_from_interval").startswith(expected)


def test_the_level_of_the_interval_counts():
    frame = interval("HR", "0.72", "0.53", "0.98", p_value="0.02", ci_level="97.5")
    assert verdict(frame, "p_from_interval") == "consistent"


def test_pooled_results_are_checked_too():
    pool = {"pool_id": "p1", "label": "A 2020", "measure": "RR", "value": "0.64", "ci_low": "0.51", "ci_high": "0.98"}
    assert verdict(found(published_pools=[pool]), "interval_symmetric") == "inconsistent"


def test_difference_of_means():
    arms = [arm("drug", "score", value_kind="change", mean="-1.3", n="49"),
            arm("placebo", "score", value_kind="change", mean="-0.9", n="50")]  # fmt: skip
    for value, expected in (("-0.34", "consistent"), ("-0.80", "possible")):
        frame = found(arms=arms, contrasts=[contrast("MD", "score", value=value)])
        assert verdict(frame, "difference_of_means").startswith(expected)
