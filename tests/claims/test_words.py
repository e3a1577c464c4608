"""Stated words against published cells."""

import pytest

from evisynth.claims import cells_of, compare

PAIN = "contrasts.csv:trial:pain:drug:placebo"
SLEEP = "contrasts.csv:trial:sleep:drug:placebo"
LATE = "contrasts.csv:late:pain:drug:placebo"


def verdict(tables, attribute, stated, *references):
    return compare(attribute, stated, cells_of(";".join(references), tables), tables).verdict


@pytest.mark.parametrize(
    ("stated", "cells", "expected"),
    [
        ("significant", (f"{PAIN}:p_value",), "supported"),
        ("not significant", (f"{PAIN}:p_value",), "contradicted"),
        ("significant", (f"{SLEEP}:p_value",), "contradicted"),
        ("significant", (f"{PAIN}:p_value", f"{SLEEP}:p_value"), "partly"),
        ("significant", (f"{LATE}:p_value",), "supported"),  # printed as p < 0.05
        (
            "significant",
            ("contrasts.csv:late:sleep:drug:placebo:p_value",),
            "unverifiable",
        ),  # p < 0.2 says nothing
        ("significant", ("published_pools.csv:cure:ci_low", "published_pools.csv:cure:ci_high"), "supported"),
        (
            "significant",
            ("published_pools.csv:harm:ci_low", "published_pools.csv:harm:ci_high"),
            "contradicted",
        ),
        ("not significant", (f"{SLEEP}:ci_low", f"{SLEEP}:ci_high"), "supported"),
        ("significant", ("published_pools.csv:cure:ci_low",), "unverifiable"),
    ],
)
def test_significance(tables, stated, cells, expected):
    assert verdict(tables, "significance", stated, *cells) == expected


@pytest.mark.parametrize(
    ("stated", "pool", "expected"),
    [
        ("more", "cure", "supported"),
        ("less", "cure", "contradicted"),
        ("more", "harm", "unverifiable"),  # an interval with 1 in it neither shows nor excludes
        ("less", "harm", "unverifiable"),
    ],
)
def test_the_side_of_an_interval(tables, stated, pool, expected):
    cells = (f"published_pools.csv:{pool}:ci_low", f"published_pools.csv:{pool}:ci_high")
    assert verdict(tables, "harm", stated, *cells) == expected


def test_several_intervals(tables):
    cells = [f"{row}:{limit}" for row in (PAIN, SLEEP) for limit in ("ci_low", "ci_high")]
    assert verdict(tables, "direction", "less", *cells) == "partly"


@pytest.mark.parametrize(
    ("stated", "cells", "expected"),
    [
        ("better", (f"{PAIN}:favours",), "supported"),
        ("better", (f"{SLEEP}:favours",), "contradicted"),
        ("no difference", (f"{SLEEP}:favours",), "supported"),
        ("better", (f"{PAIN}:favours", f"{LATE}:favours"), "partly"),
        ("better", ("contrasts.csv:late:sleep:drug:placebo:favours",), "unverifiable"),
        ("better", (f"{PAIN}:value",), "supported"),  # less pain is better
        ("better", (f"{SLEEP}:value",), "contradicted"),  # less sleep is not
        ("better", ("published_pools.csv:cure:value",), "supported"),
        (
            "better",
            ("published_pools.csv:harm:value",),
            "unverifiable",
        ),  # nobody said which direction is good
        ("better", ("arms.csv:trial:pain:drug:mean", "arms.csv:trial:pain:placebo:mean"), "supported"),
        ("better", ("arms.csv:trial:sleep:drug:mean", "arms.csv:trial:sleep:placebo:mean"), "contradicted"),
        ("worse", ("arms.csv:trial:sleep:drug:mean", "arms.csv:trial:sleep:placebo:mean"), "supported"),
        (
            "better",
            ("arms.csv:trial:pain:drug:blank:mean", "arms.csv:trial:pain:placebo:mean"),
            "unverifiable",
        ),
    ],
)
def test_direction(tables, stated, cells, expected):
    assert verdict(tables, "direction", stated, *cells) == expected


@pytest.mark.parametrize(
    ("stated", "study", "column", "expected"),
    [
        ("randomized", "trial", "design", "supported"),
        ("RCT", "old", "design", "contradicted"),
        ("Crossover", "trial", "design", "supported"),
        ("crossover", "late", "design", "contradicted"),
        ("placebo-controlled", "trial", "comparator", "supported"),
        ("placebo-controlled", "old", "comparator", "contradicted"),
        ("placebo-controlled", "late", "comparator", "unverifiable"),  # not reported
        ("placebo-controlled", "trial", "design", "unverifiable"),  # the design does not say it
        ("double-blind", "trial", "blinding", "supported"),  # double-masked is the same
        ("open-label", "old", "blinding", "supported"),
        ("survey", "old", "design", "contradicted"),
    ],
)
def test_design(tables, stated, study, column, expected):
    assert verdict(tables, "design", stated, f"studies.csv:{study}:{column}") == expected


@pytest.mark.parametrize(
    ("stated", "studies", "expected"),
    [
        ("no randomised trial", ("old", "planned"), "supported"),
        ("no randomised trial", ("old", "trial"), "contradicted"),
        ("single-arm study", ("old", "trial"), "supported"),
        ("case series", ("old", "trial"), "contradicted"),
        ("underway", ("planned",), "supported"),
        ("underway", ("planned", "late"), "partly"),
        ("underway", ("late",), "contradicted"),
    ],
)
def test_existence(tables, stated, studies, expected):
    cells = [f"studies.csv:{study}:design" for study in studies]
    assert verdict(tables, "existence of studies", stated, *cells) == expected


def test_a_word_without_a_rule_is_left_to_a_person(tables):
    found = compare("harm", "minimal", cells_of(f"{PAIN}:value", tables), tables)
    assert found.verdict == "unverifiable"
    assert "a person must judge" in found.because
