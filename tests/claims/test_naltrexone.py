"""The four documents of the naltrexone review."""

from decimal import Decimal

import pytest

from evisynth.claims import check_claims
from evisynth.claims.numbers import printed_numbers
from evisynth.review.tables import VERDICTS

GROUPS = {"doc_a": ("A", 31), "doc_b": ("B", 11), "doc_c": ("C", 8), "doc_d": ("D", 6)}


@pytest.fixture(scope="module")
def claims(found):
    return found.claims.set_index("claim_id")


def test_every_audited_claim_is_there(found):
    for source, (letter, count) in GROUPS.items():
        groups = set(found.claims.loc[found.claims["source_id"] == source, "claim_group"])
        assert {f"{letter}{number}" for number in range(1, count + 1)} <= groups


def test_every_claim_has_a_verdict_and_a_changed_one_its_reason(claims):
    assert claims["verdict"].isin(VERDICTS).all()
    changed = claims[claims["verdict"] != claims["computed_verdict"]]
    assert (changed["reason"] != "").all()
    bare = claims[(claims["verdict"] == "unverifiable") & (claims["reason"] == "")]
    assert list(bare.index) == []


def test_every_figure_in_a_reason_stands_in_a_table(review):
    known = {
        abs(number)
        for name, table in review.received.items()
        if name != "claims"
        for column in table.text
        for cell in table.text[column]
        for number in printed_numbers(cell)
    }
    # What a reason computes or takes from outside the tables: 32 of 47, 0.5 of 100 mg, a year of approval.
    computed = {Decimal("68.1"), Decimal(200), Decimal(1994)}
    for reason in review.received["claims"].text["reason"]:
        assert {abs(number) for number in printed_numbers(reason)} <= known | computed, reason


def test_the_claims_can_be_audited(review):
    assert list(check_claims(review.received["claims"], review.corrected)) == []


@pytest.mark.parametrize(
    ("claim", "verdict", "published"),
    [
        ("a01_efficacy", "contradicted", None),
        ("a02_pain_over_placebo", "misattributed", "10.8"),
        ("a03_mood", "supported", "p = 0.039"),
        ("a03_fatigue_omitted", "omitted", None),
        ("a04_comparable", "unverifiable", ""),
        ("a05_n", "contradicted", "31"),
        ("a05_year", "supported", "2013"),
        ("a06_global_impression_ldn", "misattributed", "50"),
        ("a06_global_impression_placebo", "unverifiable", ""),
        ("a07_year", "contradicted", "2011"),
        ("a07_design", "contradicted", "none"),
        ("a08_design", "contradicted", "single-arm study"),
        ("a08_n", "misattributed", "40"),
        ("a08_remission_ldn", "misattributed", "67"),
        ("a09_crp", "unverifiable", ""),
        ("a11_n", "unverifiable", ""),
        ("a11_year", "unverifiable", ""),
        ("a12_quality_of_life", "partly", None),
        ("a13_combination", "contradicted", "77.1; 79.2"),
        ("a13_significance", "contradicted", None),
        ("a14_number_of_studies", "supported", "29"),
        ("a14_relapse_rr", "contradicted", "0.64"),
        ("a16_adherence", "supported", "1.66 to 5.18"),
        ("a17_targeted", "supported", "0.56 to 0.98"),
        ("a20_positive", "contradicted", None),
        ("a21_trials_underway", "partly", None),
        ("a29_depression", "partly", None),
        ("a30_improved", "unverifiable", ""),
        ("b01_n", "supported", "31"),
        ("b02_side_effects", "partly", None),
        ("b03_year", "supported", "2011"),
        ("b05_no_trial", "supported", None),
        ("b06_uncontrolled", "supported", None),
        ("b07_final_omitted", "omitted", "-0.34"),
        ("b07_bested_omitted", "omitted", None),
        ("b10_headache", "partly", "0.84 to 3.36"),
        ("b11_cytokines", "unverifiable", ""),
        ("c01_pain", "partly", None),
        ("d01_injection", "supported", "380"),
        ("d04_crps", "partly", None),
    ],
)
def test_verdicts(claims, claim, verdict, published):
    assert claims.loc[claim, "verdict"] == verdict
    if published is not None:
        assert claims.loc[claim, "published_value"] == published


def test_differences_are_computed(claims):
    assert claims.loc["a05_n", "difference"] == -21
    assert claims.loc["a14_relapse_rr", "difference"] == pytest.approx(0.07)
    assert claims.loc["a14_relapse_rr", "relative_difference"] == pytest.approx(100 * 0.07 / 0.64)
    assert claims.loc["a13_combination", "difference"] == pytest.approx(-2.1)
    assert claims.loc["a02_pain_over_placebo", "difference"] == pytest.approx(19.2)


def test_an_unconfirmed_figure_is_shown_as_such(claims):
    for claim in ("a07_remission_ldn", "a07_remission_placebo", "a13_significance"):
        assert claims.loc[claim, "status"] == "unconfirmed"
    assert claims.loc["a05_n", "status"] == "verified"


def test_the_survey_is_no_study(claims):
    survey = claims[claims["claim_group"] == "A11"]
    assert set(survey["study_id"]) == {""}
    assert set(survey["published_ref"]) == {""}


def test_the_documents_contradict_each_other(found):
    pairs = set(zip(found.conflicts["claim_1"], found.conflicts["claim_2"], strict=True))
    assert {
        ("a05_n", "b01_n"),
        ("a07_year", "b03_year"),
        ("a12_progression", "b04_progression"),
        ("a22_ldn_dose_low", "b08_ldn_dose_low"),
        ("a27_opioid_free_longest", "c06_opioid_free_longest"),
    } <= pairs
    rows = found.conflicts.set_index(["claim_1", "claim_2"])
    assert rows.loc[("a05_n", "b01_n"), "borne_out"] == "b01_n"
    assert rows.loc[("a07_year", "b03_year"), "borne_out"] == "b03_year"


def test_the_four_named_studies(found):
    studies = list(dict.fromkeys(found.stated_published["study"]))
    assert studies == ["younger2013", "smith2011", "A11", "anton2006"]
    rows = found.stated_published.set_index("item")
    assert rows.loc["a07_remission_difference", "stated_value"] == "44"
    assert float(rows.loc["a07_remission_ratio", "published_value"]) == pytest.approx((5 / 18) / (3 / 16))
    assert rows.loc["a07_response_omitted", "published_value"] == "88; 40"


def test_what_document_b_could_have_known(found):
    timeline = found.timeline[found.timeline["source_id"] == "doc_b"].set_index("item")
    assert timeline.loc["duebruun2024", "timing"] == "before"
    assert timeline.loc["rodriguezfreire2026", "timing"] == "later"
    assert bool(timeline.loc["younger2013", "named"])
    assert not bool(timeline.loc["duebruun2024", "named"])


def test_documents_without_a_named_study(found):
    timeline = found.timeline
    assert not timeline.loc[timeline["source_id"].isin(("doc_c", "doc_d")), "named"].any()


def test_counts_add_up(found):
    assert (found.documents[list(VERDICTS)].sum(axis=1) == found.documents["claims"]).all()
    assert found.documents["claims"].sum() == len(found.claims)
