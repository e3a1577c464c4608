"""Step-function selection models: what is published depends on the one-sided p value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.results import NOT_CONVERGED, NOT_POSSIBLE, OK, Result, advice, choose_side, one_set, too_few
from evisynth.bias.selection_likelihood import SelectionData, maximise
from evisynth.pooling.distributions import chi2_upper, normal_quantile, normal_two_sided, special
from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.fit import random_effects
from evisynth.pooling.inputs import check_level


@dataclass(frozen=True, slots=True)
class SelectionResult(Result):
    """A fitted selection model.

    Attributes
    ----------
    steps, counts
        One-sided p values at which the chance of publication changes, and the studies between them (one more).
    side
        Direction of small p values: "right" (large effects) or "left".
    estimate, se, ci_low, ci_high, p
        Mean effect before selection, on the scale of the effects; Wald, se from the Hessian at the maximum (with tau2
        held at 0 where it is 0).
    tau2, boundary
        Between-study variance before selection (ML); whether it is 0.
    weights, weights_se
        Chance of publication in each interval of p values relative to the first, which is 1; standard errors from the
        Hessian (None for the first). `weight` is that of the last interval.
    log_likelihood, gradient
        At the maximum; the largest absolute derivative there, in units of a typical standard error.
    lrt, lrt_df, lrt_p
        Likelihood-ratio test of no selection (all weights 1).
    advised, advice, status, reason
        As in `RegressionTest`; status may be "not_converged".
    """

    k: int
    steps: tuple[float, ...]
    counts: tuple[int, ...]
    side: str
    estimate: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    tau2: float | None
    boundary: bool | None
    weights: tuple[float, ...] | None
    weights_se: tuple[float | None, ...] | None
    log_likelihood: float | None
    gradient: float | None
    lrt: float | None
    lrt_df: int
    lrt_p: float | None
    level: float
    advised: bool
    advice: str | None
    status: str = OK
    reason: str | None = None

    @property
    def weight(self) -> float | None:
        """Weight of the last interval of p values; with one step the only weight there is."""
        return None if self.weights is None else self.weights[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, with `weight` and its standard error, steps and weights in words."""
        values = super(SelectionResult, self).to_dict()
        words = {name: _words(getattr(self, name)) for name in ("steps", "counts", "weights", "weights_se")}
        weight_se = None if self.weights_se is None else self.weights_se[-1]
        return values | words | {"weight": self.weight, "weight_se": weight_se}


def _words(values: tuple | None) -> str | None:
    return None if values is None else " ".join("fixed" if x is None else f"{x:.12g}" for x in values)


def _check_steps(steps: ArrayLike) -> NDArray[np.float64]:
    cuts = np.atleast_1d(np.asarray(steps, dtype=float))
    if cuts.ndim != 1 or not cuts.size or not ((cuts > 0.0) & (cuts < 1.0)).all() or (np.diff(cuts) <= 0.0).any():
        raise PoolingInputError(
            f"steps are {np.asarray(steps).tolist()}; give p values between 0 and 1 in increasing order, such as 0.025"
        )
    return cuts


def selection_model(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    steps: ArrayLike = (0.025,),
    side: str = "auto",
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> SelectionResult:
    """Estimate the mean effect while studies with large p values are published less (or more) often.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    steps
        One-sided p values where the chance of publication changes: (0.025,) is the three-parameter model,
        (0.025, 0.5) the four-parameter model.
    side : {"auto", "right", "left"}
        Direction of small p values; auto is the sign of the REML estimate.
    level
        Level of the interval.
    studies
        Names, for messages.

    Returns
    -------
    SelectionResult
        Without numbers where an interval of p values holds no study (its weight is then 0 or infinite), or where the
        likelihood has no maximum at finite values.

    Raises
    ------
    PoolingInputError
        Effects, variances or steps that cannot be used.

    Notes
    -----
    Density of an effect: w(p) normal(y; mu, v + tau2) / sum_j w_j P_j, P_j the chance of a p value in interval j; a p
    value on a step belongs to the interval below it. Every maximum that many starts reach is compared, tau2 = 0
    included; derivatives are analytic. With few studies in an interval the weight is hardly determined.

    References
    ----------
    Vevea and Hedges 1995, Psychometrika 60: 419-435; McShane, Boeckenholt and Hansen 2016, Perspectives on
    Psychological Science 11: 730-749.
    """
    cuts, level = _check_steps(steps), check_level(level)
    y, v, _ = one_set(yi, vi, studies)
    k, side = y.size, choose_side(side, y, v)
    sign = 1.0 if side == "right" else -1.0
    p = special().ndtr(-sign * y / np.sqrt(v))
    group = np.searchsorted(cuts, p, side="left")
    counts = tuple(int(n) for n in np.bincount(group, minlength=cuts.size + 1))
    base = (k, tuple(map(float, cuts)), counts, side)
    problem = too_few(k, 3, "a selection model") or _empty_interval(cuts, counts)
    if problem:
        return _without(base, cuts.size, level, NOT_POSSIBLE, problem)
    unit = float(np.ldexp(1.0, int(np.round(np.log2(np.median(v)) / 2.0))))
    data = SelectionData(sign * y / unit, v / unit / unit, group, -special().ndtri(cuts))
    free = random_effects(data.y, data.v, tau2="ML", ci="wald")
    if free.estimate is None or free.tau2 is None:
        return _without(base, cuts.size, level, NOT_CONVERGED, f"without selection: {free.reason}")
    fit = maximise(data, free.estimate, free.tau2)
    if isinstance(fit, str):
        return _without(base, cuts.size, level, NOT_CONVERGED, fit)
    estimate, se = sign * fit.mu * unit, fit.mu_se * unit
    half = normal_quantile(0.5 + level / 2.0) * se
    start = data.log_likelihood(free.estimate, free.tau2, np.zeros(cuts.size))
    lrt = max(0.0, 2.0 * (fit.log_likelihood - start))
    return SelectionResult(
        *base, estimate, se, estimate - half, estimate + half, float(normal_two_sided(estimate / se)),
        fit.tau2 * unit * unit, fit.tau2 == 0.0,
        (1.0, *map(float, fit.weights)), (None, *map(float, fit.weights_se)),
        fit.log_likelihood - k * float(np.log(unit)), fit.gradient,
        lrt, cuts.size, float(chi2_upper(lrt, cuts.size)), level, *advice(k),
    )  # fmt: skip


def _without(base: tuple, steps: int, level: float, status: str, reason: str) -> SelectionResult:
    return SelectionResult(*base, *(None,) * 12, steps, None, level, *advice(base[0]), status, reason)


def _empty_interval(cuts: NDArray, counts: tuple[int, ...]) -> str | None:
    edges = [0.0, *cuts, 1.0]
    empty = [f"{edges[j]:g} to {edges[j + 1]:g}" for j, n in enumerate(counts) if n == 0]
    if not empty:
        return None
    return (
        f"no study has a one-sided p value in {' or '.join(empty)}: the chance of publication there cannot be estimated"
    )
