"""Two assessors: how far they agree beyond chance, and on what they do not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evisynth.quality.schema import NOT_ASSESSED
from evisynth.quality.tables import judge_table
from evisynth.quality.tool import Tool, load_tool


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two assessors on the same items.

    Attributes
    ----------
    n : int
        Items that both judged.
    raw : float or None
        Share of items on which they agree.
    kappa, weighted_kappa, ac1 : float or None
        Cohen's kappa, kappa with linear or quadratic weights, Gwet's AC1. None where chance agreement is
        complete (both used one category only), so that the coefficient is not defined, and where n is 0.
    note : str
        Why a coefficient is None.
    """

    n: int
    raw: float | None
    kappa: float | None
    weighted_kappa: float | None
    ac1: float | None
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the agreement as one row."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def agreement(
    first: Sequence[str], second: Sequence[str], categories: Sequence[str], weights: str = "linear"
) -> Agreement:
    """Measure the agreement of two assessors.

    Parameters
    ----------
    first, second : sequence of str
        Judgements of the same n items.
    categories : sequence of str
        All categories that could be used, in order from best to worst.
    weights : str
        ``linear`` or ``quadratic``: how disagreement grows with the distance between categories.

    Returns
    -------
    Agreement
        Raw agreement, Cohen's kappa, weighted kappa and Gwet's AC1.

    Raises
    ------
    ValueError
        If the lengths differ, a judgement is no category, there are fewer than two categories, or the weights
        are unknown.

    Notes
    -----
    With p the table of shares, w = 1 on the diagonal: kappa_w = (sum w p - sum w p_i. p_.j) / (1 - sum w p_i.
    p_.j) (Cohen 1960, 1968), where linear weights are 1 - |i - j| / (K - 1). AC1 takes as chance agreement
    sum_k pi_k (1 - pi_k) / (K - 1), pi_k the mean of the two marginal shares (Gwet 2008).

    References
    ----------
    Cohen J (1960) Educ Psychol Meas 20:37; Cohen J (1968) Psychol Bull 70:213; Gwet KL (2008) Br J Math Stat
    Psychol 61:29.
    """
    names = list(categories)
    if len(first) != len(second):
        raise ValueError(f"the assessors judged {len(first)} and {len(second)} items; give the same items twice")
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError("agreement needs at least two different categories")
    wrong = sorted({str(value) for value in [*first, *second]} - set(names))
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: no category; there are {', '.join(names)}")
    if weights not in ("linear", "quadratic"):
        raise ValueError(f"weights are 'linear' or 'quadratic', not '{weights}'")
    if len(first) == 0:
        return Agreement(0, None, None, None, None, "no item was judged by both")
    size = len(names)
    table = np.zeros((size, size))
    for one, two in zip(first, second, strict=True):
        table[names.index(one), names.index(two)] += 1 / len(first)
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / (size - 1)
    identity = np.eye(size)
    by_chance = np.outer(table.sum(axis=1), table.sum(axis=0))
    share = (table.sum(axis=1) + table.sum(axis=0)) / 2
    raw = float((identity * table).sum())
    weight = 1 - (distance if weights == "linear" else distance**2)
    kappa = _beyond_chance(raw, float((identity * by_chance).sum()))
    weighted = _beyond_chance(float((weight * table).sum()), float((weight * by_chance).sum()))
    ac1 = _beyond_chance(raw, float((share * (1 - share)).sum() / (size - 1)))
    note = "" if kappa is not None else "both assessors used one category only; kappa is not defined"
    return Agreement(len(first), raw, kappa, weighted, ac1, note)


def _beyond_chance(observed: float, chance: float) -> float | None:
    return None if np.isclose(chance, 1.0, rtol=0, atol=1e-12) else (observed - chance) / (1 - chance)


@dataclass(frozen=True, slots=True)
class AssessorComparison:
    """Two assessors of one tool.

    Attributes
    ----------
    judgements : Agreement
        Over the domain judgements (overall left out) that both reached.
    overall : Agreement
        Over the overall judgements that both reached.
    disagreements : pandas.DataFrame
        Columns study_id, outcome_id, aim, kind (``answer``, ``domain`` or ``overall``), item, first, second.
    """

    judgements: Agreement
    overall: Agreement
    disagreements: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the two agreements, one row each."""
        frames = [self.judgements.to_frame(), self.overall.to_frame()]
        return pd.concat(frames, keys=["domains", "overall"], names=["level", None]).reset_index(level=0)


def compare_assessors(frame: pd.DataFrame, tool: str | Tool, first: str, second: str) -> AssessorComparison:
    """Compare two assessors who answered the same questions.

    Parameters
    ----------
    frame : pandas.DataFrame
        A table of answers as in `evisynth.quality.tables.judge_table`, with the column assessor.
    tool : str or Tool
        The tool; rows of others are left out.
    first, second : str
        The assessors, as the column assessor names them.

    Returns
    -------
    AssessorComparison
        Agreement on the judgements, and every answer and judgement on which they differ. Answers that count
        the same to the tool (Y and PY) do not differ.

    Raises
    ------
    ValueError
        If an assessor has no row, or a column is missing.
    """
    tool = tool if isinstance(tool, Tool) else load_tool(tool)
    judged, rows = [], []
    for name in (first, second):
        own = frame[(frame["assessor"] == name) & frame["tool"].isin(["", tool.id])]
        if own.empty:
            raise ValueError(f"there is no row of the assessor '{name}' for the tool {tool.id}")
        rows.append(own)
        judged.append(judge_table(own, tool).judgements)
    keys = ["study_id", "outcome_id", "aim", "domain"]
    both = judged[0].merge(judged[1], on=keys, suffixes=("_1", "_2"))
    both = both[(both["final_1"] != NOT_ASSESSED) & (both["final_2"] != NOT_ASSESSED)]
    levels = [level.name for level in sorted(tool.levels, key=lambda level: level.order)]
    is_overall = both["domain"] == "overall"
    parts = [both[~is_overall], both[is_overall]]
    measured = [agreement(list(part["final_1"]), list(part["final_2"]), levels) for part in parts]
    differing = both[both["final_1"] != both["final_2"]]
    listed = pd.DataFrame(
        {
            **{key: differing[key] for key in keys[:3]},
            "kind": ["overall" if domain == "overall" else "domain" for domain in differing["domain"]],
            "item": differing["domain"],
            "first": differing["final_1"],
            "second": differing["final_2"],
        }
    )
    disagreements = pd.concat([_differing_answers(tool, *rows), listed], ignore_index=True)
    return AssessorComparison(measured[0], measured[1], disagreements)


def _differing_answers(tool: Tool, first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    keys = ["study_id", "outcome_id", "aim", "item"]
    frames = []
    for rows in (first, second):
        own = rows[["study_id", "outcome_id", "aim", "answer"]].copy()
        own["item"] = [_number(tool, row.question, row.aim) for row in rows.itertuples()]
        frames.append(own)
    both = frames[0].merge(frames[1], on=keys, suffixes=("_1", "_2"))
    same = [
        tool.tokens(one.strip().upper())[-1] == tool.tokens(two.strip().upper())[-1] or one == two
        for one, two in zip(both["answer_1"], both["answer_2"], strict=True)
    ]
    both = both[~np.array(same, dtype=bool)]
    return pd.DataFrame(
        {
            **{key: both[key] for key in keys[:3]},
            "kind": "answer",
            "item": both["item"],
            "first": both["answer_1"],
            "second": both["answer_2"],
        }
    )


def _number(tool: Tool, written: str, aim: str) -> str:
    question = tool.find_question(str(written), aim)
    return question.number if question else str(written)
