"""Meta-regression: effects on moderators, with a formula or a matrix."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling.designs import Designs, estimate_tau2, least_squares, solve_q, trace_p
from evisynth.pooling.distributions import (
    chi2_quantile,
    chi2_upper,
    f_upper,
    normal_quantile,
    normal_two_sided,
    t_quantile,
    t_two_sided,
)
from evisynth.pooling.errors import ConvergenceError, PoolingInputError
from evisynth.pooling.inputs import _label, check_choice, check_effects, check_level
from evisynth.pooling.tau2 import METHODS

if TYPE_CHECKING:
    import pandas as pd

CI_METHODS = ("wald", "HKSJ", "HKSJ-safe")
# A column whose part outside the span of those before it is smaller than this, relative to its own length, is
# taken to be a combination of them.
_COLLINEAR = 1e-9


@dataclass(frozen=True, slots=True)
class RegressionResult:
    """A fitted meta-regression.

    Attributes
    ----------
    terms
        Names of the p coefficients.
    estimate, se, ci_low, ci_high, statistic, p : (p,) arrays
        Coefficients on the scale of the effects per unit of the moderator; t on k - p degrees of freedom under
        Hartung-Knapp, else normal.
    covariance : (p, p) array
        Of the coefficients, under the interval chosen.
    k
        Number of studies.
    tau2, tau2_ci_low, tau2_ci_high, tau2_ci_empty
        Residual heterogeneity, and its Q-profile interval.
    i2, h2
        Residual heterogeneity in per cent of total, with the typical variance (k - p) / tr(P); and H2.
    r2
        100 (tau2_0 - tau2) / tau2_0 in per cent, not below 0, tau2_0 from the model without moderators; None
        where tau2_0 is 0 or there is no intercept.
    tau2_without
        tau2_0.
    qe, qe_df, qe_p
        Test of residual heterogeneity with weights 1 / v.
    qm, qm_df, qm_df_residual, qm_p
        Test of all coefficients but the intercept: chi-squared with `qm_df` (`qm_df_residual` is None), or under
        Hartung-Knapp F with `qm_df` and `qm_df_residual`.
    residual, boundary
        As in `PoolResult`.
    design : (k, p) array
    """

    terms: tuple[str, ...]
    estimate: NDArray[np.float64]
    se: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    statistic: NDArray[np.float64]
    p: NDArray[np.float64]
    covariance: NDArray[np.float64]
    k: int
    tau2: float
    tau2_ci_low: float
    tau2_ci_high: float
    tau2_ci_empty: bool
    i2: float
    h2: float
    r2: float | None
    tau2_without: float | None
    qe: float
    qe_df: int
    qe_p: float
    qm: float | None
    qm_df: int
    qm_df_residual: int | None
    qm_p: float | None
    residual: float
    boundary: bool
    design: NDArray[np.float64]
    tau2_method: str
    ci_method: str
    level: float

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per coefficient."""
        import pandas as pd

        names = ("estimate", "se", "ci_low", "ci_high", "statistic", "p")
        return pd.DataFrame({"term": self.terms, **{name: getattr(self, name) for name in names}})

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name; arrays as lists; without design and covariance."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("design", "covariance")}
        return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}


def design_matrix(
    moderators: "str | ArrayLike | pd.DataFrame",
    data: "pd.DataFrame | None",
    k: int,
    studies: Sequence[str] | None,
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return names and values (k, p) of the design, intercept included.

    Parameters
    ----------
    moderators
        A formula's right-hand side (`"latitude + alloc"`; `"0 + alloc"` for no intercept), whose names are
        columns of `data`, or values (k,) or (k, q) to which an intercept is added.

    Raises
    ------
    PoolingInputError
        A moderator that is missing for a study, unknown, constant or a combination of others; too few studies.
    """
    if isinstance(moderators, str):
        names, x = _from_formula(moderators, data, k, studies)
    else:
        columns = list(moderators.columns) if hasattr(moderators, "columns") else None
        values = np.asarray(moderators, dtype=float)
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or values.shape[0] != k:
            raise PoolingInputError(f"moderators have shape {values.shape}; give (k,) or (k, q) with k = {k}")
        names = (
            "intercept",
            *(map(str, columns) if columns else (f"x{i + 1}" for i in range(values.shape[1]))),
        )
        x = np.column_stack([np.ones(k), values])
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise PoolingInputError(
                [f"{_label((int(i),), studies)}: a moderator is missing" for i in np.flatnonzero(bad)]
            )
    if k <= x.shape[1]:
        raise PoolingInputError(
            f"{k} studies cannot determine {x.shape[1]} coefficients and tau2; use fewer moderators "
            f"({', '.join(names)})"
        )
    check_collinear(names, x)
    return names, x


def _from_formula(
    formula: str, data: "pd.DataFrame | None", k: int, studies: Sequence[str] | None
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    if "~" in formula:
        raise PoolingInputError(
            f"the moderators {formula!r} have a left-hand side; give the moderators alone: the effects are what is "
            "explained"
        )
    if data is None or len(data) != k:
        raise PoolingInputError(f"a formula needs `data` with one row for each of the {k} studies")
    try:
        parsed = Formula(formula)
        unknown = sorted(set(map(str, parsed.required_variables)) - set(map(str, data.columns)))
    except (FormulaicError, SyntaxError, ValueError, AttributeError) as error:
        raise PoolingInputError(f"the moderators {formula!r} cannot be read: {error}") from None
    if unknown:
        raise PoolingInputError(
            f"moderators {', '.join(unknown)} are not columns of the table; it has {', '.join(map(str, data.columns))}"
        )
    used = data[[c for c in data.columns if str(c) in set(map(str, parsed.required_variables))]]
    missing = used.isna()
    if missing.to_numpy().any():
        raise PoolingInputError(
            [
                f"{_label((int(i),), studies)}: moderator {used.columns[j]} is missing; leave the study out "
                "or fill it in"
                for i, j in np.argwhere(missing.to_numpy())
            ]
        )
    try:
        with np.errstate(all="ignore"):
            matrix = parsed.get_model_matrix(data.reset_index(drop=True))
    except Exception as error:  # the formula may call any function, which may raise anything
        raise PoolingInputError(f"the moderators {formula!r} cannot be computed: {error}") from None
    names = tuple("intercept" if str(c) == "Intercept" else str(c) for c in matrix.columns)
    x = np.asarray(matrix, dtype=float)
    if not np.isfinite(x).all():
        raise PoolingInputError(f"the moderators {formula!r} give values that are not finite")
    if not x.shape[1]:
        raise PoolingInputError(f"the moderators {formula!r} have no term and no intercept: nothing can be estimated")
    return names, x


def check_collinear(names: Sequence[str], x: NDArray[np.float64]) -> None:
    """Raise `PoolingInputError` naming every column that is a combination of those before it."""
    basis: list[NDArray] = []
    problems = []
    for name, column in zip(names, x.T, strict=True):
        length = np.linalg.norm(column)
        rest = column.copy()
        for _ in range(2):  # the second pass removes what rounding left
            for unit in basis:
                rest = rest - unit * (unit @ rest)
        if length == 0.0 or np.linalg.norm(rest) <= _COLLINEAR * length:
            problems.append(name)
        else:
            basis.append(rest / np.linalg.norm(rest))
    if problems:
        raise PoolingInputError(
            f"moderators are collinear: {', '.join(problems)} is constant or a combination of the columns before "
            f"it (in the order {', '.join(names)}); drop it"
        )


def prepare(y: NDArray, v: NDArray, x: NDArray) -> tuple[Designs, NDArray[np.float64], float, NDArray[np.float64]]:
    """Return the design in working units with orthonormal columns, R of x = QR, the unit and the centre's part.

    Columns of x are first brought to unit length so that R tells collinearity and not units.
    """
    unit = float(np.ldexp(1.0, int(np.round(np.log2(np.median(v)) / 2.0))))
    lengths = np.linalg.norm(x, axis=0)
    orthonormal, r = np.linalg.qr(x / lengths)
    designs = Designs((y / unit)[None, :], (v / unit / unit)[None, :], orthonormal[None, :, :])
    back = np.linalg.inv(r) / lengths[:, None]
    return designs, back, unit, orthonormal


def meta_regression(
    yi: ArrayLike,
    vi: ArrayLike,
    moderators: "str | ArrayLike | pd.DataFrame",
    data: "pd.DataFrame | None" = None,
    *,
    tau2: str = "REML",
    ci: str = "HKSJ-safe",
    level: float = 0.95,
    studies: Sequence[str] | None = None,
) -> RegressionResult:
    """Regress effects on moderators with normal residual heterogeneity.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    moderators
        A formula such as "latitude + alloc" on columns of `data` (text columns are categories), or values (k,)
        or (k, q), to which an intercept is added.
    data
        One row per study, in the order of `yi`.
    tau2
        Estimator of the residual between-study variance, as in `random_effects`.
    ci : {"HKSJ-safe", "HKSJ", "wald"}
        Knapp and Hartung 2003, with or without max(1, q); or normal.
    level, studies
        As in `random_effects`.

    Returns
    -------
    RegressionResult

    Raises
    ------
    PoolingInputError
        Bad effects; missing, unknown or collinear moderators (named); not more studies than coefficients.
    ConvergenceError
        The estimating equation of tau2 was not solved.
    """
    method, ci = check_choice("tau2", tau2, METHODS), check_choice("ci", ci, CI_METHODS)
    level = check_level(level)
    y, v = check_effects(yi, vi, studies)
    if y.ndim != 1:
        raise PoolingInputError("meta-regression takes one meta-analysis: effects of shape (k,)")
    names, x = design_matrix(moderators, data, y.size, studies)
    return fit_design(y, v, x, names, method, ci, level)


def fit_design(
    y: NDArray, v: NDArray, x: NDArray, names: tuple[str, ...], method: str, ci: str, level: float
) -> RegressionResult:
    """Fit checked effects `y`, `v` on a checked design `x`; see `meta_regression`."""
    designs, back, unit, _ = prepare(y, v, x)
    tau2, residual, boundary, converged = estimate_tau2(designs, method)
    if not converged[0]:
        raise ConvergenceError("the estimating equation of tau2 was not solved: no number is given")
    fit = least_squares(designs, 1.0 / (designs.v + tau2[:, None]))
    estimate = back @ fit.coefficients[0] * unit
    covariance = back @ fit.inverse[0] @ back.T * unit**2
    df = designs.df
    dispersion = 1.0
    if ci != "wald":
        q = float(fit.q()[0]) / df
        dispersion = max(1.0, q) if ci == "HKSJ-safe" else q
    covariance = covariance * dispersion
    variances = np.diag(covariance)
    if not (np.isfinite(variances) & (variances > 0.0) | (dispersion == 0.0)).all():
        raise ConvergenceError(
            "the variances of the studies are too far apart for the coefficients to be told apart: no number is given"
        )
    se = np.sqrt(variances)
    statistic = estimate / se
    upper = 0.5 + level / 2.0
    quantile = normal_quantile(upper) if ci == "wald" else float(t_quantile(np.array([df]), upper)[0])
    p = normal_two_sided(statistic) if ci == "wald" else t_two_sided(statistic, df)
    heterogeneity = _heterogeneity(designs, float(tau2[0]), unit, level)
    without = _without_moderators(y, v, x, method)
    r2 = None if not without else 100.0 * max(0.0, (without - float(tau2[0]) * unit**2) / without)
    return RegressionResult(
        terms=names,
        estimate=estimate,
        se=se,
        ci_low=estimate - quantile * se,
        ci_high=estimate + quantile * se,
        statistic=statistic,
        p=p,
        covariance=covariance,
        k=y.size,
        tau2=float(tau2[0]) * unit**2,
        **heterogeneity,
        r2=r2,
        tau2_without=without,
        **_omnibus(x, estimate, covariance, None if ci == "wald" else df),
        residual=float(residual[0]),
        boundary=bool(boundary[0]),
        design=x,
        tau2_method=method,
        ci_method=ci,
        level=level,
    )


def _heterogeneity(designs: Designs, tau2: float, unit: float, level: float) -> dict[str, Any]:
    fixed = least_squares(designs, 1.0 / designs.v)
    df = designs.df
    qe = float(fixed.q()[0])
    typical = df / float(trace_p(designs, fixed)[0])
    tail = (1.0 - level) / 2.0
    targets = np.array([float(chi2_quantile([df], tail)[0]), float(chi2_quantile([df], 1.0 - tail)[0])])
    limits, found = solve_q(designs.take(np.zeros(2, dtype=int)), targets)
    if not found.all():
        raise ConvergenceError("the Q-profile interval of tau2 was not found")
    return {
        "tau2_ci_low": float(limits[0]) * unit**2,
        "tau2_ci_high": float(limits[1]) * unit**2,
        "tau2_ci_empty": qe < targets[1],
        "i2": 100.0 * tau2 / (tau2 + typical),
        "h2": (tau2 + typical) / typical,
        "qe": qe,
        "qe_df": df,
        "qe_p": float(chi2_upper(qe, df)),
    }


def intercept_column(x: NDArray) -> int | None:
    """Return the index of the constant column of ones, or None."""
    constant = np.flatnonzero((x == 1.0).all(axis=0))
    return int(constant[0]) if constant.size else None


def _without_moderators(y: NDArray, v: NDArray, x: NDArray, method: str) -> float | None:
    if intercept_column(x) is None or x.shape[1] == 1:
        return None
    designs, _, unit, _ = prepare(y, v, np.ones((y.size, 1)))
    tau2, _, _, converged = estimate_tau2(designs, method)
    return float(tau2[0]) * unit**2 if converged[0] else None


def wald_test(estimate: NDArray, covariance: NDArray, which: NDArray) -> float:
    """Return b' V^-1 b of the chosen coefficients."""
    b, part = estimate[which], covariance[np.ix_(which, which)]
    return float(b @ np.linalg.solve(part, b))


def _omnibus(x: NDArray, estimate: NDArray, covariance: NDArray, df: int | None) -> dict[str, Any]:
    constant = intercept_column(x)
    which = np.array([j for j in range(x.shape[1]) if j != constant], dtype=int)
    if not which.size:
        return {"qm": None, "qm_df": 0, "qm_df_residual": None, "qm_p": None}
    chi2 = wald_test(estimate, covariance, which)
    if df is None:
        return {
            "qm": chi2,
            "qm_df": which.size,
            "qm_df_residual": None,
            "qm_p": float(chi2_upper(chi2, which.size)),
        }
    f = chi2 / which.size
    return {"qm": f, "qm_df": which.size, "qm_df_residual": df, "qm_p": float(f_upper(f, which.size, df))}
