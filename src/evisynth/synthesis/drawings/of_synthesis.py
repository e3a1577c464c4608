"""The figures of one synthesis."""

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from evisynth.figures import (
    averaging,
    bubble,
    counts_plots,
    curves,
    forest,
    forest_frame,
    forest_groups,
    funnel,
    influence,
    multiverse,
    prior_surface,
    quality_informed,
    risk_bars,
    series,
    series_bayes,
)
from evisynth.figures.frames import chosen, rows_of, text, texts
from evisynth.figures.risk_levels import NOT_ASSESSED
from evisynth.review.folder import Review
from evisynth.review.plan import Synthesis
from evisynth.synthesis.drawings.drawing import Drawing
from evisynth.synthesis.drawings.kinds import KINDS, wanted
from evisynth.synthesis.layout import measures_of
from evisynth.synthesis.risk import chosen_judgements, judgement_key, overall_judgements

Tables = Mapping[str, pd.DataFrame]


def forests(review: Review, synthesis: Synthesis, tables: Tables) -> Iterator[Drawing]:
    """Yield a forest plot for every measure of a synthesis.

    Parameters
    ----------
    review : Review
        The checked review.
    synthesis : Synthesis
        Its synthesis.
    tables : mapping of str to pandas.DataFrame
        As `read_tables` gives them.
    """
    names = ("effects", "estimates", "weights", "bayes", "pools", "judgements", "left_out", "outcomes")
    given = {name: tables[name] if len(tables[name]) else None for name in names}
    given["judgements"] = _that_count(synthesis, tables)
    for measure in measures_of(synthesis) or ("",):
        frame = forest_frame.forest_frame(
            synthesis,
            measure,
            **given,
            treatments=_names(review),
            studies=tables["studies"],
            paired=tables["paired"],
        )
        extra = "" if measure in ("", synthesis.measure) else f"_{measure.lower()}"
        name = f"forest_{synthesis.id}{extra}"
        yield _forest(synthesis, name, frame)
        for subgroup in synthesis.subgroups if measure == synthesis.measure else ():
            groups = forest_groups.grouped_frame(frame, tables["subgroups"], tables["moderators"], subgroup)
            if len(groups):
                yield _forest(synthesis, f"{name}_by_{subgroup}", groups)


def _that_count(synthesis: Synthesis, tables: Tables) -> pd.DataFrame | None:
    """Return the judgements that the rating of the synthesis rests on, one tool and aim per study."""
    judgements, effects = tables["judgements"], tables["effects"]
    if not len(judgements) or not len(effects):
        return None
    names = dict.fromkeys(effects.loc[effects["synthesis"] == synthesis.id, "study_id"])
    found = chosen_judgements(synthesis, names, overall_judgements(judgements))
    keys = {choice.judgement.key for choice in found.values() if choice.judgement}
    return judgements[[judgement_key(row, "overall") in keys for row in judgements.to_dict("records")]]


def _forest(synthesis: Synthesis, name: str, frame: pd.DataFrame) -> Drawing:
    title = frame["title"].iloc[0] or synthesis.title
    return Drawing(name, "forest", synthesis.id, title, frame, forest.plot_forest, forest.alt_text)


def figures_of(review: Review, synthesis: Synthesis, tables: Tables) -> Iterator[Drawing]:
    """Yield every other figure that the tables can fill for a pooled synthesis; see `KINDS`.

    Parameters
    ----------
    review, synthesis, tables
        As in `forests`.
    """
    key = (synthesis.id, synthesis.measure)
    studies = chosen(tables["effects"], synthesis=key[0], measure=key[1])
    origins = tuple(f"effects/effects.csv:{key[0]}:{key[1]}:{study}" for study in studies.get("study_id", ()))
    for kind, (module, plot, frames) in _MAKERS.items():
        if not wanted(kind, len(studies)):
            continue
        rule = KINDS[kind]
        title = f"{synthesis.title}: {rule.words}"
        for extra, frame in frames(review, synthesis, tables, key, title):
            if len(frame):
                yield Drawing(
                    "_".join(part for part in (kind, synthesis.id, extra) if part),
                    _KIND.get(kind, kind),
                    synthesis.id,
                    title,
                    frame,
                    plot,
                    module.alt_text,
                    rule.on_page,
                    origins if frame["from"].nunique() > _MOST_ORIGINS else (),
                )


# A figure of more rows is drawn from too many to list: its row of the index leads to the studies.
_MOST_ORIGINS = 60
Frames = Iterator[tuple[str, pd.DataFrame]]


def _names(review: Review) -> dict[str, str]:
    return {treatment.id: treatment.name for treatment in review.plan.treatments}


def _series(frame: Callable, *names: str) -> Callable:
    """Return a maker of one frame from tables by name, the synthesis, its measure and a title."""

    def make(_review, _synthesis, tables: Tables, key, title: str) -> Frames:
        if len(tables[names[0]]):
            yield "", frame(*(tables[name] for name in names), *key, title=title)

    return make


def _funnel(_review, _synthesis, tables: Tables, key, title: str) -> Frames:
    filled = tables["filled"] if len(tables["filled"]) else None
    yield "", funnel.funnel_frame(tables["effects"], tables["estimates"], *key, filled=filled, title=title)


def _labbe(review: Review, synthesis: Synthesis, tables: Tables, key, title: str) -> Frames:
    names = _names(review)
    heads = (names.get(synthesis.treatment, "treatment"), names.get(synthesis.comparator, "comparison"))
    yield "", counts_plots.labbe_frame(tables["effects"], tables["estimates"], *key, heads=heads, title=title)


def _gosh(_review, _synthesis, tables: Tables, key, title: str) -> Frames:
    studies = texts(chosen(tables["effects"], synthesis=key[0], measure=key[1]), "label")
    if len(tables["gosh"]):
        yield "", multiverse.gosh_frame(tables["gosh"], *key, studies=studies, title=title)


def _bubbles(_review, synthesis: Synthesis, tables: Tables, key, title: str) -> Frames:
    headline = rows_of(chosen(tables["estimates"], synthesis=key[0], measure=key[1], headline="yes"))[:1]
    for moderator in synthesis.moderators:
        if len(chosen(tables["lines"], synthesis=key[0], measure=key[1], moderator=moderator)):
            yield (
                moderator,
                bubble.bubble_frame(
                    tables["effects"], tables["moderators"], tables["lines"], *key, moderator,
                    weights=tables["weights"], method=text(headline[0], "method") if headline else "",
                    title=f"{title} by {moderator.replace('_', ' ')}",
                ),
            )  # fmt: skip


def _paths(_review, _synthesis, tables: Tables, key, title: str) -> Frames:
    own = chosen(tables["multiverse"], synthesis=key[0])
    if len(own):
        found = chosen(own, panel=_panel(own, key[1]))
        names = list(own.columns)
        choices = names[names.index("panel") + 1 : names.index("differs")]
        choices = [name for name in choices if len(set(texts(found, name))) > 1]
        yield "", multiverse.specification_frame(own, choices, *key, title=title)


def _panel(paths: pd.DataFrame, measure: str) -> str:
    return next(iter(texts(chosen(paths, measure=measure), "panel")), "")


def _predictive(_review, _synthesis, tables: Tables, key, title: str) -> Frames:
    checks = chosen(tables["checks"], synthesis=key[0], measure=key[1])
    for method in dict.fromkeys(texts(checks, "method")):
        extra = "" if method == "bayes_normal" else method.removeprefix("bayes_")
        yield extra, series_bayes.predictive_frame(checks, *key, method=method, title=title)


def _densities(_review, _synthesis, tables: Tables, key, title: str) -> Frames:
    for parameter, extra, words in (("mu", "", "the mean effect"), ("tau", "tau", "the heterogeneity")):
        yield (
            extra,
            curves.prior_posterior_frame(tables["densities"], *key, parameter=parameter, title=f"{title}: {words}"),
        )


def _probabilities(_review, synthesis: Synthesis, tables: Tables, key, title: str) -> Frames:
    note = "Towards benefit: how probable it is that the effect lies beyond each value."
    source = synthesis.minimal_important_difference.source
    if synthesis.minimal_important_difference.value is not None and source:
        note += f" Minimal important difference: {source}."
    yield "", curves.probability_frame(tables["probabilities"], *key, title=title, note=note)


def _informed(_review, _synthesis, tables: Tables, key, title: str) -> Frames:
    frame = quality_informed.quality_informed_frame(tables["informed"], *key, title=title)
    if frame["natural_estimate"].notna().sum() > 1:  # beside the headline something else could be estimated
        yield "", frame


def _risk_weights(_review, _synthesis, tables: Tables, key, title: str) -> Frames:
    frame = risk_bars.risk_weights_frame(tables["risk_weights"], *key, title=title)
    if set(texts(frame, "level")) - {NOT_ASSESSED}:
        yield "", frame


# Parts inside an SVG carry the name of what draws them, where two sorts of figures share it.
_KIND = {"risk_weights": "risk_bars"}
# kind -> the module with its words, the function that draws it, the frames (name's end, frame) from the tables
_MAKERS: dict[str, tuple] = {
    "leave_one_out": (series, series.plot_series, _series(series.leave_one_out_frame, "leave_one_out", "estimates")),
    "cumulative": (series, series.plot_series, _series(series.cumulative_frame, "cumulative", "estimates")),
    "funnel": (funnel, funnel.plot_funnel, _funnel),
    "prior_sensitivity": (series, series.plot_series, _series(series_bayes.prior_sensitivity_frame, "priors")),
    "shrinkage": (series, series.plot_series, _series(series_bayes.shrinkage_frame, "shrinkage", "effects", "bayes")),
    "influence": (influence, influence.plot_influence, _series(influence.influence_frame, "influence")),
    "baujat": (influence, influence.plot_baujat, _series(influence.influence_frame, "influence")),
    "gosh": (multiverse, multiverse.plot_gosh, _gosh),
    "quality_informed": (quality_informed, quality_informed.plot_quality_informed, _informed),
    "risk_weights": (risk_bars, risk_bars.plot_risk_bars, _risk_weights),
    "averaging": (averaging, averaging.plot_averaging, _series(averaging.averaging_frame, "averaging", "averaged")),
    "bubble": (bubble, bubble.plot_bubble, _bubbles),
    "specification": (multiverse, multiverse.plot_specification, _paths),
    "prior_surface": (
        prior_surface,
        prior_surface.plot_prior_surface,
        _series(prior_surface.prior_surface_frame, "prior_surface"),
    ),
    "predictive": (series, series.plot_series, _predictive),
    "prior_posterior": (curves, curves.plot_curves, _densities),
    "probability": (curves, curves.plot_curves, _probabilities),
    "labbe": (counts_plots, counts_plots.plot_labbe, _labbe),
    "radial": (counts_plots, counts_plots.plot_radial, _series(counts_plots.radial_frame, "effects", "estimates")),
    "drapery": (curves, curves.plot_curves, _series(curves.drapery_frame, "effects", "estimates")),
    "caterpillar": (series, series.plot_series, _series(series.caterpillar_frame, "effects", "estimates")),
}
