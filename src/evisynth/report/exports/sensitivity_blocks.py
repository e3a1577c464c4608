"""How firm a headline is, in print: other choices, other priors, single studies left out, small studies."""

from collections.abc import Iterator

from evisynth.naming import prior_words
from evisynth.report.exports.blocks import Block, Heading, Paragraph, Table, Text, text
from evisynth.report.exports.ledger import Ledger, coded, gathered
from evisynth.report.views import Place, SynthesisView


def sensitivity_blocks(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    """Yield what other choices, other priors and leaving out single studies do to the headline.

    Parameters
    ----------
    ledger : Ledger
        What prints the numbers.
    view : SynthesisView
        The question.
    """
    if not (view.sensitivity or view.priors or view.leave_one_out or view.deeper.paths):
        return
    yield Heading(text("Sensitivity"), 3)
    if view.sensitivity:
        rows = [("nothing: the plan", *_outcome(ledger, view.headline))] if view.headline else []
        rows += [(place.row["scenario_title"], *_outcome(ledger, place)) for place in view.sensitivity]
        head = ("What is changed", "Estimate (interval)", "Method", "k", "I², %")
        caption = "Sensitivity analyses of the plan, headline method of each."
        yield coded(ledger, caption, head, rows, (2.8, 1.9, 2.4, 0.4, 0.6), "lllrr", [0] if view.headline else [])
    words = [*_left_out_in_turn(ledger, view.leave_one_out), *_other_priors(ledger, view), *_paths(ledger, view)]
    if words:
        yield Paragraph(gathered(text(words)))
    if view.priors and not view.deeper.surface:
        yield _priors_table(ledger, view)


def _priors_table(ledger: Ledger, view: SynthesisView) -> Table:
    rows = [
        (
            prior_words(place.row["prior"]),
            *(ledger.estimate(place), ledger.num(place, "tau"), ledger.num(place, "p_benefit")),
        )
        for place in view.priors
    ]
    main = [i for i, place in enumerate(view.priors) if place.row["planned"] == "yes"]
    head = ("Prior of τ", "Estimate (interval)", "τ", "P(better)")
    caption = "The exact posterior under other priors of the heterogeneity; the plan's stands out."
    return coded(ledger, caption, head, rows, (3, 2.2, 1, 1), "llrr", main)


def _left_out_in_turn(ledger: Ledger, places: tuple[Place, ...]) -> Iterator[object]:
    """Yield the smallest and the largest estimate without one study; the whole table stands on the page."""
    told = sorted((p for p in places if p.row.get("natural_estimate")), key=lambda p: float(p.row["natural_estimate"]))
    if not told:
        return
    yield "Leaving out one study at a time, the estimate lies between "
    yield from (ledger.estimate(told[0]), f" without {told[0].row['label']} and ")
    yield from (ledger.estimate(told[-1]), f" without {told[-1].row['label']}. ")


def _other_priors(ledger: Ledger, view: SynthesisView) -> Iterator[object]:
    """Yield how far the exact posterior moves over the surface of priors."""
    surface = view.deeper.surface
    if not surface:
        return
    yield "Under every prior of τ and μ on the surface, the exact posterior mean lies between "
    yield from (ledger.num(surface[0], "natural_estimate"), " and ", ledger.num(surface[-1], "natural_estimate"))
    yield f"; its interval includes no difference under {view.deeper.surface_words}. "


def _paths(ledger: Ledger, view: SynthesisView) -> Iterator[object]:
    """Yield what all defensible paths of analysis say together."""
    place = view.deeper.paths
    if place is None:
        return

    def num(column: str) -> Text:
        return ledger.num(place, column)

    yield from ("Of ", num("paths"), " defensible paths through the analysis, ", num("favour_treatment_percent"))
    yield from (f" % favour {view.sides.treatment}, and the interval of ", num("exclude_null_percent"))
    yield from (" % excludes no difference; on the planned measure they reach from ", num("natural_lowest"), " to ")
    yield from (num("natural_highest"), ", with a median of ", num("natural_median"), ".")


def _outcome(ledger: Ledger, place: Place) -> tuple[object, ...]:
    said = ledger.estimate(place) if place.row.get("natural_estimate") else text(place.row.get("reason", ""))
    return said, place.row["title"], ledger.num(place, "k"), ledger.num(place, "i2")


def small_study_blocks(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    """Yield tests and models of small-study effects, where they are advised, and studies with much influence."""
    if view.tests:
        yield Heading(text("Small-study effects"), 3)
        if view.tests[0].row["advised"] == "yes":
            yield from _small_study_tables(ledger, view)
        else:
            words = f"Not advised here: {view.tests[0].row['advice']}. What the tests would say stands on the page."
            yield Paragraph(text(words))
    yield from _influence(ledger, view)


def _small_study_tables(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    rows: list[tuple] = []
    for place in view.tests:
        why = text(place.row["applicable"], f": {place.row['why_not']}" if place.row["why_not"] else "")
        if place.row["statistic"]:
            said = text(place.row["statistic_name"], " = ", ledger.num(place, "statistic"))
            rows.append((place.row["title"], said, ledger.num(place, "p"), ledger.num(place, "k"), why))
    if rows:
        head = ("Test", "Statistic", "p", "k", "Does it apply")
        yield coded(ledger, "Tests of small-study effects.", head, rows, (2.2, 1.3, 0.8, 0.5, 3), "llrrl")
    chosen = [place for place in view.selection if place.row["natural_estimate"]]
    if chosen:
        rows = [("none: the headline", ledger.estimate(view.headline), "", "")] if view.headline else []
        rows += [
            (
                place.row["title"],
                ledger.estimate(place),
                ledger.num(place, "k0") if place.row["k0"] else "",
                place.row["reason"],
            )
            for place in chosen
        ]
        head = ("Model", "Estimate (interval)", "Filled in", "Remark")
        caption = "Estimates under models of selective publication."
        yield coded(ledger, caption, head, rows, (2.6, 2, 0.8, 2.4), "llrl", [0] if view.headline else [])


def _influence(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    if not view.influence:
        return
    found = [place for place in view.influence if place.row["influential"] == "yes"]
    if not found:
        yield Paragraph(text("No study has much influence by the limits of DFFITS, Cook's distance and hat values."))
        return
    names = ("residual", "cooks_distance", "dffits", "weight", "estimate_without")
    rows = [(place.row["label"], *(ledger.num(place, name) for name in names)) for place in found]
    head = ("Study", "Standardised residual", "Cook's distance", "DFFITS", "Weight, %", "Estimate without it")
    caption = "Studies with much influence; the estimate without each is on the scale of the analysis."
    yield coded(ledger, caption, head, rows, (2.4, 1.2, 1, 1, 1, 1.2), "lrrrrr")
