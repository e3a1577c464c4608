"""One plot with a title above, its axes labelled and notes below; names of points placed where there is room."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evisynth.figures.frames import texts
from evisynth.figures.sheet import Sheet, linear_ticks, tick_label, title_lines
from evisynth.figures.style import STYLE, Style
from evisynth.figures.words import font, shorten, width, wrap


class Chart:
    """A sheet with one plotting area.

    Parameters
    ----------
    title : str
        Title, shown where the style wants one.
    wide, high : float
        Size of the plotting area in inches.
    notes : sequence of str
        Sentences below the plot.
    x_label, y_label : str
        Labels of the axes.
    style : Style
        The style.
    right : float
        Room at the right of the plot, inches.
    """

    def __init__(
        self,
        title: str,
        wide: float = 4.6,
        high: float = 3.4,
        notes: Sequence[str] = (),
        x_label: str = "",
        y_label: str = "",
        style: Style = STYLE,
        right: float = 0.25,
        below: float = 0.52,
    ):
        left, total = 0.72, 0.72 + wide + right
        inner = total - 2 * style.margin
        titles = title_lines(title, inner, style)
        lines = [part for note in notes if note for part in wrap(note, inner, style.small, lines=6)]
        top = style.margin + 0.2 * len(titles) + 0.1
        self.style, self.left, self.top, self.wide, self.high = style, left, top, wide, high
        self.foot = top + high + below
        self.sheet = Sheet(total, self.foot + 0.15 * len(lines) + style.margin, style)
        self.figure = self.sheet.figure
        self.sheet.title(titles)
        self.sheet.notes(self.foot, lines)
        self.ax: Axes = self.sheet.plot(left, top, wide, high, rows=False)
        self.sheet.text(left + wide / 2, top + high + 0.34, x_label, ha="center")
        self.sheet.text(0.2, top + high / 2, y_label, ha="center", va="center", rotation=90)
        self._taken: list[tuple[float, float, float, float]] = []

    def linear(self, which: str, low: float, high: float, label=tick_label) -> None:
        """Give the x or y axis linear limits with round ticks."""
        inches = self.wide if which == "x" else self.high
        ticks = linear_ticks(low, high, inches if which == "x" else inches * 1.2, self.style.small)
        axis = self.ax.xaxis if which == "x" else self.ax.yaxis
        (self.ax.set_xlim if which == "x" else self.ax.set_ylim)(low, high)
        axis.set_ticks(ticks, [label(tick) for tick in ticks])
        self.dress(which)

    def dress(self, which: str) -> None:
        """Set ticks and their labels in the style."""
        axis = self.ax.xaxis if which == "x" else self.ax.yaxis
        axis.set_tick_params(labelsize=self.style.small, length=3, width=0.6, pad=2)
        for text in axis.get_ticklabels():
            text.set_fontproperties(font(self.style.small))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the plot stands on the sheet, inches."""
        parts = []
        for value, limits, log in (
            (x, self.ax.get_xlim(), self.ax.get_xscale() == "log"),
            (y, self.ax.get_ylim(), self.ax.get_yscale() == "log"),
        ):
            turn = math.log if log else float
            low, high = (turn(limit) for limit in limits)
            parts.append((turn(value) - low) / (high - low))
        return self.left + self.wide * parts[0], self.top + self.high * (1 - parts[1])

    def keep_clear(self, x: float, y: float, half: float = 0.05) -> None:
        """Keep names off a point of the plot."""
        across, down = self.place(x, y)
        self._taken.append((across - half, down - half, across + half, down + half))

    def name(self, x: float, y: float, words: object, longest: float = 1.5, half: float = 0.05, **look) -> bool:
        """Write a name beside a point where nothing else stands; return whether there was room."""
        size = self.style.small
        words = shorten(words, longest, size)
        across, down = self.place(x, y)
        wide, tall = width(words, size), 0.11
        for shift_x, shift_y in (*_AROUND, *_FURTHER):
            left = across + shift_x * (half + 0.03) - (wide if shift_x < 0 else wide / 2 if shift_x == 0 else 0)
            top = down + shift_y * (half + 0.07) - tall / 2
            box = (left, top, left + wide, top + tall)
            if self._free(box):
                self._taken.append(box)
                if abs(shift_y) > 1.2 or abs(shift_x) > 1.2:  # too far to be seen as the point's own
                    to = left + (0 if shift_x > 0 else wide if shift_x < 0 else wide / 2)
                    ends = ((across, to), (down, top + (0 if shift_y > 0 else tall)))
                    self.ax.plot(*ends, transform=self.sheet.ax.transData, color=self.style.rule, lw=0.4, zorder=1.5)
                # into the plot itself, above its shading, though measured in the inches of the sheet
                where = {"transform": self.sheet.ax.transData, "parse_math": False, "clip_on": False, "zorder": 6}
                where |= {"fontproperties": font(size), "va": "center_baseline", "color": self.style.ink}
                self.ax.text(left, top + tall / 2, words, **(where | look))
                return True
        return False

    def _free(self, box: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = box
        if left < self.left + 0.02 or right > self.left + self.wide + 0.15:
            return False
        if top < self.top - 0.02 or bottom > self.top + self.high - 0.02:
            return False
        return all(right < a or left > c or bottom < b or top > d for a, b, c, d in self._taken)


def status_notes(frame: pd.DataFrame) -> list[str]:
    """Return what pale and open marks of studies mean, where a figure has any."""
    statuses = set(texts(frame, "status"))
    words = ["Filled: figures read in the publication"] if "verified" in statuses else []
    words += ["pale: derived or second-hand"] if "derived" in statuses else []
    words += ["open circle: nobody could confirm them"] if "unconfirmed" in statuses else []
    sentence = "; ".join(words)
    return [f"{sentence[:1].upper()}{sentence[1:]}."] if statuses & {"derived", "unconfirmed"} else []


_AROUND = ((1, 0), (-1, 0), (1, -0.8), (-1, -0.8), (1, 0.8), (-1, 0.8), (0, -1.15), (0, 1.15))

_FURTHER = tuple((x, y) for y in (-2.2, 2.2, -3.4, 3.4, -4.8) for x in (2.5, -2.5, 0))


def padded(values: np.ndarray, share: float = 0.06, include: Sequence[float] = ()) -> tuple[float, float]:
    """Return limits a little wider than the values; a range of no width is widened by 1 at each side."""
    seen = np.concatenate([np.asarray(values, dtype=float).ravel(), np.asarray(include, dtype=float)])
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        return -1.0, 1.0
    low, high = float(seen.min()), float(seen.max())
    if high - low < 1e-12 * max(1.0, abs(high)):
        return low - 1.0, high + 1.0
    return low - share * (high - low), high + share * (high - low)
