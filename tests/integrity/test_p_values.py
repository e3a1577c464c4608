"""Printed p values recomputed."""

import pytest
from tests.integrity.conftest import arm, cell, contrast, found, study, verdict


def two_arms(first, second, p, relation="", design="parallel trial", **cells):
    rows = [arm("drug", events=first[0], n=first[1]), arm("placebo", events=second[0], n=second[1])]
    test = contrast(p_value=p, p_relation=relation, **cells)
    return found(studies=[study(design=design)], arms=rows, contrasts=[test])


@pytest.mark.parametrize(
    ("p", "by"),
    [
        ("0.047", "chi-square without continuity correction"),
        ("0.074", "chi-square with continuity correction"),
        ("0.053", "Fisher's exact test"),
    ],
)
def test_the_test_that_reproduces_a_p_value_is_named(p, by):
    frame = two_arms(("19", "56"), ("27", "51"), p)
    assert verdict(frame, "p_from_counts") == "consistent"
    assert f"reproduced by {by}" in cell(frame, "p_from_counts", "expected")


def test_a_p_value_that_no_test_gives():
    assert verdict(two_arms(("19", "56"), ("27", "51"), "0.15"), "p_from_counts").startswith("possible")
    assert verdict(two_arms(("19", "56"), ("27", "51"), "0.0001"), "p_from_counts") == "inconsistent"
    assert verdict(two_arms(("19", "56"), ("27", "51"), "0.05", "<"), "p_from_counts") == "consistent"


def test_the_same_people_tested_as_two_groups():
    frame = two_arms(("12", "30"), ("5", "30"), "0.045", design="crossover trial")
    assert verdict(frame, "p_from_counts").startswith("possible")
    assert "independent" in cell(frame, "p_from_counts", "assumption")


def test_the_same_people_tested_as_pairs():
    frame = two_arms(("12", "30"), ("5", "30"), "0.092", design="crossover trial")
    assert verdict(frame, "p_from_counts") == "consistent"
    assert "McNemar" in cell(frame, "p_from_counts", "expected")


def test_percentages_stand_for_counts_where_only_one_fits():
    rows = [arm("drug", percent="34", n="56"), arm("placebo", percent="53", n="51")]
    frame = found(arms=rows, contrasts=[contrast(p_value="0.047")])
    assert cell(frame, "p_from_counts", "inputs") == "19/56 and 27/51"


def test_no_counts_no_verdict():
    assert verdict(found(contrasts=[contrast(p_value="0.04")]), "p_from_counts") == "not checkable"


def means(p, column="sd", spread=("5.09", "4.06")):
    rows = [arm("drug", "score", value_kind="final", mean="32.1", n="25", **{column: spread[0]}),
            arm("placebo", "score", value_kind="final", mean="28.3", n="22", **{column: spread[1]})]  # fmt: skip
    return found(arms=rows, contrasts=[contrast(outcome="score", p_value=p)])


def test_p_from_means():
    # the Handbook's example: 3.8 with a standard error of 1.37, p 0.008
    assert verdict(means("0.007"), "p_from_means") == "consistent"
    assert verdict(means("0.03"), "p_from_means").startswith("possible")
    assert verdict(means("0.6"), "p_from_means") == "inconsistent"


def test_standard_errors_in_the_column_of_standard_deviations():
    frame = means("0.007", spread=("1.02", "0.87"))
    assert verdict(frame, "p_from_means") == "inconsistent"
    assert cell(frame, "p_from_means", "assumption") == "the figures are standard errors"


def test_unlabelled_figures_are_named():
    frame = means("0.007", column="unlabelled_spread", spread=("1.02", "0.87"))
    assert verdict(frame, "p_from_means").startswith("possible")


def test_p_of_a_test_statistic():
    for p, expected in (("0.010", "consistent"), ("0.006", "possible"), ("0.2", "inconsistent")):
        frame = found(contrasts=[contrast("F", "score", value="7.7", n_1="28", p_value=p)])
        assert verdict(frame, "p_from_statistic").startswith(expected)
    frame = found(contrasts=[contrast("t", "score", value="2.78", n_1="25", n_2="22", p_value="0.008")])
    assert verdict(frame, "p_from_statistic") == "consistent"


def test_p_of_a_standardised_effect():
    def rows(p):
        size = {"value": "0.23", "n_1": "49", "n_2": "50", "variant": "d"}
        return [contrast(outcome="score", p_value=p), contrast("effect size without a label", "score", **size)]

    assert verdict(found(contrasts=rows("0.26")), "p_from_effect_size") == "consistent"
    assert verdict(found(contrasts=rows("0.35")), "p_from_effect_size").startswith("possible")
    assert verdict(found(contrasts=rows("0.001")), "p_from_effect_size") == "inconsistent"


def test_one_result_with_two_p_values():
    rows = [contrast("MD", "score", value="-25", p_value=p, variant=v) for p, v in (("0.02", ""), ("0.03", "copy"))]
    assert verdict(found(contrasts=rows), "one_result_two_p") == "inconsistent"
