"""Risk of bias as traffic lights: studies by domains."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from evisynth.figures.forest_frame import judgement_reference
from evisynth.figures.frames import chosen, first, framed, require, rows_of, text, texts
from evisynth.figures.risk_levels import NOT_ASSESSED, draw_key, draw_level, key_lines, place_of
from evisynth.figures.sheet import Sheet, identifier, title_lines
from evisynth.figures.style import STYLE, Style, drawing
from evisynth.figures.words import clean, shorten, width, wrap
from evisynth.ordering import in_one_order

COLUMNS = (
    "row", "synthesis", "study_id", "outcome_id", "tool", "aim", "label", "outcome", "domain", "domain_name",
    "level", "weight", "title", "from",
)  # fmt: skip
OVERALL = "overall"


def risk_of_bias_frame(
    judgements: pd.DataFrame,
    *,
    studies: pd.DataFrame | None = None,
    outcomes: pd.DataFrame | None = None,
    tools: Sequence[str] = (),
    members: Mapping[str, str] | None = None,
    weights: Mapping[str, float] | None = None,
    synthesis: str = "",
    title: str = "Risk of bias",
) -> pd.DataFrame:
    """Collect the judgements a table of traffic lights shows.

    Parameters
    ----------
    judgements : pandas.DataFrame
        ``quality/judgements.csv``.
    studies, outcomes : pandas.DataFrame, optional
        ``studies.csv`` and ``outcomes.csv`` (checked), for the names.
    tools : sequence of str
        Only these tools; empty: all. Tools whose domains are alike (RoB 2 and its crossover form) can stand in
        one table; others read better alone.
    members : mapping of str to str, optional
        Study to the outcome wanted: the studies of one synthesis. A study nobody has judged then has a row of
        empty rings. Without it every judged study and outcome.
    weights : mapping of str to float, optional
        Weight of every study in per cent, for the bars.
    synthesis, title : str
        Whose table it is.

    Returns
    -------
    pandas.DataFrame
        One row per study, outcome and domain, columns `COLUMNS`; ``level`` is the final judgement.
    """
    kept = judgements if not tools else judgements[[tool in tools for tool in texts(judgements, "tool")]]
    if members is not None:
        wanted = {(study, outcome) for study, outcome in members.items()}
        pairs = zip(texts(kept, "study_id"), texts(kept, "outcome_id"), strict=True)
        kept = kept[[pair in wanted for pair in pairs]] if len(kept) else kept
    names = {text(row, "study_id"): text(row, "label") for row in rows_of(studies)} if studies is not None else {}
    said = {text(row, "outcome_id"): text(row, "name") for row in rows_of(outcomes)} if outcomes is not None else {}
    weights = weights or {}
    rows = []
    for row in rows_of(kept):
        study, outcome, tool, domain = (text(row, name) for name in ("study_id", "outcome_id", "tool", "domain"))
        rows.append(
            {
                "row": f"{study}:{outcome}:{tool}:{domain}",
                "study_id": study,
                "outcome_id": outcome,
                "tool": tool,
                "aim": text(row, "aim"),
                "label": names.get(study, study),
                "outcome": said.get(outcome, outcome),
                "domain": domain,
                "domain_name": text(row, "domain_name"),
                "level": text(row, "final") or NOT_ASSESSED,
                "weight": weights.get(study),
                "from": judgement_reference(row),
            }
        )
    judged = {row["study_id"] for row in rows}
    for study, outcome in (members or {}).items():
        if study not in judged:
            rows += _unjudged(study, outcome, rows, names.get(study, study), said.get(outcome, ""), weights.get(study))
    order = {study: place for place, study in enumerate(members or {})}
    rows.sort(key=lambda row: order.get(row["study_id"], len(order)))
    return framed(({**row, "synthesis": synthesis, "title": title} for row in rows), COLUMNS)


def _unjudged(study: str, outcome: str, rows: list[dict], label: str, said: str, weight) -> list[dict]:
    known = {row["domain"]: row["domain_name"] for row in rows if row["from"].startswith("quality/")}
    return [
        {
            "row": f"{study}:{outcome}::{domain}",
            "study_id": study,
            "outcome_id": outcome,
            "label": label,
            "outcome": said,
            "domain": domain,
            "domain_name": name,
            "level": NOT_ASSESSED,
            "weight": weight,
            "from": f"studies.csv:{study}",
        }
        for domain, name in (known or {OVERALL: OVERALL}).items()
    ]


def domains_of(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the domains of a frame in the order of its tools, overall last: (id, name)."""
    per_row: dict[tuple, list[str]] = {}
    names: dict[str, str] = {}
    for row in rows_of(frame):
        key = (text(row, "study_id"), text(row, "outcome_id"), text(row, "tool"))
        per_row.setdefault(key, []).append(text(row, "domain"))
        names.setdefault(text(row, "domain"), text(row, "domain_name"))
    order = in_one_order(per_row.values())
    order = [domain for domain in order if domain != OVERALL] + [OVERALL] * (OVERALL in order)
    return [(domain, names[domain]) for domain in order]


def plot_risk_of_bias(frame: pd.DataFrame, *, style: Style | None = None) -> Figure:
    """Draw a table of traffic lights: studies by domains, the overall judgement apart.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`risk_of_bias_frame` gives.
    style : Style, optional
        Another style.
    """
    require(frame, ("label", "domain", "level", "from"), "risk-of-bias table")
    style = style or STYLE
    with drawing():
        return _traffic_lights(frame, style)


_STEP, _ROW = 0.36, 0.215  # inches from light to light and from study to study


def _traffic_lights(frame: pd.DataFrame, style: Style) -> Figure:
    studies: dict[tuple, dict] = {}
    for row in rows_of(frame):
        key = (text(row, "study_id"), text(row, "outcome_id"), text(row, "tool"))
        studies.setdefault(key, {"row": row, "cells": {}})["cells"][text(row, "domain")] = row
    domains = domains_of(frame)
    label, outcome = _widths(studies, style)
    start = style.margin + label + 0.15 + outcome
    wide = max(start + _STEP * len(domains) + 0.3, 4.9)
    inner = wide - 2 * style.margin
    words = [f"{domain}: {name}" for domain, name in domains if domain != OVERALL and name]
    notes = wrap("; ".join(words), inner, style.small, lines=9) if words else []
    title = title_lines(first(frame, "title"), inner, style)
    keys = key_lines(texts(frame, "level"), inner, style)
    high = 2 * style.margin + 0.2 * len(title) + 0.34 + _ROW * max(len(studies), 1) + 0.12
    sheet = Sheet(wide, high + 0.145 * len(notes) + 0.17 * len(keys) + 0.08, style)
    sheet.title(title)
    y = style.margin + 0.2 * len(title)
    sheet.rule(y + 0.03, wide=0.9)
    sheet.text(style.margin, y + 0.2, "Study", weight="bold")
    if outcome:
        sheet.text(style.margin + label + 0.15, y + 0.2, "Outcome", weight="bold")
    places = {
        domain: start + _STEP * (i + 0.5) + (0.14 if domain == OVERALL else 0) for i, (domain, _) in enumerate(domains)
    }
    for domain, place in places.items():
        name = "Overall" if domain == OVERALL else domain
        sheet.text(place, y + 0.2, name, style.small if domain == OVERALL else None, ha="center", weight="bold")
    y += 0.34
    sheet.rule(y)
    if not studies:
        sheet.text(style.margin, y + 0.11, "No study has been judged.")
        y += _ROW
    for i, item in enumerate(studies.values()):
        if i % 2:
            sheet.band(y, y + _ROW)
        _lights(sheet, item, y, (label, outcome), places)
        y += _ROW
    sheet.rule(y)
    y += 0.12
    for line in notes:
        sheet.text(style.margin, y + 0.05, line, style.small, color=style.grey)
        y += 0.145
    draw_key(sheet, keys, y + 0.05)
    return sheet.figure


def _widths(studies: Mapping[tuple, dict], style: Style) -> tuple[float, float]:
    """Return how wide names of studies and of outcomes are; no room for outcomes where all rows are of one."""
    rows = [item["row"] for item in studies.values()]
    label = min(max([width(clean(text(row, "label")), style.size) for row in rows] + [0.9]), 2.1)
    if len({outcome for _, outcome, _ in studies}) < 2:
        return label, 0.0
    return label, min(max(width(clean(text(row, "outcome")), style.small) for row in rows), 2.4) + 0.12


def _lights(sheet: Sheet, item: dict, y: float, widths: tuple[float, float], places: Mapping[str, float]) -> None:
    """Draw one study: its name, its outcome and a light for each domain."""
    style, (label, outcome), middle = sheet.style, widths, y + 0.1075
    sheet.text(style.margin, middle, shorten(text(item["row"], "label"), label + 0.1, style.size))
    said = shorten(text(item["row"], "outcome"), outcome - 0.1, style.small) if outcome else ""
    sheet.text(style.margin + label + 0.15, middle, said, style.small, color=style.grey)
    for domain, place in places.items():
        cell = item["cells"].get(domain)
        if cell is None:
            sheet.text(place, middle, "·", ha="center", color=style.rule)
            continue
        draw_level(sheet.ax, place, middle, text(cell, "level"), 10.5, style)
        box = (place - _STEP / 2, place + _STEP / 2)
        sheet.band(y, y + _ROW, *box, fc="white", alpha=0.0, zorder=9).set_gid(identifier("risk_of_bias", cell))


def alt_text(frame: pd.DataFrame) -> str:
    """Return what the traffic lights show, in words, from their frame."""
    overall = rows_of(chosen(frame, domain=OVERALL))
    levels = [text(row, "level").lower() for row in overall]
    counts = [f"{levels.count(level)} {level}" for level in sorted(set(levels), key=lambda w: (place_of(w), w))]
    said = "; ".join(counts) or "no overall judgement"
    size = len({(text(row, "study_id"), text(row, "outcome_id")) for row in rows_of(frame)})
    return f"{first(frame, 'title')}: {size} results of studies by {len(domains_of(frame))} domains. Overall: {said}."
