"""Read and check a review folder.

The public face: :func:`load_review` gives a :class:`Review` or raises :class:`ReviewError`, which
lists every problem with file, line and column.
"""

from evisynth.review.folder import Review, check_name, load_review
from evisynth.review.members import input_of, members_of, rows_of
from evisynth.review.plan import Input, Plan, Scenario, Synthesis
from evisynth.review.problems import Problem, ReviewError
from evisynth.review.reading import Table
from evisynth.review.tables import TABLES, TableSpec, key_of

__all__ = [
    "TABLES",
    "Input",
    "Plan",
    "Problem",
    "Review",
    "ReviewError",
    "Scenario",
    "Synthesis",
    "Table",
    "TableSpec",
    "check_name",
    "input_of",
    "key_of",
    "load_review",
    "members_of",
    "rows_of",
]
