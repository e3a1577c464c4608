"""Read and check a review folder. Everything wrong with it is told at once; nothing is written then."""


checkpoint check_review:
    input:
        facts,
    output:
        **record("check_review"),
        plan="results/{review}/checked/plan.json",
        prisma="results/{review}/checked/prisma.csv",
        tables=[f"results/{{review}}/checked/{name}" for name in stored_files()[1:]],
    log:
        "results/{review}/logs/check_review.log",
    conda:
        "../../environment.yml"
    params:
        folder=lambda wildcards: f"{DATA}/{wildcards.review}",
        code=code("check_review"),
    message:
        "checking data/{wildcards.review}"
    script:
        "../../scripts/check_review.py"
