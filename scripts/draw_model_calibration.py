"""Put the calibrations of the models together and draw a histogram of ranks for each."""

from pathlib import Path

import pandas as pd

from evisynth.corpus.plots import draw_calibration
from evisynth.provenance.tables import to_csv
from harness import run


def main(inputs, outputs, params):
    """Write the table and one PNG per model."""
    frame = pd.concat([pd.read_csv(path) for path in inputs["tables"]], ignore_index=True)
    text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
    Path(outputs["table"]).write_text(text, encoding="utf-8", newline="")
    for (model, own), path in zip(frame.groupby("model", sort=False), outputs["images"], strict=True):
        words = model.replace("_", " ")
        draw_calibration(own.assign(setting=words), Path(path).with_suffix(""))


if __name__ == "__main__":
    run(main, snakemake)
