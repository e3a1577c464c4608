"""Is a tool file in order? Every reachable combination of answers meets a rule, and every rule is met."""

from itertools import chain, combinations

from evisynth.quality.conditions import Condition
from evisynth.quality.schema import NOT_ASKED, Domain
from evisynth.quality.tool import Tool

_MOST_SHOWN = 5


def tool_problems(tool: Tool) -> list[str]:
    """List what is wrong with a tool.

    Parameters
    ----------
    tool : Tool
        A tool whose file has the right form.

    Returns
    -------
    list of str
        One sentence for each problem; empty when the tool is in order.
    """
    problems = [*_names(tool), *_questions(tool)]
    for domain in tool.domains:
        problems += _domain_names(tool, domain)
    problems += _overall_names(tool)
    if problems:
        return problems
    for domain in tool.domains:
        if not domain.entered:
            problems += _coverage(tool, domain)
    return [*problems, *_overall_coverage(tool)]


def _names(tool: Tool) -> list[str]:
    problems = []
    for what, names in (
        ("domain", [item.id for item in tool.domains]),
        ("question", [item.id for item in tool.questions]),
        ("level", [item.name for item in tool.levels]),
    ):
        problems += [f"{what} '{name}' stands twice" for name in sorted(set(names)) if names.count(name) > 1]
    rules = [row.rule for domain in tool.domains for table in domain.tables for row in table.rows]
    rules += [row.rule for row in tool.overall.rows]
    problems += [f"rule '{name}' stands twice" for name in sorted(set(rules)) if rules.count(name) > 1]
    domains = {item.id for item in tool.domains} | {"overall"}
    for item in tool.questions:
        if item.domain not in domains:
            problems.append(f"question {item.id}: there is no domain '{item.domain}'")
        if item.aim and item.aim not in tool.aims:
            problems.append(f"question {item.id}: there is no aim '{item.aim}'")
    return problems


def _questions(tool: Tool) -> list[str]:
    problems = []
    for aim in tool.aims or ("",):
        earlier: dict[str, set[str]] = {}
        for item in tool.questions:
            if item.aim not in ("", aim):
                continue
            if item.asked_when is not None:
                if NOT_ASKED not in item.answers:
                    problems.append(f"question {item.id} has a condition, so NA must be among its answers")
                same = {name for name in earlier if tool.find_question(name, aim).domain == item.domain}
                allowed = {name: earlier[name] for name in same}
                problems += _unknown(f"question {item.id}", item.asked_when, allowed)
            earlier[item.id] = {token for answer in item.answers for token in tool.tokens(answer)} | {NOT_ASKED}
    return list(dict.fromkeys(problems))


def _unknown(where: str, condition: Condition, known: dict[str, set[str]]) -> list[str]:
    problems = []
    for question, tokens in condition.tests():
        if question not in known:
            problems.append(f"{where}: '{question}' is no earlier question or table of its domain")
        else:
            wrong = sorted(set(tokens) - known[question] - {"*"})
            problems += [f"{where}: '{token}' is no answer to {question}" for token in wrong]
    return problems


def _domain_names(tool: Tool, domain: Domain) -> list[str]:
    if domain.entered:
        item = next((item for item in tool.questions if item.id == domain.entered), None)
        if item is None:
            return [f"domain {domain.id}: there is no question '{domain.entered}'"]
        wrong = [answer for answer in item.answers if answer not in tool.level_by_name]
        return [f"domain {domain.id}: the answer '{answer}' is no level" for answer in wrong]
    problems = []
    for aim in tool.aims or ("",):
        tables = tool.tables_of(domain, aim)
        if not tables:
            problems.append(f"domain {domain.id} has neither a table nor 'entered'" + (f" for {aim}" if aim else ""))
            continue
        known = {
            item.id: {token for answer in item.answers for token in tool.tokens(answer)} | {NOT_ASKED}
            for item in tool.questions_of(domain.id, aim)
        }
        for constraint in domain.constraints:
            if constraint.aim in ("", aim):
                problems += _unknown(f"domain {domain.id}, constraint", constraint.when, known)
        for table in tables:
            for row in table.rows:
                problems += _unknown(f"rule {row.rule}", row.when, known)
            known = known | {table.id: {row.judgement for row in table.rows}}
        problems += [
            f"rule {row.rule}: '{row.judgement}' is no level"
            for row in tables[-1].rows
            if row.judgement not in tool.level_by_name
        ]
    return list(dict.fromkeys(problems))


def _coverage(tool: Tool, domain: Domain) -> list[str]:
    problems = []
    for aim in tool.aims or ("",):
        tables = tool.tables_of(domain, aim)
        used, missed = set(), []
        for answers in tool.reachable(domain.id, aim):
            known = dict(answers)
            for table in tables:
                row = tool.first_row(table, known)
                if row is None:
                    missed.append(f"table {table.id}: no rule for {_shown(answers)}")
                    break
                used.add(row.rule)
                known[table.id] = (row.judgement,)
        problems += missed[:_MOST_SHOWN]
        if len(missed) > _MOST_SHOWN:
            problems.append(f"domain {domain.id}: {len(missed) - _MOST_SHOWN} more combinations without a rule")
        dead = [row.rule for table in tables for row in table.rows if row.rule not in used]
        if not missed:
            problems += [f"rule {rule} is never reached; an earlier rule takes its answers" for rule in dead]
    return list(dict.fromkeys(problems))


def _shown(answers: dict) -> str:
    return ", ".join(f"{question} {tokens[0]}" for question, tokens in answers.items())


def _overall_names(tool: Tool) -> list[str]:
    overall = tool.overall
    if overall.entered:
        known = any(item.id == overall.entered for item in tool.questions)
        return [] if known else [f"overall: there is no question '{overall.entered}'"]
    names = list(overall.settled_by)
    if overall.several:
        names += [overall.several.level, overall.several.escalate_to]
    for row in overall.rows:
        names.append(row.judgement)
        for field in (row.any_domain, row.all_domains):
            names += field.split(" or ") if field else []
    wrong = dict.fromkeys(name for name in names if name not in tool.level_by_name)
    return [f"overall: '{name}' is no level" for name in wrong]


def _overall_coverage(tool: Tool) -> list[str]:
    if tool.overall.entered:
        return []
    last = [
        tool.tables_of(domain, aim)[-1] for aim in tool.aims or ("",) for domain in tool.domains if not domain.entered
    ]
    names = sorted({row.judgement for table in last for row in table.rows})
    entered = {domain.entered for domain in tool.domains if domain.entered}
    names += [answer for item in tool.questions if item.id in entered for answer in item.answers]
    names = list(dict.fromkeys(names))
    sets = chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1))
    missed = [items for items in sets if not any(row.holds(set(items)) for row in tool.overall.rows)]
    return [f"overall: no rule when the domains are {' and '.join(items)}" for items in missed[:_MOST_SHOWN]]
