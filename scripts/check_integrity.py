"""Check whether the reported figures are possible, as received: before any correction."""

from pathlib import Path

from evisynth.provenance.tables import write_table
from evisynth.quality.integrity import check_integrity
from evisynth.review.stored import read_checked
from harness import run


def main(inputs, outputs, params):
    """Write ``quality/integrity.csv``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    write_table(check_integrity(review.received), Path(outputs["integrity"]), "quality/integrity.csv")


if __name__ == "__main__":
    run(main, snakemake)
