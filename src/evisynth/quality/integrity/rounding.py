"""What a printed figure can stand for: everything that rounds to it."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from evisynth.effects.counts import counts_from_percent


def decimals(text: str) -> int:
    """Return the number of decimals printed, ``2`` for ``0.30``."""
    return max(0, -int(Decimal(text).as_tuple().exponent))


def half_unit(text: str) -> float:
    """Return half a unit of the last printed decimal, 0.005 for ``0.30``."""
    return 0.5 * 10.0 ** -decimals(text)


def span(text: str) -> tuple[float, float]:
    """Return the lowest and highest value that rounds to a printed figure; both ends count."""
    value, half = float(text), half_unit(text)
    # ends that are exact in decimals are not in binary: 0.285 must meet 0.29
    slack = 1e-9 * max(1.0, abs(value))
    return value - half - slack, value + half + slack


def prints_as(value: float, text: str) -> bool:
    """Whether a value rounds to the printed figure, ties either way."""
    low, high = span(text)
    return low <= value <= high


def overlap(first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Whether two closed ranges meet."""
    return first[0] <= second[1] and second[0] <= first[1]


def counts_of(percent: str, n: int) -> tuple[int, ...]:
    """Return the whole numbers of n people that print as this percentage."""
    return counts_from_percent(percent, n).candidates


def ways_to_round(percent: str, n: int) -> dict[int, frozenset[str]]:
    """Return the counts of n people that print as this percentage, each with the ways of rounding that do so.

    Parameters
    ----------
    percent : str
        As printed.
    n : int
        People.

    Returns
    -------
    dict of int to frozenset of str
        ``up``, ``down`` and ``even`` say where a tie goes (67.5 to 68 or 67); a count that is no tie prints so in all
        of them.
    """
    value, unit = Decimal(percent), Fraction(1, 10 ** decimals(percent))
    even = int(Fraction(value) / unit) % 2 == 0
    found = {}
    for count in counts_of(percent, n):
        gap = Fraction(100 * count, n) - Fraction(value)
        if abs(gap) != unit / 2:
            found[count] = frozenset(_WAYS)
        else:
            found[count] = frozenset({"down" if gap > 0 else "up", *(["even"] if even else [])})
    return found


_WAYS = ("up", "down", "even")


def fit_together(percents: Iterable[tuple[str, int]]) -> list[tuple[int, ...]]:
    """Return for each percentage of so many people the counts that fit, all rounded in one way; empty if none do.

    Parameters
    ----------
    percents : iterable of (str, int)
        Percentages as printed, each with its number of people. One document rounds ties one way.
    """
    found = [ways_to_round(percent, n) for percent, n in percents]
    for way in _WAYS:
        counts = [tuple(count for count, ways in one.items() if way in ways) for one in found]
        if all(counts):
            return counts
    return []


def sizes_of(percents: Iterable[str], largest: int) -> list[int]:
    """Return the numbers of people up to `largest` with which every percentage is possible, ties rounded one way."""
    percents = list(percents)
    return [n for n in range(1, largest + 1) if fit_together((percent, n) for percent in percents)]


def share(events: int, n: int, places: int = 1) -> str:
    """Return ``11/17 = 64.7``."""
    return f"{events}/{n} = {100 * events / n:.{places}f}"


def neighbours(percent: str, n: int) -> str:
    """Return the counts just below and above a percentage that no count gives."""
    below = int(Fraction(Decimal(percent)) * n / 100)
    places = decimals(percent) + 1
    return " or ".join(share(x, n, places) for x in (below, below + 1) if 0 <= x <= n)
