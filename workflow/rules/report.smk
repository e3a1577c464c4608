"""The page that people read, made last, from every table and figure."""

# Every step before the page; a step that is not named here is not waited for.
STEPS = [
    "check_review",
    "estimate_effects",
    "pool_estimates",
    "fit_posteriors",
    "judge_quality",
    "audit_claims",
    "draw_figures",
]
BIAS, INTEGRITY = [], []
if hasattr(rules, "test_small_studies"):
    STEPS.append("test_small_studies")
    BIAS = collect("results/{{review}}/bias/{table}.csv", table=["tests", "selection", "influence", "cumulative"])
if hasattr(rules, "check_integrity"):
    STEPS.append("check_integrity")
    INTEGRITY = ["results/{review}/quality/integrity.csv"]


rule write_report:
    input:
        checked=checked(*TABLES),
        prisma="results/{review}/checked/prisma.csv",
        effects=collect(
            "results/{{review}}/effects/{table}.csv", table=["effects", "steps", "left_out", "sensitivity", "paired"]
        ),
        pooled=collect(
            "results/{{review}}/pooled/{table}.csv", table=["estimates", "weights", "leave_one_out", "sensitivity"]
        ),
        bayes=collect(
            "results/{{review}}/bayes/{table}.csv", table=["estimates", "studies", "diagnostics", "sensitivity"]
        ),
        quality=collect("results/{{review}}/quality/{table}.csv", table=["judgements", "certainty", "findings"]),
        claims=collect("results/{{review}}/claims/{table}.csv", table=["claims", "documents", "conflicts"]),
        bias=BIAS,
        integrity=INTEGRITY,
        figures="results/{review}/figures",
        records=collect("results/{{review}}/provenance/records/{step}.json", step=STEPS),
    output:
        **record("write_report"),
        page=report(
            "results/{review}/report/index.html",
            caption="../report/page.rst",
            category="Report",
            labels={"review": "{review}"},
        ),
        counts="results/{review}/report/counts.csv",
        steps="results/{review}/report/steps.csv",
        files="results/{review}/report/files.csv",
        packages="results/{review}/report/packages.csv",
    log:
        "results/{review}/logs/write_report.log",
    conda:
        "../../environment.yml"
    params:
        review=lambda wildcards: wildcards.review,
        code=code("write_report"),
    message:
        "the report of {wildcards.review}"
    script:
        "../../scripts/write_report.py"
