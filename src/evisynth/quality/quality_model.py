"""The quality-effects model: weight taken from studies of lower quality goes to the others.

A sensitivity analysis only. It needs one number for the quality of a study, and such numbers are known to
mislead (Greenland & O'Rourke 2001): use relative ranks that are stated beside the result, never a sum of
items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm


@dataclass(frozen=True, slots=True)
class QualityEffects:
    """Result of the quality-effects model.

    Attributes
    ----------
    k : int
        Studies.
    estimate, se, ci_low, ci_high : float
        Pooled effect on the scale of yi (log for ratios), its standard error and interval.
    ci_level : float
        Level of the interval.
    weights : tuple of float
        Weight of each study; they sum to 1.
    tau2 : float
        Between-study variance (DerSimonian-Laird) used in the variance.
    redistribution : str
        ``equal`` or ``proportional``.
    """

    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    ci_level: float
    weights: tuple[float, ...]
    tau2: float
    redistribution: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row, without the weights."""
        names = [name for name in self.__dataclass_fields__ if name != "weights"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def quality_effects(
    yi: Sequence[float],
    vi: Sequence[float],
    quality: Sequence[float],
    redistribution: str = "equal",
    ci_level: float = 0.95,
) -> QualityEffects:
    """Pool studies by the quality-effects model.

    Parameters
    ----------
    yi, vi : sequence of float
        Effects and their variances, shape (k,); log scale for ratios.
    quality : sequence of float
        Relative quality, positive; only its ratio to the best study counts.
    redistribution : str
        ``equal``: what a study loses is shared equally by the others. ``proportional``: in proportion to
        quality.
    ci_level : float
        Level of the interval, in (0, 1).

    Returns
    -------
    QualityEffects
        Estimate, interval and weights.

    Raises
    ------
    ValueError
        If lengths differ, a value is not finite, a variance or quality is not positive, or the proportional
        form would give a study a negative weight.

    Notes
    -----
    w = 1/v, q = Q / max Q, r_i = w_i (1 - q_i) / (k - 1). Equal form: w'_i = q_i w_i + sum r - r_i.
    Proportional form: w'_i = q_i w_i + k (sum r) q_i / sum q - r_i. Both keep sum w' = sum w. The variance is
    that of the inverse-variance heterogeneity model, sum (w'/sum w')^2 (v + tau2), tau2 by DerSimonian and
    Laird. With equal quality the estimate is the common-effect one.

    The equations are published in several variants and were not compared with the papers.

    References
    ----------
    Doi SAR, Thalib L (2008) Epidemiology 19:94. Doi SAR et al. (2015) Contemp Clin Trials 45:123.
    Greenland S, O'Rourke K (2001) Biostatistics 2:463.
    """
    y, v, marks = (np.asarray(values, dtype=float) for values in (yi, vi, quality))
    _check(y, v, marks, redistribution, ci_level)
    k, w, q = len(y), 1 / v, marks / marks.max()
    removed = w * (1 - q) / max(k - 1, 1)
    if redistribution == "equal":
        weights = q * w + removed.sum() - removed
    else:
        weights = q * w + k * removed.sum() * q / q.sum() - removed
    if np.any(weights < 0):
        raise ValueError("the proportional form gives a study a negative weight; use redistribution='equal'")
    share = weights / weights.sum()
    tau2 = _dersimonian_laird(y, w)
    estimate, se = float(share @ y), float(np.sqrt(share**2 @ (v + tau2)))
    half = float(norm.ppf((1 + ci_level) / 2)) * se
    return QualityEffects(
        k,
        estimate,
        se,
        estimate - half,
        estimate + half,
        ci_level,
        tuple(share.tolist()),
        tau2,
        redistribution,
    )


def quality_from_judgements(finals: Sequence[str], ranks: Mapping[str, float]) -> np.ndarray:
    """Turn judgements into relative quality by ranks that the caller states.

    Parameters
    ----------
    finals : sequence of str
        Overall judgement of each study.
    ranks : mapping
        Level to relative quality in (0, 1], such as ``{"Low": 1, "Some concerns": 0.5, "High": 0.25}``. There
        is no default: the ranks are the analyst's assumption and belong beside the result.

    Returns
    -------
    numpy.ndarray
        Relative quality, shape (k,).

    Raises
    ------
    ValueError
        If a level has no rank (``not assessed`` has none: leave such studies out, and say so) or a rank is
        outside (0, 1].
    """
    missing = sorted(set(finals) - set(ranks))
    if missing:
        raise ValueError(f"no rank is stated for {', '.join(missing)}; a study that nobody assessed has no quality")
    if not all(0 < value <= 1 for value in ranks.values()):
        raise ValueError("ranks lie above 0 and at most at 1")
    return np.array([ranks[final] for final in finals], dtype=float)


def _check(y: np.ndarray, v: np.ndarray, marks: np.ndarray, redistribution: str, ci_level: float) -> None:
    if y.ndim != 1 or not len(y) == len(v) == len(marks) or len(y) == 0:
        raise ValueError(f"{y.size} effects, {v.size} variances, {marks.size} qualities; there must be as many of each")
    if not np.all(np.isfinite(y)) or not np.all(np.isfinite(v) & (v > 0)):
        raise ValueError("every effect must be a number and every variance a positive number")
    if not np.all(np.isfinite(marks) & (marks > 0)):
        raise ValueError("every quality must be a positive number")
    if redistribution not in ("equal", "proportional"):
        raise ValueError(f"redistribution is 'equal' or 'proportional', not '{redistribution}'")
    if not 0 < ci_level < 1:
        raise ValueError(f"ci_level lies between 0 and 1, not at {ci_level}")


def _dersimonian_laird(y: np.ndarray, w: np.ndarray) -> float:
    if len(y) == 1:
        return 0.0
    mean = w @ y / w.sum()
    excess = w @ (y - mean) ** 2 - (len(y) - 1)
    return max(0.0, float(excess / (w.sum() - w @ w / w.sum())))
