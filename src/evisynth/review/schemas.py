"""JSON Schemas of review.yaml and of the tables, made from the models that read them."""

from evisynth.review.plan import Plan
from evisynth.review.tables import TABLES, Column, TableSpec


def plan_schema() -> dict:
    """Return the JSON Schema (2020-12) of review.yaml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Plan.model_json_schema()}


def table_schema() -> dict:
    """Return the tables of a review as a Frictionless data package descriptor: columns, types, keys, links."""
    return {
        "profile": "data-package",
        "resources": [
            {
                "name": spec.name,
                "path": spec.file,
                "description": spec.about,
                "encoding": "utf-8",
                "schema": {
                    "fields": [_field(column) for column in spec.columns],
                    "primaryKey": list(spec.key),
                    "foreignKeys": _links(spec),
                    "missingValues": [""],
                },
            }
            for spec in TABLES.values()
        ],
    }


def _field(column: Column) -> dict:
    kind = {"number": "number", "count": "integer", "year": "year"}.get(column.kind, "string")
    limits = {
        "required": column.required or None,
        "enum": list(column.allowed) or None,
        "minimum": column.low,
        "maximum": column.high,
    }
    constraints = {name: value for name, value in limits.items() if value is not None}
    return {
        "name": column.name,
        "type": kind,
        "description": column.description,
        **({"constraints": constraints} if constraints else {}),
    }


def _links(spec: TableSpec) -> list[dict]:
    return [
        {
            "fields": column.name,
            "reference": {"resource": column.link.split(".")[0], "fields": column.link.split(".")[1]},
        }
        for column in spec.columns
        if column.link
    ]
