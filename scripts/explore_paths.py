"""Take every defensible path of analysis through each synthesis; keep what has not changed."""

from importlib.metadata import version
from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import read_result, to_csv, write_table
from evisynth.review.folder import Review
from evisynth.review.plan import Synthesis
from evisynth.review.stored import read_checked
from evisynth.synthesis.kept import Kept
from evisynth.synthesis.paths import multiverse_rows
from harness import run

OF_STUDIES, OF_ALL = ("arms", "contrasts", "studies"), ("outcomes", "corrections")


def main(inputs, outputs, params):
    """Write ``pooled/multiverse.csv`` and its summary."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    judgements = read_result(Path(inputs["judgements"]))
    kept = Kept(Path(params["cache"]), (params["code"], *(version(name) for name in ("numpy", "scipy"))))
    parts = [_paths(synthesis, review, judgements, kept) for synthesis in review.plan.syntheses if synthesis.pool]
    if not parts:
        parts = [multiverse_rows((), review.members, review.corrected, review.received, judgements)]
    for name, table, frames in zip(
        ("multiverse", "summary"), ("multiverse", "multiverse_summary"), zip(*parts, strict=True), strict=True
    ):
        rows = pd.concat([frame for frame in frames if len(frame)] or frames[:1])
        write_table(rows, Path(outputs[name]), f"pooled/{table}.csv")


def _paths(
    synthesis: Synthesis, review: Review, judgements: pd.DataFrame, kept: Kept
) -> tuple[pd.DataFrame, pd.DataFrame]:
    def make(place: Path) -> None:
        made = multiverse_rows([synthesis], review.members, review.corrected, review.received, judgements)
        for i, frame in enumerate(made):
            text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
            (place / f"{i}.csv").write_text(text, encoding="utf-8", newline="")

    members = review.members[synthesis.id]
    studies = {*members, *(entry.study for scenario in synthesis.scenarios for entry in scenario.inputs)}
    facts = []
    for tables in (review.corrected, review.received):
        for name in (*OF_STUDIES, *OF_ALL):
            # What others than its studies report is no part of a synthesis.
            text = tables[name].text if name in tables else pd.DataFrame()
            own = text[text["study_id"].isin(studies)] if name in OF_STUDIES and len(text) else text
            facts.append((name, own.astype(str).to_numpy().tolist()))
    judged = judgements[judgements["study_id"].isin(studies)] if len(judgements) else judgements
    place = kept.get(make, synthesis.model_dump_json(), list(members), facts, judged.astype(str).to_numpy().tolist())
    # As text: what was written once is written again to the letter.
    first, second = (pd.read_csv(place / f"{i}.csv", dtype=str, keep_default_na=False) for i in (0, 1))
    return first, second


if __name__ == "__main__":
    run(main, snakemake)
