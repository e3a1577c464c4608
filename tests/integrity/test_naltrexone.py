"""What must be found in the naltrexone tables, with nothing but the columns to go by."""

import csv
from pathlib import Path

import pytest

from evisynth.provenance.tables import read_result, write_table
from evisynth.quality.integrity import COLUMNS, RULES, VERDICTS, check_integrity
from evisynth.review.folder import load_review

ROOT = Path(__file__).resolve().parents[2]
INCONSISTENT, POSSIBLE = "inconsistent", "possible with a named assumption"


@pytest.fixture(scope="module")
def findings():
    return check_integrity(load_review(ROOT / "data/naltrexone").received)


def at(findings, check, row):
    own = findings[(findings["check"] == check) & (findings["row"] == row)]
    assert len(own) == 1, f"{check} of {row}: {len(own)} findings"
    return own.iloc[0]


@pytest.mark.parametrize(
    ("check", "row", "verdict", "words"),
    [
        # claims: 57 and 17 per cent of 10 people, 67 and 23 of 40
        ("claimed_percentages", "a06_global_impression_ldn", INCONSISTENT, "neither of all 10"),
        ("claimed_percentages", "a08_remission_ldn", POSSIBLE, "12/18 and 5/22"),
        ("claimed_percentages", "a08_remission_ldn", POSSIBLE, "not of 20 and 20"),
        # 67 per cent of 17
        ("percent_of_n", "smith2007:crohn_remission:ldn", INCONSISTENT, "11/17 = 64.7 or 12/17 = 70.6"),
        ("percent_of_n", "smith2007:crohn_response_study_definition:ldn", INCONSISTENT, "15/17 = 88.2"),
        # vivid dreams
        ("percent_of_n", "younger2013:vivid_dreams:ldn", INCONSISTENT, "11/31"),
        ("shared_denominator_paired", "younger2013:vivid_dreams:ldn", POSSIBLE, "30 people"),
        # the trials' own abstracts
        ("same_outcome", "gastpar2002:no_heavy_drinking:naltrexone", POSSIBLE, "32/84"),
        ("same_outcome", "gastpar2002:no_heavy_drinking:placebo", POSSIBLE, "33/87"),
        ("arm_totals", "omalley1992:any_drinking:naltrexone", INCONSISTENT, "at most 97"),
        ("group_sizes", "oslin1997:heavy_drinking:naltrexone", INCONSISTENT, "exchanged"),
        ("group_sizes", "oslin1997:heavy_drinking:placebo", INCONSISTENT, "exchanged"),
        ("group_sizes", "chick2000a:discontinued:placebo", POSSIBLE, "1 person"),
        ("same_outcome", "chick2000a:discontinued:placebo:published", INCONSISTENT, "1 of the 85"),
        ("same_outcome", "kiefer2003:heavy_drinking:naltrexone:published_week12", POSSIBLE, "a convention"),
        ("same_outcome", "kiefer2003:heavy_drinking:acamprosate:published_week12", POSSIBLE, "a convention"),
        ("same_outcome", "kiefer2003:heavy_drinking:placebo:published_week12", "consistent", ""),
        # the responders of 2013, and the conference report
        ("p_from_counts", "younger2013:responder:ldn:placebo", POSSIBLE, "independent groups"),
        ("alike_outcomes", "younger2013:symptom_severity_reduction:ldn", POSSIBLE, "28.8"),
        ("alike_outcomes", "younger2013:pain_30_responder:ldn", POSSIBLE, "32"),
        # the acamprosate table
        ("group_sizes", "lhuintre1985:discontinued:acamprosate", POSSIBLE, "9 people"),
        ("group_sizes", "lhuintre1990:discontinued:placebo", POSSIBLE, "1 person"),
        ("group_sizes", "lhuintre1985:discontinued:placebo", POSSIBLE, "6 people"),
        ("group_sizes", "mason2006:discontinued:placebo", POSSIBLE, "3 people"),
        ("group_sizes", "mason2006:discontinued:acamprosate", POSSIBLE, "6 people"),
        ("arm_totals", "anton2006:heavy_drinking:naltrexone", POSSIBLE, "157 of the people"),
        ("percent_of_n", "kiefer2003:heavy_drinking:acamprosate:published_week24", INCONSISTENT, "22/40 = 55.0"),
        # and more
        ("p_from_interval", "hegde2025_pain_overall", INCONSISTENT, "0.31"),
        ("interval_symmetric", "anton2006:abstinence_odds:naltrexone:placebo:desantis2013", POSSIBLE, "plain scale"),
        ("implausible_effect", "killeen2004:abstinence_g:naltrexone:placebo:no_stat_zero", POSSIBLE, "2.98"),
        ("before_after", "smith2013:pcdai:ldn:baseline", POSSIBLE, "standard errors"),
        ("difference_of_means", "rodriguezfreire2026:pain_nrs:ldn:placebo", POSSIBLE, "adjusted"),
    ],
)
def test_what_must_be_found(findings, check, row, verdict, words):
    finding = at(findings, check, row)
    assert finding["verdict"] == verdict
    assert words in " | ".join(finding)


def test_only_an_unpaired_test_gives_the_p_value_of_2013(findings):
    told = at(findings, "p_from_counts", "younger2013:responder:ldn:placebo")["expected"]
    assert told.endswith("reproduced by chi-square without continuity correction on 9/28 and 3/28")


def test_counts_that_agree_are_not_doubted(findings):
    for row in ("latt2002:heavy_drinking:naltrexone:published", "morris2001:discontinued:naltrexone:published",
                "gastpar2002:discontinued:placebo:published", "anton1999:no_heavy_drinking:naltrexone",
                "volpicelli1992:heavy_drinking:placebo:published_percent"):  # fmt: skip
        assert at(findings, "same_outcome", row)["verdict"] == "consistent"
    assert at(findings, "p_from_counts", "latt2002:heavy_drinking:naltrexone:placebo")["verdict"] == "consistent"


def test_the_documentation_lists_every_anomaly_of_the_acamprosate_table(findings):
    tables = load_review(ROOT / "data/naltrexone").received
    arms = tables["arms"].text
    chosen = arms[(arms["treatment"] == "acamprosate") & (arms["source_id"] == "ds1_netcopula")]["study_id"].unique()
    doubted = findings[findings["study_id"].isin(chosen) & ~findings["verdict"].isin(("consistent", "not checkable"))]
    # of the trials with naltrexone too, only what concerns arms on acamprosate or all arms
    own = doubted[doubted["row"].str.contains("acamprosate") | (doubted["check"].isin(("arm_totals", "group_sizes")))]
    own = own[~own["row"].str.contains("naltrexone_acamprosate|percent_days")]
    labels = dict(zip(tables["studies"].text["study_id"], tables["studies"].text["label"], strict=True))
    text = (ROOT / "docs/integrity.md").read_text(encoding="utf-8")
    assert len(own) >= 10
    for study in own["study_id"].unique():
        assert labels[study].partition(" (")[0] in text, study


def test_the_table_can_be_written_and_read(findings, tmp_path):
    assert tuple(findings.columns) == COLUMNS
    assert set(findings["verdict"]) <= set(VERDICTS) and set(findings["check"]) <= set(RULES)
    named = findings[findings["verdict"] == POSSIBLE]
    assert (named["assumption"] != "").all()
    write_table(findings, tmp_path / "integrity.csv", "quality/integrity.csv")
    assert len(read_result(tmp_path / "integrity.csv")) == len(findings)


def test_nothing_is_hard_wired():
    with open(ROOT / "data/naltrexone/studies.csv", encoding="utf-8", newline="") as file:
        names = {row["study_id"].rstrip("0123456789ab") for row in csv.DictReader(file)} - {
            "lee",
            "cao",
            "polo",
            "mann",
        }
    code = "\n".join(path.read_text() for path in (ROOT / "src/evisynth/quality/integrity").glob("*.py")).lower()
    assert not [name for name in names if len(name) > 4 and name in code]
