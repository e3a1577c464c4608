"""How far the posterior moves with its priors: families of the heterogeneity prior by scale, for each effect prior."""

import math

import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evisynth.figures.frames import axis_columns, chosen, first, framed, null_of, require, rows_of, text, value
from evisynth.figures.sheet import Sheet, identifier, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import interval, number, prior_words, probability, shorten, width, wrap

NUMBERS = ("scale", "natural_estimate", "natural_ci_low", "natural_ci_high", "p_benefit")
COLUMNS = (
    "row", "synthesis", "measure", "tau_prior", "mu_prior", "family", "mu_family", "planned", "status", *NUMBERS,
    "axis_label", "log_axis", "null_value", "title", "from",
)  # fmt: skip
_CELL, _HIGH = 0.42, 0.19
_BLUES = LinearSegmentedColormap.from_list("blues", ["#f7f9fb", "#c6dbeb", "#6a9fc8", "#1f4e79"])
_EFFECT_PRIORS = {"unit_information": "unit information", "flat": "flat"}


def prior_surface_frame(surface: pd.DataFrame, synthesis: str, measure: str, *, title: str = "") -> pd.DataFrame:
    """Collect the posteriors under every pair of priors.

    Parameters
    ----------
    surface : pandas.DataFrame
        ``bayes/prior_surface.csv``; a pair of priors without a posterior has blank numbers.
    synthesis, measure : str
        Whose.
    title : str
        The title.
    """
    rows = [
        {
            "row": f"{text(row, 'tau_prior')}:{text(row, 'mu_prior')}",
            **{name: text(row, name) for name in ("tau_prior", "mu_prior", "family", "mu_family", "status")},
            "planned": "yes" if text(row, "planned") in ("yes", "True") else "no",
            **{name: value(row, name) for name in NUMBERS},
            "from": "bayes/prior_surface.csv:"
            + ":".join([synthesis, measure, text(row, "tau_prior"), text(row, "mu_prior")]),
        }
        for row in rows_of(chosen(surface, synthesis=synthesis, measure=measure))
    ]
    shared = {"synthesis": synthesis, "measure": measure, **axis_columns(measure)}
    shared["title"] = title or "The posterior under other priors"
    return framed(({**row, **shared} for row in rows), COLUMNS)


def plot_prior_surface(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a heat map: in each cell the posterior median, its shade the probability of benefit.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`prior_surface_frame` gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("family", "mu_prior", "natural_estimate", "p_benefit", "from"), "surface of priors")
    style = style or STYLE
    with drawing():
        return _surface(frame, style)


def _surface(frame: pd.DataFrame, style: Style) -> Figure:
    rows, null = rows_of(frame), null_of(frame)
    families = list(dict.fromkeys(text(row, "family") for row in rows))
    scales = sorted({value(row, "scale") for row in rows if math.isfinite(value(row, "scale"))})
    columns = [*scales, math.inf] if any(math.isnan(value(row, "scale")) for row in rows) else scales
    panels = list(dict.fromkeys((text(row, "mu_prior"), text(row, "mu_family")) for row in rows))
    names = {family: prior_words(family) if family != "planned" else _planned_words(rows) for family in families}
    label = min(max([width(name, style.size) for name in names.values()] + [1.0]), 2.9)
    left = style.margin + label + 0.14
    wide = max(left + _CELL * len(columns) + 0.16, 5.0)
    title = title_lines(first(frame, "title"), wide - 0.3, style)
    words = (
        f"In each cell the posterior median ({first(frame, 'measure')}); bold: its 95% interval leaves out no effect. "
    )
    words += (
        "Shade: probability of benefit. Framed: the plan's priors. Scales are medians of τ, in units of the plan's."
    )
    notes = wrap(words, wide - 2 * style.margin, style.small, lines=5)
    top = style.margin + 0.2 * len(title) + 0.06
    panel = 0.42 + _HIGH * len(families) + 0.12
    bottom = top + panel * len(panels)
    sheet = Sheet(wide, bottom + 0.45 + 0.145 * len(notes) + style.margin, style)
    sheet.title(title)
    for i, (prior, family) in enumerate(panels):
        y = top + panel * i
        kind = _EFFECT_PRIORS.get(family, family)
        own = prior_words(prior)
        sheet.text(style.margin, y + 0.13, f"Effect prior: {kind if kind == own else f'{kind}, {own}'}", weight="bold")
        for j, scale in enumerate(columns):
            sheet.text(left + _CELL * (j + 0.5), y + 0.33, _scale_words(scale), 6.5, ha="center", color=style.grey)
        for j, name in enumerate(families):
            sheet.text(style.margin, y + 0.42 + _HIGH * (j + 0.5), shorten(names[name], label + 0.05, style.size))
        for row in rows:
            if text(row, "mu_prior") == prior:
                scale = value(row, "scale")
                place = columns.index(scale if math.isfinite(scale) else math.inf)
                corner = (left + _CELL * place, y + 0.42 + _HIGH * families.index(text(row, "family")))
                _cell(sheet, row, corner, null)
    _key(sheet, left, bottom + 0.06)
    sheet.notes(bottom + 0.5, notes, 0.145)
    return sheet.figure


def _planned_words(rows: list[dict]) -> str:
    prior = next((text(row, "tau_prior") for row in rows if text(row, "family") == "planned"), "")
    return f"planned: {prior_words(prior)}"


def _scale_words(scale: float) -> str:
    if math.isinf(scale):
        return "∞"
    return f"×{scale:.3g}"


def _cell(sheet: Sheet, row: dict, corner: tuple[float, float], null: float) -> None:
    style, (x, y) = sheet.style, corner
    estimate, share = value(row, "natural_estimate"), value(row, "p_benefit")
    planned = text(row, "planned") == "yes"
    if not math.isfinite(estimate):
        sheet.ax.add_artist(Rectangle((x, y), _CELL, _HIGH, fc="white", ec=style.rule, lw=0.3, hatch="////"))
        return
    look = {"fc": _BLUES(share), "ec": style.bayes if planned else "white", "lw": 1.6 if planned else 0.5}
    # a frame that is drawn later is not painted over by its neighbours
    patch = Rectangle((x, y), _CELL, _HIGH, zorder=3 if planned else 2, **look)
    patch.set_gid(identifier("prior_surface", row))
    sheet.ax.add_artist(patch)
    apart = not value(row, "natural_ci_low") <= null <= value(row, "natural_ci_high")
    ink = style.ink_on(_BLUES(share))
    weight = "bold" if apart else "normal"
    sheet.text(x + _CELL / 2, y + _HIGH / 2, number(estimate), 6.5, ha="center", color=ink, weight=weight, zorder=4)


def _key(sheet: Sheet, left: float, y: float) -> None:
    """Draw the shades of the probability of benefit."""
    style = sheet.style
    sheet.text(left - 0.1, y + 0.08, "P(benefit)", style.small, ha="right", color=style.grey)
    for i in range(40):
        sheet.ax.add_artist(Rectangle((left + 0.05 * i, y), 0.051, 0.15, fc=_BLUES((i + 0.5) / 40), lw=0))
    sheet.ax.add_artist(Rectangle((left, y), 2.0, 0.15, fc="none", ec=style.rule, lw=0.5))
    for share in (0.0, 0.5, 1.0):
        sheet.text(left + 2.0 * share, y + 0.24, f"{share:g}", 6.5, ha="center", color=style.grey)


def alt_text(frame: pd.DataFrame) -> str:
    """Return the surface of priors in words, from its frame."""
    rows = [row for row in rows_of(frame) if math.isfinite(value(row, "natural_estimate"))]
    words = f"{first(frame, 'title', 'The posterior under other priors')}: {len(rows)} pairs of priors."
    if rows:
        estimates = [value(row, "natural_estimate") for row in rows]
        shares = [value(row, "p_benefit") for row in rows]
        words += f" Posterior medians from {number(min(estimates))} to {number(max(estimates))};"
        words += f" probability of benefit from {probability(min(shares))} to {probability(max(shares))}."
    for row in rows:
        if text(row, "planned") == "yes":
            found = interval(*(value(row, name) for name in NUMBERS[1:4]))
            words += f" Planned priors: {found}, probability of benefit {probability(value(row, 'p_benefit'))}."
    return words
