"""The parts of the page that belong to no single question: which rows they show."""

from collections.abc import Collection, Mapping

from evisynth.effects.measures import MEASURES
from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.formulas import Formula, formulas_of
from evisynth.report.pictures import Picture, figures_missing
from evisynth.report.places import Place
from evisynth.report.views import SynthesisView, group, integrity_places, places_of_table

FOREST_CAPTION = (
    "Squares are studies, their size the weight; diamonds are pooled estimates. The same figures stand in the "
    "tables below; a click on a row of the figure shows where it comes from."
)
# Files that may lie beside the page, and what they are.
EXPORTS: Mapping[str, str] = {
    "report.pdf": "PDF supplement",
    "report.docx": "Word document",
    "tables.xlsx": "workbook",
}
# Tables whose numbers the page shows, for the list of formulas.
_COMPUTED = (
    *("pooled/estimates.csv", "pooled/weights.csv", "pooled/leave_one_out.csv", "pooled/regression.csv"),
    *("pooled/subgroups.csv", "pooled/multiverse_summary.csv", "bayes/estimates.csv", "bayes/studies.csv"),
    *("bayes/sensitivity.csv", "bayes/prior_surface.csv", "bayes/averaged.csv", "bayes/probabilities.csv"),
    *("bayes/adjusted.csv", "bayes/diagnostics.csv", "bayes/checks.csv", "bayes/power_scaling.csv"),
    *("bias/tests.csv", "bias/selection.csv", "bias/influence.csv", "effects/paired.csv"),
    *("quality/findings.csv", "quality/informed.csv", "quality/risk_weights.csv", "provenance/agreement.csv"),
)
_CHECKLISTS = {
    "prisma": ("PRISMA 2020", "Page and colleagues 2021, BMJ 372:n71"),
    "swim": ("SWiM", "Campbell and colleagues 2020, BMJ 368:l6890"),
}


def content_of(
    folder: ResultsFolder, review: str, views: list[SynthesisView], drawn: list[Picture], files: Collection[str] = ()
) -> dict:
    """Return what the templates of the whole review are filled with.

    Parameters
    ----------
    folder : ResultsFolder
        The results.
    review : str
        Its name.
    views : list of SynthesisView
        Its questions.
    drawn : list of Picture
        Its figures.
    files : collection of str
        Names of the files that lie beside the page.
    """
    loose = [item for item in drawn if not item.synthesis]
    placed = ("claims", "prisma", "risk", "evidence_map")
    other = [item for item in loose if not item.kind.startswith(placed)]
    counts = places_of_table(folder, "report/counts.csv")
    plan = {"may_conclude": (), "may_not_conclude": (), "deviations": (), "licence": ""} | folder.plan
    return {
        "review": review,
        "plan": plan,
        "syntheses": views,
        "measures": {name: measure.long_name for name, measure in MEASURES.items()},
        "forest_caption": FOREST_CAPTION,
        "no_figures": figures_missing(folder),
        "no_bias": not folder.rows("bias/tests.csv"),
        "pictures_of": lambda kind: [item for item in loose if item.kind.startswith(kind)],
        "other_pictures": other,
        "has_quality": bool(
            [item for item in loose if item.kind.startswith(("risk", "evidence_map"))]
            or other
            or folder.rows("quality/judgements.csv")
        ),
        "claims": group(places_of_table(folder, "claims/claims.csv"), "source_id"),
        "documents": places_of_table(folder, "claims/documents.csv"),
        "conflicts": places_of_table(folder, "claims/conflicts.csv"),
        "stated": places_of_table(folder, "claims/stated_published.csv"),
        "timeline": _timeline(folder),
        "corrections": places_of_table(folder, "corrections.csv"),
        "integrity": integrity_places(folder),
        "integrity_counts": [place for place in counts if place.row["item"].startswith("integrity_")],
        "known_studies": frozenset(folder.rows("studies.csv")),
        "conversions": _conversions(folder),
        "zero_cells": any("zero" in row["name"] for row in folder.rows("effects/steps.csv").values()),
        "formulas": _formulas(folder),
        "methods_run": _methods_run(folder),
        "coverage": places_of_table(folder, "report/coverage.csv"),
        "agreement": _agreement(folder),
        "agreement_reasons": _reasons(folder),
        "agreement_counts": [place for place in counts if place.row["item"].startswith("engines_")],
        "flow": places_of_table(folder, "checked/prisma.csv"),
        "checklists": _checklists(folder),
        "exports": [(file, words) for file, words in EXPORTS.items() if file in files],
        "steps": places_of_table(folder, "report/steps.csv"),
        "packages": places_of_table(folder, "report/packages.csv"),
        # hundreds of drawings stand in the table alone
        "files": [
            place for place in places_of_table(folder, "report/files.csv") if "/figures/" not in place.row["file"]
        ],
        "sources": places_of_table(folder, "sources.csv"),
    }


def _timeline(folder: ResultsFolder) -> dict[str, list[Place]]:
    """Return what each document names, and what it could have named."""
    shown = [
        place
        for place in places_of_table(folder, "claims/timeline.csv")
        if place.row["named"] == "yes" or place.row["timing"] in ("before", "same year", "document undated")
    ]
    return group(tuple(shown), "source_id")


def _conversions(folder: ResultsFolder) -> list[Place]:
    """Return each sort of conversion once, at the first place where it was used."""
    places = places_of_table(folder, "effects/steps.csv")
    return [found[0] for found in group(places, "name", "formula").values()]


def _formulas(folder: ResultsFolder) -> list[Formula]:
    """Return the formulas of every method that gave a number."""
    found: dict[Formula, None] = {}
    for table in _COMPUTED:
        seen = set()
        for row in folder.rows(table).values():
            # the formulas of a row follow from its method: one row of each is enough
            sort = (row.get("method"), row.get("test"), row.get("analysis"), row.get("component"))
            if row.get("status") not in ("failed", "not_pooled", "empty") and sort not in seen:
                seen.add(sort)
                found |= dict.fromkeys(formulas_of(table, row))
    return list(found)


def _methods_run(folder: ResultsFolder) -> list[Place]:
    """Return each method once, at the first place where it gave a number."""
    tables = ("pooled/estimates.csv", "bayes/estimates.csv", "bayes/adjusted.csv")
    places = [place for table in tables for place in places_of_table(folder, table)]
    done = tuple(place for place in places if place.row["status"] in ("ok", "one_study"))
    return [found[0] for found in group(done, "title").values()]


def _agreement(folder: ResultsFolder) -> list[Place]:
    """Return the estimates of both engines, and whatever differs."""
    return [
        place
        for place in places_of_table(folder, "provenance/agreement.csv")
        if place.row["quantity"] == "estimate" or place.row["agrees"] != "yes" or place.row["explanation"]
    ]


def _reasons(folder: ResultsFolder) -> list[Place]:
    """Return each explanation of a difference once."""
    places = tuple(place for place in places_of_table(folder, "provenance/agreement.csv") if place.row["explanation"])
    return [found[0] for found in group(places, "explanation").values()]


def _checklists(folder: ResultsFolder) -> list[dict]:
    found = []
    for name, (title, citation) in _CHECKLISTS.items():
        places = places_of_table(folder, f"report/{name}_checklist.csv")
        if places:
            found.append({"title": title, "citation": citation, "places": places})
    return found
