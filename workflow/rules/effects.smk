"""One effect for each study of each synthesis, with the conversions behind it."""


rule estimate_effects:
    input:
        checked=checked("studies", "outcomes", "arms", "contrasts", "corrections"),
    output:
        **record("estimate_effects"),
        effects="results/{review}/effects/effects.csv",
        steps="results/{review}/effects/steps.csv",
        left_out="results/{review}/effects/left_out.csv",
        sensitivity="results/{review}/effects/sensitivity.csv",
        paired="results/{review}/effects/paired.csv",
    log:
        "results/{review}/logs/estimate_effects.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 5),
    params:
        code=code("estimate_effects"),
    message:
        "effects of {wildcards.review}"
    script:
        "../../scripts/estimate_effects.py"
