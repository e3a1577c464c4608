"""How a printed document shows risk of bias and the certainty of the evidence of one question."""

from collections.abc import Iterator

from evisynth.report.exports.blocks import Block, Heading, Paragraph, Run, Table, Text, small, text
from evisynth.report.exports.ledger import Ledger, coded, gathered
from evisynth.report.places import some
from evisynth.report.views import Place, SynthesisView

_MOST_DOMAINS = 7


def risk_tables(ledger: Ledger, view: SynthesisView) -> Iterator[Table]:
    """Yield the judgements of risk of bias of a question, one table for each tool; none where nobody judged."""
    for judged, domains in view.risk_tables:
        rows = []
        for places in judged:
            first = next(iter(places.values()))
            outcome = ledger.folder.rows("outcomes.csv").get(first.row["outcome_id"], {}).get("name", "")
            cells = [_judgement(places.get(domain.row["domain"])) for domain in domains]
            code = Run("", trace=ledger.code(first.table, first.key))
            named = text(outcome, small(f" ({ledger.say(first, 'tool')})"), code)
            rows.append((ledger.study(first.row["study_id"]), named, *cells))
        names = [place.row["domain_name"] or place.row["domain"] for place in domains]
        caption, widths = "Risk of bias.", (1.4, 1.6, *(1.3 for _ in domains))
        if len(domains) > _MOST_DOMAINS:
            # names in heads of many columns cannot be read: they stand in the caption
            codes = [place.row["domain"] for place in domains]
            pairs = [f"{code} {name}" for code, name in zip(codes, names, strict=True) if code != name]
            caption += f" {'; '.join(pairs)}."
            names = [place.row["domain"] for place in domains]
            widths = (2, 2.6, *(1.3 if name == "overall" else 0.75 for name in names))
        head = ("Study", "Outcome", *names)
        yield coded(ledger, caption, head, rows, widths, "l" * len(head))


def _judgement(place: Place | None) -> Text:
    if place is None:
        return ()
    return text(place.row["final"], small(" (changed by a person)") if place.row["override_reason"] else "")


def risk_blocks(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    """Yield the risk of bias of a question, or that nobody has judged it."""
    if not (view.domains or view.risk):
        yield Paragraph(text("Risk of bias and certainty have not been assessed."))
        return
    yield Heading(text("Quality"), 3)
    shares = some(ledger.folder, "quality/risk_weights.csv", synthesis=view.id, measure=view.entry.get("measure"))
    shares = tuple(place for place in shares if place.row["domain"] == "overall")
    if shares and is_drawn(ledger):
        # each judgement stands in the figure of the whole review
        yield Paragraph(gathered(text(_shares(ledger, shares))))
        return
    made = [*risk_tables(ledger, view)]
    yield from made
    if not made:
        yield Paragraph(text("Risk of bias: not assessed. Nobody has answered the questions of a tool."))


def is_drawn(ledger: Ledger) -> bool:
    """Whether the judgements of the whole review stand in a figure."""
    rows = ledger.folder.rows("figures/index.csv").values()
    return any(row["kind"] == "risk_of_bias" and not row["synthesis"] for row in rows)


def _shares(ledger: Ledger, places: tuple[Place, ...]) -> Iterator[object]:
    yield "Share of the weight by overall risk of bias: "
    for i, place in enumerate(places):
        studies = " study)" if place.row["studies"] == "1" else " studies)"
        yield from ("; " if i else "", place.row["judgement"], " ", ledger.num(place, "share"), " % (")
        yield from (ledger.num(place, "studies"), studies)
    yield ". Each judgement stands in the section on quality."


def certainty_blocks(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    """Yield the certainty of a question, domain by domain."""
    if not view.domains:
        return
    # where it starts stands in the last row
    places = [place for place in view.domains if place.row["domain"] != "start"]
    places += [view.certainty] if view.certainty else []
    rows = []
    for place in places:
        rule = place.row["proposed"]
        changed = small(f" (the rule proposed {rule})") if rule and rule != place.row["final"] else ""
        if place.row["final"] == "not assessed":
            # the last row names what nobody has judged
            continue
        code = Run("", trace=ledger.code(place.table, place.key)) if place is view.certainty else ""
        rows.append((place.row["domain"], text(place.row["final"], changed, code), ledger.say(place, "reason")))
    main = [len(rows) - 1] if view.certainty else []
    caption = "Certainty of the evidence, domain by domain."
    yield coded(ledger, caption, ("Domain", "Judgement", "Reason"), rows, (1.2, 1.2, 4.4), "lll", main)
