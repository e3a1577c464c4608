"""How often sound figures are doubted, and whether false ones are found."""

from pathlib import Path

import pytest

from evisynth.quality.integrity import RULES, check_integrity
from evisynth.quality.integrity.calibration import calibration_text, false_alarms, sound_studies, table_of
from evisynth.review.folder import load_review

ROOT = Path(__file__).resolve().parents[2]


def test_the_documentation_states_what_is_measured():
    text = calibration_text(load_review(ROOT / "data/bcg").received)
    assert text in (ROOT / "docs/integrity.md").read_text(encoding="utf-8")


def test_no_sound_study_is_called_inconsistent():
    last = false_alarms(sound_studies(300, seed=7)).iloc[-1]
    assert last["inconsistent"] == 0 and last["checked"] > 2000


def spoiled(table, change, where):
    """Return the tables of sound studies with one figure changed in every row that `where` takes."""
    tables = sound_studies(120, seed=3)
    rows = [{**cells, **change(cells)} if where(cells) else cells for cells in tables[table].text.to_dict("records")]
    count = sum(map(where, tables[table].text.to_dict("records")))
    found = check_integrity({**tables, table: table_of(table, rows)})
    return found[found["verdict"] == "inconsistent"], count


def unlike(cells, edge):
    """Return a p value far from the printed one."""
    return {"p_value": "0.9" if float(cells["p_value"]) < edge else "0.0001", "p_relation": ""}


CHANGES = {
    "percent_of_events": (
        "arms",
        lambda c: {"events": str(int(c["events"]) - 3 if int(c["events"]) > 3 else int(c["events"]) + 3)},
        lambda c: bool(c["percent"] and c["events"]),
        0.9,
    ),
    "interval_symmetric": (
        "contrasts",
        lambda c: {"value": f"{float(c['value']) * 1.6 + 0.5:.2f}"},
        lambda c: c["statistic"] == "OR",
        0.8,
    ),
    "p_from_interval": ("contrasts", lambda c: unlike(c, 0.2), lambda c: bool(c["ci_low"]), 0.9),
    "p_from_means": ("contrasts", lambda c: unlike(c, 0.1), lambda c: c["variant"] == "test", 0.8),
    "possible_values": (
        "arms",
        lambda c: {"n": str(int(c["n"]) + 1000)},
        lambda c: c["outcome_id"] == "binary" and bool(c["n"]),
        0.95,
    ),
}


@pytest.mark.parametrize("check", CHANGES)
def test_figures_that_were_changed_are_found(check):
    table, change, where, share = CHANGES[check]
    wrong, count = spoiled(table, change, where)
    assert (wrong["check"] == check).sum() >= share * count


def test_an_empty_review_has_nothing_to_check():
    assert check_integrity({}).empty


def test_the_documentation_states_every_rule():
    text = (ROOT / "docs/integrity.md").read_text(encoding="utf-8")
    assert [check for check, rule in RULES.items() if f"| `{check}` | {rule} |" not in text] == []
