"""Hold every claim against the published figure."""

from pathlib import Path

from evisynth.claims import audit_review
from evisynth.provenance.tables import write_table
from evisynth.review.stored import read_checked
from harness import run


def main(inputs, outputs, params):
    """Write ``claims/``."""
    review = read_checked(Path(inputs["plan"]).parent)
    found = audit_review(review.corrected)
    for name in ("claims", "documents", "conflicts", "stated_published", "timeline"):
        write_table(getattr(found, name), Path(outputs[name]), f"claims/{name}.csv")


if __name__ == "__main__":
    run(main, snakemake)
