"""Reading frames: what a figure is drawn from may come from a calculation or back from its CSV file."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd


def numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as numbers, NaN where it is blank or where the frame has no such column."""
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float)


def texts(frame: pd.DataFrame, name: str) -> list[str]:
    """Return a column as text, empty where it is blank or where the frame has no such column."""
    if name not in frame.columns:
        return [""] * len(frame)
    return [_shown(value) for value in frame[name]]


def value(row: Mapping, name: str) -> float:
    """Return a cell as a number, NaN where it is blank."""
    found = pd.to_numeric(row.get(name), errors="coerce")
    return float("nan") if found is None or pd.isna(found) else float(found)


def text(row: Mapping, name: str) -> str:
    """Return a cell as text, empty where it is blank."""
    return _shown(row.get(name))


def _shown(cell: object) -> str:
    if cell is None or pd.isna(cell):
        return ""
    # a column of texts that all look like numbers comes back from its CSV as numbers
    return f"{cell:.12g}" if isinstance(cell, float) else str(cell)


def first(frame: pd.DataFrame, name: str, default: str = "") -> str:
    """Return the first filled text of a column that says the same on every row."""
    return next((found for found in texts(frame, name) if found), default)


def chosen(frame: pd.DataFrame | None, **where: str) -> pd.DataFrame:
    """Return the rows whose cells are these texts; nothing where there is no table."""
    if frame is None or not len(frame):
        return pd.DataFrame()
    keep = np.ones(len(frame), dtype=bool)
    for name, wanted in where.items():
        keep &= np.array([found == wanted for found in texts(frame, name)], dtype=bool)
    return frame[keep]


def rows_of(frame: pd.DataFrame) -> list[dict]:
    """Return the rows of a frame as dictionaries."""
    return frame.to_dict("records")


def framed(rows: Iterable[Mapping], columns: Iterable[str]) -> pd.DataFrame:
    """Return rows as a frame with these columns in this order, blank where a row says nothing.

    Numbers keep 12 significant digits, as their CSV will: the figure drawn from either is the same.
    """
    return pd.DataFrame([{name: _kept(cell) for name, cell in row.items()} for row in rows], columns=list(columns))


def _kept(cell: object) -> object:
    return float(f"{cell:.12g}") if isinstance(cell, float) else cell


def require(frame: pd.DataFrame, columns: Iterable[str], figure: str) -> None:
    """Raise a ValueError that names every column a figure needs and the frame lacks."""
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ValueError(
            f"the frame of the {figure} has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}"
        )
