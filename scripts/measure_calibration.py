"""Calibrate the exact Bayesian engine: one part of the simulations."""

from pathlib import Path

import numpy as np
import pandas as pd

from evisynth.bayes.calibration import interval_coverage, simulation_based_calibration
from evisynth.pooling.fit import random_effects
from evisynth.provenance.tables import to_csv
from harness import run


def main(inputs, outputs, params):
    """Write the table of this part."""
    frame = _ranks(params) if params["part"] == "ranks" else _coverage(params)
    text = to_csv(frame.columns, frame.itertuples(index=False, name=None))
    Path(outputs["table"]).write_text(text, encoding="utf-8", newline="")


def _ranks(params):
    frames = []
    for i, (k, tau_prior, mu_prior) in enumerate(params["settings"]):
        rng = np.random.default_rng([params["seed"], i])
        found = simulation_based_calibration(params["draws"], k, tau_prior, mu_prior, rng=rng)
        tests = found.to_frame().drop(columns=["n", "k", "tau_prior", "mu_prior"])
        frame = found.histogram().merge(tests, on="quantity", validate="many_to_one")
        frame.insert(0, "setting", f"k {k}; tau {tau_prior}; mu {mu_prior}")
        frames.append(frame.assign(n=found.n, error_bound=found.error_bound))
    return pd.concat(frames, ignore_index=True)


def _coverage(params):
    others = {
        name: lambda y, v, ci=ci: _limits(random_effects(y, v, ci=ci))
        for name, ci in (("Hartung-Knapp", "HKSJ"), ("Hartung-Knapp, max(1, q)", "HKSJ-safe"), ("Wald", "wald"))
    }
    frames = []
    for k in params["part"].split("-"):
        for i, tau_prior in enumerate(params["tau_priors"]):
            # the same data sets under every prior; the frequentist intervals are those of the first
            rng = np.random.default_rng([params["seed"], int(k)])
            frames.append(
                interval_coverage(
                    [int(k)],
                    params["tau"],
                    rng=rng,
                    n=params["replicates"],
                    tau_prior=tau_prior,
                    others=None if i else others,
                )
            )
    return pd.concat(frames, ignore_index=True)


def _limits(result):
    return result.ci_low, result.ci_high


if __name__ == "__main__":
    run(main, snakemake)
