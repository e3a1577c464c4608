"""What stops an import, said by cell."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One thing that stops an import.

    Attributes
    ----------
    place : str
        The cell (``Trials!C7``), the line, or the file.
    found, allowed, advice : str
        What stands there, what may stand there, what to do.
    meant_for : str
        The column of the review that the cell is meant for, such as ``events of arms.csv``; may be blank.
    order : tuple of int
        Row and column, to tell problems in the order of the sheet.
    """

    place: str
    found: str
    allowed: str
    advice: str
    meant_for: str = ""
    order: tuple[int, int] = (0, 0)

    def to_text(self) -> str:
        """Return the problem as two lines of text."""
        place = f"{self.place}, meant for {self.meant_for}" if self.meant_for else self.place
        return f"{place}: found {self.found}; allowed: {self.allowed}.\n    -> {self.advice}"


class ImportRefused(ValueError):
    """An import cannot be made; nothing was written. `problems` holds every reason.

    Parameters
    ----------
    problems : iterable of CellProblem
        At least one.
    file : str
        Name of the file.
    """

    def __init__(self, problems: Iterable[CellProblem], file: str) -> None:
        self.problems = tuple(sorted(_once(problems), key=lambda problem: problem.order))
        self.file = file
        super().__init__(self.to_text())

    def to_text(self) -> str:
        """Return all problems under a line that counts them."""
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in {self.file}; nothing was written:"
        return "\n".join([head, *(problem.to_text() for problem in self.problems)])


def no_folder(folder: Path) -> ImportRefused:
    """Return the refusal of an import into a folder that is not there."""
    advice = f"check the path; `evisynth new {folder.name}` starts a review in data/{folder.name}"
    return ImportRefused([CellProblem(str(folder), "no such folder", "the folder of a review", advice)], folder.name)


def _once(problems: Iterable[CellProblem]) -> list[CellProblem]:
    """Tell a cell that is meant for several columns once, with all of them."""
    found: dict[tuple, CellProblem] = {}
    for problem in problems:
        same = (problem.place, problem.found, problem.allowed, problem.advice)
        before = found.get(same)
        if before is None:
            found[same] = problem
        elif problem.meant_for and problem.meant_for not in before.meant_for.split(", "):
            found[same] = replace(before, meant_for=f"{before.meant_for}, {problem.meant_for}".removeprefix(", "))
    return list(found.values())
