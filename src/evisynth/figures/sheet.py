"""A sheet of paper measured in inches: text in rows, plots in rectangles; nothing moves by itself."""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from evisynth.figures.frames import text
from evisynth.figures.style import STYLE, Style
from evisynth.figures.words import clean, font, number, width, wrap


class Sheet:
    """A figure with coordinates in inches from its upper left corner, y downwards.

    Parameters
    ----------
    wide, high : float
        Size in inches.
    style : Style
        The style.
    """

    def __init__(self, wide: float, high: float, style: Style = STYLE):
        self.wide, self.high, self.style = wide, high, style
        self.figure = Figure(figsize=(wide, high))
        self.ax = self.figure.add_axes((0, 0, 1, 1), zorder=1)
        self.ax.set(xlim=(0, wide), ylim=(high, 0))
        self.ax.axis("off")

    def text(self, x: float, y: float, words: object, size: float | None = None, **look) -> None:
        """Write one line, centred on `y`; ``weight``, ``style``, ``color``, ``ha`` as in matplotlib."""
        words = clean(words)
        if not words:
            return
        size = size or self.style.size
        weight, slant = look.pop("weight", "normal"), look.pop("style", "normal")
        # "center_baseline" keeps rows in line whether or not a name has letters below the line
        look = {"ha": "left", "va": "center_baseline", "color": self.style.ink, "parse_math": False} | look
        self.ax.text(x, y, words, fontproperties=font(size, weight, slant), **look)

    def title(self, lines: Sequence[tuple[str, str]]) -> None:
        """Write the title, as :func:`title_lines` broke it, at the top."""
        for i, (line, weight) in enumerate(lines):
            self.text(self.style.margin, self.style.margin + 0.1 + 0.2 * i, line, self.style.title, weight=weight)

    def notes(self, y: float, lines: Sequence[str], step: float = 0.15, left: float | None = None) -> None:
        """Write small grey lines below one another, from `y` on and from the margin or from `left`."""
        for i, line in enumerate(lines):
            x = self.style.margin if left is None else left
            self.text(x, y + step * i, line, self.style.small, color=self.style.grey)

    def rule(self, y: float, left: float | None = None, right: float | None = None, wide: float = 0.6, **look) -> None:
        """Draw a horizontal rule from margin to margin, or from `left` to `right`."""
        margin = self.style.margin
        ends = (margin if left is None else left, self.wide - margin if right is None else right)
        self.ax.plot(ends, (y, y), **({"color": self.style.ink, "lw": wide, "solid_capstyle": "butt"} | look))

    def band(self, top: float, bottom: float, left: float | None = None, right: float | None = None, **look):
        """Shade a band."""
        margin = self.style.margin
        left = margin if left is None else left
        right = self.wide - margin if right is None else right
        look = {"fc": self.style.faint, "ec": "none", "lw": 0, "zorder": 0} | look
        patch = Rectangle((left, top), right - left, bottom - top, **look)
        self.ax.add_artist(patch)  # not add_patch, which measures what these axes never scale to
        return patch

    def target(self, top: float, bottom: float, identifier: str) -> None:
        """Lay an unseen rectangle with an identifier over a row, so that a page can make the row open."""
        patch = self.band(top, bottom, fc="white", alpha=0.0, zorder=9)
        patch.set_gid(identifier)

    def plot(self, left: float, top: float, wide: float, high: float, rows: bool = True) -> Axes:
        """Return axes in a rectangle; with `rows` their y axis has the sheet's own inches."""
        box = (left / self.wide, 1 - (top + high) / self.high, wide / self.wide, high / self.high)
        ax = self.figure.add_axes(box, zorder=2)
        if rows:
            ax.set_ylim(top + high, top)
            ax.yaxis.set_major_locator(NullLocator())
            for side in ("left", "right", "top"):
                ax.spines[side].set_visible(False)
        return ax


def title_lines(words: str, inches: float, style: Style) -> list[tuple[str, str]]:
    """Return a title as lines with their weights: what it is about bold, what it shows (after the last colon) not.

    Parameters
    ----------
    words : str
        The title, e.g. ``Return to drinking: funnel plot``.
    inches : float
        The room there is.
    style : Style
        The style; nothing is returned where it shows no titles.
    """
    if not style.show_title or not clean(words):
        return []
    head, colon, tail = clean(words).rpartition(": ")
    head, tail = (head, tail) if colon and head else (tail, "")
    tail = tail[:1].upper() + tail[1:]
    lines = [(line, "bold") for line in wrap(head, inches, style.title, "bold", 2)]
    return lines + [(line, "normal") for line in (wrap(tail, inches, style.title, lines=2) if tail else [])]


def identifier(kind: str, row: Mapping) -> str:
    """Return the identifier of a row inside an SVG: kind of figure, synthesis, measure and row.

    Parameters
    ----------
    kind : str
        Sort of figure, e.g. ``forest``.
    row : mapping
        A row of its frame.
    """
    words = "-".join(text(row, name) for name in ("synthesis", "measure", "row"))
    return f"{kind}-" + re.sub(r"[^A-Za-z0-9_-]+", "-", words)


def log_ticks(low: float, high: float, inches: float, size: float) -> list[float]:
    """Return round ticks of a logarithmic axis: 1 2 5 where they fit, else coarser or finer.

    Parameters
    ----------
    low, high : float
        Limits, above 0.
    inches : float
        Length of the axis.
    size : float
        Font size of the labels in points.
    """
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = (
        (1, 2, 5),
        (1, 3),
        (1,),
        (1, 1.5, 2, 3, 5, 7),
        (1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
    )
    decades = math.log10(high / low)
    best: list[float] = []
    for every in (4, 3, 2):
        if decades / every >= 2:
            ticks = [10.0**power for power in powers if power % every == 0]
            best = best or _inside(ticks, low, high)
    for step in steps:
        if len(best) >= 3:
            break
        ticks = _inside([part * 10.0**power for power in powers for part in step], low, high)
        places = [inches * math.log(tick / low) / math.log(high / low) for tick in ticks]
        if len(ticks) <= 8 and _apart(ticks, places, size) and len(ticks) > len(best):
            best = ticks
    return best


def linear_ticks(low: float, high: float, inches: float, size: float) -> list[float]:
    """Return round ticks of a linear axis, as many as fit; arguments as for :func:`log_ticks`."""
    span = high - low
    best: list[float] = []
    for power in range(math.floor(math.log10(span)) + 1, math.floor(math.log10(span)) - 3, -1):
        for part in (5, 2, 1):
            step = part * 10.0**power
            ticks = [
                round(i * step, 12) for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
            ]
            places = [inches * (tick - low) / span for tick in ticks]
            if len(ticks) <= 7 and _apart(ticks, places, size) and len(ticks) > len(best):
                best = ticks
    return best


def _inside(ticks: Sequence[float], low: float, high: float) -> list[float]:
    return [tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]


def _apart(ticks: Sequence[float], places: Sequence[float], size: float) -> bool:
    halves = [width(tick_label(tick), size) / 2 for tick in ticks]
    return all(places[i + 1] - places[i] > halves[i] + halves[i + 1] + 0.07 for i in range(len(places) - 1))


def tick_label(tick: float) -> str:
    """Return the label of a tick: no more digits than it has."""
    if tick != 0 and (abs(tick) >= 1e6 or abs(tick) < 1e-5):
        return number(tick)
    text = f"{abs(tick):.10f}".rstrip("0").rstrip(".")
    return ("−" if tick < 0 else "") + text


def effect_limits(points: np.ndarray, low: np.ndarray, high: np.ndarray, null: float, log: bool) -> tuple[float, float]:
    """Return limits of an axis of effects: every estimate lies inside; a very wide interval is cut.

    Parameters
    ----------
    points, low, high : numpy.ndarray
        Estimates and the limits of their intervals as drawn; NaN where there is none.
    null : float
        Value of no effect (NaN without one); always inside.
    log : bool
        Whether the axis is logarithmic.

    Notes
    -----
    Intervals reach past the axis where they are longer, beyond the outermost estimate, than both the range of
    the estimates and twice the median half-width: one tiny study must not squeeze the others.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = np.log if log else np.asarray
        points, low, high = (np.asarray(turn(values), dtype=float) for values in (points, low, high))
        null = float(turn(null))
    seen = points[np.isfinite(points)]
    seen = np.append(seen, null) if math.isfinite(null) else seen
    if not len(seen):
        return (0.1, 10.0) if log else (-1.0, 1.0)
    halves = np.concatenate([points - low, high - points])
    halves = halves[np.isfinite(halves)]
    room = max(seen.max() - seen.min(), 2 * float(np.median(halves)) if len(halves) else 0.0)
    left = max(min([*low[np.isfinite(low)], seen.min()]), seen.min() - room)
    right = min(max([*high[np.isfinite(high)], seen.max()]), seen.max() + room)
    pad = 0.04 * (right - left) or 0.5
    left, right = left - pad, right + pad
    return (math.exp(left), math.exp(right)) if log else (left, right)


def effect_axis(
    ax: Axes,
    limits: tuple[float, float],
    log: bool,
    inches: float,
    style: Style = STYLE,
    vertical: bool = False,
) -> None:
    """Give axes an axis of effects with round ticks."""
    low, high = limits
    ticks = (log_ticks if log else linear_ticks)(low, high, inches, style.small)
    axis = ax.yaxis if vertical else ax.xaxis
    if log:
        (ax.set_yscale if vertical else ax.set_xscale)("log")
    (ax.set_ylim if vertical else ax.set_xlim)(low, high)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(lambda tick, _: tick_label(tick))
    axis.set_tick_params(labelsize=style.small, length=3, width=0.6, pad=2)
    for label in axis.get_ticklabels():
        label.set_fontproperties(font(style.small))
