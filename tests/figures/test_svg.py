"""SVG with remembered texts: the same bytes as matplotlib's own, whatever was drawn before."""

import numpy as np
from matplotlib.figure import Figure

from evisynth.figures import style, svg

METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def a_figure() -> Figure:
    figure = Figure(figsize=(4, 3))
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    axes.plot([0.1, 1, 10], [1, 2, 3], "o-", label="Öz & sons <1>")
    axes.set_xscale("log")
    axes.set_title("Two lines\nof a title", weight="bold")
    axes.text(0.5, 2, "−0.34 [−0.95, 0.27]", style="italic", rotation=30)
    axes.text(0.5, 2.5, "עברית, 漢字 and fine", size=14)
    axes.scatter(np.linspace(1, 9, 50), np.linspace(1, 3, 50), s=3, rasterized=True)
    axes.legend()
    return figure


def by_matplotlib(path) -> bytes:
    with style.drawing("test"):
        a_figure().savefig(path, format="svg", dpi=style.PNG_DPI, metadata=METADATA)
    return path.read_bytes()


def by_us() -> bytes:
    with style.drawing("test"):
        return svg.svg_of(a_figure(), style.PNG_DPI, METADATA)


def test_the_bytes_are_those_of_matplotlib(tmp_path):
    expected = by_matplotlib(tmp_path / "plain.svg")
    svg.remembered_text.cache_clear()
    assert by_us() == expected
    assert by_us() == expected


def test_texts_are_laid_out_once(monkeypatch):
    svg.remembered_text.cache_clear()
    laid_out = []
    inner = svg.TextToPath.get_glyphs_with_font

    def counted(self, font, s, *rest, **options):
        laid_out.append(s)
        return inner(self, font, s, *rest, **options)

    monkeypatch.setattr(svg.TextToPath, "get_glyphs_with_font", counted)
    by_us()
    once = len(laid_out)
    by_us()
    assert len(laid_out) == once > 5


def test_a_full_memory_starts_anew(tmp_path, monkeypatch):
    expected = by_matplotlib(tmp_path / "plain.svg")
    svg.remembered_text.cache_clear()
    monkeypatch.setattr(svg, "_MOST_TEXTS", 3)
    assert by_us() == expected


def test_the_resolution_of_a_figure_is_left_alone():
    figure = a_figure()
    before = figure.dpi
    with style.drawing("test"):
        svg.svg_of(figure, 300, METADATA)
    assert figure.dpi == before
