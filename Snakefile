"""evisynth: from the tables of a review to an audited report. `snakemake --cores 2` makes everything."""

from snakemake.utils import min_version

min_version("9.20")


configfile: f"{workflow.current_basedir}/config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/check.smk"
include: "workflow/rules/effects.smk"
include: "workflow/rules/pooled.smk"
include: "workflow/rules/bayes.smk"
include: "workflow/rules/bayes_exact.smk"
include: "workflow/rules/bias.smk"
include: "workflow/rules/quality.smk"
include: "workflow/rules/bayes_adjusted.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/multiverse.smk"
include: "workflow/rules/integrity.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/commit.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/exports.smk"
include: "workflow/rules/provenance.smk"
include: "workflow/rules/corpus_common.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/coverage.smk"


rule all:
    default_target: True
    input:
        collect("results/{review}/report/index.html", review=REVIEWS),
        collect(
            "results/{review}/report/{file}",
            review=REVIEWS,
            file=["report.pdf", "report.docx", "tables.xlsx", "prisma_checklist.csv", "swim_checklist.csv"],
        ),
        collect("results/{review}/ro-crate-metadata.json", review=REVIEWS),
