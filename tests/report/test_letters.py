"""Outlined letters of a drawing become text in the PDF, and only where each of them is what the words say."""

import re
from io import StringIO

import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from evisynth.report.exports.letters import with_words


def drawn(words, **look):
    figure = Figure(figsize=(4, 1))
    figure.text(0.1, 0.5, words, parse_math=False, **look)
    out = StringIO()
    with rc_context({"svg.fonttype": "path", "font.family": "DejaVu Sans"}):
        figure.savefig(out, format="svg")
    return out.getvalue()


@pytest.mark.parametrize("words", ["Anton 2006 †", "−0.34 [−0.94, 0.26]", "no effect, five fields", "a < b & c > d"])
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_words_stand_as_words(words, weight):
    made = with_words(drawn(words, weight=weight))
    found = re.findall(r"<text ([^>]*)>([^<]*)</text>", made)
    assert [text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for _, text in found] == [words]
    assert ("bold" in found[0][0]) == (weight == "bold")
    assert "<use" not in made


@pytest.mark.parametrize("words", ["دراسة صغيرة", "two--dashes"])
def test_what_is_not_one_letter_for_each_glyph_stays_an_outline(words):
    before = drawn(words)
    after = with_words(before)
    if "<text" not in after:
        assert after == before
    else:
        assert words in after


def test_turned_words_keep_their_turn():
    made = with_words(drawn("upwards", rotation=90))
    assert re.search(r"rotate\(-90\)[^>]*><text", made)


def test_nothing_in_words_is_markup():
    made = with_words(drawn("<script>alert(1)</script> -->"))
    assert "<script" not in made
