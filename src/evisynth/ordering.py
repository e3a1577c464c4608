"""One order for several lists that share some of their entries, such as the domains of risk-of-bias tools."""

from collections.abc import Iterable, Sequence


def in_one_order(lists: Iterable[Sequence[str]]) -> list[str]:
    """Return the entries of several lists, each once.

    The longest list gives the order; an entry that it lacks stands behind the one that it follows in its own list.

    Parameters
    ----------
    lists : iterable of sequence of str
        Each in its own order.
    """
    order: list[str] = []
    for entries in sorted(lists, key=len, reverse=True):
        for place, entry in enumerate(entries):
            if entry not in order:
                before = [known for known in entries[:place] if known in order]
                order.insert(order.index(before[-1]) + 1 if before else 0, entry)
    return order
