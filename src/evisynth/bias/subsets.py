"""GOSH: the pooled result of every subset of the studies, or of a sample of subsets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evisynth.bias.results import NOT_POSSIBLE, OK, Result, one_set, too_few
from evisynth.pooling.errors import PoolingInputError
from evisynth.pooling.fit import random_effects

if TYPE_CHECKING:
    import pandas as pd

MOST_STUDIES = 20
SAMPLE = 100_000
# Subsets pooled at a time: bounds the memory whatever the number of subsets.
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class GoshResult(Result):
    """Pooled results of m subsets of two and more studies.

    Attributes
    ----------
    k
        Number of studies.
    complete, seed
        Whether all subsets are there; the seed of the sample otherwise.
    studies : (k,)
        Names.
    member : (m, k) bool array
        Which studies each subset holds.
    size, estimate, tau2, i2, q : (m,) arrays
        Number of studies, pooled effect, between-study variance, I2 in per cent, Cochran's Q.
    failed
        Subsets whose fit did not converge: they are not among the m.
    status, reason
        "ok", or "not_possible" and why.
    """

    k: int
    complete: bool
    seed: int | None
    studies: tuple[str, ...]
    member: NDArray[np.bool_]
    size: NDArray[np.int64]
    estimate: NDArray[np.float64]
    tau2: NDArray[np.float64]
    i2: NDArray[np.float64]
    q: NDArray[np.float64]
    failed: int = 0
    status: str = OK
    reason: str | None = None

    def to_frame(self) -> "pd.DataFrame":
        """Return one row per subset, with a column per study that says whether it is in."""
        import pandas as pd

        numbers = {name: getattr(self, name) for name in ("size", "estimate", "tau2", "i2", "q")}
        return pd.DataFrame({**numbers, **{f"with {name}": self.member[:, j] for j, name in enumerate(self.studies)}})

    def by_study(self) -> "pd.DataFrame":
        """Return, for each study, the median estimate and I2 over subsets with and without it."""
        import pandas as pd

        rows = []
        for j, name in enumerate(self.studies):
            row: dict[str, object] = {"study": name}
            for word, here in (("with", self.member[:, j]), ("without", ~self.member[:, j])):
                row[f"subsets_{word}"] = int(here.sum())
                for column in ("estimate", "i2"):
                    values = getattr(self, column)[here]
                    row[f"median_{column}_{word}"] = float(np.median(values)) if values.size else None
            rows.append(row)
        return pd.DataFrame(rows)


def gosh(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau2: str = "REML",
    model: str = "random",
    most: int = 2**MOST_STUDIES,
    sample: int = SAMPLE,
    seed: int = 1,
    studies: Sequence[str] | None = None,
) -> GoshResult:
    """Pool every subset of two and more studies, or a sample of them.

    Parameters
    ----------
    yi, vi : (k,) arrays
        Effects (log for ratios) and sampling variances.
    tau2, model
        As in `pooling.random_effects`.
    most
        All subsets are pooled where their number, 2^k - k - 1, is at most this; by default to 20 studies.
    sample
        Otherwise: how many different subsets are drawn, each equally likely.
    seed
        Of the sample.
    studies
        Names of the studies.

    Returns
    -------
    GoshResult

    Raises
    ------
    PoolingInputError
        Effects, variances or options that cannot be used.

    References
    ----------
    Olkin, Dahabreh and Trikalinos 2012, Research Synthesis Methods 3: 214-223.
    """
    y, v, names = one_set(yi, vi, studies)
    k = y.size
    if most < 1 or sample < 1:
        raise PoolingInputError(f"most is {most} and sample {sample}; both must be at least 1")
    problem = too_few(k, 2, "pooling subsets")
    if problem:
        none = np.empty(0)
        return GoshResult(
            k, True, None, names, np.empty((0, k), bool), none.astype(int), *(none,) * 4, 0, NOT_POSSIBLE, problem
        )
    count = 2**k - k - 1
    complete = count <= max(most, 1)
    member = _every(k) if complete else _some(k, min(sample, count), seed)
    found = {name: np.empty(len(member)) for name in ("estimate", "tau2", "i2", "q")}
    for start in range(0, len(member), _CHUNK):
        rows = slice(start, start + _CHUNK)
        part = member[rows]
        result = random_effects(np.where(part, y, np.nan), np.where(part, v, np.nan), tau2=tau2, ci="wald", model=model)
        for name, values in found.items():
            values[rows] = getattr(result, name)
    if model == "common":
        # the share of Q beyond its expectation (Higgins and Thompson 2002): there is no tau2 to compute I2 from
        df = member.sum(axis=1) - 1.0
        found["i2"] = 100.0 * np.maximum(0.0, 1.0 - df / np.maximum(found["q"], 1e-300))
    ok = np.isfinite(found["estimate"])
    return GoshResult(
        k, complete, None if complete else seed, names, member[ok], member[ok].sum(axis=1),
        *(found[name][ok] for name in ("estimate", "tau2", "i2", "q")), int((~ok).sum()),
    )  # fmt: skip


def _every(k: int) -> NDArray[np.bool_]:
    """Return all subsets of two and more, in the order of their number in binary (study 0 the lowest digit)."""
    numbers = np.arange(2**k, dtype=np.uint32)
    member = np.empty((numbers.size, k), dtype=bool)
    for j in range(k):
        member[:, j] = (numbers >> np.uint32(j)) & np.uint32(1)
    return member[member.sum(axis=1) >= 2]


def _some(k: int, sample: int, seed: int) -> NDArray[np.bool_]:
    """Return different subsets of two and more, each equally likely, in the order drawn."""
    rng = np.random.default_rng(seed)
    member = np.empty((0, k), dtype=bool)
    while len(member) < sample:
        drawn = rng.random((2 * (sample - len(member)) + 16, k)) < 0.5
        member = np.vstack([member, drawn[drawn.sum(axis=1) >= 2]])
        _, first = np.unique(member, axis=0, return_index=True)
        member = member[np.sort(first)]
    return member[:sample]
