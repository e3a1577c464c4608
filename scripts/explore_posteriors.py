"""Explore the exact posteriors: every prior, every model of a model average, curves; keep what has not changed."""

from importlib.metadata import version
from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import read_result, to_csv, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.explored import COLUMNS, explored_of, joined
from evisynth.synthesis.kept import Kept
from evisynth.synthesis.posterior import Task, tasks
from harness import run


def main(inputs, outputs, params):
    """Write the five tables in ``bayes/`` that explore the exact posteriors."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    outcomes = review.corrected["outcomes"].text
    benefits = dict(zip(outcomes["outcome_id"], outcomes["benefit"], strict=True))
    found = tasks(review.plan, read_result(Path(inputs["effects"])), benefits, {})
    kept = Kept(Path(params["cache"]), (params["code"], *(version(name) for name in ("numpy", "scipy"))))
    parts = [_explored(task, kept) for task in found if task.method == "bayes_exact"]
    for name, frame in joined(parts).items():
        write_table(frame, Path(outputs[name]), f"bayes/{name}.csv")


def _explored(task: Task, kept: Kept) -> dict[str, pd.DataFrame]:
    def make(place: Path) -> None:
        for name, frame in explored_of(task).items():
            text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
            (place / f"{name}.csv").write_text(text, encoding="utf-8", newline="")

    place = kept.get(
        make,
        task.key,
        task.effects[["study_id", "label", "yi", "vi", "n_1", "n_2"]].to_numpy().tolist(),
        (task.tau_prior, task.mu_prior, task.benefit, task.synthesis.minimal_important_difference.value, task.origin),
    )
    # As text: what was written once is written again to the letter.
    return {name: pd.read_csv(place / f"{name}.csv", dtype=str, keep_default_na=False) for name in COLUMNS}


if __name__ == "__main__":
    run(main, snakemake)
