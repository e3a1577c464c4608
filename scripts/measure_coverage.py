"""Simulate how often each frequentist interval holds the truth, for the cells of one part of the grid."""

from itertools import product
from pathlib import Path

from evisynth.corpus.grids import part_of_grid, table_of_cells
from evisynth.pooling.coverage import simulate
from evisynth.provenance.tables import to_csv
from harness import run


def main(inputs, outputs, params):
    """Write one row per cell and interval."""
    grid = list(product(params["outcomes"], params["k"], params["i2"]))
    frame = table_of_cells(
        (number, _cell(*cell, params)) for number, cell in part_of_grid(grid, lambda cell: cell[1], params["part"])
    )
    text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
    Path(outputs["cells"]).write_text(text, encoding="utf-8", newline="")


def _cell(outcome, k, i2, params):
    found = simulate(outcomes=[outcome], k=[k], i2=[i2], replicates=params["replicates"], seed=params["seed"])
    return found.to_frame()


if __name__ == "__main__":
    run(main, snakemake)
