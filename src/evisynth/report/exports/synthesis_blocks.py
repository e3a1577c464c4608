"""What a printed document says of one question of a review: the rows that the page shows, set as blocks."""

from collections.abc import Iterator

from evisynth.effects.measures import MEASURES
from evisynth.provenance.folder import ResultsFolder
from evisynth.report.exports.blocks import (
    Block,
    Bullets,
    Figure,
    Heading,
    Paragraph,
    Run,
    Table,
    Text,
    small,
    strong,
    text,
)
from evisynth.report.exports.further import further_blocks
from evisynth.report.exports.ledger import DASH, Ledger, closed, coded, gathered
from evisynth.report.exports.quality_blocks import certainty_blocks, risk_blocks
from evisynth.report.pictures import Picture
from evisynth.report.views import ARM_FIGURES, CONTRAST_FIGURES, WORDS, MeasureView, Place, SynthesisView

# What carries an argument of the text; the other figures stay files beside the report.
_PRINTED = ("funnel", "bubble", "specification", "quality_informed")
FOREST = (
    "Squares are studies, their size the weight; diamonds are pooled estimates, filled for the headline; bars are "
    "prediction intervals."
)


def picture(folder: ResultsFolder, item: Picture, caption: object) -> list[Block]:
    """Return a figure, or nothing where its file is missing."""
    file = folder.path / "figures" / f"{item.name}.svg"
    alt = folder.rows("figures/index.csv")[item.name]["alt"]
    return [Figure(file, text(caption), alt)] if file.is_file() else []


def synthesis_blocks(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    """Yield everything about one question.

    Parameters
    ----------
    ledger : Ledger
        What prints the numbers.
    view : SynthesisView
        The question.
    """
    title = ledger.plan(f"{view.place}.title")
    yield Heading(text(title), 2)
    yield Paragraph(text(_scope(ledger, view)), "lead")
    if view.headline:
        yield Paragraph(gathered(text(_headline(ledger, view))), "notice")
    elif not view.pooled:
        reason = ledger.plan(f"{view.place}.reason") or "No study gives the figures."
        yield Paragraph(text(strong("Not pooled. "), reason), "notice")
    notes = view.entry.get("notes") or ()
    if notes:
        yield Bullets(tuple(text(note) for note in notes))
    for measure in view.measures:
        if measure.pooled:
            yield from _measure(ledger, view, measure)
    for item in view.pictures:
        if item.kind in _PRINTED:
            yield from picture(ledger.folder, item, ledger.folder.rows("figures/index.csv")[item.name]["title"])
    yield from _sensitivity(ledger, view)
    yield from _small_studies(ledger, view)
    yield from further_blocks(ledger, view)
    yield from risk_blocks(ledger, view)
    yield from certainty_blocks(ledger, view)
    yield from _left_out(ledger, view)
    for measure in view.measures:
        if measure.studies and (measure.planned or len(view.measures) == 1):
            yield _studies(ledger, view, measure)
    for place in view.paired:
        yield Paragraph(gathered(text(_paired(ledger, view, place))))
    yield from _reported(ledger, view)
    yield from _beside(ledger, view)


def _scope(ledger: Ledger, view: SynthesisView) -> Iterator[object]:
    role = view.entry["role"]
    yield strong(f"{'Table only' if role == 'table' else role.capitalize()}. ")
    words = ledger.plan(f"{view.place}.population")
    if view.entry.get("treatment"):
        words += f"; {view.sides.treatment} against {view.sides.comparator}"
    if view.entry.get("outcome"):
        name = ledger.folder.rows("outcomes.csv").get(view.entry["outcome"], {}).get("name", view.entry["outcome"])
        words += f"; outcome: {name} ({view.outcome_better} is better)"
    yield f"{words}."


def measure_name(measure: str) -> str:
    """Return a measure in words."""
    return MEASURES[measure].long_name if measure in MEASURES else measure


def _headline(ledger: Ledger, view: SynthesisView) -> Iterator[object]:
    place = view.headline
    assert place is not None
    yield strong(f"{measure_name(view.entry['measure']).capitalize()} ")
    yield ledger.estimate(place)
    yield from ("; ", ledger.num(place, "k"), " study" if place.row["k"] == "1" else " studies")
    if place.row.get("n"):
        yield from (", ", ledger.num(place, "n"), " people")
    yield f". Certainty: {view.level} ({view.means}). {view.says}"
    if view.surprise:
        yield " The prediction interval includes no difference: the next study could still lie on the other side."


def _measure(ledger: Ledger, view: SynthesisView, measure: MeasureView) -> Iterator[Block]:
    if len(view.measures) > 1:
        note = "" if measure.planned else " (not the plan's measure; beside it, never in its column)"
        yield Heading(text(measure.words.capitalize(), note), 3)
    if measure.planned:
        for item in measure.pictures:
            title = ledger.plan(f"{view.place}.title")
            yield from picture(ledger.folder, item, text("Forest plot: ", title, ". ", FOREST))
    rows, main = [], []
    for i, place in enumerate(measure.estimates):
        if place.row["headline"] == "yes":
            main.append(i)
        name = text(place.row["title"], small(" (headline)") if place.row["headline"] == "yes" else "")
        if place.row["status"] == "failed":
            rows.append((name, text("Failed its own checks; no number is shown: ", place.row["reason"])))
            continue
        benefit = ledger.num(place, "p_benefit") if place.row.get("p_benefit") else DASH
        figures = [ledger.num(place, column) for column in ("p", "tau", "i2")]
        rows.append(
            (
                name,
                ledger.num(place, "natural_estimate"),
                ledger.interval(place),
                ledger.interval(place, "pi"),
                *figures,
                benefit,
                ledger.num(place, "k"),
            )
        )
    level = f", intervals {float(measure.headline.row['level']) * 100:g} %" if _level(measure) else ""
    head = ("Method", "Estimate", "Interval", "Prediction interval", "p", "τ", "I², %", "P(better)", "k")
    yield coded(
        ledger,
        f"Estimates of the {measure.words or 'synthesis'}, both schools in the same columns{level}. P(better): "
        f"probability that {view.sides.treatment} does better.",
        head,
        rows,
        (2.6, 0.8, 1.3, 1.3, 0.65, 0.65, 0.55, 0.75, 0.35),
        "lrrrrrrrr",
        main,
    )
    yield from _heterogeneity(ledger, measure)


def _level(measure: MeasureView) -> bool:
    return measure.headline is not None and bool(measure.headline.row.get("level"))


def _heterogeneity(ledger: Ledger, measure: MeasureView) -> Iterator[Block]:
    place = measure.random
    if place is None:
        if measure.headline and measure.headline.row["status"] == "one_study":
            yield Paragraph(text(measure.headline.row["reason"], "."))
        return
    parts: list[object] = [strong("Heterogeneity "), f"({place.row['title']}): τ² = ", ledger.num(place, "tau2")]
    if place.row.get("tau2_ci_high"):
        limits = (ledger.num(place, "tau2_ci_low"), " to ", ledger.num(place, "tau2_ci_high"))
        parts += [" (Q-profile interval ", *limits, ")"]
    parts += ["; I² = ", ledger.num(place, "i2"), " %; Q = ", ledger.num(place, "q"), " on ", ledger.num(place, "q_df")]
    parts += [" degree" if place.row["q_df"] == "1" else " degrees", " of freedom, p = ", ledger.num(place, "q_p"), "."]
    if place.row["k"] == "2":
        parts.append(" With two studies none of this can be told apart from chance.")
    if measure.guarded:
        scale = ledger.num(measure.guarded, "hksj_scale")
        parts += [" The safeguard of the Hartung-Knapp interval acted here: q = ", scale, " was set to one."]
    yield Paragraph(gathered(text(parts)))
    if measure.checked and measure.planned:
        rows = [
            (
                place.row["title"],
                *(ledger.num(place, name) for name in ("rhat_max", "ess_bulk_min", "divergences")),
                place.row["gate"],
                _priors(place),
            )
            for place in measure.checked
        ]
        head = ("Fit", "R-hat, largest", "Effective sample size", "Divergences", "Checks", "Priors")
        widths = (2.0, 0.8, 0.9, 0.9, 0.7, 3.0)
        yield coded(ledger, "Priors, and checks of the sampled fits.", head, rows, widths, "lrrrll")


def _priors(place: Place) -> str:
    named = (("τ", "tau_prior"), ("μ", "mu_prior"), ("baseline", "baseline_prior"))
    return "; ".join(f"{name}: {place.row[column]}" for name, column in named if place.row.get(column))


def _sensitivity(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    if not (view.sensitivity or view.priors or view.leave_one_out):
        return
    yield Heading(text("Sensitivity"), 3)
    if view.sensitivity:
        rows = [("nothing: the plan", *_outcome(ledger, view.headline))] if view.headline else []
        rows += [(place.row["scenario_title"], *_outcome(ledger, place)) for place in view.sensitivity]
        head = ("What is changed", "Estimate (interval)", "Method", "k", "I², %")
        caption = "Sensitivity analyses of the plan, headline method of each."
        yield coded(ledger, caption, head, rows, (2.8, 1.9, 2.4, 0.4, 0.6), "lllrr", [0] if view.headline else [])
    if view.priors:
        rows = [
            (place.row["prior"], ledger.estimate(place), ledger.num(place, "tau"), ledger.num(place, "p_benefit"))
            for place in view.priors
        ]
        main = [i for i, place in enumerate(view.priors) if place.row["planned"] == "yes"]
        head = ("Prior of τ", "Estimate (interval)", "τ", "P(better)")
        caption = "The exact posterior under other priors of the heterogeneity; the plan's stands out."
        yield coded(ledger, caption, head, rows, (3, 2.2, 1, 1), "llrr", main)
    if view.leave_one_out:
        rows = [
            (place.row["label"], ledger.estimate(place), ledger.num(place, "i2"), ledger.num(place, "k"))
            for place in view.leave_one_out
        ]
        head = ("Left out", "Estimate (interval)", "I², %", "k")
        yield coded(ledger, "The headline estimate without each study in turn.", head, rows, (3, 2.2, 1, 1), "llrr")


def _outcome(ledger: Ledger, place: Place) -> tuple[object, ...]:
    said = ledger.estimate(place) if place.row.get("natural_estimate") else text(place.row.get("reason", ""))
    return said, place.row["title"], ledger.num(place, "k"), ledger.num(place, "i2")


def _small_studies(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    if not view.tests:
        return
    yield Heading(text("Small-study effects"), 3)
    if view.tests[0].row["advised"] != "yes":
        yield Paragraph(text("Not advised here: ", view.tests[0].row["advice"], "."))
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


def _left_out(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    if not view.left_out:
        return
    rows = [
        (
            place.row["label"],
            text(place.row["reason"], small(f" ({place.row['kind']})")),
            text(place.row["direction"] or "not known", Run("", trace=ledger.code(place.table, place.key))),
        )
        for place in view.left_out
    ]
    head = ("Study", "Why", "Direction of its result")
    caption = "Studies that belong to the question but not to the estimate."
    yield coded(ledger, caption, head, rows, (1.5, 4, 2), "lll")


def _studies(ledger: Ledger, view: SynthesisView, measure: MeasureView) -> Table:
    rows = [
        (
            place.row["label"],
            _arm(ledger, place, "_1"),
            _arm(ledger, place, "_2"),
            ledger.estimate(place),
            _weight(ledger, measure, place),
            text(place.row["status"], small(f" {place.row['unconfirmed']}") if place.row["unconfirmed"] else ""),
            text(place.row["rule"], _noted(place)),
        )
        for place in measure.studies
    ]
    head = ("Study", view.sides.treatment, view.sides.comparator, f"{measure.words.capitalize()} (interval)")
    head = (*head, "Weight, %", "Read as", "How it was computed")
    widths = (1.5, 1.3, 1.3, 1.7, 0.75, 1.2, 2.4)
    caption = f"The studies: what they reported and what was made of it ({measure.words})."
    return coded(ledger, caption, head, rows, widths, "lrrlrll")


def _noted(place: Place) -> str:
    assumed = f"; assumes {place.row['assumptions']}" if place.row["assumptions"] else ""
    return assumed + (f"; {place.row['note']}" if place.row["note"] else "")


def _arm(ledger: Ledger, place: Place, end: str) -> Text:
    def num(name: str) -> Text:
        return ledger.num(place, name + end)

    row = place.row
    if row.get(f"events{end}"):
        return text(num("events"), " of ", num("n"))
    if row.get(f"mean{end}"):
        sd = (" (SD ", num("sd"), ")") if row.get(f"sd{end}") else ()
        return text(num("mean"), sd, (", n = ", num("n")) if row.get(f"n{end}") else ())
    return text("n = ", num("n")) if row.get(f"n{end}") else text(DASH)


def _weight(ledger: Ledger, measure: MeasureView, place: Place) -> Text:
    key = f"{measure.headline.key}:{place.row['study_id']}" if measure.headline else ""
    if key not in ledger.folder.rows("pooled/weights.csv"):
        return text(DASH)
    # the weight stands in the row of its study: the code of the effect leads to both
    return ledger.number("pooled/weights.csv", key, "weight")


def _paired(ledger: Ledger, view: SynthesisView, place: Place) -> Iterator[object]:
    def num(column: str) -> Text:
        return ledger.num(place, column)

    one, two = view.sides.treatment, view.sides.comparator
    yield strong(f"{place.row['label']}: ")
    yield from (num("events_1"), " of ", num("n"), f" people responded under {one}, ")
    yield from (num("events_2"), f" of the same people under {two}. Risk ratio ", ledger.estimate(place))
    yield "; how many responded under both is not known, and "
    yield from (num("tables"), " paired tables fit these margins: over all of them the risk difference is ", num("rd"))
    yield from (", its interval lies within ", num("rd_ci_low_min"), " to ", num("rd_ci_high_max"))
    yield from (", and p within ", num("p_min"), " to ", num("p_max"), ".")


def _reported(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    if not view.reported:
        return
    names = {item["id"]: item["name"] for item in ledger.folder.plan.get("treatments", ())}
    rows = []
    for place in view.reported:
        row = place.row
        who = names.get(row["treatment"], row["treatment"])
        if not row.get("arm"):
            who += f" against {names.get(row['comparator'], row['comparator'])} ({row['statistic']})"
        outcome = ledger.folder.rows("outcomes.csv").get(row["outcome_id"], {}).get("name", row["outcome_id"])
        read = text(row["status"], "; ", row["locator"], small(f"; {row['note']}") if row["note"] else "")
        rows.append((ledger.study(row["study_id"]), outcome, who, _figures(ledger, place), read))
    head = ("Study", "Outcome", "Group or comparison", "Figures", "Read as, where, and note")
    yield coded(ledger, "What the studies reported, as it was read.", head, rows, (1.3, 1.6, 1.5, 1.7, 3), "lllll")


def _figures(ledger: Ledger, place: Place) -> Text:
    parts: list[object] = []
    for name in ARM_FIGURES if place.table == "arms.csv" else CONTRAST_FIGURES:
        if place.row.get(name):
            relation = f"{place.row['p_relation']} " if name == "p_value" and place.row.get("p_relation") else ""
            parts += ["; " if parts else "", f"{WORDS.get(name, name)} {relation}", ledger.num(place, name)]
    if parts:
        return text(parts)
    code = Run("", trace=ledger.code(place.table, place.key))
    favours = place.row.get("favours")
    return text(f"direction only: favours {favours}" if favours else "no figures", code)


def _beside(ledger: Ledger, view: SynthesisView) -> Iterator[Block]:
    if not view.beside:
        return
    rows = [
        (
            place.row["label"],
            place.row["outcome"],
            pool_value(ledger, place),
            *(ledger.num(place, name) for name in ("k", "n", "i2")),
            place.row["model"],
        )
        for place in view.beside
    ]
    head = ("Source", "Outcome", "Result (interval)", "Studies", "People", "I², %", "Model")
    caption = "What others have pooled, as published."
    yield coded(ledger, caption, head, rows, (1.8, 2, 2, 0.7, 0.8, 0.6, 1.6), "lllrrrl")


def pool_value(ledger: Ledger, place: Place) -> Text:
    """Print a pooled result of others."""
    if not place.row.get("value"):
        return text("no figure")
    limits: tuple = ()
    if place.row.get("ci_low") and place.row.get("ci_high"):
        limits = (" (", ledger.num(place, "ci_low"), " to ", closed(ledger.num(place, "ci_high")))
    return text(place.row["measure"], " ", ledger.num(place, "value"), limits)
