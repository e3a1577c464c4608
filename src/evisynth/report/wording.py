"""Sentences about an estimate: which side it lies on, what its interval allows, how certain it is.

Nothing here holds a number, and nothing is ever called 'no effect'.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from evisynth.effects.measures import find_measure

_TURNED = ("MD", "SMD")


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a comparison, and which values favour the first.

    Attributes
    ----------
    treatment, comparator : str
        Names in words.
    benefit : str
        ``lower`` or ``higher``: which values of the measure are better.
    """

    treatment: str
    comparator: str
    benefit: str


def sides_of(entry: Mapping, plan: Mapping, outcomes: Mapping[str, Mapping[str, str]]) -> Sides:
    """Return the sides of a synthesis of the plan.

    Parameters
    ----------
    entry : mapping
        The synthesis.
    plan : mapping
        The whole plan, for the names of treatments.
    outcomes : mapping
        Rows of outcomes.csv by outcome.
    """
    names = {item["id"]: item["name"] for item in plan.get("treatments", ())}
    benefit = outcomes.get(entry.get("outcome") or "", {}).get("benefit") or "lower"
    # Differences were turned when they were computed: negative favours the treatment.
    benefit = "lower" if entry.get("measure") in _TURNED else benefit
    one, two = (entry.get(name) or "" for name in ("treatment", "comparator"))
    return Sides(names.get(one, one) or "treatment", names.get(two, two) or "comparison", benefit)


def turned(measure: str, better: str) -> bool:
    """Return whether differences were turned when they were computed, so that below zero favours the treatment.

    Parameters
    ----------
    measure : str
        The measure.
    better : str
        Which values of the outcome are better: ``lower`` or ``higher``.
    """
    return measure in _TURNED and better == "higher"


def side_of(row: Mapping[str, str], sides: Sides) -> str:
    """Return which side a whole interval lies on: ``treatment``, ``comparator``, ``either`` or ``none``.

    Parameters
    ----------
    row : mapping of str to str
        A row of estimates, on the scale that readers see.
    sides : Sides
        The comparison.

    Returns
    -------
    str
        ``either`` where the interval includes no difference; ``none`` where there is no interval.
    """
    if not row.get("natural_ci_low") or not row.get("natural_ci_high"):
        return "none"
    null = find_measure(row["measure"]).natural_null
    low, high = float(row["natural_ci_low"]), float(row["natural_ci_high"])
    if low <= null <= high:
        return "either"
    return "treatment" if (high < null) == (sides.benefit == "lower") else "comparator"


def finding(row: Mapping[str, str], sides: Sides, certainty: str) -> str:
    """Return what a headline estimate says, in words fit for its certainty.

    Parameters
    ----------
    row : mapping of str to str
        The headline row.
    sides : Sides
        The comparison.
    certainty : str
        ``High``, ``Moderate``, ``Low``, ``Very low``, ``at most ...`` or ``not assessed``.
    """
    side, one = side_of(row, sides), row.get("k") == "1"
    who = "The one trial" if one else "The trials"
    first, second = sides.treatment, sides.comparator
    if side == "none":
        return "No estimate is shown."
    if side == "either":
        return (
            f"{who} did not detect a difference between {first} and {second}; the interval leaves room for a "
            "difference in either direction."
        )
    better, worse = (first, second) if side == "treatment" else (second, first)
    return f"{_lead(better, worse, certainty)} The whole interval lies on the side of {better}."


def _lead(better: str, worse: str, certainty: str) -> str:
    level = certainty.removeprefix("at most ").lower()
    name = better[:1].upper() + better[1:]
    if level == "very low":
        return f"Whether {better} does better than {worse} is very uncertain, though the estimate favours it."
    verb = {"high": "does", "moderate": "probably does", "low": "may do"}.get(level)
    if verb is None:
        return f"The estimate favours {better} over {worse}; the certainty of that has not been assessed."
    if certainty.startswith("at most"):
        return f"{name} {verb} better than {worse}, if nothing in what nobody has judged yet speaks against it."
    return f"{name} {verb} better than {worse}."


_LEVELS = ("very low", "low", "moderate", "high")


def certainty_marks(certainty: str) -> str:
    """Return a certainty as GRADE draws it, ``⊕⊕⊝⊝`` for low; blank where nobody has judged it, or not all of it.

    Parameters
    ----------
    certainty : str
        See :func:`finding`; an upper bound has no marks, for they would say more than was judged.
    """
    level = certainty.lower()
    if level not in _LEVELS:
        return ""
    full = _LEVELS.index(level) + 1
    return "⊕" * full + "⊝" * (len(_LEVELS) - full)


def certainty_words(certainty: str) -> str:
    """Return how a certainty is to be read."""
    level = certainty.removeprefix("at most ").lower()
    meaning = {
        "high": "the true effect is very likely close to the estimate",
        "moderate": "the true effect is probably close to the estimate, but may be substantially different",
        "low": "the true effect may be substantially different from the estimate",
        "very low": "the true effect is likely to be substantially different from the estimate",
    }.get(level, "nobody has judged how far this evidence can be trusted")
    if certainty.startswith("at most"):
        return f"not fully assessed; as far as it has been judged, {meaning}"
    return meaning
