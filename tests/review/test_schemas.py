"""The schemas in workflow/schemas are those of the models; every key is described."""

import json
from pathlib import Path

import pytest

from evisynth.review.schemas import plan_schema, table_schema

FOLDER = Path(__file__).parents[2] / "workflow" / "schemas"


@pytest.mark.parametrize(("name", "schema"), [("review.schema.json", plan_schema), ("tables.json", table_schema)])
def test_the_committed_schema_is_that_of_the_model(name, schema):
    committed = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert committed == json.loads(json.dumps(schema())), "run: python tools/write_schemas.py"


def test_every_object_of_the_plan_is_closed():
    schema = plan_schema()
    for name, model in {"Plan": schema, **schema["$defs"]}.items():
        assert model.get("additionalProperties") is False, name


def test_every_configuration_key_is_described_and_closed():
    schema = json.loads((FOLDER / "config.schema.json").read_text(encoding="utf-8"))
    for part in (schema, schema["properties"]["sampler"]):
        assert part["additionalProperties"] is False
        assert all(entry.get("description") for entry in part["properties"].values())


def test_every_column_is_described():
    for resource in table_schema()["resources"]:
        assert all(field["description"] for field in resource["schema"]["fields"])
