"""Power-scaling sensitivity: how much a posterior moves when a prior, or the likelihood, counts a little more.

References
----------
Kallioinen N, Paananen T, Bürkner PC, Vehtari A. Detecting and diagnosing prior and likelihood sensitivity with
power-scaling. Stat Comput 2024;34:57.
"""

import numpy as np
import pandas as pd

from evisynth.bayes.sampled.results import SampledFit

SENSITIVE = 0.05
ALPHAS = (0.99, 1.01)


def power_scaling(fit: SampledFit, parameters: tuple[str, ...] = (), threshold: float = SENSITIVE) -> pd.DataFrame:
    """Measure how sensitive a posterior is to each of its priors and to the data.

    Parameters
    ----------
    fit : SampledFit
    parameters : tuple of str, optional
        Variables of the posterior; those without a study if not given.
    threshold : float
        Above it a posterior counts as sensitive.

    Returns
    -------
    pandas.DataFrame
        ``parameter, study, likelihood, prior, prior_<name>..., diagnosis``: distances between the posteriors when the
        likelihood, all priors together, or one of them are raised to the power 0.99 and 1.01, per doubling of the power
        (Kallioinen and others 2024). Where both are sensitive the prior may be in conflict with the data; where only
        the prior is, the data say little and the prior much.

    Raises
    ------
    SamplingFailedError
        If the fit did not pass its gate.
    """
    from arviz_stats import psense

    fit._require_passed(False)
    tree = fit.to_datatree(log_likelihood=True, log_prior=True)
    chosen = list(parameters or [str(name) for name, values in fit.posterior.data_vars.items() if values.ndim == 2])
    # An improper prior is constant: it has no power to scale, and no sensitivity.
    varying = [str(name) for name, values in tree["log_prior"].data_vars.items() if np.ptp(values.values) > 0]
    measured = {"likelihood": psense(tree, var_names=chosen, group="likelihood", alphas=ALPHAS)}
    if varying:
        measured["prior"] = psense(tree, var_names=chosen, group="prior", group_var_names=varying, alphas=ALPHAS)
    for name in varying:
        measured[f"prior_{name}"] = psense(tree, var_names=chosen, group="prior", group_var_names=[name], alphas=ALPHAS)
    rows = []
    for name in chosen:
        extra = [dim for dim in fit.posterior[name].dims if dim not in ("chain", "draw")]
        labels = [str(label) for label in fit.posterior[extra[0]].values] if extra else [""]
        columns = {kind: np.atleast_1d(values[name].values) for kind, values in measured.items()}
        for i, label in enumerate(labels):
            row = {kind: float(values[i]) for kind, values in columns.items()}
            rows.append({"parameter": name, "study": label} | {"likelihood": np.nan, "prior": 0.0} | row)
    table = pd.DataFrame(rows)
    table["diagnosis"] = [_diagnose(row.likelihood, row.prior, threshold) for row in table.itertuples()]
    return table


def _diagnose(likelihood: float, prior: float, threshold: float) -> str:
    if prior < threshold:
        return "not sensitive to its priors"
    if likelihood < threshold:
        return "strong prior or weak data"
    return "priors and data both matter; they may be in conflict"
