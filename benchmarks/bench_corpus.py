"""Time a corpus of meta-analyses from table to report, and its memory.

Usage: python benchmarks/bench_corpus.py [--sizes 1000 10000 100000] [--cores 2] [--bayes stated|all|none] [--json FILE]

The corpus is `evisynth.corpus.generate`: 2 to 30 studies, tau2 and sizes as in Cochrane's reviews. Each size is timed
once, as a command of its own: start of Python, reading, analysis, gathering and report. "stated" fits the stated prior
only, "all" the two it is compared with as well. `make bench` times 20,000 analyses.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

_RUN = """
import sys
from pathlib import Path
from evisynth.corpus import CorpusSettings, run_corpus
if __name__ == "__main__":
    table, cores, bayes = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    others = {} if bayes == "all" else {"other_tau_priors": ()}
    run_corpus(Path(table), Path("out"), CorpusSettings(bayes=bayes != "none", **others), cores=cores)
"""


def measure(m: int, cores: int, bayes: str) -> dict[str, float]:
    """Return seconds, and the largest memory of all processes together in megabytes, of one run."""
    from evisynth.corpus import generate

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(m).to_parquet(folder / "t.parquet")
        (folder / "run.py").write_text(_RUN, encoding="utf-8")
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        start, before = time.perf_counter(), os.times()
        words = [sys.executable, "run.py", "t.parquet", str(cores), bayes]
        process = subprocess.Popen(words, cwd=folder, env={**os.environ, **threads})
        peak = [0.0]
        watch = threading.Thread(target=_watch, args=(process, peak))
        watch.start()
        if process.wait() != 0:
            raise RuntimeError(f"the run of {m} analyses failed")
        watch.join()
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        return {"seconds": time.perf_counter() - start, "processor_seconds": used, "megabytes": peak[0]}


def _watch(process: subprocess.Popen, peak: list[float]) -> None:
    """Follow the memory of a process and its children, where the system tells it (Linux)."""
    while process.poll() is None:
        peak[0] = max(peak[0], sum(_resident(pid) for pid in _family(process.pid)))
        time.sleep(0.2)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _family(int(child)))]


def _resident(pid: int) -> float:
    try:
        # Pss counts a page that processes share once
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def rows() -> list[dict]:
    found = []
    for bayes, words in (("none", "frequentist"), ("stated", "with the exact posterior")):
        one = measure(20_000, 2, bayes)
        note = f"table to report, 2 processes, {one['megabytes']:.0f} MB; timed once"
        found.append({"name": f"corpus of 20,000, {words}", "ours_seconds": one["seconds"], "note": note})
    return found


def main() -> None:
    """Measure the sizes that are asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--bayes", choices=("stated", "all", "none"), default="stated")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    found = {}
    print(f"{'analyses':>10} {'seconds':>10} {'processor s':>12} {'MB':>8}")
    for m in options.sizes:
        one = found[m] = measure(m, options.cores, options.bayes)
        print(f"{m:10d} {one['seconds']:10.1f} {one['processor_seconds']:12.1f} {one['megabytes']:8.0f}", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
