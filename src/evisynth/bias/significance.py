"""Excess significance: more significant studies than their power allows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.power import two_sided_power
from evisynth.bias.results import NOT_POSSIBLE, OK, Result, advice, one_set, too_few
from evisynth.pooling.distributions import normal_two_sided, special
from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.fit import random_effects
from evisynth.pooling.inputs import check_level


@dataclass(frozen=True, slots=True)
class ExcessResult(Result):
    """The test of excess significance.

    Attributes
    ----------
    observed, expected, ratio
        Significant studies, the sum of the powers, and the one over the other.
    p
        One-sided exact p value (of more significant studies than expected).
    chi2, chi2_p
        The authors' chi-squared with 1 degree of freedom and its one-sided p value; None where all power is 1.
    true_effect, tau2
        What power was computed at.
    advised, advice, status, reason
        As in `RegressionTest`.
    """

    k: int
    observed: int | None
    expected: float | None
    ratio: float | None
    p: float | None
    chi2: float | None
    chi2_p: float | None
    true_effect: float | None
    tau2: float | None
    alpha: float
    advised: bool
    advice: str | None
    status: str = OK
    reason: str | None = None


def at_least(count: int, chances: NDArray[np.float64]) -> float:
    """Return the chance of `count` or more successes of independent trials with these chances, exactly."""
    mass = np.ones(1)
    for p in chances:
        mass = np.r_[mass * (1.0 - p), 0.0] + np.r_[0.0, mass * p]
    return float(min(1.0, mass[count:].sum()))


def excess_significance(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    true_effect: float | None = None,
    tau2: float = 0.0,
    alpha: float = 0.05,
    studies: Sequence[str] | None = None,
) -> ExcessResult:
    """Test whether more studies are significant than their power leads to expect.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    true_effect
        Effect at which power is computed; the common-effect estimate without.
    tau2
        Between-study variance at which power is computed.
    alpha
        Two-sided level of the studies' tests.
    studies
        Names, for messages.

    Returns
    -------
    ExcessResult
        The exact test: the number of significant studies is a sum of independent trials with unequal chances. The
        authors' chi-squared stands beside it.

    References
    ----------
    Ioannidis and Trikalinos 2007, Clinical Trials 4: 245-253.
    """
    alpha = check_level(alpha)
    y, v, _ = one_set(yi, vi, studies)
    if not np.isfinite(tau2) or tau2 < 0.0:
        raise PoolingInputError(f"tau2 is {tau2:g}; it must be 0 or positive")
    k = y.size
    problem = too_few(k, 2, "the test of excess significance")
    if problem:
        return ExcessResult(k, *(None,) * 8, alpha, *advice(k), NOT_POSSIBLE, problem)
    effect = float(random_effects(y, v, model="common").estimate if true_effect is None else true_effect)  # type: ignore[arg-type]
    se = np.sqrt(v)
    chances = two_sided_power(effect, np.sqrt(v + tau2), se, alpha)
    observed = int((normal_two_sided(y / se) <= alpha).sum())
    expected = float(chances.sum())
    chi2 = chi2_p = None
    if 0.0 < expected < k:
        chi2 = (observed - expected) ** 2 * (1.0 / expected + 1.0 / (k - expected))
        chi2_p = float(special().ndtr(-np.sign(observed - expected) * np.sqrt(chi2)))
    return ExcessResult(
        k, observed, expected, observed / expected, at_least(observed, chances), chi2, chi2_p, effect, float(tau2),
        alpha, *advice(k),
    )  # fmt: skip
