"""Numbers as documents print them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)$")
_PRINTED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_WORDS = {
    word: Decimal(value)
    for value, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
} | {"tenth": Decimal(10), "hundredth": Decimal(100)}
_WORD = re.compile(r"\b(" + "|".join(_WORDS) + r")\b", re.IGNORECASE)
_MINUS = "-\u2212"


@dataclass(frozen=True, slots=True)
class Stated:
    """A stated figure.

    Attributes
    ----------
    value : float
        The figure.
    decimals : int
        Decimals it was printed with.
    """

    value: float
    decimals: int

    @property
    def half_unit(self) -> float:
        """Half a unit of the last printed place: how far rounding alone can have moved it."""
        return 0.5 * 10.0**-self.decimals


def _clean(text: str) -> str:
    return re.sub(r"(?<=\d),(?=\d{3}\b)", "", text.strip()).replace("\u2212", "-")


def stated_number(text: str) -> Stated | None:
    """Return a stated figure with its decimals, None where the text is no number.

    Parameters
    ----------
    text : str
        ``31``, ``0.71``, ``1,595``; a comma stands between thousands only.
    """
    clean = _clean(text)
    if not _PLAIN.match(clean):
        return None
    return Stated(float(clean), len(clean.partition(".")[2]))


def number_of(text: str) -> float | None:
    """Return the number that a text is, None where it is none."""
    found = stated_number(text)
    return None if found is None else found.value


def exact_number(text: str) -> Decimal | None:
    """Return the number that a text is, exactly as printed, None where it is none."""
    try:
        return Decimal(_clean(text))
    except InvalidOperation:
        return None


def printed_numbers(text: str) -> Iterator[Decimal]:
    """Yield every number that a text prints, in digits or, from one to twelve, in words.

    A minus sign counts where no digit stands in front of it: ``60-70`` prints 60 and 70.

    Parameters
    ----------
    text : str
        Some lines of a document.
    """
    for match in _PRINTED.finditer(text):
        before = text[: match.start()]
        if before[-1:] == "." and before[-2:-1].isdigit():
            continue
        value = Decimal(match.group().replace(",", ""))
        negative = before[-1:] and before[-1] in _MINUS and not before[-2:-1].isalnum()
        yield -value if negative else value
    for match in _WORD.finditer(text):
        yield _WORDS[match.group().lower()]
