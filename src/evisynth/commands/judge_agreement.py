"""How far the assessors of a table of answers agree: text, CSV and JSON for `evisynth judge`."""

import csv
import io
import itertools
import json
import textwrap
from dataclasses import dataclass

import pandas as pd

from evisynth.provenance.tables import guard
from evisynth.quality.assessors import AssessorComparison, compare_assessors
from evisynth.quality.tables import CONSENSUS
from evisynth.quality.tool import Tool, ToolError, load_tool

_MEASURES = ("n", "raw", "kappa", "weighted_kappa", "ac1", "note")
_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Pair:
    """Two assessors of one tool, compared."""

    tool: str
    first: str
    second: str
    comparison: AssessorComparison

    def measures(self) -> list[dict]:
        """Return the agreement over the domains and over the overall judgements."""
        names = {"tool": self.tool, "first": self.first, "second": self.second}
        parts = (("domains", self.comparison.judgements), ("overall", self.comparison.overall))
        return [{**names, "level": level, **{name: getattr(part, name) for name in _MEASURES}} for level, part in parts]

    def differences(self) -> list[dict]:
        """Return every answer and judgement on which they differ; ``first`` and ``second`` say what each said."""
        rows = self.comparison.disagreements.to_dict("records")
        return [
            {"tool": self.tool, "first_assessor": self.first, "second_assessor": self.second, **row} for row in rows
        ]


def agreements(rows: pd.DataFrame, tool: Tool | None = None) -> list[Pair]:
    """Compare every two assessors who answered questions of the same tool.

    Parameters
    ----------
    rows : pandas.DataFrame
        The answers, as `evisynth.quality.tables.judge_table` takes them; the column assessor names who answered.
        Rows without a name, and those of the consensus, are no assessor's.
    tool : Tool, optional
        Only this tool.
    """
    if "assessor" not in rows:
        return []
    named = rows.assign(assessor=rows["assessor"].fillna("").str.strip(), tool=rows["tool"].fillna("").str.strip())
    named = named[(named["assessor"] != "") & (named["assessor"].str.casefold() != CONSENSUS)]
    found = []
    for name in [tool.id] if tool else dict.fromkeys(named["tool"]):
        try:
            used = tool or load_tool(name)
        except ToolError:
            # told with the answers already
            continue
        own = named[named["tool"].isin(["", used.id] if tool else [used.id])]
        for first, second in itertools.combinations(dict.fromkeys(own["assessor"]), 2):
            found.append(Pair(used.id, first, second, compare_assessors(own, used, first, second)))
    return found


def to_text(pairs: list[Pair], quiet: bool = False) -> str:
    """Return the agreement in words; `quiet` says nothing where there are no two assessors."""
    if not pairs:
        return "" if quiet else "The column assessor does not name two people who used the same tool.\n"
    lines = []
    for pair in pairs:
        lines += ["", f"Agreement of {_plain(pair.first)} and {_plain(pair.second)} ({pair.tool})"]
        for row in pair.measures():
            numbers = ", ".join(
                f"{words} {_number(row[name])}"
                for name, words in (("raw", "raw"), ("kappa", "kappa"), ("weighted_kappa", "weighted kappa"),
                                    ("ac1", "AC1"))
            )  # fmt: skip
            lines.append(f"  {row['level']:8} {row['n']} judged by both: {numbers}" + _note(row["note"]))
        differences = pair.differences()
        lines.append(f"  {len(differences)} difference{'' if len(differences) == 1 else 's'}")
        for row in differences:
            about = ", ".join(_plain(part) for part in (row["study_id"], row["outcome_id"], row["aim"]) if part)
            said = f"{_plain(row['first'])} and {_plain(row['second'])}"
            told = f"    {about}, {row['kind']} {_plain(row['item'])}: {said}"
            lines += textwrap.wrap(told, _WIDTH, subsequent_indent="      ")
    return "\n".join([*lines, ""])


def to_json(pairs: list[Pair]) -> str:
    """Return the agreement and the differences as one JSON object."""
    found = {
        "agreement": [row for pair in pairs for row in pair.measures()],
        "disagreements": [row for pair in pairs for row in pair.differences()],
    }
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def to_csv(pairs: list[Pair]) -> str:
    """Return the differences as CSV, after one row for each measure of agreement."""
    columns = ("tool", "first_assessor", "second_assessor", "kind", "item", "study_id", "outcome_id", "aim", "first",
               "second", "value")  # fmt: skip
    rows = [
        {"tool": row["tool"], "first_assessor": row["first"], "second_assessor": row["second"], "kind": "agreement",
         "item": f"{name}, {row['level']}", "value": "" if row[name] is None else f"{row[name]:.12g}"}
        for pair in pairs for row in pair.measures() for name in _MEASURES[:-1]
    ]  # fmt: skip
    rows += [row for pair in pairs for row in pair.differences()]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: guard(str(value)) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"


def _note(text: str) -> str:
    return f" ({text})" if text else ""


def _plain(text: str) -> str:
    """Escape control characters, so that a cell cannot steer the terminal."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
