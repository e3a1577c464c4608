"""One cell of the data changes: exactly the numbers that rest on it move, and the way back names that cell."""

import csv

import pytest

from evisynth.comparison import compare_results
from evisynth.provenance.folder import Reference, ResultsFolder
from evisynth.provenance.tables import STAGE_TABLES
from evisynth.provenance.trace import Tracer

# Tables in which every number rests on every figure of every study that its row names.
COMPUTED = (
    "effects/effects.csv",
    "pooled/estimates.csv",
    "pooled/weights.csv",
    "pooled/leave_one_out.csv",
    "bayes/estimates.csv",
    "bayes/studies.csv",
    "bayes/sensitivity.csv",
)
# table, what its row begins with, column, new value
EDITS = [
    ("arms", "anton1999,heavy_drinking,naltrexone,", "events", "27"),
    ("arms", "guardia2002,heavy_drinking,placebo,", "n", "99"),
    ("arms", "volpicelli1992,heavy_drinking,naltrexone,", "events", "12"),
    ("arms", "duebruun2024,adverse_event_any,ldn,", "events", "40"),
    ("contrasts", "duebruun2024,pain_nrs,", "ci_low", "-1.05"),
    ("contrasts", "rodriguezfreire2026,pain_nrs,", "p_value", "0.3"),
    ("contrasts", "rodriguezfreire2026,pain_nrs,", "value", "0.6"),
]


def edit(folder, table, beginning, column, value):
    """Change one cell of a table; return the key of its row."""
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, names = list(reader), reader.fieldnames
    (row,) = [row for row in rows if ",".join(row.values()).startswith(beginning)]
    assert row[column] != value
    row[column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def dependents(results, fact):
    """Every row of every table of results whose way back reaches a row of facts."""
    folder = ResultsFolder(results)
    tracer, found = Tracer(folder), set()
    for table in STAGE_TABLES:
        for key in folder.rows(table):
            step = tracer.at(Reference(table, key))
            if any(str(one.reference) == fact for one in step.facts()):
                found.add((table, key))
    return found


@pytest.mark.parametrize(("table", "beginning", "column", "value"), EDITS, ids=lambda part: str(part).strip(","))
def test_exactly_the_numbers_that_rest_on_a_cell_move(results, mini, build, tmp_path, table, beginning, column, value):
    edit(mini, table, beginning, column, value)
    edited = build(mini, tmp_path / "run" / "results" / "mini")
    found = compare_results(results, edited)
    (data,) = [move for move in found.tables if move and "/" not in move.table]
    (cell,) = data.cells
    assert (data.table, cell.column, cell.new) == (f"{table}.csv", column, value)

    fact = f"{table}.csv:{cell.key}"
    before, after = dependents(results, fact), dependents(edited, fact)
    # A row may begin or stop to rest on the cell with the edit itself.
    may_move = before | after
    moved = {(move.table, key) for move in found.tables if "/" in move.table for key in move.keys}
    assert moved, "the cell is used"
    assert moved <= may_move, "what moved leads back to the cell"
    for name in COMPUTED:
        rests = {pair for pair in before & after if pair[0] == name}
        still = {pair for pair in rests - moved if has_number(results, *pair)}
        assert not still, "what rests on the cell moved"


def has_number(results, table, key):
    """Whether a row holds an effect, an estimate or a weight: a synthesis that is not pooled has a row without."""
    row = ResultsFolder(results).rows(table)[key]
    return bool(row.get("estimate", row.get("yi", row.get("weight", ""))))


def test_an_edit_of_words_moves_no_number(results, mini, build, tmp_path):
    edit(mini, "studies", "anton1999,", "population", "people with alcohol use disorder, as an example")
    found = compare_results(results, build(mini, tmp_path / "run" / "results" / "mini"))
    moved = {move.table for move in found.tables if move}
    assert "studies.csv" in moved
    assert not {name for name in moved if name.startswith(("effects/", "pooled/", "bayes/", "bias/", "quality/"))}
    assert found.conclusions == ()
