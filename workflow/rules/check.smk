"""Read and check a review folder. Everything wrong with it is told at once.

The outputs are marked `update`: Snakemake keeps them until the check has passed, so that a mistake in the
data leaves the results as they were.
"""


checkpoint check_review:
    input:
        data=facts,
    output:
        plan=update("results/{review}/checked/plan.json"),
        prisma=update("results/{review}/checked/prisma.csv"),
        tables=[update(f"results/{{review}}/checked/{name}") for name in stored_files()[1:]],
        record=update(record("check_review")["record"]),
        facts=update(record("check_review")["facts"]),
    log:
        "results/{review}/logs/check_review.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 5),
    params:
        folder=lambda wildcards: f"{DATA}/{wildcards.review}",
        code=code("check_review"),
    message:
        "checking {wildcards.review}"
    script:
        "../../scripts/check_review.py"
