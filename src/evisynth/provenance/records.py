"""The records of the steps of one results folder, in the order in which data flow."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Run:
    """One step that ran.

    Attributes
    ----------
    rule : str
        Name of the rule and of its script.
    inputs, outputs : mapping of str to str
        Files with their SHA-256, named from the folder that the pipeline was run in.
    code, python : str
        Digest of the code, version of Python.
    seed : int
        Seed of the random numbers.
    params, packages : mapping
        Parameters, and versions of packages.
    """

    rule: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    code: str
    python: str
    seed: int
    params: Mapping
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class History:
    """How a results folder came to be.

    Attributes
    ----------
    base : str
        The results folder as the records name it, such as ``results/naltrexone``.
    runs : tuple of Run
        The steps, those that others read from first.
    """

    base: str
    runs: tuple[Run, ...]

    @property
    def files(self) -> dict[str, str]:
        """Every file that a step read or wrote, with its SHA-256 as it was last written."""
        found: dict[str, str] = {}
        for run in self.runs:
            found |= {name: digest for name, digest in run.inputs.items() if name not in found}
            found |= run.outputs
        return dict(sorted(found.items()))

    def inside(self, name: str) -> str:
        """Return a file's path within the results folder; blank where it lies elsewhere."""
        path = PurePosixPath(name)
        return path.relative_to(self.base).as_posix() if path.is_relative_to(self.base) else ""


def history_of(results: Path, rules: Collection[str] | None = None) -> History:
    """Read the records of a folder, without that of the packaging: no file can hold its own hash.

    The record of the packaging lies in ``records/last``, where no step before it sees it.

    Parameters
    ----------
    results : pathlib.Path
        ``results/<review>``.
    rules : collection of str, optional
        Read the records of these steps only.

    Raises
    ------
    ValueError
        Where there is no record of the check of the data: nothing says how the records name the folder.
    """
    runs = []
    for file in sorted((results / "provenance" / "records").glob("*.json")):
        data = json.loads(file.read_text(encoding="utf-8"))
        if rules is None or file.stem in rules:
            runs.append(Run(**{name: data[name] for name in Run.__slots__}))
    plans = [name for run in runs for name in run.outputs if name.endswith("checked/plan.json")]
    if not plans:
        raise ValueError(f"{results} has no record of check_review: run the pipeline first")
    return History(PurePosixPath(plans[0]).parents[1].as_posix(), tuple(_in_order(runs)))


def _in_order(runs: list[Run]) -> list[Run]:
    writer = {name: run.rule for run in runs for name in run.outputs}
    needs = {run.rule: {writer[name] for name in run.inputs if name in writer} - {run.rule} for run in runs}
    ordered: list[Run] = []
    left = sorted(runs, key=lambda run: run.rule)
    while left:
        done = {run.rule for run in ordered}
        ready = [run for run in left if needs[run.rule] <= done] or left
        ordered.append(ready[0])
        left.remove(ready[0])
    return ordered
