"""The analysis plan of a review: review.yaml as typed, closed models."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from evisynth.review.problems import Problem, shown
from evisynth.review.tables import DESIGNS

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.\-]*$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Measure = Literal["OR", "RR", "RD", "MD", "SMD"]
Rule = Literal[
    "arms: counts",
    "arms: means",
    "arms: counts as SMD",
    "contrast: interval",
    "contrast: p value",
    "contrast: paired p value",
    "contrast: reported",
]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Treatment(_Closed):
    """One intervention; ``dose`` bounds keep low and standard doses out of one pool."""

    id: Id = Field(description="name used in arms.csv and contrasts.csv")
    name: Words = Field(description="name in words")
    dose_class: Literal["low", "standard", "none"] = Field(
        "none", description="low: at most 6 mg a day; standard: at least 50 mg a day; none: no dose class"
    )


class Prior(_Closed):
    """A prior and where it comes from."""

    prior: Words = Field(description="family:parameters, as in `evisynth bayes --tau-prior`")
    source: Words = Field(description="publication or reason")


class Threshold(_Closed):
    """The minimal important difference between groups, on the scale of the measure."""

    value: float | None = Field(None, description="null: none stated; on the log scale for ratios")
    source: Words = Field(description="publication, or 'none stated'")


class AssumedRisk(_Closed):
    """The risk with the comparison that absolute effects are given for."""

    value: float = Field(gt=0, lt=1, description="between 0 and 1")
    source: Words = Field(description="publication or reason")


class FamiliarScale(_Closed):
    """An instrument that readers know, on which a standardised mean difference is shown too."""

    name: Words = Field(description="the instrument with its range, such as 'pain, 0 to 10'")
    sd: float = Field(gt=0, description="standard deviation of a representative study")
    source: Words = Field(description="where the standard deviation comes from")


class Input(_Closed):
    """How one study enters a synthesis, where the general rule does not fit."""

    study: Id
    rule: Rule = Field(description="which figures are used, and how")
    outcome: Id | None = Field(None, description="the study's own outcome, where it differs")
    treatment: Id | None = Field(None, description="the study's own arm, where it differs")
    comparator: Id | None = Field(None, description="the study's own comparison, where it differs")
    variant: str | None = Field(None, description="the row's variant; null for that of the synthesis")
    correlation: float | None = Field(None, gt=-1, lt=1, description="correlation between the periods of one person")
    correlation_source: str = Field("", description="'assumed', or where it was read")
    note: str = Field("", description="what a reader must know")


class Missing(_Closed):
    """A study that answers the question but gives nothing that can be pooled."""

    study: Id | None = Field(None, description="its row in studies.csv, if it has one")
    name: str = Field("", description="its name, where it has no row")
    reason: Words
    direction: str = Field("", description="direction of its result, as far as reported")
    because_of_result: Literal["yes", "no", "unclear"] = Field(
        "unclear", description="is it missing because of what it found? no: for a reason that has nothing to do with it"
    )
    because: str = Field("", description="why that is so; required with yes and no")

    @field_validator("because_of_result", mode="before")
    @classmethod
    def _yes_or_no(cls, value):
        # YAML reads a bare yes or no as true or false.
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _told(self):
        if self.because_of_result != "unclear" and not self.because:
            raise ValueError(f"because_of_result: {self.because_of_result} needs its reason under 'because'")
        return self


class Scenario(_Closed):
    """A sensitivity analysis: what is changed against the plan."""

    id: Id
    title: Words
    as_received: bool = Field(False, description="true: without corrections.csv")
    without: tuple[Id, ...] = Field((), description="studies left out")
    variant: str | None = Field(None, description="another variant of every row")
    inputs: tuple[Input, ...] = Field((), description="other inputs for some studies")
    correlation: float | None = Field(None, gt=-1, lt=1, description="one correlation for all paired studies")


class Synthesis(_Closed):
    """One question that the review answers."""

    id: Id
    title: Words
    role: Literal["primary", "secondary", "exploratory", "table"]
    condition: Words
    population: Words
    outcome: Id | None = Field(None, description="outcome_id; null for a table of several outcomes")
    treatment: Id | None = None
    comparator: Id | None = None
    designs: tuple[Literal[DESIGNS], ...] = Field((), description="designs that may enter; empty: randomised trials")
    measure: Measure | None = None
    likelihood: Literal["normal", "binomial"] = "normal"
    rule: Rule = "arms: counts"
    variant: str = Field("", description="the variant of the rows that enter; blank for the main rows")
    outcomes: tuple[Id, ...] = Field((), description="what a table shows")
    hierarchy: Literal["condition"] | None = Field(None, description="a hierarchical model by this property")
    pool: bool
    reason: str = Field("", description="why it is not pooled; required with pool: false")
    heterogeneity_prior: Prior | None = None
    effect_prior: Prior | None = None
    baseline_prior: Prior | None = None
    odds_ratio_prior: Prior | None = Field(None, description="heterogeneity prior of the log odds ratios")
    minimal_important_difference: Threshold = Threshold(source="none stated")
    comparator_risk: AssumedRisk | None = Field(
        None, description="risk with the comparison for the absolute effects; null: the median of the trials"
    )
    familiar_scale: FamiliarScale | None = Field(None, description="for a standardised mean difference")
    studies: tuple[Id, ...] = Field((), description="the studies; empty: every study with the figures")
    exclude: tuple[Missing, ...] = ()
    inputs: tuple[Input, ...] = ()
    missing: tuple[Missing, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    moderators: tuple[Id, ...] = ()
    subgroups: tuple[Id, ...] = ()
    beside: tuple[Id, ...] = Field((), description="pool_id of published pools shown in the same figure")
    certainty_start: Literal["randomised", "observational"] = "randomised"
    notes: tuple[str, ...] = Field((), description="what a reader must know, in plain words")

    @model_validator(mode="after")
    def _complete(self):
        wanted = {"outcome": self.outcome, "treatment": self.treatment, "comparator": self.comparator}
        if self.pool:
            wanted |= {
                "measure": self.measure,
                "heterogeneity_prior": self.heterogeneity_prior,
                "effect_prior": self.effect_prior,
            }
            if self.likelihood == "binomial":
                wanted |= {"baseline_prior": self.baseline_prior, "odds_ratio_prior": self.odds_ratio_prior}
        elif not self.reason:
            raise ValueError("pool: false needs a reason")
        if self.role != "table":
            absent = [name for name, value in wanted.items() if value is None]
            if absent:
                raise ValueError(f"{', '.join(absent)} missing")
        return self


class Conclusion(_Closed):
    """What a reader may and may not conclude, in plain words, tied to the syntheses it rests on."""

    text: Words
    syntheses: tuple[Id, ...] = ()


class Question(_Closed):
    """The question of the review."""

    population: Words
    intervention: Words
    comparison: Words
    outcomes: Words


class Plan(_Closed):
    """A whole review.yaml."""

    title: Words
    question: Question
    searching: Words = Field(description="how studies were found, and how far that can be trusted")
    authors: tuple[str, ...] = ()
    licence: str = ""
    registration: str = Field("", description="where the review is registered, or that it is not")
    protocol: str = Field("", description="where the protocol can be read, or that there is none")
    funding: str = Field("", description="who paid for the review, and what part they had in it; or that nobody did")
    competing_interests: str = Field("", description="of the authors; or that there are none")
    treatments: tuple[Treatment, ...]
    syntheses: tuple[Synthesis, ...] = Field(min_length=1)
    may_conclude: tuple[Conclusion, ...] = ()
    may_not_conclude: tuple[Conclusion, ...] = ()
    deviations: tuple[str, ...] = Field((), description="what was changed after the plan was made")

    def synthesis(self, name: str) -> Synthesis:
        """Return one synthesis by its id.

        Raises
        ------
        KeyError
            Where the plan has no such synthesis.
        """
        for synthesis in self.syntheses:
            if synthesis.id == name:
                return synthesis
        raise KeyError(f"review.yaml has no synthesis {name!r}")


def read_plan(path: Path) -> tuple[Plan | None, list[Problem]]:
    """Read review.yaml.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    Plan or None
        None where it cannot be used.
    list of Problem
        Everything wrong with it, with lines.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except UnicodeDecodeError:
        return None, [Problem(path.name, 0, "", "bytes that are not UTF-8", "text in UTF-8", "save it as UTF-8")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        what = getattr(error, "problem", None) or "text that is no YAML"
        return None, [Problem(path.name, line, "", what, "valid YAML", "check indentation, colons and quotes")]
    if not isinstance(data, dict):
        return None, [Problem(path.name, 0, "", "no keys", "title, question, treatments, syntheses ...", "fill it in")]
    try:
        return Plan.model_validate(data), []
    except ValidationError as error:
        return None, [_problem(path.name, node, item) for item in error.errors()]


def line_of(node: yaml.Node, place: Iterable[str | int]) -> int:
    """Return the line of a YAML node at a path of keys and positions (the nearest that exists)."""
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(step)]
            if not found:
                break
            node = found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            break
    return node.start_mark.line + 1


def _problem(name: str, node: yaml.Node, item: dict) -> Problem:
    place = [step for step in item["loc"]]
    column = ".".join(str(step) for step in place)
    found = shown(str(item["input"])) if not isinstance(item["input"], dict | list) else "this entry"
    advice = {
        "extra_forbidden": "this key does not exist: correct its spelling or delete it",
        "missing": "add this key",
    }.get(item["type"], "correct the entry")
    if item["type"] == "missing":
        found = "nothing"
    return Problem(name, line_of(node, place), column, found, item["msg"], advice)
