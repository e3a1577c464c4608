"""Levels of risk of bias as marks: every level has a symbol besides its colour, and no level has neither."""

from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.axes import Axes

from evisynth.figures.sheet import Sheet
from evisynth.figures.style import STYLE, Style
from evisynth.figures.words import font, width

NOT_ASSESSED = "not assessed"


@dataclass(frozen=True)
class Mark:
    """How one level is drawn: ``symbol`` is ``+ - x ! ? ring dash``, ``rank`` orders levels from good to bad."""

    symbol: str
    colour: str
    rank: int


_LEVELS = {
    "low": Mark("+", "good", 1),
    "good": Mark("+", "good", 1),
    "yes": Mark("+", "good", 1),
    "include": Mark("+", "good", 1),
    "low except for concerns about uncontrolled confounding": Mark("+", "good_light", 2),
    "some concerns": Mark("-", "middle", 3),
    "moderate": Mark("-", "middle", 3),
    "fair": Mark("-", "middle", 3),
    "unclear": Mark("-", "middle", 3),
    "seek further information": Mark("-", "middle", 3),
    "cd": Mark("?", "middle", 3),
    "nr": Mark("?", "middle", 3),
    "no information": Mark("?", "unknown", 4),
    "high": Mark("x", "bad", 5),
    "serious": Mark("x", "bad", 5),
    "poor": Mark("x", "bad", 5),
    "no": Mark("x", "bad", 5),
    "exclude": Mark("x", "bad", 5),
    "critical": Mark("!", "worst", 6),
}
_RING = Mark("ring", "", 0)
_NOT_APPLICABLE = Mark("dash", "", 0)
_WORDS = {"cd": "cannot determine", "nr": "not reported", "na": "not applicable"}
_UNKNOWN_WORD = Mark("?", "unknown", 4)


def mark_of(level: str) -> Mark:
    """Return the mark of a level; nothing said is an empty ring, a word of no tool a grey question mark.

    Parameters
    ----------
    level : str
        A level of any tool, e.g. ``Some concerns``; upper and lower case do not matter.
    """
    known = level.strip().lower()
    if known in ("", NOT_ASSESSED):
        return _RING
    if known in ("na", "not applicable"):
        return _NOT_APPLICABLE
    return _LEVELS.get(known, _UNKNOWN_WORD)


def place_of(level: str) -> int:
    """Return where a level stands in a key or a bar: from good to bad, what was not assessed last."""
    return mark_of(level).rank or 9


def words_of(level: str) -> str:
    """Return a level in words for a key."""
    known = level.strip().lower() or NOT_ASSESSED
    return _WORDS.get(known, known)


def worst(levels: Iterable[str]) -> str:
    """Return the worst of several levels; ``not assessed`` only where no other was given."""
    return max(levels, key=lambda level: mark_of(level).rank, default=NOT_ASSESSED) or NOT_ASSESSED


def draw_level(ax: Axes, x: float, y: float, level: str, points: float, style: Style = STYLE) -> None:
    """Draw one traffic light.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    x, y : float
        Its centre, in data coordinates.
    level : str
        The level.
    points : float
        Diameter in points.
    style : Style
        The style.
    """
    mark = mark_of(level)
    if mark.symbol == "ring":
        ax.plot(x, y, "o", ms=points * 0.92, mfc="none", mec=style.rule, mew=0.7, clip_on=False)
        return
    if mark.symbol == "dash":
        ax.plot((x,), (y,), "_", ms=points * 0.5, mec=style.rule, mew=0.9, clip_on=False)
        return
    colour = getattr(style, mark.colour)
    dark = mark.colour in ("good", "bad", "worst")
    ax.plot(x, y, "o", ms=points, mfc=colour, mec=style.ink, mew=0.45, clip_on=False)
    ink = "white" if dark else style.ink
    if mark.symbol in "!?":
        look = {"ha": "center", "va": "center_baseline", "color": ink, "parse_math": False}
        ax.text(x, y, mark.symbol, fontproperties=font(points * 0.8, "bold"), **look)
        return
    shape = {"+": "+", "-": "_", "x": "x"}[mark.symbol]
    size = points * (0.5 if shape == "x" else 0.62)
    ax.plot(x, y, shape, ms=size, mec=ink, mew=1.25, clip_on=False)


def key_lines(levels: Iterable[str], inches: float, style: Style) -> list[list[str]]:
    """Return the levels of a key, from good to bad, in as many lines as they need.

    Parameters
    ----------
    levels : iterable of str
        The levels that a figure shows, each as often as it likes.
    inches : float
        The room there is.
    style : Style
        The style.
    """
    found = sorted({level or NOT_ASSESSED for level in levels}, key=lambda level: (place_of(level), level))
    lines: list[list[str]] = []
    room = 0.0
    for level in found:
        need = 0.42 + width(words_of(level), style.small)
        if not lines or need > room:
            lines.append([])
            room = inches
        lines[-1].append(level)
        room -= need
    return lines


def draw_key(sheet: Sheet, lines: list[list[str]], y: float) -> None:
    """Draw a key, its lines as :func:`key_lines` gives them, from `y` on."""
    style = sheet.style
    for line in lines:
        x = style.margin + 0.08
        for level in line:
            draw_level(sheet.ax, x, y + 0.04, level, 8.0, style)
            sheet.text(x + 0.13, y + 0.04, words_of(level), style.small, color=style.grey)
            x += 0.42 + width(words_of(level), style.small)
        y += 0.17
