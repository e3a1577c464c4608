"""The normal-normal hierarchical model, exactly: quadrature over tau, everything else in closed form.

>>> from evisynth import bayes
>>> fit = bayes.normal_normal([0.1, 0.3, 0.35], [0.02, 0.03, 0.04], tau_prior="halfnormal:0.5")
>>> round(fit.mu.median, 3)
0.237
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from evisynth.bayes import checks, priors, quadrature
from evisynth.bayes.checks import ImproperPosteriorError
from evisynth.bayes.families import Array
from evisynth.bayes.posterior import (
    STUDENT_ERROR,
    Problem,
    build_problem,
    log_marginal_at,
    mixtures,
    study_effects,
)
from evisynth.bayes.priors import Prior
from evisynth.bayes.quadrature import TauGrid
from evisynth.bayes.results import NormalNormalPosterior, StudyEffects, scalar
from evisynth.bayes.summaries import FIELDS, ROUNDING, Summary, error_of_tail, summarise_mixture, summarise_tau

METHOD = "exact (trapezoidal and sinc quadrature over tau; mu given tau in closed form)"
NODES = 80  # enough for 1e-6 with the usual priors; one data set gets twice as many
MOST_NODES = 1024
EVIDENCE = ("log_marginal", "bf_mu0", "bf_tau0")  # not defined under an improper prior
COARSE = 1e-3  # an error, in posterior standard deviations, that deserves a remark
OUT_OF_RANGE = "the integral over tau can't be computed: the priors are too narrow or too far from the data"
_CELLS = 400_000  # studies x rows x nodes held at once: stays in the processor's cache

__all__ = [
    "ImproperPosteriorError",
    "NormalNormalPosterior",
    "StudyEffects",
    "Summary",
    "normal_normal",
    "prior_grid",
]


def normal_normal(
    yi: ArrayLike,
    vi: ArrayLike,
    tau_prior: str | Prior | Sequence[str | Prior] = "halfnormal:0.5",
    mu_prior: str | Prior = "flat",
    *,
    level: float = 0.95,
    shortest: bool = True,
    tolerance: float = 1e-6,
) -> NormalNormalPosterior:
    """Fit the normal-normal hierarchical model exactly, to one data set or to a batch.

    Parameters
    ----------
    yi, vi : array-like (k,) or (m, k)
        Effects (log odds ratio, SMD, ...) and sampling variances; in a batch NaN marks an absent study.
    tau_prior : str or Prior, or a sequence of them
        Prior of the between-study standard deviation; see `evisynth.bayes.priors`. A sequence gives every data set of
        a batch its own.
    mu_prior : str or Prior
        Prior of the mean effect, in units of `yi`. ``"vanzwet"`` without a number takes the standard error of the only
        study.
    level : float
        Probability of the intervals, between 0 and 1.
    shortest : bool
        Whether to compute shortest intervals too.
    tolerance : float
        Rows whose `error_bound` exceeds it are computed again with more nodes (up to 1024).

    Returns
    -------
    NormalNormalPosterior

    Raises
    ------
    ValueError
        Unusable data (all problems at once) or level.
    PriorError
        A prior that isn't known.
    ImproperPosteriorError
        One data set whose posterior doesn't exist; in a batch such a row has status ``"failed"`` and its reason.

    Notes
    -----
    Posterior of tau up to a constant: p(tau) prod N(y_i; m, v_i + tau2) S**(-1/2) under a flat mu (Gelman et al., BDA3,
    section 5.4); quadrature as described in `evisynth.bayes.quadrature`.
    """
    y, v, single = checks.read_data(yi, vi)
    level = checks.check_level(level)
    mu = _resolve_effect(priors.parse(mu_prior, "mu"), v, single)
    return _fit(y, v, _heterogeneity_priors(tau_prior, len(y)), mu, level, shortest, tolerance, single)


def _heterogeneity_priors(given: str | Prior | Sequence[str | Prior], m: int) -> tuple[Prior, ...]:
    if isinstance(given, str | Prior):
        return (priors.parse(given, "tau"),)
    if len(given) != m:
        raise ValueError(f"{len(given)} priors of tau for {m} data sets; give one for all, or one for each")
    return tuple(priors.parse(one, "tau") for one in given)


def _resolve_effect(prior: Prior, v: Array, single: bool) -> Prior:
    if prior.kind == "vanzwet" and not prior.parameters:
        found = v[np.isfinite(v)]
        if not single or len(found) != 1:
            raise priors.PriorError(
                "vanzwet is a prior of the ratio of effect to standard error in one trial: with more than one study "
                "write the standard error it refers to, e.g. 'vanzwet:0.2'"
            )
        return replace(priors.parse(f"vanzwet:{float(np.sqrt(found[0]))!r}", "mu"), text="vanzwet")
    return prior


def _fit(
    y: Array,
    v: Array,
    tau_priors: Sequence[Prior],
    mu_prior: Prior,
    level: float,
    shortest: bool,
    tolerance: float,
    single: bool,
) -> NormalNormalPosterior:
    k = np.isfinite(y).sum(axis=1)
    reasons = checks.improper(k, tau_priors, mu_prior)
    if single and reasons and reasons[0]:
        raise ImproperPosteriorError(reasons[0])
    m, columns = y.shape
    out = _Columns(m, columns)
    parts = []
    usable = np.flatnonzero([not r for r in reasons])
    # A Student-t prior of mu is a mixture of a few dozen normals: as costly as that many studies.
    depth = max(columns, 30 if mu_prior.kind == "t" else 1)
    size = max(1, _CELLS // (depth * NODES))
    for begin in range(0, len(usable), size):
        rows = usable[begin : begin + size]
        chosen = tau_priors if len(tau_priors) == 1 else [tau_priors[r] for r in rows]
        problem = build_problem(y[rows], v[rows], chosen, mu_prior)
        parts += _solve(problem, rows, level, shortest, tolerance, 2 * NODES if single else NODES, out)
    return _assemble(out, parts, k, tau_priors, mu_prior, level, reasons, single)


class _Columns:
    """Results of a batch while it is being filled."""

    def __init__(self, m: int, k: int) -> None:
        names = ["p_mu_below_0", "log_marginal", "bf_mu0", "bf_tau0", "error_bound"]
        self.values = {n: np.full(m, np.nan) for n in names}
        for quantity in ("mu", "tau", "predictive"):
            self.values |= {f"{quantity}.{f}": np.full(m, np.nan) for f in FIELDS}
        self.mean, self.sd = np.full((m, k), np.nan), np.full((m, k), np.nan)

    def put(self, quantity: str, rows: Array, summary: Summary) -> None:
        for f in FIELDS:
            self.values[f"{quantity}.{f}"][rows] = getattr(summary, f)

    def blank(self, rows: list[bool]) -> None:
        for array in (*self.values.values(), self.mean, self.sd):
            array[rows] = np.nan

    def summary(self, quantity: str) -> Summary:
        return Summary(*(self.values[f"{quantity}.{f}"] for f in FIELDS))


def _solve(
    problem: Problem, rows: Array, level: float, shortest: bool, tolerance: float, nodes: int, out: _Columns
) -> list:
    """Fill `out` for some rows; rows that miss the tolerance are done again with more nodes."""
    parts, here = [], np.arange(problem.size)
    while len(here):
        part = problem if len(here) == problem.size else problem.take(here)
        grid = part.grid(nodes)
        sound = np.isfinite(grid.log_integral)
        if not sound.all():
            here, part, grid = here[sound], part.take(np.flatnonzero(sound)), grid.take(np.flatnonzero(sound))
        last = nodes >= MOST_NODES
        # Where a limit stands, a density is about 0.08 per standard deviation: the others would fail after more work.
        worth = (0.08 * tolerance >= quadrature.spectral_error(grid.probability)) | last
        again = here[~worth]
        if not worth.all():
            here, part, grid = here[worth], part.take(np.flatnonzero(worth)), grid.take(np.flatnonzero(worth))
        if len(here):
            good = (_summarise(part, grid, rows[here], level, shortest, out) <= tolerance) | last
            kept = np.flatnonzero(good)
            if good.all():
                parts.append((rows[here], part, grid))
            elif good.any():
                parts.append((rows[here[kept]], part.take(kept), grid.take(kept)))
            again = np.sort(np.concatenate([again, here[~good]]))
        here, nodes = again, min(3 * nodes // 2, MOST_NODES)
    return parts


def _summarise(problem: Problem, grid: TauGrid, rows: Array, level: float, shortest: bool, out: _Columns) -> Array:
    origin = problem.origin
    one, two = problem.moment_exists(1), problem.moment_exists(2)
    bounded = not problem.effect.flat and problem.effect.prior.kind != "t"
    mu_mixture, next_mixture = mixtures(problem, grid)
    floor = STUDENT_ERROR if problem.effect.prior.kind == "t" else ROUNDING
    tau, error_tau = summarise_tau(problem, grid, level, shortest, floor)
    has_mean, has_sd = (one | True, two | True) if bounded else _effect_moments(problem)
    mu, error_mu = summarise_mixture(mu_mixture, origin, level, shortest, has_mean, has_sd, floor)
    further, error_next = summarise_mixture(next_mixture, origin, level, shortest, has_mean & one, has_sd & two, floor)
    for name, summary in (("mu", mu), ("tau", tau), ("predictive", further)):
        out.put(name, rows, summary)
    out.mean[rows], out.sd[rows] = study_effects(problem, grid)
    out.values["p_mu_below_0"][rows] = mu_mixture.below(-origin[:, None])[:, 0]
    error = np.maximum.reduce([error_tau, error_mu, error_next, error_of_tail(problem, grid, tau)])
    out.values["error_bound"][rows] = error
    _bayes_factors(problem, grid, rows, out)
    return error


def _effect_moments(problem: Problem) -> tuple[Array, Array]:
    """Whether E(mu) and E(mu**2) exist when the prior of mu is flat or a Student t."""
    if problem.effect.flat:
        return problem.moment_exists(1), problem.moment_exists(2)
    df = problem.effect.prior.parameters[2]
    k = problem.present.sum(axis=0)
    with_data = np.where(k > 0, problem.tail_power() - 1.0, 0.0)
    return df + with_data > 1, df + with_data > 2


def _bayes_factors(problem: Problem, grid: TauGrid, rows: Array, out: _Columns) -> None:
    proper = np.broadcast_to([p.proper for p in problem.tau_priors], problem.size)
    if problem.effect.flat or not proper.any():
        return
    log_z = grid.log_integral
    zero_tau, _ = log_marginal_at(problem, 0.0)
    effect = problem.effect
    atom = np.zeros((problem.size, 1))
    null_effect = replace(effect, weight=atom + 1.0, mean=atom, sd=atom)
    null = replace(problem, effect=null_effect).grid(grid.tau.shape[1])
    with np.errstate(over="ignore"):
        out.values["log_marginal"][rows] = log_z
        out.values["bf_tau0"][rows] = np.exp(zero_tau - log_z)
        if effect.prior.kind == "spikeslab":
            p0 = effect.weight[:, 0]
            # p(y) = p0 p(y | 0) + (1 - p0) p(y | slab)
            log_slab = log_z + np.log1p(-p0 * np.exp(null.log_integral - log_z)) - np.log1p(-p0)
            out.values["bf_mu0"][rows] = np.exp(null.log_integral - log_slab)
        else:
            out.values["bf_mu0"][rows] = np.exp(null.log_integral - log_z)
    for name in EVIDENCE:
        out.values[name][rows[~proper]] = np.nan


def _assemble(
    out: _Columns,
    parts: list,
    k: Array,
    tau_priors: Sequence[Prior],
    mu_prior: Prior,
    level: float,
    reasons: list[str],
    single: bool,
) -> NormalNormalPosterior:
    bf_reason = ""
    if not mu_prior.proper or any(not p.proper for p in tau_priors):
        bf_reason = (
            f"no marginal likelihood and no Bayes factor: the {'tau' if mu_prior.proper else 'mu'} prior is flat "
            "(improper), so its constant is arbitrary; use a proper prior"
        )
    reasons = [
        r or (OUT_OF_RANGE if np.isnan(b) else "") for r, b in zip(reasons, out.values["error_bound"], strict=True)
    ]
    out.blank([bool(reason) for reason in reasons])
    if single and reasons[0]:
        raise ValueError(f"{reasons[0]}: tau {tau_priors[0].text}, mu {mu_prior.text}")
    status = np.array(["failed" if r else "ok" for r in reasons], dtype=object)
    remarks = np.array([r or _remark(out, i, n) for i, (r, n) in enumerate(zip(reasons, k, strict=True))], dtype=object)
    texts = {p.text for p in tau_priors}
    notes = tuple(dict.fromkeys(t for p in (*tau_priors, mu_prior) for t in (p.caution, p.note) if t))
    nowhere = not mu_prior.proper or not any(p.proper for p in tau_priors)
    values = {n: None if nowhere and n in EVIDENCE else a for n, a in out.values.items()}
    result = NormalNormalPosterior(
        k=k,
        level=level,
        tau_prior=tau_priors[0].text if len(texts) == 1 else "one per row",
        mu_prior=mu_prior.text,
        mu=out.summary("mu"),
        tau=out.summary("tau"),
        predictive=out.summary("predictive"),
        studies=StudyEffects(out.mean, out.sd),
        p_mu_below_0=values["p_mu_below_0"],
        log_marginal=values["log_marginal"],
        bf_mu0=values["bf_mu0"],
        bf_tau0=values["bf_tau0"],
        bf_reason=bf_reason,
        error_bound=values["error_bound"],
        method=METHOD,
        status=status,
        reason=remarks,
        notes=notes,
        _parts=tuple(parts),
        _single=single,
    )
    return (scalar(result) if single else result)._with_studies()


def _remark(out: _Columns, row: int, k: int) -> str:
    remarks = []
    if k == 0:
        remarks.append("no data: this is the prior")
    for name, quantity in (("mu", "mu"), ("tau", "tau"), ("predictive", "the predictive distribution")):
        mean, sd = (out.values[f"{name}.{moment}"][row] for moment in ("mean", "sd"))
        if np.isnan(mean):
            remarks.append(f"the posterior mean of {quantity} doesn't exist (tails too heavy); use the median")
        for moment, value in (("mean", mean), ("standard deviation", sd)):
            if np.isinf(value):
                remarks.append(f"the {moment} of {quantity} is infinite: the posterior's tail is too heavy")
    if out.values["error_bound"][row] > COARSE:
        remarks.append(
            f"the numerical error may reach {out.values['error_bound'][row]:.2g} posterior standard deviations"
        )
    return "; ".join(remarks)


def prior_grid(
    yi: ArrayLike,
    vi: ArrayLike,
    tau_priors: Sequence[str | Prior],
    mu_priors: Sequence[str | Prior] = ("flat",),
    *,
    level: float = 0.95,
    tolerance: float = 1e-6,
) -> pd.DataFrame:
    """Fit one data set under every combination of priors.

    Parameters
    ----------
    yi, vi : array-like (k,)
        Effects and sampling variances.
    tau_priors, mu_priors : sequence of str or Prior
    level, tolerance : float
        As for `normal_normal`.

    Returns
    -------
    DataFrame
        One row per combination: ``tau_prior, mu_prior``, the summaries of mu and tau, the predictive interval
        (``pi_low, pi_high``), ``p_mu_below_0, log_marginal, bf_mu0, bf_tau0, error_bound, status, reason``.
    """
    y, v, single = checks.read_data(yi, vi)
    if not single:
        raise ValueError("prior_grid takes one data set of shape (k,); loop over data sets")
    chosen = [priors.parse(p, "tau") for p in tau_priors]
    frames = []
    for text in mu_priors:
        mu = _resolve_effect(priors.parse(text, "mu"), v, single)
        m = len(chosen)
        tiled = (np.broadcast_to(a, (m, a.shape[1])) for a in (y, v))
        fit = _fit(*tiled, tuple(chosen), mu, checks.check_level(level), False, tolerance, False)
        frame = pd.DataFrame({"tau_prior": [p.text for p in chosen], "mu_prior": mu.text})
        for name in ("mu", "tau"):
            for f in FIELDS[:5]:
                frame[f"{name}_{f}"] = getattr(getattr(fit, name), f)
        frame["pi_low"], frame["pi_high"] = fit.predictive.ci_low, fit.predictive.ci_high
        for f in ("p_mu_below_0", "log_marginal", "bf_mu0", "bf_tau0", "error_bound", "status", "reason"):
            value = getattr(fit, f)
            frame[f] = np.nan if value is None else value
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
