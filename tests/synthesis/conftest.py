"""The tables of the naltrexone review that the quality stage reads, made once."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from evisynth.provenance.tables import read_result, write_table
from evisynth.review import load_review
from evisynth.synthesis.assemble import assemble_plan, effect_rows, left_out_rows
from evisynth.synthesis.certainty import certainty_rows, judged
from evisynth.synthesis.estimates import plan_rows

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def quality_stage(tmp_path_factory):
    """Effects, estimates, judgements and certainty of the naltrexone review, as they are read back from CSV."""
    review = load_review(DATA / "naltrexone")
    folder = tmp_path_factory.mktemp("quality")

    def stored(name, frames):
        table = f"{name}.csv"
        frame = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
        write_table(frame, folder / table, table)
        return read_result(folder / table)

    planned, sensitivity = assemble_plan(review.plan, review.members, review.corrected, review.received)
    effects = stored("effects/effects", [effect_rows(one, review.corrected) for one in planned])
    left_out = stored("effects/left_out", [left_out_rows(one) for one in planned])
    scenarios = pd.concat([effect_rows(one, review.corrected) for one in sensitivity], ignore_index=True)
    estimates, weights, *_ = plan_rows(review.plan, effects, scenarios)
    made = SimpleNamespace(
        folder=folder,
        review=review,
        effects=effects,
        left_out=left_out,
        estimates=stored("pooled/estimates", [estimates]),
        weights=stored("pooled/weights", [weights]),
        judgements=stored("quality/judgements", [judged(review.corrected).judgements]),
    )
    made.certainty = certainty_rows(
        review.plan, review.corrected, made.judgements, effects, left_out, made.estimates, made.weights
    )
    return made
