"""Reading a table of studies that a person typed: cells to numbers, and every problem with its place."""

import math
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from evisynth.effects.text_table import TextTable

Floats = NDArray[np.float64]

# What people and spreadsheets write for "not reported"
_BLANK = frozenset({"", "na", "n/a", "nan", "null", "none", "nr", "not reported", "<na>"})
# ... of which these may also be an answer, as in a column of co-interventions
_ALSO_WORDS = frozenset({"none", "null"})


def is_blank(cell: str, *, words: bool = True) -> bool:
    """Return whether a cell says that something is not reported.

    Parameters
    ----------
    cell
        Text as typed.
    words
        Whether "none" and "null" are blanks too: they are in a column of numbers.
    """
    text = cell.strip().lower()
    return text in _BLANK and (words or text not in _ALSO_WORDS)


class TableReader:
    """Reads the cells of a table, notes problems, and remembers which rows have blanks."""

    def __init__(self, frame: "pd.DataFrame | TextTable") -> None:
        self.frame = frame
        self.k = len(frame)
        # a frame that comes from no file is taken to have one header line and a line for each row
        lines = getattr(frame, "lines", None) or getattr(frame, "attrs", {}).get("lines")
        self.lines: list[int] = list(lines) if lines else list(range(2, self.k + 2))
        self.columns = {str(c).strip(): c for c in frame.columns}
        self.problems: list[str] = []
        stripped = [str(c).strip() for c in frame.columns]
        for c in sorted({c for c in stripped if stripped.count(c) > 1}):
            self.problems.append(
                f"column {c}: found {stripped.count(c)} times, allowed once. Delete or rename the others."
            )
        self.blank: dict[int, list[str]] = {}
        self.values: dict[str, Floats] = {}
        self.names = self._names()

    def note(self, i: int, column: str, found: Any, allowed: str, do: str) -> None:
        """Note a problem of one cell."""
        shown = repr(found) if isinstance(found, str) else f"{found:g}"
        self.problems.append(
            f"line {self.lines[i]} ({self.names[i]}), column {column}: found {shown}, allowed {allowed}. {do}"
        )

    def _names(self) -> list[str]:
        if "study" not in self.columns:
            return [f"line {line}" for line in self.lines]
        names, first = [], {}
        for i, cell in enumerate(self.frame[self.columns["study"]]):
            line = self.lines[i]
            name = "" if cell is None or (isinstance(cell, float) and math.isnan(cell)) else str(cell).strip()
            if not name:
                self.problems.append(f"line {line}, column study: found nothing, allowed a name. Name the study.")
            elif name in first:
                self.problems.append(
                    f"line {line}, column study: found {name!r} again (first on line {self.lines[first[name]]}), "
                    "allowed each name once. "
                    "Tell the rows apart (name and year, or a, b), or delete the duplicate."
                )
            first.setdefault(name, i)
            names.append(name or f"line {line}")
        return names

    def require_columns(self, needed: tuple[str, ...], measure: str) -> bool:
        """Note the columns that are missing; whether all are there."""
        missing = [c for c in needed if c not in self.columns]
        for c in missing:
            near = get_close_matches(c, [name for name in self.columns if name not in needed], 1, 0.6)
            hint = f"Is it the column {near[0]!r}? Rename it." if near else "Add it."
            self.problems.append(
                f"column {c}: missing; {measure} needs {', '.join(needed)}. Found: {', '.join(self.columns)}. {hint}"
            )
        return not missing

    def read(self, column: str) -> Floats:
        """Numbers of a column; blanks and problems become NaN and are remembered."""
        out = np.full(self.k, np.nan)
        for i, cell in enumerate(self.frame[self.columns[column]]):
            text = "" if cell is None else str(cell).strip()
            if is_blank(text):
                self.blank.setdefault(i, []).append(column)
                continue
            try:
                # Python reads 1_000 as a number; no person who types a table means it
                value = float(text) if "_" not in text and not isinstance(cell, bool) else None
            except ValueError:
                value = None
            if value is None:
                self.note(i, column, text, "a number", _advice(text))
            elif math.isinf(value):
                self.note(i, column, value, "a finite number", "Type the number, or leave the cell blank.")
            else:
                out[i] = value
        self.values[column] = out
        return out

    def require(self, column: str, ok: Any, allowed: str, do: str) -> None:
        """Note each number of a column for which `ok` is false."""
        a = self.values[column]
        for i in np.flatnonzero(~(np.asarray(ok) | np.isnan(a))):
            self.note(int(i), column, float(a[i]), allowed, do)


def line_of(problem: str) -> int:
    """Line that a problem is on, 0 for the whole table: problems are listed in the order of the file."""
    first = problem.split(maxsplit=2)
    return int(first[1].rstrip(",")) if first[0] == "line" else 0


def _advice(text: str) -> str:
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+", text):
        return f"If {text.replace(',', '')} is meant, type it without the comma; as a decimal sign use a point."
    plain = text.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-").replace(",", ".").rstrip("%").strip()
    try:
        float(plain)
    except ValueError:
        return "Type the number alone, or leave the cell blank if it is not reported."
    if text.endswith("%"):
        return "Type the number without the sign, in the unit that the column asks for."
    return f"If {plain} is meant, type it so: a point for decimals, a hyphen for minus."


_WHOLE = "Type the count itself; a percentage has to be turned into a count first."


def _check_counts(t: TableReader, events: str, n: str | None) -> None:
    t.require(events, t.values[events] >= 0, "0 or more", "Correct the count.")
    t.require(
        events,
        (t.values[events] == np.floor(t.values[events])) | (t.values[events] < 0),
        "a whole number",
        _WHOLE,
    )
    if n is None:
        return
    size = t.values[n]
    t.require(n, (size >= 1) & (size == np.floor(size)), "a whole number from 1 on", "Correct the number of people.")
    above = t.values[events] > size
    for i in np.flatnonzero(above):
        found, most = t.values[events][i], size[i]
        do = "Check that neither is swapped with another cell."
        t.note(int(i), events, float(found), f"at most {n}, which is {most:g}", do)


def _check_times(t: TableReader, *columns: str) -> None:
    for c in columns:
        t.require(c, t.values[c] > 0, "more than 0", "Type the person-time.")


def _check_means(t: TableReader, arm: str) -> None:
    sd, n = t.values[f"sd_{arm}"], t.values[f"n_{arm}"]
    t.require(f"sd_{arm}", sd > 0, "more than 0", "Type the standard deviation, or leave it blank if not reported.")
    t.require(f"n_{arm}", n >= 2, "2 or more", "Correct the number of people.")


def _check_ratio_of_means(t: TableReader) -> None:
    ok = t.values["mean_1"] * t.values["mean_2"] > 0
    do = "A ratio of means has no logarithm here: choose MD or SMD, or take this row out of the table."
    t.require("mean_1", ok | np.isnan(t.values["mean_2"]), "the sign of mean_2, neither of them 0", do)


def _check_correlations(t: TableReader, least: int) -> None:
    t.require("r", np.abs(t.values["r"]) < 1, "more than -1 and less than 1", "Correct the correlation.")
    t.require("n", t.values["n"] >= least, f"{least} or more", "Correct the number of people.")


def read_generic(t: TableReader) -> tuple[str, ...]:
    """Read yi with vi or sei; the variance ends up in vi."""
    if "vi" not in t.columns and "sei" not in t.columns:
        t.problems.append(
            "column vi or sei: missing; generic needs yi and vi, or yi and sei. "
            f"Found: {', '.join(t.columns)}. Add one."
        )
        return ()
    if not t.require_columns(("yi",), "generic"):
        return ()
    given = [c for c in ("vi", "sei") if c in t.columns]
    for c in ("yi", *given):
        t.read(c)
    for c in given:
        word = "the variance" if c == "vi" else "the standard error"
        t.require(c, t.values[c] > 0, "more than 0", f"Type {word}, or leave it blank if it is not known.")
    if len(given) == 2:
        square = t.values["sei"] ** 2
        same = np.isclose(square, t.values["vi"], rtol=0.02, atol=0.0) | np.isnan(square)
        t.require("vi", same, "the square of sei, within 2 %", "Correct one of the two, or leave it blank.")
        t.values["vi"] = np.where(np.isnan(t.values["vi"]), square, t.values["vi"])
        for i in [i for i, names in t.blank.items() if not np.isnan(t.values["vi"][i])]:
            t.blank[i] = [c for c in t.blank[i] if c not in ("vi", "sei")]
    elif given == ["sei"]:
        t.values["vi"] = t.values["sei"] ** 2
    return ("yi", "vi")


def check_interval(t: TableReader) -> None:
    """Where the table also gives limits of yi they have to contain it."""
    if not all(c in t.columns for c in ("ci_low", "ci_high", "yi")) or "yi" not in t.values:
        return
    kept = {i: list(names) for i, names in t.blank.items()}
    low, high, yi = t.read("ci_low"), t.read("ci_high"), t.values["yi"]
    t.blank = kept  # a blank limit is no reason to leave a study out
    for i in np.flatnonzero((low > yi) | (high < yi)):
        allowed = f"a value inside its interval, {low[i]:g} to {high[i]:g}"
        t.note(
            int(i),
            "yi",
            float(yi[i]),
            allowed,
            "Check the signs, the scale (logarithm?) and the order of the limits.",
        )


def check_inputs(t: TableReader, measure: str, inputs: tuple[str, ...]) -> None:
    """Note what the figures of a measure cannot be: events above n, a negative SD, a correlation of 2."""
    if inputs[0] == "events_1":
        for arm in "12":
            _check_counts(t, f"events_{arm}", f"n_{arm}" if "n_1" in inputs else None)
        if "time_1" in inputs:
            _check_times(t, "time_1", "time_2")
    elif inputs[0] == "mean_1":
        _check_means(t, "1")
        _check_means(t, "2")
        if measure == "ROM":
            _check_ratio_of_means(t)
    elif inputs == ("events", "n"):
        _check_counts(t, "events", "n")
    elif inputs == ("r", "n"):
        _check_correlations(t, 4 if measure == "ZCOR" else 2)
