"""The mapping of a sheet's columns to a review's tables: a small YAML, kept beside the data."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from evisynth.intake.problems import CellProblem, ImportRefused
from evisynth.intake.sheets import one_line
from evisynth.review.examples import is_example
from evisynth.review.plan import line_of
from evisynth.review.problems import shown
from evisynth.review.tables import TABLES


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_name(value: Any) -> Any:
    value = _as_text(value)
    return one_line(value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_as_text)]
# The name of a column of the sheet, where a line break in a narrow column counts as a space.
Name = Annotated[str, BeforeValidator(_as_name)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Value(_Closed):
    """Where the value of one column comes from: one of column, columns, sum or value."""

    column: Name | None = Field(None, description="a column of the sheet; the short form is its name alone")
    columns: tuple[Name, ...] = Field((), description="several columns, joined by a space")
    sum: tuple[Name, ...] = Field((), description="several columns of whole numbers, added up")
    value: Text | None = Field(None, description="the same text in every row")
    words: dict[Text, Text] = Field({}, description="the sheet's words and the review's words for them")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data):
        return {"column": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _one(self):
        given = [name for name in ("column", "columns", "sum") if getattr(self, name)]
        if len(given) + (self.value is not None) != 1:
            raise ValueError("give a column's name, or one of column, columns, sum, value")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the sheet that it reads."""
        return (self.column,) if self.column else self.columns or self.sum


class When(_Closed):
    """A row of a table is made only where a cell holds one of these words."""

    column: Name
    one_of: tuple[Text, ...] = Field(min_length=1)


class Skip(_Closed):
    """A row of the sheet that is left out on purpose."""

    row: int = Field(ge=1, description="the number of the row in the file")
    reason: str = Field(min_length=1)


class OutcomeFacts(_Closed):
    """What an export of RevMan does not say about an outcome, or says in other words."""

    benefit: Literal["lower", "higher"] = Field(description="which direction is good for the patient")
    outcome_id: Text | None = Field(None, description="short name; made from the name by default")
    unit: Text = ""
    value_kind: Literal["final", "change", "percent change"] = Field("final", description="what means are")
    mid: Text = ""
    mid_source: Text = "none stated"


class Mapping(_Closed):
    """A whole mapping file."""

    format: Literal["table", "covidence", "revman"] = Field(
        "table", description="table: any CSV or XLSX; covidence: its CSV; revman: .rm5 or the data rows of RevMan Web"
    )
    sheet: Text | None = Field(None, description="sheet of the workbook; the first one by default")
    header: int = Field(1, ge=1, description="the row that names the columns")
    separator: str | None = Field(None, description="what separates the cells of a CSV; found by itself")
    once: dict[str, tuple[dict[str, Text], ...]] = Field({}, description="rows written once, by table")
    shared: dict[str, Value] = Field({}, description="columns that every table of each_row has")
    each_row: dict[str, tuple[dict[str, Value], ...]] = Field(
        {}, description="rows written for each row of the sheet, by table"
    )
    when: dict[str, When] = Field({}, description="the conditions of each_row, by table.position from 0")
    skip: tuple[Skip, ...] = ()
    not_used: dict[Name, str] = Field({}, description="columns left out on purpose, with the reason")
    # The following are for revman only.
    comparisons: tuple[int, ...] = Field((), description="numbers of the comparisons; empty: all")
    study_facts: dict[str, Text] = Field({}, description="condition, design ... of every study")
    outcome_facts: dict[Text, OutcomeFacts] = Field({}, description="by comparison.outcome, such as '1.2'")
    treatments: dict[Text, Text] = Field({}, description="group labels of the export and the review's names")

    @model_validator(mode="before")
    @classmethod
    def _conditions(cls, data):
        """Take the key `when` out of the rows of each_row, where a person writes it."""
        if not isinstance(data, dict) or not isinstance(data.get("each_row"), dict):
            return data
        kept, when = {}, {}
        for table, rows in data["each_row"].items():
            rows = rows if isinstance(rows, list) else [rows]
            when |= {
                f"{table}.{i}": row["when"] for i, row in enumerate(rows) if isinstance(row, dict) and "when" in row
            }
            kept[table] = [
                {k: v for k, v in row.items() if k != "when"} if isinstance(row, dict) else row for row in rows
            ]
        return {**data, "each_row": kept, "when": when}

    @model_validator(mode="after")
    def _known(self):
        for place, tables in (("once", self.once), ("each_row", self.each_row)):
            for table, rows in tables.items():
                if table not in TABLES:
                    raise ValueError(f"{place} names no table '{table}'; there are {', '.join(TABLES)}")
                for name in {name for row in rows for name in row} - set(TABLES[table].names):
                    raise ValueError(f"{TABLES[table].file} has no column '{name}'")
        if self.format != "revman" and not self.each_row:
            raise ValueError("each_row is missing: it says which tables the rows of the sheet fill")
        return self


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises
    ------
    ImportRefused
        With everything that is wrong with it, by line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        node, data = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except OSError:
        raise ImportRefused(
            [CellProblem(str(path), "no such file", "a mapping", "check the path")], path.name
        ) from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path.name}, line {mark.line + 1}" if mark else path.name
        advice = "check indentation, colons and quotes"
        raise ImportRefused([CellProblem(place, "text that is no YAML", "valid YAML", advice)], path.name) from None
    waiting = [
        CellProblem(
            f"{path.name}, line {line}", shown(text), "what your sheet says", "replace the example", order=(line, 0)
        )
        for line, text in _examples(node)
    ]
    if waiting:
        raise ImportRefused(waiting, path.name)
    if not isinstance(data, dict):
        raise ImportRefused([CellProblem(path.name, "no keys", "once, each_row ...", "fill it in")], path.name)
    try:
        return Mapping.model_validate(data)
    except ValidationError as error:
        raise ImportRefused([_problem(path.name, node, item) for item in error.errors()], path.name) from None


def _examples(node) -> list[tuple[int, str]]:
    """Return the places of a draft that nobody has filled, by line."""
    if isinstance(node, yaml.ScalarNode):
        return [(node.start_mark.line + 1, node.value)] if is_example(node.value) else []
    if isinstance(node, yaml.MappingNode):
        return [found for pair in node.value for part in pair for found in _examples(part)]
    return [found for part in node.value for found in _examples(part)] if node is not None else []


def _problem(name: str, node, item: dict) -> CellProblem:
    line = line_of(node, item["loc"])
    found = "this entry" if isinstance(item["input"], dict | list) else shown(str(item["input"]))
    place = f"{name}, line {line}"
    key = ".".join(str(step) for step in item["loc"])
    advice = "this key does not exist: correct its spelling" if item["type"] == "extra_forbidden" else "correct it"
    return CellProblem(f"{place}, {key}" if key else place, found, item["msg"], advice, order=(line, 0))
