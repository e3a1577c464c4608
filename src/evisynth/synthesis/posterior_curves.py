"""Prior and posterior as curves: densities, and the probability of an effect beyond every value."""

import numpy as np
import pandas as pd

from evisynth.bayes import priors
from evisynth.bayes.exact import NormalNormalPosterior, normal_normal
from evisynth.effects.measures import find_measure
from evisynth.synthesis.posterior import Task

DENSITY_COLUMNS = ("synthesis", "measure", "parameter", "curve", "point", "analysis_x", "x", "density", "from")
PROBABILITY_COLUMNS = ("synthesis", "measure", "curve", "point", "threshold", "x", "mark", "probability", "from")
PARAMETERS = ("mu", "tau", "predictive")
POINTS = 81
CURVES = {"mean effect": "mu", "next study": "predictive"}


def _fit(task: Task) -> NormalNormalPosterior:
    yi, vi = (task.effects[name].to_numpy(float) for name in ("yi", "vi"))
    return normal_normal(yi, vi, task.tau_prior, task.mu_prior, shortest=False)


def density_rows(task: Task) -> pd.DataFrame:
    """Return the rows of ``bayes/densities.csv`` of one synthesis.

    Parameters
    ----------
    task : Task
        With the method ``bayes_exact``.

    Returns
    -------
    pandas.DataFrame
        Columns `DENSITY_COLUMNS`. `parameter` is ``mu``, ``tau`` or ``predictive`` (the next study's effect), `curve`
        is ``prior`` or ``posterior``. `density` is per unit of `analysis_x` (the log scale for ratios), `x` the same
        point on the natural scale, so that the area under a curve over a log axis is 1. A flat prior has no density
        and no curve.
    """
    fit, rows = _fit(task), []
    back = find_measure(task.measure).back
    before = _before(task)
    for parameter in PARAMETERS:
        x = _grid(fit, before, parameter)
        natural = x if parameter == "tau" else back(x)
        for curve, source in (("prior", before.get(parameter)), ("posterior", fit)):
            if source is None:
                continue
            density = source.density(x, parameter)
            rows += [
                {"parameter": parameter, "curve": curve, "point": i, "analysis_x": a, "x": n, "density": d}
                for i, (a, n, d) in enumerate(zip(x, natural, density, strict=True))
                if np.isfinite(d)
            ]
    return _frame(rows, DENSITY_COLUMNS, task)


def _before(task: Task) -> dict[str, NormalNormalPosterior]:
    """The fit without data for each parameter whose prior is proper: it is the prior, the next study's too."""
    tau, mu = priors.parse(task.tau_prior, "tau"), priors.parse(task.mu_prior, "mu")
    if not tau.proper or (mu.kind == "vanzwet" and not mu.parameters):
        return {}
    nothing = normal_normal([np.nan], [np.nan], tau, mu if mu.proper else "normal:0,1", shortest=False)
    return dict.fromkeys(PARAMETERS if mu.proper else ("tau",), nothing)


def _grid(fit: NormalNormalPosterior, before: dict[str, NormalNormalPosterior], parameter: str) -> np.ndarray:
    if parameter == "tau":
        upper = float(fit.quantile([0.995], "tau")[0])
        if "tau" in before:
            upper = max(upper, min(float(before["tau"].quantile([0.9], "tau")[0]), 2 * upper))
        return np.linspace(0.0, upper, POINTS)
    # The outermost per cent is left out: one heavy tail would press the rest into a spike.
    low, high = (float(x) for x in fit.quantile([0.005, 0.995], parameter))
    more = 0.1 * (high - low)
    return np.linspace(low - more, high + more, POINTS)


def probability_rows(task: Task) -> pd.DataFrame:
    """Return the rows of ``bayes/probabilities.csv`` of one synthesis.

    Parameters
    ----------
    task : Task
        With the method ``bayes_exact``.

    Returns
    -------
    pandas.DataFrame
        Columns `PROBABILITY_COLUMNS`: the posterior probability that the mean effect (`curve` ``mean effect``) or the
        effect of a further study (``next study``) lies beyond `threshold`, in the direction in which the treatment
        helps. Points run from harm to benefit; no effect and the minimal important difference, where the plan states
        one, are among them (`mark` ``no effect``, ``minimal important difference``).
    """
    fit = _fit(task)
    back, side = find_measure(task.measure).back, -1.0 if task.benefit_below else 1.0
    marks = {0.0: "no effect"}
    difference = task.synthesis.minimal_important_difference.value
    if difference:
        marks[side * abs(difference)] = "minimal important difference"
    ends = np.concatenate([fit.quantile([0.001, 0.999], "mu"), fit.quantile([0.025, 0.975], "predictive"), [*marks]])
    grid = np.linspace(ends.min(), ends.max(), POINTS - len(marks))
    x = np.unique(np.append(grid, [*marks]))[:: int(side)]
    rows = []
    for curve, parameter in CURVES.items():
        below = fit.cdf(x, parameter)
        beyond = below if side < 0 else 1.0 - below
        rows += [
            {
                "curve": curve,
                "point": i,
                "threshold": threshold,
                "x": float(back(threshold)),
                "mark": marks.get(threshold, ""),
                "probability": probability,
            }
            for i, (threshold, probability) in enumerate(zip(x, beyond, strict=True))
        ]
    return _frame(rows, PROBABILITY_COLUMNS, task)


def _frame(rows: list[dict], columns: tuple[str, ...], task: Task) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.assign(**{"synthesis": task.synthesis.id, "measure": task.measure, "from": task.row})
