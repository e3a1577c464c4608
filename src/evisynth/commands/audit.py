"""`evisynth audit`: which files of a results folder are not what the record says."""

from pathlib import Path
from typing import Annotated

import typer

from evisynth.provenance.audit import audit as compare


def audit(
    folder: Annotated[Path, typer.Argument(help="a results folder, such as results/naltrexone")],
    root: Annotated[Path, typer.Option(help="the folder that the pipeline was run in")] = Path(),
) -> None:
    """Compare every file with the record of its making; exit code 1 where something does not hold."""
    source = root / "src"
    findings, count = compare(folder, root, source if source.is_dir() else None)
    for finding in findings:
        typer.echo(f"{finding.file}: {finding.what}", err=True)
    typer.echo(f"{count} files compared, {len(findings)} findings")
    raise typer.Exit(1 if findings else 0)
