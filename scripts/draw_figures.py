"""Draw every figure of a review: its frame as CSV, then SVG, PNG and PDF; keep drawings whose frame has not changed."""

import hashlib
import shutil
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import to_csv, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.drawings import COLUMNS, draw, drawings, read_tables
from harness import run


def main(inputs, outputs, params, processes=1):
    """Write ``figures/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    results = Path(inputs["checked"][0]).parents[1]
    folder = Path(outputs["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    made_by = [params["code"], version("matplotlib"), version("typst")]
    places, todo, rows = [], [], {"index": [], "files": []}
    for drawing in drawings(review, read_tables(results)):
        text = to_csv(drawing.frame.columns, drawing.frame.itertuples(index=False, name=None))
        (folder / f"{drawing.name}.csv").write_text(text, encoding="utf-8", newline="")
        row = drawing.row()
        rows["index" if drawing.on_page else "files"].append(row)
        digest = hashlib.sha256("\n".join([*made_by, *row.values(), text]).encode())
        places.append(Path(params["cache"]) / digest.hexdigest()[:24])
        if not places[-1].is_dir():
            todo.append((drawing, places[-1]))
    draw(todo, processes)
    for place in places:
        for file in sorted(place.iterdir()):
            shutil.copyfile(file, folder / file.name)
    for name, own in rows.items():
        write_table(pd.DataFrame(own, columns=list(COLUMNS)), folder / f"{name}.csv", f"figures/{name}.csv")


if __name__ == "__main__":
    run(partial(main, processes=snakemake.threads), snakemake)
