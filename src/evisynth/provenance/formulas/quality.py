"""Formulas of judgements: weights by quality, risk of bias and the findings that readers see."""

from collections.abc import Mapping

from evisynth.provenance.formulas.formula import Formula

METHODS: Mapping[str, tuple[Formula, ...]] = {
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
}

TABLES: Mapping[str, tuple[Formula, ...]] = {
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
}
