"""The form of a tool file: questions, domains, decision tables, overall rule."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from evisynth.quality.conditions import Condition, parse_condition

NOT_ASSESSED = "not assessed"
NOT_ASKED = "NA"

ConditionField = Annotated[
    Any, BeforeValidator(lambda value: value if isinstance(value, Condition) else parse_condition(value))
]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Level(_Closed):
    """One level of judgement.

    `order` runs from the best (0) to the worst. `concern` says what the level counts as where tools are
    compared (GRADE, restriction to low risk): ``low``, ``some``, ``high`` or ``none`` where it says nothing
    about bias.
    """

    name: str
    order: int
    colour: str
    concern: Literal["low", "some", "high", "none"] = "none"


class Question(_Closed):
    """One signalling question or item.

    `asks` is a short paraphrase; `says` turns a class of answers into a clause for the reason. A question
    without `asked_when` is always asked. Of a question with `asked_when`, ``NA`` stands for 'not asked'; where
    `na_means` is filled it is also a true answer of that meaning. `alias` holds the numbers by which the form knows the
    question within one aim.
    """

    id: str
    domain: str
    asks: str
    answers: tuple[str, ...]
    alias: tuple[str, ...] = ()
    aim: str = ""
    asked_when: ConditionField = None
    na_means: str = ""
    says: dict[str, str] = Field(default_factory=dict)
    hint: str = ""
    reason_required: bool = False

    @property
    def when_asked(self) -> tuple[str, ...]:
        """The answers that it takes once it is asked; NA is one only where it means something."""
        real_na = self.asked_when is None or bool(self.na_means)
        return tuple(answer for answer in self.answers if answer != NOT_ASKED or real_na)

    @property
    def number(self) -> str:
        """The number by which people know the question: the form's where it differs between aims."""
        return self.alias[0] if self.aim and self.alias else self.id


class Row(_Closed):
    """One rule of a decision table."""

    rule: str
    when: ConditionField
    judgement: str


class Table(_Closed):
    """A decision table, read from the top: the first row that holds gives the value.

    The last table of a domain gives its judgement; the value of an earlier one can be tested by its `id`.
    """

    id: str
    aim: str = ""
    rows: tuple[Row, ...]


class Constraint(_Closed):
    """A combination of answers that cannot be meant, and what to tell the person who typed it."""

    when: ConditionField
    message: str
    aim: str = ""


class Domain(_Closed):
    """One domain: either decision tables, or `entered`, the question whose answer is the judgement itself.

    `flag` names the check that the domain's rules still lack; it stands beside every judgement as
    ``<flag>=false``.
    """

    id: str
    name: str
    tables: tuple[Table, ...] = ()
    entered: str = ""
    constraints: tuple[Constraint, ...] = ()
    flag: str = ""


class OverallRow(_Closed):
    """One rule for the overall judgement; levels are written ``Low or Moderate``."""

    rule: str
    judgement: str
    any_domain: str = ""
    all_domains: str = ""

    def holds(self, levels: set[str]) -> bool:
        """Say whether the rule holds for domains that reached these levels."""
        if self.any_domain:
            return bool(levels & set(self.any_domain.split(" or ")))
        return levels <= set(self.all_domains.split(" or ")) if self.all_domains else True


class Several(_Closed):
    """What happens when several domains reach a level: a flag for a person, or by choice a worse proposal."""

    level: str
    at: int
    flag: str
    escalate_to: str
    escalate_rule: str


class Overall(_Closed):
    """The overall rule: `entered` by a person, or `rows`; a level of `settled_by` stands whatever is open."""

    entered: str = ""
    rows: tuple[OverallRow, ...] = ()
    settled_by: tuple[str, ...] = ()
    several: Several | None = None
    flag: str = ""


class ToolFile(_Closed):
    """A tool file as written, after its shorthands are expanded."""

    id: str
    name: str
    version: str
    status: Literal["verified", "unofficial", "beta"]
    status_note: str
    source: tuple[str, ...]
    unit: Literal["result", "study"]
    aims: tuple[str, ...] = ()
    classes: dict[str, str]
    levels: tuple[Level, ...]
    questions: tuple[Question, ...]
    domains: tuple[Domain, ...]
    overall: Overall
