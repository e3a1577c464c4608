"""Risk-of-bias tools as data: load a tool file, check it, look things up in it."""

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from evisynth.quality.conditions import Condition, Known
from evisynth.quality.schema import NOT_ASKED, Domain, Level, Question, Row, Table, ToolFile

_FOLDER = files("evisynth.quality") / "tools"


class ToolError(ValueError):
    """A tool file cannot be used; the text lists every reason."""


class Tool(ToolFile):
    """A risk-of-bias tool.

    The fields are those of the tool file. See `judge` for the proposed judgements.
    """

    def judge(self, answers: Mapping, aim: str = "", **options) -> list:
        """Propose the judgement of each domain and the overall one.

        Parameters
        ----------
        answers : mapping
            Question to answer (text, or `evisynth.quality.answers.Answer`).
        aim : str
            Effect of interest, for tools that have one: ``assignment`` or ``adhering``.
        **options
            `overrides` and `escalate_at` of `evisynth.quality.judging.assess`.

        Returns
        -------
        list of evisynth.quality.answers.DomainJudgement
            One per domain, then ``overall``. A domain with an unanswered question is ``not assessed``.

        Raises
        ------
        evisynth.quality.answers.AnswersError
            If an answer is outside its set, a question is answered though its condition is not met, or a
            question or the aim does not exist: all at once. A missing answer does not raise.
        """
        from evisynth.quality.answers import AnswersError
        from evisynth.quality.judging import assess

        assessment = assess(self, answers, aim, **options)
        wrong = [issue for issue in assessment.issues if issue.kind != "missing"]
        if wrong:
            raise AnswersError(wrong)
        return list(assessment.judgements)

    @cached_property
    def level_by_name(self) -> dict[str, Level]:
        """The levels by name."""
        return {level.name: level for level in self.levels}

    def find_level(self, written: str) -> Level | None:
        """Return the level that somebody wrote, in whatever case; None if there is none."""
        return {name.casefold(): level for name, level in self.level_by_name.items()}.get(written.strip().casefold())

    def find_question(self, written: str, aim: str = "") -> Question | None:
        """Return the question of that number for that aim, by its own number or the form's."""
        for question in self.questions:
            if question.aim in ("", aim) and (written == question.id or written in question.alias):
                return question
        return None

    def questions_of(self, domain: str, aim: str = "") -> list[Question]:
        """Return the questions of a domain that the aim asks, in order."""
        return [item for item in self.questions if item.domain == domain and item.aim in ("", aim)]

    def tables_of(self, domain: Domain, aim: str = "") -> list[Table]:
        """Return the decision tables of a domain for the aim, in order."""
        return [table for table in domain.tables if table.aim in ("", aim)]

    def tokens(self, answer: str) -> tuple[str, ...]:
        """Return what an answer can be compared with: itself and its class."""
        return tuple(dict.fromkeys((answer, self.classes.get(answer, answer))))

    def in_words(self, condition: Condition) -> str:
        """Put a condition into words, with answers in place of classes."""
        if condition.kind == "answer":
            question = next((item for item in self.questions if item.id == condition.question), None)
            given = [
                answer
                for answer in (question.answers if question else ())
                if set(self.tokens(answer)) & set(condition.tokens)
            ]
            number = question.number if question else condition.question
            return f"{number} is {' or '.join(given or condition.tokens)}"
        parts = [self.in_words(part) for part in condition.parts]
        if condition.kind in ("any", "all"):
            return (" or " if condition.kind == "any" else " and ").join(parts)
        count = {"none": "none", "at_least": f"at least {condition.n}", "exactly": f"exactly {condition.n}"}
        return f"{count[condition.kind]} of ({'; '.join(parts)}) holds"

    def first_row(self, table: Table, known: Known) -> Row | None:
        """Return the first row of a table that holds, or None."""
        return next((row for row in table.rows if row.when.holds(known)), None)

    def reachable(self, domain: str, aim: str = "") -> Iterator[dict[str, tuple[str, ...]]]:
        """Yield every combination of answers that a person can give to a domain.

        Answers that no condition tells apart are represented by the first of them.
        """
        questions = self.questions_of(domain, aim)
        compared = self._compared(domain)
        yield from self._extend(questions, compared, {})

    def _compared(self, domain: str) -> dict[str, set[str]]:
        conditions = [item.asked_when for item in self.questions if item.domain == domain and item.asked_when]
        for item in self.domains:
            if item.id == domain:
                conditions += [row.when for table in item.tables for row in table.rows]
                conditions += [constraint.when for constraint in item.constraints]
        compared: dict[str, set[str]] = {}
        for condition in conditions:
            for question, tokens in condition.tests():
                compared.setdefault(question, set()).update(tokens)
        return compared

    def _extend(self, questions: list[Question], compared: dict[str, set[str]], known: dict) -> Iterator[dict]:
        if not questions:
            yield known
            return
        question, rest = questions[0], questions[1:]
        if question.asked_when is not None and not question.asked_when.holds(known):
            yield from self._extend(rest, compared, known | {question.id: (NOT_ASKED,)})
            return
        seen = set()
        for answer in question.when_asked:
            tokens = self.tokens(answer)
            kind = tuple(sorted(set(tokens) & compared.get(question.id, set())))
            if kind not in seen:
                seen.add(kind)
                yield from self._extend(rest, compared, known | {question.id: tokens})


def available_tools() -> list[str]:
    """Return the ids of the tools that come with evisynth."""
    return list(_own_tools())


@lru_cache(maxsize=1)
def _own_tools() -> tuple[str, ...]:
    return tuple(
        sorted(entry.name.removesuffix(".yaml") for entry in _FOLDER.iterdir() if entry.name.endswith(".yaml"))
    )


def load_tool(name: str | Path) -> Tool:
    """Load a tool that comes with evisynth, or one from a YAML file.

    Parameters
    ----------
    name : str or pathlib.Path
        An id (see `available_tools`), or a path that ends in ``.yaml`` or ``.yml``.

    Returns
    -------
    Tool
        The tool, checked: every combination of answers that a person can give reaches one rule, and every
        rule is reached.

    Raises
    ------
    ToolError
        If the tool does not exist or its file is not in order; every reason is listed.
    """
    text = str(name)
    if text.endswith((".yaml", ".yml")):
        return _load(Path(text))
    if text not in _own_tools():
        raise ToolError(f"there is no tool '{text}'; there are {', '.join(available_tools())}, or give a YAML file")
    return _load_own(text)


@lru_cache(maxsize=32)
def _load_own(name: str) -> Tool:
    return _load(_FOLDER / f"{name}.yaml")


def _load(path) -> Tool:
    from evisynth.quality.tool_checks import tool_problems

    try:
        tool = Tool.model_validate(_expand(_read(path)))
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
        raise ToolError(_listed(path, lines)) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise ToolError(_listed(path, [f"{type(error).__name__}: {error}"])) from error
    problems = tool_problems(tool)
    if problems:
        raise ToolError(_listed(path, problems))
    return tool


def _read(path) -> dict:
    # every scalar stays text: `No` must not become False, nor 1.10 the number 1.1
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # seven times as fast, where PyYAML came with it
    written = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    if not isinstance(written, dict):
        raise TypeError("a tool file is a mapping with id, name, questions, domains and overall")
    return written


def _listed(path, lines: list[str]) -> str:
    return "\n".join([f"the tool file {Path(str(path)).name} is not in order:", *(f"  {line}" for line in lines)])


def _expand(written: dict) -> dict:
    written = dict(written)
    parent = written.pop("extends", None)
    if parent is not None:
        written = _extended(_expand(_read(_FOLDER / f"{parent}.yaml")), written)
    checklist = written.pop("checklist", None)
    if checklist is not None:
        written = _with_items(written, checklist)
    return written


def _with_items(written: dict, checklist: dict) -> dict:
    questions = list(written.get("questions", []))
    domains = list(written.get("domains", []))
    for number, asks in checklist["items"].items():
        questions.append({"id": number, "domain": number, "asks": asks, "answers": checklist["answers"]})
        domains.append({"id": number, "name": asks, "entered": number})
    return written | {"questions": questions, "domains": domains}


def _extended(parent: dict, child: dict) -> dict:
    """Lay a tool over the one that it extends: questions and domains by id, the rest by field."""
    order = child.pop("domain_order")
    merged = parent | {key: value for key, value in child.items() if key not in ("questions", "domains")}
    domains = {item["id"]: item for item in [*parent["domains"], *child.get("domains", [])]}
    merged["domains"] = [domains[name] for name in order]
    # a child's question takes the place of the parent's of the same id, and otherwise comes after them
    questions = {item["id"]: item for item in parent["questions"]}
    questions.update({item["id"]: item for item in child.get("questions", [])})
    merged["questions"] = sorted(
        (item for item in questions.values() if item["domain"] in [*order, "overall"]),
        key=lambda item: [*order, "overall"].index(item["domain"]),
    )
    return merged
