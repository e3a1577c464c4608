"""The tables of a review folder: their columns, types, allowed values, keys and links.

Here and in the two modules that it draws on is the only place that says what a table of facts may hold. The reader, the
checks, the JSON Schemas in ``workflow/schemas`` and the codebook in ``docs`` are all made from it.
"""

from collections.abc import Iterable

from evisynth.review.columns import (
    CLAIM_ATTRIBUTES,
    DESIGNS,
    ERROR_TAGS,
    LOCATOR,
    MEASURES,
    OUTCOME,
    PROVENANCE,
    RANDOMISED,
    SOURCE_ID,
    STATISTICS,
    STATUS,
    STATUSES,
    STUDY,
    VARIANT,
    VERDICTS,
    Column,
    TableSpec,
)
from evisynth.review.table_definitions import (
    ARMS,
    CERTAINTY,
    CLAIMS,
    CONTRASTS,
    CORRECTIONS,
    JUDGEMENTS,
    MODERATORS,
    OUTCOMES,
    PUBLISHED_POOLS,
    RISK_OF_BIAS,
    SCREENING,
    SOURCES,
    STUDIES,
)

__all__ = [
    "ARMS",
    "CERTAINTY",
    "CLAIMS",
    "CLAIM_ATTRIBUTES",
    "CONTRASTS",
    "CORRECTIONS",
    "DESIGNS",
    "ERROR_TAGS",
    "JUDGEMENTS",
    "LOCATOR",
    "MEASURES",
    "MODERATORS",
    "OUTCOME",
    "OUTCOMES",
    "PROVENANCE",
    "PUBLISHED_POOLS",
    "RANDOMISED",
    "RISK_OF_BIAS",
    "SCREENING",
    "SOURCES",
    "SOURCE_ID",
    "STATISTICS",
    "STATUS",
    "STATUSES",
    "STUDIES",
    "STUDY",
    "TABLES",
    "VARIANT",
    "VERDICTS",
    "Column",
    "TableSpec",
    "key_of",
]

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        SOURCES,
        SCREENING,
        STUDIES,
        OUTCOMES,
        ARMS,
        CONTRASTS,
        PUBLISHED_POOLS,
        CLAIMS,
        RISK_OF_BIAS,
        JUDGEMENTS,
        CERTAINTY,
        CORRECTIONS,
        MODERATORS,
    )
}


def key_of(values: Iterable[str]) -> str:
    """Join the parts of a key by ``:``, leaving out blank parts at the end.

    Parameters
    ----------
    values : iterable of str
        The parts, in the order of the table's key.

    Returns
    -------
    str
        ``younger2013:responder:ldn`` for ``("younger2013", "responder", "ldn", "")``.
    """
    parts = [str(value) for value in values]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return ":".join(parts)
