"""Run snakemake in this folder, also after a run that was killed.

Usage: python tools/run_workflow.py [options of snakemake]

A killed snakemake leaves its lock behind and half-written outputs; the next one refuses to start until a
person unlocks the folder. Here the operating system holds the lock, and lets go of it however the process
ends: who gets it knows that no other run is going on, takes snakemake's stale lock away and has the
half-written outputs made again.
"""

import fcntl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SNAKEMAKE = (sys.executable, "-m", "snakemake")


def main(arguments: Sequence[str]) -> int:
    """Run snakemake with `arguments`; return its exit code, or 1 if another run is going on here."""
    folder = Path(".snakemake")
    folder.mkdir(exist_ok=True)
    with (folder / "evisynth.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another run is going on in this folder: wait until it has ended.", file=sys.stderr)
            return 1
        locks = folder / "locks"
        if locks.is_dir() and any(locks.iterdir()):
            print(
                "The last run did not end by itself: what it left unfinished is made again.", file=sys.stderr
            )
            unlocked = subprocess.run([*SNAKEMAKE, "--unlock"], capture_output=True, text=True)
            if unlocked.returncode != 0:
                print(unlocked.stdout + unlocked.stderr, file=sys.stderr)
                return unlocked.returncode
        try:
            return subprocess.run([*SNAKEMAKE, "--rerun-incomplete", *arguments]).returncode
        except KeyboardInterrupt:
            # snakemake has had the signal too and ends its jobs by itself.
            return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
