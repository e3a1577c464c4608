"""The tables of a review folder: their columns, types, allowed values, keys and links.

This is the only place that says what a table of facts may hold. The reader, the checks, the
JSON Schemas in ``workflow/schemas`` and the codebook in ``docs`` are all made from it.
"""

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


def _text(name, description, **more):
    return Column(name, "text", description, **more)


def _id(name, description, **more):
    return Column(name, "id", description, **more)


def _number(name, description, **more):
    return Column(name, "number", description, **more)


def _count(name, description, **more):
    return Column(name, "count", description, low=0, **more)


def _choice(name, allowed, description, **more):
    return Column(name, "choice", description, allowed=allowed, **more)


def _level():
    return _number("ci_level", "level of the interval in per cent; blank means 95", above=50, high=99.99)


SOURCE_ID = _id("source_id", "the document the row was read in", required=True, link="sources.source_id")
LOCATOR = _text("locator", "section, table, page or line of the document", required=True)
STATUS = (
    _choice(
        "status",
        STATUSES,
        "verified: read in the source; derived: computed from verified values; unconfirmed: nobody could read it",
        required=True,
    ),
    _text("unconfirmed_fields", "columns of this row that its status does not cover, separated by ;", many=True),
    _text("note", "how a derived value was computed, what is doubtful, in our own words"),
)
PROVENANCE = (SOURCE_ID, LOCATOR, *STATUS)
STUDY = _id("study_id", "the study", required=True, link="studies.study_id")
OUTCOME = _id("outcome_id", "the outcome", required=True, link="outcomes.outcome_id")
VARIANT = _id("variant", "tells this row from another of the same study and outcome; blank for the main one")

SOURCES = TableSpec(
    "sources",
    "A document somebody read.",
    ("source_id",),
    (
        _id("source_id", "short name of the document", required=True),
        _choice(
            "kind",
            (
                "web article",
                "journal article",
                "registry record",
                "conference abstract",
                "systematic review",
                "data set",
                "guideline",
                "drug label",
                "protocol",
                "news report",
            ),
            "what sort of document",
            required=True,
        ),
        _text("citation", "authors, title, journal, year, volume, pages, as far as known", required=True),
        Column("year", "year", "year of publication", low=1900, high=2100),
        _text("doi", "digital object identifier, without a resolver address"),
        _text("pmid", "PubMed identifier"),
        _text("registry_id", "trial registration number"),
        _text("sha256", "hash of the document where it is at hand"),
        _choice(
            "read_as",
            (
                "full text",
                "abstract",
                "abstract, cut short",
                "registry record, cut short",
                "table",
                "data file",
                "secondary report",
                "not read",
            ),
            "what was really read",
            required=True,
        ),
        *STATUS,
    ),
    required=True,
)
SCREENING = TableSpec(
    "screening",
    "A record that was considered, with the decision.",
    ("record_id",),
    (
        _id("record_id", "short name of the record", required=True),
        _text("citation", "what the record is", required=True),
        _choice(
            "found_through",
            ("source document", "citation search", "web search", "registry", "code repository"),
            "how the record was found",
            required=True,
        ),
        _choice(
            "decision",
            ("included", "excluded", "awaiting results", "not retrieved", "background"),
            "the decision",
            required=True,
        ),
        _text("reason", "why; required unless included"),
        _id("study_id", "the study it reports", link="studies.study_id"),
        _id("source_id", "the document, if it was read", link="sources.source_id"),
        *STATUS,
    ),
)
STUDIES = TableSpec(
    "studies",
    "A study.",
    ("study_id",),
    (
        _id("study_id", "short name of the study", required=True),
        _text("label", "how the study is called in figures: first author and year", required=True),
        Column("year", "year", "year of publication", low=1900, high=2100),
        _text("condition", "the condition studied", required=True),
        _text("population", "who took part"),
        _choice("design", DESIGNS, "design", required=True),
        _text("blinding", "who was blinded, as reported"),
        _text("country", "country"),
        _number("dose_mg", "daily (oral) or per-injection dose in mg; blank if several or not reported", above=0),
        _text("dose_text", "dose as reported where one number does not say it"),
        _text("comparator", "what naltrexone (or the intervention) was compared with"),
        _number("duration_weeks", "weeks of treatment", above=0),
        _count("n_randomised", "people randomised (enrolled, in a study without randomisation)"),
        _count("n_analysed", "people analysed for the main result"),
        _text("registry_id", "trial registration number"),
        *PROVENANCE,
    ),
    required=True,
)
OUTCOMES = TableSpec(
    "outcomes",
    "An outcome.",
    ("outcome_id",),
    (
        _id("outcome_id", "short name of the outcome", required=True),
        _text("name", "name in words", required=True),
        _choice("type", ("binary", "continuous", "count", "time to event"), "type of outcome", required=True),
        _text("unit", "unit, or the scale's name"),
        _number("scale_min", "lowest possible value of the scale"),
        _number("scale_max", "highest possible value of the scale"),
        _choice("benefit", ("lower", "higher"), "which direction is good for the patient", required=True),
        _number("mid", "minimal important difference between groups, on the outcome's scale", above=0),
        _text("mid_source", "where the minimal important difference comes from, or 'none stated'"),
        _text("note", "definition, and what else a reader must know"),
    ),
    required=True,
)
ARMS = TableSpec(
    "arms",
    "One arm of one study for one outcome, as reported.",
    ("study_id", "outcome_id", "arm", "variant"),
    (
        STUDY,
        OUTCOME,
        _id("arm", "short name of the arm", required=True),
        VARIANT,
        _id("treatment", "what the arm received; one of the treatments of review.yaml", required=True),
        _number("timepoint_weeks", "weeks after the start", low=0),
        _choice("value_kind", ("final", "change", "percent change", "event"), "what the value is", required=True),
        _count("n", "people analysed in the arm"),
        _count("events", "people with the event"),
        _number("percent", "per cent with the event, as printed", low=0, high=100),
        _number("mean", "mean, as printed"),
        _number("sd", "standard deviation", low=0),
        _number("se", "standard error of the mean", low=0),
        _number("ci_low", "lower limit of the interval of the mean or median"),
        _number("ci_high", "upper limit"),
        _level(),
        _number("median", "median"),
        _number("q1", "first quartile"),
        _number("q3", "third quartile"),
        _number("iqr_width", "interquartile range printed as one width", low=0),
        _number("unlabelled_spread", "a figure after +/- that the source does not name", low=0),
        _text("analysis_set", "intention to treat, completers, as published ..."),
        *PROVENANCE,
    ),
)
CONTRASTS = TableSpec(
    "contrasts",
    "A comparison that the source reports as such.",
    ("study_id", "outcome_id", "treatment", "comparator", "variant"),
    (
        STUDY,
        OUTCOME,
        _id("treatment", "first side; one of the treatments of review.yaml", required=True),
        _id("comparator", "second side: the effect is treatment minus (or over) comparator", required=True),
        VARIANT,
        _choice("statistic", STATISTICS, "what the figure is", required=True),
        _number("value", "the figure"),
        _number("ci_low", "lower limit"),
        _number("ci_high", "upper limit"),
        _level(),
        _number("se", "standard error of the figure", low=0),
        _number("iqr_width", "interquartile range printed as one width", low=0),
        _number("p_value", "p value, as printed", low=0, high=1),
        _choice("p_relation", ("=", "<", ">", "<=", ">="), "relation in front of the p value; blank means ="),
        _count("n_1", "people on the first side (in the paired comparison of a crossover: all)"),
        _count("n_2", "people on the second side"),
        _number("correlation", "correlation between the two values of one person", low=-1, high=1),
        _choice("favours", ("treatment", "comparator", "neither"), "which side the figure is better for"),
        _text("reporting_rule", "how the source filled in missing statistics"),
        _number("timepoint_weeks", "weeks after the start", low=0),
        _text("analysis_set", "intention to treat, completers, as published ..."),
        *PROVENANCE,
    ),
)
PUBLISHED_POOLS = TableSpec(
    "published_pools",
    "A pooled result that others have published.",
    ("pool_id",),
    (
        _id("pool_id", "short name of the pooled result", required=True),
        _text("label", "author and year", required=True),
        _text("population", "condition or population", required=True),
        _text("outcome", "outcome in words", required=True),
        _id("outcome_id", "the outcome of this review that it answers", link="outcomes.outcome_id"),
        _text("comparison", "intervention against comparator, with the dose", required=True),
        _count("k", "number of studies"),
        _count("n", "number of people"),
        _choice("measure", MEASURES, "effect measure", required=True),
        _text("model", "model as named in the source"),
        _number("value", "pooled estimate"),
        _number("ci_low", "lower limit"),
        _number("ci_high", "upper limit"),
        _level(),
        _number("i2", "I2 in per cent", low=0, high=100),
        _number("p_value", "p value, as printed", low=0, high=1),
        *PROVENANCE,
    ),
)
CLAIMS = TableSpec(
    "claims",
    "One figure or statement that a document makes.",
    ("claim_id",),
    (
        _id("claim_id", "short name of the claim", required=True),
        _text("claim_group", "the claim this figure is a part of (A7 ...)", required=True),
        SOURCE_ID,
        LOCATOR,
        _text("condition", "the condition it is about"),
        _id("study_id", "the study it speaks of, if there is one", link="studies.study_id"),
        _choice("attribute", CLAIM_ATTRIBUTES, "what is claimed", required=True),
        _text("statement", "the claim in our own words", required=True),
        _text("stated_value", "the figure as stated"),
        _text("compare_with", "the published cells, table.csv:key:column, separated by ;", many=True),
        _choice("verdict_override", VERDICTS, "a person's verdict, where numbers alone do not give it"),
        _text("tags", "kinds of error, separated by ;", many=True),
        _text("reason", "why; required with an override"),
    ),
)
RISK_OF_BIAS = TableSpec(
    "risk_of_bias",
    "One answered question of one tool, for one study and outcome.",
    ("study_id", "outcome_id", "tool", "aim", "question", "assessor"),
    (
        STUDY,
        OUTCOME,
        _id("tool", "the tool", required=True),
        _choice("aim", ("assignment", "adhering"), "effect of interest; blank where the tool has none"),
        _text("question", "number of the question", required=True),
        _text("answer", "the answer", required=True),
        _text("assessor", "who answered", required=True),
        _text("reason", "why", required=True),
        *PROVENANCE,
    ),
)
JUDGEMENTS = TableSpec(
    "judgements",
    "A judgement that a person changed.",
    ("study_id", "outcome_id", "tool", "domain"),
    (
        STUDY,
        OUTCOME,
        _id("tool", "the tool", required=True),
        _text("domain", "the domain, or 'overall'", required=True),
        _text("final", "the person's judgement", required=True),
        _text("reason", "why", required=True),
    ),
)
CERTAINTY = TableSpec(
    "certainty",
    "A person's GRADE judgement.",
    ("synthesis_id", "domain"),
    (
        _id("synthesis_id", "a synthesis of review.yaml", required=True),
        _choice(
            "domain",
            (
                "risk of bias",
                "inconsistency",
                "indirectness",
                "imprecision",
                "publication bias",
                "large effect",
                "dose-response",
                "opposing confounding",
            ),
            "GRADE domain",
            required=True,
        ),
        _choice(
            "judgement",
            ("not serious", "serious", "very serious", "extremely serious", "none", "up 1", "up 2"),
            "the judgement",
            required=True,
        ),
        _text("reason", "why", required=True),
    ),
)
CORRECTIONS = TableSpec(
    "corrections",
    "A change to a value as received.",
    ("table", "key", "column"),
    (
        _choice("table", ("studies", "arms", "contrasts", "published_pools"), "the table", required=True),
        _text("key", "the row's key, its parts joined by :", required=True),
        _text("column", "the column", required=True),
        _text("old", "the value as received: the build stops if it no longer matches"),
        _text("new", "the corrected value"),
        _text("reason", "why", required=True),
        *PROVENANCE,
    ),
)
MODERATORS = TableSpec(
    "moderators",
    "A property of a study that may explain differences between studies.",
    ("study_id", "moderator"),
    (
        STUDY,
        _id("moderator", "the property", required=True),
        _text("value", "its value: a number or a category", required=True),
        *PROVENANCE,
    ),
)

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        SOURCES,
        SCREENING,
        STUDIES,
        OUTCOMES,
        ARMS,
        CONTRASTS,
        PUBLISHED_POOLS,
        CLAIMS,
        RISK_OF_BIAS,
        JUDGEMENTS,
        CERTAINTY,
        CORRECTIONS,
        MODERATORS,
    )
}


def key_of(values) -> str:
    """Join the parts of a key by ``:``, leaving out blank parts at the end.

    Parameters
    ----------
    values : iterable of str
        The parts, in the order of the table's key.

    Returns
    -------
    str
        ``younger2013:responder:ldn`` for ``("younger2013", "responder", "ldn", "")``.
    """
    parts = [str(value) for value in values]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return ":".join(parts)
