"""Which figures a review gets: the frame, the picture and the words of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evisynth.figures import claims, forest, forest_frame, funnel, prisma, risk_of_bias, series, style
from evisynth.provenance.tables import read_result
from evisynth.review.folder import Review
from evisynth.review.plan import Synthesis
from evisynth.synthesis.layout import measures_of

# name in `read_tables` -> the file; a file that a review does not have is an empty table.
TABLES = {
    "effects": "effects/effects.csv",
    "left_out": "effects/left_out.csv",
    "paired": "effects/paired.csv",
    "filled": "bias/trim_and_fill.csv",
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
    "sources": "checked/sources.csv",
    "screening": "checked/screening.csv",
    "priors": "bayes/sensitivity.csv",
}
# Below these numbers of studies a figure would show nothing that the forest plot does not.
LEAST_FOR_LEAVING_OUT, LEAST_FOR_FUNNEL = 3, 10
RISK_TABLES = (
    ("risk_of_bias", ("rob2", "rob2_crossover", "rob2_cluster"), "Risk of bias, randomised trials"),
    ("risk_of_bias_before_after", ("nhlbi_before_after",), "Quality of studies before and after treatment"),
    ("risk_of_bias_cases", ("jbi_case_series",), "Quality of case series"),
    ("risk_of_bias_reports", ("jbi_case_report",), "Quality of case reports"),
)


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
    for synthesis in review.plan.syntheses:
        yield from _forests(review, synthesis, tables)
        if synthesis.pool:
            yield from _of_synthesis(synthesis, tables)
    yield from _of_review(review, tables)


def _forests(review: Review, synthesis: Synthesis, tables: dict[str, pd.DataFrame]) -> Iterator[Drawing]:
    treatments = {treatment.id: treatment.name for treatment in review.plan.treatments}
    names = ("effects", "estimates", "weights", "bayes", "pools", "judgements", "left_out", "outcomes")
    given = {name: tables[name] if len(tables[name]) else None for name in names}
    for measure in measures_of(synthesis) or ("",):
        frame = forest_frame.forest_frame(
            synthesis, measure, **given, treatments=treatments, studies=tables["studies"], paired=tables["paired"]
        )
        extra = "" if measure in ("", synthesis.measure) else f"_{measure.lower()}"
        name = f"forest_{synthesis.id}{extra}"
        yield Drawing(name, "forest", synthesis.id, synthesis.title, frame, forest.plot_forest, forest.alt_text)


def _of_synthesis(synthesis: Synthesis, tables: dict[str, pd.DataFrame]) -> Iterator[Drawing]:
    key = (synthesis.id, synthesis.measure)
    effects = tables["effects"]
    k = int(((effects["synthesis"] == key[0]) & (effects["measure"] == key[1])).sum())

    def drawing(kind: str, title: str, frame: pd.DataFrame, plot: Callable, alt: Callable) -> Drawing:
        return Drawing(f"{kind}_{synthesis.id}", kind, synthesis.id, f"{synthesis.title}: {title}", frame, plot, alt)

    if k >= LEAST_FOR_LEAVING_OUT:
        frame = series.leave_one_out_frame(tables["leave_one_out"], tables["estimates"], *key, title=synthesis.title)
        yield drawing("leave_one_out", "without each study in turn", frame, series.plot_series, series.alt_text)
    if k >= LEAST_FOR_FUNNEL:
        filled = tables["filled"] if len(tables["filled"]) else None
        frame = funnel.funnel_frame(effects, tables["estimates"], *key, filled=filled, title=synthesis.title)
        yield drawing("funnel", "funnel plot", frame, funnel.plot_funnel, funnel.alt_text)
    if k >= 2 and len(tables["priors"]):
        frame = series.prior_sensitivity_frame(tables["priors"], *key, title=synthesis.title)
        yield drawing("prior_sensitivity", "other priors", frame, series.plot_series, series.alt_text)


def _of_review(review: Review, tables: dict[str, pd.DataFrame]) -> Iterator[Drawing]:
    judgements = tables["judgements"]
    for name, tools, title in RISK_TABLES:
        if len(judgements) and judgements["tool"].isin(tools).any():
            frame = risk_of_bias.risk_of_bias_frame(
                judgements, studies=tables["studies"], outcomes=tables["outcomes"], tools=tools, title=title
            )
            yield Drawing(name, "risk_of_bias", "", title, frame, risk_of_bias.plot_risk_of_bias, risk_of_bias.alt_text)
    if len(tables["stated"]):
        title = "As the documents state it, and as published"
        frame = claims.stated_frame(tables["stated"], title=title)
        yield Drawing("claims_stated", "claims_stated", "", title, frame, claims.plot_claims, claims.alt_text)
    if len(tables["claims"]):
        for source in dict.fromkeys(tables["claims"]["source_id"]):
            title = f"What document {source.removeprefix('doc_').upper()} states, beside what was published"
            frame = claims.claims_frame(
                tables["claims"],
                studies=tables["studies"],
                sources=tables["sources"],
                source_id=source,
                title=title,
            )
            if len(frame):
                yield Drawing(f"claims_{source}", "claims", "", title, frame, claims.plot_claims, claims.alt_text)
    if len(tables["prisma"]):
        title = "Flow of records, counted from screening.csv"
        frame = prisma.prisma_frame(
            tables["prisma"], screening=tables["screening"], title=title, note=review.plan.searching
        )
        yield Drawing("prisma", "prisma", "", title, frame, prisma.plot_prisma, prisma.alt_text)
