"""Example rows: `evisynth new` writes them, the check refuses them until somebody replaces them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from evisynth.review.problems import Problem, shown
from evisynth.review.reading import Table
from evisynth.review.tables import TABLES

ID_MARK = "example_"
TEXT_MARK = "EXAMPLE"
# The order in which a review is filled: each table leans on those before it.
ORDER = ("sources", "studies", "outcomes")
FIGURES = ("arms", "contrasts")
PLAN = "review.yaml"
ROW = "the example row"
VALUE = "replace the example"


def is_example(text: str) -> bool:
    """Say whether a cell or a value of review.yaml is a reserved example."""
    return text.startswith((ID_MARK, TEXT_MARK))


def example_lines(table: Table) -> list[int]:
    """Return the lines of a table whose key is a reserved example."""
    parts = table.text[list(table.spec.key)].itertuples(index=False)
    return [line for line, key in zip(table.lines, parts, strict=True) if any(is_example(part) for part in key)]


def example_problems(tables: Mapping[str, Table], plan_file: Path) -> list[Problem]:
    """Return one problem for each example row, each example text left in another row, and each of review.yaml.

    Parameters
    ----------
    tables : mapping of str to Table
        Every table, as received.
    plan_file : pathlib.Path
        review.yaml; may be missing or broken, which others tell.
    """
    problems = []
    for table in tables.values():
        advice = "replace it with your own rows"
        if not table.spec.required:
            advice += f", or delete {table.spec.file} if the review has none"
        column = table.spec.key[0]
        rows = example_lines(table)
        problems += [Problem(table.spec.file, line, column, ROW, "rows of your review", advice) for line in rows]
        problems += [
            Problem(table.spec.file, line, name, shown(text, 40), "what your review says", VALUE)
            for name in table.text.columns
            for line, text in zip(table.lines, table.text[name], strict=True)
            if is_example(text) and line not in rows
        ]
    return problems + [
        Problem(PLAN, line, key, shown(text, 40), "what your review says", VALUE)
        for line, key, text in _example_values(plan_file)
    ]


def of_example(problem: Problem) -> bool:
    """Say whether a problem is that of an example which nobody replaced."""
    return problem.found == ROW or problem.advice == VALUE


def without_consequences(problems: Iterable[Problem], examples: Iterable[Problem]) -> list[Problem]:
    """Return the problems that are not mere consequences of an example, and the examples themselves."""
    examples = list(examples)
    lines = {(problem.file, problem.line) for problem in examples if problem.line}
    treatments_wait = any(problem.column.startswith("treatments") for problem in examples)
    kept = [
        problem
        for problem in problems
        if (problem.file, problem.line) not in lines
        and ID_MARK not in f"{problem.column} {problem.found}"
        and not (treatments_wait and problem.allowed == "a treatment of review.yaml")
    ]
    return kept + examples


def missing_steps(problems: Iterable[Problem]) -> list[str]:
    """Return what is still to be filled in a new review, in the order that helps, as lines of text.

    Parameters
    ----------
    problems : iterable of Problem
        What the check found. Without an example among it nothing is returned.
    """
    examples = [problem for problem in problems if of_example(problem)]
    if not examples:
        return []
    rows = {problem.file for problem in examples if problem.found == ROW}
    texts = {problem.file for problem in examples} - rows - {PLAN}
    steps = [f"{TABLES[name].file}: {TABLES[name].about}" for name in ORDER if TABLES[name].file in rows]
    figures = [TABLES[name].file for name in FIGURES if TABLES[name].file in rows]
    if len(figures) == len(FIGURES):
        steps.append(
            f"{' or '.join(figures)}: the figures, by arm or as a comparison; delete the one that is not needed"
        )
        rows -= set(figures)
    order = [TABLES[name].file for name in (*ORDER, *FIGURES)]
    for file in (*sorted(texts, key=lambda file: (order.index(file) if file in order else len(order), file)), PLAN):
        lines = [problem.line for problem in examples if problem.file == file]
        if lines:
            steps.append(f"{file}: what begins with EXAMPLE or example_ (lines {_spans(lines)})")
    rest = sorted(rows - {TABLES[name].file for name in ORDER})
    if rest:
        steps.append(f"fill or delete: {', '.join(rest)}")
    head = "The review is not filled yet. What is missing, in order:"
    return [head, *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]


def _spans(lines: Iterable[int]) -> str:
    """Write 5, 7, 8, 9 as "5, 7-9"."""
    spans: list[list[int]] = []
    for line in sorted(set(lines)):
        if spans and spans[-1][1] == line - 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ", ".join(f"{low}-{high}" if high > low else f"{low}" for low, high in spans)


def _example_values(path: Path) -> list[tuple[int, str, str]]:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    return [] if node is None else _walk(node, "")


def _walk(node: yaml.Node, place: str) -> list[tuple[int, str, str]]:
    if isinstance(node, yaml.MappingNode):
        parts = [(value, f"{place}.{key.value}".lstrip(".")) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        parts = [(value, place) for value in node.value]
    else:
        found = is_example(node.value)
        return [(node.start_mark.line + 1, place, node.value)] if found else []
    return [hit for value, name in parts for hit in _walk(value, name)]
