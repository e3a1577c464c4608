"""What a conversion and an effect size look like: values with the chain of steps that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Number = float | NDArray[np.float64]

__all__ = [
    "Converted",
    "Correlation",
    "EffectError",
    "EffectSize",
    "NoEffectError",
    "Number",
    "Step",
    "TableError",
]


class EffectError(ValueError):
    """The figures of a study cannot be what they claim to be. ``problems`` lists everything that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class NoEffectError(EffectError):
    """The figures are possible but carry no information on this measure (no events in either arm)."""


class TableError(EffectError):
    """A table of studies has problems; each names its row, column, what was found and what is allowed."""


def _show(value: Any) -> str:
    if isinstance(value, str):
        return value
    a = np.asarray(value, dtype=float)
    return f"{float(a):.6g}" if a.ndim == 0 else f"[{a.size} values]"


@dataclass(frozen=True)
class Step:
    """One conversion of a chain.

    Attributes
    ----------
    name : str
        What was done, in a few words.
    formula : str
        The formula in plain text, with the names used in `inputs` and `output`.
    inputs, output : mapping of str to float (arrays when many studies are converted at once)
    assumption : str or None
        What had to be assumed, None if nothing.
    source : str
        Where the formula comes from.
    """

    name: str
    formula: str
    inputs: Mapping[str, Any]
    output: Mapping[str, Any]
    assumption: str | None
    source: str

    def __str__(self) -> str:
        """One line that a reader can check."""
        given = ", ".join(f"{k} {_show(v)}" for k, v in self.inputs.items())
        made = ", ".join(f"{k} {_show(v)}" for k, v in self.output.items())
        text = f"{self.name}: {self.formula}; from {given}: {made}"
        return f"{text}; assumed: {self.assumption}" if self.assumption else text


@dataclass(frozen=True)
class Converted:
    """A converted value and the step that made it.

    Attributes
    ----------
    value : float or array
        The result.
    step : Step
        How it was made.
    bound : {"exact", "at most", "at least"}
        Whether the value is the thing itself or only a limit to it (from p < 0.05, say).
    """

    value: Number
    step: Step
    bound: str = "exact"

    def __float__(self) -> float:
        """Return the value of a single conversion."""
        return float(self.value)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The step as a chain of one, so that chains add up."""
        return (self.step,)


@dataclass(frozen=True)
class Correlation:
    """A correlation of paired values, and how it is known.

    Attributes
    ----------
    value : float
        Between -1 and 1.
    origin : {"given", "derived", "assumed"}
        Reported by the study; computed from its standard deviations; or chosen by the analyst.
    steps : tuple of Step
        The derivation, empty unless derived.
    """

    value: float
    origin: str
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no correlation can be."""
        if self.origin not in ("given", "derived", "assumed"):
            raise EffectError([f"origin of a correlation: found {self.origin!r}, allowed given, derived, assumed"])
        if not -1 <= self.value <= 1:
            raise EffectError([f"correlation: found {self.value:g}, allowed -1 to 1"])

    @property
    def assumption(self) -> str | None:
        """Words for a step that rests on it: None unless the value was assumed."""
        return f"correlation of {self.value:g} between the paired values" if self.origin == "assumed" else None


@dataclass(frozen=True)
class EffectSize:
    """What one study says (or k studies say, as arrays) on the analysis scale of a measure.

    Attributes
    ----------
    yi : float or array of shape (k,)
        Estimate; natural logarithm for ratio measures.
    vi : float or array of shape (k,)
        Sampling variance of yi.
    measure : str
        Name in the registry, e.g. ``RR``.
    steps : tuple of Step
        How it came about, first conversion first.
    left_out : tuple of (int, str)
        Positions that carry no information and why; yi and vi are NaN there and nowhere else.
    variance : str
        Name of the variance formula where there are several, else empty.
    correlation : Correlation or None
        The correlation that a paired effect rests on.
    """

    yi: Number
    vi: Number
    measure: str
    steps: tuple[Step, ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()
    variance: str = ""
    correlation: Correlation | None = None

    @property
    def sei(self) -> Number:
        """Standard error, the square root of vi."""
        root = np.sqrt(self.vi)
        return float(root) if np.ndim(root) == 0 else root

    @property
    def scale(self) -> str:
        """Analysis scale: log, logit, arcsine, fisher z, sd units or natural."""
        from evisynth.effects.measures import find_measure

        return find_measure(self.measure).scale

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Everything that had to be assumed on the way, in order, each once."""
        return tuple(dict.fromkeys(s.assumption for s in self.steps if s.assumption))

    def interval(self, level: float = 0.95) -> tuple[Number, Number]:
        """Normal-theory confidence interval on the analysis scale."""
        from evisynth.effects._numbers import plain, z_quantile

        half = z_quantile(level) * np.asarray(self.sei)
        return plain(self.yi - half), plain(self.yi + half)

    def after(self, *steps: Step) -> "EffectSize":
        """Return the same effect with these steps put before its own."""
        from dataclasses import replace

        return replace(self, steps=(*steps, *self.steps))

    def to_frame(self) -> "pd.DataFrame":
        """One row per study: yi, vi, sei, measure."""
        import pandas as pd

        yi, vi, sei = (np.atleast_1d(a) for a in (self.yi, self.vi, self.sei))
        return pd.DataFrame({"yi": yi, "vi": vi, "sei": sei, "measure": self.measure})
