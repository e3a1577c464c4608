"""The audited claims of the naltrexone review, and small made-up tables for the tests of the claims audit."""

from pathlib import Path

import pandas as pd
import pytest

from evisynth.claims import audit_review
from evisynth.review import load_review
from evisynth.review.reading import Table, empty_table
from evisynth.review.tables import TABLES, key_of


def _table(name, rows):
    spec = TABLES[name]
    if not rows:
        return empty_table(spec)
    unknown = {column for row in rows for column in row} - set(spec.names)
    assert not unknown, f"{name} has no column {unknown}"
    text = pd.DataFrame([{column: str(row.get(column, "")) for column in spec.names} for row in rows])
    keys = tuple(key_of(parts) for parts in text[list(spec.key)].itertuples(index=False))
    return Table(spec, text, keys, tuple(range(2, len(rows) + 2)))


FACTS = {
    "sources": [
        {"source_id": "page", "kind": "web article", "citation": "A page", "year": 2020},
        {"source_id": "undated", "kind": "web article", "citation": "A page without a date"},
        {"source_id": "paper", "kind": "journal article", "citation": "A paper", "year": 2015},
        {"source_id": "pool2019", "kind": "systematic review", "citation": "A pool", "year": 2019},
        {"source_id": "pool2021", "kind": "systematic review", "citation": "A later pool", "year": 2021},
    ],
    "outcomes": [
        {"outcome_id": "pain", "name": "Pain", "type": "continuous", "benefit": "lower"},
        {"outcome_id": "sleep", "name": "Sleep", "type": "continuous", "benefit": "higher"},
        {"outcome_id": "cured", "name": "Cured", "type": "binary", "benefit": "higher"},
    ],
    "studies": [
        {"study_id": "old", "label": "Old 2010", "year": 2010, "condition": "gout", "design": "single-arm study",
         "blinding": "open label", "comparator": "none", "n_randomised": 12, "status": "verified"},
        {"study_id": "trial", "label": "Trial 2015", "year": 2015, "condition": "gout",
         "design": "crossover trial", "blinding": "double-masked", "comparator": "placebo", "dose_mg": 4.5,
         "n_randomised": 40, "n_analysed": 36, "status": "verified", "unconfirmed_fields": "n_analysed"},
        {"study_id": "late", "label": "Late 2022", "year": 2022, "condition": "gout", "design": "parallel trial",
         "dose_mg": 6, "n_randomised": 200, "status": "verified"},
        {"study_id": "planned", "label": "Planned", "condition": "gout", "design": "protocol",
         "status": "verified"},
    ],
    "arms": [
        {"study_id": "trial", "outcome_id": "pain", "arm": "drug", "treatment": "drug", "mean": "-2.1",
         "source_id": "paper", "status": "verified"},
        {"study_id": "trial", "outcome_id": "pain", "arm": "placebo", "treatment": "placebo", "mean": "-0.6",
         "source_id": "paper", "status": "verified"},
        {"study_id": "trial", "outcome_id": "sleep", "arm": "drug", "treatment": "drug", "mean": "70",
         "source_id": "paper", "status": "verified"},
        {"study_id": "trial", "outcome_id": "sleep", "arm": "placebo", "treatment": "placebo", "mean": "72.5",
         "source_id": "paper", "status": "verified"},
        {"study_id": "trial", "outcome_id": "cured", "arm": "drug", "treatment": "drug", "events": 12, "n": 18,
         "percent": "66.7", "source_id": "paper", "status": "verified"},
        {"study_id": "trial", "outcome_id": "cured", "arm": "placebo", "treatment": "placebo", "events": 5,
         "n": 22, "source_id": "paper", "status": "unconfirmed"},
        {"study_id": "trial", "outcome_id": "pain", "arm": "drug", "variant": "blank", "treatment": "drug",
         "source_id": "paper", "status": "verified"},
    ],
    "contrasts": [
        {"study_id": "trial", "outcome_id": "pain", "treatment": "drug", "comparator": "placebo",
         "statistic": "MD", "value": "-1.5", "ci_low": "-2.5", "ci_high": "-0.5", "p_value": "0.004",
         "favours": "treatment", "source_id": "paper", "status": "verified"},
        {"study_id": "trial", "outcome_id": "sleep", "treatment": "drug", "comparator": "placebo",
         "statistic": "MD", "value": "-2.5", "ci_low": "-6", "ci_high": "1", "p_value": "0.16",
         "favours": "neither", "source_id": "paper", "status": "verified"},
        {"study_id": "late", "outcome_id": "pain", "treatment": "drug", "comparator": "placebo",
         "statistic": "p only", "p_value": "0.05", "p_relation": "<", "favours": "comparator",
         "source_id": "paper", "status": "verified"},
        {"study_id": "late", "outcome_id": "sleep", "treatment": "drug", "comparator": "placebo",
         "statistic": "p only", "p_value": "0.2", "p_relation": "<", "source_id": "paper",
         "status": "verified"},
    ],
    "published_pools": [
        {"pool_id": "cure", "label": "Pool 2019", "population": "gout", "outcome": "cured",
         "outcome_id": "cured", "comparison": "drug v placebo", "k": 9, "measure": "RR", "value": "1.40",
         "ci_low": "1.10", "ci_high": "1.80", "source_id": "pool2019", "status": "verified"},
        {"pool_id": "harm", "label": "Pool 2021", "population": "gout, adults", "outcome": "nausea",
         "comparison": "drug v placebo", "k": 4, "measure": "RR", "value": "0.90", "ci_low": "0.60",
         "ci_high": "1.30", "source_id": "pool2021", "status": "derived"},
    ],
}  # fmt: skip


@pytest.fixture(scope="session")
def review():
    """The naltrexone review."""
    return load_review(Path(__file__).parents[2] / "data" / "naltrexone")


@pytest.fixture(scope="session")
def found(review):
    """Its claims, audited."""
    return audit_review(review.corrected)


@pytest.fixture
def tables():
    """Every table of a made-up review without claims."""
    return {name: _table(name, FACTS.get(name, [])) for name in TABLES}


@pytest.fixture
def with_claims(tables):
    """Return a function that puts claims into the made-up review: defaults where a test does not say."""

    def build(*claims):
        defaults = {
            "claim_group": "X1",
            "source_id": "page",
            "locator": "line 1",
            "condition": "gout",
            "attribute": "effect",
            "statement": "made up",
        }
        rows = [{**defaults, "claim_id": f"x1_{place}", **claim} for place, claim in enumerate(claims)]
        return {**tables, "claims": _table("claims", rows)}

    return build
