"""Formulas of posteriors: models, priors, adjustments, averages and the checks of a sampled fit."""

from collections.abc import Mapping

from evisynth.provenance.formulas.formula import Formula

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
}

TABLES: Mapping[str, tuple[Formula, ...]] = {
    "bayes/sensitivity.csv": (
        Formula(
            "the exact posterior under another prior of tau",
            (),
            f"{_NORMAL_MODEL}; integrated by quadrature",
            _ROEVER,
            "evisynth.synthesis.other_priors.sensitivity_rows",
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
}
