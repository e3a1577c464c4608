"""Timing for the benchmarks: the fastest of several rounds, which is what the code takes undisturbed."""

from collections.abc import Callable
from time import perf_counter


def best_of(function: Callable[[], object], repeats: int = 5, at_least: float = 0.02) -> float:
    """Return the seconds of one call, the smallest mean over `repeats` rounds.

    Parameters
    ----------
    function
        Called without arguments, once before the clock starts (imports, caches, compilation).
    repeats
        How many rounds; >= 1.
    at_least
        How long a round takes at least, in seconds: a fast function is called many times in one round.

    Returns
    -------
    float
        Seconds per call.

    Raises
    ------
    ValueError
        If `repeats` is smaller than 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}; at least one round is needed")
    function()
    calls = 1
    while (seconds := _round(function, calls)) < at_least:
        calls *= 2 if seconds == 0 else max(2, int(at_least / seconds) + 1)
    return min([seconds, *(_round(function, calls) for _ in range(repeats - 1))]) / calls


def _round(function: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        function()
    return perf_counter() - start
