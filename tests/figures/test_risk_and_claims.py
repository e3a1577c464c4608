"""Traffic lights, bars, claims and the flow: frames hold what the tables say."""

import pandas as pd
import pytest

from evisynth.figures import figure
from evisynth.figures.claims import claims_frame, plot_claims
from evisynth.figures.prisma import plot_prisma, prisma_frame
from evisynth.figures.risk_bars import risk_bars_frame
from evisynth.figures.risk_of_bias import domains_of, plot_risk_of_bias, risk_of_bias_frame


def words_of(drawn):
    return [text.get_text() for ax in drawn.axes for text in ax.texts]


def test_study_without_judgement_has_a_row_of_empty_rings(made_up):
    members = {"made_up_1": "made_up_outcome", "made_up_2": "made_up_outcome"}
    frame = risk_of_bias_frame(made_up.judgements(["made_up_1"]), members=members)
    rings = frame[frame["study_id"] == "made_up_2"]
    assert list(rings["level"]) == ["not assessed"] * 3
    assert list(rings["from"]) == ["studies.csv:made_up_2"] * 3


def test_table_without_judgements_says_so():
    columns = ["study_id", "outcome_id", "tool", "domain", "final"]
    frame = risk_of_bias_frame(pd.DataFrame(columns=columns))
    assert "No study has been judged." in words_of(plot_risk_of_bias(frame))


def test_domains_of_two_tools_keep_their_order():
    rows = [("a", "rob2", d) for d in ("D1", "D2", "overall")] + [
        ("b", "cross", d) for d in ("D1", "S", "D2", "overall")
    ]
    frame = pd.DataFrame(
        [
            {"study_id": s, "outcome_id": "o", "tool": t, "domain": d, "domain_name": d, "level": "Low"}
            for s, t, d in rows
        ]
    )
    assert [domain for domain, _ in domains_of(frame)] == ["D1", "S", "D2", "overall"]


def test_bars_add_up_and_weigh(made_up):
    studies = ["made_up_1", "made_up_2", "made_up_3"]
    weights = dict(zip(studies, (60.0, 30.0, 10.0), strict=True))
    frame = risk_of_bias_frame(
        made_up.judgements(studies), members=dict.fromkeys(studies, "made_up_outcome"), weights=weights
    )
    bars = risk_bars_frame(frame, weighted=True)
    assert bars.groupby("domain")["share"].sum().tolist() == pytest.approx([100.0] * 3)
    first = bars[(bars["domain"] == "D1") & (bars["level"] == "Low")].iloc[0]
    assert (first["share"], first["studies"], first["of"]) == (60.0, 1, 3)


def test_ratio_only_where_both_are_single_numbers_and_no_years(made_up):
    frame = claims_frame(made_up.claims(12))
    years = frame["attribute"] == "year"
    assert frame.loc[years, "ratio"].isna().all()
    row = frame[frame["claim_id"] == "c1"].iloc[0]
    assert row["ratio"] == pytest.approx(31 / 40)


def test_claims_with_nothing_to_compare_are_counted(made_up):
    frame = claims_frame(made_up.claims(12))
    assert set(frame["left_unlisted"]) == {12 - len(frame)}
    assert any("Not listed: 2 claims" in words for words in words_of(plot_claims(frame)))
    assert len(claims_frame(made_up.claims(12), everything=True)) == 12


def test_unconfirmed_published_figure_has_its_dagger(made_up):
    shown = words_of(plot_claims(claims_frame(made_up.claims(6))))
    assert "40 †" in shown


def test_flow_holds_the_counts_of_the_table(made_up):
    table, screening = made_up.prisma()
    frame = prisma_frame(table, screening=screening)
    assert (
        dict(zip(table["box"], table["count"], strict=True)).items()
        <= dict(zip(frame["box"], frame["count"], strict=True)).items()
    )
    reasons = frame[frame["place"] == "reason"]
    assert list(reasons["count"]) == [8, 8, 8]
    shown = " ".join(words_of(plot_prisma(frame)))
    for words in ("Records considered (n = 40)", "database (n = 30)", "Excluded, with reasons (n = 24)"):
        assert words in shown


def test_trim_and_fill_points_are_open_and_said_to_be_no_data(every_frame):
    frame = every_frame(3)["funnel"]
    drawn = figure("funnel").plot(frame)
    (diamond,) = [line for line in drawn.axes[1].lines if line.get_marker() == "D"]
    assert diamond.get_markerfacecolor() == "white"
    assert any("no data" in words for words in words_of(drawn))
