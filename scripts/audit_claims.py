"""Hold every claim against the published figure."""

import json
from pathlib import Path

from evisynth.claims import audit_review, check_claims, claim_reviews
from evisynth.provenance.tables import write_table
from evisynth.review.problems import ReviewError
from evisynth.review.stored import read_checked
from harness import run


def main(inputs, outputs, params):
    """Write ``claims/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    problems = list(check_claims(review.received["claims"], review.corrected))
    if problems:
        raise ReviewError(problems)
    found = audit_review(review.corrected)
    for name in ("claims", "documents", "conflicts", "stated_published", "timeline"):
        write_table(getattr(found, name), Path(outputs[name]), f"claims/{name}.csv")
    reviews = claim_reviews(found.claims, review.corrected["sources"], review.plan.title)
    text = json.dumps(reviews, ensure_ascii=False, indent=1, sort_keys=True)
    Path(outputs["claimreview"]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main, snakemake)
