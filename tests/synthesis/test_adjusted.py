"""Adjusted estimates of real reviews: which way they move, what they assume, and what is shown when they fail."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evisynth.bayes import normal_normal
from evisynth.bayes.adjusted import BiasClass, Exact, PairedP, ParallelP, PrintedError, RoundedCounts
from evisynth.provenance.tables import STAGE_TABLES, write_table
from evisynth.quality import Judgement
from evisynth.review import load_review
from evisynth.synthesis import adjusted
from evisynth.synthesis import bias_answers as answers
from evisynth.synthesis import bias_settings as settings
from evisynth.synthesis.assemble import assemble_plan, effect_rows
from evisynth.synthesis.bias_evidence import classes_of, evidence_of, readings_of
from evisynth.synthesis.kept import Kept
from evisynth.synthesis.model_checks import frame_of
from evisynth.synthesis.posterior import Task

DATA = Path(__file__).parents[2] / "data"


@cache
def review(name):
    return load_review(DATA / name)


@cache
def task(name, synthesis, measure):
    found = review(name)
    planned, _ = assemble_plan(found.plan, found.members, found.corrected, found.received)
    frames = {(a.synthesis.id, a.measure): effect_rows(a, found.corrected) for a in planned}
    benefit = found.corrected["outcomes"].text.set_index("outcome_id")["benefit"]
    entry = found.plan.synthesis(synthesis)
    return Task(
        entry, measure, "bayes_exact", benefit[entry.outcome], frames[synthesis, measure].reset_index(drop=True)
    )


def judged(task, levels):
    """Judgements of the studies named, by concern."""
    outcome = task.synthesis.outcome
    return {
        name: [Judgement(outcome, "rob2", "assignment", level, level, False, f"quality/judgements.csv:{name}")]
        for name, level in levels.items()
    }


def bcg(levels=None):
    own = task("bcg", "tuberculosis", "RR")
    return evidence_of(own, review("bcg").corrected, judged(own, levels or {}))


def plain(own):
    yi, vi = own.effects["yi"].to_numpy(float), own.effects["vi"].to_numpy(float)
    return normal_normal(yi, vi, own.tau_prior, own.mu_prior)


def setting(name):
    return next(item for item in settings.ADDITIVE if item.id == name)


def additive(evidence, name):
    return answers.additive_answer(evidence, setting(name), answers.additive_classes(evidence, setting(name)))


def test_bias_towards_the_treatment_is_taken_off():
    """The vaccine's benefit lies below 0, so does bias towards it: the adjusted effect is smaller."""
    own = bcg().task
    best = own.effects.loc[own.effects["yi"].idxmin(), "study_id"]
    others = dict.fromkeys(own.effects["study_id"], "low")
    answer = additive(bcg(others | {best: "high"}), "brando")
    assert answer.estimate["estimate"] > plain(own).mu.median
    every = additive(bcg(dict.fromkeys(others, "high")), "brando")
    moved = every.estimate["estimate"] - plain(own).mu.median
    assert moved == pytest.approx(settings.BRANDO[0], abs=0.01)
    harmful = replace(own, benefit="higher")
    turned = replace(bcg(dict.fromkeys(others, "high")), task=harmful)
    assert additive(turned, "brando").estimate["estimate"] < plain(own).mu.median


def test_more_bias_moves_further_and_widens():
    evidence = bcg(dict.fromkeys(bcg().task.effects["study_id"], "high"))
    once, twice = (additive(evidence, name).estimate for name in ("brando", "brando_twice"))
    assert twice["estimate"] > once["estimate"] > plain(evidence.task).mu.median
    assert twice["sd"] > once["sd"] > plain(evidence.task).mu.sd


def test_no_bias_is_the_plain_estimate():
    evidence = bcg(dict.fromkeys(bcg().task.effects["study_id"], "high"))
    answer = answers.additive_answer(evidence, setting("brando"), [BiasClass("high", 0.0, 0.0)])
    exact = plain(evidence.task)
    found = answer.estimate
    assert found["estimate"] == pytest.approx(exact.mu.median, abs=1e-7)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((exact.mu.ci_low, exact.mu.ci_high), abs=1e-7)
    assert found["tau"] == pytest.approx(exact.tau.median, abs=1e-7)


def test_studies_that_were_not_assessed_count_as_some_concerns():
    evidence = bcg({"aronson1948": "high", "hart_sutherland1977": "low"})
    classes = evidence.classes.set_index("study_id")
    assert classes.loc["aronson1948", "class"] == "high"
    assert classes.loc["hart_sutherland1977", "class"] == "low"
    assert classes.loc["rosenthal1960", ["concern", "class"]].tolist() == ["not assessed", "some"]
    assert "11 some concerns, 1 high risk (of these 11 not assessed" in settings.class_words(evidence.classes)
    assert "quality/judgements.csv:aronson1948" in evidence.judged_origin
    half = answers.additive_classes(evidence, setting("brando"))
    assert [bias.name for bias in half] == ["some", "high"]
    assert half[0].spread == pytest.approx(half[1].spread / 2)


def test_a_learned_bias_needs_two_studies_on_either_side():
    names = bcg().task.effects["study_id"].tolist()
    low = dict.fromkeys(names, "low")
    assert answers.additive_classes(bcg(low | {names[0]: "high"}), setting("learned")) is None
    assert answers.additive_classes(bcg(low), setting("learned")) is None
    found = answers.additive_classes(bcg(low | dict.fromkeys(names[:3], "high")), setting("learned"))
    assert [(bias.name, bias.mean) for bias in found] == [("high", "normal:0,0.5")]


def rows(evidence, **changes):
    exact = plain(evidence.task).mu.median
    return [
        adjusted.adjusted_row(evidence.task, method, origin, answer, exact, "")
        for method, origin, answer in changes["of"]
    ]


def test_a_failed_gate_shows_no_number(monkeypatch):
    monkeypatch.setattr(adjusted, "MOST_ERROR", 0.0)
    evidence = bcg()
    answer = adjusted._guarded(answers.student_answer, evidence, 4.0)
    assert (answer.status, answer.estimate, answer.terms) == ("failed", {}, ())
    (row,) = rows(evidence, of=[("bayes_student", evidence.task.origin, answer)])
    assert (row["status"], row["gate"]) == ("failed", "failed")
    assert "error bound" in row["reason"]
    shown = [row.get(name) for name in ("estimate", "ci_low", "natural_estimate", "tau", "p_benefit", "moved")]
    assert shown == [None] * 6


def test_the_mixture_finds_a_study_that_strays():
    own = task("naltrexone", "ldn_across_conditions", "SMD")
    effects = own.effects.copy()
    stray = effects.index[0]
    effects.loc[stray, "yi"] = effects["yi"].drop(stray).mean() - 1.5
    evidence = evidence_of(replace(own, effects=effects), review("naltrexone").corrected, {})
    moderate = next(item for item in settings.MIXTURE if item.id == "moderate")
    answer = answers.mixture_answer(evidence, moderate)
    chances = {term["term"]: term["mean"] for term in answer.terms if term["term"].startswith("p_biased.")}
    assert max(chances, key=chances.get) == f"p_biased.{effects.loc[stray, 'study_id']}"
    assert answer.estimate["estimate"] > plain(evidence.task).mu.median


def test_few_studies_and_the_mixture_say_so():
    own = task("naltrexone", "fm_pain_smd", "SMD")
    evidence = evidence_of(own, review("naltrexone").corrected, {})
    answer = answers.mixture_answer(evidence, settings.MIXTURE[0])
    assert answer.status == "not_pooled"
    assert "4 studies; at least 5" in answer.reason
    (row,) = rows(evidence, of=[("bayes_mixture", own.origin, answer)])
    assert (row["gate"], row.get("estimate")) == ("", None)


def test_what_was_printed_gives_back_the_effects():
    own = task("naltrexone", "fm_pain_smd", "SMD")
    evidence = evidence_of(own, review("naltrexone").corrected, {})
    kinds = {reading.study: type(reading) for reading in evidence.readings}
    assert kinds == {
        "younger2013": PairedP,
        "bested2023": PairedP,
        "duebruun2024": ParallelP,
        "rodriguezfreire2026": ParallelP,
    }
    assert evidence.assumes_correlation
    assert "contrasts.csv:younger2013:pain_percent_reduction:ldn:placebo" in evidence.reading_origin
    wide, narrow = (answers.conversion_answer(evidence, *settings.CORRELATIONS[i]) for i in (0, 1))
    assert wide.share_of_width > narrow.share_of_width > 0
    assert {term["term"] for term in wide.terms} == {"correlation", "rounding"}
    assert narrow.estimate["estimate"] == pytest.approx(plain(own).mu.median, abs=0.005)


def test_limits_and_p_values_of_differences_leave_the_error_open():
    own = task("naltrexone", "fm_pain", "MD")
    readings, given, _ = readings_of(own, review("naltrexone").corrected)
    assert [type(reading) for reading in readings] == [PrintedError, PrintedError]
    assert given == {}
    first = readings[0]
    # -0.95 to 0.27, printed with two digits: half a digit at either end.
    assert first.high / first.error == pytest.approx(1.23 / 1.22, abs=1e-9)
    assert first.low / first.error == pytest.approx(1.21 / 1.22, abs=1e-9)
    evidence = evidence_of(own, review("naltrexone").corrected, {})
    plans = [parts for method, _, _, parts in adjusted.plans_of(evidence) if method == "bayes_conversions"]
    assert plans == [("as_printed", "")]


def test_counts_that_fit_a_percentage():
    """A count derived from a printed percentage, of so many people that several counts fit."""
    own = task("naltrexone", "ldn_adverse_events", "RR")
    tables = dict(review("naltrexone").corrected)
    assert readings_of(own, tables)[0] == ()
    keys = tables["arms"].keys
    text = tables["arms"].text.copy()
    place = keys.index(f"{own.effects['study_id'][0]}:adverse_event_any:ldn")
    printed = text.iloc[place].copy()
    text.loc[text.index[place], ["n", "events", "status"]] = ["4900", "4100", "derived"]
    printed["variant"], printed["percent"], printed["events"] = "printed", "83.7", ""
    text = pd.concat([text, printed.to_frame().T], ignore_index=True)
    tables["arms"] = replace(tables["arms"], text=text)
    effects = own.effects.copy()
    reading = RoundedCounts("x", (4100,), 4900, (int(effects["events_2"][0]),), int(effects["n_2"][0]), "RR")
    y, v, _ = reading.components({}, False)
    effects.loc[0, ["yi", "vi"]] = y[0], v[0]
    found = readings_of(replace(own, effects=effects), tables)[0]
    assert (type(found[0]), type(found[1])) == (RoundedCounts, Exact)
    assert found[0].events_1 == (4099, 4100, 4101, 4102, 4103)


def test_designs_are_discounted_only_where_they_differ():
    evidence = bcg()
    mixed = replace(evidence, designs=evidence.designs | {"aronson1948": "register study"})
    for given, count in ((evidence, 0), (mixed, len(settings.DESIGN_WEIGHTS))):
        assert [plan[0] for plan in adjusted.plans_of(given)].count("bayes_design") == count
    names = evidence.task.effects["study_id"].tolist()
    randomised = [name != names[0] for name in names]
    weak, strong = (answers.design_answer(evidence, randomised, w).estimate for w in (0.25, 0.75))
    without = plain(replace(evidence.task, effects=evidence.task.effects.iloc[1:])).mu.median
    assert abs(weak["estimate"] - without) < abs(strong["estimate"] - without)


def test_sizes_on_other_scales():
    smd, difference = task("naltrexone", "fm_pain_smd", "SMD"), task("naltrexone", "fm_pain", "MD")
    assert settings.unit_of(bcg().task) == 1
    assert settings.unit_of(smd) == pytest.approx(3**0.5 / np.pi)
    # The standard deviation that the two trials' intervals imply is near 1.8 points.
    assert settings.unit_of(difference) / settings.unit_of(smd) == pytest.approx(1.76, abs=0.05)
    assert settings.unit_of(replace(difference, effects=difference.effects.assign(n_2=np.nan))) is None
    assert (settings.direction_of(bcg().task), settings.direction_of(replace(bcg().task, benefit="higher"))) == (-1, 1)


def test_every_answer_is_a_row_with_its_assumption(tmp_path):
    names = task("naltrexone", "ldn_across_conditions", "SMD")
    evidence = evidence_of(names, review("naltrexone").corrected, judged(names, {"younger2013": "high"}))
    exact = plain(names).mu.median
    found = list(adjusted.answers_of(evidence))
    table = [adjusted.adjusted_row(names, *parts, exact, settings.class_words(evidence.classes)) for parts in found]
    frame = frame_of(table, adjusted.ADJUSTED_COLUMNS)
    write_table(frame, tmp_path / "adjusted.csv", "bayes/adjusted.csv")
    terms = [row for parts in found for row in adjusted.term_rows(names, *parts)]
    write_table(frame_of(terms, adjusted.TERM_COLUMNS), tmp_path / "terms.csv", "bayes/bias_terms.csv")
    assert (frame["bias_prior"] != "").all()
    assert (frame["source"] != "").all()
    settings_shown = frame.groupby("method")["prior"].nunique()
    assert settings_shown.min() >= 3
    assert set(STAGE_TABLES["bayes/adjusted.csv"].key) <= set(frame.columns)


def test_what_is_kept_is_made_once(tmp_path):
    made = []

    def make(folder):
        made.append(folder)
        (folder / "x").write_text("1", encoding="utf-8")

    kept = Kept(tmp_path, ("code", 1))
    assert kept.get(make, "a") == kept.get(make, "a") != kept.get(make, "b")
    assert len(made) == 2
    assert Kept(tmp_path, ("other", 1)).place("a") != kept.place("a")

    def fail(folder):
        (folder / "x").write_text("half", encoding="utf-8")
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError):
        kept.get(fail, "c")
    assert not kept.place("c").exists()


def test_the_judgement_of_the_synthesis_counts():
    own = task("bcg", "tuberculosis", "RR")
    other = {"aronson1948": [Judgement("another", "rob2", "assignment", "High", "high", False, "k")]}
    assert set(classes_of(own, other)["concern"]) == {"not assessed"}
