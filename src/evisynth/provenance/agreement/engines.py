"""Other engines for random-effects meta-analysis, each asked for the methods it really has.

They are imported, or started, only when they are asked.
"""

import csv
import importlib
import importlib.util
import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

Numbers = dict[str, dict[str, float]]
_SCRIPT = Path(__file__).with_name("metafor.R")
_SECONDS = 300


class EngineError(RuntimeError):
    """An engine is there and did not answer."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine.

    Attributes
    ----------
    name : str
        ``statsmodels``, ``pymare`` or ``metafor``.
    here : callable
        Whether it is installed.
    answer : callable
        ``answer(studies)`` with ``{set: (yi, vi)}`` returns the engine's version and, for each set, its numbers by
        method and quantity; a quantity that it does not give is left out.
    """

    name: str
    here: Callable[[], bool]
    answer: Callable[[Mapping[str, tuple[np.ndarray, np.ndarray]]], tuple[str, dict[str, Numbers]]]


def _statsmodels(studies: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> tuple[str, dict[str, Numbers]]:
    from statsmodels.stats.meta_analysis import combine_effects

    found = {}
    for name, (yi, vi) in studies.items():
        # Where its tau2 is below 0 it takes roots of what is negative, and gives no number.
        with np.errstate(invalid="ignore"):
            fit = combine_effects(yi, vi, method_re="dl", use_t=False)
            # Both means with the scale 1; those with an estimated scale are its Hartung-Knapp versions.
            fixed, random = fit.conf_int(use_t=False)[:2]
        test = fit.test_homogeneity()
        heterogeneity = {"q": test.statistic, "q_p": test.pvalue}
        found[name] = {
            "common": _numbers(fit.mean_effect_fe, fit.sd_eff_w_fe, fixed) | heterogeneity,
            "dl_wald": _numbers(fit.mean_effect_re, fit.sd_eff_w_re, random) | heterogeneity | {"tau2": fit.tau2},
        }
    return version("statsmodels"), found


def _numbers(estimate: float, se: float, limits) -> dict[str, float]:
    return {"estimate": estimate, "se": se, "ci_low": float(limits[0]), "ci_high": float(limits[1])}


_PYMARE = {
    "common": ("WeightedLeastSquares", {"tau2": 0.0, "small_sample_correction": "wald"}),
    "dl_wald": ("DerSimonianLaird", {"small_sample_correction": "wald"}),
    "reml_wald": ("VarianceBasedLikelihoodEstimator", {"method": "REML", "small_sample_correction": "wald"}),
    "reml_hksj": ("VarianceBasedLikelihoodEstimator", {"method": "REML", "small_sample_correction": "knapp-hartung"}),
    "reml_hksj_safe": (
        "VarianceBasedLikelihoodEstimator",
        {"method": "REML", "small_sample_correction": "knapp-hartung-conservative"},
    ),
}


def _pymare(studies: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> tuple[str, dict[str, Numbers]]:
    # No dependency of the library: it is asked where developers have it.
    dataset = importlib.import_module("pymare").Dataset
    estimators = importlib.import_module("pymare.estimators")
    found: dict[str, Numbers] = {}
    for name, (yi, vi) in studies.items():
        data, found[name] = dataset(y=yi, v=vi, X=None, add_intercept=True), {}
        for method, (kind, options) in _PYMARE.items():
            fit = getattr(estimators, kind)(**options).fit_dataset(data).summary()
            mean, spread = fit.get_fe_stats(), fit.get_heterogeneity_stats()
            names = {"estimate": "est", "se": "se", "ci_low": "ci_l", "ci_high": "ci_u", "p": "p"}
            numbers = {ours: _one(mean[theirs]) for ours, theirs in names.items()}
            numbers |= {"q": _one(spread["Q"]), "q_p": _one(spread["p(Q)"])}
            if method != "common":
                limits = fit.get_re_stats()
                numbers |= {"tau2": _one(fit.tau2)}
                numbers |= {"tau2_ci_low": _one(limits["ci_l"]), "tau2_ci_high": _one(limits["ci_u"])}
            found[name][method] = {key: value for key, value in numbers.items() if math.isfinite(value)}
    return version("pymare"), found


def _one(value) -> float:
    return float(np.ravel(value)[0])


def _metafor(studies: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> tuple[str, dict[str, Numbers]]:
    with tempfile.TemporaryDirectory() as folder:
        sent, received = Path(folder, "studies.csv"), Path(folder, "answers.csv")
        with sent.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("set", "yi", "vi"))
            writer.writerows(
                (name, repr(float(y)), repr(float(v)))
                for name, (yi, vi) in studies.items()
                for y, v in zip(yi, vi, strict=True)
            )
        try:
            subprocess.run(
                ["Rscript", "--vanilla", str(_SCRIPT), str(sent), str(received)],
                check=True,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
            )
        except subprocess.CalledProcessError as error:
            raise EngineError(f"metafor stopped: {error.stderr.strip().splitlines()[-1:] or error}") from None
        except subprocess.TimeoutExpired:
            raise EngineError(f"metafor gave no answer within {_SECONDS} seconds") from None
        with received.open(encoding="utf-8", newline="") as file:
            return _gathered(csv.DictReader(file))


def _gathered(rows: Iterator[dict[str, str]]) -> tuple[str, dict[str, Numbers]]:
    release, found = "", {}
    for row in rows:
        release = row["version"]
        if row["value"] not in ("NA", "NaN", "Inf", "-Inf"):
            numbers = found.setdefault(row["set"], {}).setdefault(row["method"], {})
            numbers[row["quantity"]] = float(row["value"])
    return release, found


@cache
def _has_metafor() -> bool:
    if shutil.which("Rscript") is None:
        return False
    asked = ["Rscript", "--vanilla", "-e", 'quit(status = !requireNamespace("metafor", quietly = TRUE))']
    return subprocess.run(asked, capture_output=True, timeout=60).returncode == 0


ENGINES: dict[str, Engine] = {
    "statsmodels": Engine("statsmodels", lambda: importlib.util.find_spec("statsmodels") is not None, _statsmodels),
    "pymare": Engine("pymare", lambda: importlib.util.find_spec("pymare") is not None, _pymare),
    "metafor": Engine("metafor", _has_metafor, _metafor),
}


def engines_here() -> tuple[str, ...]:
    """Return the names of the engines that are installed."""
    return tuple(name for name, engine in ENGINES.items() if engine.here())
