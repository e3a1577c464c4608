"""Explore the exact posteriors: every prior, every model of a model average, densities and probabilities."""

from pathlib import Path

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.explored import explored_rows
from evisynth.synthesis.posterior import tasks
from harness import run


def main(inputs, outputs, params):
    """Write the five tables in ``bayes/`` that explore the exact posteriors."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    outcomes = review.corrected["outcomes"].text
    benefits = dict(zip(outcomes["outcome_id"], outcomes["benefit"], strict=True))
    found = tasks(review.plan, read_result(Path(inputs["effects"])), benefits, {})
    for name, frame in explored_rows(found).items():
        write_table(frame, Path(outputs[name]), f"bayes/{name}.csv")


if __name__ == "__main__":
    run(main, snakemake)
