"""Every claim with a verdict and a way to the published cell; and the same as ClaimReview records."""

import json

import pytest

from evisynth.claims import audit_review, claim_reviews
from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import write_table
from evisynth.provenance.trace import trace
from evisynth.review.stored import write_checked
from evisynth.review.tables import VERDICTS


@pytest.fixture(scope="module")
def folder(review, found, tmp_path_factory):
    """The results folder as the check and the audit write it."""
    path = tmp_path_factory.mktemp("results")
    write_checked(review, path / "checked")
    write_table(found.claims, path / "claims/claims.csv", "claims/claims.csv")
    return ResultsFolder(path)


def test_every_claim_of_the_table_is_audited(review, found):
    assert len(found.claims) == len(review.received["claims"].keys) == 179
    assert set(found.claims["verdict"]) <= set(VERDICTS)


def test_every_claim_leads_to_its_published_cells(found, folder):
    for claim in found.claims.itertuples(index=False):
        step = trace(folder, f"claims/claims.csv:{claim.claim_id}:verdict")
        assert step.value == claim.verdict
        parents = {str(parent.reference) for parent in step.parents}
        assert {f"claims.csv:{claim.claim_id}", f"sources.csv:{claim.source_id}"} <= parents
        for place in filter(None, claim.published_ref.split(";")):
            cell = trace(folder, place)
            assert cell.reference.column, place
            assert f"{cell.reference.table}:{cell.reference.key}" in parents, place
            # the document in which the figure was read is named there
            assert cell.source or cell.reference.table in ("studies.csv", "outcomes.csv"), place
        if not claim.published_ref:
            assert claim.reason, claim.claim_id


def test_claimreview_records(found, review):
    graph = claim_reviews(found.claims, review.corrected["sources"], review.plan.title)["@graph"]
    works = {item["@id"]: item for item in graph if item["@type"] == "CreativeWork"}
    reviews = {item["@id"]: item for item in graph if item["@type"] == "ClaimReview"}
    assert set(works) == {"#doc_a", "#doc_b", "#doc_c", "#doc_d"}
    assert len(reviews) == len(found.claims)
    size = reviews["#a05_n"]
    assert size["reviewRating"] == {
        "@type": "Rating", "alternateName": "contradicted", "ratingValue": 1, "bestRating": 5, "worstRating": 1,
    }  # fmt: skip
    assert size["itemReviewed"]["appearance"] == {"@id": "#doc_a"}
    assert size["isBasedOn"] == ["studies.csv:younger2013:n_randomised"]
    assert "published: 31" in size["reviewBody"]
    for claim in found.claims.itertuples(index=False):
        item = reviews[f"#{claim.claim_id}"]
        assert item["claimReviewed"] and item["reviewBody"]
        assert ("ratingValue" in item["reviewRating"]) == (claim.verdict not in ("unverifiable", "omitted"))
    json.dumps(graph, allow_nan=False)


def test_a_review_without_claims(review):
    empty = audit_review({**review.corrected, "claims": review.corrected["claims"]}).claims.iloc[:0]
    assert claim_reviews(empty, review.corrected["sources"])["@graph"] == []
