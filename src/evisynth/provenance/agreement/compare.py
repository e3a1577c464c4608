"""Our numbers beside those of another engine, with a tolerance, and the cause where they differ."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evisynth.provenance.agreement.engines import ENGINES
from evisynth.provenance.tables import SIGNIFICANT_DIGITS

AGREEMENT_COLUMNS = (
    "synthesis", "measure", "method", "engine", "quantity", "version", "ours", "theirs", "difference", "tolerance",
    "agrees", "explanation", "from",
)  # fmt: skip
QUANTITIES = (
    "estimate", "se", "ci_low", "ci_high", "p", "tau2", "tau2_ci_low", "tau2_ci_high", "q", "q_p", "i2", "h2",
    "pi_low", "pi_high",
)  # fmt: skip
# Closed forms repeat to rounding (tables hold 12 digits); engines end a search for tau2 where they choose.
CLOSED, SEARCHED = 1e-8, 1e-5


@dataclass(frozen=True, slots=True)
class _Case:
    """One synthesis and method: our row, the studies, and the engine's numbers."""

    engine: str
    method: str
    row: Mapping[str, object]
    yi: np.ndarray
    vi: np.ndarray
    theirs: Mapping[str, float]


def compare_engines(
    effects: pd.DataFrame, estimates: pd.DataFrame, engines: Iterable[str] = ("statsmodels",)
) -> pd.DataFrame:
    """Let other engines pool every synthesis of two and more studies, and compare.

    Parameters
    ----------
    effects, estimates : pandas.DataFrame
        ``effects/effects.csv`` and ``pooled/estimates.csv``, as :func:`evisynth.provenance.tables.read_result` gives
        them; effects and estimates on the analysis scale (log for ratios).
    engines : iterable of str
        Names in :data:`evisynth.provenance.agreement.ENGINES`.

    Returns
    -------
    pandas.DataFrame
        One row per number that both have, columns `AGREEMENT_COLUMNS`. ``agrees`` is yes where the difference is
        within the tolerance; ``explanation`` names the cause where it is not and the cause was checked on these
        data; a row with neither is an unexplained difference (:func:`unexplained`).

    Raises
    ------
    EngineError
        Where an engine that is there does not answer.

    Notes
    -----
    The tolerance is in the unit of the quantity: for an estimate and its limits a part of its standard error, for
    tau2 and its limits a part of tau2 plus the typical sampling variance, for I2 a part of 100, for Q and H2 a part
    of themselves, for p values absolute. The part is 1e-8 where both sides are closed forms and 1e-5 where a search
    is involved.
    """
    pooled = estimates[(estimates["status"] == "ok") & (estimates["k"] >= 2)]
    studies = {
        f"{synthesis}:{measure}": (own["yi"].to_numpy(float), own["vi"].to_numpy(float))
        for (synthesis, measure), own in effects.groupby(["synthesis", "measure"], sort=False)
    }
    wanted = [f"{row.synthesis}:{row.measure}" for row in pooled.itertuples(index=False)]
    sets = {name: studies[name] for name in dict.fromkeys(wanted)}
    rows = []
    for name in engines if sets else ():
        release, answers = ENGINES[name].answer(sets)
        for (_, row), place in zip(pooled.iterrows(), wanted, strict=True):
            theirs = answers.get(place, {}).get(row["method"])
            if theirs:
                case = _Case(name, row["method"], row, *sets[place], theirs)
                rows += [{**numbers, "version": release} for numbers in _compared(case)]
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


def _compared(case: _Case) -> Iterator[dict]:
    row = case.row
    key = {name: row[name] for name in ("synthesis", "measure", "method")}
    for quantity in QUANTITIES:
        ours, theirs = row[quantity], case.theirs.get(quantity)
        if theirs is None or ours is None or ours == "" or math.isnan(ours):
            continue
        # As it will stand in the table, so that the difference is not rounding beyond the table's digits.
        ours, theirs = float(ours), float(f"{theirs:.{SIGNIFICANT_DIGITS}g}")
        tolerance = _tolerance(case, quantity)
        agrees = abs(ours - theirs) <= tolerance
        yield {
            **key,
            "engine": case.engine,
            "quantity": quantity,
            "ours": ours,
            "theirs": theirs,
            "difference": ours - theirs,
            "tolerance": tolerance,
            "agrees": agrees,
            "explanation": "" if agrees else _cause(case, quantity),
            "from": f"pooled/estimates.csv:{':'.join(map(str, key.values()))}",
        }


def _tolerance(case: _Case, quantity: str) -> float:
    row = case.row
    part = CLOSED if case.method in ("common", "dl_wald") and not quantity.startswith("tau2_ci") else SEARCHED
    if quantity in ("p", "q_p"):
        return part
    if quantity == "i2":
        return 100 * part
    if quantity in ("q", "h2"):
        return part * max(1.0, float(row[quantity]))
    if quantity.startswith("tau2"):
        return part * (float(row[quantity]) + _typical(case.vi))
    return part * float(row["se"])


def _typical(vi: np.ndarray) -> float:
    """Return the typical sampling variance of Higgins and Thompson (2002)."""
    w = 1 / vi
    return float((len(vi) - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum()))


def _cause(case: _Case, quantity: str) -> str:
    """Return why two engines differ, where the cause can be seen in these data; blank where it cannot."""
    ours, theirs = case.row.get("tau2"), case.theirs.get("tau2")
    if case.engine == "statsmodels" and case.method == "dl_wald" and ours == 0 and _follows_uncut(case, quantity):
        return (
            "statsmodels leaves the moment estimate of tau2 below 0 where Q is below k - 1, and weighs studies with "
            "it (no standard error, where weights come out below 0); a variance is not below 0 (DerSimonian and "
            "Laird 1986): here it is 0"
        )
    rests_on_tau2 = quantity not in ("q", "q_p", "tau2_ci_low", "tau2_ci_high")
    if case.method.startswith("reml") and theirs is not None and rests_on_tau2:
        gain = _restricted(case, float(ours)) - _restricted(case, max(theirs, 0.0))
        if gain >= 0 and abs(float(ours) - theirs) > _tolerance(case, "tau2"):
            return (
                f"the search of {case.engine} ended elsewhere: the restricted log-likelihood at our tau2 is higher "
                f"by {gain:.2g}"
            )
    return ""


def _follows_uncut(case: _Case, quantity: str) -> bool:
    """Whether their number is what the moment estimate below 0 gives: then the missing cut is the whole cause."""
    w = 1 / case.vi
    mean = (w * case.yi).sum() / w.sum()
    excess = (w * (case.yi - mean) ** 2).sum() - (len(w) - 1)
    tau2 = excess / (w.sum() - (w**2).sum() / w.sum())
    if tau2 >= 0:
        return False
    w = 1 / (case.vi + tau2)
    estimate, total = float((w * case.yi).sum() / w.sum()), float(w.sum())
    half = 1 / math.sqrt(total) if total > 0 else math.nan
    z = 1.959963984540054
    uncut = {"tau2": tau2, "estimate": estimate, "se": half}
    uncut |= {"ci_low": estimate - z * half, "ci_high": estimate + z * half}
    if quantity not in uncut or math.isnan(uncut[quantity]):
        return quantity in uncut and math.isnan(case.theirs[quantity])
    return abs(uncut[quantity] - case.theirs[quantity]) <= _tolerance(case, quantity)


def _restricted(case: _Case, tau2: float) -> float:
    """Return the restricted log-likelihood at a tau2, without constants (Viechtbauer 2005)."""
    total = case.vi + tau2
    w = 1 / total
    mean = (w * case.yi).sum() / w.sum()
    return float(-0.5 * (np.log(total).sum() + np.log(w.sum()) + (w * (case.yi - mean) ** 2).sum()))


def unexplained(agreement: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in which another engine gives another number and no cause is known.

    Parameters
    ----------
    agreement : pandas.DataFrame
        From :func:`compare_engines`, or ``provenance/agreement.csv`` read back.
    """
    differs = ~agreement["agrees"].isin([True, "yes"])
    return agreement[differs & (agreement["explanation"].fillna("").astype(str) == "")]
