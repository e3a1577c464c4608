"""Write tests/golden from results/: the tables that continuous integration compares a rebuild with."""

import csv
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEY, INTERVAL = ("synthesis", "measure"), ("k", "estimate", "ci_low", "ci_high")
COLUMNS = {
    "effects/effects.csv": ("synthesis", "measure", "study_id", "yi", "vi", "status"),
    "pooled/estimates.csv": (
        *("synthesis", "measure", "method", "status", "k", "n", "estimate", "se", "ci_low", "ci_high"),
        *("pi_low", "pi_high", "tau2", "tau2_ci_low", "tau2_ci_high", "i2", "q"),
    ),
    "bayes/estimates.csv": (
        *("synthesis", "measure", "method", "status", "k", "estimate", "ci_low", "ci_high", "sd", "tau"),
        *("p_benefit", "gate", "ess_tail_min"),
    ),
    "bayes/adjusted.csv": (*KEY, "method", "prior", "status", *INTERVAL),
    "bayes/averaged.csv": (*KEY, "component", "status", "bayes_factor", *INTERVAL),
    "pooled/regression.csv": (*KEY, "moderator", "term", "status", *INTERVAL, "tau2", "r2"),
    "pooled/subgroups.csv": (*KEY, "subgroup", "level", "status", *INTERVAL, "tau2", "q_between_p"),
    "pooled/multiverse_summary.csv": (
        *("synthesis", "paths", "favour_treatment", "exclude_null"),
        *("natural_planned", "natural_median", "natural_lowest", "natural_highest"),
    ),
    "quality/informed.csv": (*KEY, "analysis", "status", *INTERVAL),
    "quality/judgements.csv": ("study_id", "outcome_id", "tool", "aim", "domain", "proposed", "final"),
    "quality/certainty.csv": ("synthesis", "domain", "proposed", "final"),
    "claims/claims.csv": ("claim_id", "stated_value", "published_value", "verdict"),
    "checked/prisma.csv": ("box", "count"),
}


def main() -> None:
    """Write the files of every review that is there."""
    for review in ("naltrexone", "bcg"):
        for table, columns in COLUMNS.items():
            source = ROOT / "results" / review / table
            with source.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            target = ROOT / "tests" / "golden" / review / table.replace("/", "_", 1)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    main()
