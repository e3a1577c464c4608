"""What the report says about the coverage of its intervals: sentences made from the simulation's cells."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

PACKAGED = "coverage_cells.csv"
COLUMNS = ("outcome", "k", "i2", "target", "interval", "covered", "simulated")
LOW, HIGH = 0.93, 0.97
# What stands in the simulation's table, in words: (target, interval).
TITLES: Mapping[tuple[str, str], str] = {
    ("mu", "wald"): "Wald interval with REML",
    ("mu", "DL-wald"): "Wald interval with DerSimonian-Laird",
    ("mu", "common"): "Wald interval of the common-effect model",
    ("mu", "HKSJ"): "Hartung-Knapp interval",
    ("mu", "HKSJ-safe"): "Hartung-Knapp interval with max(1, q)",
    ("mu", "profile"): "profile-likelihood interval",
    ("mu", "HC"): "Henmi-Copas interval",
    ("mu", "MH"): "Mantel-Haenszel interval of the odds ratio",
    ("mu", "Peto"): "Peto interval",
    ("tau2", "Q-profile"): "Q-profile interval of tau²",
    ("tau2", "profile-REML"): "profile-likelihood interval of tau² (REML)",
    ("tau2", "profile-ML"): "profile-likelihood interval of tau² (ML)",
    ("prediction", "t"): "prediction interval, t with k - 1 degrees of freedom",
    ("prediction", "riley"): "prediction interval, t with k - 2 degrees of freedom",
    ("prediction", "normal"): "prediction interval, normal, with the Hartung-Knapp standard error",
    ("prediction", "normal-wald"): "prediction interval, normal, with Wald's standard error",
}
_OUTCOMES = {"normal": "normal outcomes", "rare": "log odds ratios of rare events"}
_HELD = {"mu": "the true mean", "tau2": "the true tau²", "prediction": "the effect of one more study"}


@dataclass(frozen=True, slots=True)
class CoverageNote:
    """How often one interval held the truth, by simulation.

    Attributes
    ----------
    target : str
        What it is an interval of: "mu", "tau2" or "prediction".
    interval, title : str
        Its name in the simulation's table, and in words.
    outcomes : tuple of str
        Kinds of outcome that it was simulated with.
    lowest, highest : tuple of float
        Least and greatest coverage over the cells of each kind of outcome, 0 to 1.
    worst : tuple of str
        The cell with the least coverage of each kind, e.g. "73.4 % (k = 2, I² 90 %)".
    cells, within : int
        Cells, and those whose coverage lies between 93 and 97 %.
    text : str
        All of this in one sentence.
    """

    target: str
    interval: str
    title: str
    outcomes: tuple[str, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    worst: tuple[str, ...]
    cells: int
    within: int
    text: str

    @property
    def is_reliable(self) -> bool:
        """Whether every cell lies between 93 and 97 %."""
        return self.within == self.cells


@dataclass(frozen=True, slots=True)
class _Cell:
    outcome: str
    k: int
    i2: float
    rate: float

    @property
    def words(self) -> str:
        return f"{100 * self.rate:.1f} % (k = {self.k}, I² {self.i2:g} %)"


def coverage_notes() -> dict[tuple[str, str], CoverageNote]:
    """Return what the simulation of coverage found for each interval, by target and name.

    Returns
    -------
    dict of tuple of str to CoverageNote
        Keys such as ("mu", "HKSJ-safe"), ("tau2", "Q-profile"), ("prediction", "t"): those of `TITLES`.

    Notes
    -----
    The figures are read from a table inside the package, which ``tools/pack_coverage.py`` makes from
    ``docs/coverage/frequentist_intervals.csv``; `coverage.simulate` says how the data are drawn.
    """
    return dict(_packaged())


@cache
def _packaged() -> dict[tuple[str, str], CoverageNote]:
    text = files("evisynth.pooling").joinpath(PACKAGED).read_text(encoding="utf-8")
    return notes_of(csv.DictReader(text.splitlines()))


def notes_of(rows: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], CoverageNote]:
    """Return the notes of a table of cells; see `coverage_notes`.

    Parameters
    ----------
    rows : iterable of mapping
        With the keys `COLUMNS`; cells in which nothing was simulated do not count.
    """
    cells: dict[tuple[str, str], list[_Cell]] = {}
    replicates = 0
    for row in rows:
        simulated = int(row["simulated"])
        if not simulated:
            continue
        replicates = max(replicates, simulated)
        cell = _Cell(row["outcome"], int(row["k"]), float(row["i2"]), int(row["covered"]) / simulated)
        cells.setdefault((row["target"], row["interval"]), []).append(cell)
    return {key: _note(*key, found, replicates) for key, found in cells.items()}


def _note(target: str, interval: str, cells: list[_Cell], replicates: int) -> CoverageNote:
    outcomes = tuple(dict.fromkeys(cell.outcome for cell in cells))
    lowest, highest, worst, parts = [], [], [], []
    for outcome in outcomes:
        own = sorted((cell for cell in cells if cell.outcome == outcome), key=lambda cell: cell.rate)
        first, last = own[0], own[-1]
        lowest.append(first.rate)
        highest.append(last.rate)
        worst.append(first.words)
        parts.append(f"{first.words} to {last.words} with {_OUTCOMES.get(outcome, outcome)}")
    within = sum(LOW <= cell.rate <= HIGH for cell in cells)
    title = TITLES.get((target, interval), f"{interval} interval of {target}")
    text = (
        f"{title[:1].upper()}{title[1:]}: in simulations of {replicates:,} meta-analyses a cell it held "
        f"{_HELD[target]} in {' and in '.join(parts)}, at a nominal 95 %; {within} of {len(cells)} cells lie within "
        f"{100 * LOW:.0f} to {100 * HIGH:.0f} %."
    )
    return CoverageNote(
        target, interval, title, outcomes, tuple(lowest), tuple(highest), tuple(worst), len(cells), within, text
    )
