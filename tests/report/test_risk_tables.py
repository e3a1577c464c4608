"""Risk of bias by tool: two tools may give different domains the same number, and share no table."""

from types import SimpleNamespace

from evisynth.report.places import Place
from evisynth.report.views import SynthesisView


def judged(study, tool, **domains):
    rows = {}
    for domain, name in domains.items():
        row = {"study_id": study, "tool": tool, "domain": domain, "domain_name": name, "final": "Low"}
        rows[domain] = Place("quality/judgements.csv", f"{study}:{tool}:{domain}", row)
    return rows


def test_each_tool_has_its_own_domains_in_their_order():
    rows = (
        judged("a", "nhlbi_before_after", d10="statistics", d2="eligibility", overall=""),
        judged("b", "jbi_case_series", d2="condition measured alike", overall=""),
        judged("c", "rob2", D1="randomisation", overall=""),
        judged("d", "rob2_crossover", D1="randomisation", DS="period", D2="deviations", overall=""),
    )
    tables = SynthesisView.risk_tables.fget(SimpleNamespace(risk=rows))
    heads = [[place.row["domain_name"] or place.row["domain"] for place in domains] for _, domains in tables]
    assert heads == [
        ["eligibility", "statistics", "overall"],
        ["condition measured alike", "overall"],
        ["randomisation", "period", "deviations", "overall"],
    ]
    assert [len(found) for found, _ in tables] == [1, 1, 2]
