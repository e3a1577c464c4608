"""Every defensible path of analysis."""


rule explore_paths:
    input:
        checked=checked("studies", "outcomes", "arms", "contrasts", "corrections"),
        # rows of other tables that paths name as their origin
        effects="results/{review}/effects/effects.csv",
        judgements="results/{review}/quality/judgements.csv",
    output:
        **record("explore_paths"),
        multiverse="results/{review}/pooled/multiverse.csv",
        summary="results/{review}/pooled/multiverse_summary.csv",
    log:
        "results/{review}/logs/explore_paths.log",
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 20),
    params:
        cache="results/.kept/paths",
        code=code("explore_paths"),
    message:
        "every defensible path through {wildcards.review}"
    script:
        "../../scripts/explore_paths.py"
