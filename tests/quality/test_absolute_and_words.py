"""Absolute effects, re-expressed standardised differences, and findings in words."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evisynth.quality.absolute import (
    comparator_risk,
    per_thousand,
    smd_to_odds_ratio,
    smd_to_responders,
    smd_to_units,
)
from evisynth.quality.statements import CERTAINTIES, SIZES, size_of, statement


def test_risk_ratio():
    found = per_thousand("RR", 0.75, 0.60, 0.90, 0.20)
    assert (found.risk, found.risk_low, found.risk_high) == pytest.approx((150, 120, 180))
    assert (found.difference, found.difference_low, found.difference_high) == pytest.approx((-50, -80, -20))
    assert found.number_needed == pytest.approx(20)


@pytest.mark.parametrize(
    ("comparator", "values", "risks"),
    [
        (0.20, (0.75, 0.60, 0.90), (157.9, 130.4, 183.7)),
        (0.40, (0.75, 0.75, 0.75), (333.3, 333.3, 333.3)),
    ],
)
def test_odds_ratio(comparator, values, risks):
    found = per_thousand("OR", *values, comparator)
    assert (found.risk, found.risk_low, found.risk_high) == pytest.approx(risks, abs=0.05)


@pytest.mark.parametrize(("comparator", "risk"), [(0.80, 600), (0.20, 150)])
def test_handbook_example(comparator, risk):
    # Handbook 5.1, 11.5.5: a risk ratio of 0.75 takes 80 % to 60 % and 20 % to 15 %
    assert per_thousand("RR", 0.75, 0.75, 0.75, comparator).risk == pytest.approx(risk)


def test_hazard_ratio_and_risk_difference():
    found = per_thousand("HR", 0.5, 0.4, 0.6, 0.36)
    assert found.risk == pytest.approx(200)
    assert "not verified" in found.note
    found = per_thousand("RD", -0.05, -0.25, 0.02, 0.20)
    assert (found.difference, found.difference_low) == pytest.approx((-50, -200))
    assert found.capped and "bound" in found.note
    assert per_thousand("RD", 0, -0.1, 0.1, 0.2).number_needed is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("SMD", 0.5, 0.1, 0.9, 0.2), "not from 'SMD'"),
        (("RR", 0.75, 0.6, 0.9, 20), "comparator risk lies between"),
        (("RR", 0.75, 0.8, 0.9, 0.2), "hold the estimate"),
        (("RR", -0.29, -0.5, -0.1, 0.2), "natural scale"),
        (("RR", 3, 2, 4, 0.5), "no probability"),
    ],
)
def test_absolute_effects_that_cannot_be(arguments, said):
    with pytest.raises(ValueError, match=said):
        per_thousand(*arguments)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(["RR", "OR", "HR"]), st.floats(0.05, 1), st.floats(0.01, 0.99))
def test_a_protective_effect_stays_between_nothing_and_the_comparator(measure, effect, comparator):
    found = per_thousand(measure, effect, effect, 1.0, comparator)
    assert 0 <= found.risk <= found.risk_high + 1e-9
    assert found.risk_high == pytest.approx(1000 * comparator)
    if measure == "RR":
        # odds ratios and hazard ratios below 1 move a risk less than the same risk ratio
        assert per_thousand("OR", effect, effect, 1.0, comparator).risk >= found.risk - 1e-9
        assert per_thousand("HR", effect, effect, 1.0, comparator).risk >= found.risk - 1e-9


def test_comparator_risk():
    found = comparator_risk([1, 5, 40], [10, 10, 100])
    assert (found.k, found.median, found.low, found.high) == (3, 0.4, 0.1, 0.5)
    assert found.pooled == pytest.approx(46 / 120)
    for wrong in (([], []), ([1], [1, 2]), ([3], [2]), ([0], [0])):
        with pytest.raises(ValueError, match=r"as many of each|0 <= events"):
            comparator_risk(*wrong)


def test_smd_on_a_familiar_scale():
    assert smd_to_units(-0.45, -0.8, -0.1, 2.1) == pytest.approx((-0.945, -1.68, -0.21))
    with pytest.raises(ValueError, match="positive"):
        smd_to_units(-0.45, -0.8, -0.1, 0)


def test_smd_as_responders():
    risks = (0.1, 0.2, 0.3, 0.4, 0.5)
    assert smd_to_odds_ratio(0.5) == pytest.approx(2.477, abs=5e-4)
    assert smd_to_odds_ratio(0.2) == pytest.approx(1.437, abs=5e-4)
    extra = [smd_to_responders(0.5, risk) for risk in risks]
    assert [round(value) for value in extra] == [116, 182, 215, 223, 212]
    assert [round(1000 / value, 1) for value in extra] == [8.6, 5.5, 4.7, 4.5, 4.7]
    assert [round(smd_to_responders(0.2, risk)) for risk in risks] == [38, 64, 81, 89, 90]
    with pytest.raises(ValueError, match="comparator risk"):
        smd_to_responders(0.5, 1.0)


GRID = {
    ("large", "High"): "Drug X results in a large reduction in relapse.",
    ("moderate", "High"): "Drug X reduces relapse.",
    ("small", "High"): "Drug X reduces relapse slightly.",
    ("trivial", "High"): "Drug X results in little to no difference in relapse.",
    ("large", "Moderate"): "Drug X probably results in a large reduction in relapse.",
    ("moderate", "Moderate"): "Drug X probably reduces relapse.",
    ("small", "Moderate"): "Drug X probably reduces relapse slightly.",
    ("trivial", "Moderate"): "Drug X probably results in little to no difference in relapse.",
    ("large", "Low"): "Drug X may result in a large reduction in relapse.",
    ("moderate", "Low"): "Drug X may reduce relapse.",
    ("small", "Low"): "Drug X may reduce relapse slightly.",
    ("trivial", "Low"): "Drug X may result in little to no difference in relapse.",
    ("large", "Very low"): "The evidence is very uncertain about the effect of drug X on relapse.",
    ("moderate", "Very low"): "The evidence is very uncertain about the effect of drug X on relapse.",
    ("small", "Very low"): "Drug X may reduce relapse, but the evidence is very uncertain.",
    (
        "trivial",
        "Very low",
    ): "Drug X may have little to no effect on relapse, but the evidence is very uncertain.",
}


def test_statements_in_full():
    assert set(GRID) == set(itertools.product(SIZES, CERTAINTIES))
    for (size, certainty), text in GRID.items():
        assert statement(size, certainty, "reduction", "drug X", "relapse") == text
        other = statement(size, certainty, "increase", "drug X", "relapse")
        assert other == text.replace("reduction", "increase").replace("reduce", "increase")


def test_large_both_ways_is_very_uncertain():
    text = statement("small", "High", "reduction", "drug X", "relapse", both_ways_large=True)
    assert text == GRID[("large", "Very low")]


@pytest.mark.parametrize("certainty", ["not assessed", "at most Low"])
def test_no_claim_without_a_certainty(certainty):
    text = statement("large", certainty, "reduction", "drug X", "relapse")
    assert text == f"The certainty of the evidence on drug X and relapse is not settled ({certainty})."


def test_size_comes_from_thresholds():
    thresholds = (10, 50, 100)
    assert [size_of(-value, 0, thresholds) for value in (9, 10, 49, 50, 100)] == [
        "trivial", "small", "small", "moderate", "large",
    ]  # fmt: skip
    assert [size_of(value, 0, (1.0,)) for value in (0.5, -1.0)] == ["trivial", "moderate"]
    for wrong in ((), (1, 2), (2, 1, 3), (0, 1, 2)):
        with pytest.raises(ValueError, match="positive and rising"):
            size_of(1, 0, wrong)
    with pytest.raises(ValueError, match="size is one of"):
        statement("huge", "High", "reduction", "drug X", "relapse")
    with pytest.raises(ValueError, match="direction"):
        statement("large", "High", "better", "drug X", "relapse")
