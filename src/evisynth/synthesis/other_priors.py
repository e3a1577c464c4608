"""The exact posterior of every synthesis under a few other priors of the heterogeneity."""

from collections.abc import Iterable

import pandas as pd

from evisynth import bayes
from evisynth.bayes import priors
from evisynth.effects.measures import find_measure
from evisynth.synthesis.posterior import Task, probabilities

SENSITIVITY_COLUMNS = (
    "synthesis",
    "measure",
    "prior",
    "planned",
    "estimate",
    "ci_low",
    "ci_high",
    "natural_estimate",
    "natural_ci_low",
    "natural_ci_high",
    "tau",
    "tau_ci_low",
    "tau_ci_high",
    "p_benefit",
    "from",
)


def sensitivity_rows(found: Iterable[Task]) -> pd.DataFrame:
    """Return the exact posterior of each synthesis under other heterogeneity priors.

    The planned prior stands beside half-normals with half, the same and twice its median, and a
    half-Cauchy with the same median.

    Parameters
    ----------
    found : iterable of Task
        Those with the method ``bayes_exact`` are used.
    """
    rows = []
    for task in found:
        if task.method != "bayes_exact":
            continue
        yi, vi = task.effects["yi"].to_numpy(float), task.effects["vi"].to_numpy(float)
        median = float(priors.parse(task.tau_prior, "tau").ppf(0.5))
        scale = median / 0.6744897501960817
        others = [f"halfnormal:{factor * scale:.3g}" for factor in (0.5, 1.0, 2.0)] + [f"halfcauchy:{median:.3g}"]
        back = find_measure(task.measure).back
        for prior in dict.fromkeys([task.tau_prior, *others]):
            fit = bayes.normal_normal(yi, vi, tau_prior=prior, mu_prior=task.mu_prior)
            numbers = {"estimate": fit.mu.median, "ci_low": fit.mu.ci_low, "ci_high": fit.mu.ci_high}
            rows.append(
                {
                    "synthesis": task.synthesis.id,
                    "measure": task.measure,
                    "prior": prior,
                    "planned": prior == task.tau_prior,
                    **numbers,
                    **{f"natural_{name}": float(back(value)) for name, value in numbers.items()},
                    "tau": fit.tau.median,
                    "tau_ci_low": fit.tau.ci_low,
                    "tau_ci_high": fit.tau.ci_high,
                    **probabilities(task, fit.p_mu_below),
                    "from": task.origin,
                }
            )
    return pd.DataFrame(rows).reindex(columns=list(SENSITIVITY_COLUMNS))
