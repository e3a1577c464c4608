"""`evisynth corpus`: analyse every meta-analysis of a long table."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evisynth.corpus import CorpusRun


def corpus(
    table: Annotated[
        Path,
        typer.Argument(
            help="Parquet or CSV, one row per study: columns `analysis`, `study` and those of the measure, as for "
            "`evisynth pool`."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results. Default: the table's name with -corpus.")
    ] = None,
    measure: Annotated[
        str,
        typer.Option(
            help="generic (yi and vi, or yi and sei); OR RR RD PETO AS; MD SMD SMDH ROM; IRR IRD; PLO PFT PR; COR ZCOR."
        ),
    ] = "generic",
    tau2: Annotated[str, typer.Option(help="Estimator of tau2: DL HE HS SJ ML REML EB PM DL2.")] = "REML",
    ci: Annotated[str, typer.Option(help="Interval of the mean: HKSJ-safe, HKSJ, wald, profile or HC.")] = "HKSJ-safe",
    pi: Annotated[str, typer.Option(help="Prediction interval: t (k - 1), riley (k - 2) or normal.")] = "t",
    level: Annotated[float, typer.Option(help="Level of all intervals.")] = 0.95,
    estimator: Annotated[
        list[str] | None, typer.Option(help="Estimators to compare with; may be repeated. Default: DL PM ML.")
    ] = None,
    interval: Annotated[
        list[str] | None, typer.Option(help="Intervals to compare with; may be repeated. Default: wald HKSJ.")
    ] = None,
    bayes: Annotated[bool, typer.Option(help="Fit the normal-normal model too, exactly.")] = True,
    tau_prior: Annotated[
        str, typer.Option(help="Prior of the between-study standard deviation; see `evisynth bayes`.")
    ] = "halfnormal:0.5",
    mu_prior: Annotated[str, typer.Option(help="Prior of the mean effect.")] = "flat",
    other_tau_prior: Annotated[
        list[str] | None,
        typer.Option(help="Priors to compare with; may be repeated. Default: halfnormal:1 halfcauchy:0.5."),
    ] = None,
    zero_cells: Annotated[str, typer.Option(help="Correction of zero cells: study, treatment-arm or none.")] = "study",
    double_zero: Annotated[
        str, typer.Option(help="Studies without events in both arms: drop (and name them) or keep.")
    ] = "drop",
    smd_variance: Annotated[str, typer.Option(help="Variance formula of the SMD.")] = "LS",
    bad_rows: Annotated[
        str,
        typer.Option(
            help="An analysis with a row that cannot be read: refuse (no result, the reason is given) or leave-out "
            "(made from its other rows)."
        ),
    ] = "refuse",
    shards: Annotated[int, typer.Option(min=1, max=9999, help="Pieces that a stopped run goes on from.")] = 20,
    cores: Annotated[int, typer.Option(min=0, help="Processes at most; 0: as many as there are processors.")] = 0,
) -> None:
    """Analyse every meta-analysis of a table: frequentist, exact Bayesian, and a report of the whole.

    The results are the same bytes whatever the shards and cores. Rows that are not used are named in
    bad_rows.parquet. What is wrong with the table as a whole or with the options is listed on the error stream, and
    the command then ends with 1.
    """
    from evisynth.corpus.run import THREADS, run_corpus

    # before NumPy is loaded: one thread per process, the cores go to the shards
    os.environ.update(dict.fromkeys(THREADS, "1"))
    from evisynth.corpus.settings import CorpusSettings

    given = {"estimators": estimator, "intervals": interval, "other_tau_priors": other_tau_prior}
    try:
        settings = CorpusSettings(
            measure=measure,
            tau2=tau2,
            ci=ci,
            pi=pi,
            level=level,
            bayes=bayes,
            tau_prior=tau_prior,
            mu_prior=mu_prior,
            zero_cells=zero_cells,
            double_zero=double_zero,
            smd_variance=smd_variance,
            bad_rows=bad_rows,
            **{name: tuple(values) for name, values in given.items() if values},
        )
        folder = out or table.with_name(f"{table.stem}-corpus")
        with _bar(shards) as progress:
            run = run_corpus(
                table, folder, settings, shards=shards, cores=cores or os.cpu_count() or 1, progress=progress
            )
    except (ValueError, OSError) as error:
        typer.echo(f"evisynth corpus: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(_text(run))


class _bar:
    """A progress bar on the error stream, where a person watches it."""

    def __init__(self, shards: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("shards"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
        self._task = self._progress.add_task("shards", total=shards)

    def __enter__(self):
        self._progress.start()
        return lambda done, _: self._progress.update(self._task, completed=done)

    def __exit__(self, *_):
        self._progress.stop()


def _text(run: "CorpusRun") -> str:
    s = run.summary
    states = ", ".join(f"{n} {name}" for name, n in s["status"].items())
    lines = [f"{s['analyses']} analyses of {s['rows']} rows: {states}"]
    if run.kept:
        lines.append(f"{run.kept} of {run.kept + run.computed} shards were there already")
    if s["bad_rows"] or s["left_out"]:
        place = run.folder / "bad_rows.parquet"
        lines.append(f"{s['bad_rows']} rows cannot be read, {s['left_out']} hold no usable figures: {place} names each")
    for row in s["conclusions"].get("any", []):
        if row["share"] is not None:
            lines.append(f"{100 * row['share']:5.1f} % of conclusions change with {row['words']}")
    lines.append(f"The report is in {run.folder / 'report.html'}, the results in {run.folder / 'results.parquet'}")
    return "\n".join(lines)
