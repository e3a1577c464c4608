"""Answers that are wrong, missing or changed, and the reasons that a judgement gives."""

import pandas as pd
import pytest

from evisynth.quality.answers import Answer, AnswersError, Override
from evisynth.quality.judging import assess
from evisynth.quality.tables import concern_of, final_levels, judge_table
from evisynth.quality.tool import load_tool

LOW_D1 = {"1.1": "Y", "1.2": "Y", "1.3": "N"}


def issues(answers, aim="assignment", tool="rob2"):
    return assess(load_tool(tool), answers, aim).issues


def domain(answers, name, aim="assignment", **options):
    found = assess(load_tool("rob2"), answers, aim, **options).judgements
    return next(item for item in found if item.domain == name)


def table(rows, **columns):
    frame = pd.DataFrame(rows, columns=["question", "answer"]).assign(
        study_id="alpha", outcome_id="pain", tool="rob2", aim="assignment"
    )
    return frame.assign(**columns)


def test_because_is_built_from_the_answers():
    found = domain({"1.1": "Y", "1.2": "NI", "1.3": "PN"}, "D1")
    assert found.rule == "D1.3"
    assert found.because == (
        "nothing says whether the sequence was concealed until assignment (1.2 NI); and probably baseline "
        "differences point to no problem with randomisation (1.3 PN) (rule D1.3)"
    )


def test_because_names_only_what_decided():
    # D5.1 is met by 5.3 alone
    found = domain({"5.1": "Y", "5.2": "N", "5.3": "Y"}, "D5")
    assert found.because == "the result was likely chosen from several analyses (5.3 Y) (rule D5.1)"


def test_both_parts_of_domain_2_are_told():
    found = domain({"2.1": "N", "2.2": "N", "2.6": "N", "2.7": "NI"}, "D2")
    assert found.rule == "D2a.1; D2a.9; D2a.10"
    assert "participants did not know their group (2.1 N)" in found.because
    assert "the analysis was not appropriate for the effect of assignment (2.6 N)" in found.because


def test_nobody_answered_is_not_low():
    found = assess(load_tool("rob2"), {}, "assignment")
    assert {item.proposed for item in found.judgements} == {"not assessed"}
    assert found.judgements[0].because == "nobody has answered its questions"
    assert found.issues == ()


def test_a_missing_answer_leaves_the_domain_not_assessed():
    answers = {"1.1": "Y", "1.2": "Y"}
    found = domain(answers, "D1")
    assert found.proposed == "not assessed"
    assert found.because.startswith("not answered: 1.3 (")
    (issue,) = issues(answers)
    assert (issue.kind, issue.question, issue.allowed) == ("missing", "1.3", "Y, PY, PN, N, NI")
    # a missing answer is an unfinished judgement, no wrong one
    assert load_tool("rob2").judge(answers, "assignment")[0].proposed == "not assessed"


def test_a_missing_answer_is_not_taken_as_no_information():
    assert domain({"3.1": "N", "3.2": "N", "3.3": "NI"}, "D3").proposed == "not assessed"
    assert domain({"3.1": "N", "3.2": "N", "3.3": "NI", "3.4": "NI"}, "D3").proposed == "High"


@pytest.mark.parametrize(
    ("answers", "kind", "question", "words"),
    [
        ({**LOW_D1, "1.1": "Maybe"}, "outside", "1.1", "Y, PY, PN, N, NI"),
        ({"3.1": "N", "3.2": "NI"}, "outside", "3.2", "Y, PY, PN, N"),
        ({**LOW_D1, "1.2": "NA"}, "outside", "1.2", "must be answered"),
        (
            {"2.1": "N", "2.2": "N", "2.3": "Y", "2.6": "Y"},
            "not asked",
            "2.3",
            "2.1 is Y or PY or NI or 2.2 is",
        ),
        ({"3.1": "Y", "3.2": "N"}, "not asked", "3.2", "only when 3.1 is PN or N or NI"),
        ({"4.1": "Y", "4.2": "N", "4.3": "N"}, "not asked", "4.3", "4.1 is PN or N or NI and 4.2 is"),
        ({**LOW_D1, "9.1": "Y"}, "question", "9.1", "question '9.1'"),
        ({"2.4b": "Y"}, "question", "2.4b", "belongs to the effect of adhering"),
    ],
)
def test_wrong_answers(answers, kind, question, words):
    wrong = [issue for issue in issues(answers) if issue.kind != "missing"]
    assert [(issue.kind, issue.question) for issue in wrong] == [(kind, question)]
    assert words in wrong[0].to_text()
    with pytest.raises(AnswersError):
        load_tool("rob2").judge(answers, "assignment")
    if wrong[0].domain:
        assert domain(answers, wrong[0].domain).proposed == "not assessed"


def test_a_contradicted_answer_leaves_the_domain_not_assessed():
    assert domain({"2.1": "N", "2.2": "N", "2.3": "Y", "2.6": "Y"}, "D2").proposed == "not assessed"


def test_na_is_fine_where_a_question_is_not_asked():
    answers = {"4.1": "N", "4.2": "N", "4.3": "N", "4.4": "NA", "4.5": ""}
    assert domain(answers, "D4").proposed == "Low"
    assert issues(answers) == ()


def test_both_numbers_of_a_question_are_understood():
    assert domain({"2.1": "N", "2.2": "N", "2.6a": "Y"}, "D2").proposed == "Low"
    (issue,) = issues({"2.6": "Y", "2.6a": "Y", "2.1": "N", "2.2": "N"})
    assert issue.found == "a second answer"


@pytest.mark.parametrize("aim", ["", "per-protocol"])
def test_an_unknown_aim(aim):
    found = assess(load_tool("rob2"), {**LOW_D1, "2.1": "N", "2.3": "Y"}, aim)
    assert [(issue.kind, issue.allowed) for issue in found.issues if issue.kind != "missing"] == [
        ("aim", "assignment or adhering")
    ]
    levels = {item.domain: item.proposed for item in found.judgements}
    # only domain 2 depends on the aim
    assert (levels["D1"], levels["D2"]) == ("Low", "not assessed")


def test_something_must_be_in_scope_for_adhering():
    answers = {"2.1": "Y", "2.2": "N", "2.3": "NA", "2.4": "NA", "2.5": "NA"}
    (issue,) = issues(answers, "adhering")
    assert issue.kind == "combination"
    assert "at least one kind of deviation" in issue.to_text().lower()
    assert domain(answers, "D2", "adhering").proposed == "not assessed"


def test_a_high_domain_settles_the_overall_judgement():
    found = domain({"1.1": "Y", "1.2": "N", "1.3": "N"}, "overall")
    assert found.proposed == "High"
    assert found.because == "D1 is High, which settles it; not assessed: D2, D3, D4, D5 (rule O.1)"
    assert domain(LOW_D1, "overall").proposed == "not assessed"


def test_the_overall_proposal_follows_the_final_judgements():
    found = domain({"1.1": "Y", "1.2": "N", "1.3": "N"}, "overall", overrides={"D1": Override("Low", "letter")})
    assert found.proposed == "not assessed"


def test_overrides():
    rows = table(list(LOW_D1.items()), key=["k1", "k2", "k3"])
    changed = pd.DataFrame(
        [("alpha", "pain", "rob2", "D1", "high", "the sequence was on the wall", "j1")],
        columns=["study_id", "outcome_id", "tool", "domain", "final", "reason", "key"],
    )
    judged = judge_table(rows, overrides=changed)
    assert judged.problems == ()
    first = judged.judgements.iloc[0]
    assert (first["proposed"], first["final"]) == ("Low", "High")
    assert first["override_reason"] == "the sequence was on the wall"
    assert first["from"] == "k1;k2;k3;j1"
    assert judged.judgements.iloc[-1]["final"] == "High"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (("alpha", "pain", "rob2", "D1", "High", ""), "reason", "needs a reason"),
        (("alpha", "pain", "rob2", "D9", "High", "why"), "domain", "a judgement that exists"),
        (("beta", "pain", "rob2", "D1", "High", "why"), "domain", "a judgement that exists"),
        (("alpha", "pain", "rob2", "D1", "Terrible", "why"), "final", "Low, Some concerns, High"),
    ],
)
def test_overrides_that_cannot_be(row, column, words):
    names = ["study_id", "outcome_id", "tool", "domain", "final", "reason"]
    judged = judge_table(table(list(LOW_D1.items())), overrides=pd.DataFrame([row], columns=names))
    (problem,) = [item for item in judged.problems if item.file == "judgements.csv"]
    assert (problem.line, problem.column) == (2, column)
    assert words in problem.to_text()
    assert judged.judgements.iloc[0]["final"] == "Low"


def test_every_problem_is_listed_with_its_line():
    rows = [("1.1", "Y"), ("1.2", "Perhaps"), ("1.3", "N"), ("3.1", "Y"), ("3.2", "N"), ("1.1", "N")]
    frame = pd.concat(
        [
            table(rows),
            table([("1.1", "Y")], tool="rob9"),
            table([("1.1", "Y")], study_id="gamma"),
            table([("1.1", "Y")], outcome_id=""),
        ]
    )
    judged = judge_table(frame, studies={"alpha"}, file="answers.csv")
    told = [(item.line, item.column, item.found) for item in judged.problems]
    assert told == [
        (3, "answer", "'Perhaps'"),
        (6, "answer", "'N'"),
        (7, "question", "question 1.1 again"),
        (8, "tool", "'rob9'"),
        (9, "study_id", "'gamma'"),
        (10, "outcome_id", "a blank cell"),
    ]
    assert {item.file for item in judged.problems} == {"answers.csv"}
    assert list(judged.judgements["study_id"].unique()) == ["alpha"]


def test_two_assessors():
    first = table([("1.1", "Y"), ("1.2", "PY"), ("1.3", "N")], assessor="A")
    second = table([("1.1", "PY"), ("1.2", "NI"), ("1.3", "N")], assessor="B")
    judged = judge_table(pd.concat([first, second])).judgements.iloc[0]
    assert judged["proposed"] == "not assessed"
    assert judged["because"].startswith("the assessors do not agree on 1.2 (A PY, B NI)")
    settled = pd.concat([first, second, table([("1.2", "NI")], assessor="consensus")])
    # Y and PY count the same, so 1.1 is no disagreement
    assert judge_table(settled).judgements.iloc[0]["proposed"] == "Some concerns"
    assert judge_table(settled).problems == ()


def test_assessors_may_number_questions_differently():
    first = table([("2.1", "N"), ("2.2", "N"), ("2.6", "Y")], assessor="A")
    second = table([("2.1", "N"), ("2.2", "N"), ("2.6a", "N"), ("2.7a", "N")], assessor="B")
    judged = judge_table(pd.concat([first, second]))
    assert judged.problems == ()
    assert judged.judgements.iloc[1]["because"].startswith("the assessors do not agree on 2.6 (A Y, B N)")


def test_the_table_keeps_to_its_columns():
    judged = judge_table(table(list(LOW_D1.items())))
    assert list(judged.judgements.columns) == [
        "study_id", "outcome_id", "tool", "aim", "domain", "domain_name", "proposed", "final",
        "override_reason", "rule", "because", "flags", "status", "from",
    ]  # fmt: skip
    assert list(judged.judgements["domain"]) == ["D1", "D2", "D3", "D4", "D5", "overall"]
    assert not judged.judgements.isna().any().any()
    empty = judge_table(table([]))
    assert empty.judgements.empty and empty.problems == ()


def test_a_tool_can_be_chosen_and_numbers_may_have_been_read_as_numbers():
    items = [(float(number), "Yes") for number in range(1, 11)]
    frame = table(items, tool="", aim=None, outcome_id=None)
    judged = judge_table(frame, tool="jbi_case_series")
    assert judged.problems == ()
    assert set(judged.judgements["final"][:-1]) == {"Yes"}
    assert judge_table(table(list(LOW_D1.items())), tool="robins_i").judgements.empty


def test_a_missing_column():
    with pytest.raises(ValueError, match="there is no column aim"):
        judge_table(table([]).drop(columns="aim"))


def test_final_levels_across_tools():
    frame = pd.concat(
        [
            table(list(LOW_D1.items())),
            table([("overall", "Include")], tool="jbi_case_report", aim="", reason="complete"),
        ]
    )
    found = final_levels(judge_table(frame).judgements)
    # an appraisal says nothing about bias, and an unfinished judgement is none
    assert list(found["concern"]) == ["not assessed", "not assessed"]
    assert list(found["final"]) == ["not assessed", "Include"]
    assert [concern_of("rob2", level) for level in ("Low", "Some concerns", "High")] == [
        "low",
        "some",
        "high",
    ]
    assert concern_of("robins_i", "Critical") == "high"
    with pytest.raises(ValueError, match="no level"):
        concern_of("rob2", "Serious")


def test_answers_keep_their_reasons_and_keys():
    answers = {number: Answer(answer, "table 1", f"row {number}", 5) for number, answer in LOW_D1.items()}
    assert domain(answers, "D1").keys == ("row 1.1", "row 1.2", "row 1.3")
