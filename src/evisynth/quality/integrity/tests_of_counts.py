"""p values of two by two tables, and of every paired table with the same margins."""

import math

import numpy as np

UNPAIRED = (
    "chi-square without continuity correction",
    "chi-square with continuity correction",
    "Fisher's exact test",
)
PAIRED_TESTS = (
    "McNemar's exact test",
    "McNemar's test without continuity correction",
    "McNemar's test with continuity correction",
)


def unpaired_p_values(events_1: int, n_1: int, events_2: int, n_2: int) -> dict[str, float]:
    """Return the two-sided p value of each usual test on two independent groups.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : int
        Events and people; at least one person in each group.

    Returns
    -------
    dict of str to float
        By the names in `UNPAIRED`; all 1 where nobody or everybody had the event.

    References
    ----------
    Pearson 1900; Yates 1934; Fisher 1935 (two-sided: all tables that are no more probable).
    """
    a, b, c, d = events_1, n_1 - events_1, events_2, n_2 - events_2
    total, with_event = n_1 + n_2, events_1 + events_2
    if with_event in (0, total):
        return dict.fromkeys(UNPAIRED, 1.0)
    scale = total / (n_1 * n_2 * with_event * (total - with_event))
    gap = abs(a * d - b * c)
    return {
        UNPAIRED[0]: _chi_square_tail(scale * gap**2),
        UNPAIRED[1]: _chi_square_tail(scale * max(0.0, gap - total / 2) ** 2),
        UNPAIRED[2]: fisher_p(events_1, n_1, events_2, n_2),
    }


def _chi_square_tail(statistic: float) -> float:
    return math.erfc(math.sqrt(statistic / 2))


def fisher_p(events_1: int, n_1: int, events_2: int, n_2: int) -> float:
    """Return Fisher's exact two-sided p value: the tables with the same margins that are no more probable.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : int
        Events and people of two groups.
    """
    from scipy.special import gammaln

    with_event = events_1 + events_2
    x = np.arange(max(0, with_event - n_2), min(n_1, with_event) + 1)
    y = with_event - x
    log_p = -(gammaln(x + 1) + gammaln(n_1 - x + 1) + gammaln(y + 1) + gammaln(n_2 - y + 1))
    p = np.exp(log_p - log_p.max())
    at = p[events_1 - x[0]]
    # equal probabilities differ in the last digits
    return float(min(1.0, p[p <= at * (1 + 1e-7)].sum() / p.sum()))


def paired_p_values(events_1: int, events_2: int, n: int) -> dict[str, list[float]]:
    """Return the p values of each paired test over every paired table that fits two counts of the same people.

    Parameters
    ----------
    events_1, events_2, n : int
        People with the event under either condition, and people in all.

    Returns
    -------
    dict of str to list of float
        By the names in `PAIRED_TESTS`, one value for each overlap from the least to the greatest.

    References
    ----------
    McNemar 1947; continuity correction of Edwards 1948.
    """
    from evisynth.effects.paired_counts import mcnemar_exact_p

    found: dict[str, list[float]] = {name: [] for name in PAIRED_TESTS}
    for both in range(max(0, events_1 + events_2 - n), min(events_1, events_2) + 1):
        b, c = events_1 - both, events_2 - both
        found[PAIRED_TESTS[0]].append(mcnemar_exact_p(b, c))
        for name, gap in ((PAIRED_TESTS[1], abs(b - c)), (PAIRED_TESTS[2], max(0, abs(b - c) - 1))):
            found[name].append(_chi_square_tail(gap**2 / (b + c)) if b + c else 1.0)
    return found
