"""Small-study effects and influence of every pooled synthesis, as rows of ``bias/``."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from evisynth import bias, pooling
from evisynth.bias.results import advice
from evisynth.effects.measures import find_measure
from evisynth.review.plan import Plan

FEWEST = 3
ALL_SUBSETS, SAMPLED_SUBSETS, SEED = 13, 2000, 1
KEY = ("synthesis", "measure")
TEST_COLUMNS = (
    *KEY, "test", "title", "k", "statistic_name", "statistic", "df", "p", "slope", "slope_se", "limit_estimate",
    "limit_ci_low", "limit_ci_high", "limit_natural", "advised", "advice", "applicable", "why_not", "status", "reason",
    "from",
)  # fmt: skip
ADJUSTED_COLUMNS = (
    *KEY, "method", "title", "k", "k0", "side", "estimate", "se", "ci_low", "ci_high", "level", "p", "natural_estimate",
    "natural_ci_low", "natural_ci_high", "tau2", "weights", "weights_se", "lrt", "lrt_p", "ratio_estimate",
    "ratio_interval", "advised", "advice", "status", "reason", "from",
)  # fmt: skip
POINT_COLUMNS = (*KEY, "estimator", "point", "label", "yi", "vi", "sei", "filled", "side", "from")
INFLUENCE_COLUMNS = (
    *KEY, "study_id", "label", "residual", "dffits", "cooks_distance", "covariance_ratio", "hat", "weight", "dfbetas",
    "estimate_without", "tau2_without", "q_without", "baujat_x", "baujat_y", "influential", "power",
    "power_at", "status", "reason", "from",
)  # fmt: skip
CUMULATIVE_COLUMNS = (
    *KEY, "study_id", "label", "year", "k", "estimate", "se", "ci_low", "ci_high", "level", "p", "natural_estimate",
    "natural_ci_low", "natural_ci_high", "tau2", "i2", "status", "reason", "from",
)  # fmt: skip
GOSH_COLUMNS = (*KEY, "subset", "size", "estimate", "natural_estimate", "tau2", "i2", "q", "complete", "seed", "from")
TABLES = {
    "tests": TEST_COLUMNS,
    "selection": ADJUSTED_COLUMNS,
    "trim_and_fill": POINT_COLUMNS,
    "influence": INFLUENCE_COLUMNS,
    "cumulative": CUMULATIVE_COLUMNS,
    "gosh": GOSH_COLUMNS,
}
_COUNTS = ["events_1", "n_1", "events_2", "n_2"]
_CORRELATED = "effect and standard error of a ratio are correlated without any bias: Harbord's and Peters' tests"


def small_study_rows(plan: Plan, effects: pd.DataFrame, estimates: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Test and describe every pooled synthesis of three and more studies, on its planned measure.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    effects, estimates : pandas.DataFrame
        ``effects/effects.csv`` and ``pooled/estimates.csv``.

    Returns
    -------
    dict of str to pandas.DataFrame
        Rows of ``bias/<name>.csv`` by name.
    """
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for synthesis in plan.syntheses:
        here = (effects["synthesis"] == synthesis.id) & (effects["measure"] == (synthesis.measure or ""))
        studies = effects[here].reset_index(drop=True)
        pooled = estimates[(estimates["synthesis"] == synthesis.id) & (estimates["measure"] == synthesis.measure)]
        headline = pooled[(pooled["headline"] == "yes") & (pooled["status"] == "ok")]
        if not synthesis.pool or len(studies) < FEWEST or headline.empty:
            continue
        origin = f"pooled/estimates.csv:{synthesis.id}:{synthesis.measure}:{headline['method'].iloc[0]}"
        for name, rows in _synthesis_rows(studies, synthesis.id, str(synthesis.measure), origin).items():
            parts[name].append(rows)
    return {name: _joined(parts[name], columns) for name, columns in TABLES.items()}


def _joined(parts: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    frames = [part.astype(object) for part in parts if len(part)]
    joined = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return joined.reindex(columns=list(columns))


def _synthesis_rows(studies: pd.DataFrame, synthesis: str, measure: str, origin: str) -> dict[str, pd.DataFrame]:
    places = [f"effects/effects.csv:{synthesis}:{measure}:{study}" for study in studies["study_id"]]
    found = {
        "tests": asymmetry_rows(studies, measure),
        "selection": adjusted_rows(studies, measure),
        "trim_and_fill": _points(studies, places),
        "influence": _influence(studies, places, origin),
        "cumulative": _cumulative(studies, measure, places),
        "gosh": _gosh(studies, measure).assign(**{"from": origin}),
    }
    for name in ("tests", "selection"):
        found[name] = found[name].assign(**{"from": ";".join(places)})
    return {name: frame.assign(synthesis=synthesis, measure=measure) for name, frame in found.items()}


def _arrays(studies: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return studies["yi"].to_numpy(float), studies["vi"].to_numpy(float)


def asymmetry_rows(studies: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return one row per test of small-study effects of one synthesis.

    Parameters
    ----------
    studies : pandas.DataFrame
        Rows of ``effects/effects.csv``.
    measure : str
        Its measure.

    Returns
    -------
    pandas.DataFrame
        `applicable` is "yes" for the tests of funnel asymmetry that suit the measure: Egger's for differences,
        Harbord's and Peters' for odds and risk ratios with counts; `why_not` says why for the others.
    """
    yi, vi = _arrays(studies)
    ratio = measure in ("OR", "RR")
    has_counts = not studies[_COUNTS].isna().to_numpy().any()
    egger_why = "" if measure in ("MD", "SMD") else _CORRELATED if ratio else "made for differences in means"
    counts_why = "made for odds and risk ratios" if not ratio else "" if has_counts else "a study has no counts"
    counts = [studies[name].to_numpy(float) for name in _COUNTS]
    rows = [
        _test("Egger's regression", bias.egger(yi, vi), "t", egger_why),
        _test("Egger's regression, mixed-effects", bias.egger_mixed(yi, vi), "z", "the planned test is another"),
        _test("Begg and Mazumdar's rank correlation", bias.begg(yi, vi), "tau", "of low power, not recommended"),
        _harbord(counts, measure, counts_why),
        _peters(yi, counts, counts_why),
    ]
    rows.append(_excess(yi, vi))
    rows += [_failsafe("Rosenthal's fail-safe number", bias.rosenthal(yi, vi), len(yi))]
    rows += [_failsafe("Orwin's fail-safe number, to half of the mean effect", bias.orwin(yi, vi), len(yi))]
    frame = pd.DataFrame(rows)
    back = find_measure(measure).back
    frame["limit_natural"] = [None if pd.isna(x) else float(back(x)) for x in frame["limit_estimate"]]
    return frame


def _test(title: str, result: Any, name: str, why_not: str) -> dict[str, Any]:
    values = result.to_dict()
    return {
        "test": values["test"], "title": title, "k": values["k"], "statistic_name": name,
        "statistic": values.get("tau", values.get("statistic")), "df": values.get("df"), "p": values["p"],
        "slope": values.get("slope"), "slope_se": values.get("slope_se"), "limit_estimate": values.get("limit"),
        "limit_ci_low": values.get("limit_ci_low"), "limit_ci_high": values.get("limit_ci_high"),
        "advised": values["advised"], "advice": values["advice"], "applicable": not why_not, "why_not": why_not,
        "status": values["status"], "reason": _reasons(values),
    }  # fmt: skip


def _reasons(values: dict[str, Any]) -> str:
    left_out = f"left out: {values['left_out']}" if values.get("left_out") else ""
    return "; ".join(part for part in (values["reason"], left_out) if part)


def _nothing(test: str, title: str, k: int, why_not: str) -> dict[str, Any]:
    advised, why = advice(k)
    return {
        "test": test, "title": title, "k": k, "advised": advised, "advice": why, "applicable": False,
        "why_not": why_not, "status": "not_possible", "reason": why_not,
    }  # fmt: skip


def _harbord(counts: list[np.ndarray], measure: str, why_not: str) -> dict[str, Any]:
    title = "Harbord's regression of scores"
    if why_not:
        return _nothing("harbord", title, len(counts[0]), why_not)
    return _test(title, bias.harbord(*counts, measure=measure), "t", "")


def _peters(yi: np.ndarray, counts: list[np.ndarray], why_not: str) -> dict[str, Any]:
    title = "Peters' regression on the inverse of the sample size"
    if why_not:
        return _nothing("peters", title, len(yi), why_not)
    return _test(title, bias.peters(yi, *counts), "t", "")


def _excess(yi: np.ndarray, vi: np.ndarray) -> dict[str, Any]:
    found = bias.excess_significance(yi, vi)
    reason = found.reason or f"{found.observed} significant studies, {found.expected:.1f} expected"
    return {
        "test": "excess_significance", "title": "Excess of significant studies", "k": found.k,
        "statistic_name": "observed / expected", "statistic": found.ratio, "p": found.p, "advised": found.advised,
        "advice": found.advice, "applicable": False, "why_not": "no test of funnel asymmetry", "status": found.status,
        "reason": reason,
    }  # fmt: skip


def _failsafe(title: str, found: bias.FailsafeResult, k: int) -> dict[str, Any]:
    return {
        "test": found.method.lower(), "title": title, "k": k, "statistic_name": "studies", "statistic": found.number,
        "advised": False, "advice": "takes the missing studies to show nothing and pays no heed to their size",
        "applicable": False, "why_not": "no test of funnel asymmetry", "status": found.status, "reason": found.reason,
    }  # fmt: skip


def adjusted_rows(studies: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return one row per estimate that is corrected for, or bounded against, selective publication.

    Parameters
    ----------
    studies : pandas.DataFrame
        Rows of ``effects/effects.csv``.
    measure : str
        Its measure.
    """
    yi, vi = _arrays(studies)
    names = list(studies["study_id"])
    ways: list[tuple[str, str, Callable[[], Any]]] = [
        ("trim_and_fill_l0", "Trim and fill (L0)", lambda: bias.trim_and_fill(yi, vi, estimator="L0", studies=names)),
        ("trim_and_fill_r0", "Trim and fill (R0)", lambda: bias.trim_and_fill(yi, vi, estimator="R0", studies=names)),
        ("pet", "PET", lambda: bias.pet(yi, vi)),
        ("peese", "PEESE", lambda: bias.peese(yi, vi)),
        ("pet_peese", "PET-PEESE", lambda: bias.pet_peese(yi, vi)),
        ("selection_3", "Selection model, step at p = 0.025", lambda: bias.selection_model(yi, vi)),
        (
            "selection_4",
            "Selection model, steps at p = 0.025 and 0.5",
            lambda: bias.selection_model(yi, vi, steps=(0.025, 0.5)),
        ),
        ("worst_case", "Studies that are not affirmative, alone", lambda: bias.worst_case(yi, vi)),
    ]
    back = find_measure(measure).back
    rows = []
    for key, title, compute in ways:
        values = compute().to_dict()
        row = {name: values[name] for name in ADJUSTED_COLUMNS if name in values}
        if "ratio_reason" in values:
            why = (("estimate", values["ratio_reason"]), ("interval", values["interval_reason"]))
            row["reason"] = values["reason"] or "; ".join(f"ratio for the {what}: {text}" for what, text in why if text)
        if key == "pet_peese":
            row["reason"] = values["reason"] or f"took {values['chosen']}"
        natural = {
            f"natural_{name}": None if values.get(name) is None else float(back(values[name]))
            for name in ("estimate", "ci_low", "ci_high")
        }
        rows.append({**row, **natural, "method": key, "title": title, "level": 0.95})
    return pd.DataFrame(rows)


def _points(studies: pd.DataFrame, places: list[str]) -> pd.DataFrame:
    yi, vi = _arrays(studies)
    labels = dict(zip(studies["study_id"], studies["label"], strict=True))
    at = dict(zip(studies["study_id"], places, strict=True))
    rows = []
    for estimator in ("L0", "R0"):
        found = bias.trim_and_fill(yi, vi, estimator=estimator, studies=list(studies["study_id"]))
        for name, y, v, filled in found.points().itertuples(index=False, name=None):
            study = name.removeprefix(bias.FILLED)
            rows.append(
                {
                    "estimator": estimator,
                    "point": f"filled_{study}" if filled else study,
                    "label": bias.FILLED + labels[study] if filled else labels[study],
                    "yi": y,
                    "vi": v,
                    "sei": float(np.sqrt(v)),
                    "filled": filled,
                    "side": found.side,
                    "from": ";".join(places) if filled else at[study],
                }
            )
    return pd.DataFrame(rows)


def _influence(studies: pd.DataFrame, places: list[str], origin: str) -> pd.DataFrame:
    yi, vi = _arrays(studies)
    found = bias.influence(yi, vi, studies=list(studies["study_id"]))
    power = bias.power_of_tests(yi, vi)
    frame = studies[["study_id", "label"]].copy()
    if found.status == "ok":
        measures = found.to_frame().drop(columns="study")
        frame = pd.concat([frame, measures], axis=1)
    return frame.assign(
        power=power.power, power_at=power.true_effect, status=found.status, reason=found.reason,
        **{"from": [f"{place};{origin}" for place in places]},
    )  # fmt: skip


def _cumulative(studies: pd.DataFrame, measure: str, places: list[str]) -> pd.DataFrame:
    year = studies["year"].to_numpy(float)
    order = np.argsort(np.where(np.isnan(year), np.inf, year), kind="stable")
    yi, vi = _arrays(studies)
    result = pooling.cumulative(yi[order], vi[order]).result
    back = find_measure(measure).back
    sorted_places = [places[i] for i in order]
    numbers = ("k", "estimate", "se", "ci_low", "ci_high", "p", "tau2", "i2", "status", "reason")
    frame = studies.loc[order, ["study_id", "label", "year"]].reset_index(drop=True)
    frame = frame.assign(**{name: getattr(result, name) for name in numbers}, level=0.95)
    for name in ("estimate", "ci_low", "ci_high"):
        frame[f"natural_{name}"] = [None if pd.isna(x) else float(back(x)) for x in frame[name]]
    return frame.assign(**{"from": [";".join(sorted_places[: i + 1]) for i in range(len(order))]})


def _gosh(studies: pd.DataFrame, measure: str) -> pd.DataFrame:
    yi, vi = _arrays(studies)
    found = bias.gosh(yi, vi, most=2**ALL_SUBSETS, sample=SAMPLED_SUBSETS, seed=SEED)
    back = find_measure(measure).back
    # the studies of a subset as ones and zeros in the order of effects.csv; a letter keeps it text
    subset = ["s" + "".join("1" if here else "0" for here in row) for row in found.member]
    return pd.DataFrame(
        {
            "subset": subset,
            **{name: getattr(found, name) for name in ("size", "estimate", "tau2", "i2", "q")},
            "natural_estimate": [float(back(x)) for x in found.estimate],
            "complete": found.complete,
            "seed": found.seed,
        }
    )
