"""Pooling counts by their own likelihood: binomial-normal and Poisson-normal mixed models."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.pooling import mixed, outcomes
from evisynth.pooling.distributions import (
    chi2_upper,
    normal_quantile,
    normal_two_sided,
    t_quantile,
    t_two_sided,
)
from evisynth.pooling.errors import ConvergenceError, PoolingInputError
from evisynth.pooling.inputs import check_choice, check_level
from evisynth.pooling.mixed_interval import profile_interval
from evisynth.pooling.tables import check_columns
from evisynth.pooling.two_by_two import ALL_EVENTS, NO_EVENTS

if TYPE_CHECKING:
    import pandas as pd

MODELS = ("UM.FS", "UM.RS", "CM.EL", "CM.AL")
_NODES_1, _NODES_2 = 61, 25


@dataclass(frozen=True, slots=True)
class GlmmResult:
    """A fitted mixed model of counts.

    Attributes
    ----------
    k
        Studies that carry information.
    estimate, se, ci_low, ci_high, p
        Log odds ratio, log rate ratio, logit or log rate; se from the full observed information.
    tau2, tau2_ci_low, tau2_ci_high
        Between-study variance of the effect and, where it was asked for, its profile-likelihood interval (else None:
        it costs some thirty further fits); `boundary` is True where tau2 is 0.
    sigma2
        Variance of the studies' baselines ("UM.RS"), else None.
    pi_low, pi_high
        Prediction interval, t on k - 1 degrees of freedom; None for one study.
    log_likelihood
        At the maximum, all constants included.
    lrt, lrt_df, lrt_p
        Likelihood-ratio test of heterogeneity: one effect per study against one effect for all.
    gradient
        Largest absolute derivative of the log likelihood at the maximum.
    quadrature_error
        Absolute change of the log likelihood when the number of nodes is (about) doubled.
    left_out
        Pairs (index or name, reason).
    """

    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    tau2: float
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    boundary: bool
    sigma2: float | None
    pi_low: float | None
    pi_high: float | None
    log_likelihood: float
    lrt: float | None
    lrt_df: int | None
    lrt_p: float | None
    gradient: float
    quadrature_error: float
    left_out: tuple[tuple[int | str, str], ...]
    measure: str
    model: str
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def to_frame(self) -> "pd.DataFrame":
        """Return one row."""
        import pandas as pd

        return pd.DataFrame([{name: value for name, value in self.to_dict().items() if name != "left_out"}])


@dataclass(frozen=True, slots=True)
class _Problem:
    """A model to fit, where its effect sits, and the log likelihood with one effect per study (or None)."""

    model: mixed.MixedModel
    start: NDArray
    at: int
    nodes: int
    saturated: float | None


def glmm(
    events_1: ArrayLike,
    n_1: ArrayLike,
    events_2: ArrayLike,
    n_2: ArrayLike,
    *,
    measure: str = "OR",
    model: str = "UM.FS",
    effect: str = "random",
    ci: str = "wald",
    level: float = 0.95,
    coding: float = 0.5,
    nodes: int | None = None,
    tau2_interval: bool = False,
    studies: Sequence[str] | None = None,
) -> GlmmResult:
    """Pool two groups' counts by a mixed model, without continuity corrections.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : (k,) arrays
        Events and sizes (for "IRR": person-time) of the intervention (1) and the comparison (2).
    measure : {"OR", "IRR"}
        Binomial counts with a logit link, or Poisson counts with a log link. Estimates are logs.
    model : {"UM.FS", "UM.RS", "CM.EL", "CM.AL"}
        Unconditional with fixed or with random study effects; conditional on each study's total, with the exact
        (non-central hypergeometric) or the approximate (binomial) likelihood. For "IRR" the binomial likelihood
        of "CM.EL" is exact, and "CM.AL" is the same.
    effect : {"random", "common"}
        Whether the effect differs between studies.
    ci : {"wald", "t"}
        Normal quantiles, or t on k - 1 degrees of freedom.
    level
        Level of the intervals.
    coding
        For the unconditional models: the effect's random part is u * coding in group 1 and
        u * (coding - 1) in group 2; 0.5 gives both groups the same variance, 1 gives it all to group 1.
    nodes
        Quadrature nodes per random effect; 61 for one random effect and 25 for two by default, which leaves an
        error far below any other (see `quadrature_error`); not below 15, where derivatives would suffer.
    tau2_interval
        Whether the profile-likelihood interval of tau2 is computed.
    studies
        Names of the studies.

    Returns
    -------
    GlmmResult

    Raises
    ------
    PoolingInputError
        Counts that cannot be, unknown options, or no study with information.
    ConvergenceError
        The likelihood has no maximum at finite values.

    References
    ----------
    Hardy and Thompson 1996 (profile interval); Stijnen, Hamza and Ozdemir 2010 (CM.EL, CM.AL); Turner et al. 2000,
    Jackson et al. 2018 (UM.FS, UM.RS).
    """
    measure = check_choice("measure", measure, ("OR", "IRR"))
    model, level = check_choice("model", model, MODELS), check_level(level)
    effect = check_choice("effect", effect, ("random", "common"))
    ci = check_choice("ci", ci, ("wald", "t"))
    size = "n" if measure == "OR" else "time"
    columns = {"events_1": events_1, f"{size}_1": n_1, "events_2": events_2, f"{size}_2": n_2}
    limits = (("events_1", "n_1"), ("events_2", "n_2")) if measure == "OR" else ()
    a, n1, c, n2 = _single(check_columns(columns, studies, limits, (f"{size}_1", f"{size}_2")))
    use, left_out = _informative(a, n1, c, n2, measure, model, studies)
    a, n1, c, n2 = a[use], n1[use], c[use], n2[use]
    if not a.size:
        raise PoolingInputError("no study carries information on the measure: all are without events in both arms")
    _check_finite(a, n1, c, n2, measure, model)
    builder = {"UM.FS": _fixed_studies, "UM.RS": _random_studies}.get(model, _conditional)
    problem = builder(a, n1, c, n2, measure, model, coding)
    if nodes is not None and nodes < 15:
        raise PoolingInputError(f"nodes is {nodes}; give 15 or more")
    problem = problem if nodes is None else replace(problem, nodes=nodes)
    return _solve(problem, effect, a.size, left_out, measure, model, ci, level, tau2_interval)


def glmm_one_group(
    events: ArrayLike,
    n: ArrayLike,
    *,
    measure: str = "PLO",
    effect: str = "random",
    ci: str = "wald",
    level: float = 0.95,
    tau2_interval: bool = False,
    studies: Sequence[str] | None = None,
) -> GlmmResult:
    """Pool proportions or rates of single groups by a mixed model.

    Parameters
    ----------
    events, n : (k,) arrays
        Events and sizes, or for "IRLN" person-time.
    measure : {"PLO", "IRLN"}
        Logit of a proportion (binomial-normal) or log of a rate (Poisson-normal).
    effect, ci, level, tau2_interval, studies
        As in `glmm`.

    Returns
    -------
    GlmmResult
        Studies without events are kept: they carry information here.

    References
    ----------
    Stijnen, Hamza and Ozdemir 2010, section 2.
    """
    measure = check_choice("measure", measure, ("PLO", "IRLN"))
    effect, ci = check_choice("effect", effect, ("random", "common")), check_choice("ci", ci, ("wald", "t"))
    size = "n" if measure == "PLO" else "time"
    limits = (("events", "n"),) if measure == "PLO" else ()
    x, total = _single(check_columns({"events": events, size: n}, studies, limits, (size,)))
    if not x.size:
        raise PoolingInputError("no studies")
    if x.sum() == 0 or (measure == "PLO" and x.sum() == total.sum()):
        raise ConvergenceError("no events, or events in everyone, over all studies: no number is given")
    outcome = outcomes.binomial if measure == "PLO" else outcomes.poisson
    k = x.size
    rate = (x.sum() + 0.5) / (total.sum() + 1.0)
    start = np.log(rate / (1 - rate)) if measure == "PLO" else np.log(rate)
    ones = np.ones((k, 1, 1))
    model = mixed.MixedModel(outcome(x[:, None], total[:, None]), ones, np.zeros((k, 1), dtype=int), 1, ones)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = x / total
        own = np.log(p / (1 - p)) if measure == "PLO" else np.log(p)
    saturated = _saturated(model.outcome, np.clip(own, -700, 700)[:, None])
    problem = _Problem(model, np.array([start]), 0, _NODES_1, saturated)
    return _solve(problem, effect, k, (), measure, "one group", ci, check_level(level), tau2_interval)


def _single(columns: tuple[NDArray, ...]) -> tuple[NDArray, ...]:
    if columns[0].ndim != 1:
        raise PoolingInputError("a mixed model takes one set of studies: columns of shape (k,)")
    return columns


def _informative(a, n1, c, n2, measure, model, studies) -> tuple[NDArray, tuple]:
    none, everyone = a + c == 0, (a + c == n1 + n2) if measure == "OR" else np.zeros(a.shape, dtype=bool)
    # with random study effects such a study still tells something about the baseline
    use = np.ones(a.shape, dtype=bool) if model == "UM.RS" else ~(none | everyone)
    names = studies if studies is not None else range(a.size)
    left_out = tuple((names[i], NO_EVENTS if none[i] else ALL_EVENTS) for i in np.flatnonzero(~use))
    return use, left_out


def _check_finite(a, n1, c, n2, measure: str, model: str) -> None:
    """Raise where the data push the effect to infinity: every study at the same end of what its total allows."""
    if measure == "OR":
        low, high = np.maximum(0.0, a + c - n2), np.minimum(n1, a + c)
    else:
        low, high = np.zeros(a.shape), a + c
    ends = (a == low).all() or (a == high).all()
    if model == "UM.RS":
        whole = (n1.sum(), n2.sum()) if measure == "OR" else (np.inf, np.inf)
        ends = a.sum() in (0, whole[0]) or c.sum() in (0, whole[1])
    if ends:
        raise ConvergenceError(
            "the estimate is infinite (an arm without events, or with events in everyone, over all studies): no "
            "number is given"
        )


def _baseline(measure: str, x: NDArray, n: NDArray) -> NDArray:
    rate = (x + 0.5) / (n + 1.0)
    return np.log(rate / (1.0 - rate)) if measure == "OR" else np.log((x + 0.5) / n)


def _saturated(outcome: mixed.Outcome, eta: NDArray) -> float:
    return float(outcome(eta[:, :, None])[0].sum())


def _two_groups(a, n1, c, n2, measure) -> tuple[mixed.Outcome, float]:
    events, sizes = np.column_stack([a, c]), np.column_stack([n1, n2])
    outcome = (outcomes.binomial if measure == "OR" else outcomes.poisson)(events, sizes)
    with np.errstate(divide="ignore"):
        own = np.log(events) - np.log(sizes - events if measure == "OR" else sizes)
    return outcome, _saturated(outcome, np.clip(own, -700, 700))


def _spread(k: int, coding: float) -> NDArray:
    return np.tile(np.array([coding, coding - 1.0])[None, :], (k, 1))


def _fixed_studies(a, n1, c, n2, measure, _, coding) -> _Problem:
    """eta_1 = alpha_i + theta + coding u_i, eta_2 = alpha_i - (1 - coding) u_i; coefficients theta, alphas."""
    k = a.size
    outcome, saturated = _two_groups(a, n1, c, n2, measure)
    x = np.tile(np.array([[1.0, 1.0], [0.0, 1.0]])[None], (k, 1, 1))
    index = np.column_stack([np.zeros(k, dtype=int), 1 + np.arange(k)])
    model = mixed.MixedModel(outcome, x, index, k + 1, _spread(k, coding)[:, :, None])
    theta = float(_baseline(measure, a.sum(), n1.sum()) - _baseline(measure, c.sum(), n2.sum()))
    alphas = _baseline(measure, a + c, n1 + n2) - 0.5 * theta
    return _Problem(model, np.r_[theta, alphas], 0, _NODES_1, saturated)


def _random_studies(a, n1, c, n2, measure, _, coding) -> _Problem:
    """As with fixed studies, alpha_i = alpha + s_i; coefficients theta, alpha; random effects u, s."""
    k = a.size
    outcome, _ = _two_groups(a, n1, c, n2, measure)
    x = np.tile(np.array([[1.0, 1.0], [0.0, 1.0]])[None], (k, 1, 1))
    random = np.stack([_spread(k, coding), np.ones((k, 2))], axis=-1)
    model = mixed.MixedModel(outcome, x, np.tile([0, 1], (k, 1)), 2, random)
    alpha = float(_baseline(measure, c.sum(), n2.sum()))
    return _Problem(model, np.array([float(_baseline(measure, a.sum(), n1.sum())) - alpha, alpha]), 0, _NODES_2, None)


def _conditional(a, n1, c, n2, measure, model, _) -> _Problem:
    """Group 1's events given the study's total; eta is theta + u_i."""
    k = a.size
    if measure == "OR" and model == "CM.EL":
        outcome = outcomes.hypergeometric(a, n1, c, n2)
        inside = (a > np.maximum(0, a + c - n2)) & (a < np.minimum(n1, a + c))
        saturated = _saturated(outcome, _own_effects(outcome, a, c, n1, n2, inside)[:, None])
    else:
        outcome = outcomes.binomial(a[:, None], (a + c)[:, None], np.log(n1 / n2)[:, None])
        with np.errstate(divide="ignore"):
            own = np.clip(np.log(a) - np.log(c) - np.log(n1 / n2), -700, 700)
        saturated = _saturated(outcome, own[:, None])
    ones = np.ones((k, 1, 1))
    start = np.array([np.log((a.sum() + 0.5) / n1.sum()) - np.log((c.sum() + 0.5) / n2.sum())])
    return _Problem(
        mixed.MixedModel(outcome, ones, np.zeros((k, 1), dtype=int), 1, ones), start, 0, _NODES_1, saturated
    )


def _own_effects(outcome: mixed.Outcome, a, c, n1, n2, inside: NDArray) -> NDArray:
    """Return each study's conditional maximum-likelihood log odds ratio; +-700 where it is infinite."""
    from evisynth.pooling.roots import bracketed_root

    eta = np.where(a > (a + c) * n1 / (n1 + n2), 700.0, -700.0)
    at = np.flatnonzero(inside)

    def score(values: NDArray, columns: NDArray) -> NDArray:
        every = np.zeros((a.size, 1, 1))
        every[at[columns], 0, 0] = values
        return outcome(every)[1][at[columns], 0, 0]

    if at.size:
        eta[at], _ = bracketed_root(score, np.full(at.size, -60.0), np.full(at.size, 60.0), 1e-12)
    return eta


def _solve(
    problem: _Problem, effect: str, k: int, left_out, measure, model, ci, level, tau2_interval: bool
) -> GlmmResult:
    drop = np.array([], dtype=int) if effect == "common" else np.array([0])
    # random effect 0 is that of the effect, the others belong to the study
    others = np.arange(1, problem.model.c.shape[2])
    fitted = problem.model.without(np.r_[drop, others].astype(int))
    found = mixed.fit(fitted, problem.start, problem.nodes)
    fine, *_ = mixed.evaluate(fitted, found.coefficients, found.scales, 2 * problem.nodes + 1)
    se = float(np.sqrt(found.covariance()[problem.at, problem.at]))
    if not np.isfinite(se):
        raise ConvergenceError("the standard error is not finite: no number is given")
    estimate = float(found.coefficients[problem.at])
    tau2 = 0.0 if effect == "common" else float(found.scales[0] ** 2)
    upper, df = 0.5 + level / 2.0, k - 1
    use_t = ci == "t" and df > 0
    quantile = float(t_quantile([df], upper)[0]) if use_t else normal_quantile(upper)
    p = t_two_sided(estimate / se, df) if use_t else normal_two_sided(estimate / se)
    half = np.sqrt(tau2 + se**2) * float(t_quantile([df], upper)[0]) if df > 0 and effect == "random" else None
    lrt = _test(problem, k)
    limits = (None, None)
    if tau2_interval and effect == "random" and k > 1:
        limits = profile_interval(fitted, found, problem.nodes, level)
    return GlmmResult(
        k=k,
        estimate=estimate,
        se=se,
        ci_low=estimate - quantile * se,
        ci_high=estimate + quantile * se,
        p=float(p),
        tau2=tau2,
        tau2_ci_low=limits[0],
        tau2_ci_high=limits[1],
        boundary=effect == "random" and tau2 == 0.0,
        sigma2=float(found.scales[-1] ** 2) if model == "UM.RS" else None,
        pi_low=None if half is None else float(estimate - half),
        pi_high=None if half is None else float(estimate + half),
        log_likelihood=found.log_likelihood,
        **lrt,
        gradient=float(np.abs(found.gradient).max()),
        quadrature_error=abs(fine - found.log_likelihood),
        left_out=left_out,
        measure=measure,
        model=model,
        level=level,
    )


def _test(problem: _Problem, k: int) -> dict[str, Any]:
    if problem.saturated is None or k < 2:
        return {"lrt": None, "lrt_df": None, "lrt_p": None}
    none = mixed.fit(problem.model.without(np.array([], dtype=int)), problem.start, problem.nodes)
    statistic = max(2.0 * (problem.saturated - none.log_likelihood), 0.0)
    return {"lrt": statistic, "lrt_df": k - 1, "lrt_p": float(chi2_upper(statistic, k - 1))}
