"""Two folders of results, compared table by table."""

from dataclasses import dataclass
from pathlib import Path

from evisynth.comparison.chance import chance_of
from evisynth.comparison.conclusions import Conclusion, conclusions_of, importance_of
from evisynth.comparison.moves import TableMove, Thresholds, compare_table
from evisynth.comparison.sheets import FIGURES, NoKeyError, Sheet, Source, open_source, strangers
from evisynth.provenance.folder import PLAN, ResultsFolder
from evisynth.provenance.tables import STAGE_TABLES

# What says how results were made, and not what they are: named, and no difference of the results.
MAKING = ("report/steps.csv", "report/files.csv", "report/packages.csv")


class CannotCompareError(ValueError):
    """Two folders hold nothing that can be compared."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What moved between two folders of results.

    Attributes
    ----------
    old, new : pathlib.Path
        The folders.
    tables : tuple of TableMove
        Every table that was compared, those that did not move among them.
    making : tuple of TableMove
        The same for the tables that say how the results were made (code, files, packages).
    conclusions : tuple of Conclusion
        What changed in what a reader would say, headlines first.
    left_aside : dict of str to str
        Tables that could not be compared, with the reason.
    thresholds : Thresholds
        What counts as moved.
    extract : bool
        Whether one side is an extract, so that only what it holds was compared.
    """

    old: Path
    new: Path
    tables: tuple[TableMove, ...]
    making: tuple[TableMove, ...]
    conclusions: tuple[Conclusion, ...]
    left_aside: dict[str, str]
    thresholds: Thresholds
    extract: bool

    @property
    def moved(self) -> bool:
        """Whether results differ, or may differ because a table could not be compared."""
        return any(map(bool, self.tables)) or bool(self.conclusions) or bool(self.left_aside)

    def table(self, name: str) -> TableMove | None:
        """Return what moved in one table; None where it was not compared."""
        return next((move for move in (*self.tables, *self.making) if move.table == name), None)


def compare_results(old: Path, new: Path, thresholds: Thresholds | None = None) -> Comparison:
    """Compare two folders of results by the keys of their tables.

    Parameters
    ----------
    old, new : pathlib.Path
        Two folders ``results/<review>``, of one or of two versions of data and code; one may be an extract, a flat
        folder of ``pooled_estimates.csv`` and so on with some of the columns (such as ``tests/golden/bcg``).
    thresholds : Thresholds, optional
        What counts as moved.

    Returns
    -------
    Comparison

    Raises
    ------
    CannotCompareError
        Where a folder does not exist, holds no table of results, or the two have no table in common.
    """
    thresholds = thresholds or Thresholds()
    sides = [_opened(Path(path)) for path in (old, new)]
    first, second = sides
    extract = first.extract or second.extract
    left_aside: dict[str, str] = {}
    sheets = [_sheets(side, word, left_aside) for side, word in ((first, "before"), (second, "now"))]
    names = [name for name in _order(first, second) if name not in left_aside]
    if not any(name in sheets[0] and name in sheets[1] for name in names):
        raise CannotCompareError(f"{old} and {new} have no table in common")
    chance = chance_of(sheets[0].get("bayes/estimates.csv", Sheet((), {})).rows, thresholds)
    importance = importance_of(ResultsFolder(side.path).plan for side in sides)
    moves, conclusions = [], []
    for name in names:
        before, after = sheets[0].get(name), sheets[1].get(name)
        if before is None or after is None:
            # An extract does not hold every table; what it holds must be there.
            if name in (first if first.extract else second).files or not extract:
                rows = {"rows_in": after.rows} if after else {"rows_out": before.rows}
                moves.append(TableMove(name, "new" if after else "gone", **rows))
            continue
        only = before.columns if first.extract else after.columns if second.extract else None
        moves.append(compare_table(name, before, after, thresholds, chance.allowed, only))
        conclusions += conclusions_of(name, before, after, importance)
    for side in sides:
        left_aside |= {name: "no step of this version writes it" for name in strangers(side)}
    results, making = (tuple(move for move in moves if (move.table in MAKING) is kind) for kind in (False, True))
    conclusions.sort(key=lambda conclusion: not conclusion.headline)
    return Comparison(first.path, second.path, results, making, tuple(conclusions), left_aside, thresholds, extract)


def _opened(path: Path) -> Source:
    if not path.is_dir():
        raise CannotCompareError(f"{path} is no folder")
    source = open_source(path)
    if not source.files:
        raise CannotCompareError(
            f"{path} holds no table of results; name the folder of one review, such as results/naltrexone"
        )
    return source


def _sheets(source: Source, word: str, left_aside: dict[str, str]) -> dict[str, Sheet]:
    found = {}
    for name in source.files:
        try:
            found[name] = source.sheet(name)
        except NoKeyError as error:
            left_aside[name] = f"{word}: {error}"
    return found


def _order(first: Source, second: Source) -> list[str]:
    names = dict.fromkeys((*first.files, *second.files))
    rank = {name: place for place, name in enumerate((PLAN, *STAGE_TABLES))}

    def place(name: str) -> tuple[int, int, str]:
        group = 0 if "/" not in name else 2 if name.startswith(FIGURES) else 1
        return (group, rank.get(name, -1), name)

    return sorted(names, key=place)
