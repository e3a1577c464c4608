"""A whole corpus on one machine: split, analyse on some cores, gather, report."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evisynth.corpus.settings import CorpusSettings

# One thread per process: the cores go to the shards, and sums do not depend on how a library cuts them.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# What another process has to be worth: it takes some seconds to start.
_WORTH_SECONDS = 8.0
# Rough seconds of one analysis: all frequentist results, and one posterior.
_POOLED_SECONDS, _POSTERIOR_SECONDS = 4e-5, 4e-4


@dataclass(frozen=True)
class CorpusRun:
    """What a run left.

    Attributes
    ----------
    folder : pathlib.Path
        ``results.parquet, studies.parquet, bad_rows.parquet, analyses.parquet, summary.json, report.html`` and the
        figure; ``shards/`` holds what a run that was stopped goes on from.
    summary : dict
        See `summary.summarise`.
    computed, kept : int
        Shards that were analysed, and that were there already.
    """

    folder: Path
    summary: dict[str, Any]
    computed: int
    kept: int


def run_corpus(
    table: Path,
    folder: Path,
    settings: CorpusSettings,
    *,
    shards: int = 20,
    cores: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> CorpusRun:
    """Analyse every meta-analysis of a table.

    Parameters
    ----------
    table : pathlib.Path
        CSV or Parquet; see `studies.read_studies`.
    folder : pathlib.Path
        Where the results go. A run that was stopped goes on where it was.
    settings : CorpusSettings
    shards, cores : int
        From 1 on. Neither changes a byte of the results.
    progress : callable, optional
        Called with the numbers of shards done and of all.

    Returns
    -------
    CorpusRun

    Raises
    ------
    CorpusError
        A table that cannot be read.
    """
    from evisynth.corpus.gathering import gather
    from evisynth.corpus.report import write_report
    from evisynth.corpus.shards import split_table

    folder = Path(folder)
    work = folder / "shards"
    places = [(work / f"studies-{i:04d}-of-{shards:04d}.parquet") for i in range(1, shards + 1)]
    pairs = [(source, source.with_name(source.name.replace("studies", "results"))) for source in places]
    studies = split_table(table, settings, places, folder)
    cores = min(cores, shards, _worthwhile(len(studies.analyses), settings))
    _clear(work, pairs)
    computed = 0
    for number, new in enumerate(_analysed(pairs, settings, cores), 1):
        computed += new
        if progress:
            progress(number, shards)
    found = gather([target for _, target in pairs], folder / "analyses.parquet", folder / "results.parquet", settings)
    summary = write_report(found, folder / "bad_rows.parquet", folder, settings)
    return CorpusRun(folder, summary, computed, shards - computed)


def _worthwhile(analyses: int, settings: CorpusSettings) -> int:
    """How many processes there is work for."""
    posteriors = 1 + len(settings.other_tau_priors) if settings.bayes else 0
    seconds = analyses * (_POOLED_SECONDS + posteriors * _POSTERIOR_SECONDS)
    return 1 + int(seconds / _WORTH_SECONDS)


def _clear(work: Path, pairs: list[tuple[Path, Path]]) -> None:
    """Delete what another number of shards, or a process that was killed, has left."""
    mine = {path.name for pair in pairs for path in pair}
    for path in work.iterdir():
        if path.name not in mine and path.name.removeprefix(".").startswith(("studies-", "results-")):
            path.unlink()


def _analysed(pairs: list[tuple[Path, Path]], settings: CorpusSettings, cores: int):
    """Analyse the shards in processes of one thread each; in this one where that is quicker."""
    if cores == 1 and all(os.environ.get(name) == "1" for name in THREADS):
        for source, target in pairs:
            yield _analyse(source, target, settings.to_dict())
        return
    context = multiprocessing.get_context("spawn")
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        with ProcessPoolExecutor(cores, mp_context=context) as pool:
            jobs = [pool.submit(_analyse, source, target, settings.to_dict()) for source, target in pairs]
            try:
                for job in as_completed(jobs):
                    yield job.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _analyse(source: Path, target: Path, values: dict[str, Any]) -> bool:
    from evisynth.corpus.shards import analyse_shard

    return analyse_shard(source, target, CorpusSettings.from_dict(values))
