"""Check counts of two arms before they are pooled."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.inputs import _MOST_PROBLEMS, _label, _name_problems

type Columns = tuple[NDArray[np.float64], ...]


def check_columns(
    columns: dict[str, ArrayLike],
    studies: Sequence[str] | None,
    limits: Sequence[tuple[str, str]] = (),
    positive: Sequence[str] = (),
) -> Columns:
    """Return the columns as float arrays of one shape, (k,) or (m, k).

    Parameters
    ----------
    columns
        Name to values. In a batch a study is absent where all columns are NaN.
    studies
        Names of the k studies, for messages.
    limits
        Pairs (events, total): events may not exceed the total.
    positive
        Columns that must be above 0; the others must not be negative.

    Raises
    ------
    PoolingInputError
        Lists every value that cannot be used.
    """
    try:
        values = {name: np.asarray(column, dtype=float) for name, column in columns.items()}
    except (TypeError, ValueError) as error:
        raise PoolingInputError(f"counts must be numbers: {error}") from None
    shapes = {array.shape for array in values.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) not in (1, 2):
        found = ", ".join(f"{name} {array.shape}" for name, array in values.items())
        raise PoolingInputError(f"columns must all be (k,) or all be (m, k) of one size; found {found}")
    shape = shapes.pop()
    problems = []
    if studies is not None:
        problems = _name_problems(studies, shape[-1])
        studies = studies if len(studies) == shape[-1] else None
    absent = np.zeros(shape, dtype=bool)
    if len(shape) == 2:
        absent = np.logical_and.reduce([np.isnan(array) for array in values.values()])
    for name, array in values.items():
        low = array <= 0 if name in positive else array < 0
        allowed = "above 0" if name in positive else "0 or more"
        bad = (low | ~np.isfinite(array)) & ~absent
        problems += _messages(bad, array, studies, f"{name} is {{:g}}; it must be a number {allowed}")
    for part, whole in limits:
        bad = (values[part] > values[whole]) & ~absent
        problems += _messages(bad, values[part], studies, f"{part} is {{:g}}, more than {whole}")
    if problems:
        raise PoolingInputError(problems[:_MOST_PROBLEMS])
    return tuple(values.values())


def _messages(bad: NDArray, values: NDArray, studies: Sequence[str] | None, text: str) -> list[str]:
    return [f"{_label(tuple(map(int, at)), studies)}: {text.format(values[tuple(at)])}" for at in np.argwhere(bad)]
