"""`evisynth run`: the whole pipeline for a review, for people who don't know Snakemake."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

_TAIL = 30


def run(
    folders: Annotated[list[Path], typer.Argument(help="review folders, such as data/myreview")],
    cores: Annotated[int, typer.Option(min=1, help="cores to use")] = os.cpu_count() or 1,
    profile: Annotated[
        str | None, typer.Option(help="a profile of the workflow (slurm), or a folder with one of your own")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be done, and do nothing")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="show everything that snakemake says")] = False,
) -> None:
    """Make results/NAME of data/NAME: effects, estimates, quality, figures, report.

    What is up to date is not made again. An error in one review leaves the others whole.
    """
    from evisynth.intake.running import AnotherRun, run_reviews

    try:
        result = _with_bar(run_reviews, folders, cores, profile, dry_run)
    except (AnotherRun, ValueError, OSError) as error:
        typer.echo(f"evisynth run: {error}", err=True)
        raise typer.Exit(1) from None
    if verbose or dry_run:
        typer.echo(result.output)
    if not dry_run:
        _tell(result, folders)
    raise typer.Exit(result.code)


def _with_bar(run_reviews, folders, cores, profile, dry_run):
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=sys.stderr)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading the workflow", total=None)

        def show(done: int, total: int, what: str) -> None:
            progress.update(task, completed=done, total=total or None, description=what)

        return run_reviews(folders, cores=cores, profile=profile, dry_run=dry_run, show=show)


def _tell(result, folders: list[Path]) -> None:
    for reason in result.reasons:
        typer.echo(reason, err=True)
    if result.code and not result.reasons:
        typer.echo("\n".join(result.output.splitlines()[-_TAIL:]), err=True)
    for folder in folders:
        name = folder.resolve().name
        page = Path("results", name, "report", "index.html")
        if name in result.failed:
            hint = f": `evisynth check {folder}` says what to do" if result.failed[name] == "check_review" else ""
            typer.echo(f"{name}: stopped at {result.failed[name]}{hint}", err=True)
        elif result.code and not result.failed:
            typer.echo(f"{name}: not finished", err=True)
        else:
            typer.echo(
                f"{name}: {f'the report is in {page}' if page.is_file() else f'results are in {page.parents[1]}'}"
            )
