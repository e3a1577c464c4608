"""Results of the bias models: the adjusted posterior, the unadjusted one beside it, and what was assumed."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evisynth.bayes.mixture import NormalMixture
from evisynth.bayes.results import NormalNormalPosterior
from evisynth.bayes.summaries import FIELDS, Summary

if TYPE_CHECKING:
    from evisynth.bayes.adjusted.additive import BiasClass


@dataclass(frozen=True)
class Quantities:
    """Summaries of the parameters of an additive bias model; the dicts are by class."""

    mu: Summary
    tau: Summary
    predictive: Summary
    means: dict[str, Summary]
    spreads: dict[str, Summary]
    mixture: NormalMixture = field(repr=False)


@dataclass(frozen=True)
class AdditiveBiasPosterior:
    """Posterior under additive bias by class.

    Attributes
    ----------
    k : int
    level : float
    tau_prior, mu_prior : str
    biases : tuple of BiasClass
        What was assumed.
    unadjusted : NormalNormalPosterior
        The same studies, taken as unbiased, with the same priors.
    quantities : Quantities
        mu and tau without bias, the effect of a further unbiased study, mean bias and spread of every class.
    studies : DataFrame
        ``study, class, yi, vi, weight``: the study's share in the mean of mu in per cent. What is missing from 100 is
        the prior's.
    error_bound : float
        Of medians, means and limits, in posterior standard deviations.
    method : str
    """

    k: int
    level: float
    tau_prior: str
    mu_prior: str
    biases: "tuple[BiasClass, ...]"
    unadjusted: NormalNormalPosterior
    quantities: Quantities
    studies: pd.DataFrame
    error_bound: float
    method: str

    @property
    def mu(self) -> Summary:
        """The mean effect without bias."""
        return self.quantities.mu

    @property
    def tau(self) -> Summary:
        """The heterogeneity that is not bias."""
        return self.quantities.tau

    @property
    def predictive(self) -> Summary:
        """The effect of a further unbiased study."""
        return self.quantities.predictive

    def p_mu_below(self, c: float = 0.0) -> float:
        """P(mu < c)."""
        return float(self.quantities.mixture.cdf(np.array([[float(c)]]))[0, 0])

    def to_frame(self) -> pd.DataFrame:
        """One row per quantity: ``quantity, class, prior, mean, sd, median, ci_low, ci_high``; unadjusted mu first."""
        by_name = {bias.name: bias for bias in self.biases}
        rows = [
            ("mu_unadjusted", "", self.mu_prior, self.unadjusted.mu),
            ("tau_unadjusted", "", self.tau_prior, self.unadjusted.tau),
            ("mu", "", self.mu_prior, self.mu),
            ("tau", "", self.tau_prior, self.tau),
            ("predictive", "", "", self.predictive),
        ]
        rows += [("bias_mean", c, str(by_name[c].mean), s) for c, s in self.quantities.means.items()]
        rows += [("bias_spread", c, str(by_name[c].spread), s) for c, s in self.quantities.spreads.items()]
        table = [
            {"quantity": q, "class": c, "prior": p, **{f: getattr(s, f) for f in FIELDS[:5]}} for q, c, p, s in rows
        ]
        return pd.DataFrame(table).assign(k=self.k, level=self.level, error_bound=self.error_bound)
