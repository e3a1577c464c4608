"""Formulas of ``bias/``: tests and models of small-study effects, influence, the estimate as studies came in."""

from collections.abc import Mapping

from evisynth.provenance.formulas.formula import Formula

_LIMIT = ("estimate", "se", "ci_low", "ci_high", "natural_*")


def _test(name: str, what: str, text: str, citation: str, function: str) -> tuple[str, tuple[Formula, ...]]:
    return name, (Formula(what, ("statistic", "p", "df", "slope*", "limit_*"), text, citation, function), _K)


_K = Formula("studies", ("k",), "k = number of studies that the test can use", "", "evisynth.bias.small_study_summary")
# The column `test` of bias/tests.csv decides.
TESTS: Mapping[str, tuple[Formula, ...]] = dict(
    (
        _test(
            "egger",
            "Egger's regression",
            "yi on sqrt(vi), weights 1/vi, multiplicative dispersion; t = slope / its standard error, k - 2 degrees of "
            "freedom",
            "Egger et al. 1997, BMJ 315:629; Sterne and Egger 2005",
            "evisynth.bias.egger",
        ),
        _test(
            "egger_mixed",
            "Egger's regression, mixed-effects",
            "yi on sqrt(vi), weights 1/(vi + tau2), tau2 additive; z = slope / its standard error",
            "Thompson and Sharp 1999, Stat Med 18:2693 (model 3a)",
            "evisynth.bias.egger_mixed",
        ),
        _test(
            "begg",
            "rank correlation",
            "Kendall's tau of the standardised deviations of the effects from their common mean with the variances",
            "Begg and Mazumdar 1994, Biometrics 50:1088",
            "evisynth.bias.begg",
        ),
        _test(
            "peters",
            "Peters' regression",
            "yi on 1/N, weights 1/(1/E + 1/(N - E)), E the events of both arms, N the people; t = slope / its standard "
            "error",
            "Peters et al. 2006, JAMA 295:676",
            "evisynth.bias.peters",
        ),
        _test(
            "harbord",
            "Harbord's regression",
            "Z/V on 1/sqrt(V), weights V, Z the score and V the information of two binomials at equal risks; "
            "t = slope / its standard error",
            "Harbord, Egger and Sterne 2006, Stat Med 25:3443; Harbord, Harris and Sterne 2009, Stata J 9:197",
            "evisynth.bias.harbord",
        ),
        _test(
            "rosenthal",
            "fail-safe number",
            "how many studies with z = 0 bring Stouffer's combined test above the level",
            "Rosenthal 1979, Psychol Bull 86:638",
            "evisynth.bias.rosenthal",
        ),
        _test(
            "orwin",
            "fail-safe number",
            "how many studies with effect 0 bring the mean effect down to the target",
            "Orwin 1983, J Educ Stat 8:157",
            "evisynth.bias.orwin",
        ),
        _test(
            "excess_significance",
            "excess of significant studies",
            "significant studies observed against the sum of the studies' power at the pooled effect",
            "Ioannidis and Trikalinos 2007, Clin Trials 4:245",
            "evisynth.bias.excess_significance",
        ),
    )
)


def _model(what: str, text: str, citation: str, function: str, *more: str) -> tuple[Formula, ...]:
    return (Formula(what, (*_LIMIT, *more), text, citation, function),)


_TRIMMED = "Duval and Tweedie 2000, Biometrics 56:455, and J Am Stat Assoc 95:89"
_STEPS = (
    "Vevea and Hedges 1995, Psychometrika 60:419; McShane, Boeckenholt and Hansen 2016, Perspect Psychol Sci 11:730"
)
_STEPPED = (
    "density of an effect w(p) normal(y; mu, v + tau2) / sum_j w_j P_j, w a step function of the one-sided p value, "
    "P_j the chance of interval j; maximum likelihood"
)
_PET = "Stanley and Doucouliagos 2014, Res Synth Methods 5:60"
_FILLED = (
    "the studies without a counterpart are trimmed until their number no longer changes, and counterparts filled in"
)
# The column `method` of bias/selection.csv decides.
SELECTION: Mapping[str, tuple[Formula, ...]] = {
    "trim_and_fill_l0": _model(
        "trim and fill",
        f"{_FILLED}; L0 = (4 S - k (k + 1)) / (2 k - 1), S the sum of the ranks to the right of the trimmed mean",
        _TRIMMED,
        "evisynth.bias.trim_and_fill",
        "k0",
    ),
    "trim_and_fill_r0": _model(
        "trim and fill",
        f"{_FILLED}; R0 = g - 1, g the number of ranks to the right above the largest to the left",
        _TRIMMED,
        "evisynth.bias.trim_and_fill",
        "k0",
    ),
    "pet": _model("precision-effect test", "intercept of yi on sqrt(vi), weights 1/vi", _PET, "evisynth.bias.pet"),
    "peese": _model(
        "precision-effect estimate with standard error",
        "intercept of yi on vi, weights 1/vi",
        _PET,
        "evisynth.bias.peese",
    ),
    "pet_peese": _model(
        "PET-PEESE", "PEESE where PET's intercept differs from 0, else PET", _PET, "evisynth.bias.pet_peese"
    ),
    "selection_3": _model("selection model", _STEPPED, _STEPS, "evisynth.bias.selection_model", "lrt*", "tau2"),
    "selection_4": _model("selection model", _STEPPED, _STEPS, "evisynth.bias.selection_model", "lrt*", "tau2"),
    "worst_case": _model(
        "studies that are not affirmative, alone",
        "sum w y / sum w over the studies whose result is not significant in the direction of the treatment, "
        "w = 1/(v + tau2), tau2 that of all studies",
        "Mathur and VanderWeele 2020, J R Stat Soc C 69:1091",
        "evisynth.bias.worst_case",
    ),
}
METHODS: Mapping[str, tuple[Formula, ...]] = {**TESTS, **SELECTION}
TABLES: Mapping[str, tuple[Formula, ...]] = {
    "bias/influence.csv": (
        Formula(
            "influence of a study",
            ("residual", "dffits", "cooks_distance", "covariance_ratio", "hat", "weight", "dfbetas", "influential"),
            "from the estimate with and without the study: residual = (yi - estimate_without) / sqrt(vi + tau2_without "
            "+ its variance), Cook's distance = moved² / variance of the estimate, DFFITS = moved / sqrt(hat (vi + "
            "tau2_without)); influential where |DFFITS| > 3 sqrt(1/(k - 1)), Cook's distance > median of chi-squared "
            "with 1 degree of freedom, hat > 3/k or |DFBETAS| > 1",
            "Viechtbauer and Cheung 2010, Res Synth Methods 1:112; Baujat et al. 2002, Stat Med 21:2641",
            "evisynth.bias.influence",
        ),
    ),
    "bias/cumulative.csv": (
        Formula(
            "estimate from the studies up to each",
            ("estimate", "se", "ci_low", "ci_high", "natural_*", "tau2", "k"),
            "the random-effects model on the studies ordered by year, one more in each row",
            "Lau et al. 1992, N Engl J Med 327:248",
            "evisynth.pooling.cumulative",
        ),
    ),
}
