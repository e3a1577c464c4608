"""What a printed document says of methods: what was really run, with formulas and publications."""

from collections.abc import Iterator, Mapping

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.formulas import Formula, formulas_of
from evisynth.report.exports.blocks import Block, Heading, Paragraph, Run, Text, small, strong, table, text
from evisynth.report.exports.ledger import DASH, Ledger
from evisynth.report.views import SynthesisView, group, places_of_table

_ESTIMATES = (
    *("pooled/estimates.csv", "pooled/weights.csv", "pooled/leave_one_out.csv", "bayes/estimates.csv"),
    *("bayes/studies.csv", "bayes/sensitivity.csv", "bayes/diagnostics.csv", "effects/paired.csv"),
    *("quality/findings.csv", "pooled/regression.csv", "pooled/subgroups.csv", "pooled/multiverse_summary.csv"),
    *("bayes/averaged.csv", "bayes/adjusted.csv", "quality/informed.csv"),
)


def methods_blocks(ledger: Ledger, views: list[SynthesisView]) -> Iterator[Block]:
    """Yield the conversions, formulas and priors that were really used."""
    folder = ledger.folder
    yield Heading(text("Methods"))
    yield Paragraph(text("This section lists what was really run for this document."))
    steps = group(places_of_table(folder, "effects/steps.csv"), "name", "formula")
    rows = [(first.row["name"], Run(first.row["formula"], "code"), _source(first.row)) for first, *_ in steps.values()]
    if rows:
        caption = "Conversions from the reported figures to effects that were used."
        yield table(caption, ("Step", "Formula", "Source, or reason"), rows, (2, 4, 2), "lll")
    turned = "Differences of outcomes where more is better have their sign turned, so that negative favours the "
    yield Paragraph(text(turned, "treatment; ratios are not turned."))
    rows = [(item.what, Run(item.text, "code"), item.citation) for item in _formulas(folder)]
    yield table("Formulas of the estimates.", ("What", "Formula", "Source"), rows, (2, 4, 2), "lll")
    yield from _priors(ledger, views)
    rounding = "Tables hold every number with twelve significant digits; only documents round. Ratios and differences "
    rounding += "have two decimals, and more where rounding would put a limit onto the value of no difference; facts "
    yield Paragraph(text(strong("Rounding. "), rounding, "are shown as they were printed in their source."))


def _source(row: Mapping[str, str]) -> str:
    return "" if row["source"] == "-" else row["source"]


def _formulas(folder: ResultsFolder) -> list[Formula]:
    """Return the formulas of every method that gave a number."""
    found: dict[Formula, None] = {}
    for name in _ESTIMATES:
        for row in folder.rows(name).values() if folder.knows(name) else ():
            if row.get("status") not in ("failed", "not_pooled", "empty"):
                found |= dict.fromkeys(formulas_of(name, row))
    return list(found)


def _priors(ledger: Ledger, views: list[SynthesisView]) -> Iterator[Block]:
    rows = []
    for view in views:
        if view.entry.get("pool"):
            names = ("effect_prior", "heterogeneity_prior", "odds_ratio_prior", "baseline_prior")
            cells = [_prior(view.entry.get(name)) for name in names]
            threshold = view.entry.get("minimal_important_difference") or {}
            value = threshold.get("value")
            said = text("" if value is None else f"{value} ", small(threshold.get("source", "")))
            rows.append((ledger.plan(f"{view.place}.title"), *cells, said))
    if rows:
        head = ("Question", "Effect", "Heterogeneity", "Heterogeneity of log odds ratios", "Baseline")
        head = (*head, "Minimal important difference")
        caption = "Priors and minimal important differences, with their sources."
        yield table(caption, head, rows, (1.8, 1.6, 2.1, 1.8, 1.3, 1.1), "llllll")


def _prior(prior: Mapping | None) -> Text:
    return text(prior["prior"], small(f" {prior['source']}")) if prior else text(DASH)
