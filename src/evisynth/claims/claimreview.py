"""The audited claims as ClaimReview records (schema.org), for machines that read fact checks."""

from collections.abc import Mapping

import pandas as pd

from evisynth.review.reading import Table

RATINGS: Mapping[str, int] = {"contradicted": 1, "misattributed": 2, "partly": 3, "supported": 5}
"""Rating from 1 (false) to 5 (true) by verdict; the other verdicts say nothing about truth and get none."""
BEST, WORST = 5, 1


def claim_reviews(claims: pd.DataFrame, sources: Table, review: str = "") -> dict:
    """Return the claims of all documents as one JSON-LD object.

    Parameters
    ----------
    claims : pandas.DataFrame
        From `evisynth.claims.auditing.audit`.
    sources : Table
        sources.csv, for the documents.
    review : str
        Title of the review that judged them.

    Returns
    -------
    dict
        ``@graph`` holds one ClaimReview for each claim, in the order of the table, and one CreativeWork for each
        document. ``claimReviewed`` is the statement in the words of the review, not of the document. A claim that
        cannot be verified, and an omission, have a verdict in words and no rating.

    References
    ----------
    https://schema.org/ClaimReview
    """
    text = sources.text.set_index("source_id")
    documents = [_document(name, text.loc[name]) for name in dict.fromkeys(claims["source_id"])]
    reviews = [_review(claim, review) for claim in claims.astype(object).where(claims.notna(), "").to_dict("records")]
    return {"@context": "https://schema.org", "@graph": [*documents, *reviews]}


def _document(name: str, row: pd.Series) -> dict:
    found = {"@type": "CreativeWork", "@id": f"#{name}", "name": row["citation"]}
    found |= {"datePublished": row["year"]} if row["year"] else {}
    return found | ({"sameAs": f"https://doi.org/{row['doi']}"} if row["doi"] else {})


def _review(claim: Mapping, review: str) -> dict:
    rating = {"@type": "Rating", "alternateName": claim["verdict"]}
    if claim["verdict"] in RATINGS:
        rating |= {"ratingValue": RATINGS[claim["verdict"]], "bestRating": BEST, "worstRating": WORST}
    found = {
        "@type": "ClaimReview",
        "@id": f"#{claim['claim_id']}",
        "claimReviewed": _claimed(claim),
        "itemReviewed": {"@type": "Claim", "appearance": {"@id": f"#{claim['source_id']}"},
                         "description": claim["locator"]},
        "reviewRating": rating,
        "reviewBody": _body(claim),
    }  # fmt: skip
    places = [place for place in str(claim["published_ref"]).split(";") if place]
    found |= {"isBasedOn": places} if places else {}
    return found | ({"isPartOf": {"@type": "Review", "name": review}} if review else {})


def _claimed(claim: Mapping) -> str:
    return f"{claim['statement']}: {claim['stated_value']}" if claim["stated_value"] else str(claim["statement"])


def _body(claim: Mapping) -> str:
    """Say what was published and why the verdict is what it is."""
    parts = [f"published: {claim['published_value']}" if claim["published_value"] else ""]
    parts += [str(claim["because"]), str(claim["reason"])]
    parts.append(f"tags: {claim['tags'].replace(';', ', ')}" if claim["tags"] else "")
    parts.append("the published figure is unconfirmed" if claim["status"] == "unconfirmed" else "")
    return "; ".join(part for part in parts if part) or f"verdict: {claim['verdict']}"
