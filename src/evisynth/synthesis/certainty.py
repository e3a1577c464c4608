"""Risk of bias and certainty of every synthesis, from the answers, the plan and the estimates."""

from collections.abc import Mapping

import pandas as pd

from evisynth.quality import (
    CertaintyInputs,
    MissingTrial,
    SmallStudyTest,
    StudyEvidence,
    comparator_risk,
    final_levels,
    information_size_binary,
    information_size_continuous,
    judge_table,
    propose_certainty,
    read_certainty,
    thresholds_from_mid,
)
from evisynth.quality.tables import JudgedTable
from evisynth.review.folder import Review
from evisynth.review.members import input_of
from evisynth.review.plan import Plan, Synthesis
from evisynth.review.problems import Problem
from evisynth.review.reading import Table

# The information size asks for the participants of one trial that could find this much; a convention, shown as such.
RELATIVE_REDUCTION, STANDARDISED_DIFFERENCE = 0.25, 0.2
NOT_ASSESSED = "not assessed"


def judged(tables: Mapping[str, Table]) -> JudgedTable:
    """Judge every study and outcome that somebody answered questions about.

    Parameters
    ----------
    tables : mapping of str to Table
        The tables of the review.
    """
    answers = _keyed(tables["risk_of_bias"])
    overrides = _keyed(tables["judgements"])
    studies = set(tables["studies"].text["study_id"])
    return judge_table(answers, overrides=overrides if len(overrides) else None, studies=studies)


def _keyed(table: Table) -> pd.DataFrame:
    prefix = f"{table.spec.file}:"
    return table.text.assign(key=[prefix + key for key in table.keys], line=list(table.lines))


def quality_problems(review: Review) -> list[Problem]:
    """Return what is wrong with the answers, the changed judgements and the certainty ratings of a review."""
    found = list(judged(review.corrected).problems)
    _, problems = read_certainty(_keyed(review.corrected["certainty"]), [s.id for s in review.plan.syntheses])
    return found + problems


def certainty_rows(
    plan: Plan,
    tables: Mapping[str, Table],
    judgements: pd.DataFrame,
    effects: pd.DataFrame,
    left_out: pd.DataFrame,
    estimates: pd.DataFrame,
    weights: pd.DataFrame,
    small_studies: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Rate the certainty of every synthesis: rows of ``quality/certainty.csv``.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    tables : mapping of str to Table
        The tables of the review.
    judgements : pandas.DataFrame
        Rows of ``quality/judgements.csv``.
    effects, left_out, estimates, weights : pandas.DataFrame
        The tables of the effects and pooled stages.
    small_studies : pandas.DataFrame, optional
        Tests of funnel asymmetry: synthesis, measure, test, p, applicable.
    """
    people, _ = read_certainty(_keyed(tables["certainty"]), [synthesis.id for synthesis in plan.syntheses])
    concerns = _concerns(judgements)
    frames = []
    for synthesis in plan.syntheses:
        own = effects[(effects["synthesis"] == synthesis.id) & (effects["measure"] == (synthesis.measure or ""))]
        inputs = CertaintyInputs(
            synthesis=synthesis.id,
            design="randomised" if synthesis.certainty_start == "randomised" else "uncontrolled",
            measure=synthesis.measure or "MD",
            **_studies(synthesis, own, weights, tables, concerns),
            **_estimate(synthesis, estimates),
            **_information(synthesis, own),
            small_study_tests=_tests(synthesis, small_studies, len(own)),
            missing_trials=_missing(synthesis, left_out, tables),
        )
        frame = propose_certainty(inputs, people.get(synthesis.id)).to_frame()
        frames.append(frame.assign(**{"from": [cell or _origin(synthesis, own) for cell in frame["from"]]}))
    return pd.concat(frames, ignore_index=True)


def _origin(synthesis: Synthesis, own: pd.DataFrame) -> str:
    if len(own) and synthesis.pool:
        return ";".join(f"effects/effects.csv:{synthesis.id}:{synthesis.measure}:{name}" for name in own["study_id"])
    return ";".join(f"studies.csv:{name}" for name in synthesis.studies) or f"review.yaml:{synthesis.id}"


def _concerns(judgements: pd.DataFrame) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the concern of each study and outcome, with the key of the judgement."""
    if not len(judgements):
        return {}
    levels = final_levels(judgements)
    return {
        (row.study_id, row.outcome_id): (
            row.concern,
            f"quality/judgements.csv:{row.study_id}:{row.outcome_id}:{row.tool}:overall",
        )
        for row in levels.itertuples(index=False)
    }


def _studies(synthesis, own, weights, tables, concerns) -> dict:
    shares = weights[(weights["synthesis"] == synthesis.id) & (weights["measure"] == (synthesis.measure or ""))]
    by_method = shares[shares["method"].isin(["reml_hksj_safe" if len(own) > 2 else "common", "single"])]
    share = dict(zip(by_method["study_id"], by_method["weight"], strict=True))
    text = tables["studies"].text.set_index("study_id")
    numbers = own.set_index("study_id")
    names = list(own["study_id"]) if synthesis.pool and len(own) else list(synthesis.studies)
    studies = []
    for name in names:
        outcome = input_of(synthesis, name).outcome or synthesis.outcome
        concern, key = concerns.get((name, outcome), (NOT_ASSESSED, ""))
        if outcome is None:
            concern, key = _any_outcome(concerns, name)
        row = numbers.loc[name] if name in numbers.index else None
        people = text.loc[name, "n_analysed"] or text.loc[name, "n_randomised"] or "1"
        studies.append(
            StudyEvidence(
                name,
                share[name] if share else float(people),
                concern,
                estimate=None if row is None else float(row["natural_estimate"]),
                ci_low=None if row is None else float(row["natural_ci_low"]),
                ci_high=None if row is None else float(row["natural_ci_high"]),
                keys=tuple(filter(None, (key,))),
            )
        )
    return {"studies": tuple(studies), "pooled": synthesis.pool and bool(len(own))}


def _any_outcome(concerns, name: str) -> tuple[str, str]:
    """Return the worst judgement of a study over its outcomes, for a table of several outcomes."""
    order = ["low", "some", "high"]
    found = [value for (study, _), value in concerns.items() if study == name and value[0] in order]
    return max(found, key=lambda value: order.index(value[0])) if found else (NOT_ASSESSED, "")


def _estimate(synthesis: Synthesis, estimates: pd.DataFrame) -> dict:
    rows = estimates[
        (estimates["synthesis"] == synthesis.id)
        & (estimates["measure"] == (synthesis.measure or ""))
        & (estimates["headline"] == "yes")
        & (estimates["natural_estimate"].notna())
    ]
    if not len(rows) or not synthesis.pool:
        return {}
    row = rows.iloc[0]
    names = {
        "estimate": "natural_estimate",
        "ci_low": "natural_ci_low",
        "ci_high": "natural_ci_high",
        "pi_low": "natural_pi_low",
        "pi_high": "natural_pi_high",
        "i2": "i2",
    }
    found = {name: None if pd.isna(row[column]) else float(row[column]) for name, column in names.items()}
    key = f"pooled/estimates.csv:{synthesis.id}:{synthesis.measure}:{row['method']}"
    threshold = synthesis.minimal_important_difference
    marks = () if threshold.value is None else thresholds_from_mid(threshold.value, synthesis.measure)
    return {**found, "keys": (key,), "thresholds": marks, "threshold_source": threshold.source}


def _information(synthesis: Synthesis, own: pd.DataFrame) -> dict:
    if not len(own) or not synthesis.pool:
        return {}
    people = own[["n_1", "n_2"]].sum(axis=1, min_count=1)
    found: dict = {"participants": int(people.sum())} if people.notna().all() else {}
    if own[["events_1", "events_2"]].notna().all(axis=None):
        risk = comparator_risk(list(own["events_2"]), list(own["n_2"])).pooled
        found |= {"events": int(own[["events_1", "events_2"]].sum(axis=None)), "comparator_risk": risk}
        if 0 < risk < 1:
            found["information_size"] = 2 * information_size_binary(risk, RELATIVE_REDUCTION)
    else:
        found["information_size"] = 2 * information_size_continuous(STANDARDISED_DIFFERENCE)
    return found


def _tests(synthesis, small_studies: pd.DataFrame | None, k: int) -> tuple[SmallStudyTest, ...] | None:
    if small_studies is None or k < 10:
        return None
    rows = small_studies[
        (small_studies["synthesis"] == synthesis.id)
        & (small_studies["measure"] == synthesis.measure)
        & (small_studies["applicable"] == "yes")
        & small_studies["p"].notna()
    ]
    # One test leads, the first that suits the measure (Egger's or Harbord's): the smaller of two p values would not do.
    return tuple(SmallStudyTest(row.title, float(row.p)) for row in rows.head(1).itertuples(index=False))


def _missing(synthesis: Synthesis, left_out: pd.DataFrame, tables) -> tuple[MissingTrial, ...]:
    people = dict(zip(tables["studies"].text["study_id"], tables["studies"].text["n_randomised"], strict=True))
    rows = left_out[
        (left_out["synthesis"] == synthesis.id)
        & (left_out["measure"] == (synthesis.measure or ""))
        & (left_out["kind"] == "no usable figures")
    ]
    return tuple(
        MissingTrial(
            row.label,
            "unclear",
            int(people[row.study_id]) if people.get(row.study_id) else None,
            f"effects/left_out.csv:{synthesis.id}:{synthesis.measure}:{row.study_id}",
        )
        for row in rows.itertuples(index=False)
        # A claimed study that nobody could find is no trial that is known to be missing.
        if row.study_id in people
    )
