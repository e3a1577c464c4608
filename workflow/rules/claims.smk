"""Every claim of the documents beside the published figure, with its verdict."""


rule audit_claims:
    input:
        checked=checked("claims", "sources", "studies", "outcomes", "arms", "contrasts", "published_pools"),
    output:
        **record("audit_claims"),
        claims="results/{review}/claims/claims.csv",
        documents="results/{review}/claims/documents.csv",
        conflicts="results/{review}/claims/conflicts.csv",
        stated_published="results/{review}/claims/stated_published.csv",
        timeline="results/{review}/claims/timeline.csv",
        claimreview="results/{review}/claims/claimreview.json",
    log:
        "results/{review}/logs/audit_claims.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 5),
    params:
        code=code("audit_claims"),
    message:
        "claims of {wildcards.review}"
    script:
        "../../scripts/audit_claims.py"
