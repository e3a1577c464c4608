"""The certainty of a synthesis (GRADE): start by design, rate down and up, people have the last word."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from evisynth.quality.certainty_inputs import DESIGNS, CertaintyInputs
from evisynth.quality.grade_bias import propose_publication_bias, propose_risk_of_bias
from evisynth.quality.grade_domains import (
    DOWN,
    UP,
    Proposal,
    propose_imprecision,
    propose_inconsistency,
    propose_indirectness,
    propose_upgrades,
)
from evisynth.quality.schema import NOT_ASSESSED
from evisynth.review.problems import Problem, shown

LEVELS = {4: "High", 3: "Moderate", 2: "Low", 1: "Very low"}
DOWN_DOMAINS = ("risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias")
UP_DOMAINS = ("large effect", "dose-response", "opposing confounding")
CERTAINTY_COLUMNS = (
    "synthesis", "domain", "proposed", "final", "level", "reason", "rule", "inputs", "flip", "from",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PersonJudgement:
    """A person's rating of one domain of one synthesis, from certainty.csv."""

    judgement: str
    reason: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class RatedDomain:
    """One domain: what the analysis proposes and what holds.

    Attributes
    ----------
    proposal : Proposal
        The proposal.
    level : int or None
        Levels down (or up) that hold: the person's, otherwise the proposed ones; None is not assessed.
    person : PersonJudgement or None
        The person's judgement.
    """

    proposal: Proposal
    level: int | None
    person: PersonJudgement | None = None

    @property
    def domain(self) -> str:
        """Name of the domain."""
        return self.proposal.domain

    @property
    def is_up(self) -> bool:
        """Whether it is a reason to rate up."""
        return self.domain in UP_DOMAINS


@dataclass(frozen=True, slots=True)
class Certainty:
    """The certainty of one synthesis.

    Attributes
    ----------
    synthesis, design : str
        The synthesis and the design of its evidence.
    start : int
        Level that the design starts from: 4 High, 2 Low.
    domains : tuple of RatedDomain
        All domains.
    proposed, final : str
        ``High``, ``Moderate``, ``Low``, ``Very low``; ``at most Low`` where a reason to rate down is not
        assessed; ``not assessed`` where that leaves no bound below High, or there is no study.
    level : int or None
        Level of `final` (of its bound); None where it is ``not assessed``.
    reason, flip : str
        The arithmetic in words; what would change it.
    """

    synthesis: str
    design: str
    start: int
    domains: tuple[RatedDomain, ...]
    proposed: str
    final: str
    level: int | None
    reason: str
    flip: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row per domain, after a row ``start`` and before a row ``certainty``.

        ``level`` is the change in levels (negative: down) for a domain, the level itself (4 High to 1 Very
        low) for ``start`` and ``certainty``, and missing where nobody has judged. ``reason`` is the person's
        where there is one, with the proposed reason after it.
        """
        start = LEVELS[self.start]
        rows = [
            (self.synthesis, "start", start, start, self.start, f"the evidence is {self.design}",
             "start by design, version 1", f"design: {self.design}", "another design", ""),
            *(_row(self.synthesis, rated) for rated in self.domains),
            (self.synthesis, "certainty", self.proposed, self.final, self.level, self.reason,
             "start - down + up, version 1", "", self.flip,
             ";".join(dict.fromkeys(key for rated in self.domains for key in _keys(rated)))),
        ]  # fmt: skip
        frame = pd.DataFrame(rows, columns=list(CERTAINTY_COLUMNS))
        return frame.assign(level=frame["level"].astype("Int64"))


def _row(synthesis: str, rated: RatedDomain) -> tuple:
    proposal, words = rated.proposal, UP if rated.is_up else DOWN
    final = NOT_ASSESSED if rated.level is None else words[rated.level]
    proposed = NOT_ASSESSED if proposal.level is None else words[proposal.level]
    reason = proposal.reason
    if rated.person is not None:
        reason = f"{rated.person.reason} (proposed: {proposed}, because {proposal.reason})"
    level = None if rated.level is None else rated.level * (1 if rated.is_up else -1)
    given = "; ".join(f"{name}: {value}" for name, value in proposal.inputs.items() if value not in (None, ""))
    return (
        synthesis, rated.domain, proposed, final, level, reason, proposal.rule, given, proposal.flip,
        ";".join(_keys(rated)),
    )  # fmt: skip


def _keys(rated: RatedDomain) -> list[str]:
    own = [rated.person.key] if rated.person is not None and rated.person.key else []
    return [*rated.proposal.keys, *own]


def propose_certainty(inputs: CertaintyInputs, judgements: Mapping[str, PersonJudgement] | None = None) -> Certainty:
    """Rate the certainty of one synthesis.

    Parameters
    ----------
    inputs : CertaintyInputs
        The analysis and what is known about the studies.
    judgements : mapping, optional
        Domain to a person's judgement, which replaces the proposed one.

    Returns
    -------
    Certainty
        Every domain with proposal, reason, rule, inputs and what would flip it; and the certainty.

    Raises
    ------
    ValueError
        If a person's judgement names an unknown domain, is no rating of it, or has no reason.

    Notes
    -----
    level = start - sum(down) + sum(up), held between 1 and 4; rating up counts only where nothing is rated
    down. A domain that is not assessed can only lower the level, so what remains is an upper bound and is
    written as one.

    References
    ----------
    GRADE guidelines 1 to 9 (J Clin Epidemiol 2011); guidance 34 and 35 (2022); Murad MH et al. (2017) BMJ
    Evid Based Med 22:85 (without a pooled estimate); Nikolakopoulou A et al. (2020) PLoS Med 17:e1003082
    (CINeMA).
    """
    judgements = judgements or {}
    domains = [_rated(proposal, judgements.get(proposal.domain)) for proposal in _proposals(inputs)]
    unknown = sorted(set(judgements) - {rated.domain for rated in domains})
    if unknown and not (inputs.design == "randomised" and set(unknown) <= set(UP_DOMAINS)):
        raise ValueError(f"{inputs.synthesis}: no domain {', '.join(unknown)}; there are {', '.join(DOWN_DOMAINS)}")
    if unknown:
        # a reason to rate up randomised evidence is a person's alone
        for name in unknown:
            empty = Proposal(name, None, "not proposed for randomised evidence", "judged by people, version 1")
            domains.append(_rated(empty, judgements[name]))
    start = DESIGNS[inputs.design]
    if inputs.k == 0:
        return Certainty(
            inputs.synthesis, inputs.design, start, tuple(domains), NOT_ASSESSED, NOT_ASSESSED, None,
            "there is no study", "a study",
        )  # fmt: skip
    proposed, _, _ = _summed(start, [(rated.domain, rated.proposal.level) for rated in domains])
    final, level, reason = _summed(start, [(rated.domain, rated.level) for rated in domains])
    flip = _flip(start, domains)
    return Certainty(
        inputs.synthesis, inputs.design, start, tuple(domains), proposed, final, level, reason, flip
    )  # fmt: skip


def _proposals(inputs: CertaintyInputs) -> list[Proposal]:
    if inputs.k == 0:
        return [Proposal(name, None, "there is no study", "no study, version 1", "a study") for name in DOWN_DOMAINS]
    return [
        propose_risk_of_bias(inputs),
        propose_inconsistency(inputs),
        propose_indirectness(inputs),
        propose_imprecision(inputs),
        propose_publication_bias(inputs),
        *propose_upgrades(inputs),
    ]


def _rated(proposal: Proposal, person: PersonJudgement | None) -> RatedDomain:
    if person is None:
        return RatedDomain(proposal, proposal.level)
    words = UP if proposal.domain in UP_DOMAINS else DOWN
    if person.judgement not in words:
        raise ValueError(f"{proposal.domain}: '{person.judgement}' is none of {', '.join(words)}")
    if not person.reason.strip():
        raise ValueError(f"{proposal.domain}: a person's judgement needs its reason")
    return RatedDomain(proposal, words.index(person.judgement), person)


def _summed(start: int, ratings: list[tuple[str, int | None]]) -> tuple[str, int | None, str]:
    """Return the certainty in words, its level, and the arithmetic."""
    down = {name: level for name, level in ratings if name in DOWN_DOMAINS}
    up = {name: level for name, level in ratings if name in UP_DOMAINS and level}
    still_open = [name for name, level in down.items() if level is None]
    taken = {name: level for name, level in down.items() if level}
    parts = [f"starts at {LEVELS[start]}", *(f"{level} down for {name}" for name, level in taken.items())]
    if not taken:
        parts += [f"{level} up for {name}" for name, level in up.items()]
    elif up:
        parts.append("not rated up, because something is rated down")
    parts += [f"{name} is not assessed" for name in still_open]
    level = min(max(start - sum(taken.values()) + (0 if taken else sum(up.values())), 1), 4)
    # what is not assessed can only rate down, and nothing lies below Very low
    if not still_open or level == 1:
        return LEVELS[level], level, "; ".join(parts)
    if level == 4:
        return NOT_ASSESSED, None, "; ".join(parts)
    return f"at most {LEVELS[level]}", level, "; ".join(parts)


def _flip(start: int, domains: list[RatedDomain]) -> str:
    ratings = [(rated.domain, rated.level) for rated in domains]
    current = _summed(start, ratings)[0]
    still_open = [name for name, level in ratings if level is None and name in DOWN_DOMAINS]
    if still_open:
        return f"judging {', '.join(still_open)}"
    found = []
    for index, rated in enumerate(domains):
        if rated.is_up:
            continue
        for level in (rated.level - 1, rated.level + 1):
            if not 0 <= level <= 3:
                continue
            other = [*ratings]
            other[index] = (rated.domain, level)
            reached = _summed(start, other)[0]
            if reached != current:
                found.append(f"{rated.domain} {DOWN[level]}: {reached}")
    return "; ".join(found) if found else "no change of one domain by one level would change it"


def read_certainty(
    frame: pd.DataFrame, syntheses: Collection[str] | None = None, file: str = "certainty.csv"
) -> tuple[dict[str, dict[str, PersonJudgement]], list[Problem]]:
    """Read people's GRADE judgements.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns synthesis_id, domain, judgement, reason; optionally key and line.
    syntheses : collection of str, optional
        The syntheses that exist.
    file : str
        Name for the problems.

    Returns
    -------
    dict
        Synthesis to domain to judgement, without the rows that have a problem.
    list of Problem
        Everything wrong: an unknown synthesis or domain, a judgement that is no rating of the domain, a
        missing reason, a domain judged twice.
    """
    found: dict[str, dict[str, PersonJudgement]] = {}
    problems: list[Problem] = []
    for position, row in enumerate(frame.fillna("").to_dict("records")):
        line = int(row.get("line") or position + 2)
        wrong = _wrong_row(row, syntheses, found)
        if wrong is None:
            person = PersonJudgement(row["judgement"], row["reason"], str(row.get("key", "")))
            found.setdefault(row["synthesis_id"], {})[row["domain"]] = person
        else:
            problems.append(Problem(file, line, *wrong))
    return found, problems


def _wrong_row(row: dict, syntheses: Collection[str] | None, found: dict) -> tuple[str, str, str, str] | None:
    synthesis, domain = row["synthesis_id"], row["domain"]
    if syntheses is not None and synthesis not in syntheses:
        return (
            "synthesis_id",
            shown(synthesis),
            "a synthesis of the plan",
            "Check the id against review.yaml.",
        )
    if domain not in (*DOWN_DOMAINS, *UP_DOMAINS):
        allowed = ", ".join((*DOWN_DOMAINS, *UP_DOMAINS))
        return "domain", shown(domain), allowed, "Name the domain so."
    words = UP if domain in UP_DOMAINS else DOWN
    if row["judgement"] not in words:
        return "judgement", shown(row["judgement"]), ", ".join(words), f"Rate {domain} with one of these."
    if not str(row["reason"]).strip():
        return "reason", "a blank cell", "a reason", "A person's judgement needs its reason."
    if domain in found.get(synthesis, {}):
        return "domain", shown(domain), "one row for a domain", "Keep one of the rows."
    return None
