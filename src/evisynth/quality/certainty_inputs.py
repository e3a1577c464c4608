"""What a certainty rating is computed from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evisynth.quality.imprecision import null_value
from evisynth.quality.weights import CONCERNS

DESIGNS = {
    "randomised": 4,
    "non-randomised": 2,
    "non-randomised, ROBINS-I": 4,
    "uncontrolled": 2,
}
"""Starting level by design: 4 High, 2 Low."""

FLAGS = ("none", "some", "serious", "surrogate without a link")
ASPECTS = ("population", "intervention", "comparator", "outcome", "comparison made indirectly")


@dataclass(frozen=True, slots=True)
class StudyEvidence:
    """One study of a synthesis.

    Attributes
    ----------
    study_id : str
        The study.
    weight : float
        Its random-effects weight; where nothing is pooled, its participants. Positive, in any unit.
    concern : str
        Risk of bias: ``low``, ``some``, ``high`` or ``not assessed``.
    critical : bool
        ROBINS-I: at critical risk.
    estimate, ci_low, ci_high : float, optional
        Effect and interval on the natural scale of the synthesis' measure.
    keys : tuple of str
        Keys of the rows that these come from.
    judged_with : str
        Tool and effect of interest of the judgement.
    note : str
        What to say about it, such as that there are several judgements.
    also_for : tuple of str
        Treatments of other comparisons of the same trial that the judgement serves too.
    """

    study_id: str
    weight: float
    concern: str = "not assessed"
    critical: bool = False
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    keys: tuple[str, ...] = ()
    judged_with: str = ""
    note: str = ""
    also_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SmallStudyTest:
    """A test of funnel-plot asymmetry, with its p value; `applicable` says whether it suits the measure."""

    name: str
    p_value: float
    applicable: bool = True


@dataclass(frozen=True, slots=True)
class MissingTrial:
    """A trial that is known to exist and whose result is missing from the synthesis.

    Attributes
    ----------
    label : str
        The trial.
    because_of_result : str
        Was it left out because of what it found (ROB-ME): ``yes``, ``no`` or ``unclear``.
    participants : int, optional
        How many it randomised.
    key : str
        Key of the row it comes from; several separated by ``;``.
    because : str
        Why that is so.
    """

    label: str
    because_of_result: str = "unclear"
    participants: int | None = None
    key: str = ""
    because: str = ""

    @property
    def told(self) -> str:
        """The trial with why its result is missing."""
        return f"{self.label} ({self.because_of_result}{': ' if self.because else ''}{self.because})"


@dataclass(frozen=True, slots=True)
class CertaintyInputs:
    """Everything that the proposed certainty of one synthesis rests on.

    None means that nobody has looked; an empty tuple or mapping means that somebody looked and found nothing.

    Attributes
    ----------
    synthesis : str
        Id of the synthesis.
    design : str
        A key of `DESIGNS`.
    measure : str
        MD, SMD, RR, OR, HR, RD ...
    studies : tuple of StudyEvidence
        The studies; empty when there is none.
    pooled : bool
        Whether an estimate pools them. Without it the rules of Murad 2017 apply.
    estimate, ci_low, ci_high, pi_low, pi_high : float, optional
        Pooled effect, interval and prediction interval, natural scale.
    thresholds : tuple of float
        Decision thresholds, natural scale; empty where no minimal important difference is stated.
    threshold_source : str
        Where they come from.
    rating : str
        ``minimal`` or ``partial``; see `evisynth.quality.imprecision.propose_imprecision`.
    low_risk_estimate : float, optional
        Pooled effect of the studies at low risk alone.
    i2 : float, optional
        Per cent.
    participants, events : int, optional
        Totals.
    information_size : int, optional
        Participants, both groups, of one adequately powered trial.
    comparator_risk : float, optional
        Risk with the comparator.
    small_study_tests : tuple of SmallStudyTest, optional
        Tests that were run.
    missing_trials : tuple of MissingTrial, optional
        Trials known to be missing.
    only_small_positive : bool, optional
        Every study is small and in favour of the intervention.
    indirectness : mapping, optional
        Aspect (one of `ASPECTS`) to one of `FLAGS`; set by people only.
    dose_response, opposing_confounding : bool, optional
        Reasons to rate up; set by people only.
    keys : tuple of str
        Keys of the rows that estimate and intervals come from.
    """

    synthesis: str
    design: str
    measure: str
    studies: tuple[StudyEvidence, ...] = ()
    pooled: bool = True
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    pi_low: float | None = None
    pi_high: float | None = None
    thresholds: tuple[float, ...] = ()
    threshold_source: str = ""
    rating: str = "minimal"
    low_risk_estimate: float | None = None
    i2: float | None = None
    participants: int | None = None
    events: int | None = None
    information_size: int | None = None
    comparator_risk: float | None = None
    small_study_tests: tuple[SmallStudyTest, ...] | None = None
    missing_trials: tuple[MissingTrial, ...] | None = None
    only_small_positive: bool | None = None
    indirectness: Mapping[str, str] | None = None
    dose_response: bool | None = None
    opposing_confounding: bool | None = None
    keys: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        problems = [*self._choices(), *self._intervals()]
        if problems:
            raise ValueError(f"synthesis {self.synthesis}: {'; '.join(problems)}")

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.studies)

    @property
    def null(self) -> float:
        """Value of no effect on the natural scale."""
        return null_value(self.measure)

    @property
    def marks(self) -> tuple[float, ...]:
        """The thresholds, or the value of no effect where none are stated."""
        return tuple(sorted(self.thresholds)) or (self.null,)

    def _choices(self) -> list[str]:
        problems = []
        if self.design not in DESIGNS:
            problems.append(f"the design is one of {', '.join(DESIGNS)}, not '{self.design}'")
        for study in self.studies:
            if study.concern not in CONCERNS:
                problems.append(f"{study.study_id}: risk of bias '{study.concern}' is none of {', '.join(CONCERNS)}")
            if not study.weight > 0:
                problems.append(f"{study.study_id}: the weight must be positive, not {study.weight}")
        for aspect, flag in (self.indirectness or {}).items():
            if aspect not in ASPECTS or flag not in FLAGS:
                problems.append(f"indirectness '{aspect}: {flag}' is unknown")
        for trial in self.missing_trials or ():
            if trial.because_of_result not in ("yes", "no", "unclear"):
                problems.append(f"{trial.label}: because_of_result is yes, no or unclear")
        return problems

    def _intervals(self) -> list[str]:
        problems = []
        triple = (self.ci_low, self.estimate, self.ci_high)
        if any(value is None for value in triple) and any(value is not None for value in triple):
            problems.append("give the estimate with both limits of its interval, or none of the three")
        elif self.estimate is not None and not self.ci_low <= self.estimate <= self.ci_high:
            problems.append(f"the interval ({self.ci_low}, {self.ci_high}) does not hold {self.estimate}")
        if (self.pi_low is None) != (self.pi_high is None):
            problems.append("give both limits of the prediction interval or none")
        if self.pooled and self.k and self.estimate is None:
            problems.append("a pooled synthesis needs its estimate")
        return problems
