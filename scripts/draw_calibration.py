"""Put the parts of the calibration together and draw them."""

from pathlib import Path

from evisynth.corpus.grids import gather_cells
from evisynth.corpus.plots import draw_calibration, draw_heat_maps
from evisynth.provenance.tables import to_csv
from harness import run


def main(inputs, outputs, params):
    """Write the tables, the histograms and the heat map."""
    ranks, coverage = gather_cells(inputs["ranks"]), gather_cells(inputs["coverage"])
    for name, frame in (("ranks", ranks), ("intervals", coverage)):
        text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
        Path(outputs[name]).write_text(text, encoding="utf-8", newline="")
    draw_calibration(ranks, Path(outputs["histograms"]).with_suffix(""))
    bayesian = coverage["interval"].str.startswith("posterior")
    ordered = coverage.assign(bayesian=~bayesian).sort_values(["tau", "bayesian", "k"], kind="stable")
    draw_heat_maps(
        ordered,
        Path(outputs["heat_map"]).with_suffix(""),
        rows=["interval"],
        columns=["k"],
        panel="tau",
        titles={tau: f"tau {tau:g}" for tau in ordered["tau"].unique()},
        axis="studies",
        title="Coverage of 95 % intervals of the mean",
    )


if __name__ == "__main__":
    run(main, snakemake)
