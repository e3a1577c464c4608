"""Checks of the data and of whether a posterior exists, with messages for the person who typed the data."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from evisynth.bayes.families import Array
from evisynth.bayes.priors import Prior


class ImproperPosteriorError(ValueError):
    """Data and priors that don't determine a posterior distribution; the message says what would."""


def read_data(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array, bool]:
    """Check and shape the data.

    Parameters
    ----------
    yi, vi : array-like
        Effects and sampling variances, (k,) or (m, k); NaN marks an absent study (in both).

    Returns
    -------
    y, v : array (m, k)
    single : bool
        Whether one data set was given.

    Raises
    ------
    ValueError
        All problems at once: shapes that differ, infinite values, variances at or below 0, a value in one array only.
    """
    y, v = np.array(yi, dtype=float), np.array(vi, dtype=float)
    if y.shape != v.shape:
        raise ValueError(f"yi has shape {y.shape} and vi {v.shape}: they must be the same, one variance per effect")
    if y.ndim not in (1, 2):
        raise ValueError(f"yi has {y.ndim} dimensions; allowed: (k,) for one data set or (m, k) for a batch")
    single = y.ndim == 1
    y, v = np.atleast_2d(y), np.atleast_2d(v)
    problems = [
        *_where(np.isinf(y), y, "the effect yi is infinite", single),
        *_where(np.isinf(v), v, "the variance vi is infinite", single),
        *_where(v <= 0, v, "the variance vi must be above 0", single),
        *_where(
            np.isnan(v) & ~np.isnan(y),
            y,
            "an effect without a variance; give both or neither, effect",
            single,
        ),
        *_where(
            np.isnan(y) & ~np.isnan(v),
            v,
            "a variance without an effect; give both or neither, variance",
            single,
        ),
    ]
    if problems:
        shown = problems[:20] + ([f"and {len(problems) - 20} more"] if len(problems) > 20 else [])
        raise ValueError("the data can't be used:\n  " + "\n  ".join(shown))
    return y, v, single


def _where(bad: Array, value: Array, what: str, single: bool) -> list[str]:
    found = []
    for row, column in np.argwhere(bad):
        place = f"study {column + 1}" if single else f"data set {row + 1}, study {column + 1}"
        found.append(f"{place}: {what} (found {value[row, column]:g})")
    return found


def improper(k: Array, tau_priors: Sequence[Prior], mu_prior: Prior) -> list[str]:
    """Why each posterior doesn't exist, as one sentence per row; empty where it does.

    A flat prior of tau needs the likelihood to fall faster than 1/tau: it falls as tau**-(k - 1) under a flat mu and as
    tau**-k under a proper one.
    """
    reasons = []
    for row, count in enumerate(k):
        tau_prior = tau_priors[0] if len(tau_priors) == 1 else tau_priors[row]
        reasons.append(_reason(int(count), tau_prior, mu_prior))
    return reasons


def _reason(k: int, tau_prior: Prior, mu_prior: Prior) -> str:
    if k == 0 and not mu_prior.proper:
        return (
            "no study has data and the effect prior is flat, so there is no posterior; give data or a proper mu_prior"
        )
    if tau_prior.proper:
        return ""
    need = 2 if mu_prior.proper else 3
    if k >= need:
        return ""
    which = "a proper" if mu_prior.proper else "a flat"
    return (
        f"the posterior is improper: a flat prior of tau under {which} prior of mu needs at least {need} studies, "
        f"found {k}; use a proper prior of tau such as halfnormal:0.5"
    )


def check_level(level: float) -> float:
    """Return `level` if it is a probability strictly between 0 and 1, else raise ValueError."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must lie between 0 and 1, such as 0.95")
    return float(level)
