"""The audit of made-up claims: verdicts, counts, conflicts, named studies, time."""

import pytest

from evisynth.claims import audit, audit_review
from evisynth.claims.layout import (
    CLAIM_COLUMNS,
    CONFLICT_COLUMNS,
    DOCUMENT_COLUMNS,
    STATED_COLUMNS,
    TIMELINE_COLUMNS,
)

SIZE = "studies.csv:trial:n_randomised"


def test_a_person_overrides_and_both_verdicts_stay(with_claims):
    tables = with_claims(
        {"attribute": "sample size", "stated_value": "40", "compare_with": SIZE},
        {"attribute": "sample size", "stated_value": "40", "compare_with": SIZE,
         "verdict_override": "misattributed", "reason": "another trial's", "tags": "spliced studies"},
    )  # fmt: skip
    found = audit(tables["claims"], tables)
    assert tuple(found.columns) == CLAIM_COLUMNS
    assert list(found["verdict"]) == ["supported", "misattributed"]
    assert list(found["computed_verdict"]) == ["supported", "supported"]
    assert found.loc[1, "reason"] == "another trial's"


def test_every_row_says_where_it_comes_from_and_how_sure_the_cell_is(with_claims):
    arm = "arms.csv:trial:cured:placebo"
    tables = with_claims(
        {"attribute": "percent", "stated_value": "23", "compare_with": f"{arm}:events; {arm}:n"},
        {"attribute": "sample size", "stated_value": "5"},
    )
    found = audit(tables["claims"], tables)
    assert found.loc[0, "status"] == "unconfirmed"
    assert found.loc[0, "from"] == f"claims.csv:x1_0;sources.csv:page;{arm}"
    assert found.loc[0, "published_ref"] == f"{arm}:events;{arm}:n"
    assert (found.loc[1, "status"], found.loc[1, "verdict"]) == ("", "unverifiable")


def test_a_review_without_claims_gives_empty_tables(tables):
    found = audit_review(tables)
    frames = (found.claims, found.documents, found.conflicts, found.stated_published, found.timeline)
    expected = (CLAIM_COLUMNS, DOCUMENT_COLUMNS, CONFLICT_COLUMNS, STATED_COLUMNS, TIMELINE_COLUMNS)
    for frame, columns in zip(frames, expected, strict=True):
        assert len(frame) == 0
        assert tuple(frame.columns) == columns


def test_documents_are_counted(with_claims):
    tables = with_claims(
        {"attribute": "sample size", "stated_value": "40", "compare_with": SIZE},
        {"attribute": "sample size", "stated_value": "4", "compare_with": SIZE},
        {"attribute": "year", "stated_value": "2014", "source_id": "undated"},
        {"attribute": "omission", "compare_with": "contrasts.csv:trial:sleep:drug:placebo:value"},
    )
    found = audit_review(tables).documents.set_index("source_id")
    page, undated = found.loc["page"], found.loc["undated"]
    assert [page[name] for name in ("claims", "supported", "contradicted", "omitted")] == [3, 1, 1, 1]
    assert page["year"] == 2020
    assert (undated["unverifiable"], undated["not_before"]) == (1, 2014)
    assert page["from"] == "sources.csv:page;" + ";".join(f"claims/claims.csv:x1_{i}" for i in (0, 1, 3))


def test_documents_that_contradict_each_other(with_claims):
    tables = with_claims(
        {"claim_id": "a1_n", "attribute": "sample size", "stated_value": "10", "compare_with": SIZE},
        {"claim_id": "b1_people", "attribute": "sample size", "stated_value": "40", "compare_with": SIZE,
         "source_id": "undated"},
        {"claim_id": "a2_dose", "attribute": "dose", "stated_value": "1.5"},
        {"claim_id": "b2_dose", "attribute": "dose", "stated_value": "0.5", "source_id": "undated"},
        {"claim_id": "a3_dose", "attribute": "dose", "stated_value": "1.50"},
        {"claim_id": "a4_dose", "attribute": "dose", "stated_value": "9", "condition": "flu"},
        {"claim_id": "a5_kind", "attribute": "design", "stated_value": "randomised",
         "compare_with": "studies.csv:trial:design"},
        {"claim_id": "b5_kind", "attribute": "design", "stated_value": "crossover",
         "compare_with": "studies.csv:trial:design"},
    )  # fmt: skip
    found = audit_review(tables).conflicts
    pairs = list(zip(found["claim_1"], found["claim_2"], strict=True))
    assert pairs == [("a1_n", "b1_people"), ("a2_dose", "b2_dose"), ("b2_dose", "a3_dose")]
    assert list(found["borne_out"]) == ["b1_people", "", ""]
    assert not found["within"].any()
    assert found.loc[0, "published_value"] == "40"
    assert found.loc[0, "from"] == "claims/claims.csv:a1_n;claims/claims.csv:b1_people"


def test_a_document_that_contradicts_itself(with_claims):
    tables = with_claims(
        {"claim_id": "a1_n", "attribute": "sample size", "stated_value": "10", "compare_with": SIZE},
        {"claim_id": "a2_n", "attribute": "sample size", "stated_value": "12", "compare_with": SIZE},
    )
    assert list(audit_review(tables).conflicts["within"]) == [True]


def test_named_studies_as_stated_and_as_published(with_claims):
    cured = "arms.csv:trial:cured"
    tables = with_claims(
        {"claim_id": "a1_year", "claim_group": "A1", "study_id": "trial", "attribute": "year",
         "stated_value": "2010", "compare_with": "studies.csv:trial:year"},
        {"claim_id": "a1_cured_drug", "claim_group": "A1", "study_id": "trial", "attribute": "percent",
         "stated_value": "80", "compare_with": f"{cured}:drug:events;{cured}:drug:n"},
        {"claim_id": "a1_cured_placebo", "claim_group": "A1", "study_id": "trial", "attribute": "percent",
         "stated_value": "20", "compare_with": f"{cured}:placebo:events;{cured}:placebo:n"},
        {"claim_id": "a1_arm", "claim_group": "A1", "study_id": "old", "attribute": "design",
         "stated_value": "placebo-controlled", "compare_with": "studies.csv:old:comparator",
         "tags": "spliced studies"},
        {"claim_id": "a1_aside", "claim_group": "A1", "study_id": "late", "attribute": "sample size",
         "stated_value": "200", "compare_with": "studies.csv:late:n_randomised"},
        {"claim_id": "a2_year", "claim_group": "A2", "attribute": "year", "stated_value": "2008"},
        {"claim_id": "a2_n", "claim_group": "A2", "attribute": "sample size", "stated_value": "1,595"},
        {"claim_id": "a3_year", "claim_group": "A3", "attribute": "year", "stated_value": "1999"},
    )  # fmt: skip
    found = audit_review(tables).stated_published
    assert list(dict.fromkeys(found["study"])) == ["trial", "A2"]
    rows = found.set_index("item")
    assert "a1_aside" not in rows.index
    assert rows.loc["a1_arm", "study"] == "trial"
    assert rows.loc["a2_n", "label"] == "A2: a study of 2008, n = 1,595 that nobody found"
    difference, ratio = rows.loc["a1_cured_difference"], rows.loc["a1_cured_ratio"]
    assert difference["stated_value"] == "60"
    assert float(difference["published_value"]) == pytest.approx(100 * (12 / 18 - 5 / 22))
    assert float(ratio["stated_value"]) == 4
    assert float(ratio["published_value"]) == pytest.approx((12 / 18) / (5 / 22))
    assert (ratio["verdict"], ratio["status"]) == ("contradicted", "unconfirmed")


def test_a_contrast_of_two_studies_is_not_published(with_claims):
    tables = with_claims(
        {"claim_id": "a1_year", "study_id": "trial", "attribute": "year", "stated_value": "2015",
         "compare_with": "studies.csv:trial:year"},
        {"claim_id": "a1_cured_drug", "study_id": "trial", "attribute": "percent", "stated_value": "67",
         "compare_with": "arms.csv:trial:cured:drug:percent"},
        {"claim_id": "a1_cured_placebo", "study_id": "trial", "attribute": "percent", "stated_value": "0"},
    )  # fmt: skip
    rows = audit_review(tables).stated_published.set_index("item")
    assert rows.loc["a1_cured_difference", "published_value"] == ""
    assert rows.loc["a1_cured_difference", "verdict"] == "unverifiable"
    assert rows.loc["a1_cured_ratio", "stated_value"] == ""  # nothing over 0


def test_what_was_known_when_a_document_was_written(with_claims):
    tables = with_claims(
        {"attribute": "sample size", "stated_value": "40", "study_id": "trial", "compare_with": SIZE},
        {"attribute": "omission", "study_id": "old", "compare_with": "studies.csv:old:year"},
        {"attribute": "year", "stated_value": "2016", "source_id": "undated"},
    )
    found = audit_review(tables).timeline
    page = found[found["source_id"] == "page"].set_index("item")
    assert dict(page["timing"]) == {
        "old": "before", "trial": "before", "late": "later", "pool2019": "before", "pool2021": "later",
    }  # fmt: skip
    assert page["named"].to_dict()["trial"]
    assert not page["named"].to_dict()["old"]  # left out is not named
    undated = found[found["source_id"] == "undated"].set_index("item")
    assert dict(undated["timing"])["trial"] == "before"
    assert dict(undated["timing"])["late"] == "document undated"
    assert "planned" not in page.index


def test_a_publication_of_the_same_year(with_claims):
    tables = with_claims({"source_id": "pool2019", "attribute": "sample size", "stated_value": "9"})
    found = audit_review(tables).timeline.set_index("item")
    assert found.loc["pool2019", "timing"] == "same year"
