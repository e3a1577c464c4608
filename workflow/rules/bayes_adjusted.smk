"""What follows from assumptions about bias and conversions, and how the sampled models fit their studies."""


rule fit_adjusted:
    input:
        checked=checked("outcomes", "studies", "arms", "contrasts"),
        effects="results/{review}/effects/effects.csv",
        judgements="results/{review}/quality/judgements.csv",
    output:
        **record("fit_adjusted"),
        adjusted="results/{review}/bayes/adjusted.csv",
        bias_terms="results/{review}/bayes/bias_terms.csv",
    log:
        "results/{review}/logs/fit_adjusted.log",
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 20),
    params:
        cache="results/.kept/adjusted",
        code=code("fit_adjusted"),
    message:
        "estimates of {wildcards.review} under assumptions about bias"
    script:
        "../../scripts/fit_adjusted.py"


rule check_posteriors:
    input:
        checked=checked("outcomes", "studies"),
        effects="results/{review}/effects/effects.csv",
        posteriors="results/{review}/bayes/posteriors",
    output:
        **record("check_posteriors"),
        checks="results/{review}/bayes/checks.csv",
        power_scaling="results/{review}/bayes/power_scaling.csv",
    log:
        "results/{review}/logs/check_posteriors.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 10),
    params:
        cache="results/.kept/checks",
        code=code("check_posteriors"),
    message:
        "the sampled models of {wildcards.review} against their studies"
    script:
        "../../scripts/check_posteriors.py"
