"""Calibrate one Bayesian model by simulation."""

from pathlib import Path

from evisynth.bayes.model_calibration import calibrate_model
from evisynth.provenance.tables import to_csv
from harness import run


def main(inputs, outputs, params):
    """Write the ranks of one model."""
    frame = calibrate_model(params["model"], params["simulations"], params["seed"])
    text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
    Path(outputs["table"]).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    run(main, snakemake)
