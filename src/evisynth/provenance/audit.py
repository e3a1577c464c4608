"""Compare every file of a results folder with the record of its making."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What belongs to the making, not to the results.
_ASIDE = ("provenance", "logs")
_KEYS = ("rule", "inputs", "outputs", "code")


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that is not what the record says.

    Attributes
    ----------
    file, what : str
        The file, and what is wrong with it.
    kind : {"files", "data", "code", "claims", "agreement"}
        Which check found it: ``data`` for what a person entered, ``files`` for what steps wrote.
    """

    file: str
    what: str
    kind: str = "files"


class NoRecordsError(ValueError):
    """There is nothing to compare a folder with."""


@dataclass(frozen=True, slots=True)
class _Record:
    rule: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    code: str
    file: Path
    params: dict


def audit(results: Path, root: Path, source: Path | None = None) -> tuple[list[Finding], int]:
    """Compare files with the records of the steps that made or read them.

    Parameters
    ----------
    results : pathlib.Path
        ``results/<review>``.
    root : pathlib.Path
        The folder that the paths of the records are relative to.
    source : pathlib.Path, optional
        The folder of the library (``src``), to see whether results belong to this code.

    Returns
    -------
    list of Finding
        Empty where everything holds: every file that a step read or wrote is there and has the bytes it had
        then, what a step read is what the step before it wrote, the script and the library code of each step are
        those that ran, and every file under the folder was written by a step.
    int
        Number of files compared.

    Raises
    ------
    NoRecordsError
        Where the folder does not exist, or holds no record.
    """
    if not results.is_dir():
        raise NoRecordsError(f"{results} is no folder; run the pipeline first, or name another")
    found = _record_files(results)
    if not found:
        raise NoRecordsError(f"{results} has no records under provenance/records: nothing says how it was made")
    findings: list[Finding] = []
    records: list[_Record] = []
    for file in found:
        record = _read(file)
        if record is None:
            findings.append(Finding(str(file), "is no record of a step: it cannot be read"))
        else:
            records.append(record)
    hashes: dict[Path, str | None] = {}
    facts = facts_of(records)
    for record in records:
        findings += _files(record, root, hashes, facts)
        if source is not None:
            findings += _code(record, root, source)
    findings += _chain(records)
    findings += _strangers(results, set(hashes))
    return list(dict.fromkeys(findings)), len(hashes)


def read_records(results: Path) -> list[_Record]:
    """Return the records of a folder that can be read."""
    found = map(_read, _record_files(results))
    return [record for record in found if record is not None]


def _record_files(results: Path) -> list[Path]:
    """Return the records; that of the last step lies in a folder of its own, where the steps before do not see it."""
    return sorted((results / "provenance" / "records").rglob("*.json"))


def facts_of(records: list[_Record]) -> frozenset[str]:
    """Return the files that steps read and no step wrote: what people entered."""
    written = {name for record in records for name in record.outputs}
    read = {name for record in records if record.rule == "check_review" for name in record.inputs}
    return frozenset(read - written)


def _read(file: Path) -> _Record | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        rule, inputs, outputs, code = (data[name] for name in _KEYS)
        return _Record(str(rule), dict(inputs), dict(outputs), str(code), file, dict(data.get("params", {})))
    except (ValueError, KeyError, TypeError, OSError):
        return None


def _files(record: _Record, root: Path, hashes: dict[Path, str | None], facts: frozenset[str]) -> Iterator[Finding]:
    for verb, files in (("read", record.inputs), ("wrote", record.outputs)):
        for name, digest in files.items():
            kind = "data" if name in facts else "files"
            path = (root / name).resolve()
            if path not in hashes:
                hashes[path] = _hash(path)
            if hashes[path] is None:
                yield Finding(name, f"is missing; {record.rule} {verb} it", kind)
            elif hashes[path] != digest:
                changed = "was changed after it was written by" if verb == "wrote" else "is not what was read by"
                yield Finding(name, f"{changed} {record.rule}", kind)


def _hash(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _code(record: _Record, root: Path, source: Path) -> Iterator[Finding]:
    from evisynth.provenance.code import digest_of

    script = root / "scripts" / f"{record.rule}.py"
    name = f"scripts/{record.rule}.py"
    if not script.is_file():
        yield Finding(name, "is missing; its results cannot be made again", "code")
    elif not record.code:
        yield Finding(name, f"the record of {record.rule} does not say which code ran", "code")
    elif digest_of(script, source) not in record.code.split("-"):
        yield Finding(name, f"{record.rule} ran other code than this script and the library files it imports", "code")


def _chain(records: list[_Record]) -> Iterator[Finding]:
    """Yield where a step read other bytes than the step before it wrote, or two steps wrote one file."""
    writer: dict[str, _Record] = {}
    for record in records:
        for name in record.outputs:
            if name in writer:
                yield Finding(name, f"was written by {writer[name].rule} and by {record.rule}")
            writer[name] = record
    for record in records:
        for name, digest in record.inputs.items():
            if name in writer and writer[name].outputs[name] != digest:
                yield Finding(
                    name, f"{record.rule} read another version than {writer[name].rule} wrote: its results are stale"
                )


def _strangers(results: Path, known: set[Path]) -> Iterator[Finding]:
    for path in sorted(results.rglob("*")):
        inside = path.relative_to(results).parts
        if not path.is_file() or inside[0] in _ASIDE or path.name.startswith("."):
            continue
        if path.resolve() not in known:
            yield Finding(str(path), "no record says where it comes from")
