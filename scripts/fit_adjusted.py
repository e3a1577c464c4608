"""Fit every synthesis again under assumptions on bias, straying studies and conversions; keep what has not changed."""

import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis import adjusted
from evisynth.synthesis.bias_answers import Answer
from evisynth.synthesis.bias_evidence import Evidence, evidence_of
from evisynth.synthesis.bias_settings import class_words
from evisynth.synthesis.kept import Kept
from evisynth.synthesis.model_checks import frame_of
from evisynth.synthesis.posterior import exact, tasks
from evisynth.synthesis.risk import overall_judgements
from harness import run

LEAST_STUDIES = 2


def main(inputs, outputs, params):
    """Write ``bayes/adjusted.csv`` and ``bayes/bias_terms.csv``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    outcomes = review.corrected["outcomes"].text
    benefits = dict(zip(outcomes["outcome_id"], outcomes["benefit"], strict=True))
    judged = overall_judgements(read_result(Path(inputs["judgements"])))
    kept = Kept(Path(params["cache"]), (params["code"], *(version(name) for name in ("numpy", "scipy"))))
    found = [
        evidence_of(task, review.corrected, judged)
        for task in tasks(review.plan, read_result(Path(inputs["effects"])), benefits, {})
        if task.method == "bayes_exact" and len(task.effects) >= LEAST_STUDIES
    ]
    estimates, terms = [], []
    for evidence in found:
        task, words = evidence.task, class_words(evidence.classes)
        plain = exact(task)[0].estimate["estimate"]
        for method, origin, stored in _answers(evidence, kept):
            answer = Answer(**stored)
            estimates.append(adjusted.adjusted_row(task, method, origin, answer, plain, words))
            terms += adjusted.term_rows(task, method, origin, answer)
    for name, rows, columns in (
        ("adjusted", estimates, adjusted.ADJUSTED_COLUMNS),
        ("bias_terms", terms, adjusted.TERM_COLUMNS),
    ):
        write_table(frame_of(rows, columns), Path(outputs[name]), f"bayes/{name}.csv")


def _answers(evidence: Evidence, kept: Kept) -> list:
    task = evidence.task

    def make(place: Path) -> None:
        rows = [(method, origin, asdict(answer)) for method, origin, answer in adjusted.answers_of(evidence)]
        (place / "answers.json").write_text(json.dumps(rows), encoding="utf-8")

    place = kept.get(
        make,
        task.key,
        task.effects[["study_id", "label", "yi", "vi", "n_1", "n_2"]].to_numpy().tolist(),
        (task.tau_prior, task.mu_prior, task.benefit, task.synthesis.minimal_important_difference.value, task.origin),
        evidence.classes.to_numpy().tolist(),
        (evidence.designs, evidence.readings, evidence.given, evidence.reading_origin),
    )
    return json.loads((place / "answers.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    run(main, snakemake)
