"""Put the simulated coverage of docs/coverage/frequentist_intervals.csv into the package, for the report's methods.

Usage: python tools/pack_coverage.py, after `snakemake coverage`. tests/pooling/test_coverage_words.py compares both.
"""

import csv
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from evisynth.pooling.coverage_words import COLUMNS, PACKAGED  # noqa: E402


def main() -> None:
    """Write the columns that the sentences need."""
    source = ROOT / "docs" / "coverage" / "frequentist_intervals.csv"
    target = ROOT / "src" / "evisynth" / "pooling" / PACKAGED
    with source.open(encoding="utf-8", newline="") as read, target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(csv.DictReader(read))


if __name__ == "__main__":
    main()
