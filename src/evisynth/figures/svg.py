"""Writing SVG: matplotlib's own backend, which lays out each text once for all figures instead of once for each.

Most of the time a page of figures takes went into laying out the same names and numbers again and again. The bytes
are those that matplotlib writes without this module; a test compares them.
"""

from functools import cache
from io import StringIO

from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.textpath import TextToPath

_MOST_TEXTS = 20_000
_POINTS = 72  # an inch, in SVG


class RememberedText(TextToPath):
    """Texts to outlines, remembered by text and font."""

    def __init__(self):
        super().__init__()
        self._plain = TextToPath()
        self._sizes: dict = {}
        self._glyphs: dict = {}

    def _get_font(self, prop):
        # no more than a name here: opening a font takes longer than finding a text that is remembered
        return prop

    def get_text_width_height_descent(self, s, prop, ismath):
        """Return width, height and depth below the line of a text, in points."""
        key = (s, prop, ismath)
        if key not in self._sizes:
            _make_room(self._sizes)
            self._sizes[key] = self._plain.get_text_width_height_descent(s, prop, ismath)
        return self._sizes[key]

    def get_glyphs_with_font(self, font, s, glyph_map=None, return_new_glyphs_only=False, **language):
        """Return places of the letters, the outlines that are not in `glyph_map` yet (or all), and no rectangles."""
        key = (font, s, *language.values())
        if key not in self._glyphs:
            _make_room(self._glyphs)
            self._glyphs[key] = self._plain.get_glyphs_with_font(self._plain._get_font(font), s, **language)
        places, outlines, rectangles = self._glyphs[key]
        known = {} if glyph_map is None else glyph_map
        new = {name: outline for name, outline in outlines.items() if name not in known}
        return places, new if return_new_glyphs_only else {**known, **new}, rectangles


def _make_room(memory: dict) -> None:
    if len(memory) >= _MOST_TEXTS:
        memory.clear()


@cache
def remembered_text() -> RememberedText:
    """Return the one memory of this process."""
    return RememberedText()


class Renderer(RendererSVG):
    """matplotlib's renderer with the memory for texts."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self._text2path = remembered_text()


def svg_of(figure: Figure, dpi: float, metadata: dict) -> bytes:
    """Return a figure as SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; its resolution is left as it was.
    dpi : float
        Dots per inch of what is a picture inside it, such as a large cloud of points.
    metadata : dict
        As in ``savefig``.
    """
    before, inches, file = figure.dpi, figure.get_size_inches(), StringIO()
    try:
        figure.dpi = _POINTS
        vectors = Renderer(*(inches * _POINTS), file, image_dpi=dpi, metadata=metadata)
        renderer = MixedModeRenderer(figure, *inches, dpi, vectors)
        figure.draw(renderer)
        renderer.finalize()
    finally:
        figure.dpi = before
    return file.getvalue().encode("utf-8")
