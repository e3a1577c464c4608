"""What the code imports is declared in pyproject.toml: nothing is there only by way of another package."""

import ast
import importlib.metadata
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
# Where code may also import what only developers install.
DEVELOPERS = {"tests", "benchmarks"}


@cache
def distributions() -> dict[str, set[str]]:
    """Which distributions a module may come from, by the module's name."""
    found = importlib.metadata.packages_distributions()
    return {module: {canonicalize_name(name) for name in names} for module, names in found.items()}


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0]
    return {name.partition(".")[0] for name in names}


def declared(folder: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    if folder in DEVELOPERS:
        lines += project["optional-dependencies"]["dev"]
    return {canonicalize_name(Requirement(line).name) for line in lines}


@pytest.mark.parametrize("folder", ["src", "scripts", "tools", "tests", "benchmarks"])
def test_what_is_imported_is_declared(folder):
    paths = sorted((ROOT / folder).rglob("*.py"))
    ours = {path.stem for path in paths} | {path.name for path in (ROOT / folder).rglob("*") if path.is_dir()}
    undeclared = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in paths
        for module in imported(path) - sys.stdlib_module_names - ours - {"evisynth", "tests"}
        if not distributions().get(module, set()) & declared(folder)
    }
    assert not undeclared
