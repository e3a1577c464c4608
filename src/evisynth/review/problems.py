"""What is wrong with a review folder, said to the person who typed it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that stops a review.

    Attributes
    ----------
    file : str
        File of the review folder.
    line : int
        Line of that file, counted from 1; 0 where the problem is the file itself.
    column : str
        Column or key, blank where it does not apply.
    found, allowed, advice : str
        What stands there, what may stand there, what to do.
    """

    file: str
    line: int
    column: str
    found: str
    allowed: str
    advice: str

    def to_text(self) -> str:
        """Return the problem as two lines of text."""
        place = self.file if not self.line else f"{self.file}, line {self.line}"
        if self.column:
            place += f", column {self.column}"
        text = f"{place}: found {self.found}; allowed: {self.allowed}."
        return f"{text}\n    -> {self.advice}" if self.advice else text


class ReviewError(ValueError):
    """A review folder cannot be used; `problems` holds every reason.

    Parameters
    ----------
    problems : iterable of Problem
        At least one.
    """

    def __init__(self, problems) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(self.to_text())

    def to_text(self) -> str:
        """Return all problems, one after the other, under a line that counts them."""
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the review folder; nothing was written:"
        return "\n".join([head, *(problem.to_text() for problem in self.problems)])


def shown(value: str, most: int = 60) -> str:
    """Quote a cell for a message: control characters escaped, long text cut.

    Parameters
    ----------
    value : str
        The cell.
    most : int
        Longest text shown.

    Returns
    -------
    str
        The quoted text, or ``a blank cell``.
    """
    if value == "":
        return "a blank cell"
    text = value.encode("unicode_escape").decode("ascii") if not value.isprintable() else value
    return f"'{text[:most]}...'" if len(text) > most else f"'{text}'"
