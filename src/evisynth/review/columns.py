"""What a column of a table of facts may hold, the words that it may take, and the columns that tables share."""

from dataclasses import dataclass

STATUSES = ("verified", "derived", "unconfirmed")
DESIGNS = (
    "parallel trial",
    "crossover trial",
    "crossover trial, fixed order",
    "factorial trial",
    "trial with an unclear design",
    "dose-finding study",
    "single-arm study",
    "retrospective study",
    "register study",
    "case series",
    "case report",
    "protocol",
    "survey",
)
RANDOMISED = ("parallel trial", "crossover trial", "factorial trial", "trial with an unclear design")
STATISTICS = (
    "MD",
    "SMD",
    "OR",
    "RR",
    "RD",
    "HR",
    "IRR",
    "median difference",
    "paired difference",
    "change from baseline",
    "F",
    "t",
    "effect size without a label",
    "p only",
    "direction only",
)
MEASURES = ("OR", "RR", "RD", "HR", "IRR", "MD", "SMD", "percent", "NNT", "direction only")
CLAIM_ATTRIBUTES = (
    "sample size",
    "year",
    "design",
    "percent",
    "count",
    "effect",
    "pooled effect",
    "number of studies",
    "direction",
    "significance",
    "comparison with another treatment",
    "dose",
    "harm",
    "pharmacology",
    "regulation",
    "practice",
    "certainty",
    "existence of studies",
    "no study named",
    "omission",
)
VERDICTS = ("supported", "partly", "contradicted", "misattributed", "unverifiable", "omitted")
ERROR_TAGS = (
    "wrong number",
    "spliced studies",
    "within- as between-group",
    "significance as importance",
    "indirect citation",
    "outdated",
    "certainty too high",
    "harm omitted",
    "no source",
    "personal anecdote",
    "not audited",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table of facts.

    Attributes
    ----------
    name, kind : str
        ``kind`` is ``text``, ``id`` (lower-case letters, digits, ``_ - .``), ``number``, ``count``
        (a whole number >= 0), ``year`` or ``choice``.
    description : str
        One sentence for the codebook and for error messages.
    required : bool
        A blank cell is an error.
    allowed : tuple of str
        The values of a ``choice``.
    low, high : float, optional
        Inclusive bounds of a number; ``above`` is an exclusive lower bound.
    link : str
        ``table.column`` that every non-blank value must stand in.
    many : bool
        The cell holds several values separated by ``;``.
    """

    name: str
    kind: str
    description: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    above: float | None = None
    link: str = ""
    many: bool = False


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: its columns, the columns that make its key, and whether a review must have it."""

    name: str
    about: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False

    @property
    def file(self) -> str:
        """Name of the file in the review folder."""
        return f"{self.name}.csv"

    def column(self, name: str) -> Column:
        """Return one column by name (KeyError if the table has none)."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.file} has no column {name!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in their order."""
        return tuple(column.name for column in self.columns)


def text(name: str, description: str, **more) -> Column:
    """Return a column of a text."""
    return Column(name, "text", description, **more)


def identifier(name: str, description: str, **more) -> Column:
    """Return a column of an id."""
    return Column(name, "id", description, **more)


def number(name: str, description: str, **more) -> Column:
    """Return a column of a number."""
    return Column(name, "number", description, **more)


def count(name: str, description: str, **more) -> Column:
    """Return a column of a whole number of 0 or more."""
    return Column(name, "count", description, low=0, **more)


def choice(name: str, allowed: tuple[str, ...], description: str, **more) -> Column:
    """Return a column of one of some words."""
    return Column(name, "choice", description, allowed=allowed, **more)


def level() -> Column:
    """Return a column of the level of an interval."""
    return number("ci_level", "level of the interval in per cent; blank means 95", above=50, high=99.99)


SOURCE_ID = identifier("source_id", "the document the row was read in", required=True, link="sources.source_id")
LOCATOR = text("locator", "section, table, page or line of the document", required=True)
STATUS = (
    choice(
        "status",
        STATUSES,
        "verified: read in the source; derived: computed from verified values; unconfirmed: nobody could read it",
        required=True,
    ),
    text("unconfirmed_fields", "columns of this row that its status does not cover, separated by ;", many=True),
    text("note", "how a derived value was computed, what is doubtful, in our own words"),
)
PROVENANCE = (SOURCE_ID, LOCATOR, *STATUS)
STUDY = identifier("study_id", "the study", required=True, link="studies.study_id")
OUTCOME = identifier("outcome_id", "the outcome", required=True, link="outcomes.outcome_id")
VARIANT = identifier("variant", "tells this row from another of the same study and outcome; blank for the main one")
