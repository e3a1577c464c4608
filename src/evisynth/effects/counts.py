"""From a printed percentage back to the counts that fit it: none, one or several."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from evisynth.effects.types import EffectError, Step

__all__ = ["Counts", "counts_from_percent", "sizes_that_fit"]


@dataclass(frozen=True)
class Counts:
    """The whole numbers that a printed percentage of n people can stand for.

    Attributes
    ----------
    candidates : tuple of int
        Every count that prints so, in order; empty if none does.
    chosen : int or None
        The only one, or of several the one nearest to the percentage as printed; None if none fits.
    step : Step
        How it was made.
    """

    candidates: tuple[int, ...]
    chosen: int | None
    step: Step

    @property
    def fits(self) -> str:
        """``none``, ``one`` or ``several``."""
        return ("none", "one", "several")[min(len(self.candidates), 2)]


def _printed(percent: str | float | int, decimals: int | None) -> tuple[Fraction, int]:
    text = str(percent).strip().rstrip("%").strip()
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise EffectError([f"percent: found {text!r}, allowed a number from 0 to 100"]) from None
    if not value.is_finite() or not 0 <= value <= 100:
        raise EffectError([f"percent: found {text!r}, allowed a number from 0 to 100"])
    if decimals is None:
        # a float 45.0 cannot say whether one decimal was printed: the coarser reading is the safe one
        if isinstance(percent, float) and percent == int(percent):
            value = Decimal(int(percent))
        decimals = max(0, -int(value.as_tuple().exponent))
    return Fraction(value), decimals


def counts_from_percent(percent: str | float, n: int, *, decimals: int | None = None) -> Counts:
    """Every count of events whose percentage of n prints as `percent`.

    Parameters
    ----------
    percent : str or float
        0 to 100 as printed. Text keeps final zeros, ``"45.0"``, which narrows the set.
    n : int
        People in the group, 1 or more.
    decimals : int, optional
        Decimals printed; found from `percent` if not given.

    Returns
    -------
    Counts
        Exact ties (2.5 printed without decimals) fit both neighbours, since sources round them either way.

    Raises
    ------
    EffectError
        If percent is no number from 0 to 100 or n no whole number from 1 on.

    Notes
    -----
    Several counts fit as soon as n is above 100 x 10^decimals. No count fitting is a finding: wrong
    denominator, typing error, or a percentage of something else.
    """
    if isinstance(n, bool) or n != int(n) or n < 1:
        raise EffectError([f"n: found {n!r}, allowed a whole number from 1 on"])
    n = int(n)
    value, places = _printed(percent, decimals)
    half = Fraction(1, 2 * 10**places)
    low = -((-(value - half) * n / 100) // 1)  # ceiling
    high = ((value + half) * n / 100) // 1
    candidates = tuple(range(max(0, int(low)), min(n, int(high)) + 1))
    nearest = min(candidates, key=lambda x: abs(Fraction(100 * x, n) - value)) if candidates else None
    assumption = None
    if len(candidates) > 1:
        assumption = f"{nearest} of the {len(candidates)} counts that fit, {candidates[0]} to {candidates[-1]}"
    step = Step(
        name="counts from a percentage",
        formula="all whole x with |100 x/n - percent| at most half a unit of the last printed decimal",
        inputs={"percent": float(value), "n": float(n), "decimals": float(places)},
        output={} if nearest is None else {"events": float(nearest)},
        assumption=assumption,
        source="exact arithmetic",
    )
    return Counts(candidates, nearest, step)


def sizes_that_fit(percents: list[str | float], sizes: range | list[int], *, decimals: int | None = None) -> list[int]:
    """Sample sizes with which every one of the printed percentages is possible: checks a denominator."""
    return [n for n in sizes if all(counts_from_percent(p, n, decimals=decimals).candidates for p in percents)]
