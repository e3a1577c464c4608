"""Verdicts on claims as marks: a sign and a colour each, told apart without the colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from evisynth.figures.style import STYLE, Style
from evisynth.figures.words import font, width


@dataclass(frozen=True)
class Verdict:
    """How a verdict is drawn."""

    sign: str
    colour: str
    light: bool


VERDICTS = {
    "supported": Verdict("✓", "good", False),
    "partly": Verdict("≈", "middle", True),
    "contradicted": Verdict("✗", "bad", False),
    "misattributed": Verdict("⇄", "purple", True),
    "omitted": Verdict("∅", "sky", True),
    "unverifiable": Verdict("?", "unknown", True),
}


def draw_verdict(ax: Axes, x: float, y: float, verdict: str, points: float, style: Style = STYLE) -> None:
    """Draw a verdict: its sign on a coloured disc; a word of no list stays an empty ring.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    x, y : float
        Its centre, in data coordinates.
    verdict : str
        A key of `VERDICTS`.
    points : float
        Diameter in points.
    style : Style
        The style.
    """
    known = VERDICTS.get(verdict)
    fill = getattr(style, known.colour) if known else "none"
    ax.plot(x, y, "o", ms=points, mfc=fill, mec=style.ink, mew=0.45, clip_on=False)
    if known:
        ink = style.ink if known.light else "white"
        look = {"ha": "center", "va": "center", "color": ink, "parse_math": False}
        ax.text(x, y, known.sign, fontproperties=font(points * 0.72, "bold"), **look)


def verdict_lines(verdicts: Sequence[str], inches: float, style: Style) -> list[list[str]]:
    """Return the verdicts that occur, in lines that fit a width."""
    lines: list[list[str]] = []
    room = 0.0
    for verdict in VERDICTS:
        if verdict not in verdicts:
            continue
        need = 0.42 + width(verdict, style.small)
        if not lines or need > room:
            lines.append([])
            room = inches
        lines[-1].append(verdict)
        room -= need
    return lines
