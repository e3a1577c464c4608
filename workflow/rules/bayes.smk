"""Bayesian estimates of every synthesis: exact by quadrature, and sampled."""


rule fit_posteriors:
    input:
        checked=checked("outcomes", "studies"),
        effects="results/{review}/effects/effects.csv",
    output:
        **record("fit_posteriors"),
        estimates="results/{review}/bayes/estimates.csv",
        studies="results/{review}/bayes/studies.csv",
        diagnostics="results/{review}/bayes/diagnostics.csv",
        sensitivity="results/{review}/bayes/sensitivity.csv",
        posteriors=directory("results/{review}/bayes/posteriors"),
    log:
        "results/{review}/logs/fit_posteriors.log",
    # the longest step for one synthesis: begun before the chain that leads to the figures
    priority: 20
    conda:
        "../../environment.yml"
    threads: half_of_the_cores()
    resources:
        **needs(2000, 60),
    params:
        cache="results/.kept/posteriors",
        sampler=config["sampler"],
        code=code("fit_posteriors"),
    message:
        "posteriors of {wildcards.review}"
    script:
        "../../scripts/fit_posteriors.py"
