"""Draw every figure of a review: its frame as CSV, then SVG and PNG; keep drawings whose frame has not changed."""

import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import to_csv, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.drawings import Drawing, drawings, read_tables
from harness import run


def main(inputs, outputs, params):
    """Write ``figures/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    results = Path(inputs["checked"][0]).parents[1]
    folder = Path(outputs["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    kept = Path(params["cache"])
    rows = []
    for drawing in drawings(review, read_tables(results)):
        text = to_csv(drawing.frame.columns, drawing.frame.itertuples(index=False, name=None))
        (folder / f"{drawing.name}.csv").write_text(text, encoding="utf-8", newline="")
        digest = hashlib.sha256("\n".join([params["code"], version("matplotlib"), drawing.name, text]).encode())
        _draw(drawing, folder, kept / digest.hexdigest()[:24])
        rows.append(drawing.row())
    write_table(pd.DataFrame(rows), folder / "index.csv", "figures/index.csv")


def _draw(drawing: Drawing, folder: Path, place: Path) -> None:
    if not place.is_dir():
        half_made = place.with_name(f"{place.name}.part")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(parents=True)
        drawing.save(half_made)
        half_made.rename(place)
    for file in sorted(place.iterdir()):
        shutil.copyfile(file, folder / file.name)


if __name__ == "__main__":
    run(main, snakemake)
