"""`evisynth trace`: from a number of a result back to the cell and the document it comes from."""

from pathlib import Path
from typing import Annotated

import typer

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.trace import to_text
from evisynth.provenance.trace import trace as follow


def trace(
    folder: Annotated[Path, typer.Argument(help="a results folder, such as results/naltrexone")],
    place: Annotated[str, typer.Argument(help="table:key:column, such as pooled/estimates.csv:tb:reml_hksj:estimate")],
) -> None:
    """Show where a number comes from: rows, conversions, code, cells, documents."""
    try:
        step = follow(ResultsFolder(folder), place)
    except KeyError as error:
        typer.echo(error.args[0], err=True)
        raise typer.Exit(1) from None
    typer.echo(to_text(step))
