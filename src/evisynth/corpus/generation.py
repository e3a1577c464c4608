"""A made-up corpus with the heterogeneity and numbers of studies of Cochrane's reviews, to measure and test on."""

import numpy as np
import pandas as pd

# Exponent of the power law of the number of studies: see `generate`.
_EXPONENT = 1.95
_SIZES = (2, 30)


def sizes(m: int, rng: np.random.Generator) -> np.ndarray:
    """Draw numbers of studies, shape (m,), from 2 to 30; see `generate`."""
    k = np.arange(_SIZES[0], _SIZES[1] + 1)
    weight = k**-_EXPONENT
    return rng.choice(k, size=m, p=weight / weight.sum())


def generate(m: int, seed: int = 1) -> pd.DataFrame:
    """Generate log odds ratios of many meta-analyses.

    Parameters
    ----------
    m : int
        Number of meta-analyses.
    seed : int

    Returns
    -------
    DataFrame
        ``analysis, study, yi, vi``: log odds ratios and their variances, 2 to 30 studies per analysis.

    Notes
    -----
    Published: tau2 is log-normal with log-mean -2.56 and log-sd 1.74, the predictive distribution for any outcome and
    comparison of Turner 2015; half of the meta-analyses with two studies or more have 2 or 3, three quarters at most 6,
    and 22,453 hold 112,600 studies, a mean of 5.01 (Davey 2011); the median study has 91 participants (Davey 2011); the
    mean effects follow the t with scale 0.58 and 4 degrees of freedom of Bartoš 2023.

    Assumed: the number of studies follows a power law with exponent -1.95 cut at 30 (no table of it is at hand; its
    quartiles 2, 3 and 6 and its mean of 5.06 are Davey's); the logarithm of the study size has a standard deviation of
    1.2, from 10 people on; two arms of equal size; risks uniform between 5 and 50 % in each study.

    References
    ----------
    Turner RM, Jackson D, Wei Y, Thompson SG, Higgins JPT. Predictive distributions for between-study heterogeneity and
    simple methods for their application in Bayesian meta-analysis. Stat Med 2015;34:984-998, Table IV.
    Davey J, Turner RM, Clarke MJ, Higgins JPT. Characteristics of meta-analyses and their component studies in the
    Cochrane Database of Systematic Reviews. BMC Med Res Methodol 2011;11:160.
    Bartoš F, et al. Empirical prior distributions for Bayesian meta-analyses of binary and time-to-event outcomes.
    arXiv:2306.11468 (2023).
    """
    rng = np.random.default_rng(seed)
    k = sizes(m, rng)
    n = int(k.sum())
    tau2 = np.exp(rng.normal(-2.56, 1.74, m))
    mu = 0.58 * rng.standard_t(4, m)
    people = np.maximum(np.exp(rng.normal(np.log(91.0), 1.2, n)), 10.0)
    risk = rng.uniform(0.05, 0.5, n)
    v = 4.0 / (people * risk * (1.0 - risk))
    y = rng.normal(np.repeat(mu, k), np.sqrt(np.repeat(tau2, k) + v))
    number = np.arange(n) - np.repeat(np.cumsum(k) - k, k) + 1
    return pd.DataFrame(
        {
            "analysis": np.repeat([f"ma{i:07d}" for i in range(1, m + 1)], k),
            "study": np.array([f"study {i:02d}" for i in range(1, _SIZES[1] + 1)])[number - 1],
            "yi": y,
            "vi": v,
        }
    )
