"""What the adjusted models need to know of each study: its risk of bias, its design, and what its source printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log

import numpy as np
import pandas as pd

from evisynth.bayes.adjusted import Exact, PairedP, ParallelP, PrintedError, RoundedCounts, counts_from_percent
from evisynth.bayes.adjusted.readings import Reading, t_interval
from evisynth.effects.measures import find_measure
from evisynth.provenance.tables import join_from
from evisynth.review.members import input_of, rows_of
from evisynth.review.plan import Input
from evisynth.review.reading import Table
from evisynth.synthesis.bias_settings import CLASS_NAMES, UNJUDGED_COUNTS_AS
from evisynth.synthesis.posterior import Task
from evisynth.synthesis.risk import chosen_judgements

CORRELATION = "correlation"
# A reading must give back the effect that it stands for; anything else was computed in another way.
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the adjusted models need besides a task.

    Attributes
    ----------
    task : Task
        With the method ``bayes_exact``: studies and priors are those of the exact estimate.
    classes : pandas.DataFrame
        By study: study_id, concern (``low``, ``some``, ``high``, ``not assessed``), class (what it counts as), origin.
    designs : dict of str to str
        Design of each study.
    readings : tuple of Reading
        What each study printed; empty where no effect rests on a conversion.
    given : dict of str to float
        Correlations that were read, by the name that readings have for them.
    reading_origin : str
        Rows of facts behind the readings.
    """

    task: Task
    classes: pd.DataFrame
    designs: dict[str, str] = field(default_factory=dict)
    readings: tuple[Reading, ...] = ()
    given: dict[str, float] = field(default_factory=dict)
    reading_origin: str = ""

    @property
    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Effects and variances."""
        effects = self.task.effects
        return effects["yi"].to_numpy(float), effects["vi"].to_numpy(float)

    @property
    def judged_origin(self) -> str:
        """The rows of effects and judgements."""
        return join_from([*self.task.origin.split(";"), *self.classes["origin"]])

    @property
    def assumes_correlation(self) -> bool:
        """Whether a correlation was assumed that can be varied."""
        return any(set(reading.shared) - set(self.given) for reading in self.readings)


def evidence_of(task: Task, tables: Mapping[str, Table], judged: Mapping[str, list]) -> Evidence:
    """Gather what the adjusted models need.

    Parameters
    ----------
    task : Task
        With the method ``bayes_exact``.
    tables : mapping of str to Table
        ``studies``, ``arms`` and ``contrasts``, corrected.
    judged : mapping
        From `risk.overall_judgements`.
    """
    names = task.effects["study_id"].tolist()
    studies = tables["studies"].text
    designs = dict(zip(studies["study_id"], studies["design"], strict=True))
    readings, given, origins = readings_of(task, tables)
    return Evidence(task, classes_of(task, judged), {name: designs[name] for name in names}, readings, given, origins)


def classes_of(task: Task, judged: Mapping[str, list]) -> pd.DataFrame:
    """Return the class of every study: study_id, concern, class, origin.

    Parameters
    ----------
    task : Task
    judged : mapping
        From `risk.overall_judgements`.

    Notes
    -----
    A study that was not assessed counts as one with some concerns: nothing is known against it, and nothing for it.
    """
    rows = []
    for study, choice in chosen_judgements(task.synthesis, task.effects["study_id"], judged).items():
        known = choice.concern in CLASS_NAMES
        origin = choice.judgement.key if choice.judgement else ""
        rows.append((study, choice.concern, choice.concern if known else UNJUDGED_COUNTS_AS, origin))
    return pd.DataFrame(rows, columns=["study_id", "concern", "class", "origin"])


def readings_of(task: Task, tables: Mapping[str, Table]) -> tuple[tuple[Reading, ...], dict[str, float], str]:
    """Return what each study printed, the correlations that were read, and the rows of facts.

    Parameters
    ----------
    task : Task
    tables : mapping of str to Table
        ``arms`` and ``contrasts``, corrected.

    Returns
    -------
    tuple
        Readings, empty where none of them leaves anything open; correlations by name; references.
    """
    readings, given, origins = [], {}, []
    for row in task.effects.itertuples(index=False):
        entry = input_of(task.synthesis, row.study_id)
        keys = rows_of(task.synthesis, entry, tables)
        facts = [tables[table].text.iloc[tables[table].keys.index(key)] for table, key in keys]
        found, own = _reading(task, entry, row, facts, tables)
        readings.append(found)
        given |= own
        if found.own or found.shared:
            origins += [f"{table}.csv:{key}" for table, key in keys]
    open_ones = any(reading.own or set(reading.shared) - set(given) for reading in readings)
    return (tuple(readings), given, join_from(origins)) if open_ones else ((), {}, "")


def _reading(task: Task, entry: Input, row, facts: list, tables) -> tuple[Reading, dict[str, float]]:
    exact, given = Exact(row.study_id, row.yi, row.vi), {}
    made: Reading | None = None
    if entry.rule == "arms: counts" and len(facts) == 2 and task.measure in ("OR", "RR"):
        made = _rounded_counts(task.measure, row, facts, tables)
    elif entry.rule in ("contrast: p value", "contrast: paired p value") and facts[0]["p_value"]:
        made, given = _from_p(task.measure, entry, row, facts[0])
    elif entry.rule in ("contrast: interval", "contrast: reported") and facts[0]["ci_low"] and not facts[0]["se"]:
        made = _from_limits(task.measure, entry.rule, row, facts[0])
    if made is None:
        return exact, {}
    at = {name: given.get(name, entry.correlation or 0.0) for name in made.shared}
    y, v, _ = made.components(at, False)
    if abs(y[0] - row.yi) > _SAME or abs(v[0] - row.vi) > _SAME * max(1.0, row.vi):
        return exact, {}
    return made, given


def _from_p(measure: str, entry: Input, row, fact) -> tuple[Reading | None, dict[str, float]]:
    printed, relation = fact["p_value"], fact["p_relation"] or "="
    sign = int(np.sign(row.yi))
    paired = entry.rule == "contrast: paired p value"
    if measure == "MD":
        if not row.yi:
            return None, {}
        df = float(fact["n_1"]) - 1 if paired else float(fact["n_1"]) + float(fact["n_2"]) - 2
        stated, low, high = t_interval(printed, relation, df)
        if not (relation == "=" and low > 0):
            return None, {}
        size = abs(row.yi)
        return PrintedError(row.study_id, row.yi, size / stated, size / high, size / low), {}
    if measure != "SMD" or not sign:
        return None, {}
    if not paired:
        counts = {"n_1": int(float(fact["n_1"])), "n_2": int(float(fact["n_2"]))}
        return ParallelP(row.study_id, printed, sign, relation, **counts), {}
    assumed = entry.correlation is not None and entry.correlation_source.startswith("assumed")
    value = entry.correlation if entry.correlation is not None else float(fact["correlation"])
    name = CORRELATION if assumed else f"{CORRELATION}_{value:g}"
    reading = PairedP(row.study_id, printed, sign, relation, n=int(float(fact["n_1"])), correlation=name)
    return reading, {} if assumed else {name: value}


def _from_limits(measure: str, rule: str, row, fact) -> Reading | None:
    """Return the standard error as an interval: what limits print as these."""
    if rule == "contrast: interval" and measure == "SMD":
        return None
    is_log = find_measure(measure).is_log
    low, high = float(fact["ci_low"]), float(fact["ci_high"])
    half_low, half_high = (0.5 * 10.0 ** -_decimals(fact[name]) for name in ("ci_low", "ci_high"))
    if is_log and low - half_low <= 0:
        return None

    def width(inner: float) -> float:
        ends = low + inner * half_low, high - inner * half_high
        return log(ends[1] / ends[0]) if is_log else ends[1] - ends[0]

    if width(1) <= 0:
        return None
    error = float(np.sqrt(row.vi))
    return PrintedError(row.study_id, row.yi, error, *(error * width(inner) / width(0) for inner in (1, -1)))


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _rounded_counts(measure: str, row, facts: list, tables) -> Reading | None:
    """Return the counts that fit the printed percentages, where a count was derived from one."""
    arms = tables["arms"].text
    counts = []
    for fact in facts:
        used, n = int(float(fact["events"])), int(float(fact["n"]))
        same = arms[
            (arms["study_id"] == fact["study_id"])
            & (arms["outcome_id"] == fact["outcome_id"])
            & (arms["arm"] == fact["arm"])
            & (arms["percent"] != "")
            & (arms["events"] == "")
        ]
        fits = (used,)
        if fact["status"] == "derived" and len(same):
            percent = same.iloc[0]["percent"]
            found = counts_from_percent(float(percent), n, _decimals(percent))
            fits = found if used in found else fits
        counts.append((fits, n, used))
    if all(len(fits) == 1 for fits, *_ in counts):
        return None
    (one, n_1, used_1), (two, n_2, used_2) = counts
    return RoundedCounts(row.study_id, one, n_1, two, n_2, measure, (used_1, used_2))
