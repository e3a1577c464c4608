"""Which figures a review gets: the frame, the picture and the words of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evisynth.figures import forest, forest_frame, style
from evisynth.provenance.tables import read_result
from evisynth.review.folder import Review
from evisynth.synthesis.layout import measures_of

# name in `read_tables` -> the file; a file that a review does not have is an empty table.
TABLES = {
    "effects": "effects/effects.csv",
    "left_out": "effects/left_out.csv",
    "estimates": "pooled/estimates.csv",
    "weights": "pooled/weights.csv",
    "leave_one_out": "pooled/leave_one_out.csv",
    "bayes": "bayes/estimates.csv",
    "shrinkage": "bayes/studies.csv",
    "judgements": "quality/judgements.csv",
    "certainty": "quality/certainty.csv",
    "claims": "claims/claims.csv",
    "stated": "claims/stated_published.csv",
    "prisma": "checked/prisma.csv",
    "pools": "checked/published_pools.csv",
    "outcomes": "checked/outcomes.csv",
    "studies": "checked/studies.csv",
}


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
    """

    name: str
    kind: str
    synthesis: str
    title: str
    frame: pd.DataFrame
    plot: Callable
    alt: Callable

    def save(self, folder: Path) -> None:
        """Write the SVG and the PNG."""
        with style.drawing(self.name):
            figure = self.plot(self.frame)
            style.save(figure, folder / self.name, self.name)

    def row(self) -> dict[str, str]:
        """Return its row of ``figures/index.csv``."""
        origins = dict.fromkeys(part for cell in self.frame["from"] for part in str(cell).split(";") if part)
        return {
            "name": self.name,
            "kind": self.kind,
            "synthesis": self.synthesis,
            "title": self.title,
            "alt": self.alt(self.frame),
            "from": ";".join(origins) or f"review.yaml:{self.synthesis}",
        }


def read_tables(results: Path) -> dict[str, pd.DataFrame]:
    """Read the tables that figures are drawn from.

    Parameters
    ----------
    results : pathlib.Path
        ``results/<review>``.
    """
    found = {}
    for name, file in TABLES.items():
        path = results / file
        found[name] = read_result(path) if path.is_file() else pd.DataFrame()
    return found


def drawings(review: Review, tables: dict[str, pd.DataFrame]) -> Iterator[Drawing]:
    """Yield every figure that the tables of a review can fill.

    Parameters
    ----------
    review : Review
        The checked review.
    tables : dict of str to pandas.DataFrame
        As :func:`read_tables` gives them.
    """
    treatments = {treatment.id: treatment.name for treatment in review.plan.treatments}
    names = ("effects", "estimates", "weights", "bayes", "pools", "judgements", "left_out", "outcomes")
    for synthesis in review.plan.syntheses:
        for measure in measures_of(synthesis) or ("",):
            frame = forest_frame.forest_frame(
                synthesis,
                measure,
                **{name: tables[name] if len(tables[name]) else None for name in names},
                treatments=treatments,
            )
            extra = "" if measure in ("", synthesis.measure) else f"_{measure.lower()}"
            name = f"forest_{synthesis.id}{extra}"
            yield Drawing(name, "forest", synthesis.id, synthesis.title, frame, forest.plot_forest, forest.alt_text)
