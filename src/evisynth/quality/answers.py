"""Answers, judgements, and what is wrong with answers: the records that judging takes and gives."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes
    ----------
    answer : str
        As typed; blank means unanswered.
    reason : str
        Why.
    key : str
        Key of the row it stands in.
    line : int
        Line of the file; 0 where there is none.
    """

    answer: str
    reason: str = ""
    key: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Override:
    """A judgement that a person changed: the final level and the reason."""

    final: str
    reason: str


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong with the answers.

    `kind` is ``outside`` (an answer that the question does not have), ``not asked`` (answered though its
    condition is not met), ``missing``, ``question``, ``aim``, ``combination``, ``reason`` or ``disagreement``
    (between assessors).
    """

    kind: str
    question: str
    domain: str
    found: str
    allowed: str
    advice: str
    line: int = 0

    def to_text(self) -> str:
        """Return the issue as one sentence."""
        return f"{self.question or 'aim'}: found {self.found}; allowed: {self.allowed}. {self.advice}"


class AnswersError(ValueError):
    """Answers that cannot be judged; `issues` holds every one."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(issue.to_text() for issue in self.issues))


@dataclass(frozen=True, slots=True)
class DomainJudgement:
    """The judgement of one domain, or the overall one.

    Attributes
    ----------
    domain, domain_name : str
        ``D1`` and what it is about; ``overall``.
    proposed : str
        What the tool's rules say; ``not assessed`` where an answer is missing or wrong.
    final : str
        The person's judgement where there is one, otherwise the proposed one.
    override_reason : str
        Why a person changed it; blank where nobody did.
    rule : str
        Ids of the rules that were met, separated by ``;``.
    because : str
        The answers that led there, in words.
    keys : tuple of str
        Keys of the rows it comes from.
    flags : tuple of str
        Checks that the rule still lacks (``rob2_crossover_S_verified=false``), and calls for a person.
    status : str
        Status of the tool: ``verified``, ``unofficial`` or ``beta``.
    """

    domain: str
    domain_name: str
    proposed: str
    final: str
    override_reason: str
    rule: str
    because: str
    keys: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    status: str = "verified"


@dataclass(frozen=True, slots=True)
class Assessment:
    """Judgements of all domains and overall, and everything that is wrong with the answers."""

    judgements: tuple[DomainJudgement, ...]
    issues: tuple[Issue, ...]
