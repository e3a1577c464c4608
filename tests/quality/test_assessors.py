"""Agreement of two assessors."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from evisynth.quality.assessors import agreement, compare_assessors

LEVELS = ["Low", "Some concerns", "High"]


def spread(table):
    """Turn a table of counts into two lists of judgements."""
    pairs = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return [LEVELS[i] for i, _ in pairs], [LEVELS[j] for _, j in pairs]


def test_two_categories_by_hand():
    found = agreement(*spread([[20, 5], [10, 15]]), LEVELS[:2])
    # raw (20 + 15) / 50; chance 0.5 x 0.6 + 0.5 x 0.4; AC1's chance 2 x 0.55 x 0.45
    assert found.n == 50
    assert found.raw == pytest.approx(0.7)
    assert found.kappa == pytest.approx((0.7 - 0.5) / 0.5)
    assert found.weighted_kappa == pytest.approx(found.kappa)
    assert found.ac1 == pytest.approx((0.7 - 0.495) / 0.505)


def test_three_categories_against_statsmodels():
    table = [[11, 3, 1], [2, 8, 4], [0, 2, 9]]
    first, second = spread(table)
    for weights, power in (("linear", 1), ("quadratic", 2)):
        found = agreement(first, second, LEVELS, weights)
        plain = cohens_kappa(np.array(table), return_results=True)
        distance = np.abs(np.subtract.outer(np.arange(3), np.arange(3))) ** power
        weighted = cohens_kappa(np.array(table), weights=distance, return_results=True)
        assert found.kappa == pytest.approx(plain.kappa)
        assert found.weighted_kappa == pytest.approx(weighted.kappa)


def test_one_category_only_has_no_kappa():
    found = agreement(["Low"] * 4, ["Low"] * 4, LEVELS)
    assert (found.raw, found.kappa, found.weighted_kappa, found.ac1) == (1.0, None, None, 1.0)
    assert "one category only" in found.note
    assert agreement([], [], LEVELS).raw is None


judgements = st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(LEVELS)), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(judgements)
def test_agreement_is_symmetric_and_at_most_one(pairs):
    first, second = [one for one, _ in pairs], [two for _, two in pairs]
    there, back = agreement(first, second, LEVELS), agreement(second, first, LEVELS)
    for name in ("raw", "kappa", "weighted_kappa", "ac1"):
        one, two = getattr(there, name), getattr(back, name)
        assert one == pytest.approx(two) if one is not None else two is None
        assert one is None or one <= 1 + 1e-12
    same = agreement(first, first, LEVELS)
    assert same.raw == pytest.approx(1)
    assert same.kappa is None if len(set(first)) == 1 else same.kappa == pytest.approx(1)


@pytest.mark.parametrize(
    ("first", "second", "categories", "weights", "said"),
    [
        (["Low"], [], LEVELS, "linear", "1 and 0 items"),
        (["Low"], ["Bad"], LEVELS, "linear", "Bad: no category"),
        (["Low"], ["Low"], ["Low"], "linear", "at least two"),
        (["Low"], ["Low"], LEVELS, "cubic", "'linear' or 'quadratic'"),
    ],
)
def test_what_cannot_be_compared(first, second, categories, weights, said):
    with pytest.raises(ValueError, match=said):
        agreement(first, second, categories, weights)


def answers(assessor, study, **given):
    return [
        {
            "study_id": study,
            "outcome_id": "pain",
            "tool": "rob2",
            "aim": "assignment",
            "assessor": assessor,
            "question": number.replace("q", "").replace("_", "."),
            "answer": answer,
        }
        for number, answer in given.items()
    ]


def test_two_assessors_are_compared():
    frame = pd.DataFrame(
        answers("A", "one", q1_1="Y", q1_2="Y", q1_3="N")
        + answers("B", "one", q1_1="PY", q1_2="NI", q1_3="N")
        + answers("A", "two", q1_1="Y", q1_2="N", q1_3="N")
        + answers("B", "two", q1_1="Y", q1_2="PN", q1_3="N")
    )
    found = compare_assessors(frame, "rob2", "A", "B")
    assert (found.judgements.n, found.judgements.raw) == (2, 0.5)
    assert (found.overall.n, found.overall.raw) == (1, 1.0)
    assert found.disagreements.to_dict("records") == [
        {"study_id": "one", "outcome_id": "pain", "aim": "assignment", "kind": "answer", "item": "1.2",
         "first": "Y", "second": "NI"},
        {"study_id": "one", "outcome_id": "pain", "aim": "assignment", "kind": "domain", "item": "D1",
         "first": "Low", "second": "Some concerns"},
    ]  # fmt: skip
    assert list(found.to_frame()["level"]) == ["domains", "overall"]
    with pytest.raises(ValueError, match="no row of the assessor 'C'"):
        compare_assessors(frame, "rob2", "A", "C")
