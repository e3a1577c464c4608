"""Draw every figure of a review: its frame as CSV, then SVG, PNG and PDF; keep drawings whose frame has not changed."""

import hashlib
import shutil
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import to_csv, write_table
from evisynth.review.stored import read_checked
from evisynth.synthesis.drawings import COLUMNS, draw, drawings_of, in_turns, read_tables
from harness import run


def main(inputs, outputs, params, processes=1):
    """Write ``figures/``."""
    review = read_checked(Path(inputs["checked"][0]).parent)
    tables = read_tables(Path(inputs["checked"][0]).parents[1])
    folder = Path(outputs["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    made_by = [params["code"], version("matplotlib"), version("typst")]

    def figures_of(synthesis) -> list[tuple[bool, dict[str, str]]]:
        return [
            _made(drawing, folder, Path(params["cache"]), made_by) for drawing in drawings_of(review, synthesis, tables)
        ]

    syntheses = [*review.plan.syntheses, None]
    studies = tables["effects"]["synthesis"].value_counts() if len(tables["effects"]) else {}
    longest = sorted(syntheses, key=lambda one: -float("inf") if one is None else -studies.get(one.id, 0))
    made = dict(zip(map(id, longest), in_turns(longest, figures_of, processes), strict=True))
    for name, on_page in (("index", True), ("files", False)):
        rows = [row for one in syntheses for shown, row in made[id(one)] if shown is on_page]
        write_table(pd.DataFrame(rows, columns=list(COLUMNS)), folder / f"{name}.csv", f"figures/{name}.csv")


def _made(drawing, folder: Path, cache: Path, made_by: list[str]) -> tuple[bool, dict[str, str]]:
    """Put a figure into the folder, drawn now or before; return whether the page shows it, and its row."""
    text = to_csv(drawing.frame.columns, drawing.frame.itertuples(index=False, name=None))
    (folder / f"{drawing.name}.csv").write_text(text, encoding="utf-8", newline="")
    row = drawing.row()
    digest = hashlib.sha256("\n".join([*made_by, *row.values(), text]).encode())
    place = cache / digest.hexdigest()[:24]
    if not place.is_dir():
        draw(drawing, place)
    for file in sorted(place.iterdir()):
        shutil.copyfile(file, folder / file.name)
    return drawing.on_page, row


if __name__ == "__main__":
    run(partial(main, processes=snakemake.threads), snakemake)
