"""Meta-regression and subgroups of every synthesis whose plan names moderators, as rows of ``pooled/``."""

import numpy as np
import pandas as pd

from evisynth import pooling
from evisynth.effects.measures import find_measure
from evisynth.pooling.distributions import t_quantile
from evisynth.review.plan import Plan
from evisynth.synthesis.estimates import in_order

KEY = ("synthesis", "measure")
NATURAL = ("natural_estimate", "natural_ci_low", "natural_ci_high")
REGRESSION_COLUMNS = (
    *KEY, "moderator", "term", "title", "k", "estimate", "se", "ci_low", "ci_high", "ci_level", "statistic", "df", "p",
    "permutation_p", "permutations", "permutations_all", *NATURAL, "tau2", "tau2_ci_low", "tau2_ci_high",
    "tau2_without", "r2", "i2", "h2", "qe", "qe_df", "qe_p", "qm", "qm_df", "qm_df_residual", "qm_p",
    "permutation_qm_p", "advised", "advice", "status", "reason", "from",
)  # fmt: skip
LINE_COLUMNS = (
    *KEY, "moderator", "point", "x", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", *NATURAL,
    "natural_pi_low", "natural_pi_high", "from",
)  # fmt: skip
SUBGROUP_COLUMNS = (
    *KEY, "subgroup", "level", "title", "k", "estimate", "se", "ci_low", "ci_high", "ci_level", "p", *NATURAL, "tau2",
    "tau2_ci_low", "tau2_ci_high", "i2", "q", "q_df", "q_p", "q_between", "q_between_df", "q_between_p", "advised",
    "advice", "status", "reason", "from",
)  # fmt: skip
TABLES = {"regression": REGRESSION_COLUMNS, "regression_lines": LINE_COLUMNS, "subgroups": SUBGROUP_COLUMNS}
STUDIES_PER_MODERATOR = 10
PERMUTATIONS, SEED, LEVEL = 1000, 1, 0.95
POINTS = 61
_TITLE = "REML, Knapp-Hartung interval with max(1, q)"
_TITLE_OF_GROUP = "REML, Hartung-Knapp interval with max(1, q)"


def moderator_rows(plan: Plan, effects: pd.DataFrame, values: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Fit every meta-regression and pool every subgroup that a plan names, on the planned measure.

    Each moderator stands alone; where a plan names several, they also enter together.

    Parameters
    ----------
    plan : Plan
        The analysis plan.
    effects : pandas.DataFrame
        ``effects/effects.csv``.
    values : pandas.DataFrame
        The checked ``moderators.csv`` as text: study_id, moderator, value.

    Returns
    -------
    dict of str to pandas.DataFrame
        Rows of ``pooled/regression.csv``, ``pooled/regression_lines.csv`` and ``pooled/subgroups.csv`` by name.

    Notes
    -----
    Below ten studies for each coefficient the row says so (`advised` is "no"); it is computed all the same. What
    cannot be computed at all has a row without numbers and its reason.

    References
    ----------
    Thompson SG, Higgins JPT (2002). Stat Med 21:1559-1573. Knapp G, Hartung J (2003). Stat Med 22:2693-2710. Higgins
    JPT, Thompson SG (2004). Stat Med 23:1663-1682.
    """
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for synthesis in plan.syntheses:
        if not synthesis.pool or not (synthesis.moderators or synthesis.subgroups):
            continue
        here = (effects["synthesis"] == synthesis.id) & (effects["measure"] == synthesis.measure)
        studies = effects[here].reset_index(drop=True)
        together = (synthesis.moderators,) if len(synthesis.moderators) > 1 else ()
        for names in (*((name,) for name in synthesis.moderators), *together):
            rows, lines = regression_rows(studies, values, names)
            parts["regression"].append(_keyed(rows, synthesis))
            parts["regression_lines"].append(_keyed(lines, synthesis))
        for name in synthesis.subgroups:
            parts["subgroups"].append(_keyed(subgroup_rows(studies, values, name), synthesis))
    return {name: in_order(parts[name], columns) for name, columns in TABLES.items()}


def _keyed(frame: pd.DataFrame, synthesis) -> pd.DataFrame:
    """Add the key; turn limits and estimates of the rows into the scale that readers see."""
    if not len(frame):
        return frame
    frame = frame.assign(synthesis=synthesis.id, measure=synthesis.measure)
    frame["from"] = [cell or f"review.yaml:{synthesis.id}" for cell in frame["from"]]
    back = find_measure(synthesis.measure).back
    for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high"):
        if name in frame.columns:
            frame[f"natural_{name}"] = [None if pd.isna(x) else float(back(x)) for x in frame[name]]
    return frame


def _values(studies: pd.DataFrame, values: pd.DataFrame, name: str) -> list[str]:
    own = values[values["moderator"] == name]
    given = dict(zip(own["study_id"], own["value"].astype(str).str.strip(), strict=True))
    return [given.get(study, "") for study in studies["study_id"]]


def _usable(studies: pd.DataFrame, values: pd.DataFrame, names: tuple[str, ...]) -> tuple[pd.DataFrame, str]:
    """Return the studies that give every moderator (one column each) and the words on those that do not."""
    frame = studies.assign(**{f"moderator:{name}": _values(studies, values, name) for name in names})
    known = (frame[[f"moderator:{name}" for name in names]] != "").all(axis=1)
    absent = list(frame.loc[~known, "label"])
    words = f"left out, {' or '.join(names)} not known: {', '.join(absent)}" if absent else ""
    return frame[known].reset_index(drop=True), words


def _origin(studies: pd.DataFrame, names: tuple[str, ...]) -> str:
    rows = studies[["synthesis", "measure", "study_id"]].itertuples(index=False)
    effects = [f"effects/effects.csv:{':'.join(row)}" for row in rows]
    facts = [f"moderators.csv:{study}:{name}" for study in studies["study_id"] for name in names]
    return ";".join([*effects, *facts])


def _design(studies: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Return one column per number, and one per category but the first (in alphabetical order)."""
    columns: dict[str, list[float]] = {}
    for name in names:
        cells = list(studies[f"moderator:{name}"])
        numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce")
        if numbers.notna().all():
            columns[name] = numbers.astype(float).tolist()
        else:
            levels = sorted(set(cells))
            columns |= {f"{name}={level}": [float(cell == level) for cell in cells] for level in levels[1:]}
    return pd.DataFrame(columns, index=studies.index)


def _advice(k: int, coefficients: int) -> dict[str, str]:
    enough = k >= STUDIES_PER_MODERATOR * max(coefficients, 1)
    words = f"{k} studies for {coefficients} coefficient{'s' if coefficients != 1 else ''}: at least "
    words += f"{STUDIES_PER_MODERATOR} for each are advised (Cochrane Handbook, chapter 10)"
    return {"advised": "yes" if enough else "no", "advice": "" if enough else words}


def regression_rows(
    studies: pd.DataFrame, values: pd.DataFrame, names: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Regress the effects of one synthesis on moderators.

    Parameters
    ----------
    studies : pandas.DataFrame
        Its rows of ``effects/effects.csv``.
    values : pandas.DataFrame
        The checked ``moderators.csv``.
    names : tuple of str
        The moderators that enter together. A moderator whose values are all numbers is a number; any other is a
        category whose first level (in alphabetical order) is the reference.

    Returns
    -------
    tuple of pandas.DataFrame
        One row per coefficient, on the scale of the analysis per unit of the moderator; and, for a single number,
        the fitted line with its confidence and prediction intervals at `POINTS` values.
    """
    used, words = _usable(studies, values, names)
    key = " + ".join(names)
    shared = {"moderator": key, "title": _TITLE, "k": len(used), "ci_level": LEVEL}
    origin = _origin(used if len(used) else studies, names if len(used) else ())
    shared["from"] = origin
    yi, vi = used["yi"].to_numpy(float), used["vi"].to_numpy(float)
    design = _design(used, names)
    try:
        if design.shape[1] == 0:
            raise pooling.PoolingInputError(f"all studies have the same {key}")
        fit = pooling.meta_regression(yi, vi, design, studies=list(used["label"]), level=LEVEL)
        permuted = pooling.permutation_test(
            yi, vi, design, ci="HKSJ-safe", permutations=PERMUTATIONS, seed=SEED, studies=list(used["label"])
        )
    except (pooling.PoolingInputError, pooling.ConvergenceError) as fault:
        reason = "; ".join(part for part in (str(fault), words) if part)
        row = {**shared, **_advice(len(used), design.shape[1]), "term": "none", "status": "failed", "reason": reason}
        return pd.DataFrame([row]), pd.DataFrame()
    frame = fit.to_frame()
    model = (
        "tau2", "tau2_ci_low", "tau2_ci_high", "tau2_without", "r2", "i2", "h2", "qe", "qe_df", "qe_p", "qm", "qm_df",
        "qm_df_residual", "qm_p",
    )  # fmt: skip
    frame = frame.assign(
        **shared, **{name: getattr(fit, name) for name in model}, **_advice(fit.k, design.shape[1]),
        df=fit.qe_df, permutation_p=permuted.p, permutation_qm_p=permuted.omnibus_p,
        permutations=permuted.permutations, permutations_all=permuted.exact, status="ok", reason=words,
    )  # fmt: skip
    straight = len(names) == 1 and list(design.columns) == list(names)
    place = f"pooled/regression.csv:{':'.join(studies.loc[0, list(KEY)])}:{key}"
    origin = f"{place}:intercept;{place}:{key}"
    return frame, _line(fit, design.iloc[:, 0], key, origin) if straight else pd.DataFrame()


def _line(fit: pooling.RegressionResult, x: pd.Series, name: str, origin: str) -> pd.DataFrame:
    """Return the line of one number, at equal steps from its smallest to its largest value."""
    at = np.linspace(float(x.min()), float(x.max()), POINTS)
    design = np.column_stack([np.ones(POINTS), at])
    middle = design @ fit.estimate
    variance = np.einsum("ij,jk,ik->i", design, fit.covariance, design)
    quantile = float(t_quantile(np.array([float(fit.qe_df)]), 0.5 + LEVEL / 2.0)[0])
    half, wide = quantile * np.sqrt(variance), quantile * np.sqrt(variance + fit.tau2)
    return pd.DataFrame(
        {
            "moderator": name, "point": [f"p{i:02d}" for i in range(POINTS)], "x": at, "estimate": middle,
            "ci_low": middle - half, "ci_high": middle + half, "pi_low": middle - wide, "pi_high": middle + wide,
            "from": origin,
        }
    )  # fmt: skip


def subgroup_rows(studies: pd.DataFrame, values: pd.DataFrame, name: str) -> pd.DataFrame:
    """Pool each group of studies, each with its own tau2, and test whether the groups differ.

    Parameters
    ----------
    studies, values : pandas.DataFrame
        As in `regression_rows`.
    name : str
        The moderator that names the groups.

    Returns
    -------
    pandas.DataFrame
        One row per group, in alphabetical order; the test between groups stands in each.
    """
    used, words = _usable(studies, values, (name,))
    if not len(used):
        row = {
            "subgroup": name, "level": "none", "k": 0, "status": "empty", "reason": words or "no studies",
            "from": _origin(studies, ()),
        }  # fmt: skip
        return pd.DataFrame([row])
    used = used.sort_values(f"moderator:{name}", kind="stable").reset_index(drop=True)
    groups = used[f"moderator:{name}"]
    found = pooling.subgroups(
        used["yi"].to_numpy(float), used["vi"].to_numpy(float), list(groups), studies=list(used["label"]), level=LEVEL
    )
    frame = found.to_frame()
    numbers = (
        "k", "estimate", "se", "ci_low", "ci_high", "p", "tau2", "tau2_ci_low", "tau2_ci_high", "i2", "q", "q_df",
        "q_p", "q_between", "q_between_df", "q_between_p", "status",
    )  # fmt: skip
    reasons = ["; ".join(part for part in (reason or "", words) if part) for reason in frame["reason"]]
    origins = [_origin(used[groups == level], (name,)) for level in frame["group"]]
    others = [_origin(used[groups != level], (name,)) for level in frame["group"]]
    return frame[list(numbers)].assign(
        **_advice(len(used), groups.nunique() - 1), subgroup=name, level=frame["group"], title=_TITLE_OF_GROUP,
        ci_level=LEVEL, reason=reasons,
        # the test between groups rests on the other groups too
        **{"from": [";".join(part for part in pair if part) for pair in zip(origins, others, strict=True)]},
    )  # fmt: skip
