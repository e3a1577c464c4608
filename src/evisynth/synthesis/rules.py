"""How a study's rows become an effect: one function for each rule that a plan can name.

Each takes the measure, the study's entry in the plan, its rows (two arms, or one comparison) and the synthesis, and
returns the effect on the analysis scale with the people and events that it used. It raises `Unusable` where the rows
do not hold what it needs, or cannot give this measure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from evisynth.effects import contrasts, paired, rescaling, two_arm, two_arm_means
from evisynth.effects.measures import find_measure
from evisynth.effects.types import Correlation, EffectSize, Step
from evisynth.review.plan import Input, Synthesis
from evisynth.review.reading import Table

_BINARY = {"OR": two_arm.odds_ratio, "RR": two_arm.risk_ratio, "RD": two_arm.risk_difference}


class Unusable(ValueError):
    """The rows of a study do not hold what its rule needs."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of facts, with what is known of the cells that were used."""

    table: str
    key: str
    text: Mapping[str, str]
    values: Mapping[str, float]
    used: frozenset[str] = frozenset()
    benefit: str = "lower"

    @classmethod
    def of(cls, tables: Mapping[str, Table], table: str, key: str) -> "Row":
        """Return the row of a table by its key."""
        found = tables[table]
        position = found.keys.index(key)
        text = found.text.iloc[position].to_dict()
        numeric = {c.name for c in found.spec.columns if c.kind in ("number", "count", "year")}
        values = {name: float(text[name]) if text[name] else np.nan for name in numeric}
        outcomes = tables["outcomes"].text
        benefit = dict(zip(outcomes["outcome_id"], outcomes["benefit"], strict=True))[text["outcome_id"]]
        return cls(table, key, text, values, frozenset(_USED[table]), benefit)

    def need(self, *names: str) -> list[float]:
        """Return numbers of the row, or raise Unusable naming those that are blank."""
        blank = [name for name in names if np.isnan(self.values[name])]
        if blank:
            raise Unusable(f"{self.table}.csv:{self.key}: {', '.join(blank)} not reported")
        return [self.values[name] for name in names]

    @property
    def unconfirmed_used(self) -> list[str]:
        """Cells of this row that its status does not cover and that an effect uses."""
        named = [part.strip() for part in self.text["unconfirmed_fields"].split(";") if part.strip()]
        return [name for name in named if name in self.used]

    @property
    def status_of_used(self) -> str:
        """Status of the cells that an effect uses."""
        return "unconfirmed" if self.unconfirmed_used else self.text["status"]


# Cells that decide an effect; a doubt about any other cell of the row does not touch the number.
_USED = {
    "arms": ("n", "events", "mean", "sd", "se"),
    "contrasts": ("value", "ci_low", "ci_high", "se", "p_value", "n_1", "n_2", "correlation"),
}

type Made = tuple[EffectSize, dict[str, float]]


def from_counts(measure: str, entry: Input, rows: tuple[Row, ...], synthesis: Synthesis) -> Made:
    """Effect from events and people of two arms."""
    if measure not in _BINARY:
        raise Unusable(f"counts give no {measure}")
    first, second = (row.need("events", "n") for row in rows)
    used = {"events_1": first[0], "n_1": first[1], "events_2": second[0], "n_2": second[1]}
    return _BINARY[measure](**used), used


def from_means(measure: str, entry: Input, rows: tuple[Row, ...], synthesis: Synthesis) -> Made:
    """Effect from means, standard deviations and people of two arms."""
    made = {"MD": two_arm_means.mean_difference, "SMD": two_arm_means.smd}.get(measure)
    if made is None:
        raise Unusable(f"means give no {measure}")
    first, second = (row.need("mean", "sd", "n") for row in rows)
    used = dict(zip(("mean_1", "sd_1", "n_1", "mean_2", "sd_2", "n_2"), (*first, *second), strict=True))
    return made(**used), used


def from_counts_as_smd(measure: str, entry: Input, rows: tuple[Row, ...], synthesis: Synthesis) -> Made:
    """Standardised mean difference from the log odds ratio of two arms."""
    if measure != "SMD":
        raise Unusable(f"this rule gives an SMD, not {measure}")
    odds, used = from_counts("OR", entry, rows, synthesis)
    return rescaling.smd_from_log_odds_ratio(odds.yi, odds.vi).after(*odds.steps), used


def _sign(row: Row, entry: Input, synthesis: Synthesis) -> int:
    """Return -1 where the row compares the sides the other way round than the synthesis."""
    return 1 if row.text["treatment"] == (entry.treatment or synthesis.treatment) else -1


def _parallel(row: Row) -> dict[str, float]:
    n_1, n_2 = row.need("n_1", "n_2")
    return {"n_1": n_1, "n_2": n_2}


def _level(row: Row) -> float:
    level = row.values["ci_level"]
    return 0.95 if np.isnan(level) else level / 100


def _on_measure(measure: str, effect: EffectSize, n: dict[str, float]) -> EffectSize:
    if measure == "MD":
        return effect
    if measure == "SMD":
        return contrasts.smd_from_difference(effect, n["n_1"], n["n_2"])
    raise Unusable(f"a difference gives no {measure}")


def from_interval(measure: str, entry: Input, rows: tuple[Row, ...], synthesis: Synthesis) -> Made:
    """Effect from a reported difference (or ratio) and its interval."""
    row = rows[0]
    value, low, high = row.need("value", "ci_low", "ci_high")
    if find_measure(measure).is_log:
        if row.text["statistic"] != measure:
            raise Unusable(f"a reported {row.text['statistic']} gives no {measure}")
        return _turned(
            contrasts.ratio_from_interval(measure, value, low, high, level=_level(row)), row, entry, synthesis
        ), {}
    n = _parallel(row)
    effect = contrasts.difference_from_interval(value, low, high, **n, level=_level(row))
    return _turned(_on_measure(measure, effect, n), row, entry, synthesis), n


def from_p_value(measure: str, entry: Input, rows: tuple[Row, ...], synthesis: Synthesis) -> Made:
    """Effect from a reported difference and its p value: t with n_1 + n_2 - 2 degrees of freedom."""
    row = rows[0]
    value, p = row.need("value", "p_value")
    n = _parallel(row)
    effect = contrasts.difference_from_p(value, p, **n, relation=row.text["p_relation"] or "=")
    return _turned(_on_measure(measure, effect, n), row, entry, synthesis), n


def from_paired_p_value(measure: str, entry: Input, rows: tuple[Row, ...], synthesis: Synthesis) -> Made:
    """Effect of a crossover trial from the p value of its paired comparison: t with n - 1 degrees of freedom."""
    row = rows[0]
    (p,), n, relation = row.need("p_value"), row.values["n_1"], row.text["p_relation"] or "="
    if np.isnan(n):
        raise Unusable(f"{row.table}.csv:{row.key}: n_1, the people in the paired comparison, not reported")
    if measure == "MD":
        (value,) = row.need("value")
        effect = paired.paired_difference_from_p(value, p, n, relation=relation)
    elif measure == "SMD":
        origin = "given" if entry.correlation is None else "assumed"
        value = row.values["correlation"] if entry.correlation is None else entry.correlation
        if np.isnan(value):
            raise Unusable("no correlation between the periods is reported, and the plan assumes none")
        sign = _direction(row)
        effect = paired.paired_smd_from_p(p, n, Correlation(value, origin), sign=sign, relation=relation)
    else:
        raise Unusable(f"a paired p value gives no {measure}")
    return _turned(effect, row, entry, synthesis), {"n_1": n}


def _direction(row: Row) -> int:
    """Return the sign of treatment minus comparator, from the figure or from the side it favours."""
    value, favours = row.values["value"], row.text["favours"]
    if not np.isnan(value) and value != 0:
        return 1 if value > 0 else -1
    if favours in ("treatment", "comparator"):
        return 1 if (favours == "treatment") == (row.benefit == "higher") else -1
    raise Unusable(f"{row.table}.csv:{row.key}: neither a figure nor favours says which way the difference points")


def from_reported(measure: str, entry: Input, rows: tuple[Row, ...], synthesis: Synthesis) -> Made:
    """Effect as the source gives it on the very measure, with its interval (normal) or standard error."""
    row = rows[0]
    if row.text["statistic"] != measure:
        raise Unusable(f"a reported {row.text['statistic']} is no {measure}")
    (value,) = row.need("value")
    n = {name: row.values[name] for name in ("n_1", "n_2") if not np.isnan(row.values[name])}
    if not np.isnan(row.values["se"]):
        effect = contrasts.difference_from_se(value, row.values["se"], measure=measure)
    else:
        low, high = row.need("ci_low", "ci_high")
        effect = contrasts.difference_from_interval(
            value, low, high, level=_level(row), distribution="normal", measure=measure
        )
    return _turned(effect, row, entry, synthesis), n


def _turned(effect: EffectSize, row: Row, entry: Input, synthesis: Synthesis) -> EffectSize:
    if _sign(row, entry, synthesis) == 1:
        return effect
    step = Step(
        "exchange the sides",
        "yi = -yi",
        {"yi": effect.yi},
        {"yi": -effect.yi},
        None,
        "the source compares the other way",
    )
    return replace(effect, yi=-effect.yi, steps=(*effect.steps, step))


RULES: dict[str, Callable[..., Made]] = {
    "arms: counts": from_counts,
    "arms: means": from_means,
    "arms: counts as SMD": from_counts_as_smd,
    "contrast: interval": from_interval,
    "contrast: p value": from_p_value,
    "contrast: paired p value": from_paired_p_value,
    "contrast: reported": from_reported,
}
