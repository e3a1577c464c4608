"""Time the pooling engine beside its peers, in one run.

Usage: python benchmarks/bench_pooling.py [--r] [--json FILE]. With --r, metafor is timed too (needs R with
metafor). Times are the best of several runs on one core; peers that are not installed are left out and named.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import tracemalloc

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402

R_SCRIPT = """
suppressMessages(library(metafor))
set.seed(1); m <- 60; k <- 10
v <- matrix(runif(m * k, 0.02, 0.3), m); y <- matrix(rnorm(m * k, 0, sqrt(v + 0.1)), m)
one <- function(i) {
  f <- rma(y[i, ], v[i, ], test = "knha", control = list(stepadj = 0.5, maxiter = 1000))
  confint(f); predict(f)
}
invisible(lapply(1:10, one))
t <- system.time(lapply(seq_len(m), one))[["elapsed"]] / m
cat(t)
"""


def best(call, times=5):
    """Return the shortest of several runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


def import_seconds():
    """Return the import time of evisynth.pooling in a fresh interpreter, best of three."""
    code = (
        "import time; t = time.perf_counter(); from evisynth import pooling; pooling.random_effects; "
        "print(time.perf_counter() - t)"
    )
    return min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3))


def ours(y, v):
    """Return the times of this engine."""
    from evisynth import pooling
    from evisynth.pooling.inputs import check_effects, to_batch
    from evisynth.pooling.tau2 import estimate_tau2

    def reml():
        for start in range(0, len(y), 2000):
            part = slice(start, start + 2000)
            estimate_tau2(to_batch(*check_effects(y[part], v[part])), "REML")

    rng = np.random.default_rng(13)
    v13 = rng.uniform(0.02, 0.3, 13)
    y13 = rng.normal(0, np.sqrt(v13 + 0.1))
    x13 = rng.normal(size=13)
    subsets = (np.arange(2**15)[:, None] >> np.arange(15)) & 1
    subsets = subsets[subsets.sum(axis=1) >= 2].astype(bool)
    v15 = rng.uniform(0.02, 0.3, 15)
    y15 = rng.normal(0, np.sqrt(v15 + 0.1))

    def gosh():
        pooling.random_effects(np.where(subsets, y15, np.nan), np.where(subsets, v15, np.nan), ci="wald")

    pooling.random_effects(y[:100], v[:100])
    return {
        "full fit, microseconds": 1e6 * best(lambda: pooling.random_effects(y, v)) / len(y),
        "REML alone, microseconds": 1e6 * best(reml) / len(y),
        "one fit of 13 studies, milliseconds": 1e3 * best(lambda: pooling.random_effects(y13, v13), 200),
        "all 32,752 subsets of 15 studies, seconds": best(gosh, 3),
        "permutation test of 1,000, seconds": best(
            lambda: pooling.permutation_test(y13, v13, x13, permutations=1000), 3
        ),
    }


def memory():
    """Return the peak of memory allocated for 100,000 meta-analyses of 10 studies, in megabytes, input not counted."""
    from evisynth import pooling

    rng = np.random.default_rng(2)
    v = rng.uniform(0.02, 0.3, (100_000, 10))
    y = rng.normal(0, np.sqrt(v + 0.1))
    tracemalloc.start()
    pooling.random_effects(y, v)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def pymare_reml(y, v):
    """Return PyMARE's two-dimensional REML in microseconds a fit, or None where it is not installed."""
    try:
        from pymare.estimators import VarianceBasedLikelihoodEstimator
    except ImportError:
        return None
    x = np.ones((y.shape[1], 1))
    fit = VarianceBasedLikelihoodEstimator(method="REML").fit
    return 1e6 * best(lambda: fit(y.T, v.T, x), 2) / len(y)


def metafor_fit():
    """Return metafor's rma + confint + predict in microseconds, or None without R."""
    try:
        done = subprocess.run(["Rscript", "-e", R_SCRIPT], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return 1e6 * float(done.stdout)


def main():
    """Run everything and print a table; write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--r", action="store_true", help="time metafor too")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    v = rng.uniform(0.02, 0.3, (10_000, 10))
    y = rng.normal(0, np.sqrt(v + 0.1))
    figures = {"import, seconds": import_seconds(), **ours(y, v), "100,000 x 10, megabytes": memory()}
    peer = pymare_reml(y, v)
    figures["PyMARE REML, microseconds"] = peer
    if peer:
        figures["REML: times faster than PyMARE"] = peer / figures["REML alone, microseconds"]
    if options.r:
        figures["metafor rma + confint + predict, microseconds"] = other = metafor_fit()
        if other:
            figures["full fit: times faster than metafor"] = other / figures["full fit, microseconds"]
    for name, value in figures.items():
        print(f"{name:50} {'not installed' if value is None else f'{value:12.4g}'}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
