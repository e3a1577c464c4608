"""`evisynth diff`: what moved between two folders of results, and whether a conclusion changed."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evisynth import comparison


class Format(StrEnum):
    """How to say it."""

    text = "text"
    json = "json"
    markdown = "markdown"
    html = "html"


def diff(
    old: Annotated[Path, typer.Argument(help="a results folder, such as a copy of results/naltrexone from before")],
    new: Annotated[Path, typer.Argument(help="another, such as results/naltrexone")],
    form: Annotated[Format, typer.Option("--format", help="how to say it")] = Format.text,
    relative: Annotated[float, typer.Option(min=0, help="a number moved if it differs by more than this part")] = 1e-7,
    monte_carlo: Annotated[
        float, typer.Option(min=0, help="Monte Carlo standard errors that count as chance, for sampled posteriors")
    ] = 6.0,
    most: Annotated[int, typer.Option(min=1, help="most rows shown of one section (text, markdown)")] = 20,
) -> None:
    """Say what moved between two folders of results, by how much, and whether a conclusion changed.

    Exit code 0: nothing moved. 1: something did. 2: the folders cannot be compared.
    """
    try:
        found = comparison.compare_results(old, new, comparison.Thresholds(relative, monte_carlo))
    except (comparison.CannotCompareError, OSError, UnicodeDecodeError) as error:
        typer.echo(f"evisynth diff: {error}", err=True)
        raise typer.Exit(2) from None
    if form is Format.json:
        typer.echo(comparison.to_json(found))
    elif form is Format.html:
        typer.echo(comparison.to_html(found), nl=False)
    elif form is Format.markdown:
        typer.echo(comparison.to_markdown(found, most=most), nl=False)
    else:
        typer.echo(comparison.to_text(found, most=most))
    raise typer.Exit(1 if found.moved else 0)
