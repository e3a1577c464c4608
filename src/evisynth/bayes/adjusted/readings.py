"""What a study printed, as the effects that fit it: the inputs of `evisynth.bayes.adjusted.conversions`.

Every reading gives, at a value of the assumptions that it shares with other studies, nodes over what its own figures
leave open: effects, variances and log weights. Formulas of effects and variances: `evisynth.effects`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import special, stats

from evisynth.bayes.families import Array
from evisynth.effects.conversions import p_interval

OWN_NODES = 5
WIDE_NODES = 64
CORRELATION_BOUNDS = (-1.0, 1.0)
FACTOR_BOUNDS = (0.0, np.inf)
# An open interval of t ends this far beyond its limit: effects of seven and more standard deviations are out of reach.
FAR = 30.0

Nodes = tuple[Array, Array, Array]


class Reading(ABC):
    """What one study says.

    Attributes
    ----------
    study : str
    shared : tuple of str
        Names of the assumptions that it depends on.
    bounds : tuple of float
        Smallest and largest value of them.
    own : bool
        Whether its own figures leave anything open.
    """

    study: str
    shared: tuple[str, ...] = ()
    bounds: ClassVar[tuple[float, float]] = (-np.inf, np.inf)
    own: bool = False

    @abstractmethod
    def components(self, at: Mapping[str, float], vary: bool) -> Nodes:
        """Effects, variances and log weights, each (j,), at the shared assumptions `at`.

        With `vary` false: one component, the figures as stated.
        """


@dataclass(frozen=True)
class Exact(Reading):
    """An effect and its variance that nothing was assumed for."""

    study: str
    yi: float
    vi: float

    def components(self, at: Mapping[str, float], vary: bool) -> Nodes:
        """One component."""
        del at, vary
        return np.array([self.yi]), np.array([self.vi]), np.zeros(1)


def t_interval(printed: str | float, relation: str, df: float) -> tuple[float, float, float]:
    """Return |t| as printed, and the smallest and the largest |t| that print so.

    Parameters
    ----------
    printed : str or float
        Two-sided p value; text keeps final zeros.
    relation : {"=", "<", ">"}
        With ``<`` and ``>`` t as printed is the one at the limit.
    df : float
        Degrees of freedom.
    """
    p = float(printed)
    stated = float(stats.t.isf(p / 2, df))
    if relation == "=":
        low, high = p_interval(printed)
        at_high, at_low = (float(stats.t.isf(end / 2, df)) for end in (min(high, 1.0), low))
        if low == 0:
            # 0.000 is an inequality: below 0.0005.
            return at_high, at_high, at_high + FAR
        return stated, at_high, at_low
    if relation in ("<", "<="):
        return stated, stated, stated + FAR
    if relation in (">", ">="):
        return stated, 0.0, stated
    raise ValueError(f"the relation of p is {relation!r}; allowed: =, <, >")


@dataclass(frozen=True)
class _FromP(Reading):
    """An effect computed from a p value: y = slope t, for the t that print as this p.

    Attributes
    ----------
    study : str
    p : str or float
        Two-sided p value as printed; text keeps final zeros.
    sign : {1, -1, 0}
        Direction of the effect on the analysis scale (after any turn of its sign); 0 where it was not reported, which
        only ``p > x`` allows.
    relation : {"=", "<", ">"}
    """

    study: str
    p: str | float
    sign: int
    relation: str = "="
    own = True

    def __post_init__(self) -> None:
        """Refuse what leaves the effect open."""
        if self.sign not in (1, -1) and not (self.sign == 0 and self.relation.startswith(">")):
            raise ValueError(f"{self.study}: sign is {self.sign}; allowed: 1, -1, and 0 with p > x")

    @abstractmethod
    def scale(self, at: Mapping[str, float]) -> tuple[float, float]:
        """The slope of the effect in t, and its degrees of freedom."""

    @abstractmethod
    def variance(self, y: Array, at: Mapping[str, float]) -> Array:
        """The sampling variance at an effect."""

    def components(self, at: Mapping[str, float], vary: bool) -> Nodes:
        """Nodes over the t that print as this p, weighted by |dy|; as stated: the printed p, weighted by |dy / dt|."""
        slope, df = self.scale(at)
        stated, low, high = t_interval(self.p, self.relation, df)
        if not vary:
            if self.relation.startswith(">"):
                stated = 0.0
            y = np.array([(self.sign or 1) * slope * stated])
            return y, self.variance(y, at), np.array([np.log(slope)])
        if self.sign == 0:
            low = -high
        narrow = high - low < FAR and self.relation == "="
        x, weight = np.polynomial.legendre.leggauss(OWN_NODES if narrow else WIDE_NODES)
        t = 0.5 * (low + high) + 0.5 * (high - low) * x
        y = (self.sign or 1) * slope * t
        # The variance of an open interval is that at its limit: the one figure that was printed.
        at_y = (
            y if self.relation == "=" else np.full_like(y, slope * (stated if self.relation.startswith("<") else 0.0))
        )
        # Relative to the interval's length, so that a narrow interval and the stated figure have one weight.
        length = high - low if narrow else 1.0
        return y, self.variance(at_y, at), np.log(slope * 0.5 * weight * (high - low) / length)


@dataclass(frozen=True)
class PairedP(_FromP):
    """A crossover trial's p of a paired t test, as an SMD on the SD between people (`evisynth.effects.paired`).

    Attributes
    ----------
    n : int
        People measured under both conditions.
    correlation : str
        Name of the shared correlation between the periods.
    variance_formula : {"handbook", "becker"}
    """

    n: int = 0
    correlation: str = "r"
    variance_formula: str = "handbook"
    bounds: ClassVar[tuple[float, float]] = CORRELATION_BOUNDS

    @property
    def shared(self) -> tuple[str, ...]:
        """The correlation."""
        return (self.correlation,)

    def scale(self, at: Mapping[str, float]) -> tuple[float, float]:
        """D = t sqrt(2 (1 - r) / n)."""
        return float(np.sqrt(2 * (1 - at[self.correlation]) / self.n)), self.n - 1

    def variance(self, y: Array, at: Mapping[str, float]) -> Array:
        """2 (1 - r) (1/n + d^2/(2 n)) or 2 (1 - r)/n + d^2/(2 n)."""
        base = 2 * (1 - at[self.correlation])
        if self.variance_formula == "becker":
            return base / self.n + y**2 / (2 * self.n)
        return base * (1 / self.n + y**2 / (2 * self.n))


@dataclass(frozen=True)
class ParallelP(_FromP):
    """A parallel trial's p of a t test between two groups, as Hedges' g.

    Attributes
    ----------
    n_1, n_2 : int
        Group sizes.
    """

    n_1: int = 0
    n_2: int = 0

    def scale(self, at: Mapping[str, float]) -> tuple[float, float]:
        """G = J(n_1 + n_2 - 2) t sqrt(1/n_1 + 1/n_2)."""
        from evisynth.effects._numbers import hedges_correction

        df = self.n_1 + self.n_2 - 2
        return float(hedges_correction(df)) * np.sqrt(1 / self.n_1 + 1 / self.n_2), df

    def variance(self, y: Array, at: Mapping[str, float]) -> Array:
        """1/n_1 + 1/n_2 + g^2/(2 (n_1 + n_2))."""
        return 1 / self.n_1 + 1 / self.n_2 + y**2 / (2 * (self.n_1 + self.n_2))


def counts_from_percent(percent: float, n: int, decimals: int = 0) -> tuple[int, ...]:
    """Return the counts that print as a percentage.

    Parameters
    ----------
    percent : float
        As printed, 0 to 100.
    n : int
        Participants.
    decimals : int
        Decimals of the printed percentage.
    """
    half = 0.5 * 10.0**-decimals
    low, high = ((percent + end) * n / 100 for end in (-half, half))
    found = range(max(0, int(np.ceil(low - 1e-9))), min(n, int(np.floor(high + 1e-9))) + 1)
    return tuple(found)


@dataclass(frozen=True)
class RoundedCounts(Reading):
    """Two arms of which one or both are known as rounded percentages only.

    Attributes
    ----------
    study : str
    events_1, events_2 : tuple of int
        Counts that fit, of treatment and comparator (`counts_from_percent`); a known count is a tuple of one.
    n_1, n_2 : int
    measure : {"OR", "RR"}
        The effect is its logarithm. Half an event is added to all cells where one may be empty.
    stated : tuple of int, optional
        The counts as used; the middle ones if not given.

    Notes
    -----
    The likelihood of a set of counts is the sum of theirs; that of one is, in the normal approximation, proportional
    to N(y; theta, v) times the step of y from one count to the next.
    """

    study: str
    events_1: tuple[int, ...]
    n_1: int
    events_2: tuple[int, ...]
    n_2: int
    measure: str = "OR"
    stated: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Refuse impossible counts."""
        for events, n in ((self.events_1, self.n_1), (self.events_2, self.n_2)):
            if not events or min(events) < 0 or max(events) > n:
                raise ValueError(f"{self.study}: counts {events} in {n}; at least one, from 0 to {n}, is needed")
        if self.measure not in ("OR", "RR"):
            raise ValueError(f"{self.study}: measure is {self.measure!r}; allowed: OR, RR")

    @property
    def own(self) -> bool:
        """Whether more than one table fits."""
        return len(self.events_1) * len(self.events_2) > 1

    def components(self, at: Mapping[str, float], vary: bool) -> Nodes:
        """One component for every table that fits; as stated: one."""
        del at
        a, c = np.meshgrid(self.events_1, self.events_2, indexing="ij")
        a, c = a.ravel().astype(float), c.ravel().astype(float)
        if not vary:
            middle = (sorted(x)[len(x) // 2] for x in (self.events_1, self.events_2))
            a, c = (np.array([count], float) for count in self.stated or middle)
        edge = min(*self.events_1, *self.events_2) == 0
        edge = edge or max(self.events_1) == self.n_1 or max(self.events_2) == self.n_2
        add = 0.5 if edge else 0.0
        (l1, v1, s1), (l2, v2, s2) = self._arm(a + add, self.n_1 + 2 * add), self._arm(c + add, self.n_2 + 2 * add)
        # The step matters for arms whose count is open; for the other it is a constant.
        step = (np.log(s1) if len(self.events_1) > 1 else 0.0) + (np.log(s2) if len(self.events_2) > 1 else 0.0)
        return l1 - l2, v1 + v2, step - np.log(len(a)) + np.zeros(len(a))

    def _arm(self, events: Array, n: float) -> Nodes:
        """Log odds (or risk), its variance, and its step from one count to the next."""
        if self.measure == "OR":
            step = 1 / events + 1 / (n - events)
            return special.logit(events / n), step, step
        return np.log(events / n), 1 / events - 1 / n, 1 / events


@dataclass(frozen=True)
class DerivedSD(Reading):
    """An effect that rests on a standard deviation which was derived or borrowed: SD = factor x the SD used.

    Attributes
    ----------
    study : str
    yi, vi : float
        Effect and variance with the SD as used (factor 1).
    factor : str
        Name of the shared factor, above 0; a prior such as ``normal:1,0.1``.
    standardised : bool
        True for an SMD (the effect is divided by the factor), false for a mean difference (its standard error is
        multiplied).
    n : int
        Participants, for the part of an SMD's variance that depends on the effect.
    """

    study: str
    yi: float
    vi: float
    factor: str = "sd_factor"
    standardised: bool = True
    n: int = 0
    bounds: ClassVar[tuple[float, float]] = FACTOR_BOUNDS

    @property
    def shared(self) -> tuple[str, ...]:
        """The factor."""
        return (self.factor,)

    def components(self, at: Mapping[str, float], vary: bool) -> Nodes:
        """One component."""
        del vary
        f = at[self.factor]
        if not self.standardised:
            return np.array([self.yi]), np.array([self.vi * f**2]), np.zeros(1)
        y, extra = self.yi / f, 0.0
        if self.n:
            extra = (y**2 - self.yi**2) / (2 * self.n)
        return np.array([y]), np.array([self.vi + extra]), np.array([-np.log(f)])


@dataclass(frozen=True)
class PrintedError(Reading):
    """An effect whose standard error follows from printed limits, or from a printed p value of a difference.

    Every standard error from `low` to `high` prints the same; none is likelier than another. The rounding of the effect
    itself is left out: it is smaller than that of the error by the ratio of the two.

    Attributes
    ----------
    study : str
    yi : float
        Effect on the analysis scale.
    error : float
        The standard error as used.
    low, high : float
        The smallest and the largest that print so; above 0.
    """

    study: str
    yi: float
    error: float
    low: float
    high: float
    own = True

    def __post_init__(self) -> None:
        """Refuse an interval that the error isn't in."""
        if not 0 < self.low <= self.error <= self.high < np.inf:
            raise ValueError(
                f"{self.study}: a standard error of {self.error:g} from {self.low:g} to {self.high:g}; it has to lie "
                "between its limits, and these above 0"
            )

    def components(self, at: Mapping[str, float], vary: bool) -> Nodes:
        """Nodes over the standard errors that print so; as stated: the one used."""
        del at
        if not vary:
            return np.array([self.yi]), np.array([self.error**2]), np.zeros(1)
        x, weight = np.polynomial.legendre.leggauss(OWN_NODES)
        error = 0.5 * (self.low + self.high) + 0.5 * (self.high - self.low) * x
        return np.full(OWN_NODES, self.yi), error**2, np.log(0.5 * weight)
