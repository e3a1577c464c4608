"""The frame of a forest plot: which rows it has, taken from the tables of results."""

from collections.abc import Iterable, Mapping

import pandas as pd

from evisynth.effects.measures import find_measure
from evisynth.figures.forest_beside import beside_rows, scale_of
from evisynth.figures.frames import axis_columns, chosen, framed, rows_of, text, value
from evisynth.figures.risk_levels import worst

NATURAL = (
    "natural_estimate",
    "natural_ci_low",
    "natural_ci_high",
    "natural_pi_low",
    "natural_pi_high",
)
COUNTS = ("events_1", "n_1", "events_2", "n_2", "mean_1", "sd_1", "mean_2", "sd_2")
HETEROGENEITY = ("tau2", "tau2_ci_low", "tau2_ci_high", "i2", "q", "q_df", "q_p")
FIGURE = (
    "synthesis",
    "measure",
    "title",
    "axis_label",
    "log_axis",
    "null_value",
    "left_words",
    "right_words",
    "head_1",
    "head_2",
)
COLUMNS = (
    "row",
    "block",
    "study_id",
    "method",
    "label",
    "words",
    "status",
    "paired",
    "group",
    "small",
    "unconfirmed",
    "k",
    "n",
    *COUNTS,
    *NATURAL,
    "level",
    "weight",
    "risk_of_bias",
    *HETEROGENEITY,
    *FIGURE,
    "from",
)
# Short names for a column of labels; the full ones are the titles in pooled/estimates.csv.
METHODS = {
    "common": "Common effect",
    "dl_wald": "DerSimonian–Laird, Wald",
    "reml_wald": "REML, Wald",
    "reml_hksj": "REML, Hartung–Knapp",
    "reml_hksj_safe": "REML, Hartung–Knapp, max(1, q)",
    "bayes_exact": "Bayes, exact (normal–normal)",
    "bayes_normal": "Bayes, sampled (normal–normal)",
    "bayes_binomial": "Bayes, sampled (binomial–normal)",
    "bayes_hierarchy": "Bayes, hierarchical by condition",
    "between": "Test for subgroup differences",
}
_TURNED = ("MD", "SMD")
STUDY_LEVEL = 0.95  # of the intervals in effects/effects.csv
# Trials this small show larger effects than large ones (Dechartres et al. 2013, BMJ 346:f2304), so they are marked.
SMALL_STUDY = 50


def forest_frame(
    synthesis,
    measure: str = "",
    *,
    effects: pd.DataFrame,
    estimates: pd.DataFrame,
    weights: pd.DataFrame | None = None,
    bayes: pd.DataFrame | None = None,
    pools: pd.DataFrame | None = None,
    judgements: pd.DataFrame | None = None,
    left_out: pd.DataFrame | None = None,
    outcomes: pd.DataFrame | None = None,
    treatments: Mapping[str, str] | None = None,
    studies: pd.DataFrame | None = None,
    paired: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Collect what a forest plot shows.

    Parameters
    ----------
    synthesis : evisynth.review.plan.Synthesis
        The synthesis, as planned.
    measure : str
        Its measure, e.g. ``RR``; blank for a synthesis that has none, which gives a frame that says why
        nothing is pooled.
    effects, estimates, weights : pandas.DataFrame
        ``effects/effects.csv``, ``pooled/estimates.csv``, ``pooled/weights.csv``; rows of other syntheses are
        passed over.
    bayes : pandas.DataFrame, optional
        ``bayes/estimates.csv``.
    pools : pandas.DataFrame, optional
        ``published_pools.csv`` (checked); those the plan names under ``beside`` are shown.
    judgements : pandas.DataFrame, optional
        ``quality/judgements.csv``; without it every study reads ``not assessed``.
    left_out : pandas.DataFrame, optional
        ``effects/left_out.csv``.
    outcomes : pandas.DataFrame, optional
        ``outcomes.csv`` (checked), for the direction of benefit.
    treatments : mapping of str to str, optional
        Names of the treatments in words, by id.
    studies, paired : pandas.DataFrame, optional
        ``studies.csv`` (checked) and ``effects/paired.csv``: what a synthesis without a pool concerns.

    Returns
    -------
    pandas.DataFrame
        One row per row of the plot, columns `COLUMNS`. ``block`` is ``study``, ``summary`` (frequentist; the
        headline has ``status`` ``headline``), ``bayes``, ``beside``, ``left_out``,
        ``concerned``, ``paired`` or ``note``. Numbers are on
        the scale of the axis (``natural_*``), weights in per cent. ``from`` names the rows of the tables.
    """
    key = {"synthesis": synthesis.id, "measure": measure}
    pooled = rows_of(chosen(estimates, **key)) or rows_of(chosen(estimates, synthesis=synthesis.id))[:1]
    headline = next((row for row in pooled if text(row, "headline") == "yes"), pooled[0] if pooled else {})
    rows = _studies(synthesis, chosen(effects, **key), chosen(weights, **key), judgements, headline)
    rows += [_summary(row) for row in sorted(pooled, key=lambda row: text(row, "headline") != "yes")]
    rows += [_bayes(row) for row in rows_of(chosen(bayes, **key))]
    scale = measure or scale_of(synthesis, pools)
    rows += beside_rows(synthesis, scale, pools, _benefit(synthesis, outcomes))
    rows += _left_out(chosen(left_out, **key))
    if not any(row["block"] == "study" for row in rows):
        rows += _paired(synthesis, paired) or _concerned(synthesis, studies)
    if not rows:
        rows = [_nothing(synthesis)]
    figure = _figure(synthesis, scale, _benefit(synthesis, outcomes), treatments or {})
    return framed(({**row, **figure} for row in rows), COLUMNS)


def _figure(synthesis, measure: str, benefit: str, treatments: Mapping[str, str]) -> dict:
    one = treatments.get(synthesis.treatment or "", synthesis.treatment or "treatment")
    two = treatments.get(synthesis.comparator or "", synthesis.comparator or "comparison")
    words = {"synthesis": synthesis.id, "measure": measure, "title": synthesis.title}
    words |= {"head_1": one[:1].upper() + one[1:], "head_2": two[:1].upper() + two[1:]}
    if not measure:
        return words
    known = find_measure(measure)
    # Differences were oriented when the effects were made: negative favours the treatment throughout.
    side = "lower" if measure in _TURNED or benefit == "" else benefit
    # a table of several outcomes has no one side that is better
    left, right = known.favours(side, one, two) if known.comparative and synthesis.measure else ("", "")
    label = known.axis_label
    if measure in _TURNED and benefit == "higher":
        label += " (sign turned: below 0 is better)"
    return words | axis_columns(measure) | {"axis_label": label, "left_words": left, "right_words": right}


def _benefit(synthesis, outcomes: pd.DataFrame | None) -> str:
    found = rows_of(chosen(outcomes, outcome_id=synthesis.outcome or ""))
    return text(found[0], "benefit") if found else ""


def _studies(synthesis, effects, weights, judgements, headline: Mapping) -> list[dict]:
    shares = rows_of(chosen(weights, method=text(headline, "method")))
    weight = {text(row, "study_id"): value(row, "weight") for row in shares}
    rows = []
    for row in rows_of(effects):
        study = text(row, "study_id")
        level, judged = _risk(synthesis, study, judgements)
        share = [f"pooled/weights.csv:{synthesis.id}:{text(row, 'measure')}:{text(headline, 'method')}:{study}"]
        rows.append(
            {
                "row": f"study:{study}",
                "block": "study",
                "study_id": study,
                "label": text(row, "label"),
                "words": text(row, "unconfirmed") or text(row, "note"),
                "status": text(row, "status"),
                "paired": "yes" if "paired" in text(row, "rule") else "no",
                "small": "yes" if value(row, "n_1") + value(row, "n_2") < SMALL_STUDY else "no",
                "level": STUDY_LEVEL,
                "weight": weight.get(study),
                "risk_of_bias": level,
                **{name: value(row, name) for name in (*COUNTS, *NATURAL[:3])},
                "from": _join(
                    [
                        f"effects/effects.csv:{synthesis.id}:{text(row, 'measure')}:{study}",
                        *(share if study in weight else []),
                        *judged,
                    ]
                ),
            }
        )
    return rows


def _risk(synthesis, study: str, judgements: pd.DataFrame | None) -> tuple[str, list[str]]:
    inputs = [entry.outcome for entry in synthesis.inputs if entry.study == study and entry.outcome]
    for outcome in (*inputs, synthesis.outcome or ""):
        found = rows_of(chosen(judgements, study_id=study, outcome_id=outcome, domain="overall"))
        if found:
            keys = [judgement_reference(row) for row in found]
            return worst(text(row, "final") for row in found), keys
    return "not assessed", []


def judgement_reference(row: Mapping) -> str:
    """Return the reference of a row of ``quality/judgements.csv``."""
    parts = ":".join(text(row, name) for name in ("study_id", "outcome_id", "tool", "domain", "aim"))
    return f"quality/judgements.csv:{parts}".rstrip(":")


def _summary(row: Mapping) -> dict:
    status, method = text(row, "status"), text(row, "method")
    shared = _pooled(row, "pooled/estimates.csv")
    if status in ("not_pooled", "empty", "failed") or method == "single":
        words = "One study: nothing is pooled." if method == "single" else text(row, "reason")
        return (
            shared
            | {"row": f"note:{method}", "block": "note", "words": words, "status": status}
            | (dict.fromkeys((*NATURAL, *HETEROGENEITY)) if method != "single" else {})
        )
    return shared | {
        "row": f"summary:{method}",
        "block": "summary",
        "words": text(row, "reason"),
        "status": "headline" if text(row, "headline") == "yes" else "other",
    }


def _bayes(row: Mapping) -> dict:
    failed = text(row, "status") == "failed" or text(row, "gate") == "failed"
    blank = dict.fromkeys((*NATURAL, *HETEROGENEITY)) if failed else {}
    words = "failed its checks; no estimate is shown" if failed else text(row, "reason")
    return {
        **_pooled(row, "bayes/estimates.csv"),
        "row": f"bayes:{text(row, 'method')}",
        "block": "bayes",
        "status": "failed" if failed else text(row, "gate") or text(row, "status"),
        "words": words,
        **blank,
    }


def _pooled(row: Mapping, table: str) -> dict:
    method = text(row, "method")
    label = METHODS.get(method, text(row, "title") or method)
    key = ":".join(text(row, name) for name in ("synthesis", "measure", "method"))
    numbers = {name: value(row, name) for name in (*NATURAL, *HETEROGENEITY, "k", "n", "level")}
    return {"method": method, "label": label, **numbers, "from": f"{table}:{key}"}


def _concerned(synthesis, studies: pd.DataFrame | None) -> list[dict]:
    """List the studies of a synthesis that is not pooled and has no figures to draw."""
    rows = []
    for study in synthesis.studies:
        for row in rows_of(chosen(studies, study_id=study))[:1]:
            size = next((text(row, n) for n in ("n_randomised", "n_analysed") if text(row, n)), "")
            parts = (
                text(row, "condition"),
                text(row, "design"),
                f"n = {size.removesuffix('.0')}" if size else "",
            )
            rows.append(
                {
                    "row": f"concerned:{study}",
                    "block": "concerned",
                    "study_id": study,
                    "label": text(row, "label"),
                    "words": "; ".join(part for part in parts if part),
                    "n": pd.to_numeric(size or None, errors="coerce"),
                    "status": text(row, "status"),
                    "from": f"studies.csv:{study}",
                }
            )
    return rows


def _paired(synthesis, paired: pd.DataFrame | None) -> list[dict]:
    """Say what the margins of a crossover allow: a range, never one estimate."""
    rows = []
    for row in rows_of(chosen(paired, synthesis=synthesis.id)):
        events = [f"{value(row, f'events_{arm}'):.0f}/{value(row, 'n'):.0f}" for arm in (1, 2)]
        rows.append(
            {
                "row": f"paired:{text(row, 'study_id')}",
                "block": "paired",
                "study_id": text(row, "study_id"),
                "label": text(row, "label"),
                "words": f"{events[0]} against {events[1]} in the same people; the interval spans those of "
                f"all {value(row, 'tables'):.0f} paired tables that fit",
                "status": text(row, "status"),
                **{name: value(row, name) for name in NATURAL[:3]},
                "from": f"effects/paired.csv:{synthesis.id}:{text(row, 'study_id')}",
            }
        )
    return rows


def _left_out(table: pd.DataFrame) -> list[dict]:
    return [
        {
            "row": f"left_out:{text(row, 'study_id')}",
            "block": "left_out",
            "study_id": text(row, "study_id"),
            "label": text(row, "label"),
            "words": "; ".join(part for part in (text(row, "reason"), text(row, "direction")) if part),
            "status": text(row, "kind"),
            "from": ":".join(["effects/left_out.csv", *(text(row, c) for c in ("synthesis", "measure", "study_id"))]),
        }
        for row in rows_of(table)
    ]


def _nothing(synthesis) -> dict:
    return {
        "row": "note:none",
        "block": "note",
        "words": synthesis.reason or "no study with usable figures",
        "status": "empty",
        "from": "review.yaml",
    }


def _join(references: Iterable[str]) -> str:
    return ";".join(dict.fromkeys(reference for reference in references if reference))
