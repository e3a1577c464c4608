"""Estimate every synthesis again with what is known about the risk of bias of its studies."""

from pathlib import Path

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.informed import informed_rows
from harness import run

NAMES = ("judgements", "effects", "estimates", "weights", "bayes", "adjusted")


def main(inputs, outputs, params):
    """Write ``quality/informed.csv`` and ``quality/risk_weights.csv``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    tables = {name: read_result(Path(inputs[name])) for name in NAMES}
    informed, risk_weights = informed_rows(review.plan, **tables)
    write_table(informed, Path(outputs["informed"]), "quality/informed.csv")
    write_table(risk_weights, Path(outputs["risk_weights"]), "quality/risk_weights.csv")


if __name__ == "__main__":
    run(main, snakemake)
