"""Histograms of a simulation-based calibration: where the truth fell in the posterior, quantity by quantity."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evisynth.figures.frames import require
from evisynth.figures.style import STYLE, Style, drawing

NEEDED = (
    "quantity",
    "low",
    "high",
    "count",
    "expected",
    "band_low",
    "band_high",
    "n",
    "failed",
    "chi2_p",
    "coverage_90",
)
WORDS = {
    "mu": "mean effect, μ",
    "tau": "heterogeneity, τ",
    "theta": "effect in the first study",
    "theta_next": "effect in the next study",
    "baseline": "first study without treatment",
    "q": "larger risk of the first study",
    "beta": "slope of the covariate",
    "tau_within": "heterogeneity within conditions",
    "condition_mean": "mean of the first condition",
    "condition_next": "mean of the next condition",
}
_ACROSS, _WIDE, _HIGH = 4, 1.72, 1.5
_NOTE = (
    "Where the true value lies among the posterior's draws, or in its distribution function. Dashed: as many as "
    "expected in a bin. Grey: 99 % of bins if the model is calibrated. p: chi-squared test. 90 %: intervals that hold "
    "the truth."
)


def plot_calibration(frame: pd.DataFrame, *, title: str = "", style: Style | None = None) -> Figure:
    """Draw the rank histograms of one model.

    Parameters
    ----------
    frame : pandas.DataFrame
        One model's rows of ``docs/coverage/model_calibration.csv``.
    title : str
        What stands above.
    style : Style, optional
        Another style.
    """
    require(frame, NEEDED, "calibration")
    style = style or STYLE
    groups = list(frame.groupby("quantity", sort=False))
    across = min(_ACROSS, len(groups))
    down = math.ceil(len(groups) / across)
    wide = 0.5 + max(across, 2) * _WIDE
    with drawing("calibration"):
        figure = Figure(figsize=(wide, 0.95 + down * _HIGH), layout="constrained")
        axes = figure.subplots(down, max(across, 2), squeeze=False).ravel()
        highest = 1.08 * max(frame["count"].max(), frame["band_high"].max())
        for ax, (quantity, part) in zip(axes, groups, strict=False):
            _histogram(ax, WORDS.get(quantity, quantity.replace("_", " ")), part, highest, style)
        for ax in axes[len(groups) :]:
            ax.set_axis_off()
        n, failed = int(frame["n"].iloc[0]), int(frame["failed"].iloc[0])
        words = f"{title}: {n} data sets" + (f", {failed} fits failed their gate" if failed else "")
        figure.suptitle(words, x=0.01, ha="left", fontsize=style.title, fontweight="bold")
        figure.supxlabel(_wrapped(wide), x=0.01, ha="left", fontsize=style.small, color=style.grey)
    return figure


def _histogram(ax: Axes, words: str, part: pd.DataFrame, highest: float, style: Style) -> None:
    row = part.iloc[0]
    ax.axhspan(row["band_low"], row["band_high"], color=style.unknown, alpha=0.55, lw=0, zorder=0)
    edges = np.array([*part["low"], part["high"].iloc[-1]])
    ax.axhline(row["expected"], color=style.grey, lw=0.7, ls=(0, (3, 2)), zorder=1)
    ax.stairs(part["count"], edges, color=style.study, lw=1.3, zorder=2)
    ax.set(xlim=(0, 1), ylim=(0, highest), xticks=(0, 0.5, 1), xticklabels=("0", "0.5", "1"))
    ax.tick_params(labelsize=style.small, length=2.5, width=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_title(
        f"{words}\np {row['chi2_p']:.2f}; 90 %: {100 * row['coverage_90']:.1f} %", fontsize=style.small, loc="left"
    )


def _wrapped(inches: float) -> str:
    from evisynth.figures.words import wrap

    return "\n".join(wrap(_NOTE, inches - 0.2, STYLE.small))
