"""Pictures of many analyses: the report of a corpus, heat maps of coverage, histograms of calibration."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from evisynth.figures.style import STYLE, drawing, save

# Coverage in per cent: too low in steps of red, about right white, too high in steps of blue.
_EDGES = (0, 80, 85, 90, 93, 97, 98.5, 100.001)
_COLOURS = ("#8c2d04", "#cc4c02", "#fe9929", "#fee391", "#ffffff", "#c6dbef", "#6baed6")
_COLOUR_OF = {
    "estimator": STYLE.blue,
    "interval": STYLE.orange,
    "model": STYLE.grey,
    "school": STYLE.good,
    "prior": STYLE.purple,
    "both": STYLE.bad,
}
_MARKER_OF = {"estimator": "o", "interval": "s", "model": "^", "school": "D", "prior": "v"}


def draw_corpus(results: pa.Table, summary: dict[str, Any], path: Path) -> tuple[Path, ...]:
    """Draw the distributions of tau2 and I2 and how often conclusions change.

    Parameters
    ----------
    results : pyarrow.Table
        As `gathering.gather` writes it.
    summary : dict
        As `summary.summarise` makes it.
    path : pathlib.Path
        The file without its suffix; gets ``.svg`` and ``.png``.
    """
    k, status = results["k"].to_numpy(), results["status"].to_numpy()
    several = (k >= 2) & (status == "ok")
    with drawing("corpus"):
        figure = Figure(figsize=(7.2, 6.0), layout="constrained")
        axes = figure.subplots(2, 2)
        _tau2(axes[0, 0], results["tau2"].to_numpy()[several], summary)
        _i2(axes[0, 1], results["i2"].to_numpy()[several], summary)
        _changes(axes[1, 0], summary)
        _changes_by_k(axes[1, 1], summary)
    return save(figure, path, "corpus")


def _tau2(axes: Axes, tau2: np.ndarray, summary: dict[str, Any]) -> None:
    positive = tau2[tau2 > 0]
    axes.set_xlabel("tau² above 0, log scale")
    axes.set_ylabel("analyses")
    if len(positive):
        low, high = np.floor(np.log10(np.quantile(positive, 0.001))), np.ceil(np.log10(np.quantile(positive, 0.999)))
        edges = np.logspace(low, max(high, low + 1), 41)
        axes.hist(np.clip(positive, edges[0], edges[-1]), edges, color=STYLE.study)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        axes.xaxis.set_minor_formatter("")
    zero = summary["tau2"].get("share_zero")
    axes.set_title("Between-study variance" + ("" if zero is None else f" ({100 * zero:.0f} % at 0)"), loc="left")


def _i2(axes: Axes, i2: np.ndarray, summary: dict[str, Any]) -> None:
    zero = summary["i2"].get("share_zero")
    axes.hist(i2[i2 > 0], np.linspace(0, 100, 41), color=STYLE.study)
    axes.set_xlabel("I² above 0, %")
    axes.set_ylabel("analyses")
    axes.set_title("Inconsistency" + ("" if zero is None else f" ({100 * zero:.0f} % at 0)"), loc="left")


def _changes(axes: Axes, summary: dict[str, Any]) -> None:
    rows = summary["conclusions"].get("comparisons", [])
    rows = [row for row in rows if row["share"] is not None]
    axes.set_title("Conclusions that change", loc="left")
    if not rows:
        _nothing(axes)
        return
    at = np.arange(len(rows))[::-1]
    share = [100 * row["share"] for row in rows]
    axes.barh(at, share, color=[_COLOUR_OF[row["kind"]] for row in rows], height=0.7)
    for y, value in zip(at, share, strict=True):
        axes.text(value, y, f" {value:.1f}", va="center", fontsize=STYLE.small)
    axes.set_yticks(at, [row["title"] for row in rows])
    axes.set_xlim(0, 1.15 * max([*share, 1.0]))
    axes.set_xlabel("% of analyses with two studies or more")


def _changes_by_k(axes: Axes, summary: dict[str, Any]) -> None:
    rows = summary["conclusions"].get("any", [])
    axes.set_title("By number of studies", loc="left")
    if not rows:
        _nothing(axes)
        return
    names = [part["k"] for part in rows[0]["by_k"]]
    at = np.arange(len(names))
    for row in rows:
        share = [np.nan if part["share"] is None else 100 * part["share"] for part in row["by_k"]]
        colour, marker = _COLOUR_OF[row["kind"]], _MARKER_OF[row["kind"]]
        axes.plot(at, share, color=colour, marker=marker, markersize=4, linewidth=1.2, label=row["words"])
    axes.set_xticks(at, [name.replace(" or more", "+") for name in names])
    # room for the legend above the lines
    axes.set_ylim(0, 1.5 * max(axes.get_ylim()[1], 1.0))
    axes.set_xlabel("studies")
    axes.set_ylabel("% that change")
    axes.legend(loc="upper right")


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "nothing to compare", ha="center", va="center", transform=axes.transAxes, color=STYLE.grey)
    axes.set_axis_off()


def draw_heat_maps(
    frame: pd.DataFrame,
    path: Path,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    panel: str,
    value: str = "coverage",
    titles: dict[Any, str] | None = None,
    axis: str = "",
    title: str = "",
) -> tuple[Path, ...]:
    """Draw coverage as heat maps: one panel per value of a column, every cell with its figure.

    Parameters
    ----------
    frame : DataFrame
        One row per cell; `value` between 0 and 1, missing where nothing was simulated.
    path : pathlib.Path
        The file without its suffix; gets ``.png``.
    rows, columns : sequence of str
        Columns of the frame whose values, in the frame's order, make the rows and the columns of a panel.
    panel : str
        Column of the frame that makes the panels.
    value : str
    titles : dict, optional
        Words for a panel.
    axis, title : str
        Words below the columns, and over all panels.
    """
    panels = list(dict.fromkeys(frame[panel]))
    heights = [len(frame[frame[panel] == p][list(rows)].drop_duplicates()) for p in panels]
    width = len(frame[list(columns)].drop_duplicates())
    with drawing("coverage"):
        size = (2.0 + max(0.42 * width, 3.2), 0.9 + sum(0.2 * h + 0.75 for h in heights))
        figure = Figure(figsize=size, layout="constrained")
        axes = np.atleast_1d(figure.subplots(len(panels), 1, height_ratios=heights))
        for ax, name in zip(axes, panels, strict=True):
            image = _heat_map(ax, frame[frame[panel] == name], list(rows), list(columns), value)
            ax.set_xlabel(axis or ", ".join(columns), fontsize=STYLE.small)
            ax.set_title((titles or {}).get(name, str(name)), loc="left", fontsize=STYLE.size)
        bar = figure.colorbar(image, ax=list(axes), location="bottom", shrink=0.8, aspect=40, pad=0.02)
        bar.set_ticks([e for e in _EDGES[1:-1]], labels=[f"{e:g}" for e in _EDGES[1:-1]])
        bar.set_label("coverage, %; white: 93 to 97")
        if title:
            figure.suptitle(title, fontsize=STYLE.title, x=0.01, ha="left")
    return save(figure, path, path.name, ("png",))


def _heat_map(ax: Axes, frame: pd.DataFrame, rows: list[str], columns: list[str], value: str):
    row_keys = list(dict.fromkeys(frame[rows].itertuples(index=False, name=None)))
    column_keys = list(dict.fromkeys(frame[columns].itertuples(index=False, name=None)))
    table = np.full((len(row_keys), len(column_keys)), np.nan)
    for row, column, x in zip(
        frame[rows].itertuples(index=False, name=None),
        frame[columns].itertuples(index=False, name=None),
        frame[value],
        strict=True,
    ):
        table[row_keys.index(row), column_keys.index(column)] = 100 * x if x is not None else np.nan
    colours = ListedColormap(_COLOURS).with_extremes(bad=STYLE.faint)
    image = ax.imshow(table, cmap=colours, norm=BoundaryNorm(_EDGES, len(_COLOURS)), aspect="auto")
    for (i, j), x in np.ndenumerate(table):
        dark = x < 85
        text = "" if np.isnan(x) else f"{x:.1f}"
        ax.text(j, i, text, ha="center", va="center", fontsize=6, color="white" if dark else STYLE.ink)
    ax.set_xticks(range(len(column_keys)), ["\n".join(_short(x) for x in key) for key in column_keys])
    ax.set_yticks(range(len(row_keys)), [" ".join(_short(x) for x in key) for key in row_keys])
    ax.tick_params(length=0, labelsize=6.5)
    ax.spines[:].set_visible(False)
    return image


def _short(x: Any) -> str:
    return f"{x:g}" if isinstance(x, int | float | np.number) else str(x)


def draw_calibration(histogram: pd.DataFrame, path: Path) -> tuple[Path, ...]:
    """Draw the histograms of a simulation-based calibration.

    Parameters
    ----------
    histogram : DataFrame
        ``setting, quantity`` and the columns of `bayes.calibration.Calibration.histogram`.
    path : pathlib.Path
        The file without its suffix; gets ``.png``.
    """
    settings, quantities = (list(dict.fromkeys(histogram[c])) for c in ("setting", "quantity"))
    with drawing("calibration"):
        figure = Figure(figsize=(7.2, 0.6 + 0.85 * len(settings)), layout="constrained")
        axes = figure.subplots(len(settings), len(quantities), squeeze=False, sharex=True)
        for (i, setting), (j, quantity) in ((a, b) for a in enumerate(settings) for b in enumerate(quantities)):
            ax = axes[i, j]
            part = histogram[(histogram["setting"] == setting) & (histogram["quantity"] == quantity)]
            ax.axhspan(part["band_low"].iloc[0], part["band_high"].iloc[0], color=STYLE.other, linewidth=0)
            ax.stairs(part["count"], [*part["low"], 1.0], color=STYLE.study, linewidth=1.2)
            ax.set_ylim(0, 1.35 * part["expected"].iloc[0])
            ax.set_xlim(0, 1)
            ax.set_yticks([])
            if i == 0:
                ax.set_title({"next": "effect of a further study"}.get(quantity, quantity), fontsize=STYLE.size)
            if j == 0:
                ax.set_ylabel(setting.replace("; ", "\n"), fontsize=6, rotation=0, ha="right", va="center")
        words = "posterior distribution function at the true value; grey: 99 % of uniform bins"
        figure.supxlabel(words, fontsize=STYLE.small)
    return save(figure, path, "calibration", ("png",))
