"""Formulas of pooled effects: the methods that pool, weights, subgroups, regressions and paths of analysis."""

from collections.abc import Mapping

from evisynth.provenance.formulas.formula import Formula

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

METHODS: Mapping[str, tuple[Formula, ...]] = {
    "common": (_COMMON_MEAN, _WALD, _Q, _NATURAL, _PEOPLE),
    "dl_wald": (*_RANDOM, _DL, _WALD, _PI_NORMAL),
    "reml_wald": (*_RANDOM, _REML, _WALD, _PI_NORMAL),
    "reml_hksj": (*_RANDOM, _REML, _HKSJ, _PI_T),
    "reml_hksj_safe": (*_RANDOM, _REML, _HKSJ_SAFE, _PI_T),
    "single": (
        Formula("the one study's own estimate", _EFFECT, "estimate = y, se = sqrt(v), Wald interval", "", _POOL),
        _WALD,
        _NATURAL,
        _PEOPLE,
    ),
}

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
    "pooled/regression.csv": (
        Formula(
            "meta-regression coefficient, REML with Knapp and Hartung's interval, max(1, q)",
            ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "natural_*"),
            "b = (X'WX)^-1 X'Wy, W = diag(1/(v + tau2)); se from q (X'WX)^-1, q = max(1, (y - Xb)'W(y - Xb)/(k - p)); "
            "b ± t(k - p) se",
            "Knapp and Hartung 2003, Stat Med 22:2693; Röver 2015, BMC Med Res Methodol 15:99",
            "evisynth.pooling.meta_regression",
        ),
        Formula(
            "residual heterogeneity, restricted maximum likelihood, with its Q-profile interval",
            ("tau2", "tau2_ci_low", "tau2_ci_high", "tau2_without"),
            "tau2 maximises the restricted likelihood given X; tau2_without that of the model with an intercept only",
            "Viechtbauer 2005, J Educ Behav Stat 30:261; Viechtbauer 2007, Stat Med 26:37",
            "evisynth.pooling.meta_regression",
        ),
        Formula(
            "R², I² and H²",
            ("r2", "i2", "h2"),
            "R² = 100 max(0, (tau2_without - tau2) / tau2_without); I² = 100 tau2/(tau2 + s²), H² = (tau2 + s²)/s², "
            "s² = (k - p)/trace(P), P = W - WX(X'WX)^-1X'W, W = diag(1/v)",
            "Raudenbush 2009, in: The Handbook of Research Synthesis and Meta-Analysis; Higgins and Thompson 2002, "
            "Stat Med 21:1539",
            "evisynth.pooling.meta_regression",
        ),
        Formula(
            "tests of residual heterogeneity and of all moderators",
            ("qe", "qe_df", "qe_p", "qm", "qm_df", "qm_df_residual", "qm_p"),
            "QE = (y - Xb)'W(y - Xb), W = diag(1/v), against chi²(k - p); QM = b'C^-1b/m over the m coefficients but "
            "the intercept, C their covariance, against F(m, k - p)",
            "Knapp and Hartung 2003, Stat Med 22:2693",
            "evisynth.pooling.meta_regression",
        ),
        Formula(
            "permutation p values",
            ("permutation_p", "permutation_qm_p", "permutations", "permutations_all"),
            "share of arrangements of the moderators' rows, the observed one included, whose |t| (or F) is at least "
            "the observed, tau2 estimated anew in each",
            "Higgins and Thompson 2004, Stat Med 23:1663",
            "evisynth.pooling.permutation_test",
        ),
    ),
    "pooled/regression_lines.csv": (
        Formula(
            "line of a meta-regression",
            (),
            "estimate = b0 + b1 x; interval ± t(k - p) sqrt(z'Cz), z = (1, x); prediction ± t(k - p) sqrt(z'Cz + tau2)",
            "Knapp and Hartung 2003, Stat Med 22:2693",
            "evisynth.synthesis.moderators.regression_rows",
        ),
    ),
    "pooled/subgroups.csv": (
        Formula(
            "pooled effect of a subgroup, with its own tau2",
            (),
            _HKSJ_TEXT + ", q not below 1; tau2 by REML; over the studies of the subgroup",
            "Hartung and Knapp 2001, Stat Med 20:3875; Viechtbauer 2005, J Educ Behav Stat 30:261",
            "evisynth.pooling.subgroups",
        ),
        Formula(
            "test between subgroups",
            ("q_between", "q_between_df", "q_between_p"),
            "sum over subgroups of (estimate - mean)²/se², se that of Wald, mean weighted by 1/se², against chi² with "
            "one degree of freedom less than there are subgroups",
            "Borenstein and others 2009, Introduction to Meta-Analysis, chapter 19",
            "evisynth.pooling.subgroups",
        ),
    ),
    "pooled/multiverse.csv": (
        Formula(
            "estimate of one path of analysis",
            (),
            "the model, estimator and interval that the row names, over the studies that its choices leave",
            "Simonsohn, Simmons and Nelson 2020, Nat Hum Behav 4:1208; Voracek, Kossmeier and Tran 2019, Z Psychol "
            "227:64",
            "evisynth.synthesis.paths.multiverse_rows",
        ),
    ),
    "pooled/multiverse_summary.csv": (
        Formula(
            "what the paths of a synthesis say",
            (),
            "counts, shares, median and range over the rows of pooled/multiverse.csv of this synthesis; natural_* over "
            "those on the planned scale",
            "Simonsohn, Simmons and Nelson 2020, Nat Hum Behav 4:1208",
            "evisynth.synthesis.paths.summary_rows",
        ),
    ),
}
