"""PRISMA 2020 and SWiM, item by item: what is done, where it stands, and what is not done and why.

The items are data (``checklists.yaml``), in our own words; the status of each is worked out from the plan and the
tables of a review, so that a table that is missing, or a search that was not systematic, shows.

References
----------
Page MJ et al. 2021, BMJ 372:n71 (PRISMA 2020). Campbell M et al. 2020, BMJ 368:l6890 (SWiM).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from evisynth.provenance.folder import PLAN, ResultsFolder

STATUSES = ("done", "partly", "not done", "not applicable")
CHECKLISTS = ("prisma", "swim")
COLUMNS = ("item", "section", "asks", "status", "place", "reason", "from")
# Words of the plan that deny a systematic search; a plan that says nothing of the kind is believed.
_NO_SEARCH = ("not systematic", "no search", "no systematic", "not searched", "unsystematic")
_WHOLE_PLAN = f"{PLAN}:title"
_ITEMS = Path(__file__).with_name("checklists.yaml")


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One item of a checklist for one review.

    Attributes
    ----------
    item : str
        Its number, such as ``13a``.
    section : str
        The part of the report it belongs to.
    asks : str
        What it asks, in our words.
    status : str
        ``done``, ``partly``, ``not done`` or ``not applicable``.
    place : str
        Anchor on the page; blank where there is nothing to point to.
    reason : str
        Why it is not wholly done; blank where it is.
    origins : tuple of str
        The tables and places of the plan that the status was worked out from.
    """

    item: str
    section: str
    asks: str
    status: str
    place: str
    reason: str
    origins: tuple[str, ...]


def checklist(folder: ResultsFolder, name: str) -> tuple[ChecklistItem, ...]:
    """Return a checklist, filled for a review.

    Parameters
    ----------
    folder : ResultsFolder
        The results.
    name : str
        ``prisma`` or ``swim``.

    Raises
    ------
    ValueError
        For another name.
    """
    if name not in CHECKLISTS:
        raise ValueError(f"'{name}' is no checklist; checklists: {', '.join(CHECKLISTS)}")
    return tuple(_fill(folder, entry) for entry in _definitions()[name]["items"])


def checklist_title(name: str) -> tuple[str, str]:
    """Return the name of a checklist and the publication that it comes from."""
    entry = _definitions()[name]
    return entry["title"], entry["citation"]


def checklist_tables(folder: ResultsFolder) -> dict[str, pd.DataFrame]:
    """Return both checklists as rows of ``report/prisma_checklist.csv`` and ``report/swim_checklist.csv``."""
    return {
        f"report/{name}_checklist.csv": pd.DataFrame(
            [
                (one.item, one.section, one.asks, one.status, one.place, one.reason, ";".join(one.origins))
                for one in checklist(folder, name)
            ],
            columns=list(COLUMNS),
            dtype=object,
        )
        for name in CHECKLISTS
    }


@cache
def _definitions() -> Mapping:
    return yaml.safe_load(_ITEMS.read_text(encoding="utf-8"))


def _fill(folder: ResultsFolder, entry: Mapping) -> ChecklistItem:
    needs = entry.get("needs", ())
    origins = tuple(dict.fromkeys(place for need in needs for place in _origins(folder, need))) or (_WHOLE_PLAN,)
    common = {name: entry[name] for name in ("item", "section", "asks")}
    scope = entry.get("scope")
    if scope and not _holds(folder, scope):
        common |= {"place": "", "reason": _OUT[scope], "origins": _origins(folder, scope)}
        return ChecklistItem(**common, status="not applicable")
    met = [_holds(folder, need) for need in needs]
    if not all(met):
        # what is there is said to be there: half of what an item asks is partly done
        status = "partly" if any(met) else "not done"
        place = entry["place"] if any(met) else ""
        return ChecklistItem(
            **common, status=status, place=place, reason=entry.get("otherwise", _NOTHING), origins=origins
        )
    status = entry.get("most", "done")
    reason = entry.get("because", "") if status != "done" else ""
    place = "" if status == "not done" else entry["place"]
    return ChecklistItem(**common, status=status, place=place, reason=reason, origins=origins)


_NOTHING = "the tables and the plan hold nothing about it"
_OUT = {"pooled": "nothing was pooled", "not_pooled": "every question was pooled"}


def _holds(folder: ResultsFolder, need: str) -> bool:
    """Whether a table holds rows, the plan says something, or a condition is true."""
    if need in _CONDITIONS:
        return _CONDITIONS[need][0](folder)
    if need.startswith(f"{PLAN}:"):
        return bool(_plan_cell(folder, need.partition(":")[2]))
    return bool(folder.rows(need))


def _plan_cell(folder: ResultsFolder, place: str) -> str:
    return folder.rows(PLAN).get(_plan_place(folder, place), {}).get("text", "")


def _plan_place(folder: ResultsFolder, place: str) -> str:
    # rows of the plan go by the name of a synthesis, not by its number
    first = next(iter(folder.plan.get("syntheses", ())), {"id": "0"})
    return place.replace("syntheses.0.", f"syntheses.{first['id']}.", 1)


def _origins(folder: ResultsFolder, need: str) -> tuple[str, ...]:
    if need in _CONDITIONS:
        return _CONDITIONS[need][1]
    if not need.startswith(f"{PLAN}:"):
        return (need,)
    place = _plan_place(folder, need.partition(":")[2])
    # an entry of the plan that is not there leads to the plan itself
    return (f"{PLAN}:{place}",) if place in folder.rows(PLAN) else (_WHOLE_PLAN,)


def _systematic(folder: ResultsFolder) -> bool:
    words = str(folder.plan.get("searching", "")).lower()
    return bool(words) and not any(denied in words for denied in _NO_SEARCH)


def _titled(folder: ResultsFolder) -> bool:
    title = str(folder.plan.get("title", "")).lower()
    return any(name in title for name in ("systematic review", "meta-analysis", "scoping review"))


def _two_readers(folder: ResultsFolder) -> bool:
    return len({row.get("assessor") for row in folder.rows("risk_of_bias.csv").values()} - {"", None}) > 1


def _is_pooled(folder: ResultsFolder) -> set[str]:
    shown = folder.rows("pooled/estimates.csv").values()
    return {row["synthesis"] for row in shown if row["status"] in ("ok", "one_study")}


def _unpooled(folder: ResultsFolder) -> list[dict]:
    pooled = _is_pooled(folder)
    return [entry for entry in folder.plan.get("syntheses", ()) if entry["id"] not in pooled]


def _regression(folder: ResultsFolder) -> bool:
    return bool(folder.rows("pooled/regression.csv") or folder.rows("pooled/subgroups.csv"))


_CONDITIONS = {
    "systematic": (_systematic, (f"{PLAN}:searching",)),
    "titled": (_titled, (_WHOLE_PLAN,)),
    "two_readers": (_two_readers, ("risk_of_bias.csv",)),
    "pooled": (lambda folder: bool(_is_pooled(folder)), ("pooled/estimates.csv",)),
    "not_pooled": (lambda folder: bool(_unpooled(folder)), ("pooled/estimates.csv",)),
    "reasons": (lambda folder: all(entry.get("reason") for entry in _unpooled(folder)), (_WHOLE_PLAN,)),
    "reported": (lambda folder: bool(folder.rows("arms.csv") or folder.rows("contrasts.csv")), ("arms.csv",)),
    "regression": (_regression, ("pooled/regression.csv",)),
}
