"""Check the sampled fits against their studies and their priors; keep what has not changed."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis import model_checks as checks
from evisynth.synthesis.kept import Kept
from evisynth.synthesis.posterior import Task, tasks
from evisynth.synthesis.sampling import kept_fit
from harness import run


def main(inputs, outputs, params):
    """Write ``bayes/checks.csv`` and ``bayes/power_scaling.csv``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    outcomes = review.corrected["outcomes"].text
    benefits = dict(zip(outcomes["outcome_id"], outcomes["benefit"], strict=True))
    studies = review.corrected["studies"].text
    conditions = dict(zip(studies["study_id"], studies["condition"], strict=True))
    kept = Kept(Path(params["cache"]), (params["code"], *(version(name) for name in ("numpy", "scipy", "arviz"))))
    found = {"checks": [], "power_scaling": []}
    for task in tasks(review.plan, read_result(Path(inputs["effects"])), benefits, conditions):
        if task.method != "bayes_exact":
            rows = _rows(task, Path(inputs["posteriors"]) / f"{task.name}.nc", kept)
            for name, own in rows.items():
                found[name] += own
    for name, columns in (("checks", checks.CHECK_COLUMNS), ("power_scaling", checks.POWER_COLUMNS)):
        write_table(checks.frame_of(found[name], columns), Path(outputs[name]), f"bayes/{name}.csv")


def _rows(task: Task, posterior: Path, kept: Kept) -> dict[str, list]:
    digest = hashlib.sha256(posterior.read_bytes()).hexdigest()

    def make(place: Path) -> None:
        fit = kept_fit(task, posterior)
        rows = {"checks": checks.check_rows(task, fit), "power_scaling": checks.power_rows(task, fit)}
        (place / "rows.json").write_text(json.dumps(rows, default=float), encoding="utf-8")

    place = kept.get(make, task.key, task.effects[["study_id", "label"]].to_numpy().tolist(), digest)
    return json.loads((place / "rows.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    run(main, snakemake)
