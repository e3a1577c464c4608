"""What others have pooled, as rows of a forest plot that stand beside its own analysis."""

from collections import Counter

import pandas as pd

from evisynth.effects.measures import MEASURES
from evisynth.figures.frames import chosen, rows_of, text, value

_DIRECTION = "direction only"
_MOST_LETTERS = 32  # of words that take the place of an estimate
_TURNED = ("MD", "SMD")


def scale_of(synthesis, pools: pd.DataFrame | None) -> str:
    """Return the measure that a table without one of its own can draw: the commonest among the pools beside it.

    Parameters
    ----------
    synthesis : evisynth.review.plan.Synthesis
        The synthesis.
    pools : pandas.DataFrame, optional
        ``published_pools.csv`` (checked).

    Returns
    -------
    str
        A ratio such as ``RR``; blank where there is none, for differences of several outcomes share no scale.
    """
    counts = Counter(text(row, "measure") for row in _pools(synthesis, pools))
    ratios = {name: count for name, count in counts.items() if name in MEASURES and MEASURES[name].is_log}
    return max(ratios, key=ratios.get, default="")


def beside_rows(synthesis, measure: str, pools: pd.DataFrame | None, benefit: str) -> list[dict]:
    """Collect the rows.

    Parameters
    ----------
    synthesis : evisynth.review.plan.Synthesis
        The synthesis; ``beside`` names the pools.
    measure : str
        The measure of the axis. Pools of another measure are written out, not drawn.
    pools : pandas.DataFrame, optional
        ``published_pools.csv`` (checked).
    benefit : str
        ``lower`` or ``higher``; where more is better, differences are turned like those of the synthesis.
    """
    found = _pools(synthesis, pools)
    labels = [_label(synthesis, row) for row in found]
    return [
        _row(row, _told_apart(row, labels, label), measure, benefit) for row, label in zip(found, labels, strict=True)
    ]


def _pools(synthesis, pools: pd.DataFrame | None) -> list[dict]:
    return [row for name in synthesis.beside for row in rows_of(chosen(pools, pool_id=name))]


def _row(row: dict, label: str, measure: str, benefit: str) -> dict:
    same = text(row, "measure") == measure
    turn = same and measure in _TURNED and benefit == "higher"
    estimate, low, high = (value(row, column) for column in ("value", "ci_low", "ci_high"))
    if turn:
        estimate, low, high = -estimate, -high, -low
    parts = (
        "" if same else _other_measure(row),
        text(row, "comparison"),
        text(row, "model"),
        "sign turned" if turn else "",
    )
    return {
        "row": f"beside:{text(row, 'pool_id')}",
        "block": "beside",
        "label": label,
        "words": "; ".join(part for part in parts if part),
        "status": text(row, "status") if same else "other measure",
        "unconfirmed": "yes" if _unconfirmed(row) else "no",
        "k": value(row, "k"),
        "n": value(row, "n"),
        "level": value(row, "ci_level"),
        "natural_estimate": estimate,
        "natural_ci_low": low,
        "natural_ci_high": high,
        "i2": value(row, "i2"),
        "from": f"published_pools.csv:{text(row, 'pool_id')}",
    }


def _unconfirmed(row: dict) -> bool:
    """Whether nobody could confirm the estimate, or a limit of its interval."""
    cells = text(row, "unconfirmed_fields").split(";")
    return text(row, "status") == "unconfirmed" or bool(
        {"value", "ci_low", "ci_high"} & {cell.strip() for cell in cells}
    )


def _other_measure(row: dict) -> str:
    """Return the measure, or what is known of a pool without a figure where that is short enough to stand for one."""
    if text(row, "measure") != _DIRECTION:
        return text(row, "measure")
    known = text(row, "note").split(";")[0]
    return known if 0 < len(known) <= _MOST_LETTERS else "no figure"


def _label(synthesis, row: dict) -> str:
    if synthesis.measure or not text(row, "outcome"):
        return text(row, "label")
    outcome = text(row, "outcome")
    return f"{outcome[:1].upper()}{outcome[1:]}, {text(row, 'label')}"


def _told_apart(row: dict, labels: list[str], label: str) -> str:
    if labels.count(label) < 2:
        return label
    return f"{label}, {text(row, 'comparison').split(' against ')[0].split(' v ')[0].rstrip(',')}"
