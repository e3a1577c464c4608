"""Test for small-study effects, and see what single studies do to the pooled estimates."""

from pathlib import Path

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.small_studies import small_study_rows
from harness import run


def main(inputs, outputs, params):
    """Write ``bias/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    effects, estimates = (read_result(Path(inputs[name])) for name in ("effects", "estimates"))
    for name, frame in small_study_rows(review.plan, effects, estimates).items():
        write_table(frame, Path(outputs[name]), f"bias/{name}.csv")


if __name__ == "__main__":
    run(main, snakemake)
