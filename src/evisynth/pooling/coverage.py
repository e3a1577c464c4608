"""Coverage of the intervals, by simulation in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.fit import common_effect, random_effects
from evisynth.pooling.inputs import to_batch
from evisynth.pooling.intervals import CI_METHODS, PI_METHODS
from evisynth.pooling.profile import profile_tau2
from evisynth.pooling.two_by_two import mantel_haenszel, peto

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = ("normal", "rare")
# True effect: SMD-like for normal outcomes, log odds ratio for rare events.
_EFFECT = {"normal": 0.3, "rare": -0.4}
_CONTROL_RISK = (0.01, 0.05)
_SIZES = (50, 500)


@dataclass(frozen=True, slots=True)
class CoverageCell:
    """Coverage of one interval in one cell of the grid.

    Attributes
    ----------
    outcome
        "normal": effects normal with known variances. "rare": log odds ratios of counts with control risks of
        1 to 5 %, 0.5 added where a cell is 0, double-zero studies left out.
    k, i2
        Studies per meta-analysis; true heterogeneity in per cent of total variance.
    target
        "mu", "tau2" or "prediction" (the effect of one more study).
    interval
        Name of the interval.
    covered, simulated
        Replicates whose interval holds the truth, and replicates that gave an interval. Those that gave none
        (fewer than two studies left, or no interval for this k) count in neither.
    coverage, monte_carlo_se
        Share covered and its standard error; None where nothing was simulated.
    """

    outcome: str
    k: int
    i2: float
    target: str
    interval: str
    covered: int
    simulated: int
    coverage: float | None
    monte_carlo_se: float | None


def _normal(k: int, tau2: float, typical: float, replicates: int, generator) -> tuple[NDArray, NDArray, NDArray]:
    # variances between a quarter of and four times the typical one, as in Brockwell and Gordon 2001 in spirit
    v = typical * np.exp(generator.uniform(np.log(0.25), np.log(4.0), (replicates, k)))
    own = generator.normal(_EFFECT["normal"], np.sqrt(tau2), (replicates, k))
    return own + generator.normal(0.0, np.sqrt(v)), v, v


def _rare(k: int, tau2: float, replicates: int, generator) -> tuple[NDArray, NDArray, tuple[NDArray, ...]]:
    """Return log odds ratios, their variances and the counts events_1, n_1, events_2, n_2."""
    shape = (replicates, k)
    size = np.round(np.exp(generator.uniform(np.log(_SIZES[0]), np.log(_SIZES[1]), shape)))
    low = np.log(np.array(_CONTROL_RISK) / (1.0 - np.array(_CONTROL_RISK)))
    baseline = generator.uniform(low[0], low[1], shape)
    effect = generator.normal(_EFFECT["rare"], np.sqrt(tau2), shape)
    a = generator.binomial(size.astype(int), 1.0 / (1.0 + np.exp(-baseline - effect)))
    c = generator.binomial(size.astype(int), 1.0 / (1.0 + np.exp(-baseline)))
    counts = (a.astype(float), size, c.astype(float), size)
    add = np.where((a == 0) | (c == 0) | (a == size) | (c == size), 0.5, 0.0)
    a, c, b, d = a + add, c + add, size - a + add, size - c + add
    v = 1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d
    y = np.log(a * d / (b * c))
    gone = (a == 0.5) & (c == 0.5)
    return np.where(gone, np.nan, y), np.where(gone, np.nan, v), counts


def _typical_of_rare(generator) -> float:
    """Return the typical variance of a large sample of rare-event studies, which fixes tau2 for a given I2."""
    _, v, _ = _rare(20_000, 0.0, 1, generator)
    w = 1.0 / v[~np.isnan(v)]
    return float((w.size - 1) * w.sum() / (w.sum() ** 2 - (w * w).sum()))


def _tau2_covered(low: NDArray, high: NDArray, tau2: float) -> tuple[int, int]:
    known = np.isfinite(low) & np.isfinite(high)
    return int((known & (low <= tau2) & (tau2 <= high)).sum()), int(known.sum())


def _other_means(y: NDArray, v: NDArray, tables, level: float) -> Iterator[tuple[str, NDArray, NDArray]]:
    """Yield the intervals of the mean that are no choice of `random_effects`: name, low, high."""
    several = np.isfinite(y).sum(axis=1) >= 2
    for name, r in (
        ("DL-wald", random_effects(y, v, tau2="DL", ci="wald", level=level)),
        ("common", common_effect(y, v, level=level)),
    ):
        yield name, np.where(several, r.ci_low, np.nan), np.where(several, r.ci_high, np.nan)
    if tables is not None:
        for name, t in (("MH", mantel_haenszel(*tables, level=level)), ("Peto", peto(*tables, level=level))):
            yield name, t.ci_low, t.ci_high


def _cell(outcome: str, k: int, i2: float, typical: float, replicates: int, level: float, tau2_method: str, seed):
    generator = np.random.default_rng(seed)
    tau2 = typical * i2 / (100.0 - i2)
    tables = None
    if outcome == "normal":
        y, v, _ = _normal(k, tau2, typical, replicates, generator)
    else:
        y, v, tables = _rare(k, tau2, replicates, generator)
    truth = _EFFECT[outcome]
    future = generator.normal(truth, np.sqrt(tau2), replicates)
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    base = None
    for ci in CI_METHODS:
        r = random_effects(y, v, tau2=tau2_method, ci=ci, level=level)
        known = np.isfinite(r.ci_low) & (r.k >= 2)
        counts["mu", ci] = int((known & (r.ci_low <= truth) & (truth <= r.ci_high)).sum()), int(known.sum())
        base = r if ci == "HKSJ-safe" else base
    for name, low, high in _other_means(y, v, tables, level):
        known = np.isfinite(low) & np.isfinite(high)
        counts["mu", name] = int((known & (low <= truth) & (truth <= high)).sum()), int(known.sum())
    counts["tau2", "Q-profile"] = _tau2_covered(base.tau2_ci_low, base.tau2_ci_high, tau2)
    batch = to_batch(y, v)
    for kind in ("REML", "ML"):
        low, high = profile_tau2(batch, level, kind)
        square = batch.unit**2
        counts["tau2", f"profile-{kind}"] = _tau2_covered(low * square, high * square, tau2)
    for name, ci, pi in (*((pi, "HKSJ-safe", pi) for pi in PI_METHODS), ("normal-wald", "wald", "normal")):
        r = random_effects(y, v, tau2=tau2_method, ci=ci, pi=pi, level=level)
        known = np.isfinite(r.pi_low)
        counts["prediction", name] = (
            int((known & (r.pi_low <= future) & (future <= r.pi_high)).sum()),
            int(known.sum()),
        )
    return counts


@dataclass(frozen=True, slots=True)
class CoverageGrid:
    """All cells of a simulation."""

    cells: tuple[CoverageCell, ...]
    replicates: int
    level: float
    seed: int

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per cell and interval."""
        import pandas as pd

        names = [f.name for f in fields(CoverageCell)]
        frame = pd.DataFrame([{name: getattr(cell, name) for name in names} for cell in self.cells], columns=names)
        return frame.assign(level=self.level, replicates=self.replicates, seed=self.seed)


def simulate(
    *,
    k: Sequence[int] = (2, 3, 5, 10, 20),
    i2: Sequence[float] = (0.0, 50.0, 90.0),
    outcomes: Sequence[str] = OUTCOMES,
    replicates: int = 2000,
    level: float = 0.95,
    tau2: str = "REML",
    seed: int = 1,
) -> CoverageGrid:
    """Simulate how often each interval holds the truth.

    Parameters
    ----------
    k
        Studies per meta-analysis.
    i2
        True heterogeneity, per cent of total variance at the typical sampling variance; below 100.
    outcomes
        Any of "normal" and "rare"; see `CoverageCell`.
    replicates
        Meta-analyses per cell.
    level
        Nominal coverage.
    tau2
        Estimator of tau2 for the intervals that use one.
    seed
        Every cell has its own stream, drawn from this seed and the cell's own figures: a cell's result does
        not depend on which other cells are asked for.

    Returns
    -------
    CoverageGrid
        For mu all of `intervals.CI_METHODS`, Wald with DL's tau2 ("DL-wald"), the common-effect model, and for rare
        events Mantel-Haenszel and Peto on the uncorrected counts; for tau2 Q-profile and profile likelihood (REML and
        ML); for the effect of a new study the prediction intervals with the safe Hartung-Knapp standard error, and
        the normal one with Wald's ("normal-wald").

    Notes
    -----
    With rare events the inverse-variance estimate is itself biased (0.5 added to empty cells; variances and
    effects correlated): coverage of mu below nominal there is the estimate's fault as much as the interval's.
    """
    unknown = sorted(set(outcomes) - set(OUTCOMES))
    if unknown or any(not 0 <= x < 100 for x in i2) or any(n < 2 for n in k) or replicates < 1:
        raise PoolingInputError(
            f"allowed: outcomes of {', '.join(OUTCOMES)}; i2 from 0 to below 100; k of 2 or more; "
            "replicates of 1 or more"
        )
    typical = {"normal": 0.1, "rare": _typical_of_rare(np.random.default_rng(0))}
    cells = []
    for outcome in outcomes:
        for n in k:
            for share in i2:
                stream = [seed, OUTCOMES.index(outcome), n, round(share * 1000)]
                counts = _cell(outcome, n, share, typical[outcome], replicates, level, tau2, stream)
                for (target, interval), (covered, simulated) in counts.items():
                    rate = covered / simulated if simulated else None
                    error = float(np.sqrt(rate * (1.0 - rate) / simulated)) if simulated else None
                    cells.append(CoverageCell(outcome, n, share, target, interval, covered, simulated, rate, error))
    return CoverageGrid(tuple(cells), replicates, level, seed)
