"""Risk of bias and certainty."""


rule judge_quality:
    input:
        checked=checked("risk_of_bias", "judgements", "certainty", "studies", "outcomes"),
        effects="results/{review}/effects/effects.csv",
        left_out="results/{review}/effects/left_out.csv",
        estimates="results/{review}/pooled/estimates.csv",
        weights="results/{review}/pooled/weights.csv",
        small_studies="results/{review}/bias/tests.csv",
    output:
        **record("judge_quality"),
        judgements="results/{review}/quality/judgements.csv",
        certainty="results/{review}/quality/certainty.csv",
        findings="results/{review}/quality/findings.csv",
    log:
        "results/{review}/logs/judge_quality.log",
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 5),
    params:
        code=code("judge_quality"),
    message:
        "risk of bias and certainty of {wildcards.review}"
    script:
        "../../scripts/judge_quality.py"


rule inform_synthesis:
    input:
        checked=checked("studies"),
        judgements="results/{review}/quality/judgements.csv",
        effects="results/{review}/effects/effects.csv",
        estimates="results/{review}/pooled/estimates.csv",
        weights="results/{review}/pooled/weights.csv",
        bayes="results/{review}/bayes/estimates.csv",
        adjusted="results/{review}/bayes/adjusted.csv",
    output:
        **record("inform_synthesis"),
        informed="results/{review}/quality/informed.csv",
        risk_weights="results/{review}/quality/risk_weights.csv",
    log:
        "results/{review}/logs/inform_synthesis.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 5),
    params:
        code=code("inform_synthesis"),
    message:
        "what risk of bias does to the syntheses of {wildcards.review}"
    script:
        "../../scripts/inform_synthesis.py"
