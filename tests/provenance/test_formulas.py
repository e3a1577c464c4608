"""The formulas behind the columns: the functions they name exist, and every method that runs has its own."""

import ast
from pathlib import Path

import pytest

from evisynth.provenance.formulas import METHODS, TABLES, formulas_for, formulas_of
from evisynth.provenance.formulas.bias import SELECTION, TESTS
from evisynth.provenance.tables import STAGE_TABLES
from evisynth.synthesis.estimates import METHODS as POOLED

SOURCE = Path(__file__).parents[2] / "src"
ALL = {formula for group in (*METHODS.values(), *TABLES.values()) for formula in group}


@pytest.mark.parametrize("name", sorted({formula.function for formula in ALL}))
def test_the_named_function_exists(name):
    *parts, last = name.split(".")
    module = SOURCE.joinpath(*parts)
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    text = file.read_text(encoding="utf-8")
    defined = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    # A folder shows the names of its modules, some of them in strings, to be imported when they are asked for.
    assert last in defined or (file.name == "__init__.py" and last in text)


def test_every_method_of_the_plan_has_its_formulas():
    for method in (*(method.key for method in POOLED), "single"):
        found = formulas_of("pooled/estimates.csv", {"method": method})
        for column in ("estimate", "natural_estimate", "ci_low", "p", "k"):
            assert formulas_for(found, column), (method, column)


@pytest.mark.parametrize("table", ["bias/tests.csv", "bias/selection.csv", "bias/influence.csv", "bias/cumulative.csv"])
def test_every_row_of_small_studies_has_its_formula(table):
    golden = {
        "bias/tests.csv": ("test", TESTS),
        "bias/selection.csv": ("method", SELECTION),
    }
    for column, names in [golden[table]] if table in golden else []:
        for name in names:
            assert formulas_of(table, {column: name}), name
    shown = {"bias/tests.csv": "p", "bias/influence.csv": "cooks_distance"}.get(table, "natural_estimate")
    row = {"test": "egger"} if table == "bias/tests.csv" else {"method": "pet"}
    assert formulas_for(formulas_of(table, row), shown)


def test_a_column_gets_its_own_formula_only():
    found = formulas_of("pooled/estimates.csv", {"method": "reml_hksj_safe"})
    assert [formula.what for formula in formulas_for(found, "i2")] == ["I² and H²"]
    assert any("Q-profile" in formula.what for formula in formulas_for(found, "tau2_ci_high"))


def test_tables_with_formulas_exist():
    assert set(TABLES) <= set(STAGE_TABLES)
