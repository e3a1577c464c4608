"""Where the numbers of a printed document come from: every code, with the codes or the document behind it."""

from evisynth.provenance.folder import PLAN, Reference
from evisynth.provenance.tables import STAGE_TABLES
from evisynth.report.exports.ledger import Ledger, runs_of
from evisynth.review.tables import TABLES

# Named by their table alone: hundreds of answers and records stand behind one row, or the row says no more.
_COUNTED = (
    *("risk_of_bias.csv", "screening.csv", "sources.csv", "claims.csv", "certainty.csv", "effects/sensitivity.csv"),
    *("pooled/multiverse.csv", "provenance/agreement.csv", "pooled/weights.csv"),
    *("claims/claims.csv", "quality/judgements.csv"),
)


def traces(ledger: Ledger) -> list[dict]:
    """Return where the numbers of a document were read: every code, with the codes or rows behind it.

    The rows behind a printed row get codes of their own, down to the facts; a fact ends with the document and the
    place in it. Answers to the questions of risk of bias and records of screening are named by their table alone.

    Parameters
    ----------
    ledger : Ledger
        After the document was made.

    Returns
    -------
    list of dict
        For each table its letter, name, what a row is, the columns that were printed, and its rows (code, key,
        where it comes from).
    """
    todo = [(table, key) for table, traced in ledger.tables.items() for key in traced.rows]
    behind: dict[tuple[str, str], list[str]] = {}
    while todo:
        table_name, key = todo.pop(0)
        if (table_name, key) in behind:
            continue
        parents = ledger.tracer.at(Reference(table_name, key)).parents
        counted: dict[str, int] = {}
        codes = behind.setdefault((table_name, key), [])
        for parent in parents:
            place = parent.reference
            if place.table in _COUNTED or place.table == PLAN:
                counted[place.table] = counted.get(place.table, 0) + 1
                continue
            codes.append(ledger.code(place.table, place.key))
            todo.append((place.table, place.key))
        codes += [f"{name} ({count})" for name, count in counted.items()]
    return [
        {
            "letter": traced.letter,
            "table": name,
            "about": STAGE_TABLES[name].about if name in STAGE_TABLES else _about(name),
            "columns": ", ".join(traced.columns),
            "rows": [
                {"code": code, "key": key, "from": runs_of(behind[name, key]) or _read_in(ledger, name, key)}
                for key, code in traced.rows.items()
            ],
        }
        for name, traced in ledger.tables.items()
    ]


def _about(name: str) -> str:
    spec = TABLES.get(name.removesuffix(".csv"))
    return spec.about if spec else ""


def _read_in(ledger: Ledger, name: str, key: str) -> str:
    """Return the document a fact was read in, and the place in it."""
    row = ledger.folder.rows(name).get(key, {})
    if not row.get("source_id"):
        return ""
    return "; ".join(filter(None, (f"read in {row['source_id']}", row.get("locator", ""), row.get("status", ""))))
