"""Judge risk of bias from the answers, and rate the certainty of every synthesis."""

from pathlib import Path

from evisynth.provenance.tables import read_result, write_table
from evisynth.review.problems import ReviewError
from evisynth.review.stored import read_checked
from evisynth.synthesis.certainty import certainty_rows, judged, quality_problems
from evisynth.synthesis.findings import findings_rows
from harness import run


def main(inputs, outputs, params):
    """Write ``quality/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    problems = quality_problems(review)
    if problems:
        raise ReviewError(problems)
    judgements = judged(review.corrected).judgements
    write_table(judgements, Path(outputs["judgements"]), "quality/judgements.csv")
    tables = {
        name: read_result(Path(inputs[name]))
        for name in ("effects", "left_out", "estimates", "weights", "small_studies")
    }
    rows = certainty_rows(review.plan, review.corrected, judgements, **tables)
    write_table(rows, Path(outputs["certainty"]), "quality/certainty.csv")
    text = review.corrected["outcomes"].text
    benefits, names = (dict(zip(text["outcome_id"], text[column], strict=True)) for column in ("benefit", "name"))
    certainty = read_result(Path(outputs["certainty"]))
    findings = findings_rows(review.plan, benefits, names, tables["effects"], tables["estimates"], certainty)
    write_table(findings, Path(outputs["findings"]), "quality/findings.csv")


if __name__ == "__main__":
    run(main, snakemake)
