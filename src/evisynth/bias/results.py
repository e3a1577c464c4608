"""What the results of this folder share: their shape, the advice on small numbers, the checks of their input."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.inputs import check_choice, check_effects

if TYPE_CHECKING:
    import pandas as pd

ADVISED_STUDIES = 10
SIDES = ("auto", "right", "left")
NOT_POSSIBLE, NOT_CONVERGED, OK = "not_possible", "not_converged", "ok"
# Standard errors closer than this, relative to their mean, are one standard error written with rounding.
_SAME = 1e-9


class Result:
    """A frozen dataclass of this folder: its fields by name, and as a frame."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are not arrays, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if np.ndim(getattr(self, f.name)) == 0}  # type: ignore[arg-type]

    def to_frame(self) -> "pd.DataFrame":
        """Return one row, raw; a quantity that does not exist is an empty cell."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])


def advice(k: int) -> tuple[bool, str | None]:
    """Return whether tests and corrections for small-study effects are advised for k studies, and why not.

    References
    ----------
    Sterne et al. 2011, BMJ 343: d4002 (ten studies at least).
    """
    if k >= ADVISED_STUDIES:
        return True, None
    return False, (
        f"{k} {'study' if k == 1 else 'studies'}: with fewer than {ADVISED_STUDIES} chance cannot be told from real "
        "asymmetry (Sterne et al. 2011); computed because it was asked for"
    )


def one_set(
    yi: ArrayLike, vi: ArrayLike, studies: Sequence[str] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[str, ...]]:
    """Return checked effects and variances of one meta-analysis and the names of its studies.

    Raises
    ------
    PoolingInputError
        As in `pooling.random_effects`; also effects that are not of shape (k,).
    """
    y, v = check_effects(yi, vi, studies)
    if y.ndim != 1:
        raise PoolingInputError(f"give one meta-analysis, effects of shape (k,), not {y.shape}")
    return y, v, tuple(map(str, studies if studies is not None else range(y.size)))


def too_few(k: int, needed: int, what: str) -> str | None:
    """Return the sentence that `what` needs more studies, or None where there are enough."""
    if k >= needed:
        return None
    return f"{k} {'study' if k == 1 else 'studies'}: {what} needs at least {needed}"


def no_spread(x: NDArray[np.float64], what: str) -> str | None:
    """Return the sentence that a predictor does not vary, or None where it does."""
    if np.ptp(x) > _SAME * np.abs(x).mean():
        return None
    return f"all studies have the same {what}: nothing can be regressed on it"


def choose_side(side: str, y: NDArray[np.float64], v: NDArray[np.float64]) -> str:
    """Return "right" or "left": as asked, or for "auto" the sign of the REML estimate (right at 0)."""
    side = check_choice("side", side, SIDES)
    if side != "auto":
        return side
    from evisynth.pooling.fit import random_effects

    estimate = random_effects(y, v, ci="wald").estimate
    return "left" if estimate is not None and estimate < 0.0 else "right"


def number(value: Any) -> float | None:
    """Return a finite float, or None."""
    return float(value) if value is not None and np.isfinite(value) else None
