"""Compare every file of a results folder with the record of its making."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that is not what the record says."""

    file: str
    what: str


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
        Empty where everything holds.
    int
        Number of files compared.
    """
    findings: list[Finding] = []
    known: set[Path] = set()
    count = 0
    records = sorted((results / "provenance" / "records").glob("*.json"))
    if not records:
        return [Finding(str(results), "no records: nothing says how these files were made")], 0
    for file in records:
        record = json.loads(file.read_text(encoding="utf-8"))
        for kind in ("inputs", "outputs"):
            for name, digest in record[kind].items():
                count += 1
                path = root / name
                known.add(path.resolve())
                findings += _compare(name, path, digest, kind, record["rule"])
        if source is not None:
            findings += _code(record, root, source)
    findings += _strangers(results, known)
    return list(dict.fromkeys(findings)), count


def _compare(name: str, path: Path, digest: str, kind: str, rule: str) -> Iterator[Finding]:
    if not path.is_file():
        yield Finding(name, f"is missing ({kind[:-1]} of {rule})")
    elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        verb = "was changed after it was written by" if kind == "outputs" else "is not what was read by"
        yield Finding(name, f"{verb} {rule}")


def _code(record: dict, root: Path, source: Path) -> Iterator[Finding]:
    from evisynth.provenance.code import digest_of

    script = root / "scripts" / f"{record['rule']}.py"
    if script.is_file() and record["code"] and digest_of(script, source) not in record["code"].split("-"):
        yield Finding(
            f"scripts/{record['rule']}.py", "the script or library code it uses is not the one that ran"
        )


def _strangers(results: Path, known: set[Path]) -> Iterator[Finding]:
    for path in sorted(results.rglob("*")):
        inside = path.relative_to(results).parts
        if not path.is_file() or inside[0] in ("provenance", "logs") or path.name.startswith("."):
            continue
        if path.resolve() not in known:
            yield Finding(str(path), "no record says where it comes from")
