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
ORDER = ("sources", "studies", "outcomes", "arms", "contrasts")


def is_example(text: str) -> bool:
    """Say whether a cell or a value of review.yaml is a reserved example."""
    return text.startswith((ID_MARK, TEXT_MARK))


def example_lines(table: Table) -> list[int]:
    """Return the lines of a table whose key is a reserved example."""
    parts = table.text[list(table.spec.key)].itertuples(index=False)
    return [line for line, key in zip(table.lines, parts, strict=True) if any(is_example(part) for part in key)]


def example_problems(tables: Mapping[str, Table], plan_file: Path) -> list[Problem]:
    """Return one problem for each example row, and one for each example value of review.yaml.

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
        problems += [
            Problem(table.spec.file, line, column, "the example row", "rows of your review", advice)
            for line in example_lines(table)
        ]
    return problems + [
        Problem("review.yaml", line, key, shown(text, 40), "what your review says", "replace the example")
        for line, key, text in _example_values(plan_file)
    ]


def without_consequences(problems: Iterable[Problem], examples: Iterable[Problem]) -> list[Problem]:
    """Return the problems that are not mere consequences of an example, and the examples themselves."""
    examples = list(examples)
    lines = {(problem.file, problem.line) for problem in examples if problem.line}
    kept = [
        problem
        for problem in problems
        if (problem.file, problem.line) not in lines and ID_MARK not in f"{problem.column} {problem.found}"
    ]
    return kept + examples


def missing_steps(problems: Iterable[Problem]) -> list[str]:
    """Return what is still to be done in a new review, in the order that helps, as lines of text.

    Parameters
    ----------
    problems : iterable of Problem
        What the check found. Without an example row among it nothing is returned.
    """
    problems = list(problems)
    rows = {p.file for p in problems if p.found == "the example row"}
    plan = any(p.file == "review.yaml" for p in problems)
    if not rows and not any(p.advice == "replace the example" for p in problems):
        return []
    steps = [f"{TABLES[name].file}: {TABLES[name].about}" for name in ORDER if TABLES[name].file in rows]
    steps += ["review.yaml: the question, the treatments and the syntheses"] if plan else []
    rest = sorted(rows - {TABLES[name].file for name in ORDER})
    if rest:
        steps.append(f"fill or delete: {', '.join(rest)}")
    return ["", "What is missing, in order:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]


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
