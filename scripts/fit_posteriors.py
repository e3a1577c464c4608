"""Fit the Bayesian models: exact by quadrature, and sampled with PyMC; keep what has not changed."""

import json
import shutil
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis import posterior as rows
from evisynth.synthesis.kept import Kept
from evisynth.synthesis.other_priors import sensitivity_rows
from evisynth.synthesis.posterior import Posterior, Task
from evisynth.synthesis.sampling import fit_of, problem_of, settings_of
from harness import run


def main(inputs, outputs, params, cores=1):
    """Write ``bayes/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    outcomes = review.corrected["outcomes"].text
    benefits = dict(zip(outcomes["outcome_id"], outcomes["benefit"], strict=True))
    studies = review.corrected["studies"].text
    conditions = dict(zip(studies["study_id"], studies["condition"], strict=True))
    found = rows.tasks(review.plan, read_result(Path(inputs["effects"])), benefits, conditions)
    posteriors = Posteriors(params, cores)
    folder = Path(outputs["posteriors"])
    folder.mkdir(parents=True, exist_ok=True)
    exact = {task.name: rows.exact(task) for task in found if task.method == "bayes_exact"}
    answers = [
        exact[task.name][0]
        if task.method == "bayes_exact"
        else posteriors.fit(task, exact.get(task.name.replace("bayes_normal", "bayes_exact")), folder)
        for task in found
    ]
    pairs = list(zip(found, answers, strict=True))

    def write(name, frame_rows, columns):
        write_table(pd.DataFrame(frame_rows, columns=list(columns)), Path(outputs[name]), f"bayes/{name}.csv")

    write("estimates", [rows.estimate_row(*pair) for pair in pairs], rows.BAYES_COLUMNS)
    write("studies", [row for pair in pairs for row in rows.study_rows(*pair)], rows.STUDY_COLUMNS)
    write("diagnostics", [rows.diagnostic_row(*pair) for pair in pairs], rows.DIAGNOSTIC_COLUMNS)
    write_table(sensitivity_rows(found), Path(outputs["sensitivity"]), "bayes/sensitivity.csv")


class Posteriors:
    """The fits of tasks, sampled where they are not kept."""

    def __init__(self, params: dict, cores: int) -> None:
        packages = [version(name) for name in ("pymc", "nutpie", "numpy", "arviz")]
        self.kept = Kept(Path(params["cache"]), (params["code"], params["sampler"], *packages))
        self.settings = lambda: settings_of(params["sampler"], cores)

    def fit(self, task: Task, exact, folder: Path) -> Posterior:
        """Return the fit of a task; put its draws into ``folder``."""
        problem = problem_of(task)

        def sample(place: Path) -> None:
            from evisynth.bayes.sampled import write_posterior

            fit = fit_of(task, problem, self.settings())
            answer = rows.sampled(task, fit, exact[1] if exact else None)
            write_posterior(fit, place / "posterior.nc")
            (place / "posterior.json").write_text(json.dumps(asdict(answer)), encoding="utf-8")
            print(f"{task.name}: {fit.seconds:.1f} s, {answer.diagnostics['gate']}", flush=True)

        threshold = task.synthesis.minimal_important_difference.value
        place = self.kept.get(sample, task.key, problem, task.benefit, threshold)
        shutil.copyfile(place / "posterior.nc", folder / f"{task.name}.nc")
        stored = json.loads((place / "posterior.json").read_text(encoding="utf-8"))
        return Posterior(stored["estimate"], tuple(stored["studies"]), stored["diagnostics"])


if __name__ == "__main__":
    # Not a parameter: the record must not depend on it, and the draws do not.
    run(partial(main, cores=snakemake.threads), snakemake)
