"""The certainty of the naltrexone review: what it is rated from, and that every rating says so."""

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

from evisynth.provenance.tables import write_table
from evisynth.quality import concern_of
from evisynth.review.members import input_of
from evisynth.review.plan import Missing
from evisynth.synthesis.certainty import certainty_rows

DATA = Path(__file__).parents[2] / "data" / "naltrexone"
SHOWN = "CINeMA|ROB-ME"


def rows_of(made, **cells):
    found = made.certainty
    for name, value in cells.items():
        found = found[found[name] == value]
    return found


def test_every_row_has_reason_rule_flip_and_origin(quality_stage):
    frame = quality_stage.certainty
    for column in ("reason", "rule", "flip", "from", "final", "proposed"):
        assert (frame[column].fillna("") != "").all(), column
    write_table(frame, quality_stage.folder / "certainty.csv", "quality/certainty.csv")


def test_cinema_and_rob_me_are_shown_and_not_summed(quality_stage):
    shown = quality_stage.certainty[quality_stage.certainty["domain"].str.contains(SHOWN)]
    assert shown["level"].isna().all()
    assert shown["rule"].str.contains("not part of the certainty").all()
    pooled = {synthesis.id for synthesis in quality_stage.review.plan.syntheses if synthesis.pool}
    assert set(shown["synthesis"]) == pooled
    assert (shown.groupby("synthesis").size() == 6).all()
    heavy = shown[shown["synthesis"] == "aud_heavy_drinking"].set_index("domain")["final"]
    assert heavy["CINeMA within-study bias, majority"] == "some concerns"
    assert heavy["CINeMA within-study bias, highest"] == "major concerns"


def test_level_is_start_plus_the_domains(quality_stage):
    frame = quality_stage.certainty[~quality_stage.certainty["domain"].str.contains(SHOWN)]
    for name, own in frame.groupby("synthesis"):
        levels = own.set_index("domain")["level"].dropna().astype(int)
        if "certainty" in levels:
            down = levels.drop(["start", "certainty"]).clip(upper=0).sum()
            assert levels["certainty"] == max(levels["start"] + down, 1), name


def test_judgements_are_named_with_tool_and_effect(quality_stage):
    row = rows_of(quality_stage, synthesis="fm_pain_smd", domain="risk of bias").iloc[0]
    assert "judged_with: rob2_crossover, effect of assignment and rob2, effect of assignment" in row["inputs"]
    assert "quality/judgements.csv:younger2013:pain_percent_reduction:rob2_crossover:overall:assignment" in row["from"]


def test_a_judgement_that_serves_two_comparisons_says_so(quality_stage):
    for synthesis, other in (("aud_acamprosate_heavy_drinking", "naltrexone"), ("aud_heavy_drinking", "acamprosate")):
        reason = rows_of(quality_stage, synthesis=synthesis, domain="risk of bias").iloc[0]["reason"]
        told = f"judged once for every comparison of the trial, {other} too: anton2006, kiefer2003, morley2006"
        assert told.split(": ")[0] in reason
        assert {"anton2006", "kiefer2003", "morley2006"} <= set(re.findall(r"\w+", reason))


def test_shared_judgements_rest_on_figures_of_every_arm():
    with (DATA / "risk_of_bias.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["study_id"] in ("anton2006", "kiefer2003", "morley2006")]
    assert all("acamprosate" in row["note"] for row in rows if row["question"] == "1.1")
    # an answer with figures of one arm must give those of the other; the arms as one are figures of both
    figures = [row for row in rows if re.search(r"\d+ of \d+|per cent|percentages", row["reason"])]
    assert figures and all("acamprosate" in row["reason"] for row in figures)
    with (DATA / "arms.csv").open(encoding="utf-8", newline="") as file:
        arms = {
            (row["study_id"], row["treatment"]): (row["events"], row["n"])
            for row in csv.DictReader(file)
            if row["outcome_id"] == "discontinued" and not row["variant"]
        }
    for row in figures:
        for events, n, treatment in re.findall(r"(\d+) of (\d+) on (\w+)", row["reason"]):
            assert arms[row["study_id"], treatment] == (events, n), row


@pytest.mark.parametrize("aims", [("adhering",), ("assignment", "adhering")])
def test_the_effect_of_assignment_counts(quality_stage, aims):
    made = quality_stage
    own = made.judgements[made.judgements["study_id"] == "smith2011"]
    other = made.judgements[made.judgements["study_id"] != "smith2011"]
    frames = [own.assign(aim=aim, final="Low" if aim == "adhering" else own["final"]) for aim in aims]
    judgements = pd.concat([other, *frames], ignore_index=True)
    # both can be stored: the effect of interest is part of the key
    write_table(judgements, made.folder / "two.csv", "quality/judgements.csv")
    rows = certainty_rows(
        made.review.plan, made.review.corrected, judgements, made.effects, made.left_out, made.estimates, made.weights
    )
    row = rows[(rows["synthesis"] == "crohn_remission") & (rows["domain"] == "risk of bias")].iloc[0]
    if aims == ("adhering",):
        assert row["final"] == "not assessed"
        assert "judged for the effect of adhering only" in row["reason"]
    else:
        assert row["final"] == "very serious"
        assert "rob2, effect of assignment counts (High), beside rob2, effect of adhering: Low" in row["reason"]


def test_critical_risk_is_passed_on(quality_stage):
    made = quality_stage
    synthesis = made.review.plan.synthesis("ms_uncontrolled")
    columns = ("study_id", "outcome_id", "tool", "aim", "domain", "domain_name", "proposed", "final")
    rows = [(name, "any", "robins_i", "", "overall", "overall", "Critical", "Critical") for name in synthesis.studies]
    judgements = pd.DataFrame(rows, columns=columns)
    found = certainty_rows(
        made.review.plan, made.review.corrected, judgements, made.effects, made.left_out, made.estimates, made.weights
    )
    own = found[found["synthesis"] == "ms_uncontrolled"].set_index("domain")
    assert own.loc["start", "final"] == "High"
    assert own.loc["start", "reason"] == "the evidence is non-randomised, ROBINS-I"
    assert own.loc["risk of bias", "final"] == "extremely serious"
    assert "at critical risk: sharafaddinzadeh2010, gironi2008" in own.loc["risk of bias", "reason"]


def test_missing_trials_have_a_reason_each(quality_stage):
    entries = [item for synthesis in quality_stage.review.plan.syntheses for item in synthesis.missing if item.study]
    assert entries and all(item.because for item in entries)
    assert {item.because_of_result for item in entries} == {"no", "unclear"}
    row = rows_of(quality_stage, synthesis="aud_heavy_drinking", domain="publication bias").iloc[0]
    assert "Krystal 2001 (no: its abstract reports days to relapse with an interval" in row["inputs"]
    assert "review.yaml:syntheses.aud_heavy_drinking.missing.0.because_of_result" in row["from"]
    assert "Krystal 2001" not in row["reason"]


def test_yes_and_no_need_a_reason_and_may_be_bare():
    assert Missing(name="X", reason="lost", because_of_result=False, because="a fire").because_of_result == "no"
    assert Missing(name="X", reason="lost").because_of_result == "unclear"
    with pytest.raises(ValueError, match="needs its reason under 'because'"):
        Missing(name="X", reason="lost", because_of_result="yes")


def test_every_trial_whose_report_was_read_is_judged(quality_stage):
    """Of trials in a pooled synthesis, those alone are not assessed whose own report nobody could read."""
    made = quality_stage
    text = made.review.corrected["studies"].text.set_index("study_id")
    judged = set(zip(made.judgements["study_id"], made.judgements["outcome_id"], strict=True))
    for synthesis in made.review.plan.syntheses:
        # the standardised effects of a second data set were read from figures, not from the trials' reports
        if not synthesis.pool or synthesis.outcome == "heavy_drinking_g":
            continue
        for study in made.effects.loc[made.effects["synthesis"] == synthesis.id, "study_id"].unique():
            outcome = input_of(synthesis, study).outcome or synthesis.outcome
            unread = "own report was not read" in text.loc[study, "note"]
            assert ((study, outcome) in judged) != unread, (study, outcome)


def test_no_level_is_unknown_to_its_tool(quality_stage):
    for row in quality_stage.judgements[quality_stage.judgements["domain"] == "overall"].itertuples():
        assert concern_of(row.tool, row.final) in ("low", "some", "high", "not assessed")
