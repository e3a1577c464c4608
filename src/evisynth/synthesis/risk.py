"""The judgement of risk of bias that counts for each study of a synthesis, and the weight at each level."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from evisynth.ordering import in_one_order
from evisynth.provenance.tables import join_from
from evisynth.quality import Choice, Judgement, choose_judgement, concern_of, final_levels, is_critical
from evisynth.review.members import input_of
from evisynth.review.plan import Plan, Synthesis

NOT_ASSESSED, NO_DOMAIN, OVERALL = "not assessed", "not applicable", "overall"
WEIGHT_COLUMNS = ("synthesis", "measure", "domain", "domain_name", "judgement", "share", "studies", "method", "from")


def judgement_key(row: Mapping, domain: str) -> str:
    """Return the key of a judgement as ``from`` cells name it."""
    parts = (row["study_id"], row["outcome_id"], row["tool"], domain, row["aim"])
    return f"quality/judgements.csv:{':'.join(str(part) for part in parts)}".rstrip(":")


def overall_judgements(judgements: pd.DataFrame) -> dict[str, list[Judgement]]:
    """Return everything that was judged of each study.

    Parameters
    ----------
    judgements : pandas.DataFrame
        Rows of ``quality/judgements.csv``.
    """
    found: dict[str, list[Judgement]] = {}
    if not len(judgements):
        return found
    for row in final_levels(judgements).to_dict("records"):
        found.setdefault(row["study_id"], []).append(
            Judgement(
                row["outcome_id"], row["tool"], row["aim"], row["final"], row["concern"], row["critical"],
                judgement_key(row, OVERALL),
            )
        )  # fmt: skip
    return found


def chosen_judgements(
    synthesis: Synthesis, names: Iterable[str], judged: Mapping[str, list[Judgement]]
) -> dict[str, Choice]:
    """Choose the judgement that counts for each study of a synthesis.

    Parameters
    ----------
    synthesis : Synthesis
        Its entry in the plan; its estimate is that of assignment, as the trials randomised.
    names : iterable of str
        The studies.
    judged : mapping of str to list of Judgement
        From :func:`overall_judgements`.

    Returns
    -------
    dict of str to Choice
        For a table of several outcomes the worst judgement of a study over its outcomes.
    """
    found = {}
    for name in names:
        outcome = input_of(synthesis, name).outcome or synthesis.outcome
        own = [item for item in judged.get(name, ()) if outcome is None or item.outcome_id == outcome]
        found[name] = choose_judgement(own, design=synthesis.certainty_start, study=name)
    return found


def other_comparisons(plan: Plan, synthesis: Synthesis, effects: pd.DataFrame) -> dict[str, list[str]]:
    """Return the studies whose judgement serves other comparisons too: the treatments that are compared there.

    Parameters
    ----------
    plan, synthesis : Plan, Synthesis
        The plan and the synthesis that is looked at.
    effects : pandas.DataFrame
        ``effects/effects.csv``.
    """
    found: dict[str, list[str]] = {}
    for other in plan.syntheses:
        if other.outcome != synthesis.outcome or other.treatment in (None, synthesis.treatment):
            continue
        for study in dict.fromkeys(effects.loc[effects["synthesis"] == other.id, "study_id"]):
            found.setdefault(str(study), []).append(other.treatment)
    return found


def headline_weights(weights: pd.DataFrame, synthesis: str, measure: str, method: str) -> dict[str, float]:
    """Return the weight of each study in per cent, by the method of the headline estimate.

    Parameters
    ----------
    weights : pandas.DataFrame
        ``pooled/weights.csv``; may have no rows.
    synthesis, measure, method : str
        Whose.
    """
    if not len(weights):
        return {}
    rows = weights[
        (weights["synthesis"] == synthesis) & (weights["measure"] == measure) & (weights["method"] == method)
    ]
    return dict(zip(rows["study_id"], rows["weight"].astype(float), strict=True))


def risk_weight_rows(
    synthesis: Synthesis,
    measure: str,
    method: str,
    weights: Mapping[str, float],
    choices: Mapping[str, Choice],
    judgements: Sequence[Mapping],
) -> pd.DataFrame:
    """Return the share of the weight at each level of each domain: rows of ``quality/risk_weights.csv``.

    Parameters
    ----------
    synthesis, measure, method : Synthesis, str, str
        The key, and the method that the weights come from.
    weights : mapping of str to float
        Weight of each study in per cent.
    choices : mapping of str to Choice
        The judgement that counts for each study.
    judgements : sequence of mapping
        Rows of ``quality/judgements.csv``.

    Returns
    -------
    pandas.DataFrame
        The shares of a domain add up to 100. A study that nobody has judged is ``not assessed``; one whose tool has
        no such domain ``not applicable``.
    """
    chosen = {name: choice.judgement for name, choice in choices.items() if choice.judgement}
    cells = {(row["study_id"], row["outcome_id"], row["tool"], row["aim"], row["domain"]): row for row in judgements}
    rows = []
    for domain, title in _domains(chosen, judgements):
        levels: dict[str, list[tuple[float, str]]] = {}
        for study, weight in weights.items():
            item = chosen.get(study)
            cell = cells.get((study, item.outcome_id, item.tool, item.aim, domain)) if item else None
            level = cell["final"] if cell else NO_DOMAIN if item else NOT_ASSESSED
            origin = judgement_key(cell, domain) if cell else ""
            place = f"pooled/weights.csv:{synthesis.id}:{measure}:{method}:{study}"
            levels.setdefault(level, []).append((weight, join_from((place, origin))))
        rows += [
            {
                "synthesis": synthesis.id,
                "measure": measure,
                "domain": domain,
                "domain_name": title,
                "judgement": level,
                "share": 100.0 * sum(weight for weight, _ in own) / sum(weights.values()),
                "studies": len(own),
                "method": method,
                "from": join_from(part for _, origin in own for part in origin.split(";")),
            }
            for level, own in sorted(levels.items(), key=lambda item: _order(item[0], chosen.values()))
        ]
    return pd.DataFrame(rows, columns=list(WEIGHT_COLUMNS))


def _domains(chosen: Mapping[str, Judgement], judgements: Sequence[Mapping]) -> list[tuple[str, str]]:
    """Return the domains of the tools that were used, in the order of the tool with the most, overall last."""
    names: dict[str, str] = {}
    per_tool: dict[str, list[str]] = {}
    tools = {item.tool for item in chosen.values()}
    for row in judgements:
        if row["tool"] not in tools:
            continue
        names.setdefault(row["domain"], row["domain_name"])
        domains = per_tool.setdefault(row["tool"], [])
        if row["domain"] not in domains:
            domains.append(row["domain"])
    order = [domain for domain in in_one_order(per_tool.values()) if domain != OVERALL]
    return [*((domain, names[domain]) for domain in order), (OVERALL, OVERALL)]


def _order(level: str, chosen: Iterable[Judgement]) -> tuple:
    if level in (NOT_ASSESSED, NO_DOMAIN):
        return 9, level
    tools: Sequence[str] = sorted({item.tool for item in chosen})
    for tool in tools:
        try:
            place = ("low", "some", "high").index(concern_of(tool, level))
        except ValueError:
            continue
        return place + (0.5 if is_critical(tool, level) else 0.0), level
    return 8, level
