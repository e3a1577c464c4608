"""What single studies do to the pooled estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.results import NOT_CONVERGED, NOT_POSSIBLE, OK, Result, one_set, too_few
from evisynth.pooling.fit import random_effects

if TYPE_CHECKING:
    import pandas as pd

_MEDIAN_CHI2_1 = 0.454936423119572
COLUMNS = (
    "estimate_without", "tau2_without", "q_without", "residual", "dffits", "cooks_distance", "covariance_ratio", "hat",
    "weight", "dfbetas", "baujat_x", "baujat_y",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InfluenceResult(Result):
    """Influence measures, one per study (arrays of shape (k,)).

    Write mu, mu(i), tau2, tau2(i) for estimate and between-study variance with all studies and without study i, and
    var, var(i) for the variances 1/sum w of the means.

    Attributes
    ----------
    estimate_without, tau2_without, q_without
        mu(i), tau2(i) and Cochran's Q without study i.
    residual
        Studentised deleted residual (y - mu(i)) / sqrt(v + tau2(i) + var(i)).
    dffits
        (mu - mu(i)) / sqrt(h (v + tau2(i))), h the hat value.
    cooks_distance
        (mu - mu(i))^2 / var.
    covariance_ratio
        var(i) / var.
    hat, weight
        Share of the weight, and the same in per cent.
    dfbetas
        (mu - mu(i)) / sqrt(1 / sum 1/(v + tau2(i))), the sum over all studies.
    baujat_x, baujat_y
        Contribution to heterogeneity (y - mu)^2 / (v + tau2), and influence (mu - mu(i))^2 / var(i).
    influential
        Whether a study passes one of the cuts of `cuts`.
    cuts
        Largest |dffits|, cooks_distance, hat and |dfbetas| that are not remarkable, by name.
    """

    k: int
    studies: tuple[str, ...]
    estimate_without: NDArray[np.float64]
    tau2_without: NDArray[np.float64]
    q_without: NDArray[np.float64]
    residual: NDArray[np.float64]
    dffits: NDArray[np.float64]
    cooks_distance: NDArray[np.float64]
    covariance_ratio: NDArray[np.float64]
    hat: NDArray[np.float64]
    weight: NDArray[np.float64]
    dfbetas: NDArray[np.float64]
    baujat_x: NDArray[np.float64]
    baujat_y: NDArray[np.float64]
    influential: NDArray[np.bool_]
    cuts: dict[str, float]
    status: str = OK
    reason: str | None = None

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per study; no rows where nothing could be computed."""
        import pandas as pd

        columns = {name: getattr(self, name) for name in (*COLUMNS, "influential")}
        return pd.DataFrame({"study": self.studies, **columns})


def _without(k: int, status: str, reason: str) -> InfluenceResult:
    nothing = [np.empty(0)] * len(COLUMNS)
    return InfluenceResult(k, (), *nothing, np.empty(0, dtype=bool), {}, status, reason)


def influence(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau2: str = "REML",
    model: str = "random",
    studies: Sequence[str] | None = None,
) -> InfluenceResult:
    """Return case diagnostics of a meta-analysis, with the variances of the model (Wald).

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    tau2, model
        As in `pooling.random_effects`.
    studies
        Names of the studies.

    Returns
    -------
    InfluenceResult
        From k + 1 fits in one batch. Needs three studies (two under the common-effect model).

    Raises
    ------
    PoolingInputError
        Effects, variances or options that cannot be used.

    Notes
    -----
    Cuts: |dffits| > 3 sqrt(1/(k - 1)), Cook's distance above the median of chi-squared with 1 degree of freedom, hat
    above 3/k, |dfbetas| > 1.

    References
    ----------
    Viechtbauer and Cheung 2010, Research Synthesis Methods 1: 112-125; Baujat et al. 2002, Statistics in Medicine 21:
    2641-2652.
    """
    y, v, names = one_set(yi, vi, studies)
    k = y.size
    problem = too_few(k, 2 if model == "common" else 3, "leaving one study out")
    options: dict[str, Any] = {"tau2": tau2, "ci": "wald", "model": model}
    if problem:
        random_effects(y, v, **options)
        return _without(k, NOT_POSSIBLE, problem)
    keep = np.vstack([np.ones(k, dtype=bool), ~np.eye(k, dtype=bool)])
    batch = random_effects(np.where(keep, y, np.nan), np.where(keep, v, np.nan), **options)
    failed = np.flatnonzero(~np.isfinite(np.asarray(batch.estimate)))
    if failed.size:
        which = "with all studies" if failed[0] == 0 else f"without {names[failed[0] - 1]}"
        return _without(k, NOT_CONVERGED, f"{which}: {batch.reason[failed[0]]}")
    spread = np.where(np.isnan(batch.tau2), 0.0, batch.tau2)
    mu, mu_i, t, t_i = batch.estimate[0], batch.estimate[1:], spread[0], spread[1:]
    var, var_i = batch.se[0] ** 2, batch.se[1:] ** 2
    hat = batch.weights[0] / 100.0
    moved = mu - mu_i
    # one study left (k = 2, common effect) has no Q
    q_i = np.where(np.isnan(batch.q[1:]), 0.0, batch.q[1:])
    dffits, cooks = moved / np.sqrt(hat * (v + t_i)), moved**2 / var
    dfbetas = moved * np.sqrt((1.0 / (v[None, :] + t_i[:, None])).sum(axis=1))
    cuts = {
        "dffits": 3.0 * float(np.sqrt(1.0 / (k - 1))), "cooks_distance": _MEDIAN_CHI2_1, "hat": 3.0 / k, "dfbetas": 1.0,
    }  # fmt: skip
    measures = {"dffits": dffits, "cooks_distance": cooks, "hat": hat, "dfbetas": dfbetas}
    influential = np.any([np.abs(measures[name]) > cut for name, cut in cuts.items()], axis=0)
    return InfluenceResult(
        k, names, mu_i, t_i, q_i, (y - mu_i) / np.sqrt(v + t_i + var_i), dffits, cooks, var_i / var, hat, 100.0 * hat,
        dfbetas, (y - mu) ** 2 / (v + t), moved**2 / var_i, influential, cuts,
    )  # fmt: skip
