"""Run snakemake in this folder, also after a run that was killed.

Usage: python tools/run_workflow.py [options of snakemake]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from evisynth.intake.running import AnotherRun, run_snakemake


def main() -> int:
    """Run snakemake with the words of the command line; return its exit code, or 1 if another run is going on."""
    try:
        return run_snakemake(sys.argv[1:])
    except AnotherRun as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
