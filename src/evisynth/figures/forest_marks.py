"""The marks of a forest plot: squares, diamonds, bars; each keeps its meaning without its colour."""

import math
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.markers import CARETLEFTBASE, CARETRIGHTBASE
from matplotlib.patches import Polygon

from evisynth.figures.frames import text, value
from evisynth.figures.style import Style

_HALF = 0.062  # inches, half the height of a diamond


def square_and_line(ax: Axes, row: Mapping, y: float, side: float, style: Style) -> None:
    """Draw a study: a square (filled verified, pale derived, open unconfirmed) on its interval."""
    line(ax, row, y, style.ink)
    estimate = value(row, "natural_estimate")
    if _inside(ax, estimate):
        square(ax, estimate, y, side, text(row, "status"), style)


def square(ax: Axes, x: float, y: float, side: float, status: str, style: Style) -> None:
    """Draw the square of a study by the status of its figures."""
    fill = {"unconfirmed": "white", "derived": style.study_light}.get(status, style.study)
    edge = 1.0 if status == "unconfirmed" else 0.7
    ax.plot(x, y, "s", ms=side, mfc=fill, mec=style.study, mew=edge, zorder=4)


def line(ax: Axes, row: Mapping, y: float, colour: str) -> None:
    """Draw an interval; where it reaches past the axis an arrow says so."""
    low, high = value(row, "natural_ci_low"), value(row, "natural_ci_high")
    if math.isnan(low) or math.isnan(high):
        return
    left, right = ax.get_xlim()
    ends = (min(max(low, left), right), max(min(high, right), left))
    ax.plot(ends, (y, y), color=colour, lw=0.9, zorder=3)
    _arrows(ax, low, high, y, colour)


def diamond(ax: Axes, row: Mapping, y: float, kind: str, style: Style) -> None:
    """Draw a pooled estimate: headline black, other frequentist ones pale and thin, Bayesian ones hollow.

    A Bayesian diamond has a dot at its estimate besides its colour, so that it is known in grey too.
    """
    estimate, low, high = (value(row, f"natural_{part}") for part in ("estimate", "ci_low", "ci_high"))
    if any(math.isnan(number) for number in (estimate, low, high)):
        return
    headline = text(row, "status") == "headline" and kind == "summary"
    half = _HALF if headline or kind == "bayes" else _HALF * 0.62
    look = (
        {"fc": "white", "ec": style.bayes, "lw": 1.2}
        if kind == "bayes"
        else {"fc": style.headline if headline else style.other, "ec": style.headline, "lw": 0.7}
    )
    ax.add_artist(Polygon(_corners(ax, estimate, low, high, y, half), closed=True, joinstyle="miter", zorder=5, **look))
    if kind == "bayes" and _inside(ax, estimate):
        ax.plot(estimate, y, "o", ms=2.6, color=style.bayes, mew=0, zorder=6)
    _arrows(ax, low, high, y, look["ec"])


def _corners(ax: Axes, estimate: float, low: float, high: float, y: float, half: float) -> list[tuple[float, float]]:
    """Return the corners of a diamond; an end past the axis is cut where the axis ends, at the diamond's height there.

    Heights are linear in what the axis shows, so a cut diamond has the same sides as the whole one.
    """
    turn = math.log if ax.get_xscale() == "log" else float
    left, right = ax.get_xlim()

    def cut(end: float, edge: float) -> list[tuple[float, float]]:
        share = (turn(edge) - turn(end)) / (turn(estimate) - turn(end))
        return [(edge, y + half * share), (edge, y - half * share)]

    lower = [(low, y)] if low >= left or estimate <= left else cut(low, left)
    upper = [(high, y)] if high <= right or estimate >= right else cut(high, right)[::-1]
    return [*lower, (estimate, y - half), *upper, (estimate, y + half)]


def bar(ax: Axes, row: Mapping, y: float, style: Style) -> None:
    """Draw a prediction interval: a bar with end strokes, in the colour of its school."""
    low, high = value(row, "natural_pi_low"), value(row, "natural_pi_high")
    if math.isnan(low) or math.isnan(high):
        return
    colour = style.bayes if text(row, "block") == "bayes" else style.headline
    left, right = ax.get_xlim()
    ax.plot((max(low, left), min(high, right)), (y, y), color=colour, lw=2.4, alpha=0.85, zorder=3)
    for end in (low, high):
        if left <= end <= right:
            ax.plot((end, end), (y - 0.045, y + 0.045), color=colour, lw=1.0, zorder=3)
    _arrows(ax, low, high, y, colour)


def circle_and_line(ax: Axes, row: Mapping, y: float, style: Style) -> None:
    """Draw what others have pooled: an open circle on a grey interval; nothing for another measure."""
    if text(row, "status") == "other measure":
        return
    line(ax, row, y, style.beside)
    estimate = value(row, "natural_estimate")
    if _inside(ax, estimate):
        ax.plot(estimate, y, "o", ms=4.6, mfc="white", mec=style.beside, mew=1.0, zorder=4)


def _arrows(ax: Axes, low: float, high: float, y: float, colour: str) -> None:
    left, right = ax.get_xlim()
    if low < left:
        ax.plot(left, y, marker=CARETLEFTBASE, ms=4.2, color=colour, mew=0, zorder=6, clip_on=False)
    if high > right:
        ax.plot(right, y, marker=CARETRIGHTBASE, ms=4.2, color=colour, mew=0, zorder=6, clip_on=False)


def _inside(ax: Axes, x: float) -> bool:
    left, right = ax.get_xlim()
    return left <= x <= right
