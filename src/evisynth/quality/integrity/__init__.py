"""Are the reported numbers possible? Checks of every reported figure against the figures beside it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evisynth.quality.integrity.findings import COLUMNS, RULES, VERDICTS, Finding
from evisynth.quality.integrity.grain import is_possible_mean, is_possible_sd, sums_for_mean
from evisynth.quality.integrity.tests_of_counts import fisher_p, paired_p_values, unpaired_p_values

if TYPE_CHECKING:
    import pandas as pd

    from evisynth.quality.integrity.facts import Facts
    from evisynth.review.reading import Table

__all__ = [
    "COLUMNS",
    "RULES",
    "VERDICTS",
    "Finding",
    "check_integrity",
    "fisher_p",
    "is_possible_mean",
    "is_possible_sd",
    "paired_p_values",
    "sums_for_mean",
    "unpaired_p_values",
]


def check_integrity(tables: Mapping[str, "Table"]) -> "pd.DataFrame":
    """Check whether the reported figures of a review are possible.

    Parameters
    ----------
    tables : mapping of str to Table
        studies, outcomes, arms, contrasts, published_pools, claims, corrections and sources, as far as the review
        has them. Give the tables as received: what a person corrected is then found, and the correction named.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`, keyed by check, table and row; one row for each check of each figure. ``verdict`` is one
        of `VERDICTS`, and ``assumption`` says what must hold where the figure is possible only then, or what would
        make an inconsistent one possible.

    Notes
    -----
    The rule of each check stands in `RULES`. Nothing here knows a particular study: a check sees only the columns.
    """
    import pandas as pd

    from evisynth.quality.integrity.check_claims import check_claims
    from evisynth.quality.integrity.check_documents import check_documents
    from evisynth.quality.integrity.check_effects import check_effects
    from evisynth.quality.integrity.check_groups import check_groups
    from evisynth.quality.integrity.check_intervals import check_differences, check_intervals
    from evisynth.quality.integrity.check_p_values import check_p_values
    from evisynth.quality.integrity.check_percentages import check_percentages
    from evisynth.quality.integrity.check_values import check_changes, check_values
    from evisynth.quality.integrity.facts import Facts

    facts = Facts(tables)
    checks = (
        check_percentages,
        check_values,
        check_changes,
        check_intervals,
        check_differences,
        check_p_values,
        check_groups,
        check_documents,
        check_effects,
        check_claims,
    )
    records = [_with_correction(facts, finding) for check in checks for finding in check(facts)]
    frame = pd.DataFrame(records, columns=list(COLUMNS))
    place = {(f"{name}.csv", key): at for name, table in tables.items() for at, key in enumerate(table.keys)}
    checks_in_order = {name: at for at, name in enumerate(RULES)}
    cells = zip(frame["table"], frame["row"], frame["check"], strict=True)
    order = [(_ORDER.index(table), place[table, row], checks_in_order[check]) for table, row, check in cells]
    return frame.iloc[sorted(range(len(frame)), key=order.__getitem__)].reset_index(drop=True)


_ORDER = ("arms.csv", "contrasts.csv", "published_pools.csv", "claims.csv")


def _with_correction(facts: "Facts", finding: Finding) -> dict[str, str]:
    """Return the finding's cells; where it is about a figure that a person corrected, with the correction."""
    record = finding.to_record()
    if finding.verdict == VERDICTS[0]:
        return record
    for row in facts.corrected.get((finding.row.table, finding.row.key), []):
        told = f"corrections.csv changes {row['column']} from {row['old']} to {row['new'] or 'blank'}"
        record["assumption"] = "; ".join(filter(None, (record["assumption"], told)))
        record["from"] += f";{row.reference}"
    return record
