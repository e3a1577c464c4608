"""Where documents contradict each other, or themselves."""

from itertools import combinations

import pandas as pd

from evisynth.claims.layout import CONFLICT_COLUMNS
from evisynth.claims.numbers import number_of
from evisynth.claims.words import plain_word
from evisynth.provenance.tables import join_from

# A study can be randomised and a crossover: words of design add up, they do not exclude each other.
_COMPATIBLE = ("design", "existence of studies")


def topic_of(claim_id: str) -> str:
    """Return what a claim is about, as its id says: the part after the first ``_``.

    Parameters
    ----------
    claim_id : str
        ``a22_dose_low``: the group in front, then the topic, which is spelt alike in every document.
    """
    return claim_id.partition("_")[2]


def conflicts_of(claims: pd.DataFrame) -> pd.DataFrame:
    """List the pairs of claims that state different values of the same thing.

    Two claims are about the same thing where they have the same attribute and are compared with the same
    published cells, or where they have the same attribute, condition and study and the same topic in their
    id. Words of design and of what exists are left out: they do not exclude each other.

    Parameters
    ----------
    claims : pandas.DataFrame
        From `evisynth.claims.auditing.audit`.

    Returns
    -------
    pandas.DataFrame
        Columns `CONFLICT_COLUMNS`. ``within`` is yes where one document contradicts itself; ``borne_out``
        names the claim that is supported where the other one is not, blank where neither or both are.
    """
    rows = []
    stated = claims[claims["stated_value"] != ""]
    for first, second in combinations(stated.to_dict("records"), 2):
        if _same_thing(first, second) and not _same_value(first["stated_value"], second["stated_value"]):
            rows.append(_row(first, second))
    return pd.DataFrame(rows, columns=list(CONFLICT_COLUMNS))


def _same_thing(first: dict, second: dict) -> bool:
    if first["attribute"] != second["attribute"] or first["attribute"] in _COMPATIBLE:
        return False
    if first["published_ref"] and first["published_ref"] == second["published_ref"]:
        return True
    names = ("condition", "study_id")
    topics = {topic_of(one["claim_id"]) for one in (first, second)}
    return len(topics) == 1 and topics != {""} and all(first[name] == second[name] for name in names)


def _same_value(first: str, second: str) -> bool:
    numbers = number_of(first), number_of(second)
    if None in numbers:
        return plain_word(first) == plain_word(second)
    return numbers[0] == numbers[1]


def _row(first: dict, second: dict) -> dict:
    pair = (first, second)
    supported = [one["claim_id"] for one in pair if one["verdict"] == "supported"]
    same_cells = first["published_ref"] == second["published_ref"]
    numbered = {
        f"{name}_{place}": one[column]
        for place, one in enumerate(pair, 1)
        for name, column in (
            ("claim", "claim_id"),
            ("source", "source_id"),
            ("locator", "locator"),
            ("stated", "stated_value"),
            ("verdict", "verdict"),
        )
    }
    return {
        **numbered,
        "condition": first["condition"],
        "attribute": first["attribute"],
        "within": first["source_id"] == second["source_id"],
        "published_value": first["published_value"] if same_cells else "",
        "published_ref": first["published_ref"] if same_cells else "",
        "borne_out": supported[0] if len(supported) == 1 else "",
        "from": join_from(f"claims/claims.csv:{one['claim_id']}" for one in pair),
    }
