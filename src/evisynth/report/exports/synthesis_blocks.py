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
    Text,
    small,
    strong,
    text,
)
from evisynth.report.exports.further import further_blocks
from evisynth.report.exports.ledger import DASH, Ledger, closed, coded, gathered
from evisynth.report.exports.quality_blocks import certainty_blocks, risk_blocks
from evisynth.report.exports.sensitivity_blocks import sensitivity_blocks, small_study_blocks
from evisynth.report.pictures import Picture
from evisynth.report.views import ARM_FIGURES, CONTRAST_FIGURES, WORDS, MeasureView, Place, SynthesisView, group

# What carries an argument of the text, with the room that it may take; the other figures stay files.
_PRINTED = {"bubble": (360.0, 300.0), "funnel": (300.0, 250.0), "quality_informed": (380.0, 300.0)}
_MOST = (504.0, 600.0)
_PRINTED |= {"specification": (430.0, 360.0)}
FOREST = (
    "Squares are studies, their size the weight; diamonds are pooled estimates, filled for the headline; bars are "
    "prediction intervals."
)


def picture(
    folder: ResultsFolder,
    item: Picture,
    caption: object,
    most: tuple[float, float] | None = None,
    *,
    floats: bool = False,
) -> list[Block]:
    """Return a figure, or nothing where its file is missing."""
    file = folder.path / "figures" / f"{item.name}.svg"
    alt = folder.rows("figures/index.csv")[item.name]["alt"]
    return [Figure(file, text(caption), alt, most, floats)] if file.is_file() else []


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
        reason = ledger.plan(f"{view.place}.reason") or "no study gives the figures"
        yield Paragraph(text(strong("Not pooled: "), reason), "notice")
    notes = view.entry.get("notes") or ()
    if notes:
        yield Bullets(tuple(text(note) for note in notes))
    pooled = [measure for measure in view.measures if measure.pooled]
    main = [measure for measure in pooled if measure.planned] or pooled
    for measure in main:
        yield from _measure(ledger, view, measure)
    yield from _other_measures(ledger, view, [measure for measure in pooled if measure not in main])
    drawn = [item for item in view.pictures if item.kind in _PRINTED]
    if view.entry["role"] != "primary":
        # a page each: the others stand on the page, and as files
        drawn = [item for item in drawn if item.kind != "specification"]
    for item in drawn:
        title = ledger.folder.rows("figures/index.csv")[item.name]["title"]
        yield from picture(ledger.folder, item, title, _PRINTED[item.kind], floats=True)
    yield from sensitivity_blocks(ledger, view)
    yield from small_study_blocks(ledger, view)
    yield from further_blocks(ledger, view, {item.kind for item in drawn})
    yield from risk_blocks(ledger, view)
    yield from certainty_blocks(ledger, view)
    if not any(measure.pictures for measure in main):
        # the forest plot lists them
        yield from _left_out(ledger, view)
    for measure in view.measures:
        if measure.studies and (measure.planned or len(view.measures) == 1):
            yield from _studies(ledger, view, measure)
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
    # after the table, which fills the page that a tall figure leaves
    for item in measure.pictures:
        title = ledger.plan(f"{view.place}.title")
        behind = (" The rows of the studies: ", ledger.codes(measure.studies), ".") if measure.studies else ()
        yield from picture(ledger.folder, item, text("Forest plot: ", title, ". ", FOREST, behind), _MOST)


def _other_measures(ledger: Ledger, view: SynthesisView, measures: list[MeasureView]) -> Iterator[Block]:
    """Yield the headlines of both schools on measures that are not the plan's."""
    rows = []
    for measure in measures:
        for place in measure.estimates:
            if place.row["headline"] == "yes" and place.row.get("natural_estimate"):
                figures = [ledger.num(place, column) for column in ("tau", "i2")]
                rows.append(
                    (
                        measure.words.capitalize(),
                        place.row["title"],
                        ledger.estimate(place),
                        ledger.interval(place, "pi"),
                        *figures,
                        ledger.num(place, "p_benefit") if place.row.get("p_benefit") else DASH,
                    )
                )
    if rows:
        head = ("Measure", "Method", "Estimate (interval)", "Prediction interval", "τ", "I², %", "P(better)")
        caption = "The same studies on other measures than the plan's: beside it, never in its column."
        yield coded(ledger, caption, head, rows, (1.1, 2.6, 1.8, 1.4, 0.6, 0.6, 0.8), "lllrrrr")


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
    sampled = [place for place in measure.checked if place.row["gate"] in ("passed", "failed")]
    if sampled:
        yield Paragraph(gathered(text([_checked(ledger, place) for place in sampled])))


def _checked(ledger: Ledger, place: Place) -> Text:
    """Say how the chains of a sampled fit did."""
    said = [f"{place.row['title']}: R-hat at most ", ledger.num(place, "rhat_max"), ", effective sample size at least "]
    said += [ledger.num(place, "ess_bulk_min"), ", divergences ", ledger.num(place, "divergences")]
    return text(said, f": checks {place.row['gate']}. ")


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


def _studies(ledger: Ledger, view: SynthesisView, measure: MeasureView) -> Iterator[Block]:
    """Yield what became of the studies' figures; a forest plot shows those that were taken as they stand."""
    shown = measure.studies
    if measure.pictures:
        shown = tuple(
            place for place in shown if any(place.row[name] for name in ("assumptions", "note", "unconfirmed"))
        )
    if not shown:
        return
    rows = [
        (
            place.row["label"],
            _arm(ledger, place, "_1"),
            _arm(ledger, place, "_2"),
            ledger.estimate(place),
            _weight(ledger, measure, place),
            text(place.row["status"], small(f" {ledger.say(place, 'unconfirmed')}".rstrip())),
            text(place.row["rule"], _noted(place)),
        )
        for place in shown
    ]
    head = ("Study", view.sides.treatment, view.sides.comparator, f"{measure.words.capitalize()} (interval)")
    head = (*head, "Weight, %", "Read as", "How it was computed")
    widths = (1.9, 1.2, 1.2, 1.8, 0.75, 1.2, 2.6)
    some = (
        "The studies" if len(shown) == len(measure.studies) else "Studies whose figures needed a step or carry a note"
    )
    caption = f"{some}: what they reported and what was made of it ({measure.words})."
    yield coded(ledger, caption, head, rows, widths, "lrrlrll")


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
    """Yield what the studies reported: the groups of a study and outcome share a row."""
    if not view.reported:
        return
    rows = []
    for told in group(view.reported, "study_id", "outcome_id").values():
        study, outcome = (told[0].row[name] for name in ("study_id", "outcome_id"))
        name = ledger.folder.rows("outcomes.csv").get(outcome, {}).get("name", outcome)
        figures = [(strong(f"{_who(ledger, place)}: "), _figures(ledger, place)) for place in told]
        read = dict.fromkeys("; ".join((place.row["status"], place.row["locator"])) for place in told)
        lines = [part for i, figure in enumerate(figures) for part in (". " if i else "", *figure)]
        rows.append((ledger.study(study), name, text(lines), " / ".join(read)))
    head = ("Study", "Outcome", "Group or comparison, and its figures", "Read as, and where")
    caption = "What the studies reported, as it was read; notes stand on the page and in the workbook."
    yield coded(ledger, caption, head, rows, (1.5, 1.9, 5, 1.9), "llll")


def _who(ledger: Ledger, place: Place) -> str:
    """Return which group or comparison a row is of."""
    names = {item["id"]: item["name"] for item in ledger.folder.plan.get("treatments", ())}
    row = place.row
    who = names.get(row["treatment"], row["treatment"])
    if not row.get("arm"):
        who += f" against {names.get(row['comparator'], row['comparator'])} ({row['statistic']})"
    return who + (f", {ledger.say(place, 'variant')}" if row.get("variant") else "")


def _figures(ledger: Ledger, place: Place) -> Text:
    parts: list[object] = []
    for name in ARM_FIGURES if place.table == "arms.csv" else CONTRAST_FIGURES:
        if place.row.get(name):
            relation = f" {ledger.say(place, 'p_relation')}" if name == "p_value" else ""
            parts += [
                "; " if parts else "",
                f"{WORDS.get(name, name)}{relation}".rstrip(),
                " ",
                ledger.num(place, name),
            ]
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
