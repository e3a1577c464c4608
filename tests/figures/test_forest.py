"""The forest plot: its frame holds the numbers of the tables, its marks stand where the frame says."""

import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest

from evisynth.figures.forest import alt_text, forest_frame, plot_forest
from evisynth.figures.style import Style, save

HARMFUL = [
    "<script>alert(1)</script>",
    '=HYPERLINK("x")',
    "x" * 200,
    "دراسة تجريبية",
    "a line\nbreak -- and --> more",
    "$\\frac{1}{0}$ & <b>",
    "nothing\x00at\x1ball",
]


def marks(figure, shape):
    return [
        (float(line.get_xdata()[0]), line)
        for ax in figure.axes[1:]
        for line in ax.lines
        if line.get_marker() == shape and len(line.get_xdata()) == 1
    ]


def block(frame, name):
    return frame[frame["block"] == name]


def test_numbers_of_the_frame_are_the_numbers_of_the_tables(made_up, forest_of):
    tables, frame = made_up.tables(10), forest_of(10)
    studies = block(frame, "study").reset_index(drop=True)
    for name in ("natural_estimate", "natural_ci_low", "natural_ci_high", "events_1", "n_1", "events_2", "n_2"):
        assert studies[name].astype(float).tolist() == pytest.approx(tables.effects[name].tolist(), rel=1e-11)
    assert (studies["weight"].astype(float) == tables.weights["weight"]).all()
    summaries = block(frame, "summary").set_index("method")
    for _, row in tables.estimates.iterrows():
        for name in ("natural_estimate", "natural_ci_low", "natural_ci_high", "natural_pi_low", "tau2", "q", "i2"):
            # frames keep the 12 significant digits of the tables' files
            assert summaries.loc[row["method"], name] == pytest.approx(row[name], rel=1e-11)


def test_marks_stand_where_the_frame_says(forest_of):
    frame = forest_of(10)
    frame.loc[frame["block"] == "study", "natural_estimate"] = np.linspace(0.31, 0.97, 10)
    squares = sorted(x for x, _ in marks(plot_forest(frame), "s"))
    assert squares == pytest.approx(sorted(np.linspace(0.31, 0.97, 10)), rel=1e-12)


def test_area_of_a_square_follows_the_weight(forest_of):
    frame = forest_of(3)
    frame.loc[frame["block"] == "study", "weight"] = [64.0, 16.0, 20.0]
    sizes = [line.get_markersize() for _, line in marks(plot_forest(frame), "s")]
    assert sizes[0] / sizes[1] == pytest.approx(2.0)


def test_status_of_a_study_shows_without_colour(forest_of):
    figure = plot_forest(forest_of(3))
    words = {text.get_text() for text in figure.axes[0].texts}
    assert {"†", "‡", "† figures nobody could confirm"} <= words
    fills = [line.get_markerfacecolor() for _, line in marks(figure, "s")]
    assert len(set(fills)) == 3
    assert fills[2] == "white"


def test_study_that_nobody_judged_is_not_assessed(forest_of):
    frame = forest_of(3)
    assert list(block(frame, "study")["risk_of_bias"]) == ["High", "Critical", "not assessed"]
    assert "risk of bias: not assessed" in {text.get_text() for text in plot_forest(frame).axes[0].texts}


def test_without_judgements_every_study_is_not_assessed(made_up):
    tables = made_up.tables(2)
    frame = forest_frame(made_up.synthesis(), "RR", effects=tables.effects, estimates=tables.estimates)
    assert set(block(frame, "study")["risk_of_bias"]) == {"not assessed"}


def test_failed_fit_shows_no_number(made_up):
    tables = made_up.tables(4)
    bayes = tables.bayes.assign(gate="failed", status="failed")
    frame = forest_frame(made_up.synthesis(), "RR", effects=tables.effects, estimates=tables.estimates, bayes=bayes)
    row = block(frame, "bayes").iloc[0]
    assert row["status"] == "failed"
    assert pd.isna(row["natural_estimate"])
    assert "not shown" in {text.get_text() for text in plot_forest(frame).axes[0].texts}


def test_result_of_another_measure_stands_as_text_only(forest_of):
    frame = forest_of(4, beside=("other_1", "other_2"))
    assert list(block(frame, "beside")["status"]) == ["verified", "other measure"]
    circles = [x for x, line in marks(plot_forest(frame), "o") if line.get_markerfacecolor() == "white"]
    assert circles == [0.8]


def test_others_pools_are_turned_with_the_effects(made_up):
    tables = made_up.tables(3, "MD")
    tables.outcomes["benefit"] = "higher"
    frame = forest_frame(
        made_up.synthesis("MD", beside=("other_1",)), "MD", effects=tables.effects, estimates=tables.estimates,
        pools=tables.pools, outcomes=tables.outcomes,
    )  # fmt: skip
    row = block(frame, "beside").iloc[0]
    assert (row["natural_estimate"], row["natural_ci_low"], row["natural_ci_high"]) == (-0.8, -1.1, -0.6)
    assert "sign turned" in row["words"]
    assert "sign turned" in row["axis_label"]


@pytest.mark.parametrize(("measure", "benefit", "left"), [("RR", "lower", "made-up drug"), ("RR", "higher", "placebo"),
                                                          ("MD", "higher", "made-up drug")])  # fmt: skip
def test_sides_favour_whom_they_should(made_up, measure, benefit, left):
    tables = made_up.tables(3, measure)
    tables.outcomes["benefit"] = benefit
    frame = forest_frame(
        made_up.synthesis(measure), measure, effects=tables.effects, estimates=tables.estimates,
        outcomes=tables.outcomes, treatments={"drug": "made-up drug"},
    )  # fmt: skip
    assert frame["left_words"].iloc[0] == f"favours {left}"


def test_interval_beyond_the_axis_gets_an_arrow(forest_of):
    frame = forest_of(10)
    first = frame.index[frame["block"] == "study"][0]
    frame.loc[first, ["natural_ci_low", "natural_ci_high"]] = [1e-6, 1e6]
    figure = plot_forest(frame)
    low, high = figure.axes[1].get_xlim()
    assert low > 1e-3
    assert high < 1e3
    assert len(marks(figure, 8)) >= 1  # matplotlib's carets that point away from the axis
    assert len(marks(figure, 9)) >= 1


def test_ticks_are_round_and_the_null_is_among_them(forest_of):
    figure = plot_forest(forest_of(24))
    ticks = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert "1" in ticks
    assert set(ticks) <= {"0.01", "0.02", "0.05", "0.1", "0.2", "0.3", "0.5", "0.7", "1", "1.5", "2", "3", "5", "10"}


@pytest.mark.parametrize("k", [1, 10, 60])
def test_height_grows_with_the_studies(forest_of, k):
    style = Style()
    assert plot_forest(forest_of(k)).get_size_inches()[1] > k * style.row


def test_synthesis_without_studies_says_why(made_up):
    synthesis = made_up.synthesis(measure="", pool=False, studies=("made_up_1",))
    tables = made_up.tables(1)
    frame = forest_frame(
        synthesis, "", effects=tables.effects, estimates=pd.DataFrame(), studies=tables.studies.assign(n_randomised="7")
    )
    assert list(frame["block"]) == ["concerned", "note"] or set(frame["block"]) == {"concerned"}
    figure = plot_forest(frame)
    words = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert "Made-up 1" in words


def test_one_study_gets_no_diamond(forest_of):
    frame = forest_of(1, bayes=False)
    figure = plot_forest(frame)
    assert not figure.axes[1].patches
    assert "One study: nothing is pooled." in {text.get_text() for text in figure.axes[0].texts}


def test_harmful_names_do_no_harm(forest_of, read_back, tmp_path):
    frame = forest_of(len(HARMFUL), labels=HARMFUL)
    svg, png = save(plot_forest(frame), tmp_path / "forest", "forest")
    root = ElementTree.parse(svg).getroot()
    tags = {node.tag.rpartition("}")[2] for node in root.iter() if isinstance(node.tag, str)}
    assert "script" not in tags
    assert "<script" not in svg.read_text(encoding="utf-8")
    assert png.stat().st_size > 10_000
    assert read_back(frame)["label"][1] == HARMFUL[1]


def test_words_of_a_forest_plot(forest_of):
    words = alt_text(forest_of(10))
    assert "10 studies" in words
    assert "0.74 [0.61, 0.90]" in words
    assert "nan" not in words


def test_style_without_title_is_lower(forest_of):
    frame = forest_of(3)
    bare = plot_forest(frame, style=Style(show_title=False)).get_size_inches()[1]
    assert bare < plot_forest(frame).get_size_inches()[1]
    assert math.isfinite(bare)


def test_groups_stand_in_order_each_with_its_diamond_and_the_test_between_them(grouped):
    blocks = [f"{row.group}:{row.block}" for row in grouped.itertuples()]
    assert blocks[:5] == ["clinic:study"] * 4 + ["clinic:subgroup"]
    assert blocks[-3:] == ["not known:study", *blocks[-2:]]
    assert list(grouped["block"])[-2:] == ["summary", "between"]
    shown = [text.get_text() for ax in plot_forest(grouped).axes for text in ax.texts]
    assert "clinic (k = 4)" in shown
    assert "Test for subgroup differences: Q = 1.90, df = 2, p = 0.39" in shown
    assert "made-up advice" in shown


def test_rows_of_a_group_lead_to_their_moderator(grouped):
    row = grouped[grouped["row"] == "study:made_up_1"].iloc[0]
    assert "moderators.csv:made_up_1:setting" in row["from"]


def test_diamond_past_the_axis_is_cut_where_the_axis_ends(forest_of):
    frame = forest_of(6)
    frame.loc[frame["status"] == "headline", "natural_ci_low"] = 1e-6
    ax = plot_forest(frame).axes[1]
    left, right = ax.get_xlim()
    corners = [patch.get_xy() for patch in ax.patches if type(patch).__name__ == "Polygon"]
    corners += [child.get_xy() for child in ax.get_children() if type(child).__name__ == "Polygon"]
    assert all(left * 0.999 <= x <= right * 1.001 for polygon in corners for x, _ in polygon)
    assert max(len(polygon) for polygon in corners) == 6  # one corner more, and the first again


def test_small_studies_are_marked(made_up):
    from evisynth.figures.forest import forest_frame

    tables = made_up.tables(3)
    tables.effects.loc[1, ["n_1", "n_2"]] = [24, 25]
    frame = forest_frame(
        made_up.synthesis(), "RR", effects=tables.effects, estimates=tables.estimates, weights=tables.weights
    )
    assert list(frame[frame["block"] == "study"]["small"]) == ["no", "yes", "no"]
    shown = [text.get_text() for ax in plot_forest(frame).axes for text in ax.texts]
    assert "‡§" in shown
    assert "§ fewer than 50 people" in shown


def test_long_names_keep_their_ends_on_a_second_line(forest_of):
    frame = forest_of(2, labels=["A made-up study of a long name, first cohort of two", "A made-up study, second"])
    shown = [text.get_text() for ax in plot_forest(frame).axes for text in ax.texts]
    assert any(words.endswith("cohort of two") for words in shown)
