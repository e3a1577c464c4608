"""Put the calibrations of the models together and draw a histogram of ranks for each."""

from pathlib import Path

import pandas as pd

from evisynth.figures.calibration import plot_calibration
from evisynth.figures.style import save
from evisynth.provenance.tables import to_csv
from harness import run

TITLES = {
    "normal": "Normal-normal, sampled",
    "binomial": "Binomial-normal, logit",
    "log_binomial": "Binomial-normal, log link",
    "poisson": "Poisson-normal",
    "regression": "Meta-regression",
    "hierarchy": "Studies within conditions",
    "additive_bias": "Additive bias",
    "contaminated": "Biased and unbiased",
    "student_t": "Student-t effects",
}


def main(inputs, outputs, params):
    """Write the table and one PNG per model."""
    frame = pd.concat([pd.read_csv(path) for path in inputs["tables"]], ignore_index=True)
    text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
    Path(outputs["table"]).write_text(text, encoding="utf-8", newline="")
    for (model, own), path in zip(frame.groupby("model", sort=False), outputs["images"], strict=True):
        title = TITLES.get(model, model.replace("_", " ").capitalize())
        save(plot_calibration(own, title=title), Path(path).with_suffix(""), "calibration", ("png",))


if __name__ == "__main__":
    run(main, snakemake)
