"""The page that people read, made last, from every table and figure."""

# Every step before the page; a step that is not named here is not waited for.
STEPS = [
    "check_review",
    "estimate_effects",
    "pool_estimates",
    "fit_posteriors",
    "explore_posteriors",
    "test_small_studies",
    "judge_quality",
    "fit_adjusted",
    "check_posteriors",
    "inform_synthesis",
    "explore_paths",
    "check_integrity",
    "audit_claims",
    "draw_figures",
    "compare_engines",
    "fill_checklists",
]
# What `write_exports` lays beside the page while the page is written.
BESIDE = ["report.pdf", "report.docx", "tables.xlsx"]


rule write_report:
    input:
        checked=checked(*TABLES),
        prisma="results/{review}/checked/prisma.csv",
        effects=collect(
            "results/{{review}}/effects/{table}.csv", table=["effects", "steps", "left_out", "sensitivity", "paired"]
        ),
        pooled=collect(
            "results/{{review}}/pooled/{table}.csv",
            table=[
                "estimates",
                "weights",
                "leave_one_out",
                "sensitivity",
                "regression",
                "regression_lines",
                "subgroups",
                "multiverse",
                "multiverse_summary",
            ],
        ),
        bayes=collect(
            "results/{{review}}/bayes/{table}.csv", table=["estimates", "studies", "diagnostics", "sensitivity"]
        ),
        explored=collect(
            "results/{{review}}/bayes/{table}.csv",
            table=["prior_surface", "averaging", "averaged", "densities", "probabilities"],
        ),
        adjusted=collect(
            "results/{{review}}/bayes/{table}.csv", table=["adjusted", "bias_terms", "checks", "power_scaling"]
        ),
        quality=collect(
            "results/{{review}}/quality/{table}.csv",
            table=["judgements", "certainty", "findings", "integrity", "informed", "risk_weights"],
        ),
        bias=collect(
            "results/{{review}}/bias/{table}.csv",
            table=["tests", "selection", "trim_and_fill", "influence", "cumulative"],
        ),
        claims=collect(
            "results/{{review}}/claims/{table}.csv",
            table=["claims", "documents", "conflicts", "stated_published", "timeline"],
        ),
        agreement="results/{review}/provenance/agreement.csv",
        checklists=collect("results/{{review}}/report/{name}_checklist.csv", name=["prisma", "swim"]),
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
        coverage="results/{review}/report/coverage.csv",
        steps="results/{review}/report/steps.csv",
        files="results/{review}/report/files.csv",
        packages="results/{review}/report/packages.csv",
    log:
        "results/{review}/logs/write_report.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 10),
    params:
        review=lambda wildcards: wildcards.review,
        code=code("write_report"),
        commit=commit_of_code(),
        files=BESIDE,
    message:
        "the report of {wildcards.review}"
    script:
        "../../scripts/write_report.py"
