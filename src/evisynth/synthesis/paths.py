"""The multiverse: every defensible path from the rows of a synthesis to its estimate, as rows of ``pooled/``.

Studies, scale and correlation are chosen in `path_data`; here the models are. All sets of studies of a review are
pooled as one batch for each model.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from evisynth import bayes, pooling
from evisynth.bayes import priors
from evisynth.effects.measures import find_measure
from evisynth.review.plan import Synthesis
from evisynth.review.reading import Table
from evisynth.synthesis.estimates import headline_method
from evisynth.synthesis.path_data import AS_PLANNED, CORRECTED, KEPT, DataSet, data_sets
from evisynth.synthesis.posterior import Task

CHOICES = (
    "scale", "model", "estimator", "interval", "rows", "correlation", "unconfirmed_rows", "high_risk_rows",
    "corrections", "prior",
)  # fmt: skip
PATH_COLUMNS = (
    "synthesis", "path", "planned", "measure", "panel", *CHOICES, "differs", "k", "estimate", "se", "ci_low", "ci_high",
    "ci_level", "p", "natural_estimate", "natural_ci_low", "natural_ci_high", "tau2", "direction", "crosses_null",
    "status", "reason", "from",
)  # fmt: skip
SUMMARY_COLUMNS = (
    "synthesis", "measure", "paths", "k_min", "k_max", "favour_treatment", "favour_treatment_percent",
    "exclude_null", "exclude_null_percent", "exclude_null_treatment", "exclude_null_comparison", "measure_paths",
    "natural_planned", "natural_median", "natural_lowest", "natural_highest", "natural_ci_lowest", "natural_ci_highest",
    "planned_crosses_null", "planned_rank", "failed", "not_possible", "from",
)  # fmt: skip
LEVEL = 0.95
_PANELS = {"OR": "ratio", "RR": "ratio", "RD": "risk difference", "MD": "difference", "SMD": "standardised difference"}


@dataclass(frozen=True, slots=True)
class Way:
    """One model: the words of its choices and a short name for keys."""

    code: str
    model: str
    estimator: str = ""
    interval: str = ""
    options: tuple[tuple[str, str], ...] = ()


_COMMON = Way("common", "common effect", "", "Wald", (("model", "common"),))
_SINGLE = Way("single", "one study's own estimate", "", "Wald", (("model", "common"),))
_INTERVALS = {"wald": "Wald", "HKSJ": "Hartung-Knapp", "HKSJ-safe": "Hartung-Knapp, max(1, q)"}
_ESTIMATORS = {"DL": "DerSimonian-Laird", "DL2": "two-step DerSimonian-Laird", "PM": "Paule-Mandel", "REML": "REML"}


def _ways() -> tuple[Way, ...]:
    found = [_COMMON]
    for tau2, estimator in _ESTIMATORS.items():
        for ci, interval in _INTERVALS.items():
            code = f"{tau2}-{ci}".lower().replace("hksj-safe", "hksj_safe")
            found.append(Way(code, "random effects", estimator, interval, (("tau2", tau2), ("ci", ci))))
    # Both estimate tau2 in their own way, whatever estimator is asked for.
    found.append(
        Way("ml-profile", "random effects", "maximum likelihood", "profile", (("tau2", "ML"), ("ci", "profile")))
    )
    found.append(Way("dl-hc", "random effects", "DerSimonian-Laird", "Henmi-Copas", (("tau2", "DL"), ("ci", "HC"))))
    return tuple(found)


WAYS = _ways()
_PLANNED_CODE = {"single": "single", "common": "common", "reml_hksj_safe": "reml-hksj_safe", "": ""}
_MANTEL_HAENSZEL = Way("mantel_haenszel", "Mantel-Haenszel", "", "Wald")
_PETO = Way("peto", "Peto", "", "Wald")


@dataclass(frozen=True)
class _Path:
    synthesis: Synthesis
    benefit: str
    data: DataSet
    way: Way
    numbers: dict[str, float]
    prior: str = ""

    @property
    def planned(self) -> bool:
        return not self.data.changes and self.way.code == _PLANNED_CODE[headline_method(len(self.data.effects))]


def multiverse_rows(
    syntheses: Iterable[Synthesis],
    members: Mapping[str, list[str]],
    corrected: Mapping[str, Table],
    received: Mapping[str, Table],
    judgements: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take every defensible path through each pooled synthesis.

    Parameters
    ----------
    syntheses : iterable of Synthesis
        Entries of the plan; those that are not pooled have no paths.
    members : mapping of str to list of str
        The studies of each.
    corrected, received : mapping of str to Table
        The tables after and before corrections.csv.
    judgements : pandas.DataFrame
        ``quality/judgements.csv``.

    Returns
    -------
    tuple of pandas.DataFrame
        Rows of ``pooled/multiverse.csv``, one a path, each combination of choices once; and of
        ``pooled/multiverse_summary.csv``, one a synthesis.

    Notes
    -----
    Paths are: the effect scale (OR, RR, RD; MD, SMD); common effect, four estimators of tau2 by three intervals,
    profile likelihood, Henmi-Copas, Mantel-Haenszel and Peto where there are counts, and the exact Bayesian model under
    the planned prior (on the planned scale also half-normals of half and twice its median); rows that the plan's
    sensitivity analyses exchange; assumed correlations; unconfirmed rows, and rows of high risk of bias, kept or left
    out; corrections made or not. Two ways to the same set of studies count once, under the name with the fewest
    changes. Paths are not independent of each other and no sample: their share that excludes no effect is a
    description, not a probability.

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD (2020). Nat Hum Behav 4:1208-1214. Voracek M, Kossmeier M, Tran US (2019). Z
    Psychol 227:64-82.
    """
    outcomes = corrected["outcomes"].text
    benefits = dict(zip(outcomes["outcome_id"], outcomes["benefit"], strict=True))
    found, notes = [], {}
    for synthesis in syntheses:
        if synthesis.pool:
            sets, notes[synthesis.id] = data_sets(synthesis, members[synthesis.id], corrected, received, judgements)
            found += [(synthesis, benefits[synthesis.outcome], data) for data in sets]
    paths = [path for part in (_pooled(found), _counted(found), _bayesian(found)) for path in part]
    place = {id(data): i for i, (_, _, data) in enumerate(found)}
    paths.sort(key=lambda path: place[id(path.data)])  # stable: models keep their order
    rows = pd.DataFrame([_row(path) for path in paths]).reindex(columns=list(PATH_COLUMNS))
    return rows, summary_rows(rows, notes)


type _Found = list[tuple[Synthesis, str, DataSet]]


def _pooled(found: _Found) -> Iterator[_Path]:
    """Yield the inverse-variance paths: one batch over all sets for each way."""
    for single in (True, False):
        part = [one for one in found if (len(one[2].effects) == 1) == single]
        if not part:
            continue
        most = max(len(data.effects) for _, _, data in part)
        yi, vi = (np.full((len(part), most), np.nan) for _ in range(2))
        for i, (_, _, data) in enumerate(part):
            yi[i, : len(data.effects)] = data.effects["yi"]
            vi[i, : len(data.effects)] = data.effects["vi"]
        for way in (_SINGLE,) if single else WAYS:
            result = pooling.random_effects(yi, vi, level=LEVEL, **dict(way.options))
            names = ("estimate", "se", "ci_low", "ci_high", "p", "tau2")
            for i, (synthesis, benefit, data) in enumerate(part):
                numbers = {name: float(getattr(result, name)[i]) for name in names}
                if result.model == "common":
                    numbers["tau2"] = np.nan
                yield _Path(synthesis, benefit, data, way, numbers)


def _counted(found: _Found) -> Iterator[_Path]:
    """Yield Mantel-Haenszel and Peto paths of the sets in which every study has counts."""
    for synthesis, benefit, data in found:
        counts = data.effects[["events_1", "n_1", "events_2", "n_2"]].to_numpy(float).T
        if data.measure not in ("OR", "RR", "RD") or len(data.effects) < 2 or np.isnan(counts).any():
            continue
        ways = [(_MANTEL_HAENSZEL, pooling.mantel_haenszel(*counts, measure=data.measure, level=LEVEL))]
        if data.measure == "OR":
            ways.append((_PETO, pooling.peto(*counts, level=LEVEL)))
        for way, result in ways:
            numbers = {name: getattr(result, name) for name in ("estimate", "se", "ci_low", "ci_high", "p")}
            yield _Path(synthesis, benefit, data, way, {n: np.nan if x is None else x for n, x in numbers.items()})


@cache
def _tau_priors(planned: str) -> tuple[str, ...]:
    scale = float(priors.parse(planned, "tau").ppf(0.5)) / 0.6744897501960817
    return tuple(dict.fromkeys([planned, *(f"halfnormal:{factor * scale:.3g}" for factor in (0.5, 2.0))]))


def _bayesian(found: _Found) -> Iterator[_Path]:
    """Yield exact posteriors of the sets on a scale that the plan has a heterogeneity prior for."""
    for synthesis, benefit, data in found:
        task = Task(synthesis, data.measure, "bayes_exact", benefit, data.effects)
        has_prior = data.measure == synthesis.measure or (data.measure == "OR" and synthesis.odds_ratio_prior)
        if not has_prior:
            continue
        yi, vi = data.effects["yi"].to_numpy(float), data.effects["vi"].to_numpy(float)
        known = _tau_priors(task.tau_prior)
        for i, prior in enumerate(known if data.measure == synthesis.measure else known[:1]):
            fit = bayes.normal_normal(yi, vi, tau_prior=prior, mu_prior=task.mu_prior, level=LEVEL)
            numbers = {"estimate": fit.mu.median, "ci_low": fit.mu.ci_low, "ci_high": fit.mu.ci_high}
            numbers |= {"se": fit.mu.sd, "p": np.nan, "tau2": fit.tau.median**2}
            way = Way(("bayes", "bayes_narrow", "bayes_wide")[i], "Bayes", "", "central 95 % of the posterior")
            yield _Path(synthesis, benefit, data, way, numbers, prior)


def _row(path: _Path) -> dict:
    measure, numbers = find_measure(path.data.measure), path.numbers
    low, high, middle = numbers["ci_low"], numbers["ci_high"], numbers["estimate"]
    done = bool(np.isfinite([low, high, middle]).all())
    choices = {
        "scale": path.data.measure, "model": path.way.model, "estimator": path.way.estimator,
        "interval": path.way.interval, "prior": path.prior, **path.data.choices,
    }  # fmt: skip
    k = len(path.data.effects)
    return {
        "synthesis": path.synthesis.id,
        "path": "-".join([path.data.measure.lower(), path.way.code, *path.data.changes]),
        "planned": path.planned,
        "measure": path.data.measure,
        "panel": _PANELS[path.data.measure],
        **choices,
        "differs": _differences(path, choices),
        "k": k,
        **({name: x if np.isfinite(x) else None for name, x in numbers.items()} if done else {}),
        "ci_level": LEVEL,
        **(
            {f"natural_{name}": float(measure.back(numbers[name])) for name in ("estimate", "ci_low", "ci_high")}
            if done
            else {}
        ),
        "direction": _direction(path, middle) if done else "",
        "crosses_null": low <= 0.0 <= high if done else "",
        "status": ("one_study" if k == 1 else "ok") if done else "failed",
        "reason": "" if done else "the model gives no number for these studies",
        "from": path.data.origin,
    }


def _differences(path: _Path, choices: Mapping[str, str]) -> str:
    """Return in words what a path changes against the plan; blank for the planned one."""
    if path.planned:
        return ""
    planned = {"rows": AS_PLANNED, "corrections": CORRECTED, "unconfirmed_rows": KEPT, "high_risk_rows": KEPT}
    parts = [f"scale {path.data.measure}"] if path.data.measure != path.synthesis.measure else []
    if path.way.code != _PLANNED_CODE[headline_method(len(path.data.effects))]:
        parts.append(", ".join(filter(None, (path.way.model, path.way.estimator, path.way.interval, path.prior))))
    if any(code.startswith("r0") for code in path.data.changes):
        parts.append(f"correlation {choices['correlation']}")
    for name, usual in planned.items():
        if choices[name] not in ("", usual):
            parts.append(f"{name.replace('_', ' ')}: {choices[name]}")
    return "; ".join(parts)


def _direction(path: _Path, estimate: float) -> str:
    """Return the side that an estimate favours (MD and SMD are turned so that negative favours the treatment)."""
    if estimate == 0.0:
        return "neither"
    good_below = path.data.measure in ("MD", "SMD") or path.benefit == "lower"
    return "treatment" if (estimate < 0.0) == good_below else "comparison"


def summary_rows(paths: pd.DataFrame, notes: Mapping[str, list[str]] | None = None) -> pd.DataFrame:
    """Count what the paths of each synthesis say.

    Parameters
    ----------
    paths : pandas.DataFrame
        Rows of ``pooled/multiverse.csv``.
    notes : mapping of str to list of str, optional
        By synthesis, the choices that were not possible, in words.

    Returns
    -------
    pandas.DataFrame
        One row a synthesis. Counts and per cents are over all its paths with numbers, on every scale; ``natural_*``
        over those on the planned scale only. ``planned_rank`` is the place of the planned estimate among them, from
        the lowest.
    """
    rows = []
    for name, every in paths.groupby("synthesis", sort=False):
        own = every[every["status"] != "failed"]
        planned = own[own["planned"].astype(bool)]
        if planned.empty:
            continue
        first = planned.iloc[0]
        same = own[own["measure"] == first["measure"]]
        estimate = same["natural_estimate"].astype(float)
        excluding = own[~own["crosses_null"].astype(bool)]
        favour = (own["direction"] == "treatment").sum()
        rows.append(
            {
                "synthesis": name, "measure": first["measure"], "paths": len(own),
                "k_min": own["k"].min(), "k_max": own["k"].max(),
                "favour_treatment": favour, "favour_treatment_percent": 100.0 * favour / len(own),
                "exclude_null": len(excluding), "exclude_null_percent": 100.0 * len(excluding) / len(own),
                "exclude_null_treatment": (excluding["direction"] == "treatment").sum(),
                "exclude_null_comparison": (excluding["direction"] == "comparison").sum(),
                "measure_paths": len(same), "natural_planned": first["natural_estimate"],
                "natural_median": estimate.median(), "natural_lowest": estimate.min(),
                "natural_highest": estimate.max(),
                "natural_ci_lowest": same["natural_ci_low"].astype(float).min(),
                "natural_ci_highest": same["natural_ci_high"].astype(float).max(),
                "planned_crosses_null": bool(first["crosses_null"]),
                "planned_rank": int((estimate < first["natural_estimate"]).sum()) + 1,
                "failed": len(every) - len(own), "not_possible": "; ".join((notes or {}).get(str(name), [])),
                "from": _rests_on(own, first),
            }
        )  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=list(SUMMARY_COLUMNS))


def _rests_on(paths: pd.DataFrame, planned: pd.Series) -> str:
    """Return the planned path and the rows that any path uses: the paths themselves would be hundreds of references."""
    rows = dict.fromkeys(part for cell in paths["from"] for part in cell.split(";"))
    return ";".join([f"pooled/multiverse.csv:{planned['synthesis']}:{planned['path']}", *rows])
