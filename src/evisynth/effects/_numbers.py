"""Shared arithmetic of this folder: quantiles, Hedges' correction, and the reading of arguments.

SciPy is imported inside the functions that need it: it would double the time that `import evisynth.effects`
takes.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evisynth.effects.types import EffectError, EffectSize, NoEffectError, Step

Floats = NDArray[np.float64]


def z_quantile(level: Any) -> Any:
    """Two-sided standard normal quantile for a confidence level, e.g. 1.96 for 0.95."""
    from scipy.special import ndtri

    return -ndtri((1.0 - np.asarray(level, dtype=float)) / 2.0)


def t_quantile(level: Any, df: Any) -> Any:
    """Two-sided Student t quantile for a confidence level and degrees of freedom."""
    return t_from_p(1.0 - np.asarray(level, dtype=float), df)


def t_from_p(p: Any, df: Any = math.inf) -> Any:
    """Absolute t (or z, df infinite) whose two-sided p value is p.

    The lower tail p/2 is inverted, not 1 - p/2, which would lose the digits of a small p.
    """
    from scipy.special import ndtri, stdtrit

    p, df = np.broadcast_arrays(np.asarray(p, dtype=float), np.asarray(df, dtype=float))
    finite = np.isfinite(df)
    return np.where(finite, -stdtrit(np.where(finite, df, 1.0), p / 2.0), -ndtri(p / 2.0))


def p_from_t(t: Any, df: Any = math.inf) -> Any:
    """Two-sided p value of t (or z, df infinite)."""
    from scipy.special import ndtr, stdtr

    t, df = np.broadcast_arrays(np.abs(np.asarray(t, dtype=float)), np.asarray(df, dtype=float))
    finite = np.isfinite(df)
    return 2.0 * np.where(finite, stdtr(np.where(finite, df, 1.0), -t), ndtr(-t))


# Gamma(x + 1/2)/Gamma(x) = sqrt(x) (1 - 1/(8x) + 1/(128x^2) + ...), DLMF 5.11.13
_GAMMA_RATIO = (1.0, -1 / 8, 1 / 128, 5 / 1024, -21 / 32768, -399 / 262144, 869 / 4194304)


def hedges_correction(df: Any) -> Any:
    """Hedges' exact small-sample factor J = Gamma(df/2) / (sqrt(df/2) Gamma((df - 1)/2)).

    Parameters
    ----------
    df : float or array
        Degrees of freedom of the standard deviation, more than 1.

    Notes
    -----
    From 60 degrees of freedom on the quotient is taken from its asymptotic series: the difference of two
    log-gammas loses a digit for each power of ten of df.

    References
    ----------
    Hedges LV (1981). Distribution theory for Glass's estimator of effect size. J Educ Stat 6:107-128, eq. 6e.
    """
    from scipy.special import gammaln

    df = np.asarray(df, dtype=float)
    if np.any(~(df > 1)):
        raise EffectError(["Hedges' correction needs more than 1 degree of freedom (n_1 + n_2 >= 4; pairs: n >= 3)"])
    small = np.minimum(df, 60.0)
    exact = np.exp(gammaln(small / 2) - gammaln((small - 1) / 2)) / np.sqrt(small / 2)
    x = (np.maximum(df, 60.0) - 1) / 2
    series = sum(c / x**i for i, c in enumerate(_GAMMA_RATIO)) * np.sqrt(x / (x + 0.5))
    return plain(np.where(df < 60, exact, series))


def plain(value: Any) -> Any:
    """Float for a zero-dimensional array, the array otherwise."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value, dtype=float)


class Arguments:
    """Reads the numeric arguments of one call, collects every problem, and raises them together.

    Examples
    --------
    >>> args = Arguments(n=10, sd=-1.0)
    >>> args.require("sd", args["sd"] >= 0, "0 or more", "a negative SD is a typing error")
    >>> args.done()
    Traceback (most recent call last):
    ...
    evisynth.effects.types.EffectError: sd: found -1, allowed 0 or more: a negative SD is a typing error
    """

    def __init__(self, **named: Any) -> None:
        self.problems: list[str] = []
        self.scalar = all(np.ndim(v) == 0 for v in named.values())
        arrays = {}
        for name, value in named.items():
            try:
                arrays[name] = np.asarray(value, dtype=float)
            except (TypeError, ValueError):
                raise EffectError([f"{name}: found {value!r}, allowed numbers only"]) from None
        try:
            shaped = np.broadcast_arrays(*(np.atleast_1d(a) for a in arrays.values()))
        except ValueError:
            sizes = ", ".join(f"{k} {a.shape}" for k, a in arrays.items())
            raise EffectError([f"the arguments have sizes that do not fit each other: {sizes}"]) from None
        self.values: dict[str, Floats] = dict(zip(arrays, shaped, strict=True))
        for name, a in self.values.items():
            self.require(name, np.isfinite(a), "a finite number", "a missing value cannot be computed with")

    def __getitem__(self, name: str) -> Floats:
        return self.values[name]

    def require(self, name: str, ok: Any, allowed: str, why: str = "") -> None:
        """Note each position of argument `name` where `ok` is false."""
        a = self.values[name]
        for i in np.flatnonzero(~np.broadcast_to(ok, a.shape)):
            where = "" if self.scalar else f" (position {i})"
            self.problems.append(f"{name}{where}: found {a[i]:g}, allowed {allowed}" + (f": {why}" if why else ""))

    def done(self) -> None:
        """Raise one `EffectError` with all problems, if there are any."""
        if self.problems:
            raise EffectError(self.problems)

    def counts(self, *names: str) -> None:
        """Whole numbers, 0 or more."""
        for name in names:
            a = self[name]
            self.require(name, ~np.isfinite(a) | ((a >= 0) & (a == np.floor(a))), "whole numbers from 0 on")

    def positive(self, *names: str) -> None:
        """More than 0."""
        for name in names:
            self.require(name, ~np.isfinite(self[name]) | (self[name] > 0), "more than 0")

    def not_negative(self, *names: str) -> None:
        """0 or more."""
        for name in names:
            self.require(name, ~np.isfinite(self[name]) | (self[name] >= 0), "0 or more")

    def correlation(self, name: str) -> None:
        """Between -1 and 1, both included."""
        self.require(name, ~np.isfinite(self[name]) | (np.abs(self[name]) <= 1), "-1 to 1")

    def inputs(self) -> dict[str, Any]:
        """Return the arguments as they enter a step: floats for a single study."""
        return {k: float(a[0]) if self.scalar else a for k, a in self.values.items()}

    def out(self, a: Any) -> Any:
        """Float for a single study, array otherwise."""
        return float(np.asarray(a).reshape(-1)[0]) if self.scalar else np.asarray(a, dtype=float)


def finish(
    args: Arguments,
    measure: str,
    yi: Floats,
    vi: Floats,
    left_out: dict[int, str],
    step: dict[str, Any],
    **extra: Any,
) -> EffectSize:
    """Build the result; what has no finite estimate is named, and for a single study is an error."""
    for i in np.flatnonzero(~(np.isfinite(yi) & np.isfinite(vi) & (vi > 0))):
        left_out.setdefault(int(i), f"{measure} or its variance cannot be computed from these figures (zero cell)")
    gone = np.zeros(yi.shape, dtype=bool)
    gone[list(left_out)] = True
    yi, vi = np.where(gone, np.nan, yi), np.where(gone, np.nan, vi)
    if args.scalar and left_out:
        raise NoEffectError([left_out[0]])
    output = {"yi": args.out(yi), "vi": args.out(vi)}
    made = Step(inputs=args.inputs(), output=output, **step)
    return EffectSize(output["yi"], output["vi"], measure, (made,), left_out=tuple(sorted(left_out.items())), **extra)
