"""The journal's supplement: everything the page says, in the order in which a printed document is read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from evisynth.provenance.folder import ResultsFolder
from evisynth.report.exports.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Run,
    Section,
    Table,
    Text,
    small,
    strong,
    table,
    text,
)
from evisynth.report.exports.checklists import CHECKLISTS, checklist, checklist_title
from evisynth.report.exports.ledger import DASH, Ledger, closed, coded, gathered
from evisynth.report.exports.method_blocks import methods_blocks
from evisynth.report.exports.synthesis_blocks import measure_name, picture, pool_value, synthesis_blocks
from evisynth.report.exports.verdict_blocks import claims_blocks, integrity_blocks
from evisynth.report.pictures import Picture
from evisynth.report.views import Place, SynthesisView, places_of_table, synthesis_views

NOTICE = (
    "This is no medical advice. It is a summary of studies, with every figure traced to where it was read. Nobody "
    "should start, change or stop a treatment because of it."
)
_FRONT: tuple[Block, ...] = (
    Paragraph(text(NOTICE), "notice"),
    Paragraph(
        text(
            strong("Marks and codes. "),
            "† rests on a figure that nobody could confirm in a source; ‡ rests on a figure that was derived, or read "
            "second-hand. A raised code such as A1, or one in the column ‘From’, names the row of a table that a "
            "number was read from. The last section lists all codes with what is behind each, down to the document.",
        ),
        "note",
    ),
)
# Steps that run with or after this document: their records are not part of it.
_LATER = ("write_exports", "write_report")


@dataclass(frozen=True, slots=True)
class Supplement:
    """A document, with the ledger that knows where its numbers were read."""

    title: str
    authors: tuple[str, ...]
    front: tuple[Block, ...]
    legend: tuple[Block, ...]
    sections: tuple[Section, ...]
    ledger: Ledger


def supplement(folder: ResultsFolder, review: str) -> Supplement:
    """Return the supplement of a review.

    Parameters
    ----------
    folder : ResultsFolder
        The results, with every stage but the page done. What does not exist is left out, and said to be.
    review : str
        The review's name.
    """
    ledger, drawn = Ledger(folder), pictures_of(folder)
    views = synthesis_views(folder, drawn)
    sections = [
        Section((*_question(ledger), *_known(ledger, views))),
        Section((Heading(text("Summary of findings")), findings_note(), findings_table(ledger, views)), wide=True),
        Section((Heading(text("Results, question by question")), *_results(ledger, views))),
        Section(tuple(_quality(folder, drawn))),
        Section(tuple(claims_blocks(ledger))),
        Section(tuple(integrity_blocks(ledger))),
        Section((*methods_blocks(ledger, views), *_deviations(ledger), *_flow(ledger, drawn))),
        Section((Heading(text("Study characteristics")), characteristics_table(ledger)), wide=True),
        Section(tuple(_checklists(folder)), wide=True),
        Section((*_references(folder), *_data(folder, review))),
    ]
    plan = folder.plan
    made = tuple(section for section in sections if section.blocks)
    title, authors = str(plan.get("title", review)), tuple(plan.get("authors", ()))
    return Supplement(title, authors, _FRONT, _legend(review), made, ledger)


def pictures_of(folder: ResultsFolder) -> list[Picture]:
    """Return every figure of a review, in the order of the index."""
    rows = folder.rows("figures/index.csv")
    return [Picture(name, row["kind"], row["synthesis"]) for name, row in rows.items()]


def _legend(review: str) -> tuple[Block, ...]:
    words = "A code names the row of a table: its letter the table, its number the row. After the arrow stand the rows "
    words += "that it was computed from; follow them until a fact, which names the document it was read in (see "
    words += "References), the place in it, and whether it was confirmed. A number is the row's cell in one of the "
    words += "columns that are named with its table. From the shell the same way back is "
    command = Run(f"evisynth trace results/{review} TABLE:KEY:COLUMN", "code")
    return (Paragraph(text(words, command, ".")),)


def _question(ledger: Ledger) -> Iterator[Block]:
    yield Heading(text("The question"))
    named = (("People", "population"), ("Intervention", "intervention"))
    named = (*named, ("Comparison", "comparison"), ("Outcomes", "outcomes"))
    yield Bullets(tuple(text(strong(f"{word}: "), ledger.plan(f"question.{name}")) for word, name in named))
    yield Paragraph(text(strong("How the studies were found. "), ledger.plan("searching")))


def _known(ledger: Ledger, views: list[SynthesisView]) -> Iterator[Block]:
    yield Heading(text("Plain summary"))
    plan = ledger.folder.plan
    kinds = (("may_conclude", "What a reader may conclude", "may"),)
    kinds = (*kinds, ("may_not_conclude", "What a reader may not conclude", "not"))
    said = False
    for name, title, kind in kinds:
        items = plan.get(name, ())
        if items:
            yield Heading(text(title), 2)
        for item in items:
            said = True
            yield Paragraph(text(item["text"]), kind)
            shown = [view for view in views if view.id in item.get("syntheses", ())]
            if shown:
                yield Bullets(tuple(gathered(text(_rests(ledger, view))) for view in shown))
    if not said:
        yield Paragraph(text("The plan states no conclusions. The estimates of its questions are:"))
        if views:
            yield Bullets(tuple(gathered(text(_rests(ledger, view))) for view in views))


def _rests(ledger: Ledger, view: SynthesisView) -> Iterator[object]:
    yield strong(f"{ledger.plan(f'{view.place}.title')}: ")
    place = view.headline
    if place is None:
        reason = ledger.plan(f"{view.place}.reason")
        yield f"nothing was pooled. {'Reason: ' + reason + '.' if reason else ''}"
        return
    studies = " study" if place.row["k"] == "1" else " studies"
    yield from (f"{measure_name(view.entry['measure'])} ", ledger.estimate(place))
    yield from (", ", ledger.num(place, "k"), studies)
    if place.row.get("n"):
        yield from (", ", ledger.num(place, "n"), " people")
    if view.bayes:
        yield f"; probability that {view.sides.treatment} does better "
        yield ledger.num(view.bayes, "p_benefit")
    yield f"; certainty: {view.level}. {view.says}"
    for i, pool in enumerate(view.beside):
        yield from ("; " if i else " Pooled by others: ", f"{pool.row['label']} ", pool_value(ledger, pool))
    yield "." if view.beside else ""


def findings_table(ledger: Ledger, views: list[SynthesisView]) -> Table:
    """Return the summary of findings: one row for each question."""
    rows = []
    for view in views:
        title = text(strong(ledger.plan(f"{view.place}.title")))
        marks = f"{view.marks} " if view.marks else ""
        level = text(marks, strong(view.level))
        if view.lowered:
            level = text(level, small(f" for {', '.join(map(_lowered, view.lowered))}"))
        if view.certainty:
            level = text(level, Run("", trace=ledger.code(view.certainty.table, view.certainty.key)))
        if view.headline is None:
            reason = ledger.plan(f"{view.place}.reason")
            rows.append((title, text("Not pooled", f": {reason}" if reason else ""), level))
            continue
        says = view.finding.row["words"] if view.finding else view.says
        place, absolute = view.headline, view.finding
        people = (" (", ledger.num(place, "n"), ")") if place.row.get("n") else ()
        risk, more = text(f"does not follow from a {measure_name(view.entry['measure'])}"), text(DASH)
        if absolute and absolute.row.get("comparator_per_1000"):
            risk = text(
                *(f"{view.sides.comparator} ", ledger.num(absolute, "comparator_per_1000")),
                *(f"; {view.sides.treatment} ", ledger.num(absolute, "treatment_per_1000")),
            )
            limits = [ledger.num(absolute, f"difference_per_1000_{end}") for end in ("low", "high")]
            more = text(ledger.num(absolute, "difference_per_1000"), " (", limits[0], " to ", closed(limits[1]))
        rows.append(
            (
                text(title, small(f" {says}")),
                text(f"{measure_name(view.entry['measure']).capitalize()} ", ledger.estimate(place)),
                text(ledger.num(place, "k"), people),
                risk,
                more,
                ledger.num(view.bayes, "p_benefit") if view.bayes else "not computed",
                level,
            )
        )
    head = ("Question, and the answer in words", "Effect (interval)", "Studies (people)")
    head = (*head, "People with the event, per 1000", "Difference per 1000 (interval)")
    head = (*head, "P(first treatment does better)", "Certainty")
    widths = (4.9, 2.2, 0.95, 1.9, 1.6, 1.1, 2.5)
    return coded(ledger, "Summary of findings: one row for each question.", head, rows, widths, "lllllll")


def _lowered(place: Place) -> str:
    return place.row["domain"] + (" (very)" if "very" in place.row["final"] else "")


def findings_note() -> Paragraph:
    """Return what a reader of the summary of findings must know."""
    return Paragraph(
        text(
            "The risk of the comparison group is the median of the comparison groups and is taken as known. "
            "Probabilities are Bayesian, under the plan's priors. The certainty starts from the design and is lowered "
            "by domain; what nobody has judged reads ‘not assessed’, and an upper bound reads ‘at most’. The "
            "reasons stand with each question."
        ),
        "note",
    )


def _results(ledger: Ledger, views: list[SynthesisView]) -> Iterator[Block]:
    for view in views:
        yield from synthesis_blocks(ledger, view)


def _quality(folder: ResultsFolder, drawn: list[Picture]) -> Iterator[Block]:
    elsewhere = ("claims", "prisma", "findings")
    own = [item for item in drawn if not item.synthesis and not item.kind.startswith(elsewhere)]
    if not own:
        return
    yield Heading(text("Quality across the review"))
    words = "Judgements follow from answered questions by the published rules of each tool; where a person changed "
    yield Paragraph(text(words, "one, it says so. What nobody has judged reads ‘not assessed’."))
    for item in own:
        most = (380.0, 240.0) if item.kind == "risk_bars" else (504.0, 600.0)
        yield from picture(folder, item, folder.rows("figures/index.csv")[item.name]["title"], most)


def _deviations(ledger: Ledger) -> Iterator[Block]:
    yield Heading(text("Deviations from the plan"))
    found = ledger.folder.plan.get("deviations", ())
    yield Bullets(tuple(map(text, found))) if found else Paragraph(text("The plan names none."))


def _flow(ledger: Ledger, drawn: list[Picture]) -> Iterator[Block]:
    yield Heading(text("How studies were found"))
    yield Paragraph(text(ledger.plan("searching")), "notice")
    for item in drawn:
        if item.kind == "prisma":
            title = ledger.folder.rows("figures/index.csv")[item.name]["title"]
            yield from picture(ledger.folder, item, title, (370.0, 330.0))
    places = places_of_table(ledger.folder, "checked/prisma.csv")
    if places:
        rows = [(place.row["words"], ledger.num(place, "count")) for place in places]
        caption = "Flow of records, counted from screening.csv; the searching was as described above."
        yield coded(ledger, caption, ("Records", "Number"), rows, (4, 1), "lr")
    else:
        yield Paragraph(text("No record of screening."))


def characteristics_table(ledger: Ledger) -> Table:
    """Return the characteristics of every study."""
    names = (("year", "Year", 0.65), ("condition", "Condition", 1.7), ("population", "People", 2.6))
    names = (*names, ("design", "Design", 1.3), ("country", "Country", 1.1), ("dose", "Dose", 1.4))
    names = (*names, ("comparator", "Compared with", 3.3), ("duration_weeks", "Weeks", 0.75))
    names = (*names, ("n_randomised", "Enrolled", 0.95), ("n_analysed", "Analysed", 0.95), ("status", "Read as", 1.0))
    rows = []
    for place in places_of_table(ledger.folder, "studies.csv"):
        cells = [_characteristic(ledger, place, column) for column, _, _ in names]
        code = Run("", trace=ledger.code(place.table, place.key))
        rows.append((text(strong(place.row["label"]), code), *cells))
    head = ("Study", *(word for _, word, _ in names))
    figures = ("duration_weeks", "n_randomised", "n_analysed")
    align = "".join(("l", *("r" if name in figures else "l" for name, *_ in names)))
    widths = (1.7, *(width for *_, width in names))
    return coded(ledger, "Characteristics of the studies, as reported.", head, rows, widths, align)


def _characteristic(ledger: Ledger, place: Place, column: str) -> Text:
    if column == "dose":
        if place.row.get("dose_mg"):
            return text(ledger.num(place, "dose_mg"), " mg")
        return text(place.row.get("dose_text", ""))
    return ledger.cell(place, column)


def checklist_table(folder: ResultsFolder, name: str) -> Table:
    """Return a checklist, ``prisma`` or ``swim``, as a table."""
    title, citation = checklist_title(name)
    rows = [
        (one.item, one.section, one.asks, strong(one.status), anchor(one.place), one.reason)
        for one in checklist(folder, name)
    ]
    head = ("Item", "Section", "What it asks, in our words", "Status", "Place", "Why it is not wholly done")
    caption = f"{title} ({citation}). Places are anchors of the page report/index.html."
    return table(caption, head, rows, (0.5, 1.1, 4, 1, 1.5, 3.6), "llllll")


def anchor(place: str) -> str:
    """Return a place as a reader can follow it: an anchor of the page, or a file with its section."""
    return f"#{place}" if place and "#" not in place else place


def _checklists(folder: ResultsFolder) -> Iterator[Block]:
    yield Heading(text("Reporting checklists"))
    for name in CHECKLISTS:
        yield Heading(text(checklist_title(name)[0]), 2, listed=False)
        yield checklist_table(folder, name)


def _references(folder: ResultsFolder) -> Iterator[Block]:
    yield Heading(text("References"))
    yield Paragraph(text("Documents that figures were read in, by the name that the tables give them."))
    items = []
    for key, row in folder.rows("sources.csv").items():
        ids = [f"doi {row['doi']}" if row["doi"] else "", f"PMID {row['pmid']}" if row["pmid"] else ""]
        ids += [row["registry_id"], f"read as {row['read_as']}" if row["read_as"] else ""]
        items.append(text(Run(key, "code"), f" {row['citation']}. ", small("; ".join(filter(None, ids)))))
    yield Bullets(tuple(items), small=True)


def _data(folder: ResultsFolder, review: str) -> Iterator[Block]:
    yield Heading(text("Data and code"))
    trace = Run(f"evisynth trace results/{review} TABLE:KEY:COLUMN", "code")
    audit = Run(f"evisynth audit results/{review}", "code")
    words = ("Every number here is read from one cell of one table under ", Run(f"results/{review}/", "code"))
    words += (", which was computed from the tables of facts under ", Run(f"data/{review}/", "code"), ". ", trace)
    words += (" shows the way back of any of them, ", audit, " says which files are not what their record says.")
    licence = str(folder.plan.get("licence", ""))
    yield Paragraph(text(words, f" Data licence: {licence}." if licence else ""))
    records = _records(folder)
    if not records:
        yield Paragraph(text("No records of the steps: nothing says how these results were made."))
        return
    rows = [
        (rule, Run(f"scripts/{rule}.py", "code"), Run(record["code"], "code"), str(record["seed"]), record["python"])
        for rule, record in records.items()
    ]
    head = ("Step", "Script", "Digest of its code", "Seed", "Python")
    yield table("Steps of the pipeline before this document.", head, rows, (1.6, 2.4, 2.4, 0.6, 0.8), "lllll")
    packages = sorted({f"{name} {version}" for one in records.values() for name, version in one["packages"].items()})
    yield Paragraph(text(strong("Packages. "), f"{', '.join(packages)}."))


def _records(folder: ResultsFolder) -> dict[str, dict]:
    found = {}
    for path in sorted((folder.path / "provenance" / "records").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["rule"] not in _LATER:
            found[record["rule"]] = record
    return found
