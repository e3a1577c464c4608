"""Fit the Bayesian models: exact by quadrature, and sampled with PyMC; keep what has not changed."""

import hashlib
import json
import shutil
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis import posterior as rows
from evisynth.synthesis.posterior import Posterior, Task
from harness import run


def main(inputs, outputs, params):
    """Write ``bayes/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    outcomes = review.corrected["outcomes"].text
    benefits = dict(zip(outcomes["outcome_id"], outcomes["benefit"], strict=True))
    studies = review.corrected["studies"].text
    conditions = dict(zip(studies["study_id"], studies["condition"], strict=True))
    found = rows.tasks(review.plan, read_result(Path(inputs["effects"])), benefits, conditions)
    kept = Kept(Path(params["cache"]), params)
    folder = Path(outputs["posteriors"])
    folder.mkdir(parents=True, exist_ok=True)
    exact = {task.name: rows.exact(task) for task in found if task.method == "bayes_exact"}
    answers = [
        exact[task.name][0]
        if task.method == "bayes_exact"
        else kept.posterior(task, exact.get(task.name.replace("bayes_normal", "bayes_exact")), folder)
        for task in found
    ]
    pairs = list(zip(found, answers, strict=True))

    def write(name, frame_rows, columns):
        write_table(pd.DataFrame(frame_rows, columns=list(columns)), Path(outputs[name]), f"bayes/{name}.csv")

    write("estimates", [rows.estimate_row(*pair) for pair in pairs], rows.BAYES_COLUMNS)
    write("studies", [row for pair in pairs for row in rows.study_rows(*pair)], rows.STUDY_COLUMNS)
    write("diagnostics", [rows.diagnostic_row(*pair) for pair in pairs], rows.DIAGNOSTIC_COLUMNS)
    write_table(rows.sensitivity_rows(found), Path(outputs["sensitivity"]), "bayes/sensitivity.csv")


FITTERS = {"bayes_normal": "fit_normal", "bayes_binomial": "fit_binomial", "bayes_hierarchy": "fit_hierarchy"}


class Kept:
    """Sampled posteriors by the hash of all that they depend on."""

    def __init__(self, folder: Path, params: dict) -> None:
        self.folder, self.sampler, self.cores = folder, params["sampler"], params["cores"]
        self.common = [
            params["code"],
            self.sampler,
            *(version(name) for name in ("pymc", "nutpie", "numpy", "arviz")),
        ]

    def posterior(self, task: Task, exact, folder: Path) -> Posterior:
        """Return the fit of a task, from the store where it is there; put its draws into ``folder``."""
        problem = _problem(task)
        digest = hashlib.sha256(repr([self.common, task.key, problem, task.benefit]).encode()).hexdigest()[:24]
        place = self.folder / digest
        if not (place / "posterior.json").is_file():
            self._fit(task, problem, exact, place)
        shutil.copyfile(place / "posterior.nc", folder / f"{task.name}.nc")
        stored = json.loads((place / "posterior.json").read_text(encoding="utf-8"))
        return Posterior(stored["estimate"], tuple(stored["studies"]), stored["diagnostics"])

    def _fit(self, task: Task, problem, exact, place: Path) -> None:
        from evisynth.bayes import sampled

        fit = getattr(sampled, FITTERS[task.method])([problem], _settings(self.sampler, self.cores))[0]
        answer = rows.sampled(task, fit, exact[1] if exact else None)
        half_made = place.with_name(f"{place.name}.part")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(parents=True)
        sampled.write_posterior(fit, half_made / "posterior.nc")
        (half_made / "posterior.json").write_text(json.dumps(asdict(answer)), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        half_made.rename(place)
        print(f"{task.name}: {fit.seconds:.1f} s, {answer.diagnostics['gate']}", flush=True)


def _problem(task: Task):
    from evisynth.bayes.sampled import BinomialProblem, HierarchyProblem, NormalProblem

    effects = task.effects
    names = tuple(effects["study_id"])
    if task.method == "bayes_binomial":
        counts = (tuple(int(value) for value in effects[name]) for name in ("events_1", "n_1", "events_2", "n_2"))
        baseline = task.synthesis.baseline_prior.prior
        return BinomialProblem(task.name, names, *counts, task.tau_prior, task.mu_prior, baseline)
    if task.method == "bayes_hierarchy":
        groups = tuple(task.conditions[name] for name in names)
        # One prior serves both levels: nothing is known that would tell them apart.
        priors = (task.tau_prior, task.tau_prior, task.mu_prior)
        return HierarchyProblem(task.name, names, groups, tuple(effects["yi"]), tuple(effects["vi"]), *priors)
    return NormalProblem(task.name, names, tuple(effects["yi"]), tuple(effects["vi"]), task.tau_prior, task.mu_prior)


def _settings(sampler: dict, cores: int):
    from evisynth.bayes.sampled import SamplerSettings, Thresholds

    gates = {
        name: sampler[name] for name in ("rhat_max", "ess_bulk_min", "ess_tail_min", "divergences_max", "ebfmi_min")
    }
    run_with = {name: sampler[name] for name in ("chains", "tune", "draws", "target_accept", "seed")}
    return SamplerSettings(**run_with, cores=cores, thresholds=Thresholds(**gates))


if __name__ == "__main__":
    run(main, snakemake)
