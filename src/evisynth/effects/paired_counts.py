"""Effects of the same people under two conditions on a yes-or-no outcome; what the margins leave open.

Of n people, `both` had the event under both conditions, `only_1` and `only_2` under one, `neither` under
none.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evisynth.effects._numbers import Arguments, Floats, finish
from evisynth.effects.types import EffectError, EffectSize, NoEffectError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PairedTables", "mcnemar_exact_p", "paired_effect", "paired_odds_ratio", "paired_tables"]


def paired_odds_ratio(only_1: Any, only_2: Any, *, zero_cells: str = "study") -> EffectSize:
    """Conditional (McNemar) log odds ratio from the discordant people.

    Parameters
    ----------
    only_1, only_2 : float or array of shape (k,)
        People with the event under condition 1 alone and under condition 2 alone.
    zero_cells : {"study", "none"}
        Whether 0.5 is added to both where one is 0. Without any discordant person there is no information:
        left out.

    References
    ----------
    Breslow NE, Day NE (1980). Statistical Methods in Cancer Research I, section 5.2.
    """
    args = Arguments(only_1=only_1, only_2=only_2)
    args.counts("only_1", "only_2")
    args.done()
    b, c, added = _half(zero_cells, args["only_1"], args["only_2"])
    nobody = (args["only_1"] == 0) & (args["only_2"] == 0)
    left_out = {int(i): "no discordant pair: no information on a ratio" for i in np.flatnonzero(nobody)}
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = np.log(b) - np.log(c), 1 / b + 1 / c
    step = {
        "name": "paired odds ratio (conditional)",
        "formula": "yi = ln(only_1/only_2), vi = 1/only_1 + 1/only_2",
        "assumption": added,
        "source": "Breslow and Day 1980, section 5.2",
    }
    return finish(args, "MPORC", yi, vi, left_out, step)


def _half(zero_cells: str, *cells: Floats) -> tuple[Any, ...]:
    if zero_cells not in ("study", "none"):
        raise EffectError([f"zero_cells: found {zero_cells!r}, allowed for paired counts study, none"])
    zero = np.any([c == 0 for c in cells], axis=0) & (zero_cells == "study")
    words = "0.5 added to every cell of a study that has a zero cell" if np.any(zero) else None
    return (*(c + 0.5 * zero for c in cells), words)


_MARGINAL = {
    "MPRR": (
        "yi = ln(p_1/p_2), vi = (only_1 + only_2)/((both + only_1) (both + only_2))",
        "Elbourne et al. 2002, Int J Epidemiol 31:140-149",
    ),
    "MPOR": (
        "yi = logit(p_1) - logit(p_2), vi = (1/(p_1 q_1) + 1/(p_2 q_2) - 2 (p_both - p_1 p_2)/(p_1 q_1 p_2 q_2))/n",
        "Elbourne et al. 2002; delta method",
    ),
    "MPRD": (
        "yi = p_1 - p_2, vi = (p_only_1 + p_only_2 - (p_only_1 - p_only_2)^2)/n",
        "Agresti 2013, section 11.1",
    ),
}


def _marginal(measure: str, a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    n = a + b + c + d
    if measure == "MPRD":
        return (b - c) / n, ((b + c) / n - ((b - c) / n) ** 2) / n
    if measure == "MPRR":
        return np.log(a + b) - np.log(a + c), (b + c) / ((a + b) * (a + c))
    p1, p2 = (a + b) / n, (a + c) / n
    v1, v2 = p1 * (1 - p1), p2 * (1 - p2)
    yi = np.log(a + b) - np.log(c + d) - np.log(a + c) + np.log(b + d)
    return yi, (1 / v1 + 1 / v2 - 2 * (a / n - p1 * p2) / (v1 * v2)) / n


def _undefined(measure: str, a: Floats, b: Floats, c: Floats, d: Floats) -> Any:
    """Where the estimate is infinite or its variance 0 without a correction."""
    if measure == "MPRD":
        return (b + c == 0) | (np.abs(b - c) == a + b + c + d)
    undefined = (a + b == 0) | (a + c == 0) | (b + c == 0)
    return undefined | (c + d == 0) | (b + d == 0) if measure == "MPOR" else undefined


def paired_effect(
    measure: str, both: Any, only_1: Any, only_2: Any, neither: Any, *, zero_cells: str = "margins"
) -> EffectSize:
    """Effect of condition 1 against condition 2 from a full paired table.

    Parameters
    ----------
    measure : {"MPRR", "MPOR", "MPRD", "MPORC"}
        Marginal risk ratio, marginal odds ratio, marginal risk difference, or conditional odds ratio.
    both, only_1, only_2, neither : float or array of shape (k,)
        People, whole numbers.
    zero_cells : {"margins", "study", "none"}
        When 0.5 is added to all four cells: where the estimate would be infinite or its variance 0
        (``margins``), wherever a cell is 0, or never. ``MPORC`` follows `paired_odds_ratio`.

    References
    ----------
    Elbourne DR et al. (2002). Int J Epidemiol 31:140-149.
    """
    if measure == "MPORC":
        return paired_odds_ratio(only_1, only_2, zero_cells="none" if zero_cells == "none" else "study")
    if measure not in _MARGINAL:
        raise EffectError([f"measure: found {measure!r}, allowed {', '.join((*_MARGINAL, 'MPORC'))}"])
    if zero_cells not in ("margins", "study", "none"):
        raise EffectError([f"zero_cells: found {zero_cells!r}, allowed margins, study, none"])
    args = Arguments(both=both, only_1=only_1, only_2=only_2, neither=neither)
    args.counts("both", "only_1", "only_2", "neither")
    args.done()
    a, b, c, d = (args[k] for k in ("both", "only_1", "only_2", "neither"))
    zero = {
        "margins": _undefined(measure, a, b, c, d),
        "study": a * b * c * d == 0,
        "none": np.zeros(a.shape, dtype=bool),
    }[zero_cells]
    left_out = {}
    if measure != "MPRD":
        left_out = {int(i): "no events under either condition" for i in np.flatnonzero(a + b + c == 0)}
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = _marginal(measure, *(x + 0.5 * zero for x in (a, b, c, d)))
    formula, source = _MARGINAL[measure]
    step = {
        "name": measure,
        "formula": formula,
        "assumption": "0.5 added to all four cells" if np.any(zero) else None,
        "source": source,
    }
    return finish(args, measure, yi, vi, left_out, step)


def mcnemar_exact_p(only_1: int, only_2: int) -> float:
    """Two-sided exact McNemar p value: twice the smaller binomial tail with probability 1/2, at most 1.

    References
    ----------
    McNemar Q (1947). Psychometrika 12:153-157, in its exact binomial form.
    """
    from math import comb

    args = Arguments(only_1=only_1, only_2=only_2)
    args.counts("only_1", "only_2")
    args.done()
    n, low = int(only_1) + int(only_2), int(min(only_1, only_2))
    return min(1.0, 2 * sum(comb(n, i) for i in range(low + 1)) / 2**n)


@dataclass(frozen=True)
class PairedTables:
    """All paired tables that fit two counts of the same people, and what each of them says.

    Attributes
    ----------
    tables : array of int, shape (m, 4)
        both, only_1, only_2, neither; from no overlap that is possible to the greatest.
    effect : EffectSize
        The effect in each table, arrays of shape (m,).
    p : array of shape (m,)
        Exact McNemar p value of each.
    """

    tables: NDArray[np.int64]
    effect: EffectSize
    p: Floats

    @property
    def yi_range(self) -> tuple[float, float]:
        """Smallest and largest estimate."""
        return float(np.nanmin(self.effect.yi)), float(np.nanmax(self.effect.yi))

    @property
    def sei_range(self) -> tuple[float, float]:
        """Smallest and largest standard error."""
        return float(np.nanmin(self.effect.sei)), float(np.nanmax(self.effect.sei))

    @property
    def p_range(self) -> tuple[float, float]:
        """Smallest and largest exact McNemar p value."""
        return float(self.p.min()), float(self.p.max())

    def interval_range(self, level: float = 0.95) -> tuple[float, float]:
        """Lowest lower and highest upper confidence limit over all tables, on the analysis scale."""
        low, high = self.effect.interval(level)
        return float(np.nanmin(low)), float(np.nanmax(high))

    def to_frame(self) -> "pd.DataFrame":
        """One row per table."""
        import pandas as pd

        frame = pd.DataFrame(self.tables, columns=["both", "only_1", "only_2", "neither"])
        return frame.assign(yi=self.effect.yi, vi=self.effect.vi, sei=self.effect.sei, p=self.p)


def paired_tables(events_1: int, events_2: int, n: int, *, measure: str = "MPRR") -> PairedTables:
    """Every paired table with these two counts in the same n people, and the range of a result over them.

    A crossover trial that reports 9 of 28 under one condition and 3 of 28 under the other leaves open how
    many had both; treating the two as independent groups is not a conservative answer but a wrong one.

    Parameters
    ----------
    events_1, events_2, n : int
        People with the event under condition 1 and 2, and people in all.
    measure : {"MPRR", "MPOR", "MPRD", "MPORC"}
        Effect to compute in each table.

    Raises
    ------
    EffectError
        If a count is above n.
    NoEffectError
        If no table carries information.
    """
    args = Arguments(events_1=events_1, events_2=events_2, n=n)
    args.counts("events_1", "events_2", "n")
    args.positive("n")
    for name in ("events_1", "events_2"):
        args.require(name, ~(args[name] > args["n"]), "at most n")
    args.done()
    e1, e2, n = int(events_1), int(events_2), int(n)
    both = np.arange(max(0, e1 + e2 - n), min(e1, e2) + 1, dtype=np.int64)
    tables = np.column_stack([both, e1 - both, e2 - both, n - e1 - e2 + both])
    effect = paired_effect(measure, *tables.T)
    if len(effect.left_out) == len(tables):
        raise NoEffectError([effect.left_out[0][1]])
    p = np.array([mcnemar_exact_p(int(t[1]), int(t[2])) for t in tables])
    return PairedTables(tables, effect, p)
