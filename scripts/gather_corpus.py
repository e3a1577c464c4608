"""Gather the shards of a corpus into one table, and report on the whole."""

from pathlib import Path

from evisynth.corpus.gathering import gather
from evisynth.corpus.report import write_report
from evisynth.corpus.settings import CorpusSettings
from harness import run


def main(inputs, outputs, params):
    """Write the results, the summary, the figure and the report."""
    settings = CorpusSettings.from_dict(params["settings"])
    target = Path(outputs["results"])
    results = gather([Path(path) for path in inputs["shards"]], Path(inputs["analyses"]), target, settings)
    write_report(results, Path(inputs["bad_rows"]), target.parent, settings)


if __name__ == "__main__":
    run(main, snakemake)
