"""The tables that figures are drawn from."""

from pathlib import Path

import pandas as pd

from evisynth.provenance.tables import read_result

# name in `read_tables` -> the file; a file that a review does not have is an empty table.
TABLES = {
    "effects": "effects/effects.csv",
    "left_out": "effects/left_out.csv",
    "paired": "effects/paired.csv",
    "filled": "bias/trim_and_fill.csv",
    "influence": "bias/influence.csv",
    "cumulative": "bias/cumulative.csv",
    "gosh": "bias/gosh.csv",
    "estimates": "pooled/estimates.csv",
    "weights": "pooled/weights.csv",
    "leave_one_out": "pooled/leave_one_out.csv",
    "lines": "pooled/regression_lines.csv",
    "subgroups": "pooled/subgroups.csv",
    "multiverse": "pooled/multiverse.csv",
    "bayes": "bayes/estimates.csv",
    "shrinkage": "bayes/studies.csv",
    "priors": "bayes/sensitivity.csv",
    "prior_surface": "bayes/prior_surface.csv",
    "densities": "bayes/densities.csv",
    "probabilities": "bayes/probabilities.csv",
    "averaging": "bayes/averaging.csv",
    "averaged": "bayes/averaged.csv",
    "checks": "bayes/checks.csv",
    "judgements": "quality/judgements.csv",
    "certainty": "quality/certainty.csv",
    "findings": "quality/findings.csv",
    "informed": "quality/informed.csv",
    "risk_weights": "quality/risk_weights.csv",
    "claims": "claims/claims.csv",
    "stated": "claims/stated_published.csv",
    "prisma": "checked/prisma.csv",
    "pools": "checked/published_pools.csv",
    "moderators": "checked/moderators.csv",
    "outcomes": "checked/outcomes.csv",
    "studies": "checked/studies.csv",
    "sources": "checked/sources.csv",
    "screening": "checked/screening.csv",
}


def read_tables(results: Path) -> dict[str, pd.DataFrame]:
    """Read the tables that figures are drawn from.

    Parameters
    ----------
    results : pathlib.Path
        ``results/<review>``.
    """
    found = {}
    for name, file in TABLES.items():
        path = results / file
        # plain texts: a figure walks through its rows one by one, which columns of Arrow make slow
        found[name] = read_result(path).astype(object) if path.is_file() else pd.DataFrame()
    return found
