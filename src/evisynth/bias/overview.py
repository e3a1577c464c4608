"""The small-study part of `evisynth pool --all`, under the names of its JSON."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from evisynth.bias.asymmetry import begg, egger
from evisynth.bias.selection import selection_model
from evisynth.bias.trim_fill import trim_and_fill

_FIELDS = {
    "egger": ("slope", "t", "df", "p", "limit", "limit_ci_low", "limit_ci_high"),
    "begg": ("tau", "p", "exact"),
    "trimfill": ("k0", "side", "estimate", "se", "ci_low", "ci_high"),
    "selection": ("estimate", "se", "ci_low", "ci_high", "p", "tau2", "weight", "side", "lrt", "lrt_p"),
}
_ALWAYS = ("advised", "advice", "status", "reason")


def small_study_summary(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    studies: Sequence[str] | None = None,
    selection_side: str = "auto",
    level: float = 0.95,
    **options: Any,
) -> dict[str, dict[str, Any]]:
    """Return Egger, Begg, trim and fill (L0) and the three-parameter selection model as plain dictionaries.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    studies
        Names of the studies.
    selection_side : {"auto", "right", "left"}
        Direction of small p values in the selection model.
    level
        Level of all intervals.
    **options
        Those of `pooling.random_effects`, for trim and fill.

    Returns
    -------
    dict
        `egger` (slope, t, p, limit, ...), `begg` (tau, p), `trimfill` (k0, side, estimate, se, ...), `selection`
        (estimate, se, tau2, weight, side, ...); each with advised, advice, status and reason. A number that does not
        exist is None.
    """
    found = {
        "egger": egger(yi, vi, level=level, studies=studies),
        "begg": begg(yi, vi, studies=studies),
        "trimfill": trim_and_fill(yi, vi, studies=studies, level=level, **options),
        "selection": selection_model(yi, vi, side=selection_side, level=level, studies=studies),
    }
    return {
        name: {field: getattr(result, field) for field in (*_FIELDS[name], *_ALWAYS)} for name, result in found.items()
    }
