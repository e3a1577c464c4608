"""The summary of findings: absolute effects, familiar scales, words by size and certainty."""

import math

import pandas as pd
import pytest

from evisynth.provenance.tables import write_table
from evisynth.review.plan import AssumedRisk, FamiliarScale, Threshold
from evisynth.synthesis.certainty import certainty_rows, natural_mid
from evisynth.synthesis.findings import FINDING_COLUMNS, findings_rows


@pytest.fixture
def finding(quality_stage):
    """The line of one synthesis, its plan entry changed."""
    made = quality_stage
    text = made.review.corrected["outcomes"].text
    benefits, names = (dict(zip(text["outcome_id"], text[column], strict=True)) for column in ("benefit", "name"))

    def call(name, level=None, **changes):
        entry = made.review.plan.synthesis(name).model_copy(update=changes)
        plan = made.review.plan.model_copy(update={"syntheses": (entry,)})
        certainty = made.certainty
        if level:
            chosen = (certainty["synthesis"] == name) & (certainty["domain"] == "certainty")
            certainty = certainty.assign(final=certainty["final"].mask(chosen, level))
        rows = findings_rows(plan, benefits, names, made.effects, made.estimates, certainty)
        return rows.iloc[0]

    return call


def test_every_synthesis_has_a_line(quality_stage):
    made = quality_stage
    text = made.review.corrected["outcomes"].text
    benefits, names = (dict(zip(text["outcome_id"], text[column], strict=True)) for column in ("benefit", "name"))
    rows = findings_rows(made.review.plan, benefits, names, made.effects, made.estimates, made.certainty)
    assert tuple(rows.columns) == FINDING_COLUMNS
    assert list(rows["synthesis"]) == [synthesis.id for synthesis in made.review.plan.syntheses]
    assert (rows["words"] != "").all()
    assert set(rows.loc[rows["measure"] == "SMD", "familiar_estimate"].notna()) == {True}
    write_table(rows, made.folder / "findings.csv", "quality/findings.csv")


def test_absolute_effects_from_the_trials_and_from_the_plan(finding):
    own = finding("aud_heavy_drinking")
    assert own["comparator_source"] == "median of the comparison groups"
    assert own["treatment_per_1000"] == pytest.approx(own["comparator_per_1000"] * own["natural_estimate"])
    told = finding("aud_heavy_drinking", comparator_risk=AssumedRisk(value=0.2, source="a register"))
    assert told["comparator_source"] == "a register"
    assert told["comparator_per_1000"] == pytest.approx(200)
    assert told["difference_per_1000"] == pytest.approx(200 * (told["natural_estimate"] - 1))


def test_a_standardised_difference_on_a_familiar_scale(finding):
    plain = finding("fm_pain_smd")
    assert plain["familiar_estimate"] == pytest.approx(math.exp(math.pi / math.sqrt(3) * plain["natural_estimate"]))
    assert plain["familiar_scale"].startswith("odds ratio")
    scale = FamiliarScale(name="pain, 0 to 10", sd=2.0, source="made up for a test")
    shown = finding("fm_pain_smd", familiar_scale=scale)
    for end in ("estimate", "ci_low", "ci_high"):
        assert shown[f"familiar_{end}"] == pytest.approx(2.0 * shown[f"natural_{end}"])
    assert "standard deviation of 2 (made up for a test)" in shown["familiar_scale"]
    assert pd.isna(finding("fm_pain")["familiar_estimate"])


@pytest.mark.parametrize(
    ("name", "mid", "level", "words"),
    [
        # RR 0.74: ln 0.74 = -0.30
        ("aud_heavy_drinking", math.log(1.25), "Moderate", "Naltrexone probably reduces return to heavy drinking."),
        ("aud_heavy_drinking", -math.log(1.25), "High", "Naltrexone reduces return to heavy drinking."),
        ("aud_heavy_drinking", math.log(2), "Low",
         "Naltrexone may result in little to no difference in return to heavy drinking."),
    ],
)  # fmt: skip
def test_words_by_size_on_the_log_scale_and_certainty(finding, name, mid, level, words):
    row = finding(name, level, minimal_important_difference=Threshold(value=mid, source="made up for a test"))
    assert row["words"].lower() == words.lower()


def test_a_turned_difference_is_told_in_the_direction_of_its_scale(finding):
    """More is better in the mental component of the SF-36: an estimate below zero, which favours, is an increase."""
    threshold = Threshold(value=2.0, source="made up for a test")
    row = finding("ms_mental_qol", "Moderate", minimal_important_difference=threshold)
    assert row["natural_estimate"] < 0
    assert "probably increases" in row["words"]


def test_thresholds_of_a_ratio_are_those_of_its_logarithm(quality_stage):
    made = quality_stage
    entry = made.review.plan.synthesis("aud_heavy_drinking").model_copy(
        update={"minimal_important_difference": Threshold(value=math.log(1.25), source="made up for a test")}
    )
    assert natural_mid(entry) == pytest.approx(1.25)
    plan = made.review.plan.model_copy(update={"syntheses": (entry,)})
    rows = certainty_rows(
        plan, made.review.corrected, made.judgements, made.effects, made.left_out, made.estimates, made.weights
    ).set_index("domain")
    assert "thresholds: 0.8; 1.25" in rows.loc["imprecision", "inputs"]
    # RR 0.74 (0.60 to 0.92): the interval holds 0.8
    assert rows.loc["imprecision", "final"] == "serious"
    assert rows.loc["CINeMA imprecision", "final"] == "some concerns"
