"""Which of several judgements of one result counts for a synthesis: by effect of interest, by tool, then the worst."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evisynth.quality.schema import NOT_ASSESSED

ORDER = (NOT_ASSESSED, "low", "some", "high")
ROBINS = ("robins_i", "robins_i_v2")
FAMILIES: Mapping[str, Sequence[Collection[str]]] = {
    "randomised": (("rob2", "rob2_crossover", "rob2_cluster"), ROBINS),
    "observational": (ROBINS, ("newcastle_ottawa",), ("nhlbi_before_after",)),
}
"""Tools by the design that they were made for, the best suited first; any other tool comes after them."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One overall judgement of one result by one tool.

    Attributes
    ----------
    outcome_id, tool : str
        The outcome and the tool.
    aim : str
        Effect of interest: ``assignment``, ``adhering``, or blank where the tool has none.
    final : str
        The level, in the tool's words.
    concern : str
        ``low``, ``some``, ``high`` or ``not assessed``.
    critical : bool
        Whether the level is the worse of two high ones (ROBINS-I: Critical).
    key : str
        Key of its row.
    """

    outcome_id: str
    tool: str
    aim: str
    final: str
    concern: str
    critical: bool = False
    key: str = ""

    @property
    def named(self) -> str:
        """The tool and the effect of interest in words."""
        return f"{self.tool}, effect of {self.aim}" if self.aim else self.tool


@dataclass(frozen=True, slots=True)
class Choice:
    """The judgement that counts, and what to say about the choice (blank where there was none to make)."""

    judgement: Judgement | None
    note: str = ""

    @property
    def concern(self) -> str:
        """What it counts as; ``not assessed`` where there is none."""
        return self.judgement.concern if self.judgement else NOT_ASSESSED


def choose_judgement(
    judgements: Sequence[Judgement], aim: str = "assignment", design: str = "randomised", study: str = ""
) -> Choice:
    """Choose the judgement of a study that fits a synthesis.

    Parameters
    ----------
    judgements : sequence of Judgement
        Everything that was judged of the study and outcome.
    aim : str
        Effect that the synthesis is about: ``assignment`` (as randomised) or ``adhering``. Judgements of the
        other effect never stand in for it.
    design : str
        A key of `FAMILIES`; decides between tools.
    study : str
        Name of the study, for the note.

    Returns
    -------
    Choice
        The effect of interest first, then the tool made for the design; among what is left, the worst. The note
        names what was taken and what else there was.

    Raises
    ------
    ValueError
        If the design is unknown.
    """
    if design not in FAMILIES:
        raise ValueError(f"the design is one of {', '.join(FAMILIES)}, not '{design}'")
    if not judgements:
        return Choice(None)
    about = f"{study} was " if study else ""
    fitting = [item for item in judgements if item.aim in ("", aim)]
    if not fitting:
        aims = " and ".join(dict.fromkeys(item.aim for item in judgements))
        return Choice(None, f"{about}judged for the effect of {aims} only, not for that of {aim}")
    best = min(_place(item.tool, design) for item in fitting)
    chosen = max((item for item in fitting if _place(item.tool, design) == best), key=_badness)
    others = [item for item in judgements if item is not chosen]
    if not others:
        return Choice(chosen)
    told = ", ".join(f"{item.named}{_outcome(item, chosen)}: {item.final}" for item in others)
    return Choice(chosen, f"{about}judged more than once; {chosen.named} counts ({chosen.final}), beside {told}")


def _place(tool: str, design: str) -> int:
    families = FAMILIES[design]
    return next((place for place, tools in enumerate(families) if tool in tools), len(families))


def _badness(item: Judgement) -> tuple[int, bool]:
    return ORDER.index(item.concern), item.critical


def _outcome(item: Judgement, chosen: Judgement) -> str:
    return "" if item.outcome_id == chosen.outcome_id else f" ({item.outcome_id})"
