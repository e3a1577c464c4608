"""One figure of a review."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evisynth.figures import style

COLUMNS = ("name", "kind", "synthesis", "title", "alt", "from")


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure.

    Attributes
    ----------
    name, kind, synthesis, title : str
        File name, sort of figure, the synthesis it belongs to (blank for the whole review), its title.
    frame : pandas.DataFrame
        What it draws.
    plot, alt : callable
        The figure and its words, from the frame.
    on_page : bool
        Whether the report shows it; otherwise it is a file that the report leads to.
    origins : tuple of str
        What it was drawn from, where its rows are too many to be listed.
    """

    name: str
    kind: str
    synthesis: str
    title: str
    frame: pd.DataFrame
    plot: Callable
    alt: Callable
    on_page: bool = True
    origins: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        """Write the SVG, the PNG and the PDF."""
        with style.drawing(self.name):
            figure = self.plot(self.frame)
        style.save(figure, folder / self.name, self.name, style.FORMATS, title=self.title, alt=self.alt(self.frame))

    def row(self) -> dict[str, str]:
        """Return its row of ``figures/index.csv`` or ``figures/files.csv``."""
        origins = self.origins or dict.fromkeys(
            part for cell in self.frame["from"] for part in str(cell).split(";") if part
        )
        return {
            "name": self.name,
            "kind": self.kind,
            "synthesis": self.synthesis,
            "title": self.title,
            "alt": self.alt(self.frame),
            "from": ";".join(origins) or f"review.yaml:{self.synthesis}",
        }


def draw(drawing: Drawing, place: Path) -> None:
    """Draw a figure into a folder of its own, which is complete once it is there."""
    half_made = place.with_name(f"{place.name}.part")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(parents=True)
    drawing.save(half_made)
    half_made.rename(place)
