"""Drawings whose letters are outlines, with text in their place: a PDF can then be searched, and is a third as large.

matplotlib draws each letter of an SVG as an outline of a glyph of DejaVu and leaves the words as a comment beside it.
The PDF is set with the same font, so the words can stand there as words.
"""

import re
from functools import cache
from xml.sax.saxutils import escape

_TEXT = re.compile(
    r"<!-- (?P<words>[^\n]*?) -->\s*<g(?P<look>[^>]*)>\s*(?P<shared><defs>.*?</defs>\s*)?"
    r"(?P<letters>(?:<use xlink:href=\"#DejaVuSans(?:-Bold)?-[0-9a-f]+\"[^>]*/>\s*)+)</g>",
    re.DOTALL,
)
_LETTER = re.compile(r"#DejaVuSans(-Bold)?-([0-9a-f]+)\"")
_LIGATURES = {"\ufb03": "ffi", "\ufb04": "ffl", "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl"}
# matplotlib's outlines are those of a font of this size
_SIZE = 100


def with_words(drawing: str) -> str:
    """Return an SVG of matplotlib with text in place of outlined letters.

    Parameters
    ----------
    drawing : str
        The SVG. Words whose letters are not one glyph for each character (Arabic, letters that the font lacks) stay
        outlines, as do those in another font.
    """
    return _TEXT.sub(_put, drawing)


def _put(match: re.Match) -> str:
    letters = _LETTER.findall(match["letters"])
    weights = {weight for weight, _ in letters}
    words = match["words"].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    bold = weights == {"-Bold"}
    if len(weights) != 1 or not _spells([int(glyph, 16) for _, glyph in letters], words, bold):
        return match[0]
    weight = ' font-weight="bold"' if bold else ""
    look = f'font-family="DejaVu Sans"{weight} font-size="{_SIZE}" transform="scale(1 -1)" xml:space="preserve"'
    return f"{match['shared'] or ''}<g{match['look']}><text {look}>{escape(words)}</text></g>"


def _spells(glyphs: list[int], words: str, bold: bool) -> bool:
    """Whether glyphs are the letters of words, one for each, or one for a ligature that the font has."""
    at = 0
    for glyph in glyphs:
        joined = (few for sign, few in _LIGATURES.items() if words.startswith(few, at) and glyph == _glyph(sign, bold))
        taken = len(next(joined, " "))
        if taken == 1 and (at >= len(words) or glyph != _glyph(words[at], bold)):
            return False
        at += taken
    return at == len(words)


@cache
def _glyph(letter: str, bold: bool) -> int:
    return _face(bold).get_char_index(ord(letter))


@cache
def _face(bold: bool):
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    return FT2Font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")))
