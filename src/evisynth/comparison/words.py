"""A comparison as text for a terminal, Markdown for a job summary, a page, or JSON for programs."""

import json
from dataclasses import asdict
from html import escape

from evisynth.comparison.folders import Comparison
from evisynth.comparison.sections import Section, rules_of, sections_of, verdict

MOST = 20


def to_text(comparison: Comparison, *, most: int = MOST) -> str:
    """Return the comparison as text.

    Parameters
    ----------
    comparison : Comparison
        From :func:`evisynth.comparison.compare_results`.
    most : int
        Most rows shown of one section; the rest is counted.
    """
    lines = [f"{comparison.old} -> {comparison.new}", verdict(comparison)]
    for section in sections_of(comparison):
        lines += ["", f"{section.title} ({len(section.rows)})"]
        for row in section.rows[:most]:
            lines.append(f"  {_plain(row[0])}")
            lines += [f"    {_pairs(section.columns[1:], row[1:])}"] if any(row[1:]) else []
        lines += [f"  ... and {len(section.rows) - most} more"] if len(section.rows) > most else []
    return "\n".join([*lines, "", *rules_of(comparison)])


def _pairs(columns: tuple[str, ...], cells: tuple[str, ...]) -> str:
    return "; ".join(f"{name} {_plain(cell)}" for name, cell in zip(columns, cells, strict=True) if cell)


def _plain(text: str, most: int = 160) -> str:
    """Return a cell on one line without control characters: it must not write to the terminal."""
    line = " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in text).split())
    return line if len(line) <= most else f"{line[:most]}..."


def to_markdown(comparison: Comparison, *, most: int = MOST) -> str:
    """Return the comparison as Markdown with one table for each section (see :func:`to_text`)."""
    lines = [f"## {_cell(str(comparison.old))} → {_cell(str(comparison.new))}", "", f"**{verdict(comparison)}**"]
    for section in sections_of(comparison):
        lines += ["", f"### {section.title} ({len(section.rows)})", ""]
        lines += [_line(section.columns), _line(("---",) * len(section.columns))]
        lines += [_line(tuple(map(_cell, row))) for row in section.rows[:most]]
        lines += ["", f"... and {len(section.rows) - most} more"] if len(section.rows) > most else []
    return "\n".join([*lines, "", *(f"- {rule}" for rule in rules_of(comparison)), ""])


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return escape(_plain(text), quote=False).replace("\\", "\\\\").replace("|", "\\|").replace("`", "\\`")


_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "th,td{text-align:left;vertical-align:top;padding:.2rem .6rem;border-bottom:1px solid #999}"
    ":root{color-scheme:light dark}"
)


def to_html(comparison: Comparison, *, most: int = 1000) -> str:
    """Return the comparison as a page of its own that needs no network (see :func:`to_text`)."""
    title = f"What moved: {comparison.old} to {comparison.new}"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{escape(title)}</h1><p><strong>{escape(verdict(comparison))}</strong></p>",
        *(_html_section(section, most) for section in sections_of(comparison)),
        f"<h2>What counts as moved</h2><ul>{''.join(f'<li>{escape(rule)}</li>' for rule in rules_of(comparison))}</ul>",
        "</main></body></html>\n",
    ]
    return "\n".join(parts)


def _html_section(section: Section, most: int) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in section.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_plain(cell, 1000))}</td>" for cell in row) + "</tr>\n"
        for row in section.rows[:most]
    )
    rest = f"<p>... and {len(section.rows) - most} more</p>" if len(section.rows) > most else ""
    return (
        f"<h2>{escape(section.title)} ({len(section.rows)})</h2>\n"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>{rest}"
    )


def to_json(comparison: Comparison) -> str:
    """Return everything that moved as JSON: no rows are left out."""
    data = {
        "old": str(comparison.old),
        "new": str(comparison.new),
        "moved": comparison.moved,
        "verdict": verdict(comparison),
        "thresholds": asdict(comparison.thresholds),
        "conclusions": [asdict(one) for one in comparison.conclusions],
        "tables": [_json(move) for move in comparison.tables if move],
        "making": [_json(move) for move in comparison.making if move],
        "not_compared": comparison.left_aside,
        "compared": [move.table for move in comparison.tables],
    }
    return json.dumps(data, indent=1, ensure_ascii=False)


def _json(move) -> dict:
    return {
        "table": move.table,
        "status": move.status,
        "rows_new": list(move.rows_in),
        "rows_gone": list(move.rows_out),
        "columns_new": list(move.columns_in),
        "columns_gone": list(move.columns_out),
        "cells": [asdict(cell) for cell in move.cells],
        "within_thresholds": move.within,
    }
