"""Rows of the tables of facts as the checks read them: text with its printed decimals, numbers beside it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from evisynth.review.reading import Table

ONE_GROUP = (
    "crossover trial",
    "crossover trial, fixed order",
    "dose-finding study",
    "single-arm study",
    "retrospective study",
    "register study",
    "case series",
    "case report",
    "survey",
)
PAIRED = ("crossover trial", "crossover trial, fixed order")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of facts."""

    table: str
    key: str
    text: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.text.get(name, "")

    def number(self, name: str) -> float | None:
        """Return a cell as a number, None where it is blank."""
        cell = self.text.get(name, "")
        return float(cell) if cell else None

    def count(self, name: str) -> int | None:
        """Return a cell as a whole number, None where it is blank."""
        cell = self.text.get(name, "")
        return int(cell) if cell else None

    def doubts(self, *names: str) -> bool:
        """Whether nobody could confirm the row, or one of these cells."""
        doubtful = {name.strip() for name in self["unconfirmed_fields"].split(";")}
        return self["status"] == "unconfirmed" or bool(doubtful & set(names))

    @property
    def reference(self) -> str:
        """``arms.csv:key``."""
        return f"{self.table}.csv:{self.key}"


@dataclass(slots=True)
class Facts:
    """The tables of facts of a review, with what several checks look up.

    Parameters
    ----------
    tables : mapping of str to Table
        Any of studies, outcomes, arms, contrasts, published_pools, claims, sources, corrections.
    """

    tables: Mapping[str, Table]
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _index: dict[tuple, dict[tuple, list[Row]]] = field(default_factory=dict)

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table; none where the review does not have it."""
        if table not in self._rows:
            found = self.tables.get(table)
            self._rows[table] = [] if found is None else [
                Row(table, key, cells) for key, cells in zip(found.keys, found.text.to_dict("records"), strict=True)
            ]  # fmt: skip
        return self._rows[table]

    def by(self, table: str, *columns: str) -> dict[tuple, list[Row]]:
        """Return the rows of a table grouped by the text of some columns."""
        name = (table, *columns)
        if name not in self._index:
            groups: dict[tuple, list[Row]] = {}
            for row in self.rows(table):
                groups.setdefault(tuple(row[column] for column in columns), []).append(row)
            self._index[name] = groups
        return self._index[name]

    def study(self, study_id: str) -> Row | None:
        """Return the row of a study."""
        return next(iter(self.by("studies", "study_id").get((study_id,), [])), None)

    def outcome(self, outcome_id: str) -> Row | None:
        """Return the row of an outcome."""
        return next(iter(self.by("outcomes", "outcome_id").get((outcome_id,), [])), None)

    def design(self, study_id: str) -> str:
        """Return a study's design; blank where it is unknown."""
        study = self.study(study_id)
        return study["design"] if study else ""

    def is_paired(self, study_id: str) -> bool:
        """Whether the same people had every treatment."""
        return self.design(study_id) in PAIRED

    def arms(self, study_id: str, outcome_id: str) -> list[Row]:
        """Return the rows of one outcome of one study."""
        return self.by("arms", "study_id", "outcome_id").get((study_id, outcome_id), [])

    def reported_sizes(self, row: Row) -> dict[int, str]:
        """Return the numbers of people that the study reports for the arm of a row, each with its reference.

        Rows whose number nobody could confirm, and counts that were worked back from a percentage, do not count. The
        people of the whole study count where they are one group, or where the outcome is reported for one arm only.
        """
        sizes: dict[int, str] = {}
        for other in self.by("arms", "study_id", "arm").get((row["study_id"], row["arm"]), []):
            size = other.count("n")
            if size and not other.doubts("n") and not is_guessed(other):
                sizes.setdefault(size, other.reference)
        study = self.study(row["study_id"])
        alone = len({other["arm"] for other in self.arms(row["study_id"], row["outcome_id"])}) == 1
        if study and (alone or study["design"] in ONE_GROUP):
            for name in ("n_randomised", "n_analysed"):
                size = study.count(name)
                if size and not study.doubts(name):
                    sizes.setdefault(size, study.reference)
        return sizes

    def complement(self, outcome_id: str) -> str:
        """Return the outcome that says the opposite: ``no_x`` and ``x``, by their names; blank if there is none."""
        other = outcome_id.removeprefix("no_") if outcome_id.startswith("no_") else f"no_{outcome_id}"
        return other if self.outcome(other) else ""

    @property
    def corrected(self) -> dict[tuple[str, str], list[Row]]:
        """Corrections by table and key of the row that they change."""
        return self.by("corrections", "table", "key")


def is_guessed(row: Row) -> bool:
    """Whether a row was worked back from a percentage, its number of people perhaps with it."""
    return row["status"] == "derived" and row["variant"].startswith("derived")


def pairs(rows: Iterable[Row], first: str, second: str) -> Iterator[tuple[Row, Row]]:
    """Yield the two arms of a comparison, once for each variant that has both, in the order of the rows."""
    rows = list(rows)
    for row in rows:
        if row["treatment"] != first:
            continue
        for other in rows:
            if other["treatment"] == second and other["variant"] == row["variant"]:
                yield row, other
                break
