"""The flow of records through a review, counted from screening.csv."""

import pandas as pd

from evisynth.review.reading import Table

# box -> (words, decisions counted; None counts every record)
_BOXES = {
    "records_considered": ("records considered", None),
    "records_background": ("used as background only", ("background",)),
    "reports_not_retrieved": ("reports not retrieved", ("not retrieved",)),
    "records_excluded": ("excluded, with reasons", ("excluded",)),
    "studies_awaiting": ("awaiting results", ("awaiting results",)),
    "records_included": ("included", ("included",)),
}


def prisma_rows(screening: Table) -> pd.DataFrame:
    """Count the boxes of the flow.

    Parameters
    ----------
    screening : Table
        screening.csv; may be empty.

    Returns
    -------
    pandas.DataFrame
        Rows of ``checked/prisma.csv``: box, words, count, detail and the records counted.
    """
    text, keys = screening.text, pd.Series(screening.keys, dtype=str)
    rows = []
    for box, (words, decisions) in _BOXES.items():
        chosen = pd.Series(True, index=text.index) if decisions is None else text["decision"].isin(decisions)
        rows.append(_row(box, words, text[chosen], keys[chosen.to_numpy()]))
    for way in sorted(set(text["found_through"])):
        chosen = text["found_through"] == way
        rows.append(
            _row(
                f"found_{way.replace(' ', '_')}",
                f"found through {way}",
                text[chosen],
                keys[chosen.to_numpy()],
            )
        )
    included = text[(text["decision"] == "included") & (text["study_id"] != "")]
    rows.append(
        _row("studies_included", "studies included", included.drop_duplicates("study_id"), keys[included.index])
    )
    return pd.DataFrame(rows)


def _row(box: str, words: str, rows: pd.DataFrame, keys: pd.Series) -> dict:
    origin = ";".join(f"screening.csv:{key}" for key in keys) or "screening.csv"
    return {"box": box, "words": words, "count": len(rows), "from": origin}
