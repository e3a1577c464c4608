"""Small-study effects and influence."""


rule test_small_studies:
    input:
        checked=checked(),
        effects="results/{review}/effects/effects.csv",
        estimates="results/{review}/pooled/estimates.csv",
    output:
        **record("test_small_studies"),
        tests="results/{review}/bias/tests.csv",
        selection="results/{review}/bias/selection.csv",
        trim_and_fill="results/{review}/bias/trim_and_fill.csv",
        influence="results/{review}/bias/influence.csv",
        cumulative="results/{review}/bias/cumulative.csv",
        gosh="results/{review}/bias/gosh.csv",
    log:
        "results/{review}/logs/test_small_studies.log",
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 10),
    params:
        code=code("test_small_studies"),
    message:
        "small-study effects and influence in {wildcards.review}"
    script:
        "../../scripts/test_small_studies.py"
