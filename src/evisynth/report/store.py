"""What the page shows when a number is opened: every row behind it, stored once."""

import json
from collections import Counter

from evisynth.provenance.columns import describe
from evisynth.provenance.folder import PLAN, Reference
from evisynth.provenance.formulas import Formula
from evisynth.provenance.tables import STAGE_TABLES, key_columns
from evisynth.provenance.trace import Step
from evisynth.report.cells import Cells
from evisynth.review.tables import TABLES

# Tables with so many rows behind a figure that the page keeps only these of their cells besides the key.
_THIN = {
    "bayes/prior_surface.csv": frozenset(
        {"natural_estimate", "natural_ci_low", "natural_ci_high", "p_benefit", "planned", "status", "reason"}
    ),
}


class _Store:
    """Numbers rows, tables and formulas, and refers to them by number."""

    def __init__(self) -> None:
        self.tables: dict[str, dict] = {}
        self.rows: list[list] = []
        self.formulas: list[dict] = []
        self.sources: list[dict[str, str]] = []
        self.conversions: list[dict[str, str]] = []
        self._row_of: dict[Reference, int] = {}
        self._formula_of: dict[Formula, int] = {}
        self._source_of: dict[str, int] = {}
        self._conversion_of: dict[str, int] = {}

    def row(self, step: Step) -> int:
        """Return the number of a row, after storing the rows behind it."""
        found = self._row_of.get(step.reference)
        if found is not None:
            return found
        parents = [self.row(parent) for parent in step.parents]
        table = self._table(step)
        columns = table["columns"]
        # the cells that make the key stand in the key
        keyed = dict(zip(table["key"], step.reference.key.split(":"), strict=False))
        if step.reference.key.count(":") >= len(table["key"]):
            keyed = {}
        kept = _THIN.get(step.reference.table, step.row)
        columns += [name for name in step.row if name not in columns and name != "row_key" and name in kept]
        cells = ["" if keyed.get(name) == step.row.get(name) else step.row.get(name, "") for name in columns]
        while cells and not cells[-1]:
            cells.pop()
        entry: list = [table["id"], step.reference.key, cells, _short(parents), step.status[:1]]
        extra = {
            "f": [self._formula(formula) for formula in step.formulas],
            "c": [self._conversion(conversion) for conversion in step.conversions],
            "s": self._source(step.source),
        }
        extra = {name: value for name, value in extra.items() if value not in ([], None)}
        self.rows.append([*entry, extra] if extra else entry)
        self._row_of[step.reference] = len(self.rows) - 1
        return self._row_of[step.reference]

    def _table(self, step: Step) -> dict:
        name = step.reference.table
        if name not in self.tables:
            about = STAGE_TABLES[name].about if name in STAGE_TABLES else _about_facts(name)
            key = list(key_columns(name)) if name != PLAN else []
            self.tables[name] = {"id": len(self.tables), "name": name, "about": about, "key": key, "columns": list(key)}
            self.tables[name] |= {"maker": step.maker} if step.maker else {}
            self.tables[name] |= {"thin": True} if name in _THIN else {}
        return self.tables[name]

    def _formula(self, formula: Formula) -> int:
        if formula not in self._formula_of:
            self._formula_of[formula] = len(self.formulas)
            names = ("what", "columns", "text", "citation", "function")
            self.formulas.append({name: getattr(formula, name) for name in names if getattr(formula, name)})
        return self._formula_of[formula]

    def _conversion(self, step: dict[str, str]) -> list:
        """Return a conversion as its words (stored once), its inputs and its output."""
        words = {name: step[name] for name in ("name", "formula", "assumption", "source") if step.get(name)}
        key = json.dumps(words)
        if key not in self._conversion_of:
            self._conversion_of[key] = len(self.conversions)
            self.conversions.append(words)
        return [self._conversion_of[key], step.get("inputs", ""), step.get("output", "")]

    def _source(self, source: dict[str, str]) -> int | None:
        if not source:
            return None
        key = json.dumps(source)
        if key not in self._source_of:
            self._source_of[key] = len(self.sources)
            self.sources.append(source)
        return self._source_of[key]


def _meanings(table: dict) -> list[str]:
    """Return what each column of a table means, in the order of its columns."""
    name = table["name"]
    if name in STAGE_TABLES:
        return [describe(name, column) for column in table["columns"]]
    spec = TABLES.get(name.removesuffix(".csv"))
    said = {column.name: column.description for column in spec.columns} if spec else {}
    return [said.get(column, "") for column in table["columns"]]


def _about_facts(name: str) -> str:
    spec = TABLES.get(name.removesuffix(".csv"))
    return spec.about if spec else "the question and the analysis plan"


def _short(numbers: list[int]) -> list:
    """Return runs of three or more consecutive numbers as [first, last]."""
    found: list = []
    run: list[int] = []
    for number in [*numbers, None]:
        if run and number is not None and number == run[-1] + 1:
            run.append(number)
            continue
        found += [[run[0], run[-1]]] if len(run) > 2 else run
        run = [] if number is None else [number]
    return found


def store_of(cells: Cells, review: str, commit: str = "") -> dict:
    """Return everything behind the numbers of a page as plain data.

    Parameters
    ----------
    cells : Cells
        What printed the page.
    review : str
        The review's name, for the shell command that shows the same.
    commit : str
        Commit of the code, where there is one.
    """
    store = _Store()
    for reference in cells.used:
        store.row(cells.tracer.at(reference))
    strings = _strings(store.rows)
    return {
        "review": review,
        "commit": commit,
        "strings": list(strings),
        "tables": [
            {name: value for name, value in table.items() if name != "id"} | {"means": _meanings(table)}
            for table in store.tables.values()
        ],
        "rows": [[row[0], row[1], [strings.get(cell, cell) for cell in row[2]], *row[3:]] for row in store.rows],
        "formulas": store.formulas,
        "sources": store.sources,
        "conversions": store.conversions,
    }


def _strings(rows: list[list]) -> dict[str, int]:
    """Return the cells that stand in more than one row, numbered: a row then holds the number."""
    counts = Counter(cell for row in rows for cell in row[2] if len(cell) > 4)
    return {cell: i for i, cell in enumerate(cell for cell, count in counts.items() if count > 1)}
