"""The sentences on coverage: made from the simulation's table, the same inside the package, and true in the docs."""

import csv
import inspect
from pathlib import Path

import pytest

from evisynth import pooling
from evisynth.pooling import fit, henmi_copas, heterogeneity, intervals, profile, two_by_two
from evisynth.pooling.coverage_words import COLUMNS, TITLES, notes_of
from evisynth.synthesis.estimates import METHODS, coverage_of

TABLE = Path(__file__).parents[2] / "docs" / "coverage" / "frequentist_intervals.csv"
DOCUMENTED = {
    ("mu", "wald"): intervals.wald,
    ("mu", "DL-wald"): intervals.wald,
    ("mu", "common"): fit.common_effect,
    ("mu", "HKSJ"): intervals.hartung_knapp,
    ("mu", "HKSJ-safe"): intervals.hartung_knapp,
    ("mu", "profile"): profile.profile_mean,
    ("mu", "HC"): henmi_copas.henmi_copas,
    ("mu", "MH"): two_by_two.mantel_haenszel,
    ("mu", "Peto"): two_by_two.peto,
    ("tau2", "Q-profile"): heterogeneity.q_profile,
    ("tau2", "profile-REML"): profile.profile_tau2,
    ("tau2", "profile-ML"): profile.profile_tau2,
    ("prediction", "t"): intervals.prediction,
    ("prediction", "riley"): intervals.prediction,
    ("prediction", "normal"): intervals.prediction,
    ("prediction", "normal-wald"): intervals.prediction,
}


def rows():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_packaged_table_is_that_of_the_docs():
    assert notes_of(rows()) == pooling.coverage_notes(), "run tools/pack_coverage.py after `snakemake coverage`"


def test_every_interval_has_a_note_and_a_title():
    assert set(pooling.coverage_notes()) == set(TITLES) == set(DOCUMENTED)


@pytest.mark.parametrize("key", list(DOCUMENTED), ids=lambda key: "-".join(key))
def test_docstrings_name_the_worst_cells(key):
    words = " ".join(inspect.getdoc(DOCUMENTED[key]).split())
    for worst in pooling.coverage_notes()[key].worst:
        assert worst in words


def test_figures_of_a_sentence_are_those_of_the_table():
    own = [row for row in rows() if (row["target"], row["interval"]) == ("mu", "HKSJ")]
    normal = {(row["k"], row["i2"]): float(row["coverage"]) for row in own if row["outcome"] == "normal"}
    note = pooling.coverage_notes()["mu", "HKSJ"]
    assert note.lowest[0] == pytest.approx(min(normal.values()))
    assert note.highest[0] == pytest.approx(max(normal.values()))
    assert note.within == sum(0.93 <= float(row["coverage"]) <= 0.97 for row in own)
    assert f"{100 * min(normal.values()):.1f} % (k = 5, I² 50 %)" in note.text
    assert f"{note.within} of 30 cells" in note.text
    assert not note.is_reliable


def test_a_cell_without_intervals_does_not_count():
    cells = [dict(zip(COLUMNS, ("normal", "2", "0", "prediction", "riley", "0", "0"), strict=True))]
    assert notes_of(cells) == {}


def test_every_method_of_the_report_knows_its_intervals():
    for method in METHODS:
        notes = coverage_of(method.key)
        assert notes[0].target == "mu"
        assert [note.target for note in notes[1:]] == ([] if method.model == "common" else ["tau2", "prediction"])
    assert coverage_of("single") == ()
