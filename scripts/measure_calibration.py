"""Calibrate the exact Bayesian engine: the cells of one part of the grid."""

from itertools import product
from pathlib import Path

import numpy as np

from evisynth.bayes.calibration import interval_coverage, simulation_based_calibration
from evisynth.corpus.grids import part_of_grid, table_of_cells
from evisynth.pooling.fit import random_effects
from evisynth.provenance.tables import to_csv
from harness import run


def main(inputs, outputs, params):
    """Write the tables of this part: ranks of the truth, and coverage of intervals."""
    ranks = [("ranks", i) for i in range(len(params["settings"]))]
    coverage = [("coverage", cell) for cell in product(params["k"], range(len(params["tau_priors"])))]
    fits = {"ranks": params["draws"], "coverage": params["replicates"] * len(params["tau"])}
    mine = part_of_grid([*ranks, *coverage], lambda cell: fits[cell[0]], params["part"])
    for kind, simulated in (("ranks", _ranks), ("coverage", _coverage)):
        frame = table_of_cells((number, simulated(params, cell)) for number, (name, cell) in mine if name == kind)
        text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
        Path(outputs[kind]).write_text(text, encoding="utf-8", newline="")


def _ranks(params, i):
    k, tau_prior, mu_prior = params["settings"][i]
    rng = np.random.default_rng([params["seed"], i])
    found = simulation_based_calibration(params["draws"], k, tau_prior, mu_prior, rng=rng)
    tests = found.to_frame().drop(columns=["n", "k", "tau_prior", "mu_prior"])
    frame = found.histogram().merge(tests, on="quantity", validate="many_to_one")
    frame.insert(0, "setting", f"k {k}; tau {tau_prior}; mu {mu_prior}")
    return frame.assign(n=found.n, error_bound=found.error_bound)


def _coverage(params, cell):
    k, prior = cell
    others = {
        name: lambda y, v, ci=ci: _limits(random_effects(y, v, ci=ci))
        for name, ci in (("Hartung-Knapp", "HKSJ"), ("Hartung-Knapp, max(1, q)", "HKSJ-safe"), ("Wald", "wald"))
    }
    # the same data sets under every prior; the frequentist intervals are those of the first
    return interval_coverage(
        [k],
        params["tau"],
        rng=np.random.default_rng([params["seed"], k]),
        n=params["replicates"],
        tau_prior=params["tau_priors"][prior],
        others=None if prior else others,
    )


def _limits(result):
    return result.ci_low, result.ci_high


if __name__ == "__main__":
    run(main, snakemake)
