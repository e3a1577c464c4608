"""The page: every table of a results folder, filled into templates, as one file that needs nothing else."""

import json
import re
from collections.abc import Callable, Collection
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evisynth.provenance.folder import PLAN, ResultsFolder
from evisynth.report.cells import Cells
from evisynth.report.content import content_of
from evisynth.report.packing import packed
from evisynth.report.pictures import Picture, Pictures
from evisynth.report.places import Place
from evisynth.report.rounding import to_number
from evisynth.report.store import store_of
from evisynth.report.views import (
    ARM_FIGURES,
    CONTRAST_FIGURES,
    WORDS,
    MeasureView,
    SynthesisView,
    synthesis_views,
)

TEMPLATES = Path(__file__).parent / "templates"
# A page that opens at once from a slow disk, and can be sent by mail.
MOST_BYTES = 4_900_000
# No cell can hold this: its angle brackets would be escaped.
_STORE, _FIGURES = "<!--store-->", "<!--figures-->"
_SPACE = re.compile(r"\n\s*\n+")


def write_page(
    folder: ResultsFolder, review: str, code: str = "", commit: str = "", files: Collection[str] = ()
) -> str:
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
    commit : str
        Commit of the code; blank where there is no git, and the page shows the digest in its place.
    files : collection of str
        Names of the files that lie beside the page (``report.pdf``), for it to link.

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
    views = synthesis_views(folder, drawn, pictures.beside)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= _functions(cells, views) | content_of(folder, review, views, drawn, files)
    environment.globals |= {
        "commit": commit,
        "code": code,
        "css": Markup(_file("page.css")),
        "js": Markup(_file("page.js")),
        "store": Markup(_STORE),
        "figures": Markup(_FIGURES),
    }
    page = environment.get_template("page.html.jinja").render()
    page = _SPACE.sub("\n", page)
    # The store holds what was printed, so it is made now; the figures get the room that is left.
    store = packed(store_of(cells, review, commit))
    page, later = pictures.fill(page, MOST_BYTES - len(page.encode()) - len(store))
    for token, text in ((_STORE, store), (_FIGURES, json.dumps(later, separators=(",", ":")))):
        before, _, after = page.partition(token)
        page = before + text + after
    return page


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

    def title_of(item: Picture) -> Markup:
        return cells.words(item.table, item.name, "title")

    def method_title(place: Place) -> Markup:
        key = ":".join(place.row[name] for name in ("synthesis", "measure", "method"))
        if key in folder.rows("pooled/estimates.csv"):
            return cells.words("pooled/estimates.csv", key, "title")
        return cells.words(place.table, place.key, "method")

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
        "title_of": title_of,
        "method_title": method_title,
        "treatment": treatment,
        "by_id": lambda names: [view for view in views if view.id in names],
        "weight_key": _weight_key(folder),
        "figure_columns": _figure_columns,
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
