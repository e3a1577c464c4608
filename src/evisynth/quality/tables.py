"""From the table of answers to the table of judgements."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evisynth.quality.answers import Answer, Issue, Override
from evisynth.quality.judging import assess
from evisynth.quality.schema import NOT_ASSESSED
from evisynth.quality.tool import Tool, ToolError, load_tool
from evisynth.review.problems import Problem, shown

ANSWER_COLUMNS = ("study_id", "outcome_id", "tool", "aim", "question", "answer")
OVERRIDE_COLUMNS = ("study_id", "outcome_id", "tool", "domain", "final", "reason")
JUDGEMENT_COLUMNS = (
    "study_id", "outcome_id", "tool", "aim", "domain", "domain_name", "proposed", "final",
    "override_reason", "rule", "because", "flags", "status", "from",
)  # fmt: skip
CONSENSUS = "consensus"

_COLUMN = {"question": "question", "aim": "aim", "reason": "reason"}


@dataclass(frozen=True, slots=True)
class JudgedTable:
    """The judgements of a table of answers.

    Attributes
    ----------
    judgements : pandas.DataFrame
        One row per study, outcome, tool, aim and domain (``overall`` last), columns `JUDGEMENT_COLUMNS`.
        ``proposed`` is what the tool's rules say, ``final`` what holds; both read ``not assessed`` where
        nobody has judged. ``from`` holds the keys of the answers, separated by ``;``.
    problems : tuple of Problem
        Everything wrong with the answers and the overrides, in the order of file and line.
    """

    judgements: pd.DataFrame
    problems: tuple[Problem, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the judgements."""
        return self.judgements.copy()


def judge_table(
    frame: pd.DataFrame,
    tool: str | Tool | None = None,
    overrides: pd.DataFrame | None = None,
    studies: Collection[str] | None = None,
    tools: Mapping[str, Tool] | None = None,
    escalate_at: int | None = None,
    file: str = "risk_of_bias.csv",
    overrides_file: str = "judgements.csv",
) -> JudgedTable:
    """Judge every study, outcome, tool and aim of a table of answers.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns study_id, outcome_id, tool, aim, question, answer; optionally assessor, reason, key (of the
        row) and line (of the file). Read it as text and keep ``NA`` as text: it is an answer.
    tool : str or Tool, optional
        Use this tool: a row with a blank tool is its, rows of other tools are left out.
    overrides : pandas.DataFrame, optional
        Columns study_id, outcome_id, tool, domain, final, reason; optionally key and line.
    studies : collection of str, optional
        The studies that exist; a row about another one is a problem.
    tools : mapping, optional
        Tools beside those that come with evisynth, by id.
    escalate_at : int, optional
        See `evisynth.quality.judging.assess`.
    file, overrides_file : str
        Names for the problems.

    Returns
    -------
    JudgedTable
        Judgements and problems. Wrong or missing answers leave their domain ``not assessed``.

    Raises
    ------
    ValueError
        If a column is missing.

    Notes
    -----
    Where several assessors answered, answers that count the same to the tool (Y and PY) agree; where they
    differ the domain is not assessed until a row with the assessor ``consensus`` settles it.
    """
    reading = _Reading(file, overrides_file, dict(tools or {}), studies, escalate_at)
    if isinstance(tool, Tool):
        reading.tools[tool.id] = tool
        tool = tool.id
    # plain records: grouping data frames costs a hundred times more than judging
    groups: dict[tuple[str, str, str, str], list[_Row]] = {}
    for row in _records(frame, ANSWER_COLUMNS, file):
        name = row["tool"] or tool or ""
        if tool is None or name == tool:
            groups.setdefault((row["study_id"], row["outcome_id"], name, row["aim"]), []).append(row)
    changed = reading.overrides(overrides, tool)
    records = []
    for name, group in groups.items():
        records += reading.judge(name, group, changed)
    reading.unused(changed)
    return JudgedTable(
        pd.DataFrame(records, columns=list(JUDGEMENT_COLUMNS), dtype=object).astype(str),
        tuple(sorted(set(reading.problems))),
    )


_Row = dict[str, Any]


def _records(frame: pd.DataFrame, needed: Collection[str], file: str) -> list[_Row]:
    """Return the rows as text, each with its line."""
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise ValueError(f"{file}: there is no column {', '.join(missing)}; it needs {', '.join(needed)}")
    names = list(dict.fromkeys([*needed, "assessor", "reason", "key"]))
    blank = [""] * len(frame)
    columns = [[_cell(value) for value in frame[name]] if name in frame else blank for name in names]
    lines = [int(line) for line in frame["line"]] if "line" in frame else range(2, len(frame) + 2)
    rows = (dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True))
    return [{**row, "line": line} for row, line in zip(rows, lines, strict=True)]


def _cell(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return ""
    # a number column that a reader made of the questions 1, 2, 3
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


class _Reading:
    """Judges the groups of a table and gathers what is wrong with them."""

    def __init__(self, file, overrides_file, tools, studies, escalate_at) -> None:
        self.file, self.overrides_file, self.tools = file, overrides_file, tools
        self.studies = None if studies is None else set(studies)
        self.escalate_at = escalate_at
        self.problems: list[Problem] = []

    def tell(self, line: int, column: str, found: str, allowed: str, advice: str) -> None:
        self.problems.append(Problem(self.file, line, column, found, allowed, advice))

    def tool(self, name: str, line: int) -> Tool | None:
        if name not in self.tools:
            try:
                if name.endswith((".yaml", ".yml")):
                    raise ToolError("a path is no tool id")
                self.tools[name] = load_tool(name)
            except ToolError as error:
                self.tell(
                    line,
                    "tool",
                    shown(name),
                    "a tool that exists",
                    f"{str(error)[:1].upper()}{str(error)[1:]}.",
                )
                return None
        return self.tools[name]

    def judge(self, name: tuple, group: list[_Row], changed: dict) -> list[tuple]:
        study, outcome, tool_name, aim = name
        first = group[0]["line"]
        tool = self.tool(tool_name, first)
        if not self._names_in_order(study, outcome, tool, first) or tool is None:
            return []
        answers, disputed = self._merge(tool, group, aim)
        finals, keys = self._finals(tool, study, outcome, aim, changed)
        assessment = assess(tool, answers, aim, finals, self.escalate_at, disputed)
        for issue in assessment.issues:
            self._tell_issue(issue, study, outcome, tool, first)
        return [
            (study, outcome, tool.id, aim, item.domain, item.domain_name, item.proposed, item.final,
             item.override_reason, item.rule, item.because, ";".join(item.flags), item.status,
             ";".join([*item.keys, *([keys[item.domain]] if keys.get(item.domain) else [])]))
            for item in assessment.judgements
        ]  # fmt: skip

    def _names_in_order(self, study: str, outcome: str, tool: Tool | None, line: int) -> bool:
        if not study:
            self.tell(line, "study_id", "a blank cell", "the id of a study", "Say which study was judged.")
            return False
        if self.studies is not None and study not in self.studies:
            self.tell(line, "study_id", shown(study), "a study of the review", "Check the id against the studies.")
            return False
        if tool is not None and tool.unit == "result" and not outcome:
            advice = f"{tool.name} judges a result, so say which outcome it is about."
            self.tell(line, "outcome_id", "a blank cell", "the id of an outcome", advice)
            return False
        return True

    def _tell_issue(self, issue: Issue, study: str, outcome: str, tool: Tool, first: int) -> None:
        about = f"{study}, {outcome}" if outcome else study
        self.tell(
            issue.line or first, _COLUMN.get(issue.kind, "answer"), issue.found, issue.allowed,
            f"{issue.advice} ({about}, {tool.name})",
        )  # fmt: skip

    def _merge(self, tool: Tool, group: list[_Row], aim: str) -> tuple[dict[str, Answer], dict[str, str]]:
        """Return one answer to each question, and what assessors do not agree on."""
        by_question: dict[str, list[_Row]] = {}
        for row in group:
            question = tool.find_question(row["question"], aim)
            rows = by_question.setdefault(question.id if question else row["question"], [])
            if row["answer"]:
                self._tell_duplicate(rows, row)
                rows.append(row)
        answers: dict[str, Answer] = {}
        disputed: dict[str, str] = {}
        for name, given in by_question.items():
            if not given:
                continue
            used = [row for row in given if row["assessor"].casefold() == CONSENSUS] or given
            question = tool.find_question(name, aim)
            known = {token.casefold(): token for token in (question.answers if question else ())}
            tokens = [known.get(row["answer"].casefold()) for row in used]
            # an answer outside the set is judged, so that it is reported
            chosen = used[tokens.index(None) if None in tokens else 0]
            if None not in tokens and len({tool.tokens(token)[-1] for token in tokens}) > 1:
                said = ", ".join(f"{row['assessor'] or 'no name'} {row['answer']}" for row in used)
                disputed[name] = (
                    f"the assessors do not agree on {question.number} ({said}); "
                    f"a row with the assessor '{CONSENSUS}' settles it"
                )
            keys = ";".join(row["key"] for row in given if row["key"])
            answers[name] = Answer(chosen["answer"], chosen["reason"], keys, chosen["line"])
        return answers, disputed

    def _tell_duplicate(self, earlier: list[_Row], row: _Row) -> None:
        if any(row["assessor"] == other["assessor"] for other in earlier):
            who = f"'{row['assessor']}'" if row["assessor"] else "This study"
            advice = f"{who} has answered {row['question']} already; keep one row or name the assessors."
            found = f"question {row['question']} again"
            self.tell(row["line"], "question", found, "one answer to a question", advice)

    def overrides(self, frame: pd.DataFrame | None, only: str | None) -> dict:
        """Return the changed judgements by study, outcome, tool and domain."""
        changed: dict = {}
        if frame is None:
            return changed
        for row in _records(frame, OVERRIDE_COLUMNS, self.overrides_file):
            if only is not None and row["tool"] not in ("", only):
                continue
            tool = row["tool"] or only or ""
            name = (row["study_id"], row["outcome_id"], tool, row["domain"].casefold())
            if not row["reason"]:
                self._tell_override(row, "reason", "a blank cell", "a reason", "A changed judgement needs a reason.")
            elif name in changed:
                self._tell_override(
                    row, "domain", shown(row["domain"]), "one row for a domain", "Keep one of the rows."
                )
            else:
                changed[name] = [row, set()]
        return changed

    def _tell_override(self, row, column: str, found: str, allowed: str, advice: str) -> None:
        self.problems.append(Problem(self.overrides_file, row["line"], column, found, allowed, advice))

    def _finals(self, tool: Tool, study: str, outcome: str, aim: str, changed: dict) -> tuple[dict, dict]:
        finals, keys = {}, {}
        for domain in [*(item.id for item in tool.domains), "overall"]:
            entry = changed.get((study, outcome, tool.id, domain.casefold()))
            if entry is None:
                continue
            row, aims = entry
            aims.add(aim)
            level = tool.find_level(row["final"])
            if level is None:
                allowed = ", ".join(tool.level_by_name)
                advice = f"Write one of {tool.name}'s levels."
                self._tell_override(row, "final", shown(row["final"]), allowed, advice)
            else:
                finals[domain], keys[domain] = Override(level.name, row["reason"]), row["key"]
        return finals, keys

    def unused(self, changed: dict) -> None:
        """Report changed judgements of something that nobody assessed, or that name two aims at once."""
        for (study, outcome, tool, domain), (row, aims) in changed.items():
            about = ", ".join(part for part in (study, outcome, tool, domain) if part)
            if not aims:
                advice = "Check study_id, outcome_id, tool and domain against the table of answers."
                self._tell_override(row, "domain", shown(about), "a judgement that exists", advice)
            elif len(aims) > 1:
                advice = "It was assessed for both effects of interest; change the answers instead."
                self._tell_override(row, "domain", shown(about), "a judgement of one aim", advice)


def final_levels(
    judgements: pd.DataFrame, domain: str = "overall", tools: Mapping[str, Tool] | None = None
) -> pd.DataFrame:
    """Return the final level of one domain for each study and outcome.

    Parameters
    ----------
    judgements : pandas.DataFrame
        As `judge_table` gives them.
    domain : str
        The domain; ``overall`` by default.
    tools : mapping, optional
        Tools beside those that come with evisynth, by id.

    Returns
    -------
    pandas.DataFrame
        Columns study_id, outcome_id, tool, aim, final, concern (``low``, ``some``, ``high``, or ``not assessed``,
        also for a level that says nothing about bias) and critical (see `is_critical`).
    """
    rows = judgements[judgements["domain"] == domain]
    out = rows[["study_id", "outcome_id", "tool", "aim", "final"]].reset_index(drop=True)
    tools = tools or {}
    found = [(tools.get(name, name), final) for name, final in zip(out["tool"], out["final"], strict=True)]
    out["concern"] = [concern_of(tool, final) for tool, final in found]
    out["critical"] = [is_critical(tool, final) for tool, final in found]
    return out


def is_critical(tool: str | Tool, final: str) -> bool:
    """Return whether a level is worse than another one that counts as high already (ROBINS-I: Critical)."""
    if final == NOT_ASSESSED:
        return False
    tool = tool if isinstance(tool, Tool) else load_tool(tool)
    level = tool.find_level(final)
    high = [item.order for item in tool.levels if item.concern == "high"]
    return level is not None and level.concern == "high" and level.order > min(high)


def concern_of(tool: str | Tool, final: str) -> str:
    """Return what a level counts as across tools: ``low``, ``some``, ``high`` or ``not assessed``.

    Parameters
    ----------
    tool : str or Tool
        The tool, or its id.
    final : str
        One of its levels.

    Raises
    ------
    ValueError
        For a level that the tool does not have.
    """
    if final == NOT_ASSESSED:
        return NOT_ASSESSED
    level = (tool if isinstance(tool, Tool) else load_tool(tool)).find_level(final)
    if level is None:
        name = tool.id if isinstance(tool, Tool) else tool
        raise ValueError(f"'{final}' is no level of the tool {name}")
    return NOT_ASSESSED if level.concern == "none" else level.concern
