"""Conversions whose assumptions are uncertain: the assumption is a parameter with a prior, or an interval.

A study's figures often reach the synthesis through something that nobody published: a correlation between two periods,
a p value rounded to one digit or known only as ``< 0.001``, a percentage that several counts round to, an SD that was
derived. The usual analysis fixes each at one value. Here each is integrated over. What counts is the likelihood of what
was printed: t statistics that print as the same p, and counts that print as the same percentage, are one event.

With y(x) the effect as it follows from what was printed, t, and an assumption r, the study's likelihood is

    L(theta | r) = integral over t that print so of N(y(t, r); theta, v(t, r)) |dy / dt| dt,

a mixture of normals in theta over quadrature nodes; r has its prior, and may be shared by several studies. The factor
|dy / dt| matters for r: it is what makes t, not y, the data. v is taken at the printed figure, as usual.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from evisynth.bayes import checks, priors
from evisynth.bayes.adjusted.mixtures import Components, PlanePosterior, integrate
from evisynth.bayes.adjusted.readings import Reading
from evisynth.bayes.adjusted.rules import Nodes, Panels, bounded_prior, given_node
from evisynth.bayes.families import Array
from evisynth.bayes.priors import Prior, PriorError
from evisynth.bayes.summaries import FIELDS, Summary

METHOD = "quadrature over mu, tau and every assumption"
SHARED_NODES = {1: 20, 2: 14}
OWN = "rounding"

__all__ = ["ConversionPosterior", "conversion_fits", "conversion_shares", "fit_conversions", "shares_of"]


@dataclass(frozen=True)
class ConversionPosterior:
    """Posterior with uncertain conversions.

    Attributes
    ----------
    k : int
    level : float
    tau_prior, mu_prior : str
    mu, tau, predictive : Summary
    parameters : DataFrame
        ``parameter, prior, prior_mean, prior_sd, mean, sd, median, ci_low, ci_high``: the shared assumptions that vary.
    varied : tuple of str
        What varies: shared parameters, ``rounding`` (the studies' own).
    error_bound : float
        Of probabilities.
    """

    k: int
    level: float
    tau_prior: str
    mu_prior: str
    mu: Summary
    tau: Summary
    predictive: Summary
    parameters: pd.DataFrame
    varied: tuple[str, ...]
    error_bound: float
    _posterior: PlanePosterior = field(repr=False, compare=False)

    def p_mu_below(self, c: float = 0.0) -> float:
        """P(mu < c)."""
        return self._posterior.plane.p_mu_below(c)


def fit_conversions(
    readings: Sequence[Reading],
    shared: Mapping[str, float | str],
    tau_prior: str | Prior = "halfnormal:0.5",
    mu_prior: str | Prior = "flat",
    *,
    vary: Sequence[str] | None = None,
    level: float = 0.95,
) -> ConversionPosterior:
    """Pool studies whose conversions are uncertain.

    Parameters
    ----------
    readings : sequence of Reading
        One per study; see `evisynth.bayes.adjusted.readings`.
    shared : mapping of str to float or str
        The assumptions that readings name, each as a number (given) or a prior: ``uniform:low,high`` or
        ``normal:mean,sd``. At most two may have a prior.
    tau_prior, mu_prior : str or Prior
        Proper prior of tau; prior of mu without an atom.
    vary : sequence of str, optional
        What is uncertain: names of `shared`, and ``"rounding"`` for the studies' own intervals and counts. All if not
        given; the others are held, shared ones at their prior's median, studies' own as stated.
    level : float

    Returns
    -------
    ConversionPosterior

    Raises
    ------
    ValueError
        Unusable readings: an assumption without a prior, an unknown name in `vary`.
    PriorError
        A prior that is unknown or not allowed here.
    """
    level = checks.check_level(level)
    tau, mu = priors.parse(tau_prior, "tau"), priors.parse(mu_prior, "mu")
    if not tau.proper or mu.kind == "spikeslab" or (mu.kind == "vanzwet" and not mu.parameters):
        raise PriorError("a proper prior of tau is needed, and one of mu without an atom")
    needed = sorted({name for reading in readings for name in reading.shared})
    chosen = tuple(vary) if vary is not None else (*sorted(shared), OWN)
    _check(readings, shared, needed, chosen)
    nodes = _shared_nodes({name: shared[name] for name in needed}, readings, chosen)
    points = [dict(zip(needed, values, strict=True)) for values in product(*(nodes[n].value for n in needed))]
    weight = np.array([np.prod(values) for values in product(*(nodes[n].weight for n in needed))])
    studies = [_components(reading, points, OWN in chosen) for reading in readings]
    fit = integrate(studies, weight, tau, mu, level)
    probability = fit.shared.reshape([len(nodes[n].value) for n in needed])
    rows = []
    for axis, name in enumerate(needed):
        if not nodes[name].fixed:
            other = tuple(a for a in range(len(needed)) if a != axis)
            rows.append(_parameter_row(name, nodes[name], probability.sum(axis=other), level))
    columns = ["parameter", "prior", "prior_mean", "prior_sd", *FIELDS[:5]]
    return ConversionPosterior(
        k=len(readings),
        level=level,
        tau_prior=tau.text,
        mu_prior=mu.text,
        mu=fit.mu,
        tau=fit.tau,
        predictive=fit.predictive,
        parameters=pd.DataFrame(rows, columns=columns),
        varied=tuple(name for name in chosen if name == OWN or name in needed),
        error_bound=fit.error_bound,
        _posterior=fit,
    )


def _check(readings: Sequence[Reading], shared: Mapping, needed: list[str], vary: tuple[str, ...]) -> None:
    faults = []
    if not readings:
        faults.append("no studies")
    names = [reading.study for reading in readings]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        faults.append(f"studies occur more than once: {', '.join(twice)}")
    missing = [name for name in needed if name not in shared]
    if missing:
        faults.append(f"no value or prior for {', '.join(missing)}")
    unknown = [name for name in vary if name != OWN and name not in shared]
    if unknown:
        faults.append(f"vary names {', '.join(unknown)}; allowed: {', '.join([*sorted(shared), OWN])}")
    if faults:
        raise ValueError("the conversions can't be integrated:\n  " + "\n  ".join(faults))


def _shared_nodes(shared: dict[str, float | str], readings, vary: tuple[str, ...]) -> dict[str, Nodes | Panels]:
    free = [name for name, text in shared.items() if name in vary and isinstance(text, str)]
    if len(free) > 2:
        raise ValueError(
            f"{len(free)} shared assumptions have a prior ({', '.join(free)}); at most 2 can be integrated"
        )
    nodes = {}
    for name, text in shared.items():
        bounds = next(reading.bounds for reading in readings if name in reading.shared)
        if isinstance(text, str):
            prior = bounded_prior(text, bounds, name)
            if name in free:
                ends = (float(prior.ppf(1e-12)), float(prior.isf(1e-12)))
                nodes[name] = Panels(prior.pdf, ends, (SHARED_NODES[len(free)],), text)
                continue
            text = float(prior.median())
        nodes[name] = given_node(text, bounds, name)
    return nodes


def _components(reading: Reading, points: list[dict[str, float]], vary_own: bool) -> Components:
    """Evaluate a reading at every shared node."""
    rows = [reading.components(point, vary_own) for point in (points if reading.shared else points[:1])]
    y, v, log_weight = (np.array([row[i] for row in rows]) for i in range(3))
    return Components(y, v, log_weight, np.ones_like(y))


def _parameter_row(name: str, nodes: Panels, probability: Array, level: float) -> dict[str, object]:
    mean = float(nodes.weight @ nodes.value)
    sd = float(np.sqrt(nodes.weight @ (nodes.value - mean) ** 2))
    summary = nodes.summarise(probability, level)
    row = {"parameter": name, "prior": nodes.prior, "prior_mean": mean, "prior_sd": sd}
    return row | {f: getattr(summary, f) for f in FIELDS[:5]}


def conversion_fits(
    readings: Sequence[Reading],
    shared: Mapping[str, float | str],
    tau_prior: str | Prior = "halfnormal:0.5",
    mu_prior: str | Prior = "flat",
    *,
    level: float = 0.95,
) -> dict[str, ConversionPosterior]:
    """Fit with nothing uncertain, with each assumption alone, and with all of them.

    Parameters
    ----------
    readings, shared, tau_prior, mu_prior, level
        As for `fit_conversions`.

    Returns
    -------
    dict of str to ConversionPosterior
        By what varies: ``none``, the names of assumptions with a prior, ``rounding`` (the studies' own figures), and,
        where there is more than one of these, ``all``; the last one has everything.
    """
    needed = sorted({name for reading in readings for name in reading.shared if isinstance(shared.get(name), str)})
    single = [*needed, *([OWN] if any(reading.own for reading in readings) else [])]
    settings = {"none": (), **{name: (name,) for name in single}}
    if len(single) > 1:
        settings["all"] = tuple(single)
    return {
        title: fit_conversions(readings, shared, tau_prior, mu_prior, vary=vary, level=level)
        for title, vary in settings.items()
    }


def conversion_shares(
    readings: Sequence[Reading],
    shared: Mapping[str, float | str],
    tau_prior: str | Prior = "halfnormal:0.5",
    mu_prior: str | Prior = "flat",
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Mu with and without the uncertainty of the conversions, and the share of the interval's width that is theirs.

    Parameters
    ----------
    readings, shared, tau_prior, mu_prior, level
        As for `fit_conversions`.

    Returns
    -------
    DataFrame
        From `shares_of`, with the ``prior`` of each assumption.
    """
    table = shares_of(conversion_fits(readings, shared, tau_prior, mu_prior, level=level))
    own = [name if name not in ("none", "all", OWN) else "" for name in table["varied"]]
    table.insert(1, "prior", [str(shared[name]) if name else "" for name in own])
    return table


def shares_of(fits: Mapping[str, ConversionPosterior]) -> pd.DataFrame:
    """Compare fits with and without uncertain conversions.

    Parameters
    ----------
    fits : mapping of str to ConversionPosterior
        From `conversion_fits`.

    Returns
    -------
    DataFrame
        One row per setting: ``varied, mean, sd, median, ci_low, ci_high, pi_low, pi_high, tau, width, share_of_width``
        (1 - width without it / width with it, in per cent; negative where letting it vary narrows the interval),
        ``moved`` (how far the median moves from "none"), ``p_below_0, error_bound``.
    """
    rows = []
    base = fits["none"].mu
    for title, fit in fits.items():
        width = fit.mu.ci_high - fit.mu.ci_low
        row = {"varied": title, **{f: getattr(fit.mu, f) for f in FIELDS[:5]}}
        row |= {"pi_low": fit.predictive.ci_low, "pi_high": fit.predictive.ci_high, "tau": fit.tau.median}
        row |= {"width": width, "share_of_width": 100 * (1 - (base.ci_high - base.ci_low) / width)}
        row |= {"moved": fit.mu.median - base.median, "p_below_0": fit.p_mu_below(0), "error_bound": fit.error_bound}
        rows.append(row)
    return pd.DataFrame(rows)
