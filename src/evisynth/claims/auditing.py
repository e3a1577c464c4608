"""The claims audit: every claim beside the published figure, with a computed and a final verdict."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evisynth.claims.cells import Cell, cells_of, worst_status
from evisynth.claims.comparisons import compare
from evisynth.claims.conflicts import conflicts_of
from evisynth.claims.layout import CLAIM_COLUMNS
from evisynth.claims.numbers import number_of
from evisynth.claims.overviews import documents_of, stated_published, timeline_of
from evisynth.provenance.tables import join_from
from evisynth.review.reading import Table


@dataclass(frozen=True, slots=True)
class ClaimsAudit:
    """Everything the audit gives; the columns are those of `evisynth.claims.layout`.

    Attributes
    ----------
    claims : pandas.DataFrame
        One row per claim, with the verdict.
    documents : pandas.DataFrame
        One row per document, verdicts counted.
    conflicts : pandas.DataFrame
        One row per pair of claims that state different values of the same thing.
    stated_published : pandas.DataFrame
        The studies that documents name: as stated beside as published.
    timeline : pandas.DataFrame
        What had been published when each document was written.
    """

    claims: pd.DataFrame
    documents: pd.DataFrame
    conflicts: pd.DataFrame
    stated_published: pd.DataFrame
    timeline: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the claims with their verdicts."""
        return self.claims.copy()


def audit_review(tables: Mapping[str, Table]) -> ClaimsAudit:
    """Audit every claim of a review.

    Parameters
    ----------
    tables : mapping of str to Table
        All tables of facts, corrected; the claims are among them. A review without claims gives empty frames.

    Returns
    -------
    ClaimsAudit

    Raises
    ------
    KeyError
        Where a claim is compared with a cell that does not exist.
    """
    claims = audit(tables["claims"], tables)
    return ClaimsAudit(
        claims,
        documents_of(claims, tables["sources"]),
        conflicts_of(claims),
        stated_published(claims, tables),
        timeline_of(claims, tables),
    )


def audit(claims: Table, tables: Mapping[str, Table]) -> pd.DataFrame:
    """Compare every claim with its published cells and give it a verdict.

    Parameters
    ----------
    claims : Table
        claims.csv.
    tables : mapping of str to Table
        The tables that hold the published cells; ``outcomes`` (which direction is good), ``studies`` and
        ``sources`` (years) among them.

    Returns
    -------
    pandas.DataFrame
        Columns `CLAIM_COLUMNS`, one row per claim in the order of the file. ``computed_verdict`` is what the
        figures alone give, ``verdict`` is a person's where there is one, else the computed one.
        ``difference`` is stated minus published (for two arms held against 'better' or 'worse': first minus
        second), ``relative_difference`` is in per cent of the published figure.

    Raises
    ------
    KeyError
        Where a claim is compared with a cell that does not exist.
    """
    years = _document_years(tables["sources"])
    rows = [
        _row(dict(zip(claims.spec.names, cells, strict=True)), years, tables)
        for cells in claims.text.itertuples(index=False, name=None)
    ]
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _document_years(sources: Table) -> dict[str, float | None]:
    return {
        source: number_of(year) for source, year in zip(sources.text["source_id"], sources.text["year"], strict=True)
    }


def _row(claim: dict[str, str], years: Mapping[str, float | None], tables: Mapping[str, Table]) -> dict:
    cells = cells_of(claim["compare_with"], tables)
    found = compare(claim["attribute"], claim["stated_value"], cells, tables, years.get(claim["source_id"]))
    same = ("claim_id", "claim_group", "source_id", "locator", "condition", "study_id", "attribute",
            "statement", "stated_value", "tags", "reason")  # fmt: skip
    return {
        **{name: claim[name] for name in same},
        "published_value": found.published,
        "published_ref": ";".join(cell.reference for cell in cells),
        "comparison": found.name,
        "difference": found.difference,
        "relative_difference": found.relative_difference,
        "verdict": claim["verdict_override"] or found.verdict,
        "computed_verdict": found.verdict,
        "because": found.because,
        "status": worst_status(cells),
        "from": _origin(claim, cells),
    }


def _origin(claim: Mapping[str, str], cells: tuple[Cell, ...]) -> str:
    own = (f"claims.csv:{claim['claim_id']}", f"sources.csv:{claim['source_id']}")
    return join_from((*own, *(cell.row_reference for cell in cells)))
