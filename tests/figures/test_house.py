"""What every figure module keeps to: it draws frames and nothing else; its colours tell apart, in grey too."""

import ast
from itertools import pairwise
from pathlib import Path

import pytest

import evisynth.figures
from evisynth.figures import FIGURES, figure
from evisynth.figures.findings import _SHADES
from evisynth.figures.prior_surface import _BLUES
from evisynth.figures.risk_bars import _HATCH
from evisynth.figures.risk_levels import _LEVELS
from evisynth.figures.style import STYLE, luminance

MODULES = sorted(Path(evisynth.figures.__file__).parent.glob("*.py"))
# Measures of effect know their scale and their words, and words and orders are shared; nothing that fits or reads
# tables is allowed.
ALLOWED = ("evisynth.effects.measures", "evisynth.figures", "evisynth.naming", "evisynth.ordering")
READERS = {"open", "read_csv", "read_text", "read_bytes", "read_result"}


def contrast(one, two) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_module_imports_nothing_that_pools_or_fits(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    own = [name for name in named if name.startswith("evisynth")]
    assert [name for name in own if not name.startswith(ALLOWED)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_module_reads_no_file(path):
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    names = {getattr(call, "id", getattr(call, "attr", "")) for call in calls}
    assert not names & READERS


@pytest.mark.parametrize("name", ["ink", "grey", "beside", "study"])
def test_words_and_studies_stand_out_on_paper(name):
    assert contrast(getattr(STYLE, name), "white") >= 4.5  # WCAG 2, level AA, small text


@pytest.mark.parametrize("name", ["bayes", "rule"])
def test_marks_stand_out_on_paper(name):
    assert contrast(getattr(STYLE, name), "white") >= 3.0  # WCAG 2.1, graphical objects


@pytest.mark.parametrize(
    ("one", "two"),
    [("study", "study_light"), ("study", "bayes"), ("study_light", "bayes"), ("headline", "other"), ("middle", "bad"),
     ("middle", "good"), ("bad", "worst"), ("good_light", "bad")],
)  # fmt: skip
def test_colours_that_meet_differ_in_grey(one, two):
    assert contrast(getattr(STYLE, one), getattr(STYLE, two)) > 1.5


def test_green_and_red_alike_in_grey_have_other_symbols_and_hatches():
    low, high = _LEVELS["low"], _LEVELS["high"]
    assert contrast(getattr(STYLE, low.colour), getattr(STYLE, high.colour)) < 1.5
    assert low.symbol != high.symbol
    assert _HATCH[low.symbol] != _HATCH[high.symbol]


def test_no_two_levels_share_colour_but_differ_in_meaning_without_a_symbol():
    marks = {}
    for mark in _LEVELS.values():
        assert marks.setdefault((mark.colour, mark.symbol), mark.rank) == mark.rank


def test_shades_of_certainty_and_probability_darken_step_by_step():
    for shades in ([_SHADES[level] for level in range(5)], [_BLUES(i / 8) for i in range(9)]):
        assert all(contrast(one, two) > 1.1 for one, two in pairwise(shades))
        assert all(luminance(one) > luminance(two) for one, two in pairwise(shades))


def test_words_in_a_cell_can_be_read_on_its_shade():
    for shade in (*_SHADES.values(), *(_BLUES(i / 50) for i in range(51))):
        assert contrast(shade, STYLE.ink_on(shade)) >= 4.5  # WCAG 2, level AA, small text


def test_luminance_is_that_of_wcag():
    assert [luminance(colour) for colour in ("black", "white")] == pytest.approx([0.0, 1.0])
    assert luminance("#777777") == pytest.approx(0.1845, abs=1e-4)  # the grey next to 4.48 : 1 on white
    assert contrast("#777777", "white") == pytest.approx(4.48, abs=0.005)


def test_every_kind_has_words_of_its_own(every_frame):
    frames = every_frame(6)
    assert set(frames) == set(FIGURES)
    for name in FIGURES:
        words = figure(name).alt(frames[name])
        assert len(words) > 40, name
        assert any(character.isdigit() for character in words), name
