"""Check effects and variances, and bring them to the form the solvers work in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.errors import PoolingInputError

_MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Batch:
    """Meta-analyses as columns, in units of a typical standard error.

    Studies run along the first axis because NumPy adds rows of a long array much faster than it adds
    short rows. An absent study has y = 0 and v = inf, so its weight is exactly zero.

    Attributes
    ----------
    y, v : (k, m) arrays
        Effects less `centre`, over `unit`; variances over `unit` squared.
    n : (m,) int array
        Number of studies present.
    unit : (m,) array
        A power of two near a typical standard error: dividing by it is exact, so results are scale-free.
    centre : (m,) array
        Inverse-variance mean, subtracted so that squares do not cancel.
    """

    y: NDArray[np.float64]
    v: NDArray[np.float64]
    n: NDArray[np.int64]
    unit: NDArray[np.float64]
    centre: NDArray[np.float64]

    def take(self, columns: NDArray) -> "Batch":
        """Return the batch of the chosen columns."""
        return Batch(
            np.ascontiguousarray(self.y[:, columns]),
            np.ascontiguousarray(self.v[:, columns]),
            self.n[columns],
            self.unit[columns],
            self.centre[columns],
        )


def check_level(level: float) -> float:
    """Return `level` as a float if it is a probability strictly between 0 and 1."""
    try:
        value = float(level)
    except (TypeError, ValueError):
        raise PoolingInputError(f"level is {level!r}; give a probability such as 0.95") from None
    if not 0.0 < value < 1.0:
        hint = f"; did you mean {value / 100:g}?" if 1.0 < value < 100.0 else ""
        raise PoolingInputError(f"level is {value:g}; it must lie between 0 and 1, such as 0.95{hint}")
    return value


def check_choice(name: str, value: str, allowed: Sequence[str]) -> str:
    """Return the allowed spelling of `value`, ignoring case."""
    by_lower = {a.lower(): a for a in allowed}
    found = by_lower.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise PoolingInputError(f"{name} is {value!r}; choose one of {', '.join(allowed)}")
    return found


def _label(index: tuple[int, ...], studies: Sequence[str] | None) -> str:
    study = f"study {studies[index[-1]]!r}" if studies is not None else f"study at index {index[-1]}"
    return study if len(index) == 1 else f"row {index[0]}, {study}"


def _name_problems(studies: Sequence[str], k: int) -> list[str]:
    if len(studies) != k:
        return [f"{len(studies)} study names were given for {k} studies"]
    seen: dict[str, list[int]] = {}
    for i, name in enumerate(studies):
        seen.setdefault(name, []).append(i)
    return [
        f"study name {name!r} is used {len(at)} times (indices {', '.join(map(str, at))}); names must be unique"
        for name, at in seen.items()
        if len(at) > 1
    ]


def _value_problems(y: NDArray, v: NDArray, studies: Sequence[str] | None) -> list[str]:
    y_missing, v_missing = np.isnan(y), np.isnan(v)
    absent = y_missing & v_missing if y.ndim == 2 else np.zeros(y.shape, dtype=bool)
    checks = (
        (y_missing & ~absent, "the effect is missing (NaN)", y),
        (np.isinf(y), "the effect is infinite", y),
        (v_missing & ~absent, "the variance is missing (NaN)", v),
        (np.isinf(v), "the variance is infinite; leave the study out", v),
        (v == 0.0, "the variance is 0; it must be positive", v),
        (v < 0.0, "the variance is {:g}; it must be positive", v),
    )
    problems = []
    for bad, text, values in checks:
        problems += [
            f"{_label(tuple(map(int, at)), studies)}: {text.format(values[tuple(at)])}" for at in np.argwhere(bad)
        ]
    if len(problems) > _MOST_PROBLEMS:
        problems = [*problems[:_MOST_PROBLEMS], f"and {len(problems) - _MOST_PROBLEMS} more"]
    return problems


def check_effects(
    yi: ArrayLike, vi: ArrayLike, studies: Sequence[str] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return effects and variances as float arrays of one shape.

    Parameters
    ----------
    yi, vi
        Effects and sampling variances: (k,) for one meta-analysis, (m, k) for a batch. In a batch NaN in
        both marks an absent study; in a single meta-analysis NaN is an error.
    studies
        Names of the k studies, for messages; they must be unique.

    Raises
    ------
    PoolingInputError
        Lists every study whose effect or variance cannot be used.
    """
    try:
        y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    except (TypeError, ValueError) as error:
        raise PoolingInputError(f"effects and variances must be numbers: {error}") from None
    if y.shape != v.shape:
        raise PoolingInputError(f"effects have shape {y.shape} and variances {v.shape}; they must match")
    if y.ndim not in (1, 2):
        raise PoolingInputError(f"effects have {y.ndim} dimensions; give (k,) or (m, k)")
    problems = []
    if studies is not None:
        problems = _name_problems(studies, y.shape[-1])
        studies = studies if len(studies) == y.shape[-1] else None
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0.0).all()):
        problems += _value_problems(y, v, studies)
    if problems:
        raise PoolingInputError(problems)
    return y, v


def to_batch(y: NDArray[np.float64], v: NDArray[np.float64]) -> Batch:
    """Return checked (m, k) effects and variances as a centred and scaled `Batch`."""
    y, v = np.ascontiguousarray(y.T), np.ascontiguousarray(v.T)
    present = ~np.isnan(v)
    n = present.sum(axis=0)
    if not present.all():
        y, v = np.where(present, y, 0.0), np.where(present, v, np.inf)
    if y.shape[0] == 0:
        ones = np.ones(y.shape[1])
        return Batch(y, v, n, ones, np.zeros_like(ones))
    smallest = v.min(axis=0)
    smallest[n == 0] = 1.0
    w = smallest / v
    total = np.where(n > 0, w.sum(axis=0), 1.0)
    # harmonic mean of the variances; its root rounded to a power of two
    typical = smallest * np.maximum(n, 1) / total
    unit = np.ldexp(1.0, np.round(np.log2(typical) / 2.0).astype(int))
    centre = (w * y).sum(axis=0) / total
    y = (y - centre) / unit
    if not present.all():
        y[~present] = 0.0
    return Batch(y, v / unit / unit, n, unit, centre)
