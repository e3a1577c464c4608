"""How far a conclusion moves with its priors: exact posteriors over families, scales and effect priors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evisynth.bayes import priors
from evisynth.bayes.exact import normal_normal
from evisynth.bayes.priors import Prior
from evisynth.effects.measures import find_measure
from evisynth.synthesis.posterior import Task

SURFACE_COLUMNS = (
    "synthesis",
    "measure",
    "tau_prior",
    "mu_prior",
    "family",
    "scale",
    "mu_family",
    "planned",
    "tau_prior_median",
    "status",
    "reason",
    "k",
    "estimate",
    "ci_low",
    "ci_high",
    "natural_estimate",
    "natural_ci_low",
    "natural_ci_high",
    "tau",
    "tau_ci_low",
    "tau_ci_high",
    "p_benefit",
    "p_beyond_mid",
    "log_marginal",
    "error_bound",
    "level",
    "from",
)
SCALES = tuple(2.0**power for power in np.arange(-3.0, 3.5, 0.5))
LEVEL = 0.95
# ln tau2 of the log-normal priors spreads as in Turner 2015 over all outcomes; Bartos 2021's inverse gamma for the
# Cochrane database gives the shape of the inverse gammas. The scales follow from the wanted medians.
_LOG_SD = 1.74
_SHAPE = 1.71


@dataclass(frozen=True, slots=True)
class Cell:
    """One heterogeneity prior of the surface: its family, its median in units of the planned one, and its text."""

    family: str
    scale: float | None
    text: str


def heterogeneity_priors(planned: str) -> tuple[Cell, ...]:
    """Return the heterogeneity priors of a surface: six families on 13 scales each, flat, and the planned one.

    Parameters
    ----------
    planned : str
        The prior of the plan. Every other proper prior has its median times one of `SCALES` (1/8 to 8) as its own
        median, so that families are compared at like size. Where it is itself one of them it stands there; else it
        is a family of its own, ``planned``.

    Notes
    -----
    With m the wanted median of tau: half-normal scale m / 0.6745; half-Cauchy scale m; exponential mean m / ln 2;
    uniform up to 2 m; ln tau2 normal with mean 2 ln m; inverse gamma scale m times the median of its reciprocal gamma.
    """
    prior = priors.parse(planned, "tau")
    cells = []
    if prior.proper:
        middle = float(prior.ppf(0.5))
        cells = [Cell(name, scale, text(scale * middle)) for name, text in _FAMILIES.items() for scale in SCALES]
    cells.append(Cell("flat", None, "flat"))
    if prior.name not in {priors.parse(cell.text, "tau").name for cell in cells}:
        cells.insert(0, Cell("planned", 1.0, prior.text))
    return tuple(cells)


def _inverse_gamma(median: float) -> str:
    one = float(priors.parse(f"invgamma:{_SHAPE},1", "tau").ppf(0.5))
    return f"invgamma:{_SHAPE},{median / one:.4g}"


_FAMILIES = {
    "halfnormal": lambda m: f"halfnormal:{m / 0.6744897501960817:.4g}",
    "halfcauchy": lambda m: f"halfcauchy:{m:.4g}",
    "exponential": lambda m: f"exponential:{m / np.log(2):.4g}",
    "uniform": lambda m: f"uniform:{2 * m:.4g}",
    "lognormal2": lambda m: f"lognormal2:{2 * np.log(m):.4g},{_LOG_SD}",
    "invgamma": _inverse_gamma,
}


def effect_priors(task: Task) -> dict[str, str]:
    """Return the effect priors of a surface by name: flat, planned, unit information, sceptical.

    Parameters
    ----------
    task : Task
        Whose plan and studies.

    Notes
    -----
    Unit information: N(0, s²) with s² = sum(n) / sum(1/v), the spread of one person's information, where every study
    gives its people; absent elsewhere. Sceptical: centred at no effect; where the plan states a minimal important
    difference d, N(0, (d/1.645)²), by which a benefit beyond d has a probability of 5 per cent; else a quarter of the
    planned prior's spread.

    References
    ----------
    Röver C, et al. Res Synth Methods 2021;12:448-74 (unit information standard deviation).
    Spiegelhalter DJ, Freedman LS, Parmar MKB. J R Stat Soc A 1994;157:357-416 (sceptical prior: 5 per cent beyond the
    difference that matters).
    """
    planned = priors.parse(task.mu_prior, "mu")
    found = {"flat": "flat", "planned": planned.text}
    people = task.effects[["n_1", "n_2"]].sum(axis=1, min_count=1)
    if people.notna().all() and (people > 0).all():
        unit = float(np.sqrt(people.sum() / (1 / task.effects["vi"].astype(float)).sum()))
        found["unit_information"] = f"normal:0,{unit:.4g}"
    threshold = task.synthesis.minimal_important_difference.value
    if threshold:
        found["sceptical"] = f"normal:0,{abs(threshold) / 1.6448536269514722:.4g}"
    elif planned.proper and not (planned.kind == "vanzwet" and not planned.parameters):
        low, high = planned.ppf(np.array([0.025, 0.975]))
        found["sceptical"] = f"normal:0,{(high - low) / (2 * 1.959963984540054) / 4:.4g}"
    return found


def surface_rows(task: Task) -> pd.DataFrame:
    """Return the rows of ``bayes/prior_surface.csv`` of one synthesis.

    Parameters
    ----------
    task : Task
        With the method ``bayes_exact``.

    Returns
    -------
    pandas.DataFrame
        Columns `SURFACE_COLUMNS`. One row per heterogeneity prior and effect prior; where the posterior does not exist
        the status is ``improper``, the reason says why, and the numbers are blank. `scale` is the prior's median of tau
        in units of the planned prior's.
    """
    cells = heterogeneity_priors(task.tau_prior)
    chosen = [priors.parse(cell.text, "tau") for cell in cells]
    seen, frames = set(), []
    for name, text in effect_priors(task).items():
        if text not in seen:
            frames.append(_fitted(task, cells, chosen, name, text))
            seen.add(text)
    frame = pd.concat(frames, ignore_index=True)
    frame["from"] = np.where(frame["planned"], task.origin, task.row)
    return frame.assign(synthesis=task.synthesis.id, measure=task.measure, k=len(task.effects), level=LEVEL).reindex(
        columns=list(SURFACE_COLUMNS)
    )


def _fitted(task: Task, cells: Sequence[Cell], chosen: Sequence[Prior], name: str, mu_prior: str) -> pd.DataFrame:
    """All heterogeneity priors under one effect prior, as one batch."""
    yi, vi = (np.tile(task.effects[column].to_numpy(float), (len(cells), 1)) for column in ("yi", "vi"))
    one_study = mu_prior == "vanzwet" and yi.shape[1] == 1
    mu = f"vanzwet:{float(np.sqrt(vi[0, 0]))!r}" if one_study else mu_prior
    fit = normal_normal(yi, vi, chosen, mu, level=LEVEL, shortest=False)
    low = task.benefit_below
    ok = fit.status == "ok"
    threshold = task.synthesis.minimal_important_difference.value
    numbers = {"estimate": fit.mu.median, "ci_low": fit.mu.ci_low, "ci_high": fit.mu.ci_high}
    numbers |= {"tau": fit.tau.median, "tau_ci_low": fit.tau.ci_low, "tau_ci_high": fit.tau.ci_high}
    numbers["p_benefit"] = fit.p_mu_below(0.0) if low else 1.0 - fit.p_mu_below(0.0)
    if threshold is not None:
        numbers["p_beyond_mid"] = fit.p_mu_below(-threshold) if low else 1.0 - fit.p_mu_below(threshold)
    numbers["log_marginal"] = np.full(len(cells), np.nan) if fit.log_marginal is None else fit.log_marginal
    numbers["error_bound"] = fit.error_bound
    frame = pd.DataFrame({column: np.where(ok & np.isfinite(x), x, np.nan) for column, x in numbers.items()})
    back = find_measure(task.measure).back
    for column in ("estimate", "ci_low", "ci_high"):
        with np.errstate(over="ignore"):
            natural = back(frame[column].to_numpy())
        # Without a prior to hold tau, the limit of a ratio can lie beyond every number that can be written.
        frame[f"natural_{column}"] = np.where(np.isfinite(natural), natural, np.nan)
    frame["tau_prior"], frame["mu_prior"], frame["mu_family"] = [c.text for c in cells], mu_prior, name
    frame["family"], frame["scale"] = [c.family for c in cells], [c.scale for c in cells]
    plan = (priors.parse(task.tau_prior, "tau").name, priors.parse(task.mu_prior, "mu").text)
    frame["planned"] = [(prior.name, mu_prior) == plan for prior in chosen]
    frame["tau_prior_median"] = [float(p.ppf(0.5)) if p.proper else np.nan for p in chosen]
    frame["status"], frame["reason"] = np.where(ok, "ok", "improper"), fit.reason
    return frame
