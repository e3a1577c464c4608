"""Read the table of a corpus, name its bad rows, and cut its studies into shards."""

from pathlib import Path

from evisynth.corpus.settings import CorpusSettings
from evisynth.corpus.shards import split_table
from harness import run


def main(inputs, outputs, params):
    """Write the studies, the bad rows, the analyses and the studies of each shard."""
    settings = CorpusSettings.from_dict(params["settings"])
    shards = [Path(path) for path in outputs["shards"]]
    split_table(Path(inputs["table"]), settings, shards, Path(outputs["studies"]).parent)


if __name__ == "__main__":
    run(main, snakemake)
