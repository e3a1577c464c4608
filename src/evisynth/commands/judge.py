"""`evisynth judge`: risk-of-bias judgements from answered questions."""

import csv
import io
import json
import textwrap
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from evisynth.provenance.tables import guard

if TYPE_CHECKING:
    from evisynth.quality.tool import Tool
    from evisynth.review.problems import Problem

_WIDTH = 110
_BASE = ["study_id", "outcome_id", "domain", "judgement", "because"]


class Format(StrEnum):
    """Formats of the output."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


def judge(
    answers: Annotated[
        Path,
        typer.Argument(help="CSV: study_id, outcome_id, tool, aim, question, answer; also assessor, reason, locator."),
    ],
    tool: Annotated[
        str,
        typer.Option(
            help="Judge with this tool only: an id (rob2, robins_i ...) or a tool file in YAML. "
            "Rows with a blank tool are taken to be of this tool."
        ),
    ] = "",
    format: Annotated[Format, typer.Option(help="How to print the judgements.")] = Format.TEXT,
    overrides: Annotated[
        Path | None,
        typer.Option(
            help="CSV of judgements that a person changed: study_id, outcome_id, tool, domain, final, reason."
        ),
    ] = None,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Print how far the assessors agree, and where not, instead.")
    ] = False,
) -> None:
    """Compute a judgement per domain and overall, with the answers that led to it.

    What nobody answered reads 'not assessed'. Everything that is wrong with the answers is listed on the
    error stream with file and line, and the command then ends with 1. Where the column assessor names several
    people, the text ends with their agreement (raw, kappa, weighted kappa, AC1) and every difference.
    """
    from evisynth.quality.tables import judge_table

    chosen = _named(tool)
    rows, changed, problems = _read(answers, overrides, chosen)
    judged = judge_table(rows, chosen, changed, file=answers.name, overrides_file=overrides.name if overrides else "")
    if chosen is not None:
        if judged.judgements.empty and not problems and not judged.problems:
            typer.echo(f"evisynth judge: no row of {answers.name} is of the tool {chosen.id}.", err=True)
            raise typer.Exit(1)
        others = int((~rows["tool"].isin(["", chosen.id])).sum())
        if others:
            typer.echo(f"left out: {others} rows of other tools than {chosen.id}", err=True)
    if agreement:
        typer.echo(_agreement(rows, chosen, format), nl=False)
    else:
        typer.echo(_printed(judged.judgements, format), nl=False)
        if format is Format.TEXT and "assessor" in rows:
            typer.echo(_agreement(rows, chosen, format, quiet=True), nl=False)
    _end(sorted({*problems, *judged.problems}))


def _named(tool: str) -> "Tool | None":
    """Return the tool that the person named, if any."""
    from evisynth.quality.tool import ToolError, load_tool

    try:
        return load_tool(tool) if tool else None
    except ToolError as error:
        typer.echo(f"evisynth judge: {error}", err=True)
        raise typer.Exit(1) from None


def _read(
    answers: Path, overrides: Path | None, chosen: "Tool | None"
) -> tuple[pd.DataFrame, pd.DataFrame | None, list["Problem"]]:
    """Return the answers with every column, the changed judgements, and what is wrong with either file."""
    from evisynth.quality.reading import read_rows
    from evisynth.quality.tables import ANSWER_COLUMNS, OVERRIDE_COLUMNS

    needed = [name for name in ANSWER_COLUMNS if not (chosen and name == "tool")]
    needed = [name for name in needed if not (chosen and not chosen.aims and name == "aim")]
    rows, problems = read_rows(answers, needed)
    for name in ANSWER_COLUMNS:
        if name not in rows:
            rows[name] = ""
    if overrides is None:
        return rows, None, problems
    changed, wrong = read_rows(overrides, OVERRIDE_COLUMNS)
    return rows, changed, problems + wrong


def _agreement(rows: pd.DataFrame, chosen: "Tool | None", format: Format, quiet: bool = False) -> str:
    from evisynth.commands.judge_agreement import agreements, to_csv, to_json, to_text

    found = agreements(rows, chosen)
    if format is Format.JSON:
        return to_json(found)
    if format is Format.CSV:
        return to_csv(found)
    return to_text(found, quiet=quiet)


def _end(problems: list["Problem"]) -> None:
    if not problems:
        return
    count = len(problems)
    typer.echo(f"{count} problem{'s' if count != 1 else ''}:", err=True)
    for problem in problems:
        typer.echo(problem.to_text(), err=True)
    raise typer.Exit(1)


def _printed(judgements: pd.DataFrame, format: Format) -> str:
    frame = judgements.assign(judgement=judgements["final"])
    changed = frame["override_reason"] != ""
    told = (
        "a person changed "
        + frame["proposed"]
        + ": "
        + frame["override_reason"]
        + "; proposed because "
        + frame["because"]
    )
    frame["because"] = frame["because"].where(~changed, told)
    # a rule that is not verified says so in every format
    flags = [f" [{text.replace(';', '; ')}]" if text else "" for text in frame["flags"]]
    frame["because"] = frame["because"] + pd.Series(flags, index=frame.index, dtype=object)
    if format is Format.TEXT:
        return _text(frame)
    # tool and aim are printed where a study's outcome has several, so that no two rows can be mixed up
    repeated = frame.duplicated(["study_id", "outcome_id", "domain"]).any()
    if format is Format.JSON:
        columns = [*_BASE, "tool", "aim"] if repeated else _BASE
        return json.dumps(frame[columns].to_dict("records"), ensure_ascii=False, indent=2) + "\n"
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = ["study_id", "outcome_id", "tool", "aim", *_BASE[2:]]
    writer.writerow(columns)
    writer.writerows([guard(value) for value in row] for row in frame[columns].itertuples(index=False))
    return buffer.getvalue()


def _text(frame: pd.DataFrame) -> str:
    lines: list[str] = []
    for name, group in frame.groupby(["study_id", "outcome_id", "tool", "aim"], sort=False):
        study, outcome, tool, aim = (_plain(part) for part in name)
        about = f"{tool}, effect of {aim}" if aim else tool
        lines += ["", f"{study}, {outcome} ({about})" if outcome else f"{study} ({about})"]
        wide = max(len(domain) for domain in group["domain"])
        for row in group.itertuples():
            head = f"  {row.domain:{wide}}  {row.judgement:13}  "
            lines += textwrap.wrap(
                _plain(row.because), _WIDTH, initial_indent=head, subsequent_indent=" " * len(head)
            ) or [head.rstrip()]  # fmt: skip
    return "\n".join([*lines[1:], ""]) if lines else ""


def _plain(text: str) -> str:
    """Escape control characters, so that a cell cannot steer the terminal."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
