"""Put the cells of the coverage simulation together and draw them."""

from pathlib import Path

from evisynth.corpus.grids import gather_cells
from evisynth.corpus.plots import draw_heat_maps
from evisynth.provenance.tables import to_csv
from harness import run

TITLES = {
    "normal": "normal outcomes, variances known",
    "rare": "log odds ratios of rare events (control risk 1 to 5 %)",
}
NAMES = {"mu": "mean", "tau2": "tau²", "prediction": "a further study's effect"}


def main(inputs, outputs, params):
    """Write the table and one heat map per kind of outcome."""
    frame = gather_cells(inputs["cells"])
    text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
    Path(outputs["table"]).write_text(text, encoding="utf-8", newline="")
    for outcome, words in TITLES.items():
        part = frame[frame["outcome"] == outcome].replace({"target": NAMES})
        draw_heat_maps(
            part.sort_values(["i2", "k"], kind="stable"),
            Path(outputs[outcome]).with_suffix(""),
            rows=["interval"],
            columns=["i2", "k"],
            panel="target",
            axis="true I² in per cent, and studies below it",
            title=f"Coverage of 95 % intervals: {words}",
        )


if __name__ == "__main__":
    run(main, snakemake)
