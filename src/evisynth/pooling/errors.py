"""Errors of the pooling functions, written for the person who typed the data."""

from collections.abc import Sequence


class PoolingInputError(ValueError):
    """The data or options cannot be pooled as given.

    Parameters
    ----------
    problems
        One sentence per problem: where it is, what was found, what is allowed.

    Attributes
    ----------
    problems : tuple of str
        The same sentences, for programs.
    """

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        head = self.problems[0] if len(self.problems) == 1 else f"{len(self.problems)} problems:"
        rest = () if len(self.problems) == 1 else tuple(f"  - {p}" for p in self.problems)
        super().__init__("\n".join((head, *rest)))


class ConvergenceError(ArithmeticError):
    """An iterative fit did not reach a solution; no number is given."""
