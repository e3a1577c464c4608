"""`evisynth audit`: which files of a results folder are not what the record says."""

from pathlib import Path
from typing import Annotated

import typer

from evisynth.provenance.audit import NoRecordsError
from evisynth.provenance.audit import audit as compare


def audit(
    folder: Annotated[Path, typer.Argument(help="a results folder, such as results/naltrexone")],
    root: Annotated[Path, typer.Option(help="the folder that the pipeline was run in")] = Path(),
) -> None:
    """Compare every file, and the code, with the record of its making.

    Exit code 0: everything holds. 1: something does not, and each finding is named. 2: there is nothing to compare.
    """
    source = root / "src"
    try:
        findings, count = compare(folder, root, source if source.is_dir() else None)
    except NoRecordsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for finding in findings:
        typer.echo(f"{finding.file}: {finding.what}", err=True)
    if not source.is_dir():
        typer.echo(f"{source} is no folder: the code was not compared", err=True)
    said = "everything holds" if not findings else f"{len(findings)} {'finding' if len(findings) == 1 else 'findings'}"
    typer.echo(f"{count} files compared: {said}")
    raise typer.Exit(1 if findings else 0)
