"""ROBINS-I, checklists and the Newcastle-Ottawa scale."""

import itertools

import pytest

from evisynth.quality.answers import AnswersError
from evisynth.quality.tool import available_tools, load_tool

LOW, MODERATE, SERIOUS, CRITICAL = "Low", "Moderate", "Serious", "Critical"
EXCEPT = "Low except for concerns about uncontrolled confounding"
RANK = [LOW, EXCEPT, MODERATE, SERIOUS, CRITICAL]


def yes(value):
    return value in ("Y", "PY")


def no(value):
    return value in ("N", "PN")


def confounding_a(controlled, measured, post, negative):
    if controlled in ("SN", "NI") or yes(post):
        return CRITICAL if yes(negative) else SERIOUS
    if measured in ("SN", "NI"):
        return SERIOUS
    return MODERATE if yes(negative) else EXCEPT


def confounding_b(method, controlled, measured, after, negative):
    if not yes(method):
        return CRITICAL if yes(after) or yes(negative) else SERIOUS
    if "SN" in (controlled, measured) or "NI" in (controlled, measured):
        return SERIOUS
    if "WN" in (controlled, measured):
        return SERIOUS if yes(negative) else EXCEPT
    return MODERATE if yes(negative) else LOW


def classification(apart, events, avoided, influenced, errors):
    first = yes(apart) or yes(events)
    start = 0 if first else 2 if no(avoided) else 1
    if first:
        step = 0 if no(influenced) else 2 if influenced == "SY" else 1
    else:
        step = start if no(influenced) else start + 1
    if step == 3:
        return CRITICAL
    if no(errors):
        return (LOW, MODERATE, SERIOUS)[step]
    return (MODERATE, SERIOUS, CRITICAL)[step]


def selection(began, early, later, associated, influenced, corrected, little, severe):
    first = (MODERATE if yes(early) else LOW) if yes(began) else SERIOUS if began == "SN" else MODERATE
    if no(later) or no(associated):
        second = LOW
    elif "NI" in (later, associated):
        second = MODERATE
    else:
        second = SERIOUS if yes(influenced) else MODERATE
    worst = max(first, second, key=RANK.index)
    if worst != SERIOUS:
        return worst
    if yes(corrected) or yes(little):
        return MODERATE
    return CRITICAL if yes(severe) else SERIOUS


def missing(known1, known2, known3, complete, related, explained, imputed, random, fit, other, evidence):
    if yes(known1) and yes(known2) and yes(known3):
        return LOW
    if not no(complete):
        if no(related):
            return LOW
        worst = explained == "SN"
    elif yes(imputed) and not yes(random):
        worst = False
    else:
        last = fit if yes(imputed) else other
        if yes(last):
            return LOW
        worst = last == "SN"
    if yes(evidence):
        return SERIOUS if worst else MODERATE
    return CRITICAL if worst else SERIOUS


def measurement(differ, aware, influence):
    if yes(differ) or influence == "SY":
        return SERIOUS
    if no(differ):
        return LOW if no(aware) or no(influence) else MODERATE
    return MODERATE


def reported(planned, *chosen):
    if yes(planned):
        return LOW
    count = sum(yes(value) for value in chosen)
    if count:
        return CRITICAL if count > 1 else SERIOUS
    unknown = chosen.count("NI")
    return SERIOUS if unknown == 3 else MODERATE if unknown else LOW


@pytest.mark.parametrize(
    ("domain", "aim", "rule"),
    [
        ("D1", "assignment", confounding_a),
        ("D1", "adhering", confounding_b),
        ("D2", "assignment", classification),
        ("D3", "assignment", selection),
        ("D4", "assignment", missing),
        ("D5", "assignment", measurement),
        ("D6", "assignment", reported),
    ],
)
def test_robins_i_v2_in_full(domain, aim, rule):
    tool = load_tool("robins_i_v2")
    cells = list(tool.reachable(domain, aim))
    assert len(cells) > 8
    for cell in cells:
        answers = {number: tokens[0] for number, tokens in cell.items()}
        found = next(item for item in tool.judge(answers, aim) if item.domain == domain)
        assert found.proposed == rule(*answers.values()), answers
        assert found.status == "beta"
        assert found.flags == ("robins_i_v2_verified=false",)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"B1": "N", "B2": "Y", "B3": "N"}, CRITICAL),
        ({"B1": "Y", "B3": "PY"}, CRITICAL),
        ({"B1": "Y", "B3": "N"}, LOW),
        ({"B1": "NI", "B3": "NI"}, LOW),
    ],
)
def test_robins_i_v2_triage(answers, expected):
    judgements = load_tool("robins_i_v2").judge(answers, "assignment")
    assert judgements[0].proposed == expected
    assert judgements[-1].proposed == (CRITICAL if expected == CRITICAL else "not assessed")


ROBINS_LEVELS = (LOW, MODERATE, SERIOUS, CRITICAL, "No information")


def test_robins_i_overall_in_full():
    tool = load_tool("robins_i")
    for cell in itertools.combinations_with_replacement(ROBINS_LEVELS, 7):
        overall = tool.judge({f"D{number}": level for number, level in enumerate(cell, 1)})[-1]
        if CRITICAL in cell or SERIOUS in cell:
            expected = CRITICAL if CRITICAL in cell else SERIOUS
        elif "No information" in cell:
            expected = "No information"
        else:
            expected = MODERATE if MODERATE in cell else LOW
        assert overall.proposed == expected, cell
        assert "robins_i_overall_verified=false" in overall.flags


def test_robins_i_is_entered_by_people():
    tool = load_tool("robins_i")
    first, *_, overall = tool.judge({"D1": "serious", "D2": "Low"})
    assert (first.proposed, first.rule, first.because) == (SERIOUS, "entered", "a person answered Serious")
    assert (overall.proposed, overall.because) == ("not assessed", "not assessed: D3, D4, D5, D6, D7")
    assert tool.judge({"D1": "Critical"})[-1].proposed == CRITICAL


@pytest.mark.parametrize(("stars", "expected"), [((4, 0, 3), "Poor"), ((2, 1, 2), "Fair"), ((3, 1, 2), "Good")])
def test_newcastle_ottawa_conversion(stars, expected):
    items = (("S1", "S2", "S3", "S4"), ("C1", "C2"), ("O1", "O2", "O3"))
    answers = {
        name: "Yes" if place < count else "No"
        for names, count in zip(items, stars, strict=True)
        for place, name in enumerate(names)
    }
    overall = load_tool("newcastle_ottawa").judge(answers)[-1]
    assert overall.proposed == expected
    assert overall.flags == ("newcastle_ottawa_conversion_verified=false",)


CHECKLISTS = {"jbi_case_series": 10, "jbi_cross_sectional": 8, "jbi_case_report": 8, "nhlbi_before_after": 12}


@pytest.mark.parametrize(("name", "items"), CHECKLISTS.items())
def test_checklists_are_never_added_up(name, items):
    tool = load_tool(name)
    assert [domain.id for domain in tool.domains] == [str(number) for number in range(1, items + 1)]
    judgements = tool.judge({str(number): "Yes" for number in range(1, items + 1)})
    assert {item.proposed for item in judgements[:-1]} == {"Yes"}
    # every item is met, and still nobody has given the overall judgement
    assert judgements[-1].proposed == "not assessed"
    assert tool.overall.entered == "overall" and not tool.overall.rows


def test_not_applicable_is_an_answer_to_an_item():
    first, *_ = load_tool("nhlbi_before_after").judge({"1": "NA"})
    assert (first.proposed, first.because) == ("NA", "a person answered NA")
    with pytest.raises(AnswersError, match="allowed: Yes, No, CD, NR, NA"):
        load_tool("nhlbi_before_after").judge({"1": "Unclear"})


def test_overall_rating_needs_a_reason():
    tool = load_tool("nhlbi_before_after")
    with pytest.raises(AnswersError, match="say why"):
        tool.judge({"overall": "Poor"})
    from evisynth.quality.answers import Answer

    overall = tool.judge({"overall": Answer("Poor", "no control group and fixed order")})[-1]
    assert overall.proposed == "Poor"
    assert overall.because == "a person answered Poor: no control group and fixed order"


def test_every_tool_is_sound():
    names = available_tools()
    assert set(CHECKLISTS) < set(names)
    for name in names:
        tool = load_tool(name)
        assert tool.id == name
        assert tool.source and tool.status_note
        for domain in tool.domains:
            for aim in tool.aims or ("",):
                assert tool.questions_of(domain.id, aim), (name, domain.id)
