"""The overall judgement of a tool from the judgements of its domains."""

from collections.abc import Sequence

from evisynth.quality.answers import DomainJudgement
from evisynth.quality.schema import NOT_ASSESSED
from evisynth.quality.tool import Tool


def overall_level(
    tool: Tool, judgements: Sequence[DomainJudgement], escalate_at: int | None
) -> tuple[str, str, str, list[str]]:
    """Return the overall level.

    Parameters
    ----------
    tool : Tool
        A tool with an overall rule.
    judgements : sequence of DomainJudgement
        Its domains; the final judgements count.
    escalate_at : int or None
        See `evisynth.quality.judging.assess`.

    Returns
    -------
    tuple
        The level, its rule (blank when not assessed), why, and the flags that call for a person.
    """
    overall = tool.overall
    still_open = [item.domain for item in judgements if item.final == NOT_ASSESSED]
    levels = {item.final for item in judgements} - {NOT_ASSESSED}
    if still_open and not levels & set(overall.settled_by):
        none = len(still_open) == len(judgements)
        return (
            NOT_ASSESSED,
            "",
            "no domain is assessed" if none else f"not assessed: {', '.join(still_open)}",
            [],
        )
    row = next((row for row in overall.rows if row.holds(levels)), None)
    if row is None:
        return NOT_ASSESSED, "", f"the tool has no overall rule for {' and '.join(sorted(levels))}", []
    met = [item for item in judgements if not row.any_domain or item.final in row.any_domain.split(" or ")]
    if len(met) == len(judgements) and len(levels) == 1:
        because = f"every domain is {met[0].final}"
    else:
        because = "; ".join(f"{item.domain} is {item.final}" for item in met)
    if still_open:
        because += f", which settles it; not assessed: {', '.join(still_open)}"
    several = overall.several
    if not several or row.judgement != several.level or len(met) < several.at:
        return row.judgement, row.rule, because, []
    if escalate_at is not None and len(met) >= escalate_at:
        because += f"; {escalate_at} or more such domains are set to count as {several.escalate_to}"
        return several.escalate_to, several.escalate_rule, because, [several.flag]
    because += "; a person should say whether together they amount to more"
    return row.judgement, row.rule, because, [several.flag]
