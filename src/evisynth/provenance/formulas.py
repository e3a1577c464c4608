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

_MOVED = Formula(
    "how far the estimate moves",
    ("moved",),
    "moved = estimate - estimate of bayes_exact, analysis scale",
    "",
    "evisynth.synthesis.adjusted.adjusted_row",
)

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
    "quality_effects": (
        Formula(
            "quality-effects model",
            (),
            "w = 1/v, r_i = w_i (1 - q_i)/(k - 1), w'_i = q_i w_i + sum r - r_i; variance sum (w'/sum w')² (v + tau2), "
            "tau2 by DerSimonian and Laird; q the stated rank of the judgement",
            "Doi and Thalib 2008, Epidemiology 19:94",
            "evisynth.quality.quality_effects",
        ),
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
    "bayes_additive": (
        Formula(
            "posterior under additive bias by class of risk of bias",
            (),
            "y ~ normal(theta + b, v), theta ~ normal(mu, tau²), b ~ normal(b_class, kappa²), b_class ~ normal(b0, "
            f"phi²), b = 0 at low risk; b0, phi and kappa as in the column bias_prior; {_SUMMARY}",
            "Welton et al. 2009, J R Stat Soc A 172:119",
            "evisynth.bayes.adjusted.additive_bias",
        ),
        _MOVED,
    ),
    "bayes_mixture": (
        Formula(
            "posterior under a mixture of unbiased and biased studies",
            (),
            "with probability 1 - p: y ~ normal(mu, v + tau²); with probability p: y ~ normal(mu + B, v + tau²/w), "
            f"w ~ beta(1/2, 1), B of one sign; priors of p and B as in the column bias_prior; {_SUMMARY}",
            "Verde 2021, Biom J 63:406",
            "evisynth.bayes.adjusted.contaminated",
        ),
        _MOVED,
    ),
    "bayes_student": (
        Formula(
            "posterior under Student-t random effects",
            (),
            f"y ~ normal(theta, v), theta ~ t(df) about mu with scale tau; {_SUMMARY}",
            "Lee and Thompson 2008, Stat Med 27:418",
            "evisynth.bayes.adjusted.student_t",
        ),
        _MOVED,
    ),
    "bayes_conversions": (
        Formula(
            "posterior with the conversions' assumptions as parameters",
            (),
            "likelihood of what was printed: the integral of normal(y(t, r); theta, v(t, r)) |dy/dt| over the t that "
            f"print so and over the prior of r; theta ~ normal(mu, tau²); {_SUMMARY}",
            "",
            "evisynth.bayes.adjusted.fit_conversions",
        ),
        Formula(
            "share of the interval's width that is the conversions'",
            ("share_of_width",),
            "100 (1 - width with every assumption held / width with all of them uncertain), per cent",
            "",
            "evisynth.bayes.adjusted.shares_of",
        ),
        _MOVED,
    ),
    "bayes_design": (
        Formula(
            "posterior with non-randomised studies at a discount",
            (),
            "non-randomised: y ~ normal(theta + b, v / w), b ~ normal(0, s²); randomised: y ~ normal(theta, v); theta "
            f"~ normal(mu, tau²); {_SUMMARY}",
            "Efthimiou et al. 2017, Stat Med 36:1210",
            "evisynth.bayes.adjusted.design_adjusted",
        ),
        _MOVED,
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
    "bayes/sensitivity.csv": (
        Formula(
            "the exact posterior under another prior of tau",
            (),
            f"{_NORMAL_MODEL}; integrated by quadrature",
            _ROEVER,
            "evisynth.synthesis.posterior.sensitivity_rows",
        ),
    ),
    "bayes/prior_surface.csv": (
        Formula(
            "the exact posterior under other priors of tau and mu",
            (),
            f"{_NORMAL_MODEL.split(';')[0]}; mu integrated in closed form, tau by quadrature; scale = median of the "
            "prior of tau / median of the planned one; unit information: N(0, sum(n)/sum(1/v)); sceptical: N(0, (a "
            "quarter of the planned spread)²), or 5 per cent beyond the minimal important difference",
            f"{_ROEVER}; Röver et al. 2021, Res Synth Methods 12:448; Spiegelhalter, Freedman and Parmar 1994, "
            "J R Stat Soc A 157:357",
            "evisynth.synthesis.prior_surface.surface_rows",
        ),
    ),
    "bayes/averaging.csv": (
        Formula(
            "probability of a model",
            ("prior_probability", "posterior_probability"),
            "posterior = prior exp(log_marginal) / sum over models; half of the prior on no bias, 1/24 on each of six "
            "weight functions, 1/8 each on PET and PEESE; halves for effect and heterogeneity",
            "Bartoš et al. 2023, Res Synth Methods 14:99",
            "evisynth.bayes.model_average",
        ),
        Formula(
            "marginal likelihood and posterior of a model",
            ("log_marginal", "error_bound", "estimate", "ci_*", "natural_*", "tau"),
            "ln of the integral of prior x likelihood over mu, tau and the model's weights or slope, by quadrature",
            "Vevea and Hedges 1995, Psychometrika 60:419; Stanley and Doucouliagos 2014, Res Synth Methods 5:60; "
            "Bartoš et al. 2023, Res Synth Methods 14:99",
            "evisynth.bayes.model_average",
        ),
    ),
    "bayes/averaged.csv": (
        Formula(
            "inclusion Bayes factor",
            ("prior_probability", "posterior_probability", "bayes_factor", "log_bayes_factor"),
            "(posterior odds) / (prior odds) of the models that have the component, against those that do not",
            "Bartoš et al. 2023, Res Synth Methods 14:99",
            "evisynth.bayes.model_average",
        ),
        Formula(
            "estimate averaged over models",
            ("estimate", "ci_*", "natural_*", "tau*", "p_benefit"),
            "median and central interval of the mixture of the models' posteriors, weighted by their probabilities; a "
            "model that fixes the parameter puts all its weight there",
            "Bartoš et al. 2023, Res Synth Methods 14:99",
            "evisynth.bayes.model_average",
        ),
    ),
    "bayes/densities.csv": (
        Formula(
            "density of the prior or the posterior",
            (),
            f"{_NORMAL_MODEL}; the posterior of mu and of the next study is a mixture of normals over tau; per unit of "
            "analysis_x",
            _ROEVER,
            "evisynth.synthesis.posterior_curves.density_rows",
        ),
    ),
    "bayes/probabilities.csv": (
        Formula(
            "probability of an effect beyond a value",
            (),
            f"{_NORMAL_MODEL}; the posterior distribution function at the value, towards benefit",
            _ROEVER,
            "evisynth.synthesis.posterior_curves.probability_rows",
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
    "bayes/bias_terms.csv": (
        Formula(
            "a term of an adjusted model",
            (),
            "posterior of the term: mean, standard deviation, median, central interval; prior in the column assumed",
            "",
            "evisynth.synthesis.adjusted.term_rows",
        ),
    ),
    "bayes/checks.csv": (
        Formula(
            "leave-one-study-out density, by Pareto-smoothed importance sampling",
            ("elpd", "p_loo", "pareto_k", "loo_reliable"),
            "elpd = ln p(y_i | other studies), its effect integrated out; p_loo = ln p(y_i | all) - elpd; reliable: "
            "k <= 0.7",
            "Vehtari, Gelman and Gabry 2017, Stat Comput 27:1413; Vehtari et al. 2024, J Mach Learn Res 25:72",
            "evisynth.bayes.sampled.checks.loo",
        ),
        Formula(
            "posterior predictive check of a study",
            ("observed", "predicted*", "p_below", "p_two_sided"),
            "new data of the study's size, its effect drawn anew from normal(mu, tau²); p_below = P(new < observed) + "
            "half of P(new = observed); p_two_sided = 2 min(p_below, 1 - p_below)",
            "Marshall and Spiegelhalter 2003, Stat Med 22:1649",
            "evisynth.bayes.sampled.checks.posterior_predictive",
        ),
        Formula(
            "prior predictive check of a study",
            ("prior_*",),
            "the same with all parameters drawn from their priors",
            "Box 1980, J R Stat Soc A 143:383",
            "evisynth.bayes.sampled.checks.prior_predictive",
        ),
    ),
    "bayes/power_scaling.csv": (
        Formula(
            "power-scaling sensitivity",
            (),
            "cumulative Jensen-Shannon distance between the posteriors with likelihood or priors raised to 0.99 and "
            "1.01, per doubling of the power; above 0.05 sensitive",
            "Kallioinen et al. 2024, Stat Comput 34:57",
            "evisynth.bayes.sampled.sensitivity.power_scaling",
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
    "quality/risk_weights.csv": (
        Formula(
            "share of the weight at one level of risk of bias, per cent",
            ("share",),
            "sum of the weights of the studies with this judgement of the domain; weights of the headline estimate",
            "",
            "evisynth.synthesis.risk.risk_weight_rows",
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
        Formula(
            "standardised mean difference on a familiar scale",
            ("familiar_estimate", "familiar_ci_low", "familiar_ci_high"),
            "SMD times the standard deviation that the plan states; without one an odds ratio, ln OR = pi/sqrt(3) SMD",
            "Cochrane Handbook 5.1, 12.6.3",
            "evisynth.synthesis.findings.findings_rows",
        ),
    ),
    "provenance/agreement.csv": (
        Formula(
            "agreement of two engines",
            ("difference", "agrees", "tolerance"),
            "agrees where |ours - theirs| <= tolerance; 1e-8 (searched for: 1e-5) of the standard error for estimates, "
            "of tau2 + s² for tau2, of itself for Q and H², of 100 for I²; absolute for p",
            "",
            "evisynth.provenance.agreement.compare_engines",
        ),
    ),
    "report/counts.csv": (
        Formula("count", (), "number of the rows or files named below", "", "evisynth.report.tables.report_tables"),
    ),
    "report/coverage.csv": (
        Formula(
            "coverage of an interval",
            (),
            "share of simulated meta-analyses whose interval held the true value",
            "",
            "evisynth.pooling.coverage_notes",
        ),
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
    return METHODS.get(row.get("method", ""), ()) if table.startswith(("pooled/", "bayes/", "quality/informed")) else ()


def formulas_for(formulas: tuple[Formula, ...], column: str) -> tuple[Formula, ...]:
    """Return those that stand behind one column (all of them for a blank column)."""
    return tuple(formula for formula in formulas if not column or not formula.columns or _stands(formula, column))


def _stands(formula: Formula, column: str) -> bool:
    return any(column == name or (name.endswith("*") and column.startswith(name[:-1])) for name in formula.columns)
