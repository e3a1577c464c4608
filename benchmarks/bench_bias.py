"""Time subsets, influence and the selection model, beside metafor where R has it."""

import subprocess

import numpy as np

from clock import best_of
from evisynth import bias

R_SCRIPT = """
suppressMessages(library(metafor))
d <- read.csv(file("stdin"))
f <- rma(yi, vi, data = d)
seconds <- function(call, n) system.time(for (i in 1:n) call())[["elapsed"]] / n
set.seed(1)
cat(seconds(function() gosh(f, subsets = 500, progbar = FALSE), 1) / 500,
    seconds(function() influence(f), 3),
    seconds(function() selmodel(f, type = "stepfun", steps = 0.025), 3),
    seconds(function() trimfill(f), 3))
"""


def studies() -> tuple[np.ndarray, np.ndarray]:
    """Return 15 simulated studies."""
    rng = np.random.default_rng(15)
    vi = rng.uniform(0.02, 0.3, 15)
    return rng.normal(0.4, np.sqrt(vi + 0.1)), vi


def metafor(yi: np.ndarray, vi: np.ndarray) -> list[float | None]:
    """Return seconds of one subset, influence, selmodel and trimfill; None where R or metafor is missing."""
    table = "yi,vi\n" + "".join(f"{y!r},{v!r}\n" for y, v in zip(yi.tolist(), vi.tolist(), strict=True))
    try:
        done = subprocess.run(["Rscript", "-e", R_SCRIPT], input=table, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return [None] * 4
    return [float(x) for x in done.stdout.split()]


def rows() -> list[dict]:
    yi, vi = studies()
    subset, case, selection, trim = metafor(yi, vi)
    count = 2**15 - 15 - 1
    timed = [
        (
            "all 32 752 subsets of 15 studies, REML", lambda: bias.gosh(yi, vi), subset and subset * count,
            "metafor timed on 500 random subsets, times their number",
        ),
        ("influence of 15 studies, REML", lambda: bias.influence(yi, vi), case, ""),
        (
            "three-parameter selection model, 15 studies", lambda: bias.selection_model(yi, vi), selection,
            "ours climbs from 16 starts, metafor's from one",
        ),
        ("trim and fill (L0), 15 studies, REML", lambda: bias.trim_and_fill(yi, vi), trim, ""),
    ]  # fmt: skip
    out = []
    for name, function, peer, note in timed:
        row: dict = {"name": name, "ours_seconds": best_of(function, repeats=3)}
        if peer:
            row |= {"peer": "metafor", "peer_seconds": peer}
        out.append(row | ({"note": note} if note else {}))
    return out
