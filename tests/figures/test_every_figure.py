"""Every sort of figure: for no, one, two and many studies, from the frame and from its CSV file, in words, in SVG."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from evisynth.figures import FIGURES, figure
from evisynth.figures.style import save
from evisynth.provenance.code import files_of

SIZES = (0, 1, 2, 12)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_of_the_registry_has_its_three_functions(name):
    kind = figure(name)
    assert all(callable(part) for part in (kind.frame, kind.plot, kind.alt))


def test_unknown_figure_is_answered_with_those_there_are():
    with pytest.raises(KeyError, match="forest"):
        figure("forrest")


def test_static_walk_of_the_code_sees_every_module(tmp_path):
    script = tmp_path / "draw.py"
    script.write_text("from evisynth.figures import figure\n")
    source = Path(__file__).parents[2] / "src"
    seen = {path.stem for path in files_of(script, source)}
    assert {module for module, _, _ in FIGURES.values()} <= seen


@pytest.mark.parametrize("k", SIZES)
def test_every_figure_is_drawn_whatever_the_number_of_studies(every_frame, k):
    for name, frame in every_frame(k).items():
        drawn = figure(name).plot(frame)
        wide, high = drawn.get_size_inches()
        assert 2 < wide < 16, name
        assert 0.4 < high < 30, name


@pytest.mark.parametrize("k", SIZES)
def test_alt_text_is_plain_sentences(every_frame, k):
    for name, frame in every_frame(k).items():
        words = figure(name).alt(frame)
        assert words.endswith("."), name
        assert "nan" not in words.replace("nant", "").lower().split(), (name, words)


def test_every_row_of_every_frame_says_where_it_is_from(every_frame):
    for name, frame in every_frame(4).items():
        assert "row" in frame.columns, name
        assert frame["from"].notna().all(), name
        assert (frame["from"] != "").all(), name
        named = frame["row"][frame["row"] != ""]  # a blank name: no part of the figure by itself
        assert not named.duplicated().any() or name in ("findings",), name


def test_differences_are_drawn_too(every_frame):
    for name, frame in every_frame(3, "MD").items():
        drawn = figure(name).plot(frame)
        if "log_axis" in frame:
            assert set(frame["log_axis"]) == {"no"}, name
            assert "log" not in {ax.get_xscale() for ax in drawn.axes}, name


def test_figure_from_its_csv_is_the_same_figure(every_frame, read_back, tmp_path):
    for name, frame in every_frame(3).items():
        files = [
            save(figure(name).plot(version), tmp_path / f"{name}_{i}", name, ("svg",))[0]
            for i, version in enumerate((frame, read_back(frame)))
        ]
        assert files[0].read_bytes() == files[1].read_bytes(), name


def test_identifiers_in_the_svg_are_unique_and_name_rows(every_frame, tmp_path):
    for name in ("forest", "claims", "risk_of_bias", "prisma", "leave_one_out", "funnel"):
        frame = every_frame(3)[name]
        (file,) = save(figure(name).plot(frame), tmp_path / name, name, ("svg",))
        found = [
            node.get("id") for node in ElementTree.parse(file).iter() if (node.get("id") or "").startswith(f"{name}-")
        ]
        assert len(found) == len(set(found)) > 0, name


@pytest.mark.parametrize(
    "name",
    [
        "forest",
        "claims",
        "risk_of_bias",
        "prisma",
        "findings",
        "leave_one_out",
        "caterpillar",
        "averaging",
        "predictive",
    ],
)
def test_no_text_overlaps_another(every_frame, name):
    assert not clashes(figure(name).plot(every_frame(24)[name]))


@pytest.mark.parametrize("k", [1, 2, 13, 30, 60])
def test_forest_of_any_size_with_long_names_and_huge_intervals_has_no_overlap(forest_of, k):
    long = [f"A made-up name of study {i} that no column of any journal could ever hold on one line" for i in range(k)]
    frame = forest_of(k, labels=[name if i % 3 else f"Made-up {i}" for i, name in enumerate(long)])
    frame.loc[0, ["natural_ci_low", "natural_ci_high"]] = [1e-4, 900.0]
    assert not clashes(figure("forest").plot(frame))


def test_forest_in_groups_has_no_overlap(grouped):
    assert not clashes(figure("forest").plot(grouped))


def clashes(drawn):
    """Return the pairs of texts of a figure whose boxes meet."""
    renderer = drawn.canvas.get_renderer() if hasattr(drawn.canvas, "get_renderer") else _renderer(drawn)
    boxes = []
    for ax in drawn.axes:
        for text in ax.texts:
            if text.get_text() and text.get_rotation() == 0 and len(text.get_text()) > 1:
                box = text.get_window_extent(renderer)
                boxes.append((box.x0 + 1, box.y0 + 2, box.x1 - 1, box.y1 - 2, text.get_text()))
    return [
        (one[4], two[4])
        for i, one in enumerate(boxes)
        for two in boxes[i + 1 :]
        if one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
    ]


def _renderer(drawn):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    return FigureCanvasAgg(drawn).get_renderer()


@pytest.mark.parametrize("name", ["forest", "claims", "risk_of_bias", "funnel"])
def test_frame_without_a_column_is_refused_by_name(every_frame, name):
    frame = every_frame(2)[name].drop(columns="from")
    with pytest.raises(ValueError, match="no column from"):
        figure(name).plot(frame)
