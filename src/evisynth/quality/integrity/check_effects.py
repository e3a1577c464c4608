"""Effects of a size that treatments seldom have."""

from collections.abc import Iterator
from statistics import median

from evisynth.quality.integrity.facts import Facts, Row
from evisynth.quality.integrity.findings import CONSISTENT, POSSIBLE, Finding

# Conventions: a standardised difference, a ratio, and a distance from the middle of the other studies beyond which a
# figure is to be looked at again. 3.5 robust standard deviations: Iglewicz and Hoaglin 1993.
LARGEST_SMD, LARGEST_RATIO, OUTLYING, APART = 1.5, 10.0, 3.5, 1.0
_RATIOS = ("OR", "RR", "HR", "IRR")


def check_effects(facts: Facts) -> Iterator[Finding]:
    """Check the size of standardised differences and ratios in contrasts.csv."""
    groups: dict[tuple, list[Row]] = {}
    for row in facts.rows("contrasts"):
        if row["value"] and row["statistic"] in ("SMD", *_RATIOS):
            groups.setdefault((row["outcome_id"], row["variant"], row["statistic"]), []).append(row)
    for group in groups.values():
        values = [row.number("value") for row in group]
        for row in group:
            yield _size(row, values)


def _size(row: Row, values: list[float]) -> Finding:
    value = row.number("value")
    reasons = []
    if row["statistic"] == "SMD":
        expected = f"at most {LARGEST_SMD:g} either way"
        if abs(value) > LARGEST_SMD:
            reasons.append(f"beyond {LARGEST_SMD:g} standard deviations")
        if len(values) >= 5:
            middle = median(values)
            spread = 1.4826 * median(abs(other - middle) for other in values)
            away = abs(value - middle)
            if away > APART and away > OUTLYING * spread:
                reasons.append(f"{away:.2f} from {middle:.2f}, the middle of {len(values)} studies")
    else:
        expected = f"between {1 / LARGEST_RATIO:g} and {LARGEST_RATIO:g}"
        if value <= 0 or not 1 / LARGEST_RATIO <= value <= LARGEST_RATIO:
            reasons.append(f"a ratio beyond {LARGEST_RATIO:g}-fold")
    what = f"size of {row['statistic']} {row['value']}" + (f": {'; '.join(reasons)}" if reasons else "")
    assumption = "so large an effect is real; else a standard error taken for a standard deviation, or a misreading"
    return Finding(
        "implausible_effect", row, what, f"{row['statistic']} {row['value']}", expected, row["value"],
        POSSIBLE if reasons else CONSISTENT, assumption if reasons else "",
    )  # fmt: skip
