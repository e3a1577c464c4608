"""Simulate how often each frequentist interval holds the truth, for one kind of outcome."""

from pathlib import Path

from evisynth.pooling.coverage import simulate
from evisynth.provenance.tables import to_csv
from harness import run


def main(inputs, outputs, params):
    """Write one row per cell and interval."""
    grid = simulate(outcomes=[params["outcome"]], replicates=params["replicates"], seed=params["seed"])
    frame = grid.to_frame()
    text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
    Path(outputs["cells"]).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    run(main, snakemake)
