"""What lies around the planned posteriors: other priors, other models, and the posteriors as curves."""

from collections.abc import Iterable, Mapping

import pandas as pd

from evisynth.synthesis.averaged import AVERAGE_COLUMNS, MODEL_COLUMNS, average_rows
from evisynth.synthesis.posterior import Task
from evisynth.synthesis.posterior_curves import DENSITY_COLUMNS, PROBABILITY_COLUMNS, density_rows, probability_rows
from evisynth.synthesis.prior_surface import SURFACE_COLUMNS, surface_rows

COLUMNS = {
    "prior_surface": SURFACE_COLUMNS,
    "averaging": MODEL_COLUMNS,
    "averaged": AVERAGE_COLUMNS,
    "densities": DENSITY_COLUMNS,
    "probabilities": PROBABILITY_COLUMNS,
}


def explored_of(task: Task) -> dict[str, pd.DataFrame]:
    """Return the rows of one synthesis, by table.

    Parameters
    ----------
    task : Task
        With the method ``bayes_exact``.
    """
    models, averages = average_rows(task)
    return {
        "prior_surface": surface_rows(task),
        "averaging": models,
        "averaged": averages,
        "densities": density_rows(task),
        "probabilities": probability_rows(task),
    }


def joined(parts: Iterable[Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Return the tables of several syntheses as one of each; without rows they have their columns.

    Parameters
    ----------
    parts : iterable of mapping of str to pandas.DataFrame
        As :func:`explored_of` gives them.
    """
    found = list(parts)
    return {
        name: pd.concat([part[name] for part in found if len(part[name])] or [pd.DataFrame(columns=list(columns))])
        for name, columns in COLUMNS.items()
    }
