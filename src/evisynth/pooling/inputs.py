"""Check effects and variances, and bring them to the form the solvers work in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.errors import PoolingInputError

_MOST_PROBLEMS = 50
# Quotients of variances, and squares of effects over variances, beyond this are typing errors; much further on their
# powers leave the range of floating-point numbers.
_FARTHEST = 1e60
_SMALLEST, _LARGEST = 1e-250, 1e250


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
        Effect of the most precise study. It stands in the first row, where its effect is exactly 0: a study that
        outweighs all others by many powers of ten then costs them no digits (see `one_less_share`).
    first : (m,) int array
        Row of the most precise study before it changed places with the first.
    """

    y: NDArray[np.float64]
    v: NDArray[np.float64]
    n: NDArray[np.int64]
    unit: NDArray[np.float64]
    centre: NDArray[np.float64]
    first: NDArray[np.int64]

    def take(self, columns: NDArray) -> "Batch":
        """Return the batch of the chosen columns."""
        return Batch(
            np.ascontiguousarray(self.y[:, columns]),
            np.ascontiguousarray(self.v[:, columns]),
            self.n[columns],
            self.unit[columns],
            self.centre[columns],
            self.first[columns],
        )

    def in_order(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of the studies (k, m) in the order in which the studies were given."""
        columns = np.arange(self.n.size)
        out = rows.copy()
        if rows.shape[0]:
            out[0] = rows[self.first, columns]
            out[self.first, columns] = rows[0]
        return out


def one_less_share(w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sum w (1 - w / sum w), which is sum w - sum w^2 / sum w; of the weights (k, ...) the first is largest.

    The difference loses every digit where one weight is 1e16 times the others; this form loses none: with o and q
    the sums of the other weights and of their squares it is (o (2 w_1 + o) - q) / (w_1 + o), and q <= o w_1.
    """
    first, others = w[0], w[1:].sum(axis=0)
    return (others * (2.0 * first + others) - (w[1:] * w[1:]).sum(axis=0)) / (first + others)


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
    if not problems and y.ndim == 1 and y.size:
        problems = _out_of_range(y, v, studies)
    if problems:
        raise PoolingInputError(problems)
    return y, v


def _out_of_range(y: NDArray, v: NDArray, studies: Sequence[str] | None) -> list[str]:
    """Return what cannot be computed with in one meta-analysis, though each number is a number."""
    low, high = float(v.min()), float(v.max())
    with np.errstate(over="ignore"):
        apart = np.ptp(y / np.sqrt(low)) ** 2
    if low >= _SMALLEST and high <= _LARGEST and high <= _FARTHEST * low and apart <= _FARTHEST:
        return []
    at = int(v.argmin()) if low < 1.0 else int(np.maximum(np.abs(y), v).argmax())
    return [
        f"{_label((at,), studies)}: the effect {y[at]:g} or its variance {v[at]:g} is too far from the others to be "
        "computed with; check the units and the signs of exponents"
    ]


def to_batch(y: NDArray[np.float64], v: NDArray[np.float64]) -> Batch:
    """Return checked (m, k) effects and variances as a centred and scaled `Batch`."""
    y, v = np.ascontiguousarray(y.T), np.ascontiguousarray(v.T)
    present = ~np.isnan(v)
    n = present.sum(axis=0)
    if not present.all():
        y, v = np.where(present, y, 0.0), np.where(present, v, np.inf)
    if y.shape[0] == 0:
        ones = np.ones(y.shape[1])
        return Batch(y, v, n, ones, np.zeros_like(ones), n)
    columns, first = np.arange(n.size), v.argmin(axis=0)
    smallest = v[first, columns]
    smallest[n == 0] = 1.0
    total = np.where(n > 0, (smallest / v).sum(axis=0), 1.0)
    # harmonic mean of the variances; its root rounded to a power of two
    typical = smallest * np.maximum(n, 1) / total
    unit = np.ldexp(1.0, np.round(np.log2(typical) / 2.0).astype(int))
    centre = y[first, columns]
    y, v = (y - centre) / unit, v / unit / unit
    if not present.all():
        y[~present] = 0.0
    y[first, columns], y[0] = y[0], 0.0
    v[first, columns], v[0] = v[0], v[first, columns]
    return Batch(y, v, n, unit, centre, first)
