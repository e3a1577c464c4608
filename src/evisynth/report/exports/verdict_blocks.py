"""What a printed document says of claims and of the integrity of reported figures."""

from collections.abc import Iterator

from evisynth.report.exports.blocks import Block, Figure, Heading, Paragraph, Run, small, strong, text
from evisynth.report.exports.ledger import Ledger, coded
from evisynth.report.views import Place, group, integrity_places, places_of_table

_VERDICTS = ("claims", "supported", "partly", "contradicted", "misattributed", "unverifiable", "omitted")


def claims_blocks(ledger: Ledger) -> Iterator[Block]:
    """Yield what documents claim beside what was published, document by document."""
    folder = ledger.folder
    claims = group(places_of_table(folder, "claims/claims.csv"), "source_id")
    if not claims:
        return
    yield Heading(text("What documents claim"))
    words = "Each figure or statement of the documents stands beside the published figure that it speaks of. A verdict "
    yield Paragraph(text(words, "follows from the comparison by a rule, or from a person, who then gives the reason."))
    documents = places_of_table(folder, "claims/documents.csv")
    if documents:
        rows = [(place.row["citation"], *(ledger.num(place, name) for name in _VERDICTS)) for place in documents]
        widths = (5, *(1.0 for _ in _VERDICTS))
        yield coded(ledger, "Verdicts by document.", ("Document", *_VERDICTS), rows, widths, "lrrrrrrr")
    figures = folder.rows("figures/index.csv")
    for source, places in claims.items():
        citation = folder.rows("sources.csv").get(source, {}).get("citation", source)
        yield Heading(text(citation), 2, listed=False)
        name = f"claims_{source}"
        file = folder.path / "figures" / f"{name}.svg"
        if name in figures and file.is_file():
            yield Figure(file, text(figures[name]["title"], "."), figures[name]["alt"], (504.0, 640.0), floats=True)
            # the figure shows all that could be compared: the table has room for the reasons of what does not hold
            places = [place for place in places if place.row["verdict"] not in ("supported", "unverifiable")] or places
        rows = [_claim(ledger, place) for place in places]
        head = ("Claim", "Where", "Stated", "Published", "Verdict", "Why")
        whole = len(places) == len(claims[source])
        kept = "" if whole else "; those that hold or cannot be checked stand on the page and in the workbook"
        caption = text(f"Claims of this document beside what was published{kept}.")
        yield coded(ledger, caption, head, rows, (2.8, 1.3, 1.3, 1.7, 1.25, 3), "llllll")


def _claim(ledger: Ledger, place: Place) -> tuple[object, ...]:
    row = place.row
    code = Run("", trace=ledger.code(place.table, place.key))
    tags = small(f" ({row['tags']})") if row["tags"] else ""
    shown = [ledger.cell(place, name) for name in ("stated_value", "published_value")]
    return (
        row["statement"],
        row["locator"],
        *shown,
        text(strong(row["verdict"]), code),
        text(row["reason"] or row["because"], tags),
    )


def integrity_blocks(ledger: Ledger) -> Iterator[Block]:
    """Yield the corrections, and the checks of reported figures that found something."""
    folder = ledger.folder
    yield Heading(text("Integrity of the figures"))
    corrections = places_of_table(folder, "corrections.csv")
    if corrections:
        rows = [
            (
                f"{place.row['key']}, {place.row['column']}",
                text(ledger.cell(place, "old"), Run("", trace=ledger.code(place.table, place.key))),
                ledger.cell(place, "new"),
                place.row["reason"],
                place.row["status"],
            )
            for place in corrections
        ]
        head = ("Cell", "As received", "Used", "Why", "Read as")
        caption = "Corrections: the value as received, the value used, and why."
        yield coded(ledger, caption, head, rows, (2.4, 0.8, 0.8, 4, 1), "lrrll")
    else:
        yield Paragraph(text("No value was corrected."))
    checks = places_of_table(folder, "quality/integrity.csv")
    if not checks:
        yield Paragraph(text("The checks of reported figures have not been run."))
        return
    words = "Whether the printed figures are possible at all was checked as received. A figure that does not fit says "
    words += "nothing about the reason: a misprint, people left out and a second-hand report look alike."
    yield Paragraph(text(words))
    found = integrity_places(folder)
    if not found:
        yield Paragraph(text("Every check was passed."))
        return
    worst = [place for place in found if place.row["verdict"] == "inconsistent"]
    if len(worst) < len(found):
        words = "Figures that fit only under a named assumption, and those that cannot be checked, stand on the page "
        yield Paragraph(text(words, "and in the workbook, sheet Integrity."))
    found = worst
    if not found:
        yield Paragraph(text("None is impossible."))
        return
    rows = [
        (
            ledger.study(place.row["study_id"]) if place.row["study_id"] else place.row["table"],
            *(ledger.say(place, name) for name in ("what", "expected", "found")),
            text(place.row["verdict"], Run("", trace=ledger.code(place.table, place.key))),
            ledger.say(place, "assumption"),
        )
        for place in found
    ]
    head = ("Study", "What was checked", "Possible", "Printed", "Verdict", "Assumption, or what would make it fit")
    caption = "Figures that do not fit."
    yield coded(ledger, caption, head, rows, (1.4, 2.3, 2.1, 1.8, 1.4, 2.6), "llllll")
