"""Turn the rows of every synthesis into effects, with the chain of conversions behind each."""

from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.assemble import assemble_plan, effect_rows, left_out_rows, step_rows
from evisynth.synthesis.layout import EFFECT_COLUMNS, LEFT_OUT_COLUMNS, STEP_COLUMNS
from evisynth.synthesis.paired import PAIRED_COLUMNS, paired_rows
from harness import run


def main(inputs, outputs, params):
    """Write ``effects/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    planned, sensitivity = assemble_plan(review.plan, review.members, review.corrected, review.received)

    def write(name, frames, columns):
        joined = pd.concat([frame for frame in frames if len(frame)] or [pd.DataFrame()], ignore_index=True)
        write_table(joined.reindex(columns=list(columns)), Path(outputs[name]), f"effects/{Path(outputs[name]).name}")

    write("effects", [effect_rows(a, review.corrected) for a in planned], EFFECT_COLUMNS)
    write("steps", [step_rows(a) for a in planned], STEP_COLUMNS)
    write("left_out", [left_out_rows(a) for a in planned], LEFT_OUT_COLUMNS)
    columns = [EFFECT_COLUMNS[0], "scenario", *EFFECT_COLUMNS[1:]]
    write("sensitivity", [effect_rows(a, review.corrected) for a in sensitivity], columns)
    write("paired", [paired_rows(review.plan, review.corrected)], PAIRED_COLUMNS)


if __name__ == "__main__":
    run(main, snakemake)
