"""`evisynth trace`: from a number of a result back to the cell and the document it comes from."""

from pathlib import Path
from typing import Annotated

import typer

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.trace import to_text
from evisynth.provenance.trace import trace as follow

_MOST = 12


def trace(
    folder: Annotated[Path, typer.Argument(help="a results folder, such as results/naltrexone")],
    place: Annotated[
        str, typer.Argument(help="table:key:column, such as pooled/estimates.csv:tb:reml_hksj:estimate")
    ] = "",
    find: Annotated[
        str, typer.Option(help='look printed numbers up, such as "0.74 (0.59 to 0.92)": which rows hold all of them')
    ] = "",
) -> None:
    """Show where a number comes from: rows, conversions, code, cells, documents."""
    try:
        if find:
            _find(ResultsFolder(folder), find)
        elif place:
            typer.echo(to_text(follow(ResultsFolder(folder), place)))
        else:
            raise ValueError("name a place (table:key:column), or printed numbers with --find")
    except (KeyError, ValueError) as error:
        typer.echo(error.args[0], err=True)
        raise typer.Exit(1) from None


def _find(folder: ResultsFolder, text: str) -> None:
    from evisynth.provenance.find import find_places

    places = find_places(folder, text)
    if not places:
        raise ValueError(f"no row of the results holds {text!r}, rounded as it is printed")
    for one in places[:_MOST]:
        typer.echo(f"{one.reference}  {', '.join(f'{name} {value}' for name, value in one.cells.items())}")
    if len(places) > _MOST:
        typer.echo(f"... and {len(places) - _MOST} more rows: name more of the printed numbers")
