"""Did the chains do their work? Numbers, and a gate that names what is missing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evisynth.bayes.sampled.problems import Thresholds

TAIL = (0.05, 0.95)


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Diagnostics of one fit.

    Attributes
    ----------
    parameters : pandas.DataFrame
        One row per parameter: ``parameter, study, rhat, ess_bulk, ess_tail, mcse_mean, mcse_sd, mcse_median``; study is
        blank where the parameter belongs to none.
    divergences : int
        Divergent transitions after tuning, over all chains.
    ebfmi : tuple of float
        Energy Bayesian fraction of missing information, by chain.
    deepest : int
        Transitions that were stopped at the largest tree depth.
    steps : float
        Mean leapfrog steps per draw.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021, Bayesian Analysis 16:667 (R-hat, effective sample sizes).
    Betancourt 2016, arXiv:1604.00695 (E-BFMI).
    """

    parameters: pd.DataFrame
    divergences: int
    ebfmi: tuple[float, ...]
    deepest: int
    steps: float

    def to_frame(self) -> pd.DataFrame:
        """Return the worst of each diagnostic as one row."""
        table = self.parameters
        row = {
            "rhat_max": table["rhat"].max(skipna=False),
            "ess_bulk_min": table["ess_bulk"].min(skipna=False),
            "ess_tail_min": table["ess_tail"].min(skipna=False),
            "divergences": self.divergences,
            "ebfmi_min": min(self.ebfmi),
            "deepest": self.deepest,
            "steps": self.steps,
        }
        return pd.DataFrame([row])

    def of(self, parameter: str, study: str = "") -> pd.Series:
        """Return the row of one parameter.

        Parameters
        ----------
        parameter : str
            Such as ``mu``.
        study : str
            Name of the study, blank for none.

        Raises
        ------
        KeyError
            If there is no such parameter.
        """
        table = self.parameters
        found = table[(table["parameter"] == parameter) & (table["study"] == study)]
        if found.empty:
            raise KeyError(f"No diagnostics of {parameter} {study}".rstrip())
        return found.iloc[0]


def diagnose(posterior, sample_stats) -> Diagnostics:
    """Compute the diagnostics of a posterior.

    Parameters
    ----------
    posterior : xarray.Dataset
        Variables with dims chain, draw and at most one more.
    sample_stats : xarray.Dataset
        With ``diverging``, ``energy``, ``n_steps`` and ``maxdepth_reached``; dims chain and draw.

    Returns
    -------
    Diagnostics
    """
    from arviz_stats.base import array_stats

    rows = []
    for name, variable in posterior.data_vars.items():
        extra = [dim for dim in variable.dims if dim not in ("chain", "draw")]
        studies = [str(label) for label in posterior[extra[0]].values] if extra else [""]
        values = variable.transpose(*extra, "chain", "draw").values
        for study, chains in zip(studies, values if extra else values[None], strict=True):
            rows.append(
                {
                    "parameter": str(name),
                    "study": study,
                    "rhat": float(array_stats.rhat(chains)),
                    "ess_bulk": float(array_stats.ess(chains)),
                    "ess_tail": float(array_stats.ess(chains, method="tail", prob=TAIL)),
                    "mcse_mean": float(array_stats.mcse(chains)),
                    "mcse_sd": float(array_stats.mcse(chains, method="sd")),
                    "mcse_median": float(array_stats.mcse(chains, method="median")),
                }
            )
    return Diagnostics(
        parameters=pd.DataFrame(rows),
        divergences=int(sample_stats["diverging"].sum()),
        ebfmi=tuple(float(value) for value in array_stats.bfmi(sample_stats["energy"].values)),
        deepest=int(sample_stats["maxdepth_reached"].sum()),
        steps=float(sample_stats["n_steps"].mean()),
    )


def gate(diagnostics: Diagnostics, thresholds: Thresholds) -> tuple[bool, list[str]]:
    """Hold diagnostics against thresholds.

    Parameters
    ----------
    diagnostics : Diagnostics
    thresholds : Thresholds

    Returns
    -------
    passed : bool
        True if every threshold is met.
    failed : list of str
        One sentence for every threshold that is missed, with the parameter that misses it most.
    """
    failed = []
    table = diagnostics.parameters
    # Written so that a diagnostic that is not a number fails.
    checks = (
        ("rhat", "R-hat", ~(table["rhat"] <= thresholds.rhat_max), thresholds.rhat_max, "idxmax", "at most"),
        (
            "ess_bulk",
            "bulk ESS",
            ~(table["ess_bulk"] >= thresholds.ess_bulk_min),
            thresholds.ess_bulk_min,
            "idxmin",
            "at least",
        ),
        (
            "ess_tail",
            "tail ESS",
            ~(table["ess_tail"] >= thresholds.ess_tail_min),
            thresholds.ess_tail_min,
            "idxmin",
            "at least",
        ),
    )
    for column, title, missed, limit, worst, bound in checks:
        if missed.any():
            values = table.loc[missed, column]
            place = values.index[0] if values.isna().any() else getattr(values, worst)()
            name = f"{table.at[place, 'parameter']} {table.at[place, 'study']}".rstrip()
            failed.append(
                f"{title} of {name} is {table.at[place, column]:.4g}, {bound} {limit:g} is needed "
                f"({int(missed.sum())} of {len(table)} parameters)."
            )
    if diagnostics.divergences > thresholds.divergences_max:
        failed.append(
            f"{diagnostics.divergences} divergent transitions, at most {thresholds.divergences_max} are allowed."
        )
    if not np.min(diagnostics.ebfmi) >= thresholds.ebfmi_min:
        failed.append(f"E-BFMI is {min(diagnostics.ebfmi):.3g}, at least {thresholds.ebfmi_min:g} is needed.")
    return not failed, failed
