"""`evisynth import`: fill the tables of a review from a spreadsheet or an export."""

from pathlib import Path
from typing import Annotated

import typer


def import_(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX with one header line; RevMan .rm5 or ...-data-rows.csv")],
    folder: Annotated[Path, typer.Argument(help="the review folder, such as data/myreview")],
    mapping: Annotated[
        Path | None, typer.Option(help="the YAML that says which column fills which table; without it one is drafted")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="overwrite rows that have the same key")] = False,
) -> None:
    """Import all of a file, or nothing and a list of the cells that stop it.

    The file and the mapping are kept in the review's folder imports/; what has no place in the review is listed there.
    Without a mapping nothing is imported: a mapping to fill in is written, with the columns of the sheet.
    """
    from evisynth.intake.importing import import_file
    from evisynth.intake.problems import ImportRefused

    if mapping is None:
        _draft(file, folder)
    try:
        done = import_file(file, mapping, folder, replace=replace)
    except ImportRefused as error:
        typer.echo(error.to_text(), err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"evisynth import: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{file.name} into {folder}:")
    for table, count in done.rows.items():
        typer.echo(f"  {table + '.csv':22}{count:6} rows")
    if not done.rows:
        typer.echo("  nothing new: every row is there already")
    for note in done.notes:
        typer.echo(f"  note: {note}")
    if done.leftovers:
        typer.echo(f"  Not imported, and listed in {done.listed}:")
        groups: dict[tuple[str, str], list] = {}
        for item in done.leftovers:
            groups.setdefault((item.column, item.reason), []).append(item)
        for (column, reason), items in groups.items():
            name = f"{column}: " if column else ""
            typer.echo(f"    {name}{len(items)}, from {items[0].place} on ({reason})")
    typer.echo(f"Next: evisynth check {folder}")


def _draft(file: Path, folder: Path) -> None:
    """Write a mapping to fill in, say so and end."""
    from evisynth.intake.draft import draft_mapping
    from evisynth.intake.problems import ImportRefused

    if file.suffix.lower() == ".rm5" or file.stem.endswith("-data-rows"):
        typer.echo("evisynth import: an export of RevMan needs a mapping: see docs/start_a_review.md", err=True)
        raise typer.Exit(1)
    try:
        place = draft_mapping(file, folder)
    except ImportRefused as error:
        typer.echo(error.to_text(), err=True)
    except OSError as error:
        typer.echo(f"evisynth import: {error}", err=True)
    else:
        typer.echo(f"Nothing was imported yet: which column fills which table has to be said in {place}", err=True)
        typer.echo(f"Fill it in, then: evisynth import {file} {folder} --mapping {place}", err=True)
    raise typer.Exit(1)
