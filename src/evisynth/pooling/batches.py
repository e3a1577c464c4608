"""One set of studies pooled many ways: leave-one-out, cumulative, subgroups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.designs import Designs, estimate_tau2
from evisynth.pooling.distributions import chi2_upper
from evisynth.pooling.errors import ConvergenceError, PoolingInputError
from evisynth.pooling.fit import pool_given_tau2, random_effects
from evisynth.pooling.inputs import check_choice, check_effects
from evisynth.pooling.regression import prepare
from evisynth.pooling.result import PoolResult
from evisynth.pooling.tau2 import METHODS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class PoolSeries:
    """A batch of pooled results, each with a label.

    Attributes
    ----------
    kind
        "left_out", "added" or "group": what `labels` name.
    labels
        The study left out or added last, or the group, of each row.
    result
        A batch of `len(labels)` meta-analyses.
    """

    kind: str
    labels: tuple[str, ...]
    result: PoolResult

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per label."""
        frame = self.result.to_frame()
        frame.insert(0, self.kind, list(self.labels))
        return frame


@dataclass(frozen=True, slots=True)
class SubgroupResult:
    """Pooled results of groups of studies and the test that they do not differ.

    Attributes
    ----------
    groups
        One row per group.
    q_between, q_between_df, q_between_p
        sum over groups of (estimate - mean)^2 / se^2 with Wald standard errors, chi-squared; None below two
        groups. (The interval chosen for the groups does not enter it.)
    tau2_common
        The between-study variance that all groups share, or None when each has its own.
    """

    groups: PoolSeries
    q_between: float | None
    q_between_df: int | None
    q_between_p: float | None
    tau2_common: float | None

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per group, the test repeated in each."""
        frame = self.groups.to_frame()
        return frame.assign(q_between=self.q_between, q_between_df=self.q_between_df, q_between_p=self.q_between_p)


def _one(yi: ArrayLike, vi: ArrayLike, studies: Sequence[str] | None) -> tuple[NDArray, NDArray, tuple[str, ...]]:
    y, v = check_effects(yi, vi, studies)
    if y.ndim != 1:
        raise PoolingInputError(f"give one meta-analysis, effects of shape (k,), not {y.shape}")
    return y, v, tuple(map(str, studies if studies is not None else range(y.size)))


def leave_one_out(yi: ArrayLike, vi: ArrayLike, *, studies: Sequence[str] | None = None, **options: Any) -> PoolSeries:
    """Pool k times, each time without one study.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects and sampling variances.
    studies
        Names; indices are used without.
    **options
        Those of `random_effects`.

    Returns
    -------
    PoolSeries
        Row i is the result without study i.
    """
    y, v, labels = _one(yi, vi, studies)
    k = y.size
    keep = ~np.eye(k, dtype=bool)
    rows_y, rows_v = np.where(keep, y, np.nan), np.where(keep, v, np.nan)
    return PoolSeries("left_out", labels, random_effects(rows_y, rows_v, **options))


def cumulative(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    order: ArrayLike | None = None,
    studies: Sequence[str] | None = None,
    **options: Any,
) -> PoolSeries:
    """Pool the first study, the first two, and so on.

    Parameters
    ----------
    order : (k,) array, optional
        Values to sort the studies by (such as the year; ties keep the order given); the order given without.
    yi, vi, studies, **options
        As in `leave_one_out`.

    Returns
    -------
    PoolSeries
        Row i has i + 1 studies; its label is the study added last.
    """
    y, v, labels = _one(yi, vi, studies)
    if order is not None:
        values = np.asarray(order)
        if values.shape != y.shape:
            raise PoolingInputError(f"order has shape {values.shape} for {y.size} studies")
        at = np.argsort(values, kind="stable")
        y, v, labels = y[at], v[at], tuple(labels[i] for i in at)
    seen = np.tri(y.size, dtype=bool)
    rows_y, rows_v = np.where(seen, y, np.nan), np.where(seen, v, np.nan)
    return PoolSeries("added", labels, random_effects(rows_y, rows_v, **options))


def subgroups(
    yi: ArrayLike,
    vi: ArrayLike,
    groups: Sequence[str],
    *,
    common_tau2: bool = False,
    studies: Sequence[str] | None = None,
    **options: Any,
) -> SubgroupResult:
    """Pool each group of studies and test whether the groups differ.

    Parameters
    ----------
    groups
        The group of each of the k studies; groups appear in the order of their first study.
    common_tau2
        One tau2 for all groups, estimated as the residual heterogeneity of a meta-regression on the groups;
        else each group has its own.
    yi, vi, studies, **options
        As in `leave_one_out`.

    Returns
    -------
    SubgroupResult

    References
    ----------
    Borenstein et al. 2009, chapter 19.
    """
    y, v, _ = _one(yi, vi, studies)
    names = list(dict.fromkeys(map(str, groups)))
    member = np.array([[str(g) == name for g in groups] for name in names], dtype=bool).reshape(len(names), -1)
    if member.shape[1] != y.size and y.size:
        raise PoolingInputError(f"{member.shape[1]} groups were given for {y.size} studies")
    member = member.reshape(len(names), y.size)
    rows_y, rows_v = np.where(member, y, np.nan), np.where(member, v, np.nan)
    shared = None
    if common_tau2 and options.get("model", "random") == "random" and y.size > len(names):
        shared = _shared_tau2(y, v, member, options.get("tau2", "REML"))
        result = pool_given_tau2(rows_y, rows_v, shared, **options)
        wald = pool_given_tau2(rows_y, rows_v, shared, **(options | {"ci": "wald"}))
    else:
        result = random_effects(rows_y, rows_v, **options)
        wald = random_effects(rows_y, rows_v, **(options | {"ci": "wald"}))
    q, df, p = _between(wald)
    return SubgroupResult(PoolSeries("group", tuple(names), result), q, df, p, shared)


def _shared_tau2(y: NDArray, v: NDArray, member: NDArray, method: str) -> float:
    designs, _, unit, _ = prepare(y, v, member.T.astype(float))
    tau2, _, _, converged = estimate_tau2(
        Designs(designs.y, designs.v, designs.x), check_choice("tau2", method, METHODS)
    )
    if not converged[0]:
        raise ConvergenceError("the common tau2 of the groups was not found")
    return float(tau2[0]) * unit**2


def _between(wald: PoolResult) -> tuple[float | None, int | None, float | None]:
    usable = np.isfinite(wald.estimate)
    if usable.sum() < 2:
        return None, None, None
    estimate, weight = wald.estimate[usable], 1.0 / wald.se[usable] ** 2
    mean = (weight * estimate).sum() / weight.sum()
    q, df = float((weight * (estimate - mean) ** 2).sum()), int(usable.sum()) - 1
    return q, df, float(chi2_upper(q, df))
