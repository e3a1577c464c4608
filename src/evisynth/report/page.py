"""The page: every table of a results folder, filled into templates, as one file that needs nothing else."""

import re
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evisynth.effects.measures import MEASURES
from evisynth.provenance.folder import PLAN, ResultsFolder
from evisynth.provenance.formulas import formulas_of
from evisynth.report.cells import Cells
from evisynth.report.pictures import Pictures, figures_missing
from evisynth.report.rounding import to_number
from evisynth.report.store import as_script, store_of
from evisynth.report.views import (
    ARM_FIGURES,
    CONTRAST_FIGURES,
    WORDS,
    MeasureView,
    Place,
    SynthesisView,
    group,
    integrity_places,
    places_of_table,
    synthesis_views,
)

TEMPLATES = Path(__file__).parent / "templates"
FOREST_CAPTION = (
    "Squares are studies, their size the weight; diamonds are pooled estimates. The same figures stand in the "
    "tables below; a click on a row of the figure shows where it comes from."
)
# A page that opens at once from a slow disk, and can be sent by mail.
MOST_BYTES = 4_900_000
# No cell can hold this: its angle brackets would be escaped.
_STORE = "<!--store-->"
_SPACE = re.compile(r"\n\s*\n+")


def write_page(folder: ResultsFolder, review: str, code: str = "") -> str:
    """Return the report of a review as one HTML page.

    Parameters
    ----------
    folder : ResultsFolder
        The results, with the tables of :func:`evisynth.report.report_tables` among them. Tables and figures
        that do not exist are left out, and the page says so where a reader would look for them.
    review : str
        The review's name.
    code : str
        Digest of the code that writes the page and its tables; their record does not exist yet.

    Returns
    -------
    str
        The page. The same results give the same bytes.

    Raises
    ------
    KeyError
        Where a number would be shown that leads nowhere.
    """
    maker = {"rule": "write_report", "script": "scripts/write_report.py", "code": code}
    cells = Cells(folder, maker)
    pictures = Pictures(cells)
    drawn = pictures.all()
    views = synthesis_views(folder, drawn)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= _functions(cells, views) | _content(folder, review, views)
    environment.globals |= {
        "letters": Markup("<!--letters-->"),
        "pictures_of": lambda kind: [item for item in drawn if item.kind.startswith(kind) and not item.synthesis],
        "other_pictures": [
            item for item in drawn if not item.synthesis and not item.kind.startswith(("claims", "prisma"))
        ],
        "css": Markup(_file("page.css")),
        "js": Markup(_file("page.js")),
        "store": Markup(_STORE),
    }
    page = environment.get_template("page.html.jinja").render()
    page = _SPACE.sub("\n", page)
    # The store holds what was printed, so it is made now; the figures get the room that is left.
    store = str(as_script(store_of(cells, review)))
    page = pictures.fill(page, MOST_BYTES - len(page.encode()) - len(store.encode()))
    before, _, after = page.partition(_STORE)
    return before + store + after


def _file(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _functions(cells: Cells, views: list[SynthesisView]) -> dict[str, Callable]:
    """Return what templates may call; `n` is the one way to print a number."""
    folder = cells.folder
    treatments = {item["id"] for item in folder.plan.get("treatments", ())}

    def plan_words(place: str) -> Markup:
        return cells.words(PLAN, place, "text")

    def cell(table: str, key: str, column: str) -> Markup:
        text = folder.cell(table, key, column)
        printed = cells.number if to_number(text) is not None else cells.words
        return printed(table, key, column)

    def treatment(place: Place, column: str) -> Markup:
        name = place.row[column]
        return (
            plan_words(f"treatments.{name}.name") if name in treatments else cells.words(place.table, place.key, column)
        )

    def study(name: str) -> Markup:
        return cells.words("studies.csv", name, "label", opens=True)

    return {
        "n": cells.number,
        "w": cells.words,
        "p": plan_words,
        "cell": cell,
        "interval": cells.interval,
        "mark": cells.mark,
        "study": study,
        "treatment": treatment,
        "by_id": lambda names: [view for view in views if view.id in names],
        "weight_key": _weight_key(folder),
        "figure_columns": _figure_columns,
        "columns_of": _columns_of,
    }


def _weight_key(folder: ResultsFolder) -> Callable[[MeasureView, Place], str]:
    def key(view: MeasureView, place: Place) -> str:
        if view.headline is None:
            return ""
        found = f"{view.headline.key}:{place.row['study_id']}"
        return found if found in folder.rows("pooled/weights.csv") else ""

    return key


def _figure_columns(place: Place) -> list[tuple[str, str]]:
    names = ARM_FIGURES if place.table == "arms.csv" else CONTRAST_FIGURES
    return [(name, WORDS.get(name, name)) for name in names if place.row.get(name)]


def _columns_of(places: tuple[Place, ...]) -> list[str]:
    """Return the columns that hold anything, without the ones that only the way back needs."""
    return [name for name in places[0].row if name != "from" and any(place.row[name] for place in places)]


def _content(folder: ResultsFolder, review: str, views: list[SynthesisView]) -> dict:
    """Return the parts of the page that belong to no single question."""
    flow = places_of_table(folder, "checked/prisma.csv")
    return {
        "review": review,
        "plan": {"may_conclude": (), "may_not_conclude": (), "deviations": (), "licence": ""} | folder.plan,
        "syntheses": views,
        "measures": {name: measure.long_name for name, measure in MEASURES.items()},
        "forest_caption": FOREST_CAPTION,
        "no_figures": figures_missing(folder),
        "no_bias": not folder.rows("bias/tests.csv"),
        "claims": group(places_of_table(folder, "claims/claims.csv"), "source_id"),
        "documents": places_of_table(folder, "claims/documents.csv"),
        "conflicts": places_of_table(folder, "claims/conflicts.csv"),
        "corrections": places_of_table(folder, "corrections.csv"),
        "integrity": integrity_places(folder),
        "integrity_counts": [
            place
            for place in places_of_table(folder, "report/counts.csv")
            if place.row["item"].startswith("integrity_")
        ],
        "known_studies": frozenset(folder.rows("studies.csv")),
        "conversions": _conversions(folder),
        "zero_cells": any("zero" in row["name"] for row in folder.rows("effects/steps.csv").values()),
        "formulas": _formulas(folder),
        "flow": flow,
        "steps": places_of_table(folder, "report/steps.csv"),
        "packages": places_of_table(folder, "report/packages.csv"),
        "files": places_of_table(folder, "report/files.csv"),
        "sources": places_of_table(folder, "sources.csv"),
    }


def _conversions(folder: ResultsFolder) -> list[Place]:
    """Return each sort of conversion once, at the first place where it was used."""
    places = places_of_table(folder, "effects/steps.csv")
    return [found[0] for found in group(places, "name", "formula").values()]


def _formulas(folder: ResultsFolder) -> list:
    """Return the formulas of every method that gave a number."""
    tables = ("pooled/estimates.csv", "pooled/weights.csv", "pooled/leave_one_out.csv", "bayes/estimates.csv")
    tables += ("bayes/studies.csv", "bayes/sensitivity.csv", "bayes/diagnostics.csv", "effects/paired.csv")
    tables += ("quality/findings.csv",)
    found = {}
    for table in tables:
        for row in folder.rows(table).values():
            if row.get("status") not in ("failed", "not_pooled", "empty"):
                found |= dict.fromkeys(formulas_of(table, row))
    return list(found)
