"""Every cell of RoB 2's decision tables, against the tables written out a second time as plain conditions."""

import itertools

import pytest

from evisynth.quality.tool import load_tool

PLUS, MINUS, OPEN = "Y", "N", "NI"
GRID = (PLUS, MINUS, OPEN)
LOW, SOME, HIGH = "Low", "Some concerns", "High"


def judged(answers, domain, aim="assignment", tool="rob2"):
    given = {question: answer for question, answer in answers.items() if answer is not None}
    return next(item for item in load_tool(tool).judge(given, aim) if item.domain == domain).proposed


def randomisation(sequence, concealed, baseline):
    if concealed == MINUS or (concealed == OPEN and baseline == PLUS):
        return HIGH
    if concealed == OPEN or sequence == MINUS or baseline == PLUS:
        return SOME
    return LOW


@pytest.mark.parametrize(("tool", "domain", "stem"), [("rob2", "D1", "1."), ("rob2_cluster", "D1a", "1a.")])
def test_randomisation_in_full(tool, domain, stem):
    found = {}
    for cell in itertools.product(GRID, repeat=3):
        answers = {f"{stem}{number}": answer for number, answer in enumerate(cell, 1)}
        found[cell] = judged(answers, domain, tool=tool)
        assert found[cell] == randomisation(*cell), cell
    counts = list(found.values())
    assert [counts.count(level) for level in (HIGH, SOME, LOW)] == [12, 11, 4]


def deviations(aware, carers, arose, affect, balanced):
    if aware == MINUS and carers == MINUS:
        return LOW
    if arose == MINUS:
        return LOW
    if arose == OPEN or affect == MINUS or balanced == PLUS:
        return SOME
    return HIGH


def analysis(appropriate, impact):
    if appropriate == PLUS:
        return LOW
    return SOME if impact == MINUS else HIGH


def test_deviations_from_assignment_in_full():
    for aware, carers, arose, affect, balanced, appropriate, impact in itertools.product(GRID, repeat=7):
        answers = {"2.1": aware, "2.2": carers, "2.6": appropriate}
        known = PLUS in (aware, carers) or OPEN in (aware, carers)
        answers["2.3"] = arose if known else None
        answers["2.4"] = affect if known and arose == PLUS else None
        answers["2.5"] = balanced if answers["2.4"] in (PLUS, OPEN) else None
        answers["2.7"] = impact if appropriate != PLUS else None
        parts = {deviations(aware, carers, arose, affect, balanced), analysis(appropriate, impact)}
        worse = HIGH if HIGH in parts else SOME if SOME in parts else LOW
        # cells that differ only in a question that is not asked are the same cell
        if any(answers.get(number) is None and value != PLUS for number, value in
               (("2.3", arose), ("2.4", affect), ("2.5", balanced), ("2.7", impact))):  # fmt: skip
            continue
        assert judged(answers, "D2") == worse, answers


def adhering(aware, carers, other, failures, adherence, appropriate):
    blind = aware == MINUS and carers == MINUS
    if not blind and other in (MINUS, OPEN):
        return SOME if appropriate == PLUS else HIGH
    if failures in (MINUS, "NA") and adherence in (MINUS, "NA"):
        return LOW
    return SOME if appropriate == PLUS else HIGH


def test_deviations_from_adhering_in_full():
    scoped = (*GRID, "NA")
    for aware, carers in itertools.product(GRID, repeat=2):
        blind = aware == carers == MINUS
        for other, failures, adherence in itertools.product((None,) if blind else scoped, scoped, scoped):
            if not blind and (other, failures, adherence) == ("NA", "NA", "NA"):
                continue
            asked = other in (MINUS, OPEN) or {failures, adherence} & {PLUS, OPEN}
            for appropriate in GRID if asked else (None,):
                answers = {"2.1": aware, "2.2": carers, "2.3": other, "2.4": failures, "2.5": adherence}
                answers["2.6"] = appropriate
                expected = adhering(aware, carers, other, failures, adherence, appropriate)
                assert judged(answers, "D2", "adhering") == expected, answers


def missing_data(available, evidence, could, likely):
    if available == PLUS or evidence == PLUS or could == MINUS:
        return LOW
    return SOME if likely == MINUS else HIGH


def test_missing_data_in_full():
    for available, evidence, could, likely in itertools.product(GRID, (PLUS, MINUS), GRID, GRID):
        asked = available != PLUS
        answers = {"3.1": available, "3.2": evidence if asked else None}
        answers["3.3"] = could if answers["3.2"] == MINUS else None
        answers["3.4"] = likely if answers["3.3"] in (PLUS, OPEN) else None
        assert judged(answers, "D3") == missing_data(available, answers["3.2"], answers["3.3"], answers["3.4"]), answers


def measurement(inappropriate, differ, aware, could, likely):
    if inappropriate == PLUS or differ == PLUS:
        return HIGH
    if aware == MINUS or could == MINUS:
        return LOW if differ == MINUS else SOME
    return SOME if likely == MINUS else HIGH


def test_measurement_in_full():
    for inappropriate, differ, aware, could, likely in itertools.product(GRID, repeat=5):
        asked = PLUS not in (inappropriate, differ)
        answers = {"4.1": inappropriate, "4.2": differ, "4.3": aware if asked else None}
        answers["4.4"] = could if answers["4.3"] in (PLUS, OPEN) else None
        answers["4.5"] = likely if answers["4.4"] in (PLUS, OPEN) else None
        expected = measurement(inappropriate, differ, answers["4.3"], answers["4.4"], answers["4.5"])
        assert judged(answers, "D4") == expected, answers


def reported_result(plan, *chosen):
    if PLUS in chosen:
        return HIGH
    return LOW if OPEN not in chosen and plan == PLUS else SOME


def test_reported_result_in_full():
    found = []
    for cell in itertools.product(GRID, repeat=3):
        answers = dict(zip(("5.1", "5.2", "5.3"), cell, strict=True))
        found.append(judged(answers, "D5"))
        assert found[-1] == reported_result(*cell), cell
    assert [found.count(level) for level in (HIGH, SOME, LOW)] == [15, 11, 1]


def test_reported_result_of_a_crossover_in_full():
    for cell in itertools.product(GRID, repeat=4):
        answers = dict(zip(("5.1", "5.2", "5.3", "5.4"), cell, strict=True))
        assert judged(answers, "D5", tool="rob2_crossover") == reported_result(*cell), cell


def period_and_carryover(equal, accounted, washed):
    if equal == PLUS or accounted == PLUS:
        return {PLUS: LOW, OPEN: SOME, MINUS: HIGH}[washed]
    return SOME if washed == PLUS else HIGH


def test_period_and_carryover_in_full():
    for equal, accounted, washed in itertools.product(GRID, repeat=3):
        answers = {"S.1": equal, "S.2": accounted if equal != PLUS else None, "S.3": washed}
        expected = period_and_carryover(equal, answers["S.2"], washed)
        assert judged(answers, "S", tool="rob2_crossover") == expected, answers


def recruitment(before, affected, baseline):
    if before == PLUS:
        return LOW
    if affected == PLUS:
        return HIGH
    if baseline == PLUS:
        return SOME if affected == MINUS else HIGH
    return LOW if affected == MINUS else SOME


def test_recruitment_of_clusters_in_full():
    for before, affected, baseline in itertools.product(GRID, repeat=3):
        answers = {"1b.1": before, "1b.2": affected if before != PLUS else None, "1b.3": baseline}
        expected = recruitment(before, answers["1b.2"], baseline)
        assert judged(answers, "D1b", tool="rob2_cluster") == expected, answers


# answers that lead each domain to each level
TO_LEVEL = {
    "D1": {LOW: "1.1 Y 1.2 Y 1.3 N", SOME: "1.1 N 1.2 Y 1.3 N", HIGH: "1.1 Y 1.2 N 1.3 N"},
    "D2": {
        LOW: "2.1 N 2.2 N 2.6 Y",
        SOME: "2.1 Y 2.2 N 2.3 NI 2.6 Y",
        HIGH: "2.1 N 2.2 N 2.6 N 2.7 Y",
    },
    "D3": {LOW: "3.1 Y", SOME: "3.1 N 3.2 N 3.3 Y 3.4 N", HIGH: "3.1 N 3.2 N 3.3 Y 3.4 Y"},
    "D4": {LOW: "4.1 N 4.2 N 4.3 N", SOME: "4.1 N 4.2 NI 4.3 N", HIGH: "4.1 Y 4.2 N"},
    "D5": {LOW: "5.1 Y 5.2 N 5.3 N", SOME: "5.1 N 5.2 N 5.3 N", HIGH: "5.1 Y 5.2 Y 5.3 N"},
}


def answers_for(levels):
    words = " ".join(TO_LEVEL[domain][level] for domain, level in levels.items()).split()
    return dict(zip(words[::2], words[1::2], strict=True))


def test_overall_in_full():
    for cell in itertools.product((LOW, SOME, HIGH), repeat=5):
        levels = dict(zip(TO_LEVEL, cell, strict=True))
        judgements = load_tool("rob2").judge(answers_for(levels), "assignment")
        assert tuple(item.proposed for item in judgements[:5]) == cell
        overall = judgements[5]
        assert overall.domain == "overall"
        assert overall.proposed == (HIGH if HIGH in cell else SOME if SOME in cell else LOW)
        several = overall.proposed == SOME and cell.count(SOME) >= 2
        assert ("needs_human: multiple_some_concerns" in overall.flags) == several


def test_several_concerns_become_high_only_when_set_to():
    levels = dict.fromkeys(TO_LEVEL, SOME)
    assert load_tool("rob2").judge(answers_for(levels), "assignment")[-1].proposed == SOME
    judged_high = load_tool("rob2").judge(answers_for(levels), "assignment", escalate_at=4)[-1]
    assert (judged_high.proposed, judged_high.rule) == (HIGH, "O.4")


EXAMPLES = [
    ("1.1 NI 1.2 PY 1.3 N", "assignment", "D1", LOW),
    ("1.1 Y 1.2 NI 1.3 NI", "assignment", "D1", SOME),
    ("1.1 N 1.2 Y 1.3 N", "assignment", "D1", SOME),
    ("1.1 Y 1.2 NI 1.3 PY", "assignment", "D1", HIGH),
    ("2.1 Y 2.2 Y 2.3 PN 2.6 Y", "assignment", "D2", LOW),
    ("2.1 Y 2.2 Y 2.3 NI 2.6 N 2.7 PN", "assignment", "D2", SOME),
    ("2.1 N 2.2 N 2.6 N 2.7 NI", "assignment", "D2", HIGH),
    ("2.1 Y 2.2 Y 2.3 NA 2.4 NA 2.5 PY 2.6 N", "adhering", "D2", HIGH),
    ("2.1 N 2.2 N 2.4 N 2.5 N", "adhering", "D2", LOW),
    ("3.1 N 3.2 N 3.3 PY 3.4 NI", "assignment", "D3", HIGH),
    ("3.1 PN 3.2 PN 3.3 Y 3.4 PN", "assignment", "D3", SOME),
    ("4.1 N 4.2 N 4.3 Y 4.4 Y 4.5 PN", "assignment", "D4", SOME),
    ("4.1 N 4.2 N 4.3 Y 4.4 Y 4.5 PY", "assignment", "D4", HIGH),
    ("4.1 N 4.2 N 4.3 Y 4.4 N", "assignment", "D4", LOW),
    ("4.1 N 4.2 NI 4.3 N", "assignment", "D4", SOME),
    ("5.1 NI 5.2 PN 5.3 NI", "assignment", "D5", SOME),
    ("5.1 Y 5.2 N 5.3 N", "assignment", "D5", LOW),
]


@pytest.mark.parametrize(("written", "aim", "domain", "expected"), EXAMPLES)
def test_worked_examples(written, aim, domain, expected):
    words = written.split()
    assert judged(dict(zip(words[::2], words[1::2], strict=True)), domain, aim) == expected


@pytest.mark.parametrize("levels", [(LOW, SOME, LOW, SOME, LOW)])
def test_worked_example_of_two_concerns(levels):
    overall = load_tool("rob2").judge(answers_for(dict(zip(TO_LEVEL, levels, strict=True))), "assignment")[-1]
    assert overall.proposed == SOME
    assert overall.flags == ("needs_human: multiple_some_concerns",)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("S.1 Y S.3 Y", LOW), ("S.1 NI S.2 NI S.3 Y", SOME), ("S.1 Y S.3 N", HIGH)],
)
def test_worked_examples_of_carryover(written, expected):
    words = written.split()
    assert judged(dict(zip(words[::2], words[1::2], strict=True)), "S", tool="rob2_crossover") == expected


def test_probably_counts_like_certainly():
    for cell in itertools.product(GRID, repeat=3):
        sure = dict(zip(("1.1", "1.2", "1.3"), cell, strict=True))
        probably = {number: {PLUS: "PY", MINUS: "PN"}.get(answer, answer) for number, answer in sure.items()}
        assert judged(sure, "D1") == judged(probably, "D1")


def test_what_is_not_verified_says_so():
    crossover = {item.domain: item for item in load_tool("rob2_crossover").judge({}, "assignment")}
    assert crossover["S"].flags == ("rob2_crossover_S_verified=false",)
    assert crossover["S"].status == crossover["overall"].status == "unofficial"
    assert "rob2_crossover_S_verified=false" in crossover["overall"].flags
    cluster = {item.domain: item for item in load_tool("rob2_cluster").judge({}, "assignment")}
    assert cluster["D1b"].flags == ("rob2_cluster_1b_verified=false",)
    assert load_tool("rob2").status == "verified"
