"""Which figures a review gets: the frame, the picture and the words of each."""

from collections.abc import Iterator

import pandas as pd

from evisynth.review.folder import Review
from evisynth.review.plan import Synthesis
from evisynth.synthesis.drawings.drawing import COLUMNS, Drawing, draw
from evisynth.synthesis.drawings.kinds import KINDS, Kind, wanted
from evisynth.synthesis.drawings.of_review import figures_of_review
from evisynth.synthesis.drawings.of_synthesis import figures_of, forests
from evisynth.synthesis.drawings.sharing import in_turns
from evisynth.synthesis.drawings.tables import TABLES, read_tables

__all__ = [
    "COLUMNS", "KINDS", "TABLES", "Drawing", "Kind", "draw", "drawings", "drawings_of", "in_turns", "read_tables",
    "wanted",
]  # fmt: skip


def drawings(review: Review, tables: dict[str, pd.DataFrame]) -> Iterator[Drawing]:
    """Yield every figure that the tables of a review can fill.

    Parameters
    ----------
    review : Review
        The checked review.
    tables : dict of str to pandas.DataFrame
        As :func:`read_tables` gives them.
    """
    for synthesis in (*review.plan.syntheses, None):
        yield from drawings_of(review, synthesis, tables)


def drawings_of(review: Review, synthesis: Synthesis | None, tables: dict[str, pd.DataFrame]) -> Iterator[Drawing]:
    """Yield the figures of a synthesis, or those of the review as a whole; arguments as for :func:`drawings`."""
    if synthesis is None:
        yield from figures_of_review(review, tables)
        return
    yield from forests(review, synthesis, tables)
    if synthesis.pool:
        yield from figures_of(review, synthesis, tables)
