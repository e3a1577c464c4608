"""The figures of a whole review: risk of bias, summary of findings, evidence map, claims, flow of records."""

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from evisynth.effects.measures import find_measure
from evisynth.figures import claims, findings, prisma, risk_bars, risk_of_bias
from evisynth.figures.frames import rows_of, text, value
from evisynth.review.folder import Review
from evisynth.synthesis.drawings.drawing import Drawing

Tables = Mapping[str, pd.DataFrame]
RISK_TABLES = (
    ("risk_of_bias", ("rob2", "rob2_crossover", "rob2_cluster"), "Risk of bias, randomised trials"),
    ("risk_of_bias_before_after", ("nhlbi_before_after",), "Quality of studies before and after treatment"),
    ("risk_of_bias_cases", ("jbi_case_series",), "Quality of case series"),
    ("risk_of_bias_reports", ("jbi_case_report",), "Quality of case reports"),
    ("risk_of_bias_nonrandomised", ("robins_i", "robins_i_v2"), "Risk of bias, studies without randomisation"),
)
LEAST_STUDIES_FOR_BARS = 3
LEAST_QUESTIONS_FOR_MAP = 3


def figures_of_review(review: Review, tables: Tables) -> Iterator[Drawing]:
    """Yield the figures that belong to no single synthesis.

    Parameters
    ----------
    review : Review
        The checked review.
    tables : mapping of str to pandas.DataFrame
        As `read_tables` gives them.
    """
    yield from _findings(review, tables)
    yield from _risk(tables)
    yield from _claims(tables)
    if len(tables["prisma"]):
        title = "Flow of records, counted from screening.csv"
        frame = prisma.prisma_frame(
            tables["prisma"], screening=tables["screening"], title=title, note=review.plan.searching
        )
        yield Drawing("prisma", "prisma", "", title, frame, prisma.plot_prisma, prisma.alt_text)


def _risk(tables: Tables) -> Iterator[Drawing]:
    judgements = tables["judgements"]
    for name, tools, title in RISK_TABLES:
        if not len(judgements) or not judgements["tool"].isin(tools).any():
            continue
        frame = risk_of_bias.risk_of_bias_frame(
            judgements, studies=tables["studies"], outcomes=tables["outcomes"], tools=tools, title=title
        )
        yield Drawing(name, "risk_of_bias", "", title, frame, risk_of_bias.plot_risk_of_bias, risk_of_bias.alt_text)
        if frame["study_id"].nunique() >= LEAST_STUDIES_FOR_BARS:
            bars = risk_bars.risk_bars_frame(frame.assign(title=f"{title}: shares"))
            yield Drawing(
                name.replace("risk_of_bias", "risk_bars"), "risk_bars", "", f"{title}: shares", bars,
                risk_bars.plot_risk_bars, risk_bars.alt_text,
            )  # fmt: skip


def _findings(review: Review, tables: Tables) -> Iterator[Drawing]:
    found = tables["findings"]
    if not len(found):
        return
    plans = {synthesis.id: synthesis for synthesis in review.plan.syntheses}
    titles = {name: plan.title for name, plan in plans.items()}
    conditions = {name: plan.condition for name, plan in plans.items()}
    title = "Summary of findings"
    frame = findings.findings_frame(found, titles=titles, conditions=conditions, title=title)
    yield Drawing("findings", "findings", "", title, frame, findings.plot_findings, findings.alt_text, on_page=False)
    named = {text(row, "outcome_id"): text(row, "name") for row in rows_of(tables["outcomes"])}
    outcomes = {name: named.get(plan.outcome or "", plan.outcome or "several outcomes") for name, plan in plans.items()}
    if len(found) >= LEAST_QUESTIONS_FOR_MAP:
        title = "Map of the evidence"
        frame = findings.evidence_map_frame(
            found,
            conditions=_compared(review, conditions),
            outcomes=outcomes,
            directions=_directions(review, found, tables["outcomes"]),
            title=title,
        )
        yield Drawing("evidence_map", "evidence_map", "", title, frame, findings.plot_evidence_map, findings.alt_text)


def _compared(review: Review, conditions: Mapping[str, str]) -> dict[str, str]:
    """Return the conditions, with the treatment where a condition was pooled for more than one."""
    names = {treatment.id: treatment.name for treatment in review.plan.treatments}
    given: dict[str, set] = {}
    for plan in review.plan.syntheses:
        if plan.pool:
            given.setdefault(plan.condition, set()).add(plan.treatment)
    return {
        plan.id: f"{conditions[plan.id]}: {names.get(plan.treatment, plan.treatment)}"
        if plan.pool and len(given[plan.condition]) > 1
        else conditions[plan.id]
        for plan in review.plan.syntheses
    }


def _directions(review: Review, found: pd.DataFrame, outcomes: pd.DataFrame) -> dict[str, str]:
    """Return on whose side the whole interval of each estimate lies."""
    benefit = {text(row, "outcome_id"): text(row, "benefit") for row in rows_of(outcomes)}
    outcome = {synthesis.id: synthesis.outcome or "" for synthesis in review.plan.syntheses}
    sides = {}
    for row in rows_of(found):
        name, measure = text(row, "synthesis"), text(row, "measure")
        low, high = value(row, "natural_ci_low"), value(row, "natural_ci_high")
        if not measure or not (math.isfinite(low) and math.isfinite(high)):
            continue
        null = find_measure(measure).natural_null
        # differences had their sign turned where more is better: below 0 favours the treatment throughout
        turned = measure not in ("MD", "SMD") and benefit.get(outcome.get(name, "")) == "higher"
        good, bad = ("favours the comparison", "favours the treatment") if turned else _SIDES
        sides[name] = good if high < null else bad if low > null else "unclear"
    return sides


_SIDES = ("favours the treatment", "favours the comparison")


def _claims(tables: Tables) -> Iterator[Drawing]:
    if len(tables["stated"]):
        title = "As the documents state it, and as published"
        frame = claims.stated_frame(tables["stated"], title=title)
        yield Drawing("claims_stated", "claims_stated", "", title, frame, claims.plot_claims, claims.alt_text)
    if not len(tables["claims"]):
        return
    for source in dict.fromkeys(tables["claims"]["source_id"]):
        title = f"What document {source.removeprefix('doc_').upper()} states, beside what was published"
        frame = claims.claims_frame(
            tables["claims"], studies=tables["studies"], sources=tables["sources"], source_id=source, title=title
        )
        if len(frame):
            yield Drawing(f"claims_{source}", "claims", "", title, frame, claims.plot_claims, claims.alt_text)
