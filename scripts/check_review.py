"""Read a review folder, check every cell, apply corrections, write the checked tables."""

from pathlib import Path

from evisynth.provenance.tables import write_table
from evisynth.review import ReviewError, load_review
from evisynth.review.flow import prisma_rows
from evisynth.review.stored import write_checked
from evisynth.synthesis.certainty import quality_problems
from harness import run


def main(inputs, outputs, params):
    """Check ``params['folder']`` and write ``checked/``."""
    review = load_review(Path(params["folder"]))
    problems = quality_problems(review)
    if problems:
        raise ReviewError(problems)
    folder = Path(outputs["plan"]).parent
    write_checked(review, folder)
    write_table(prisma_rows(review.corrected["screening"]), folder / "prisma.csv", "checked/prisma.csv")


if __name__ == "__main__":
    run(main, snakemake)
