"""Risk of bias and weight: who carries how much, and who stays when the synthesis is restricted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

CONCERNS = ("low", "some", "high", "not assessed")


@dataclass(frozen=True, slots=True)
class WeightShares:
    """Shares of the weight by risk of bias; they sum to 1.

    Attributes
    ----------
    low, some, high, not_assessed : float
        Shares in [0, 1].
    """

    low: float
    some: float
    high: float
    not_assessed: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row per kind of risk, in order: concern, share."""
        shares = (self.low, self.some, self.high, self.not_assessed)
        return pd.DataFrame({"concern": CONCERNS, "share": shares})


def weight_shares(concern: Sequence[str], weights: Sequence[float]) -> WeightShares:
    """Add up the weight that studies of each risk of bias carry.

    Parameters
    ----------
    concern : sequence of str
        Per study ``low``, ``some``, ``high`` or ``not assessed``; shape (k,).
    weights : sequence of float
        Weight of each study, in any unit; positive; shape (k,).

    Returns
    -------
    WeightShares
        The shares.

    Raises
    ------
    ValueError
        If the lengths differ, there is no study, a weight is not positive and finite, or a word is unknown.
    """
    names, values = _checked(concern), np.asarray(weights, dtype=float)
    if len(names) != len(values) or len(names) == 0:
        raise ValueError(f"{len(names)} judgements and {len(values)} weights; there must be as many, at least one")
    if not np.all(np.isfinite(values) & (values > 0)):
        raise ValueError("every weight must be a positive number; leave out studies that carry none")
    share = values / values.sum()
    return WeightShares(*(float(share[names == name].sum()) for name in CONCERNS))


def risk_mask(concern: Sequence[str], at_most: str) -> np.ndarray:
    """Say which studies stay when a synthesis is restricted by risk of bias.

    Parameters
    ----------
    concern : sequence of str
        Per study ``low``, ``some``, ``high`` or ``not assessed``; shape (k,).
    at_most : str
        ``low``: low risk only. ``some``: not at high risk. A study that nobody assessed stays in neither.

    Returns
    -------
    numpy.ndarray of bool
        Shape (k,).

    Raises
    ------
    ValueError
        If a word is unknown.
    """
    names = _checked(concern)
    if at_most not in ("low", "some"):
        raise ValueError(f"at_most is 'low' or 'some' (not at high risk), not '{at_most}'")
    return np.isin(names, ["low"] if at_most == "low" else ["low", "some"])


def _checked(concern: Sequence[str]) -> np.ndarray:
    wrong = sorted(set(concern) - set(CONCERNS))
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: risk of bias is one of {', '.join(CONCERNS)}")
    return np.asarray(list(concern), dtype=object)
