"""`evisynth import`: fill the tables of a review from a spreadsheet or an export."""

from pathlib import Path
from typing import Annotated

import typer


def import_(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX with one header line; RevMan .rm5 or ...-data-rows.csv")],
    folder: Annotated[Path, typer.Argument(help="the review folder, such as data/myreview")],
    mapping: Annotated[Path, typer.Option(help="the YAML that says which column fills which table")],
    replace: Annotated[bool, typer.Option("--replace", help="overwrite rows that have the same key")] = False,
) -> None:
    """Import all of a file, or nothing and a list of the cells that stop it.

    The file and the mapping are kept in the review's folder imports/; what has no place in the review is listed there.
    """
    from evisynth.intake.importing import import_file
    from evisynth.intake.problems import ImportRefused

    try:
        done = import_file(file, mapping, folder, replace=replace)
    except ImportRefused as error:
        typer.echo(error.to_text(), err=True)
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
            typer.echo(f"    {column}: {len(items)}, from {items[0].place} on ({reason})")
    typer.echo(f"Next: evisynth check {folder}")
