"""Everything that an audit looks at, said for a person who sees the project for the first time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evisynth.provenance.audit import Finding, audit, facts_of, read_records
from evisynth.provenance.tables import cell_text, read_result

HOLDS, BROKEN, OPEN = "holds", "does not hold", "not checked"
AGREEMENT = "provenance/agreement.csv"
_CLAIMS = "claims/claims.csv"
_ADVICE = {
    "files": "run the pipeline again: it makes what is missing or changed; `evisynth diff` shows what an edit moved",
    "data": "the data were edited after the run: run the pipeline again, or put the data of the run back",
    "code": "the code was changed after the run: run the pipeline again, or check out the version that ran",
    "claims": "claims.csv was edited, or the way claims are compared was changed: run the pipeline again",
    "agreement": "two engines differ and nobody knows why: do not report these numbers before it is found out "
    "(docs/pooling_divergences.md lists the causes that are known)",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        ``files``, ``data``, ``code``, ``claims`` or ``agreement``.
    state : str
        ``holds``, ``does not hold`` or ``not checked``.
    said : str
        What was looked at, in one sentence.
    findings : tuple of Finding
        What does not hold.
    details : tuple of str
        More lines, such as the table of agreement.
    """

    name: str
    state: str
    said: str
    findings: tuple[Finding, ...] = ()
    details: tuple[str, ...] = ()

    @property
    def advice(self) -> str:
        """What to do about it; blank where it holds."""
        return _ADVICE[self.name] if self.state == BROKEN else ""


def all_checks(
    results: Path, root: Path, source: Path | None = None, engines: Sequence[str] | None = None
) -> tuple[list[Check], int]:
    """Look at everything that can be looked at.

    Parameters
    ----------
    results, root, source : pathlib.Path
        As :func:`evisynth.provenance.audit.audit` takes them.
    engines : sequence of str, optional
        Engines to ask again now; without them the stored table of agreement is held against the estimates.

    Returns
    -------
    list of Check
        Files, data, code, claims and agreement, in this order.
    int
        Number of files compared.

    Raises
    ------
    NoRecordsError
        Where there is nothing to compare the folder with.
    EngineError
        Where an engine was asked and did not answer.
    """
    findings, count = audit(results, root, source)
    records = read_records(results)
    facts = facts_of(records)
    by_kind = {kind: tuple(f for f in findings if f.kind == kind) for kind in ("files", "data", "code")}
    steps = f"{len(records)} steps"
    code = f"the scripts of {steps}, with every library file that they import, are those that ran"
    checks = [
        _check(
            "files",
            f"{count - len(facts)} files are, byte for byte, what {steps} read and wrote, and no other file is there",
            by_kind["files"],
        ),
        _data(results, root, records, by_kind["data"]),
        _check("code", code, by_kind["code"]) if source else Check("code", OPEN, "the folder src is not here"),
        _claims(results),
        _agreement(results, engines),
    ]
    return checks, count


def _check(name: str, said: str, findings: Iterable[Finding], details: Iterable[str] = ()) -> Check:
    found = tuple(findings)
    return Check(name, BROKEN if found else HOLDS, said, found, tuple(details))


def _data(results: Path, root: Path, records, changed: tuple[Finding, ...]) -> Check:
    """Compare the review folder, cell by cell, with the tables and the plan that the results were made of."""
    folders = [record.params.get("folder") for record in records if record.rule == "check_review"]
    if not folders or not folders[0] or not (results / "checked" / "plan.json").is_file():
        unnamed = Check("data", OPEN, "no record says where the data of the run lay")
        return _check("data", "", changed) if changed else unnamed
    folder = root / folders[0]
    if not folder.is_dir():
        return Check("data", OPEN, f"{folders[0]} is not here; the tables of the run lie in checked/received")
    from evisynth.review import ReviewError, load_review
    from evisynth.review.stored import read_checked

    try:
        now = load_review(folder)
    except ReviewError as error:
        what = f"does not pass its checks any more: {len(error.problems)} problems (`evisynth check {folders[0]}`)"
        return _check("data", "", [Finding(folders[0], what, "data")])
    then = read_checked(results / "checked")
    found = list(_plan_that_differs(then, now, folders[0])) + list(_cells_that_differ(then, now, folders[0]))
    cells = sum(table.text.size for table in now.received.values())
    said = f"{cells} cells of {folders[0]}, and its plan, are those that the results were made of"
    return _check("data", said, found or changed)


def _plan_that_differs(then, now, folder: str) -> Iterator[Finding]:
    if then.plan.model_dump(mode="json") != now.plan.model_dump(mode="json"):
        yield Finding(f"{folder}/review.yaml", "says something else than the plan that ran (checked/plan.json)", "data")


def _cells_that_differ(then, now, folder: str) -> Iterator[Finding]:
    for name, table in now.received.items():
        old, file = then.received[name], f"{folder}/{table.spec.file}"
        before, after = (dict(zip(t.keys, t.text.to_dict("records"), strict=True)) for t in (old, table))
        for key in sorted(before.keys() ^ after.keys()):
            what = "is a new row: the results were made without it" if key in after else "was used and is gone"
            yield Finding(f"{file}:{key}", what, "data")
        for key in sorted(before.keys() & after.keys()) if before != after else ():
            for column, value in after[key].items():
                if before[key].get(column) != value:
                    what = f"is {value!r} now; the results were made with {before[key].get(column)!r}"
                    yield Finding(f"{file}:{key}:{column}", what, "data")


def _claims(results: Path) -> Check:
    """Compare every claim with its published cells again, and with what is stored."""
    stored = results / _CLAIMS
    if not stored.is_file() or not (results / "checked" / "plan.json").is_file():
        return Check("claims", OPEN, f"{_CLAIMS} or the checked data are not here")
    from evisynth.claims import audit_review
    from evisynth.provenance.folder import ResultsFolder
    from evisynth.review.stored import read_checked

    rows = ResultsFolder(results).rows(_CLAIMS)
    if not rows:
        return Check("claims", HOLDS, "the review has no claims")
    try:
        again = audit_review(read_checked(results / "checked").corrected).claims
    except (KeyError, ValueError) as error:
        return _check("claims", "the claims cannot be compared again", [Finding(_CLAIMS, str(error), "claims")])
    said = f"{len(rows)} claims were compared with the published cells again: verdicts and differences are the same"
    return _check("claims", said, _claims_that_differ(rows, again))


def _claims_that_differ(rows: Mapping[str, Mapping[str, str]], again) -> Iterator[Finding]:
    from evisynth.provenance.tables import unguard

    found = {row["claim_id"]: row for row in again.to_dict("records")}
    for key in sorted(rows.keys() ^ found.keys()):
        yield Finding(f"{_CLAIMS}:{key}", "is not a claim of the data, or is missing from the results", "claims")
    for key, row in rows.items():
        for name, value in found.get(key, {}).items():
            text = unguard(cell_text(value))
            if name in row and row[name] != text:
                yield Finding(f"{_CLAIMS}:{key}:{name}", f"is {row[name]!r}; computed again it is {text!r}", "claims")


def _agreement(results: Path, engines: Sequence[str] | None) -> Check:
    from evisynth.provenance.agreement import compare_engines, unexplained

    path, pooled = results / AGREEMENT, results / "pooled" / "estimates.csv"
    if engines is None and not path.is_file():
        return Check("agreement", OPEN, f"{AGREEMENT} is not here; `--engines` asks other engines now")
    if not pooled.is_file():
        return Check("agreement", OPEN, "there are no pooled estimates")
    if engines is None:
        table, findings = read_result(path), list(_not_ours(results))
    else:
        effects = read_result(results / "effects" / "effects.csv")
        table, findings = compare_engines(effects, read_result(pooled), engines), []
    for row in unexplained(table).itertuples(index=False):
        findings.append(
            Finding(
                f"{row.synthesis}:{row.measure}:{row.method}:{row.quantity}",
                f"is {row.ours:.10g} here and {row.theirs:.10g} by {row.engine} {row.version}, and no cause is known",
                "agreement",
            )
        )
    asked = "the engines that are here were asked" if engines is not None else "from the stored table"
    said = f"{len(table)} numbers of other engines beside ours ({asked}): each agrees, or its difference is explained"
    return _check("agreement", said, findings, _summary(table))


def _not_ours(results: Path) -> Iterator[Finding]:
    """Yield rows of the stored table whose own number is not the one of the estimates."""
    from evisynth.provenance.folder import ResultsFolder

    folder = ResultsFolder(results)
    estimates = folder.rows("pooled/estimates.csv")
    for key, row in folder.rows(AGREEMENT).items():
        own = ":".join(row[name] for name in ("synthesis", "measure", "method"))
        stands = estimates.get(own, {}).get(row["quantity"], "")
        if stands != row["ours"]:
            what = f"compared {row['ours']}, and pooled/estimates.csv has {stands or 'no such number'}"
            yield Finding(f"{AGREEMENT}:{key}", what, "agreement")


def _summary(table) -> Iterator[str]:
    """Yield a line for each engine and method, and each known cause once."""
    if not len(table):
        return
    agrees = table["agrees"].isin([True, "yes"])
    yield f"{'engine':24}{'method':16}{'numbers':>8}{'agree':>7}{'explained':>11}{'unexplained':>13}"
    for (engine, version, method), own in table.groupby(["engine", "version", "method"], sort=False):
        good = int(agrees[own.index].sum())
        known = int((~agrees[own.index] & own["explanation"].fillna("").astype(bool)).sum())
        name = f"{engine} {version}"
        yield f"{name:24}{method:16}{len(own):>8}{good:>7}{known:>11}{len(own) - good - known:>13}"
    for cause, own in table[table["explanation"].fillna("").astype(bool)].groupby("explanation", sort=False):
        yield f"{len(own)} differ because {cause}"
