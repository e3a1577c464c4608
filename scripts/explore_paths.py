"""Take every defensible path of analysis through each synthesis."""

from pathlib import Path

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.paths import multiverse_rows
from harness import run


def main(inputs, outputs, params):
    """Write ``pooled/multiverse.csv`` and its summary."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    judgements = read_result(Path(inputs["judgements"]))
    paths, summary = multiverse_rows(
        review.plan.syntheses, review.members, review.corrected, review.received, judgements
    )
    write_table(paths, Path(outputs["multiverse"]), "pooled/multiverse.csv")
    write_table(summary, Path(outputs["summary"]), "pooled/multiverse_summary.csv")


if __name__ == "__main__":
    run(main, snakemake)
