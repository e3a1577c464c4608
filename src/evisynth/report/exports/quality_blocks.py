"""How a printed document shows risk of bias and the certainty of the evidence of one question."""

from collections.abc import Iterator

from evisynth.report.exports.blocks import Block, Heading, Paragraph, Run, Table, Text, small, text
from evisynth.report.exports.ledger import Ledger, coded
from evisynth.report.views import Place, SynthesisView

_MOST_DOMAINS = 7


def risk_table(ledger: Ledger, view: SynthesisView) -> Table | None:
    """Return the judgements of risk of bias of a question; None where nobody judged."""
    if not view.risk:
        return None
    domains = sorted(view.risk_domains, key=_domain_order)
    rows = []
    for places in view.risk:
        first = next(iter(places.values()))
        outcome = ledger.folder.rows("outcomes.csv").get(first.row["outcome_id"], {}).get("name", "")
        cells = [_judgement(places.get(domain.row["domain"])) for domain in domains]
        code = Run("", trace=ledger.code(first.table, first.key))
        named = text(outcome, small(f" ({first.row['tool']})"), code)
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
    return coded(ledger, caption, head, rows, widths, "l" * len(head))


def _domain_order(place: Place) -> tuple[bool, int, str]:
    """D2 before D10, the overall judgement last."""
    name = place.row["domain"]
    digits = "".join(character for character in name if character.isdigit())
    return name == "overall", int(digits or 0), name


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
    made = risk_table(ledger, view)
    if made:
        yield made
    else:
        yield Paragraph(text("Risk of bias: not assessed. Nobody has answered the questions of a tool."))


def certainty_blocks(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    """Yield the certainty of a question, domain by domain."""
    if not view.domains:
        return
    places = (*view.domains, *([view.certainty] if view.certainty else []))
    rows = []
    for place in places:
        rule = place.row["proposed"]
        changed = small(f" (the rule proposed {rule})") if rule and rule != place.row["final"] else ""
        code = Run("", trace=ledger.code(place.table, place.key))
        rows.append((place.row["domain"], text(place.row["final"], changed, code), place.row["reason"]))
    main = [len(rows) - 1] if view.certainty else []
    caption = "Certainty of the evidence, domain by domain."
    yield coded(ledger, caption, ("Domain", "Judgement", "Reason"), rows, (1.2, 1.2, 4.4), "lll", main)
