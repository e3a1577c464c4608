"""Time the pooling engine beside metafor, where R has it, and beside PyMARE's REML of many analyses at once."""

import subprocess
import sys
import tracemalloc
from importlib.metadata import version

import numpy as np

from clock import best_of
from evisynth import pooling
from evisynth.pooling.inputs import check_effects, to_batch
from evisynth.pooling.tau2 import estimate_tau2

COUNT = 10_000
R_SCRIPT = """
suppressMessages(library(metafor))
set.seed(1); m <- 40; k <- 10
v <- matrix(runif(m * k, 0.02, 0.3), m); y <- matrix(rnorm(m * k, 0, sqrt(v + 0.1)), m)
one <- function(i) {
  f <- rma(y[i, ], v[i, ], test = "knha", control = list(stepadj = 0.5, maxiter = 1000))
  confint(f); predict(f)
}
best <- function(n, call, rounds = 3) min(replicate(rounds, system.time(call())[["elapsed"]])) / n
invisible(lapply(1:10, one))
full <- best(m, function() lapply(seq_len(m), one))
d <- read.csv(file("stdin"))
single <- best(20, function() for (i in 1:20) { f <- rma(yi, vi, data = d, test = "knha"); confint(f); predict(f) })
f <- rma(yi, vi, mods = ~x, data = d)
permutation <- best(1, function() permutest(f, iter = 100, progbar = FALSE), 2) * 10
cat(full, single, permutation, as.character(packageVersion("metafor")))
"""
IMPORT = (
    "import time; t = time.perf_counter(); from evisynth import pooling; pooling.random_effects; "
    "print(time.perf_counter() - t)"
)


def metafor(yi: np.ndarray, vi: np.ndarray, x: np.ndarray) -> tuple[list[float | None], str]:
    """Return metafor's seconds of a full fit of 10 and of these studies, of 1,000 permutations, and its version."""
    table = "yi,vi,x\n" + "".join(f"{a!r},{b!r},{c!r}\n" for a, b, c in zip(*map(list, (yi, vi, x)), strict=True))
    table = table.replace("np.float64(", "").replace(")", "")
    try:
        done = subprocess.run(["Rscript", "-e", R_SCRIPT], input=table, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return [None] * 3, ""
    *seconds, found = done.stdout.split()
    return [float(part) for part in seconds], f"metafor {found}"


def pymare(y: np.ndarray, v: np.ndarray) -> tuple[float | None, str]:
    """Return the seconds of PyMARE's two-dimensional REML, and its version."""
    try:
        from pymare.estimators import VarianceBasedLikelihoodEstimator
    except ImportError:
        return None, ""
    ones, yt, vt = np.ones((y.shape[1], 1)), y.T.copy(), v.T.copy()
    fit = VarianceBasedLikelihoodEstimator(method="REML").fit
    return best_of(lambda: fit(yt, vt, ones), repeats=2), f"PyMARE {version('pymare')}"


def analyses(count: int, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return simulated effects and variances."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.02, 0.3, (count, k))
    return rng.normal(0.0, np.sqrt(v + 0.1)), v


def reml(y: np.ndarray, v: np.ndarray) -> None:
    """Estimate tau2 alone, in parts that stay in the processor's cache."""
    for start in range(0, len(y), 2000):
        part = slice(start, start + 2000)
        estimate_tau2(to_batch(*check_effects(y[part], v[part])), "REML")


def peak_megabytes(y: np.ndarray, v: np.ndarray) -> float:
    """Return the peak of memory allocated for a full fit, input not counted."""
    tracemalloc.start()
    pooling.random_effects(y, v)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def rows() -> list[dict]:
    """Return what was timed; see README.md."""
    y, v = analyses(COUNT, 10, 1)
    (y13,), (v13,) = analyses(1, 13, 13)
    x13 = np.random.default_rng(14).normal(size=13)
    (full, single, permutation), r = metafor(y13, v13, x13)
    (many_y, many_v) = analyses(100_000, 10, 2)
    peer_reml, python = pymare(y, v)
    megabytes = peak_megabytes(many_y, many_v)
    starts = [float(subprocess.check_output([sys.executable, "-c", IMPORT])) for _ in range(3)]
    extras = "Hartung-Knapp, Q-profile, prediction interval"
    timed = [
        (
            f"{COUNT:,} x 10 studies: REML, {extras}", lambda: pooling.random_effects(y, v), r,
            full and full * COUNT, "metafor: rma + confint + predict on 40 of them, times their number",
        ),
        (f"{COUNT:,} x 10 studies: REML alone", lambda: reml(y, v), python, peer_reml, ""),
        (f"one analysis of 13 studies: REML, {extras}", lambda: pooling.random_effects(y13, v13), r, single, ""),
        (
            "permutation test of a moderator, 13 studies, 1,000 permutations",
            lambda: pooling.permutation_test(y13, v13, x13, permutations=1000), r, permutation,
            "metafor: permutest of 100, times 10",
        ),
    ]  # fmt: skip
    out = []
    for name, function, peer, seconds, note in timed:
        row: dict = {"name": name, "ours_seconds": best_of(function, repeats=10)}
        if seconds:
            row |= {"peer": peer, "peer_seconds": seconds}
        out.append(row | ({"note": note} if note else {}))
    many = {"name": f"100,000 x 10 studies: REML, {extras}", "note": f"peak of memory {megabytes:.0f} MB"}
    out.append(many | {"ours_seconds": best_of(lambda: pooling.random_effects(many_y, many_v), repeats=1)})
    out.append({"name": "import of evisynth.pooling, new process", "ours_seconds": min(starts)})
    return out
