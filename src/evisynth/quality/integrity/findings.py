"""What a check of reported figures finds: its verdict, and the rule of every check in words."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evisynth.quality.integrity.facts import Row

CONSISTENT = "consistent"
POSSIBLE = "possible with a named assumption"
INCONSISTENT = "inconsistent"
NOT_CHECKABLE = "not checkable"
VERDICTS = (CONSISTENT, POSSIBLE, INCONSISTENT, NOT_CHECKABLE)

COLUMNS = (
    "check",
    "table",
    "row",
    "study_id",
    "outcome_id",
    "what",
    "inputs",
    "expected",
    "found",
    "verdict",
    "assumption",
    "from",
)

RULES: dict[str, str] = {
    "percent_of_n": "a printed percentage is some whole number of the people, rounded as printed; where the row has no "
    "number of people, of one that the study reports for the arm",
    "percent_of_events": "events of n people print as the percentage beside them",
    "shared_denominator": "percentages of one arm in one document fit one number of people",
    "shared_denominator_paired": "percentages of the same people under two treatments fit one number of people",
    "derived_count": "a count that was worked back from a printed percentage prints as it again",
    "possible_values": "counts are at most n, n at most the people of the study, and means and standard deviations "
    "are possible on the scale",
    "grim": "the mean of whole numbers times n is a whole number, within rounding (GRIM)",
    "grimmer": "some whole numbers have this mean and this standard deviation (GRIMMER)",
    "mean_interval": "the interval of a mean lies evenly about it and agrees with its standard deviation or error",
    "spread_label": "a standard deviation is of the size of its outcome's others, not of their standard errors",
    "before_after": "the change within a group, its spread and the printed p value fit for some correlation",
    "estimate_in_interval": "an estimate lies within its interval",
    "interval_symmetric": "an interval is even about its estimate on its scale: logarithms for ratios",
    "difference_of_means": "a difference is that of the two means, unless it was adjusted",
    "p_from_interval": "the p value is that of the estimate and its interval, within rounding",
    "p_from_counts": "one of the usual tests on the counts gives the printed p value; for the same people under two "
    "treatments, some paired table does",
    "p_from_means": "a t test on the means and standard deviations gives the printed p value",
    "p_from_statistic": "the printed p value is that of the printed F or t value with the people there are",
    "p_from_effect_size": "the printed p value is that of the printed standardised effect with the people there are",
    "one_result_two_p": "the same figure of the same comparison has one p value",
    "arm_totals": "the arms of an outcome hold no more people than were randomised",
    "group_sizes": "an arm has the same people in every outcome, or fewer",
    "same_outcome": "two documents give the same figure for the same outcome of the same arm",
    "alike_outcomes": "a first or second-hand report gives the figures of the paper for a like outcome",
    "same_figures": "two studies do not have the very same figures",
    "implausible_effect": "an effect is of a size that treatments have (a convention)",
    "claimed_percentages": "claimed percentages are whole numbers of the claimed number of people: the same people "
    "twice, or some split into two groups",
}
"""The rule of each check, for tables and pages."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of one reported figure.

    Attributes
    ----------
    check : str
        A key of `RULES`.
    row : Row
        The row of facts that it is about.
    what : str
        What was checked, in words.
    inputs, expected, found : str
        The figures it rests on, what is possible, and what is printed.
    verdict : str
        One of `VERDICTS`.
    assumption : str
        What must hold for the figure to be possible.
    others : tuple of str
        References (``table:key``) of further rows that it rests on.
    """

    check: str
    row: "Row"
    what: str
    inputs: str
    expected: str
    found: str
    verdict: str
    assumption: str = ""
    others: tuple[str, ...] = field(default=())

    def to_record(self) -> dict[str, str]:
        """Return the cells of a row of ``quality/integrity.csv``."""
        row = self.row
        references = dict.fromkeys((row.reference, *self.others))
        return {
            "check": self.check,
            "table": f"{row.table}.csv",
            "row": row.key,
            "study_id": row["study_id"],
            "outcome_id": row["outcome_id"],
            "what": self.what,
            "inputs": self.inputs,
            "expected": self.expected,
            "found": self.found,
            "verdict": self.verdict,
            "assumption": self.assumption,
            "from": ";".join(references),
        }
