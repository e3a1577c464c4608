"""Bayesian estimates of every synthesis: exact by quadrature, and sampled."""


rule fit_posteriors:
    input:
        plan=ancient("results/{review}/checked/plan.json"),
        facts=facts("outcomes"),
        effects="results/{review}/effects/effects.csv",
    output:
        estimates="results/{review}/bayes/estimates.csv",
        studies="results/{review}/bayes/studies.csv",
        diagnostics="results/{review}/bayes/diagnostics.csv",
        sensitivity="results/{review}/bayes/sensitivity.csv",
        posteriors=directory("results/{review}/bayes/posteriors"),
        **record("fit_posteriors"),
    log:
        "results/{review}/logs/fit_posteriors.log",
    params:
        cache="results/.kept/posteriors",
        sampler=config["sampler"],
        cores=lambda wildcards, threads: threads,
        code=code("fit_posteriors", "check_review"),
    threads: 2
    conda:
        "../../environment.yml"
    message:
        "posteriors of {wildcards.review}"
    script:
        "../../scripts/fit_posteriors.py"
