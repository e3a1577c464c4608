"""Which formula, publication and library function stand behind a column of a table of results."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Formula:
    """How the figures of some columns are computed.

    Attributes
    ----------
    what : str
        What is computed, in words.
    columns : tuple of str
        The columns it stands behind; a trailing ``*`` stands for any ending; empty for all.
    text : str
        The formula.
    citation : str
        Where it comes from.
    function : str
        The library function that computes it.
    """

    what: str
    columns: tuple[str, ...]
    text: str
    citation: str
    function: str


_POOL = "evisynth.pooling.random_effects"
_EFFECT = ("estimate", "se")
_INTERVAL = ("ci_low", "ci_high", "natural_ci_low", "natural_ci_high", "p")
_PREDICTION = ("pi_low", "pi_high", "natural_pi_low", "natural_pi_high")

_COMMON_MEAN = Formula(
    "pooled effect, common-effect model",
    (*_EFFECT, "natural_estimate"),
    "estimate = sum(w y) / sum(w), w = 1/v; se = 1/sqrt(sum(w))",
    "Cochrane Handbook 5.1, 9.4.3 (inverse variance)",
    "evisynth.pooling.common_effect",
)
_RANDOM_MEAN = Formula(
    "pooled effect, random-effects model",
    (*_EFFECT, "natural_estimate"),
    "estimate = sum(w y) / sum(w), w = 1/(v + tau2)",
    "DerSimonian and Laird 1986, Control Clin Trials 7:177",
    _POOL,
)
_WALD = Formula("Wald interval", _INTERVAL, "estimate ± z se, se = 1/sqrt(sum(w)); z the normal quantile", "", _POOL)
_HKSJ_TEXT = "estimate ± t(k - 1) se sqrt(q), q = sum(w (y - estimate)²) / (k - 1)"
_HKSJ = Formula(
    "Hartung-Knapp interval",
    (*_INTERVAL, "hksj_scale"),
    _HKSJ_TEXT,
    "Hartung and Knapp 2001, Stat Med 20:3875; Sidik and Jonkman 2002, Stat Med 21:3153",
    _POOL,
)
_HKSJ_SAFE = Formula(
    "Hartung-Knapp interval with max(1, q)",
    (*_INTERVAL, "hksj_scale"),
    _HKSJ_TEXT + ", with q not below 1, so that the interval is never narrower than Wald's standard error allows",
    "Hartung and Knapp 2001; Röver 2015, BMC Med Res Methodol 15:99",
    _POOL,
)
_DL = Formula(
    "between-study variance, DerSimonian-Laird",
    ("tau2", "tau"),
    "tau2 = max(0, (Q - (k - 1)) / (sum(w) - sum(w²)/sum(w))), w = 1/v",
    "DerSimonian and Laird 1986, Control Clin Trials 7:177",
    "evisynth.pooling.tau2.estimate_tau2",
)
_REML = Formula(
    "between-study variance, restricted maximum likelihood",
    ("tau2", "tau"),
    "tau2 maximises -½ sum(ln(v + tau2)) - ½ ln(sum(w)) - ½ sum(w (y - estimate)²), w = 1/(v + tau2), tau2 >= 0",
    "Viechtbauer 2005, J Educ Behav Stat 30:261",
    "evisynth.pooling.tau2.estimate_tau2",
)
_QPROFILE = Formula(
    "interval of tau2, Q-profile",
    ("tau2_ci_low", "tau2_ci_high"),
    "values of tau2 at which sum(w (y - estimate)²) equals the quantiles of chi² with k - 1 degrees of freedom",
    "Viechtbauer 2007, Stat Med 26:37",
    "evisynth.pooling.heterogeneity.q_profile",
)
_Q = Formula(
    "Cochran's Q",
    ("q", "q_df", "q_p"),
    "Q = sum(w (y - estimate)²), w = 1/v, against chi² with k - 1 degrees of freedom",
    "Cochran 1954, Biometrics 10:101",
    "evisynth.pooling.heterogeneity.cochran_q",
)
_I2 = Formula(
    "I² and H²",
    ("i2", "h2"),
    "I² = 100 tau2 / (tau2 + s²), H² = (tau2 + s²)/s², s² = (k - 1) sum(w) / (sum(w)² - sum(w²)), w = 1/v",
    "Higgins and Thompson 2002, Stat Med 21:1539",
    "evisynth.pooling.heterogeneity.i2_h2",
)
_PI_NORMAL = Formula(
    "prediction interval, normal",
    _PREDICTION,
    "estimate ± z sqrt(tau2 + se²)",
    "Higgins, Thompson and Spiegelhalter 2009, J R Stat Soc A 172:137",
    _POOL,
)
_PI_T = Formula(
    "prediction interval, t with k - 1 degrees of freedom",
    _PREDICTION,
    "estimate ± t(k - 1) sqrt(tau2 + se²), se that of the interval of the mean",
    "Higgins, Thompson and Spiegelhalter 2009, J R Stat Soc A 172:137, with the degrees of freedom of REML and "
    "Hartung-Knapp as in Cochrane's software since January 2025",
    _POOL,
)
_NATURAL = Formula(
    "scale that readers see",
    ("natural_*",),
    "natural = exp(analysis scale) for ratios, the same figure for differences",
    "",
    "evisynth.effects.measures.find_measure",
)
_PEOPLE = Formula(
    "studies and people",
    ("k", "n"),
    "k = number of studies, n = sum of the people analysed in both groups, where every study gives them",
    "",
    "evisynth.synthesis.estimates.estimate_rows",
)
_RANDOM = (_RANDOM_MEAN, _QPROFILE, _Q, _I2, _NATURAL, _PEOPLE)
_NORMAL_MODEL = "y ~ normal(theta, v), theta ~ normal(mu, tau²); priors on mu and tau as in the plan"
_SUMMARY = (
    "median and central interval of the posterior of mu; tau from its posterior; the next study from its predictive "
    "distribution"
)
_ROEVER = "Röver 2020, J Stat Softw 93(6); Higgins, Thompson and Spiegelhalter 2009, J R Stat Soc A 172:137"

METHODS: Mapping[str, tuple[Formula, ...]] = {
    "common": (_COMMON_MEAN, _WALD, _Q, _NATURAL, _PEOPLE),
    "dl_wald": (*_RANDOM, _DL, _WALD, _PI_NORMAL),
    "reml_wald": (*_RANDOM, _REML, _WALD, _PI_NORMAL),
    "reml_hksj": (*_RANDOM, _REML, _HKSJ, _PI_T),
    "reml_hksj_safe": (*_RANDOM, _REML, _HKSJ_SAFE, _PI_T),
    "single": (
        Formula(
            "the one study's own estimate", _EFFECT, "estimate = y, se = sqrt(v), Wald interval", "", _POOL
        ),
        _WALD,
        _NATURAL,
        _PEOPLE,
    ),
    "bayes_exact": (
        Formula(
            "Bayesian normal-normal model, integrated by quadrature",
            (),
            f"{_NORMAL_MODEL}; mu integrated in closed form, tau by quadrature; {_SUMMARY}",
            _ROEVER,
            "evisynth.bayes.normal_normal",
        ),
    ),
    "bayes_normal": (
        Formula(
            "Bayesian normal-normal model, sampled",
            (),
            f"{_NORMAL_MODEL}; {_SUMMARY}",
            "Higgins, Thompson and Spiegelhalter 2009; Hoffman and Gelman 2014, J Mach Learn Res 15:1593",
            "evisynth.bayes.sampled.fit.fit_normal",
        ),
    ),
    "bayes_binomial": (
        Formula(
            "Bayesian binomial-normal model of the counts, sampled",
            (),
            "events ~ binomial(n, p); logit p = baseline of the study in the comparison group, baseline + theta in the "
            "treatment group; theta ~ normal(mu, tau²); priors on mu, tau and the baselines as in the plan; "
            f"{_SUMMARY}",
            "Smith, Spiegelhalter and Thomas 1995, Stat Med 14:2685; Jackson et al. 2018, Stat Med 37:1059",
            "evisynth.bayes.sampled.fit.fit_binomial",
        ),
    ),
    "bayes_hierarchy": (
        Formula(
            "Bayesian hierarchical model by condition, sampled",
            (),
            "y ~ normal(theta, v), theta ~ normal(mean of its condition, tau_within²), means of conditions ~ "
            "normal(mu, tau²); the effects of studies and conditions integrated out; "
            f"{_SUMMARY}",
            "Higgins, Thompson and Spiegelhalter 2009",
            "evisynth.bayes.sampled.fit.fit_hierarchy",
        ),
    ),
}  # fmt: skip

TABLES: Mapping[str, tuple[Formula, ...]] = {
    "pooled/weights.csv": (
        Formula(
            "weight of a study, per cent",
            ("weight",),
            "100 w / sum(w), w = 1/(v + tau2); tau2 = 0 in the common-effect model",
            "",
            _POOL,
        ),
    ),
    "pooled/leave_one_out.csv": (
        Formula(
            "the headline estimate without one study",
            (),
            "REML with Hartung-Knapp, max(1, q), over the other studies",
            "Viechtbauer and Cheung 2010, Res Synth Methods 1:112",
            "evisynth.synthesis.estimates.leave_one_out_rows",
        ),
    ),
    "bayes/sensitivity.csv": (
        Formula(
            "the exact posterior under another prior of tau",
            (),
            f"{_NORMAL_MODEL}; integrated by quadrature",
            _ROEVER,
            "evisynth.synthesis.posterior.sensitivity_rows",
        ),
    ),
    "bayes/studies.csv": (
        Formula(
            "a study's effect after shrinkage",
            (),
            "posterior of theta of the study, given all studies",
            "",
            "evisynth.synthesis.posterior.study_rows",
        ),
    ),
    "bayes/diagnostics.csv": (
        Formula(
            "checks of the sampler",
            (),
            "rank-normalised split R-hat; bulk and tail effective sample size; divergences; energy",
            "Vehtari et al. 2021, Bayesian Anal 16:667; Betancourt 2017, arXiv:1701.02434",
            "evisynth.bayes.sampled.diagnostics.diagnose",
        ),
    ),
    "effects/paired.csv": (
        Formula(
            "range over every paired table with these margins",
            (),
            "for each number of people with both events that the margins allow: paired risk ratio and difference, "
            "exact McNemar p",
            "McNemar 1947, Psychometrika 12:153; Fagerland, Lydersen and Laake 2013, BMC Med Res Methodol 13:91",
            "evisynth.synthesis.paired.paired_rows",
        ),
    ),
    "checked/prisma.csv": (
        Formula(
            "count of records",
            (),
            "number of the rows of screening.csv named below",
            "",
            "evisynth.review.flow.prisma_rows",
        ),
    ),
    "quality/findings.csv": (
        Formula(
            "absolute effect per 1,000 people",
            ("comparator_per_1000", "treatment_per_1000*", "difference_per_1000*"),
            "RR: risk = c RR; OR: risk = OR c / (1 - c + OR c); c is the median risk of the comparison groups, taken "
            "as known; the difference is risk - c",
            "Cochrane Handbook 5.1, 11.5.5",
            "evisynth.quality.absolute.per_thousand",
        ),
    ),
    "report/counts.csv": (
        Formula("count", (), "number of the rows or files named below", "", "evisynth.report.tables.report_tables"),
    ),
}  # fmt: skip


def formulas_of(table: str, row: Mapping[str, str]) -> tuple[Formula, ...]:
    """Return the formulas behind a row; empty where its figures are read, not computed.

    Parameters
    ----------
    table : str
        Name of the table.
    row : mapping of str to str
        Its cells; ``method`` decides in tables of estimates.
    """
    if table in TABLES:
        return TABLES[table]
    return METHODS.get(row.get("method", ""), ()) if table.startswith(("pooled/", "bayes/")) else ()


def formulas_for(formulas: tuple[Formula, ...], column: str) -> tuple[Formula, ...]:
    """Return those that stand behind one column (all of them for a blank column)."""
    return tuple(formula for formula in formulas if not column or not formula.columns or _stands(formula, column))


def _stands(formula: Formula, column: str) -> bool:
    return any(column == name or (name.endswith("*") and column.startswith(name[:-1])) for name in formula.columns)
