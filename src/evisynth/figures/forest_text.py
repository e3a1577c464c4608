"""The words and figures of a forest plot: counts by arm, estimates, heterogeneity, legend, alt text."""

import math
from collections.abc import Callable, Mapping

import pandas as pd
from matplotlib.axes import Axes

from evisynth.figures.forest_frame import SMALL_STUDY
from evisynth.figures.forest_marks import square
from evisynth.figures.frames import first, rows_of, text, value
from evisynth.figures.risk_levels import draw_level, place_of, words_of
from evisynth.figures.style import Style
from evisynth.figures.words import count, interval, number, p_value, percent, width

Item = tuple[Callable, str]
_NOBODY = "† figures nobody could confirm"


def count_columns(frame: pd.DataFrame) -> tuple[list[str], list[str], tuple[str, str, str]]:
    """Return what each arm gave, study by study, and the heads (arm 1, what is shown, arm 2)."""
    studies = [row for row in rows_of(frame) if text(row, "block") == "study"]
    ones, twos = ([arm_text(row, arm) for row in studies] for arm in (1, 2))
    under = "n"
    if any(math.isfinite(value(row, "events_1")) for row in studies):
        under = "events/n"
    elif any(math.isfinite(value(row, "mean_1")) for row in studies):
        under = "mean (SD), n"
    return ones, twos, (first(frame, "head_1"), under, first(frame, "head_2"))


def arm_text(row: Mapping, arm: int) -> str:
    """Return what one arm of a study gave: events of people, or mean, standard deviation and people."""
    events, n, mean, sd = (value(row, f"{name}_{arm}") for name in ("events", "n", "mean", "sd"))
    if math.isfinite(events):
        return f"{count(events)}/{count(n)}"
    if math.isfinite(mean):
        return f"{number(mean)} ({number(sd)}), {count(n)}"
    if arm == 2 and math.isnan(n) and text(row, "paired") == "yes" and math.isfinite(value(row, "n_1")):
        return "the same"
    return count(n)


def estimate_text(row: Mapping, prediction: bool = False) -> str:
    """Return the estimate with its interval as the column on the right shows it."""
    if prediction:
        low, high = value(row, "natural_pi_low"), value(row, "natural_pi_high")
        return interval(low, low, high).partition(" ")[2]
    estimate = value(row, "natural_estimate")
    if math.isnan(estimate):
        # where there is no figure the first of its words says what is known
        return text(row, "words").split(";")[0] if text(row, "block") == "beside" else ""
    words = interval(estimate, value(row, "natural_ci_low"), value(row, "natural_ci_high"))
    if text(row, "status") == "other measure":
        return f"{text(row, 'words').split(';')[0]} {words}"
    return words


def heterogeneity_text(summaries: list[dict]) -> list[str]:
    """Return the line about heterogeneity, of the headline method; nothing for one study."""
    row = next((row for row in summaries if text(row, "status") == "headline"), None)
    if row is None or math.isnan(value(row, "q")):
        return []
    q = f"Q = {value(row, 'q'):,.2f}, df = {count(value(row, 'q_df'))}, {p_value(value(row, 'q_p'))}"
    tau2 = value(row, "tau2")
    if math.isnan(tau2):
        return [f"Heterogeneity: {q}", "τ² is 0 by assumption (common effect)"]
    low, high = value(row, "tau2_ci_low"), value(row, "tau2_ci_high")
    limits = f" [{number(low, 3)}, {number(high, 3)}]" if math.isfinite(low) and math.isfinite(high) else ""
    return [f"Heterogeneity: τ² = {number(tau2, 3)}{limits}, I² = {percent(value(row, 'i2'), 0)}", q]


def test_text(row: Mapping) -> str:
    """Return the line of the test for subgroup differences."""
    q = f"Q = {value(row, 'q'):,.2f}, df = {count(value(row, 'q_df'))}, {p_value(value(row, 'q_p'))}"
    return f"{text(row, 'label')}: {q}" if math.isfinite(value(row, "q")) else f"{text(row, 'label')}: not possible"


def group_text(row: Mapping) -> str:
    """Return what stands below the diamond of a subgroup: its heterogeneity, or why there is none."""
    if not math.isfinite(value(row, "tau2")) or value(row, "k") < 2:
        return ""
    return f"τ² = {number(value(row, 'tau2'), 3)}, I² = {percent(value(row, 'i2'), 0)}"


def legend_items(frame: pd.DataFrame, inches: float, style: Style) -> list[list[Item]]:
    """Return lines of (mark, words): only what the figure holds, as many to a line as fit."""
    rows = rows_of(frame)
    studies = [row for row in rows if text(row, "block") == "study"]
    statuses = {text(row, "status") for row in studies}
    items: list[Item] = [
        (_square_mark(status), words)
        for status, words in (
            ("verified", "figures read in the publication"),
            ("derived", "‡ figures derived or second-hand; the table says how"),
            ("unconfirmed", _NOBODY),
        )
        if status in statuses
    ]
    if "unconfirmed" not in statuses and any(text(row, "unconfirmed") == "yes" for row in rows):
        items.append((_no_mark, _NOBODY))
    if any(text(row, "small") == "yes" for row in studies):
        items.append((_no_mark, f"§ fewer than {SMALL_STUDY} people"))
    marked = [row for row in rows if math.isfinite(value(row, "natural_estimate"))]
    blocks = {text(row, "block") for row in marked if text(row, "status") != "other measure"}
    items += [(_circle_mark, "pooled by others")] if "beside" in blocks else []
    items += [(_bayes_mark, "Bayesian, credible interval")] if "bayes" in blocks else []
    levels = sorted({text(row, "risk_of_bias") or "not assessed" for row in studies}, key=place_of)
    items += [(_level_mark(level), f"risk of bias: {words_of(level)}") for level in levels]
    lines: list[list[Item]] = []
    room = 0.0
    for item in items:
        need = 0.42 + width(item[1], style.small)
        if not lines or need > room:
            lines.append([])
            room = inches
        lines[-1].append(item)
        room -= need
    return lines


def _square_mark(status: str) -> Callable:
    def draw(ax: Axes, x: float, y: float, style: Style) -> None:
        square(ax, x, y, 5.5, status, style)

    return draw


def _no_mark(_ax: Axes, _x: float, _y: float, _style: Style) -> None:
    """Draw nothing: the sign in the words is the mark."""


def _circle_mark(ax: Axes, x: float, y: float, style: Style) -> None:
    ax.plot(x, y, "o", ms=4.6, mfc="white", mec=style.beside, mew=1.0)


def _bayes_mark(ax: Axes, x: float, y: float, style: Style) -> None:
    ax.plot(x, y, "D", ms=4.6, mfc="white", mec=style.bayes, mew=1.0)
    ax.plot(x, y, "o", ms=1.8, color=style.bayes, mew=0)


def _level_mark(level: str) -> Callable:
    def draw(ax: Axes, x: float, y: float, style: Style) -> None:
        draw_level(ax, x, y, level, 7.6, style)

    return draw


def rows_alt_text(frame: pd.DataFrame) -> str:
    """Return the alt text of a forest plot, from its frame."""
    rows = rows_of(frame)
    studies = [row for row in rows if text(row, "block") == "study"]
    words = [f"Forest plot: {first(frame, 'title')}."]
    if studies:
        label = first(frame, "axis_label").split(" (")[0].lower()
        kind = "study" if len(studies) == 1 else "studies"
        words.append(f"{len(studies)} {kind}; {label} of each with its interval.")
        points = [value(row, "natural_estimate") for row in studies]
        words.append(f"Estimates run from {number(min(points))} to {number(max(points))}.")
    for row in rows:
        if text(row, "block") == "summary" and text(row, "status") == "headline":
            words.append(f"Headline, {text(row, 'label')}: {estimate_text(row)}.")
            if math.isfinite(value(row, "natural_pi_low")):
                words.append(f"Prediction interval {estimate_text(row, prediction=True)}.")
        elif text(row, "block") == "bayes" and text(row, "status") != "failed":
            words.append(f"{text(row, 'label')}: {estimate_text(row)}.")
        elif text(row, "block") == "subgroup" and math.isfinite(value(row, "natural_estimate")):
            words.append(f"Subgroup {text(row, 'label')}: {estimate_text(row)}.")
        elif text(row, "block") == "between":
            words.append(f"{test_text(row)}.")
        elif text(row, "block") == "note":
            words.append(f"{text(row, 'words')[:1].upper()}{text(row, 'words')[1:]}".rstrip(".") + ".")
    words += heterogeneity_text([row for row in rows if text(row, "block") == "summary"])
    counted = {
        "beside": ("result pooled by others", "results pooled by others"),
        "left_out": ("study not in the analysis", "studies not in the analysis"),
        "concerned": ("study that the question concerns", "studies that the question concerns"),
        "paired": ("study in the same people", "studies in the same people"),
    }
    for block, (one, several) in counted.items():
        size = sum(text(row, "block") == block for row in rows)
        words += [f"{size} {one if size == 1 else several} listed."] if size else []
    return " ".join(word if word.endswith(".") else f"{word}." for word in words)
