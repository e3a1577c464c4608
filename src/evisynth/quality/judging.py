"""From answers to judgements: one study, one outcome, one tool."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evisynth.quality.answers import Answer, Assessment, DomainJudgement, Issue, Override
from evisynth.quality.conditions import Condition
from evisynth.quality.overall import overall_level
from evisynth.quality.schema import NOT_ASKED, NOT_ASSESSED, Domain, Question
from evisynth.quality.tool import Tool

_PROBABLY = ("PY", "PN")


@dataclass(slots=True)
class _State:
    """What is known about the questions of one domain while they are walked through."""

    given: dict[str, Answer]
    known: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    missing: list[Question] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(answer.key for answer in self.given.values() if answer.key)

    @property
    def last_line(self) -> int:
        return max((answer.line for answer in self.given.values()), default=0)


def assess(
    tool: Tool,
    answers: Mapping[str, str | Answer],
    aim: str = "",
    overrides: Mapping[str, Override] | None = None,
    escalate_at: int | None = None,
    disputed: Mapping[str, str] | None = None,
) -> Assessment:
    """Judge one result of one study.

    Parameters
    ----------
    tool : Tool
        The tool.
    answers : mapping
        Question to answer. A question may have the number of the form (2.3) or of the tool file (2.3a).
    aim : str
        ``assignment`` or ``adhering`` for tools with an effect of interest, otherwise blank.
    overrides : mapping, optional
        Domain to the judgement of a person; the overall proposal follows the final judgements.
    escalate_at : int, optional
        Propose the worse overall level when so many domains reach the tool's ``several`` level. Off by
        default, because the tool gives no number.
    disputed : mapping, optional
        Question to a sentence, for questions that two assessors answer differently; the domain is not
        assessed.

    Returns
    -------
    Assessment
        One judgement per domain and the overall one; and every issue with the answers.

    Notes
    -----
    A domain with an unanswered, wrong or disputed answer is ``not assessed``: an unanswered question is never
    taken as "no information", and never as low risk.
    """
    overrides = overrides or {}
    disputed = disputed or {}
    aim_issue = _aim_issue(tool, aim)
    found, issues = _sorted_answers(tool, answers, aim, aim_issue is not None)
    issues = [*([aim_issue] if aim_issue else []), *issues]
    judgements = []
    for domain in tool.domains:
        aimed = aim_issue is not None and any(item.aim for item in tool.questions if item.domain == domain.id)
        if aimed:
            because = "the effect of interest (aim) is not stated, and the questions depend on it"
            judgements.append(_not_assessed(tool, domain.id, domain.name, because))
        else:
            judgement, wrong = _judge_domain(tool, domain, found, aim, disputed)
            judgements.append(judgement)
            issues += wrong
        judgements[-1] = _overridden(judgements[-1], overrides.get(domain.id))
    overall, wrong = _judge_overall(tool, judgements, found, escalate_at, disputed)
    judgements.append(_overridden(overall, overrides.get("overall")))
    return Assessment(tuple(judgements), tuple([*issues, *wrong]))


def _aim_issue(tool: Tool, aim: str) -> Issue | None:
    if aim in (tool.aims or ("",)):
        return None
    shown = f"'{aim}'" if aim else "a blank cell"
    allowed = " or ".join(tool.aims) if tool.aims else f"blank; {tool.name} has no effect of interest"
    return Issue("aim", "", "", shown, allowed, "State the effect of interest that the answers are about.")


def _sorted_answers(tool: Tool, answers: Mapping, aim: str, lenient: bool) -> tuple[dict[str, Answer], list[Issue]]:
    found: dict[str, Answer] = {}
    issues = []
    for written, value in answers.items():
        answer = value if isinstance(value, Answer) else Answer(str(value))
        question = tool.find_question(written, aim)
        if question is None and lenient and any(tool.find_question(written, name) for name in tool.aims):
            continue
        if question is None:
            issues.append(_unknown_question(tool, written, aim, answer))
        elif question.id in found:
            advice = f"{written} is the same question; keep one of the two answers."
            issues.append(
                Issue("question", written, question.domain, "a second answer", "one answer", advice, answer.line)
            )
        elif answer.answer.strip():
            found[question.id] = answer
    return found, issues


def _unknown_question(tool: Tool, written: str, aim: str, answer: Answer) -> Issue:
    other = [name for name in tool.aims if name != aim and tool.find_question(written, name)]
    if other:
        advice = f"Question {written} belongs to the effect of {other[0]}; this row is about {aim}."
    else:
        advice = f"Give the question its number in {tool.name}."
    ids = list(dict.fromkeys(item.id for item in tool.questions if item.aim in ("", aim)))
    return Issue("question", written, "", f"question '{written}'", ", ".join(ids), advice, answer.line)


def _judge_domain(
    tool: Tool, domain: Domain, found: Mapping[str, Answer], aim: str, disputed: Mapping[str, str]
) -> tuple[DomainJudgement, list[Issue]]:
    questions = tool.questions_of(domain.id, aim)
    state = _State({item.id: found[item.id] for item in questions if item.id in found})
    dispute = next((disputed[item.id] for item in questions if item.id in disputed), "")
    if not state.given and not dispute:
        return _not_assessed(tool, domain.id, domain.name, "nobody has answered its questions", domain.flag), []
    for question in questions:
        if question.id in disputed:
            # unknown until settled, so that what follows from either answer is no error
            state.known[question.id] = None
        else:
            _take(tool, question, state)
    for constraint in domain.constraints:
        if constraint.aim in ("", aim) and constraint.when.holds(state.known):
            last = list(constraint.when.questions())[-1]
            number = next(item.number for item in questions if item.id == last)
            state.issues.append(
                Issue("combination", number, domain.id, "NA throughout", "one of them in scope",
                      f"{constraint.message[0].upper()}{constraint.message[1:]}.", state.last_line)
            )  # fmt: skip
    state.issues += [_missing_issue(tool, item, domain.id, state.last_line) for item in state.missing]
    because = dispute or _why_open(state)
    if because:
        return _not_assessed(tool, domain.id, domain.name, because, domain.flag, state.keys), state.issues
    if domain.entered:
        return _entered(tool, domain.id, domain.name, domain.entered, state, domain.flag), state.issues
    return _by_tables(tool, domain, state, aim), state.issues


def _take(tool: Tool, question: Question, state: _State) -> None:
    """Take the answer to one question: note what is known, missing or wrong."""
    asked = True if question.asked_when is None else question.asked_when.holds(state.known)
    given = state.given.get(question.id)
    state.known[question.id] = None if asked is not False else (NOT_ASKED,)
    if given is None:
        if asked:
            state.missing.append(question)
        return
    answer = {token.casefold(): token for token in question.answers}.get(given.answer.strip().casefold())
    allowed = list(question.when_asked if asked else question.answers)
    if answer not in allowed:
        state.issues.append(_outside(question, given, allowed, asked))
    elif question.reason_required and not given.reason.strip():
        state.issues.append(
            Issue("reason", question.number, question.domain, "no reason", "a reason",
                  "This judgement is a person's; say why.", given.line)
        )  # fmt: skip
    elif asked is False and answer != NOT_ASKED:
        state.issues.append(
            Issue("not asked", question.number, question.domain, f"'{given.answer}'", "blank or NA",
                  f"Question {question.number} is asked only when {tool.in_words(question.asked_when)}. "
                  "Check the earlier answers, or leave this one out.", given.line)
        )  # fmt: skip
    elif asked:
        state.known[question.id] = tool.tokens(answer)
        state.answers[question.id] = answer


def _outside(question: Question, given: Answer, allowed: list[str], asked: bool | None) -> Issue:
    if given.answer.strip().casefold() == NOT_ASKED.casefold() and asked:
        advice = f"By the earlier answers question {question.number} ({question.asks}?) must be answered."
    else:
        advice = f"Question {question.number} ({question.asks}?) takes one of these answers."
    return Issue(
        "outside",
        question.number,
        question.domain,
        f"'{given.answer}'",
        ", ".join(allowed),
        advice,
        given.line,
    )


def _missing_issue(tool: Tool, question: Question, domain: str, line: int) -> Issue:
    allowed = question.when_asked
    why = f" (asked because {tool.in_words(question.asked_when)})" if question.asked_when is not None else ""
    unknown = next((token for token in ("NI", "Unclear", "NR") if token in allowed), "")
    advice = f"Answer {question.number}, {question.asks}?{why}"
    advice += f" Where the source does not say, the answer is {unknown}." if unknown else ""
    found = f"no answer to question {question.number}"
    return Issue("missing", question.number, domain, found, ", ".join(allowed), advice, line)


def _why_open(state: _State) -> str:
    parts = []
    if state.missing:
        parts.append("not answered: " + "; ".join(f"{item.number} ({item.asks}?)" for item in state.missing))
    wrong = [issue for issue in state.issues if issue.kind != "missing"]
    if wrong:
        told = dict.fromkeys(f"{issue.question} ({issue.found}; allowed: {issue.allowed})" for issue in wrong)
        parts.append("cannot be used as answered: " + "; ".join(told))
    return "; ".join(parts)


def _by_tables(tool: Tool, domain: Domain, state: _State, aim: str) -> DomainJudgement:
    known, rules, clauses = dict(state.known), [], []
    for table in tool.tables_of(domain, aim):
        row = tool.first_row(table, known)
        rules.append(row.rule)
        # a later table that only weighs earlier ones adds no clause of its own
        clauses += [text for text in _clauses(tool, row.when, state, known) if text not in clauses]
        known[table.id] = (row.judgement,)
    because = f"{_joined(clauses)} (rule {rules[-1]})"
    flags = (f"{domain.flag}=false",) if domain.flag else ()
    return DomainJudgement(
        domain.id, domain.name, row.judgement, row.judgement, "", "; ".join(rules), because,
        state.keys, flags, tool.status,
    )  # fmt: skip


def _clauses(tool: Tool, condition: Condition, state: _State, known: Mapping) -> list[str]:
    clauses = []
    for name in condition.deciding(known):
        if name not in state.answers:
            continue
        question = next(item for item in tool.questions if item.id == name)
        answer = state.answers[name]
        text = question.says.get(tool.tokens(answer)[-1])
        if text is None:
            clauses.append(f"{question.asks}: {answer} ({question.number})")
        else:
            clauses.append(f"{'probably ' if answer in _PROBABLY else ''}{text} ({question.number} {answer})")
    return clauses


def _joined(clauses: list[str]) -> str:
    if len(clauses) < 2:
        return "".join(clauses)
    return "; ".join(clauses[:-1]) + "; and " + clauses[-1]


def _entered(tool: Tool, domain: str, name: str, question: str, state: _State, flag: str) -> DomainJudgement:
    answer, given = state.answers[question], state.given[question]
    because = f"a person answered {answer}"
    because += f": {given.reason.strip()}" if given.reason.strip() else ""
    flags = (f"{flag}=false",) if flag else ()
    return DomainJudgement(domain, name, answer, answer, "", "entered", because, state.keys, flags, tool.status)


def _not_assessed(
    tool: Tool, domain: str, name: str, because: str, flag: str = "", keys: tuple[str, ...] = ()
) -> DomainJudgement:
    flags = (f"{flag}=false",) if flag else ()
    return DomainJudgement(domain, name, NOT_ASSESSED, NOT_ASSESSED, "", "", because, keys, flags, tool.status)


def _overridden(judgement: DomainJudgement, override: Override | None) -> DomainJudgement:
    if override is None:
        return judgement
    return DomainJudgement(
        judgement.domain, judgement.domain_name, judgement.proposed, override.final, override.reason,
        judgement.rule, judgement.because, judgement.keys, judgement.flags, judgement.status,
    )  # fmt: skip


def _judge_overall(
    tool: Tool,
    judgements: list[DomainJudgement],
    found: Mapping[str, Answer],
    escalate_at: int | None,
    disputed: Mapping[str, str],
) -> tuple[DomainJudgement, list[Issue]]:
    overall = tool.overall
    if overall.entered:
        stand_in = Domain(id="overall", name="overall", entered=overall.entered, flag=overall.flag)
        return _judge_domain(tool, stand_in, found, "", disputed)
    keys = tuple(dict.fromkeys(key for item in judgements for key in item.keys))
    flags = list(dict.fromkeys(flag for item in judgements for flag in item.flags))
    flags += [f"{overall.flag}=false"] if overall.flag and f"{overall.flag}=false" not in flags else []
    level, rule, because, called = overall_level(tool, judgements, escalate_at)
    if rule:
        because += f" (rule {rule})"
    judgement = DomainJudgement(
        "overall", "overall", level, level, "", rule, because, keys, tuple([*flags, *called]), tool.status
    )
    return judgement, []
