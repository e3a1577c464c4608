"""What pooling one meta-analysis or a batch gives."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

type Number = float | NDArray[np.float64] | None
type Flag = bool | NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class PoolResult:
    """What the studies say together.

    One meta-analysis: fields are floats, or None where the quantity does not exist (see `reason`). A batch of
    m: fields are arrays (m,), NaN where the quantity does not exist; `status` and `reason` (m,) say why.

    Attributes
    ----------
    k
        Number of studies pooled.
    estimate
        Pooled effect, on the scale of the effects given (log for ratios).
    se, ci_low, ci_high, p
        Standard error, confidence interval and two-sided p value against 0 of the interval `ci`.
    tau2, tau2_ci_low, tau2_ci_high, tau2_ci_empty
        Between-study variance and its Q-profile interval; 0, 0 and True where that set is empty.
    i2, h2
        100 tau2 / (tau2 + s2) in per cent, and (tau2 + s2) / s2, with s2 the typical sampling variance of
        Higgins and Thompson.
    q, q_df, q_p
        Cochran's Q test.
    pi_low, pi_high
        Prediction interval for the effect in a new study.
    residual, boundary
        Estimating equation of tau2 at the solution, relative to its right-hand side; whether tau2 sits at 0.
    weights
        Weights of the studies in `estimate`, in per cent, (k,) or (m, k); 0 for an absent study.
    status
        "ok", "empty" (k = 0), "one_study" or "not_converged".
    reason
        Why fields are missing; None when nothing is.
    model, tau2_method, ci_method, pi_method, level
        What was asked for. Rows with one study use Wald whatever `ci_method` says.
    """

    k: int | NDArray[np.int64]
    estimate: Number
    se: Number
    ci_low: Number
    ci_high: Number
    p: Number
    tau2: Number
    tau2_ci_low: Number
    tau2_ci_high: Number
    tau2_ci_empty: Flag
    i2: Number
    h2: Number
    q: Number
    q_df: Number
    q_p: Number
    pi_low: Number
    pi_high: Number
    residual: Number
    boundary: Flag
    weights: NDArray[np.float64]
    status: str | NDArray[np.str_]
    reason: str | NDArray[np.object_] | None
    model: str
    tau2_method: str | None
    ci_method: str
    pi_method: str | None
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, without the weights."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "weights"}

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per meta-analysis, raw; a quantity that does not exist is an empty cell."""
        import pandas as pd

        values = self.to_dict()
        rows = 1 if np.ndim(self.k) == 0 else len(self.k)
        return pd.DataFrame({name: _column(value, rows) for name, value in values.items()})


def _column(value: Any, rows: int) -> Any:
    return value if np.ndim(value) == 1 else [value] * rows
