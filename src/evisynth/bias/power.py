"""Power of the tests that the studies, and the meta-analysis, made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.results import NOT_POSSIBLE, OK, Result, one_set
from evisynth.pooling.distributions import normal_quantile, special
from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.fit import random_effects
from evisynth.pooling.inputs import check_level

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class PowerResult(Result):
    """Power of two-sided tests at an effect taken to be true.

    Attributes
    ----------
    true_effect
        The effect, on the scale of the effects.
    median, lowest, highest
        Of the studies' power.
    pooled
        Power of the test of the pooled effect, with the standard error of the common-effect model (`tau2` 0) or the
        random-effects model.
    tau2
        Between-study variance taken to be true.
    studies, power : (k,)
        Each study's.
    status, reason
        "ok", or "not_possible" and why.
    """

    k: int
    true_effect: float | None
    alpha: float
    median: float | None
    lowest: float | None
    highest: float | None
    pooled: float | None
    tau2: float | None
    studies: tuple[str, ...]
    power: NDArray[np.float64]
    status: str = OK
    reason: str | None = None

    def by_study(self) -> "pd.DataFrame":
        """Return one row per study."""
        import pandas as pd

        return pd.DataFrame({"study": self.studies, "power": self.power})


def two_sided_power(effect: float, spread: NDArray, se: NDArray, alpha: float) -> NDArray[np.float64]:
    """Return P(|y| / se > z) for y normal with mean `effect` and standard deviation `spread`."""
    cut = normal_quantile(1.0 - alpha / 2.0) * se
    ndtr = special().ndtr
    return ndtr((effect - cut) / spread) + ndtr((-effect - cut) / spread)


def power_of_tests(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    true_effect: float | None = None,
    tau2: float = 0.0,
    alpha: float = 0.05,
    studies: Sequence[str] | None = None,
) -> PowerResult:
    """Return the power that each study's two-sided test, and that of all together, had.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    true_effect
        Effect taken to be true, such as the minimal important difference; the common-effect estimate without, which
        makes the pooled power a function of its p value and no evidence of its own.
    tau2
        Between-study variance taken to be true.
    alpha
        Two-sided level.
    studies
        Names of the studies.

    Returns
    -------
    PowerResult

    References
    ----------
    Hedges and Pigott 2001, Psychological Methods 6: 203-217.
    """
    alpha = check_level(alpha)
    y, v, names = one_set(yi, vi, studies)
    if not np.isfinite(tau2) or tau2 < 0.0:
        raise PoolingInputError(f"tau2 is {tau2:g}; it must be 0 or positive")
    if true_effect is not None and not np.isfinite(true_effect):
        raise PoolingInputError(f"true_effect is {true_effect}; give a finite number")
    if y.size == 0:
        return PowerResult(0, true_effect, alpha, None, None, None, None, None, (), y, NOT_POSSIBLE, "no studies")
    effect = true_effect
    if effect is None:
        effect = random_effects(y, v, model="common").estimate
    effect = float(effect)  # type: ignore[arg-type]
    power = two_sided_power(effect, np.sqrt(v + tau2), np.sqrt(v), alpha)
    se = np.array([1.0 / np.sqrt((1.0 / (v + tau2)).sum())])
    pooled = float(two_sided_power(effect, se, se, alpha)[0])
    return PowerResult(
        y.size, effect, alpha, float(np.median(power)), float(power.min()), float(power.max()), pooled, float(tau2),
        names, power,
    )  # fmt: skip
