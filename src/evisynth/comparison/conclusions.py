"""What a reader would say of a row: on which side it lies, whether its interval holds no effect, how sure one is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from evisynth.comparison.moves import number
from evisynth.comparison.sheets import Sheet
from evisynth.effects.measures import find_measure

Rows = Mapping[str, Mapping[str, str]]
ESTIMATES = (
    "pooled/estimates.csv",
    "bayes/estimates.csv",
    "pooled/sensitivity.csv",
    "bayes/sensitivity.csv",
    "bias/selection.csv",
    "pooled/subgroups.csv",
    "bayes/adjusted.csv",
    "quality/informed.csv",
)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A conclusion that changed.

    Attributes
    ----------
    table, key : str
        The row it is drawn from.
    what : str
        Which question it answers: ``answer``, ``side``, ``interval``, ``prediction interval``, ``importance``,
        ``certainty``, ``verdict of a claim``, ``integrity`` or ``risk of bias``.
    old, new : str
        The answer before and now.
    headline : bool
        Whether the row is the one that is quoted first.
    """

    table: str
    key: str
    what: str
    old: str
    new: str
    headline: bool = False


def conclusions_of(table: str, old: Sheet, new: Sheet, importance: Mapping[str, float]) -> Iterator[Conclusion]:
    """Yield the conclusions that changed from one version of a table to the other.

    Parameters
    ----------
    table : str
        Its name.
    old, new : Sheet
        The versions.
    importance : mapping of str to float
        The minimal important difference by synthesis, where the plan states one.
    """
    answers = _answers(table, importance)
    for key, row in old.rows.items() if answers else ():
        if key not in new.rows:
            continue
        before, after = answers(row), answers(new.rows[key])
        for what in before:
            if what in after and before[what] != after[what]:
                headline = "yes" in (row.get("headline"), new.rows[key].get("headline"))
                yield Conclusion(table, key, what, before[what], after[what], headline)


def _answers(table: str, importance: Mapping[str, float]) -> Callable[[Mapping[str, str]], dict[str, str]] | None:
    if table in ESTIMATES:
        return lambda row: dict(_estimate(row, importance))
    return _JUDGED.get(table)


def _estimate(row: Mapping[str, str], importance: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Yield what an estimate says, on the analysis scale; a value of None is no answer."""
    if row.get("status"):
        yield "answer", row["status"]
    try:
        null = find_measure(row.get("measure", "")).null
    except ValueError:
        return
    estimate = number(row.get("estimate", ""))
    if null is None or estimate is None:
        return
    yield "side", "below no effect" if estimate < null else "above no effect" if estimate > null else "no effect"
    for words, stem in (("interval", "ci"), ("prediction interval", "pi")):
        low, high = number(row.get(f"{stem}_low", "")), number(row.get(f"{stem}_high", ""))
        if low is not None and high is not None:
            yield words, "includes no effect" if low <= null <= high else "excludes no effect"
    mid = importance.get(row.get("synthesis", ""))
    if mid is not None:
        yield from _important(row, mid)


def _important(row: Mapping[str, str], mid: float) -> Iterator[tuple[str, str]]:
    # The plan states the difference on the scale of the analysis: a logarithm for ratios.
    estimate, low, high = (number(row.get(name, "")) for name in ("estimate", "ci_low", "ci_high"))
    if estimate is None or low is None or high is None:
        return
    lower, upper = -abs(mid), abs(mid)
    if low >= upper or high <= lower:
        said = "whole interval at or beyond the minimal important difference"
    elif estimate >= upper or estimate <= lower:
        said = "estimate at or beyond the minimal important difference, its interval reaches within"
    elif low > lower and high < upper:
        said = "whole interval within the minimal important difference"
    else:
        said = "estimate within the minimal important difference, its interval reaches beyond"
    yield "importance", said


def _of(what: str, column: str, only: Mapping[str, str] | None = None):
    def answers(row: Mapping[str, str]) -> dict[str, str]:
        chosen = all(row.get(name) == value for name, value in (only or {}).items())
        return {what: row[column]} if chosen and row.get(column) else {}

    return answers


_JUDGED = {
    "quality/certainty.csv": _of("certainty", "final", {"domain": "certainty"}),
    "quality/judgements.csv": _of("risk of bias", "final", {"domain": "overall"}),
    "quality/integrity.csv": _of("integrity", "verdict"),
    "claims/claims.csv": _of("verdict of a claim", "verdict"),
}


def importance_of(plans: Iterable[Mapping]) -> dict[str, float]:
    """Return the minimal important differences of some plans, on the scale of the analysis; later plans win."""
    found: dict[str, float] = {}
    for plan in plans:
        for synthesis in plan.get("syntheses", ()):
            value = (synthesis.get("minimal_important_difference") or {}).get("value")
            if value is not None:
                found[synthesis["id"]] = float(value)
    return found
