"""`evisynth check`: everything that is wrong with a review folder, at once."""

from pathlib import Path
from typing import Annotated

import typer

from evisynth.review import ReviewError, load_review
from evisynth.review.examples import missing_steps, of_example
from evisynth.review.folder import Review
from evisynth.synthesis.certainty import quality_problems


def check(
    folder: Annotated[Path, typer.Argument(help="the review folder, such as data/naltrexone")],
    documents: Annotated[
        Path | None, typer.Option(help="a folder with the documents themselves: look every claimed figure up in them")
    ] = None,
) -> None:
    """Check a review folder; exit code 1 and a list of every problem where something is wrong."""
    try:
        review = _loaded(folder)
        problems = quality_problems(review)
        if documents is not None:
            problems += _look_up(review, documents)
        if problems:
            raise ReviewError(problems)
    except ReviewError as error:
        steps = missing_steps(error.problems)
        wrong = [problem for problem in error.problems if not (steps and of_example(problem))]
        if wrong:
            typer.echo(ReviewError(wrong).to_text(), err=True)
        for line in steps:
            typer.echo(line, err=True)
        raise typer.Exit(1) from None
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    rows = {name: len(table.keys) for name, table in review.received.items() if table.keys}
    typer.echo(f"{review.name}: {review.plan.title}")
    for name, count in rows.items():
        typer.echo(f"  {name + '.csv':22}{count:6} rows")
    pooled = [synthesis for synthesis in review.plan.syntheses if synthesis.pool]
    typer.echo(f"  review.yaml           {len(review.plan.syntheses):6} syntheses, {len(pooled)} of them pooled")
    for synthesis in review.plan.syntheses:
        count = len(review.members.get(synthesis.id, []))
        typer.echo(f"    {synthesis.id:34} {count:3} studies{'' if synthesis.pool else '  (not pooled)'}")
    typer.echo("no problem found")


def _loaded(folder: Path) -> Review:
    """Load the review; where its tables are wrong, tell what is wrong with the answers too."""
    try:
        return load_review(folder)
    except ReviewError as error:
        known = {(problem.file, problem.line, problem.column) for problem in error.problems}
        examples = {(problem.file, problem.line) for problem in error.problems if of_example(problem)}
        further = [
            found
            for found in _of_answers(folder)
            if (found.file, found.line, found.column) not in known and (found.file, found.line) not in examples
        ]
        raise ReviewError([*error.problems, *further]) from None


def _of_answers(folder: Path) -> list:
    """Return what is wrong with the answers and the changed judgements, read by themselves."""
    from evisynth.quality.reading import read_rows
    from evisynth.quality.tables import ANSWER_COLUMNS, OVERRIDE_COLUMNS, judge_table

    answers, changed = folder / "risk_of_bias.csv", folder / "judgements.csv"
    if not answers.is_file():
        return []
    rows, wrong = read_rows(answers, ANSWER_COLUMNS)
    overrides, more = read_rows(changed, OVERRIDE_COLUMNS) if changed.is_file() else (None, [])
    # a file that cannot be read has been told already
    return [] if wrong or more else list(judge_table(rows, overrides=overrides).problems)


def _look_up(review, documents: Path) -> list:
    from evisynth.claims import check_documents

    return check_documents(review.received["claims"], review.received["sources"], documents)
