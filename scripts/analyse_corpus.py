"""Analyse one shard of a corpus; a shard that was analysed before is taken from where it is kept."""

from pathlib import Path

from evisynth.corpus.settings import CorpusSettings
from evisynth.corpus.shards import analyse_shard
from harness import run


def main(inputs, outputs, params):
    """Write the results of the shard."""
    settings = CorpusSettings.from_dict(params["settings"])
    new = analyse_shard(Path(inputs["shard"]), Path(outputs["results"]), settings, Path(params["cache"]))
    print("analysed" if new else "kept from before")


if __name__ == "__main__":
    run(main, snakemake)
