"""Figures: each as SVG, PNG and PDF, with the CSV of what it draws."""


rule draw_figures:
    input:
        checked=checked("studies", "outcomes", "published_pools", "screening", "sources", "moderators"),
        prisma="results/{review}/checked/prisma.csv",
        effects="results/{review}/effects/effects.csv",
        left_out="results/{review}/effects/left_out.csv",
        estimates="results/{review}/pooled/estimates.csv",
        weights="results/{review}/pooled/weights.csv",
        bayes="results/{review}/bayes/estimates.csv",
        shrinkage="results/{review}/bayes/studies.csv",
        judgements="results/{review}/quality/judgements.csv",
        certainty="results/{review}/quality/certainty.csv",
        informed="results/{review}/quality/informed.csv",
        risk_weights="results/{review}/quality/risk_weights.csv",
        paired="results/{review}/effects/paired.csv",
        findings="results/{review}/quality/findings.csv",
        filled="results/{review}/bias/trim_and_fill.csv",
        influence="results/{review}/bias/influence.csv",
        cumulative="results/{review}/bias/cumulative.csv",
        gosh="results/{review}/bias/gosh.csv",
        leave_one_out="results/{review}/pooled/leave_one_out.csv",
        subgroups="results/{review}/pooled/subgroups.csv",
        regression_lines="results/{review}/pooled/regression_lines.csv",
        multiverse="results/{review}/pooled/multiverse.csv",
        priors="results/{review}/bayes/sensitivity.csv",
        adjusted="results/{review}/bayes/adjusted.csv",
        bias_terms="results/{review}/bayes/bias_terms.csv",
        checks="results/{review}/bayes/checks.csv",
        prior_surface="results/{review}/bayes/prior_surface.csv",
        averaging="results/{review}/bayes/averaging.csv",
        averaged="results/{review}/bayes/averaged.csv",
        densities="results/{review}/bayes/densities.csv",
        probabilities="results/{review}/bayes/probabilities.csv",
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
    threads: 2
    resources:
        **needs(2000, 20),
    params:
        cache="results/.kept/figures",
        code=code("draw_figures"),
    message:
        "figures of {wildcards.review}"
    script:
        "../../scripts/draw_figures.py"
