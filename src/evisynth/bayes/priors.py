"""Priors by name: ``priors.parse("halfnormal:0.5")`` for tau, ``priors.parse("normal:0,2", role="mu")`` for the effect.

Heterogeneity (tau) families and their parameters::

    halfnormal:scale      halfcauchy:scale     halft:scale,df      exponential:mean     uniform:upper
    lognormal:mean,sd     of ln(tau)           lognormal2:mean,sd  of ln(tau2)
    logt2:location,scale[,df=5]  of ln(tau2)   invgamma:shape,scale  on tau            flat

Effect (mu) families::

    flat   normal:mean,sd   t:location,scale,df   vanzwet[:standard_error]   spikeslab:probability_of_zero,mean,sd

Published priors by name and key (see `evisynth.bayes.empirical`)::

    turner2012:OUTCOME,COMPARISON   turner2015:OUTCOME,COMPARISON   rhodes2015:OUTCOME,COMPARISON
    bartos2021:SUBFIELD             bartos2023:SUBFIELD,MEASURE     rover2021:MEASURE[,cautious]
"""

import difflib
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from evisynth.bayes import empirical
from evisynth.bayes.families import FAMILIES, VAN_ZWET_SDS, VAN_ZWET_WEIGHTS, Array, Family, as_float_array

ROLES = ("tau", "mu")
SMALLEST = 1e-100  # scales below it, and above its inverse, have no square
LEAST_DF, MOST_DF = 0.1, 1e6
_WHAT = {"tau": "heterogeneity (tau)", "mu": "effect (mu)"}


class PriorError(ValueError):
    """A prior that is not known or whose parameters are not allowed; the message says what is."""


@dataclass(frozen=True)
class Prior:
    """A prior for tau or for mu.

    Attributes
    ----------
    role : str
        ``"tau"`` (heterogeneity standard deviation) or ``"mu"`` (effect).
    kind : str
        The family, e.g. ``"halfnormal"``; for a published prior the family it resolves to.
    parameters : tuple of float
        In the order of the family's definition.
    text : str
        How it was asked for; ``parse(text, role)`` gives the same prior.
    scale : str
        The scale the *parameters* are stated on: ``"tau"``, ``"tau2"`` or ``"mu"``. `logpdf`, `ppf` and `rvs` are
        always in terms of tau (or mu).
    source : str
        Citation of a published prior; empty for one stated by its parameters.
    caution : str
        What the source, or this package, warns of; empty if nothing.
    note : str
        A deviation from the published table, e.g. a suspected misprint and the value used; empty if none.
    """

    role: str
    kind: str
    parameters: tuple[float, ...]
    text: str
    scale: str
    source: str = ""
    caution: str = ""
    note: str = ""
    family: Family = field(repr=False, compare=False, default=None)  # type: ignore[assignment]

    @property
    def name(self) -> str:
        """The family and its parameters, e.g. ``"lognormal2:-3.95,1.34"``."""
        return self.kind + (":" + ",".join(f"{p:.12g}" for p in self.parameters) if self.parameters else "")

    @property
    def proper(self) -> bool:
        """Whether the prior integrates to 1."""
        return self.kind != "flat"

    @property
    def upper(self) -> float:
        """The largest value with a positive density (``inf`` unless uniform)."""
        return self.parameters[0] if self.kind == "uniform" else np.inf

    @property
    def tail(self) -> float:
        """The power a in density ~ x**-a for large x; ``inf`` where the density falls faster than every power."""
        return self.family.tail(*self.parameters)

    @property
    def atom(self) -> tuple[float, float] | None:
        """Location and probability of a point mass (spike and slab), or None."""
        return (0.0, self.parameters[0]) if self.kind == "spikeslab" else None

    def logpdf(self, x: ArrayLike) -> Array:
        """Log density at `x`, on the scale of tau (or mu), Jacobian included; ``-inf`` outside the support.

        An improper flat prior has density 1. For spike and slab: the continuous part only.
        """
        x = as_float_array(x)
        if len(self.parameters) < len(self.family.parameters):
            raise PriorError(f"{self.text!r} needs the standard error it refers to, e.g. 'vanzwet:0.2'")
        # Far beyond the scale the square overflows to infinity, and the density is rightly 0.
        with np.errstate(over="ignore"):
            value = self.family.logpdf(x, *self.parameters)
        return np.where(x < 0, -np.inf, value) if self.role == "tau" else value

    def pdf(self, x: ArrayLike) -> Array:
        """Density at `x`; see `logpdf`."""
        return np.exp(self.logpdf(x))

    def ppf(self, p: ArrayLike) -> Array:
        """Quantiles of tau (or mu).

        Raises
        ------
        PriorError
            For an improper prior, which has no quantiles.
        """
        if self.family.ppf is None:
            raise PriorError(f"the {_WHAT[self.role]} prior 'flat' is improper: it has no quantiles and no draws")
        return as_float_array(self.family.ppf(as_float_array(p), *self.parameters))

    def rvs(self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Array:
        """Random draws of tau (or mu), by inversion."""
        return self.ppf(rng.uniform(size=size))

    def components(self) -> tuple[Array, Array, Array] | None:
        """Weights, means and standard deviations (0 marks an atom) of a finite normal mixture, else None."""
        if self.kind == "normal":
            return np.ones(1), np.array([self.parameters[0]]), np.array([self.parameters[1]])
        if self.kind == "vanzwet":
            return np.array(VAN_ZWET_WEIGHTS), np.zeros(4), self.parameters[0] * np.array(VAN_ZWET_SDS)
        if self.kind == "spikeslab":
            p, mean, sd = self.parameters
            return np.array([p, 1 - p]), np.array([0.0, mean]), np.array([0.0, sd])
        return None


def names(role: str = "tau") -> list[str]:
    """The words that may stand before the colon, families first, then the published priors."""
    return [f.name for f in FAMILIES.values() if f.role == role] + empirical.names(role)


def keys(name: str) -> list[str]:
    """The keys of a published prior, e.g. ``keys("bartos2021")``."""
    return empirical.keys(name)


def usage(role: str = "tau") -> str:
    """One line listing how each prior is written."""
    parts = []
    for f in FAMILIES.values():
        if f.role == role:
            words = [p + (f"={f.optional[p]:g}" if p in f.optional else "") for p in f.parameters]
            parts.append(f.name + (":" + ",".join(words) if words else ""))
    return ", ".join(parts + [f"{n}:{empirical.KEY_WORDS[n]}" for n in empirical.names(role)])


def parse(text: "str | Prior", role: str = "tau") -> Prior:
    """Read a prior.

    Parameters
    ----------
    text : str or Prior
        ``family:parameters`` or ``name:key``; a Prior is returned as it is (its role is checked).
    role : {"tau", "mu"}
        What the prior is for.

    Returns
    -------
    Prior

    Raises
    ------
    PriorError
        Unknown name or key (the message lists the allowed ones and the nearest), wrong number of parameters, a
        parameter that isn't a number, a scale that isn't above 0.
    """
    if role not in ROLES:
        raise PriorError(f"role is {role!r}; allowed: 'tau' or 'mu'")
    if isinstance(text, Prior):
        if text.role != role:
            raise PriorError(f"{text.text!r} is a prior for {_WHAT[text.role]}, not for {_WHAT[role]}")
        return text
    if not isinstance(text, str):
        raise PriorError(f"a prior is written as text such as 'halfnormal:0.5'; found {text!r}")
    return _parse(text.strip(), role)


@lru_cache(maxsize=8192)
def _parse(text: str, role: str) -> Prior:
    name, _, rest = text.partition(":")
    name, rest = name.strip().lower(), rest.strip()
    if (role, name) in FAMILIES:
        return _from_family(text, FAMILIES[role, name], rest)
    if name in empirical.names(role):
        return _from_table(text, role, name, rest)
    other = "mu" if role == "tau" else "tau"
    if (other, name) in FAMILIES or name in empirical.names(other):
        raise PriorError(
            f"{text!r}: {name} is a prior for {_WHAT[other]}, not for {_WHAT[role]}; allowed here: {usage(role)}"
        )
    near = difflib.get_close_matches(name, names(role), n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    raise PriorError(f"unknown {_WHAT[role]} prior {text!r}{hint} Allowed: {usage(role)}")


def _from_family(text: str, family: Family, rest: str) -> Prior:
    wanted = "none" if not family.parameters else ", ".join(family.parameters)
    words = [w.strip() for w in rest.split(",")] if rest else []
    if family.name == "uniform" and len(words) == 2 and _number(words[0]) == 0:
        words = words[1:]
    if family.name == "vanzwet" and not words:
        return Prior(family.role, family.name, (), text, family.scale, *_VAN_ZWET, family=family)
    least = len(family.parameters) - len(family.optional)
    if not least <= len(words) <= len(family.parameters):
        raise PriorError(
            f"{text!r}: {family.name} takes {len(family.parameters)} parameter(s): {wanted}; found {len(words)}"
        )
    values = []
    for parameter, word in zip(family.parameters, words, strict=False):
        value = _number(word)
        if value is None or not np.isfinite(value):
            raise PriorError(f"{text!r}: {parameter} is {word!r}, which is not a finite number")
        if parameter in family.positive and value <= 0:
            raise PriorError(f"{text!r}: {parameter} is {word}; it must be above 0")
        if parameter in family.positive and not SMALLEST <= value <= 1 / SMALLEST:
            raise PriorError(f"{text!r}: {parameter} is {word}; it must lie between {SMALLEST:g} and {1 / SMALLEST:g}")
        if family.name == "t" and parameter == "df" and not LEAST_DF <= value <= MOST_DF:
            raise PriorError(
                f"{text!r}: df is {word}; it must lie between {LEAST_DF:g} and {MOST_DF:g} (above that use normal)"
            )
        if parameter.startswith("probability") and not 0 < value < 1:
            raise PriorError(f"{text!r}: {parameter} is {word}; it must lie between 0 and 1")
        values.append(value)
    values += [family.optional[p] for p in family.parameters[len(values) :]]
    source, caution = _VAN_ZWET if family.name == "vanzwet" else ("", "")
    return Prior(family.role, family.name, tuple(values), text, family.scale, source, caution, family=family)


def _from_table(text: str, role: str, name: str, rest: str) -> Prior:
    try:
        entry = empirical.look_up(name, rest, role)
    except empirical.UnknownKeyError as error:
        raise PriorError(f"{text!r}: {error}") from None
    family = FAMILIES[role, entry.kind]
    return Prior(
        role,
        entry.kind,
        entry.parameters,
        text,
        family.scale,
        entry.source,
        entry.caution,
        entry.note,
        family=family,
    )


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


_VAN_ZWET = (
    "van Zwet E, Schwab S, Senn S. The statistical properties of RCTs and a proposal for shrinkage. "
    "Stat Med 2021;40:6107-17; van Zwet E, Gelman A. Am Stat 2022;76:1-9",
    "meant for the primary efficacy outcome of a single trial, not for pooled estimates",
)
