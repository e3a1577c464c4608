"""How often sound studies are taken for impossible: studies made from people, printed as papers print them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evisynth.quality.integrity.findings import INCONSISTENT, POSSIBLE, RULES
from evisynth.quality.integrity.tests_of_counts import unpaired_p_values
from evisynth.review.reading import Table
from evisynth.review.tables import TABLES, key_of

SOUND_STUDIES, SEED = 1000, 20260101
_MADE = ("studies", "arms", "contrasts")


def table_of(name: str, rows: list[dict[str, str]]) -> Table:
    """Return a table of facts with these rows; columns that a row does not name are blank.

    Parameters
    ----------
    name : str
        Name of the table, ``arms``.
    rows : list of dict of str to str
        Cells as they would be typed.
    """
    spec = TABLES[name]
    text = pd.DataFrame([{column: row.get(column, "") for column in spec.names} for row in rows], columns=spec.names)
    keys = tuple(key_of(parts) for parts in text[list(spec.key)].itertuples(index=False))
    return Table(spec, text, keys, tuple(range(2, len(rows) + 2)))


@dataclass(slots=True)
class _Maker:
    """Rows of made-up studies; every figure is computed from people and then rounded."""

    rng: np.random.Generator
    rows: dict[str, list[dict[str, str]]] = field(default_factory=lambda: {name: [] for name in _MADE})
    study: str = ""

    def add(self, table: str, **cells) -> None:
        self.rows[table].append({"study_id": self.study, "source_id": "made", **{k: str(v) for k, v in cells.items()}})

    def start(self, number: int, design: str, people: int) -> None:
        self.study = f"s{number:04d}"
        self.add("studies", design=design, n_randomised=people, duration_weeks=12)

    def arm(self, outcome: str, arm: str, kind: str, **cells) -> None:
        self.add("arms", outcome_id=outcome, arm=arm, treatment=arm, value_kind=kind, **cells)

    def compare(self, outcome: str, kind: str, p: float, **cells) -> None:
        sides = {"treatment": "drug", "comparator": "placebo"}
        self.add("contrasts", outcome_id=outcome, **{**sides, "statistic": kind, **self.p(p), **cells})

    def percent(self, events: int, n: int) -> str:
        return f"{100 * events / n:.{self.rng.integers(0, 2)}f}"

    def p(self, value: float) -> dict[str, str]:
        if value < 0.001:
            return {"p_value": "0.001", "p_relation": "<"}
        return {"p_value": f"{value:.{self.rng.integers(2, 4)}f}" if value >= 0.01 else f"{value:.3f}"}

    def counts(self) -> None:
        n = self.rng.integers(12, 200, 2)
        self.start(len(self.rows["studies"]), "parallel trial", int(n.sum()))
        events = self.rng.binomial(n, self.rng.uniform(0.05, 0.9, 2))
        for arm, x, m in zip(("drug", "placebo"), events, n, strict=True):
            self.arm("binary", arm, "event", n=m, events=x, percent=self.percent(x, m))
            left = max(0, m - int(self.rng.integers(0, 4)))
            self.arm(
                "other_binary", arm, "event", n=left, events=self.rng.binomial(left, 0.4), analysis_set="completers"
            )
        tests = unpaired_p_values(events[0], n[0], events[1], n[1])
        self.compare("binary", "p only", self.rng.choice(list(tests.values())))
        if (events > 0).all() and (events < n).all():
            self.odds_ratio(events, n)

    def odds_ratio(self, x: np.ndarray, n: np.ndarray) -> None:
        y, se = np.log(x[0] * (n[1] - x[1]) / (x[1] * (n[0] - x[0]))), np.sqrt((1 / x + 1 / (n - x)).sum())
        self.interval(
            "binary", "OR", *np.exp([y, y - 1.959964 * se, y + 1.959964 * se]), _normal_p(y / se), variant="ratio"
        )

    def interval(self, outcome: str, kind: str, value: float, low: float, high: float, p: float, **cells) -> None:
        self.add(
            "contrasts",
            outcome_id=outcome,
            treatment="drug",
            comparator="placebo",
            statistic=kind,
            value=f"{value:.2f}",
            ci_low=f"{low:.2f}",
            ci_high=f"{high:.2f}",
            **self.p(p),
            **cells,
        )

    def percentages(self) -> None:
        n = self.rng.integers(12, 80, 2)
        self.start(len(self.rows["studies"]), "parallel trial", int(n.sum()))
        for arm, m in zip(("drug", "placebo"), n, strict=True):
            self.arm("whole", arm, "event", n=m, events=self.rng.binomial(m, 0.2))
            for outcome in ("binary", "other_binary"):
                x = self.rng.binomial(m, 0.4)
                self.arm(outcome, arm, "event", percent=f"{100 * x / m:.0f}")

    def means(self) -> None:
        from scipy.stats import t, ttest_ind

        n = self.rng.integers(8, 120, 2)
        self.start(len(self.rows["studies"]), "parallel trial", int(n.sum()))
        data = [np.clip(np.rint(self.rng.normal(5 + self.rng.normal(0, 0.6), 2, m)), 0, 10) for m in n]
        for arm, values in zip(("drug", "placebo"), data, strict=True):
            self.arm("rating", arm, "final", n=len(values), **self.spread(values))
        gap, df = data[0].mean() - data[1].mean(), n.sum() - 2
        pooled = sum((len(v) - 1) * v.var(ddof=1) for v in data) / df
        half = t.ppf(0.975, df) * np.sqrt(pooled * (1 / n).sum())
        p = float(ttest_ind(*data).pvalue)
        self.interval("rating", "MD", gap, gap - half, gap + half, p, n_1=n[0], n_2=n[1])
        self.compare("rating", "p only", p, variant="test")

    def spread(self, values: np.ndarray) -> dict[str, str]:
        places = self.rng.integers(1, 3)
        return {"mean": f"{values.mean():.{places}f}", "sd": f"{values.std(ddof=1):.{places}f}"}

    def crossover_counts(self) -> None:
        from evisynth.effects.paired_counts import mcnemar_exact_p

        n = int(self.rng.integers(12, 80))
        self.start(len(self.rows["studies"]), "crossover trial", n)
        cells = self.rng.multinomial(n, self.rng.dirichlet([2, 3, 2, 3]))
        for arm, x in (("drug", cells[0] + cells[1]), ("placebo", cells[0] + cells[2])):
            self.arm("binary", arm, "event", n=n, percent=self.percent(x, n), events=x)
        p = mcnemar_exact_p(int(cells[1]), int(cells[2]))
        self.compare("binary", "p only", p, n_1=n)

    def crossover_means(self) -> None:
        from scipy.stats import t, ttest_rel

        n = int(self.rng.integers(8, 80))
        self.start(len(self.rows["studies"]), "crossover trial", n)
        base = self.rng.normal(50, 10, n)
        data = [base + self.rng.normal(shift, 8, n) for shift in (-2, 0)]
        for arm, values in zip(("drug", "placebo"), data, strict=True):
            self.arm("score", arm, "final", n=n, **self.spread(values))
        gap = data[0] - data[1]
        half = t.ppf(0.975, n - 1) * gap.std(ddof=1) / np.sqrt(n)
        self.interval(
            "score",
            "paired difference",
            gap.mean(),
            gap.mean() - half,
            gap.mean() + half,
            float(ttest_rel(*data).pvalue),
            n_1=n,
        )

    def before_after(self) -> None:
        from scipy.stats import ttest_rel

        n = int(self.rng.integers(8, 80))
        self.start(len(self.rows["studies"]), "single-arm study", n)
        before = self.rng.normal(50, 10, n)
        after = 50 + 0.6 * (before - 50) + self.rng.normal(-4, 8, n)
        for week, variant, values in ((0, "before_treatment", before), (12, "", after)):
            self.arm("score", "drug", "final", variant=variant, timepoint_weeks=week, n=n, **self.spread(values))
        self.compare("score", "p only", float(ttest_rel(after, before).pvalue), comparator="baseline", n_1=n)


def _normal_p(z: float) -> float:
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


_OUTCOMES = [
    {"outcome_id": "binary", "name": "an event", "type": "binary", "benefit": "lower"},
    {"outcome_id": "other_binary", "name": "another event", "type": "binary", "benefit": "lower"},
    {"outcome_id": "whole", "name": "a third event", "type": "binary", "benefit": "lower"},
    {
        "outcome_id": "rating",
        "name": "a rating",
        "type": "continuous",
        "unit": "numerical rating scale 0-10",
        "scale_min": "0",
        "scale_max": "10",
        "benefit": "lower",
    },
    {"outcome_id": "score", "name": "a score", "type": "continuous", "unit": "points", "benefit": "lower"},
]


def sound_studies(studies: int = SOUND_STUDIES, seed: int = SEED) -> dict[str, Table]:
    """Return the tables of facts of made-up studies whose figures are all right.

    Parameters
    ----------
    studies : int
        How many; six kinds in turn (counts, percentages only, means, crossovers with counts and with means, a group
        before and after).
    seed : int
        Seed of the random numbers.

    Notes
    -----
    People are drawn first, and every figure is computed from them and rounded as papers do: percentages to none or
    one decimal, p values of a test chosen at random to two or three decimals or below 0.001, intervals to two.
    """
    maker = _Maker(np.random.default_rng(seed))
    makers = (
        maker.counts,
        maker.percentages,
        maker.means,
        maker.crossover_counts,
        maker.crossover_means,
        maker.before_after,
    )
    for number in range(studies):
        makers[number % len(makers)]()
    tables = {name: table_of(name, rows) for name, rows in maker.rows.items()}
    return {**tables, "outcomes": table_of("outcomes", _OUTCOMES)}


def false_alarms(tables: Mapping[str, Table]) -> pd.DataFrame:
    """Return by check how many figures of sound studies were checked, and how many were doubted.

    Parameters
    ----------
    tables : mapping of str to Table
        Tables of studies whose figures are right.

    Returns
    -------
    pandas.DataFrame
        check, checked (figures), inconsistent, possible (with a named assumption), and studies with an inconsistent
        figure; the last row, ``all``, counts studies once.
    """
    from evisynth.quality.integrity import check_integrity

    found = check_integrity(tables)
    wrong = found[found["verdict"] == INCONSISTENT]
    rows = [
        {
            "check": check,
            "checked": len(own := found[found["check"] == check]),
            "inconsistent": int((own["verdict"] == INCONSISTENT).sum()),
            "possible": int((own["verdict"] == POSSIBLE).sum()),
            "studies": wrong.loc[wrong["check"] == check, "study_id"].nunique(),
        }
        for check in RULES
        if (found["check"] == check).any()
    ]
    total = {name: sum(row[name] for row in rows) for name in ("checked", "inconsistent", "possible")}
    return pd.DataFrame([*rows, {"check": "all", **total, "studies": wrong["study_id"].nunique()}])


def calibration_text(bcg: Mapping[str, Table], studies: int = SOUND_STUDIES, seed: int = SEED) -> str:
    """Return the paragraph and the table of docs/integrity.md on false alarms.

    Parameters
    ----------
    bcg : mapping of str to Table
        The tables of the BCG vaccine review.
    studies, seed : int
        As of `sound_studies`.
    """
    real, made = false_alarms(bcg), false_alarms(sound_studies(studies, seed))
    last, made_last = real.iloc[-1], made.iloc[-1]
    head = (
        f"On the {bcg['studies'].text.shape[0]} trials of the BCG table {last['checked']} figures were checked: "
        f"{last['inconsistent']} inconsistent, {last['possible']} possible with a named assumption. On {studies:,} "
        f"made-up sound studies (seed {seed}) {made_last['checked']:,} figures were checked: "
        f"{made_last['inconsistent']} inconsistent, in {made_last['studies']} studies, and {made_last['possible']} "
        "possible with a named assumption."
    )
    lines = ["| check | checked | inconsistent | possible |", "|---|---|---|---|"]
    lines += [f"| {row.check} | {row.checked:,} | {row.inconsistent} | {row.possible} |" for row in made.itertuples()]
    return "\n".join([head, "", *lines])
