"""The results of `make report` agree with the committed reference tables; what moved is named.

After a change that is meant to move numbers: `python tools/write_golden.py`, and say in the commit what moved and why.
"""

import csv
import math
from pathlib import Path

import pytest

from evisynth.provenance.tables import key_columns

ROOT = Path(__file__).parents[2]
TABLES = sorted(Path(__file__).parent.glob("*/*.csv"))
# Closed forms and roots repeat to rounding; the tables hold 12 digits.
RELATIVE = 1e-7
# Chains repeat byte for byte on one machine and lock; elsewhere a median may move by Monte Carlo error.
STANDARD_ERRORS = 6.0


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tolerance(row, name):
    if row.get("method") not in ("bayes_normal", "bayes_binomial", "bayes_hierarchy"):
        return RELATIVE
    # A limit of a 95 % interval is estimated with about twice the error of a median.
    return STANDARD_ERRORS * 2.5 * float(row["sd"]) / math.sqrt(float(row["ess_tail_min"]))


def moved(golden, found):
    for name, old in golden.items():
        new = found.get(name, "no such column")
        if old == new:
            continue
        try:
            distance = abs(float(old) - float(new))
        except ValueError:
            yield f"{name}: {old!r} before, {new!r} now"
            continue
        if golden.get("method", "").startswith("bayes_") and name in ("rhat_max", "ess_bulk_min", "ess_tail_min"):
            continue
        allowed = (
            tolerance(golden, name) if tolerance(golden, name) != RELATIVE else RELATIVE * max(abs(float(old)), 1e-3)
        )
        if distance > allowed:
            yield f"{name}: {old} before, {new} now"


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_results_agree_with_the_reference(path):
    stage, _, name = path.stem.partition("_")
    result = ROOT / "results" / path.parent.name / stage / f"{name}.csv"
    assert result.is_file(), f"{result.relative_to(ROOT)} is missing: run make report first"
    reference = rows_of(path)
    columns = key_columns(f"{stage}/{name}.csv")
    found, golden = (
        {tuple(row[part] for part in columns): row for row in rows} for rows in (rows_of(result), reference)
    )
    told = [f"{':'.join(key)}: not there any more" for key in golden if key not in found]
    told += [f"{':'.join(key)}: new" for key in found if key not in golden]
    for key in golden.keys() & found.keys():
        told += [f"{':'.join(key)}: {words}" for words in moved(golden[key], found[key])]
    assert not told, "\n".join(told)


def test_there_are_reference_tables():
    assert {path.parent.name for path in TABLES} == {"naltrexone", "bcg"}
