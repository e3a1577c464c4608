"""Risk of bias and certainty of every synthesis, from the answers, the plan and the estimates."""

import math
from collections.abc import Mapping

import pandas as pd

from evisynth.effects.measures import find_measure
from evisynth.quality import (
    CERTAINTY_COLUMNS,
    CertaintyInputs,
    Choice,
    MissingTrial,
    SmallStudyTest,
    StudyEvidence,
    comparator_risk,
    information_size_binary,
    information_size_continuous,
    judge_table,
    propose_certainty,
    read_certainty,
    thresholds_from_mid,
)
from evisynth.quality.choosing import ROBINS
from evisynth.quality.cinema import CONCERNS as CINEMA_CONCERNS
from evisynth.quality.cinema import cinema_proposals
from evisynth.quality.missing_evidence import LEVELS as MISSING_LEVELS
from evisynth.quality.missing_evidence import propose_missing_evidence
from evisynth.quality.tables import JudgedTable
from evisynth.review.folder import Review
from evisynth.review.plan import Plan, Synthesis
from evisynth.review.problems import Problem
from evisynth.review.reading import Table
from evisynth.synthesis.informed import pooled_headline
from evisynth.synthesis.risk import chosen_judgements, other_comparisons, overall_judgements

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

    Returns
    -------
    pandas.DataFrame
        Of each synthesis: the GRADE domains from ``start`` to ``certainty``; then, shown only and with a blank
        ``level``, the questions after ROB-ME and CINeMA's summaries.
    """
    people, _ = read_certainty(_keyed(tables["certainty"]), [synthesis.id for synthesis in plan.syntheses])
    judged_of = overall_judgements(judgements)
    frames = []
    for synthesis in plan.syntheses:
        own = effects[(effects["synthesis"] == synthesis.id) & (effects["measure"] == (synthesis.measure or ""))]
        names = list(own["study_id"]) if synthesis.pool and len(own) else list(synthesis.studies)
        choices = chosen_judgements(synthesis, names, judged_of)
        inputs = CertaintyInputs(
            synthesis=synthesis.id,
            design=_design(synthesis, choices),
            measure=synthesis.measure or "MD",
            **_studies(synthesis, own, weights, tables, choices, other_comparisons(plan, synthesis, effects)),
            **_estimate(synthesis, estimates),
            **_information(synthesis, own),
            low_risk_estimate=_low_risk(synthesis, own, choices),
            small_study_tests=_tests(synthesis, small_studies, len(own)),
            missing_trials=_missing(synthesis, left_out, tables),
        )
        frame = pd.concat([propose_certainty(inputs, people.get(synthesis.id)).to_frame(), _shown(inputs)])
        frames.append(frame.assign(**{"from": [cell or _origin(synthesis, own) for cell in frame["from"]]}))
    return pd.concat(frames, ignore_index=True)


def _design(synthesis: Synthesis, choices: Mapping[str, Choice]) -> str:
    if synthesis.certainty_start == "randomised":
        return "randomised"
    tools = {choice.judgement.tool if choice.judgement else "" for choice in choices.values()}
    # ROBINS-I weighs the lack of randomisation itself, so the evidence starts high (Schünemann 2019)
    return "non-randomised, ROBINS-I" if tools and tools <= set(ROBINS) else "uncontrolled"


def _shown(inputs: CertaintyInputs) -> pd.DataFrame:
    """Return the rows that stand beside the certainty without entering it."""
    proposals = [(propose_missing_evidence(inputs), MISSING_LEVELS)] if inputs.pooled else []
    proposals += [(proposal, CINEMA_CONCERNS) for proposal in cinema_proposals(inputs)]
    rows = []
    for proposal, words in proposals:
        said = NOT_ASSESSED if proposal.level is None else words[proposal.level]
        given = "; ".join(f"{name}: {value}" for name, value in proposal.inputs.items() if value not in (None, ""))
        origin = ";".join(dict.fromkeys(proposal.keys))
        rows.append((inputs.synthesis, proposal.domain, said, said, None, proposal.reason, proposal.rule, given,
                     proposal.flip, origin))  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(CERTAINTY_COLUMNS))
    return frame.assign(level=frame["level"].astype("Int64"))


def _low_risk(synthesis: Synthesis, own: pd.DataFrame, choices: Mapping[str, Choice]) -> float | None:
    """Return the estimate of the studies at low risk of bias alone, on the natural scale."""
    if not synthesis.pool or not len(own):
        return None
    kept = own[[choices[name].concern == "low" for name in own["study_id"]]]
    if not len(kept):
        return None
    return pooled_headline(kept, synthesis.measure)["natural_estimate"]


def _origin(synthesis: Synthesis, own: pd.DataFrame) -> str:
    if len(own) and synthesis.pool:
        return ";".join(f"effects/effects.csv:{synthesis.id}:{synthesis.measure}:{name}" for name in own["study_id"])
    return ";".join(f"studies.csv:{name}" for name in synthesis.studies) or f"review.yaml:{synthesis.id}"


def _studies(synthesis, own, weights, tables, choices, comparisons) -> dict:
    shares = weights[(weights["synthesis"] == synthesis.id) & (weights["measure"] == (synthesis.measure or ""))]
    by_method = shares[shares["method"].isin(["reml_hksj_safe" if len(own) > 2 else "common", "single"])]
    share = dict(zip(by_method["study_id"], by_method["weight"], strict=True))
    text = tables["studies"].text.set_index("study_id")
    numbers = own.set_index("study_id")
    studies = []
    for name, choice in choices.items():
        item, others = choice.judgement, comparisons.get(name, ())
        row = numbers.loc[name] if name in numbers.index else None
        people = text.loc[name, "n_analysed"] or text.loc[name, "n_randomised"] or "1"
        studies.append(
            StudyEvidence(
                name,
                share[name] if share else float(people),
                choice.concern,
                critical=bool(item and item.critical),
                estimate=None if row is None else float(row["natural_estimate"]),
                ci_low=None if row is None else float(row["natural_ci_low"]),
                ci_high=None if row is None else float(row["natural_ci_high"]),
                keys=(item.key,) if item else (),
                judged_with=item.named if item else "",
                note=choice.note,
                also_for=tuple(others) if item else (),
            )
        )
    return {"studies": tuple(studies), "pooled": synthesis.pool and bool(len(own))}


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
    marks = () if threshold.value is None else thresholds_from_mid(natural_mid(synthesis), synthesis.measure)
    return {**found, "keys": (key,), "thresholds": marks, "threshold_source": threshold.source}


def natural_mid(synthesis: Synthesis) -> float | None:
    """Return the minimal important difference on the natural scale; the plan states that of a ratio as its log."""
    value = synthesis.minimal_important_difference.value
    if value is None or synthesis.measure is None:
        return None
    return math.exp(abs(value)) if find_measure(synthesis.measure).is_log else abs(value)


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
    planned = {item.study: (place, item) for place, item in enumerate(synthesis.missing) if item.study}
    rows = left_out[
        (left_out["synthesis"] == synthesis.id)
        & (left_out["measure"] == (synthesis.measure or ""))
        & (left_out["kind"] == "no usable figures")
    ]
    found = []
    for row in rows.itertuples(index=False):
        # A claimed study that nobody could find is no trial that is known to be missing.
        if row.study_id not in people:
            continue
        place, item = planned.get(row.study_id, (None, None))
        key = f"effects/left_out.csv:{synthesis.id}:{synthesis.measure or ''}:{row.study_id}"
        told = f";review.yaml:syntheses.{synthesis.id}.missing.{place}.because_of_result" if item else ""
        found.append(
            MissingTrial(
                row.label,
                item.because_of_result if item else "unclear",
                int(people[row.study_id]) if people.get(row.study_id) else None,
                key + told,
                item.because if item else "",
            )
        )
    return tuple(found)
