"""All sampled fits of a review the size of the naltrexone one, cold, and whether two processes agree.

Twelve normal-normal and seven binomial-normal syntheses of 1 to 24 simulated studies, 4 chains on 2 cores, in
processes of their own with empty compilation caches, imports included.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time

NORMAL_K = (1, 1, 2, 2, 2, 3, 4, 4, 6, 10, 13, 19)
BINOMIAL_K = (1, 2, 2, 9, 10, 13, 24)


def simulated_problems():
    """Return normal and binomial problems with simulated studies."""
    import numpy as np

    from evisynth.bayes.sampled import BinomialProblem, NormalProblem

    rng = np.random.default_rng(1)
    normal, binomial = [], []
    for number, k in enumerate(NORMAL_K):
        vi = rng.uniform(0.02, 0.3, k)
        yi = rng.normal(-0.2, np.sqrt(vi + 0.04))
        names = [f"study {i}" for i in range(k)]
        normal.append(NormalProblem(f"normal {number}", names, yi, vi, "halfnormal:0.5", "normal:0,2"))
    for number, k in enumerate(BINOMIAL_K):
        n2i, n1i = rng.integers(20, 300, (2, k))
        baseline = rng.normal(0.0, 0.5, k)
        ci = rng.binomial(n2i, 1 / (1 + np.exp(-baseline)))
        ai = rng.binomial(n1i, 1 / (1 + np.exp(-baseline - rng.normal(-0.3, 0.3, k))))
        names = [f"study {i}" for i in range(k)]
        binomial.append(BinomialProblem(f"binomial {number}", names, ai, n1i, ci, n2i, "halfnormal:0.5"))
    return normal, binomial


def run_all() -> dict[str, object]:
    """Fit everything once; return seconds by part and a hash of all draws."""
    started = time.perf_counter()
    from evisynth.bayes import sampled

    digest, seconds, fits = hashlib.sha256(), {}, []
    normal, binomial = simulated_problems()
    for name, function, problems in (
        ("normal-normal", sampled.fit_normal, normal),
        ("binomial-normal", sampled.fit_binomial, binomial),
    ):
        batch = function(problems, sampled.SamplerSettings(cores=2))
        imports = ", with the imports" if not fits else ""
        seconds[f"{name}: compiling the model once{imports}"] = batch[0].compile_seconds
        seconds[f"{name}: {len(batch)} fits, sampled and diagnosed"] = sum(fit.seconds for fit in batch)
        fits += batch
    for fit in fits:
        for values in fit.posterior.data_vars.values():
            digest.update(values.values.tobytes())
    seconds["all sampled fits of a review (12 normal, 7 binomial), cold"] = time.perf_counter() - started
    passed = f"{sum(fit.passed for fit in fits)} of {len(fits)} passed their gates"
    return {"seconds": seconds, "draws": digest.hexdigest(), "passed": passed}


def run_cold() -> dict[str, object]:
    """Run everything in a new process with an empty compilation cache."""
    with tempfile.TemporaryDirectory() as cache:
        flags = ",".join(filter(None, [f"base_compiledir={cache}", os.environ.get("PYTENSOR_FLAGS")]))
        environment = os.environ | {"PYTENSOR_FLAGS": flags, "NUMBA_CACHE_DIR": cache}
        output = subprocess.run(
            [sys.executable, __file__, "--once"], env=environment, check=True, capture_output=True, text=True
        )
    return json.loads(output.stdout.splitlines()[-1])


def rows() -> list[dict]:
    first, second = run_cold(), run_cold()
    same = "the same draws in a second process" if first["draws"] == second["draws"] else "DRAWS DIFFER"
    table = []
    for name, seconds in first["seconds"].items():
        best = min(seconds, second["seconds"][name])
        note = f"{first['passed']}; {same}" if name.startswith("all") else ""
        table.append({"name": name, "ours_seconds": best, "note": note})
    return table


if __name__ == "__main__":
    print(json.dumps(run_all()) if "--once" in sys.argv else json.dumps(rows(), indent=1))
