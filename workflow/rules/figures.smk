"""Figures: each with the CSV of what it draws."""


rule draw_figures:
    input:
        checked=checked("studies", "outcomes", "published_pools", "screening", "sources"),
        prisma="results/{review}/checked/prisma.csv",
        effects="results/{review}/effects/effects.csv",
        left_out="results/{review}/effects/left_out.csv",
        estimates="results/{review}/pooled/estimates.csv",
        weights="results/{review}/pooled/weights.csv",
        bayes="results/{review}/bayes/estimates.csv",
        shrinkage="results/{review}/bayes/studies.csv",
        judgements="results/{review}/quality/judgements.csv",
        certainty="results/{review}/quality/certainty.csv",
        paired="results/{review}/effects/paired.csv",
        filled="results/{review}/bias/trim_and_fill.csv",
        leave_one_out="results/{review}/pooled/leave_one_out.csv",
        priors="results/{review}/bayes/sensitivity.csv",
        claims="results/{review}/claims/claims.csv",
        stated="results/{review}/claims/stated_published.csv",
    output:
        **record("draw_figures"),
        folder=report(
            directory("results/{review}/figures"),
            patterns=["{name}.svg"],
            caption="../report/figure.rst",
            category="Figures",
            subcategory="{review}",
            labels={"figure": "{name}"},
        ),
    log:
        "results/{review}/logs/draw_figures.log",
    conda:
        "../../environment.yml"
    params:
        cache="results/.kept/figures",
        code=code("draw_figures"),
    message:
        "figures of {wildcards.review}"
    script:
        "../../scripts/draw_figures.py"
