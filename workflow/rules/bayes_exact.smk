"""What lies around the exact posteriors: other priors, other models, curves."""


rule explore_posteriors:
    input:
        checked=checked("outcomes"),
        effects="results/{review}/effects/effects.csv",
    output:
        **record("explore_posteriors"),
        prior_surface="results/{review}/bayes/prior_surface.csv",
        averaging="results/{review}/bayes/averaging.csv",
        averaged="results/{review}/bayes/averaged.csv",
        densities="results/{review}/bayes/densities.csv",
        probabilities="results/{review}/bayes/probabilities.csv",
    log:
        "results/{review}/logs/explore_posteriors.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 10),
    params:
        cache="results/.kept/explored",
        code=code("explore_posteriors"),
    message:
        "priors, models and curves of {wildcards.review}"
    script:
        "../../scripts/explore_posteriors.py"
