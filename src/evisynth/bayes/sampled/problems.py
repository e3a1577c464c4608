"""What a sampled model is asked: the problems, the sampler's settings, and what is wrong with either."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from evisynth.bayes.priors import Prior, PriorError, parse
from evisynth.bayes.sampled import densities

MOST_STUDIES = 400


class SamplingInputError(ValueError):
    """A problem or a setting cannot be used; `faults` holds every reason.

    Parameters
    ----------
    faults : sequence of str
        One sentence each.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True)
class Thresholds:
    """What the diagnostics of a fit have to reach before its numbers are shown.

    Attributes
    ----------
    rhat_max : float
        Largest rank-normalised split R-hat of any parameter, above 1.
    ess_bulk_min, ess_tail_min : float
        Smallest bulk and tail effective sample size of any parameter.
    divergences_max : int
        Most divergent transitions after tuning, over all chains.
    ebfmi_min : float
        Smallest energy Bayesian fraction of missing information of any chain, in 0 to 1.
    """

    rhat_max: float = 1.01
    ess_bulk_min: float = 400.0
    ess_tail_min: float = 400.0
    divergences_max: int = 0
    ebfmi_min: float = 0.3


@dataclass(frozen=True)
class SamplerSettings:
    """How the chains are run.

    Attributes
    ----------
    draws, tune : int
        Kept and tuning iterations of each chain.
    chains : int
        Number of chains, at least 2 (R-hat compares them).
    cores : int
        Chains run at the same time; the draws do not depend on it.
    target_accept : float
        Acceptance rate that the step size is tuned to, between 0 and 1.
    seed : int
        Base seed; every fit derives its own from it, the model's name and the problem's id.
    retry_target_accept : float
        Acceptance rate of the second attempt, made when a threshold is missed.
    retry_factor : int
        The second attempt has this many times the draws and tuning iterations of the first.
    thresholds : Thresholds
        What the diagnostics have to reach.
    """

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    cores: int = 2
    target_accept: float = 0.9
    seed: int = 0
    retry_target_accept: float = 0.99
    retry_factor: int = 4
    thresholds: Thresholds = field(default_factory=Thresholds)

    def __post_init__(self) -> None:
        """Refuse settings that no sampler can follow."""
        faults = [
            f"The sampler setting {name} is {getattr(self, name)!r}; a whole number of at least {least} is needed."
            for name, least in (
                ("draws", 100),
                ("tune", 100),
                ("chains", 2),
                ("cores", 1),
                ("retry_factor", 1),
            )
            if not isinstance(getattr(self, name), int) or getattr(self, name) < least
        ]
        faults += [
            f"The sampler setting {name} is {getattr(self, name)!r}; a number between 0.5 and 1 is needed."
            for name in ("target_accept", "retry_target_accept")
            if not 0.5 <= getattr(self, name) < 1
        ]
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**63:
            faults.append(f"The seed is {self.seed!r}; a whole number from 0 to 2**63 - 1 is needed.")
        if faults:
            raise SamplingInputError(faults)


@dataclass(frozen=True)
class Problem:
    """What every problem has: a name, studies, and checks that list everything that is wrong.

    Attributes
    ----------
    id : str
        Name of the synthesis; the seed is derived from it.
    studies : tuple of str
        Distinct study names, k of them.

    Raises
    ------
    SamplingInputError
        With every fault found.
    """

    id: str
    studies: tuple[str, ...]

    # Fields with one value per study, by what they hold.
    texts: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Check what was given and freeze it."""
        self._freeze(str, "studies", *self.texts)
        # Counts stay as they are until they are known to be whole numbers.
        self._freeze(float, *self.numbers)
        faults = common_faults(self, self.columns()) + self.own_faults()
        faults = faults or self.posterior_faults()
        if faults:
            raise SamplingInputError(faults)
        self._freeze(int, *self.counts)

    def _freeze(self, kind: type, *names: str) -> None:
        for name in names:
            object.__setattr__(self, name, tuple(kind(value) for value in getattr(self, name)))

    def columns(self) -> dict[str, Sequence]:
        """Return the columns that need one value per study."""
        return {name: getattr(self, name) for name in (*self.texts, *self.numbers, *self.counts)}

    def own_faults(self) -> list[str]:
        """Return what is wrong with the columns."""
        return []

    def posterior_faults(self) -> list[str]:
        """Return why there would be no proper posterior; asked only if nothing else is wrong."""
        return []


@dataclass(frozen=True)
class NormalProblem(Problem):
    """One synthesis for the normal-normal model: y_i ~ N(theta_i, v_i), theta_i ~ N(mu, tau^2).

    Attributes
    ----------
    id, studies
        As for `Problem`.
    yi, vi : tuple of float
        Estimates on the measure's analysis scale (log OR, SMD, ...) and their sampling variances, vi > 0.
    tau_prior, mu_prior : str or Prior
        Priors, written ``family:parameters``; the mean's may be ``flat``.
    level : float
        Probability of the central intervals, between 0 and 1.
    """

    yi: tuple[float, ...]
    vi: tuple[float, ...]
    tau_prior: str | Prior
    mu_prior: str | Prior = "flat"
    level: float = 0.95

    numbers = ("yi", "vi")

    def own_faults(self) -> list[str]:
        """Return what is wrong with the estimates and variances."""
        return estimate_faults(self)

    def posterior_faults(self) -> list[str]:
        """Return why there would be no proper posterior."""
        return improper_faults(self, len(self.studies))


@dataclass(frozen=True)
class BinomialProblem(Problem):
    """One synthesis for the binomial-normal model on the logit scale.

    The number of events of an arm is binomial; logit p = baseline_i in the comparator's arm and
    baseline_i + theta_i in the treatment's, theta_i ~ N(mu, tau^2). Every study has its own baseline.

    Attributes
    ----------
    id, studies
        As for `Problem`.
    ai, n1i : tuple of int
        Events and participants of the treatment's arm.
    ci, n2i : tuple of int
        Events and participants of the comparator's arm.
    tau_prior, mu_prior : str or Prior
        Priors on the log odds ratio scale, written ``family:parameters``; the mean's may be ``flat``.
    baseline_prior : str or Prior
        Prior of each study's logit risk in the comparator's arm; it has to be proper.
    level : float
        Probability of the central intervals, between 0 and 1.
    """

    ai: tuple[int, ...]
    n1i: tuple[int, ...]
    ci: tuple[int, ...]
    n2i: tuple[int, ...]
    tau_prior: str | Prior
    mu_prior: str | Prior = "normal:0,2"
    baseline_prior: str | Prior = "normal:0,10"
    level: float = 0.95

    counts = ("ai", "n1i", "ci", "n2i")

    def own_faults(self) -> list[str]:
        """Return what is wrong with the counts."""
        return [
            f"{self.id}: the {arm} arm of {study} has {events} events in {size} participants; whole numbers are "
            "needed, events from 0 to participants."
            for arm, study, events, size in arms_of(self, "ai", "n1i", "ci", "n2i")
            if not (whole(events) and whole(size) and 0 <= events <= size and size > 0)
        ]

    def informative(self) -> int:
        """Return how many studies have events and non-events in both arms."""
        arms = zip(self.ai, self.n1i, self.ci, self.n2i, strict=True)
        return sum(0 < a < n1 and 0 < c < n2 for a, n1, c, n2 in arms)

    def posterior_faults(self) -> list[str]:
        """Return why there would be no proper posterior."""
        faults = improper_faults(self, self.informative())
        bounded = any(0 < a < n for a, n in zip(self.ai, self.n1i, strict=True))
        if self.mu_prior.kind == "flat" and not bounded and not faults:
            faults.append(unbounded(self, "has both events and non-events"))
        return faults


@dataclass(frozen=True)
class PoissonProblem(Problem):
    """One synthesis of event rates: log rate = baseline_i, and baseline_i + theta_i with the treatment.

    Attributes
    ----------
    id, studies
        As for `Problem`.
    x1i, t1i : tuple
        Events (whole numbers) and person-time (above 0) of the treatment's arm.
    x2i, t2i : tuple
        Events and person-time of the comparator's arm, in the same unit.
    tau_prior, mu_prior : str or Prior
        Priors on the log rate ratio scale; the mean's may be ``flat``.
    baseline_prior : str or Prior
        Prior of each study's log rate in the comparator's arm; normal or t.
    level : float
        Probability of the central intervals, between 0 and 1.
    """

    x1i: tuple[int, ...]
    t1i: tuple[float, ...]
    x2i: tuple[int, ...]
    t2i: tuple[float, ...]
    tau_prior: str | Prior
    mu_prior: str | Prior = "normal:0,2"
    baseline_prior: str | Prior = "normal:0,10"
    level: float = 0.95

    numbers = ("t1i", "t2i")
    counts = ("x1i", "x2i")

    def own_faults(self) -> list[str]:
        """Return what is wrong with the counts and times."""
        return [
            f"{self.id}: the {arm} arm of {study} has {events} events in a person-time of {time}; a whole number "
            "from 0 and a time above 0 are needed."
            for arm, study, events, time in arms_of(self, "x1i", "t1i", "x2i", "t2i")
            if not (whole(events) and events >= 0 and math.isfinite(time) and time > 0)
        ]

    def posterior_faults(self) -> list[str]:
        """Return why there would be no proper posterior."""
        faults = improper_faults(self, sum(a > 0 and c > 0 for a, c in zip(self.x1i, self.x2i, strict=True)))
        if self.mu_prior.kind == "flat" and not any(self.x1i) and not faults:
            faults.append(unbounded(self, "has events"))
        return faults


def arms_of(problem, *names: str):
    """Yield every arm: its name, its study, its events, and its participants or person-time."""
    for study, *counts in zip(problem.studies, *(getattr(problem, name) for name in names), strict=False):
        yield "treatment", study, *counts[:2]
        yield "comparator", study, *counts[2:]


def whole(value) -> bool:
    """Return whether a value is a whole number."""
    return float(value).is_integer()


def unbounded(problem, what: str) -> str:
    """Say that nothing bounds a flat mean from one side."""
    return (
        f"{problem.id}: no treatment arm {what}, so under a flat prior for mu the posterior would be improper. Give a "
        "proper prior, such as normal:0,2."
    )


def common_faults(problem, columns: dict[str, Sequence]) -> list[str]:
    """Return what is wrong with a problem's names, lengths, level and priors; parse its priors on the way."""
    k = len(problem.studies)
    faults = [
        f"{problem.id}: {name} has {len(values)} values for {k} studies."
        for name, values in columns.items()
        if len(values) != k
    ]
    if k == 0:
        faults.append(f"{problem.id}: no studies, so there is nothing to sample.")
    if k > MOST_STUDIES:
        faults.append(f"{problem.id}: {k} studies; the sampled models take at most {MOST_STUDIES}.")
    repeated = sorted({study for study in problem.studies if problem.studies.count(study) > 1})
    if repeated:
        faults.append(f"{problem.id}: study names occur more than once: {', '.join(repeated)}.")
    if not 0 < problem.level < 1:
        faults.append(f"{problem.id}: the level is {problem.level}; it has to lie between 0 and 1.")
    return faults + prior_faults(problem)


def estimate_faults(problem) -> list[str]:
    """Return what is wrong with a problem's estimates and variances."""
    faults = []
    for study, y, v in zip(problem.studies, problem.yi, problem.vi, strict=False):
        if not math.isfinite(y):
            faults.append(f"{problem.id}: the estimate of {study} is {y}; a finite number is needed.")
        if not (math.isfinite(v) and v > 0):
            faults.append(f"{problem.id}: the sampling variance of {study} is {v}; it has to be above 0.")
    return faults


def prior_faults(problem) -> list[str]:
    """Parse a problem's priors in place and return what is wrong with them."""
    faults = []
    rows = {"tau": densities.tau_row, "mu": densities.location_row}
    roles = {name: "tau" if name.startswith("tau") else "mu" for name in vars(problem) if name.endswith("_prior")}
    for name, role in roles.items():
        try:
            prior = parse(getattr(problem, name), role)
            if name == "baseline_prior" and prior.kind not in ("normal", "t"):
                raise ValueError(
                    f"The baseline's prior is {prior.text}; a study without events would have no posterior under a "
                    "flat one, and only normal and t are allowed. Give, say, normal:0,10."
                )
            rows[role](prior)
        except (PriorError, ValueError) as error:
            faults.append(f"{problem.id}: {error}")
        else:
            object.__setattr__(problem, name, prior)
    return faults


def improper_faults(problem, informative: int) -> list[str]:
    """Return what is wrong if the priors and the number of informative studies leave the posterior improper."""
    least = 3 if problem.mu_prior.kind == "flat" else 2
    if problem.tau_prior.proper or informative >= least:
        return []
    return [
        f"{problem.id}: a flat prior for tau needs at least {least} studies with an estimate (or with events and "
        f"non-events in both arms), found {informative}; the posterior would be improper. Give a proper prior, such "
        "as halfnormal:0.5."
    ]


def hashed_seed(base: int, *parts: str) -> int:
    """Return a seed of 63 bits that depends on nothing but its arguments.

    Parameters
    ----------
    base : int
        Base seed.
    *parts : str
        What the seed is for: the model, the problem, the attempt.
    """
    text = "\x1f".join([str(base), *parts])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
