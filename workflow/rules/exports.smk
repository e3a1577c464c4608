"""The report as files that are sent around: PDF supplement, Word document, workbook, reporting checklists."""

# The tables that they read, by the folder of each; a table that a step adds is named here once it is shown.
EXPORTED = {
    "effects": ["effects", "steps", "left_out", "sensitivity", "paired"],
    "pooled": [
        *("estimates", "weights", "leave_one_out", "sensitivity", "regression", "subgroups"),
        "multiverse_summary",
    ],
    "bayes": [
        *("estimates", "studies", "diagnostics", "sensitivity", "prior_surface", "averaging", "averaged", "adjusted")
    ],
    "quality": ["judgements", "certainty", "findings", "integrity", "informed", "risk_weights"],
    "bias": ["tests", "selection", "influence"],
    "claims": ["claims", "documents"],
}


rule fill_checklists:
    input:
        checked=checked(*TABLES),
        prisma="results/{review}/checked/prisma.csv",
        tables=[f"results/{{review}}/{folder}/{table}.csv" for folder in EXPORTED for table in EXPORTED[folder]],
    output:
        **record("fill_checklists"),
        prisma_checklist="results/{review}/report/prisma_checklist.csv",
        swim_checklist="results/{review}/report/swim_checklist.csv",
    log:
        "results/{review}/logs/fill_checklists.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 5),
    params:
        code=code("fill_checklists"),
    message:
        "PRISMA and SWiM checklists of {wildcards.review}"
    script:
        "../../scripts/fill_checklists.py"


rule write_exports:
    input:
        checked=checked(*TABLES),
        prisma="results/{review}/checked/prisma.csv",
        tables=[f"results/{{review}}/{folder}/{table}.csv" for folder in EXPORTED for table in EXPORTED[folder]],
        figures="results/{review}/figures",
        records=collect("results/{{review}}/provenance/records/{step}.json", step=STEPS),
    output:
        **record("write_exports"),
        pdf=report(
            "results/{review}/report/report.pdf",
            caption="../report/page.rst",
            category="Report",
            labels={"review": "{review}"},
        ),
        docx="results/{review}/report/report.docx",
        xlsx="results/{review}/report/tables.xlsx",
    log:
        "results/{review}/logs/write_exports.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(2000, 10),
    params:
        review=lambda wildcards: wildcards.review,
        code=code("write_exports"),
    message:
        "PDF, Word document and workbook of {wildcards.review}"
    script:
        "../../scripts/write_exports.py"
