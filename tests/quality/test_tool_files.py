"""A user's own tool: what its file may hold and what is said when it is not in order."""

import pytest

from evisynth.quality.tool import ToolError, load_tool

GOOD = """
id: two_questions
name: Two questions
version: "1"
status: unofficial
status_note: made up for a test
source: [none]
unit: study
classes: {Y: "+", N: "-", NI: "?"}
levels:
  - {name: Low, order: 0, colour: green, concern: low}
  - {name: High, order: 1, colour: red, concern: high}
questions:
  - {id: "1.10", domain: D1, asks: was it done, answers: [Y, N, NI]}
  - {id: "1.2", domain: D1, asks: was it done well, answers: [NA, Y, N], asked_when: {"1.10": "+ or ?"}}
domains:
  - id: D1
    name: doing
    tables:
      - id: doing
        rows:
          - {rule: R1, when: {"1.10": "-"}, judgement: High}
          - {rule: R2, when: {"1.2": "+"}, judgement: Low}
          - {rule: R3, when: {"1.2": "-"}, judgement: High}
overall:
  rows:
    - {rule: O1, any_domain: High, judgement: High}
    - {rule: O2, all_domains: Low, judgement: Low}
"""


def load(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_tool(path)


def test_a_tool_of_ones_own(tmp_path):
    tool = load(tmp_path, GOOD)
    # 1.10 is a name and not the number 1.1
    assert [item.id for item in tool.questions] == ["1.10", "1.2"]
    assert [item.proposed for item in tool.judge({"1.10": "Y", "1.2": "Y"})] == ["Low", "Low"]
    assert [item.proposed for item in tool.judge({"1.10": "N"})] == ["High", "High"]
    assert [item.proposed for item in tool.judge({"1.10": "Y"})] == ["not assessed", "not assessed"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('- {rule: R3, when: {"1.2": "-"}, judgement: High}', "", "no rule for 1.10 Y, 1.2 N"),
        ('"1.10": "-"}, judgement', '"1.10": "- or + or ?"}, judgement', "rule R2 is never reached"),
        ('when: {"1.2": "-"}', 'when: {"1.2": "*"}', "ok"),
        ('when: {"1.2": "-"}', 'when: {"1.2": "PN"}', "'PN' is no answer to 1.2"),
        ('when: {"1.2": "-"}', 'when: {"1.3": "-"}', "'1.3' is no earlier question or table"),
        (
            "judgement: Low}\n          - {rule: R3",
            "judgement: Fine}\n          - {rule: R3",
            "'Fine' is no level",
        ),
        ("rule: R3", "rule: R2", "rule 'R2' stands twice"),
        ("domain: D1, asks: was it done,", "domain: D9, asks: was it done,", "there is no domain 'D9'"),
        ("answers: [NA, Y, N]", "answers: [Y, N]", "NA must be among its answers"),
        ("all_domains: Low", "all_domains: High", "overall: no rule when the domains are Low"),
        ("any_domain: High", "any_domain: Terrible", "overall: 'Terrible' is no level"),
        ("status: unofficial", "status: perfect", "status"),
        ("unit: study", "unit: study\nsum: true", "sum"),
        ('when: {"1.2": "-"}', "when: {any: []}", "'any' needs a list of conditions"),
        (
            'when: {"1.2": "-"}',
            'when: {at_least: {n: 3, of: [{"1.2": "-"}]}}',
            "counts to 3 over 1 conditions",
        ),
        ("id: two_questions", "id: [", "mine.yaml is not in order"),
    ],
)
def test_a_tool_file_that_is_not_in_order(tmp_path, old, new, said):
    assert old in GOOD
    if said == "ok":
        load(tmp_path, GOOD.replace(old, new))
        return
    with pytest.raises(ToolError) as error:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert said in str(error.value)


def test_a_tool_that_does_not_exist(tmp_path):
    with pytest.raises(ToolError, match=r"there is no tool 'rob9'; there are .*rob2"):
        load_tool("rob9")
    with pytest.raises(ToolError, match=r"nothing\.yaml is not in order"):
        load_tool(tmp_path / "nothing.yaml")
