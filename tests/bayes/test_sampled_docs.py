"""docs/bayes_sampled.md states what docs/coverage/model_calibration.csv holds."""

from pathlib import Path

import pandas as pd
import pytest

from evisynth.bayes.model_calibration import COLUMNS, MODELS, TESTS, with_coverage

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "bayes_sampled.md").read_text(encoding="utf-8")
TABLE = pd.read_csv(DOCS / "coverage" / "model_calibration.csv")
ROWS = TABLE.drop_duplicates(["model", "quantity"])
FIRST = ("mu", "tau", "theta_next", "theta")


def cell(row):
    return f"{row['chi2_p']:.2f}, {100 * row['coverage_90']:.1f} %"


def line(model):
    """A model's line of the page: p of chi-squared and coverage of 90 % intervals, quantity by quantity."""
    own = ROWS[ROWS["model"] == model].set_index("quantity")
    cells = [cell(own.loc[name]) if name in own.index else "" for name in FIRST]
    others = "; ".join(f"{name} {cell(row)}" for name, row in own.iterrows() if name not in FIRST)
    words = " | ".join([f"[{model}](images/calibration_{model}.png)", *cells, others])
    return f"| {words} |".replace("|  |", "| |").replace("|  |", "| |")


def summary():
    least = ROWS.loc[ROWS["chi2_p"].idxmin()]
    return (
        f"{len(ROWS)} tests, {(ROWS['chi2_p'] < 0.05).sum()} of them below 0.05; the least is {least['chi2_p']:.3f} "
        f"({least['model']}, {least['quantity']})"
    )


def far():
    error = (0.9 * 0.1 / ROWS["n"]) ** 0.5
    return float(((ROWS["coverage_90"] - 0.9) / error).abs().max())


@pytest.mark.parametrize("model", dict.fromkeys(TABLE["model"]))
def test_a_line_for_every_model(model):
    assert line(model) in TEXT
    assert (DOCS / "images" / f"calibration_{model}.png").stat().st_size > 5000


def test_the_page_sums_them_up():
    assert summary() in TEXT
    missing = [model for model in MODELS if model not in set(TABLE["model"])]
    assert not missing or f"Not repeated yet: {', '.join(missing)}." in TEXT
    assert set(ROWS["n"] + ROWS["failed"]) == {500}
    assert (f"{ROWS['failed'].sum()} fits" if ROWS["failed"].sum() else "no fit failed its gate") in TEXT
    assert f"at most {far():.1f} standard errors" in TEXT


def test_nothing_is_clearly_wrong():
    """One test in ten thousand, and four standard errors: further out is a fault of a model, not chance."""
    assert ROWS["chi2_p"].min() > 1e-4
    assert far() < 4


def test_the_table_agrees_with_itself():
    assert list(TABLE.columns) == [*COLUMNS, *TESTS]
    for _, own in TABLE.groupby("model"):
        again = with_coverage(own)
        for name in ("coverage_50", "coverage_80", "coverage_90"):
            pd.testing.assert_series_equal(again[name], own[name], check_exact=False, rtol=1e-9)
    assert TABLE.groupby(["model", "quantity"])["count"].sum().eq(ROWS.set_index(["model", "quantity"])["n"]).all()
