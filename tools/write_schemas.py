"""Write workflow/schemas/review.schema.json and tables.json from the models that read a review."""

import json
from pathlib import Path

from evisynth.review.schemas import plan_schema, table_schema

FILES = {"review.schema.json": plan_schema, "tables.json": table_schema}


def main() -> None:
    """Write the files."""
    folder = Path(__file__).parents[1] / "workflow" / "schemas"
    for name, schema in FILES.items():
        (folder / name).write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
