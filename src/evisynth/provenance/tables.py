"""The tables that stages write: their keys, and how they are written so that bytes repeat."""

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evisynth.review.tables import TABLES, key_of

SIGNIFICANT_DIGITS = 12
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class StageTable:
    """A table of results: the columns that make its key, and what one row is."""

    key: tuple[str, ...]
    about: str


STAGE_TABLES: dict[str, StageTable] = {
    "checked/prisma.csv": StageTable(("box",), "a box of the PRISMA flow, counted from screening.csv"),
    "effects/effects.csv": StageTable(("synthesis", "measure", "study_id"), "one study's effect in one synthesis"),
    "effects/steps.csv": StageTable(
        ("synthesis", "measure", "study_id", "step"), "one step of the conversion behind an effect"
    ),
    "effects/left_out.csv": StageTable(
        ("synthesis", "measure", "study_id"),
        "a study that belongs to a synthesis but is not in it, with the reason",
    ),
    "effects/sensitivity.csv": StageTable(
        ("synthesis", "scenario", "measure", "study_id"), "one study's effect in one sensitivity analysis"
    ),
    "effects/paired.csv": StageTable(
        ("synthesis", "study_id"),
        "a paired binary result known only by its margins: range over all tables that fit",
    ),
    "pooled/estimates.csv": StageTable(("synthesis", "measure", "method"), "a frequentist estimate"),
    "pooled/weights.csv": StageTable(("synthesis", "measure", "method", "study_id"), "a study's weight, per cent"),
    "pooled/sensitivity.csv": StageTable(
        ("synthesis", "scenario", "measure", "method"), "a frequentist estimate of a sensitivity analysis"
    ),
    "pooled/leave_one_out.csv": StageTable(
        ("synthesis", "measure", "study_id"), "the headline estimate without one study"
    ),
    "pooled/regression.csv": StageTable(("synthesis", "measure", "moderator", "term"), "a meta-regression coefficient"),
    "pooled/regression_lines.csv": StageTable(
        ("synthesis", "measure", "moderator", "point"), "a point of the line of a meta-regression"
    ),
    "pooled/subgroups.csv": StageTable(
        ("synthesis", "measure", "subgroup", "level"), "the estimate of a subgroup, with the test between subgroups"
    ),
    "pooled/multiverse.csv": StageTable(("synthesis", "path"), "the estimate of one defensible path of analysis"),
    "pooled/multiverse_summary.csv": StageTable(("synthesis",), "what the paths of a synthesis say, counted"),
    "bayes/estimates.csv": StageTable(("synthesis", "measure", "method"), "a Bayesian estimate"),
    "bayes/studies.csv": StageTable(("synthesis", "measure", "method", "study_id"), "a study's effect after shrinkage"),
    "bayes/diagnostics.csv": StageTable(("synthesis", "measure", "method"), "the checks of one fit"),
    "bayes/sensitivity.csv": StageTable(
        ("synthesis", "measure", "prior"), "the exact posterior under another heterogeneity prior"
    ),
    "bayes/prior_surface.csv": StageTable(
        ("synthesis", "measure", "tau_prior", "mu_prior"), "the exact posterior under other priors of tau and mu"
    ),
    "bayes/averaging.csv": StageTable(("synthesis", "measure", "model"), "one model of a model average"),
    "bayes/averaged.csv": StageTable(
        ("synthesis", "measure", "component"), "what the models of a model average say together"
    ),
    "bayes/densities.csv": StageTable(
        ("synthesis", "measure", "parameter", "curve", "point"), "a point of a prior or posterior density"
    ),
    "bayes/probabilities.csv": StageTable(
        ("synthesis", "measure", "curve", "point"), "the probability of an effect beyond one value"
    ),
    "bayes/adjusted.csv": StageTable(
        ("synthesis", "measure", "method", "prior"), "a Bayesian estimate under an assumption about bias or conversions"
    ),
    "bayes/bias_terms.csv": StageTable(
        ("synthesis", "measure", "method", "prior", "term"), "a term of an adjusted model, before and after the data"
    ),
    "bayes/checks.csv": StageTable(
        ("synthesis", "measure", "method", "study_id"), "a study against what the sampled model expects of it"
    ),
    "bayes/power_scaling.csv": StageTable(
        ("synthesis", "measure", "method", "parameter"), "how sensitive a parameter is to its priors and to the data"
    ),
    "bias/tests.csv": StageTable(("synthesis", "measure", "test"), "a test of small-study effects"),
    "bias/selection.csv": StageTable(
        ("synthesis", "measure", "method"), "an estimate corrected for, or bounded against, selective publication"
    ),
    "bias/trim_and_fill.csv": StageTable(
        ("synthesis", "measure", "estimator", "point"), "a point of the filled funnel, a study or a filled one"
    ),
    "bias/influence.csv": StageTable(("synthesis", "measure", "study_id"), "what one study does to the estimate"),
    "bias/cumulative.csv": StageTable(
        ("synthesis", "measure", "study_id"), "the estimate from the studies up to this one, by year"
    ),
    "bias/gosh.csv": StageTable(("synthesis", "measure", "subset"), "the estimate from a subset of the studies"),
    "quality/judgements.csv": StageTable(
        ("study_id", "outcome_id", "tool", "domain", "aim"), "a judgement of one domain for one study and outcome"
    ),
    "quality/certainty.csv": StageTable(("synthesis", "domain"), "a GRADE domain of one synthesis"),
    "quality/informed.csv": StageTable(
        ("synthesis", "measure", "analysis"), "an estimate that takes the risk of bias of the studies into account"
    ),
    "quality/risk_weights.csv": StageTable(
        ("synthesis", "measure", "domain", "judgement"), "the share of the weight at one level of one domain, per cent"
    ),
    "quality/findings.csv": StageTable(("synthesis",), "a line of the summary of findings"),
    "quality/integrity.csv": StageTable(("check", "table", "row"), "one check of one reported figure"),
    "figures/index.csv": StageTable(("name",), "a figure that the report shows"),
    "figures/files.csv": StageTable(("name",), "a figure that is a file beside the report"),
    "claims/claims.csv": StageTable(("claim_id",), "a claim beside the published figure, with its verdict"),
    "claims/documents.csv": StageTable(("source_id",), "a document's verdicts, counted"),
    "claims/conflicts.csv": StageTable(("claim_1", "claim_2"), "two claims that contradict each other"),
    "claims/stated_published.csv": StageTable(("study", "item"), "a study as the documents state it, beside its paper"),
    "claims/timeline.csv": StageTable(("source_id", "kind", "item"), "what was known when a document was written"),
    "provenance/agreement.csv": StageTable(
        ("synthesis", "measure", "method", "engine", "quantity"), "a number of ours beside that of another engine"
    ),
    "report/prisma_checklist.csv": StageTable(("item",), "an item of the PRISMA 2020 checklist, with its status"),
    "report/swim_checklist.csv": StageTable(("item",), "an item of the SWiM checklist, with its status"),
    "report/counts.csv": StageTable(("item",), "a count of rows that the page states"),
    "report/coverage.csv": StageTable(("target", "interval"), "how often an interval held the truth in simulations"),
    "report/steps.csv": StageTable(("step",), "a step of the pipeline, with the digest of its code"),
    "report/files.csv": StageTable(("step", "role", "file"), "a file that a step read or wrote, with its hash"),
    "report/packages.csv": StageTable(("package",), "a package that was used, with its version"),
}


def key_columns(table: str) -> tuple[str, ...]:
    """Return the key columns of a table of results or of facts.

    Parameters
    ----------
    table : str
        ``pooled/estimates.csv``, or ``arms.csv`` for the table of facts.

    Raises
    ------
    KeyError
        Where no stage writes such a table.
    """
    if table in STAGE_TABLES:
        return STAGE_TABLES[table].key
    name = Path(table).stem
    if name in TABLES:
        return TABLES[name].key
    raise KeyError(f"no table {table!r}; tables: {', '.join([*STAGE_TABLES, *(s.file for s in TABLES.values())])}")


def guard(cell: str) -> str:
    """Return a text cell that no spreadsheet takes for a formula (a leading apostrophe where it would)."""
    return "'" + cell if cell.startswith(_FORMULA_STARTS) and not is_number(cell) else cell


def unguard(cell: str) -> str:
    """Return the cell as it was before :func:`guard`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell


def is_number(cell: str) -> bool:
    """Return whether a cell reads as a number, ``nan`` and ``inf`` included."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def cell_text(value: object) -> str:
    """Return a value as it stands in a CSV file: 12 significant digits, blank for nothing.

    Parameters
    ----------
    value : object
        A number, a bool, a text or None.

    Raises
    ------
    ValueError
        For an infinite number: it would look like a result.
    """
    if value is None or value is pd.NA:
        return ""
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) or hasattr(value, "dtype"):
        number = float(value)
        if math.isnan(number):
            return ""
        if math.isinf(number):
            raise ValueError("an infinite number cannot stand in a table of results")
        if number == int(number) and abs(number) < 1e15:
            return str(int(number))
        return f"{number:.{SIGNIFICANT_DIGITS}g}"
    return guard(str(value))


def write_table(frame: pd.DataFrame, path: Path, table: str) -> None:
    """Write a table of results: fixed number format, unique keys, a ``from`` on every row.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows, in the order they are to stand.
    path : pathlib.Path
        Where to.
    table : str
        Its name in :data:`STAGE_TABLES`.

    Raises
    ------
    ValueError
        Where a key stands twice, or a row does not say what it was computed from.
    """
    columns = list(key_columns(table))
    missing = [name for name in (*columns, "from") if name not in frame.columns]
    if missing:
        raise ValueError(f"{table}: no column {', '.join(missing)}")
    keys = [key_of(map(cell_text, parts)) for parts in frame[columns].itertuples(index=False)]
    twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) != len(keys) else []
    if twice:
        raise ValueError(f"{table}: the key {twice[0]} stands {keys.count(twice[0])} times")
    homeless = [key for key, origin in zip(keys, frame["from"], strict=True) if not origin]
    if homeless:
        raise ValueError(f"{table}: the row {homeless[0]} does not say what it was computed from")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_csv(frame.columns, frame.itertuples(index=False, name=None)), encoding="utf-8", newline="")


def to_csv(columns: Iterable[str], rows: Iterable[Iterable]) -> str:
    """Return CSV text with newline line ends, every cell through :func:`cell_text`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell_text(value) for value in row] for row in rows)
    return out.getvalue()


def read_result(path: Path) -> pd.DataFrame:
    """Read a table of results: numbers as numbers, blank numbers as NaN, blank text as ``""``.

    Parameters
    ----------
    path : pathlib.Path
        A file that :func:`write_table` wrote.
    """
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    for name in frame.columns:
        filled = frame[name] != ""
        numbers = pd.to_numeric(frame[name].where(filled), errors="coerce")
        if filled.any() and numbers[filled].notna().all() and name not in _TEXT_COLUMNS:
            frame[name] = numbers.astype(float)
        else:
            frame[name] = frame[name].map(unguard)
    return frame


_TEXT_COLUMNS = frozenset(
    {"study_id", "synthesis", "label", "from", "key", "question", "stated_value", "pmid", "value_text", "box"}
)


def join_from(references: Iterable[str]) -> str:
    """Join references for a ``from`` cell: each once, in order of appearance."""
    return ";".join(dict.fromkeys(reference for reference in references if reference))


def reference(table: str, row: Mapping | pd.Series) -> str:
    """Return ``table:key`` of a row."""
    return f"{table}:{key_of(cell_text(row[name]) for name in key_columns(table))}"
