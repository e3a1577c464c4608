"""`evisynth audit`: whether results are what their record says, and whether other engines agree with them."""

from pathlib import Path
from typing import Annotated

import typer

from evisynth.provenance.audit import NoRecordsError


def audit(
    folder: Annotated[Path, typer.Argument(help="a results folder, such as results/naltrexone")],
    root: Annotated[Path, typer.Option(help="the folder that the pipeline was run in")] = Path(),
    engines: Annotated[
        bool, typer.Option("--engines", help="pool every synthesis again with statsmodels, PyMARE and R's metafor")
    ] = False,
) -> None:
    """Hold results against the record of their making: files, data, code, claims, and other engines.

    Exit code 0: everything holds. 1: something does not, and each finding is named. 2: there is nothing to compare.
    """
    from evisynth.provenance.agreement import EngineError, engines_here
    from evisynth.provenance.checks import all_checks

    source = root / "src"
    asked = engines_here() if engines else None
    try:
        checks, count = all_checks(folder, root, source if source.is_dir() else None, asked)
    except (NoRecordsError, EngineError) as error:
        typer.echo(f"evisynth audit: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{folder}, held against the record of its making\n")
    for check in checks:
        _tell(check)
    if engines:
        _absent(asked or ())
    findings = sum(len(check.findings) for check in checks)
    said = "everything holds" if not findings else f"{findings} {'finding' if findings == 1 else 'findings'}"
    open_ = [check.name for check in checks if check.state == "not checked"]
    rest = f" (not checked: {', '.join(open_)})" if open_ else ""
    typer.echo(f"\n{count} files compared: {said}{rest}")
    raise typer.Exit(1 if findings else 0)


def _tell(check) -> None:
    said = f"{len(check.findings)} {'finding' if len(check.findings) == 1 else 'findings'}"
    typer.echo(f"{check.name:10}{check.state:15}{said if check.findings else check.said}")
    for line in check.details:
        typer.echo(f"{'':10}{line}")
    for finding in check.findings:
        typer.echo(f"{'':10}{_plain(finding.file)}: {_plain(finding.what)}", err=True)
    if check.advice:
        typer.echo(f"{'':10}what to do: {check.advice}")


def _plain(text: str) -> str:
    """Return text without control characters: a file's name or a cell must not write to the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _absent(asked: tuple[str, ...]) -> None:
    from evisynth.provenance.agreement import ENGINES

    missing = [name for name in ENGINES if name not in asked]
    if missing:
        typer.echo(f"{'':10}not installed here, and not asked: {', '.join(missing)}")
