"""Tests of funnel-plot asymmetry for 2 x 2 tables: Peters' and Harbord's regressions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.asymmetry import RegressionTest, line_test
from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.inputs import check_choice, check_level
from evisynth.pooling.tables import check_columns

NO_INFORMATION = "no events, or events in everyone: no information on a ratio"


def _tables(
    events_1: ArrayLike, n_1: ArrayLike, events_2: ArrayLike, n_2: ArrayLike, studies: Sequence[str] | None
) -> tuple[tuple[NDArray, ...], tuple[str, ...]]:
    columns = {"events_1": events_1, "n_1": n_1, "events_2": events_2, "n_2": n_2}
    arrays = check_columns(columns, studies, (("events_1", "n_1"), ("events_2", "n_2")), ("n_1", "n_2"))
    if arrays[0].ndim != 1:
        raise PoolingInputError("give one meta-analysis: counts of shape (k,)")
    return arrays, tuple(map(str, studies if studies is not None else range(arrays[0].size)))


def peters(
    yi: ArrayLike,
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> RegressionTest:
    """Test funnel-plot asymmetry of ratios by Peters' regression on the inverse of the sample size.

    Parameters
    ----------
    yi : (k,) array
        Log odds ratios (or log risk ratios), with zero cells already corrected.
    events_1, n_1, events_2, n_2 : (k,) arrays
        Counts as observed, intervention (1) and comparison (2).
    level
        Level of the interval of the limit.
    studies
        Names of the studies.

    Returns
    -------
    RegressionTest
        Studies with no events or with events in everyone are left out and named.

    Raises
    ------
    PoolingInputError
        Counts that cannot be, effects that are missing.

    Notes
    -----
    yi on 1/N with weights 1 / (1/E + 1/(N - E)), E the events of both arms, N the people; multiplicative dispersion.

    References
    ----------
    Peters et al. 2006, JAMA 295: 676-680.
    """
    level = check_level(level)
    (a, n1, c, n2), names = _tables(events_1, n_1, events_2, n_2, studies)
    y = np.asarray(yi, dtype=float)
    if y.shape != a.shape:
        raise PoolingInputError(f"effects have shape {y.shape} and counts {a.shape}; they must match")
    events, total = a + c, n1 + n2
    use = (events > 0) & (events < total)
    bad = use & ~np.isfinite(y)
    if bad.any():
        raise PoolingInputError([f"study {names[i]!r}: the effect is missing or infinite" for i in np.flatnonzero(bad)])
    left_out = [(names[i], NO_INFORMATION) for i in np.flatnonzero(~use)]
    weight = events[use] * (total - events)[use] / total[use]
    test = ("peters", "inverse of the sample size", "weighted, multiplicative")
    return line_test(test, y[use], 1.0 / total[use], weight, level, left_out)


def harbord(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    measure: str = "OR",
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> RegressionTest:
    """Test funnel-plot asymmetry of odds or risk ratios by Harbord's regression of efficient scores.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : (k,) arrays
        Counts as observed, intervention (1) and comparison (2); nothing is corrected.
    measure : {"OR", "RR"}
        Which ratio the score belongs to.
    level
        Level of the interval of the limit.
    studies
        Names of the studies.

    Returns
    -------
    RegressionTest
        Slope of Z/V on 1/sqrt(V) with weights V. Studies with no events or with events in everyone are left out and
        named.

    Raises
    ------
    PoolingInputError
        Counts that cannot be.

    Notes
    -----
    With E events among N people: for the odds ratio Z = events_1 - E n_1/N and V = n_1 n_2 E (N - E) / (N^2 (N - 1));
    for the risk ratio Z = (events_1 N - E n_1) / (N - E) and V = n_1 n_2 E / (N (N - E)), the score and information of
    two binomials at equal risks.

    References
    ----------
    Harbord, Egger and Sterne 2006, Statistics in Medicine 25: 3443-3457; risk ratios: Harbord, Harris and Sterne 2009,
    Stata Journal 9: 197-210.
    """
    measure, level = check_choice("measure", measure, ("OR", "RR")), check_level(level)
    (a, n1, c, n2), names = _tables(events_1, n_1, events_2, n_2, studies)
    use = (a + c > 0) & (a + c < n1 + n2)
    left_out = [(names[i], NO_INFORMATION) for i in np.flatnonzero(~use)]
    a, n1, c, n2 = (x[use] for x in (a, n1, c, n2))
    events, total = a + c, n1 + n2
    score = a - events * n1 / total
    if measure == "OR":
        information = n1 * n2 * events * (total - events) / (total**2 * (total - 1.0))
    else:
        others = total - events
        score, information = score * total / others, n1 * n2 * events / (total * others)
    test = ("harbord", "1 / sqrt(information)", "weighted, multiplicative")
    return line_test(test, score / information, 1.0 / np.sqrt(information), information, level, left_out)
