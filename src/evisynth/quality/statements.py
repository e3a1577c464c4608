"""A finding in words: size of the effect by certainty.

The cells follow the grid of GRADE guidance 26 and Cochrane's plain-language template as read in a secondary
copy; this program always writes "probably" for moderate certainty. The size comes from the point estimate
against stated thresholds, never from a p value, and nothing is called "no effect".
"""

from collections.abc import Sequence

SIZES = ("trivial", "small", "moderate", "large")
CERTAINTIES = ("High", "Moderate", "Low", "Very low")

_VERBS = {
    ("High", "large"): "results in a large {noun} in",
    ("High", "moderate"): "{verb}",
    ("High", "small"): "{verb}|slightly",
    ("High", "trivial"): "results in little to no difference in",
    ("Moderate", "large"): "probably results in a large {noun} in",
    ("Moderate", "moderate"): "probably {verb}",
    ("Moderate", "small"): "probably {verb}|slightly",
    ("Moderate", "trivial"): "probably results in little to no difference in",
    ("Low", "large"): "may result in a large {noun} in",
    ("Low", "moderate"): "may {stem}",
    ("Low", "small"): "may {stem}|slightly",
    ("Low", "trivial"): "may result in little to no difference in",
}
_WORDS = {
    "reduction": {"noun": "reduction", "verb": "reduces", "stem": "reduce"},
    "increase": {"noun": "increase", "verb": "increases", "stem": "increase"},
}


def size_of(estimate: float, null: float, thresholds: Sequence[float]) -> str:
    """Classify the size of an effect.

    Parameters
    ----------
    estimate : float
        Point estimate, on the scale of the thresholds; an absolute effect where there is one.
    null : float
        Value of no effect on that scale.
    thresholds : sequence of float
        Distances from the null, rising: either three (trivial to small, to moderate, to large), or one, the
        minimal important difference.

    Returns
    -------
    str
        ``trivial``, ``small``, ``moderate`` or ``large``. With one threshold an effect is ``trivial`` or
        ``moderate``, because nothing says how much more than important it is.

    Raises
    ------
    ValueError
        If there are not one or three thresholds, positive and rising.
    """
    marks = list(thresholds)
    if len(marks) not in (1, 3) or marks != sorted(set(marks)) or marks[0] <= 0:
        raise ValueError("give one threshold (the minimal important difference) or three, positive and rising")
    distance = abs(estimate - null)
    passed = sum(distance >= mark for mark in marks)
    return ("trivial", "moderate")[passed] if len(marks) == 1 else SIZES[passed]


def statement(
    size: str,
    certainty: str,
    direction: str,
    intervention: str,
    outcome: str,
    both_ways_large: bool = False,
) -> str:
    """Put a finding into words.

    Parameters
    ----------
    size : str
        ``trivial``, ``small``, ``moderate`` or ``large``; see `size_of`.
    certainty : str
        ``High``, ``Moderate``, ``Low`` or ``Very low``. Anything else (``not assessed``, ``at most Low``)
        gives a sentence that says that the certainty is not assessed and makes no claim.
    direction : str
        ``reduction`` or ``increase``.
    intervention, outcome : str
        Names, as they stand in a sentence.
    both_ways_large : bool
        The interval holds large effects in both directions; the wording is then that of very low certainty.

    Returns
    -------
    str
        One sentence with a full stop.

    Raises
    ------
    ValueError
        If the size or the direction is unknown.
    """
    if size not in SIZES:
        raise ValueError(f"the size is one of {', '.join(SIZES)}, not '{size}'")
    if direction not in _WORDS:
        raise ValueError(f"the direction is 'reduction' or 'increase', not '{direction}'")
    name = f"{intervention[:1].upper()}{intervention[1:]}"
    if certainty not in CERTAINTIES:
        return f"The certainty of the evidence on {intervention} and {outcome} is not settled ({certainty})."
    if certainty == "Very low" or both_ways_large:
        if size in ("large", "moderate") or both_ways_large:
            return f"The evidence is very uncertain about the effect of {intervention} on {outcome}."
        if size == "trivial":
            return f"{name} may have little to no effect on {outcome}, but the evidence is very uncertain."
        return f"{name} may {_WORDS[direction]['stem']} {outcome}, but the evidence is very uncertain."
    verb, _, tail = _VERBS[(certainty, size)].partition("|")
    return f"{name} {verb.format(**_WORDS[direction])} {outcome}{' ' + tail if tail else ''}."
