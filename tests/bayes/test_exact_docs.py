"""docs/bayes_exact.md states what the tables of docs/coverage hold."""

from pathlib import Path

import pandas as pd

from evisynth.bayes import priors

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "bayes_exact.md").read_text(encoding="utf-8")
SHOWN = ("posterior (halfnormal:0.5)", "Hartung-Knapp", "Hartung-Knapp, max(1, q)")


def coverage_lines():
    """One line of the page per number of studies: coverage in per cent and mean width by true tau and interval."""
    table = pd.read_csv(DOCS / "coverage" / "posterior_intervals.csv").set_index(["k", "tau", "interval"])
    assert table["n"].unique().tolist() == [2000]
    for k in range(2, 11):
        cells = []
        for tau in (0.0, 0.1, 0.3, 0.5):
            rows = [table.loc[(k, tau, name)] for name in SHOWN]
            cells += [f"{100 * row['coverage']:.1f} ({row['mean_width']:.1f})" for row in rows]
        yield f"| {k} | " + " | ".join(cells) + " |"


def calibration_lines():
    """One line per setting: p of chi-squared and coverage of 95 % intervals for mu, tau and the next study."""
    table = pd.read_csv(DOCS / "coverage" / "calibration_ranks.csv").drop_duplicates(["setting", "quantity"])
    assert table["n"].unique().tolist() == [5000]
    for setting, rows in table.groupby("setting", sort=False):
        k, tau, mu = (part.split(" ", 1)[1] for part in setting.split("; "))
        rows = rows.set_index("quantity").loc[["mu", "tau", "next"]]
        p = ", ".join(f"{value:.2f}" for value in rows["chi2_p"])
        holds = ", ".join(f"{value:.3f}" for value in rows["coverage_95"])
        yield f"| {k} | {tau} | {mu} | {p} | {holds} |"


def test_page_and_tables_say_the_same():
    assert [line for line in (*coverage_lines(), *calibration_lines()) if line not in TEXT] == []


def test_least_and_largest_coverage_in_words():
    table = pd.read_csv(DOCS / "coverage" / "posterior_intervals.csv")
    for name in ("halfnormal:0.5", "halfnormal:1", "halfcauchy:0.5"):
        least = 100 * table.loc[table["interval"] == f"posterior ({name})", "coverage"].min()
        assert f"`{name}` {least:.1f} %" in TEXT


def test_suspected_misprints_are_on_the_page():
    prior = priors.parse("rhodes2015:mental health,any non-pharmacological")
    assert "-3.85" in prior.note
    for words in ("−3.85", "−2.85", "−0.13", "+0.13"):
        assert words in TEXT
