"""The figures that only the page needs, as tables of their own: counts, steps, files and packages."""

import json
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from evisynth.provenance.folder import ResultsFolder
from evisynth.review.tables import STATUSES
from evisynth.synthesis.estimates import coverage_of

_COUNTED = {
    "sources": "documents that were read",
    "studies": "studies",
    "arms": "rows of arms",
    "contrasts": "rows of comparisons",
    "published_pools": "pooled results of others",
}


def report_tables(folder: ResultsFolder) -> dict[str, pd.DataFrame]:
    """Compute the tables that the page reads besides those of the stages.

    Parameters
    ----------
    folder : ResultsFolder
        The results, with every stage done.

    Returns
    -------
    dict of str to pandas.DataFrame
        Rows of ``report/counts.csv``, ``report/coverage.csv``, ``report/steps.csv``, ``report/files.csv`` and
        ``report/packages.csv``.
    """
    records = _records(folder)
    return {
        "report/counts.csv": _frame(_counts(folder), ("item", "words", "count", "from")),
        "report/coverage.csv": _frame(_coverage(folder), ("target", "interval", "words", "from")),
        "report/steps.csv": _frame(_steps(records), ("step", "script", "code", "seed", "python", "from")),
        "report/files.csv": _frame(_files(records), ("step", "role", "file", "sha256", "from")),
        "report/packages.csv": _frame(_packages(records), ("package", "version", "from")),
    }


def _frame(rows: Iterable[Mapping], columns: Iterable[str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns), dtype=object)


def _counts(folder: ResultsFolder) -> Iterator[dict]:
    for table, words in _COUNTED.items():
        rows = folder.rows(f"{table}.csv")
        yield _count(table, words, f"{table}.csv", rows)
        for status in STATUSES:
            chosen = [key for key, row in rows.items() if row.get("status") == status]
            yield _count(f"{table}_{status}", f"{words}, {status}", f"{table}.csv", chosen)
    unnamed = [key for key, row in folder.rows("corrections.csv").items() if row]
    yield from _integrity(folder)
    yield from _engines(folder)
    yield _count("corrections", "corrections of values as received", "corrections.csv", unnamed)


def _integrity(folder: ResultsFolder) -> Iterator[dict]:
    """Count the verdicts of the checks; the rows are named where something did not fit."""
    found: dict[str, list[str]] = {}
    for key, row in folder.rows("quality/integrity.csv").items():
        found.setdefault(row["verdict"], []).append(key)
    for verdict, keys in sorted(found.items()):
        item = f"integrity_{verdict.replace(' ', '_')}"
        # What fits is most of a thousand rows: their table is named, not each of them.
        places = "quality/integrity.csv" if verdict == "consistent" else ""
        yield _count(item, verdict, "quality/integrity.csv", keys) | ({"from": places} if places else {})


def _engines(folder: ResultsFolder) -> Iterator[dict]:
    """Count the figures on which another engine agrees, and those on which it does not."""
    found: dict[str, list[str]] = {}
    for key, row in folder.rows("provenance/agreement.csv").items():
        sort = "agree" if row["agrees"] == "yes" else "explained" if row["explanation"] else "unexplained"
        found.setdefault(sort, []).append(key)
    words = {
        "agree": "figures agree",
        "explained": "differ for a known reason",
        "unexplained": "differ, and the reason is not known",
    }
    for sort, said in words.items():
        if sort in found:
            yield _count(f"engines_{sort}", said, "provenance/agreement.csv", found[sort])


def _coverage(folder: ResultsFolder) -> Iterator[dict]:
    """Yield what simulations say of the intervals that were used, where they do not hold their level."""
    seen = set()
    for key, row in folder.rows("pooled/estimates.csv").items():
        for note in coverage_of(row["method"]) if row["status"] == "ok" else ():
            if note.is_reliable or (note.target, note.interval) in seen:
                continue
            seen.add((note.target, note.interval))
            # the first estimate with such an interval stands for all
            origin = {"from": f"pooled/estimates.csv:{key}"}
            yield {"target": note.target, "interval": note.interval, "words": note.text, **origin}


def _count(item: str, words: str, table: str, keys: Iterable[str]) -> dict:
    places = [f"{table}:{key}" for key in keys]
    return {"item": item, "words": words, "count": len(places), "from": ";".join(places) or table}


# Steps that run with or after the page: whether their records are there already is a matter of chance.
_BESIDE = ("write_exports", "write_report")


def _records(folder: ResultsFolder) -> list[dict]:
    """Return the records of the steps before this one, in the order in which data flow."""
    found = []
    for path in sorted((folder.path / "provenance" / "records").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["rule"] not in _BESIDE:
            found.append(record | {"from": f"provenance/records/{path.name}"})
    return sorted(found, key=lambda record: (_depth(record, found), record["rule"]))


def _depth(record: dict, records: list[dict], seen: tuple[str, ...] = ()) -> int:
    """Return how many steps lie before a step."""
    before = [
        other
        for other in records
        if other["rule"] not in (record["rule"], *seen) and set(other["outputs"]) & set(record["inputs"])
    ]
    return 1 + max((_depth(other, records, (*seen, record["rule"])) for other in before), default=-1)


def _steps(records: list[dict]) -> Iterator[dict]:
    for record in records:
        yield {
            "step": record["rule"],
            "script": f"scripts/{record['rule']}.py",
            "code": record["code"],
            "seed": int(record["seed"]),
            "python": record["python"],
            "from": record["from"],
        }


def _files(records: list[dict]) -> Iterator[dict]:
    """Yield every file that a step wrote, and those it read that no step wrote."""
    written = {name for record in records for name in record["outputs"]}
    for record in records:
        for role in ("inputs", "outputs"):
            for name, digest in sorted(record[role].items()):
                if role == "inputs" and name in written:
                    continue
                words = {"step": record["rule"], "role": "read" if role == "inputs" else "written"}
                yield {**words, "file": name, "sha256": digest, "from": record["from"]}


def _packages(records: list[dict]) -> Iterator[dict]:
    found: dict[tuple[str, str], list[str]] = {}
    for record in records:
        for name, version in record["packages"].items():
            found.setdefault((name, version), []).append(record["from"])
    named = [name for name, _ in found]
    for (name, version), places in sorted(found.items()):
        # Two steps that ran with two versions are two rows.
        package = name if named.count(name) == 1 else f"{name} {version}"
        yield {"package": package, "version": version, "from": ";".join(places)}
