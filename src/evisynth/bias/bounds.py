"""The worst that selective publication can have done (Mathur and VanderWeele)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.results import NOT_CONVERGED, NOT_POSSIBLE, OK, Result, advice, choose_side, one_set
from evisynth.pooling.distributions import normal_quantile
from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.fit import MODELS, random_effects
from evisynth.pooling.inputs import check_choice, check_level
from evisynth.pooling.result import PoolResult

BEYOND = "no selection does: the studies that are not affirmative, alone, lie on the same side of the target"


@dataclass(frozen=True, slots=True)
class WorstCaseResult(Result):
    """Bounds on what selective publication of affirmative studies can explain.

    Attributes
    ----------
    k, affirmative
        Studies, and those that are significant in the direction of `side`.
    estimate, se, ci_low, ci_high, p, tau2
        Pooled result of the other studies alone: the bound for a selection ratio without limit. None where there are
        no other studies.
    ratio_estimate, ratio_interval
        How many times likelier affirmative studies must be to be published than the others to move the pooled effect,
        or the nearer limit of its interval, to `target`. None where no ratio does it, with the reason in `ratio_reason`
        and `interval_reason`; 1 where it lies there or beyond already.
    result
        The pooled result behind `estimate`.
    advised, advice, status, reason
        As in `RegressionTest`.
    """

    side: str
    target: float
    model: str
    k: int
    affirmative: int
    estimate: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    tau2: float | None
    ratio_estimate: float | None
    ratio_reason: str | None
    ratio_interval: float | None
    interval_reason: str | None
    result: PoolResult | None
    alpha: float
    level: float
    advised: bool
    advice: str | None
    status: str = OK
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, without the pooled result."""
        return {name: value for name, value in super(WorstCaseResult, self).to_dict().items() if name != "result"}


def worst_case(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    side: str = "auto",
    target: float = 0.0,
    alpha: float = 0.05,
    studies: Sequence[str] | None = None,
    **options: Any,
) -> WorstCaseResult:
    """Pool the non-affirmative studies alone, and find the selection that would explain the result away.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    side : {"auto", "right", "left"}
        Direction that publication favours; auto is that of the REML estimate.
    target
        Effect to move to (0: no effect).
    alpha
        Two-sided level at which a study counts as affirmative.
    studies
        Names, for messages.
    **options
        Those of `pooling.random_effects`, for the pooled result of the non-affirmative studies; `model`, `tau2` and
        `level` also for the selection ratios.

    Returns
    -------
    WorstCaseResult

    Notes
    -----
    With w = 1/(vi + tau2) (tau2 that of all studies; 0 in the common-effect model) and non-affirmative studies counted
    eta times: mean(eta) = (eta sum_N w y + sum_A w y) / (eta sum_N w + sum_A w), whose standard error is
    sqrt(eta^2 sum_N w + sum_A w) / (eta sum_N w + sum_A w). The selection ratio is the eta that takes the mean, or its
    normal limit nearer to the target, there. The authors' random-effects interval is cluster-robust; the one here takes
    tau2 as known.

    References
    ----------
    Mathur and VanderWeele 2020, Journal of the Royal Statistical Society C 69: 1091-1119.
    """
    alpha, level = check_level(alpha), check_level(options.get("level", 0.95))
    model = check_choice("model", options.get("model", "random"), MODELS)
    if not np.isfinite(target):
        raise PoolingInputError(f"target is {target}; give a finite effect")
    y, v, _ = one_set(yi, vi, studies)
    k = y.size
    side = choose_side(side, y, v)
    if k == 0:
        return WorstCaseResult(
            side, target, model, 0, 0, *(None,) * 11, alpha, level, *advice(0), NOT_POSSIBLE, "no studies"
        )
    sign = 1.0 if side == "right" else -1.0
    affirmative = sign * y / np.sqrt(v) > normal_quantile(1.0 - alpha / 2.0)
    others = ~affirmative
    all_studies = random_effects(y, v, **options)
    result = random_effects(y[others], v[others], **options) if others.any() else None
    status, reason = OK, None
    if result is None:
        status, reason = NOT_POSSIBLE, "every study is affirmative: nothing is left to bound the effect with"
    if all_studies.estimate is None or (result is not None and result.estimate is None):
        status, reason = NOT_CONVERGED, "the estimating equation of tau2 was not solved"
        ratios: tuple = (None, reason, None, reason)
    else:
        weights = 1.0 / (v + (all_studies.tau2 or 0.0))
        ratios = _ratios(sign * (y - target), weights, affirmative, level)
    numbers = (
        None if result is None else getattr(result, n) for n in ("estimate", "se", "ci_low", "ci_high", "p", "tau2")
    )
    return WorstCaseResult(
        side, float(target), model, k, int(affirmative.sum()), *numbers, *ratios, result, alpha, level, *advice(k),
        status, reason,
    )  # fmt: skip


def _ratios(
    x: NDArray, w: NDArray, affirmative: NDArray, level: float
) -> tuple[float | None, str | None, float | None, str | None]:
    """Return the ratios that move mean and lower limit of `x` to 0, each with its reason where there is none."""
    ya, wa = float((w * x)[affirmative].sum()), float(w[affirmative].sum())
    yn, wn = float((w * x)[~affirmative].sum()), float(w[~affirmative].sum())
    z = normal_quantile(0.5 + level / 2.0)
    if ya + yn <= 0.0:
        point, why = 1.0, None
    elif yn < 0.0:
        point, why = -ya / yn, None
    else:
        point, why = None, BEYOND
    if ya + yn <= z * np.sqrt(wa + wn):
        return point, why, 1.0, None
    # eta yn + ya = z sqrt(eta^2 wn + wa): left minus right is concave and positive at 1, so one root at most is above 1
    a, b, c = yn**2 - z**2 * wn, 2.0 * yn * ya, ya**2 - z**2 * wa
    inside = b * b - 4.0 * a * c
    if inside >= 0.0:
        half = -0.5 * (b + np.copysign(np.sqrt(inside), b))
        roots = [top / bottom for top, bottom in ((half, a), (c, half)) if bottom != 0.0]
        found = [eta for eta in roots if eta >= 1.0 and eta * yn + ya >= 0.0]
        if found:
            return point, why, float(min(found)), None
    return point, why, None, BEYOND
