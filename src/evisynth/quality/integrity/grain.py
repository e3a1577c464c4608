"""GRIM and GRIMMER: whether whole numbers can have this mean and this standard deviation."""

from decimal import Decimal
from fractions import Fraction

from evisynth.effects.types import EffectError
from evisynth.quality.integrity.rounding import decimals


def grim_has_power(mean: str, n: int, items: int = 1) -> bool:
    """Whether some mean printed like this would be impossible: n times items below 10 to the decimals.

    Parameters
    ----------
    mean : str
        The mean as printed.
    n : int
        People.
    items : int
        Whole-number answers that were averaged for each person.
    """
    return n * items < 10 ** decimals(mean)


def sums_for_mean(mean: str, n: int, items: int = 1) -> tuple[int, ...]:
    """Return the sums of n times `items` whole numbers whose mean prints as `mean`.

    Parameters
    ----------
    mean : str
        The mean as printed; final zeros count.
    n : int
        People, 1 or more.
    items : int
        Whole-number answers averaged for each person.

    Returns
    -------
    tuple of int
        Empty when no whole numbers have this mean: the figure is impossible. Ties count either way.

    Raises
    ------
    EffectError
        If n or items is no whole number from 1 on.

    References
    ----------
    Brown NJL, Heathers JAJ (2017). The GRIM test. Soc Psychol Personal Sci 8:363-369.
    """
    for name, value in (("n", n), ("items", items)):
        if isinstance(value, bool) or value != int(value) or value < 1:
            raise EffectError([f"{name}: found {value!r}, allowed a whole number from 1 on"])
    count = int(n) * int(items)
    value, half = Fraction(Decimal(mean)), Fraction(1, 2 * 10 ** decimals(mean))
    low, high = -((-(value - half) * count) // 1), ((value + half) * count) // 1
    return tuple(range(int(low), int(high) + 1))


def is_possible_mean(mean: str, n: int, items: int = 1) -> bool:
    """GRIM: whether the mean of n people's whole numbers can print as `mean`.

    Parameters
    ----------
    mean : str
        As printed, with all its decimals.
    n : int
        People, 1 or more.
    items : int
        Whole numbers that each person's value is the mean of.

    Raises
    ------
    EffectError
        Where `n` or `items` is no whole number from 1 on.
    """
    return bool(sums_for_mean(mean, n, items))


def is_possible_sd(mean: str, sd: str, n: int, *, lowest: int | None = None, highest: int | None = None) -> bool:
    """GRIMMER: whether whole numbers exist with this mean and this standard deviation (divisor n - 1).

    Parameters
    ----------
    mean, sd : str
        As printed.
    n : int
        People, 2 or more.
    lowest, highest : int, optional
        Ends of the scale; without them any whole number is possible.

    Notes
    -----
    With the sum S, the sum of squares Q = (n - 1) sd^2 + S^2/n must be a whole number that is odd when S is odd (a
    square is odd when its root is), at least that of the most even numbers with sum S, and at most that of the most
    uneven ones on the scale. Whether numbers with such S and Q exist is not decided beyond this, so a figure that
    passes may still be impossible; one that fails is.

    Raises
    ------
    EffectError
        Where `n` is below 2.

    References
    ----------
    Anaya J (2016). The GRIMMER test. PeerJ Preprints 4:e2400v1. Allard A (2018), analytic version.
    """
    if n < 2:
        raise EffectError([f"n: found {n!r}, allowed a whole number from 2 on"])
    value, half = Fraction(Decimal(sd)), Fraction(1, 2 * 10 ** decimals(sd))
    low, high = max(Fraction(0), value - half), value + half
    for total in sums_for_mean(mean, n):
        square = Fraction(total * total, n)
        first = -((-((n - 1) * low * low + square)) // 1)
        last = ((n - 1) * high * high + square) // 1
        each, more = divmod(total, n)
        first = max(first, (n - more) * each**2 + more * (each + 1) ** 2)
        if lowest is not None and highest is not None:
            if not n * lowest <= total <= n * highest:
                continue
            last = min(last, _largest_squares(total, n, lowest, highest))
        first += (int(first) - total) % 2
        if first <= last:
            return True
    return False


def _largest_squares(total: int, n: int, lowest: int, highest: int) -> int:
    """Return the largest sum of squares of n whole numbers on the scale that add up to `total`."""
    if highest == lowest:
        return n * lowest**2
    tops, rest = divmod(total - n * lowest, highest - lowest)
    if tops == n:
        return n * highest**2
    return tops * highest**2 + (lowest + rest) ** 2 + (n - tops - 1) * lowest**2


def largest_sd(mean: float, n: int, lowest: float, highest: float) -> float:
    """Return the largest standard deviation (divisor n - 1) of n values on a scale with this mean.

    Parameters
    ----------
    mean : float
        Between `lowest` and `highest`.
    n : int
        People, 2 or more.
    lowest, highest : float
        Ends of the scale.

    Notes
    -----
    All values at the two ends: sd^2 = (mean - lowest) (highest - mean) n/(n - 1) (Bhatia and Davis 2000).
    """
    return (max(0.0, (mean - lowest) * (highest - mean)) * n / (n - 1)) ** 0.5
