"""What stands behind a column: a formula, where it comes from and the function that computes it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Formula:
    """How the figures of some columns are computed.

    Attributes
    ----------
    what : str
        What is computed, in words.
    columns : tuple of str
        The columns it stands behind; a trailing ``*`` stands for any ending; empty for all.
    text : str
        The formula.
    citation : str
        Where it comes from.
    function : str
        The library function that computes it.
    """

    what: str
    columns: tuple[str, ...]
    text: str
    citation: str
    function: str
