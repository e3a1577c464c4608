"""The cells of a simulation, cut into the shards of a corpus and put together again."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evisynth.corpus.shards import share_out

# Name of the column that says which cell of the grid a row belongs to.
CELL = "cell"


def part_of_grid(cells: Sequence[Any], work: Callable[[Any], float], part: str) -> list[tuple[int, Any]]:
    """Return the cells of one part of a grid, with their numbers in it.

    A cell is a unit of work, as the analyses of one size are in a corpus: `shards.share_out` gives it to a part. Each
    cell has to have a stream of random numbers of its own, so that its figures do not depend on the part.

    Parameters
    ----------
    cells : sequence
        The whole grid.
    work : callable
        What a cell takes, in any unit of time.
    part : str
        Such as ``0002-of-0004``.

    Raises
    ------
    ValueError
        If that names no part.
    """
    match = re.fullmatch(r"([0-9]{4})-of-([0-9]{4})", part)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"part is {part!r}; allowed: 0001-of-0004 and so on")
    chosen = share_out({number: work(cell) for number, cell in enumerate(cells)}, int(match[2]))
    return [(number, cell) for number, cell in enumerate(cells) if chosen[number] == int(match[1]) - 1]


def table_of_cells(frames: Iterable[tuple[int, pd.DataFrame]]) -> pd.DataFrame:
    """Return the rows of some cells with a column of their numbers; a part may hold no cell of a kind."""
    frames = [frame.assign(**{CELL: number}) for number, frame in frames]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({CELL: pd.Series(dtype="int64")})


def gather_cells(paths: Iterable[Path]) -> pd.DataFrame:
    """Return the rows of all parts in the order of the grid, whatever the parts were.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        CSV files of `table_of_cells`.
    """
    parts = [part for part in map(pd.read_csv, paths) if len(part)]
    frame = pd.concat(parts, ignore_index=True).sort_values(CELL, kind="stable", ignore_index=True)
    return frame.drop(columns=CELL)
