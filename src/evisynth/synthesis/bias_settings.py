"""What is assumed about bias: the settings under which every synthesis is fitted again, each with its source.

Sizes are on the log odds ratio scale and towards the treatment; :func:`unit_of` and :func:`direction_of` turn them to a
synthesis's own scale and side.
"""

from dataclasses import dataclass
from math import log, pi, sqrt

import pandas as pd

from evisynth.effects.measures import find_measure
from evisynth.synthesis.posterior import Task

SOME, HIGH, LOW = "some", "high", "low"
CLASS_NAMES = {LOW: "low risk", SOME: "some concerns", HIGH: "high risk"}
UNJUDGED_COUNTS_AS = SOME
UNJUDGED_RULE = "a study that was not assessed counts as one with some concerns"
SHARE_OF_SOME = 0.5
HALVES = "studies with some concerns: half of each figure (assumed); at low risk: no bias"
_TO_SMD = sqrt(3) / pi


@dataclass(frozen=True, slots=True)
class BiasSetting:
    """The bias of studies at high risk, on the log odds ratio scale.

    Attributes
    ----------
    id : str
        Its name in tables.
    mean, mean_sd : float
        Prior mean of the mean bias towards the treatment, and its standard deviation: uncertainty of the average and
        variation between meta-analyses.
    spread : float
        Standard deviation of the studies' biases about their mean.
    title, source : str
        In words, and where the figures come from.
    learned : bool
        Whether mean and spread are to be learned: then `mean_sd` and `spread` are scales of wide priors.
    """

    id: str
    mean: float
    mean_sd: float
    spread: float
    title: str
    source: str
    learned: bool = False


def _of_ratio(ratio: float, low: float, high: float, between: float, spread: float) -> tuple[float, float, float]:
    """Return mean, its sd and the spread from a ratio of odds ratios with its 95 % interval."""
    error = (log(high) - log(low)) / (2 * 1.959963984540054)
    return -log(ratio), sqrt(error**2 + between**2), spread


BRANDO = _of_ratio(0.89, 0.81, 0.99, 0.05, 0.06)
METABLIND = _of_ratio(0.99, 0.86, 1.09, 0.07, 0.06)
ADDITIVE = (
    BiasSetting(
        "brando",
        *BRANDO,
        "as trials without adequate concealment in BRANDO",
        "Savović et al. 2012 (BRANDO), all outcomes, as tabulated by Page et al. 2016, PLoS One 11:e0159267, Table 3: "
        "ratio of odds ratios 0.89 (0.81 to 0.99), variation between meta-analyses 0.05, increase of heterogeneity "
        "0.06; that high risk of bias as a whole biases as much is assumed",
    ),
    BiasSetting(
        "metablind",
        *METABLIND,
        "as trials without double blinding in MetaBLIND: none on average",
        "Moustgaard et al. 2020 (MetaBLIND), BMJ 368:l6802, Table 3, all outcomes: ratio of odds ratios 0.99 (0.86 to "
        "1.09), variation between meta-analyses 0.07, increase of heterogeneity 0.06; that high risk of bias as a "
        "whole biases as much is assumed",
    ),
    BiasSetting(
        "brando_twice",
        *(2 * value for value in BRANDO),
        "twice the bias of BRANDO",
        "assumed: every figure of the setting brando doubled",
    ),
    BiasSetting(
        "learned",
        0.0,
        0.5,
        0.3,
        "learned from these studies",
        "assumed: wide priors of the mean bias and of the spread; studies at the lowest risk that occurs are taken as "
        "unbiased",
        learned=True,
    ),
)


@dataclass(frozen=True, slots=True)
class MixtureSetting:
    """A prior of the size of bias and of the probability of it, for studies whose class is not known.

    Attributes
    ----------
    id : str
    largest : float
        Bias is uniform from 0 to this, on the log odds ratio scale; 0 for a half-normal of the scale of `typical`.
    typical : float
        Scale of the half-normal.
    judged : bool
        Whether the probability's Beta prior counts the studies at high risk, instead of being uniform.
    extremes : bool
        Whether the studies furthest to either side are taken as biased and unbiased.
    title, source : str
    by_study : bool
        Whether the probability of bias of every study is shown.
    """

    id: str
    largest: float
    typical: float
    judged: bool
    extremes: bool
    title: str
    source: str
    by_study: bool = False


_VERDE = "Verde 2021, Biom J 63:406"
MIXTURE = (
    MixtureSetting(
        "verde", 10.0, 0.0, False, True, "wide, the extreme studies' classes fixed", f"{_VERDE}: the paper's defaults"
    ),
    MixtureSetting(
        "verde_judged",
        10.0,
        0.0,
        True,
        False,
        "wide, no study's class fixed, the probability of bias by the judgements",
        f"{_VERDE}: prior counts of studies thought biased and unbiased; here those at high risk, and all others",
    ),
    MixtureSetting(
        "moderate",
        0.0,
        0.5,
        False,
        False,
        "bias of moderate size, no study's class fixed",
        "assumed: a bias beyond a ratio of odds ratios of 0.37 is taken as unlikely (two scales of the half-normal)",
        by_study=True,
    ),
)
# Under one of them the terms of every study are shown too.
DEGREES, DEGREES_BY_STUDY = (2.0, 4.0, 10.0), 4.0
CORRELATIONS = (
    ("uniform_wide", "uniform:0.1,0.9"),
    ("uniform_narrow", "uniform:0.3,0.7"),
    ("normal", "normal:0.5,0.15"),
)
DESIGN_WEIGHTS = (0.25, 0.5, 0.75)


def unit_of(task: Task) -> float | None:
    """Return what a log odds ratio of 1 is on a synthesis's scale; None where that can't be said.

    Parameters
    ----------
    task : Task

    Notes
    -----
    Log ratios are taken as they stand. Standardised differences: sqrt(3)/pi (Chinn 2000, Stat Med 19:3127). Other
    differences: the same times the standard deviation that variances and numbers of people imply, half the
    unit-information standard deviation sqrt(sum n / sum 1/v) (Röver et al. 2021, Res Synth Methods 12:448).
    """
    if find_measure(task.measure).is_log:
        return 1.0
    if task.measure.startswith("SMD"):
        return _TO_SMD
    people = task.effects[["n_1", "n_2"]]
    if people.isna().to_numpy().any():
        return None
    return _TO_SMD * 0.5 * sqrt(people.to_numpy(float).sum() / (1 / task.effects["vi"].to_numpy(float)).sum())


def direction_of(task: Task) -> int:
    """Return the sign of a bias towards the treatment on the analysis scale."""
    return -1 if task.benefit_below else 1


def unit_words(task: Task) -> str:
    """Return how the sizes were brought to the scale of the measure."""
    if find_measure(task.measure).is_log:
        odds = "" if task.measure == "OR" else "; ratios of odds ratios are taken for ratios of this measure"
        return f"on the log scale{odds}"
    smd = "log odds ratios times sqrt(3)/pi (Chinn 2000)"
    return smd if task.measure.startswith("SMD") else f"{smd} times the standard deviation that the variances imply"


def class_words(classes: pd.DataFrame) -> str:
    """Return how many studies each class has, in words."""
    counts = [(name, int((classes["class"] == key).sum())) for key, name in CLASS_NAMES.items()]
    unjudged = int((~classes["concern"].isin(list(CLASS_NAMES))).sum())
    words = ", ".join(f"{count} {name}" for name, count in counts if count)
    return f"{words} (of these {unjudged} not assessed: {UNJUDGED_RULE})" if unjudged else words
