"""evisynth: from the tables of a review to an audited report. `snakemake --cores 2` makes everything."""

from snakemake.utils import min_version

min_version("9.20")


configfile: f"{workflow.basedir}/config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/check.smk"
include: "workflow/rules/effects.smk"
include: "workflow/rules/pooled.smk"
include: "workflow/rules/bayes.smk"
include: "workflow/rules/quality.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/figures.smk"


rule all:
    default_target: True
    input:
        collect("results/{review}/pooled/estimates.csv", review=REVIEWS),
        collect("results/{review}/bayes/estimates.csv", review=REVIEWS),
        collect("results/{review}/quality/certainty.csv", review=REVIEWS),
        collect("results/{review}/claims/claims.csv", review=REVIEWS),
        collect("results/{review}/figures", review=REVIEWS),
