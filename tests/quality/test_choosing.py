"""Which of several judgements of one result counts."""

import pandas as pd
import pytest

from evisynth.quality import choose_judgement, final_levels, is_critical
from evisynth.quality.choosing import Judgement


def judged(tool="rob2", aim="assignment", final="Some concerns", concern="some", outcome="pain", critical=False):
    return Judgement(outcome, tool, aim, final, concern, critical, f"key:{tool}:{aim}")


def test_one_judgement_needs_no_words():
    found = choose_judgement([judged()])
    assert (found.concern, found.note) == ("some", "")
    assert found.judgement.named == "rob2, effect of assignment"


def test_nothing_judged_is_not_assessed():
    assert choose_judgement([]).concern == "not assessed"


def test_the_effect_of_assignment_counts_for_an_estimate_as_randomised():
    both = [judged(aim="adhering", final="Low", concern="low"), judged(final="High", concern="high")]
    for order in (both, both[::-1]):
        found = choose_judgement(order, study="alpha")
        assert (found.concern, found.judgement.aim) == ("high", "assignment")
        assert found.note == (
            "alpha was judged more than once; rob2, effect of assignment counts (High), beside rob2, effect of "
            "adhering: Low"
        )
    assert choose_judgement(both, aim="adhering").concern == "low"


def test_the_other_effect_never_stands_in():
    found = choose_judgement([judged(aim="adhering")], study="alpha")
    assert found.concern == "not assessed"
    assert found.note == "alpha was judged for the effect of adhering only, not for that of assignment"


@pytest.mark.parametrize(("design", "tool"), [("randomised", "rob2_crossover"), ("observational", "robins_i")])
def test_the_tool_made_for_the_design_counts(design, tool):
    several = [
        judged("jbi_case_series", "", "Include", "low"),
        judged("robins_i", "", "Critical", "high", critical=True),
        judged("rob2_crossover", final="Low", concern="low"),
    ]
    found = choose_judgement(several, design=design)
    assert found.judgement.tool == tool
    assert found.note.startswith("judged more than once")


def test_of_two_tools_of_one_kind_the_worse_counts():
    two = [judged("rob2", concern="some"), judged("rob2_crossover", final="High", concern="high")]
    assert choose_judgement(two).judgement.tool == "rob2_crossover"
    levels = [
        judged("robins_i", "", "Serious", "high"),
        judged("robins_i_v2", "", "Critical", "high", critical=True),
    ]
    assert choose_judgement(levels, design="observational").judgement.critical


def test_an_unknown_design_is_refused():
    with pytest.raises(ValueError, match="randomised, observational"):
        choose_judgement([judged()], design="survey")


@pytest.mark.parametrize(
    ("tool", "level", "critical"),
    [("robins_i", "Critical", True), ("robins_i", "Serious", False), ("rob2", "High", False),
     ("robins_i_v2", "Critical", True), ("nhlbi_before_after", "Poor", False), ("robins_i", "not assessed", False)],
)  # fmt: skip
def test_critical_is_the_worse_of_two_high_levels(tool, level, critical):
    assert is_critical(tool, level) is critical


def test_critical_is_passed_on_and_counts_as_high():
    columns = ("study_id", "outcome_id", "tool", "aim", "domain", "final")
    rows = [("a", "pain", "robins_i", "", "overall", "Critical"), ("b", "pain", "robins_i", "", "overall", "Moderate")]
    found = final_levels(pd.DataFrame(rows, columns=columns))
    assert list(found["concern"]) == ["high", "some"]
    assert list(found["critical"]) == [True, False]
