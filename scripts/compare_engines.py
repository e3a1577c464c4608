"""Let another engine pool every synthesis, and put its numbers beside ours."""

from pathlib import Path

from evisynth.provenance.agreement import compare_engines
from evisynth.provenance.tables import read_result, write_table
from harness import run


def main(inputs, outputs, params):
    """Write ``provenance/agreement.csv``."""
    effects, estimates = (read_result(Path(inputs[name])) for name in ("effects", "estimates"))
    found = compare_engines(effects, estimates, params["engines"])
    write_table(found, Path(outputs["agreement"]), "provenance/agreement.csv")


if __name__ == "__main__":
    run(main, snakemake)
