"""`evisynth new`: a folder for a review of one's own."""

from pathlib import Path
from typing import Annotated

import typer


def new(
    name: Annotated[str, typer.Argument(help="name of the review: lower-case letters, digits, '_' and '-'")],
    data: Annotated[Path, typer.Option(help="the folder that holds the review folders")] = Path("data"),
) -> None:
    """Write data/NAME: every table with its header and an example row, and a review.yaml that explains itself."""
    from evisynth.intake.template import new_review
    from evisynth.review.folder import check_name

    try:
        folder = data / check_name(name)
        written = new_review(folder)
    except (ValueError, OSError) as error:
        typer.echo(f"evisynth new: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{folder}: review.yaml and {len(written) - 1} tables, each with an example row to replace.")
    typer.echo(
        f"Next: fill them, or `evisynth import FILE --mapping MAP.yaml {folder}`; then `evisynth check {folder}`."
    )
