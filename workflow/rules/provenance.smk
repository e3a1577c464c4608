"""Other engines beside ours, and the descriptions of a finished folder that programs read."""

from evisynth.provenance.code import digest_of_files


rule compare_engines:
    input:
        checked=checked(),
        effects="results/{review}/effects/effects.csv",
        estimates="results/{review}/pooled/estimates.csv",
    output:
        **record("compare_engines"),
        agreement="results/{review}/provenance/agreement.csv",
    log:
        "results/{review}/logs/compare_engines.log",
    priority: -10
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 10),
    params:
        # Only what every installation has: `evisynth audit --engines` asks PyMARE and metafor where they are.
        engines=["statsmodels"],
        code=code("compare_engines"),
    message:
        "another engine over {wildcards.review}"
    script:
        "../../scripts/compare_engines.py"


rule package_results:
    input:
        checked=checked(*TABLES),
        records=collect(
            "results/{{review}}/provenance/records/{step}.json", step=[*STEPS, "write_exports", "write_report"]
        ),
    output:
        # Where the steps before do not look: what they write must not depend on the run before.
        record="results/{review}/provenance/records/last/package_results.json",
        facts=record("package_results")["facts"],
        package="results/{review}/datapackage.json",
        crate="results/{review}/ro-crate-metadata.json",
        prov="results/{review}/provenance/prov.json",
        workflow=directory("results/{review}/provenance/workflow"),
    log:
        "results/{review}/logs/package_results.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 5),
    params:
        # The rules are copied into the results, and no step imports them.
        workflow=digest_of_files([HOME / "Snakefile", *(HOME / "workflow" / "rules").glob("*.smk")]),
        code=code("package_results"),
    message:
        "what programs read about {wildcards.review}"
    script:
        "../../scripts/package_results.py"
