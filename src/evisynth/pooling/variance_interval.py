"""Intervals of tau2, and of I2 and H2 from them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.heterogeneity import i2_h2, q_profile, typical_variance
from evisynth.pooling.inputs import check_choice, check_effects, check_level, to_batch
from evisynth.pooling.profile import profile_tau2

if TYPE_CHECKING:
    import pandas as pd

METHODS = ("Q-profile", "profile-REML", "profile-ML")


@dataclass(frozen=True, slots=True)
class Tau2Interval:
    """An interval of tau2 with those of I2 (per cent) and H2 that follow from it.

    One meta-analysis: floats, None below two studies. A batch: arrays (m,), NaN there. `empty` is True where no
    tau2 >= 0 agrees with the data (Q-profile only); the limits are then those of tau2 = 0.
    """

    tau2_ci_low: float | NDArray[np.float64] | None
    tau2_ci_high: float | NDArray[np.float64] | None
    i2_ci_low: float | NDArray[np.float64] | None
    i2_ci_high: float | NDArray[np.float64] | None
    h2_ci_low: float | NDArray[np.float64] | None
    h2_ci_high: float | NDArray[np.float64] | None
    empty: bool | NDArray[np.bool_]
    method: str
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per meta-analysis."""
        import pandas as pd

        values = self.to_dict()
        rows = max((len(v) for v in values.values() if np.ndim(v) == 1), default=1)
        return pd.DataFrame({n: v if np.ndim(v) == 1 else [v] * rows for n, v in values.items()})


def tau2_interval(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: str = "Q-profile",
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> Tau2Interval:
    """Return an interval of the between-study variance.

    Parameters
    ----------
    yi, vi
        Effects and sampling variances, (k,) or (m, k) as in `random_effects`.
    method : {"Q-profile", "profile-REML", "profile-ML"}
        Q-profile is exact for normal effects with known variances; in the project's simulation it covers 94.4
        to 97.8 % at a nominal 95. The likelihood intervals rest on large k: there profile-ML covers 79 to 94 %
        for I2 of 90 % (k = 2 to 20), and both exceed 97 % for small k or little heterogeneity. With rare events
        (log odds ratios) all of them cover too little for I2 of 90 % and k of 10 or more.
    level
        Coverage asked for.
    studies
        Names, for messages.

    Returns
    -------
    Tau2Interval

    References
    ----------
    Viechtbauer 2007 (Q-profile); Hardy and Thompson 1996 (profile likelihood).
    """
    method, level = check_choice("method", method, METHODS), check_level(level)
    y, v = check_effects(yi, vi, studies)
    batch = to_batch(np.atleast_2d(y), np.atleast_2d(v))
    empty = np.zeros(batch.n.shape, dtype=bool)
    if method == "Q-profile":
        low, high, empty, converged = q_profile(batch, level)
        low, high = np.where(converged, low, np.nan), np.where(converged, high, np.nan)
    else:
        low, high = profile_tau2(batch, level, method.removeprefix("profile-"))
    typical = typical_variance(batch)
    (i2_low, h2_low), (i2_high, h2_high) = i2_h2(low, typical), i2_h2(high, typical)
    square = batch.unit**2
    numbers: tuple[Any, ...] = (low * square, high * square, i2_low, i2_high, h2_low, h2_high)
    if y.ndim == 1:
        numbers = tuple(None if np.isnan(x[0]) else float(x[0]) for x in numbers)
        return Tau2Interval(*numbers, bool(empty[0]), method, level)
    return Tau2Interval(*numbers, empty, method, level)
