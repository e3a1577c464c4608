"""Reading frames: what a figure is drawn from may come from a calculation or back from its CSV file."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from evisynth.effects.measures import find_measure


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
    found = row.get(name)
    if isinstance(found, float | int) and not isinstance(found, bool):
        return float(found)
    found = pd.to_numeric(found, errors="coerce")
    return float("nan") if found is None or pd.isna(found) else float(found)


def text(row: Mapping, name: str) -> str:
    """Return a cell as text, empty where it is blank."""
    return _shown(row.get(name))


def _shown(cell: object) -> str:
    if isinstance(cell, str):
        return cell
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
        if wanted and name in frame.columns and frame[name].dtype.kind not in "fiub":
            keep &= (frame[name].to_numpy(dtype=object) == wanted).astype(bool)
        else:
            keep &= np.array([found == wanted for found in texts(frame, name)], dtype=bool)
    return frame[keep]


def rows_of(frame: pd.DataFrame) -> list[dict]:
    """Return the rows of a frame as dictionaries."""
    # DataFrame.to_dict walks the frame cell by cell, which took a fifth of the time of a figure
    names = list(frame.columns)
    return [dict(zip(names, row, strict=True)) for row in frame.astype(object).to_numpy().tolist()]


def axis_columns(measure: str) -> dict:
    """Return what every frame says about its axis of effects: label, whether it is logarithmic, value of no effect."""
    known = find_measure(measure)
    return {
        "axis_label": known.axis_label,
        "log_axis": "yes" if known.is_log else "no",
        "null_value": known.natural_null,
    }


def null_of(frame: pd.DataFrame) -> float:
    """Return the value of no effect of a frame, NaN where it has none."""
    return next((found for found in numbers(frame, "null_value") if np.isfinite(found)), float("nan"))


def is_log(frame: pd.DataFrame) -> bool:
    """Whether the axis of effects of a frame is logarithmic."""
    return first(frame, "log_axis") == "yes"


def block(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return the rows of a frame whose ``block`` is one of `names`."""
    return frame[[found in names for found in texts(frame, "block")]]


def framed(rows: Iterable[Mapping], columns: Iterable[str]) -> pd.DataFrame:
    """Return rows as a frame with these columns in this order, blank where a row says nothing.

    Numbers keep 12 significant digits, as their CSV will: the figure drawn from either is the same.
    """
    kept = [{name: _kept(cell) for name, cell in row.items()} for row in rows]
    # plain cells: figures walk through rows, which typed columns make slow
    return pd.DataFrame(kept, columns=list(columns), dtype=object)


def _kept(cell: object) -> object:
    return float(f"{cell:.12g}") if isinstance(cell, float) else cell


def require(frame: pd.DataFrame, columns: Iterable[str], figure: str) -> None:
    """Raise a ValueError that names every column a figure needs and the frame lacks."""
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ValueError(
            f"the frame of the {figure} has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}"
        )
