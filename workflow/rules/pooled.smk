"""Frequentist estimates of every synthesis."""


rule pool_estimates:
    input:
        checked=checked("moderators"),
        effects="results/{review}/effects/effects.csv",
        sensitivity="results/{review}/effects/sensitivity.csv",
    output:
        **record("pool_estimates"),
        estimates="results/{review}/pooled/estimates.csv",
        weights="results/{review}/pooled/weights.csv",
        leave_one_out="results/{review}/pooled/leave_one_out.csv",
        sensitivity="results/{review}/pooled/sensitivity.csv",
        regression="results/{review}/pooled/regression.csv",
        regression_lines="results/{review}/pooled/regression_lines.csv",
        subgroups="results/{review}/pooled/subgroups.csv",
    log:
        "results/{review}/logs/pool_estimates.log",
    # the longest chain of steps begins here
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 10),
    params:
        code=code("pool_estimates"),
    message:
        "pooling {wildcards.review}"
    script:
        "../../scripts/pool_estimates.py"
