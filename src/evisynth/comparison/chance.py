"""By how much a number that rests on sampled chains may differ from run to run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from evisynth.comparison.moves import Thresholds, number
from evisynth.effects.measures import find_measure

_PROBABILITIES = ("p_benefit", "p_beyond_mid", "p_below")
# Checks of the chains: they say how sure the numbers are, and are none themselves. Whether they passed is compared.
_CHECKS = ("rhat_max", "ess_bulk_min", "ess_tail_min", "ebfmi_min", "divergences", "attempts", "exact_z")
_WIDTH = 3.92


@dataclass(frozen=True, slots=True)
class Chance:
    """Monte Carlo error of the rows of the Bayesian tables.

    Attributes
    ----------
    thresholds : Thresholds
        How many Monte Carlo standard errors count as chance.
    sizes : mapping of str to float
        Smallest effective sample size in the tails, by ``synthesis:measure:method``.

    Notes
    -----
    The Monte Carlo standard error of a mean is sd / sqrt(ess); a limit of a central 95 % interval of a normal
    posterior is estimated with about 2.1 times that, taken as 2.5 for every column. A probability is estimated with
    sqrt(p (1 - p) / ess), at most 1 / (2 sqrt(ess)).
    """

    thresholds: Thresholds
    sizes: Mapping[str, float]

    def allowed(self, table: str, column: str, row: Mapping[str, str]) -> float:
        """Return the largest difference that is put down to chance; 0 for what is computed exactly."""
        if not table.startswith("bayes/"):
            return 0.0
        key = ":".join(row.get(name, "") for name in ("synthesis", "measure", "method"))
        # What is integrated has no effective sample size.
        size = number(row.get("ess_tail_min", "")) or self.sizes.get(key)
        if not size:
            return 0.0
        if column in _CHECKS:
            return math.inf
        error = self.thresholds.monte_carlo / math.sqrt(size)
        if column in _PROBABILITIES:
            return error / 2
        return 2.5 * error * self._spread(column, row)

    def _spread(self, column: str, row: Mapping[str, str]) -> float:
        low, high = (number(row.get(end, "")) for end in ("ci_low", "ci_high"))
        ends = [number(row.get(f"tau2_{end}", "")) for end in ("ci_low", "ci_high")]
        # An extract may lack the interval of tau2: then the spread of the mean stands in for it.
        if column.startswith("tau") and None not in ends:
            low, high = (math.sqrt(max(end, 0.0)) for end in ends) if column == "tau" else ends
        if low is None or high is None:
            return 0.0
        spread = (high - low) / _WIDTH
        value = number(row.get(column, ""))
        # The derivative of the exponential is the ratio itself.
        return spread * abs(value) if column.startswith("natural_") and value and _is_log(row) else spread


def _is_log(row: Mapping[str, str]) -> bool:
    try:
        return find_measure(row.get("measure", "")).is_log
    except (ValueError, KeyError):
        return False


def chance_of(rows: Mapping[str, Mapping[str, str]], thresholds: Thresholds) -> Chance:
    """Return the Monte Carlo errors from the rows of ``bayes/estimates.csv``."""
    sizes = {key: number(row.get("ess_tail_min", "")) or 0.0 for key, row in rows.items()}
    return Chance(thresholds, sizes)
