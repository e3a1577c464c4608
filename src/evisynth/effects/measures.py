"""The effect measures: one registry that names each measure, its scale, its inputs and its words.

Everything that has to know whether a number is a logarithm, what no effect is, or how an axis is labelled
asks here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

__all__ = ["MEASURES", "TABLE_MEASURES", "Measure", "find_measure", "freeman_tukey_inverse"]

COUNTS = ("events_1", "n_1", "events_2", "n_2")
MEANS = ("mean_1", "sd_1", "n_1", "mean_2", "sd_2", "n_2")
RATES = ("events_1", "time_1", "events_2", "time_2")
PAIRED_MEANS = ("mean_1", "sd_1", "mean_2", "sd_2", "n", "correlation")
PAIRED_COUNTS = ("both", "only_1", "only_2", "neither")


def _identity(y: Any) -> Any:
    return y


def _expit(y: Any) -> Any:
    # 1/(1 + exp(-y)) written with tanh, which neither overflows nor warns at the ends
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(y, dtype=float)))


def freeman_tukey_inverse(y: Any, n: Any) -> Any:
    """Proportion whose Freeman-Tukey double arcsine (half-sum form) with n people is y.

    Parameters
    ----------
    y : float or array
        Value on the double-arcsine scale, as measure ``PFT`` gives it (0 to about pi/2).
    n : float or array
        Sample size; for a pooled value the harmonic mean of the sample sizes.

    Returns
    -------
    float or array
        Proportion, 0 to 1. Values outside the range that n people can give are set to 0 or 1.

    References
    ----------
    Miller JJ (1978). The inverse of the Freeman-Tukey double arcsine transformation. Am Stat 32:138.
    """
    y, n = np.asarray(y, dtype=float), np.asarray(n, dtype=float)
    if np.any(~np.isfinite(n) | (n <= 0)):
        raise ValueError("the Freeman-Tukey back-transformation needs the sample size n > 0 (harmonic mean if pooled)")
    low = 0.5 * np.arcsin(np.sqrt(1.0 / (n + 1.0)))
    high = 0.5 * (np.arcsin(np.sqrt(n / (n + 1.0))) + np.pi / 2)
    angle = 2.0 * np.clip(y, low, high)
    sine = np.sin(angle)
    inner = sine + (sine - 1.0 / sine) / n
    root = np.sqrt(np.clip(1.0 - inner**2, 0.0, None))
    p = 0.5 * (1.0 - np.sign(np.cos(angle)) * root)
    p = np.where(y <= low, 0.0, np.where(y >= high, 1.0, p))
    return float(p) if p.ndim == 0 else p


@dataclass(frozen=True)
class Measure:
    """One effect measure.

    Attributes
    ----------
    name : str
        Short name as in tables and plans, e.g. ``RR``.
    long_name : str
        Name in words, without the transformation, e.g. ``risk ratio``.
    scale : str
        Analysis scale of ``yi``: ``log``, ``logit``, ``arcsine``, ``fisher z``, ``sd units`` or ``natural``.
    inputs : tuple of str
        Columns needed, 1 the intervention and 2 the comparison (empty where no table gives them).
    null : float or None
        Value of no effect on the analysis scale; None where there is none (a single proportion).
    comparative : bool
        Whether the measure compares two conditions, so that a side of the axis can favour one of them.
    """

    name: str
    long_name: str
    scale: str
    inputs: tuple[str, ...]
    null: float | None = 0.0
    comparative: bool = True
    inverse: Callable[[Any], Any] = _identity

    @property
    def is_log(self) -> bool:
        """Whether ``yi`` is the natural logarithm of the measure."""
        return self.scale == "log"

    @property
    def natural_null(self) -> float | None:
        """Value of no effect as readers see it: 1 for ratios, 0 for differences, None without one."""
        return None if self.null is None else float(self.inverse(self.null))

    def back(self, y: Any, n: Any = None) -> Any:
        """Value on the scale that readers see (ratio, proportion, correlation).

        Parameters
        ----------
        y : float or array
            Value or limit of an interval on the analysis scale.
        n : float or array, optional
            Sample size; needed by ``PFT`` only, there the harmonic mean for a pooled value.
        """
        if self.name == "PFT":
            if n is None:
                raise ValueError("PFT needs the sample size n (harmonic mean if pooled) to go back to a proportion")
            return freeman_tukey_inverse(y, n)
        value = self.inverse(y)
        return float(value) if np.ndim(value) == 0 else value

    @property
    def axis_label(self) -> str:
        """Label of an axis that shows back-transformed values, e.g. ``Risk ratio (log scale)``."""
        words = self.long_name[0].upper() + self.long_name[1:]
        return f"{words} (log scale)" if self.is_log else words

    def favours(self, benefit: str, treatment: str = "treatment", comparison: str = "comparison") -> tuple[str, str]:
        """Words for the left (below no effect) and right side of the axis.

        Parameters
        ----------
        benefit : {"lower", "higher"}
            Whether lower or higher values of the outcome are better for the patient.
        treatment, comparison : str
            Names of condition 1 and condition 2.

        Returns
        -------
        tuple of str
            (left, right), e.g. ``("favours naltrexone", "favours placebo")``.

        Raises
        ------
        ValueError
            If `benefit` is neither word, or the measure compares nothing.
        """
        if not self.comparative:
            raise ValueError(f"{self.name} ({self.long_name}) compares nothing: no side of its axis favours anyone")
        if benefit not in ("lower", "higher"):
            raise ValueError(f"benefit must be 'lower' or 'higher', not {benefit!r}")
        sides = (f"favours {treatment}", f"favours {comparison}")
        return sides if benefit == "lower" else sides[::-1]

    def favoured(self, y: float, benefit: str) -> int:
        """Condition on whose side a value lies: 1, 2, or 0 when it is exactly at no effect."""
        self.favours(benefit)
        side = float(np.sign(y - (self.null or 0.0)))
        if side == 0:
            return 0
        return 1 if (side < 0) == (benefit == "lower") else 2


def _registry() -> Mapping[str, Measure]:
    log, one = {"scale": "log", "inverse": np.exp}, {"null": None, "comparative": False}
    natural, sd_units = {"scale": "natural"}, {"scale": "sd units"}
    rows = (
        Measure("OR", "odds ratio", inputs=COUNTS, **log),
        Measure("RR", "risk ratio", inputs=COUNTS, **log),
        Measure("RD", "risk difference", inputs=COUNTS, **natural),
        Measure("PETO", "odds ratio (Peto)", inputs=COUNTS, **log),
        Measure("AS", "difference of arcsine-transformed risks", inputs=COUNTS, scale="arcsine"),
        Measure("MD", "mean difference", inputs=MEANS, **natural),
        Measure("SMD", "standardised mean difference", inputs=MEANS, **sd_units),
        Measure("SMDH", "standardised mean difference (unequal variances)", inputs=MEANS, **sd_units),
        Measure("ROM", "ratio of means", inputs=MEANS, **log),
        Measure("IRR", "incidence rate ratio", inputs=RATES, **log),
        Measure("IRD", "incidence rate difference", inputs=RATES, **natural),
        Measure("HR", "hazard ratio", inputs=(), **log),
        Measure("PR", "proportion", inputs=("events", "n"), **natural, **one),
        Measure("PLO", "proportion (logit)", inputs=("events", "n"), scale="logit", inverse=_expit, **one),
        Measure("PFT", "proportion (double arcsine)", inputs=("events", "n"), scale="arcsine", **one),
        Measure("MN", "mean", inputs=("mean", "sd", "n"), **natural, **one),
        Measure("IR", "incidence rate", inputs=("events", "time"), **natural, **one),
        Measure("IRLN", "incidence rate (log)", inputs=("events", "time"), **log, **one),
        Measure("COR", "correlation", inputs=("r", "n"), scale="natural", comparative=False),
        Measure("ZCOR", "correlation (Fisher z)", "fisher z", ("r", "n"), comparative=False, inverse=np.tanh),
        Measure("MC", "mean change", inputs=PAIRED_MEANS, **natural),
        Measure("SMCC", "standardised mean change (SD of the change)", inputs=PAIRED_MEANS, **sd_units),
        Measure("SMCR", "standardised mean change (SD of condition 1)", inputs=PAIRED_MEANS, **sd_units),
        Measure("SMCRH", "standardised mean change (unequal variances)", inputs=PAIRED_MEANS, **sd_units),
        Measure("SMDP", "standardised paired difference (between-person SD)", inputs=PAIRED_MEANS, **sd_units),
        Measure("MPORC", "paired odds ratio (conditional)", inputs=PAIRED_COUNTS, **log),
        Measure("MPOR", "paired odds ratio (marginal)", inputs=PAIRED_COUNTS, **log),
        Measure("MPRR", "paired risk ratio (marginal)", inputs=PAIRED_COUNTS, **log),
        Measure("MPRD", "paired risk difference", inputs=PAIRED_COUNTS, **natural),
        Measure("GEN", "effect", inputs=("yi", "vi"), **natural),
    )
    return MappingProxyType({m.name: m for m in rows})


MEASURES: Mapping[str, Measure] = _registry()

# What `effects_of_table` reads from one row per study; "generic" is the plain word for GEN.
TABLE_MEASURES = (
    *("OR", "RR", "RD", "PETO", "AS", "MD", "SMD", "SMDH", "ROM", "IRR", "IRD"),
    *("PLO", "PFT", "PR", "COR", "ZCOR", "GEN"),
)


def find_measure(name: str) -> Measure:
    """Look a measure up by name; upper and lower case do not matter and ``generic`` means ``GEN``.

    Raises
    ------
    ValueError
        If there is no such measure; the message lists those there are.
    """
    key = "GEN" if str(name).strip().lower() == "generic" else str(name).strip().upper()
    if key not in MEASURES:
        known = ", ".join("generic" if m == "GEN" else m for m in MEASURES)
        raise ValueError(f"unknown measure {name!r}; known: {known}")
    return MEASURES[key]
