"""Are the reported numbers possible?"""


rule check_integrity:
    input:
        checked=checked(
            "studies", "outcomes", "arms", "contrasts", "published_pools", "claims", "corrections", "sources"
        ),
    output:
        **record("check_integrity"),
        integrity="results/{review}/quality/integrity.csv",
    log:
        "results/{review}/logs/check_integrity.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 5),
    params:
        code=code("check_integrity"),
    message:
        "integrity of the figures of {wildcards.review}"
    script:
        "../../scripts/check_integrity.py"
