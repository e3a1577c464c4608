"""A whole review folder: read, correct, check."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from evisynth.review.checks import check_members, check_plan, check_tables
from evisynth.review.corrections import apply_corrections
from evisynth.review.examples import example_problems, without_consequences
from evisynth.review.members import members_of
from evisynth.review.plan import Plan, line_of, read_plan
from evisynth.review.problems import Problem, ReviewError
from evisynth.review.reading import Table, empty_table, read_table
from evisynth.review.tables import TABLES

_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]*$")


@dataclass(frozen=True, slots=True)
class Review:
    """A review that passed every check.

    Attributes
    ----------
    name : str
        Name of the folder.
    plan : Plan
        The analysis plan.
    received, corrected : dict of str to Table
        Every table by name, before and after corrections.csv.
    members : dict of str to list of str
        The studies that enter each synthesis that is pooled.
    """

    name: str
    plan: Plan
    received: dict[str, Table]
    corrected: dict[str, Table]
    members: dict[str, list[str]]


def check_name(name: str) -> str:
    """Return the name of a review, where it cannot lead out of its folder.

    Parameters
    ----------
    name : str
        Lower-case letters, digits, ``_`` and ``-``.

    Raises
    ------
    ValueError
        For any other name, with what is allowed.
    """
    if not _NAME.match(name):
        raise ValueError(
            f"'{name}' is not the name of a review: lower-case letters, digits, '_' and '-' only, "
            "without '..' or '/'; reviews are folders of data/"
        )
    return name


def load_review(folder: Path) -> Review:
    """Read and check a review folder.

    Parameters
    ----------
    folder : pathlib.Path
        The folder with review.yaml and the tables.

    Returns
    -------
    Review

    Raises
    ------
    ReviewError
        With every problem found, by file, line and column.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ReviewError([Problem(str(folder), 0, "", "no such folder", "a review folder", "check the path")])
    received, problems = _read_tables(folder)
    plan_file = folder / "review.yaml"
    plan = None
    if plan_file.is_file():
        plan, found = read_plan(plan_file)
        problems += found
    else:
        problems.append(
            Problem(
                "review.yaml",
                0,
                "",
                "no such file",
                "the question and the analysis plan",
                "write review.yaml",
            )
        )
    problems += _strangers(folder)
    corrected, found = apply_corrections(received)
    problems += found
    problems += check_tables(received)
    problems += _after_corrections(received, corrected)
    members: dict[str, list[str]] = {}
    if plan:
        problems += check_plan(plan, _lines(plan_file), corrected)
        members = {synthesis.id: members_of(synthesis, corrected) for synthesis in plan.syntheses}
        problems += check_members(plan, members, corrected)
    examples = example_problems(received, plan_file)
    if examples:
        problems = without_consequences(problems, examples)
    if problems:
        raise ReviewError(problems)
    return Review(check_name(folder.name), plan, received, corrected, members)


def _read_tables(folder: Path) -> tuple[dict[str, Table], list[Problem]]:
    tables, problems = {}, []
    for name, spec in TABLES.items():
        path = folder / spec.file
        if path.is_file():
            tables[name], found = read_table(path, spec)
            problems += found
        else:
            tables[name] = empty_table(spec)
            if spec.required:
                problems.append(Problem(spec.file, 0, "", "no such file", spec.about, "add the table"))
    return tables, problems


def _strangers(folder: Path) -> list[Problem]:
    known = {spec.file for spec in TABLES.values()}
    return [
        Problem(path.name, 0, "", "a table that no stage reads", ", ".join(sorted(known)), "rename or remove it")
        for path in sorted(folder.glob("*.csv"))
        if path.name not in known
    ]


def _after_corrections(received: dict[str, Table], corrected: dict[str, Table]) -> list[Problem]:
    """Problems that only the corrected values have."""
    before = set(check_tables(received))
    return [problem for problem in check_tables(corrected) if problem not in before]


def _lines(path: Path) -> dict[str, int]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return {
        entry["id"]: line_of(node, ("syntheses", position))
        for position, entry in enumerate(data.get("syntheses", []))
        if isinstance(entry, dict) and "id" in entry
    }
