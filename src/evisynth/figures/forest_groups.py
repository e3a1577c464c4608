"""Subgroups in a forest plot: studies under the head of their group, each group's diamond, the test between groups."""

from collections.abc import Mapping

import pandas as pd

from evisynth.figures.forest_frame import COLUMNS, HETEROGENEITY, METHODS, NATURAL
from evisynth.figures.frames import chosen, framed, rows_of, text, value

UNKNOWN = "not known"


def grouped_frame(
    frame: pd.DataFrame, subgroups: pd.DataFrame, moderators: pd.DataFrame, subgroup: str
) -> pd.DataFrame:
    """Group the studies of a forest plot.

    Parameters
    ----------
    frame : pandas.DataFrame
        What :func:`evisynth.figures.forest_frame.forest_frame` gives.
    subgroups : pandas.DataFrame
        ``pooled/subgroups.csv``.
    moderators : pandas.DataFrame
        ``moderators.csv`` (checked): study_id, moderator, value.
    subgroup : str
        The moderator that makes the groups.

    Returns
    -------
    pandas.DataFrame
        The studies in the order of the groups, each followed by its row of ``block`` ``subgroup``; then the headline
        and the row of ``block`` ``between``, whose q, q_df and q_p are those of the test for subgroup differences.
        Nothing where the table has no such subgroup.
    """
    rows = rows_of(frame)
    key = {name: text(rows[0], name) for name in ("synthesis", "measure")} if rows else {}
    pooled = rows_of(chosen(subgroups, **key, subgroup=subgroup)) if rows else []
    if not pooled or all(text(row, "status") == "empty" for row in pooled):
        return framed([], COLUMNS)
    level = {text(row, "study_id"): text(row, "value") for row in rows_of(chosen(moderators, moderator=subgroup))}
    studies = [row for row in rows if text(row, "block") == "study"]
    figure = {name: rows[0][name] for name in COLUMNS[COLUMNS.index("synthesis") : -1]}
    figure["title"] = f"{text(rows[0], 'title')}: by {subgroup.replace('_', ' ')}"
    found: list[dict] = []
    for row in pooled:
        name = text(row, "level")
        members = [study for study in studies if level.get(text(study, "study_id")) == name]
        found += [_member(study, name, subgroup) for study in members]
        found.append(_summary(row, subgroup))
    rest = [study for study in studies if text(study, "study_id") not in level]
    found += [{**study, "group": UNKNOWN} for study in rest]
    found += [row for row in rows if text(row, "block") == "summary" and text(row, "status") == "headline"]
    found.append(_between(pooled[0], subgroup))
    return framed(({**row, **figure} for row in found), COLUMNS)


def _member(study: Mapping, group: str, subgroup: str) -> dict:
    origin = f"moderators.csv:{text(study, 'study_id')}:{subgroup}"
    return {**study, "group": group, "from": f"{text(study, 'from')};{origin}"}


def _reference(row: Mapping) -> str:
    return "pooled/subgroups.csv:" + ":".join(text(row, n) for n in ("synthesis", "measure", "subgroup", "level"))


def _summary(row: Mapping, subgroup: str) -> dict:
    name = text(row, "level")
    usable = text(row, "status") in ("ok", "one_study")
    numbers = {part: value(row, part) if usable else None for part in (*NATURAL[:3], *HETEROGENEITY)}
    return {
        "row": f"subgroup:{subgroup}:{name}",
        "block": "subgroup",
        "group": name,
        "label": name,
        "words": text(row, "reason"),
        "status": text(row, "status"),
        "k": value(row, "k"),
        "level": value(row, "ci_level"),
        **numbers,
        "from": _reference(row),
    }


def _between(row: Mapping, subgroup: str) -> dict:
    names = {"q": "q_between", "q_df": "q_between_df", "q_p": "q_between_p"}
    return {
        "row": f"between:{subgroup}",
        "block": "between",
        "method": "between",
        "label": METHODS["between"],
        "words": "" if text(row, "advised") == "yes" else text(row, "advice"),
        **{name: value(row, column) for name, column in names.items()},
        "from": _reference(row),
    }
