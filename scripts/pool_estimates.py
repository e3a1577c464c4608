"""Pool every synthesis and every sensitivity analysis, frequentist; regress on moderators, pool subgroups."""

from pathlib import Path

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.estimates import plan_rows
from evisynth.synthesis.moderators import moderator_rows
from harness import run


def main(inputs, outputs, params):
    """Write ``pooled/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    effects = read_result(Path(inputs["effects"]))
    frames = plan_rows(review.plan, effects, read_result(Path(inputs["sensitivity"])))
    found = dict(zip(("estimates", "weights", "leave_one_out", "sensitivity"), frames, strict=True))
    found |= moderator_rows(review.plan, effects, review.corrected["moderators"].text)
    for name, path in outputs.items():
        write_table(found[name], Path(path), f"pooled/{name}.csv")


if __name__ == "__main__":
    run(main, snakemake)
