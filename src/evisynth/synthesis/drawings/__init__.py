"""Which figures a review gets: the frame, the picture and the words of each."""

from collections.abc import Iterator

import pandas as pd

from evisynth.review.folder import Review
from evisynth.synthesis.drawings.drawing import COLUMNS, Drawing, draw
from evisynth.synthesis.drawings.kinds import KINDS, Kind, wanted
from evisynth.synthesis.drawings.of_review import figures_of_review
from evisynth.synthesis.drawings.of_synthesis import figures_of, forests
from evisynth.synthesis.drawings.tables import TABLES, read_tables

__all__ = ["COLUMNS", "KINDS", "TABLES", "Drawing", "Kind", "draw", "drawings", "read_tables", "wanted"]


def drawings(review: Review, tables: dict[str, pd.DataFrame]) -> Iterator[Drawing]:
    """Yield every figure that the tables of a review can fill.

    Parameters
    ----------
    review : Review
        The checked review.
    tables : dict of str to pandas.DataFrame
        As :func:`read_tables` gives them.
    """
    for synthesis in review.plan.syntheses:
        yield from forests(review, synthesis, tables)
        if synthesis.pool:
            yield from figures_of(review, synthesis, tables)
    yield from figures_of_review(review, tables)
