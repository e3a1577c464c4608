"""Read a CSV of answers, or of changed judgements, with the line that each row begins at."""

import csv
import io
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from evisynth.review.problems import Problem, shown


def read_rows(path: Path, needed: Collection[str]) -> tuple[pd.DataFrame, list[Problem]]:
    """Read a CSV file as text; ``NA`` stays the answer NA.

    Parameters
    ----------
    path : pathlib.Path
        UTF-8, comma-separated, with a header line.
    needed : collection of str
        Columns that it must have; others are kept.

    Returns
    -------
    pandas.DataFrame
        The rows as typed, blank lines left out, with a column ``line``. Empty when the file cannot be used.
    list of Problem
        What is wrong with the file.
    """
    empty = pd.DataFrame({name: pd.Series(dtype=str) for name in [*needed, "line"]})
    name = path.name
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        found = f"the byte 0x{error.object[error.start]:02x}"
        return empty, [Problem(name, line, "", found, "UTF-8 text", "Save the file as UTF-8.")]
    except OSError as error:
        return empty, [Problem(name, 0, "", error.strerror or str(error), "a CSV file", f"Check the path {path}.")]
    if not text.strip():
        found, advice = "an empty file", f"Begin with a header line: {','.join(needed)}"
        return empty, [Problem(name, 0, "", found, "a header line and rows", advice)]
    try:
        return _rows(name, text, needed, empty)
    except csv.Error as error:
        return empty, [Problem(name, 0, "", str(error), "a CSV file", "Check the quotes of the file.")]


def _rows(name: str, text: str, needed: Collection[str], empty: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [cell.strip() for cell in next(reader)]
    problems = [
        Problem(name, 1, column, "no such column", f"the columns {', '.join(needed)}", "Add the column.")
        for column in needed
        if column not in header
    ]
    problems += [
        Problem(name, 1, column, "the column twice", "each column once", "Rename or remove one of the two.")
        for column in sorted({column for column in header if column and header.count(column) > 1})
    ]
    if problems:
        return empty, problems
    records, begins = [], reader.line_num + 1
    for cells in reader:
        line, begins = begins, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            found = f"{len(cells)} cells, the first {shown(cells[0])}"
            advice = "Count the commas of the line; a cell that holds a comma stands in double quotes."
            problems.append(Problem(name, line, "", found, f"{len(header)} cells", advice))
            continue
        records.append({**dict(zip(header, cells, strict=True)), "line": line})
    if not records and not problems:
        problems.append(Problem(name, 1, "", "no rows", "at least one row", "Enter a row for each answered question."))
    return (pd.DataFrame(records) if records else empty), problems
