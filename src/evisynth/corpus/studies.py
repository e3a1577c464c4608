"""A long table of studies, one row per study of some analysis, to effects; every row that is not used is named."""

import csv
import mmap
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from evisynth.corpus.settings import CorpusError, CorpusSettings
from evisynth.effects import TableError, effects_of_table, find_measure

# Rows checked at a time: the reader makes a Python object of every cell.
_CHUNK = 200_000
_PARQUET = (".parquet", ".pq")
_PROBLEM = re.compile(r"line (\d+) \(.*?\), column (\w+): (.*)", re.DOTALL)
BAD_COLUMNS = ("line", "analysis", "study", "kind", "column", "reason")
# Name of an index that says on which line of its file a row begins.
LINE = "line"
UNREADABLE, NO_FIGURES = "unreadable", "no usable figures"


@dataclass(frozen=True)
class Studies:
    """The studies of a corpus.

    Attributes
    ----------
    frame : DataFrame
        ``analysis, study, yi, vi``: the studies that have an effect, sorted by analysis and study.
    bad_rows : DataFrame
        ``line, analysis, study, kind, column, reason``: every row (or problem of a row) that has none. `kind` is
        "unreadable" for a mistake and "no usable figures" for blanks and for what carries no information.
    analyses : DataFrame
        ``analysis, rows, bad_rows, left_out, k``: one row per analysis, sorted; `bad_rows` counts unreadable rows,
        `left_out` those without usable figures, `k` the studies that are pooled (0 where the analysis is refused).
    """

    frame: pd.DataFrame
    bad_rows: pd.DataFrame
    analyses: pd.DataFrame


def columns_of(measure: str) -> tuple[str, ...]:
    """Columns that are read for a measure, without those that name the row."""
    inputs = find_measure(measure).inputs
    return ("yi", "vi", "sei", "ci_low", "ci_high") if inputs == ("yi", "vi") else inputs


def read_table(path: Path, measure: str) -> pd.DataFrame:
    """Read the columns of a CSV or Parquet table that a measure needs.

    Parameters
    ----------
    path : pathlib.Path
        ``.parquet``, or comma-separated text in UTF-8 with one header line.
    measure : str

    Returns
    -------
    DataFrame
        Cells of a CSV are text, so that nothing is guessed before it is checked; its index says on which line of the
        file each row begins.

    Raises
    ------
    CorpusError
        No such file, or one that cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise CorpusError(f"there is no file {path}")
    wanted = {"analysis", "study", *columns_of(measure)}
    try:
        if path.suffix.lower() in _PARQUET:
            table = pq.read_table(path, columns=_wanted(pq.read_schema(path).names, wanted, measure))
            decode = {i: f.type.value_type for i, f in enumerate(table.schema) if pa.types.is_dictionary(f.type)}
            for i, kind in decode.items():
                table = table.set_column(i, table.column_names[i], table.column(i).cast(kind))
        else:
            header = pa.csv.open_csv(path).schema.names
            table = pa.csv.read_csv(
                path,
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
                ),
                parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            )
            table = table.select(_wanted(table.column_names, wanted, measure))
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise CorpusError(
            f"{path} cannot be read as Parquet or as comma-separated text in UTF-8 with a header line: {error}"
        ) from None
    frame = table.rename_columns([n.strip() for n in table.column_names]).to_pandas()
    if path.suffix.lower() not in _PARQUET:
        frame.index = pd.Index(_lines(path, len(frame)), name=LINE)
    return frame


def _lines(path: Path, rows: int) -> np.ndarray:
    """Line of the file on which each row begins: lines may be blank, and cells may hold line breaks."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        ends, at = 0, content.find(b"\n")
        while at >= 0:
            ends, at = ends + 1, content.find(b"\n", at + 1)
        plain = ends + (content[-1:] != b"\n") == rows + 1
    if plain:
        return np.arange(rows) + 2
    found, at = [], 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        for cells in reader:
            if cells:
                found.append(at)
            at = reader.line_num + 1
    # the header is no row; where the two readers disagree the rows are counted
    return np.array(found[1:]) if len(found) == rows + 1 else np.arange(rows) + 2


def _wanted(names: list[str], wanted: set[str], measure: str) -> list[str]:
    """Columns to read: those that are needed; all where one is missing, so that the message can say what is there."""
    inputs = {"yi"} if measure == "GEN" else set(columns_of(measure))
    whole = inputs <= {n.strip() for n in names}
    return [n for n in names if n.strip() in wanted or not whole]


def read_studies(frame: pd.DataFrame, settings: CorpusSettings) -> Studies:
    """Effects of all studies of all analyses.

    Parameters
    ----------
    frame : DataFrame
        ``analysis``, optionally ``study``, and the columns of the measure (see `effects.effects_of_table`). An index of
        the name "line" says where each row stands; otherwise the rows follow a header line.
    settings : CorpusSettings

    Returns
    -------
    Studies

    Raises
    ------
    CorpusError
        Columns that are missing, or a table without rows. What is wrong with single rows raises nothing: it is
        in ``bad_rows``.
    """
    if "analysis" not in frame.columns:
        there = ", ".join(map(str, frame.columns))
        raise CorpusError(f"column analysis: missing; it says which meta-analysis a row belongs to. Found: {there}")
    if frame.empty:
        raise CorpusError("the table has no rows")
    names = pd.DataFrame({"analysis": _text(frame["analysis"])})
    names = names.reset_index(drop=True)
    lines = np.asarray(frame.index) if frame.index.name == LINE else np.arange(len(frame)) + 2
    frame = frame.reset_index(drop=True)
    names["study"] = _text(frame["study"]) if "study" in frame.columns else [f"line {n}" for n in lines]
    bad = _bad_names(names, lines, "study" in frame.columns)
    usable = np.ones(len(frame), dtype=bool)
    usable[bad["row"].to_numpy(dtype=int)] = False
    figures = frame.drop(columns=["analysis", "study"], errors="ignore")
    row, yi, vi, found = _effects(figures, np.flatnonzero(usable), settings)
    found[["analysis", "study"]] = names.iloc[found["row"].to_numpy(dtype=int)].to_numpy()
    found["line"] = lines[found["row"].to_numpy(dtype=int)]
    bad = pd.concat([bad, found], ignore_index=True)[list(BAD_COLUMNS)]
    bad = bad.sort_values(["line", "column"], kind="stable", ignore_index=True)
    studies = names.iloc[row].assign(yi=yi, vi=vi)
    analyses = _count(names, studies, bad, settings)
    kept = analyses.loc[analyses["k"] > 0, "analysis"]
    studies = studies[studies["analysis"].isin(kept)]
    return Studies(studies.sort_values(["analysis", "study"], kind="stable", ignore_index=True), bad, analyses)


def _text(cells: pd.Series) -> pd.Series:
    """Names as text without blanks around them; a whole number that became 12.0 beside a blank is 12 again."""
    if pd.api.types.is_float_dtype(cells):
        whole = (cells == np.floor(cells)) | cells.isna()
        cells = cells.astype("Int64") if whole.all() else cells
    return cells.astype("string").str.strip().fillna("").astype(object)


def _bad_names(names: pd.DataFrame, lines: np.ndarray, has_study: bool) -> pd.DataFrame:
    frame = names.assign(line=lines, row=np.arange(len(lines)), kind=UNREADABLE)
    nameless = frame[names["analysis"] == ""].assign(
        column="analysis", reason="found nothing, allowed a name. Say which meta-analysis the row belongs to."
    )
    unnamed = frame[(names["study"] == "") & (names["analysis"] != "")].assign(
        column="study", reason="found nothing, allowed a name. Name the study."
    )
    parts = [nameless, unnamed]
    if has_study:
        again = names.duplicated(["analysis", "study"], keep=False) & (names["study"] != "") & (names["analysis"] != "")
        twice = frame[again]
        lines_of = twice.groupby(["analysis", "study"])["line"].agg(lambda n: ", ".join(map(str, n)))
        keys = pd.MultiIndex.from_frame(twice[["analysis", "study"]])
        do = "allowed each name once in an analysis. Tell them apart, or delete the duplicate."
        reason = [f"found on lines {n}, {do}" for n in lines_of.reindex(keys)]
        parts.append(twice.assign(column="study", reason=reason))
    return pd.concat(parts, ignore_index=True)[["row", *BAD_COLUMNS]]


def _effects(figures: pd.DataFrame, rows: np.ndarray, settings: CorpusSettings):
    """Effects of the rows, in pieces, and a table of what is wrong with the others."""
    kept, yi, vi, problems = [], [], [], []
    for begin in range(0, max(len(rows), 1), _CHUNK):
        part = rows[begin : begin + _CHUNK]
        while True:
            try:
                table = effects_of_table(
                    figures.iloc[part],
                    settings.measure,
                    zero_cells=settings.zero_cells,
                    double_zero=settings.double_zero,
                    smd_variance=settings.smd_variance,
                )
                break
            except TableError as error:
                found = _located(error, part)
                problems += found
                part = np.setdiff1d(part, [row for row, *_ in found])
        for name, reason in table.left_out:
            # without a column of names the reader calls a row by its place
            problems.append((int(part[int(name.removeprefix("line ")) - 2]), NO_FIGURES, "", reason))
        kept.append(part[table.row])
        yi.append(table.yi)
        vi.append(table.vi)
    found = pd.DataFrame(problems, columns=["row", "kind", "column", "reason"])
    return np.concatenate(kept).astype(int), np.concatenate(yi), np.concatenate(vi), found


def _located(error: TableError, part: np.ndarray) -> list[tuple[int, str, str, str]]:
    """Problems with the row of the whole table; raises where the whole table is at fault."""
    whole, found = [], []
    for text in error.problems:
        match = _PROBLEM.match(text)
        if match is None:
            whole.append(text)
        else:
            found.append((int(part[int(match[1]) - 2]), UNREADABLE, match[2], match[3]))
    if whole or not found:
        raise CorpusError(whole or [str(error)])
    return found


def _count(names: pd.DataFrame, studies: pd.DataFrame, bad: pd.DataFrame, settings: CorpusSettings) -> pd.DataFrame:
    named = names.loc[names["analysis"] != "", "analysis"]
    counts = named.value_counts().sort_index()
    out = pd.DataFrame({"analysis": counts.index.to_numpy(dtype=object), "rows": counts.to_numpy()})
    once = bad.drop_duplicates("line")
    for column, kind in (("bad_rows", UNREADABLE), ("left_out", NO_FIGURES)):
        found = once.loc[once["kind"] == kind, "analysis"].value_counts()
        out[column] = found.reindex(counts.index, fill_value=0).to_numpy()
    out["k"] = studies["analysis"].value_counts().reindex(counts.index, fill_value=0).to_numpy()
    if settings.bad_rows == "refuse":
        out.loc[out["bad_rows"] > 0, "k"] = 0
    return out.astype({name: "int64" for name in ("rows", "bad_rows", "left_out", "k")})
