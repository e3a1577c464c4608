"""Pool every synthesis and every sensitivity analysis, frequentist."""

from pathlib import Path

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.estimates import plan_rows
from harness import run


def main(inputs, outputs, params):
    """Write ``pooled/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    frames = plan_rows(review.plan, read_result(Path(inputs["effects"])), read_result(Path(inputs["sensitivity"])))
    for name, frame in zip(("estimates", "weights", "leave_one_out", "sensitivity"), frames, strict=True):
        write_table(frame, Path(outputs[name]), f"pooled/{name}.csv")


if __name__ == "__main__":
    run(main, snakemake)
